/* Spans as rows of schema smart; twin: wire/clickhouse/smart. */
#include "columns.h"
#include <stdlib.h>

#define STRINGS "Map(LowCardinality(String), String)"
#define LOW "LowCardinality(String)"
#define NANOS "DateTime64(9, 'UTC')"

enum {
  BUCKET, TRACE, SPAN, PARENT, TIME, DURATION, SERVICE, NAME, KIND, STATUS, MESSAGE, STATE, FLAGS,
  DROPPED_ATTRIBUTES, DROPPED_EVENTS, DROPPED_LINKS, RESOURCE_ID, SCOPE_ID, RESOURCE_INLINE,
  SCOPE_INLINE, CLIENT_ENTITY, SERVER_ENTITY, A_STRING, A_INT, A_FLOAT, A_BOOL, A_OTHER, E_TIME,
  E_NAME, E_ATTRIBUTES, E_OTHER, E_DROPPED, K_TRACE, K_SPAN, K_STATE, K_FLAGS, K_ATTRIBUTES,
  K_OTHER, K_DROPPED, COUNT
};

const struct spec smart_spans_specs[] = {
  {"bucket", "DateTime('UTC')", FIX},
  {"trace_id", "FixedString(16)", FIX},
  {"span_id", "FixedString(8)", FIX},
  {"parent_span_id", "FixedString(8)", FIX},
  {"time", NANOS, FIX},
  {"duration", "Int64", FIX},
  {"service", LOW, LC},
  {"name", LOW, LC},
  {"kind", "UInt8", FIX},
  {"status_code", "UInt8", FIX},
  {"status_message", "String", STR},
  {"trace_state", "String", STR},
  {"flags", "UInt32", FIX},
  {"dropped_attributes", "UInt32", FIX},
  {"dropped_events", "UInt32", FIX},
  {"dropped_links", "UInt32", FIX},
  {"resource_id", "UInt64", FIX},
  {"scope_id", "UInt64", FIX},
  {"resource_inline", "String", STR},
  {"scope_inline", "String", STR},
  {"client_entity", "UInt64", FIX},
  {"server_entity", "UInt64", FIX},
  {"attributes_string", STRINGS, MAP},
  {"attributes_int", "Map(LowCardinality(String), Int64)", MAP},
  {"attributes_float", "Map(LowCardinality(String), Float64)", MAP},
  {"attributes_bool", "Map(LowCardinality(String), Bool)", MAP},
  {"attributes_other", STRINGS, MAP},
  {"events.time", "Array(" NANOS ")", ARR_FIX},
  {"events.name", "Array(" LOW ")", ARR_LC},
  {"events.attributes", "Array(" STRINGS ")", ARR_MAP},
  {"events.attributes_other", "Array(" STRINGS ")", ARR_MAP},
  {"events.dropped_attributes", "Array(UInt32)", ARR_FIX},
  {"links.trace_id", "Array(FixedString(16))", ARR_FIX},
  {"links.span_id", "Array(FixedString(8))", ARR_FIX},
  {"links.trace_state", "Array(String)", ARR_STR},
  {"links.flags", "Array(UInt32)", ARR_FIX},
  {"links.attributes", "Array(" STRINGS ")", ARR_MAP},
  {"links.attributes_other", "Array(" STRINGS ")", ARR_MAP},
  {"links.dropped_attributes", "Array(UInt32)", ARR_FIX},
};
const uint32_t smart_spans_columns = COUNT;

enum { PAST = 86400, FUTURE = 3600, BUCKET_SECONDS = 10 };

/*
 * Makes the resource (what = 0) or scope (1) in [start, end) the one of the spans to come. The
 * answer of `calls->set`:
 *
 *     u64 id | u32 serial | u32 size of service | service | inline text
 */
void smart_set(struct encoder *e, int what, uint32_t start, uint32_t end) {
  const uint32_t *url = what == 0 ? e->resource_url : e->scope_url;
  const uint8_t *answer = NULL;
  size_t size = 0;
  uint32_t service;
  if (e->failed) return;
  if (!e->calls->set(e->calls->state, what, start, end, url[0], url[1], &answer, &size) ||
      size < 16) {
    e->failed = 1;
    return;
  }
  memcpy(what == 0 ? e->resource_id : e->scope_id, answer, 8);
  memcpy(what == 0 ? &e->resource_serial : &e->scope_serial, answer + 8, 4);
  memcpy(&service, answer + 12, 4);
  if (what == 0) {
    e->service.len = 0;
    buf_add(&e->service, answer + 16, service);
  }
  struct buf *inline_text = what == 0 ? &e->resource_inline : &e->scope_inline;
  inline_text->len = 0;
  buf_add(inline_text, answer + 16 + service, size - 16 - service);
}

