import { OpError } from '../../../src/kit/errors/op-error.ts';
import { numbers, tableClass } from '../../../src/kit/table/columns.ts';
import { unsigned64In } from '../integers.ts';
import { isInitialPidNamespace } from '../proc/namespace-links.ts';
import { TaskIterator } from './bpf-program.ts';
import { BtfKind, type BtfMember, KernelTypes, ofKind, type TypeSource } from './btf.ts';
import { Alu, Assembler, Jump, Register, Size, sizeOfBytes } from './instruction.ts';
import { kernelTypes } from './kernel-types.ts';
import { findTaskOffsets, type TaskOffsets } from './task-offsets.ts';
import { CONTEXT_TASK, emitRecord, TaskRecordCode } from './task-programs.ts';
import { findPidLevel } from './task-sampler.ts';

const { R1, R2, R6, R7, R8, R9, R10 } = Register;

/**
 * What the program writes for each thread, in the machine's order. Where the thread is its process's leader, that of
 * threads that have ended is in the sums.
 */
const Field = {
  /** u32, all others u64. */
  ...{ TID: 0, TGID: 4 },
  /** 1 where the kernel counts the thread's delays. */
  IS_COUNTED: 8,
  /** Nanoseconds: in the run queue, by block devices, by memory. */
  ...{ RUN_DELAY: 16, BLOCK_DELAY: 24, MEMORY_DELAY: 32 },
  /** `CALLS` read and wrote. */
  ...{ MAJOR_FAULTS: 40, SWITCHES: 48, CALLS: 56, READ_BYTES: 64, WRITTEN_BYTES: 72 },
} as const;
export const WAIT_RECORD_BYTES = 80;

/** Members that are added up in a field of the record: of the thread itself, and what its dead siblings left. */
interface Sum {
  readonly at: number;
  readonly own: readonly BtfMember[];
  readonly dead: readonly BtfMember[];
}

type WaitOffsets = Readonly<ReturnType<typeof findWaitOffsets>>;

/** Swapping in, reclaiming, reading back what was thrown out, compacting (include/linux/delayacct.h). */
const MEMORY_DELAYS = ['swapin', 'freepages', 'thrashing', 'compact'] as const;

/** Finds them. Throws OpError `UNSUPPORTED`, naming what this kernel lacks. */
function findWaitOffsets(source: TypeSource) {
  const structures = ['task_struct', 'signal_struct', 'task_delay_info', 'taskstats'];
  const types = new KernelTypes(source, ofKind(BtfKind.STRUCT, ...structures));
  const of = (structure: string, names: readonly string[]): readonly BtfMember[] =>
    types.has(structure) ? names.flatMap((name) => types.optionalMember(structure, name) ?? []) : [];
  const sum = (at: number, ...names: readonly string[]): Sum => ({
    at,
    own: of('task_struct', names),
    dead: of('signal_struct', names),
  });
  const delay = (at: number, names: readonly string[]): Sum => ({
    at,
    own: of(
      'task_delay_info',
      names.map((name) => `${name}_delay`),
    ),
    dead: of(
      'taskstats',
      names.map((name) => `${name}_delay_total`),
    ),
  });
  const calls = sum(Field.CALLS, 'ioac.syscr', 'ioac.syscw');
  const run = { at: Field.RUN_DELAY, own: [types.member('task_struct', 'sched_info.run_delay')], dead: [] };
  return {
    /** Of struct task_struct and of struct signal_struct. */
    counters: [
      run,
      sum(Field.MAJOR_FAULTS, 'maj_flt'),
      sum(Field.SWITCHES, 'nvcsw', 'nivcsw'),
      calls,
      sum(Field.READ_BYTES, 'ioac.read_bytes'),
      sum(Field.WRITTEN_BYTES, 'ioac.write_bytes'),
    ],
    /** `delays` of a task, null where they are not counted; undefined: a kernel without CONFIG_TASK_DELAY_ACCT. */
    delays: types.has('task_delay_info') ? types.optionalMember('task_struct', 'delays') : undefined,
    /** `stats` of struct signal_struct: sums of dead threads, null where none has ended; undefined: without CONFIG_TASKSTATS. */
    stats: types.has('taskstats') ? types.optionalMember('signal_struct', 'stats') : undefined,
    /** Of struct task_delay_info and of struct taskstats. */
    delayed: [
      { at: Field.RUN_DELAY, own: [], dead: of('taskstats', ['cpu_delay_total']) },
      delay(Field.BLOCK_DELAY, ['blkio']),
      delay(Field.MEMORY_DELAY, MEMORY_DELAYS),
    ],
    countsIo: calls.own.length === 2,
  };
}

