/* The span of an exchange as OTLP bytes, field by field as agent/spans/writer.ts writes it. */
#include "exchanges.h"
#include "exchanges_target.h"

enum {
  METHOD,
  SCHEME,
  PATH,
  QUERY,
  FULL,
  HOST_HEADER,
  AGENT,
  FORWARDED,
  REQUEST_BODY,
  REQUEST_SIZE,
  ENDPOINT,
  STATUS,
  RESPONSE_BODY,
  RESPONSE_SIZE,
  VERSION,
  REQUEST_SEQUENCE,
  RESPONSE_SEQUENCE,
  REQUEST_ID_KEY,
  RESPONSE_ID_KEY,
  TRACE_HEADER,
  TRACE_HEADER_TRACE,
  TRACE_HEADER_SPAN,
  REQUEST_HEAD,
  RESPONSE_HEAD,
  REQUEST_CHAIN,
  REQUEST_THREAD,
  REQUEST_CALL,
  ASYNC_RULE,
  RESPONSE_CHAIN,
  RESPONSE_THREAD,
  RESPONSE_CALL,
  DELAY,
  ERROR_TYPE,
  KEYS
};

static const char *const names[KEYS] = {
    [METHOD] = "http.request.method",
    [SCHEME] = "url.scheme",
    [PATH] = "url.path",
    [QUERY] = "url.query",
    [FULL] = "url.full",
    [HOST_HEADER] = "http.request.header.host",
    [AGENT] = "user_agent.original",
    [FORWARDED] = "http.request.header.x-forwarded-for",
    [REQUEST_BODY] = "http.request.body.size",
    [REQUEST_SIZE] = "http.request.size",
    [ENDPOINT] = "wirestitch.endpoint",
    [STATUS] = "http.response.status_code",
    [RESPONSE_BODY] = "http.response.body.size",
    [RESPONSE_SIZE] = "http.response.size",
    [VERSION] = "network.protocol.version",
    [REQUEST_SEQUENCE] = "wirestitch.tcp.request_sequence",
    [RESPONSE_SEQUENCE] = "wirestitch.tcp.response_sequence",
    [REQUEST_ID_KEY] = "wirestitch.request_id.request",
    [RESPONSE_ID_KEY] = "wirestitch.request_id.response",
    [TRACE_HEADER] = "wirestitch.trace_header.name",
    [TRACE_HEADER_TRACE] = "wirestitch.trace_header.trace_id",
    [TRACE_HEADER_SPAN] = "wirestitch.trace_header.span_id",
    [REQUEST_HEAD] = "wirestitch.request.head",
    [RESPONSE_HEAD] = "wirestitch.response.head",
    [REQUEST_CHAIN] = "wirestitch.syscall.trace_id.request",
    [REQUEST_THREAD] = "wirestitch.syscall.thread.request",
    [REQUEST_CALL] = "wirestitch.syscall.sequence.request",
    [ASYNC_RULE] = "wirestitch.async.rule",
    [RESPONSE_CHAIN] = "wirestitch.syscall.trace_id.response",
    [RESPONSE_THREAD] = "wirestitch.syscall.thread.response",
    [RESPONSE_CALL] = "wirestitch.syscall.sequence.response",
    [DELAY] = "wirestitch.response.delay",
    [ERROR_TYPE] = "error.type",
};

/* Beginnings of attributes: all before the value, with lengths that are filled in. Copies of them
 * are this long: one without a loop is quicker. */
#define KEY_ROOM 48
static struct {
  uint8_t bytes[KEY_ROOM]; /* attribute, its length, key, value, its length, tag in the value */
  uint32_t key, size;      /* bytes of key with tag and length, and of the tag of the value; of all */
} keys[KEYS];
static uint8_t digits[256][2];

static int is_number(int key) {
  switch (key) {
    case REQUEST_BODY:
    case REQUEST_SIZE:
    case STATUS:
    case RESPONSE_BODY:
    case RESPONSE_SIZE:
    case REQUEST_SEQUENCE:
    case RESPONSE_SEQUENCE:
    case REQUEST_THREAD:
    case REQUEST_CALL:
    case RESPONSE_THREAD:
    case RESPONSE_CALL:
    case DELAY:
      return 1;
  }
  return 0;
}

