/* Requests to columns; see remote_write.h. */
#include "remote_write.h"
#include <stdlib.h>
#include <string.h>

static const int64_t MAX_MS = 9223372036854; /* the latest that 64 bits of nanoseconds hold */
/* Points repeat their labels: what OTLP of a request may grow to, see ingest.ts. */
enum { POINT = 48, LEAST = 4 << 20, FACTOR = 32 };
static const uint64_t STALE = 0x7ff0000000000002;

static void list_grow(struct list *l, size_t extra) {
  size_t cap = l->cap < 4096 ? 8192 : l->cap * 2;
  if (cap < l->len + extra) cap = l->len + extra;
  uint8_t *p = realloc(l->p, cap);
  if (p == NULL) abort();
  l->p = p;
  l->cap = cap;
}

static inline void list_add(struct list *l, const void *value, size_t size) {
  if (l->len + size > l->cap) list_grow(l, size);
  memcpy(l->p + l->len, value, size);
  l->len += size;
}

static void list_free(struct list *l) {
  free(l->p);
  l->p = NULL;
}

int sets_init(struct sets *s, const uint8_t key[32]) {
  memset(s, 0, sizeof *s);
  memcpy(s->key, key, 32);
  s->mask = 4095;
  s->slots = calloc(s->mask + 1, sizeof *s->slots);
  return s->slots != NULL;
}

void sets_free(struct sets *s) {
  struct list *lists[] = {&s->times,   &s->bits, &s->starts, &s->numbers,
                          &s->ends,    &s->ranges, &s->symbols, &s->plain};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) list_free(lists[i]);
  free(s->slots);
}

/* Bytes of a stranger: every read is checked against `end`; after a fault `p` is NULL. */
struct in {
  const uint8_t *p, *end;
};

static uint64_t varint(struct in *in) {
  const uint8_t *p = in->p;
  uint64_t value = 0;
  for (int shift = 0; p != NULL; shift += 7) {
    if (p >= in->end || shift > 63) break;
    uint8_t byte = *p++;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) {
      in->p = p;
      return value;
    }
  }
  in->p = NULL;
  return 0;
}

/* The content that begins with its length here; `in` is behind it then. */
static struct in inside(struct in *in) {
  uint64_t size;
  if (in->p != NULL && in->p < in->end && *in->p < 128) size = *in->p++;
  else size = varint(in);
  struct in inner = {in->p, in->p};
  if (in->p == NULL || size > (uint64_t)(in->end - in->p)) in->p = inner.p = NULL;
  else inner.end = in->p = inner.p + size;
  return inner;
}

static uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

