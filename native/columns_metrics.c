/* Data points as rows of the contrib tables; twin: wire/clickhouse/otel/metrics.ts. */
#include "columns.h"
#include <stdlib.h>

#define ATTRIBUTES "Map(LowCardinality(String), String)"
#define LOW "LowCardinality(String)"
/* Stand for the type of times, alone and in an array; compared by address. */
static const char TIME[] = "time", TIMES[] = "times";

/* Columns that all kinds begin with. */
enum {
  C_RESOURCE, C_RESOURCE_URL, C_SCOPE, C_VERSION, C_SCOPE_ATTRIBUTES, C_SCOPE_DROPPED, C_SCOPE_URL,
  C_SERVICE, C_NAME, C_DESCRIPTION, C_UNIT, C_ATTRIBUTES, C_START, C_TIME, C_FLAGS, C_COUNT
};

static const struct spec common[] = {
  {"ResourceAttributes", ATTRIBUTES, MAP},
  {"ResourceSchemaUrl", "String", STR},
  {"ScopeName", "String", STR},
  {"ScopeVersion", "String", STR},
  {"ScopeAttributes", ATTRIBUTES, MAP},
  {"ScopeDroppedAttrCount", "UInt32", FIX},
  {"ScopeSchemaUrl", "String", STR},
  {"ServiceName", LOW, LC},
  {"MetricName", LOW, LC},
  {"MetricDescription", "String", STR},
  {"MetricUnit", "String", STR},
  {"Attributes", ATTRIBUTES, MAP},
  {"StartTimeUnix", TIME, FIX},
  {"TimeUnix", TIME, FIX},
  {"Flags", "UInt32", FIX},
};

/* Columns of exemplars, from the first one on. */
enum { X_ATTRIBUTES, X_TIME, X_VALUE, X_SPAN, X_TRACE, X_COUNT };

#define EXEMPLARS                                                                                  \
  {"Exemplars.FilteredAttributes", "Array(" ATTRIBUTES ")", ARR_MAP},                              \
  {"Exemplars.TimeUnix", TIMES, ARR_FIX}, {"Exemplars.Value", "Array(Float64)", ARR_FIX},          \
  {"Exemplars.SpanId", "Array(String)", ARR_STR}, {"Exemplars.TraceId", "Array(String)", ARR_STR}

enum { G_VALUE = C_COUNT, G_EXEMPLARS, G_COUNT = G_EXEMPLARS + X_COUNT };

static const struct spec gauge[] = {{"Value", "Float64", FIX}, EXEMPLARS};

enum { S_TEMPORALITY = G_COUNT, S_MONOTONIC, S_COUNT };

static const struct spec sum[] = {
  {"Value", "Float64", FIX},
  EXEMPLARS,
  {"AggregationTemporality", "Int32", FIX},
  {"IsMonotonic", "Bool", FIX},
};

#define DISTRIBUTION                                                                               \
  {"Count", "UInt64", FIX}, {"Sum", "Float64", FIX}, {"Min", "Float64", FIX},                      \
  {"Max", "Float64", FIX}, {"AggregationTemporality", "Int32", FIX}, EXEMPLARS

enum {
  D_COUNT = C_COUNT, D_SUM, D_MIN, D_MAX, D_TEMPORALITY, D_EXEMPLARS,
  H_COUNTS = D_EXEMPLARS + X_COUNT, H_BOUNDS
};

static const struct spec histogram[] = {
  DISTRIBUTION,
  {"BucketCounts", "Array(UInt64)", ARR_FIX},
  {"ExplicitBounds", "Array(Float64)", ARR_FIX},
};

/* Offset and counts of each side stand together. */
enum { E_SCALE = D_EXEMPLARS + X_COUNT, E_ZERO, E_SIDES };

static const struct spec exponential[] = {
  DISTRIBUTION,
  {"Scale", "Int32", FIX},
  {"ZeroCount", "UInt64", FIX},
  {"PositiveOffset", "Int32", FIX},
  {"PositiveBucketCounts", "Array(UInt64)", ARR_FIX},
  {"NegativeOffset", "Int32", FIX},
  {"NegativeBucketCounts", "Array(UInt64)", ARR_FIX},
};

enum { Q_COUNT = C_COUNT, Q_SUM, Q_QUANTILES, Q_VALUES };

