/* Kernel side of the ebpf receiver: tells of the data that the captured processes send and receive
 * on TCP and UDP sockets, and which chain of work each call belongs to. It decides nothing else:
 * protocols, pairing and names are user space's. */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "event.h"
#include "maps.h"
#include "calls.h"

char licence_text[] SEC("license") = "Dual BSD/GPL";

#ifdef COMPAT
#define LOAD(T, p, field)          \
  ({                               \
    T *from_ = (T *)(p);           \
    BPF_CORE_READ(from_, field);   \
  })
#else
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym;
#define CAST(T, p) ((T *)bpf_rdonly_cast((const void *)(p), bpf_core_type_id_kernel(T)))
#define LOAD(T, p, field) (CAST(T, p)->field)
#endif

/* Bounds that the verifier sees: the compiler must not optimise them away. */
#define MASK(x, m) asm volatile("%0 &= " #m : "+r"(x))
#define INLINE static __always_inline

#include "state.h"
#include "chain.h"
#include "transfer.h"
#include "lifecycle.h"
#include "node.h"

INLINE u32 call_number(struct pt_regs *regs, u64 number) {
  if (number >= CALLS) return 0;
#if defined(__TARGET_ARCH_x86)
  /* 32-bit programs have other numbers. */
  if (LOAD(struct task_struct, bpf_get_current_task_btf(), thread_info.status) & 2) return 0;
#endif
  return call_of[number];
}

SEC("tp_btf/sys_enter")
int BPF_PROG(entered, struct pt_regs *regs, long number) {
  if ((u64)number >= CALLS) return 0;
  u32 call = call_of[number];
  switch (call) {
    case CALL_WRITE:
    case CALL_WRITEV:
    case CALL_SENDTO:
    case CALL_SENDMSG:
    case CALL_SENDMMSG:
    case CALL_SENDFILE:
    case CALL_SPLICE: {
      struct thread *t = self();
      if (t) t->entered = bpf_ktime_get_ns();
    }
  }
  return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(left, struct pt_regs *regs, long ret) {
  u32 call = call_number(regs, CALL_NUMBER(regs));
  if (!call || call == CALL_CLOSE) return 0;
  struct thread *t = self();
  if (!t) return 0;
  struct transfer x = {.call = call, .fd = ARG0(regs)};
  switch (call) {
    case CALL_EPOLL:
    case CALL_SELECT:
      return tick(t);
    case CALL_POLL:
      /* One descriptor: a time-out around a blocking call. */
      return ARG1(regs) > 1 ? tick(t) : 0;
    case CALL_OTHER:
      unread(t);
      return 0;
    case CALL_ACCEPT:
      return ret >= 0 ? accepted(t, ret) : 0;
    case CALL_CONNECT:
      return connected(t, ARG0(regs), ret);
  }
  if (call == CALL_WRITE && ret == 8 && t->fresh && is_eventfd(x.fd)) return 0;
  unread(t);
  if (ret < 0) return 0;
  x.incoming = call == CALL_READ || call == CALL_READV || call == CALL_RECVFROM ||
               call == CALL_RECVMSG || call == CALL_RECVMMSG;
  if (!find(&x)) {
    if (call != CALL_SPLICE) return 0;
    x.fd = ARG2(regs);
    x.incoming = 0;
    if (!find(&x)) return 0;
  } else if (call == CALL_SPLICE) {
    x.incoming = 1;
  }
  x.length = ret;
  switch (call) {
    case CALL_READ:
    case CALL_WRITE:
      x.buffer = ARG1(regs);
      x.room = ARG2(regs);
      break;
    case CALL_READV:
    case CALL_WRITEV:
      x.vectors = ARG1(regs);
      x.room = ARG2(regs);
      break;
    case CALL_RECVFROM:
    case CALL_SENDTO:
      x.buffer = ARG1(regs);
      x.room = ARG2(regs);
      x.message_flags = ARG3(regs);
      x.name = ARG4(regs);
      break;
    case CALL_RECVMSG:
    case CALL_SENDMSG:
      x.message_flags = ARG2(regs);
      read_message(&x, ARG1(regs));
      break;
    case CALL_RECVMMSG:
    case CALL_SENDMMSG:
      x.message_flags = ARG3(regs);
      return messages(t, &x, ARG1(regs), ret);
  }
  return transferred(t, &x);
}
