/* Packet rings: AF_PACKET sockets with a TPACKET_V3 receive ring, one per interface.
 *
 *   open(interface, namespace, blockSize, blocks, retireMs, filter) -> ring
 *   memory(ring) -> ArrayBuffer over the whole ring, no copy; detached by close()
 *   info(ring) -> [interface index, hardware type, 1 if frames come without link header]
 *   next(ring) -> index of a block that the kernel has filled and given to us, else -1
 *   release(ring, block)   gives it back; bytes of the block must not be read after it
 *   setFilter(ring, filter)
 *   statistics(ring) -> [packets, drops] since the last call
 *   fault(ring) -> errno pending on the socket, 0 = none
 *   close(ring)
 *   addresses(namespace) -> IP addresses of the interfaces of a network namespace, as texts
 *
 * A namespace is the path of its file; '' = the one of the program.
 * A filter is an array of struct sock_filter (8 bytes each); what it returns is the snap length.
 * Blocks are taken and given back in order. Layouts: linux/if_packet.h; the headers of blocks and
 * packets are read by the caller. Errors are thrown with the system call's name and errno's text.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <node_api.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>


#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

enum { MAX_NAME = 256, MAX_FILTER = 4096 };

struct ring {
  int fd, index, hardware, cooked;
  uint8_t *map;
  size_t size;
  uint32_t block_size, blocks;
  /* next block that the kernel fills for us; blocks taken and not yet given back */
  uint32_t at, taken;
  napi_ref buffer;
};

enum { MAX_ADDRESSES = 4096 };

struct request {
  /* what to do in the namespace */
  int (*run)(struct request *);
  struct ifaddrs *addresses;
  char interface[MAX_NAME], namespace[MAX_NAME];
  uint32_t block_size, blocks, retire_ms;
  struct sock_fprog filter;
  struct ring *ring;
  const char *failed;
  int error;
};

static napi_value raise(napi_env env, const char *call, int error) {
  char text[256], code[16];
  snprintf(text, sizeof text, "%s: %s", call, strerror(error));
  snprintf(code, sizeof code, "%d", error);
  napi_throw_error(env, code, text);
  return NULL;
}

static int fail(struct request *r, const char *call) {
  r->failed = call;
  r->error = errno;
  return -1;
}

/* Looks the interface up; frames of links other than Ethernet come without link header. */
static int describe(struct request *r, int probe) {
  struct ring *k = r->ring;
  if (strcmp(r->interface, "any") == 0) {
    k->cooked = 1;
    return 0;
  }
  struct ifreq q;
  memset(&q, 0, sizeof q);
  if (strlen(r->interface) >= sizeof q.ifr_name) {
    errno = ENODEV;
    return fail(r, "SIOCGIFINDEX");
  }
  strcpy(q.ifr_name, r->interface);
  if (ioctl(probe, SIOCGIFINDEX, &q) != 0) return fail(r, "SIOCGIFINDEX");
  k->index = q.ifr_ifindex;
  if (ioctl(probe, SIOCGIFHWADDR, &q) != 0) return fail(r, "SIOCGIFHWADDR");
  k->hardware = q.ifr_hwaddr.sa_family;
  k->cooked = k->hardware != ARPHRD_ETHER && k->hardware != ARPHRD_LOOPBACK;
  return 0;
}

