/*
 * known-traffic ROLE ...: one end of traffic whose size is known to the byte, headers included.
 *
 *   tcp-serve ADDRESS CONNECTIONS BYTES BYTES_BACK ORDER alone|fork    ready PORT, then a report
 *   tcp-send  ADDRESS PORT CONNECTIONS BYTES BYTES_BACK ORDER PER_SECOND BYTES_PER_SECOND ADDRESSES
 *             a report
 *   udp-serve ADDRESS DATAGRAMS    ready PORT, then a report
 *   udp-send  ADDRESS PORT DATAGRAMS BYTES connected|unconnected BYTES_PER_SECOND    a report
 *
 * Each connection carries BYTES to the server and BYTES_BACK as its answer, one connection after the other, at most
 * PER_SECOND of them, sent at BYTES_PER_SECOND at most (0: as fast as they go). ORDER says who ends it, and how:
 *
 *   half      the client shuts its direction down before the answer comes, and both keep their sockets to the end
 *   server    the server ends after its answer, the client closes then and does not wait
 *   client    the client closes when it has the answer and does not wait: TIME_WAIT answers the server's FIN
 *   reset     the client resets the connection when it has the answer
 *
 * With ADDRESSES above 1 the client goes by turns to so many IPv4 addresses, ADDRESS the first of them, so that ports
 * last; the server then listens on 0.0.0.0.
 * With `fork` a child serves each connection and reports for itself. A datagram's receiver answers every WINDOW of
 * them with one byte, so that none is lost. Datagrams of more than 1,400 bytes are for loopback, whose MTU takes them
 * whole. A report is one line of JSON.
 *
 * IP bytes are payload + segments * (IP header + TCP header with timestamps), from tcp_info once the socket is in
 * CLOSE, which is after its last segment. SYN and SYN-ACK are 8 bytes longer (MSS, SACK, timestamps, window scale);
 * tcp_info of an accepted socket counts the SYN, but not the SYN-ACK. Whoever closes without waiting cannot know
 * (`complete` is false): its figures are the other end's, mirrored.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include "load.h"

#define CONNECTIONS_LIMIT 200000
#define BYTES_LIMIT 100000000000
#define DATAGRAMS_LIMIT 100000000
#define RATE_LIMIT 100000
#define BYTE_RATE_LIMIT 100000000000
#define CHUNK 65536
#define WINDOW 32
#define PATIENCE_SECONDS 10
#define STATE_CLOSE 7
#define TCP_HEADER 20
#define TIMESTAMPS 12
#define SYN_OPTIONS 20
#define UDP_HEADER 8
#define ALL_OPTIONS (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE)

enum order { HALF, SERVER, CLIENT, RESET };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct tally {
    long connections;
    long long sent, received;
    long long ip_sent, ip_received;
    long long segments_sent, segments_received;
    long long retransmits;
    int complete;
};

static char payload[CHUNK];

static long long now_nanos(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static void sleep_until(long long nanos)
{
    struct timespec due = {nanos / 1000000000, nanos % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
        ;
}

/* Field 22 of /proc/self/stat, counted behind the name, which may hold anything. */
static unsigned long long start_ticks(void)
{
    char text[1024];
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (length <= 0)
        err(1, "/proc/self/stat");
    close(file);
    text[length] = 0;
    char *at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at == NULL ? 0 : strtoull(at, NULL, 10);
}

static void report(const char *role, const struct tally *of, long long since_nanos)
{
    printf("{\"role\":\"%s\",\"pid\":%d,\"startTicks\":%llu,\"connections\":%ld,\"sentBytes\":%lld,"
           "\"receivedBytes\":%lld,\"ipSentBytes\":%lld,\"ipReceivedBytes\":%lld,\"segmentsSent\":%lld,"
           "\"segmentsReceived\":%lld,\"retransmits\":%lld,\"complete\":%s,\"elapsedNanos\":%lld}\n",
           role, getpid(), start_ticks(), of->connections, of->sent, of->received, of->ip_sent, of->ip_received,
           of->segments_sent, of->segments_received, of->retransmits, of->complete ? "true" : "false",
           now_nanos() - since_nanos);
    fflush(stdout);
}

static socklen_t parse_address(const char *text, long port, union address *address)
{
    *address = (union address){0};
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return sizeof address->v4;
    }
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) != 1)
        errx(2, "ADDRESS must be an IP address, not %s", text);
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(port);
    return sizeof address->v6;
}

