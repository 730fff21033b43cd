/* Follows sockets whose exchanges are plain: one request, whole in one record, then its response. */
#include "exchanges.h"
#include "exchanges_target.h"
#include <stdlib.h>

/* native/bpf/event.h */
enum { HEADER = 128, KIND_DATA = 1, KIND_CLOSE = 5, INCOMING = 1, TCP = 2 };
#define HASHED 64
/* Longest request that is read here: more than the kernel side captures. */
#define MAX_REQUEST 4096

/* What a slot needs beside what is shared. */
struct held {
  struct message request, response;
  struct template template;
  const uint8_t *request_record, *response_record; /* in the batch, or in `copies` */
  uint8_t *copies[2];
  uint64_t left; /* bytes of the response's body to come */
  uint32_t last_acknowledged;
  uint8_t in_batch;
};

struct exchanges {
  struct slot *slots;
  struct held *held;
  struct control *control;
  struct options options;
  uint64_t base;
  uint32_t count, mask;
  uint32_t *table; /* slot + 1 by socket; 0 = none */
  uint32_t *fresh; /* slots with records in the batch */
  uint32_t fresh_count;
};

static uint32_t u32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
static uint64_t u64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

static int after(uint32_t a, uint32_t b) { return (int32_t)(a - b) > 0; }

static uint32_t place(const struct exchanges *e, uint32_t socket) {
  return (socket * 0x9e3779b1u >> 7) & e->mask;
}

static struct slot *find(const struct exchanges *e, uint32_t socket) {
  for (uint32_t at = place(e, socket);; at = (at + 1) & e->mask) {
    uint32_t n = e->table[at];
    if (n == 0) return NULL;
    if (e->slots[n - 1].socket == socket) return &e->slots[n - 1];
  }
}

struct exchanges *exchanges_new(struct slot *slots, uint32_t count, struct control *control,
                                uint64_t base, const struct options *options) {
  struct exchanges *e = calloc(1, sizeof *e);
  if (e == NULL) return NULL;
  uint32_t size = 16;
  while (size < 2 * count) size *= 2;
  *e = (struct exchanges){.slots = slots,
                          .control = control,
                          .options = *options,
                          .base = base,
                          .count = count,
                          .mask = size - 1};
  e->held = calloc(count, sizeof *e->held);
  e->table = calloc(size, sizeof *e->table);
  e->fresh = calloc(count, sizeof *e->fresh);
  if (e->held != NULL && e->table != NULL && e->fresh != NULL) return e;
  exchanges_free(e);
  return NULL;
}

static void drop_copies(struct held *h) {
  for (int i = 0; i < 2; i++) {
    free(h->copies[i]);
    h->copies[i] = NULL;
  }
}

void exchanges_free(struct exchanges *e) {
  for (uint32_t i = 0; e->held != NULL && i < e->count; i++) {
    free(e->held[i].template.bytes);
    drop_copies(&e->held[i]);
  }
  free(e->held);
  free(e->table);
  free(e->fresh);
  free(e);
}

int exchanges_template(struct exchanges *e, uint32_t slot, const uint8_t *bytes,
                       uint32_t attributes, uint32_t authority) {
  struct template *t = &e->held[slot].template;
  uint8_t *copy = malloc(attributes + authority + 1);
  if (copy == NULL) return 0;
  memcpy(copy, bytes, attributes + authority);
  free(t->bytes);
  *t = (struct template){copy, attributes, authority, t->number + 1};
  return 1;
}

int exchanges_add(struct exchanges *e, uint32_t slot) {
  uint32_t at = place(e, e->slots[slot].socket);
  while (e->table[at] != 0) at = (at + 1) & e->mask;
  e->table[at] = slot + 1;
  e->slots[slot].state = IDLE;
  return 1;
}

void exchanges_remove(struct exchanges *e, uint32_t slot) {
  struct held *h = &e->held[slot];
  uint32_t at = place(e, e->slots[slot].socket);
  while (e->table[at] != slot + 1) {
    if (e->table[at] == 0) return;
    at = (at + 1) & e->mask;
  }
  /* Those that follow may stand where they are only because this place was taken. */
  for (uint32_t next = (at + 1) & e->mask; e->table[next] != 0; next = (next + 1) & e->mask) {
    uint32_t home = place(e, e->slots[e->table[next] - 1].socket);
    if (((next - home) & e->mask) < ((next - at) & e->mask)) continue;
    e->table[at] = e->table[next];
    at = next;
  }
  e->table[at] = 0;
  free(h->template.bytes);
  drop_copies(h);
  memset(h, 0, sizeof *h);
  memset(&e->slots[slot], 0, sizeof e->slots[slot]);
}

