/*
 * Columns of ClickHouse's Native format under construction, and the encoders that fill them from
 * OTLP bytes. The twin of wire/clickhouse in TypeScript, which says what each part means; both give
 * the same bytes.
 */
#ifndef WIRESTITCH_COLUMNS_H
#define WIRESTITCH_COLUMNS_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
  uint8_t *p;
  size_t len, cap;
};

/* Distinct byte strings, numbered in order of first appearance. */
struct dict {
  struct buf content; /* varint length, bytes, ... */
  uint32_t *start, *end;
  int32_t *slots; /* -1 = free; at most half full */
  uint32_t size, room, mask;
};

enum kind { FIX, STR, LC, MAP, ARR_FIX, ARR_STR, ARR_LC, ARR_MAP };

struct spec {
  const char *name, *type;
  enum kind kind;
};

enum { MEMO_SLOTS = 64, MEMO_KEYS = 32 };

/* Remembered sort orders of key sequences, by dictionary numbers. */
struct memo {
  int32_t count[MEMO_SLOTS];
  uint32_t ids[MEMO_SLOTS][MEMO_KEYS];
  uint32_t order[MEMO_SLOTS][MEMO_KEYS];
};

/* One column; which parts are used depends on its kind. */
struct col {
  const struct spec *spec;
  struct buf data;    /* fixed values, strings, values of a map */
  struct dict keys;   /* LowCardinality, keys of a map */
  struct buf index;   /* uint32 a row of keys */
  struct buf offsets; /* of a map */
  uint64_t total;
  struct buf array; /* offsets of an array */
  uint64_t array_total;
  struct memo *memo;
  struct buf guess, order; /* uint32: ids and order of the row at hand */
  uint32_t place;          /* keys of the row at hand (typed maps); last id (LowCardinality) */
  int64_t shared_serial;
  struct buf shared_ids;
};

struct table {
  int64_t day;
  uint32_t rows;
  struct col *cols;
  struct buf used_sets; /* uint32 serials of resources and scopes, in order of use */
  uint32_t last_resource, last_scope;
  int32_t *ops; /* packed pairs: service, name * 256 + kind */
  uint32_t ops_size, ops_count;
};

enum { MAX_DAYS = 32, MIXED = -1 };

/* Asks JavaScript for what is rare: text of a value, identity of a set. Returns 0 on failure. */
struct calls {
  void *state;
  /* AsString (how = 0) or typed JSON (how = 1) of AnyValue bytes [start, end) */
  int (*text)(void *state, size_t start, size_t end, int how, const uint8_t **out, size_t *size);
  /* resource (0) or scope (1) in [start, end) with schema URL: packed, see columns_smart.c */
  int (*set)(void *state, int what, size_t start, size_t end, size_t url, size_t url_end,
             const uint8_t **out, size_t *size);
};

/* The tables of one kind of rows, one a day. */
struct family {
  const struct spec *specs;
  uint32_t columns;
  struct spec *own; /* specs made for this family, or NULL */
  int seconds;      /* times of points are DateTime, not DateTime64(9) */
  struct table *tables[MAX_DAYS + 1];
  uint32_t table_count, free_count;
  struct table *free_tables[2];
  struct table *last;
  int64_t last_day;
};

/* The families of a layout: one, but for metrics one for each kind, in the order of enum points. */
enum layout { OTEL_TRACES, OTEL_LOGS, SMART_SPANS, OTEL_METRICS };
enum points { GAUGE, SUM, HISTOGRAM, EXPONENTIAL, SUMMARY, FAMILIES };

struct attrs {
  struct buf at; /* uint32 x 4: key start, key end, value start, value end */
  uint32_t count;
};

enum { FIELDS = 17 };

/* Fields of one message by number: content of the last one of each. */
struct message {
  uint32_t start[FIELDS], end[FIELDS];
  struct attrs attrs;
  struct buf list_a, list_b; /* uint32 x 2 */
};

struct repeated {
  uint32_t attributes, list_a, list_b;
};

struct shared {
  int64_t serial;
  struct col row; /* one row of sorted attributes */
};

struct encoder {
  enum layout layout;
  struct family families[FAMILIES];
  uint32_t family_count;
  const uint8_t *b; /* the range at hand */
  const struct calls *calls;
  int failed;
  struct message item, small, metric, data;
  struct shared resource, scope;
  struct buf service; /* service.name as text, without length */
  uint32_t resource_url[2], scope_url[2], scope_name[2], scope_version[2];
  uint32_t scope_dropped;
  /* schema smart */
  uint32_t receipt;
  uint8_t resource_id[8], scope_id[8];
  uint64_t entities[2]; /* of the row at hand: client, server */
  uint32_t resource_serial, scope_serial;
  struct buf resource_inline, scope_inline;
};

/* columns.c */
void buf_grow(struct buf *b, size_t extra);

static inline void buf_need(struct buf *b, size_t extra) {
  if (b->len + extra > b->cap) buf_grow(b, extra);
}

static inline void buf_add(struct buf *b, const void *p, size_t n) {
  buf_need(b, n);
  if (n > 0) memcpy(b->p + b->len, p, n);
  b->len += n;
}