static int ip_header(int family) { return family == AF_INET ? 20 : 40; }

static int open_socket(int family, int type)
{
    struct timeval patience = {PATIENCE_SECONDS, 0};
    int descriptor = socket(family, type | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
        err(1, "socket");
    return descriptor;
}

/* A bound socket of any port; says it. */
static int open_server(const char *text, int type, union address *address)
{
    socklen_t length = parse_address(text, 0, address);
    int server = open_socket(address->any.sa_family, type);
    /* Room for a whole window of the largest datagrams. */
    static const int room = 4 << 20;
    if (type == SOCK_DGRAM && setsockopt(server, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0
        && setsockopt(server, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) < 0)
        err(1, "SO_RCVBUF");
    if (bind(server, &address->any, length) < 0 || getsockname(server, &address->any, &length) < 0)
        err(1, "bind %s", text);
    if (type == SOCK_STREAM && listen(server, 4096) < 0)
        err(1, "listen");
    printf("ready %d\n", ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port));
    fflush(stdout);
    return server;
}

/* Not ahead of `rate` bytes a second since `start`. */
static void pace(long long start, long long done, long long rate)
{
    if (rate > 0)
        sleep_until(start + (long long)((double)done / rate * 1e9));
}

static void write_all(int descriptor, long long bytes, long long rate, struct tally *tally)
{
    long long start = now_nanos();
    for (long long total = bytes; bytes > 0;) {
        pace(start, total - bytes, rate);
        ssize_t sent = write(descriptor, payload, bytes < CHUNK ? bytes : CHUNK);
        if (sent <= 0)
            err(1, "write");
        bytes -= sent;
        tally->sent += sent;
    }
}

/* Reads until `bytes` have come, or to the end, be it a reset, where it is negative. */
static void read_all(int descriptor, long long bytes, struct tally *tally)
{
    while (bytes != 0) {
        ssize_t got = read(descriptor, payload, bytes < 0 || bytes > CHUNK ? CHUNK : bytes);
        if (got < 0 && errno == ECONNRESET && bytes < 0)
            return;
        if (got < 0)
            err(1, "read");
        if (got == 0 && bytes > 0)
            errx(1, "the other end went away");
        if (got == 0)
            return;
        tally->received += got;
        if (bytes > 0)
            bytes -= got;
    }
}

/* Waits until the last segment has come, and adds what the connection took beside the payload. */
static void add_headers(int descriptor, int family, int is_opener, struct tally *tally)
{
    struct tcp_info info = {0};
    long long deadline = now_nanos() + PATIENCE_SECONDS * 1000000000LL;
    for (;;) {
        socklen_t length = sizeof info;
        if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
            err(1, "TCP_INFO");
        if (info.tcpi_state == STATE_CLOSE)
            break;
        if (now_nanos() > deadline)
            errx(1, "the connection does not end");
        sleep_until(now_nanos() + 20000);
    }
    if ((info.tcpi_options & ALL_OPTIONS) != ALL_OPTIONS)
        errx(1, "needs TCP with timestamps, SACK and window scaling");
    int header = ip_header(family) + TCP_HEADER + TIMESTAMPS;
    long sent = (long)info.tcpi_segs_out + !is_opener;
    long syn_extra = SYN_OPTIONS - TIMESTAMPS;
    tally->ip_sent += sent * header + syn_extra + (long)info.tcpi_bytes_retrans;
    tally->ip_received += (long)info.tcpi_segs_in * header + syn_extra;
    tally->segments_sent += sent;
    tally->segments_received += info.tcpi_segs_in;
    tally->retransmits += info.tcpi_total_retrans;
}

static void serve_connection(int peer, int family, long long bytes, long long back, enum order order,
                             struct tally *tally)
{
    read_all(peer, order == HALF ? -1 : bytes, tally);
    write_all(peer, back, 0, tally);
    if (order == CLIENT || order == RESET)
        read_all(peer, -1, tally);
    if (order != RESET && shutdown(peer, SHUT_WR) < 0)
        err(1, "shutdown");
    if (order == SERVER)
        read_all(peer, -1, tally);
    add_headers(peer, family, 0, tally);
    tally->connections++;
    close(peer);
}

/*
 * The next connection. A server that forks waits on while a child serves: the client opens the next connection after
 * the end of that one, however long it takes. Patience begins anew with the end of a child.
 */
static int accept_next(int listener)
{
    for (;;) {
        int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (peer >= 0)
            return peer;
        if (errno != EAGAIN)
            err(1, "accept");
        if (waitpid(-1, NULL, WNOHANG) < 0)
            errx(1, "accept: nobody came for %d s", PATIENCE_SECONDS);
    }
}

static enum order order_of(const char *text)
{
    if (strcmp(text, "half") == 0)
        return HALF;
    if (strcmp(text, "server") == 0)
        return SERVER;
    if (strcmp(text, "client") == 0)
        return CLIENT;
    if (strcmp(text, "reset") != 0)
        errx(2, "ORDER must be half, server, client or reset, not %s", text);
    return RESET;
}

static void finish(const char *role, struct tally *tally, long long since_nanos)
{
    tally->ip_sent += tally->sent;
    tally->ip_received += tally->received;
    report(role, tally, since_nanos);
}

static void tcp_serve(int argc, char **argv)
{
    if (argc != 8)
        errx(2, "tcp-serve ADDRESS CONNECTIONS BYTES BYTES_BACK ORDER alone|fork");
    union address address;
    long connections = load_number(argc, argv, 3, "CONNECTIONS", 1, CONNECTIONS_LIMIT);
    long long bytes = load_number(argc, argv, 4, "BYTES", 0, BYTES_LIMIT);
    long long back = load_number(argc, argv, 5, "BYTES_BACK", 0, BYTES_LIMIT);
    enum order order = order_of(argv[6]);
    int does_fork = strcmp(argv[7], "fork") == 0;
    int listener = open_server(argv[2], SOCK_STREAM, &address);
    struct tally tally = {.complete = 1};
    long long start = now_nanos();
    for (long i = 0; i < connections; i++) {
        int peer = accept_next(listener);
        pid_t child = does_fork ? fork() : 0;
        if (child < 0)
            err(1, "fork");
        if (child == 0) {
            if (does_fork)
                load_die_with_parent();
            serve_connection(peer, address.any.sa_family, bytes, back, order, &tally);
        }
        if (does_fork && child == 0) {
            finish("tcp-serve-child", &tally, start);
            _exit(0);
        }
        if (does_fork)
            close(peer);
    }
    while (does_fork && wait(NULL) > 0)
        ;
    finish("tcp-serve", &tally, start);
}

/* One connection of the client's, from its first segment on. */
static void send_connection(const union address *to, socklen_t length, long long bytes, long long back,
                            long long byte_rate, enum order order, struct tally *tally)
{
    static const struct linger at_once = {1, 0};
    int family = to->any.sa_family;
    int client = open_socket(family, SOCK_STREAM);
    if (connect(client, &to->any, length) < 0)
        err(1, "connect");
    write_all(client, bytes, byte_rate, tally);
    if (order == HALF && shutdown(client, SHUT_WR) < 0)
        err(1, "shutdown");
    read_all(client, order == CLIENT || order == RESET ? back : -1, tally);
    if (order == HALF)
        add_headers(client, family, 1, tally);
    if (order == RESET && setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) < 0)
        err(1, "SO_LINGER");
    close(client);
    tally->connections++;
}

