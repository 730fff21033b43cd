/* Sockets and processes that come and go. */

INLINE void socket_event(struct event *e, u8 kind, struct transfer *x, struct connection *c) {
  e->kind = kind;
  e->call = x->call;
  e->flags |= c->role;
  e->socket = c->id;
  e->time = e->returned = bpf_ktime_get_ns();
  identify(e);
}

static __noinline int accepted(struct thread *t, u32 fd) {
  if (!t) return 0;
  struct transfer x = {.call = CALL_ACCEPT, .fd = fd};
  forget(t);
  if (!find(&x) || !x.tcp) return 0;
  struct event e = {.flags = TCP};
  describe_socket(&e, x.sk);
  if (!port_listed(e.local_port, e.remote_port)) return 0;
  track(x.sk, &e, SERVER);
  struct connection *c = bpf_map_lookup_elem(&connections, &x.sk);
  if (!c) return 0;
  socket_event(&e, KIND_ACCEPT, &x, c);
  tell(&e);
  return 0;
}

static __noinline int connected(struct thread *t, u32 fd, long ret) {
  if (!t || (ret != 0 && ret != -115 /* EINPROGRESS */)) return 0;
  struct transfer x = {.call = CALL_CONNECT, .fd = fd};
  if (!find(&x)) return 0;
  struct event e = {.flags = x.tcp ? TCP : 0};
  describe_socket(&e, x.sk);
  if (!e.remote_port || !port_listed(e.local_port, e.remote_port)) return 0;
  struct connection *c = bpf_map_lookup_elem(&connections, &x.sk);
  /* connect() again asks for the outcome. */
  if (c && c->ports == ports_of(&e, x.tcp) && c->role == CLIENT && c->number == 0) return 0;
  track(x.sk, &e, CLIENT);
  c = bpf_map_lookup_elem(&connections, &x.sk);
  if (!c) return 0;
  u8 rule, derived = 0;
  u64 chain = current_chain(t, x.sk, &rule, &derived);
  /* What a thread asks for when it has connected is asked at once. */
  if (rule != RULE_THREAD) {
    c->connecting = chain;
    c->connect_derived = derived;
  }
  socket_event(&e, KIND_CONNECT, &x, c);
  e.chain = chain;
  e.rule = rule;
  tell(&e);
  return 0;
}

enum { FIN_WAIT1 = 4, CLOSED = 7, LAST_ACK = 9, LISTEN = 10 };

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed, struct sock *sk, int before, int after) {
  u64 key = (u64)sk;
  if (after == LISTEN || before == LISTEN) {
    struct net *net = LOAD(struct sock, sk, __sk_common.skc_net.net);
    u64 port = (u64)LOAD(struct net, net, ns.inum) << 32 |
               LOAD(struct sock, sk, __sk_common.skc_num);
    u8 one = 1;
    if (after == LISTEN) bpf_map_update_elem(&listeners, &port, &one, 0);
    return 0;
  }
  if (after != FIN_WAIT1 && after != LAST_ACK && after != CLOSED) return 0;
  struct connection *c = bpf_map_lookup_elem(&connections, &key);
  if (!c) return 0;
  struct thread *t = known_self();
  if (t && t->origin == key && c->role == SERVER) forget(t);
  struct event e = {.flags = TCP | c->role};
  e.kind = after == CLOSED ? KIND_CLOSE : KIND_END;
  e.socket = c->id;
  e.time = e.returned = bpf_ktime_get_ns();
  if (after == CLOSED) bpf_map_delete_elem(&connections, &key);
  tell(&e);
  return 0;
}

INLINE void process_event(u8 kind, u32 child) {
  struct event e = {.kind = kind, .length = child};
  e.time = e.returned = bpf_ktime_get_ns();
  identify(&e);
  tell(&e);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(executed, struct task_struct *task, int old, struct linux_binprm *program) {
  u32 tgid = bpf_get_current_pid_tgid() >> 32;
  struct process *before = bpf_map_lookup_elem(&processes, &tgid);
  struct process p = {};
  struct name name = {};
  bpf_get_current_comm(&name, sizeof(name));
  /* Who was listed stays so, as its children do. */
  p.capture = (before && before->capture) || bpf_map_lookup_elem(&names, &name) != 0;
  p.own = before && before->own;
  if (p.capture || p.own) bpf_map_update_elem(&processes, &tgid, &p, 0);
  else if (before) bpf_map_delete_elem(&processes, &tgid);
  struct thread *t = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, CREATE);
  if (!t) return 0;
  t->generation = 0;
  t->looped = 0;
  t->environment = 0;
  forget(t);
  if (self()) process_event(KIND_EXEC, 0);
  return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(forked, struct task_struct *parent, struct task_struct *child) {
  u32 tgid = bpf_get_current_pid_tgid() >> 32;
  u32 made = LOAD(struct task_struct, child, tgid);
  if (made == tgid) return 0;
  struct process *p = bpf_map_lookup_elem(&processes, &tgid);
  if (p || tgid == options.own_tgid) {
    struct process copy = {};
    if (p) copy = *p;
    if (tgid == options.own_tgid) copy.own = 1;
    bpf_map_update_elem(&processes, &made, &copy, 0);
  }
  if (self()) process_event(KIND_FORK, made);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exited, struct task_struct *task) {
  u64 id = bpf_get_current_pid_tgid();
  u32 tgid = id >> 32;
  if (tgid != (u32)id) return 0;
  int known = known_self() != 0 || bpf_map_lookup_elem(&processes, &tgid) != 0;
  bpf_map_delete_elem(&processes, &tgid);
  if (known) process_event(KIND_EXIT, 0);
  return 0;
}
