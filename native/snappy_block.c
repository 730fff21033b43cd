/* Snappy blocks, https://github.com/google/snappy/blob/main/format_description.txt */
#include "remote_write.h"
#include <string.h>

/* The size that a block says it has, unpacked; -1 = none. `*at` is behind it. */
static int64_t length_of(const uint8_t *in, size_t size, size_t *at) {
  uint64_t value = 0;
  for (int shift = 0; shift < 35 && *at < size; shift += 7) {
    uint8_t byte = in[(*at)++];
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return value > 0xffffffff ? -1 : (int64_t)value;
  }
  return -1;
}

int64_t snappy_length(const uint8_t *in, size_t size) {
  size_t at = 0;
  return length_of(in, size, &at);
}

/* Little-endian number of `n` bytes, at most 4. */
static uint32_t number(const uint8_t *p, uint32_t n) {
  uint32_t value = 0;
  for (uint32_t i = 0; i < n; i++) value |= (uint32_t)p[i] << (8 * i);
  return value;
}

/* Copies within the output, where source and target may overlap. */
static void copy_back(uint8_t *out, size_t o, uint32_t offset, uint32_t n, size_t room) {
  uint8_t *to = out + o;
  const uint8_t *from = to - offset;
  if (offset >= 16 && o + n + 16 <= room) {
    for (uint32_t i = 0; i < n; i += 16) memcpy(to + i, from + i, 16);
  } else if (offset >= 8 && o + n + 8 <= room) {
    for (uint32_t i = 0; i < n; i += 8) memcpy(to + i, from + i, 8);
  } else {
    for (uint32_t i = 0; i < n; i++) to[i] = from[i];
  }
}

int snappy_unpack(const uint8_t *in, size_t size, uint8_t *out, size_t room, size_t length) {
  size_t at = 0, o = 0;
  if (length_of(in, size, &at) != (int64_t)length || room < length) return 0;
  while (at < size) {
    uint32_t tag = in[at++], n, offset;
    if ((tag & 3) == 0) {
      n = (tag >> 2) + 1;
      if (n > 60) {
        uint32_t more = n - 60;
        if (size - at < more) return 0;
        n = number(in + at, more) + 1;
        at += more;
        if (n == 0) return 0;
      }
      if (n > size - at || n > length - o) return 0;
      if (n <= 16 && size - at >= 16 && room - o >= 16) memcpy(out + o, in + at, 16);
      else memcpy(out + o, in + at, n);
      at += n;
      o += n;
      continue;
    }
    uint32_t more = (tag & 3) == 3 ? 4 : tag & 3;
    if (size - at < more) return 0;
    offset = number(in + at, more);
    if (more == 1) {
      offset |= (tag >> 5) << 8;
      n = (tag >> 2 & 7) + 4;
    } else n = (tag >> 2) + 1;
    at += more;
    if (offset == 0 || offset > o || n > length - o) return 0;
    copy_back(out, o, offset, n, room);
    o += n;
  }
  return o == length;
}
