import { OpError } from '../../../src/kit/errors/op-error.ts';
import { closeDescriptor, Errno, NativeBuffer, PAGE_SIZE_BYTES, readInto } from '../libc.ts';
import { textIn } from '../proc/text-scanner.ts';
import {
  BpfError,
  bpf,
  bpfCharged,
  Command,
  forgetPointer,
  nativeCopy,
  orBpfError,
  setObjectName,
  setPointer,
} from './bpf-call.ts';
import { INSTRUCTION_BYTES } from './instruction.ts';

/** `enum bpf_prog_type`. */
export const ProgramType = { CGROUP_SKB: 8, CGROUP_SOCK: 9, TRACING: 26, SYSCALL: 31 } as const;

interface ProgramOptions {
  readonly type: number;
  readonly code: Uint8Array;
  readonly name: string;
  /** One of AttachType (link.ts), where the type of program demands it. */
  readonly expectedAttachType?: number;
  /** The kernel's BTF id of the function, tracepoint or iterator that the program is for. */
  readonly attachBtfId?: number;
  /** BPF_F_SLEEPABLE, which programs of the type SYSCALL must be. */
  readonly isSleepable?: boolean;
}

/** union bpf_attr up to attach_prog_fd: what 5.10 knows. */
const PROG_LOAD_BYTES = 120;
const LOG_BYTES = 256 * 1024;
const LOG_LEVEL = 1;
const SLEEPABLE = 1 << 4;
const PROG_RUN_BYTES = 80;

/**
 * BPF_PROG_LOAD: first without a log; where that fails once more with one, which BpfError then carries. Returns the
 * program's descriptor.
 *
 *   0 type | 4 instructions | 8 code | 16 license | 24 log level | 28 log size | 32 log | 44 flags | 48 name[16]
 *   68 expected attach type | 108 attach BTF id
 */
export function loadProgram(options: ProgramOptions): number {
  const code = nativeCopy(options.code);
  // Most helpers demand it.
  const license = NativeBuffer.ofPath('GPL');
  const attributes = new NativeBuffer(PROG_LOAD_BYTES);
  attributes.u32[0] = options.type;
  attributes.u32[1] = options.code.length / INSTRUCTION_BYTES;
  setPointer(attributes, 8, code);
  setPointer(attributes, 16, license);
  attributes.u32[11] = options.isSleepable === true ? SLEEPABLE : 0;
  setObjectName(attributes, 48, options.name);
  attributes.u32[17] = options.expectedAttachType ?? 0;
  attributes.u32[27] = options.attachBtfId ?? 0;
  const result = bpfCharged(Command.PROG_LOAD, attributes, PROG_LOAD_BYTES);
  return result >= 0 ? result : loadWithLog(options.name, attributes, -result);
}

/** Says why it failed, or returns the descriptor where it does not fail again. */
function loadWithLog(name: string, attributes: NativeBuffer, errno: number): number {
  const log = new NativeBuffer(LOG_BYTES);
  attributes.u32[6] = LOG_LEVEL;
  attributes.u32[7] = LOG_BYTES;
  setPointer(attributes, 32, log);
  const result = bpfCharged(Command.PROG_LOAD, attributes, PROG_LOAD_BYTES);
  forgetPointer(32);
  if (result >= 0) return result;
  const text = textIn(log.bytes, 0, LOG_BYTES);
  // A log that was too small for the verifier hides the reason (ENOSPC): the first errno is the true one.
  throw new BpfError(`load BPF program ${name}`, errno, text);
}

/**
 * Runs programs of the type SYSCALL (5.14), by BPF_PROG_RUN without any input.
 *
 *   0 program fd | 4 its result (out) | the rest 0
 */
export class ProgramRunner {
  readonly #attributes = new NativeBuffer(PROG_RUN_BYTES);

  /** The program's descriptor stays the caller's. */
  constructor(programDescriptor: number) {
    this.#attributes.u32[0] = programDescriptor;
  }

