#include "exchanges_target.h"
#include <string.h>

/* Longest name of a parameter that is looked at here. */
#define MAX_NAME 128

static int is_separator(uint8_t c) { return c == '&' || c == ';'; }

int plain_target(const uint8_t *target, uint32_t size) {
  const uint8_t *query = memchr(target, '?', size);
  if (query == NULL) return 1;
  const uint8_t *end = target + size;
  const uint8_t *name = query + 1;
  int in_name = 1;
  for (const uint8_t *p = name; p < end; p++) {
    if (is_separator(*p)) {
      name = p + 1;
      in_name = 1;
    } else if (in_name && *p == '=') {
      in_name = 0;
      if (p - name > MAX_NAME) return 0;
    } else if (in_name && *p == '%') {
      return 0;
    }
  }
  return 1;
}

struct word {
  uint8_t length;
  char text[15];
};
#define WORD(text) {sizeof(text) - 1, text}

static const struct word parts[] = {
    WORD("token"),         WORD("secret"),    WORD("passw"),      WORD("pwd"),
    WORD("signature"),     WORD("apikey"),    WORD("accesskey"),  WORD("authkey"),
    WORD("privatekey"),    WORD("credential"), WORD("authorization"), WORD("session"),
    WORD("jwt"),           WORD("assertion"), WORD("samlre"),     WORD("awsaccesskeyid"),
    WORD("csrf"),          WORD("xsrf"),
};
static const struct word whole[] = {WORD("key"), WORD("sig"),  WORD("auth"), WORD("pass"),
                                    WORD("pin"), WORD("otp"),  WORD("code"), WORD("sid"),
                                    WORD("state"), WORD("nonce")};
/* First two letters of `parts`: a bit for the second by the first. */
#define LETTER(c) (1u << ((c) - 'a'))
static const uint32_t seconds[26] = {
    ['t' - 'a'] = LETTER('o'),
    ['s' - 'a'] = LETTER('e') | LETTER('i') | LETTER('a'),
    ['p' - 'a'] = LETTER('a') | LETTER('w') | LETTER('r'),
    ['a' - 'a'] = LETTER('p') | LETTER('c') | LETTER('u') | LETTER('s') | LETTER('w'),
    ['c' - 'a'] = LETTER('r') | LETTER('s'),
    ['j' - 'a'] = LETTER('w'),
    ['x' - 'a'] = LETTER('s'),
};

static int is_letter(uint8_t c) { return c >= 'a' && c <= 'z'; }

static int has_part(const uint8_t *name, uint32_t size) {
  for (uint32_t at = 0; at + 3 <= size; at++) {
    if (!is_letter(name[at]) || !is_letter(name[at + 1])) continue;
    if (!(seconds[name[at] - 'a'] & LETTER(name[at + 1]))) continue;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
      if (parts[i].text[0] != name[at] || parts[i].length > size - at) continue;
      if (memcmp(name + at, parts[i].text, parts[i].length) == 0) return 1;
    }
  }
  return 0;
}

static int is_secret(const uint8_t *name, uint32_t size) {
  if (size < 3) return 0;
  uint8_t plain[MAX_NAME];
  uint32_t n = 0;
  for (uint32_t i = 0; i < size; i++) {
    uint8_t c = name[i];
    if (c == '_' || c == '-') continue;
    plain[n++] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
  }
  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
    if (whole[i].length == n && memcmp(plain, whole[i].text, n) == 0) return 1;
  }
  return has_part(plain, n);
}

uint8_t *put_query(uint8_t *to, const uint8_t *query, uint32_t size) {
  static const char redacted[] = "=REDACTED";
  const uint8_t *end = query + size, *start = query;
  for (;;) {
    const uint8_t *stop = start, *equals = NULL;
    for (; stop < end && !is_separator(*stop); stop++) {
      if (*stop == '=' && equals == NULL) equals = stop;
    }
    size_t kept = (size_t)(stop - start);
    if (equals != NULL && is_secret(start, (uint32_t)(equals - start))) {
      kept = (size_t)(equals - start);
      memcpy(to, start, kept);
      memcpy(to + kept, redacted, sizeof redacted - 1);
      to += kept + sizeof redacted - 1;
    } else {
      memcpy(to, start, kept);
      to += kept;
    }
    if (stop == end) return to;
    *to++ = *stop;
    start = stop + 1;
  }
}

static int is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static int is_hex(uint8_t c) {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}
static int is_mixed(uint8_t c) {
  if (is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) return 1;
  return c != 0 && strchr("_.~%:@=+-", c) != NULL;
}

static int is_uuid(const uint8_t *p, uint32_t size) {
  if (size != 36) return 0;
  for (uint32_t i = 0; i < size; i++) {
    int hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? p[i] != '-' : !is_hex(p[i])) return 0;
  }
  return 1;
}

/* A segment that names one thing of many: a number, a UUID, a hash, a long mixture with digits. */
static int is_id(const uint8_t *p, uint32_t size) {
  if (size > 64) return 1;
  uint32_t digits = 0, hex = 0, mixed = 0;
  for (uint32_t i = 0; i < size; i++) {
    digits += (uint32_t)is_digit(p[i]);
    hex += (uint32_t)is_hex(p[i]);
    mixed += (uint32_t)is_mixed(p[i]);
  }
  if (digits == 0) return is_uuid(p, size);
  return digits == size || (hex == size && size >= 8) ||
         (mixed == size && size >= 20 && digits >= 2) || is_uuid(p, size);
}

uint8_t *put_endpoint(uint8_t *to, const uint8_t *path, uint32_t size, uint32_t segments) {
  uint8_t *from = to;
  uint32_t start = 1;
  for (uint32_t n = 0; n < segments && start < size;) {
    uint32_t end = start;
    while (end < size && path[end] != '/') end++;
    if (end > start) {
      *to++ = '/';
      if (is_id(path + start, end - start)) {
        memcpy(to, "{id}", 4);
        to += 4;
      } else {
        memcpy(to, path + start, end - start);
        to += end - start;
      }
      n++;
    }
    start = end + 1;
  }
  if (to == from) *to++ = '/';
  return to;
}
