/* Sends small UDP packets as fast as asked: sender ADDRESS PORT FLOWS PACKETS PER_SECOND BYTES
 * FLOWS sockets, each with a port of its own, take turns. Prints the packets sent and the
 * seconds. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, MOST = 4096 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 7) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &to.sin_addr);
  int flows = atoi(argv[3]);
  long packets = atol(argv[4]), sent = 0;
  double rate = atof(argv[5]);
  int bytes = atoi(argv[6]);
  if (flows < 1 || flows > MOST || bytes > 1400) return 2;
  static int sockets[MOST];
  for (int i = 0; i < flows; i++) {
    sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
    if (sockets[i] < 0 || connect(sockets[i], (struct sockaddr *)&to, sizeof to) != 0) {
      perror("sender: cannot open a socket");
      return 1;
    }
  }
  static char payload[1400];
  struct iovec piece = {payload, (size_t)bytes};
  struct mmsghdr batch[BATCH];
  memset(batch, 0, sizeof batch);
  for (int i = 0; i < BATCH; i++) {
    batch[i].msg_hdr.msg_iov = &piece;
    batch[i].msg_hdr.msg_iovlen = 1;
  }
  double start = now();
  for (int turn = 0; sent < packets; turn = (turn + 1) % flows) {
    int done = sendmmsg(sockets[turn], batch, BATCH, 0);
    if (done > 0) sent += done;
    double ahead = sent / rate - (now() - start);
    if (ahead > 0.001) usleep((useconds_t)(ahead * 1e6));
  }
  printf("%ld %.3f\n", sent, now() - start);
  return 0;
}
