import { OpError } from '../../../src/kit/errors/op-error.ts';
import { numbers, tableClass } from '../../../src/kit/table/columns.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import { closeDescriptor, SharedMemory } from '../libc.ts';
import { isInitialPidNamespace } from '../proc/namespace-links.ts';
import { allOrNone, BpfError } from './bpf-call.ts';
import { loadProgram, ProgramRunner, ProgramType, TaskIterator } from './bpf-program.ts';
import { kernelTypes } from './kernel-types.ts';
import { createSingle, MapFlag } from './map.ts';
import { findTaskOffsets, type TaskOffsets } from './task-offsets.ts';
import { pidLevelProgram, taskIteratorProgram, taskWalkProgram } from './task-programs.ts';
import {
  PROCESS_BYTES,
  type TaskRecord,
  TaskRecordReader,
  type ThreadRecord,
  WALK_HEADER_BYTES,
  WalkField,
} from './task-record.ts';

const THREADED_LIMIT = 1 << 20;
const SUM_COLUMNS = { cpuNanos: numbers('f64'), readBytes: numbers('f64'), writeBytes: numbers('f64') };

/** Processes of several threads during one sample: threads come before or after their leader. Nothing is allocated. */
export class TaskThreads extends tableClass(SUM_COLUMNS, THREADED_LIMIT) {
  clear(): void {
    if (this.slots.count > 0) this.slots.clear();
  }

  add(thread: ThreadRecord): void {
    const slot = this.#slotOf(thread.tgid);
    if (slot < 0) return;
    this.cpuNanos[slot]! += thread.cpuNanos;
    this.readBytes[slot]! += thread.readBytes;
    this.writeBytes[slot]! += thread.writeBytes;
  }

  /** Adds a process's threads to its record. */
  fold(into: TaskRecord): void {
    const slot = this.slots.find(into.pid, 0, 0, 0);
    if (slot < 0) return;
    into.cpuNanos += this.cpuNanos[slot]!;
    into.readBytes += this.readBytes[slot]!;
    into.writeBytes += this.writeBytes[slot]!;
  }

  #slotOf(tgid: number): number {
    const known = this.slots.find(tgid, 0, 0, 0);
    if (known >= 0) return known;
    const slot = this.slots.add(tgid, 0, 0, 0);
    if (slot < 0) return -1;
    this.cpuNanos[slot] = 0;
    this.readBytes[slot] = 0;
    this.writeBytes[slot] = 0;
    return slot;
  }
}

/**
 * So many processes at most: the kernel walks over them under one RCU lock, at less than 0.5 µs each. With more of
 * them, or threads, the iterator is the better guest.
 */
const WALKED_LIMIT = 8192;
const MAP_BYTES = WALK_HEADER_BYTES + WALKED_LIMIT * PROCESS_BYTES;

/** A walk that is ready, for the program that this one becomes. */
interface HandedWalk {
  readonly map: number;
  readonly program: number;
}

/**
 * Records of all tasks of the machine, written by one run of a program into memory that is shared with it (6.7,
 * CAP_BPF and CAP_PERFMON). It costs half of what the iterator does, which takes a reference to every task.
 */
class TaskWalk {
  /** For the constructor in the program that this one becomes. */
  readonly handed: HandedWalk;
  readonly #memory: SharedMemory;
  readonly #runner: ProgramRunner;

  /** Throws BpfError where something is refused, OpError `UNSUPPORTED` where the kernel cannot. */
  static open(offsets: TaskOffsets): TaskWalk {
    const { walk } = offsets;
    if (walk === undefined) throw new OpError({ op: 'walk over tasks', code: 'UNSUPPORTED' });
    return allOrNone((keep) => {
      const map = keep(createSingle('sstop_walk', MAP_BYTES, MapFlag.MMAPABLE));
      const code = taskWalkProgram(offsets, walk, map, MAP_BYTES);
      const type = ProgramType.SYSCALL;
      const program = keep(loadProgram({ type, code, name: 'sstop_walk', isSleepable: true }));
      return new TaskWalk({ map, program });
    });
  }

