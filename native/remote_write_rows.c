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

void rows_close_up(const struct columns *c, uint8_t *out, uint32_t count) {
  size_t sizes[] = {8, 8, 8, c->flags & HAS_STARTS ? 8 : 0, c->flags & HAS_STALE ? 4 : 0, 1};
  uint8_t *from = out, *to = out;
  for (int i = 0; i < 6; i++) {
    memmove(to, from, sizes[i] * count);
    from += sizes[i] * c->samples;
    to += sizes[i] * count;
  }
}

/* Where the parts of a request and of its rows lie. */
struct view {
  const int64_t *times, *starts;
  const uint64_t *bits;
  const uint32_t *sets, *ends;
  uint64_t *series_out, *time_out, *start_out;
  int64_t *mantissa_out;
  uint32_t *flags_out;
  int8_t *scale_out;
};

static struct view view_of(const struct columns *c, uint8_t *out) {
  struct view v;
  uint32_t n = c->samples;
  int starts = c->flags & HAS_STARTS, stale = c->flags & HAS_STALE;
  v.times = (const int64_t *)(const void *)(c + 1);
  v.bits = (const uint64_t *)(v.times + n);
  v.starts = starts ? (const int64_t *)(v.bits + n) : NULL;
  v.sets = (const uint32_t *)(const void *)(v.bits + (size_t)n * (starts ? 2 : 1));
  v.ends = v.sets + c->series;
  v.series_out = (uint64_t *)(void *)out;
  v.time_out = v.series_out + n;
  v.mantissa_out = (int64_t *)(v.time_out + n);
  v.start_out = (uint64_t *)(v.mantissa_out + n);
  v.flags_out = (uint32_t *)(v.start_out + (starts ? n : 0));
  if (!stale) v.scale_out = (int8_t *)v.flags_out;
  else v.scale_out = (int8_t *)(v.flags_out + n);
  if (!stale) v.flags_out = NULL;
  return v;
}

static void put_row(const struct view *v, const struct known *k, uint32_t series, uint32_t at,
                    uint32_t n) {
  int stale = v->bits[at] == STALE;
  struct decimal d = {0, NONE};
  if (!stale) d = value_of(k, series, v->bits[at]);
  v->series_out[n] = (uint64_t)k->id_high[series] << 32 | k->id_low[series];
  v->time_out[n] = (uint64_t)v->times[at] * 1000000;
  v->mantissa_out[n] = d.mantissa;
  if (v->starts != NULL) v->start_out[n] = (uint64_t)v->starts[at] * 1000000;
  if (v->flags_out != NULL) v->flags_out[n] = (uint32_t)stale;
  v->scale_out[n] = (int8_t)d.scale;
}

/* The series that a set is, -1 = none has a row on this day. */
static int64_t series_of(const struct known *k, uint32_t set, uint32_t day) {
  int32_t series = set < k->sets ? k->series[set] : -1;
  if (series < 0 || (size_t)series >= k->count) return -1;
  return k->day[series] == (int32_t)day ? series : -1;
}

void rows_write(const struct columns *c, const struct known *k, uint32_t receipt, uint8_t *out,
                uint32_t *places, uint32_t places_count, struct rows *r) {
  struct view v = view_of(c, out);
  uint32_t left = 0, count = places_count == 0 ? c->series : places_count;
  uint32_t day = c->samples == 0 ? 0 : day_of(v.times[0], receipt);
  for (uint32_t n = 0; n < count; n++) {
    uint32_t i = places_count == 0 ? n : places[n];
    uint32_t from = i == 0 ? 0 : v.ends[i - 1], end = v.ends[i];
    int64_t series = series_of(k, v.sets[i], day);
    for (uint32_t at = from; series >= 0 && at < end; at++) {
      if (day_of(v.times[at], receipt) != day) series = -1;
    }
    if (series < 0) {
      if (end > from) places[left++] = i;
      continue;
    }
    for (uint32_t at = from; at < end; at++) put_row(&v, k, (uint32_t)series, at, r->count++);
  }
  r->day = day;
  r->left = left;
}
