/**
 * Key of a failure: who, what, with whom.
 *
 *    0 tgid u32, 0 unknown | 4 kind u8 (ProblemKind, or CONNECTED) | 6 remote port u16, host order
 *    8 start of the process, ns since boot u64
 *   16 remote address, 16 bytes as IPv6 has it, IPv4 mapped
 *   32 reason u32: enum skb_drop_reason; of what is unreachable the type of the route of this machine that forbids it, or
 *      0: the network said so | 36 zero
 */
export const FAILURE_KEY_BYTES = 40;
export const FailureKey = { TGID: 0, KIND: 4, PORT: 6, START: 8, ADDRESS: 16, REASON: 32 } as const;

/** Value of a failure: 0 count u64 | 8 ns that connecting took u64 | 16 pid in this PID namespace u32. */
export const FAILURE_VALUE_BYTES = 24;
export const FailureValue = { COUNT: 0, NANOS: 8, PID: 16 } as const;

/** Beside ProblemKind: an attempt to connect that worked. */
export const CONNECTED = 200;
/** Beside a socket that opens: 0 since, ns since boot u64 | 8 tgid u32 | 12 pid u32 | 16 start of the process u64. */
export const OPENING_BYTES = 24;
export const Opening = { SINCE: 0, TGID: 8, PID: 12, START: 16 } as const;

/** Failures that are counted between two reads; what has no room is not. */
export const FAILURES_LIMIT = 4096;
