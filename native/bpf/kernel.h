/* The few fields of kernel structures that are read, for relocation at load time (CO-RE): offsets
 * here mean nothing, names and types do. */
#ifndef WIRESTITCH_KERNEL_H
#define WIRESTITCH_KERNEL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
/* Names that libbpf's own header uses. */
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;

#define READ __attribute__((preserve_access_index))

enum {
  MAP_HASH = 1,
  MAP_ARRAY = 2,
  MAP_PERCPU_ARRAY = 6,
  MAP_LRU_HASH = 9,
  MAP_RINGBUF = 27,
  MAP_TASK_STORAGE = 29,
};
enum { NO_PREALLOCATION = 1, CREATE = 1, NO_WAKEUP = 1, FORCE_WAKEUP = 2, AVAILABLE = 0 };

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
  unsigned long r14, r10, r9, r8, dx, cx, si, di, orig_ax, sp;
} READ;
struct thread_info {
  u32 status;
} READ;
#define ARG0(r) ((r)->di)
#define ARG1(r) ((r)->si)
#define ARG2(r) ((r)->dx)
#define ARG3(r) ((r)->r10)
#define ARG4(r) ((r)->r8)
#define CALL_NUMBER(r) ((r)->orig_ax)
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
  u64 regs[31];
  u64 orig_x0;
  s32 syscallno;
} READ;
struct thread_info {
  unsigned long flags;
} READ;
#define ARG0(r) ((r)->orig_x0)
#define ARG1(r) ((r)->regs[1])
#define ARG2(r) ((r)->regs[2])
#define ARG3(r) ((r)->regs[3])
#define ARG4(r) ((r)->regs[4])
#define CALL_NUMBER(r) ((u64)(r)->syscallno)
#else
#error "this architecture is not known"
#endif

struct fdtable {
  u32 max_fds;
  struct file **fd;
} READ;
struct files_struct {
  struct fdtable *fdt;
} READ;
struct super_block {
  unsigned long s_magic;
} READ;
struct inode {
  u16 i_mode;
  struct super_block *i_sb;
} READ;
struct file {
  u32 f_flags;
  struct inode *f_inode;
  void *private_data;
} READ;
struct task_struct {
  struct thread_info thread_info;
  s32 pid, tgid;
  struct task_struct *group_leader;
  struct files_struct *files;
  char comm[16];
} READ;

struct ns_common {
  u32 inum;
} READ;
struct net {
  struct ns_common ns;
} READ;
typedef struct {
  struct net *net;
} possible_net_t;
struct in6_addr {
  u8 bytes[16];
};
struct sock_common {
  u32 skc_daddr, skc_rcv_saddr;
  u16 skc_dport, skc_num, skc_family;
  u8 skc_state;
  possible_net_t skc_net;
  struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} READ;
struct sock {
  struct sock_common __sk_common;
  u16 sk_protocol;
  u8 sk_shutdown;
} READ;
struct tcp_sock {
  u32 write_seq, copied_seq, rcv_nxt;
} READ;
struct socket {
  struct sock *sk;
} READ;

struct linux_binprm;
struct bpf_map;

#endif
