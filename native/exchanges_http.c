/* Heads of HTTP/1 messages of the shape that nearly all have. The twin is agent/l7/http1; what this
 * refuses is read there. */
#include "exchanges.h"

/* Characters of a token (RFC 9110 section 5.6.2), letters as lower case; 0 = none. */
static const uint8_t token[256] = {
    ['!'] = '!', ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&', ['\''] = '\'', ['*'] = '*',
    ['+'] = '+', ['-'] = '-', ['.'] = '.', ['^'] = '^', ['_'] = '_', ['`'] = '`', ['|'] = '|',
    ['~'] = '~', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5',
    ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c',
    ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j',
    ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q',
    ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x',
    ['Y'] = 'y', ['Z'] = 'z', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e',
    ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l',
    ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's',
    ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
};

#define ONES 0x0101010101010101ull
#define HIGHS 0x8080808080808080ull
/* A bit in each byte of w that is less than n (n <= 128); exact up to the first such byte. */
#define BELOW(w, n) (((w) - ONES * (n)) & ~(w) & HIGHS)

/* Longest values that are taken as they are; the twin cuts them there. */
static const uint16_t longest[FIELDS] = {
    [HOST] = 1024,       [USER_AGENT] = 1024, [REQUEST_ID] = 256,
    [TRACEPARENT] = 512, [TRACESTATE] = 512,  [FORWARDED_FOR] = 1024,
};
#define MAX_FIELDS 64

/* Offset of the first control character from `at` on, tabs left out; `size` when there is none. */
static uint32_t line_end(const uint8_t *p, uint32_t at, uint32_t size) {
  for (;;) {
    while (at + 8 <= size) {
      uint64_t w;
      memcpy(&w, p + at, 8);
      uint64_t hit = BELOW(w, 32);
      if (hit) {
        at += (uint32_t)__builtin_ctzll(hit) >> 3;
        break;
      }
      at += 8;
    }
    while (at < size && p[at] >= 32) at++;
    if (at >= size) return size;
    if (p[at] != '\t') return at;
    at++;
  }
}

static int is_ascii(const uint8_t *p, uint32_t size) {
  uint64_t all = 0;
  uint32_t at = 0;
  for (; at + 8 <= size; at += 8) {
    uint64_t w;
    memcpy(&w, p + at, 8);
    all |= w;
  }
  uint8_t rest = 0;
  for (; at < size; at++) rest |= p[at];
  return !(all & HIGHS) && !(rest & 0x80);
}

static int take_length(struct head *h, const uint8_t *p, uint32_t size) {
  if (size == 0 || size > 15) return 0;
  int64_t n = 0;
  for (uint32_t i = 0; i < size; i++) {
    if (p[i] < '0' || p[i] > '9') return 0;
    n = n * 10 + (p[i] - '0');
  }
  if (h->content_length >= 0 && h->content_length != n) return 0;
  h->content_length = n;
  return 1;
}

static int is_name(const uint8_t *p, const char *lower, uint32_t size) {
  for (uint32_t i = 0; i < size; i++) {
    if (token[p[i]] != (uint8_t)lower[i]) return 0;
  }
  return 1;
}

enum { NOTHING = FIELDS, CONTENT_LENGTH, TRANSFER_ENCODING, OTHER_TRACE };

static int field_of(const uint8_t *p, uint32_t size) {
#define NAME(text, slot) \
  if (is_name(p, text, sizeof(text) - 1)) return slot
  switch (size) {
    case 2:
      NAME("b3", OTHER_TRACE);
      break;
    case 3:
      NAME("sw8", OTHER_TRACE);
      break;
    case 4:
      NAME("host", HOST);
      break;
    case 10:
      NAME("user-agent", USER_AGENT);
      NAME("tracestate", TRACESTATE);
      break;
    case 11:
      NAME("traceparent", TRACEPARENT);
      break;
    case 12:
      NAME("x-request-id", REQUEST_ID);
      NAME("x-b3-traceid", OTHER_TRACE);
      break;
    case 13:
      NAME("uber-trace-id", OTHER_TRACE);
      break;
    case 14:
      NAME("content-length", CONTENT_LENGTH);
      break;
    case 15:
      NAME("x-forwarded-for", FORWARDED_FOR);
      break;
    case 17:
      NAME("transfer-encoding", TRANSFER_ENCODING);
      break;
  }
  return NOTHING;
#undef NAME
}

static int take_field(struct head *h, int slot, const uint8_t *p, uint32_t at, uint32_t end) {
  while (end > at && (p[end - 1] == ' ' || p[end - 1] == '\t')) end--;
  uint32_t size = end - at;
  if (slot == CONTENT_LENGTH) return take_length(h, p + at, size);
  if (slot == TRANSFER_ENCODING) {
    if (h->chunked || size != 7 || !is_name(p + at, "chunked", 7)) return 0;
    h->chunked = 1;
    return 1;
  }
  if (slot == OTHER_TRACE) {
    h->other_trace = 1;
    return 1;
  }
  if (h->fields[slot].at != 0) return 1;
  if (size > longest[slot] || !is_ascii(p + at, size)) return 0;
  h->fields[slot] = (struct range){at, size};
  return 1;
}