static const struct spec summary[] = {
  {"Count", "UInt64", FIX},
  {"Sum", "Float64", FIX},
  {"ValueAtQuantiles.Quantile", "Array(Float64)", ARR_FIX},
  {"ValueAtQuantiles.Value", "Array(Float64)", ARR_FIX},
};

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])

/* Prepares a family for points of one kind; returns 0 without memory. */
int metric_family(struct family *f, enum points kind, int seconds) {
  static const struct { const struct spec *specs; size_t count; } kinds[] = {
    {gauge, COUNT_OF(gauge)},
    {sum, COUNT_OF(sum)},
    {histogram, COUNT_OF(histogram)},
    {exponential, COUNT_OF(exponential)},
    {summary, COUNT_OF(summary)},
  };
  size_t columns = C_COUNT + kinds[kind].count;
  struct spec *own = malloc(columns * sizeof *own);
  if (own == NULL) return 0;
  memcpy(own, common, sizeof common);
  memcpy(own + C_COUNT, kinds[kind].specs, kinds[kind].count * sizeof *own);
  for (size_t i = 0; i < columns; i++) {
    if (own[i].type == TIME) own[i].type = seconds ? "DateTime" : "DateTime64(9)";
    if (own[i].type == TIMES) own[i].type = seconds ? "Array(DateTime)" : "Array(DateTime64(9))";
  }
  f->specs = f->own = own;
  f->columns = (uint32_t)columns;
  f->seconds = seconds;
  return 1;
}

