/** Numbers of the kernel functions that a program may call: `___BPF_FUNC_MAPPER` in include/uapi/linux/bpf.h. */
export const Helper = {
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  KTIME_GET_NS: 5,
  GET_CURRENT_PID_TGID: 14,
  GET_CURRENT_UID_GID: 15,
  GET_CURRENT_COMM: 16,
  SKB_LOAD_BYTES: 26,
  GET_CURRENT_TASK: 35,
  GET_SOCKET_COOKIE: 46,
  SK_FULLSOCK: 95,
  SK_STORAGE_GET: 107,
  SK_STORAGE_DELETE: 108,
  PROBE_READ_KERNEL: 113,
  /** 5.7 and later. */
  GET_NETNS_COOKIE: 122,
  /** 5.8 and later. */
  KTIME_GET_BOOT_NS: 125,
  SEQ_WRITE: 127,
  /** 5.9 and later. */
  SKC_TO_TCP_SOCK: 137,
  GET_CURRENT_TASK_BTF: 158,
  /** 5.11 and later. */
  SOCK_FROM_FILE: 162,
  /** 5.19 and later. */
  SKC_TO_MPTCP_SOCK: 196,
} as const;
