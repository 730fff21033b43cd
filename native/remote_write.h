/*
 * Plain remote write requests to columns, and these to rows of schema smart. Plain is what senders
 * send all the time: series of labels in order and of samples, nothing else. The twin is the way
 * of wire/prometheus/remote-write, which takes everything and says what is wrong.
 */
#ifndef WIRESTITCH_REMOTE_WRITE_H
#define WIRESTITCH_REMOTE_WRITE_H
#include <stddef.h>
#include <stdint.h>

/* Numbers that are appended; `size` is the bytes of one. */
struct list {
  uint8_t *p;
  size_t len, cap; /* bytes */
};

/* Label sets by a keyed hash of 96 bits: numbers in order of first appearance. */
struct slot {
  uint64_t hash;
  uint32_t more;
  uint32_t set; /* number + 1; 0 = free */
};

struct symbol {
  uint32_t start, end;
  uint64_t a, b;
};

enum { MAX_SETS = 1000000 };

struct sets {
  uint64_t key[4];
  struct slot *slots;
  uint32_t mask, count, epoch; /* the epoch ends when there are too many sets */
  /* the request at hand */
  struct list times, bits, starts, numbers, ends, ranges, symbols;
  uint32_t series, samples;
  uint64_t expanded; /* bytes of labels, repeated for each sample */
  int has_starts, has_stale;
  /* bytes of the request, unpacked here; NULL = it was not packed */
  struct list plain;
  uint32_t serial; /* of the request that `plain` is */
};

int sets_init(struct sets *s, const uint8_t key[32]);
void sets_free(struct sets *s);
/* 1: read; 0: not plain, or no message at all. New sets may have been numbered then, too. */
int sets_read(struct sets *s, const uint8_t *b, uint32_t size, int version);

/*
 * The columns of a request: header, i64 times (ms), u64 bits of values, i64 starts (ms, if any),
 * u32 numbers of sets, u32 ends of their samples, u32 pairs of the bytes of each series.
 */
struct columns {
  uint32_t series, samples, epoch, flags; /* flags: 1 starts, 2 stale markers */
  uint32_t serial, plain_bytes, unused[2];
};
enum { HAS_STARTS = 1, HAS_STALE = 2 };
size_t columns_size(const struct columns *c);

/* What the writer knows of series, by their numbers; see series-cache.ts. */
struct known {
  const int32_t *series; /* by set; -1 = none */
  size_t sets, count;
  const uint32_t *id_low, *id_high;
  uint8_t *scale, *misses;
  const int32_t *day; /* of which its row is stored, or on its way */
};

/*
 * Rows of one day: u64 series, u64 ns, i64 mantissa, [u64 start], [u32 flags], i8 scale; each
 * column has room for all samples until `rows_close_up`.
 */
struct rows {
  uint32_t count, day;
  uint32_t left; /* series that are not among them: their places are in `places` */
};
/*
 * Adds the rows of all series (places_count = 0), or of those in `places`, to `r->count` that are
 * there.
 */
void rows_write(const struct columns *c, const struct known *k, uint32_t receipt, uint8_t *out,
                uint32_t *places, uint32_t places_count, struct rows *r);
void rows_close_up(const struct columns *c, uint8_t *out, uint32_t count);

/* remote_write_seal.c: bytes in the form in which a batch waits */
struct piece {
  const uint8_t *p;
  size_t size;
};
enum { SEALED_ROW = 39, SEALED_HEAD = 256 };
/*
 * Writes the rows of all pieces as one block of metric_samples, by series and time; those that came
 * later stay behind their equals. Columns of starts and flags are there where one is not 0:
 * `*columns` says which (HAS_STARTS, HAS_STALE).
 * Returns the bytes of the block, -1: pieces are something else, or there is no room.
 */
int64_t rows_seal(const struct piece *pieces, size_t count, uint32_t day, uint8_t *out, size_t room,
                  uint32_t *columns);

/* snappy_block.c: the size of a block unpacked, -1 = it says none */
int64_t snappy_length(const uint8_t *in, size_t size);
/* Unpacks a block of `length` bytes; beyond them, up to `room`, memory may be written to, too. */
int snappy_unpack(const uint8_t *in, size_t size, uint8_t *out, size_t room, size_t length);
#endif
