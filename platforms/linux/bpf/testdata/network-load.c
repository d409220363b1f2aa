/*
 * What a packet costs, in a network namespace of its own, both ends in one process on one processor: on loopback the
 * receiving side runs within the call that sends, so that all of it is in the process's own time.
 *
 *   network-load tcp|udp SIZE    for each line of standard input, a number: so many messages sent and received, the
 *                                nanoseconds of processor time that took on standard output
 *   network-load connect SIZE    likewise connections, with one message each
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 18];
static struct sockaddr_in at = {.sin_family = AF_INET};

static void check(long result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static void enter_namespace(void) {
  check(unshare(CLONE_NEWNET), "unshare");
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  check(ioctl(fd, SIOCSIFFLAGS, &request), "lo up");
  close(fd);
}

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static int made(int type) {
  int fd = socket(AF_INET, type, 0), one = 1, room = 1 << 22;
  check(fd, "socket");
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (type == SOCK_STREAM) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

/* A socket that others can send to. */
static int bound(int type) {
  int fd = made(type);
  socklen_t length = sizeof at;
  at.sin_port = 0;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(bind(fd, (void *)&at, sizeof at), "bind");
  check(getsockname(fd, (void *)&at, &length), "getsockname");
  if (type == SOCK_STREAM) check(listen(fd, 64), "listen");
  return fd;
}

static int connected(int type) {
  int fd = made(type);
  check(connect(fd, (void *)&at, sizeof at), "connect");
  return fd;
}

static void move(int from, int to, int size) {
  check(send(from, buffer, size, 0), "send");
  for (int received = 0; received < size;) {
    int done = recv(to, buffer, size, 0);
    check(done, "recv");
    received += done;
  }
}

int main(int count, char **args) {
  if (count != 3) return 2;
  int size = atoi(args[2]), is_connect = !strcmp(args[1], "connect");
  int type = strcmp(args[1], "udp") ? SOCK_STREAM : SOCK_DGRAM;
  if (size < 1 || size > (int)sizeof buffer) return 2;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
  enter_namespace();
  int there = bound(type), from = -1, to = there;
  if (!is_connect) from = connected(type);
  if (!is_connect && type == SOCK_STREAM) to = accept(there, 0, 0);
  for (char line[32]; fgets(line, sizeof line, stdin);) {
    long messages = atol(line), begin = now();
    for (long i = 0; i < messages; i++) {
      if (is_connect) {
        from = connected(type);
        to = accept(there, 0, 0);
      }
      move(from, to, size);
      if (is_connect) {
        struct linger reset = {1, 0};
        setsockopt(from, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(from);
        close(to);
      }
    }
    printf("%ld\n", now() - begin);
    fflush(stdout);
  }
  return 0;
}