/* The socket sees nothing before bind(), so that no packet passes a filter not yet there. */
static int prepare(struct request *r) {
  struct ring *k = r->ring;
  int version = TPACKET_V3, one = 1;
  int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return fail(r, "socket(AF_INET)");
  int described = describe(r, probe);
  close(probe);
  if (described != 0) return -1;
  k->fd = socket(AF_PACKET, (k->cooked ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC, 0);
  if (k->fd < 0) return fail(r, "socket(AF_PACKET)");
  if (setsockopt(k->fd, SOL_SOCKET, SO_ATTACH_FILTER, &r->filter, sizeof r->filter) != 0)
    return fail(r, "SO_ATTACH_FILTER");
  if (setsockopt(k->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0)
    return fail(r, "PACKET_VERSION");
  if (k->hardware == ARPHRD_LOOPBACK) /* older kernels do not know it: the caller sees both */
    setsockopt(k->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
  struct tpacket_req3 ring = {
      .tp_block_size = r->block_size,
      .tp_block_nr = r->blocks,
      .tp_frame_size = 2048,
      .tp_frame_nr = r->block_size / 2048 * r->blocks,
      .tp_retire_blk_tov = r->retire_ms,
  };
  if (setsockopt(k->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0)
    return fail(r, "PACKET_RX_RING");
  k->size = (size_t)r->block_size * r->blocks;
  k->block_size = r->block_size;
  k->blocks = r->blocks;
  void *map = mmap(NULL, k->size, PROT_READ | PROT_WRITE, MAP_SHARED, k->fd, 0);
  if (map == MAP_FAILED) return fail(r, "mmap");
  k->map = map;
  struct sockaddr_ll to = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = k->index};
  if (bind(k->fd, (struct sockaddr *)&to, sizeof to) != 0) return fail(r, "bind");
  return 0;
}

/* On a thread of its own: entering a network namespace must not touch the program's threads. */
static void *apart(void *given) {
  struct request *r = given;
  if (r->namespace[0] != 0) {
    int target = open(r->namespace, O_RDONLY | O_CLOEXEC);
    if (target < 0) {
      fail(r, "open namespace");
      return NULL;
    }
    int entered = setns(target, CLONE_NEWNET);
    int error = errno;
    close(target);
    if (entered != 0) {
      errno = error;
      fail(r, "setns");
      return NULL;
    }
  }
  r->run(r);
  return NULL;
}

static void run_apart(struct request *r) {
  pthread_t thread;
  int made = pthread_create(&thread, NULL, apart, r);
  if (made == 0) {
    pthread_join(thread, NULL);
    return;
  }
  r->failed = "pthread_create";
  r->error = made;
}

static int list_addresses(struct request *r) {
  return getifaddrs(&r->addresses) == 0 ? 0 : fail(r, "getifaddrs");
}

static void dispose(struct ring *k) {
  if (k->map != NULL) munmap(k->map, k->size);
  if (k->fd >= 0) close(k->fd);
  k->map = NULL;
  k->fd = -1;
}

/* A forgotten ring stops capturing; its memory stays mapped, since views of it may be left. */
static void finalize(napi_env env, void *data, void *hint) {
  struct ring *k = data;
  if (k->fd >= 0) close(k->fd);
  free(k);
}

static int arguments(napi_env env, napi_callback_info info, size_t wanted, napi_value *out) {
  size_t count = wanted;
  if (napi_get_cb_info(env, info, &count, out, NULL, NULL) == napi_ok && count == wanted) return 1;
  napi_throw_type_error(env, NULL, "BUG: wrong number of arguments");
  return 0;
}

static struct ring *ring_of(napi_env env, napi_value value) {
  void *k = NULL;
  if (napi_get_value_external(env, value, &k) != napi_ok || ((struct ring *)k)->fd < 0) {
    napi_throw_type_error(env, NULL, "BUG: not an open ring");
    return NULL;
  }
  return k;
}

static int filter_of(napi_env env, napi_value value, struct sock_fprog *out) {
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok ||
      type != napi_uint8_array || length == 0 || length % 8 != 0 || length / 8 > MAX_FILTER) {
    napi_throw_type_error(env, NULL, "BUG: a filter is 1 to 4096 instructions of 8 bytes");
    return 0;
  }
  out->len = (unsigned short)(length / 8);
  out->filter = data;
  return 1;
}

static napi_value open_ring(napi_env env, napi_callback_info info) {
  napi_value a[6];
  if (!arguments(env, info, 6, a)) return NULL;
  struct request r;
  memset(&r, 0, sizeof r);
  size_t length;
  if (napi_get_value_string_utf8(env, a[0], r.interface, MAX_NAME, &length) != napi_ok ||
      napi_get_value_string_utf8(env, a[1], r.namespace, MAX_NAME, &length) != napi_ok ||
      napi_get_value_uint32(env, a[2], &r.block_size) != napi_ok ||
      napi_get_value_uint32(env, a[3], &r.blocks) != napi_ok ||
      napi_get_value_uint32(env, a[4], &r.retire_ms) != napi_ok) {
    napi_throw_type_error(env, NULL, "BUG: wrong types");
    return NULL;
  }
  if (!filter_of(env, a[5], &r.filter)) return NULL;
  r.ring = calloc(1, sizeof *r.ring);
  if (r.ring == NULL) return raise(env, "calloc", ENOMEM);
  r.ring->fd = -1;
  r.run = prepare;
  run_apart(&r);
  if (r.failed != NULL) {
    dispose(r.ring);
    free(r.ring);
    return raise(env, r.failed, r.error);
  }
  napi_value handle, buffer;
  if (napi_create_external_arraybuffer(env, r.ring->map, r.ring->size, NULL, NULL, &buffer) !=
          napi_ok ||
      napi_create_reference(env, buffer, 1, &r.ring->buffer) != napi_ok ||
      napi_create_external(env, r.ring, finalize, NULL, &handle) != napi_ok) {
    napi_throw_error(env, NULL, "cannot share the ring's memory with JavaScript");
    return NULL;
  }
  return handle;
}

static napi_value memory(napi_env env, napi_callback_info info) {
  napi_value a[1], buffer = NULL;
  if (!arguments(env, info, 1, a)) return NULL;
  struct ring *k = ring_of(env, a[0]);
  if (k != NULL) napi_get_reference_value(env, k->buffer, &buffer);
  return buffer;
}

static napi_value numbers(napi_env env, const uint32_t *values, uint32_t count) {
  napi_value list, value;
  napi_create_array_with_length(env, count, &list);
  for (uint32_t i = 0; i < count; i++) {
    napi_create_uint32(env, values[i], &value);
    napi_set_element(env, list, i, value);
  }
  return list;
}

static napi_value ring_info(napi_env env, napi_callback_info info) {
  napi_value a[1];
  if (!arguments(env, info, 1, a)) return NULL;
  struct ring *k = ring_of(env, a[0]);
  if (k == NULL) return NULL;
  uint32_t values[] = {(uint32_t)k->index, (uint32_t)k->hardware, (uint32_t)k->cooked};
  return numbers(env, values, 3);
}

static _Atomic uint32_t *status_of(struct ring *k, uint32_t block) {
  struct tpacket_block_desc *b = (void *)(k->map + (size_t)block * k->block_size);
  return (_Atomic uint32_t *)&b->hdr.bh1.block_status;
}

static napi_value next(napi_env env, napi_callback_info info) {
  napi_value a[1], result;
  if (!arguments(env, info, 1, a)) return NULL;
  struct ring *k = ring_of(env, a[0]);
  if (k == NULL) return NULL;
  int32_t block = -1;
  if (k->taken < k->blocks &&
      (atomic_load_explicit(status_of(k, k->at), memory_order_acquire) & TP_STATUS_USER) != 0) {
    block = (int32_t)k->at;
    k->at = (k->at + 1) % k->blocks;
    k->taken++;
  }
  napi_create_int32(env, block, &result);
  return result;
}

static napi_value release(napi_env env, napi_callback_info info) {
  napi_value a[2];
  uint32_t block;
  if (!arguments(env, info, 2, a)) return NULL;
  struct ring *k = ring_of(env, a[0]);
  if (k == NULL) return NULL;
  uint32_t oldest = (k->at + k->blocks - k->taken) % k->blocks;
  if (napi_get_value_uint32(env, a[1], &block) != napi_ok || k->taken == 0 || block != oldest) {
    napi_throw_type_error(env, NULL, "BUG: blocks are given back in order");
    return NULL;
  }
  atomic_store_explicit(status_of(k, block), TP_STATUS_KERNEL, memory_order_release);
  k->taken--;
  return NULL;
}

static napi_value set_filter(napi_env env, napi_callback_info info) {
  napi_value a[2];
  struct sock_fprog filter;
  if (!arguments(env, info, 2, a)) return NULL;
  struct ring *k = ring_of(env, a[0]);
  if (k == NULL || !filter_of(env, a[1], &filter)) return NULL;
  if (setsockopt(k->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
    return raise(env, "SO_ATTACH_FILTER", errno);
  return NULL;
}

static napi_value statistics(napi_env env, napi_callback_info info) {
  napi_value a[1];
  if (!arguments(env, info, 1, a)) return NULL;
  struct ring *k = ring_of(env, a[0]);
  if (k == NULL) return NULL;
  struct tpacket_stats_v3 s;
  socklen_t length = sizeof s;
  if (getsockopt(k->fd, SOL_PACKET, PACKET_STATISTICS, &s, &length) != 0)
    return raise(env, "PACKET_STATISTICS", errno);
  uint32_t values[] = {s.tp_packets, s.tp_drops};
  return numbers(env, values, 2);
}

static napi_value fault(napi_env env, napi_callback_info info) {
  napi_value a[1], result;
  if (!arguments(env, info, 1, a)) return NULL;
  struct ring *k = ring_of(env, a[0]);
  if (k == NULL) return NULL;
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(k->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  napi_create_int32(env, error, &result);
  return result;
}

static napi_value close_ring(napi_env env, napi_callback_info info) {
  napi_value a[1], buffer;
  if (!arguments(env, info, 1, a)) return NULL;
  struct ring *k = ring_of(env, a[0]);
  if (k == NULL) return NULL;
  napi_get_reference_value(env, k->buffer, &buffer);
  /* every view of the ring has length 0 from here on; without that the memory must stay */
  if (napi_detach_arraybuffer(env, buffer) != napi_ok) k->map = NULL;
  napi_delete_reference(env, k->buffer);
  dispose(k);
  return NULL;
}

static napi_value addresses(napi_env env, napi_callback_info info) {
  napi_value a[1], list, text;
  if (!arguments(env, info, 1, a)) return NULL;
  struct request r;
  memset(&r, 0, sizeof r);
  size_t length;
  if (napi_get_value_string_utf8(env, a[0], r.namespace, MAX_NAME, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "BUG: wrong types");
    return NULL;
  }
  r.run = list_addresses;
  run_apart(&r);
  if (r.failed != NULL) return raise(env, r.failed, r.error);
  napi_create_array(env, &list);
  uint32_t count = 0;
  for (struct ifaddrs *i = r.addresses; i != NULL && count < MAX_ADDRESSES; i = i->ifa_next) {
    char buffer[INET6_ADDRSTRLEN];
    if (i->ifa_addr == NULL) continue;
    int family = i->ifa_addr->sa_family;
    const void *address = family == AF_INET
                              ? (const void *)&((struct sockaddr_in *)i->ifa_addr)->sin_addr
                              : (const void *)&((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr;
    if (family != AF_INET && family != AF_INET6) continue;
    if (inet_ntop(family, address, buffer, sizeof buffer) == NULL) continue;
    napi_create_string_utf8(env, buffer, NAPI_AUTO_LENGTH, &text);
    napi_set_element(env, list, count++, text);
  }
  freeifaddrs(r.addresses);
  return list;
}

NAPI_MODULE_INIT() {
  const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"open", open_ring},     {"memory", memory},         {"info", ring_info},
                   {"next", next},          {"release", release},       {"setFilter", set_filter},
                   {"statistics", statistics}, {"fault", fault},        {"close", close_ring},
                   {"addresses", addresses}};
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    napi_value f;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &f);
    napi_set_named_property(env, exports, functions[i].name, f);
  }
  return exports;
}
