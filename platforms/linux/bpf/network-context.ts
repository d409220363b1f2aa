/** struct __sk_buff, include/uapi/linux/bpf.h; in cgroup programs `len` begins with the IP header. */
export const SkBuff = {
  LEN: 0,
  IFINDEX: 40,
  /** Where the linear part begins and ends; in cgroup programs for who has CAP_BPF. */
  DATA: 76,
  DATA_END: 80,
  GSO_SEGS: 164,
  SK: 168,
  /** 5.7 and later. */
  GSO_SIZE: 176,
} as const;

/** struct bpf_sock, include/uapi/linux/bpf.h; addresses in network order. */
export const BpfSock = {
  FAMILY: 4,
  TYPE: 8,
  PROTOCOL: 12,
  SOURCE_IP4: 24,
  SOURCE_IP6: 28,
  /** In host order. */
  SOURCE_PORT: 44,
  /** In network order. */
  DESTINATION_PORT: 48,
  DESTINATION_IP4: 52,
  DESTINATION_IP6: 56,
  STATE: 72,
} as const;
