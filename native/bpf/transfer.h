/* Calls that move data: payload, addresses, sequence numbers, and the record of the call. */

enum { PEEK = 2, TRUNC = 0x20, DONTWAIT = 0x40, ERRQUEUE = 0x2000, OOB = 1, NONBLOCK = 0x800 };

struct transfer {
  u64 sk;
  u64 buffer, vectors, room; /* room: bytes of the buffer, or how many vectors */
  u64 name;
  u64 control, control_length;
  u32 fd, length, message_flags;
  u8 call, incoming, tcp, blocking;
};

struct vector {
  u64 base, length;
};
struct message {
  u64 name;
  u32 name_length, pad;
  u64 vectors, count, control, control_length;
  u32 flags, pad2;
};

INLINE struct file *file_of(u64 fd) {
  struct files_struct *files =
      LOAD(struct task_struct, bpf_get_current_task_btf(), files);
  struct fdtable *table = LOAD(struct files_struct, files, fdt);
  if (fd >= LOAD(struct fdtable, table, max_fds)) return 0;
  struct file **array = LOAD(struct fdtable, table, fd);
  struct file *file = 0;
  bpf_probe_read_kernel(&file, 8, array + fd);
  return file;
}

#define ANON_INODE 0x09041934

/* Whether a descriptor that was written to is an eventfd, which wakes a loop: V8 does so from
 * within what it is called for, to have work of its own done later. */
INLINE int is_eventfd(u64 fd) {
  struct file *file = file_of(fd);
  if (!file) return 0;
  struct inode *inode = LOAD(struct file, file, f_inode);
  struct super_block *sb = LOAD(struct inode, inode, i_sb);
  return LOAD(struct super_block, sb, s_magic) == ANON_INODE;
}

/* The socket behind x->fd, if it is one of TCP or UDP. */
INLINE int find(struct transfer *x) {
  struct file *file = file_of(x->fd);
  if (!file) return 0;
  struct inode *inode = LOAD(struct file, file, f_inode);
  if ((LOAD(struct inode, inode, i_mode) & 0170000) != 0140000) return 0;
  struct socket *socket = LOAD(struct file, file, private_data);
  u64 sk = (u64)LOAD(struct socket, socket, sk);
  if (!sk) return 0;
  u16 family = LOAD(struct sock, sk, __sk_common.skc_family);
  if (family != 2 && family != 10) return 0;
  u16 protocol = LOAD(struct sock, sk, sk_protocol);
  if (protocol != 6 && protocol != 17) return 0;
  x->tcp = protocol == 6;
  x->blocking = !(LOAD(struct file, file, f_flags) & NONBLOCK);
  x->sk = sk;
  return 1;
}

INLINE void read_message(struct transfer *x, u64 at) {
  struct message m = {};
  bpf_probe_read_user(&m, sizeof(m), (void *)at);
  x->name = m.name;
  x->vectors = m.vectors;
  x->room = m.count;
  x->control = m.control;
  x->control_length = m.control_length;
}

INLINE u32 read_buffer(u8 *to, u64 from, u64 length) {
  u64 n = length;
  if (n > options.payload_cap) n = options.payload_cap;
  MASK(n, 4095);
  return bpf_probe_read_user(to, n, (void *)from) ? 0 : n;
}

INLINE u32 read_vectors(u8 *to, u64 vectors, u64 count, u32 length) {
  u64 at = 0, want = length;
  if (want > options.payload_cap) want = options.payload_cap;
  for (u32 i = 0; i < 8; i++) {
    struct vector v = {};
    if (i >= count || at >= want) break;
    if (bpf_probe_read_user(&v, sizeof(v), (void *)(vectors + i * sizeof(v)))) break;
    u64 n = v.length;
    if (n > want - at) n = want - at;
    MASK(n, 4095);
    MASK(at, 4095);
    if (bpf_probe_read_user(to + at, n, (void *)v.base)) break;
    at += n;
  }
  MASK(at, 4095);
  return at;
}

