/*
 * Drains a TPACKET_V3 ring of every packet on this namespace's loopback interface and adds each up by its 5-tuple,
 * once for the sender's end and once for the receiver's, as the packet tier does: IPv4 and IPv6 without extension
 * headers, lengths checked, and nothing else.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "floor.h"

#define BLOCK_BYTES (1 << 18)
#define BLOCKS 32
#define FLOWS 65536

struct ends {
    unsigned char local[16], remote[16];
    unsigned short local_port, remote_port;
    unsigned protocol;
};

static struct flow {
    struct ends ends;
    unsigned long long tx_bytes, rx_bytes, tx_packets, rx_packets;
} flows[FLOWS];

static char *ring;
static int block;

static struct flow *flow_of(const struct ends *ends)
{
    const unsigned *words = (const unsigned *)ends;
    unsigned hash = 0;
    for (unsigned i = 0; i < sizeof *ends / 4; i++)
        hash = (hash ^ words[i]) * 0x9e3779b1u;
    for (unsigned at = hash >> 16;; at = (at + 1) % FLOWS) {
        if (flows[at].ends.protocol == 0)
            flows[at].ends = *ends;
        if (memcmp(&flows[at].ends, ends, sizeof *ends) == 0)
            return &flows[at];
    }
}

static void count(const unsigned char *ip, unsigned captured, unsigned length)
{
    struct ends out = {0}, in = {0};
    unsigned header, total;
    if (captured >= 28 && ip[0] >> 4 == 4) {
        header = (ip[0] & 15) * 4;
        total = ip[2] << 8 | ip[3];
        out.protocol = ip[9];
        memcpy(out.local + 12, ip + 12, 4);
        memcpy(out.remote + 12, ip + 16, 4);
        out.local[10] = out.local[11] = out.remote[10] = out.remote[11] = 0xff;
    } else if (captured >= 48 && ip[0] >> 4 == 6) {
        header = 40;
        total = 40 + (ip[4] << 8 | ip[5]);
        out.protocol = ip[6];
        memcpy(out.local, ip + 8, 16);
        memcpy(out.remote, ip + 24, 16);
    } else
        return;
    if (total > length || header + 8 > captured || header + 8 > total)
        return;
    memcpy(&out.local_port, ip + header, 2);
    memcpy(&out.remote_port, ip + header + 2, 2);
    memcpy(in.local, out.remote, 16);
    memcpy(in.remote, out.local, 16);
    in.local_port = out.remote_port;
    in.remote_port = out.local_port;
    in.protocol = out.protocol;
    struct flow *sender = flow_of(&out), *receiver = flow_of(&in);
    sender->tx_bytes += total;
    sender->tx_packets++;
    receiver->rx_bytes += total;
    receiver->rx_packets++;
}

static void drain(void)
{
    for (int i = 0; i < BLOCKS; i++) {
        struct tpacket_block_desc *at = (void *)(ring + (size_t)block * BLOCK_BYTES);
        if (!(__atomic_load_n(&at->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
            return;
        struct tpacket3_hdr *packet = (void *)((char *)at + at->hdr.bh1.offset_to_first_pkt);
        for (unsigned n = 0; n < at->hdr.bh1.num_pkts; n++) {
            unsigned link = packet->tp_net - packet->tp_mac;
            count((unsigned char *)packet + packet->tp_net, packet->tp_snaplen - link, packet->tp_len - link);
            packet = (void *)((char *)packet + packet->tp_next_offset);
        }
        __atomic_store_n(&at->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        block = (block + 1) % BLOCKS;
    }
}

int main(void)
{
    int packets = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (packets < 0)
        err(1, "socket");
    /* What comes in, of any protocol, by its first 128 bytes. */
    struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, (unsigned)(SKF_AD_OFF + SKF_AD_PKTTYPE)},
        {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, PACKET_OUTGOING},
        {BPF_RET | BPF_K, 0, 0, 128},
        {BPF_RET | BPF_K, 0, 0, 0},
    };
    struct sock_fprog program = {4, code};
    int version = TPACKET_V3, vnet = 1;
    struct tpacket_req3 request = {BLOCK_BYTES, BLOCKS, 2048, BLOCK_BYTES / 2048 * BLOCKS, 60, 0, 0};
    if (setsockopt(packets, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ||
        setsockopt(packets, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0 ||
        setsockopt(packets, SOL_PACKET, PACKET_VNET_HDR, &vnet, sizeof vnet) < 0 ||
        setsockopt(packets, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0)
        err(1, "setsockopt");
    ring = mmap(NULL, (size_t)BLOCK_BYTES * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, packets, 0);
    if (ring == MAP_FAILED)
        err(1, "mmap");
    struct sockaddr_ll every = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    if (bind(packets, (struct sockaddr *)&every, sizeof every) < 0)
        err(1, "bind");
    return floor_serve(drain);
}
