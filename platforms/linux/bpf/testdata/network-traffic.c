/*
 * Traffic whose every byte is known, in a network namespace that nobody else is in.
 *
 *   network-traffic stream    4|6 BYTES PLACE             one connection, a tenth of BYTES comes back; PLACE is
 *                             loopback, veth, options (veth with an IPv6 option in each packet) or big (veth with
 *                             segments of over 64 KiB before segmentation)
 *   network-traffic short     4|6 COUNT BYTES             COUNT connections after one another
 *   network-traffic storm     4|6 COUNT BYTES ENDS        ENDS clients at once, COUNT connections each, ENDS accepting
 *   network-traffic datagram  4|6 connected|unconnected COUNT SIZE CLIENTS [SEGMENT]
 *   network-traffic forking   4|6 CONNECTIONS MILLIS      a child for each accepted connection, which waits first
 *   network-traffic prefork   4|6 CONNECTIONS             children that accept from their parent's listener
 *   network-traffic handed    4|6                         the first half by the parent, the second by its child
 *   network-traffic polling   4|6                         a child that polls and reads nothing beside its parent
 *   network-traffic held      4|6                         a connection open before; `send N` on standard input
 *   network-traffic brief     UID NAME BYTES              one datagram by a process of that user and name
 *
 * Each process says what it did in a line of JSON; the devices' lines come last: {"role":"device",...}, with the
 * segments that were sent more than once in this namespace.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/udp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
/* <netinet/tcp.h> has an older struct tcp_info than the kernel's header. */
#include <linux/tcp.h>

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
/* Neighbours are known, for the first solicitation on a new link is lost and the next follows after a second. */
#define MAC0 "02:00:00:00:00:01"
#define MAC1 "02:00:00:00:00:02"
#define PORT 7777
#define REQUEST 1000
#define REPLY 50000

typedef unsigned long long u64;
static char buffer[1 << 16];
static int family = AF_INET;
static int has_options, is_big;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static u64 cookie_of(int fd) {
  u64 cookie = 0;
  socklen_t length = sizeof cookie;
  getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length);
  return cookie;
}

/* One write, so that the lines of several processes stay whole. */
static void say(const char *format, ...) {
  char line[1024];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (write(1, line, length) != length) exit(1);
}

static socklen_t address_of(struct sockaddr_storage *into, const char *text, int port) {
  memset(into, 0, sizeof *into);
  if (family == AF_INET) {
    struct sockaddr_in *v4 = (void *)into;
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    inet_pton(AF_INET, text, &v4->sin_addr);
    return sizeof *v4;
  }
  struct sockaddr_in6 *v6 = (void *)into;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  inet_pton(AF_INET6, text, &v6->sin6_addr);
  return sizeof *v6;
}

static const char *loopback(void) { return family == AF_INET ? "127.0.0.1" : "::1"; }

static void raise_loopback(void) {
  struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
  strcpy(request.ifr_name, "lo");
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (ioctl(fd, SIOCSIFFLAGS, &request)) fail("lo up");
  close(fd);
}

static void enter_namespace(void) {
  if (unshare(CLONE_NEWNET)) fail("unshare");
  raise_loopback();
}

/* Tcp: RetransSegs of /proc/net/snmp, the twelfth number of its second line. */
static u64 segments_resent(void) {
  FILE *file = fopen("/proc/thread-self/net/snmp", "r");
  char line[1024];
  u64 resent = 0;
  while (file && fgets(line, sizeof line, file)) {
    if (strncmp(line, "Tcp: ", 5)) continue;
    char *at = line + 5;
    for (int column = 0; column < 12; column++) resent = strtoull(at, &at, 10);
  }
  if (file) fclose(file);
  return resent;
}

static void device_line(const char *name) {
  FILE *file = fopen("/proc/thread-self/net/dev", "r");
  char line[512];
  while (file && fgets(line, sizeof line, file)) {
    char *colon = strchr(line, ':');
    if (!colon) continue;
    *colon = 0;
    if (strcmp(line + strspn(line, " "), name)) continue;
    u64 rx, rx_packets, tx, tx_packets, skip;
    sscanf(colon + 1, "%llu %llu %llu %llu %llu %llu %llu %llu %llu %llu", &rx, &rx_packets, &skip, &skip, &skip,
           &skip, &skip, &skip, &tx, &tx_packets);
    say("{\"role\":\"device\",\"name\":\"%s\",\"rxBytes\":%llu,\"rxPackets\":%llu,\"txBytes\":%llu,\"txPackets\":%llu,"
        "\"resent\":%llu}\n",
        name, rx, rx_packets, tx, tx_packets, segments_resent());
  }
  if (file) fclose(file);
}

