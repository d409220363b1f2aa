import { OpError } from '../../../src/kit/errors/op-error.ts';
import { unsigned64In } from '../integers.ts';
import { PAGE_SIZE_BYTES } from '../libc.ts';
import { startTicksOf, stateLetter } from './task-units.ts';

/** What the iterator program writes for each process (task-programs.ts) and the sampler reads, in the machine's order. */
export const ProcessField = {
  /** u32, both the same of a process, by which it is told from a thread. */
  ...{ TID: 0, TGID: 4 },
  /** u32, the user being the effective one. */
  ...{ PARENT: 8, UID: 12 },
  /** u64: since boot, and of dead threads too. */
  ...{ START_NANOS: 16, CPU_NANOS: 24 },
  /** u32. */
  ...{ STATE: 32, EXIT_STATE: 36, THREADS: 40, FLAGS: 44 },
  /** u64. */
  ...{ VIRTUAL_PAGES: 48, RSS_PAGES: 56, READ_BYTES: 64, WRITE_BYTES: 72 },
  COMM: 80,
} as const;
export const PROCESS_BYTES = 96;

/** Of another thread: u32, the others u64. */
export const ThreadField = { TID: 0, TGID: 4, CPU_NANOS: 8, READ_BYTES: 16, WRITE_BYTES: 24 } as const;
export const THREAD_BYTES = 32;

/** Of a task's name, with the NUL at its end. */
export const COMM_BYTES = 16;

/** Before the records of a walk: 0 where the last one ends, from the start u64 | 8 1 where there was no room u64. */
export const WalkField = { END: 0, IS_FULL: 8 } as const;
export const WALK_HEADER_BYTES = 16;

/** PF_KTHREAD of include/linux/sched.h. */
const KERNEL_THREAD = 0x200000;

/** One process with all its threads, refilled for each. */
export class TaskRecord {
  pid = 0;
  /** 0: none, or one that this pid namespace does not see. */
  ppid = 0;
  /** Effective user. */
  uid = 0;
  /** As field 22 of /proc/PID/stat. */
  startTicks = 0;
  /** ASCII, as in /proc/PID/stat. */
  state = 0;
  threads = 0;
  /** Of all threads, dead ones too; comparable with the process's CPU clock. */
  cpuNanos = 0;
  rssBytes = 0;
  virtualBytes = 0;
  /** From and to storage; NaN where the kernel does not count. */
  readBytes = 0;
  writeBytes = 0;
  isKernelThread = false;
  /** Task name, 16 bytes with a NUL at its end. */
  readonly comm = new Uint8Array(new ArrayBuffer(COMM_BYTES));
  /** The same bytes, quick to compare. */
  readonly commWords = new Uint32Array(this.comm.buffer);
}

/** What the iterator program says of a thread that is not its process's leader. */
export interface ThreadRecord {
  tgid: number;
  cpuNanos: number;
  readBytes: number;
  writeBytes: number;
}

/** Walks over the records of one piece of the iterator's output (task-record.ts). */
export class TaskRecordReader {
  readonly process = new TaskRecord();
  readonly thread: ThreadRecord = { tgid: 0, cpuNanos: 0, readBytes: 0, writeBytes: 0 };
  readonly #countsIo: boolean;
  #words: Uint32Array = new Uint32Array(0);
  #at = 0;
  #end = 0;

  /** `countsIo`: whether the kernel counts bytes from and to storage. */
  constructor(countsIo: boolean) {
    this.#countsIo = countsIo;
  }

  /** Starts at the first of `length` bytes. */
  reset(words: Uint32Array, length: number): void {
    this.#words = words;
    this.#at = 0;
    this.#end = Math.min(length >> 2, words.length);
  }

  /** Copies the process read last to `at`, word by word. */
  copyProcess(into: Uint32Array, at: number): void {
    const from = this.#at - (PROCESS_BYTES >> 2);
    for (let i = 0; i < PROCESS_BYTES >> 2; i++) into[at + i] = this.#words[from + i]!;
  }

  /** Reads the next record: 1 into `process`, 2 into `thread`, 0: end. Throws OpError `TRUNCATED`. */
  next(): 0 | 1 | 2 {
    const at = this.#at;
    const room = this.#end - at;
    if (room === 0) return 0;
    if (room < THREAD_BYTES >> 2) throw truncated();
    const isProcess = this.#words[at] === this.#words[at + 1];
    if (!isProcess) {
      this.#at = at + (THREAD_BYTES >> 2);
      this.#readThread(at);
      return 2;
    }
    if (room < PROCESS_BYTES >> 2) throw truncated();
    this.#at = at + (PROCESS_BYTES >> 2);
    this.#readProcess(at);
    return 1;
  }

  #readProcess(at: number): void {
    const { process: into } = this;
    const words = this.#words;
    const startAt = at + (ProcessField.START_NANOS >> 2);
    const flags = words[at + (ProcessField.FLAGS >> 2)]!;
    into.pid = words[at + (ProcessField.TGID >> 2)]!;
    into.ppid = words[at + (ProcessField.PARENT >> 2)]!;
    into.uid = words[at + (ProcessField.UID >> 2)]!;
    into.startTicks = startTicksOf(words[startAt]!, words[startAt + 1]!);
    into.state = stateLetter(
      words[at + (ProcessField.STATE >> 2)]!,
      words[at + (ProcessField.EXIT_STATE >> 2)]!,
    );
    into.threads = words[at + (ProcessField.THREADS >> 2)]!;
    into.isKernelThread = (flags & KERNEL_THREAD) !== 0;
    into.cpuNanos = this.#number(at, ProcessField.CPU_NANOS);
    into.virtualBytes = this.#number(at, ProcessField.VIRTUAL_PAGES) * PAGE_SIZE_BYTES;
    into.rssBytes = this.#number(at, ProcessField.RSS_PAGES) * PAGE_SIZE_BYTES;
    into.readBytes = this.#countsIo ? this.#number(at, ProcessField.READ_BYTES) : Number.NaN;
    into.writeBytes = this.#countsIo ? this.#number(at, ProcessField.WRITE_BYTES) : Number.NaN;
    const commAt = at + (ProcessField.COMM >> 2);
    for (let i = 0; i < COMM_BYTES >> 2; i++) into.commWords[i] = words[commAt + i]!;
  }

  #readThread(at: number): void {
    const { thread: into } = this;
    into.tgid = this.#words[at + (ThreadField.TGID >> 2)]!;
    into.cpuNanos = this.#number(at, ThreadField.CPU_NANOS);
    into.readBytes = this.#number(at, ThreadField.READ_BYTES);
    into.writeBytes = this.#number(at, ThreadField.WRITE_BYTES);
  }

  #number(at: number, field: number): number {
    return unsigned64In(this.#words, at + (field >> 2));
  }
}

/** Length of a task's name in its 16 bytes. */
export function commLength(comm: Uint8Array): number {
  const end = comm.indexOf(0);
  return end < 0 ? comm.length : end;
}

function truncated(): OpError {
  return new OpError({ op: 'read BPF iterator', code: 'TRUNCATED' });
}
