/*
 * The structural pass over OTLP requests: the same walk as pdata/check.ts, driven by the same table
 * (pdata/check-table.ts), with the same faults at the same offsets. Allocates nothing per call.
 */
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_PER_MESSAGE = 17, DEPRECATED_LIST = 1000 };

enum {
  OP_UNKNOWN = 0,
  OP_VARINT = 1,
  OP_FIXED64 = 2,
  OP_FIXED32 = 3,
  OP_BYTES = 4,
  OP_UTF8 = 5,
  OP_ID16 = 6,
  OP_ID8 = 7,
  OP_MESSAGE = 8,
  OP_VARINTS = 9,
  OP_FIXED64S = 10,
  OP_ATTRIBUTE = 11,
  OP_VALUE = 12,
  OP_RESOURCE_ATTRIBUTE = 13,
};

enum { FLAG_ITEM = 1 << 16, FLAG_HEAD = 1 << 17, FLAG_LIST = 1 << 18, FLAG_ONCE = 1 << 19 };

enum {
  FAULT_VARINT_END = 1,
  FAULT_VARINT_LONG = 2,
  FAULT_FIELD_ZERO = 3,
  FAULT_TAG_LARGE = 4,
  FAULT_WIRE_TYPE = 5,
  FAULT_WRONG_TYPE = 6,
  FAULT_LENGTH_END = 7,
  FAULT_FIXED_END = 8,
  FAULT_ID_LENGTH = 9,
  FAULT_UTF8 = 10,
  FAULT_NESTING = 11,
  FAULT_GROUP = 12,
  FAULT_PACKED = 13,
  FAULT_ONCE = 14,
};

/* What the addon keeps per environment: the table, and what the last call found. */
typedef struct {
  int32_t *table;
  int32_t messages;
  int32_t key_value;
  int32_t any_value;
  int32_t fault;
  int32_t offset;
} addon;

typedef struct {
  const int32_t *table;
  int32_t messages;
  int32_t key_value;
  int32_t any_value;
  const uint8_t *base;
  int64_t items;
  int32_t unordered;
  int32_t fault;
  int64_t offset;
} walk;

typedef const uint8_t *ptr;

static ptr fail(walk *w, int fault, ptr field) {
  w->fault = fault;
  w->offset = field - w->base;
  return NULL;
}

/* A varint; values that need more than 64 bits become UINT64_MAX. NULL on a fault. */
static ptr varint(walk *w, ptr p, ptr end, ptr field, uint64_t *value) {
  uint64_t out = 0;
  for (int i = 0; p < end; i += 1) {
    uint8_t byte = *p++;
    if (i == 9 && (byte & 127) > 1) out = UINT64_MAX;
    else if (out != UINT64_MAX) out |= (uint64_t)(byte & 127) << (7 * i);
    if (byte < 128) {
      *value = out;
      return p;
    }
    if (i == 9) return fail(w, FAULT_VARINT_LONG, field);
  }
  return fail(w, FAULT_VARINT_END, field);
}

static int is_wide_utf8(ptr p, ptr end) {
  while (p < end) {
    uint8_t lead = *p++;
    if (lead < 128) continue;
    int more;
    uint8_t low = 0x80, high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return 0;
    }
    if (end - p < more) return 0;
    for (; more > 0; more -= 1) {
      uint8_t byte = *p++;
      if (byte < low || byte > high) return 0;
      low = 0x80;
      high = 0xbf;
    }
  }
  return 1;
}

/* Eight bytes at a time while they are ASCII; the last eight may overlap those before. */
static int is_utf8(ptr p, ptr end) {
  uint64_t high = 0, eight;
  if (end - p >= 8) {
    for (ptr q = p; end - q > 8; q += 8) {
      memcpy(&eight, q, 8);
      high |= eight;
    }
    memcpy(&eight, end - 8, 8);
    high |= eight;
  } else {
    for (ptr q = p; q < end; q += 1) high |= *q;
  }
  return (high & 0x8080808080808080ull) == 0 || is_wide_utf8(p, end);
}

static ptr check_message(walk *w, ptr p, ptr end, int32_t message, int nesting);

static ptr skip_field(walk *w, ptr p, ptr end, ptr field, uint64_t tag, int nesting);

