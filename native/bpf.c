/* Loads BPF objects and drains their ring buffer, over libbpf: the mechanics of the ebpf receiver.
 * What is loaded, where it is attached and what the records mean is TypeScript's (bpf.ts). */
#define _GNU_SOURCE
#include "bpf_threads.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <node_api.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MAX_LINKS 512
#define LOG_BYTES 4096

typedef struct {
  struct bpf_object *object;
  struct bpf_link *links[MAX_LINKS];
  uint8_t *control, *pages; /* consumer page; producer page and the data twice */
  size_t ring_bytes, page_bytes;
  struct waiting waiting;
  char log[LOG_BYTES];
} probe;

static const napi_type_tag PROBE_TAG = {0x7769726573746974ull, 0x63682d6270662d31ull};
static __thread char *log_to;

/* The verifier's log and libbpf's warnings: the last of them says why a load failed. */
static int keep_log(enum libbpf_print_level level, const char *format, va_list arguments) {
  if (level > LIBBPF_WARN || log_to == NULL) return 0;
  char line[LOG_BYTES];
  int n = vsnprintf(line, sizeof line, format, arguments);
  if (n <= 0) return 0;
  size_t used = strlen(log_to), length = strlen(line);
  if (length >= LOG_BYTES / 2) length = LOG_BYTES / 2;
  if (used + length >= LOG_BYTES) used = 0;
  memcpy(log_to + used, line + strlen(line) - length, length);
  log_to[used + length] = 0;
  return 0;
}

static napi_value fail(napi_env env, const char *what, const char *detail, int error) {
  char text[LOG_BYTES + 512];
  snprintf(text, sizeof text, "cannot %s: %s%s%s", what, strerror(error < 0 ? -error : error),
           detail[0] ? "; " : "", detail);
  napi_throw_error(env, NULL, text);
  return NULL;
}

static probe *probe_of(napi_env env, napi_value value) {
  bool tagged = false;
  void *p = NULL;
  if (napi_check_object_type_tag(env, value, &PROBE_TAG, &tagged) == napi_ok && tagged) {
    napi_get_value_external(env, value, &p);
  }
  probe *found = p;
  if (found == NULL || found->object == NULL) {
    napi_throw_type_error(env, NULL, "BUG: not an open probe");
    return NULL;
  }
  return found;
}

static bool text_of(napi_env env, napi_value value, char *to, size_t size) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, to, size, &length) == napi_ok && length < size - 1) {
    return true;
  }
  napi_throw_type_error(env, NULL, "BUG: expected a short string");
  return false;
}

static bool bytes_of(napi_env env, napi_value value, uint8_t **data, size_t *length) {
  napi_typedarray_type type;
  napi_value buffer;
  size_t offset;
  void *at;
  if (napi_get_typedarray_info(env, value, &type, length, &at, &buffer, &offset) == napi_ok &&
      type == napi_uint8_array) {
    *data = at;
    return true;
  }
  napi_throw_type_error(env, NULL, "BUG: expected a Uint8Array");
  return false;
}

static napi_value number(napi_env env, double value) {
  napi_value v;
  napi_create_double(env, value, &v);
  return v;
}

static napi_value boolean(napi_env env, bool value) {
  napi_value v;
  napi_get_boolean(env, value, &v);
  return v;
}

static void release(probe *p) {
  waiting_stop(&p->waiting);
  for (int i = 0; i < MAX_LINKS; i++) {
    if (p->links[i] != NULL) bpf_link__destroy(p->links[i]);
    p->links[i] = NULL;
  }
  if (p->control != NULL) munmap(p->control, p->page_bytes);
  if (p->pages != NULL) munmap(p->pages, p->page_bytes + 2 * p->ring_bytes);
  p->control = p->pages = NULL;
  if (p->object != NULL) bpf_object__close(p->object);
  p->object = NULL;
}

static void finalize(napi_env env, void *data, void *hint) {
  release(data);
  free(data);
}

#define ARGUMENTS(n)                                                       \
  size_t argc = n;                                                         \
  napi_value args[n];                                                      \
  if (napi_get_cb_info(env, info, &argc, args, NULL, NULL) != napi_ok || argc < n) { \
    napi_throw_type_error(env, NULL, "BUG: arguments are missing");        \
    return NULL;                                                           \
  }