static uint64_t mix(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

struct pair {
  uint64_t a, b;
};

static struct pair hash_step(const struct sets *s, struct pair h, uint64_t x, uint64_t y) {
  return (struct pair){mix(x ^ s->key[2], y ^ h.a), mix(y ^ s->key[3], x ^ h.b)};
}

static struct pair hash_bytes(const struct sets *s, const uint8_t *p, size_t n) {
  struct pair h = {s->key[0] ^ n, s->key[1] + n};
  for (; n >= 16; n -= 16, p += 16) h = hash_step(s, h, load64(p), load64(p + 8));
  uint8_t rest[16] = {0};
  memcpy(rest, p, n);
  h = hash_step(s, h, load64(rest), load64(rest + 8));
  return (struct pair){mix(h.a ^ s->key[1], s->key[2]), mix(h.b ^ s->key[0], s->key[3])};
}

static int slots_grow(struct sets *s) {
  uint32_t mask = s->mask * 2 + 1;
  struct slot *slots = calloc((size_t)mask + 1, sizeof *slots);
  if (slots == NULL) abort();
  for (uint32_t i = 0; i <= s->mask; i++) {
    if (s->slots[i].set == 0) continue;
    uint32_t at = (uint32_t)s->slots[i].hash & mask;
    while (slots[at].set != 0) at = (at + 1) & mask;
    slots[at] = s->slots[i];
  }
  free(s->slots);
  s->slots = slots;
  s->mask = mask;
  return 1;
}

/* The number of a set, -1 = it is new; `*place` is where it goes then. */
static int64_t set_find(const struct sets *s, struct pair h, uint32_t *place) {
  uint32_t at = (uint32_t)h.a & s->mask, more = (uint32_t)h.b;
  for (;; at = (at + 1) & s->mask) {
    const struct slot *slot = &s->slots[at];
    if (slot->set == 0) break;
    if (slot->hash == h.a && slot->more == more) return (int64_t)slot->set - 1;
  }
  *place = at;
  return -1;
}

static uint32_t set_add(struct sets *s, struct pair h, uint32_t place) {
  uint32_t set = s->count++;
  s->slots[place] = (struct slot){h.a, (uint32_t)h.b, set + 1};
  if ((uint64_t)s->count * 2 > s->mask) slots_grow(s);
  return set;
}

/* Well-formed UTF-8: no surrogates, nothing longer than it needs, at most U+10FFFF. */
static int is_utf8(const uint8_t *p, const uint8_t *end) {
  while (p < end) {
    uint8_t c = *p++;
    if (c < 128) continue;
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc2 || c > 0xf4 || end - p < more) return 0;
    if ((c == 0xe0 && *p < 0xa0) || (c == 0xed && *p > 0x9f)) return 0;
    if ((c == 0xf0 && *p < 0x90) || (c == 0xf4 && *p > 0x8f)) return 0;
    for (; more > 0; more--) {
      if ((*p++ & 0xc0) != 0x80) return 0;
    }
  }
  return 1;
}

static int is(struct in text, const char *what) {
  size_t n = strlen(what);
  return (size_t)(text.end - text.p) == n && memcmp(text.p, what, n) == 0;
}

/* The label set that is checked: names in order, each once, one of them the metric's. */
struct checked {
  struct in last;
  int named;
};

static int label_fits(struct checked *c, struct in name, struct in value) {
  if (name.p == NULL || value.p == NULL || name.p == name.end || value.p == value.end) return 0;
  if (!is_utf8(name.p, name.end) || !is_utf8(value.p, value.end)) return 0;
  if (c->last.p != NULL) {
    size_t n = (size_t)(name.end - name.p), m = (size_t)(c->last.end - c->last.p);
    int order = memcmp(c->last.p, name.p, n < m ? n : m);
    if (order > 0 || (order == 0 && m >= n)) return 0;
  }
  c->last = name;
  if (is(name, "__name__")) {
    c->named = 1;
    if (is(value, "target_info")) return 0;
  }
  return 1;
}

/* Labels of version 1, each a message of a name and a value. */
static int labels_fit(struct in in) {
  struct checked checked = {{NULL, NULL}, 0};
  while (in.p < in.end) {
    in.p++;
    struct in label = inside(&in);
    if (label.p == NULL || label.p >= label.end || *label.p++ != 10) return 0;
    struct in name = inside(&label);
    if (label.p == NULL || label.p >= label.end || *label.p++ != 18) return 0;
    struct in value = inside(&label);
    if (label.p != label.end || !label_fits(&checked, name, value)) return 0;
  }
  return checked.named;
}

/* The common sample: a value, and a time of these decades in six bytes. */
static int common_sample(struct in in, uint64_t *bits, int64_t *time) {
  if (in.end - in.p != 16 || in.p[0] != 9 || in.p[9] != 16) return 0;
  uint64_t tail = load64(in.p + 8) >> 16; /* six bytes of a varint, low ones first */
  if ((tail & 0x808080808080) != 0x008080808080) return 0;
  *bits = load64(in.p + 1);
  *time = (int64_t)((tail & 127) | (tail >> 1 & 127 << 7) | (tail >> 2 & 127 << 14) |
                    (tail >> 3 & 127 << 21) | (tail >> 4 & (uint64_t)127 << 28) |
                    (tail >> 5 & (uint64_t)127 << 35));
  return 1;
}

