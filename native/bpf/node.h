/* Node: which async resource goes on with what was read. */

INLINE struct thread *node_self(void) {
  struct thread *t = known_self();
  return t && t->process.follow == FOLLOW_NODE ? t : 0;
}

/* node::InternalCallbackScope::InternalCallbackScope(this, Environment *, ..., async_context *) */
SEC("uprobe")
int node_callback(struct pt_regs *regs) {
#if defined(__TARGET_ARCH_x86)
  struct thread *t = node_self();
  if (!t) return 0;
  t->environment = regs->si;
  /* Two loads, which the compiler must not make one with a computed offset. */
  u64 cx = regs->cx, r8;
  asm volatile("" : "+r"(cx));
  r8 = regs->r8;
  asm volatile("" : "+r"(r8));
  u64 context = t->process.context_register == 1 ? cx : r8;
  struct {
    u64 id, trigger;
  } a = {};
  if (bpf_probe_read_user(&a, sizeof(a), (void *)context) || !a.id) {
    t->derived = 0;
    forget(t);
    return 0;
  }
  if (!t->fresh) {
    u8 derived = 0;
    /* What is called inside another callback lies deeper: that of the answer is over. */
    if (regs->sp >= t->scope) t->derived = 0;
    t->chain = chain_of_async(t, a.id, a.trigger, &derived);
    if (!t->chain || !t->derived) {
      t->derived = derived;
      return 0;
    }
    /* Inside the callback with an answer: what goes on from here is derived from it, whatever made
     * this resource. Pools hand connections on then. */
  }
  if (t->fresh) t->scope = regs->sp;
  t->fresh = 0;
  struct async_key key = {.owner = async_owner(t), .id = a.id};
  struct async_value value = {.chain = t->chain, .since = t->since, .derived = t->derived};
  bpf_map_update_elem(&asyncs, &key, &value, 0);
#endif
  return 0;
}

/* node::AsyncWrap::AsyncReset: a pooled resource is given to the work that runs now, whose chain
 * may be known only through what made it: remembered before more is made. */
SEC("uprobe")
int node_reset(struct pt_regs *regs) {
  struct thread *t = node_self();
  struct async_fields f = {};
  u8 derived;
  if (t && async_fields(t, &f) && f.execution) {
    chain_of_async(t, f.execution, f.trigger, &derived);
  }
  return 0;
}
