/* What the kernel side tells: one record in the ring buffer. Its reader is agent/ebpf/records.ts.
 * Little endian, 128 bytes and then `captured` bytes of payload; the drain pads to 8.
 *
 *   0 u32 size         16 u32 tgid     32 u64 chain            56 u32 netns        96 u64 cgroup
 *   4 u8  kind         20 u32 thread   40 u32 sequence         60 u16 local port  104 u64 returned
 *   5 u8  call         24 u32 socket   44 u32 acknowledgement  62 u16 remote port 112 char comm[16]
 *   6 u8  flags        28 u32 number   48 u32 length           64 u8[16] local    128 payload
 *   7 u8  rule          8 u64 time     52 u32 captured         80 u8[16] remote
 */
#ifndef WIRESTITCH_EVENT_H
#define WIRESTITCH_EVENT_H

enum kind {
  KIND_DATA = 1,
  KIND_CONNECT = 2,
  KIND_ACCEPT = 3,
  KIND_END = 4, /* one direction of a socket (INCOMING: end of file was read) */
  KIND_CLOSE = 5,
  KIND_EXEC = 6,
  KIND_FORK = 7, /* length = the child */
  KIND_EXIT = 8,
};

/* flags */
enum { INCOMING = 1, TCP = 2, IPV6 = 4, CLIENT = 8, SERVER = 16, DERIVED = 32, FIRST = 64 };

/* What carried the chain to this call. */
enum { RULE_NONE = 0, RULE_THREAD = 1, RULE_TICK = 2, RULE_CONNECT = 3, RULE_NODE = 4 };

enum call {
  CALL_READ = 1,
  CALL_WRITE,
  CALL_READV,
  CALL_WRITEV,
  CALL_RECVFROM,
  CALL_SENDTO,
  CALL_RECVMSG,
  CALL_SENDMSG,
  CALL_RECVMMSG,
  CALL_SENDMMSG,
  CALL_SENDFILE,
  CALL_SPLICE,
  CALL_ACCEPT,
  CALL_CONNECT,
  CALL_EPOLL,
  CALL_POLL,
  CALL_SELECT,
  CALL_CLOSE,
  CALL_OTHER, /* getsockopt, shutdown: an event loop goes on with something else */
};

struct event {
  u32 size;
  u8 kind, call, flags, rule;
  u64 time; /* CLOCK_MONOTONIC, ns: of sends when the call began, else when it returned */
  u32 tgid, thread;
  u32 socket, number;
  u64 chain;
  u32 sequence, acknowledgement;
  u32 length, captured;
  u32 netns;
  u16 local_port, remote_port;
  u8 local[16], remote[16]; /* IPv4 in the first four bytes */
  u64 cgroup;
  u64 returned;
  char comm[16]; /* of the process, not of the thread */
};

#endif