void make_keys(void) {
  for (int i = 0; i < KEYS; i++) {
    uint32_t length = (uint32_t)strlen(names[i]);
    uint8_t *p = keys[i].bytes;
    p[0] = 0x4a;
    p[2] = 0x0a;
    p[3] = (uint8_t)length;
    memcpy(p + 4, names[i], length);
    p[4 + length] = 0x12;
    p[6 + length] = is_number(i) ? 0x18 : 0x0a;
    keys[i].key = length + 3;
    keys[i].size = length + 7;
  }
  for (int i = 0; i < 256; i++) {
    digits[i][0] = (uint8_t) "0123456789abcdef"[i >> 4];
    digits[i][1] = (uint8_t) "0123456789abcdef"[i & 15];
  }
}

static uint32_t varint_size(uint64_t v) {
  return v < 128 ? 1 : (uint32_t)(70 - __builtin_clzll(v)) / 7;
}

static inline uint8_t *put_varint(uint8_t *p, uint64_t v) {
  for (; v > 127; v >>= 7) *p++ = (uint8_t)v | 0x80;
  *p++ = (uint8_t)v;
  return p;
}

/* Texts are short: a call for each copy would cost more than the copy. */
static inline uint8_t *put_raw(uint8_t *p, const void *from, uint32_t size) {
  const uint8_t *q = from;
  if (size > 32) {
    memcpy(p, q, size);
  } else if (size >= 16) {
    uint8_t first[16], last[16];
    memcpy(first, q, 16);
    memcpy(last, q + size - 16, 16);
    memcpy(p, first, 16);
    memcpy(p + size - 16, last, 16);
  } else if (size >= 8) {
    uint64_t first, last;
    memcpy(&first, q, 8);
    memcpy(&last, q + size - 8, 8);
    memcpy(p, &first, 8);
    memcpy(p + size - 8, &last, 8);
  } else {
    for (uint32_t i = 0; i < size; i++) p[i] = q[i];
  }
  return p + size;
}

/* Attribute up to its text, which follows. */
static inline uint8_t *open_text(uint8_t *p, int key, uint32_t size) {
  uint32_t short_content = keys[key].key + 3 + size;
  if (short_content < 128) {
    memcpy(p, keys[key].bytes, KEY_ROOM);
    p[1] = (uint8_t)short_content;
    p += keys[key].size;
    p[-2] = (uint8_t)(size + 2);
    *p = (uint8_t)size;
    return p + 1;
  }
  uint32_t inner = 1 + varint_size(size) + size;
  *p++ = 0x4a;
  p = put_varint(p, keys[key].key + varint_size(inner) + inner);
  memcpy(p, keys[key].bytes + 2, keys[key].key);
  p = put_varint(p + keys[key].key, inner);
  *p++ = 0x0a;
  return put_varint(p, size);
}

static inline uint8_t *put_text(uint8_t *p, int key, const void *text, uint32_t size) {
  return put_raw(open_text(p, key, size), text, size);
}

/* A list of one text. */
static uint8_t *put_list(uint8_t *p, int key, const void *text, uint32_t size) {
  uint32_t value = 1 + varint_size(size) + size;
  uint32_t element = 1 + varint_size(value) + value;
  uint32_t inner = 1 + varint_size(element) + element;
  *p++ = 0x4a;
  p = put_varint(p, keys[key].key + varint_size(inner) + inner);
  memcpy(p, keys[key].bytes + 2, KEY_ROOM - 2);
  p = put_varint(p + keys[key].key, inner);
  *p++ = 0x2a;
  p = put_varint(p, element);
  *p++ = 0x0a;
  p = put_varint(p, value);
  *p++ = 0x0a;
  return put_raw(put_varint(p, size), text, size);
}

static inline uint8_t *put_int(uint8_t *p, int key, uint64_t value) {
  memcpy(p, keys[key].bytes, KEY_ROOM);
  uint8_t *from = p + keys[key].size, *to = put_varint(from, value);
  uint8_t size = (uint8_t)(to - from);
  p[1] = (uint8_t)(keys[key].key + 2 + size);
  from[-2] = size + 1;
  return to;
}

