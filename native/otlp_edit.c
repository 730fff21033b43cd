/*
 * Attribute actions over a whole OTLP request in one pass: what pdata/actions does through the
 * overlay, with the same bytes as result. It trusts the structural check, but never reads or writes
 * outside its buffers; what it does not know it leaves to the overlay.
 */
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "otlp_fields.h"

enum { INSERT = 0, UPDATE = 1, UPSERT = 2, DELETE = 3 };

enum { MAX_KEYS = 32, MAX_EDITS = 96 };

/* Results beside a size. */
enum { NOT_DONE = -1, UNCHANGED = -2 };

/* Scratch memory that is kept between calls, at most. */
static const size_t SCRATCH_KEPT = 8u << 20;

/* How the messages of a signal lie in each other. */
enum { TRACES = 0, METRICS = 1, LOGS = 2, PROFILES = 3 };

typedef struct {
  uint8_t *bytes;
  size_t size;
  size_t capacity;
} scratch;

typedef struct {
  ptr key;
  uint32_t size;
} key_bytes;


/* One replacement; insertions have start == end. */
typedef struct {
  ptr start;
  ptr end;
  ptr body;
  uint32_t size;
} edit;

typedef struct {
  int signal;
  int resources;
  int32_t keys;
  int32_t steps;
  key_bytes key[MAX_KEYS];
  /* Bit n: there is a key of n bytes; bit 63: of 63 or more. */
  uint64_t sizes;
  const int32_t *program;
  ptr blob;
  /* Source up to here is written. */
  ptr cursor;
  scratch *out;
  int failed;
} job;

static int reserve(job *j, size_t more) {
  scratch *s = j->out;
  if (s->capacity - s->size >= more) return 1;
  size_t capacity = s->capacity ? s->capacity : 65536;
  while (capacity - s->size < more) capacity *= 2;
  uint8_t *grown = realloc(s->bytes, capacity);
  if (!grown) {
    j->failed = 1;
    return 0;
  }
  s->bytes = grown;
  s->capacity = capacity;
  return 1;
}

static void put(job *j, ptr from, size_t size) {
  if (size == 0 || !reserve(j, size)) return;
  memcpy(j->out->bytes + j->out->size, from, size);
  j->out->size += size;
}

static void copy_to(job *j, ptr end) {
  put(j, j->cursor, (size_t)(end - j->cursor));
  j->cursor = end;
}

static int varint_size(uint64_t value) {
  int size = 1;
  for (; value > 127; value >>= 7) size += 1;
  return size;
}

static void put_varint(uint8_t *to, uint64_t value) {
  for (; value > 127; value >>= 7) *to++ = (uint8_t)(value | 128);
  *to = (uint8_t)value;
}

static int key_index(const job *j, ptr key, uint32_t size) {
  if (!(j->sizes >> (size < 63 ? size : 63) & 1)) return -1;
  for (int k = 0; k < j->keys; k += 1) {
    if (j->key[k].size == size && memcmp(j->key[k].key, key, size) == 0) return k;
  }
  return -1;
}

/* What becomes of one key in one message. */
typedef struct {
  /* Where it came in first; NULL = it did not. */
  ptr start;
  ptr end;
  int present;
  /* Place among the insertions, -1 = none. */
  int inserted;
  int edited;
  ptr body;
  uint32_t size;
} state;

/* A place where a key came in again. */
typedef struct {
  int key;
  ptr start;
  ptr end;
} again;

typedef struct {
  state key[MAX_KEYS];
  again later[MAX_EDITS];
  int laters;
  int insertions;
} message;

static int scan(job *j, message *m, ptr p, ptr end, uint32_t attributes) {
  for (int k = 0; k < j->keys; k += 1) {
    m->key[k] = (state){.inserted = -1};
  }
  m->laters = 0;
  m->insertions = 0;
  while (p < end) {
    field f;
    if (!read_field(p, end, 0, &f)) return 0;
    p = f.end;
    if (f.number != attributes || f.type != 2) continue;
    ptr key;
    uint32_t size;
    if (!find_key(f.value, f.end, &key, &size)) return 0;
    int k = key_index(j, key, size);
    if (k < 0) continue;
    state *s = &m->key[k];
    if (!s->start) {
      s->start = f.start;
      s->end = f.end;
      s->present = 1;
    } else {
      if (m->laters == MAX_EDITS - MAX_KEYS) return 0;
      m->later[m->laters++] = (again){k, f.start, f.end};
    }
  }
  return 1;
}

/* The steps in their order. @returns whether anything is edited */
static int decide(const job *j, message *m) {
  int edited = 0;
  for (int i = 0; i < j->steps; i += 1) {
    const int32_t *given = j->program + i * 4;
    state *s = &m->key[given[1]];
    int acts = given[0] == INSERT ? !s->present : given[0] == UPSERT ? 1 : s->present;
    if (!acts) continue;
    edited = 1;
    if (!s->edited && !s->start) s->inserted = m->insertions++;
    s->edited = 1;
    s->present = given[0] != DELETE;
    s->body = j->blob + given[2];
    s->size = s->present ? (uint32_t)(given[3] - given[2]) : 0;
  }
  return edited;
}

