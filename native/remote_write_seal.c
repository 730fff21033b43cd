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

static int before(const struct all *all, uint32_t a, uint32_t b) {
  if (all->series[a] != all->series[b]) return all->series[a] < all->series[b];
  return all->time[a] < all->time[b];
}

/* Merges sorted halves until all is sorted; equal rows stay in order. */
static void merge_sort(const struct all *all, uint32_t *order, uint32_t *other) {
  for (uint64_t width = 1; width < all->count; width *= 2) {
    for (uint64_t from = 0; from < all->count; from += 2 * width) {
      uint64_t middle = from + width < all->count ? from + width : all->count;
      uint64_t end = middle + width < all->count ? middle + width : all->count;
      uint64_t a = from, b = middle;
      for (uint64_t i = from; i < end; i++) {
        if (a < middle && (b == end || !before(all, order[b], order[a]))) other[i] = order[a++];
        else other[i] = order[b++];
      }
    }
    memcpy(order, other, (size_t)all->count * 4);
  }
}

/*
 * Sorts by series and time. Series are hashes: their upper halves are nearly always enough, and what
 * came in order of time stays so; the rest is put right row by row, or where that takes long by
 * merging.
 */
static void sort_rows(const struct all *all, uint32_t *order, uint32_t *other) {
  static const int shifts[] = {32, 43, 54};
  for (uint32_t i = 0; i < all->count; i++) order[i] = i;
  for (int pass = 0; pass < 3; pass++) {
    uint32_t counts[2048] = {0}, sum = 0;
    int shift = shifts[pass];
    for (uint32_t i = 0; i < all->count; i++) counts[all->series[i] >> shift & 2047]++;
    for (int i = 0; i < 2048; i++) {
      uint32_t n = counts[i];
      counts[i] = sum;
      sum += n;
    }
    for (uint32_t i = 0; i < all->count; i++) {
      other[counts[all->series[order[i]] >> shift & 2047]++] = order[i];
    }
    uint32_t *swap = order;
    order = other;
    other = swap;
  }
  /* after three passes `order` is what the caller calls `other` */
  memcpy(other, order, (size_t)all->count * 4);
  uint32_t *sorted = other;
  uint64_t moves = 0;
  for (uint32_t i = 1; i < all->count; i++) {
    uint32_t row = sorted[i], at = i;
    for (; at > 0 && before(all, row, sorted[at - 1]); at--) sorted[at] = sorted[at - 1];
    sorted[at] = row;
    moves += i - at;
    if (moves > (uint64_t)all->count * 4 + 1024) {
      merge_sort(all, sorted, order);
      return;
    }
  }
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

static uint8_t *put64(uint8_t *p, const uint64_t *from, const uint32_t *order, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) memcpy(p + (size_t)i * 8, &from[order[i]], 8);
  return p + (size_t)n * 8;
}

static size_t put_block(const struct all *all, const uint32_t *order, uint32_t day, uint32_t flags,
                        uint8_t *out) {
  static const char nanos[] = "DateTime64(9, 'UTC')";
  uint32_t n = all->count;
  uint8_t *p = put_varint(out, 5 + (flags & HAS_STARTS ? 1 : 0) + (flags & HAS_STALE ? 1 : 0));
  p = put_head(put_varint(p, n), "day", "Date");
  for (uint32_t i = 0; i < n; i++, p += 2) {
    p[0] = (uint8_t)day;
    p[1] = (uint8_t)(day >> 8);
  }
  p = put64(put_head(p, "series_id", "UInt64"), all->series, order, n);
  p = put64(put_head(p, "time", nanos), all->time, order, n);
  if (flags & HAS_STARTS) p = put64(put_head(p, "start_time", nanos), all->start, order, n);
  if (flags & HAS_STALE) {
    p = put_head(p, "flags", "UInt32");
    for (uint32_t i = 0; i < n; i++, p += 4) memcpy(p, &all->flags[order[i]], 4);
  }
  p = put64(put_head(p, "mantissa", "Int64"), all->mantissa, order, n);
  p = put_head(p, "scale", "Int8");
  for (uint32_t i = 0; i < n; i++) *p++ = all->scale[order[i]];
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
  uint8_t *memory = calloc(total + 1, 8 * 4 + 4 * 3 + 1);
  if (memory == NULL) abort();
  struct all all = {.count = (uint32_t)total};
  all.series = (uint64_t *)(void *)memory;
  all.time = all.series + total;
  all.mantissa = all.time + total;
  all.start = all.mantissa + total;
  all.flags = (uint32_t *)(all.start + total);
  uint32_t *order = all.flags + total, *other = order + total;
  all.scale = (uint8_t *)(other + total);
  for (size_t i = 0; i < count; i++) {
    uint32_t rows = (uint32_t)rows_of(&pieces[i], &flags);
    gather_piece(&all, &pieces[i], at, rows, flags);
    at += rows;
  }
  sort_rows(&all, order, other);
  flags = (any64(all.start, all.count) ? HAS_STARTS : 0) | (any32(all.flags, all.count) ? HAS_STALE : 0);
  *columns = flags;
  size_t size = put_block(&all, order, day, flags, out);
  free(memory);
  return (int64_t)size;
}