static u64 device_packets(void) {
  FILE *file = fopen("/proc/thread-self/net/dev", "r");
  char line[512];
  u64 sum = 0, packets, skip;
  while (file && fgets(line, sizeof line, file)) {
    char *colon = strchr(line, ':');
    if (colon && sscanf(colon + 1, "%llu %llu", &skip, &packets) == 2) sum += packets;
  }
  if (file) fclose(file);
  return sum;
}

/* The last acknowledgements may pass after both ends are gone: until nothing has come for a while. */
static void settle(void) {
  u64 before = device_packets(), now;
  for (int tries = 0; tries < 100; tries++, before = now) {
    poll(NULL, 0, 20);
    now = device_packets();
    if (now == before) return;
  }
}

static int listen_on(const char *address) {
  struct sockaddr_storage at;
  socklen_t length = address_of(&at, address, PORT);
  int fd = socket(family, SOCK_STREAM, 0), one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (void *)&at, length) || listen(fd, 1024)) fail("listen");
  return fd;
}

/* Destination options of 8 bytes (RFC 8200): next header, length, PadN of 4. */
static void add_option(int fd) {
  static const unsigned char option[8] = {0, 0, 1, 4};
  if (setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, option, sizeof option)) fail("IPV6_DSTOPTS");
}

static int connect_to(const char *address) {
  struct sockaddr_storage at;
  socklen_t length = address_of(&at, address, PORT);
  int fd = socket(family, SOCK_STREAM, 0);
  if (has_options) add_option(fd);
  if (connect(fd, (void *)&at, length)) fail("connect");
  return fd;
}

static u64 send_all(int fd, u64 bytes) {
  for (u64 sent = 0; sent < bytes;) {
    size_t want = bytes - sent < sizeof buffer ? bytes - sent : sizeof buffer;
    ssize_t done = send(fd, buffer, want, MSG_NOSIGNAL);
    if (done <= 0) fail("send");
    sent += done;
  }
  return bytes;
}

static u64 receive_all(int fd, u64 most) {
  u64 received = 0;
  while (received < most) {
    size_t want = most - received < sizeof buffer ? most - received : sizeof buffer;
    ssize_t done = recv(fd, buffer, want, 0);
    if (done <= 0) break;
    received += done;
  }
  return received;
}

/* After its FIN is acknowledged a connection's counters move no more. */
static void close_line(int fd, const char *role, u64 sent, u64 received, u64 listener) {
  struct tcp_info info;
  socklen_t length;
  u64 cookie = cookie_of(fd);
  shutdown(fd, SHUT_WR);
  for (int i = 0; i < 2000; i++) {
    length = sizeof info;
    memset(&info, 0, sizeof info);
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
    if (info.tcpi_state == 7) break;
    usleep(1000);
  }
  say("{\"role\":\"%s\",\"pid\":%d,\"cookie\":\"%llu\",\"listener\":\"%llu\",\"sent\":%llu,\"received\":%llu,"
      "\"segmentsOut\":%u,\"segmentsIn\":%u,\"bytesSent\":%llu,\"retransmitted\":%llu,\"resent\":%u,\"outOfOrder\":%u}\n",
      role, getpid(), cookie, listener, sent, received, info.tcpi_segs_out, info.tcpi_segs_in,
      (u64)info.tcpi_bytes_sent, (u64)info.tcpi_bytes_retrans,
      info.tcpi_total_retrans, info.tcpi_rcv_ooopack);
  close(fd);
}

static void counted_line(const char *role, u64 cookie, u64 sent, u64 received) {
  say("{\"role\":\"%s\",\"pid\":%d,\"cookie\":\"%llu\",\"sent\":%llu,\"received\":%llu}\n", role, getpid(), cookie,
      sent, received);
}

static void run_command(const char *command) {
  if (system(command)) fail(command);
}

/* --- one connection --- */

static void place_veth(int peer_pid) {
  char command[256];
  snprintf(command, sizeof command, "ip link add veth0 address " MAC0 " type veth peer name veth1 address " MAC1 " netns %d", peer_pid);
  run_command(command);
  run_command("ip addr add 10.99.0.1/24 dev veth0 && ip addr add fd99::1/64 dev veth0 nodad && ip link set veth0 up && "
              "ip neigh add fd99::2 lladdr " MAC1 " dev veth0");
  if (is_big) run_command("ip link set veth0 gso_max_size 180000 gro_max_size 180000");
}