/* Peer of a datagram on a socket that is not connected. */
INLINE void read_name(struct event *e, u64 name) {
  struct {
    u16 family, port;
    u8 rest[24];
  } a = {};
  if (!name || bpf_probe_read_user(&a, 16, (void *)name)) return;
  if (a.family == 2) {
    e->remote_port = __builtin_bswap16(a.port);
    *(u32 *)e->remote = *(u32 *)a.rest;
  } else if (a.family == 10 && !bpf_probe_read_user(&a, 28, (void *)name)) {
    e->remote_port = __builtin_bswap16(a.port);
    __builtin_memcpy(e->remote, a.rest + 4, 16);
  }
}

enum { IP_LEVEL = 0, IP_PKTINFO = 8, IPV6_LEVEL = 41, IPV6_PKTINFO = 50 };

/* Own address of a datagram on a socket that is bound to none: programs that have to answer from
 * the address that was asked get and give it beside the data (in_pktinfo, in6_pktinfo). */
static __noinline int read_own_address(struct event *e, struct transfer *x) {
  if (!e || !x) return 0;
  u64 at = x->control, left = x->control_length;
  for (int i = 0; i < 4; i++) {
    struct {
      u64 length;
      u32 level, type;
    } c = {};
    if (!at || left < sizeof(c) || bpf_probe_read_user(&c, sizeof(c), (void *)at)) break;
    if (c.level == IP_LEVEL && c.type == IP_PKTINFO) {
      u32 info[3] = {}; /* interface, the host's address, destination in the packet */
      if (bpf_probe_read_user(info, sizeof(info), (void *)(at + sizeof(c)))) break;
      *(u32 *)e->local = info[x->incoming ? 2 : 1];
      return 0;
    }
    if (c.level == IPV6_LEVEL && c.type == IPV6_PKTINFO) {
      bpf_probe_read_user(e->local, 16, (void *)(at + sizeof(c)));
      return 0;
    }
    u64 step = (c.length + 7) & ~7ull;
    if (c.length < sizeof(c) || step > left) break;
    at += step;
    left -= step;
  }
  return 0;
}

INLINE u32 ports_of(struct event *e, u8 tcp) {
  /* Kernel addresses of sockets are used again: another connection has other ports. */
  return (u32)e->local_port << 16 | (tcp ? e->remote_port : 0);
}

INLINE u8 role_of(struct event *e, u8 tcp, u8 incoming) {
  if (!tcp) return incoming ? SERVER : CLIENT;
  u64 key = (u64)e->netns << 32 | e->local_port;
  return bpf_map_lookup_elem(&listeners, &key) ? SERVER : CLIENT;
}

/* Makes or makes anew what is known of a socket. */
static __noinline int track(u64 sk, struct event *e, u8 role) {
  u32 zero = 0;
  u32 *made = bpf_map_lookup_elem(&sockets_made, &zero);
  if (!made || !e) return 0;
  struct connection c = {.role = role, .ports = ports_of(e, e->flags & TCP)};
  c.id = (__sync_fetch_and_add(made, 1) + 1) & 0x3fffffff;
  return bpf_map_update_elem(&connections, &sk, &c, 0);
}

INLINE struct connection *connection_of(u64 sk, struct event *e, u8 tcp, u8 incoming) {
  struct connection *c = bpf_map_lookup_elem(&connections, &sk);
  if (c && c->ports == ports_of(e, tcp)) return c;
  track(sk, e, role_of(e, tcp, incoming));
  return bpf_map_lookup_elem(&connections, &sk);
}