static size_t record_bytes(const uint8_t *record) { return (u32(record) + 7) & ~(size_t)7; }

/* Takes a record out of the batch, whose bytes are about to go. */
static int keep(struct held *h, int which, const uint8_t **record, struct message *m) {
  if (*record == NULL || *record == h->copies[which]) return 1;
  size_t size = u32(*record);
  uint8_t *copy = malloc(size);
  if (copy == NULL) return 0;
  memcpy(copy, *record, size);
  m->bytes = copy + (m->bytes - *record);
  h->copies[which] = copy;
  *record = copy;
  return 1;
}

/* The socket is TypeScript's from this record on. */
static void detach(struct exchanges *e, struct slot *s) {
  struct held *h = &e->held[s - e->slots];
  if (s->state == DETACHED) return;
  if (s->state != IDLE) {
    /* The request comes anew there. */
    int side = s->client ? 0 : 1;
    s->next[side] = h->request.sequence;
    if (s->state == ANSWERING) s->next[1 - side] = h->response.sequence;
    s->last_acknowledged = h->last_acknowledged;
    s->ordinal--;
    e->control->pending--;
  } else {
    h->request_record = h->response_record = NULL;
  }
  s->state = DETACHED;
}

size_t exchanges_release(struct exchanges *e, uint32_t slot, uint8_t *to) {
  const struct held *h = &e->held[slot];
  detach(e, &e->slots[slot]);
  const uint8_t *records[2] = {h->request_record, h->response_record};
  size_t size = 0;
  for (int i = 0; i < 2; i++) {
    if (records[i] == NULL) continue;
    if (to != NULL) memcpy(to + size, records[i], u32(records[i]));
    size += record_bytes(records[i]);
  }
  return size;
}

/* The batch has a record of this slot. */
static void note(struct exchanges *e, struct slot *s, struct held *h) {
  if (h->in_batch) return;
  h->in_batch = 1;
  e->fresh[e->fresh_count++] = (uint32_t)(s - e->slots);
}

static void call_of(const uint8_t *record, struct call *c) {
  c->chain = u64(record + 32);
  c->thread = u32(record + 20);
  c->number = u32(record + 28);
  c->rule = record[7];
}

static void begin(struct message *m, const uint8_t *record, int64_t time) {
  m->bytes = record + HEADER;
  m->start = m->end = time;
  m->sequence = u32(record + 40);
  m->acknowledgement = u32(record + 44);
  call_of(record, &m->call);
}

/* A traceparent of version 00 with ids, and nothing else that a trace could be read from. */
static int plain_trace(const uint8_t *message, const struct head *h) {
  struct range r = h->fields[TRACEPARENT];
  if (r.at == 0) return !h->other_trace;
  const uint8_t *p = message + r.at;
  if (r.length != 55 || memcmp(p, "00-", 3) != 0 || p[35] != '-' || p[52] != '-') return 0;
  int trace = 0, span = 0;
  for (int i = 3; i < 55; i++) {
    if (i == 35 || i == 52) continue;
    if ((p[i] < '0' || p[i] > '9') && (p[i] < 'a' || p[i] > 'f')) return 0;
    if (i < 35) trace |= p[i] != '0';
    else if (i < 52) span |= p[i] != '0';
  }
  return trace && span;
}

/* @returns whether the record is one whole plain request */
static int take_request(struct exchanges *e, struct slot *s, struct held *h, const uint8_t *record,
                        int64_t time) {
  uint32_t length = u32(record + 48), acknowledgement = u32(record + 44);
  struct message *m = &h->request;
  if (s->state != IDLE || u32(record + 52) != length || length > MAX_REQUEST) return 0;
  if (e->control->pending >= e->control->room) return 0;
  if (!after(acknowledgement, s->last_acknowledged)) return 0;
  const uint8_t *p = record + HEADER;
  if (!read_request(p, length, &m->head) || m->head.chunked) return 0;
  int64_t body = m->head.content_length > 0 ? m->head.content_length : 0;
  if (m->head.length + body != length) return 0;
  if (!plain_trace(p, &m->head)) return 0;
  if (!plain_target(p + m->head.target.at, m->head.target.length)) return 0;
  begin(m, record, time);
  m->length = length;
  m->body = (uint64_t)body;
  m->hash = head_hash(p, length < HASHED ? length : HASHED);
  h->request_record = record;
  h->response_record = NULL;
  h->last_acknowledged = s->last_acknowledged;
  s->last_acknowledged = acknowledgement;
  s->ordinal++;
  s->asked = (double)time;
  s->continued = 0;
  s->state = WAITING;
  e->control->pending++;
  note(e, s, h);
  return 1;
}

