#define _GNU_SOURCE
#include "bpf_threads.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Wake-ups closer to each other than this are one. */
#define PAUSE_NS 5000000

static void *wait_for_records(void *argument) {
  struct waiting *w = argument;
  struct epoll_event event;
  for (;;) {
    int n = epoll_wait(w->epoll, &event, 1, -1);
    if (n < 0 && errno != EINTR) return NULL;
    if (n < 1) continue;
    if (event.data.fd == w->stop) return NULL;
    napi_call_threadsafe_function(w->woken, NULL, napi_tsfn_nonblocking);
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
  }
}

/* Signals are for the program's own threads. */
static int start_thread(struct waiting *w) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&w->thread, NULL, wait_for_records, w);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

int waiting_start(napi_env env, struct waiting *w, int ring, napi_value call) {
  napi_value name;
  napi_create_string_utf8(env, "ebpf ring", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env, call, NULL, name, 1, 1, NULL, NULL, NULL, NULL,
                                      &w->woken) != napi_ok) {
    return ENOMEM;
  }
  napi_unref_threadsafe_function(env, w->woken);
  w->epoll = epoll_create1(EPOLL_CLOEXEC);
  w->stop = eventfd(0, EFD_CLOEXEC);
  struct epoll_event records = {.events = EPOLLIN | EPOLLET, .data.fd = ring};
  struct epoll_event stop = {.events = EPOLLIN, .data.fd = w->stop};
  int error = 0;
  if (w->epoll < 0 || w->stop < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, ring, &records) != 0 ||
      epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->stop, &stop) != 0) {
    error = errno;
  }
  if (error == 0) error = start_thread(w);
  if (error == 0) return 0;
  if (w->stop >= 0) close(w->stop);
  if (w->epoll >= 0) close(w->epoll);
  w->epoll = -1;
  napi_release_threadsafe_function(w->woken, napi_tsfn_abort);
  return error;
}

void waiting_stop(struct waiting *w) {
  if (w->epoll < 0) return;
  uint64_t one = 1;
  if (write(w->stop, &one, sizeof one) == sizeof one) pthread_join(w->thread, NULL);
  napi_release_threadsafe_function(w->woken, napi_tsfn_abort);
  close(w->stop);
  close(w->epoll);
  w->epoll = -1;
}

struct destroying {
  napi_async_work work;
  napi_deferred done;
  uint32_t count;
  struct bpf_link *links[];
};

static void destroy_links(napi_env env, void *data) {
  struct destroying *d = data;
  for (uint32_t i = 0; i < d->count; i++) bpf_link__destroy(d->links[i]);
}

static void links_destroyed(napi_env env, napi_status status, void *data) {
  struct destroying *d = data;
  napi_value undefined;
  napi_get_undefined(env, &undefined);
  napi_resolve_deferred(env, d->done, undefined);
  napi_delete_async_work(env, d->work);
  free(d);
}

napi_value destroy_later(napi_env env, struct bpf_link **links, uint32_t count) {
  struct destroying *d = calloc(1, sizeof *d + count * sizeof *links);
  if (d == NULL) return NULL;
  d->count = count;
  memcpy(d->links, links, count * sizeof *links);
  napi_value name, promise;
  napi_create_promise(env, &d->done, &promise);
  napi_create_string_utf8(env, "ebpf detach", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, NULL, name, destroy_links, links_destroyed, d, &d->work);
  napi_queue_async_work(env, d->work);
  return promise;
}
