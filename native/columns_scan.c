/* Reading OTLP in place, text of values, attributes. */
#include "columns.h"
#include <stdio.h>
#include <stdlib.h>

uint32_t scan_long_varint(const uint8_t *b, uint32_t p, uint32_t *value) {
  uint32_t byte = b[p++], v = byte & 127;
  for (int shift = 7; byte > 127; shift += 7) {
    byte = b[p++];
    if (shift < 32) v |= (byte & 127) << shift;
  }
  *value = v;
  return p;
}

uint64_t varint64(const uint8_t *b, uint32_t p) {
  uint64_t v = 0;
  for (int shift = 0;; shift += 7) {
    uint64_t byte = b[p++];
    v |= (byte & 127) << shift;
    if (byte < 128) return v;
  }
}

/* Steps over the field whose tag is at p, groups included. */
uint32_t scan_skip(const uint8_t *b, uint32_t p) {
  uint32_t tag, size;
  p = scan_varint(b, p, &tag);
  switch (tag & 7) {
    case 0: return scan_varint(b, p, &size);
    case 1: return p + 8;
    case 2: p = scan_varint(b, p, &size); return p + size;
    case 3:
      for (;;) {
        uint32_t inner, next = scan_varint(b, p, &inner);
        if ((inner & 7) == 4 && inner >> 3 == tag >> 3) return next;
        p = scan_skip(b, p);
      }
    default: return p + 4;
  }
}

static void add_pair(struct buf *list, uint32_t a, uint32_t b) {
  buf_u32(list, a);
  buf_u32(list, b);
}

void attrs_add(struct attrs *a, const uint8_t *b, uint32_t start, uint32_t end) {
  uint32_t at[4] = {end, end, end, end};
  for (uint32_t p = start; p < end;) {
    uint32_t tag = b[p], size;
    if (tag != 10 && tag != 18) {
      p = scan_skip(b, p);
      continue;
    }
    p = scan_varint(b, p + 1, &size);
    int value = tag == 18;
    at[value * 2] = p;
    at[value * 2 + 1] = p + size;
    p += size;
  }
  buf_add(&a->at, at, sizeof at);
  a->count++;
}

void message_read(struct message *m, const uint8_t *b, uint32_t from, uint32_t to,
                  const struct repeated *repeated) {
  for (int i = 0; i < FIELDS; i++) m->start[i] = m->end[i] = to;
  m->attrs.count = 0;
  m->attrs.at.len = m->list_a.len = m->list_b.len = 0;
  for (uint32_t p = from; p < to;) {
    uint32_t tag, size, next;
    uint32_t content = scan_varint(b, p, &tag);
    uint32_t field = tag >> 3;
    if ((tag & 7) == 2) {
      content = scan_varint(b, content, &size);
      next = content + size;
      if (field == repeated->attributes) {
        attrs_add(&m->attrs, b, content, next);
        p = next;
        continue;
      }
      if (field == repeated->list_a) add_pair(&m->list_a, content, next);
      else if (field == repeated->list_b) add_pair(&m->list_b, content, next);
    } else next = scan_skip(b, p);
    if (field < FIELDS) {
      m->start[field] = content;
      m->end[field] = next;
    }
    p = next;
  }
}

void message_free(struct message *m) {
  buf_free(&m->attrs.at);
  buf_free(&m->list_a);
  buf_free(&m->list_b);
}

uint32_t message_varint(const struct message *m, const uint8_t *b, int field) {
  uint32_t value = 0;
  if (m->start[field] < m->end[field]) scan_varint(b, m->start[field], &value);
  return value;
}

uint64_t message_fixed64(const struct message *m, const uint8_t *b, int field) {
  uint64_t value = 0;
  if (m->start[field] < m->end[field]) memcpy(&value, b + m->start[field], 8);
  return value;
}

uint32_t message_fixed32(const struct message *m, const uint8_t *b, int field) {
  uint32_t value = 0;
  if (m->start[field] < m->end[field]) memcpy(&value, b + m->start[field], 4);
  return value;
}