static void stream_server(u64 bytes, int over_veth, const char *address, int ready, int placed) {
  char byte = 0;
  if (over_veth) {
    enter_namespace();
    if (write(ready, "n", 1) != 1 || read(placed, &byte, 1) != 1) exit(1);
    run_command("ip addr add 10.99.0.2/24 dev veth1 && ip addr add fd99::2/64 dev veth1 nodad && ip link set veth1 up && "
                "ip neigh add fd99::1 lladdr " MAC0 " dev veth1");
    if (is_big) run_command("ip link set veth1 gso_max_size 180000 gro_max_size 180000");
  }
  int listener = listen_on(address);
  if (write(ready, "r", 1) != 1) exit(1);
  int fd = accept(listener, 0, 0);
  u64 received = receive_all(fd, bytes), sent = send_all(fd, bytes / 10);
  receive_all(fd, 1);
  close_line(fd, "server", sent, received, cookie_of(listener));
  exit(0);
}

static void stream(u64 bytes, int over_veth) {
  int ready[2], placed[2];
  const char *address = over_veth ? (family == AF_INET ? "10.99.0.2" : "fd99::2") : loopback();
  char byte = 0;
  if (pipe(ready) || pipe(placed)) fail("pipe");
  int child = fork();
  if (!child) stream_server(bytes, over_veth, address, ready[1], placed[0]);
  if (over_veth) {
    if (read(ready[0], &byte, 1) != 1) exit(1);
    place_veth(child);
    if (write(placed[1], "p", 1) != 1) exit(1);
  }
  if (read(ready[0], &byte, 1) != 1) exit(1);
  int fd = connect_to(address);
  send_all(fd, bytes);
  u64 received = receive_all(fd, bytes / 10);
  close_line(fd, "client", bytes, received, 0);
  waitpid(child, 0, 0);
}

/* --- many short connections --- */

static void short_connections(int count, u64 bytes) {
  int listener = listen_on(loopback());
  int child = fork();
  if (!child) {
    u64 received = 0;
    for (int i = 0; i < count; i++) {
      int fd = accept(listener, 0, 0);
      received += receive_all(fd, 1 << 30);
      close(fd);
    }
    counted_line("server", cookie_of(listener), 0, received);
    exit(0);
  }
  u64 sent = 0;
  for (int i = 0; i < count; i++) {
    int fd = connect_to(loopback());
    sent += send_all(fd, bytes);
    shutdown(fd, SHUT_WR);
    receive_all(fd, 1);
    close(fd);
  }
  counted_line("client", 0, sent, 0);
  waitpid(child, 0, 0);
}

/* Every process of them on its own, so that all processors are in it at once. */
static void storm(int count, u64 bytes, int ends) {
  int listener = listen_on(loopback());
  u64 name = cookie_of(listener);
  for (int i = 0; i < ends; i++) {
    if (fork()) continue;
    u64 received = 0;
    for (int served = 0; served < count; served++) {
      int fd = accept(listener, 0, 0);
      received += receive_all(fd, 1 << 30);
      send_all(fd, 1);
      close(fd);
    }
    counted_line("server", name, count, received);
    exit(0);
  }
  for (int i = 0; i < ends; i++) {
    if (fork()) continue;
    for (int made = 0; made < count; made++) {
      int fd = connect_to(loopback());
      send_all(fd, bytes);
      shutdown(fd, SHUT_WR);
      receive_all(fd, 2);
      close(fd);
    }
    counted_line("client", 0, count * bytes, count);
    exit(0);
  }
  while (wait(0) > 0) continue;
  counted_line("listener", name, 0, 0);
}

/* --- datagrams --- */

static int datagram_socket(void) {
  int fd = socket(family, SOCK_DGRAM, 0), room = 1 << 26;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  return fd;
}

static void datagram_client(int connected, int count, int size, int segment) {
  struct sockaddr_storage to;
  socklen_t length = address_of(&to, loopback(), PORT);
  int fd = datagram_socket();
  u64 sent = 0, received = 0;
  if (segment && setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment)) fail("UDP_SEGMENT");
  if (connected && connect(fd, (void *)&to, length)) fail("connect");
  for (int i = 0; i < count; i++) {
    ssize_t done = connected ? send(fd, buffer, size, 0) : sendto(fd, buffer, size, 0, (void *)&to, length);
    if (done < 0) fail("sendto");
    sent += done;
    for (u64 due = segment ? (size + segment - 1) / segment : 1; due > 0; due--) received += recv(fd, buffer, 64, 0);
  }
  counted_line("client", cookie_of(fd), sent, received);
  exit(0);
}

