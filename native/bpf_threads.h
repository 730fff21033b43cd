/* What the loader of BPF programs leaves to other threads. */
#ifndef WIRESTITCH_BPF_THREADS_H
#define WIRESTITCH_BPF_THREADS_H

#include <node_api.h>
#include <pthread.h>

struct bpf_link;

/* A thread that waits for the kernel side's wake-ups. */
struct waiting {
  int epoll, stop; /* epoll -1 = there is none */
  pthread_t thread;
  napi_threadsafe_function woken;
};

/* Calls a function of JavaScript at each wake-up of a ring. @returns 0 or an errno */
int waiting_start(napi_env env, struct waiting *w, int ring, napi_value call);
void waiting_stop(struct waiting *w);

/* Destroys links, for which the kernel waits until no processor runs their programs.
 * @returns a promise, NULL = no memory */
napi_value destroy_later(napi_env env, struct bpf_link **links, uint32_t count);

#endif