/* The field of an AnyValue that counts: the last one known; kind 0 = none. */
struct value value_locate(const uint8_t *b, uint32_t start, uint32_t end) {
  struct value v = {0, end, end};
  for (uint32_t p = start; p < end;) {
    uint32_t tag = b[p], field = tag >> 3, size;
    if (tag > 127 || field == 0 || field > 7) {
      p = scan_skip(b, p);
      continue;
    }
    v.kind = (int)field;
    p++;
    if ((tag & 7) == 2) {
      p = scan_varint(b, p, &size);
      v.start = p;
      p += size;
    } else {
      v.start = p;
      p = (tag & 7) == 1 ? p + 8 : scan_varint(b, p, &size);
    }
    v.end = p;
  }
  return v;
}

static void put_text(struct buf *out, const char *text, size_t n) {
  buf_varint(out, (uint32_t)n);
  buf_add(out, text, n);
}

static void put_int(struct buf *out, int64_t value) {
  char digits[24];
  char *p = digits + sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do *--p = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (value < 0) *--p = '-';
  put_text(out, p, (size_t)(digits + sizeof digits - p));
}

/* Shortest decimal digits that give `value` back; 0 when that is not certain here. */
static int shortest(double value, char digits[20], int *exponent) {
  uint64_t bits;
  memcpy(&bits, &value, 8);
  int power_of_two = (bits & 0xfffffffffffffull) == 0;
  /* Subnormal numbers have fewer digits than the fifteen that are tried first. */
  if ((bits >> 52 & 0x7ff) == 0) return 0;
  for (int precision = 15; precision <= 17; precision++) {
    char text[40];
    snprintf(text, sizeof text, "%.*e", precision - 1, value);
    if (strtod(text, NULL) != value) continue;
    /* The interval around a power of two is lopsided: other digits may be nearer the middle. */
    if (precision > 15 && power_of_two) return 0;
    int n = 0;
    const char *p = text;
    for (; *p != 'e'; p++) if (*p != '.') digits[n++] = *p;
    *exponent = atoi(p + 1);
    while (n > 1 && digits[n - 1] == '0') n--;
    return n;
  }
  return 0;
}

/* A finite double above zero as ECMAScript writes it; 0 when not certain. */
static int double_text(double value, char *out) {
  char digits[20];
  int exponent = 0;
  int k = shortest(value, digits, &exponent);
  int n = exponent + 1;
  char *p = out;
  if (k == 0) return 0;
  if (n > 21 || n <= -6) {
    *p++ = digits[0];
    if (k > 1) *p++ = '.';
    for (int i = 1; i < k; i++) *p++ = digits[i];
    p += sprintf(p, "e%+d", n - 1);
    return (int)(p - out);
  }
  if (n <= 0) {
    *p++ = '0';
    *p++ = '.';
    for (int i = n; i < 0; i++) *p++ = '0';
  }
  for (int i = 0; i < k || i < n; i++) {
    if (i == n && n > 0) *p++ = '.';
    *p++ = i < k ? digits[i] : '0';
  }
  return (int)(p - out);
}

static int put_double(struct buf *out, const uint8_t *b, uint32_t at) {
  double value;
  char text[48];
  memcpy(&value, b + at, 8);
  if (!(value - value == 0)) return 0;
  int negative = value < 0;
  double abs = negative ? -value : value;
  if (abs == 0) {
    uint8_t sign = b[at + 7] >> 7;
    put_text(out, sign ? "-0" : "0", 1u + sign);
    return 1;
  }
  int n = double_text(abs, text + 1);
  if (n == 0) return 0;
  text[0] = '-';
  put_text(out, negative ? text : text + 1, (size_t)(n + negative));
  return 1;
}