static inline uint8_t *put_hex(uint8_t *p, int key, uint64_t value) {
  p = open_text(p, key, 16);
  for (int i = 0; i < 8; i++) memcpy(p + 2 * i, digits[value >> (56 - 8 * i) & 255], 2);
  return p + 16;
}

static uint8_t *put_fixed(uint8_t *p, uint8_t tag, uint64_t value) {
  *p = tag;
  memcpy(p + 1, &value, 8);
  return p + 9;
}

static uint32_t rotated(uint32_t v, int n) { return v << n | v >> (32 - n); }

static uint32_t avalanche(uint32_t h) {
  h = (h ^ h >> 16) * 0x85ebca6bu;
  h = (h ^ h >> 13) * 0xc2b2ae35u;
  return h ^ h >> 16;
}

/* agent/spans/hash.ts, big endian: three hashes of the same words side by side. */
static void put_hashes(uint8_t *const to[3], const uint32_t *seeds, const uint32_t *words) {
  uint32_t high[3] = {seeds[0], seeds[2], seeds[4]}, low[3] = {seeds[1], seeds[3], seeds[5]};
  for (int i = 0; i < 7; i++) {
    for (int k = 0; k < 3; k++) {
      uint32_t a = (high[k] ^ words[i]) * 0xcc9e2d51u, b = (low[k] + words[i]) * 0x9e3779b1u;
      high[k] = rotated(a, 15) * 5 + low[k];
      low[k] = rotated(b, 13) * 9 ^ a;
    }
  }
  for (int k = 0; k < 3; k++) {
    uint32_t h = avalanche(high[k]), l = avalanche(low[k] ^ h);
    uint32_t top = avalanche(h + l);
    if (top == 0 && l == 0) l = 1;
    uint64_t both = __builtin_bswap64((uint64_t)top << 32 | l);
    memcpy(to[k], &both, 8);
  }
}

static uint8_t *put_bytes(uint8_t *p, uint8_t tag, const uint8_t *digits, uint32_t count) {
  *p++ = tag;
  *p++ = (uint8_t)(count / 2);
  for (uint32_t i = 0; i < count; i += 2) {
    uint8_t high = digits[i], low = digits[i + 1];
    high = (uint8_t)(high > '9' ? high - 'a' + 10 : high - '0');
    low = (uint8_t)(low > '9' ? low - 'a' + 10 : low - '0');
    *p++ = (uint8_t)(high << 4 | low);
  }
  return p;
}

static uint8_t *put_ids(uint8_t *p, const struct options *o, const struct exchange *x) {
  const struct message *request = x->request;
  int64_t carry = request->start / 1000000000, nanos = request->start % 1000000000;
  if (nanos < 0) {
    nanos += 1000000000;
    carry--;
  }
  const uint32_t words[7] = {x->id_high,
                             x->id_low,
                             x->ordinal,
                             request->sequence,
                             x->response->sequence,
                             (uint32_t)(o->base_seconds + carry),
                             (uint32_t)nanos};
  const struct range trace = request->head.fields[TRACEPARENT];
  /* The trace id, then the span id, each behind its tag and length. */
  uint8_t *const to[3] = {p + 2, p + 10, p + 20};
  put_hashes(to, o->seeds, words);
  p[0] = 0x0a;
  p[1] = 16;
  p[18] = 0x12;
  p[19] = 8;
  if (trace.at == 0) return p + 28;
  put_bytes(p, 0x0a, request->bytes + trace.at + 3, 32);
  p += 28;
  const struct range state = request->head.fields[TRACESTATE];
  if (state.length > 0) {
    *p++ = 0x1a;
    p = put_varint(p, state.length);
    memcpy(p, request->bytes + state.at, state.length);
    p += state.length;
  }
  return put_bytes(p, 0x22, request->bytes + trace.at + 36, 16);
}

/* http://authority/path?query, where the client asks. @param query as it was written */
static uint8_t *put_full(uint8_t *p, const struct exchange *x, uint32_t path,
                         const uint8_t *query, uint32_t query_size) {
  const struct message *request = x->request;
  const struct range host = request->head.fields[HOST];
  const uint8_t *authority = host.length > 0 ? request->bytes + host.at
                                             : x->template->bytes + x->template->attributes;
  uint32_t length = host.length > 0 ? host.length : x->template->authority;
  p = open_text(p, FULL, 7 + length + path + (query_size > 0 ? query_size + 1 : 0));
  p = put_raw(put_raw(p, "http://", 7), authority, length);
  p = put_raw(p, request->bytes + request->head.target.at, path);
  if (query_size == 0) return p;
  *p++ = '?';
  return put_raw(p, query, query_size);
}