  /** Throws BpfError where it cannot be run. */
  run(): void {
    orBpfError('run BPF program', bpf(Command.PROG_RUN, this.#attributes, PROG_RUN_BYTES));
  }
}

/** `enum bpf_attach_type`. */
export const AttachType = {
  ...{ CGROUP_INET_INGRESS: 0, CGROUP_INET_EGRESS: 1, CGROUP_INET_SOCK_CREATE: 2, TRACE_RAW_TP: 23 },
  ...{ TRACE_FENTRY: 24, TRACE_FEXIT: 25, TRACE_ITER: 28 },
  /** 5.9 and later. */
  CGROUP_INET_SOCK_RELEASE: 34,
} as const;

/** A program on what the kernel's types name: a raw tracepoint, or what is given. As `loadProgram`. */
export function loadTracing(
  name: string,
  code: Uint8Array,
  attachBtfId: number,
  expectedAttachType: number = AttachType.TRACE_RAW_TP,
): number {
  return loadProgram({ type: ProgramType.TRACING, code, name, expectedAttachType, attachBtfId });
}

/** What `load` makes of the first choice that the kernel accepts. Throws what it throws for the last one. */
export function firstAccepted<T, R>(choices: readonly T[], load: (choice: T) => R): R {
  for (const [i, choice] of choices.entries()) {
    try {
      return load(choice);
    } catch (thrown) {
      if (i === choices.length - 1 || !isRefusedCode(thrown)) throw thrown;
    }
  }
  throw new OpError({ op: 'load BPF program', code: 'UNSUPPORTED' });
}

/** A helper that is not to be had is EINVAL, a structure that may not be read EACCES; both with words. */
function isRefusedCode(thrown: unknown): boolean {
  return thrown instanceof BpfError && thrown.log !== '';
}

const LINK_CREATE_BYTES = 48;
const RAW_TRACEPOINT_BYTES = 16;
const QUERY_BYTES = 32;
const QUERIED_LIMIT = 64;

/**
 * BPF_LINK_CREATE: the program is attached for as long as the returned descriptor is open, and no longer than this
 * process lives. Throws BpfError.
 *
 *   0 program fd | 4 target fd | 8 attach type | 12 flags
 */
export function createLink(programDescriptor: number, targetDescriptor: number, attachType: number): number {
  const attributes = new NativeBuffer(LINK_CREATE_BYTES);
  attributes.u32[0] = programDescriptor;
  attributes.u32[1] = targetDescriptor;
  attributes.u32[2] = attachType;
  return orBpfError('attach BPF program', bpf(Command.LINK_CREATE, attributes, LINK_CREATE_BYTES));
}

/**
 * BPF_RAW_TRACEPOINT_OPEN: attaches programs for tp_btf, fentry and fexit, whose place is known from their load. Returns
 * a descriptor like that of `createLink`; throws BpfError.
 *
 *   0 name (none) | 8 program fd
 */
export function openRawTracepoint(programDescriptor: number): number {
  const attributes = new NativeBuffer(RAW_TRACEPOINT_BYTES);
  attributes.u32[2] = programDescriptor;
  const result = bpf(Command.RAW_TRACEPOINT_OPEN, attributes, RAW_TRACEPOINT_BYTES);
  return orBpfError('open tracepoint', result);
}

interface AttachedPrograms {
  /** At most 64. */
  readonly ids: readonly number[];
  /** 0: attached exclusively, no other is possible; 1: may be overridden; 2: several side by side. */
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
  orBpfError('query BPF programs', bpf(Command.PROG_QUERY, attributes, QUERY_BYTES));
  const count = Math.min(attributes.u32[6]!, QUERIED_LIMIT);
  return { ids: [...ids.u32.subarray(0, count)], flags: attributes.u32[3]! };
}

const INFO_ATTRIBUTES_BYTES = 16;
const LINK_INFO_BYTES = 32;
/** `enum bpf_link_type`. The types of our programs, which stand at the same place, have other numbers. */
const LINK_TYPE_CGROUP = 3;
const linkInfo = new NativeBuffer(LINK_INFO_BYTES);
const infoAttributes = new NativeBuffer(INFO_ATTRIBUTES_BYTES);

/**
 * BPF_OBJ_GET_INFO_BY_FD: whether a descriptor is a link to a control group, and is attached: another program may have
 * detached it, or its group has gone. Needs no privilege; false where the kernel does not tell (before 5.8).
 *
 *   0 fd | 4 length | 8 struct bpf_link_info: 0 type | 4 id | 8 program | 16 u64 control group | 24 attach type
 */
export function isAttachedToGroup(descriptor: number): boolean {
  linkInfo.u32.fill(0);
  infoAttributes.u32[0] = descriptor;
  infoAttributes.u32[1] = LINK_INFO_BYTES;
  setPointer(infoAttributes, 8, linkInfo);
  if (bpf(Command.OBJ_GET_INFO_BY_FD, infoAttributes, INFO_ATTRIBUTES_BYTES) < 0) return false;
  return linkInfo.u32[0] === LINK_TYPE_CGROUP && (linkInfo.u32[4]! | linkInfo.u32[5]!) !== 0;
}

/** What a read returns at most: kernel/bpf/bpf_iter.c. */
const BUFFER_BYTES = PAGE_SIZE_BYTES << 3;
const ITER_CREATE_BYTES = 8;
/** An object without room left is tried again, and so many others may not come between. */
const AGAIN_LIMIT = 1000;

/** Iterators run one after the other most of the time, and share one buffer then. */
let spareBuffer: NativeBuffer | undefined;

/**
 * Runs an iterator program over all that the kernel has of something, again and again. The program's records come
 * in pieces, none of them cut in two: the kernel ends a piece where an object's output does not fit.
 */
export class TaskIterator {
  readonly link: number;
  readonly #create = new NativeBuffer(ITER_CREATE_BYTES);
  #reading = -1;
  #buffer: NativeBuffer | undefined;

  /** Over an attached program's link, which is closed with it. */
  constructor(link: number) {
    this.link = link;
  }

  /** Loads and attaches a program for the iterator with this BTF id. Throws BpfError. */
  static open(name: string, code: Uint8Array, iteratorId: number): TaskIterator {
    const program = loadTracing(name, code, iteratorId, AttachType.TRACE_ITER);
    try {
      return new TaskIterator(createLink(program, 0, AttachType.TRACE_ITER));
    } finally {
      // The link keeps it.
      closeDescriptor(program);
    }
  }

  /** The piece read last, until the next `read`; there is one from `begin` to the end. */
  get buffer(): NativeBuffer {
    this.#buffer ??= spareBuffer ?? new NativeBuffer(BUFFER_BYTES);
    spareBuffer = undefined;
    return this.#buffer;
  }

  /** Starts from the first object. Throws BpfError. */
  begin(): void {
    this.#end();
    this.#create.u32[0] = this.link;
    const result = bpf(Command.ITER_CREATE, this.#create, ITER_CREATE_BYTES);
    this.#reading = orBpfError('create BPF iterator', result);
  }

  /** Bytes of the next piece, in `buffer`; 0 at the end. Throws BpfError. */
  read(): number {
    if (this.#reading < 0) return 0;
    for (let tries = 0; ; tries++) {
      const length = readInto(this.#reading, this.buffer);
      if (length > 0) return length;
      const mayTryAgain = length === -Errno.EAGAIN || length === -Errno.EINTR;
      if (mayTryAgain && tries < AGAIN_LIMIT) continue;
      this.#end();
      if (length < 0) throw new BpfError('read BPF iterator', -length);
      return 0;
    }
  }

  close(): void {
    this.#end();
    closeDescriptor(this.link);
  }

  #end(): void {
    if (this.#reading >= 0) closeDescriptor(this.#reading);
    this.#reading = -1;
    spareBuffer ??= this.#buffer;
    this.#buffer = undefined;
  }
}