static int put_sample(struct sets *s, struct in in) {
  uint64_t bits = 0;
  int64_t time = 0, start = 0;
  if (common_sample(in, &bits, &time)) in.p = in.end;
  while (in.p != NULL && in.p < in.end) {
    uint8_t tag = *in.p++;
    if (tag == 9) {
      if (in.end - in.p < 8) return 0;
      bits = load64(in.p);
      in.p += 8;
    } else if (tag == 16) time = (int64_t)varint(&in);
    else if (tag == 24) start = (int64_t)varint(&in);
    else return 0;
  }
  if (in.p == NULL || time < 0 || time > MAX_MS) return 0;
  if (start < 0 || start > MAX_MS) start = 0;
  if (start != 0 && !s->has_starts) {
    int64_t none = 0;
    s->has_starts = 1;
    for (uint32_t i = 0; i < s->samples; i++) list_add(&s->starts, &none, 8);
  }
  if (bits == STALE) s->has_stale = 1;
  list_add(&s->times, &time, 8);
  list_add(&s->bits, &bits, 8);
  if (s->has_starts) list_add(&s->starts, &start, 8);
  s->samples++;
  return 1;
}

/* Samples at `in`, as long as there are any, of a series with so many bytes of labels. */
static int put_samples(struct sets *s, struct in *in, size_t labels) {
  uint32_t before = s->samples;
  while (in->p < in->end && *in->p == 18) {
    in->p++;
    struct in sample = inside(in);
    if (sample.p == NULL || !put_sample(s, sample)) return 0;
  }
  s->expanded += (uint64_t)(s->samples - before) * (labels + POINT);
  return 1;
}

static void end_series(struct sets *s, uint32_t set, uint32_t from, uint32_t to) {
  uint32_t range[2] = {from, to};
  list_add(&s->numbers, &set, 4);
  list_add(&s->ends, &s->samples, 4);
  list_add(&s->ranges, range, 8);
  s->series++;
}

static int series1(struct sets *s, struct in in, uint32_t *set) {
  const uint8_t *labels = in.p;
  while (in.p < in.end && *in.p == 10) {
    in.p++;
    if (inside(&in).p == NULL) return 0;
  }
  struct in region = {labels, in.p};
  struct pair hash = hash_bytes(s, labels, (size_t)(in.p - labels));
  uint32_t place;
  int64_t found = set_find(s, hash, &place);
  if (found < 0 && !labels_fit(region)) return 0;
  *set = found < 0 ? set_add(s, hash, place) : (uint32_t)found;
  return put_samples(s, &in, (size_t)(region.end - region.p)) && in.p == in.end;
}

/* Metadata of version 2: type, help, unit. */
struct metadata {
  uint64_t type, help, unit;
};

static int metadata_read(struct in in, struct metadata *m) {
  while (in.p != NULL && in.p < in.end) {
    uint8_t tag = *in.p++;
    if (tag == 8) m->type = varint(&in);
    else if (tag == 24) m->help = varint(&in);
    else if (tag == 32) m->unit = varint(&in);
    else return 0;
  }
  return in.p != NULL;
}

static const struct symbol *symbol_of(const struct sets *s, uint64_t reference) {
  const struct symbol *all = (const void *)s->symbols.p;
  return reference < s->symbols.len / sizeof *all ? &all[reference] : NULL;
}

static struct in text_of(const uint8_t *b, const struct symbol *symbol) {
  return (struct in){b + symbol->start, b + symbol->end};
}

/* Labels of version 2, pairs of references. */
static int references_fit(const struct sets *s, const uint8_t *b, struct in in) {
  struct checked checked = {{NULL, NULL}, 0};
  while (in.p < in.end) {
    const struct symbol *name = symbol_of(s, varint(&in));
    if (in.p == NULL || in.p == in.end || name == NULL) return 0;
    const struct symbol *value = symbol_of(s, varint(&in));
    if (in.p == NULL || value == NULL) return 0;
    if (!label_fits(&checked, text_of(b, name), text_of(b, value))) return 0;
  }
  return checked.named;
}