/* The edits in the order of their places, insertions last. */
static int list_edits(const job *j, const message *m, ptr end, edit *edits) {
  int count = 0;
  for (int k = 0; k < j->keys; k += 1) {
    const state *s = &m->key[k];
    if (s->edited && s->start) edits[count++] = (edit){s->start, s->end, s->body, s->size};
  }
  for (int i = 0; i < m->laters; i += 1) {
    const again *l = &m->later[i];
    if (m->key[l->key].edited) edits[count++] = (edit){l->start, l->end, NULL, 0};
  }
  for (int i = 1; i < count; i += 1) {
    edit one = edits[i];
    int at = i;
    for (; at > 0 && edits[at - 1].start > one.start; at -= 1) edits[at] = edits[at - 1];
    edits[at] = one;
  }
  for (int k = 0; k < j->keys; k += 1) {
    const state *s = &m->key[k];
    if (s->inserted >= 0) edits[count + s->inserted] = (edit){end, end, s->body, s->size};
  }
  return count + m->insertions;
}

/* Edits the message that field `f` holds. @returns 1 when it changed, 0 when not, -1 on a fault */
static int edit_message(job *j, const field *f, uint32_t attributes) {
  message m;
  edit edits[MAX_EDITS];
  if (!scan(j, &m, f->value, f->end, attributes)) return -1;
  if (!decide(j, &m)) return 0;
  int count = list_edits(j, &m, f->end, edits);
  uint64_t size = (uint64_t)(f->end - f->value);
  for (int i = 0; i < count; i += 1) {
    size -= (uint64_t)(edits[i].end - edits[i].start);
    size += edits[i].size ? edits[i].size + 1 : 0;
  }
  copy_to(j, f->start);
  uint8_t header[11] = {(uint8_t)(f->number * 8 + 2)};
  put_varint(header + 1, size);
  put(j, header, 1 + (size_t)varint_size(size));
  j->cursor = f->value;
  uint8_t tag = (uint8_t)(attributes * 8 + 2);
  for (int i = 0; i < count; i += 1) {
    copy_to(j, edits[i].start);
    if (edits[i].size) {
      put(j, &tag, 1);
      put(j, edits[i].body, edits[i].size);
    }
    j->cursor = edits[i].end;
  }
  copy_to(j, f->end);
  return 1;
}

/* Writes the header of a message anew whose body in the output begins at `body`. */
static void fix_header(job *j, const field *f, size_t header, size_t body) {
  uint64_t size = j->out->size - body;
  size_t room = body - header;
  size_t wanted = 1 + (size_t)varint_size(size);
  if (wanted > room && !reserve(j, wanted - room)) return;
  uint8_t *b = j->out->bytes;
  if (wanted != room) memmove(b + header + wanted, b + body, size);
  b[header] = (uint8_t)(f->number * 8 + 2);
  put_varint(b + header + 1, size);
  j->out->size = header + wanted + size;
}

enum { ROOT, GROUP, SCOPE_GROUP, METRIC, DATA };

static const uint32_t NO_FIELD = 0;

/* The field of the attributes in points of a metric's data. */
static uint32_t point_attributes(uint32_t data) {
  return data == 9 ? 9 : data == 10 ? 1 : 7;
}

static int walk(job *j, int level, uint32_t number, ptr p, ptr end);

/* A message on the way to items. @returns 1 when it changed, 0 when not, -1 on a fault */
static int walk_inside(job *j, int level, const field *f) {
  copy_to(j, f->start);
  size_t header = j->out->size;
  copy_to(j, f->value);
  size_t body = j->out->size;
  int changed = walk(j, level, f->number, f->value, f->end);
  if (changed != 1) return changed;
  copy_to(j, f->end);
  if (j->failed) return -1;
  fix_header(j, f, header, body);
  return 1;
}

static int visit(job *j, int level, uint32_t number, const field *f) {
  if (f->type != 2) return 0;
  switch (level) {
    case ROOT:
      return f->number == 1 ? walk_inside(j, GROUP, f) : 0;
    case GROUP:
      if (f->number == 1) return j->resources ? edit_message(j, f, 1) : 0;
      return f->number == 2 ? walk_inside(j, SCOPE_GROUP, f) : 0;
    case SCOPE_GROUP:
      if (f->number != 2 || j->resources) return 0;
      if (j->signal == METRICS) return walk_inside(j, METRIC, f);
      return edit_message(j, f, j->signal == TRACES ? 9 : 6);
    case METRIC:
      if (f->number == 5 || f->number == 7 || (f->number >= 9 && f->number <= 11)) {
        return walk_inside(j, DATA, f);
      }
      return 0;
    default:
      return f->number == 1 ? edit_message(j, f, point_attributes(number)) : 0;
  }
}

/* The fields of one message. A group without resource or scope is for the overlay to complete. */
static int walk(job *j, int level, uint32_t number, ptr p, ptr end) {
  int changed = 0;
  int headed = level != GROUP && level != SCOPE_GROUP;
  while (p < end) {
    field f;
    if (!read_field(p, end, 0, &f)) return -1;
    p = f.end;
    if (!headed && f.type == 2) {
      if (f.number == 2) return -1;
      headed = f.number == 1;
    }
    if (level == SCOPE_GROUP && headed && j->resources) return 0;
    int result = visit(j, level, number, &f);
    if (result < 0 || j->failed) return -1;
    changed |= result;
  }
  return headed ? changed : -1;
}

