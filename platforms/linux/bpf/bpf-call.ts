import { closeDescriptor, Errno, NativeBuffer, SyscallError, systemCall } from '../libc.ts';

const SYS_BPF = process.arch === 'arm64' ? 280 : 321;
const SYS_PRLIMIT64 = process.arch === 'arm64' ? 261 : 302;
const RLIMIT_MEMLOCK = 8;
/** Loading is interrupted by signals (kernel/bpf/verifier.c: signal_pending); a runtime with timers has many. */
const INTERRUPTED_TRIES = 5;

/** `enum bpf_cmd`, include/uapi/linux/bpf.h. */
export const Command = {
  ...{ MAP_CREATE: 0, MAP_LOOKUP_ELEM: 1, MAP_UPDATE_ELEM: 2, MAP_DELETE_ELEM: 3, PROG_LOAD: 5 },
  ...{ PROG_RUN: 10, OBJ_GET_INFO_BY_FD: 15, PROG_QUERY: 16, RAW_TRACEPOINT_OPEN: 17, BTF_LOAD: 18 },
  ...{ MAP_LOOKUP_AND_DELETE_ELEM: 21, MAP_LOOKUP_BATCH: 24, MAP_LOOKUP_AND_DELETE_BATCH: 25 },
  ...{ LINK_CREATE: 28, ITER_CREATE: 33 },
} as const;

/** bpf(2) refused. */
export class BpfError extends SyscallError {
  /** What the verifier wrote; empty where it was not asked or had nothing to say. */
  readonly log: string;

  constructor(op: string, errno: number, log = '') {
    super(op, errno);
    this.log = log;
  }
}

/** What a call of bpf(2) returned. Throws BpfError where that is -errno. */
export function orBpfError(op: string, result: number): number {
  if (result < 0) throw new BpfError(op, -result);
  return result;
}

/** bpf(2) on the first `length` bytes of `union bpf_attr`. Returns its result, a descriptor often, or -errno. */
export function bpf(command: number, attributes: NativeBuffer, length: number): number {
  for (let tries = 1; ; tries++) {
    const result = systemCall(SYS_BPF, command, attributes.pointer, length);
    if (result !== -Errno.EAGAIN || tries === INTERRUPTED_TRIES) return result;
  }
}

let isLimitRaised = false;

/**
 * bpf(2) for what takes memory. Before 5.11 that is charged to RLIMIT_MEMLOCK and refused with EPERM beyond it: then
 * the limit is raised, once, where that is allowed, and the call made again.
 */
export function bpfCharged(command: number, attributes: NativeBuffer, length: number): number {
  const result = bpf(command, attributes, length);
  if (result !== -Errno.EPERM || isLimitRaised) return result;
  isLimitRaised = true;
  // struct rlimit64: soft and hard limit, all ones for none.
  const unlimited = new NativeBuffer(16);
  unlimited.u32.fill(0xffffffff);
  if (systemCall(SYS_PRLIMIT64, 0, RLIMIT_MEMLOCK, unlimited.pointer) < 0) return result;
  return bpf(command, attributes, length);
}

/** By place in the attributes: what was last pointed to is not freed before something else is. */
const pointedTo: (NativeBuffer | undefined)[] = new Array(16).fill(undefined);

/** Writes the address of a buffer, with an offset into it, as 64 bits at a multiple of 8. */
export function setPointer(attributes: NativeBuffer, at: number, target: NativeBuffer, offset = 0): void {
  pointedTo[at >> 3] = target;
  const address = target.pointer + offset;
  attributes.u32[at >> 2] = address >>> 0;
  attributes.u32[(at >> 2) + 1] = Math.floor(address / 2 ** 32);
}

/** What the attributes point to at a place is no longer needed: a large buffer is freed before another takes its place. */
export function forgetPointer(at: number): void {
  pointedTo[at >> 3] = undefined;
}

/** Memory of its own with the same bytes, for the kernel to read. */
export function nativeCopy(bytes: Uint8Array): NativeBuffer {
  const buffer = new NativeBuffer(bytes.length);
  buffer.bytes.set(bytes);
  return buffer;
}

/** Descriptors that are of use together: `open` tells each one to `keep`; where it throws, all are closed. */
export function allOrNone<T>(open: (keep: (descriptor: number) => number) => T): T {
  const opened: number[] = [];
  try {
    return open((descriptor) => {
      opened.push(descriptor);
      return descriptor;
    });
  } catch (thrown) {
    for (const descriptor of opened) closeDescriptor(descriptor);
    throw thrown;
  }
}

const OBJECT_NAME_BYTES = 16;

/** Writes the name of a map or program: at most 15 characters and a NUL, of letters, digits, `_` and `.`. */
export function setObjectName(attributes: NativeBuffer, at: number, name: string): void {
  const legal = name.replaceAll(/[^\w.]/g, '_').slice(0, OBJECT_NAME_BYTES - 1);
  for (let i = 0; i < legal.length; i++) attributes.bytes[at + i] = legal.charCodeAt(i);
}
