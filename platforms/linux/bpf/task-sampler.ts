import { lengthened } from '../../../src/kit/table/slot-table.ts';
import { closeDescriptor } from '../libc.ts';
import { BpfError } from './bpf-call.ts';
import { AttachType } from './bpf-link.ts';
import { loadProgram, ProgramType } from './bpf-program.ts';
import { TaskIterator } from './iterator.ts';
import { kernelBtf } from './kernel-btf.ts';
import { isInitialPidNamespace } from './pid-namespace.ts';
import { PROCESS_BYTES } from './task-layout.ts';
import { findTaskOffsets, type TaskOffsets } from './task-offsets.ts';
import { pidLevelProgram, taskIteratorProgram } from './task-programs.ts';
import { type TaskRecord, TaskRecordReader } from './task-record.ts';
import { TaskThreads } from './task-threads.ts';
import { type HandedWalk, TaskWalk } from './task-walk.ts';

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
    const offsets = findTaskOffsets(kernelBtf());
    const isInitial = isInitialPidNamespace();
    const openOther = (): TaskIterator => openTaskIterator(offsets, isInitial ? 0 : findPidLevel(offsets));
    // A walk sees the whole machine and its numbers.
    const mayWalk = isInitial && (options.method ?? 'walk') === 'walk';
    return new TaskSampler(offsets.task.io !== undefined, mayWalk ? openWalk(offsets) : undefined, openOther);
  }

  /** Goes on with what another program has made ready. Needs no privilege (5.19). Throws OpError. */
  static adopt({ walk, iterator }: HandedTasks): TaskSampler {
    const { task } = findTaskOffsets(kernelBtf());
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
    this.#reader.reset(this.#iterator.buffer.u32, length);
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

function openTaskIterator(offsets: TaskOffsets, pidLevel: number): TaskIterator {
  return openIterator(offsets, 'sstop_tasks', taskIteratorProgram(offsets, pidLevel));
}

/** The link keeps the program, so its descriptor is closed at once. */
function openIterator(offsets: TaskOffsets, name: string, code: Uint8Array): TaskIterator {
  const program = loadProgram({
    type: ProgramType.TRACING,
    code,
    name,
    expectedAttachType: AttachType.TRACE_ITER,
    attachBtfId: offsets.iteratorId,
  });
  try {
    return TaskIterator.ofProgram(program);
  } finally {
    closeDescriptor(program);
  }
}

/** How deep this program's pid namespace lies: no process that it lists is less deep, and it lists itself. */
function findPidLevel(offsets: TaskOffsets): number {
  const iterator = openIterator(offsets, 'sstop_level', pidLevelProgram(offsets));
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