static int map_ring(probe *p) {
  struct bpf_map *ring = bpf_object__find_map_by_name(p->object, "ring");
  if (ring == NULL) return ENOENT;
  int fd = bpf_map__fd(ring);
  p->ring_bytes = bpf_map__max_entries(ring);
  p->page_bytes = sysconf(_SC_PAGESIZE);
  void *control = mmap(NULL, p->page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (control == MAP_FAILED) return errno;
  p->control = control;
  void *pages =
      mmap(NULL, p->page_bytes + 2 * p->ring_bytes, PROT_READ, MAP_SHARED, fd, p->page_bytes);
  if (pages == MAP_FAILED) return errno;
  p->pages = pages;
  return 0;
}

static int set_options(struct bpf_object *object, const uint8_t *options, size_t length) {
  struct bpf_map *map;
  bpf_object__for_each_map(map, object) {
    const char *name = bpf_map__name(map);
    size_t n = strlen(name), size;
    if (n < 8 || strcmp(name + n - 8, ".options") != 0) continue;
    void *at = (void *)bpf_map__initial_value(map, &size);
    if (at == NULL || size < length) return EINVAL;
    memcpy(at, options, length);
    return 0;
  }
  return ENOENT;
}

/* A signal ends the verifier's work, which a profiler's timer would do again and again. */
static int load_object(struct bpf_object *object) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = -bpf_object__load(object);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

/* open(object, options, ringBytes) -> handle */
static napi_value open_probe(napi_env env, napi_callback_info info) {
  ARGUMENTS(3)
  uint8_t *object, *options;
  size_t object_length, options_length;
  int64_t ring_bytes;
  if (!bytes_of(env, args[0], &object, &object_length)) return NULL;
  if (!bytes_of(env, args[1], &options, &options_length)) return NULL;
  napi_get_value_int64(env, args[2], &ring_bytes);
  probe *p = calloc(1, sizeof *p);
  if (p == NULL) return fail(env, "load the BPF program", "", ENOMEM);
  p->waiting.epoll = -1;
  log_to = p->log;
  libbpf_set_print(keep_log);
  int error = 0;
  p->object = bpf_object__open_mem(object, object_length, NULL);
  if (p->object == NULL) error = errno;
  if (error == 0) error = set_options(p->object, options, options_length);
  if (error == 0) {
    struct bpf_map *ring = bpf_object__find_map_by_name(p->object, "ring");
    error = ring == NULL ? ENOENT : -bpf_map__set_max_entries(ring, (uint32_t)ring_bytes);
  }
  if (error == 0) error = load_object(p->object);
  if (error == 0) error = map_ring(p);
  log_to = NULL;
  if (error != 0) {
    fail(env, "load the BPF program", p->log, error);
    release(p);
    free(p);
    return NULL;
  }
  napi_value handle;
  napi_create_external(env, p, finalize, NULL, &handle);
  napi_type_tag_object(env, handle, &PROBE_TAG);
  return handle;
}

static int free_link(const probe *p) {
  for (int i = 0; i < MAX_LINKS; i++) {
    if (p->links[i] == NULL) return i;
  }
  return -1;
}

static struct bpf_program *program_of(napi_env env, probe *p, napi_value value, char *name) {
  if (!text_of(env, value, name, 64)) return NULL;
  struct bpf_program *program = bpf_object__find_program_by_name(p->object, name);
  if (program == NULL) napi_throw_type_error(env, NULL, "BUG: no such program");
  return program;
}

static napi_value keep_link(napi_env env, probe *p, struct bpf_link *link, const char *what) {
  int slot = free_link(p);
  if (link == NULL) return fail(env, what, p->log, errno);
  if (slot < 0) {
    bpf_link__destroy(link);
    return fail(env, what, "too many attached", ENOSPC);
  }
  p->links[slot] = link;
  return number(env, slot);
}

/* attach(handle, program) -> link */
static napi_value attach(napi_env env, napi_callback_info info) {
  ARGUMENTS(2)
  char name[64], what[96];
  probe *p = probe_of(env, args[0]);
  struct bpf_program *program = p == NULL ? NULL : program_of(env, p, args[1], name);
  if (program == NULL) return NULL;
  snprintf(what, sizeof what, "attach %s", name);
  p->log[0] = 0;
  log_to = p->log;
  struct bpf_link *link = bpf_program__attach(program);
  log_to = NULL;
  return keep_link(env, p, link, what);
}

/* attachUprobe(handle, program, path, fileOffset, pid) -> link */
static napi_value attach_uprobe(napi_env env, napi_callback_info info) {
  ARGUMENTS(5)
  char name[64], path[4096], what[200];
  int64_t offset, pid;
  probe *p = probe_of(env, args[0]);
  struct bpf_program *program = p == NULL ? NULL : program_of(env, p, args[1], name);
  if (program == NULL || !text_of(env, args[2], path, sizeof path)) return NULL;
  napi_get_value_int64(env, args[3], &offset);
  napi_get_value_int64(env, args[4], &pid);
  snprintf(what, sizeof what, "attach %s to process %d", name, (int)pid);
  p->log[0] = 0;
  log_to = p->log;
  struct bpf_link *link = bpf_program__attach_uprobe(program, false, (pid_t)pid, path, offset);
  log_to = NULL;
  return keep_link(env, p, link, what);
}

/* detach(handle, links Int32Array) -> promise, of a thread that waits for the kernel */
static napi_value detach(napi_env env, napi_callback_info info) {
  ARGUMENTS(2)
  napi_typedarray_type type;
  size_t count;
  void *slots;
  probe *p = probe_of(env, args[0]);
  if (p == NULL) return NULL;
  if (napi_get_typedarray_info(env, args[1], &type, &count, &slots, NULL, NULL) != napi_ok ||
      type != napi_int32_array || count > MAX_LINKS) {
    napi_throw_type_error(env, NULL, "BUG: expected an Int32Array of links");
    return NULL;
  }
  struct bpf_link *links[MAX_LINKS];
  uint32_t taken = 0;
  for (size_t i = 0; i < count; i++) {
    int32_t slot = ((const int32_t *)slots)[i];
    if (slot < 0 || slot >= MAX_LINKS || p->links[slot] == NULL) continue;
    links[taken++] = p->links[slot];
    p->links[slot] = NULL;
  }
  napi_value promise = destroy_later(env, links, taken);
  return promise == NULL ? fail(env, "detach a BPF program", "", ENOMEM) : promise;
}

enum operation { OP_GET, OP_SET, OP_DELETE };

static size_t value_bytes(struct bpf_map *map) {
  size_t size = bpf_map__value_size(map);
  enum bpf_map_type type = bpf_map__type(map);
  if (type != BPF_MAP_TYPE_PERCPU_ARRAY && type != BPF_MAP_TYPE_PERCPU_HASH) return size;
  return (size + 7) / 8 * 8 * (size_t)libbpf_num_possible_cpus();
}

/* (handle, map, key, value) -> whether the key was there, or the value was set */
static napi_value map_operation(napi_env env, napi_callback_info info, enum operation operation) {
  size_t argc = 4;
  napi_value args[4];
  napi_get_cb_info(env, info, &argc, args, NULL, NULL);
  char name[64];
  uint8_t *key, *value = NULL;
  size_t key_length, value_length = 0;
  probe *p = probe_of(env, args[0]);
  if (p == NULL || !text_of(env, args[1], name, sizeof name)) return NULL;
  if (!bytes_of(env, args[2], &key, &key_length)) return NULL;
  if (operation != OP_DELETE && !bytes_of(env, args[3], &value, &value_length)) return NULL;
  struct bpf_map *map = bpf_object__find_map_by_name(p->object, name);
  bool fits = map != NULL && key_length == bpf_map__key_size(map) &&
              (operation == OP_DELETE || value_length == value_bytes(map));
  if (!fits) {
    napi_throw_type_error(env, NULL, "BUG: no such map, or other sizes of key or value");
    return NULL;
  }
  int fd = bpf_map__fd(map), error;
  if (operation == OP_GET) error = bpf_map_lookup_elem(fd, key, value);
  else if (operation == OP_SET) error = bpf_map_update_elem(fd, key, value, BPF_ANY);
  else error = bpf_map_delete_elem(fd, key);
  if (error != 0 && errno != ENOENT) return fail(env, "use a BPF map", name, errno);
  return boolean(env, error == 0);
}

static napi_value map_get(napi_env env, napi_callback_info info) {
  return map_operation(env, info, OP_GET);
}
static napi_value map_set(napi_env env, napi_callback_info info) {
  return map_operation(env, info, OP_SET);
}
static napi_value map_delete(napi_env env, napi_callback_info info) {
  return map_operation(env, info, OP_DELETE);
}

/* valueBytes(handle, map): bytes that mapGet wants, of all processors together */
static napi_value map_value_bytes(napi_env env, napi_callback_info info) {
  ARGUMENTS(2)
  char name[64];
  probe *p = probe_of(env, args[0]);
  if (p == NULL || !text_of(env, args[1], name, sizeof name)) return NULL;
  struct bpf_map *map = bpf_object__find_map_by_name(p->object, name);
  return number(env, map == NULL ? 0 : (double)value_bytes(map));
}

#define BUSY (1u << 31)
#define DISCARDED (1u << 30)

/* drain(handle, out) -> bytes: whole records back to back, each padded to 8 bytes; what does not
 * fit stays in the ring. */
static napi_value drain(napi_env env, napi_callback_info info) {
  ARGUMENTS(2)
  uint8_t *out;
  size_t room, filled = 0;
  probe *p = probe_of(env, args[0]);
  if (p == NULL || !bytes_of(env, args[1], &out, &room)) return NULL;
  unsigned long *consumer = (unsigned long *)p->control;
  unsigned long *producer = (unsigned long *)p->pages;
  const uint8_t *data = p->pages + p->page_bytes;
  unsigned long at = *consumer, end = __atomic_load_n(producer, __ATOMIC_ACQUIRE);
  while (at < end) {
    const uint8_t *record = data + (at & (p->ring_bytes - 1));
    uint32_t header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
    if (header & BUSY) break;
    size_t length = header & ~(BUSY | DISCARDED), padded = (length + 7) & ~(size_t)7;
    if (!(header & DISCARDED)) {
      if (filled + padded > room) break;
      memcpy(out + filled, record + 8, length);
      filled += padded;
    }
    at += 8 + padded;
  }
  __atomic_store_n(consumer, at, __ATOMIC_RELEASE);
  return number(env, (double)filled);
}

/* onWake(handle, call): calls when the ring fills, or a program began; keeps no process alive */
static napi_value on_wake(napi_env env, napi_callback_info info) {
  ARGUMENTS(2)
  probe *p = probe_of(env, args[0]);
  if (p == NULL || p->waiting.epoll >= 0) return NULL;
  int ring = bpf_map__fd(bpf_object__find_map_by_name(p->object, "ring"));
  int error = waiting_start(env, &p->waiting, ring, args[1]);
  return error == 0 ? NULL : fail(env, "wait for the BPF ring", "", error);
}

/* clockOffset(): CLOCK_REALTIME - CLOCK_MONOTONIC in nanoseconds, as a BigInt */
static napi_value clock_offset(napi_env env, napi_callback_info info) {
  struct timespec before, real, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  clock_gettime(CLOCK_REALTIME, &real);
  clock_gettime(CLOCK_MONOTONIC, &after);
  int64_t a = before.tv_sec * 1000000000ll + before.tv_nsec;
  int64_t b = after.tv_sec * 1000000000ll + after.tv_nsec;
  napi_value v;
  napi_create_bigint_int64(env, real.tv_sec * 1000000000ll + real.tv_nsec - (a + (b - a) / 2), &v);
  return v;
}

/* measure(): run times are counted until the returned descriptor is closed (process end) */
static napi_value measure(napi_env env, napi_callback_info info) {
  return number(env, bpf_enable_stats(BPF_STATS_RUN_TIME));
}

/* programs(handle) -> [name, runs, nanoseconds, ...] of the loaded programs */
static napi_value programs(napi_env env, napi_callback_info info) {
  ARGUMENTS(1)
  probe *p = probe_of(env, args[0]);
  if (p == NULL) return NULL;
  napi_value list, name;
  napi_create_array(env, &list);
  uint32_t n = 0;
  struct bpf_program *program;
  bpf_object__for_each_program(program, p->object) {
    struct bpf_prog_info stats = {0};
    uint32_t length = sizeof stats;
    int fd = bpf_program__fd(program);
    if (fd < 0 || bpf_obj_get_info_by_fd(fd, &stats, &length) != 0) continue;
    napi_create_string_utf8(env, bpf_program__name(program), NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, list, n++, name);
    napi_set_element(env, list, n++, number(env, (double)stats.run_cnt));
    napi_set_element(env, list, n++, number(env, (double)stats.run_time_ns));
  }
  return list;
}

static napi_value close_probe(napi_env env, napi_callback_info info) {
  ARGUMENTS(1)
  probe *p = probe_of(env, args[0]);
  if (p != NULL) release(p);
  return NULL;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"open", NULL, open_probe, NULL, NULL, NULL, napi_enumerable, NULL},
      {"attach", NULL, attach, NULL, NULL, NULL, napi_enumerable, NULL},
      {"attachUprobe", NULL, attach_uprobe, NULL, NULL, NULL, napi_enumerable, NULL},
      {"detach", NULL, detach, NULL, NULL, NULL, napi_enumerable, NULL},
      {"mapGet", NULL, map_get, NULL, NULL, NULL, napi_enumerable, NULL},
      {"mapSet", NULL, map_set, NULL, NULL, NULL, napi_enumerable, NULL},
      {"mapDelete", NULL, map_delete, NULL, NULL, NULL, napi_enumerable, NULL},
      {"valueBytes", NULL, map_value_bytes, NULL, NULL, NULL, napi_enumerable, NULL},
      {"drain", NULL, drain, NULL, NULL, NULL, napi_enumerable, NULL},
      {"onWake", NULL, on_wake, NULL, NULL, NULL, napi_enumerable, NULL},
      {"clockOffset", NULL, clock_offset, NULL, NULL, NULL, napi_enumerable, NULL},
      {"measure", NULL, measure, NULL, NULL, NULL, napi_enumerable, NULL},
      {"programs", NULL, programs, NULL, NULL, NULL, napi_enumerable, NULL},
      {"close", NULL, close_probe, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