static void tcp_send(int argc, char **argv)
{
    if (argc != 11)
        errx(2, "tcp-send ADDRESS PORT CONNECTIONS BYTES BYTES_BACK ORDER PER_SECOND BYTES_PER_SECOND ADDRESSES");
    union address address;
    socklen_t length = parse_address(argv[2], load_number(argc, argv, 3, "PORT", 1, 65535), &address);
    long connections = load_number(argc, argv, 4, "CONNECTIONS", 1, CONNECTIONS_LIMIT);
    long long bytes = load_number(argc, argv, 5, "BYTES", 0, BYTES_LIMIT);
    long long back = load_number(argc, argv, 6, "BYTES_BACK", 0, BYTES_LIMIT);
    enum order order = order_of(argv[7]);
    long rate = load_number(argc, argv, 8, "PER_SECOND", 0, RATE_LIMIT);
    long byte_rate = load_number(argc, argv, 9, "BYTES_PER_SECOND", 0, BYTE_RATE_LIMIT);
    long addresses = load_number(argc, argv, 10, "ADDRESSES", 1, address.any.sa_family == AF_INET ? 200 : 1);
    uint32_t first = ntohl(address.v4.sin_addr.s_addr);
    struct tally tally = {.complete = order == HALF};
    long long start = now_nanos();
    for (long i = 0; i < connections; i++) {
        if (rate > 0)
            sleep_until(start + i * 1000000000LL / rate);
        if (addresses > 1)
            address.v4.sin_addr.s_addr = htonl(first + i % addresses);
        send_connection(&address, length, bytes, back, byte_rate, order, &tally);
    }
    finish("tcp-send", &tally, start);
}