static void ops_slots(struct table *t, uint32_t size);

/* The set of (service, name, kind) of a table; slots and growth as in its twin. */
static void ops_add(struct table *t, uint32_t service, uint32_t name, uint32_t kind) {
  if (t->ops == NULL) ops_slots(t, 512);
  uint32_t second = name * 256 + kind, mask = t->ops_size - 1;
  uint32_t slot = service * 0x9e3779b1u ^ second * 0x85ebca6bu;
  slot = (slot ^ slot >> 15) & mask;
  for (;; slot = (slot + 1) & mask) {
    if (t->ops[slot * 2] == -1) break;
    if (t->ops[slot * 2] == (int32_t)service && t->ops[slot * 2 + 1] == (int32_t)second) return;
  }
  t->ops[slot * 2] = (int32_t)service;
  t->ops[slot * 2 + 1] = (int32_t)second;
  if (++t->ops_count * 2 > mask) ops_slots(t, t->ops_size * 2);
}

static void ops_slots(struct table *t, uint32_t size) {
  int32_t *old = t->ops;
  uint32_t old_size = t->ops_size;
  t->ops = malloc((size_t)size * 8);
  if (t->ops == NULL) abort();
  memset(t->ops, 0xff, (size_t)size * 8);
  t->ops_size = size;
  t->ops_count = 0;
  for (uint32_t i = 0; i < old_size; i++) {
    uint32_t second = (uint32_t)old[i * 2 + 1];
    if (old[i * 2] != -1) ops_add(t, (uint32_t)old[i * 2], second >> 8, second & 255);
  }
  free(old);
}

/* The operations of a table: u8 kind, service, name (strings with varint length) for each. */
void operations_pack(const struct table *t, struct buf *out) {
  for (uint32_t i = 0; i < t->ops_size; i++) {
    if (t->ops[i * 2] == -1) continue;
    uint32_t second = (uint32_t)t->ops[i * 2 + 1];
    const struct dict *dicts[] = {&t->cols[SERVICE].keys, &t->cols[NAME].keys};
    const uint32_t ids[] = {(uint32_t)t->ops[i * 2], second >> 8};
    buf_u8(out, (uint8_t)second);
    for (int k = 0; k < 2; k++) {
      uint32_t from = dicts[k]->start[ids[k]], to = dicts[k]->end[ids[k]];
      buf_varint(out, to - from);
      buf_add(out, dicts[k]->content.p + from, to - from);
    }
  }
}

/* Adds a key of the row at hand; equal keys tend to stand in the same place of each row. */
static void put_key(struct col *c, const uint8_t *key, size_t size) {
  uint32_t place = c->place++;
  while ((size_t)(place + 1) * 4 > c->guess.cap) {
    size_t before = c->guess.cap;
    c->guess.len = before;
    buf_need(&c->guess, 4);
    memset(c->guess.p + before, 0, c->guess.cap - before);
  }
  uint32_t *guess = (uint32_t *)(void *)c->guess.p + place;
  if (!dict_is(&c->keys, *guess, key, size)) *guess = dict_id(&c->keys, key, size);
  buf_u32(&c->index, *guess);
}

static void end_row(struct col *c) {
  map_end(c, c->place);
  c->place = 0;
}

static void put_other(struct encoder *e, struct col *c, const uint32_t *at) {
  const uint8_t *text = NULL;
  size_t size = 0;
  put_key(c, e->b + at[0], at[1] - at[0]);
  if (!e->failed && !e->calls->text(e->calls->state, at[2], at[3], 1, &text, &size)) e->failed = 1;
  str_put(c, text, e->failed ? 0 : size);
}

/* Which end's entity an attribute tells: 0 client, 1 server, -1 none. */
static int entity_of(const uint8_t *key, size_t size) {
  if (size != 24 || memcmp(key + 17, ".entity", 7) != 0) return -1;
  if (memcmp(key, "wirestitch.client", 17) == 0) return 0;
  return memcmp(key, "wirestitch.server", 17) == 0 ? 1 : -1;
}

