/**
 * Reasons of dropped packets that mean trouble, in words, by the kernel's names (include/net/dropreason-core.h). All
 * others are normal: segments that came twice, queues of sockets that close, packets for nobody.
 */
const REASON_WORDS: Readonly<Record<string, string>> = {
  NETFILTER_DROP: 'firewall',
  SOCKET_FILTER: 'socket filter',
  SOCKET_RCVBUFF: 'receive buffer full',
  SOCKET_BACKLOG: 'socket backlog full',
  PROTO_MEM: 'out of protocol memory',
  NOMEM: 'out of memory',
  TCP_CSUM: 'wrong TCP checksum',
  UDP_CSUM: 'wrong UDP checksum',
  IP_CSUM: 'wrong IP checksum',
  ICMP_CSUM: 'wrong ICMP checksum',
  IP_OUTNOROUTES: 'no route',
  IP_INNOROUTES: 'no route',
  IP_RPFILTER: 'reverse path filter',
  IP_INVALID_SOURCE: 'invalid source address',
  NEIGH_FAILED: 'no reply from the neighbour',
  NEIGH_QUEUEFULL: 'no reply from the neighbour',
  QDISC_DROP: 'interface queue full',
  QDISC_OVERLIMIT: 'interface queue full',
  QDISC_CONGESTED: 'interface queue full',
  CPU_BACKLOG: 'CPU backlog full',
  FULL_RING: 'interface ring full',
  PKT_TOO_BIG: 'larger than the MTU',
  XDP: 'XDP program',
  BPF_CGROUP_EGRESS: 'BPF program of a control group',
  TC_INGRESS: 'traffic control',
  TC_EGRESS: 'traffic control',
  XFRM_POLICY: 'IPsec policy',
};

/** `receive buffer full`; undefined: packets dropped for this reason are no trouble. */
export function reasonWords(reason: string): string | undefined {
  return REASON_WORDS[reason];
}

/** `1 connection`, `3 connections`; numbers in groups are not needed for what comes in ten seconds. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `once`, `3 times`. */
export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** `5.1 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** `81 ms`, `4.7 ms`, `0.31 ms`, `0.022 ms`. */
export function roundTripText(micros: number): string {
  const millis = micros / 1000;
  const text =
    millis >= 10 ? Math.round(millis) : millis >= 1 ? millis.toFixed(1) : Number(millis.toPrecision(2));
  return `${text} ms`;
}
