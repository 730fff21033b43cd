/* The face of exchanges.c to Node; agent/ebpf/plain.ts says what each function is for. */
#include "exchanges.h"
#include <node_api.h>
#include <stdbool.h>
#include <stdlib.h>

static const napi_type_tag TAG = {0x7769726573746974ull, 0x63682d65786368ull};

/* The memory that C and JavaScript share is kept as long as the handle is. */
struct box {
  struct exchanges *exchanges;
  uint32_t count;
  napi_ref slots, control;
};

static napi_value fail(napi_env env, const char *why) {
  napi_throw_type_error(env, NULL, why);
  return NULL;
}

static void finalize(napi_env env, void *data, void *hint) {
  struct box *box = data;
  if (box->exchanges != NULL) exchanges_free(box->exchanges);
  napi_delete_reference(env, box->slots);
  napi_delete_reference(env, box->control);
  free(box);
}

static bool array_of(napi_env env, napi_value value, napi_typedarray_type wanted, void **data,
                     size_t *length) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok &&
         type == wanted;
}

static struct box *box_of(napi_env env, napi_value value) {
  bool tagged = false;
  void *data = NULL;
  if (napi_check_object_type_tag(env, value, &TAG, &tagged) == napi_ok && tagged) {
    napi_get_value_external(env, value, &data);
  }
  if (data == NULL) fail(env, "BUG: not a handle of exchanges");
  return data;
}

#define ARGUMENTS(n)                                                                     \
  size_t argc = n;                                                                       \
  napi_value args[n];                                                                    \
  if (napi_get_cb_info(env, info, &argc, args, NULL, NULL) != napi_ok || argc < n) {     \
    return fail(env, "BUG: arguments are missing");                                      \
  }

/* open(slots Float64Array, control Float64Array, monotonicBase bigint, baseSeconds, seeds
 * Uint32Array(6), segments) -> handle */
static napi_value open_exchanges(napi_env env, napi_callback_info info) {
  ARGUMENTS(6)
  void *slots, *control, *seeds;
  size_t slot_words, control_words, seed_count;
  uint64_t base;
  bool lossless;
  struct options options = {0};
  if (!array_of(env, args[0], napi_float64_array, &slots, &slot_words) ||
      !array_of(env, args[1], napi_float64_array, &control, &control_words) ||
      !array_of(env, args[4], napi_uint32_array, &seeds, &seed_count) || seed_count != 6 ||
      control_words * 8 < sizeof(struct control) ||
      napi_get_value_bigint_uint64(env, args[2], &base, &lossless) != napi_ok ||
      napi_get_value_int64(env, args[3], &options.base_seconds) != napi_ok ||
      napi_get_value_uint32(env, args[5], &options.segments) != napi_ok) {
    return fail(env, "BUG: arguments of open");
  }
  memcpy(options.seeds, seeds, sizeof options.seeds);
  struct box *box = calloc(1, sizeof *box);
  if (box == NULL) return fail(env, "cannot follow exchanges: no memory");
  box->count = (uint32_t)(slot_words * 8 / sizeof(struct slot));
  box->exchanges = exchanges_new(slots, box->count, control, base, &options);
  if (box->exchanges == NULL) {
    free(box);
    return fail(env, "cannot follow exchanges: no memory");
  }
  napi_value handle;
  napi_create_reference(env, args[0], 1, &box->slots);
  napi_create_reference(env, args[1], 1, &box->control);
  napi_create_external(env, box, finalize, NULL, &handle);
  napi_type_tag_object(env, handle, &TAG);
  return handle;
}

static struct box *slot_of(napi_env env, napi_value *args, uint32_t *slot) {
  struct box *box = box_of(env, args[0]);
  if (box == NULL) return NULL;
  if (napi_get_value_uint32(env, args[1], slot) == napi_ok && *slot < box->count) return box;
  fail(env, "BUG: no such slot");
  return NULL;
}

