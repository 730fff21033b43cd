/* Reading protobuf fields one by one, never past the end that is given. */
#ifndef OTLP_FIELDS_H
#define OTLP_FIELDS_H

#include <stdint.h>
#include <stddef.h>

enum { MAX_DEPTH = 100 };

typedef const uint8_t *ptr;

/* A varint of at most ten bytes; NULL when it does not end. */
static ptr varint(ptr p, ptr end, uint64_t *value) {
  uint64_t out = 0;
  for (int shift = 0; p < end && shift < 70; shift += 7) {
    uint8_t byte = *p++;
    if (shift < 64) out |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) {
      *value = out;
      return p;
    }
  }
  return NULL;
}

/* One field: its number and wire type, where its value begins (after the length) and ends. */
typedef struct {
  uint32_t number;
  int type;
  ptr start;
  ptr value;
  ptr end;
} field;

static ptr skip_group(ptr p, ptr end, uint32_t number, int depth);

static int read_field(ptr p, ptr end, int depth, field *f) {
  uint64_t tag, size;
  f->start = p;
  if (*p < 128) tag = *p++;
  else if (!(p = varint(p, end, &tag))) return 0;
  if (tag > 0xffffffffu) return 0;
  f->number = (uint32_t)(tag >> 3);
  f->type = tag & 7;
  f->value = p;
  switch (f->type) {
    case 0:
      f->end = varint(p, end, &size);
      return f->end != NULL;
    case 1:
      f->end = p + 8;
      return end - p >= 8;
    case 5:
      f->end = p + 4;
      return end - p >= 4;
    case 2:
      if (p < end && *p < 128) size = *p++;
      else if (!(p = varint(p, end, &size))) return 0;
      if (size > (uint64_t)(end - p)) return 0;
      f->value = p;
      f->end = p + size;
      return 1;
    case 3:
      f->end = skip_group(p, end, f->number, depth);
      return f->end != NULL;
    default:
      return 0;
  }
}

static ptr skip_group(ptr p, ptr end, uint32_t number, int depth) {
  if (depth > MAX_DEPTH) return NULL;
  while (p < end) {
    uint64_t tag;
    ptr after = varint(p, end, &tag);
    if (!after) return NULL;
    if ((tag & 7) == 4) return tag >> 3 == number ? after : NULL;
    field f;
    if (!read_field(p, end, depth + 1, &f)) return NULL;
    p = f.end;
  }
  return NULL;
}

/* The key of a KeyValue in [p, end): its last field 1. */
static int find_key(ptr p, ptr end, ptr *key, uint32_t *size) {
  if (end - p > 1 && p[0] == 10 && p[1] < 128) {
    ptr after = p + 2 + p[1];
    if (after == end || (after + 1 < end && after[0] == 18 && after[1] < 128 &&
                         after + 2 + after[1] == end)) {
      *key = p + 2;
      *size = p[1];
      return 1;
    }
  }
  *key = p;
  *size = 0;
  while (p < end) {
    field f;
    if (!read_field(p, end, 0, &f)) return 0;
    if (f.number == 1 && f.type == 2) {
      *key = f.value;
      *size = (uint32_t)(f.end - f.value);
    }
    p = f.end;
  }
  return 1;
}

#endif
