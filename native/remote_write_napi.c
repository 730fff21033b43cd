/* The face of remote_write.c to Node; see remote-write.ts. */
#include "remote_write.h"
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

static napi_value fail(napi_env env, const char *why) {
  napi_throw_error(env, NULL, why);
  return NULL;
}

static void finalize(napi_env env, void *data, void *hint) {
  sets_free(data);
  free(data);
}

/* Content of a typed array; `*length` is in elements. */
static void *array_of(napi_env env, napi_value value, napi_typedarray_type wanted, size_t *length) {
  napi_typedarray_type type;
  void *data = NULL;
  bool typed = false;
  if (napi_is_typedarray(env, value, &typed) != napi_ok || !typed) return NULL;
  if (napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok)
    return NULL;
  static uint64_t nothing;
  if (type != wanted) return NULL;
  return data == NULL ? &nothing : data;
}

/* create(key of 32 bytes) */
static napi_value create(napi_env env, napi_callback_info info) {
  napi_value argv[1], result;
  size_t argc = 1, size = 0;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  const uint8_t *key = argc == 1 ? array_of(env, argv[0], napi_uint8_array, &size) : NULL;
  if (key == NULL || size != 32) return fail(env, "BUG: a key of 32 bytes is needed");
  struct sets *s = malloc(sizeof *s);
  if (s == NULL || !sets_init(s, key)) abort();
  napi_create_external(env, s, finalize, NULL, &result);
  return result;
}

/* Unpacks a block into memory that is used again; NULL: it is none, or too large. */
static const uint8_t *unpack(struct sets *s, const uint8_t *b, size_t size, uint32_t most,
                             size_t *length) {
  enum { KEPT = 4 << 20, SLACK = 64 };
  int64_t wanted = snappy_length(b, size);
  if (wanted < 0 || wanted > most) return NULL;
  size_t room = (size_t)wanted + SLACK;
  if (s->plain.cap < room || (s->plain.cap > KEPT && s->plain.cap > 4 * room)) {
    free(s->plain.p);
    s->plain.cap = room < KEPT / 8 ? KEPT / 8 : room + room / 4;
    s->plain.p = malloc(s->plain.cap);
    if (s->plain.p == NULL) abort();
  }
  s->serial++;
  s->plain.len = (size_t)wanted;
  *length = (size_t)wanted;
  return snappy_unpack(b, size, s->plain.p, s->plain.cap, *length) ? s->plain.p : NULL;
}

static napi_value undefined(napi_env env) {
  napi_value result;
  napi_get_undefined(env, &result);
  return result;
}

/*
 * read(sets, block, version, most): the columns of a request, a snappy block of at most so many
 * bytes unpacked, as ArrayBuffer; undefined when it is not plain
 */
static napi_value read(napi_env env, napi_callback_info info) {
  napi_value argv[4], result;
  size_t argc = 4, size = 0, length = 0;
  void *external = NULL, *data = NULL;
  int32_t version = 0;
  uint32_t most = 0;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  if (argc < 4 || napi_get_value_external(env, argv[0], &external) != napi_ok ||
      napi_get_value_int32(env, argv[2], &version) != napi_ok ||
      napi_get_value_uint32(env, argv[3], &most) != napi_ok)
    return fail(env, "BUG: read(sets, block, version, most)");
  struct sets *s = external;
  const uint8_t *block = array_of(env, argv[1], napi_uint8_array, &size);
  if (block == NULL || most > 0x7fffffff) return fail(env, "BUG: bytes are needed");
  const uint8_t *b = unpack(s, block, size, most, &length);
  if (b == NULL || !sets_read(s, b, (uint32_t)length, version)) return undefined(env);
  uint32_t flags = (s->has_starts ? HAS_STARTS : 0) | (s->has_stale ? HAS_STALE : 0);
  struct columns head = {s->series, s->samples, s->epoch, flags, s->serial, (uint32_t)length, {0}};
  if (napi_create_arraybuffer(env, columns_size(&head), &data, &result) != napi_ok) return NULL;
  uint8_t *at = data;
  memcpy(at, &head, sizeof head);
  at += sizeof head;
  const struct list *lists[] = {&s->times, &s->bits, &s->starts, &s->numbers, &s->ends, &s->ranges};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    if (lists[i]->len > 0) memcpy(at, lists[i]->p, lists[i]->len);
    at += lists[i]->len;
  }
  return result;
}

