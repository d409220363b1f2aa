/*
 * Dumps every TCP connection with its tcp_info by the legacy request, and looks once for closing announcements on
 * sixteen multicast sockets: the calls of one refresh of the netlink tier. It reads cookie, inode and both byte
 * counters of every socket, and keeps nothing.
 */
#include <err.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include "floor.h"

#define SHARDS 16
#define CONNECTION_STATES 0xb3e

static int dump_socket;
static int shards[SHARDS];
static char buffer[32768];
static unsigned long long sum;

static void read_socket(struct nlmsghdr *message)
{
    struct inet_diag_msg *socket = NLMSG_DATA(message);
    char *end = (char *)message + message->nlmsg_len;
    sum += socket->idiag_inode + socket->id.idiag_cookie[0];
    for (char *at = (char *)(socket + 1); at + sizeof(struct nlattr) <= end;) {
        struct nlattr *attribute = (struct nlattr *)at;
        if (attribute->nla_type == INET_DIAG_INFO) {
            struct tcp_info *info = (struct tcp_info *)(attribute + 1);
            sum += info->tcpi_bytes_acked + info->tcpi_bytes_received;
            return;
        }
        at += NLA_ALIGN(attribute->nla_len);
    }
}

static void dump(void)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req request;
    } message = {.header = {.nlmsg_len = sizeof message,
                            .nlmsg_type = TCPDIAG_GETSOCK,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                 .request = {.idiag_family = AF_INET,
                             .idiag_ext = 1 << (INET_DIAG_INFO - 1),
                             .idiag_states = CONNECTION_STATES}};
    if (send(dump_socket, &message, sizeof message, 0) < 0)
        err(1, "send");
    for (;;) {
        int length = (int)recv(dump_socket, buffer, sizeof buffer, 0);
        if (length <= 0)
            err(1, "recv");
        for (struct nlmsghdr *at = (void *)buffer; NLMSG_OK(at, (unsigned)length); at = NLMSG_NEXT(at, length)) {
            if (at->nlmsg_type == NLMSG_DONE)
                return;
            if (at->nlmsg_type == NLMSG_ERROR)
                errx(1, "the kernel refuses");
            read_socket(at);
        }
    }
}

static void refresh(void)
{
    dump();
    for (int i = 0; i < SHARDS; i++)
        while (recv(shards[i], buffer, sizeof buffer, MSG_DONTWAIT) > 0)
            sum++;
}

int main(void)
{
    dump_socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (dump_socket < 0)
        err(1, "socket");
    for (int i = 0; i < SHARDS; i++) {
        shards[i] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        if (shards[i] < 0)
            err(1, "socket");
    }
    return floor_serve(refresh);
}