static uint8_t *put_field(uint8_t *p, int key, const struct message *m, int slot) {
  const struct range field = m->head.fields[slot];
  return field.length == 0 ? p : put_text(p, key, m->bytes + field.at, field.length);
}

/* @param endpoint room for the endpoint and, behind it, the query */
static uint8_t *put_request(uint8_t *p, const struct options *o, const struct exchange *x,
                            uint8_t *endpoint, uint32_t *endpoint_size) {
  const struct message *m = x->request;
  const struct head *h = &m->head;
  const uint8_t *target = m->bytes + h->target.at;
  const uint8_t *mark = memchr(target, '?', h->target.length);
  uint32_t path = mark == NULL ? h->target.length : (uint32_t)(mark - target);
  *endpoint_size = 0;
  if (o->segments > 0) {
    *endpoint_size = (uint32_t)(put_endpoint(endpoint, target, path, o->segments) - endpoint);
  }
  p = put_text(p, METHOD, m->bytes, h->method.length);
  p = put_text(p, SCHEME, "http", 4);
  p = put_text(p, PATH, target, path);
  uint8_t *query = endpoint + *endpoint_size;
  uint32_t query_size = 0;
  if (mark != NULL) {
    query_size = (uint32_t)(put_query(query, mark + 1, h->target.length - path - 1) - query);
  }
  if (query_size > 0) p = put_text(p, QUERY, query, query_size);
  if (x->client) p = put_full(p, x, path, query, query_size);
  const struct range host = h->fields[HOST];
  if (host.length > 0) p = put_list(p, HOST_HEADER, m->bytes + host.at, host.length);
  p = put_field(p, AGENT, m, USER_AGENT);
  const struct range forwarded = h->fields[FORWARDED_FOR];
  if (forwarded.length > 0) {
    p = put_list(p, FORWARDED, m->bytes + forwarded.at, forwarded.length);
  }
  p = put_int(p, REQUEST_BODY, m->body);
  p = put_int(p, REQUEST_SIZE, m->length);
  if (*endpoint_size > 0) p = put_text(p, ENDPOINT, endpoint, *endpoint_size);
  return p;
}

static uint8_t *put_response(uint8_t *p, const struct exchange *x) {
  const struct message *m = x->response;
  p = put_int(p, STATUS, m->head.status);
  p = put_int(p, RESPONSE_BODY, m->body);
  p = put_int(p, RESPONSE_SIZE, m->length);
  return put_text(p, VERSION, x->request->head.version == 10 ? "1.0" : "1.1", 3);
}

static uint8_t *put_stitching(uint8_t *p, const struct exchange *x) {
  const struct message *request = x->request;
  p = put_int(p, REQUEST_SEQUENCE, request->sequence);
  p = put_int(p, RESPONSE_SEQUENCE, x->response->sequence);
  p = put_field(p, REQUEST_ID_KEY, request, REQUEST_ID);
  p = put_field(p, RESPONSE_ID_KEY, x->response, REQUEST_ID);
  const struct range trace = request->head.fields[TRACEPARENT];
  if (trace.at == 0) return p;
  p = put_text(p, TRACE_HEADER, "traceparent", 11);
  p = put_text(p, TRACE_HEADER_TRACE, request->bytes + trace.at + 3, 32);
  return put_text(p, TRACE_HEADER_SPAN, request->bytes + trace.at + 36, 16);
}

