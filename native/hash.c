/* Hashes for ClickHouse frames and log records: CityHash128 (version 1.0.2, the one ClickHouse
 * keeps for block checksums) and CRC-32C. TypeScript twins: wire/clickhouse-compress/cityhash.ts
 * and native/crc32c.ts. */
#include <node_api.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

typedef struct {
  uint64_t lo, hi;
} pair;

static const uint64_t K0 = 0xc3a5c85c97cb3127u, K1 = 0xb492b66fbe98f273u;
static const uint64_t K2 = 0x9ae16a3b2f90404fu, K3 = 0xc949d7c7509e6557u;

static uint64_t u64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}
static uint64_t u32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
static uint64_t ror(uint64_t v, int n) { return n == 0 ? v : v >> n | v << (64 - n); }
static uint64_t fold(uint64_t v) { return v ^ v >> 47; }

static uint64_t mix(uint64_t u, uint64_t v) {
  const uint64_t m = 0x9ddfea08eb382d69u;
  return fold((v ^ fold((u ^ v) * m)) * m) * m;
}

static uint64_t short_hash(const uint8_t *s, size_t n) {
  if (n > 8) {
    uint64_t tail = u64(s + n - 8);
    return mix(u64(s), ror(tail + n, (int)n)) ^ tail;
  }
  if (n >= 4) return mix(n + (u32(s) << 3), u32(s + n - 4));
  if (n == 0) return K2;
  uint32_t y = s[0] + ((uint32_t)s[n >> 1] << 8), z = (uint32_t)n + ((uint32_t)s[n - 1] << 2);
  return fold(y * K2 ^ z * K3) * K2;
}

static pair weak(const uint8_t *s, uint64_t a, uint64_t b) {
  uint64_t z = u64(s + 24);
  a += u64(s);
  b = ror(b + a + z, 21);
  uint64_t c = a;
  a += u64(s + 8) + u64(s + 16);
  b += ror(a, 44);
  return (pair){a + z, b + c};
}

static pair murmur(const uint8_t *s, size_t n, pair seed) {
  uint64_t a = seed.lo, b = seed.hi, c, d;
  if (n <= 16) {
    a = fold(a * K1) * K1;
    c = b * K1 + short_hash(s, n);
    d = fold(a + (n >= 8 ? u64(s) : c));
  } else {
    c = mix(u64(s + n - 8) + K1, a);
    d = mix(b + n, c + u64(s + n - 16));
    a += d;
    for (int64_t left = (int64_t)n - 16; left > 0; left -= 16, s += 16) {
      a = (a ^ fold(u64(s) * K1) * K1) * K1;
      b ^= a;
      c = (c ^ fold(u64(s + 8) * K1) * K1) * K1;
      d ^= c;
    }
  }
  a = mix(a, c);
  b = mix(d, b);
  return (pair){a ^ b, mix(b, a)};
}

static pair city128_seeded(const uint8_t *s, size_t n, pair seed) {
  if (n < 128) return murmur(s, n, seed);
  const uint8_t *end = s + n;
  uint64_t x = seed.lo, y = seed.hi, z = n * K1;
  pair v, w;
  v.lo = ror(y ^ K1, 49) * K1 + u64(s);
  v.hi = ror(v.lo, 42) * K1 + u64(s + 8);
  w.lo = ror(y + z, 35) * K1 + x;
  w.hi = ror(x + u64(s + 88), 53) * K1;
  for (; n >= 128; n -= 128) {
    for (int half = 0; half < 2; half++, s += 64) {
      x = ror(x + y + v.lo + u64(s + 16), 37) * K1 ^ w.hi;
      y = ror(y + v.hi + u64(s + 48), 42) * K1 ^ v.lo;
      z = ror(z ^ w.lo, 33);
      v = weak(s, v.hi * K1, x + w.lo);
      w = weak(s + 32, z + w.hi, y);
      uint64_t t = z;
      z = x;
      x = t;
    }
  }
  y += ror(w.lo, 37) * K0 + z;
  x += ror(v.lo + z, 49) * K0;
  for (size_t done = 0; done < n;) {
    done += 32;
    y = ror(y - x, 42) * K0 + v.hi;
    w.lo += u64(end - done + 16);
    x = ror(x, 49) * K0 + w.lo;
    w.lo += v.lo;
    v = weak(end - done, v.lo, v.hi);
  }
  x = mix(x, v.lo);
  y = mix(y, w.lo);
  return (pair){mix(x + v.hi, w.hi) + y, mix(x + w.hi, y + v.hi)};
}

