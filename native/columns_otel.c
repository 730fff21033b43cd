/* Spans and log records as rows of the contrib tables; twin: wire/clickhouse/otel. */
#include "columns.h"

#define ATTRIBUTES "Map(LowCardinality(String), String)"
#define LOW "LowCardinality(String)"
#define NANOS "DateTime64(9)"

enum {
  T_TIME, T_TRACE, T_SPAN, T_PARENT, T_STATE, T_NAME, T_KIND, T_SERVICE, T_RESOURCE, T_SCOPE,
  T_VERSION, T_ATTRIBUTES, T_DURATION, T_STATUS, T_MESSAGE, T_EVENT_TIME, T_EVENT_NAME,
  T_EVENT_ATTRIBUTES, T_LINK_TRACE, T_LINK_SPAN, T_LINK_STATE, T_LINK_ATTRIBUTES, T_COUNT
};

const struct spec otel_traces_specs[] = {
  {"Timestamp", NANOS, FIX},
  {"TraceId", "String", STR},
  {"SpanId", "String", STR},
  {"ParentSpanId", "String", STR},
  {"TraceState", "String", STR},
  {"SpanName", LOW, LC},
  {"SpanKind", LOW, LC},
  {"ServiceName", LOW, LC},
  {"ResourceAttributes", ATTRIBUTES, MAP},
  {"ScopeName", "String", STR},
  {"ScopeVersion", "String", STR},
  {"SpanAttributes", ATTRIBUTES, MAP},
  {"Duration", "UInt64", FIX},
  {"StatusCode", LOW, LC},
  {"StatusMessage", "String", STR},
  {"Events.Timestamp", "Array(" NANOS ")", ARR_FIX},
  {"Events.Name", "Array(" LOW ")", ARR_LC},
  {"Events.Attributes", "Array(" ATTRIBUTES ")", ARR_MAP},
  {"Links.TraceId", "Array(String)", ARR_STR},
  {"Links.SpanId", "Array(String)", ARR_STR},
  {"Links.TraceState", "Array(String)", ARR_STR},
  {"Links.Attributes", "Array(" ATTRIBUTES ")", ARR_MAP},
};
const uint32_t otel_traces_columns = T_COUNT;

enum {
  L_TIME, L_TRACE, L_SPAN, L_FLAGS, L_SEVERITY_TEXT, L_SEVERITY, L_SERVICE, L_BODY, L_RESOURCE_URL,
  L_RESOURCE, L_SCOPE_URL, L_SCOPE, L_VERSION, L_SCOPE_ATTRIBUTES, L_ATTRIBUTES, L_EVENT, L_COUNT
};

const struct spec otel_logs_specs[] = {
  {"Timestamp", NANOS, FIX},
  {"TraceId", "String", STR},
  {"SpanId", "String", STR},
  {"TraceFlags", "UInt8", FIX},
  {"SeverityText", LOW, LC},
  {"SeverityNumber", "UInt8", FIX},
  {"ServiceName", LOW, LC},
  {"Body", "String", STR},
  {"ResourceSchemaUrl", LOW, LC},
  {"ResourceAttributes", ATTRIBUTES, MAP},
  {"ScopeSchemaUrl", LOW, LC},
  {"ScopeName", "String", STR},
  {"ScopeVersion", LOW, LC},
  {"ScopeAttributes", ATTRIBUTES, MAP},
  {"LogAttributes", ATTRIBUTES, MAP},
  {"EventName", "String", STR},
};
const uint32_t otel_logs_columns = L_COUNT;

static const struct repeated none = {0, 0, 0};