static uint8_t *put_calls(uint8_t *p, const struct exchange *x, const uint8_t *from,
                          struct written *w) {
  static const char *const rules[] = {"", "", "tick", "connect", "node_async_id"};
  const struct call *asked = &x->request->call, *answered = &x->response->call;
  if (x->request->hash != 0) p = put_hex(p, REQUEST_HEAD, x->request->hash);
  if (x->response->hash != 0) p = put_hex(p, RESPONSE_HEAD, x->response->hash);
  w->request_chain = w->response_chain = 0;
  if (asked->chain != 0) {
    w->request_chain = (uint32_t)(p - from);
    p = put_hex(p, REQUEST_CHAIN, asked->chain);
  }
  p = put_int(p, REQUEST_THREAD, asked->thread);
  p = put_int(p, REQUEST_CALL, asked->number);
  if (asked->rule >= 2 && asked->rule <= 4) {
    p = put_text(p, ASYNC_RULE, rules[asked->rule], (uint32_t)strlen(rules[asked->rule]));
  }
  if (answered->chain != 0) {
    w->response_chain = (uint32_t)(p - from);
    p = put_hex(p, RESPONSE_CHAIN, answered->chain);
  }
  p = put_int(p, RESPONSE_THREAD, answered->thread);
  return put_int(p, RESPONSE_CALL, answered->number);
}

static uint8_t *put_outcome(uint8_t *p, const struct exchange *x, int failed) {
  int64_t delay = x->response->start - x->request->end;
  p = put_int(p, DELAY, delay > 0 ? (uint64_t)delay : 0);
  if (!failed) return p;
  uint32_t status = x->response->head.status;
  const uint8_t text[3] = {(uint8_t)('0' + status / 100), (uint8_t)('0' + status / 10 % 10),
                           (uint8_t)('0' + status % 10)};
  return put_text(p, ERROR_TYPE, text, 3);
}

size_t span_room(const struct message *request, const struct template *t) {
  const struct head *h = &request->head;
  /* A path twice and once more as the name, a query twice: redacted, "a=" may become four times as
   * long; the id of the response. */
  size_t texts = 12 * (size_t)h->target.length + 512;
  for (int i = 0; i < FIELDS; i++) texts += 3 * (size_t)h->fields[i].length;
  return texts + KEYS * (KEY_ROOM + 40) + t->attributes + t->authority;
}

struct written write_span(const struct options *o, const struct exchange *x, uint8_t *to) {
  const struct message *request = x->request, *response = x->response;
  struct written w;
  /* Of the 4,096 bytes of a request at most: ids become 2.5 times as long, queries three times. */
  uint8_t endpoint[4096 * 6 + 64];
  uint32_t endpoint_size;
  int failed = response->head.status >= (x->client ? 400 : 500);
  int64_t last = response->end > request->end ? response->end : request->end;
  if (last < request->start) last = request->start;
  /* Lengths of spans take two bytes, mostly. */
  uint8_t *p = put_ids(to + 3, o, x);
  *p++ = 0x30;
  *p++ = x->client ? 3 : 2;
  uint64_t base = (uint64_t)o->base_seconds * 1000000000u;
  p = put_fixed(p, 0x39, base + (uint64_t)request->start);
  p = put_fixed(p, 0x41, base + (uint64_t)last);
  p = put_request(p, o, x, endpoint, &endpoint_size);
  p = put_response(p, x);
  w.template = (uint32_t)(p - to);
  memcpy(p, x->template->bytes, x->template->attributes);
  p = put_stitching(p + x->template->attributes, x);
  p = put_calls(p, x, to, &w);
  p = put_outcome(p, x, failed);
  *p++ = 0x2a;
  uint32_t name = request->head.method.length + (endpoint_size > 0 ? endpoint_size + 1 : 0);
  p = put_varint(p, name);
  p = put_raw(p, request->bytes, request->head.method.length);
  if (endpoint_size > 0) {
    *p++ = ' ';
    p = put_raw(p, endpoint, endpoint_size);
  }
  if (failed) {
    memcpy(p, "\x7a\x02\x18\x02", 4);
    p += 4;
  }
  uint32_t size = (uint32_t)(p - to) - 3, bytes = varint_size(size);
  if (bytes != 2) {
    memmove(to + 1 + bytes, to + 3, size);
    p = to + 1 + bytes + size;
    w.template += bytes - 2;
    w.request_chain += w.request_chain > 0 ? bytes - 2 : 0;
    w.response_chain += w.response_chain > 0 ? bytes - 2 : 0;
  }
  to[0] = 0x12;
  put_varint(to + 1, size);
  w.end = p;
  return w;
}
