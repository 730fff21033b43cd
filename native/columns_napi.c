/* The face of the column encoders to Node; see columns.ts. */
#include "columns.h"
#include <node_api.h>
#include <stdlib.h>

struct state {
  napi_env env;
  napi_value text, set; /* functions of the call at hand */
};

struct box {
  struct encoder encoder;
  struct spec shared_spec;
};

static int bytes_of(napi_env env, napi_value value, uint8_t **p, size_t *size) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, size, (void **)p, NULL, NULL) == napi_ok &&
         type == napi_uint8_array;
}

static int ask(struct state *s, napi_value function, int argc, const double *numbers,
               const uint8_t **out, size_t *size) {
  napi_value args[6], global, result;
  napi_handle_scope scope;
  uint8_t *p = NULL;
  int done = 0;
  if (napi_open_handle_scope(s->env, &scope) != napi_ok) return 0;
  for (int i = 0; i < argc; i++) {
    if (napi_create_double(s->env, numbers[i], &args[i]) != napi_ok) goto end;
  }
  if (napi_get_global(s->env, &global) != napi_ok) goto end;
  if (napi_call_function(s->env, global, function, (size_t)argc, args, &result) != napi_ok) {
    goto end;
  }
  done = bytes_of(s->env, result, &p, size);
  /* Valid until JavaScript runs again: the caller copies it first. */
  *out = p;
end:
  napi_close_handle_scope(s->env, scope);
  return done;
}

static int ask_text(void *state, size_t start, size_t end, int how, const uint8_t **out,
                    size_t *size) {
  struct state *s = state;
  const double numbers[] = {(double)start, (double)end, how};
  return ask(s, s->text, 3, numbers, out, size);
}

static int ask_set(void *state, int what, size_t start, size_t end, size_t url, size_t url_end,
                   const uint8_t **out, size_t *size) {
  struct state *s = state;
  const double numbers[] = {what, (double)start, (double)end, (double)url, (double)url_end};
  return ask(s, s->set, 5, numbers, out, size);
}

static void finalize(napi_env env, void *data, void *hint) {
  struct box *box = data;
  encoder_free(&box->encoder);
  free(box);
}

static napi_value fail(napi_env env, const char *why) {
  napi_throw_error(env, NULL, why);
  return NULL;
}

/* layout, seconds: for metrics a bit for each kind of points whose times are DateTime */
static int families_of(struct encoder *e, uint32_t seconds) {
  static const struct { const struct spec *specs; const uint32_t *count; } layouts[] = {
    {otel_traces_specs, &otel_traces_columns},
    {otel_logs_specs, &otel_logs_columns},
    {smart_spans_specs, &smart_spans_columns},
  };
  if (e->layout != OTEL_METRICS) {
    e->families[0].specs = layouts[e->layout].specs;
    e->families[0].columns = *layouts[e->layout].count;
    e->family_count = 1;
    return 1;
  }
  for (int kind = GAUGE; kind < FAMILIES; kind++) {
    if (!metric_family(&e->families[kind], (enum points)kind, seconds >> kind & 1)) return 0;
    e->family_count++;
  }
  return 1;
}

/* create(layout, seconds): encoder */
static napi_value create(napi_env env, napi_callback_info info) {
  size_t argc = 2;
  napi_value args[2], result;
  uint32_t layout, seconds;
  napi_get_cb_info(env, info, &argc, args, NULL, NULL);
  if (napi_get_value_uint32(env, args[0], &layout) != napi_ok || layout > OTEL_METRICS ||
      napi_get_value_uint32(env, args[1], &seconds) != napi_ok) {
    return fail(env, "BUG: layout");
  }
  struct box *box = calloc(1, sizeof *box);
  if (box == NULL) return fail(env, "cannot allocate an encoder");
  struct encoder *e = &box->encoder;
  e->layout = (enum layout)layout;
  box->shared_spec = (struct spec){"", "", MAP};
  col_init(&e->resource.row, &box->shared_spec);
  col_init(&e->scope.row, &box->shared_spec);
  if (!families_of(e, seconds)) {
    finalize(env, box, NULL);
    return fail(env, "cannot allocate an encoder");
  }
  if (napi_create_external(env, box, finalize, NULL, &result) != napi_ok) return NULL;
  return result;
}

static struct encoder *encoder_of(napi_env env, napi_callback_info info, size_t argc,
                                  napi_value *args) {
  void *data = NULL;
  napi_get_cb_info(env, info, &argc, args, NULL, NULL);
  if (napi_get_value_external(env, args[0], &data) != napi_ok) return NULL;
  return &((struct box *)data)->encoder;
}

/* The family whose number is the argument after the encoder, or NULL. */
static struct family *family_of(napi_env env, napi_callback_info info, size_t argc,
                                napi_value *args) {
  uint32_t index;
  struct encoder *e = encoder_of(env, info, argc, args);
  if (e == NULL || napi_get_value_uint32(env, args[1], &index) != napi_ok) return NULL;
  return index < e->family_count ? &e->families[index] : NULL;
}

