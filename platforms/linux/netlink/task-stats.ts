import { closedOnError, OpError } from '../../../src/kit/errors/op-error.ts';
import { Errno, NativeBuffer, SyscallError } from '../libc.ts';
import {
  ATTRIBUTE_HEADER_BYTES,
  findAttribute,
  MESSAGE_HEADER_BYTES,
  MessageFlag,
  MessageType,
  nextMessage,
} from './message.ts';
import { NetlinkSocket } from './socket.ts';

const NETLINK_GENERIC = 16;
/** `struct genlmsghdr`: command u8, version u8, reserved u16. */
const GENERIC_HEADER_BYTES = 4;
const PAYLOAD = MESSAGE_HEADER_BYTES + GENERIC_HEADER_BYTES;
/** linux/genetlink.h: asking for the number of a family. */
const Control = { TYPE: 0x10, GET_FAMILY: 3, FAMILY_ID: 1, FAMILY_NAME: 2, VERSION: 1 } as const;
const FAMILY = 'TASKSTATS\0';
/** linux/taskstats.h. */
const Command = { GET: 1, VERSION: 1, OF_PROCESS: 2 } as const;
const Answer = { STATS: 3, OF_PROCESS: 5 } as const;
/** `struct taskstats`: fields are only ever added at its end. */
export const STATS_FIELDS = {
  ...{ cpu_delay_total: 24, blkio_delay_total: 40, swapin_delay_total: 56, freepages_delay_total: 320 },
  ...{ thrashing_delay_total: 336, compact_delay_total: 360 },
} as const;
const MEMORY_FIELDS = [
  STATS_FIELDS.swapin_delay_total,
  STATS_FIELDS.freepages_delay_total,
  STATS_FIELDS.thrashing_delay_total,
  STATS_FIELDS.compact_delay_total,
];
const BUFFER_BYTES = 4096;
const ANSWER_MILLIS = 1000;
/** Answers to questions that were given up may still come. */
const STALE_LIMIT = 16;

/** What all threads of a process have waited for, nanoseconds, those that have ended too. */
export interface ProcessDelays {
  runDelayNanos: number;
  /** 0 where the kernel does not count it (kernel.task_delayacct). */
  blockDelayNanos: number;
  /** Swapping in, reclaiming, reading back what was thrown out, compacting; 0 as above. */
  memoryDelayNanos: number;
}

/**
 * An answer of the family TASKSTATS about a process into `into`; false where it is none, or cut short.
 *
 *   nlmsghdr | genlmsghdr | attribute AGGR_TGID { TGID u32 | STATS struct taskstats }
 */
export function parseTaskStats(answer: NativeBuffer, length: number, into: ProcessDelays): boolean {
  const { u16, u32, view } = answer;
  const end = Math.min(length, answer.bytes.length);
  const span = { at: 0, length: 0 };
  if (nextMessage(u32, 0, end, span) < 0 || span.length < PAYLOAD) return false;
  const group = findAttribute(u16, PAYLOAD, span.length, Answer.OF_PROCESS);
  if (group < 0) return false;
  const groupEnd = group + u16[group >> 1]!;
  const stats = findAttribute(u16, group + ATTRIBUTE_HEADER_BYTES, groupEnd, Answer.STATS);
  if (stats < 0) return false;
  const at = stats + ATTRIBUTE_HEADER_BYTES;
  const statsEnd = stats + u16[stats >> 1]!;
  const has = (field: number): boolean => at + field + 8 <= statsEnd;
  const number = (field: number): number =>
    view.getUint32(at + field, true) + view.getUint32(at + field + 4, true) * 2 ** 32;
  if (!has(STATS_FIELDS.swapin_delay_total)) return false;
  into.runDelayNanos = number(STATS_FIELDS.cpu_delay_total);
  into.blockDelayNanos = number(STATS_FIELDS.blkio_delay_total);
  into.memoryDelayNanos = 0;
  for (const field of MEMORY_FIELDS) if (has(field)) into.memoryDelayNanos += number(field);
  return true;
}