/* add(handle, slot): the shared fields are filled, the template is set */
static napi_value add(napi_env env, napi_callback_info info) {
  ARGUMENTS(2)
  uint32_t slot;
  struct box *box = slot_of(env, args, &slot);
  if (box != NULL) exchanges_add(box->exchanges, slot);
  return NULL;
}

/* template(handle, slot, bytes, attributes): what follows the attributes in bytes is the authority */
static napi_value set_template(napi_env env, napi_callback_info info) {
  ARGUMENTS(4)
  uint32_t slot, attributes;
  void *bytes;
  size_t length;
  struct box *box = slot_of(env, args, &slot);
  if (box == NULL) return NULL;
  if (!array_of(env, args[2], napi_uint8_array, &bytes, &length) || length > 1 << 20 ||
      napi_get_value_uint32(env, args[3], &attributes) != napi_ok || attributes > length) {
    return fail(env, "BUG: arguments of template");
  }
  if (!exchanges_template(box->exchanges, slot, bytes, attributes, (uint32_t)length - attributes)) {
    return fail(env, "cannot follow exchanges: no memory");
  }
  return NULL;
}

/* release(handle, slot) -> Buffer: records of a request that waits, and of its response */
static napi_value release_slot(napi_env env, napi_callback_info info) {
  ARGUMENTS(2)
  uint32_t slot;
  struct box *box = slot_of(env, args, &slot);
  if (box == NULL) return NULL;
  napi_value buffer;
  void *data;
  size_t size = exchanges_release(box->exchanges, slot, NULL);
  if (napi_create_buffer(env, size, &data, &buffer) != napi_ok) return NULL;
  exchanges_release(box->exchanges, slot, data);
  return buffer;
}

static napi_value remove_slot(napi_env env, napi_callback_info info) {
  ARGUMENTS(2)
  uint32_t slot;
  struct box *box = slot_of(env, args, &slot);
  if (box != NULL) exchanges_remove(box->exchanges, slot);
  return NULL;
}

/* scan(handle, batch, from, length, out, outAt, rows Int32Array) */
static napi_value scan(napi_env env, napi_callback_info info) {
  ARGUMENTS(7)
  void *batch, *out, *rows;
  size_t batch_bytes, out_bytes, row_words;
  int64_t from, length, out_at;
  struct box *box = box_of(env, args[0]);
  if (box == NULL) return NULL;
  if (!array_of(env, args[1], napi_uint8_array, &batch, &batch_bytes) ||
      napi_get_value_int64(env, args[2], &from) != napi_ok ||
      napi_get_value_int64(env, args[3], &length) != napi_ok ||
      !array_of(env, args[4], napi_uint8_array, &out, &out_bytes) ||
      napi_get_value_int64(env, args[5], &out_at) != napi_ok ||
      !array_of(env, args[6], napi_int32_array, &rows, &row_words) || from < 0 || length < from ||
      (size_t)length > batch_bytes || out_at < 0 || (size_t)out_at > out_bytes ||
      batch_bytes > INT32_MAX || out_bytes > INT32_MAX) {
    return fail(env, "BUG: arguments of scan");
  }
  exchanges_scan(box->exchanges, batch, (size_t)from, (size_t)length, out, (size_t)out_at,
                 out_bytes, rows, row_words * 4 / sizeof(struct row));
  return NULL;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"open", NULL, open_exchanges, NULL, NULL, NULL, napi_enumerable, NULL},
      {"add", NULL, add, NULL, NULL, NULL, napi_enumerable, NULL},
      {"template", NULL, set_template, NULL, NULL, NULL, napi_enumerable, NULL},
      {"release", NULL, release_slot, NULL, NULL, NULL, napi_enumerable, NULL},
      {"remove", NULL, remove_slot, NULL, NULL, NULL, napi_enumerable, NULL},
      {"scan", NULL, scan, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  make_keys();
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