INLINE void sequence(struct event *e, struct transfer *x) {
  struct tcp_sock *tcp = (void *)x->sk;
  u32 sent = LOAD(struct tcp_sock, tcp, write_seq);
  u32 copied = LOAD(struct tcp_sock, tcp, copied_seq);
  if (x->incoming) {
    /* The read that reached the end of the stream counted the FIN. */
    if ((LOAD(struct sock, x->sk, sk_shutdown) & 1) &&
        copied == LOAD(struct tcp_sock, tcp, rcv_nxt)) {
      copied--;
    }
    e->sequence = copied - x->length;
    e->acknowledgement = sent;
  } else {
    e->sequence = sent - x->length;
    e->acknowledgement = copied;
  }
}

static __noinline int transferred(struct thread *t, struct transfer *x) {
  struct scratch *s = scratch();
  if (!s || !t || !x) return 0;
  if (x->incoming && (x->message_flags & (PEEK | ERRQUEUE | OOB))) return 0;
  struct event *e = &s->event;
  __builtin_memset(e, 0, sizeof(*e));
  if (x->tcp) e->flags = TCP;
  describe_socket(e, x->sk);
  if (!x->tcp) {
    if (!e->remote_port) read_name(e, x->name);
    u64 *local = (u64 *)e->local;
    if (x->control && !local[0] && !local[1]) read_own_address(e, x);
  }
  if (!port_listed(e->local_port, e->remote_port)) return 0;
  struct connection *c = connection_of(x->sk, e, x->tcp, x->incoming);
  if (!c) {
    s->counters.untracked++;
    return 0;
  }
  e->kind = KIND_DATA;
  e->call = x->call;
  e->flags |= c->role | (x->incoming ? INCOMING : 0);
  e->socket = c->id;
  e->returned = bpf_ktime_get_ns();
  e->time = x->incoming ? e->returned : t->entered;
  e->length = x->length;
  identify(e);
  if (x->tcp) sequence(e, x);
  if (x->length == 0) {
    if (!x->incoming || !x->tcp || !x->room) return 0;
    e->kind = KIND_END;
    tell(e);
    return 0;
  }
  e->number = ++c->number;
  u8 blocking = x->blocking && !(x->message_flags & DONTWAIT);
  if (c->role == SERVER) {
    if (!x->incoming) server_sent(t, c, e);
    else server_received(t, c, x->sk, blocking, s, e);
    if (!x->tcp) c->last = LAST_NONE;
  } else if (x->incoming) {
    client_received(t, c, x->sk, blocking, e);
  } else {
    if (c->last == LAST_NONE) e->flags |= FIRST;
    client_sent(t, c, x->sk, e);
  }
  if (x->tcp || c->role == CLIENT) c->last = x->incoming ? LAST_IN : LAST_OUT;

  u64 captured = 0;
  if (!(x->incoming && x->tcp && (x->message_flags & TRUNC))) {
    if (x->buffer) {
      captured = read_buffer(s->payload, x->buffer, x->room < x->length ? x->room : x->length);
    } else if (x->vectors) {
      captured = read_vectors(s->payload, x->vectors, x->room, x->length);
    }
    if (!captured && (x->buffer || x->vectors)) s->counters.unreadable++;
  }
  MASK(captured, 4095);
  e->captured = captured;
  e->size = sizeof(*e) + captured;
  if (bpf_ringbuf_output(&ring, e, sizeof(*e) + captured, wakeup(e))) s->counters.dropped++;
  else s->counters.events++;
  return 0;
}

/* sendmmsg and recvmmsg: each message is a datagram of its own. */
static __noinline int messages(struct thread *t, struct transfer *x, u64 at, u32 count) {
  if (!t || !x || x->tcp) return 0;
  for (u32 i = 0; i < 8; i++) {
    struct {
      struct message message;
      u32 length, pad;
    } m = {};
    if (i >= count) break;
    if (bpf_probe_read_user(&m, sizeof(m), (void *)(at + i * sizeof(m)))) break;
    x->name = m.message.name;
    x->vectors = m.message.vectors;
    x->room = m.message.count;
    x->control = m.message.control;
    x->control_length = m.message.control_length;
    x->length = m.length;
    transferred(t, x);
  }
  return 0;
}