static void put_base64(struct buf *out, const uint8_t *p, uint32_t n) {
  static const char t[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint32_t size = (n + 2) / 3 * 4;
  buf_varint(out, size);
  buf_need(out, size);
  uint8_t *o = out->p + out->len;
  for (uint32_t i = 0; i < n; i += 3) {
    uint32_t v = (uint32_t)p[i] << 16;
    if (i + 1 < n) v |= (uint32_t)p[i + 1] << 8;
    if (i + 2 < n) v |= p[i + 2];
    *o++ = (uint8_t)t[v >> 18];
    *o++ = (uint8_t)t[v >> 12 & 63];
    *o++ = i + 1 < n ? (uint8_t)t[v >> 6 & 63] : '=';
    *o++ = i + 2 < n ? (uint8_t)t[v & 63] : '=';
  }
  out->len += size;
}

/* AnyValue bytes [start, end) as the Go collector's AsString, with its length. */
void as_string(struct encoder *e, struct buf *out, uint32_t start, uint32_t end) {
  const uint8_t *b = e->b;
  struct value v = value_locate(b, start, end);
  switch (v.kind) {
    case 0: buf_u8(out, 0); return;
    case 1: put_text(out, (const char *)b + v.start, v.end - v.start); return;
    case 2:
      if (varint64(b, v.start) != 0) put_text(out, "true", 4);
      else put_text(out, "false", 5);
      return;
    case 3: put_int(out, (int64_t)varint64(b, v.start)); return;
    case 7: put_base64(out, b + v.start, v.end - v.start); return;
    case 4:
      if (put_double(out, b, v.start)) return;
    /* fall through */
    default: {
      const uint8_t *text = NULL;
      size_t size = 0;
      if (!e->failed && !e->calls->text(e->calls->state, start, end, 0, &text, &size)) {
        e->failed = 1;
      }
      put_text(out, (const char *)text, e->failed ? 0 : size);
    }
  }
}

static uint32_t *words(struct buf *b, uint32_t count) {
  size_t before = b->cap;
  b->len = 0;
  buf_need(b, (size_t)count * 4);
  if (b->cap > before) memset(b->p + before, 0, b->cap - before);
  return (uint32_t *)(void *)b->p;
}

static void sort_keys(struct col *c, const uint32_t *ids, uint32_t *order, uint32_t n,
                      uint32_t slot) {
  struct memo *memo = c->memo;
  if (memo->count[slot] == (int32_t)n && memcmp(memo->ids[slot], ids, n * 4) == 0) {
    memcpy(order, memo->order[slot], n * 4);
    return;
  }
  for (uint32_t k = 0; k < n; k++) {
    uint32_t at = k;
    while (at > 0 && dict_compare(&c->keys, ids[order[at - 1]], ids[k]) > 0) {
      order[at] = order[at - 1];
      at--;
    }
    order[at] = k;
  }
  if (n > MEMO_KEYS) return;
  memo->count[slot] = (int32_t)n;
  memcpy(memo->ids[slot], ids, n * 4);
  memcpy(memo->order[slot], order, n * 4);
}

/* A row of attributes as text, sorted by key; equal keys stay in the order sent. */
void attributes_put(struct encoder *e, struct col *c, const struct attrs *a) {
  uint32_t n = a->count;
  if (n > 0) {
    const uint32_t *at = (const uint32_t *)(const void *)a->at.p;
    size_t known = c->guess.cap / 4;
    uint32_t *ids = words(&c->guess, n);
    uint32_t *order = words(&c->order, n);
    uint32_t hash = n;
    for (uint32_t i = 0; i < n; i++) {
      const uint8_t *key = e->b + at[i * 4];
      size_t size = at[i * 4 + 1] - at[i * 4];
      if (i >= known || !dict_is(&c->keys, ids[i], key, size)) {
        ids[i] = dict_id(&c->keys, key, size);
      }
      hash = (hash ^ ids[i]) * 0x9e3779b1u;
    }
    sort_keys(c, ids, order, n, (hash ^ hash >> 16) & (MEMO_SLOTS - 1));
    for (uint32_t k = 0; k < n; k++) {
      uint32_t i = order[k];
      buf_u32(&c->index, ids[i]);
      as_string(e, &c->data, at[i * 4 + 2], at[i * 4 + 3]);
    }
  }
  map_end(c, n);
}

void shared_set(struct encoder *e, struct shared *s, const struct attrs *a) {
  s->serial++;
  col_reset(&s->row);
  attributes_put(e, &s->row, a);
}

/* A row of attributes that many rows have. */
void attributes_shared(struct col *c, const struct shared *s) {
  uint32_t n = (uint32_t)s->row.total;
  const struct dict *keys = &s->row.keys;
  const uint32_t *index = (const uint32_t *)(const void *)s->row.index.p;
  if (c->shared_serial != s->serial) {
    uint32_t *ids = words(&c->shared_ids, n);
    for (uint32_t k = 0; k < n; k++) {
      uint32_t at = index[k];
      const uint8_t *key = keys->content.p + keys->start[at];
      ids[k] = dict_id(&c->keys, key, keys->end[at] - keys->start[at]);
    }
    c->shared_serial = s->serial;
  }
  buf_add(&c->index, c->shared_ids.p, (size_t)n * 4);
  buf_add(&c->data, s->row.data.p, s->row.data.len);
  map_end(c, n);
}