static pair city128(const uint8_t *s, size_t n) {
  if (n >= 16) return city128_seeded(s + 16, n - 16, (pair){u64(s) ^ K3, u64(s + 8)});
  if (n >= 8) return city128_seeded(s, 0, (pair){u64(s) ^ n * K0, u64(s + n - 8) ^ K1});
  return city128_seeded(s, n, (pair){K0, K1});
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_hardware(uint32_t crc, const uint8_t *s,
                                                               size_t n) {
  uint64_t c = crc;
  for (; n >= 8; n -= 8, s += 8) c = _mm_crc32_u64(c, u64(s));
  for (; n > 0; n--, s++) c = _mm_crc32_u8((uint32_t)c, *s);
  return (uint32_t)c;
}
#endif

static uint32_t crc_plain(uint32_t crc, const uint8_t *s, size_t n) {
  for (; n > 0; n--, s++) {
    crc ^= *s;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82f63b78u & -(crc & 1));
  }
  return crc;
}

static uint32_t crc32c(uint32_t crc, const uint8_t *s, size_t n) {
  crc = ~crc;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~crc_hardware(crc, s, n);
#endif
  return ~crc_plain(crc, s, n);
}

static int bytes_argument(napi_env env, napi_value value, const uint8_t **data, size_t *length) {
  napi_typedarray_type type;
  bool typed = false;
  if (napi_is_typedarray(env, value, &typed) != napi_ok || !typed ||
      napi_get_typedarray_info(env, value, &type, length, (void **)data, NULL, NULL) != napi_ok ||
      type != napi_uint8_array) {
    napi_throw_type_error(env, NULL, "BUG: a Uint8Array is needed");
    return 0;
  }
  return 1;
}

/* cityHash128Into(bytes, target): writes 16 bytes, low half first, both little-endian. */
static napi_value city_into(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  size_t argc = 2, length, room;
  const uint8_t *data, *target;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  if (argc < 2 || !bytes_argument(env, argv[0], &data, &length) ||
      !bytes_argument(env, argv[1], &target, &room))
    return NULL;
  if (room < 16) {
    napi_throw_range_error(env, NULL, "BUG: the target needs 16 bytes");
    return NULL;
  }
  pair hash = city128(data, length);
  memcpy((void *)target, &hash, 16);
  return NULL;
}

/* crc32c(bytes, seed): the CRC-32C of bytes that follow bytes with CRC `seed` (0 at the start). */
static napi_value crc_of(napi_env env, napi_callback_info info) {
  napi_value argv[2], result;
  size_t argc = 2, length;
  const uint8_t *data;
  uint32_t seed = 0;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  if (argc < 1 || !bytes_argument(env, argv[0], &data, &length)) return NULL;
  if (argc > 1) napi_get_value_uint32(env, argv[1], &seed);
  napi_create_uint32(env, crc32c(seed, data, length), &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "cityHash128Into", NAPI_AUTO_LENGTH, city_into, NULL, &function);
  napi_set_named_property(env, exports, "cityHash128Into", function);
  napi_create_function(env, "crc32c", NAPI_AUTO_LENGTH, crc_of, NULL, &function);
  napi_set_named_property(env, exports, "crc32c", function);
  return exports;
}
