/* Rows that waited to one block of ClickHouse's Native format, sorted; twin: sorted-samples.ts. */
#include "remote_write.h"
#include <stdlib.h>
#include <string.h>

enum { HEADER = 32 };
static const uint32_t MAGIC = 0x31525357;

/* The rows of all pieces, one after the other. */
struct all {
  uint32_t count;
  uint64_t *series, *time, *mantissa, *start;
  uint32_t *flags;
  uint8_t *scale;
};

static uint32_t u32_at(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

/* Rows of a piece, -1 = it is something else; see stored-rows.ts. */
static int64_t rows_of(const struct piece *piece, uint32_t *flags) {
  if (piece->size < HEADER || u32_at(piece->p) != MAGIC) return -1;
  uint32_t rows = u32_at(piece->p + 12);
  *flags = u32_at(piece->p + 16);
  uint64_t row = 25 + (*flags & HAS_STARTS ? 8 : 0) + (*flags & HAS_STALE ? 4 : 0);
  uint64_t size = HEADER + row * rows + u32_at(piece->p + 20) + u32_at(piece->p + 24);
  return size == piece->size ? (int64_t)rows : -1;
}

static void take(void *to, uint32_t at, uint32_t rows, size_t size, const uint8_t **from) {
  memcpy((uint8_t *)to + at * size, *from, rows * size);
  *from += rows * size;
}

static void gather_piece(struct all *all, const struct piece *piece, uint32_t at, uint32_t rows,
                         uint32_t flags) {
  const uint8_t *p = piece->p + HEADER;
  take(all->series, at, rows, 8, &p);
  take(all->time, at, rows, 8, &p);
  take(all->mantissa, at, rows, 8, &p);
  if (flags & HAS_STARTS) take(all->start, at, rows, 8, &p);
  if (flags & HAS_STALE) take(all->flags, at, rows, 4, &p);
  take(all->scale, at, rows, 1, &p);
}

/* Rows of one series that came one after the other. */
struct run {
  uint32_t from, count;
};

static int before(const struct all *all, uint32_t a, uint32_t b) {
  if (all->series[a] != all->series[b]) return all->series[a] < all->series[b];
  return all->time[a] < all->time[b];
}

/* Merges sorted halves until all is sorted; equal rows stay in order. */
static void merge_sort(const struct all *all, struct run *order, struct run *other, uint64_t n) {
  for (uint64_t width = 1; width < n; width *= 2) {
    for (uint64_t from = 0; from < n; from += 2 * width) {
      uint64_t middle = from + width < n ? from + width : n;
      uint64_t end = middle + width < n ? middle + width : n;
      uint64_t a = from, b = middle;
      for (uint64_t i = from; i < end; i++) {
        int first = a < middle && (b == end || !before(all, order[b].from, order[a].from));
        other[i] = first ? order[a++] : order[b++];
      }
    }
    memcpy(order, other, (size_t)n * sizeof *order);
  }
}

static uint32_t runs_of(const struct all *all, struct run *runs) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < all->count; i++) {
    int same = i > 0 && all->series[i] == all->series[i - 1] && all->time[i] >= all->time[i - 1];
    if (same) runs[n - 1].count++;
    else runs[n++] = (struct run){i, 1};
  }
  return n;
}

