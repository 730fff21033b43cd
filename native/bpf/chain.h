/* Chains of work. A chain is a request that a server socket received; calls belong to it while it
 * is certain that the thread works on it. Where it is not certain a call has no chain (0). */

enum { LAST_NONE = 0, LAST_IN = 1, LAST_OUT = 2 };

INLINE void forget(struct thread *t) {
  t->chain = 0;
  t->origin = 0;
  t->used_by = 0;
  t->fresh = 0;
}

/* Something else was done than to call back with what was read: the loop goes on with other work. */
INLINE void unread(struct thread *t) {
  if (t->fresh) forget(t);
}

/* The thread asks for new events: what it did so far is over. */
INLINE int tick(struct thread *t) {
  t->looped = 1;
  t->derived = 0;
  forget(t);
  return 0;
}

struct async_fields {
  u64 execution, trigger, next;
};

INLINE int async_fields(struct thread *t, struct async_fields *f) {
  u64 at = 0;
  if (!t->environment) return 0;
  if (bpf_probe_read_user(&at, 8, (void *)(t->environment + t->process.fields_offset))) return 0;
  return at && !bpf_probe_read_user(f, sizeof(*f), (void *)at);
}

INLINE u64 async_owner(struct thread *t) {
  return t->environment ^ (bpf_get_current_pid_tgid() >> 32 << 44);
}

/* The chain of an async resource, or of the one that it was made by, provided that it was made
 * after the chain had come there. */
INLINE u64 chain_of_async(struct thread *t, u64 id, u64 trigger, u8 *derived) {
  struct async_key key = {.owner = async_owner(t), .id = id};
  struct async_value *v = bpf_map_lookup_elem(&asyncs, &key);
  if (v) {
    *derived = v->derived;
    return v->chain;
  }
  key.id = trigger;
  v = trigger ? bpf_map_lookup_elem(&asyncs, &key) : 0;
  if (!v || id <= v->since) return 0;
  struct async_value own = {.chain = v->chain, .derived = v->derived};
  key.id = id;
  bpf_map_update_elem(&asyncs, &key, &own, 0);
  *derived = own.derived;
  return own.chain;
}

/* The chain of the JavaScript that runs now: of its async resource; else of the callback scope that
 * it runs in, whose ticks and promise reactions have ids of their own or none. */
INLINE u64 async_chain(struct thread *t, u8 *derived) {
  struct async_fields f = {};
  if (t->fresh || !async_fields(t, &f)) return 0;
  u64 chain = f.execution ? chain_of_async(t, f.execution, f.trigger, derived) : 0;
  if (chain) return chain;
  *derived = t->derived;
  return t->chain;
}

/* The chain that a call to another service belongs to. */
INLINE u64 current_chain(struct thread *t, u64 sk, u8 *rule, u8 *derived) {
  *rule = RULE_NONE;
  if (t->process.follow == FOLLOW_NODE) {
    u64 chain = async_chain(t, derived);
    if (chain) *rule = RULE_NODE;
    return chain;
  }
  if (!t->chain) return 0;
  if (t->process.follow == FOLLOW_LOOP) {
    /* One call a handler: a second one may be other work of the same tick. */
    if (t->used_by && t->used_by != sk) return 0;
    t->used_by = sk;
    *rule = RULE_TICK;
    return t->chain;
  }
  *rule = RULE_THREAD;
  return t->chain;
}

/* Whether a read shows that the thread works on what it read. */
INLINE int follows(struct thread *t, u8 blocking) {
  switch (t->process.follow) {
    case FOLLOW_LOOP:
    case FOLLOW_NODE:
      return 1;
    case FOLLOW_THREAD:
      return blocking || !t->looped;
    case FOLLOW_BLOCKING:
      return blocking;
  }
  return 0;
}

INLINE void work_on(struct thread *t, u64 chain, u64 sk, u8 derived) {
  t->chain = chain;
  t->origin = chain ? sk : 0;
  t->used_by = 0;
  t->derived = derived;
  if (t->process.follow != FOLLOW_NODE || !chain) return;
  struct async_fields f = {};
  if (t->environment) async_fields(t, &f);
  t->since = f.next;
  t->fresh = 1;
}

INLINE void server_received(struct thread *t, struct connection *c, u64 sk, u8 blocking,
                            struct scratch *s, struct event *e) {
  if (c->last != LAST_IN) c->chain = new_id(s);
  e->chain = c->chain;
  work_on(t, follows(t, blocking) ? c->chain : 0, sk, 0);
}

INLINE void server_sent(struct thread *t, struct connection *c, struct event *e) {
  e->chain = c->chain;
  /* A loop's handler that answers is done. */
  if (t->process.follow == FOLLOW_LOOP && t->chain == c->chain) forget(t);
}

INLINE void client_sent(struct thread *t, struct connection *c, u64 sk, struct event *e) {
  u8 rule = RULE_NONE, derived = 0;
  u64 chain = 0;
  u64 connecting = c->connecting;
  if (connecting && t->process.follow != FOLLOW_NODE) {
    chain = connecting;
    rule = RULE_CONNECT;
  } else {
    chain = current_chain(t, sk, &rule, &derived);
    if (!chain && connecting) {
      chain = connecting;
      rule = RULE_CONNECT;
      derived = c->connect_derived;
    }
  }
  c->connecting = 0;
  if (c->last == LAST_OUT) {
    /* More of the same request, or another before the answer. */
    if (chain && chain != c->chain) c->muddled = 1;
    if (!c->chain) c->chain = chain;
    if (!chain && !c->muddled) chain = c->chain;
  } else {
    c->chain = chain;
    c->derived = derived;
  }
  e->chain = chain;
  e->rule = rule;
  if (derived) e->flags |= DERIVED;
}

INLINE void client_received(struct thread *t, struct connection *c, u64 sk, u8 blocking,
                            struct event *e) {
  u64 chain = c->muddled ? 0 : c->chain;
  /* A server that speaks first greets whoever connected. */
  if (c->last == LAST_NONE) chain = c->connecting;
  e->chain = chain;
  if (t->process.follow == FOLLOW_LOOP || t->process.follow == FOLLOW_NODE) {
    work_on(t, chain, sk, 1);
    return;
  }
  if (chain == t->chain || c->last == LAST_NONE) return;
  /* A server's thread goes on with its own request only. */
  work_on(t, 0, sk, 0);
}