  /** Needs no privilege (5.19). Throws SyscallError. */
  constructor(handed: HandedWalk) {
    this.handed = handed;
    this.#runner = new ProgramRunner(handed.program);
    this.#memory = new SharedMemory(handed.map, MAP_BYTES);
  }

  /** Walks. False: there are more tasks than there is room for. Throws BpfError. */
  run(): boolean {
    this.#runner.run();
    return this.#memory.i32[WalkField.IS_FULL >> 2] === 0;
  }

  /** The records, until the next run or `close`. */
  records(): Uint32Array {
    const { i32 } = this.#memory;
    const end = Math.min(i32[WalkField.END >> 2]!, this.#memory.length);
    return new Uint32Array(i32.buffer, WALK_HEADER_BYTES, Math.max(0, end - WALK_HEADER_BYTES) >> 2);
  }

  close(): void {
    this.#memory.unmap();
    closeDescriptor(this.handed.map);
    closeDescriptor(this.handed.program);
  }
}

type TaskVisitor = (task: TaskRecord) => void;

interface TaskSamplerOptions {
  /** Default: walks where it can. */
  readonly method?: TaskSampler['method'];
}

const PROCESS_WORDS = PROCESS_BYTES >> 2;
/** About 0.1 ms. */
const RECORDS_BETWEEN_RESTS = 512;
const NOTHING = new Uint32Array(0);

/** A sampler that is ready, for the program that this one becomes. */
export interface HandedTasks {
  /** Null: the iterator is the way. */
  readonly walk: HandedWalk | null;
  /** Link of the iterator. */
  readonly iterator: number;
}

/**
 * All processes of this program's pid namespace and the ones within it, by their numbers there: through a walk over all
 * tasks (6.7, in the machine's own namespace), else through an iterator (5.8). Needs CAP_BPF and CAP_PERFMON.
 */
export class TaskSampler {
  /** Opens the iterator that takes the place of a walk. */
  readonly #openOther: () => TaskIterator;
  #walk: TaskWalk | undefined;
  #iterator: TaskIterator | undefined;
  readonly #reader: TaskRecordReader;
  readonly #threads = new TaskThreads();
  /** Processes of several threads, until all threads have been seen. */
  #held = new Uint32Array(64 * PROCESS_WORDS);
  #heldWords = 0;

  /** Throws BpfError where a program is refused, OpError where the kernel lacks what it needs. */
  static open(options: TaskSamplerOptions = {}): TaskSampler {
    const offsets = findTaskOffsets(kernelTypes());
    const isInitial = isInitialPidNamespace();
    const openOther = (): TaskIterator => {
      const code = taskIteratorProgram(offsets, isInitial ? 0 : findPidLevel(offsets));
      return TaskIterator.open('sstop_tasks', code, offsets.iteratorId);
    };
    // A walk sees the whole machine and its numbers.
    const mayWalk = isInitial && (options.method ?? 'walk') === 'walk';
    return new TaskSampler(offsets.task.io !== undefined, mayWalk ? openWalk(offsets) : undefined, openOther);
  }

  /** Goes on with what another program has made ready. Needs no privilege (5.19). Throws OpError. */
  static adopt({ walk, iterator }: HandedTasks): TaskSampler {
    const { task } = findTaskOffsets(kernelTypes());
    const openOther = (): TaskIterator => new TaskIterator(iterator);
    return new TaskSampler(task.io !== undefined, walk === null ? undefined : new TaskWalk(walk), openOther);
  }

  private constructor(hasIo: boolean, walk: TaskWalk | undefined, openOther: () => TaskIterator) {
    this.#reader = new TaskRecordReader(hasIo);
    this.#openOther = openOther;
    this.#walk = walk;
    if (walk === undefined) this.#iterator = openOther();
  }