/* Answers each datagram with 10 bytes. */
static void datagrams(int connected, int count, int size, int clients, int segment) {
  struct sockaddr_storage at, from;
  socklen_t length = address_of(&at, loopback(), PORT);
  int fd = datagram_socket();
  if (bind(fd, (void *)&at, length)) fail("bind");
  for (int i = 0; i < clients; i++) {
    if (!fork()) datagram_client(connected, count, size, segment);
  }
  int each = segment ? (size + segment - 1) / segment : 1;
  u64 received = 0, sent = 0;
  for (int i = 0; i < count * clients * each; i++) {
    socklen_t room = sizeof from;
    ssize_t done = recvfrom(fd, buffer, sizeof buffer, 0, (void *)&from, &room);
    if (done < 0) fail("recvfrom");
    received += done;
    sent += sendto(fd, buffer, 10, 0, (void *)&from, room);
  }
  while (wait(0) > 0) continue;
  counted_line("server", cookie_of(fd), sent, received);
}

/* --- servers of several processes --- */

static void serve(int fd, u64 listener) {
  u64 received = receive_all(fd, REQUEST), sent = send_all(fd, REPLY);
  receive_all(fd, 1);
  close_line(fd, "worker", sent, received, listener);
}

static void ask(int connections) {
  for (int i = 0; i < connections; i++) {
    int fd = connect_to(loopback());
    send_all(fd, REQUEST);
    u64 received = receive_all(fd, REPLY);
    close_line(fd, "client", REQUEST, received, 0);
  }
}

static void forking(int connections, int millis) {
  int ready[2];
  char byte;
  if (pipe(ready)) fail("pipe");
  int parent = fork();
  if (!parent) {
    int listener = listen_on(loopback());
    if (write(ready[1], "r", 1) != 1) exit(1);
    for (int i = 0; i < connections; i++) {
      int fd = accept(listener, 0, 0);
      if (!fork()) {
        /* The request waits in the queue meanwhile: nobody has used the connection yet. */
        usleep(millis * 1000);
        serve(fd, cookie_of(listener));
        exit(0);
      }
      close(fd);
    }
    while (wait(0) > 0) continue;
    counted_line("listener", cookie_of(listener), 0, 0);
    exit(0);
  }
  if (read(ready[0], &byte, 1) != 1) exit(1);
  ask(connections);
  waitpid(parent, 0, 0);
}

static void prefork(int connections) {
  int listener = listen_on(loopback());
  for (int i = 0; i < connections; i++) {
    if (fork()) continue;
    serve(accept(listener, 0, 0), cookie_of(listener));
    exit(0);
  }
  counted_line("listener", cookie_of(listener), 0, 0);
  int client = fork();
  if (!client) {
    close(listener);
    ask(connections);
    exit(0);
  }
  while (wait(0) > 0) continue;
}

/* A connection that changes hands after it was used. */
static void handed(void) {
  int listener = listen_on(loopback());
  int server = fork();
  if (!server) {
    int fd = accept(listener, 0, 0);
    u64 received = receive_all(fd, REQUEST);
    send_all(fd, 1);
    counted_line("parent", cookie_of(fd), 1, received);
    int child = fork();
    if (!child) {
      received = receive_all(fd, REQUEST);
      send_all(fd, 1);
      counted_line("child", cookie_of(fd), 1, received);
      received = receive_all(fd, REPLY);
      counted_line("child", cookie_of(fd), 0, received);
      exit(0);
    }
    waitpid(child, 0, 0);
    exit(0);
  }
  int fd = connect_to(loopback());
  for (int i = 0; i < 2; i++) {
    send_all(fd, REQUEST);
    receive_all(fd, 1);
  }
  send_all(fd, REPLY);
  shutdown(fd, SHUT_WR);
  receive_all(fd, 1);
  waitpid(server, 0, 0);
  counted_line("client", cookie_of(fd), 2 * REQUEST + REPLY, 2);
}

