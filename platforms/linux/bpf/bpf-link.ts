import { NativeBuffer } from '../libc.ts';
import { BpfError, bpf, Command, nativeCopy, setPointer } from './bpf-call.ts';

/** `enum bpf_attach_type`. */
export const AttachType = {
  CGROUP_INET_INGRESS: 0,
  CGROUP_INET_EGRESS: 1,
  CGROUP_INET_SOCK_CREATE: 2,
  TRACE_RAW_TP: 23,
  TRACE_FENTRY: 24,
  TRACE_FEXIT: 25,
  TRACE_ITER: 28,
  /** 5.9 and later. */
  CGROUP_INET_SOCK_RELEASE: 34,
} as const;

const LINK_CREATE_BYTES = 48;
const RAW_TRACEPOINT_BYTES = 16;
const QUERY_BYTES = 32;
const QUERIED_LIMIT = 64;

/**
 * BPF_LINK_CREATE: the program is attached for as long as the returned descriptor is open, and no longer than this
 * process lives. Throws BpfError.
 *
 *   0 program fd | 4 target fd | 8 attach type | 12 flags | 16 iterator info | 24 its length
 */
export function createLink(
  programDescriptor: number,
  targetDescriptor: number,
  attachType: number,
  iteratorInfo?: Uint8Array,
): number {
  const attributes = new NativeBuffer(LINK_CREATE_BYTES);
  attributes.u32[0] = programDescriptor;
  attributes.u32[1] = targetDescriptor;
  attributes.u32[2] = attachType;
  const info = iteratorInfo === undefined ? undefined : nativeCopy(iteratorInfo);
  if (info !== undefined && iteratorInfo !== undefined) {
    setPointer(attributes, 16, info);
    attributes.u32[6] = iteratorInfo.length;
  }
  const result = bpf(Command.LINK_CREATE, attributes, LINK_CREATE_BYTES);
  if (result < 0) throw new BpfError('attach BPF program', -result);
  return result;
}

/**
 * BPF_RAW_TRACEPOINT_OPEN: attaches programs for tp_btf, fentry and fexit, whose place is known from their load, or by
 * name. Returns a descriptor like that of `createLink`; throws BpfError.
 *
 *   0 name | 8 program fd
 */
export function openRawTracepoint(programDescriptor: number, name?: string): number {
  const attributes = new NativeBuffer(RAW_TRACEPOINT_BYTES);
  const text = name === undefined ? undefined : nativeCopy(new TextEncoder().encode(`${name}\0`));
  if (text !== undefined) setPointer(attributes, 0, text);
  attributes.u32[2] = programDescriptor;
  const result = bpf(Command.RAW_TRACEPOINT_OPEN, attributes, RAW_TRACEPOINT_BYTES);
  if (result < 0) throw new BpfError('open tracepoint', -result);
  return result;
}

interface AttachedPrograms {
  /** At most 64. */
  readonly ids: readonly number[];
  /** 0 where somebody attached one exclusively, so that no other can be; 1: may be overridden; 2: many side by side. */
  readonly flags: number;
}

/**
 * BPF_PROG_QUERY: what is attached to a control group. Throws BpfError.
 *
 *   0 target fd | 4 attach type | 8 query flags | 12 attach flags (out) | 16 ids | 24 count (in, out)
 */
export function queryPrograms(targetDescriptor: number, attachType: number): AttachedPrograms {
  const attributes = new NativeBuffer(QUERY_BYTES);
  const ids = new NativeBuffer(QUERIED_LIMIT * 4);
  attributes.u32[0] = targetDescriptor;
  attributes.u32[1] = attachType;
  setPointer(attributes, 16, ids);
  attributes.u32[6] = QUERIED_LIMIT;
  const result = bpf(Command.PROG_QUERY, attributes, QUERY_BYTES);
  if (result < 0) throw new BpfError('query BPF programs', -result);
  const count = Math.min(attributes.u32[6]!, QUERIED_LIMIT);
  return { ids: [...ids.u32.subarray(0, count)], flags: attributes.u32[3]! };
}