const RECORD = -WAIT_RECORD_BYTES;
const SCRATCH = RECORD - 32;
const TASK = R6;
const ITERATOR = R9;

/** The program of the attach type TRACE_ITER over `task`: a record for each thread. `pidLevel` as taskIteratorProgram. */
function taskWaitsProgram(offsets: TaskOffsets, waits: WaitOffsets, pidLevel: number): Uint8Array {
  const code = new Assembler();
  const place = { base: R10, displacement: RECORD, scratch: SCRATCH, pidLevel };
  const pids = new TaskRecordCode(code, offsets, TASK, place);
  code.move(ITERATOR, R1).load(Size.DW, TASK, R1, CONTEXT_TASK);
  // After the last task the program is called once more, with none.
  code.jumpIfImmediate(Jump.EQ, TASK, 0, 'out').readOnly(TASK, TASK, offsets.readOnly);
  pids.writePids();
  code.jumpIf(Jump.EQ, R7, R8, 'process');
  writeOwn(code, waits, 'thread');
  emitRecord(code, ITERATOR, RECORD, WAIT_RECORD_BYTES);
  code.jump('out').label('process');
  writeOwn(code, waits, 'leader');
  // A pointer that is null reads as zeros.
  code.load(Size.DW, R7, TASK, offsets.task.signal.offset);
  for (const { at, dead } of waits.counters) add(code, at, R7, dead);
  if (waits.stats !== undefined) {
    code.load(Size.DW, R7, R7, waits.stats.offset);
    for (const { at, dead } of waits.delayed) add(code, at, R7, dead);
  }
  emitRecord(code, ITERATOR, RECORD, WAIT_RECORD_BYTES);
  return code.label('out').returnImmediate(0).build();
}

function writeOwn(code: Assembler, { counters, delays, delayed }: WaitOffsets, label: string): void {
  for (let at: number = Field.IS_COUNTED; at < WAIT_RECORD_BYTES; at += 8)
    code.storeImmediate(Size.DW, R10, RECORD + at, 0);
  for (const { at, own } of counters) add(code, at, TASK, own);
  if (delays === undefined) return;
  code.load(Size.DW, R7, TASK, delays.offset).jumpIfImmediate(Jump.EQ, R7, 0, `uncounted ${label}`);
  code.storeImmediate(Size.DW, R10, RECORD + Field.IS_COUNTED, 1);
  for (const { at, own } of delayed) add(code, at, R7, own);
  code.label(`uncounted ${label}`);
}

function add(code: Assembler, at: number, from: number, members: readonly BtfMember[]): void {
  for (const { bytes, offset } of members) {
    code.load(sizeOfBytes(bytes), R1, from, offset).load(Size.DW, R2, R10, RECORD + at);
    code.alu(Alu.ADD, R2, R1);
    code.store(Size.DW, R10, RECORD + at, R2);
  }
}

const PROCESSES_LIMIT = 1 << 20;
const UNKNOWN = Number.NaN;

/**
 * What the threads of each process have waited for, cumulative, by pid. Delays that the kernel does not count are NaN.
 */