/* Body bytes of a response that begins at p. @returns 0 when where it ends cannot be said here */
static int body_of(const struct head *h, const struct head *asked, const uint8_t *method,
                   const uint8_t *p, uint32_t captured, uint64_t *wire, uint64_t *payload) {
  *wire = *payload = 0;
  int head_only = asked->method.length == 4 && memcmp(method, "HEAD", 4) == 0;
  if (head_only || h->status == 204 || h->status == 304) return 1;
  if (h->chunked) {
    *wire = chunked_body(p + h->length, captured - h->length, payload);
    return *wire != 0;
  }
  if (h->content_length < 0) return 0;
  *wire = *payload = (uint64_t)h->content_length;
  return 1;
}

/* @returns 0 = not plain, else whether the response goes on (1) or is whole (2) */
static int take_response(struct slot *s, struct held *h, const uint8_t *record, int64_t time) {
  uint32_t length = u32(record + 48), captured = u32(record + 52);
  struct message *m = &h->response;
  const struct message *asked = &h->request;
  uint32_t sequence = u32(record + 40);
  if (captured > length) return 0;
  if (!after(u32(record + 44), asked->sequence)) return 0;
  if (after(asked->acknowledgement, sequence)) return 0;
  const uint8_t *p = record + HEADER;
  uint64_t wire, payload;
  if (!read_response(p, captured, &m->head)) return 0;
  if (!body_of(&m->head, &asked->head, asked->bytes, p, captured, &wire, &payload)) return 0;
  uint64_t whole = m->head.length + wire;
  if (length > whole) return 0;
  uint32_t hashed = whole < HASHED ? (uint32_t)whole : HASHED;
  if (captured < hashed) return 0;
  begin(m, record, time);
  m->hash = head_hash(p, hashed);
  m->length = whole;
  m->body = payload;
  h->response_record = record;
  h->left = whole - length;
  if (h->left == 0) return 2;
  s->state = ANSWERING;
  s->body_end = (double)time;
  return 1;
}

/* What one record came to. */
enum outcome { NOT_PLAIN, QUIET, ASKED, BEGUN, DONE, NO_ROOM };

static enum outcome take_answer(struct exchanges *e, struct slot *s, struct held *h,
                                const uint8_t *record, int64_t time, size_t room) {
  uint32_t length = u32(record + 48);
  if (s->state != WAITING && s->state != ANSWERING) return NOT_PLAIN;
  if (room < span_room(&h->request, &h->template)) return NO_ROOM;
  if (s->state == WAITING) {
    int taken = take_response(s, h, record, time);
    if (taken == 1) note(e, s, h);
    return taken == 0 ? NOT_PLAIN : taken == 1 ? BEGUN : DONE;
  }
  if (length > h->left) return NOT_PLAIN;
  h->left -= length;
  h->response.end = time;
  s->continued += length;
  s->body_end = (double)time;
  return h->left == 0 ? DONE : QUIET;
}

static enum outcome take(struct exchanges *e, struct slot *s, const uint8_t *record, int64_t time,
                         size_t room) {
  struct held *h = &e->held[s - e->slots];
  uint32_t length = u32(record + 48), captured = u32(record + 52), sequence = u32(record + 40);
  uint32_t side = record[6] & INCOMING;
  enum outcome outcome = ASKED;
  if (!(record[6] & TCP) || length == 0 || captured > length) return NOT_PLAIN;
  if (s->ports != u32(record + 60) || sequence != s->next[side]) return NOT_PLAIN;
  if ((side == 0) != (s->client != 0)) outcome = take_answer(e, s, h, record, time, room);
  else if (!take_request(e, s, h, record, time)) return NOT_PLAIN;
  if (outcome == NOT_PLAIN || outcome == NO_ROOM) return outcome;
  s->next[side] = sequence + length;
  s->acknowledged[side] = u32(record + 44);
  s->last_seen = (double)time;
  e->control->captured += captured;
  e->control->uncaptured += length - captured;
  return outcome;
}