void otel_resource(struct encoder *e, uint32_t start, uint32_t end) {
  static const struct repeated repeated = {1, 0, 0};
  struct message *m = &e->small;
  message_read(m, e->b, start, end, &repeated);
  shared_set(e, &e->resource, &m->attrs);
  const uint32_t *at = (const uint32_t *)(const void *)m->attrs.at.p;
  e->service.len = 0;
  for (uint32_t i = 0; i < m->attrs.count; i++, at += 4) {
    if (at[1] - at[0] != 12 || memcmp(e->b + at[0], "service.name", 12) != 0) continue;
    as_string(e, &e->service, at[2], at[3]);
    uint32_t size, content = scan_varint(e->service.p, 0, &size);
    memmove(e->service.p, e->service.p + content, size);
    e->service.len = size;
    return;
  }
}

void otel_scope(struct encoder *e, uint32_t start, uint32_t end) {
  static const struct repeated repeated = {3, 0, 0};
  struct message *m = &e->small;
  message_read(m, e->b, start, end, &repeated);
  shared_set(e, &e->scope, &m->attrs);
  for (int i = 0; i < 2; i++) {
    uint32_t *at = i == 0 ? e->scope_name : e->scope_version;
    at[0] = m->start[1 + i];
    at[1] = m->end[1 + i];
  }
  e->scope_dropped = message_varint(m, e->b, 4);
}

/* Nanoseconds below 2^64 as whole seconds, then the day as toDate(DateTime64) has it. */
int64_t timestamp_day(uint64_t nanos) {
  int64_t seconds = (int64_t)nanos / 1000000000;
  int64_t day = seconds >= 0 ? seconds / 86400 : -((-seconds + 86399) / 86400);
  return day & 0xffff;
}

static void put_lc(struct encoder *e, struct col *c, const uint32_t at[2]) {
  lc_put(c, e->b + at[0], at[1] - at[0]);
}

static void put_str(struct encoder *e, struct col *c, const uint32_t at[2]) {
  str_put(c, e->b + at[0], at[1] - at[0]);
}

static void field_str(struct encoder *e, struct col *c, const struct message *m, int field) {
  str_put(c, e->b + m->start[field], m->end[field] - m->start[field]);
}

static void field_lc(struct encoder *e, struct col *c, const struct message *m, int field) {
  lc_put(c, e->b + m->start[field], m->end[field] - m->start[field]);
}

static void field_hex(struct encoder *e, struct col *c, const struct message *m, int field) {
  hex_or_empty(c, e->b + m->start[field], m->end[field] - m->start[field]);
}

static void put_constant(struct col *c, const char *const *texts, uint32_t count, uint32_t index) {
  const char *text = index < count ? texts[index] : "";
  lc_put(c, (const uint8_t *)text, strlen(text));
}

static void put_events(struct encoder *e, struct col *cols, uint32_t count, const uint32_t *at) {
  static const struct repeated repeated = {3, 0, 0};
  struct message *m = &e->small;
  for (uint32_t i = 0; i < count; i++) {
    message_read(m, e->b, at[i * 2], at[i * 2 + 1], &repeated);
    buf_u64(&cols[T_EVENT_TIME].data, message_fixed64(m, e->b, 1));
    field_lc(e, &cols[T_EVENT_NAME], m, 2);
    attributes_put(e, &cols[T_EVENT_ATTRIBUTES], &m->attrs);
  }
  for (int c = T_EVENT_TIME; c <= T_EVENT_ATTRIBUTES; c++) array_end(&cols[c], count);
}

static void put_links(struct encoder *e, struct col *cols, uint32_t count, const uint32_t *at) {
  static const struct repeated repeated = {4, 0, 0};
  struct message *m = &e->small;
  for (uint32_t i = 0; i < count; i++) {
    message_read(m, e->b, at[i * 2], at[i * 2 + 1], &repeated);
    field_hex(e, &cols[T_LINK_TRACE], m, 1);
    field_hex(e, &cols[T_LINK_SPAN], m, 2);
    field_str(e, &cols[T_LINK_STATE], m, 3);
    attributes_put(e, &cols[T_LINK_ATTRIBUTES], &m->attrs);
  }
  for (int c = T_LINK_TRACE; c <= T_LINK_ATTRIBUTES; c++) array_end(&cols[c], count);
}

