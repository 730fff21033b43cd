/* Tables by day and the walk over a request. */
#include "columns.h"
#include <stdlib.h>

static struct table *table_new(struct family *f) {
  if (f->free_count > 0) return f->free_tables[--f->free_count];
  struct table *t = calloc(1, sizeof *t);
  if (t == NULL) abort();
  t->cols = calloc(f->columns, sizeof *t->cols);
  if (t->cols == NULL) abort();
  for (uint32_t i = 0; i < f->columns; i++) col_init(&t->cols[i], &f->specs[i]);
  t->last_resource = t->last_scope = UINT32_MAX;
  return t;
}

/* The table of a day; days beyond the first 32 share one. */
struct table *table_for(struct family *f, int64_t day) {
  if (f->last != NULL && day == f->last_day) return f->last;
  struct table *found = NULL;
  for (uint32_t i = 0; i < f->table_count; i++) {
    if (f->tables[i]->day == day) found = f->tables[i];
  }
  if (found == NULL) {
    int64_t key = f->table_count < MAX_DAYS ? day : MIXED;
    if (f->table_count > MAX_DAYS) found = f->tables[MAX_DAYS];
    else {
      found = table_new(f);
      found->day = key;
      f->tables[f->table_count++] = found;
    }
  }
  f->last_day = day;
  f->last = found;
  return found;
}

static void table_free(struct family *f, struct table *t) {
  for (uint32_t i = 0; i < f->columns; i++) col_free(&t->cols[i]);
  buf_free(&t->used_sets);
  free(t->ops);
  free(t->cols);
  free(t);
}

/* Empties all tables; keeps two for what comes next. */
void family_recycle(struct family *f) {
  for (uint32_t i = 0; i < f->table_count; i++) {
    struct table *t = f->tables[i];
    if (f->free_count == 2) {
      table_free(f, t);
      continue;
    }
    for (uint32_t c = 0; c < f->columns; c++) col_reset(&t->cols[c]);
    t->rows = 0;
    t->used_sets.len = 0;
    t->last_resource = t->last_scope = UINT32_MAX;
    if (t->ops_size > 1 << 15) {
      free(t->ops);
      t->ops = NULL;
      t->ops_size = 0;
    }
    if (t->ops != NULL) memset(t->ops, 0xff, (size_t)t->ops_size * 8);
    t->ops_count = 0;
    f->free_tables[f->free_count++] = t;
  }
  f->table_count = 0;
  f->last = NULL;
}

void encoder_free(struct encoder *e) {
  for (uint32_t i = 0; i < e->family_count; i++) {
    struct family *f = &e->families[i];
    family_recycle(f);
    while (f->free_count > 0) table_free(f, f->free_tables[--f->free_count]);
    free(f->own);
  }
  struct message *messages[] = {&e->item, &e->small, &e->metric, &e->data};
  for (int i = 0; i < 4; i++) message_free(messages[i]);
  col_free(&e->resource.row);
  col_free(&e->scope.row);
  buf_free(&e->service);
  buf_free(&e->resource_inline);
  buf_free(&e->scope_inline);
}

/* Finds field 1 and field 3 (schema URL) of a group, the last of each. */
static void group(const uint8_t *b, uint32_t start, uint32_t end, uint32_t one[2],
                  uint32_t url[2]) {
  one[0] = one[1] = url[0] = url[1] = end;
  for (uint32_t p = start; p < end;) {
    uint32_t tag = b[p], size;
    if (tag != 10 && tag != 26) {
      p = scan_skip(b, p);
      continue;
    }
    p = scan_varint(b, p + 1, &size);
    uint32_t *at = tag == 10 ? one : url;
    at[0] = p;
    p += size;
    at[1] = p;
  }
}

static void item(struct encoder *e, uint32_t start, uint32_t end) {
  switch (e->layout) {
    case OTEL_TRACES: otel_span(e, start, end); return;
    case OTEL_LOGS: otel_log(e, start, end); return;
    case SMART_SPANS: smart_span(e, start, end); return;
    case OTEL_METRICS: otel_metric(e, start, end);
  }
}

static void scope_group(struct encoder *e, uint32_t start, uint32_t end) {
  const uint8_t *b = e->b;
  uint32_t one[2], size;
  group(b, start, end, one, e->scope_url);
  if (e->layout == SMART_SPANS) smart_set(e, 1, one[0], one[1]);
  else otel_scope(e, one[0], one[1]);
  for (uint32_t p = start; p < end && !e->failed;) {
    if (b[p] != 18) {
      p = scan_skip(b, p);
      continue;
    }
    p = scan_varint(b, p + 1, &size);
    item(e, p, p + size);
    p += size;
  }
}

static void resource_group(struct encoder *e, uint32_t start, uint32_t end) {
  const uint8_t *b = e->b;
  uint32_t one[2], size;
  group(b, start, end, one, e->resource_url);
  if (e->layout == SMART_SPANS) smart_set(e, 0, one[0], one[1]);
  else otel_resource(e, one[0], one[1]);
  for (uint32_t p = start; p < end && !e->failed;) {
    if (b[p] != 18) {
      p = scan_skip(b, p);
      continue;
    }
    p = scan_varint(b, p + 1, &size);
    scope_group(e, p, p + size);
    p += size;
  }
}

/* Adds all items of e->b[0, size), which the structural pass has found sound. */
void encoder_walk(struct encoder *e, uint32_t size) {
  const uint8_t *b = e->b;
  uint32_t length;
  for (uint32_t p = 0; p < size && !e->failed;) {
    if (b[p] != 10) {
      p = scan_skip(b, p);
      continue;
    }
    p = scan_varint(b, p + 1, &length);
    resource_group(e, p, p + length);
    p += length;
  }
}