/* The inside of a group up to its end tag. */
static ptr skip_group(walk *w, ptr p, ptr end, ptr group, uint64_t number, int nesting) {
  if (nesting == 0) return fail(w, FAULT_NESTING, group);
  while (p < end) {
    ptr field = p;
    uint64_t tag;
    p = varint(w, p, end, field, &tag);
    if (!p) return NULL;
    if (tag > 0xffffffffu) return fail(w, FAULT_TAG_LARGE, field);
    if (tag >> 3 == 0) return fail(w, FAULT_FIELD_ZERO, field);
    if ((tag & 7) == 4) {
      if (tag >> 3 == number) return p;
      return fail(w, FAULT_GROUP, field);
    }
    p = skip_field(w, p, end, field, tag, nesting - 1);
    if (!p) return NULL;
  }
  return fail(w, FAULT_GROUP, group);
}

static ptr skip_field(walk *w, ptr p, ptr end, ptr field, uint64_t tag, int nesting) {
  uint64_t value;
  switch (tag & 7) {
    case 0:
      return varint(w, p, end, field, &value);
    case 2:
      p = varint(w, p, end, field, &value);
      if (!p) return NULL;
      if (value > (uint64_t)(end - p)) return fail(w, FAULT_LENGTH_END, field);
      return p + value;
    case 1:
    case 5: {
      int size = (tag & 7) == 1 ? 8 : 4;
      return end - p < size ? fail(w, FAULT_FIXED_END, field) : p + size;
    }
    case 3:
      return skip_group(w, p, end, field, tag >> 3, nesting);
    case 4:
      return fail(w, FAULT_GROUP, field);
    default:
      return fail(w, FAULT_WIRE_TYPE, field);
  }
}

/* True when [p, end) is exactly one varint. */
static int is_varint(ptr p, ptr end) {
  if (p >= end || end - p > 10 || end[-1] > 127) return 0;
  for (; p < end - 1; p += 1) {
    if (*p < 128) return 0;
  }
  return 1;
}

/* The usual KeyValue (short key, then a short string, a bool or an int) at once, all else as any
 * message. */
static ptr check_key_value(walk *w, ptr p, ptr end, int nesting) {
  if (end - p > 4 && p[0] == 10 && p[1] < 128 && nesting > 0) {
    ptr after = p + 2 + p[1];
    if (after + 3 < end && after[0] == 18 && after[1] < 128 && after + 2 + after[1] == end) {
      int usual = after[2] == 10 ? after[3] < 128 && after + 4 + after[3] == end
                                 : (after[2] == 24 || after[2] == 16) && is_varint(after + 3, end);
      if (usual && is_utf8(p + 2, after)) return end;
    }
  }
  return check_message(w, p, end, w->key_value, nesting);
}

static const char SERVICE_NAME[] = "service.name";
enum { SERVICE_NAME_SIZE = sizeof SERVICE_NAME - 1 };

static ptr check_resource_attribute(walk *w, ptr p, ptr end, int nesting) {
  if (!check_message(w, p, end, w->key_value, nesting)) return NULL;
  if (end - p < SERVICE_NAME_SIZE + 6 || p[0] != 10 || p[1] != SERVICE_NAME_SIZE) return end;
  if (memcmp(p + 2, SERVICE_NAME, SERVICE_NAME_SIZE) != 0) return end;
  p += 2 + SERVICE_NAME_SIZE;
  if (*p != 18) return end;
  uint64_t size;
  p = varint(w, p + 1, end, p, &size);
  ptr value_end = p + size;
  if (p >= value_end || *p != 10) return end;
  ptr field = p;
  p = varint(w, p + 1, end, p, &size);
  if (!is_utf8(p, p + size)) return fail(w, FAULT_UTF8, field);
  return end;
}