void otel_span(struct encoder *e, uint32_t start, uint32_t end) {
  static const struct repeated repeated = {9, 11, 13};
  static const char *const kinds[] = {"Unspecified", "Internal", "Server",
                                      "Client", "Producer", "Consumer"};
  static const char *const statuses[] = {"Unset", "Ok", "Error"};
  const uint8_t *b = e->b;
  struct message *m = &e->item;
  message_read(m, b, start, end, &repeated);
  uint64_t time = message_fixed64(m, b, 7);
  struct table *t = table_for(e->families, timestamp_day(time));
  struct col *cols = t->cols;
  t->rows++;
  buf_u64(&cols[T_TIME].data, time);
  field_hex(e, &cols[T_TRACE], m, 1);
  field_hex(e, &cols[T_SPAN], m, 2);
  field_hex(e, &cols[T_PARENT], m, 4);
  field_str(e, &cols[T_STATE], m, 3);
  field_lc(e, &cols[T_NAME], m, 5);
  put_constant(&cols[T_KIND], kinds, 6, message_varint(m, b, 6));
  lc_put(&cols[T_SERVICE], e->service.p, e->service.len);
  attributes_shared(&cols[T_RESOURCE], &e->resource);
  put_str(e, &cols[T_SCOPE], e->scope_name);
  put_str(e, &cols[T_VERSION], e->scope_version);
  attributes_put(e, &cols[T_ATTRIBUTES], &m->attrs);
  buf_u64(&cols[T_DURATION].data, message_fixed64(m, b, 8) - time);
  message_read(&e->small, b, m->start[15], m->end[15], &none);
  put_constant(&cols[T_STATUS], statuses, 3, message_varint(&e->small, b, 3));
  field_str(e, &cols[T_MESSAGE], &e->small, 2);
  put_events(e, cols, (uint32_t)(m->list_a.len / 8), (const uint32_t *)(const void *)m->list_a.p);
  put_links(e, cols, (uint32_t)(m->list_b.len / 8), (const uint32_t *)(const void *)m->list_b.p);
}

void otel_log(struct encoder *e, uint32_t start, uint32_t end) {
  static const struct repeated repeated = {6, 0, 0};
  const uint8_t *b = e->b;
  struct message *m = &e->item;
  message_read(m, b, start, end, &repeated);
  uint64_t time = message_fixed64(m, b, 1);
  if (time == 0) time = message_fixed64(m, b, 11);
  struct table *t = table_for(e->families, timestamp_day(time));
  struct col *cols = t->cols;
  t->rows++;
  buf_u64(&cols[L_TIME].data, time);
  field_hex(e, &cols[L_TRACE], m, 9);
  field_hex(e, &cols[L_SPAN], m, 10);
  buf_u8(&cols[L_FLAGS].data, (uint8_t)message_fixed32(m, b, 8));
  field_lc(e, &cols[L_SEVERITY_TEXT], m, 3);
  buf_u8(&cols[L_SEVERITY].data, (uint8_t)message_varint(m, b, 2));
  lc_put(&cols[L_SERVICE], e->service.p, e->service.len);
  as_string(e, &cols[L_BODY].data, m->start[5], m->end[5]);
  put_lc(e, &cols[L_RESOURCE_URL], e->resource_url);
  attributes_shared(&cols[L_RESOURCE], &e->resource);
  put_lc(e, &cols[L_SCOPE_URL], e->scope_url);
  put_str(e, &cols[L_SCOPE], e->scope_name);
  put_lc(e, &cols[L_VERSION], e->scope_version);
  attributes_shared(&cols[L_SCOPE_ATTRIBUTES], &e->scope);
  attributes_put(e, &cols[L_ATTRIBUTES], &m->attrs);
  field_str(e, &cols[L_EVENT], m, 12);
}
