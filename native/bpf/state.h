/* Who runs, whether it is captured, and its state. */

INLINE struct scratch *scratch(void) {
  u32 zero = 0;
  return bpf_map_lookup_elem(&scratches, &zero);
}

/* Unique on the host: processor, then a counter that began at a time (maps.h). */
INLINE u64 new_id(struct scratch *s) {
  return ((u64)(bpf_get_smp_processor_id() + 1) << 52) | (options.id_base + ++s->counters.next_id);
}

INLINE int in_listed_cgroup(void) {
  u64 id = bpf_get_current_cgroup_id();
  if (bpf_map_lookup_elem(&cgroups, &id)) return 1;
#pragma unroll
  for (int level = 1; level < 7; level++) {
    id = bpf_get_current_ancestor_cgroup_id(level);
    if (!id) return 0;
    if (bpf_map_lookup_elem(&cgroups, &id)) return 1;
  }
  return 0;
}

static __noinline int refresh(struct thread *t, u32 generation) {
  if (!t) return 0;
  u32 tgid = bpf_get_current_pid_tgid() >> 32;
  t->generation = generation;
  t->allowed = 0;
  if (tgid == options.own_tgid) return 0;
  struct process *p = bpf_map_lookup_elem(&processes, &tgid);
  if (p) t->process = *p;
  else __builtin_memset(&t->process, 0, sizeof(t->process));
  int unlisted = !options.only_listed && !t->process.own;
  t->allowed = unlisted || t->process.capture || in_listed_cgroup();
  return 0;
}

/* The running thread's state, if it is captured. */
INLINE struct thread *self(void) {
  struct thread *t = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, CREATE);
  u32 zero = 0;
  struct settings *s = bpf_map_lookup_elem(&settings, &zero);
  if (!t || !s) return 0;
  if (t->generation != s->generation) refresh(t, s->generation);
  return t->allowed ? t : 0;
}

/* The same where nothing is to be made. */
INLINE struct thread *known_self(void) {
  struct thread *t = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);
  return t && t->allowed ? t : 0;
}

INLINE void identify(struct event *e) {
  u64 id = bpf_get_current_pid_tgid();
  e->tgid = id >> 32;
  e->thread = id;
  e->cgroup = bpf_get_current_cgroup_id();
  struct task_struct *leader =
      LOAD(struct task_struct, bpf_get_current_task_btf(), group_leader);
#ifdef COMPAT
  bpf_probe_read_kernel(e->comm, 16, &leader->comm);
#else
  u64 *comm = (u64 *)e->comm, *from = (u64 *)CAST(struct task_struct, leader)->comm;
  comm[0] = from[0];
  comm[1] = from[1];
#endif
}

INLINE void describe_socket(struct event *e, u64 sk) {
  u16 family = LOAD(struct sock, sk, __sk_common.skc_family);
  e->local_port = LOAD(struct sock, sk, __sk_common.skc_num);
  e->remote_port = __builtin_bswap16(LOAD(struct sock, sk, __sk_common.skc_dport));
  if (family == 2) {
    *(u32 *)e->local = LOAD(struct sock, sk, __sk_common.skc_rcv_saddr);
    *(u32 *)e->remote = LOAD(struct sock, sk, __sk_common.skc_daddr);
  } else {
    e->flags |= IPV6;
    struct sock *s = (struct sock *)sk;
    bpf_probe_read_kernel(e->local, 16, __builtin_preserve_access_index(
                                            &s->__sk_common.skc_v6_rcv_saddr));
    bpf_probe_read_kernel(e->remote, 16, __builtin_preserve_access_index(
                                             &s->__sk_common.skc_v6_daddr));
  }
  struct net *net = LOAD(struct sock, sk, __sk_common.skc_net.net);
  e->netns = LOAD(struct net, net, ns.inum);
}

INLINE int port_listed(u16 local, u16 remote) {
  if (!options.only_ports) return 1;
  return bpf_map_lookup_elem(&ports, &local) || bpf_map_lookup_elem(&ports, &remote);
}

/* Records are many: the reader looks by itself, and is woken where it must not be late. Several
 * processors may cross the mark at once and none see that it did, so there is a band. */
#define WAKE_BAND 65536
INLINE u64 wakeup(struct event *e) {
  if (e->kind == KIND_EXEC) return FORCE_WAKEUP;
  u64 filled = bpf_ringbuf_query(&ring, AVAILABLE);
  if (filled + MAX_CAP < options.wake_bytes) return NO_WAKEUP;
  return filled < options.wake_bytes + WAKE_BAND ? FORCE_WAKEUP : NO_WAKEUP;
}

/* An event without payload, from any context. */
INLINE void tell(struct event *from) {
  struct event *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);
  struct scratch *s = scratch();
  if (!e) {
    if (s) s->counters.dropped++;
    return;
  }
  *e = *from;
  e->size = sizeof(*e);
  bpf_ringbuf_submit(e, wakeup(from));
  if (s) s->counters.events++;
}
