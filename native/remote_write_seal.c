/* Rows that waited to one block of ClickHouse's Native format, sorted; twin: sorted-samples.ts. */
#include "remote_write.h"
#include <stdlib.h>
#include <string.h>

enum { HEADER = 32 };
static const uint32_t MAGIC = 0x31525357;

/* Columns of one piece; NULL = absent, all zeros. A piece may lie anywhere: values are copied out. */
struct part {
  uint32_t count;
  const uint8_t *series, *time, *mantissa, *start, *flags, *scale;
};

static uint32_t u32_at(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

static uint64_t u64_at(const uint8_t *p, uint32_t row) {
  uint64_t v;
  memcpy(&v, p + (size_t)row * 8, 8);
  return v;
}

static const uint8_t *column(const uint8_t **at, size_t bytes, int there) {
  const uint8_t *p = *at;
  if (!there) return NULL;
  *at += bytes;
  return p;
}

/* The columns of a piece, 0 = it is something else; see stored-rows.ts. */
static int part_of(const struct piece *piece, struct part *part) {
  if (piece->size < HEADER || u32_at(piece->p) != MAGIC) return 0;
  uint32_t rows = u32_at(piece->p + 12), flags = u32_at(piece->p + 16);
  uint64_t row = 25 + (flags & HAS_STARTS ? 8 : 0) + (flags & HAS_STALE ? 4 : 0);
  uint64_t size = HEADER + row * rows + u32_at(piece->p + 20) + u32_at(piece->p + 24);
  if (size != piece->size) return 0;
  const uint8_t *at = piece->p + HEADER;
  size_t n = rows;
  part->count = rows;
  part->series = column(&at, n * 8, 1);
  part->time = column(&at, n * 8, 1);
  part->mantissa = column(&at, n * 8, 1);
  part->start = column(&at, n * 8, flags & HAS_STARTS);
  part->flags = column(&at, n * 4, flags & HAS_STALE);
  part->scale = column(&at, n, 1);
  return 1;
}

/* Rows of one series in one part, in order of time. */
struct run {
  uint32_t part, from, count;
};

static int before(const struct part *parts, struct run a, uint32_t row_a, struct run b,
                  uint32_t row_b) {
  const struct part *p = &parts[a.part], *q = &parts[b.part];
  uint64_t x = u64_at(p->series, row_a), y = u64_at(q->series, row_b);
  if (x != y) return x < y;
  return u64_at(p->time, row_a) < u64_at(q->time, row_b);
}

/* Merges sorted halves until all is sorted; equal rows stay in order. */
static void merge_sort(const struct part *parts, struct run *order, struct run *other, uint64_t n) {
  for (uint64_t width = 1; width < n; width *= 2) {
    for (uint64_t from = 0; from < n; from += 2 * width) {
      uint64_t middle = from + width < n ? from + width : n;
      uint64_t end = middle + width < n ? middle + width : n;
      uint64_t a = from, b = middle;
      for (uint64_t i = from; i < end; i++) {
        int first = a < middle &&
                    (b == end || !before(parts, order[b], order[b].from, order[a], order[a].from));
        other[i] = first ? order[a++] : order[b++];
      }
    }
    memcpy(order, other, (size_t)n * sizeof *order);
  }
}

/* Whether row `i` goes on where the one before it is. */
static int goes_on(const struct part *part, uint32_t i) {
  return i > 0 && u64_at(part->series, i) == u64_at(part->series, i - 1) &&
         u64_at(part->time, i) >= u64_at(part->time, i - 1);
}

/* Writes runs where there is room for them. Returns how many there are. */
static uint32_t runs_of(const struct part *parts, size_t count, int single, struct run *runs) {
  uint32_t n = 0;
  for (size_t p = 0; p < count; p++) {
    for (uint32_t i = 0; i < parts[p].count; i++) {
      int same = !single && goes_on(&parts[p], i);
      if (runs != NULL && same) runs[n - 1].count++;
      else if (runs != NULL) runs[n] = (struct run){(uint32_t)p, i, 1};
      n += !same;
    }
  }
  return n;
}

/* By the upper halves of the series, which are hashes: they are nearly always enough. */
static void radix_sort(const struct part *parts, struct run *runs, struct run *other, uint32_t n,
                       uint64_t *keys) {
  static const int shifts[] = {32, 43, 54};
  uint64_t *other_keys = keys + n;
  for (uint32_t i = 0; i < n; i++) {
    keys[i] = (u64_at(parts[runs[i].part].series, runs[i].from) & 0xffffffff00000000) | i;
  }
  for (int pass = 0; pass < 3; pass++) {
    uint32_t counts[2048] = {0}, sum = 0;
    int shift = shifts[pass];
    for (uint32_t i = 0; i < n; i++) counts[keys[i] >> shift & 2047]++;
    for (int i = 0; i < 2048; i++) {
      uint32_t count = counts[i];
      counts[i] = sum;
      sum += count;
    }
    for (uint32_t i = 0; i < n; i++) other_keys[counts[keys[i] >> shift & 2047]++] = keys[i];
    uint64_t *swap = keys;
    keys = other_keys;
    other_keys = swap;
  }
  if (n > 0) memcpy(other, runs, (size_t)n * sizeof *runs);
  for (uint32_t i = 0; i < n; i++) runs[i] = other[(uint32_t)keys[i]];
}

/* Puts right what the upper halves left; 0: that takes long. */
static int insertion_sort(const struct part *parts, struct run *runs, uint32_t n) {
  uint64_t moves = 0;
  for (uint32_t i = 1; i < n; i++) {
    struct run run = runs[i];
    uint32_t at = i;
    for (; at > 0 && before(parts, run, run.from, runs[at - 1], runs[at - 1].from); at--) {
      runs[at] = runs[at - 1];
    }
    runs[at] = run;
    moves += i - at;
    if (moves > (uint64_t)n * 4 + 1024) return 0;
  }
  return 1;
}

static int came_later(struct run a, struct run b) {
  return a.part != b.part ? a.part > b.part : a.from > b.from;
}

/*
 * Whether no run begins before the last row of the one in front of it, nor at its time if it came
 * before that one.
 */
static int apart(const struct part *parts, const struct run *runs, uint32_t n) {
  for (uint32_t i = 1; i < n; i++) {
    struct run front = runs[i - 1], run = runs[i];
    uint32_t last = front.from + front.count - 1;
    if (came_later(front, run) ? !before(parts, front, last, run, run.from)
                               : before(parts, run, run.from, front, last))
      return 0;
  }
  return 1;
}

/* Runs in the order of series and time, to be freed. */
static struct run *sorted_runs(const struct part *parts, size_t count, int single, uint32_t *n) {
  *n = runs_of(parts, count, single, NULL);
  size_t each = 2 * sizeof(struct run) + 2 * sizeof(uint64_t);
  uint64_t *memory = malloc((size_t)(*n + 1) * each);
  if (memory == NULL) abort();
  struct run *runs = (struct run *)(void *)(memory + 2 * (size_t)*n), *other = runs + *n;
  runs_of(parts, count, single, runs);
  if (!single) radix_sort(parts, runs, other, *n, memory);
  if (single || !insertion_sort(parts, runs, *n)) merge_sort(parts, runs, other, *n);
  if (*n > 0) memmove(memory, runs, (size_t)*n * sizeof *runs);
  return (struct run *)(void *)memory;
}

/*
 * Rows in the order of series and time; equal ones stay in the order in which they came. What comes
 * in order of time, as nearly everything does, is sorted in runs; the rest row by row.
 */
static struct run *sort_rows(const struct part *parts, size_t count, uint32_t *n) {
  struct run *runs = sorted_runs(parts, count, 0, n);
  if (apart(parts, runs, *n)) return runs;
  free(runs);
  return sorted_runs(parts, count, 1, n);
}

static uint8_t *put_varint(uint8_t *p, uint32_t value) {
  for (; value > 127; value >>= 7) *p++ = (uint8_t)(value | 128);
  *p++ = (uint8_t)value;
  return p;
}

static uint8_t *put_head(uint8_t *p, const char *name, const char *type) {
  const char *texts[] = {name, type};
  for (int i = 0; i < 2; i++) {
    size_t n = strlen(texts[i]);
    *p++ = (uint8_t)n;
    memcpy(p, texts[i], n);
    p += n;
  }
  return p;
}

/* Where a column is in a part. */
enum where { SERIES, TIME, MANTISSA, START, FLAGS, SCALE };

static const uint8_t *column_of(const struct part *part, enum where where) {
  const uint8_t *all[] = {part->series, part->time,  part->mantissa,
                          part->start,  part->flags, part->scale};
  return all[where];
}

/* A column of values of `size` bytes. */
static uint8_t *put_column(uint8_t *p, const struct part *parts, enum where where, size_t size,
                           const struct run *runs, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    const uint8_t *from = column_of(&parts[runs[i].part], where);
    size_t bytes = runs[i].count * size;
    if (from == NULL) memset(p, 0, bytes);
    else if (bytes == 8) memcpy(p, from + runs[i].from * size, 8);
    else memcpy(p, from + runs[i].from * size, bytes);
    p += bytes;
  }
  return p;
}

