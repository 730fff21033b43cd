/* Buffers, dictionaries, columns and the writer of Native blocks. */
#include "columns.h"
#include <stdlib.h>

enum { SMALL = 64 * 1024 };

void buf_grow(struct buf *b, size_t extra) {
  size_t cap = b->cap ? b->cap * 2 : 256;
  while (cap < b->len + extra) cap *= 2;
  uint8_t *p = realloc(b->p, cap);
  if (p == NULL) abort();
  b->p = p;
  b->cap = cap;
}

/* Forgets the content; gives memory back when less than a quarter of it was used. */
void buf_reset(struct buf *b) {
  if (b->cap > SMALL && b->len * 4 < b->cap) {
    size_t cap = b->len * 2 > SMALL ? b->len * 2 : SMALL;
    uint8_t *p = realloc(b->p, cap);
    if (p != NULL) {
      b->p = p;
      b->cap = cap;
    }
  }
  b->len = 0;
}

void buf_free(struct buf *b) {
  free(b->p);
  memset(b, 0, sizeof *b);
}

static uint32_t hash_of(const uint8_t *p, size_t n) {
  uint64_t h = 0x9e3779b97f4a7c15ull ^ n;
  while (n >= 8) {
    uint64_t v;
    memcpy(&v, p, 8);
    h = (h ^ v) * 0xff51afd7ed558ccdull;
    h ^= h >> 32;
    p += 8;
    n -= 8;
  }
  uint64_t v = 0;
  memcpy(&v, p, n);
  h = (h ^ v) * 0xff51afd7ed558ccdull;
  h ^= h >> 29;
  return (uint32_t)(h ^ (h >> 32));
}

int dict_is(const struct dict *d, uint32_t id, const uint8_t *p, size_t n) {
  if (id >= d->size || d->end[id] - d->start[id] != n) return 0;
  return memcmp(d->content.p + d->start[id], p, n) == 0;
}

static void dict_slots(struct dict *d, uint32_t slots) {
  free(d->slots);
  d->slots = malloc(slots * sizeof *d->slots);
  if (d->slots == NULL) abort();
  memset(d->slots, 0xff, slots * sizeof *d->slots);
  d->mask = slots - 1;
  for (uint32_t id = 0; id < d->size; id++) {
    uint32_t slot = hash_of(d->content.p + d->start[id], d->end[id] - d->start[id]) & d->mask;
    while (d->slots[slot] != -1) slot = (slot + 1) & d->mask;
    d->slots[slot] = (int32_t)id;
  }
}

uint32_t dict_id(struct dict *d, const uint8_t *p, size_t n) {
  if (d->slots == NULL) dict_slots(d, 256);
  uint32_t slot = hash_of(p, n) & d->mask;
  for (;;) {
    int32_t id = d->slots[slot];
    if (id == -1) break;
    if (dict_is(d, (uint32_t)id, p, n)) return (uint32_t)id;
    slot = (slot + 1) & d->mask;
  }
  uint32_t id = d->size++;
  d->slots[slot] = (int32_t)id;
  if (id >= d->room) {
    d->room = d->room ? d->room * 2 : 64;
    d->start = realloc(d->start, d->room * sizeof *d->start);
    d->end = realloc(d->end, d->room * sizeof *d->end);
    if (d->start == NULL || d->end == NULL) abort();
  }
  buf_varint(&d->content, (uint32_t)n);
  d->start[id] = (uint32_t)d->content.len;
  buf_add(&d->content, p, n);
  d->end[id] = (uint32_t)d->content.len;
  if (d->size * 2 > d->mask) dict_slots(d, (d->mask + 1) * 2);
  return id;
}

int dict_compare(const struct dict *d, uint32_t a, uint32_t b) {
  size_t na = d->end[a] - d->start[a], nb = d->end[b] - d->start[b];
  int c = memcmp(d->content.p + d->start[a], d->content.p + d->start[b], na < nb ? na : nb);
  return c != 0 ? c : na < nb ? -1 : na > nb;
}

static void dict_reset(struct dict *d) {
  d->size = 0;
  buf_reset(&d->content);
  if (d->slots == NULL) return;
  uint32_t slots = d->mask + 1 > 1 << 16 ? 256 : d->mask + 1;
  if (slots == d->mask + 1) memset(d->slots, 0xff, slots * sizeof *d->slots);
  else dict_slots(d, slots);
}

static void dict_free(struct dict *d) {
  buf_free(&d->content);
  free(d->start);
  free(d->end);
  free(d->slots);
  memset(d, 0, sizeof *d);
}

void col_init(struct col *c, const struct spec *spec) {
  memset(c, 0, sizeof *c);
  c->spec = spec;
  c->shared_serial = -1;
  if (spec->kind == MAP || spec->kind == ARR_MAP) {
    c->memo = malloc(sizeof *c->memo);
    if (c->memo == NULL) abort();
    memset(c->memo->count, 0xff, sizeof c->memo->count);
  }
}

void col_reset(struct col *c) {
  buf_reset(&c->data);
  dict_reset(&c->keys);
  buf_reset(&c->index);
  buf_reset(&c->offsets);
  buf_reset(&c->array);
  c->total = c->array_total = 0;
  c->place = 0;
  c->shared_serial = -1;
  if (c->memo != NULL) memset(c->memo->count, 0xff, sizeof c->memo->count);
}