static void add_datagram(struct tally *tally, ssize_t sent, ssize_t received, int family)
{
    if (sent >= 0) {
        tally->segments_sent++;
        tally->sent += sent;
        tally->ip_sent += ip_header(family) + UDP_HEADER;
    }
    if (received >= 0) {
        tally->segments_received++;
        tally->received += received;
        tally->ip_received += ip_header(family) + UDP_HEADER;
    }
}

static void udp_serve(int argc, char **argv)
{
    union address address, peer;
    long datagrams = load_number(argc, argv, 3, "DATAGRAMS", 1, DATAGRAMS_LIMIT);
    int server = open_server(argv[2], SOCK_DGRAM, &address);
    struct tally tally = {.connections = 1, .complete = 1};
    long long start = now_nanos();
    for (long i = 1; i <= datagrams; i++) {
        socklen_t length = sizeof peer;
        ssize_t got = recvfrom(server, payload, sizeof payload, 0, &peer.any, &length);
        if (got < 0)
            err(1, "recvfrom, %ld of %ld", i, datagrams);
        add_datagram(&tally, -1, got, address.any.sa_family);
        if (i % WINDOW != 0 && i != datagrams)
            continue;
        if (sendto(server, "k", 1, 0, &peer.any, length) != 1)
            err(1, "sendto");
        add_datagram(&tally, 1, -1, address.any.sa_family);
    }
    finish("udp-serve", &tally, start);
}

static void udp_send(int argc, char **argv)
{
    if (argc != 8)
        errx(2, "udp-send ADDRESS PORT DATAGRAMS BYTES connected|unconnected BYTES_PER_SECOND");
    union address address;
    socklen_t length = parse_address(argv[2], load_number(argc, argv, 3, "PORT", 1, 65535), &address);
    long datagrams = load_number(argc, argv, 4, "DATAGRAMS", 1, DATAGRAMS_LIMIT);
    long bytes = load_number(argc, argv, 5, "BYTES", 1, 32000);
    long byte_rate = load_number(argc, argv, 7, "BYTES_PER_SECOND", 0, BYTE_RATE_LIMIT);
    int is_connected = strcmp(argv[6], "connected") == 0;
    int client = open_socket(address.any.sa_family, SOCK_DGRAM);
    if (is_connected && connect(client, &address.any, length) < 0)
        err(1, "connect");
    struct tally tally = {.connections = 1, .complete = 1};
    long long start = now_nanos();
    for (long i = 1; i <= datagrams; i++) {
        ssize_t sent = sendto(client, payload, bytes, 0, is_connected ? NULL : &address.any, is_connected ? 0 : length);
        if (sent != bytes)
            err(1, "sendto");
        add_datagram(&tally, sent, -1, address.any.sa_family);
        if (i % WINDOW != 0 && i != datagrams)
            continue;
        ssize_t got = recv(client, payload, sizeof payload, 0);
        if (got != 1)
            err(1, "no answer to %ld of %ld", i, datagrams);
        add_datagram(&tally, -1, got, address.any.sa_family);
        pace(start, i * bytes, byte_rate);
    }
    finish("udp-send", &tally, start);
}

int main(int argc, char **argv)
{
    load_die_with_parent();
    signal(SIGPIPE, SIG_IGN);
    const char *role = argc > 2 ? argv[1] : "";
    if (strcmp(role, "tcp-serve") == 0)
        tcp_serve(argc, argv);
    else if (strcmp(role, "tcp-send") == 0)
        tcp_send(argc, argv);
    else if (strcmp(role, "udp-serve") == 0)
        udp_serve(argc, argv);
    else if (strcmp(role, "udp-send") == 0)
        udp_send(argc, argv);
    else
        errx(2, "ROLE must be tcp-serve, tcp-send, udp-serve or udp-send");
    return 0;
}
