/* Parts of request targets that go into spans; the twin is agent/l7/http1/target.ts. */
#ifndef WIRESTITCH_EXCHANGES_TARGET_H
#define WIRESTITCH_EXCHANGES_TARGET_H

#include <stdint.h>

/* Whether the query of a target can be redacted here: its names are not percent-encoded. */
int plain_target(const uint8_t *target, uint32_t size);
/* Writes a query with the values of secret-looking names redacted. @returns past the end */
uint8_t *put_query(uint8_t *to, const uint8_t *query, uint32_t size);
/* Writes the first `segments` segments, ids as {id}. @returns past the end */
uint8_t *put_endpoint(uint8_t *to, const uint8_t *path, uint32_t size, uint32_t segments);

#endif