/* By the upper halves of the series, which are hashes: they are nearly always enough. */
static void radix_sort(const struct all *all, struct run *runs, struct run *other, uint32_t n,
                       uint64_t *keys, uint64_t *other_keys) {
  static const int shifts[] = {32, 43, 54};
  for (uint32_t i = 0; i < n; i++) {
    keys[i] = (all->series[runs[i].from] & 0xffffffff00000000) | i;
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
  memcpy(other, runs, (size_t)n * sizeof *runs);
  for (uint32_t i = 0; i < n; i++) runs[i] = other[(uint32_t)keys[i]];
}

/* Puts right what the upper halves left; 0: that takes long. */
static int insertion_sort(const struct all *all, struct run *runs, uint32_t n) {
  uint64_t moves = 0;
  for (uint32_t i = 1; i < n; i++) {
    struct run run = runs[i];
    uint32_t at = i;
    for (; at > 0 && before(all, run.from, runs[at - 1].from); at--) runs[at] = runs[at - 1];
    runs[at] = run;
    moves += i - at;
    if (moves > (uint64_t)n * 4 + 1024) return 0;
  }
  return 1;
}

/* Whether no run begins before the last row of the one in front of it. */
static int apart(const struct all *all, const struct run *runs, uint32_t n) {
  for (uint32_t i = 1; i < n; i++) {
    if (before(all, runs[i].from, runs[i - 1].from + runs[i - 1].count - 1)) return 0;
  }
  return 1;
}

/*
 * Sorts by series and time; equal rows stay in the order in which they came. What comes in order of
 * time, as nearly everything does, is sorted in runs; the rest row by row.
 */
static uint32_t sort_rows(const struct all *all, struct run *runs, struct run *other,
                          uint64_t *keys) {
  uint32_t n = runs_of(all, runs);
  radix_sort(all, runs, other, n, keys, keys + n);
  if (!insertion_sort(all, runs, n)) merge_sort(all, runs, other, n);
  if (apart(all, runs, n)) return n;
  for (uint32_t i = 0; i < all->count; i++) runs[i] = (struct run){i, 1};
  merge_sort(all, runs, other, all->count);
  return all->count;
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

/* A column of values of `size` bytes. */
static uint8_t *put_column(uint8_t *p, const void *from, size_t size, const struct run *runs,
                           uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    const uint8_t *at = (const uint8_t *)from + runs[i].from * size;
    if (runs[i].count == 1 && size == 8) memcpy(p, at, 8);
    else memcpy(p, at, runs[i].count * size);
    p += runs[i].count * size;
  }
  return p;
}

static size_t put_block(const struct all *all, const struct run *runs, uint32_t n, uint32_t day,
                        uint32_t flags, uint8_t *out) {
  static const char nanos[] = "DateTime64(9, 'UTC')";
  uint8_t *p = put_varint(out, 5 + (flags & HAS_STARTS ? 1 : 0) + (flags & HAS_STALE ? 1 : 0));
  p = put_head(put_varint(p, all->count), "day", "Date");
  for (uint32_t i = 0; i < all->count; i++, p += 2) {
    p[0] = (uint8_t)day;
    p[1] = (uint8_t)(day >> 8);
  }
  p = put_column(put_head(p, "series_id", "UInt64"), all->series, 8, runs, n);
  p = put_column(put_head(p, "time", nanos), all->time, 8, runs, n);
  if (flags & HAS_STARTS) {
    p = put_column(put_head(p, "start_time", nanos), all->start, 8, runs, n);
  }
  if (flags & HAS_STALE) p = put_column(put_head(p, "flags", "UInt32"), all->flags, 4, runs, n);
  p = put_column(put_head(p, "mantissa", "Int64"), all->mantissa, 8, runs, n);
  p = put_column(put_head(p, "scale", "Int8"), all->scale, 1, runs, n);
  return (size_t)(p - out);
}

static int any64(const uint64_t *p, uint32_t n) {
  uint64_t all = 0;
  for (uint32_t i = 0; i < n; i++) all |= p[i];
  return all != 0;
}

static int any32(const uint32_t *p, uint32_t n) {
  uint32_t all = 0;
  for (uint32_t i = 0; i < n; i++) all |= p[i];
  return all != 0;
}

int64_t rows_seal(const struct piece *pieces, size_t count, uint32_t day, uint8_t *out, size_t room,
                  uint32_t *columns) {
  uint64_t total = 0;
  uint32_t flags, at = 0;
  for (size_t i = 0; i < count; i++) {
    int64_t rows = rows_of(&pieces[i], &flags);
    if (rows < 0) return -1;
    total += (uint64_t)rows;
  }
  if (total > 0x7fffffff || room < total * SEALED_ROW + SEALED_HEAD) return -1;
  /* five columns of 8 bytes and of less, two of runs, two of keys */
  uint8_t *memory = calloc(total + 1, 8 * 4 + 4 + 1 + 2 * sizeof(struct run) + 2 * 8 + 3);
  if (memory == NULL) abort();
  struct all all = {.count = (uint32_t)total};
  all.series = (uint64_t *)(void *)memory;
  all.time = all.series + total;
  all.mantissa = all.time + total;
  all.start = all.mantissa + total;
  uint64_t *keys = all.start + total;
  struct run *runs = (struct run *)(keys + 2 * total), *other = runs + total;
  all.flags = (uint32_t *)(other + total);
  all.scale = (uint8_t *)(all.flags + total);
  for (size_t i = 0; i < count; i++) {
    uint32_t rows = (uint32_t)rows_of(&pieces[i], &flags);
    gather_piece(&all, &pieces[i], at, rows, flags);
    at += rows;
  }
  uint32_t n = sort_rows(&all, runs, other, keys);
  flags = any64(all.start, all.count) ? HAS_STARTS : 0;
  if (any32(all.flags, all.count)) flags |= HAS_STALE;
  *columns = flags;
  size_t size = put_block(&all, runs, n, day, flags, out);
  free(memory);
  return (int64_t)size;
}