/*
 * slices(sets, serial, ranges): bytes [from, to) of the request read last, pairs one after the
 * other; undefined when that is another one
 */
static napi_value slices(napi_env env, napi_callback_info info) {
  napi_value argv[3], result, array;
  size_t argc = 3, count = 0, size = 0;
  void *external = NULL, *data = NULL;
  uint32_t serial = 0;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  if (argc < 3 || napi_get_value_external(env, argv[0], &external) != napi_ok ||
      napi_get_value_uint32(env, argv[1], &serial) != napi_ok)
    return fail(env, "BUG: slices(sets, serial, ranges)");
  struct sets *s = external;
  const uint32_t *ranges = array_of(env, argv[2], napi_uint32_array, &count);
  if (ranges == NULL) return fail(env, "BUG: ranges are needed");
  if (serial != s->serial || s->plain.p == NULL) return undefined(env);
  for (size_t i = 0; i + 1 < count; i += 2) {
    if (ranges[i] > ranges[i + 1] || ranges[i + 1] > s->plain.len)
      return fail(env, "BUG: a range outside the request");
    size += ranges[i + 1] - ranges[i];
  }
  if (napi_create_arraybuffer(env, size, &data, &array) != napi_ok) return NULL;
  uint8_t *at = data;
  for (size_t i = 0; i + 1 < count; i += 2) {
    size_t n = ranges[i + 1] - ranges[i];
    if (n > 0) memcpy(at, s->plain.p + ranges[i], n);
    at += n;
  }
  napi_create_typedarray(env, napi_uint8_array, size, array, 0, &result);
  return result;
}

/* unpack(block, target): whether the block fills the target */
static napi_value unpack_into(napi_env env, napi_callback_info info) {
  napi_value argv[2], result;
  size_t argc = 2, size = 0, room = 0;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  const uint8_t *block = argc < 2 ? NULL : array_of(env, argv[0], napi_uint8_array, &size);
  uint8_t *out = argc < 2 ? NULL : array_of(env, argv[1], napi_uint8_array, &room);
  if (block == NULL || out == NULL) return fail(env, "BUG: unpack(block, target)");
  napi_get_boolean(env, snappy_unpack(block, size, out, room, room), &result);
  return result;
}

/* The columns of a request; NULL: it is something else. */
static const struct columns *columns_of(napi_env env, napi_value value) {
  void *data = NULL;
  size_t size = 0;
  if (napi_get_arraybuffer_info(env, value, &data, &size) != napi_ok) return NULL;
  const struct columns *c = data;
  return size < sizeof *c || size != columns_size(c) ? NULL : c;
}

/* Room for the rows of all samples. */
static uint8_t *room_of(napi_env env, napi_value value, const struct columns *c) {
  size_t row = 25 + (c->flags & HAS_STARTS ? 8 : 0) + (c->flags & HAS_STALE ? 4 : 0), room = 0;
  uint8_t *out = array_of(env, value, napi_uint8_array, &room);
  return room < row * c->samples || (uintptr_t)out % 8 != 0 ? NULL : out;
}

/*
 * rows(columns, series, idLow, idHigh, scale, misses, day, receipt, target, places, count, result)
 * result: Uint32Array of rows, day, series left over
 */
