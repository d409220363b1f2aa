/*
 * churner PER_SECOND SECONDS KEPT BYTES [HEX...]: opens PER_SECOND connections over loopback for SECONDS, sends BYTES
 * over each, and keeps the newest KEPT open (0: each is closed by the client as soon as the server has read all of it).
 * What a connection sends begins with the bytes of the next HEX, all of them by turns. Client and server are processes of their own, named churn-client and churn-server.
 * ready SERVER_PID CLIENT_PID, and in the end a second line: sent CONNECTIONS BYTES_IN_ALL
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include "load.h"

#define RATE_LIMIT 10000
#define KEPT_LIMIT 4096
#define BYTES_LIMIT (1 << 20)
#define HEADS_LIMIT 64
#define HEAD_BYTES_LIMIT 4096

static int kept_ring[KEPT_LIMIT];
static char payload[65536];
static char heads[HEADS_LIMIT][HEAD_BYTES_LIMIT];
static size_t head_bytes[HEADS_LIMIT];

/* Closes the oldest of the newest `kept` and puts `descriptor` in its place. */
static void keep(int descriptor, long kept, long count)
{
    if (kept == 0) {
        close(descriptor);
        return;
    }
    int *place = &kept_ring[count % kept];
    if (count >= kept)
        close(*place);
    *place = descriptor;
}

static int hex_digit(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *found = digit == 0 ? NULL : strchr(digits, digit);
    if (found == NULL)
        errx(2, "HEX must be lower-case hexadecimal digits in pairs");
    return (int)(found - digits);
}

/* Returns how many heads there are. */
static int read_heads(int count, char **hex)
{
    if (count > HEADS_LIMIT)
        errx(2, "at most %d HEX", HEADS_LIMIT);
    for (int i = 0; i < count; i++) {
        size_t digits = strlen(hex[i]);
        if (digits % 2 != 0 || digits / 2 > HEAD_BYTES_LIMIT)
            errx(2, "HEX must be pairs of digits, at most %d", HEAD_BYTES_LIMIT);
        head_bytes[i] = digits / 2;
        for (size_t at = 0; at < digits / 2; at++)
            heads[i][at] = (char)(hex_digit(hex[i][2 * at]) * 16 + hex_digit(hex[i][2 * at + 1]));
    }
    return count;
}

static void wait_until(const struct timespec *start, double seconds)
{
    struct timespec due = *start;
    due.tv_sec += (time_t)seconds;
    due.tv_nsec += (long)((seconds - (time_t)seconds) * 1e9);
    if (due.tv_nsec >= 1000000000) {
        due.tv_nsec -= 1000000000;
        due.tv_sec++;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
        ;
}

static void serve(int listener, long kept, long bytes)
{
    prctl(PR_SET_NAME, "churn-server");
    for (long count = 0;; count++) {
        int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (peer < 0)
            err(1, "accept");
        for (long left = bytes; left > 0;) {
            ssize_t got = read(peer, payload, left < (long)sizeof payload ? left : (long)sizeof payload);
            if (got <= 0)
                break;
            left -= got;
        }
        if (write(peer, "k", 1) != 1)
            warn("write");
        keep(peer, kept, count);
    }
}

static void send_all(int descriptor, long bytes)
{
    while (bytes > 0) {
        ssize_t sent = write(descriptor, payload, bytes < (long)sizeof payload ? bytes : (long)sizeof payload);
        if (sent <= 0)
            err(1, "write");
        bytes -= sent;
    }
}

int main(int argc, char **argv)
{
    load_die_with_parent();
    long rate = load_number(argc, argv, 1, "PER_SECOND", 1, RATE_LIMIT);
    long seconds = load_number(argc, argv, 2, "SECONDS", 1, LOAD_SECONDS_LIMIT);
    long kept = load_number(argc, argv, 3, "KEPT", 0, KEPT_LIMIT);
    long bytes = load_number(argc, argv, 4, "BYTES", 1, BYTES_LIMIT);
    int head_count = read_heads(argc > 5 ? argc - 5 : 0, argv + 5);
    load_raise_descriptors(KEPT_LIMIT + 64);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (void *)&address, length) < 0 || listen(listener, 1024) < 0 ||
        getsockname(listener, (void *)&address, &length) < 0)
        err(1, "listen");
    pid_t server = fork();
    if (server < 0)
        err(1, "fork");
    if (server == 0) {
        load_die_with_parent();
        serve(listener, kept, bytes);
    }
    close(listener);
    prctl(PR_SET_NAME, "churn-client");
    printf("ready %d %d\n", server, getpid());
    fflush(stdout);
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    long count = 0;
    for (; count < rate * seconds; count++) {
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (client < 0 || connect(client, (void *)&address, length) < 0)
            err(1, "connect");
        char answer;
        if (head_count > 0)
            memcpy(payload, heads[count % head_count], head_bytes[count % head_count]);
        send_all(client, bytes);
        if (read(client, &answer, 1) != 1)
            err(1, "read");
        keep(client, kept, count);
        wait_until(&start, (double)(count + 1) / rate);
    }
    printf("sent %ld %ld\n", count, count * bytes);
    fflush(stdout);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return 0;
}