/* A child that holds the parent's connection, polls it and asks for more than there is, is not its owner. */
static void polling(void) {
  int listener = listen_on(loopback());
  int server = fork();
  if (!server) {
    int fd = accept(listener, 0, 0);
    u64 received = receive_all(fd, REQUEST);
    int child = fork();
    if (!child) {
      struct pollfd one = {.fd = fd, .events = POLLIN};
      char byte;
      for (int i = 0; i < 10; i++) {
        poll(&one, 1, 2);
        if (recv(fd, &byte, 1, MSG_DONTWAIT) != -1 || errno != EAGAIN) exit(1);
      }
      counted_line("poller", cookie_of(fd), 0, 0);
      exit(0);
    }
    waitpid(child, 0, 0);
    send_all(fd, 1);
    received += receive_all(fd, REQUEST);
    receive_all(fd, 1);
    close_line(fd, "server", 1, received, cookie_of(listener));
    exit(0);
  }
  close(listener);
  int fd = connect_to(loopback());
  send_all(fd, REQUEST);
  receive_all(fd, 1);
  send_all(fd, REQUEST);
  close_line(fd, "client", 2 * REQUEST, 1, 0);
  waitpid(server, 0, 0);
}

/* --- a connection that is there before anybody counts --- */

static void held(void) {
  int listener = listen_on(loopback());
  int server = fork();
  if (!server) {
    int fd = accept(listener, 0, 0);
    counted_line("server", cookie_of(fd), 0, 0);
    for (char size[8]; receive_all(fd, 8) == 8;) {
      memcpy(size, buffer, 8);
      u64 bytes = strtoull(size, 0, 16);
      receive_all(fd, bytes);
      send_all(fd, 1);
    }
    exit(0);
  }
  close(listener);
  int fd = connect_to(loopback());
  counted_line("client", cookie_of(fd), 0, 0);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    u64 bytes = strtoull(line + strcspn(line, " "), 0, 10);
    char size[9];
    snprintf(size, sizeof size, "%07llx", bytes);
    memcpy(buffer, size, 8);
    send_all(fd, 8);
    send_all(fd, bytes);
    receive_all(fd, 1);
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
    say("{\"role\":\"sent\",\"pid\":%d,\"cookie\":\"%llu\",\"sent\":%llu,\"received\":1,\"retransmitted\":%llu}\n",
        getpid(), cookie_of(fd), bytes + 8, (u64)info.tcpi_bytes_retrans);
  }
  close(fd);
  waitpid(server, 0, 0);
}

static void brief(int uid, const char *name, int bytes) {
  struct sockaddr_storage at;
  socklen_t length = address_of(&at, loopback(), PORT);
  int server = datagram_socket();
  if (bind(server, (void *)&at, length)) fail("bind");
  int child = fork();
  if (!child) {
    prctl(PR_SET_NAME, name);
    if (setuid(uid)) fail("setuid");
    int fd = socket(family, SOCK_DGRAM, 0);
    u64 sent = sendto(fd, buffer, bytes, 0, (void *)&at, length);
    counted_line("brief", cookie_of(fd), sent, 0);
    exit(0);
  }
  waitpid(child, 0, 0);
  counted_line("server", cookie_of(server), 0, recv(server, buffer, sizeof buffer, 0));
}

int main(int count, char **args) {
  const char *mode = count > 1 ? args[1] : "";
  if (count > 2 && !strcmp(args[2], "6")) family = AF_INET6;
  memset(buffer, 'x', sizeof buffer);
  enter_namespace();
  if (!strcmp(mode, "stream") && count == 5) {
    has_options = !strcmp(args[4], "options");
    is_big = !strcmp(args[4], "big");
    stream(strtoull(args[3], 0, 10), strcmp(args[4], "loopback"));
  } else if (!strcmp(mode, "short") && count == 5) short_connections(atoi(args[3]), atoi(args[4]));
  else if (!strcmp(mode, "storm") && count == 6) storm(atoi(args[3]), atoi(args[4]), atoi(args[5]));
  else if (!strcmp(mode, "datagram") && count >= 7)
    datagrams(!strcmp(args[3], "connected"), atoi(args[4]), atoi(args[5]), atoi(args[6]), count > 7 ? atoi(args[7]) : 0);
  else if (!strcmp(mode, "forking") && count == 5) forking(atoi(args[3]), atoi(args[4]));
  else if (!strcmp(mode, "prefork") && count == 4) prefork(atoi(args[3]));
  else if (!strcmp(mode, "handed")) handed();
  else if (!strcmp(mode, "polling")) polling();
  else if (!strcmp(mode, "held")) held();
  else if (!strcmp(mode, "brief") && count == 5) brief(atoi(args[2]), args[3], atoi(args[4]));
  else return 2;
  settle();
  device_line("lo");
  device_line("veth0");
  return 0;
}
