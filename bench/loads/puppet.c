/*
 * puppet: does what the lines on its standard input say, one thing at a time, and answers each with a line, `ok` and
 * what is worth knowing. Says `ready` when it has begun. It has one socket to talk by and one that listens.
 *
 *   listen tcp|mptcp ADDRESS          ok PORT
 *   accept                            takes the next connection
 *   connect tcp|mptcp|udp ADDRESS PORT
 *   bind udp ADDRESS PORT             ok PORT; shares the port with others that do the same (0: any)
 *   join GROUP ADDRESS                the multicast group, on the interface with that address
 *   send BYTES                        ok BYTES, when the peer has acknowledged them
 *   throw COUNT BYTES ADDRESS PORT    datagrams by the socket of `bind`, or by a new one
 *   receive BYTES                     ok BYTES
 *   drain                             ok BYTES DATAGRAMS: what waits to be received
 *   forksend BYTES                    ok PID of a child that sends them by one call
 *   forkaccept                        ok PID of a child that accepts one connection and receives what comes
 *   ring                              the socket to talk by becomes a file of an io_uring, and its descriptor is closed
 *   ringsend BYTES                    by that ring
 *   twice BYTES ADDRESS PORT          ok PID of two processes, one after the other, that each connect and send; their
 *                                     names are twice-1 and twice-2
 *   close                             the socket to talk by
 *   title TEXT                        writes over its argument vector, as nginx and sshd do
 *   name TEXT                         PR_SET_NAME
 *   raw PROTOCOL COUNT BYTES ADDRESS  by a raw socket
 *   frames DEVICE COUNT BYTES FROM TO UDP datagrams in frames of its own, by AF_PACKET
 *
 * IPv4 alone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "load.h"

#define CHUNK 65536
#define MOST_BYTES 100000000
#define MOST_TIMES 100000
#define PACKET_MOST 1400

static char **arguments;
static size_t arguments_bytes;
static int listener = -1, talker = -1;
static char chunk[MOST_BYTES];

static struct sockaddr_in address_of(const char *text, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
        errx(2, "%s is no address", text);
    return address;
}

static int socket_of(const char *kind)
{
    int is_udp = strcmp(kind, "udp") == 0;
    int made = socket(AF_INET, is_udp ? SOCK_DGRAM : SOCK_STREAM, strcmp(kind, "mptcp") == 0 ? IPPROTO_MPTCP : 0);
    if (made < 0)
        err(1, "socket %s", kind);
    return made;
}

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (void *)&address, &length) < 0)
        err(1, "getsockname");
    return ntohs(address.sin_port);
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static long number(char *text, long most)
{
    return load_number(1, &text, 0, "a number", 0, most);
}

static long receive_all(long bytes)
{
    long have = 0;
    while (have < bytes) {
        ssize_t n = recv(talker, chunk, bytes - have < CHUNK ? bytes - have : CHUNK, 0);
        if (n <= 0)
            break;
        have += n;
    }
    return have;
}

static void send_all(long bytes)
{
    for (long sent = 0; sent < bytes;) {
        ssize_t n = send(talker, chunk, bytes - sent < CHUNK ? bytes - sent : CHUNK, 0);
        if (n < 0)
            err(1, "send");
        sent += n;
    }
    int waiting = 1;
    while (ioctl(talker, SIOCOUTQ, &waiting) == 0 && waiting > 0)
        nap();
}

static pid_t fork_child(void)
{
    pid_t child = fork();
    if (child < 0)
        err(1, "fork");
    if (child == 0)
        load_die_with_parent();
    return child;
}

static unsigned short checksum(const void *of, size_t bytes)
{
    const unsigned short *words = of;
    unsigned long sum = 0;
    for (size_t i = 0; i < bytes / 2; i++)
        sum += words[i];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum;
}

static void send_raw(char **word)
{
    int protocol = number(word[1], 255);
    long count = number(word[2], MOST_TIMES), bytes = number(word[3], PACKET_MOST);
    struct sockaddr_in to = address_of(word[4], "0");
    int fd = socket(AF_INET, SOCK_RAW, protocol);
    if (fd < 0)
        err(1, "raw socket");
    unsigned char packet[PACKET_MOST] = {0};
    if (protocol == IPPROTO_ICMP) {
        packet[0] = 8;
        unsigned short sum = checksum(packet, bytes);
        memcpy(packet + 2, &sum, 2);
    }
    for (long i = 0; i < count; i++) {
        if (sendto(fd, packet, bytes, 0, (void *)&to, sizeof to) < 0)
            err(1, "sendto");
        nap();
    }
    talker = fd;
}

static void send_frames(char **word)
{
    long count = number(word[2], MOST_TIMES), bytes = number(word[3], PACKET_MOST);
    struct {
        struct ether_header ether;
        struct iphdr ip;
        struct udphdr udp;
        char payload[PACKET_MOST];
    } __attribute__((packed)) frame = {0};
    memset(frame.ether.ether_dhost, 0xff, ETH_ALEN);
    frame.ether.ether_shost[0] = 2;
    frame.ether.ether_type = htons(ETH_P_IP);
    frame.ip.version = 4;
    frame.ip.ihl = 5;
    frame.ip.ttl = 64;
    frame.ip.protocol = IPPROTO_UDP;
    frame.ip.tot_len = htons(sizeof frame.ip + sizeof frame.udp + bytes);
    frame.ip.saddr = address_of(word[4], "0").sin_addr.s_addr;
    frame.ip.daddr = address_of(word[5], "0").sin_addr.s_addr;
    unsigned char header[sizeof frame.ip];
    memcpy(header, &frame.ip, sizeof header);
    frame.ip.check = checksum(header, sizeof header);
    frame.udp.source = htons(7777);
    frame.udp.dest = htons(6001);
    frame.udp.len = htons(sizeof frame.udp + bytes);
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
    struct sockaddr_ll link = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = if_nametoindex(word[1])};
    if (fd < 0 || bind(fd, (void *)&link, sizeof link) < 0)
        err(1, "packet socket");
    for (long i = 0; i < count; i++) {
        if (send(fd, &frame, sizeof frame - PACKET_MOST + bytes, 0) < 0)
            err(1, "send frame");
        nap();
    }
    talker = fd;
}

static void throw_datagrams(char **word)
{
    long count = number(word[1], MOST_TIMES), bytes = number(word[2], CHUNK);
    struct sockaddr_in to = address_of(word[3], word[4]);
    if (talker < 0)
        talker = socket_of("udp");
    for (long i = 0; i < count; i++) {
        if (sendto(talker, chunk, bytes, 0, (void *)&to, sizeof to) < 0)
            err(1, "sendto");
        nap();
    }
}

static struct {
    int fd;
    struct io_uring_params params;
    char *submissions, *completions;
    struct io_uring_sqe *entries;
} ring;

static void *ring_part(size_t bytes, off_t where)
{
    void *part = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, where);
    if (part == MAP_FAILED)
        err(1, "mmap");
    return part;
}

static void make_ring(void)
{
    struct io_uring_params *params = &ring.params;
    ring.fd = syscall(SYS_io_uring_setup, 4, params);
    if (ring.fd < 0)
        err(1, "io_uring_setup");
    ring.submissions = ring_part(params->sq_off.array + params->sq_entries * 4, IORING_OFF_SQ_RING);
    ring.completions =
        ring_part(params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
    ring.entries = ring_part(params->sq_entries * sizeof *ring.entries, IORING_OFF_SQES);
    if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, &talker, 1) < 0)
        err(1, "io_uring_register");
    close(talker);
    talker = -1;
}

static void ring_send(long bytes)
{
    unsigned *tail = (unsigned *)(ring.submissions + ring.params.sq_off.tail);
    unsigned *head = (unsigned *)(ring.completions + ring.params.cq_off.head);
    unsigned *array = (unsigned *)(ring.submissions + ring.params.sq_off.array);
    struct io_uring_cqe *done = (void *)(ring.completions + ring.params.cq_off.cqes);
    for (long sent = 0; sent < bytes;) {
        unsigned at = *tail % ring.params.sq_entries;
        ring.entries[at] = (struct io_uring_sqe){.opcode = IORING_OP_SEND,
                                                 .flags = IOSQE_FIXED_FILE,
                                                 .addr = (unsigned long)chunk,
                                                 .len = bytes - sent < CHUNK ? bytes - sent : CHUNK};
        array[at] = at;
        __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
        if (syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
            err(1, "io_uring_enter");
        int result = done[*head % ring.params.cq_entries].res;
        __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
        if (result < 0)
            errx(1, "sending by the ring: %s", strerror(-result));
        sent += result;
    }
}

/* A child with that number (0: any), which connects, sends, waits for what it sent to arrive, and ends. */
static pid_t child_numbered(pid_t number, const char *name, char **word)
{
    struct clone_args how = {.exit_signal = SIGCHLD};
    if (number != 0) {
        how.set_tid = (unsigned long)&number;
        how.set_tid_size = 1;
    }
    pid_t child = syscall(SYS_clone3, &how, sizeof how);
    if (child < 0)
        err(1, "clone3");
    if (child == 0) {
        load_die_with_parent();
        prctl(PR_SET_NAME, name);
        struct sockaddr_in to = address_of(word[2], word[3]);
        talker = socket_of("tcp");
        if (connect(talker, (void *)&to, sizeof to) < 0)
            err(1, "connect");
        send_all(load_number(1, &word[1], 0, "a number", 0, MOST_BYTES));
        /* Start times are told in ticks of 10 ms. */
        for (int i = 0; i < 10; i++)
            nap();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    return child;
}

static void do_line(char **word, char *rest)
{
    const char *what = word[0];
    struct sockaddr_in address;
    if (strcmp(what, "listen") == 0) {
        listener = socket_of(word[1]);
        address = address_of(word[2], "0");
        if (bind(listener, (void *)&address, sizeof address) < 0 || listen(listener, 128) < 0)
            err(1, "listen");
        printf("ok %d\n", port_of(listener));
        return;
    }
    if (strcmp(what, "bind") == 0) {
        talker = socket_of(word[1]);
        address = address_of(word[2], word[3]);
        int one = 1, buffer = 8000000;
        setsockopt(talker, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        setsockopt(talker, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
        setsockopt(talker, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
        if (bind(talker, (void *)&address, sizeof address) < 0)
            err(1, "bind");
        printf("ok %d\n", port_of(talker));
        return;
    }
    if (strcmp(what, "accept") == 0) {
        talker = accept(listener, NULL, NULL);
        if (talker < 0)
            err(1, "accept");
    } else if (strcmp(what, "connect") == 0) {
        talker = socket_of(word[1]);
        address = address_of(word[2], word[3]);
        if (connect(talker, (void *)&address, sizeof address) < 0)
            err(1, "connect");
    } else if (strcmp(what, "join") == 0) {
        struct ip_mreq group = {.imr_multiaddr = address_of(word[1], "0").sin_addr,
                                .imr_interface = address_of(word[2], "0").sin_addr};
        if (setsockopt(talker, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) < 0)
            err(1, "join");
    } else if (strcmp(what, "send") == 0) {
        send_all(number(word[1], MOST_BYTES));
    } else if (strcmp(what, "receive") == 0) {
        printf("ok %ld\n", receive_all(number(word[1], MOST_BYTES)));
        return;
    } else if (strcmp(what, "drain") == 0) {
        long bytes = 0, datagrams = 0;
        for (ssize_t n; (n = recv(talker, chunk, CHUNK, MSG_DONTWAIT)) >= 0; datagrams++)
            bytes += n;
        printf("ok %ld %ld\n", bytes, datagrams);
        return;
    } else if (strcmp(what, "forksend") == 0) {
        long bytes = number(word[1], MOST_BYTES);
        pid_t child = fork_child();
        if (child == 0) {
            if (send(talker, chunk, bytes, 0) != bytes)
                err(1, "send");
            for (;;)
                pause();
        }
        printf("ok %d\n", child);
        return;
    } else if (strcmp(what, "forkaccept") == 0) {
        pid_t child = fork_child();
        if (child == 0) {
            talker = accept(listener, NULL, NULL);
            receive_all(MOST_BYTES);
            for (;;)
                pause();
        }
        printf("ok %d\n", child);
        return;
    } else if (strcmp(what, "twice") == 0) {
        pid_t first = child_numbered(0, "twice-1", word);
        printf("ok %d\n", child_numbered(first, "twice-2", word));
        return;
    } else if (strcmp(what, "ring") == 0) {
        make_ring();
    } else if (strcmp(what, "ringsend") == 0) {
        ring_send(number(word[1], MOST_BYTES));
    } else if (strcmp(what, "close") == 0) {
        close(talker);
        talker = -1;
    } else if (strcmp(what, "title") == 0) {
        memset(arguments[0], 0, arguments_bytes);
        strncpy(arguments[0], rest, arguments_bytes - 1);
    } else if (strcmp(what, "name") == 0) {
        prctl(PR_SET_NAME, rest);
    } else if (strcmp(what, "raw") == 0) {
        send_raw(word);
    } else if (strcmp(what, "frames") == 0) {
        send_frames(word);
    } else if (strcmp(what, "throw") == 0) {
        throw_datagrams(word);
    } else {
        errx(2, "%s?", what);
    }
    printf("ok\n");
}

int main(int argc, char **argv)
{
    load_die_with_parent();
    signal(SIGPIPE, SIG_IGN);
    arguments = argv;
    arguments_bytes = argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0];
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready\n");
    static char line[1024], copy[1024];
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        strcpy(copy, line);
        char *rest = strchr(line, ' ');
        char *word[8] = {0};
        int count = 0;
        for (char *at = strtok(copy, " "); at != NULL && count < 7; at = strtok(NULL, " "))
            word[count++] = at;
        for (; count < 7; count++)
            word[count] = "";
        do_line(word, rest == NULL ? "" : rest + 1);
    }
}