  /** For `adopt` in the program that this one becomes, which can open no iterator of its own. Throws BpfError. */
  handOver(): HandedTasks {
    this.#iterator ??= this.#openOther();
    return { walk: this.#walk?.handed ?? null, iterator: this.#iterator.link };
  }

  get method(): 'walk' | 'iterator' {
    return this.#walk === undefined ? 'iterator' : 'walk';
  }

  /** Visits every process, always with the same record. Throws BpfError, OpError `TRUNCATED`. */
  sample(visit: TaskVisitor): void {
    this.begin();
    while (this.next(visit));
  }

  /** Starts a sample that is taken in pieces. Throws BpfError. */
  begin(): void {
    this.#threads.clear();
    this.#heldWords = 0;
    if (this.#walk !== undefined && !this.#walk.run()) this.#useIterator();
    const records = this.#walk?.records() ?? NOTHING;
    this.#reader.reset(records, records.length * 4);
    this.#iterator?.begin();
  }

  /** Visits the next processes; false: those were the last. Throws BpfError, OpError `TRUNCATED`. */
  next(visit: TaskVisitor): boolean {
    const reader = this.#reader;
    for (let left = RECORDS_BETWEEN_RESTS; left > 0; left--) {
      const kind = reader.next();
      if (kind === 2) this.#threads.add(reader.thread);
      else if (kind === 1 && reader.process.threads > 1) this.#hold();
      else if (kind === 1) visit(reader.process);
      else if (!this.#readOn()) {
        this.#visitHeld(visit);
        return false;
      }
    }
    return true;
  }

  close(): void {
    this.#reader.reset(NOTHING, 0);
    this.#walk?.close();
    this.#iterator?.close();
  }

  /** The iterator's next piece. */
  #readOn(): boolean {
    if (this.#iterator === undefined) return false;
    const length = this.#iterator.read();
    this.#reader.reset(length > 0 ? this.#iterator.buffer.u32 : NOTHING, length);
    return length > 0;
  }

  /** There are too many tasks for a walk. */
  #useIterator(): void {
    this.#iterator ??= this.#openOther();
    this.#walk?.close();
    this.#walk = undefined;
  }

  #hold(): void {
    if (this.#heldWords === this.#held.length) {
      this.#held = lengthened(this.#held, new Uint32Array(this.#held.length * 2));
    }
    this.#reader.copyProcess(this.#held, this.#heldWords);
    this.#heldWords += PROCESS_WORDS;
  }

  #visitHeld(visit: TaskVisitor): void {
    const reader = this.#reader;
    reader.reset(this.#held, this.#heldWords * 4);
    while (reader.next() === 1) {
      this.#threads.fold(reader.process);
      visit(reader.process);
    }
    this.#heldWords = 0;
    reader.reset(NOTHING, 0);
  }
}

/** Kernels that do not know a walk refuse its program in many ways; the iterator then says what is really missing. */
function openWalk(offsets: TaskOffsets): TaskWalk | undefined {
  if (offsets.walk === undefined) return undefined;
  try {
    return TaskWalk.open(offsets);
  } catch (thrown) {
    if (thrown instanceof BpfError) return undefined;
    throw thrown;
  }
}

/** How deep this program's pid namespace lies: no process that it lists is less deep, and it lists itself. */
export function findPidLevel(offsets: TaskOffsets): number {
  const iterator = TaskIterator.open('sstop_level', pidLevelProgram(offsets), offsets.iteratorId);
  try {
    let least = Number.POSITIVE_INFINITY;
    iterator.begin();
    for (let length = iterator.read(); length > 0; length = iterator.read()) {
      for (let i = 0; i < length >> 2; i++) least = Math.min(least, iterator.buffer.u32[i]!);
    }
    return Number.isFinite(least) ? least : 0;
  } finally {
    iterator.close();
  }
}