/* A length-delimited field that is known. */
static ptr check_bytes(walk *w, ptr p, ptr end, int32_t entry, int nesting, ptr field) {
  uint64_t value;
  switch (entry & 255) {
    case OP_BYTES:
      return end;
    case OP_MESSAGE:
      return check_message(w, p, end, (entry >> 8) & 255, nesting);
    case OP_ATTRIBUTE:
      return check_key_value(w, p, end, nesting);
    case OP_UTF8:
      return is_utf8(p, end) ? end : fail(w, FAULT_UTF8, field);
    case OP_ID16:
      return end - p == 16 || end == p ? end : fail(w, FAULT_ID_LENGTH, field);
    case OP_ID8:
      return end - p == 8 || end == p ? end : fail(w, FAULT_ID_LENGTH, field);
    case OP_VALUE:
      if (nesting == 0) return fail(w, FAULT_NESTING, field);
      return check_message(w, p, end, w->any_value, nesting - 1);
    case OP_FIXED64S:
      return ((end - p) & 7) == 0 ? end : fail(w, FAULT_PACKED, field);
    case OP_VARINTS:
      while (p < end) {
        p = varint(w, p, end, field, &value);
        if (!p) return NULL;
      }
      return end;
    default:
      return check_resource_attribute(w, p, end, nesting);
  }
}

/* A known field whose wire type is not length-delimited, or is and must not be. */
static ptr check_scalar(walk *w, ptr p, ptr end, int op, int wire_type, ptr field) {
  int single = op == OP_VARINT || op == OP_VARINTS    ? 0
               : op == OP_FIXED64 || op == OP_FIXED64S ? 1
               : op == OP_FIXED32                      ? 5
                                                       : 2;
  uint64_t value;
  if (wire_type != single) {
    return fail(w, wire_type > 5 ? FAULT_WIRE_TYPE : FAULT_WRONG_TYPE, field);
  }
  if (wire_type == 0) return varint(w, p, end, field, &value);
  int size = wire_type == 1 ? 8 : 4;
  return end - p < size ? fail(w, FAULT_FIXED_END, field) : p + size;
}

/* A scope group in its old field: checked like one, its items are not counted. */
static ptr check_deprecated(walk *w, ptr p, ptr end, int32_t message, int nesting) {
  uint64_t size;
  int64_t items = w->items;
  int32_t group = (w->table[message * FIELDS_PER_MESSAGE + 2] >> 8) & 255;
  p = varint(w, p, end, p, &size);
  if (!check_message(w, p, end, group, nesting)) return NULL;
  w->items = items;
  w->unordered = 1;
  return end;
}

static ptr check_message(walk *w, ptr p, ptr end, int32_t message, int nesting) {
  const int32_t *entries = w->table + message * FIELDS_PER_MESSAGE;
  int32_t seen = 0;
  while (p < end) {
    ptr field = p;
    uint64_t tag = *p++;
    if (tag > 127) {
      p = varint(w, field, end, field, &tag);
      if (!p) return NULL;
      if (tag > 0xffffffffu) return fail(w, FAULT_TAG_LARGE, field);
    }
    uint64_t number = tag >> 3;
    if (number == 0) return fail(w, FAULT_FIELD_ZERO, field);
    int wire_type = tag & 7;
    int32_t entry = number < FIELDS_PER_MESSAGE ? entries[number] : OP_UNKNOWN;
    int op = entry & 255;
    if (op == OP_UNKNOWN) {
      ptr next = skip_field(w, p, end, field, tag, nesting);
      if (!next) return NULL;
      if (number == DEPRECATED_LIST && wire_type == 2 && entries[0] == 1) {
        if (!check_deprecated(w, p, next, message, nesting)) return NULL;
      }
      p = next;
      continue;
    }
    if (wire_type == 2 && op > OP_FIXED32) {
      uint64_t length = p < end ? *p : 128;
      if (length > 127) {
        p = varint(w, p, end, field, &length);
        if (!p) return NULL;
      } else {
        p += 1;
      }
      if (length > (uint64_t)(end - p)) return fail(w, FAULT_LENGTH_END, field);
      ptr stop = p + length;
      if (!check_bytes(w, p, stop, entry, nesting, field)) return NULL;
      p = stop;
      if (entry > 0xffff) {
        if (entry & FLAG_ITEM) w->items += 1;
        if (entry & seen & FLAG_ONCE) return fail(w, FAULT_ONCE, field);
        if ((entry & FLAG_HEAD) && seen != 0) w->unordered = 1;
        seen |= entry & (FLAG_HEAD | FLAG_LIST | FLAG_ONCE);
      }
      continue;
    }
    p = check_scalar(w, p, end, op, wire_type, field);
    if (!p) return NULL;
  }
  return end;
}