static inline void buf_u8(struct buf *b, uint8_t v) {
  buf_need(b, 1);
  b->p[b->len++] = v;
}

/* Integers are written as they lie in memory: little-endian machines only (checked at load). */
static inline void buf_u32(struct buf *b, uint32_t v) {
  buf_need(b, 4);
  memcpy(b->p + b->len, &v, 4);
  b->len += 4;
}

static inline void buf_u64(struct buf *b, uint64_t v) {
  buf_need(b, 8);
  memcpy(b->p + b->len, &v, 8);
  b->len += 8;
}

static inline void buf_varint(struct buf *b, uint32_t v) {
  buf_need(b, 5);
  uint8_t *p = b->p + b->len;
  while (v > 127) {
    *p++ = (uint8_t)(v | 128);
    v >>= 7;
  }
  *p++ = (uint8_t)v;
  b->len = (size_t)(p - b->p);
}

void buf_reset(struct buf *b);
void buf_free(struct buf *b);
uint32_t dict_id(struct dict *d, const uint8_t *p, size_t n);
int dict_is(const struct dict *d, uint32_t id, const uint8_t *p, size_t n);
int dict_compare(const struct dict *d, uint32_t a, uint32_t b);
void col_init(struct col *c, const struct spec *spec);
void col_reset(struct col *c);
void col_free(struct col *c);
void hex_put(struct col *c, const uint8_t *p, size_t n);
void hex_or_empty(struct col *c, const uint8_t *p, size_t n);

/* One more row of a LowCardinality column; rows tend to repeat the one before. */
static inline void lc_put(struct col *c, const uint8_t *p, size_t n) {
  if (!dict_is(&c->keys, c->place, p, n)) c->place = dict_id(&c->keys, p, n);
  buf_u32(&c->index, c->place);
}

static inline void str_put(struct col *c, const uint8_t *p, size_t n) {
  buf_varint(&c->data, (uint32_t)n);
  buf_add(&c->data, p, n);
}

static inline void map_end(struct col *c, uint32_t count) {
  c->total += count;
  buf_u64(&c->offsets, c->total);
}

static inline void array_end(struct col *c, uint32_t count) {
  c->array_total += count;
  buf_u64(&c->array, c->array_total);
}

size_t block_bound(const struct col *cols, uint32_t count, uint32_t rows);
size_t block_write(const struct col *cols, uint32_t count, uint32_t rows, const uint8_t *present,
                   const char *batch, uint64_t batch_id, uint8_t *out);

/* columns_scan.c */
uint32_t scan_long_varint(const uint8_t *b, uint32_t p, uint32_t *value);

/* Low 32 bits of the varint at p. Returns the position after it. */
static inline uint32_t scan_varint(const uint8_t *b, uint32_t p, uint32_t *value) {
  uint32_t byte = b[p];
  if (byte > 127) return scan_long_varint(b, p, value);
  *value = byte;
  return p + 1;
}

uint32_t scan_skip(const uint8_t *b, uint32_t p);
void message_read(struct message *m, const uint8_t *b, uint32_t from, uint32_t to,
                  const struct repeated *repeated);
void message_free(struct message *m);
uint32_t message_varint(const struct message *m, const uint8_t *b, int field);
uint64_t message_fixed64(const struct message *m, const uint8_t *b, int field);
uint32_t message_fixed32(const struct message *m, const uint8_t *b, int field);
void attrs_add(struct attrs *a, const uint8_t *b, uint32_t start, uint32_t end);
struct value {
  int kind;
  uint32_t start, end;
};
struct value value_locate(const uint8_t *b, uint32_t start, uint32_t end);
uint64_t varint64(const uint8_t *b, uint32_t p);
void as_string(struct encoder *e, struct buf *out, uint32_t start, uint32_t end);
void attributes_put(struct encoder *e, struct col *c, const struct attrs *a);
void attributes_shared(struct col *c, const struct shared *s);
void shared_set(struct encoder *e, struct shared *s, const struct attrs *a);

/* columns_walk.c */
struct table *table_for(struct family *f, int64_t day);
void encoder_walk(struct encoder *e, uint32_t size);
void family_recycle(struct family *f);
void encoder_free(struct encoder *e);

/* columns_otel.c, columns_metrics.c, columns_smart.c */
extern const struct spec otel_traces_specs[], otel_logs_specs[], smart_spans_specs[];
extern const uint32_t otel_traces_columns, otel_logs_columns, smart_spans_columns;
void otel_resource(struct encoder *e, uint32_t start, uint32_t end);
void otel_scope(struct encoder *e, uint32_t start, uint32_t end);
void otel_span(struct encoder *e, uint32_t start, uint32_t end);
void otel_log(struct encoder *e, uint32_t start, uint32_t end);
int64_t timestamp_day(uint64_t nanos);
int metric_family(struct family *f, enum points kind, int seconds);
void otel_metric(struct encoder *e, uint32_t start, uint32_t end);
void smart_set(struct encoder *e, int what, uint32_t start, uint32_t end);
void smart_span(struct encoder *e, uint32_t start, uint32_t end);
void operations_pack(const struct table *t, struct buf *out);
#endif