/* An entity goes to its column; what that cannot hold (zero, a second one) stays an attribute. */
static void put_int(struct encoder *e, struct col *cols, const uint8_t *key, size_t size,
                    uint64_t value) {
  int end = entity_of(key, size);
  if (end >= 0 && value != 0 && e->entities[end] == 0) {
    e->entities[end] = value;
    return;
  }
  put_key(&cols[A_INT], key, size);
  buf_u64(&cols[A_INT].data, value);
}

static void put_attributes(struct encoder *e, struct col *cols, const struct attrs *a) {
  const uint8_t *b = e->b;
  const uint32_t *at = (const uint32_t *)(const void *)a->at.p;
  e->entities[0] = e->entities[1] = 0;
  for (uint32_t i = 0; i < a->count; i++, at += 4) {
    struct value v = value_locate(b, at[2], at[3]);
    const uint8_t *key = b + at[0];
    size_t size = at[1] - at[0];
    switch (v.kind) {
      case 1:
        put_key(&cols[A_STRING], key, size);
        str_put(&cols[A_STRING], b + v.start, v.end - v.start);
        break;
      case 2:
        put_key(&cols[A_BOOL], key, size);
        buf_u8(&cols[A_BOOL].data, varint64(b, v.start) != 0);
        break;
      case 3:
        put_int(e, cols, key, size, varint64(b, v.start));
        break;
      case 4:
        put_key(&cols[A_FLOAT], key, size);
        buf_add(&cols[A_FLOAT].data, b + v.start, 8);
        break;
      default: put_other(e, &cols[A_OTHER], at);
    }
  }
  for (int c = A_STRING; c <= A_OTHER; c++) end_row(&cols[c]);
  for (int i = 0; i < 2; i++) buf_u64(&cols[CLIENT_ENTITY + i].data, e->entities[i]);
}

/* Attributes as two maps: strings, everything else as typed JSON. */
static void put_texts(struct encoder *e, struct col *strings, struct col *others,
                      const struct attrs *a) {
  const uint32_t *at = (const uint32_t *)(const void *)a->at.p;
  for (uint32_t i = 0; i < a->count; i++, at += 4) {
    struct value v = value_locate(e->b, at[2], at[3]);
    if (v.kind != 1) {
      put_other(e, others, at);
      continue;
    }
    put_key(strings, e->b + at[0], at[1] - at[0]);
    str_put(strings, e->b + v.start, v.end - v.start);
  }
  end_row(strings);
  end_row(others);
}

static void put_id(struct encoder *e, struct col *c, const struct message *m, int field, size_t n) {
  static const uint8_t zeros[16];
  int there = m->end[field] - m->start[field] == n;
  buf_add(&c->data, there ? e->b + m->start[field] : zeros, n);
}

static void put_text(struct encoder *e, struct col *c, const struct message *m, int field) {
  str_put(c, e->b + m->start[field], m->end[field] - m->start[field]);
}

static void put_events(struct encoder *e, struct col *cols, uint32_t count, const uint32_t *at) {
  static const struct repeated repeated = {3, 0, 0};
  struct message *m = &e->small;
  for (uint32_t i = 0; i < count; i++) {
    message_read(m, e->b, at[i * 2], at[i * 2 + 1], &repeated);
    buf_u64(&cols[E_TIME].data, message_fixed64(m, e->b, 1));
    lc_put(&cols[E_NAME], e->b + m->start[2], m->end[2] - m->start[2]);
    put_texts(e, &cols[E_ATTRIBUTES], &cols[E_OTHER], &m->attrs);
    buf_u32(&cols[E_DROPPED].data, message_varint(m, e->b, 4));
  }
  for (int c = E_TIME; c <= E_DROPPED; c++) array_end(&cols[c], count);
}