/* append(encoder, range, receiptSeconds, text, set) */
static napi_value append(napi_env env, napi_callback_info info) {
  napi_value args[5], result;
  uint8_t *p;
  size_t size;
  struct encoder *e = encoder_of(env, info, 5, args);
  struct state state = {env, args[3], args[4]};
  const struct calls calls = {&state, ask_text, ask_set};
  if (e == NULL || !bytes_of(env, args[1], &p, &size) || size > INT32_MAX ||
      napi_get_value_uint32(env, args[2], &e->receipt) != napi_ok) {
    return fail(env, "BUG: append");
  }
  e->b = p;
  e->calls = &calls;
  e->failed = 0;
  encoder_walk(e, (uint32_t)size);
  e->b = NULL;
  e->calls = NULL;
  if (e->failed) {
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    if (!pending) napi_throw_error(env, NULL, "BUG: no answer to a question of the encoder");
    return NULL;
  }
  napi_get_undefined(env, &result);
  return result;
}

/* tables(encoder, family): Float64Array of day, rows, bytes at most, for each table */
static napi_value tables(napi_env env, napi_callback_info info) {
  napi_value args[2], buffer, result;
  double *out;
  const struct family *f = family_of(env, info, 2, args);
  if (f == NULL) return fail(env, "BUG: tables");
  size_t count = (size_t)f->table_count * 3;
  if (napi_create_arraybuffer(env, count * 8, (void **)&out, &buffer) != napi_ok) return NULL;
  for (uint32_t i = 0; i < f->table_count; i++) {
    const struct table *t = f->tables[i];
    out[i * 3] = (double)t->day;
    out[i * 3 + 1] = t->rows;
    out[i * 3 + 2] = (double)block_bound(t->cols, f->columns, t->rows);
  }
  napi_create_typedarray(env, napi_float64_array, count, buffer, 0, &result);
  return result;
}

/* columns(encoder, family): names, in order */
static napi_value columns(napi_env env, napi_callback_info info) {
  napi_value args[2], result, name;
  const struct family *f = family_of(env, info, 2, args);
  if (f == NULL) return fail(env, "BUG: columns");
  napi_create_array_with_length(env, f->columns, &result);
  for (uint32_t i = 0; i < f->columns; i++) {
    napi_create_string_utf8(env, f->specs[i].name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, result, i, name);
  }
  return result;
}

/* write(encoder, family, table, present, withBatch, batchId, target): bytes written */
static napi_value write_block(napi_env env, napi_callback_info info) {
  napi_value args[7], result;
  uint32_t index;
  uint8_t *present, *target;
  size_t flags, room;
  uint64_t batch_id;
  bool lossless, with_batch;
  const struct family *f = family_of(env, info, 7, args);
  if (f == NULL || napi_get_value_uint32(env, args[2], &index) != napi_ok ||
      index >= f->table_count || !bytes_of(env, args[3], &present, &flags) ||
      flags != f->columns || napi_get_value_bool(env, args[4], &with_batch) != napi_ok ||
      napi_get_value_bigint_uint64(env, args[5], &batch_id, &lossless) != napi_ok ||
      !bytes_of(env, args[6], &target, &room)) {
    return fail(env, "BUG: write");
  }
  const struct table *t = f->tables[index];
  if (room < block_bound(t->cols, f->columns, t->rows)) return fail(env, "BUG: no room");
  size_t size = block_write(t->cols, f->columns, t->rows, present, with_batch ? "batch" : NULL,
                            batch_id, target);
  napi_create_double(env, (double)size, &result);
  return result;
}

static napi_value copy_out(napi_env env, const struct buf *b) {
  napi_value buffer, result;
  void *p;
  if (napi_create_arraybuffer(env, b->len, &p, &buffer) != napi_ok) return NULL;
  if (b->len > 0) memcpy(p, b->p, b->len);
  napi_create_typedarray(env, napi_uint8_array, b->len, buffer, 0, &result);
  return result;
}

/* usedSets(encoder, table): serials as bytes of uint32 */
static napi_value used_sets(napi_env env, napi_callback_info info) {
  napi_value args[2];
  uint32_t index;
  struct encoder *e = encoder_of(env, info, 2, args);
  if (e == NULL || napi_get_value_uint32(env, args[1], &index) != napi_ok ||
      index >= e->families[0].table_count) {
    return fail(env, "BUG: usedSets");
  }
  return copy_out(env, &e->families[0].tables[index]->used_sets);
}

/* operations(encoder, table): packed as operations_pack says */
static napi_value operations(napi_env env, napi_callback_info info) {
  napi_value args[2], result;
  uint32_t index;
  struct buf out = {0};
  struct encoder *e = encoder_of(env, info, 2, args);
  if (e == NULL || e->layout != SMART_SPANS ||
      napi_get_value_uint32(env, args[1], &index) != napi_ok ||
      index >= e->families[0].table_count) {
    return fail(env, "BUG: operations");
  }
  operations_pack(e->families[0].tables[index], &out);
  result = copy_out(env, &out);
  buf_free(&out);
  return result;
}

/* reset(encoder, family) */
static napi_value reset(napi_env env, napi_callback_info info) {
  napi_value args[2], result;
  struct family *f = family_of(env, info, 2, args);
  if (f == NULL) return fail(env, "BUG: reset");
  family_recycle(f);
  napi_get_undefined(env, &result);
  return result;
}

NAPI_MODULE_INIT() {
  static const struct { const char *name; napi_callback call; } functions[] = {
    {"create", create}, {"append", append}, {"tables", tables}, {"columns", columns},
    {"write", write_block}, {"usedSets", used_sets}, {"operations", operations}, {"reset", reset},
  };
  const uint16_t one = 1;
  if (*(const uint8_t *)&one != 1) return exports;
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL,
                         &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}