/* Seconds as type DateTime holds them; what reads as before 1970 is 0. */
static uint32_t date_time(uint64_t nanos) {
  uint64_t seconds = nanos / 1000000000u;
  if (nanos >> 63) return 0;
  return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

static void put_time(const struct family *f, struct col *c, uint64_t nanos) {
  if (f->seconds) buf_u32(&c->data, date_time(nanos));
  else buf_u64(&c->data, nanos);
}

/* A oneof of a double and an sfixed64; the later one on the wire counts. */
static void put_number(struct encoder *e, struct col *c, const struct message *m, int as_double,
                       int as_int) {
  int is_int = m->start[as_int] < m->end[as_int] &&
               (m->start[as_double] == m->end[as_double] || m->start[as_int] > m->start[as_double]);
  uint64_t bits = message_fixed64(m, e->b, is_int ? as_int : as_double);
  if (is_int) {
    double value = (double)(int64_t)bits;
    memcpy(&bits, &value, 8);
  }
  buf_u64(&c->data, bits);
}

static uint32_t zigzag(uint32_t value) { return value >> 1 ^ (0 - (value & 1)); }

static void put_id(struct encoder *e, struct col *c, const struct message *m, int field, size_t n) {
  static const uint8_t zeros[16];
  size_t size = m->end[field] - m->start[field];
  if (size == 0) hex_put(c, zeros, n);
  else hex_put(c, e->b + m->start[field], size);
}

static void put_exemplars(struct encoder *e, const struct family *f, struct col *cols,
                          const struct message *point) {
  static const struct repeated repeated = {7, 0, 0};
  struct message *m = &e->small;
  uint32_t count = (uint32_t)(point->list_a.len / 8);
  const uint32_t *at = (const uint32_t *)(const void *)point->list_a.p;
  for (uint32_t i = 0; i < count; i++) {
    message_read(m, e->b, at[i * 2], at[i * 2 + 1], &repeated);
    attributes_put(e, &cols[X_ATTRIBUTES], &m->attrs);
    put_time(f, &cols[X_TIME], message_fixed64(m, e->b, 2));
    put_number(e, &cols[X_VALUE], m, 3, 6);
    put_id(e, &cols[X_SPAN], m, 4, 8);
    put_id(e, &cols[X_TRACE], m, 5, 16);
  }
  for (int c = 0; c < X_COUNT; c++) array_end(&cols[c], count);
}

static void field_str(struct encoder *e, struct col *c, const struct message *m, int field) {
  str_put(c, e->b + m->start[field], m->end[field] - m->start[field]);
}

static void range_str(struct encoder *e, struct col *c, const uint32_t at[2]) {
  str_put(c, e->b + at[0], at[1] - at[0]);
}

/* A row of `f` for the point in e->item: its table's columns, with those of all kinds filled. */
static struct col *new_row(struct encoder *e, struct family *f, int flags) {
  const uint8_t *b = e->b;
  const struct message *m = &e->item, *metric = &e->metric;
  uint64_t time = message_fixed64(m, b, 3);
  struct table *t = table_for(f, f->seconds ? date_time(time) / 86400 : timestamp_day(time));
  struct col *cols = t->cols;
  t->rows++;
  attributes_shared(&cols[C_RESOURCE], &e->resource);
  range_str(e, &cols[C_RESOURCE_URL], e->resource_url);
  range_str(e, &cols[C_SCOPE], e->scope_name);
  range_str(e, &cols[C_VERSION], e->scope_version);
  attributes_shared(&cols[C_SCOPE_ATTRIBUTES], &e->scope);
  buf_u32(&cols[C_SCOPE_DROPPED].data, e->scope_dropped);
  range_str(e, &cols[C_SCOPE_URL], e->scope_url);
  lc_put(&cols[C_SERVICE], e->service.p, e->service.len);
  lc_put(&cols[C_NAME], b + metric->start[1], metric->end[1] - metric->start[1]);
  field_str(e, &cols[C_DESCRIPTION], metric, 2);
  field_str(e, &cols[C_UNIT], metric, 3);
  attributes_put(e, &cols[C_ATTRIBUTES], &m->attrs);
  put_time(f, &cols[C_START], message_fixed64(m, b, 2));
  put_time(f, &cols[C_TIME], time);
  buf_u32(&cols[C_FLAGS].data, message_varint(m, b, flags));
  return cols;
}

static void put_temporality(struct encoder *e, struct col *c) {
  buf_u32(&c->data, message_varint(&e->data, e->b, 2));
}

static void number_point(struct encoder *e, enum points kind, uint32_t start, uint32_t end) {
  static const struct repeated repeated = {7, 5, 0};
  struct family *f = &e->families[kind];
  message_read(&e->item, e->b, start, end, &repeated);
  struct col *cols = new_row(e, f, 8);
  put_number(e, &cols[G_VALUE], &e->item, 4, 6);
  put_exemplars(e, f, &cols[G_EXEMPLARS], &e->item);
  if (kind == GAUGE) return;
  put_temporality(e, &cols[S_TEMPORALITY]);
  buf_u8(&cols[S_MONOTONIC].data, message_varint(&e->data, e->b, 3) != 0);
}

/* Count and sum are fields 4 and 5 of both histogram kinds. */
static void put_distribution(struct encoder *e, const struct family *f, struct col *cols, int min,
                             int max) {
  const struct message *m = &e->item;
  buf_u64(&cols[D_COUNT].data, message_fixed64(m, e->b, 4));
  buf_u64(&cols[D_SUM].data, message_fixed64(m, e->b, 5));
  buf_u64(&cols[D_MIN].data, message_fixed64(m, e->b, min));
  buf_u64(&cols[D_MAX].data, message_fixed64(m, e->b, max));
  put_temporality(e, &cols[D_TEMPORALITY]);
  put_exemplars(e, f, &cols[D_EXEMPLARS], m);
}

/* Repeated fixed64 or double `field` of the message in [start, end), packed or not, as a row. */
static void repeated64(struct encoder *e, struct col *c, uint32_t start, uint32_t end,
                       uint32_t field) {
  const uint8_t *b = e->b;
  uint32_t count = 0, size;
  for (uint32_t p = start; p < end;) {
    uint32_t tag = b[p];
    if (tag == field * 8 + 2) {
      p = scan_varint(b, p + 1, &size);
      buf_add(&c->data, b + p, size & ~7u);
      count += size / 8;
      p += size;
      continue;
    }
    if (tag == field * 8 + 1) {
      buf_add(&c->data, b + p + 1, 8);
      count++;
    }
    p = scan_skip(b, p);
  }
  array_end(c, count);
}

static uint32_t next_varint(struct encoder *e, struct col *c, uint32_t p) {
  uint32_t low;
  buf_u64(&c->data, varint64(e->b, p));
  return scan_varint(e->b, p, &low);
}

/* Repeated uint64 field 2 (bucket counts) of the message in [start, end), packed or not, as a row. */
static void repeated_varint(struct encoder *e, struct col *c, uint32_t start, uint32_t end) {
  const uint8_t *b = e->b;
  uint32_t count = 0, size;
  for (uint32_t p = start; p < end;) {
    if (b[p] == 16) {
      p = next_varint(e, c, p + 1);
      count++;
      continue;
    }
    if (b[p] != 18) {
      p = scan_skip(b, p);
      continue;
    }
    p = scan_varint(b, p + 1, &size);
    for (uint32_t to = p + size; p < to; count++) p = next_varint(e, c, p);
  }
  array_end(c, count);
}

static void histogram_point(struct encoder *e, uint32_t start, uint32_t end) {
  static const struct repeated repeated = {9, 8, 0};
  struct family *f = &e->families[HISTOGRAM];
  message_read(&e->item, e->b, start, end, &repeated);
  struct col *cols = new_row(e, f, 10);
  put_distribution(e, f, cols, 11, 12);
  repeated64(e, &cols[H_COUNTS], start, end, 6);
  repeated64(e, &cols[H_BOUNDS], start, end, 7);
}

static void exponential_point(struct encoder *e, uint32_t start, uint32_t end) {
  static const struct repeated repeated = {1, 11, 0}, none = {0, 0, 0};
  struct family *f = &e->families[EXPONENTIAL];
  const struct message *m = &e->item;
  message_read(&e->item, e->b, start, end, &repeated);
  struct col *cols = new_row(e, f, 10);
  put_distribution(e, f, cols, 12, 13);
  buf_u32(&cols[E_SCALE].data, zigzag(message_varint(m, e->b, 6)));
  buf_u64(&cols[E_ZERO].data, message_fixed64(m, e->b, 7));
  for (int side = 0; side < 2; side++) {
    uint32_t from = m->start[8 + side], to = m->end[8 + side];
    struct col *at = &cols[E_SIDES + side * 2];
    message_read(&e->small, e->b, from, to, &none);
    buf_u32(&at[0].data, zigzag(message_varint(&e->small, e->b, 1)));
    repeated_varint(e, &at[1], from, to);
  }
}

static void summary_point(struct encoder *e, uint32_t start, uint32_t end) {
  static const struct repeated repeated = {7, 6, 0}, none = {0, 0, 0};
  const struct message *m = &e->item;
  message_read(&e->item, e->b, start, end, &repeated);
  struct col *cols = new_row(e, &e->families[SUMMARY], 8);
  buf_u64(&cols[Q_COUNT].data, message_fixed64(m, e->b, 4));
  buf_u64(&cols[Q_SUM].data, message_fixed64(m, e->b, 5));
  uint32_t count = (uint32_t)(m->list_a.len / 8);
  const uint32_t *at = (const uint32_t *)(const void *)m->list_a.p;
  for (uint32_t i = 0; i < count; i++) {
    message_read(&e->small, e->b, at[i * 2], at[i * 2 + 1], &none);
    buf_u64(&cols[Q_QUANTILES].data, message_fixed64(&e->small, e->b, 1));
    buf_u64(&cols[Q_VALUES].data, message_fixed64(&e->small, e->b, 2));
  }
  array_end(&cols[Q_QUANTILES], count);
  array_end(&cols[Q_VALUES], count);
}

/* Which data field of a Metric counts: the last one on the wire; 0 when there is none. */
static int data_field(const struct message *metric) {
  static const int fields[] = {5, 7, 9, 10, 11};
  int kind = 0;
  for (int i = 0; i < 5; i++) {
    int field = fields[i];
    if (metric->start[field] >= metric->end[field]) continue;
    if (kind == 0 || metric->start[field] > metric->start[kind]) kind = field;
  }
  return kind;
}

/* Adds the points of the Metric in [start, end). */
void otel_metric(struct encoder *e, uint32_t start, uint32_t end) {
  static const struct repeated none = {0, 0, 0}, points = {0, 1, 0};
  message_read(&e->metric, e->b, start, end, &none);
  int kind = data_field(&e->metric);
  if (kind == 0) return;
  message_read(&e->data, e->b, e->metric.start[kind], e->metric.end[kind], &points);
  uint32_t count = (uint32_t)(e->data.list_a.len / 8);
  const uint32_t *at = (const uint32_t *)(const void *)e->data.list_a.p;
  for (uint32_t i = 0; i < count && !e->failed; i++, at += 2) {
    switch (kind) {
      case 5: number_point(e, GAUGE, at[0], at[1]); break;
      case 7: number_point(e, SUM, at[0], at[1]); break;
      case 9: histogram_point(e, at[0], at[1]); break;
      case 10: exponential_point(e, at[0], at[1]); break;
      default: summary_point(e, at[0], at[1]);
    }
  }
}