static napi_value rows(napi_env env, napi_callback_info info) {
  napi_value argv[12];
  size_t argc = 12, n[6] = {0}, places_room = 0, three = 0;
  uint32_t receipt = 0, places_count = 0;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  if (argc < 12 || napi_get_value_uint32(env, argv[7], &receipt) != napi_ok ||
      napi_get_value_uint32(env, argv[10], &places_count) != napi_ok)
    return fail(env, "BUG: rows wants 12 arguments");
  const struct columns *c = columns_of(env, argv[0]);
  if (c == NULL) return fail(env, "BUG: no columns");
  struct known k;
  k.series = array_of(env, argv[1], napi_int32_array, &n[0]);
  k.id_low = array_of(env, argv[2], napi_uint32_array, &n[1]);
  k.id_high = array_of(env, argv[3], napi_uint32_array, &n[2]);
  k.scale = array_of(env, argv[4], napi_uint8_array, &n[3]);
  k.misses = array_of(env, argv[5], napi_uint8_array, &n[4]);
  k.day = array_of(env, argv[6], napi_int32_array, &n[5]);
  uint8_t *out = room_of(env, argv[8], c);
  uint32_t *places = array_of(env, argv[9], napi_uint32_array, &places_room);
  struct rows *result = array_of(env, argv[11], napi_uint32_array, &three);
  if (k.series == NULL || k.id_low == NULL || k.id_high == NULL || k.scale == NULL ||
      k.misses == NULL || k.day == NULL || places == NULL || result == NULL)
    return fail(env, "BUG: an array is of another type");
  k.sets = n[0];
  k.count = n[1];
  for (int i = 2; i < 6; i++) {
    if (n[i] < k.count) return fail(env, "BUG: arrays of series differ");
  }
  if (out == NULL || places_room < c->series || places_count > c->series || three < 3)
    return fail(env, "BUG: no room for the rows");
  uint32_t samples = 0;
  const uint32_t *ends = (const uint32_t *)(const void *)((const uint8_t *)(c + 1) +
                         (size_t)c->samples * (c->flags & HAS_STARTS ? 24 : 16)) + c->series;
  for (uint32_t i = 0; i < places_count; i++) {
    if (places[i] >= c->series) return fail(env, "BUG: no such series");
    samples += ends[places[i]] - (places[i] == 0 ? 0 : ends[places[i] - 1]);
  }
  if (places_count == 0) result->count = 0;
  if ((uint64_t)result->count + samples > c->samples) return fail(env, "BUG: rows added twice");
  rows_write(c, &k, receipt, out, places, places_count, result);
  return NULL;
}

/* closeUp(columns, target, count): columns of fewer rows than there was room for move together */
static napi_value close_up(napi_env env, napi_callback_info info) {
  napi_value argv[3];
  size_t argc = 3;
  uint32_t count = 0;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  const struct columns *c = argc < 3 ? NULL : columns_of(env, argv[0]);
  uint8_t *out = c == NULL ? NULL : room_of(env, argv[1], c);
  if (out == NULL || napi_get_value_uint32(env, argv[2], &count) != napi_ok || count > c->samples)
    return fail(env, "BUG: closeUp(columns, target, count)");
  rows_close_up(c, out, count);
  return NULL;
}

/*
 * seal(pieces, day, target): the bytes of the block times 4, plus the columns that it has (1
 * starts, 2 flags); see rows_seal
 */
static napi_value seal(napi_env env, napi_callback_info info) {
  napi_value argv[3], result;
  size_t argc = 3, room = 0;
  uint32_t day = 0, count = 0, columns = 0;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  uint8_t *out = argc < 3 ? NULL : array_of(env, argv[2], napi_uint8_array, &room);
  if (out == NULL || napi_get_array_length(env, argv[0], &count) != napi_ok ||
      napi_get_value_uint32(env, argv[1], &day) != napi_ok)
    return fail(env, "BUG: seal(pieces, day, target)");
  struct piece *pieces = calloc(count + 1, sizeof *pieces);
  if (pieces == NULL) abort();
  int good = 1;
  for (uint32_t i = 0; i < count && good; i++) {
    napi_handle_scope scope;
    napi_value one;
    good = napi_open_handle_scope(env, &scope) == napi_ok;
    if (!good) break;
    good = napi_get_element(env, argv[0], i, &one) == napi_ok &&
           (pieces[i].p = array_of(env, one, napi_uint8_array, &pieces[i].size)) != NULL;
    napi_close_handle_scope(env, scope);
  }
  int64_t size = good ? rows_seal(pieces, count, day, out, room, &columns) : -1;
  free(pieces);
  if (size < 0) return fail(env, "BUG: pieces that are no rows, or no room for them");
  napi_create_double(env, (double)(size * 4 + columns), &result);
  return result;
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"create", create}, {"read", read}, {"rows", rows}, {"closeUp", close_up},
    {"slices", slices}, {"unpack", unpack_into}, {"seal", seal}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL,
                         &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}