/* The exchange of a slot becomes a span. @returns past it */
static uint8_t *finish(struct exchanges *e, struct slot *s, uint8_t *to, struct row *row) {
  struct held *h = &e->held[s - e->slots];
  const struct exchange x = {.request = &h->request,
                             .response = &h->response,
                             .template = &h->template,
                             .id_high = s->id_high,
                             .id_low = s->id_low,
                             .ordinal = s->ordinal - 1,
                             .client = (uint8_t)s->client};
  struct written w = write_span(&e->options, &x, to);
  row->template = (int32_t)w.template;
  row->template_size = (int32_t)h->template.attributes;
  row->template_number = (int32_t)h->template.number;
  row->request_chain = (int32_t)w.request_chain;
  row->response_chain = (int32_t)w.response_chain;
  h->request_record = h->response_record = NULL;
  if (h->copies[0] != NULL || h->copies[1] != NULL) drop_copies(h);
  s->state = IDLE;
  e->control->pending--;
  e->control->spans++;
  return w.end;
}

/* Records that are held are copied: the batch's bytes go. */
static void keep_fresh(struct exchanges *e) {
  for (uint32_t i = 0; i < e->fresh_count; i++) {
    struct held *h = &e->held[e->fresh[i]];
    h->in_batch = 0;
    if (!keep(h, 0, &h->request_record, &h->request)) h->request_record = NULL;
    if (!keep(h, 1, &h->response_record, &h->response)) h->response_record = NULL;
  }
  e->fresh_count = 0;
}

/* One record, for which there is a row. @returns past the span that was written, NULL = no room */
static uint8_t *scan_record(struct exchanges *e, const uint8_t *record, uint8_t *to, size_t room,
                            struct row *row) {
  static const uint8_t whats[] = {[NOT_PLAIN] = ROW_SLOW,
                                  [ASKED] = ROW_REQUEST,
                                  [BEGUN] = ROW_ANSWER,
                                  [DONE] = ROW_SPAN};
  int64_t time = (int64_t)(u64(record + 8) - e->base) + (int64_t)e->control->shift;
  if ((double)time > e->control->now) e->control->now = (double)time;
  uint8_t kind = record[4];
  struct slot *s = kind <= KIND_CLOSE ? find(e, u32(record + 24)) : NULL;
  row->what = ROW_SLOW;
  row->slot = -1;
  if (s == NULL || s->state == DETACHED) return to;
  enum outcome outcome = kind == KIND_DATA ? take(e, s, record, time, room) : NOT_PLAIN;
  if (outcome == NO_ROOM) return NULL;
  if (outcome == NOT_PLAIN) detach(e, s);
  row->slot = (int32_t)(s - e->slots);
  row->what = outcome == QUIET ? -1 : whats[outcome];
  return outcome == DONE ? finish(e, s, to, row) : to;
}

void exchanges_scan(struct exchanges *e, const uint8_t *batch, size_t from, size_t length,
                    uint8_t *out, size_t out_at, size_t out_room, struct row *rows,
                    size_t row_count) {
  struct control *c = e->control;
  size_t at = from, count = 0;
  uint8_t *to = out + out_at, *end = out + out_room;
  c->captured = c->uncaptured = c->records = 0;
  while (count < row_count) {
    if (at + HEADER > length) {
      at = length;
      break;
    }
    const uint8_t *record = batch + at;
    size_t size = u32(record);
    if (size < HEADER || size > length - at || HEADER + (size_t)u32(record + 52) > size) {
      at = length;
      break;
    }
    struct row *row = &rows[count];
    uint8_t *past = scan_record(e, record, to, (size_t)(end - to), row);
    if (past == NULL) break;
    if (row->what >= 0) {
      row->record = (int32_t)at;
      row->from = (int32_t)(to - out);
      row->to = (int32_t)(past - out);
      count++;
    }
    to = past;
    at += (size + 7) & ~(size_t)7;
    c->records++;
  }
  keep_fresh(e);
  c->consumed = (double)(at < length ? at : length);
  c->rows = (double)count;
  c->out = (double)(to - out);
}
