/*
 * tcp-pairs PAIRS PROCESSES: PAIRS idle TCP connections over loopback, both ends held, spread over PROCESSES children,
 * IPv4 and IPv6 by turns where IPv6 is there. Each connection has carried eleven bytes.
 * ready PAIRS
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "load.h"

#define PAIRS_LIMIT 25000
#define PROCESSES_LIMIT 4096

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int listen_on_loopback(int family, union address *address, socklen_t *length)
{
    int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return -1;
    *address = (union address){0};
    if (family == AF_INET6) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
        *length = sizeof address->v6;
    } else {
        address->v4.sin_family = AF_INET;
        address->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        *length = sizeof address->v4;
    }
    if (bind(listener, &address->any, *length) < 0 || listen(listener, 128) < 0 ||
        getsockname(listener, &address->any, length) < 0) {
        close(listener);
        return -1;
    }
    return listener;
}

static void hold_pairs(long pairs, int family)
{
    union address address;
    socklen_t length;
    load_raise_descriptors(pairs * 2 + 64);
    int listener = listen_on_loopback(family, &address, &length);
    if (listener < 0)
        listener = listen_on_loopback(AF_INET, &address, &length);
    if (listener < 0)
        err(1, "listen");
    for (long i = 0; i < pairs; i++) {
        int client = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (client < 0 || connect(client, &address.any, length) < 0)
            err(1, "connect %ld of %ld", i, pairs);
        if (accept(listener, NULL, NULL) < 0)
            err(1, "accept");
        if (write(client, "hello world", 11) != 11)
            err(1, "write");
    }
}

int main(int argc, char **argv)
{
    load_die_with_parent();
    long pairs = load_number(argc, argv, 1, "PAIRS", 0, PAIRS_LIMIT);
    long processes = load_number(argc, argv, 2, "PROCESSES", 1, PROCESSES_LIMIT);
    int done[2];
    if (pipe(done) < 0)
        err(1, "pipe");
    for (long i = 0; i < processes; i++) {
        pid_t child = fork();
        if (child < 0)
            err(1, "fork");
        if (child == 0) {
            load_die_with_parent();
            hold_pairs(pairs / processes + (i < pairs % processes), i & 1 ? AF_INET6 : AF_INET);
            if (write(done[1], "x", 1) != 1)
                err(1, "write");
            for (;;)
                pause();
        }
    }
    close(done[1]);
    for (long i = 0; i < processes; i++) {
        char byte;
        if (read(done[0], &byte, 1) != 1)
            errx(1, "a child failed");
    }
    printf("ready %ld\n", pairs);
    fflush(stdout);
    for (;;)
        pause();
}