export class WaitSums extends tableClass(
  {
    runDelayNanos: numbers('f64'),
    ...{ blockDelayNanos: numbers('f64', UNKNOWN), memoryDelayNanos: numbers('f64', UNKNOWN) },
    ...{ majorFaults: numbers('f64'), contextSwitches: numbers('f64'), ioCalls: numbers('f64') },
    ...{ readBytes: numbers('f64'), writtenBytes: numbers('f64') },
  },
  PROCESSES_LIMIT,
) {
  clear(): void {
    if (this.slots.count > 0) this.slots.clear();
  }

  /** The slot of a process, -1: none. */
  find(pid: number): number {
    return this.slots.find(pid, 0, 0, 0);
  }

  /** Adds the records of `length` bytes. Throws OpError `TRUNCATED`. */
  take(words: Uint32Array, length: number, countsIo: boolean): void {
    const recordWords = WAIT_RECORD_BYTES >> 2;
    const end = Math.min(length >> 2, words.length);
    if (end % recordWords !== 0) throw new OpError({ op: 'read BPF iterator', code: 'TRUNCATED' });
    for (let at = 0; at < end; at += recordWords) this.#takeRecord(words, at, countsIo);
  }

  #takeRecord(words: Uint32Array, at: number, countsIo: boolean): void {
    const pid = words[at + (Field.TGID >> 2)]!;
    // Of another pid namespace.
    if (pid === 0) return;
    let slot = this.find(pid);
    if (slot < 0) {
      slot = this.slots.add(pid, 0, 0, 0);
      if (slot < 0) return;
      this.clearRow(slot);
    }
    const number = (field: number): number => unsigned64In(words, at + (field >> 2));
    this.runDelayNanos[slot]! += number(Field.RUN_DELAY);
    this.majorFaults[slot]! += number(Field.MAJOR_FAULTS);
    this.contextSwitches[slot]! += number(Field.SWITCHES);
    this.ioCalls[slot]! += countsIo ? number(Field.CALLS) : UNKNOWN;
    this.readBytes[slot]! += countsIo ? number(Field.READ_BYTES) : UNKNOWN;
    this.writtenBytes[slot]! += countsIo ? number(Field.WRITTEN_BYTES) : UNKNOWN;
    if (number(Field.IS_COUNTED) === 0) return;
    // NaN || 0: the first thread whose delays are counted.
    this.blockDelayNanos[slot] = (this.blockDelayNanos[slot]! || 0) + number(Field.BLOCK_DELAY);
    this.memoryDelayNanos[slot] = (this.memoryDelayNanos[slot]! || 0) + number(Field.MEMORY_DELAY);
  }
}

/**
 * What processes of this program's pid namespace wait for, all their threads together, by an iterator in the kernel
 * (5.8). Needs CAP_BPF and CAP_PERFMON.
 */
export class TaskWaits {
  readonly sums = new WaitSums();
  readonly #iterator: TaskIterator;
  readonly #countsIo: boolean;

  /** Throws BpfError where the program is refused, OpError where the kernel lacks what it needs. */
  static open(): TaskWaits {
    const types = kernelTypes();
    const offsets = findTaskOffsets(types);
    const waits = findWaitOffsets(types);
    const pidLevel = isInitialPidNamespace() ? 0 : findPidLevel(offsets);
    const code = taskWaitsProgram(offsets, waits, pidLevel);
    return new TaskWaits(TaskIterator.open('sstop_waits', code, offsets.iteratorId), waits.countsIo);
  }

  private constructor(iterator: TaskIterator, countsIo: boolean) {
    this.#iterator = iterator;
    this.#countsIo = countsIo;
  }

  /** Starts a sample that is taken in pieces. Throws BpfError. */
  begin(): void {
    this.sums.clear();
    this.#iterator.begin();
  }

  /** Takes the next piece into `sums`; false: that was all. Throws BpfError, OpError `TRUNCATED`. */
  next(): boolean {
    const length = this.#iterator.read();
    if (length > 0) this.sums.take(this.#iterator.buffer.u32, length, this.#countsIo);
    return length > 0;
  }

  close(): void {
    this.#iterator.close();
  }
}
