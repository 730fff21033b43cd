/* State of the kernel side: maps with fixed sizes, and what user space sets before loading. */
#ifndef WIRESTITCH_MAPS_H
#define WIRESTITCH_MAPS_H

/* Largest payload_cap is MAX_CAP - 64. */
#define MAX_CAP 4096

/* Set before loading; native/bpf.ts writes them in this layout. */
const volatile struct {
  u64 id_base;
  u32 own_tgid;
  u32 payload_cap;
  u32 only_listed; /* capture only listed processes and cgroups */
  u32 only_ports;  /* capture only listed ports */
  u32 wake_bytes;  /* records in the ring at which its reader is woken; else it looks by itself */
  u32 unused;
} options SEC(".rodata.options") = {.payload_cap = 1024};

/* How chains of work are followed in a process. */
enum {
  FOLLOW_BLOCKING = 0, /* only a thread that reads its request with a blocking call */
  FOLLOW_THREAD = 1,   /* also non-blocking reads, in threads that run no event loop */
  FOLLOW_LOOP = 2,     /* event loop whose handlers run to their end (nginx) */
  FOLLOW_NODE = 3,     /* by async ids */
  FOLLOW_NOTHING = 4,
};

struct process {
  u8 capture;
  u8 follow;
  u8 context_register; /* 1: cx, 2: r8 holds the async_context in InternalCallbackScope */
  u8 own; /* a child of the agent: captured only when it is listed */
  u32 fields_offset; /* of the pointer to the async id fields in node::Environment */
};

struct thread {
  u32 generation; /* of the settings that `allowed` and `process` were read under */
  u8 allowed, looped, fresh, derived;
  struct process process;
  u64 entered; /* when the sending call that is under way began */
  u64 chain;
  u64 origin;  /* socket from which `chain` came */
  u64 used_by; /* socket to which the tick gave its chain */
  u64 since;   /* next async id when `chain` came */
  u64 environment;
  u64 scope; /* stack pointer of the callback that got the answer */
};

struct connection {
  u64 chain;
  u64 connecting; /* chain that called connect(), until the first send */
  u32 id, number;
  u32 ports;
  u8 role; /* CLIENT, SERVER or 0 */
  u8 last; /* direction of the last data: 0 none, 1 in, 2 out */
  u8 derived, connect_derived;
  u8 muddled; /* chains were mixed on it: its answers belong to nobody */
  u8 unused[3];
};

struct async_key {
  u64 owner; /* environment and process */
  u64 id;    /* a double's bits: as integers they sort as the doubles do */
};
struct async_value {
  u64 chain;
  u64 since;
  u64 derived;
};

struct counters {
  u64 next_id, events, dropped, unreadable, untracked;
};

struct scratch {
  struct counters counters;
  struct event event;
  u8 payload[2 * MAX_CAP];
};

struct name {
  char text[16];
};

struct settings {
  u32 generation; /* user space counts it up when lists change */
};

#define MAP(name, kind, entries, k, v)        \
  struct {                                    \
    int(*type)[kind];                         \
    int(*max_entries)[entries];               \
    k *key;                                   \
    v *value;                                 \
  } name SEC(".maps")

struct {
  int(*type)[MAP_RINGBUF];
  int(*max_entries)[1 << 24];
} ring SEC(".maps");

struct {
  int(*type)[MAP_TASK_STORAGE];
  int(*map_flags)[NO_PREALLOCATION];
  int *key;
  struct thread *value;
} threads SEC(".maps");

MAP(scratches, MAP_PERCPU_ARRAY, 1, u32, struct scratch);
MAP(settings, MAP_ARRAY, 1, u32, struct settings);
MAP(sockets_made, MAP_ARRAY, 1, u32, u32);
MAP(connections, MAP_LRU_HASH, 32768, u64, struct connection);
MAP(asyncs, MAP_LRU_HASH, 65536, struct async_key, struct async_value);
MAP(processes, MAP_LRU_HASH, 16384, u32, struct process);
MAP(names, MAP_HASH, 64, struct name, u8);   /* executables to capture, by their comm at exec */
MAP(cgroups, MAP_HASH, 1024, u64, u8);
MAP(ports, MAP_HASH, 1024, u16, u8);
MAP(listeners, MAP_LRU_HASH, 8192, u64, u8); /* netns << 32 | port */

#endif