static int series2(struct sets *s, const uint8_t *b, struct in in, uint32_t *set) {
  struct metadata m = {0, 0, 0};
  if (in.p >= in.end || *in.p++ != 10) return 0;
  struct in labels = inside(&in);
  if (labels.p == NULL) return 0;
  struct pair hash = {s->key[1], s->key[0]};
  size_t text = 0;
  for (struct in at = labels; at.p < at.end;) {
    const struct symbol *one = symbol_of(s, varint(&at));
    if (at.p == NULL || one == NULL) return 0;
    hash = hash_step(s, hash, one->a, one->b);
    text += one->end - one->start + 4;
  }
  if (!put_samples(s, &in, text)) return 0;
  if (in.p < in.end && *in.p == 42) {
    in.p++;
    struct in inner = inside(&in);
    if (inner.p == NULL || !metadata_read(inner, &m)) return 0;
  }
  if (in.p != in.end) return 0;
  const struct symbol *help = symbol_of(s, m.help), *unit = symbol_of(s, m.unit);
  if (help == NULL || unit == NULL) return 0;
  hash = hash_step(s, hash, m.type, help->a);
  hash = hash_step(s, hash, help->a, help->b);
  hash = hash_step(s, hash, unit->a, unit->b);
  uint32_t place;
  int64_t found = set_find(s, hash, &place);
  if (found < 0) {
    struct in texts[] = {text_of(b, help), text_of(b, unit)};
    if (!is_utf8(texts[0].p, texts[0].end) || !is_utf8(texts[1].p, texts[1].end)) return 0;
    if (!references_fit(s, b, labels)) return 0;
  }
  *set = found < 0 ? set_add(s, hash, place) : (uint32_t)found;
  return 1;
}

static int symbols_read(struct sets *s, const uint8_t *b, struct in *in) {
  while (in->p < in->end && *in->p == 34) {
    in->p++;
    struct in text = inside(in);
    if (text.p == NULL) return 0;
    struct pair h = hash_bytes(s, text.p, (size_t)(text.end - text.p));
    struct symbol symbol = {(uint32_t)(text.p - b), (uint32_t)(text.end - b), h.a, h.b};
    list_add(&s->symbols, &symbol, sizeof symbol);
  }
  const struct symbol *first = symbol_of(s, 0);
  return first != NULL && first->start == first->end;
}

int sets_read(struct sets *s, const uint8_t *b, uint32_t size, int version) {
  struct in in = {b, b + size};
  const uint8_t tag = version == 1 ? 10 : 42;
  s->times.len = s->bits.len = s->starts.len = s->numbers.len = s->ends.len = s->ranges.len = 0;
  s->symbols.len = 0;
  s->series = s->samples = 0;
  s->expanded = 0;
  s->has_starts = s->has_stale = 0;
  if (s->count >= MAX_SETS) {
    memset(s->slots, 0, ((size_t)s->mask + 1) * sizeof *s->slots);
    s->count = 0;
    s->epoch++;
  }
  if (version == 2 && !symbols_read(s, b, &in)) return 0;
  while (in.p < in.end) {
    uint32_t from = (uint32_t)(in.p - b), set = 0;
    if (*in.p++ != tag) return 0;
    struct in series = inside(&in);
    if (series.p == NULL) return 0;
    if (!(version == 1 ? series1(s, series, &set) : series2(s, b, series, &set))) return 0;
    end_series(s, set, from, (uint32_t)(in.p - b));
  }
  return s->expanded <= LEAST + (uint64_t)FACTOR * size;
}

size_t columns_size(const struct columns *c) {
  size_t sample = c->flags & HAS_STARTS ? 24 : 16;
  return sizeof *c + c->samples * sample + (size_t)c->series * 16;
}
