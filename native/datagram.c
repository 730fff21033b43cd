/* Unix datagram sockets, which Node has not.
 *
 *   open(path, receiveBytes, take) -> socket
 *   close(socket)
 *
 * A thread of each socket reads datagrams into memory, a newline after each; take(Buffer) gets what
 * has come on the main thread, and once take() without one after close(), when what came before has
 * been given. receiveBytes: SO_RCVBUF, 0 = the system's. MAX_HELD bytes wait for the main thread,
 * then the socket's own queue fills. The file is not removed. Errors are thrown with the system
 * call's name and errno's text.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <node_api.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_DATAGRAM = 65536, MAX_HELD = 64 * MAX_DATAGRAM };

struct listener {
  int fd, wake, closed;
  napi_threadsafe_function take;
  pthread_mutex_t lock;
  pthread_cond_t room;
  /* under the lock: bytes that wait, whether the main thread was called for them, the end */
  char *held;
  size_t length;
  int called, ended;
};

static napi_value raise(napi_env env, const char *call, int error) {
  char text[256], code[16];
  snprintf(text, sizeof text, "%s: %s", call, strerror(error));
  snprintf(code, sizeof code, "%d", error);
  napi_throw_error(env, code, text);
  return NULL;
}

/* Calls the main thread if it is not coming anyway; under the lock. */
static void call(struct listener *l) {
  if (l->called) return;
  l->called = napi_call_threadsafe_function(l->take, NULL, napi_tsfn_nonblocking) == napi_ok;
}

/* Waits until a datagram and its newline fit in, or nobody takes any more. */
static int wait_for_room(struct listener *l) {
  pthread_mutex_lock(&l->lock);
  while (l->length + MAX_DATAGRAM > MAX_HELD && l->called) {
    pthread_cond_wait(&l->room, &l->lock);
  }
  int fits = l->length + MAX_DATAGRAM <= MAX_HELD;
  pthread_mutex_unlock(&l->lock);
  return fits;
}

static void hold(struct listener *l, const char *bytes, size_t length) {
  pthread_mutex_lock(&l->lock);
  memcpy(l->held + l->length, bytes, length);
  l->held[l->length + length] = '\n';
  l->length += length + 1;
  call(l);
  pthread_mutex_unlock(&l->lock);
}

/* Reads what is there; -1 = the socket is broken, or nobody takes any more. */
static int drain(struct listener *l, char *bytes) {
  while (wait_for_room(l)) {
    ssize_t got = recv(l->fd, bytes, MAX_DATAGRAM - 1, MSG_DONTWAIT);
    if (got > 0) hold(l, bytes, (size_t)got);
    if (got < 0 && errno != EINTR) return errno == EAGAIN ? 0 : -1;
  }
  return -1;
}

static void *run(void *data) {
  struct listener *l = data;
  char *bytes = malloc(MAX_DATAGRAM);
  struct pollfd ready[2] = {{l->fd, POLLIN, 0}, {l->wake, POLLIN, 0}};
  for (int stop = bytes == NULL; !stop;) {
    if (poll(ready, 2, -1) < 0 && errno != EINTR) break;
    stop = ready[1].revents != 0 || drain(l, bytes) < 0;
    if (ready[1].revents != 0) drain(l, bytes);
  }
  free(bytes);
  pthread_mutex_lock(&l->lock);
  l->ended = 1;
  call(l);
  pthread_mutex_unlock(&l->lock);
  napi_release_threadsafe_function(l->take, napi_tsfn_release);
  return NULL;
}

/* On the main thread: gives what waits, and the end. */
static void on_call(napi_env env, napi_value take, void *context, void *data) {
  struct listener *l = context;
  napi_value self, buffer = NULL;
  pthread_mutex_lock(&l->lock);
  if (env != NULL && l->length > 0) {
    napi_create_buffer_copy(env, l->length, l->held, NULL, &buffer);
  }
  l->length = 0;
  l->called = 0;
  int ended = l->ended;
  pthread_cond_signal(&l->room);
  pthread_mutex_unlock(&l->lock);
  if (env == NULL) return;
  napi_get_undefined(env, &self);
  if (buffer != NULL) napi_call_function(env, self, take, 1, &buffer, NULL);
  if (ended) napi_call_function(env, self, take, 0, NULL, NULL);
}

static void on_end(napi_env env, void *data, void *hint) {
  struct listener *l = data;
  close(l->fd);
  close(l->wake);
  free(l->held);
  pthread_mutex_destroy(&l->lock);
  pthread_cond_destroy(&l->room);
  l->closed = 1;
}

static int bound(const char *path, int receive_bytes) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int failed = bind(fd, (struct sockaddr *)&address, sizeof address) != 0;
  if (!failed && receive_bytes > 0) {
    failed = setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes) != 0;
  }
  if (!failed) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static void drop(napi_env env, void *data, void *hint) {
  struct listener *l = data;
  /* Without close() the thread still has it. */
  if (l->closed) free(l);
}

static napi_value js_open(napi_env env, napi_callback_info info) {
  size_t argc = 3, length;
  napi_value argv[3], name, result;
  char path[512];
  int32_t receive_bytes;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  napi_get_value_string_utf8(env, argv[0], path, sizeof path, &length);
  napi_get_value_int32(env, argv[1], &receive_bytes);
  struct listener *l = calloc(1, sizeof *l);
  char *held = malloc(MAX_HELD);
  if (l == NULL || held == NULL) {
    free(l);
    free(held);
    return raise(env, "malloc", ENOMEM);
  }
  l->held = held;
  l->fd = bound(path, receive_bytes);
  l->wake = l->fd < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (l->wake < 0) {
    int error = errno;
    if (l->fd >= 0) close(l->fd);
    free(held);
    free(l);
    return raise(env, "bind", error);
  }
  pthread_mutex_init(&l->lock, NULL);
  pthread_cond_init(&l->room, NULL);
  napi_create_string_utf8(env, "datagrams", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, argv[2], NULL, name, 0, 1, l, on_end, l, on_call, &l->take);
  pthread_t thread;
  int error = pthread_create(&thread, NULL, run, l);
  if (error != 0) {
    napi_release_threadsafe_function(l->take, napi_tsfn_abort);
    return raise(env, "pthread_create", error);
  }
  pthread_detach(thread);
  napi_create_external(env, l, drop, NULL, &result);
  return result;
}

static napi_value js_close(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argv[1];
  void *data;
  const uint64_t one = 1;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  if (napi_get_value_external(env, argv[0], &data) != napi_ok) return NULL;
  struct listener *l = data;
  if (!l->closed && write(l->wake, &one, sizeof one) < 0) return raise(env, "write", errno);
  return NULL;
}

NAPI_MODULE_INIT() {
  const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"open", js_open}, {"close", js_close}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL,
                         &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}
