/**
 * Reasons for which packets are dropped that are trouble, in words, by the kernel's names
 * (include/net/dropreason-core.h). All others belong to what works: segments that came twice, queues of sockets that
 * close, packets for nobody.
 */
const REASON_WORDS: Readonly<Record<string, string>> = {
  NETFILTER_DROP: 'by the firewall',
  SOCKET_FILTER: 'by a socket filter',
  SOCKET_RCVBUFF: 'for a full receive buffer',
  SOCKET_BACKLOG: 'for a full socket backlog',
  PROTO_MEM: 'for want of protocol memory',
  NOMEM: 'for want of memory',
  TCP_CSUM: 'for a wrong TCP checksum',
  UDP_CSUM: 'for a wrong UDP checksum',
  IP_CSUM: 'for a wrong IP checksum',
  ICMP_CSUM: 'for a wrong ICMP checksum',
  IP_OUTNOROUTES: 'for want of a route',
  IP_INNOROUTES: 'for want of a route',
  IP_RPFILTER: 'by the reverse path filter',
  IP_INVALID_SOURCE: 'for an invalid source address',
  NEIGH_FAILED: 'because a neighbour did not answer',
  NEIGH_QUEUEFULL: 'because a neighbour did not answer',
  QDISC_DROP: 'by a full queue of the interface',
  QDISC_OVERLIMIT: 'by a full queue of the interface',
  QDISC_CONGESTED: 'by a full queue of the interface',
  CPU_BACKLOG: 'for a full backlog of a processor',
  FULL_RING: 'for a full ring of the interface',
  PKT_TOO_BIG: 'for being larger than the MTU',
  XDP: 'by an XDP program',
  BPF_CGROUP_EGRESS: 'by a BPF program of a control group',
  TC_INGRESS: 'by traffic control',
  TC_EGRESS: 'by traffic control',
  XFRM_POLICY: 'by an IPsec policy',
};

/** `by the firewall`; undefined: packets that are dropped for it are no trouble. */
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

/** `81 ms`, `0.4 ms`. */
export function roundTripText(micros: number): string {
  const millis = micros / 1000;
  return `${millis >= 10 ? Math.round(millis) : millis.toFixed(1)} ms`;
}
