import { lengthened } from '../../../src/kit/table/slot-table.ts';
import { closeDescriptor } from '../libc.ts';
import { TaskIterator } from './iterator.ts';
import { kernelBtf } from './kernel-btf.ts';
import { AttachType } from './link.ts';
import { isInitialPidNamespace } from './pid-namespace.ts';
import { loadProgram, ProgramType } from './program.ts';
import { PROCESS_BYTES } from './task-layout.ts';
import { findTaskOffsets, type TaskOffsets } from './task-offsets.ts';
import { pidLevelProgram, taskIteratorProgram } from './task-programs.ts';
import { type TaskRecord, TaskRecordReader } from './task-record.ts';
import { TaskThreads } from './task-threads.ts';

export type TaskVisitor = (task: TaskRecord) => void;

const PROCESS_WORDS = PROCESS_BYTES >> 2;

/**
 * All processes in a few reads of a BPF iterator (5.8, CAP_BPF and CAP_PERFMON): those of this program's pid namespace
 * and the ones within it, by their numbers there.
 */
export class TaskSampler {
  readonly #iterator: TaskIterator;
  readonly #reader: TaskRecordReader;
  readonly #threads = new TaskThreads();
  /** Processes of several threads, until all threads have been seen. */
  #held = new Uint32Array(64 * PROCESS_WORDS);
  #heldWords = 0;

  /** Throws BpfError where a program is refused, OpError where the kernel lacks what it needs. */
  static open(): TaskSampler {
    const offsets = findTaskOffsets(kernelBtf());
    return new TaskSampler(offsets, isInitialPidNamespace() ? 0 : findPidLevel(offsets));
  }

  private constructor(offsets: TaskOffsets, pidLevel: number) {
    this.#iterator = openIterator(offsets, 'sstop_tasks', taskIteratorProgram(offsets, pidLevel));
    this.#reader = new TaskRecordReader(offsets.task.io !== undefined);
  }

  /** Visits every process, always with the same record. Throws BpfError, OpError `TRUNCATED`. */
  sample(visit: TaskVisitor): void {
    this.begin();
    while (this.next(visit));
  }

  /** Starts a sample that is taken in pieces. */
  begin(): void {
    this.#threads.clear();
    this.#heldWords = 0;
    this.#iterator.begin();
  }

  /** Visits the next processes, of 32 KiB of records; false: those were the last. */
  next(visit: TaskVisitor): boolean {
    const length = this.#iterator.read();
    if (length === 0) {
      this.#visitHeld(visit);
      return false;
    }
    const reader = this.#reader;
    reader.reset(this.#iterator.buffer.u32, length);
    for (let kind = reader.next(); kind !== 0; kind = reader.next()) {
      if (kind === 2) this.#threads.add(reader.thread);
      else if (reader.process.threads > 1) this.#hold();
      else visit(reader.process);
    }
    return true;
  }

  close(): void {
    this.#iterator.close();
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
  }
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
    return new TaskIterator(program);
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
