/* Plain exchanges of HTTP/1 from records of system calls straight to OTLP spans: exchanges.c
 * follows sockets and pairs, exchanges_http.c reads heads, exchanges_target.c what is asked for,
 * exchanges_span.c writes. What is not plain is handed to TypeScript (agent/ebpf/plain.ts), whose
 * engine is the twin of all of this. */
#ifndef WIRESTITCH_EXCHANGES_H
#define WIRESTITCH_EXCHANGES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A part of a message: offset from its first byte. */
struct range {
  uint32_t at, length;
};

/* Header fields that spans are made of. */
enum { HOST, USER_AGENT, REQUEST_ID, TRACEPARENT, TRACESTATE, FORWARDED_FOR, FIELDS };

/* What a head says. Nothing of it is kept by the parser. */
struct head {
  struct range method, target, fields[FIELDS]; /* at 0 = absent: no field begins a message */
  int64_t content_length;                      /* -1 = none */
  uint32_t length;                             /* bytes of the head */
  uint16_t status;
  uint8_t version; /* 10, 11 */
  uint8_t chunked, other_trace;
};

/* The call that moved the first byte of a message. */
struct call {
  uint64_t chain;
  uint32_t thread, number;
  uint8_t rule;
};

struct message {
  const uint8_t *bytes; /* first byte of the message, in the batch or in a copy */
  struct head head;
  struct call call;
  uint64_t hash; /* of its first bytes, 0 = none */
  int64_t start, end;
  uint64_t length, body;
  uint32_t sequence, acknowledgement;
};

/* Text that a conversation adds to each span, and where its server is. */
struct template {
  uint8_t *bytes; /* attributes, then the authority of the server for url.full */
  uint32_t attributes, authority;
  uint32_t number; /* counts the templates of a slot from 1 */
};

struct exchange {
  const struct message *request, *response;
  const struct template *template;
  uint32_t id_high, id_low, ordinal;
  uint8_t client;
};

/* What TypeScript says of its writer. */
struct options {
  int64_t base_seconds;
  uint32_t seeds[6]; /* high and low of: trace id, its second half, span id */
  uint32_t segments; /* of paths in span names */
};

/* Where the span that was written has what may have to be changed, from its first byte on. */
struct written {
  uint8_t *end;
  uint32_t template, request_chain, response_chain; /* chains: 0 = it has none */
};

/* Reads a head of a request, or of a response. @returns 0 when it is not a plain one. */
int read_request(const uint8_t *p, uint32_t size, struct head *head);
int read_response(const uint8_t *p, uint32_t size, struct head *head);
/* @returns bytes of a chunked body that ends within p, framing included, and *payload without it;
 * 0 = it does not end there, or is not plain */
uint32_t chunked_body(const uint8_t *p, uint32_t size, uint64_t *payload);

/* Bytes that the span of a request takes at most. */
size_t span_room(const struct message *request, const struct template *t);
struct written write_span(const struct options *o, const struct exchange *x, uint8_t *to);
void make_keys(void);

/* FNV-1a over the words of the first 64 bytes (agent/l7/heads.ts). @param size 1 to 64 */
uint64_t head_hash(const uint8_t *p, uint32_t size);

/* Shared with TypeScript (agent/ebpf/plain.ts): a socket whose exchanges are plain. */
enum { FREE = 0, IDLE = 1, WAITING = 2, ANSWERING = 3, DETACHED = 4 };
struct slot {
  double last_seen; /* times: nanoseconds since the engine's base */
  double asked;     /* when the request that waits began */
  double body_end;  /* when the last part of the response's body came */
  double continued; /* bytes of the response after its first record */
  uint32_t socket, state;
  uint32_t next[2]; /* sequence numbers of a side: 0 the process, 1 its peer */
  uint32_t acknowledged[2];
  uint32_t last_acknowledged; /* of the last request */
  uint32_t ordinal;           /* of the next exchange */
  uint32_t ports;             /* local | remote << 16 */
  uint32_t client;
  uint32_t id_high, id_low;
};

/* What a row tells TypeScript. */
enum { ROW_SLOW = 0, ROW_REQUEST = 1, ROW_ANSWER = 2, ROW_SPAN = 3 };
/* slot (-1 = none; of a slow record one that is not plain any more), offset of the record, span
 * from and to, offsets in it of the attributes that hold chains (0 = none), the template in it */
struct row {
  int32_t what, slot, record, from, to;
  int32_t request_chain, response_chain, template, template_size, template_number;
};

/* What a scan came to, and what it goes by; shared too. */
struct control {
  double consumed, rows, out, records, captured, uncaptured, now;
  double spans, pending, room; /* spans ever written; requests that wait; how many may */
  double shift;                /* nanoseconds from base_seconds to the monotonic base */
};

struct exchanges;
struct exchanges *exchanges_new(struct slot *slots, uint32_t count, struct control *control,
                                uint64_t monotonic_base, const struct options *options);
void exchanges_free(struct exchanges *e);
/* @returns 0 when there is no memory */
int exchanges_add(struct exchanges *e, uint32_t slot);
int exchanges_template(struct exchanges *e, uint32_t slot, const uint8_t *bytes,
                       uint32_t attributes, uint32_t authority);
/* A slot's socket is TypeScript's from now on. Records of the request that waits, and of its
 * response, are copied to `to`, each padded to 8 bytes. @returns their bytes, also for NULL */
size_t exchanges_release(struct exchanges *e, uint32_t slot, uint8_t *to);
void exchanges_remove(struct exchanges *e, uint32_t slot);
void exchanges_scan(struct exchanges *e, const uint8_t *batch, size_t from, size_t length,
                    uint8_t *out, size_t out_at, size_t out_room, struct row *rows,
                    size_t row_count);

#endif