static void put_links(struct encoder *e, struct col *cols, uint32_t count, const uint32_t *at) {
  static const struct repeated repeated = {4, 0, 0};
  struct message *m = &e->small;
  for (uint32_t i = 0; i < count; i++) {
    message_read(m, e->b, at[i * 2], at[i * 2 + 1], &repeated);
    put_id(e, &cols[K_TRACE], m, 1, 16);
    put_id(e, &cols[K_SPAN], m, 2, 8);
    put_text(e, &cols[K_STATE], m, 3);
    buf_u32(&cols[K_FLAGS].data, message_fixed32(m, e->b, 6));
    put_texts(e, &cols[K_ATTRIBUTES], &cols[K_OTHER], &m->attrs);
    buf_u32(&cols[K_DROPPED].data, message_varint(m, e->b, 5));
  }
  for (int c = K_TRACE; c <= K_DROPPED; c++) array_end(&cols[c], count);
}

static uint8_t small(uint32_t value) { return value > 255 ? 0 : (uint8_t)value; }

static uint32_t bucket_of(const struct encoder *e, uint64_t nanos) {
  uint64_t seconds = nanos / 1000000000u;
  int near = seconds + PAST >= e->receipt && seconds <= (uint64_t)e->receipt + FUTURE;
  uint32_t base = near ? (uint32_t)seconds : e->receipt;
  return base - base % BUCKET_SECONDS;
}

static void note_use(struct table *t, uint32_t *last, uint32_t serial) {
  if (*last == serial) return;
  *last = serial;
  buf_u32(&t->used_sets, serial);
}

static void put_sets(struct encoder *e, struct table *t, uint32_t name, uint32_t name_end,
                     uint8_t kind) {
  struct col *cols = t->cols;
  uint32_t service_id = dict_id(&cols[SERVICE].keys, e->service.p, e->service.len);
  uint32_t name_id = dict_id(&cols[NAME].keys, e->b + name, name_end - name);
  buf_u32(&cols[SERVICE].index, service_id);
  buf_u32(&cols[NAME].index, name_id);
  buf_u8(&cols[KIND].data, kind);
  ops_add(t, service_id, name_id, kind);
  buf_add(&cols[RESOURCE_ID].data, e->resource_id, 8);
  buf_add(&cols[SCOPE_ID].data, e->scope_id, 8);
  str_put(&cols[RESOURCE_INLINE], e->resource_inline.p, e->resource_inline.len);
  str_put(&cols[SCOPE_INLINE], e->scope_inline.p, e->scope_inline.len);
  note_use(t, &t->last_resource, e->resource_serial);
  note_use(t, &t->last_scope, e->scope_serial);
}

void smart_span(struct encoder *e, uint32_t start, uint32_t end) {
  static const struct repeated repeated = {9, 11, 13};
  static const struct repeated none = {0, 0, 0};
  const uint8_t *b = e->b;
  struct message *m = &e->item;
  message_read(m, b, start, end, &repeated);
  uint64_t time = message_fixed64(m, b, 7);
  uint32_t bucket = bucket_of(e, time);
  struct table *t = table_for(e->families, bucket / 86400);
  struct col *cols = t->cols;
  t->rows++;
  buf_u32(&cols[BUCKET].data, bucket);
  put_id(e, &cols[TRACE], m, 1, 16);
  put_id(e, &cols[SPAN], m, 2, 8);
  put_id(e, &cols[PARENT], m, 4, 8);
  buf_u64(&cols[TIME].data, time);
  buf_u64(&cols[DURATION].data, message_fixed64(m, b, 8) - time);
  put_text(e, &cols[STATE], m, 3);
  buf_u32(&cols[FLAGS].data, message_fixed32(m, b, 16));
  buf_u32(&cols[DROPPED_ATTRIBUTES].data, message_varint(m, b, 10));
  buf_u32(&cols[DROPPED_EVENTS].data, message_varint(m, b, 12));
  buf_u32(&cols[DROPPED_LINKS].data, message_varint(m, b, 14));
  message_read(&e->small, b, m->start[15], m->end[15], &none);
  buf_u8(&cols[STATUS].data, small(message_varint(&e->small, b, 3)));
  put_text(e, &cols[MESSAGE], &e->small, 2);
  put_sets(e, t, m->start[5], m->end[5], small(message_varint(m, b, 6)));
  put_attributes(e, cols, &m->attrs);
  put_events(e, cols, (uint32_t)(m->list_a.len / 8), (const uint32_t *)(const void *)m->list_a.p);
  put_links(e, cols, (uint32_t)(m->list_b.len / 8), (const uint32_t *)(const void *)m->list_b.p);
}