/** The number of the family in the answer of the controller; 0: none. */
export function parseFamily({ u16, u32, bytes }: NativeBuffer, length: number): number {
  const end = Math.min(length, bytes.length);
  const span = { at: 0, length: 0 };
  if (nextMessage(u32, 0, end, span) < 0 || u16[2] !== Control.TYPE || span.length < PAYLOAD) return 0;
  const at = findAttribute(u16, PAYLOAD, span.length, Control.FAMILY_ID);
  return at < 0 || u16[at >> 1]! < ATTRIBUTE_HEADER_BYTES + 2 ? 0 : u16[(at + ATTRIBUTE_HEADER_BYTES) >> 1]!;
}

/**
 * Asks the kernel what single processes have waited for (Documentation/accounting/taskstats.rst). Needs CAP_NET_ADMIN
 * and the machine's own network namespace.
 */
export class TaskStats {
  readonly #socket: NetlinkSocket;
  readonly #message = new NativeBuffer(64);
  readonly #answer = new NativeBuffer(BUFFER_BYTES);
  readonly #pid = Uint32Array.of(0);
  readonly #pidBytes = new Uint8Array(this.#pid.buffer);
  #sequence = 0;
  #family = 0;

  /** Throws SyscallError or OpError where the kernel does not tell. */
  constructor() {
    this.#socket = new NetlinkSocket(NETLINK_GENERIC);
    closedOnError(this.#socket, () => this.#begin());
  }

  #begin(): void {
    this.#socket.setReceiveTimeout(ANSWER_MILLIS);
    const name = Buffer.from(FAMILY, 'latin1');
    const length = this.#ask(Control.TYPE, Control.GET_FAMILY, Control.FAMILY_NAME, name);
    this.#family = length < 0 ? 0 : parseFamily(this.#answer, length);
    if (this.#family === 0) throw new OpError({ op: 'find TASKSTATS', code: 'UNSUPPORTED' });
    const delays = { runDelayNanos: 0, blockDelayNanos: 0, memoryDelayNanos: 0 };
    if (!this.read(process.pid, delays)) throw new SyscallError('read task statistics', Errno.EPERM);
  }

  /** False: it is gone, or not permitted. `into` as parseTaskStats. */
  read(pid: number, into: ProcessDelays): boolean {
    this.#pid[0] = pid;
    const length = this.#ask(this.#family, Command.GET, Command.OF_PROCESS, this.#pidBytes);
    return length > 0 && parseTaskStats(this.#answer, length, into);
  }

  close(): void {
    this.#socket.close();
  }

  /** Bytes of the answer, or -errno. */
  #ask(type: number, command: number, attribute: number, value: Uint8Array): number {
    const { u16, u32, bytes } = this.#message;
    const attributeLength = ATTRIBUTE_HEADER_BYTES + value.length;
    const length = PAYLOAD + ((attributeLength + 3) & ~3);
    bytes.fill(0);
    u32[0] = length;
    u16[2] = type;
    u16[3] = MessageFlag.REQUEST;
    u32[2] = ++this.#sequence;
    bytes[MESSAGE_HEADER_BYTES] = command;
    bytes[MESSAGE_HEADER_BYTES + 1] = Command.VERSION;
    u16[PAYLOAD >> 1] = attributeLength;
    u16[(PAYLOAD >> 1) + 1] = attribute;
    bytes.set(value, PAYLOAD + ATTRIBUTE_HEADER_BYTES);
    this.#socket.send(this.#message, length);
    return this.#receive();
  }

  #receive(): number {
    const { u16, u32, i32 } = this.#answer;
    for (let tries = 0; tries < STALE_LIMIT; tries++) {
      const length = this.#socket.receive(this.#answer);
      if (length < MESSAGE_HEADER_BYTES + 4) return length < 0 ? length : -Errno.EIO;
      if (u32[2] !== this.#sequence) continue;
      return u16[2] === MessageType.ERROR ? Math.min(-1, i32[MESSAGE_HEADER_BYTES >> 2]!) : length;
    }
    return -Errno.EAGAIN;
  }
}
