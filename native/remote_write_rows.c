/* Columns of requests to rows; see remote_write.h. */
#include "remote_write.h"
#include <math.h>
#include <string.h>

static const uint64_t STALE = 0x7ff0000000000002;
static const double POWERS[16] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
enum { BITS = -1, NONE = -3, MISSES = 8, RETRY_MASK = 63 };
enum { PAST = 86400, FUTURE = 3600, DAY = 86400, LAST_DAY = 65535 };

/* A double as mantissa / 10^scale; twin: decimal.ts. */
struct decimal {
  int64_t mantissa;
  int scale;
};

static int try_scale(struct decimal *d, double value, int scale) {
  double power = POWERS[scale], scaled = value * power;
  double rounded = ceil(scaled);
  if (rounded - 0.5 > scaled) rounded -= 1;
  if (rounded / power != value || fabs(rounded) > 9007199254740992.0) return 0;
  d->mantissa = (int64_t)rounded;
  d->scale = scale;
  return 1;
}

static struct decimal split(uint64_t bits, int from, int search) {
  struct decimal d = {0, from};
  double value;
  memcpy(&value, &bits, 8);
  if (bits == 0) return d;
  if (fabs(value) <= 9007199254740992.0 && value != 0) {
    if (try_scale(&d, value, from)) return d;
    for (int scale = from + 1; search && scale < 16; scale++) {
      if (try_scale(&d, value, scale)) return d;
    }
    for (int scale = from - 1; search && scale >= 0; scale--) {
      if (try_scale(&d, value, scale)) return d;
    }
  }
  memcpy(&d.mantissa, &bits, 8);
  d.scale = BITS;
  return d;
}

static uint32_t day_of(int64_t ms, uint32_t receipt) {
  int64_t seconds = ms / 1000;
  int near = seconds >= (int64_t)receipt - PAST && seconds <= (int64_t)receipt + FUTURE;
  int64_t day = (near ? seconds : (int64_t)receipt) / DAY;
  return day > LAST_DAY ? LAST_DAY : (uint32_t)day;
}

static struct decimal value_of(const struct known *k, uint32_t series, uint64_t bits) {
  int known = k->scale[series];
  uint8_t misses = k->misses[series];
  struct decimal d = split(bits, known, misses < MISSES || (misses & RETRY_MASK) == 0);
  if (d.scale >= 0) {
    if (d.scale > known) k->scale[series] = (uint8_t)d.scale;
    if (misses != 0) k->misses[series] = 0;
  } else if ((bits >> 52 & 0x7ff) != 0x7ff) {
    k->misses[series] = misses == 255 ? MISSES : (uint8_t)(misses + 1);
  }
  return d;
}

/* Columns of rows that are fewer than there was room for move together. */
static void close_up(uint8_t *out, uint32_t room, uint32_t count, uint32_t flags) {
  size_t sizes[] = {8, 8, 8, flags & HAS_STARTS ? 8 : 0, flags & HAS_STALE ? 4 : 0, 1};
  uint8_t *from = out, *to = out;
  for (int i = 0; i < 6; i++) {
    memmove(to, from, sizes[i] * count);
    from += sizes[i] * room;
    to += sizes[i] * count;
  }
}

/* The series that a set is, -1 = its row is not known to be stored for this day. */
static int64_t stored_series(const struct known *k, uint32_t set, uint32_t day) {
  int32_t series = set < k->sets ? k->series[set] : -1;
  if (series < 0 || (size_t)series >= k->count) return -1;
  return k->stored_day[series] == (int32_t)day ? series : -1;
}

void rows_write(const struct columns *c, const struct known *k, uint32_t receipt, uint8_t *out,
                uint32_t *left_over, struct rows *result) {
  const int64_t *times = (const int64_t *)(const void *)(c + 1);
  const uint64_t *bits = (const uint64_t *)(times + c->samples);
  const int64_t *starts = c->flags & HAS_STARTS ? (const int64_t *)(bits + c->samples) : NULL;
  const uint32_t *sets =
      (const uint32_t *)(const void *)(bits + c->samples * (starts == NULL ? 1 : 2));
  const uint32_t *ends = sets + c->series;
  uint32_t room = c->samples, sample = 0, n = 0, left = 0;
  uint64_t *series_at = (uint64_t *)(void *)out, *time_at = series_at + room;
  int64_t *mantissa_at = (int64_t *)(time_at + room);
  uint64_t *start_at = (uint64_t *)(mantissa_at + room);
  uint32_t *flags_at = (uint32_t *)(start_at + (starts == NULL ? 0 : room));
  int8_t *scale_at = (int8_t *)(flags_at + (c->flags & HAS_STALE ? room : 0));
  uint32_t day = c->samples == 0 ? 0 : day_of(times[0], receipt);
  for (uint32_t i = 0; i < c->series; i++) {
    uint32_t end = ends[i], from = sample;
    int64_t series = stored_series(k, sets[i], day);
    for (; series >= 0 && sample < end; sample++) {
      if (day_of(times[sample], receipt) != day) series = -1;
    }
    sample = end;
    if (series < 0) {
      if (end > from) left_over[left++] = i;
      continue;
    }
    uint64_t id = (uint64_t)k->id_high[series] << 32 | k->id_low[series];
    for (uint32_t at = from; at < end; at++, n++) {
      int stale = bits[at] == STALE;
      struct decimal d = stale ? (struct decimal){0, NONE} : value_of(k, (uint32_t)series, bits[at]);
      series_at[n] = id;
      time_at[n] = (uint64_t)times[at] * 1000000;
      mantissa_at[n] = d.mantissa;
      if (starts != NULL) start_at[n] = (uint64_t)starts[at] * 1000000;
      if (c->flags & HAS_STALE) flags_at[n] = (uint32_t)stale;
      scale_at[n] = (int8_t)d.scale;
    }
  }
  if (n < room) close_up(out, room, n, c->flags);
  *result = (struct rows){n, day, left};
}