static size_t put_block(const struct part *parts, const struct run *runs, uint32_t n,
                        uint32_t total, uint32_t day, uint32_t flags, uint8_t *out) {
  static const char nanos[] = "DateTime64(9, 'UTC')";
  uint8_t *p = put_varint(out, 5 + (flags & HAS_STARTS ? 1 : 0) + (flags & HAS_STALE ? 1 : 0));
  p = put_head(put_varint(p, total), "day", "Date");
  for (uint32_t i = 0; i < total; i++, p += 2) {
    p[0] = (uint8_t)day;
    p[1] = (uint8_t)(day >> 8);
  }
  p = put_column(put_head(p, "series_id", "UInt64"), parts, SERIES, 8, runs, n);
  p = put_column(put_head(p, "time", nanos), parts, TIME, 8, runs, n);
  if (flags & HAS_STARTS) {
    p = put_column(put_head(p, "start_time", nanos), parts, START, 8, runs, n);
  }
  if (flags & HAS_STALE) p = put_column(put_head(p, "flags", "UInt32"), parts, FLAGS, 4, runs, n);
  p = put_column(put_head(p, "mantissa", "Int64"), parts, MANTISSA, 8, runs, n);
  p = put_column(put_head(p, "scale", "Int8"), parts, SCALE, 1, runs, n);
  return (size_t)(p - out);
}

static int any(const uint8_t *p, size_t bytes) {
  uint8_t all = 0;
  for (size_t i = 0; p != NULL && i < bytes; i++) all |= p[i];
  return all != 0;
}

int64_t rows_seal(const struct piece *pieces, size_t count, uint32_t day, uint8_t *out, size_t room,
                  uint32_t *columns) {
  uint64_t total = 0;
  uint32_t flags = 0, n;
  int64_t size = -1;
  struct part *parts = calloc(count + 1, sizeof *parts);
  if (parts == NULL) abort();
  for (size_t i = 0; i < count; i++) {
    if (!part_of(&pieces[i], &parts[i])) goto end;
    total += parts[i].count;
    if (any(parts[i].start, (size_t)parts[i].count * 8)) flags |= HAS_STARTS;
    if (any(parts[i].flags, (size_t)parts[i].count * 4)) flags |= HAS_STALE;
  }
  if (total > 0x7fffffff || room < total * SEALED_ROW + SEALED_HEAD) goto end;
  struct run *runs = sort_rows(parts, count, &n);
  size = (int64_t)put_block(parts, runs, n, (uint32_t)total, day, flags, out);
  *columns = flags;
  free(runs);
end:
  free(parts);
  return size;
}