void col_free(struct col *c) {
  buf_free(&c->data);
  dict_free(&c->keys);
  buf_free(&c->index);
  buf_free(&c->offsets);
  buf_free(&c->array);
  buf_free(&c->guess);
  buf_free(&c->order);
  buf_free(&c->shared_ids);
  free(c->memo);
}

/* Lower-case hexadecimal of at most 63 bytes. */
void hex_put(struct col *c, const uint8_t *p, size_t n) {
  static const char digits[] = "0123456789abcdef";
  buf_need(&c->data, n * 2 + 1);
  uint8_t *out = c->data.p + c->data.len;
  *out++ = (uint8_t)(n * 2);
  for (size_t i = 0; i < n; i++) {
    *out++ = (uint8_t)digits[p[i] >> 4];
    *out++ = (uint8_t)digits[p[i] & 15];
  }
  c->data.len += n * 2 + 1;
}

/* The empty string when all bytes are zero. */
void hex_or_empty(struct col *c, const uint8_t *p, size_t n) {
  uint8_t any = 0;
  for (size_t i = 0; i < n; i++) any |= p[i];
  if (any == 0) buf_u8(&c->data, 0);
  else hex_put(c, p, n);
}

static int has_keys(enum kind kind) {
  return kind == LC || kind == MAP || kind == ARR_LC || kind == ARR_MAP;
}

size_t block_bound(const struct col *cols, uint32_t count, uint32_t rows) {
  size_t size = 64 + (size_t)rows * 8;
  for (uint32_t i = 0; i < count; i++) {
    const struct col *c = &cols[i];
    size += strlen(c->spec->name) + strlen(c->spec->type) + 64 + c->data.len +
            c->keys.content.len + c->index.len + c->offsets.len + c->array.len;
  }
  return size;
}

static uint8_t *put(uint8_t *out, const void *p, size_t n) {
  if (n > 0) memcpy(out, p, n);
  return out + n;
}

static uint8_t *put_u64(uint8_t *out, uint64_t v) { return put(out, &v, 8); }

static uint8_t *put_varint(uint8_t *out, uint32_t v) {
  while (v > 127) {
    *out++ = (uint8_t)(v | 128);
    v >>= 7;
  }
  *out++ = (uint8_t)v;
  return out;
}

static uint8_t *put_text(uint8_t *out, const char *text) {
  size_t n = strlen(text);
  return put(put_varint(out, (uint32_t)n), text, n);
}

/* Dictionary and indexes of a LowCardinality column; nothing when it has no row. */
static uint8_t *put_keys(uint8_t *out, const struct col *c) {
  size_t rows = c->index.len / 4;
  if (rows == 0) return out;
  uint32_t size = c->keys.size;
  int width = size <= 0x100 ? 1 : size <= 0x10000 ? 2 : 4;
  out = put_u64(out, 0x600 | (uint64_t)(width >> 1));
  out = put_u64(out, size);
  out = put(out, c->keys.content.p, c->keys.content.len);
  out = put_u64(out, rows);
  const uint32_t *index = (const uint32_t *)(const void *)c->index.p;
  if (width == 4) return put(out, index, rows * 4);
  if (width == 1) {
    for (size_t i = 0; i < rows; i++) *out++ = (uint8_t)index[i];
    return out;
  }
  for (size_t i = 0; i < rows; i++) {
    uint16_t v = (uint16_t)index[i];
    out = put(out, &v, 2);
  }
  return out;
}

static uint8_t *put_column(uint8_t *out, const struct col *c) {
  enum kind kind = c->spec->kind;
  if (has_keys(kind)) out = put_u64(out, 1);
  if (kind >= ARR_FIX) out = put(out, c->array.p, c->array.len);
  if (kind == MAP || kind == ARR_MAP) out = put(out, c->offsets.p, c->offsets.len);
  if (has_keys(kind)) out = put_keys(out, c);
  if (kind != LC && kind != ARR_LC) out = put(out, c->data.p, c->data.len);
  return out;
}

/*
 * Writes the columns whose flag in `present` is not 0, then `batch` (UInt64, none when NULL).
 * `out` has room for block_bound. Returns the bytes written.
 */
size_t block_write(const struct col *cols, uint32_t count, uint32_t rows, const uint8_t *present,
                   const char *batch, uint64_t batch_id, uint8_t *out) {
  uint8_t *start = out;
  uint32_t columns = batch != NULL;
  for (uint32_t i = 0; i < count; i++) columns += present[i] != 0;
  out = put_varint(out, columns);
  out = put_varint(out, rows);
  for (uint32_t i = 0; i < count; i++) {
    if (!present[i]) continue;
    out = put_text(out, cols[i].spec->name);
    out = put_text(out, cols[i].spec->type);
    out = put_column(out, &cols[i]);
  }
  if (batch != NULL) {
    out = put_text(put_text(out, batch), "UInt64");
    for (uint32_t i = 0; i < rows; i++) out = put_u64(out, batch_id);
  }
  return (size_t)(out - start);
}