/* ---- face ---- */

static napi_value number_value(napi_env env, double value) {
  napi_value out = NULL;
  napi_create_double(env, value, &out);
  return out;
}

static napi_value bad_arguments(napi_env env) {
  napi_throw_type_error(env, NULL, "BUG: wrong arguments for the OTLP editing addon");
  return NULL;
}

static int typed_array(napi_env env, napi_value value, napi_typedarray_type wanted, void **data,
                       size_t *length) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok &&
         type == wanted;
}

/* Keys as (start, end) and steps as (op, key, start, end), all ranges of the blob. */
static int read_program(job *j, const int32_t *keys, size_t key_count, const int32_t *steps,
                        size_t step_count, ptr blob, size_t size) {
  if (key_count > MAX_KEYS || step_count > 1024) return 0;
  j->keys = (int32_t)key_count;
  j->steps = (int32_t)step_count;
  for (size_t k = 0; k < key_count; k += 1) {
    int32_t start = keys[k * 2], end = keys[k * 2 + 1];
    if (start < 0 || end < start || (size_t)end > size) return 0;
    j->key[k] = (key_bytes){blob + start, (uint32_t)(end - start)};
    j->sizes |= 1ull << (end - start < 63 ? end - start : 63);
  }
  for (size_t i = 0; i < step_count; i += 1) {
    const int32_t *s = steps + i * 4;
    if (s[0] < INSERT || s[0] > DELETE || s[1] < 0 || (size_t)s[1] >= key_count) return 0;
    if (s[2] < 0 || s[3] < s[2] || (size_t)s[3] > size) return 0;
  }
  j->program = steps;
  j->blob = blob;
  return 1;
}

/* edit(bytes: Uint8Array, signal: number, resources: boolean, keys: Int32Array,
 * steps: Int32Array, blob: Uint8Array): number
 * Size of the edited request, which take() then gives; -1 = left to the overlay; -2 = unchanged. */
static napi_value edit_request(napi_env env, napi_callback_info info) {
  size_t argc = 6, length, key_count, step_count, blob_size;
  napi_value argv[6];
  void *data, *keys, *steps, *blob;
  static const uint8_t none = 0;
  job j = {0};
  bool resources;
  if (napi_get_cb_info(env, info, &argc, argv, NULL, (void **)&j.out) != napi_ok || argc != 6 ||
      !typed_array(env, argv[0], napi_uint8_array, &data, &length) ||
      napi_get_value_int32(env, argv[1], &j.signal) != napi_ok ||
      napi_get_value_bool(env, argv[2], &resources) != napi_ok ||
      !typed_array(env, argv[3], napi_int32_array, &keys, &key_count) ||
      !typed_array(env, argv[4], napi_int32_array, &steps, &step_count) ||
      !typed_array(env, argv[5], napi_uint8_array, &blob, &blob_size) || key_count % 2 != 0 ||
      step_count % 4 != 0 || j.signal < TRACES || j.signal > PROFILES ||
      (j.signal == PROFILES && !resources) ||
      !read_program(&j, keys, key_count / 2, steps, step_count / 4, blob_size ? blob : &none,
                    blob_size)) {
    return bad_arguments(env);
  }
  if (length == 0) return number_value(env, UNCHANGED);
  j.resources = resources;
  j.out->size = 0;
  j.cursor = data;
  int changed = walk(&j, ROOT, NO_FIELD, data, (ptr)data + length);
  if (changed == 1) copy_to(&j, (ptr)data + length);
  if (changed < 0 || j.failed) return number_value(env, NOT_DONE);
  return number_value(env, changed ? (double)j.out->size : UNCHANGED);
}

/* take(target: Uint8Array): the bytes that the last edit() made; target has their size. */
static napi_value take(napi_env env, napi_callback_info info) {
  size_t argc = 1, length;
  napi_value argv[1];
  void *data;
  scratch *s;
  if (napi_get_cb_info(env, info, &argc, argv, NULL, (void **)&s) != napi_ok || argc != 1 ||
      !typed_array(env, argv[0], napi_uint8_array, &data, &length) || length != s->size) {
    return bad_arguments(env);
  }
  if (length > 0) memcpy(data, s->bytes, length);
  s->size = 0;
  if (s->capacity > SCRATCH_KEPT) {
    free(s->bytes);
    *s = (scratch){0};
  }
  return NULL;
}

static void release(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(((scratch *)data)->bytes);
  free(data);
}

NAPI_MODULE_INIT() {
  scratch *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  napi_property_descriptor properties[] = {
      {"edit", NULL, edit_request, NULL, NULL, NULL, napi_enumerable, s},
      {"take", NULL, take, NULL, NULL, NULL, napi_enumerable, s},
  };
  napi_set_instance_data(env, s, release, NULL);
  napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties);
  return exports;
}