/* ---- face ---- */

static napi_value number_value(napi_env env, double value) {
  napi_value out = NULL;
  napi_create_double(env, value, &out);
  return out;
}

static napi_value bad_arguments(napi_env env) {
  napi_throw_type_error(env, NULL, "BUG: wrong arguments for the OTLP addon");
  return NULL;
}

/* setTable(table: Int32Array, keyValue: number, anyValue: number) */
static napi_value set_table(napi_env env, napi_callback_info info) {
  size_t argc = 3, length;
  napi_value argv[3];
  napi_typedarray_type type;
  void *data;
  addon *a;
  int32_t key_value, any_value;
  if (napi_get_cb_info(env, info, &argc, argv, NULL, NULL) != napi_ok || argc != 3 ||
      napi_get_typedarray_info(env, argv[0], &type, &length, &data, NULL, NULL) != napi_ok ||
      type != napi_int32_array || length % FIELDS_PER_MESSAGE != 0 ||
      napi_get_value_int32(env, argv[1], &key_value) != napi_ok ||
      napi_get_value_int32(env, argv[2], &any_value) != napi_ok ||
      napi_get_instance_data(env, (void **)&a) != napi_ok) {
    return bad_arguments(env);
  }
  int32_t *table = malloc(length * sizeof *table);
  if (!table) return bad_arguments(env);
  memcpy(table, data, length * sizeof *table);
  free(a->table);
  a->table = table;
  a->messages = (int32_t)(length / FIELDS_PER_MESSAGE);
  a->key_value = key_value;
  a->any_value = any_value;
  return NULL;
}

/* check(bytes: Uint8Array, root: number, maxNesting: number): number
 * items * 2 + (1 if unordered), or -1 on a fault. */
static napi_value check(napi_env env, napi_callback_info info) {
  size_t argc = 3, length;
  napi_value argv[3];
  napi_typedarray_type type;
  void *data;
  addon *a;
  int32_t root, nesting;
  if (napi_get_cb_info(env, info, &argc, argv, NULL, (void **)&a) != napi_ok || argc != 3 ||
      napi_get_typedarray_info(env, argv[0], &type, &length, &data, NULL, NULL) != napi_ok ||
      type != napi_uint8_array || napi_get_value_int32(env, argv[1], &root) != napi_ok ||
      napi_get_value_int32(env, argv[2], &nesting) != napi_ok || !a->table || root < 0 ||
      root >= a->messages) {
    return bad_arguments(env);
  }
  walk w = {
      .table = a->table,
      .messages = a->messages,
      .key_value = a->key_value,
      .any_value = a->any_value,
      .base = data,
  };
  static const uint8_t none = 0;
  if (length == 0) w.base = &none;
  ptr end = check_message(&w, w.base, w.base + length, root, nesting);
  a->fault = w.fault;
  a->offset = (int32_t)w.offset;
  return number_value(env, end ? (double)(w.items * 2 + w.unordered) : -1);
}

/* fault(): number of the last call's fault; faultOffset(): its byte. */
static napi_value fault(napi_env env, napi_callback_info info) {
  addon *a;
  napi_get_cb_info(env, info, NULL, NULL, NULL, (void **)&a);
  return number_value(env, a->fault);
}

static napi_value fault_offset(napi_env env, napi_callback_info info) {
  addon *a;
  napi_get_cb_info(env, info, NULL, NULL, NULL, (void **)&a);
  return number_value(env, a->offset);
}

static void release(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(((addon *)data)->table);
  free(data);
}

NAPI_MODULE_INIT() {
  addon *a = calloc(1, sizeof *a);
  if (!a) return NULL;
  napi_property_descriptor properties[] = {
      {"setTable", NULL, set_table, NULL, NULL, NULL, napi_enumerable, a},
      {"check", NULL, check, NULL, NULL, NULL, napi_enumerable, a},
      {"fault", NULL, fault, NULL, NULL, NULL, napi_enumerable, a},
      {"faultOffset", NULL, fault_offset, NULL, NULL, NULL, napi_enumerable, a},
  };
  napi_set_instance_data(env, a, release, NULL);
  napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties);
  return exports;
}
