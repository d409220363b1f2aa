/*
 * paced-sender CONNECTIONS BYTES_PER_SECOND TOTAL_BYTES LINGER_MILLIS: CONNECTIONS TCP connections over loopback share
 * TOTAL_BYTES evenly (TOTAL_BYTES is a multiple of CONNECTIONS), sent at BYTES_PER_SECOND in all. Sender and receiver
 * are processes of their own, named paced-sender and paced-receiver. The connections stay open for LINGER_MILLIS
 * after the last byte.
 * ready SENDER_PID RECEIVER_PID, and once all bytes have been read a second line: sent TOTAL_BYTES
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include "load.h"

#define CONNECTIONS_LIMIT 256
#define CHUNK 65536
#define TICK_SECONDS 0.005

static char payload[CHUNK];
static int peers[CONNECTIONS_LIMIT];

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void wait_millis(long millis)
{
    struct timespec left = {millis / 1000, millis % 1000 * 1000000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

/* Reads until `total` bytes have come, answers with one byte on the first connection, and holds on. */
static void receive(int listener, long connections, long total)
{
    struct pollfd waiting[CONNECTIONS_LIMIT];
    prctl(PR_SET_NAME, "paced-receiver");
    for (long i = 0; i < connections; i++) {
        int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (peer < 0)
            err(1, "accept");
        waiting[i] = (struct pollfd){.fd = peer, .events = POLLIN};
    }
    while (total > 0) {
        if (poll(waiting, connections, -1) < 0)
            err(1, "poll");
        for (long i = 0; i < connections; i++) {
            if ((waiting[i].revents & POLLIN) == 0)
                continue;
            ssize_t got = read(waiting[i].fd, payload, sizeof payload);
            if (got <= 0)
                errx(1, "the sender went away");
            total -= got;
        }
    }
    if (write(waiting[0].fd, "k", 1) != 1)
        err(1, "write");
    for (;;)
        pause();
}

static void send_paced(long connections, double rate, long total)
{
    long sent = 0;
    long each = total / connections;
    double start = now();
    for (long turn = 0; sent < total; turn++) {
        long done = turn / connections * CHUNK;
        long length = each - done < CHUNK ? each - done : CHUNK;
        double ahead = sent / rate - (now() - start);
        if (ahead > TICK_SECONDS)
            wait_millis((long)(ahead * 1000));
        for (long at = 0; at < length;) {
            ssize_t wrote = write(peers[turn % connections], payload, length - at);
            if (wrote < 0)
                err(1, "write");
            at += wrote;
        }
        sent += length;
    }
}

int main(int argc, char **argv)
{
    load_die_with_parent();
    long connections = load_number(argc, argv, 1, "CONNECTIONS", 1, CONNECTIONS_LIMIT);
    long rate = load_number(argc, argv, 2, "BYTES_PER_SECOND", 1000, 4000000000);
    long total = load_number(argc, argv, 3, "TOTAL_BYTES", connections, 1000000000000);
    long linger = load_number(argc, argv, 4, "LINGER_MILLIS", 0, LOAD_SECONDS_LIMIT * 1000L);
    if (total % connections != 0)
        errx(2, "TOTAL_BYTES must be a multiple of CONNECTIONS");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (void *)&address, length) < 0 || listen(listener, CONNECTIONS_LIMIT) < 0 ||
        getsockname(listener, (void *)&address, &length) < 0)
        err(1, "listen");
    pid_t receiver = fork();
    if (receiver < 0)
        err(1, "fork");
    if (receiver == 0) {
        load_die_with_parent();
        receive(listener, connections, total);
    }
    close(listener);
    for (long i = 0; i < connections; i++) {
        peers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (peers[i] < 0 || connect(peers[i], (void *)&address, length) < 0)
            err(1, "connect");
    }
    prctl(PR_SET_NAME, "paced-sender");
    printf("ready %d %d\n", getpid(), receiver);
    fflush(stdout);
    send_paced(connections, rate, total);
    char answer;
    if (read(peers[0], &answer, 1) != 1)
        errx(1, "the receiver went away");
    printf("sent %ld\n", total);
    fflush(stdout);
    wait_millis(linger);
    kill(receiver, SIGKILL);
    waitpid(receiver, NULL, 0);
    return 0;
}