/* Header fields from `at` on. @returns bytes of the head, 0 when it is not plain */
static uint32_t read_fields(const uint8_t *p, uint32_t at, uint32_t size, struct head *h) {
  for (int count = 0; count <= MAX_FIELDS; count++) {
    if (at + 2 > size) return 0;
    if (p[at] == '\r') return p[at + 1] == '\n' ? at + 2 : 0;
    uint32_t name = at;
    while (at < size && token[p[at]]) at++;
    if (at >= size || at == name || p[at] != ':') return 0;
    int slot = field_of(p + name, at - name);
    at++;
    while (at < size && (p[at] == ' ' || p[at] == '\t')) at++;
    uint32_t end = line_end(p, at, size);
    if (end + 2 > size || p[end] != '\r' || p[end + 1] != '\n') return 0;
    if (slot != NOTHING && !take_field(h, slot, p, at, end)) return 0;
    at = end + 2;
  }
  return 0;
}

/* A word of text as a number: compared at once. */
static uint64_t word_of(const void *p, uint32_t size) {
  uint64_t w = 0;
  memcpy(&w, p, size);
  return w;
}

/* The 8 bytes at p are HTTP/1.0 or HTTP/1.1. */
static int read_version(const uint8_t *p, struct head *h) {
  if (word_of(p, 7) != word_of("HTTP/1.", 7) || (p[7] != '0' && p[7] != '1')) return 0;
  h->version = (uint8_t)(10 + p[7] - '0');
  return 1;
}

static int is_method(const uint8_t *p, uint32_t size) {
#define IS(text) (word_of(p, sizeof(text) - 1) == word_of(text, sizeof(text) - 1))
  switch (size) {
    case 3:
      return IS("GET") || IS("PUT");
    case 4:
      return IS("POST") || IS("HEAD");
    case 5:
      return IS("PATCH") || IS("QUERY") || IS("TRACE");
    case 6:
      return IS("DELETE");
    case 7:
      return IS("OPTIONS");
  }
  return 0;
#undef IS
}

int read_request(const uint8_t *p, uint32_t size, struct head *h) {
  memset(h, 0, sizeof *h);
  h->content_length = -1;
  uint32_t at = 0;
  while (at < size && at < 8 && p[at] != ' ') at++;
  if (at == 0 || at >= size || p[at] != ' ') return 0;
  h->method = (struct range){0, at};
  if (!is_method(p, at) || ++at >= size || p[at] != '/') return 0;
  uint32_t target = at;
  while (at < size && p[at] > ' ' && p[at] < 0x7f) at++;
  h->target = (struct range){target, at - target};
  if (at + 11 > size || p[at] != ' ' || !read_version(p + at + 1, h)) return 0;
  if (p[at + 9] != '\r' || p[at + 10] != '\n') return 0;
  h->length = read_fields(p, at + 11, size, h);
  return h->length != 0;
}

int read_response(const uint8_t *p, uint32_t size, struct head *h) {
  memset(h, 0, sizeof *h);
  h->content_length = -1;
  if (size < 15 || !read_version(p, h) || p[8] != ' ') return 0;
  for (int i = 9; i < 12; i++) {
    if (p[i] < '0' || p[i] > '9') return 0;
    h->status = (uint16_t)(h->status * 10 + p[i] - '0');
  }
  if (h->status < 200 || (p[12] != ' ' && p[12] != '\r')) return 0;
  uint32_t at = line_end(p, 12, size);
  if (at + 2 > size || p[at] != '\r' || p[at + 1] != '\n') return 0;
  h->length = read_fields(p, at + 2, size, h);
  return h->length != 0;
}

static int hex_digit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uint32_t chunked_body(const uint8_t *p, uint32_t size, uint64_t *payload) {
  uint32_t at = 0;
  *payload = 0;
  for (;;) {
    uint32_t chunk = 0, digits = 0;
    for (int d; at < size && (d = hex_digit(p[at])) >= 0; at++, digits++) {
      if (digits == 6) return 0;
      chunk = chunk * 16 + (uint32_t)d;
    }
    if (digits == 0 || at + 2 > size || p[at] != '\r' || p[at + 1] != '\n') return 0;
    at += 2;
    if (chunk == 0) break;
    if (size - at < chunk || size - at - chunk < 2) return 0;
    at += chunk;
    if (p[at] != '\r' || p[at + 1] != '\n') return 0;
    at += 2;
    *payload += chunk;
  }
  /* No trailers. */
  if (at + 2 > size || p[at] != '\r' || p[at + 1] != '\n') return 0;
  return at + 2;
}

uint64_t head_hash(const uint8_t *p, uint32_t size) {
  uint64_t hash = 0xcbf29ce484222325ull;
  const uint64_t prime = 0x100000001b3ull;
  uint32_t at = 0, word;
  for (; at + 4 <= size; at += 4) {
    memcpy(&word, p + at, 4);
    hash = (hash ^ word) * prime;
  }
  if (at < size) {
    word = 0;
    memcpy(&word, p + at, size - at);
    hash = (hash ^ word) * prime;
  }
  return (hash ^ size) * prime;
}
