import type { BtfMember } from './btf.ts';
import { Helper } from './helper-numbers.ts';
import {
  Alu,
  Assembler,
  Jump,
  R0,
  R1,
  R2,
  R3,
  R6,
  R7,
  R8,
  R9,
  R10,
  Size,
  sizeOfBytes,
} from './instruction.ts';
import { PROCESS_BYTES, ProcessField, THREAD_BYTES, ThreadField } from './task-layout.ts';
import type { IoMembers, TaskOffsets } from './task-offsets.ts';

/** struct bpf_iter__task: meta, task; struct bpf_iter_meta begins with the seq_file. */
const CONTEXT_META = 0;
const CONTEXT_TASK = 8;
const META_SEQ = 0;
/** `struct upid` has 16 bytes and begins with the number. */
const UPID_BYTES = 16;
/** The record lies at the top of the stack; below it is room for counters that are copied. */
const RECORD = -PROCESS_BYTES;
const SCRATCH = RECORD - 32;
const TASK = R6;
const ITERATOR = R9;

/**
 * The program of the attach type TRACE_ITER over `task`: a record for each process and for each thread that is not its
 * process's leader. `pidLevel` is the depth of this program's pid namespace, 0 being the machine's.
 */
export function taskIteratorProgram(offsets: TaskOffsets, pidLevel: number): Uint8Array {
  return new TaskProgram(offsets, pidLevel).build();
}

class TaskProgram {
  readonly #code = new Assembler();
  readonly #offsets: TaskOffsets;
  readonly #pidLevel: number;

  constructor(offsets: TaskOffsets, pidLevel: number) {
    this.#offsets = offsets;
    this.#pidLevel = pidLevel;
  }

  build(): Uint8Array {
    const code = this.#code;
    const { task } = this.#offsets;
    code.move(ITERATOR, R1).load(Size.DW, TASK, R1, CONTEXT_TASK);
    // After the last task the program is called once more, with none.
    code.jumpIfImmediate(Jump.EQ, TASK, 0, 'out');
    code.load(Size.W, R7, TASK, task.pid.offset).load(Size.W, R8, TASK, task.tgid.offset);
    this.#writePid(TASK, ProcessField.TID, R7);
    if (this.#pidLevel > 0) code.load(Size.DW, R1, TASK, task.leader.offset);
    this.#writePid(R1, ProcessField.TGID, R8);
    code.jumpIf(Jump.EQ, R7, R8, 'process');
    this.#copy(TASK, task.execNanos, ThreadField.CPU_NANOS);
    this.#writeIo(TASK, task.io, ThreadField.READ_BYTES, ThreadField.WRITE_BYTES);
    this.#emitRecord(THREAD_BYTES);
    code.jump('out').label('process');
    this.#writeIdentity();
    this.#writeMemory();
    this.#writeTimes();
    this.#emitRecord(PROCESS_BYTES);
    return code.label('out').returnImmediate(0).build();
  }

  /** A task's number: the machine's, which is in a register, or that of the namespace; 0 where it is not in it. */
  #writePid(task: number, at: number, machineNumber: number): void {
    const code = this.#code;
    if (this.#pidLevel === 0) {
      code.store(Size.W, R10, RECORD + at, machineNumber);
      return;
    }
    const { task: members, pidLevel, pidNumbers } = this.#offsets;
    const end = `pid ${at}`;
    code.storeImmediate(Size.W, R10, RECORD + at, 0);
    code.load(Size.DW, R3, task, members.threadPid.offset).jumpIfImmediate(Jump.EQ, R3, 0, end);
    code.load(Size.W, R2, R3, pidLevel.offset).jumpIfImmediate(Jump.LT, R2, this.#pidLevel, end);
    // The verifier knows one number at most of those behind the structure.
    code.aluImmediate(Alu.ADD, R3, pidNumbers.offset + this.#pidLevel * UPID_BYTES);
    code
      .move(R1, R10)
      .aluImmediate(Alu.ADD, R1, RECORD + at)
      .moveImmediate(R2, 4);
    code.call(Helper.PROBE_READ_KERNEL).label(end);
  }

  #writeIdentity(): void {
    const code = this.#code;
    const { task, effectiveUid } = this.#offsets;
    code.load(Size.DW, R1, TASK, task.parent.offset).load(Size.W, R8, R1, task.tgid.offset);
    if (this.#pidLevel > 0) code.load(Size.DW, R1, R1, task.leader.offset);
    this.#writePid(R1, ProcessField.PARENT, R8);
    code.load(Size.DW, R2, TASK, task.credentials.offset);
    this.#copy(R2, effectiveUid, ProcessField.UID);
    this.#copy(TASK, task.startNanos, ProcessField.START_NANOS);
    // The flags of the state that matter are in the low half of the wide one.
    this.#copy(TASK, task.state, ProcessField.STATE, Size.W);
    this.#copy(TASK, task.exitState, ProcessField.EXIT_STATE);
    this.#copy(TASK, task.flags, ProcessField.FLAGS);
    for (const half of [0, 8]) {
      code.load(Size.DW, R1, TASK, task.comm.offset + half);
      code.store(Size.DW, R10, RECORD + ProcessField.COMM + half, R1);
    }
  }

  /** A kernel thread has no memory of its own, and all that is read through its null pointer is 0. */
  #writeMemory(): void {
    const code = this.#code;
    const { task, rss, virtualPages } = this.#offsets;
    code.load(Size.DW, R7, TASK, task.memory.offset);
    this.#copy(R7, virtualPages, ProcessField.VIRTUAL_PAGES);
    code.moveImmediate(R8, 0);
    if (rss.kind === 'copied') this.#copyRss(rss.offset);
    const places = rss.kind === 'copied' ? [0, 8, 24] : rss.counts.map(({ offset }) => offset);
    for (const [i, place] of places.entries()) {
      if (rss.kind === 'copied') code.load(Size.DW, R1, R10, SCRATCH + place);
      else code.load(Size.DW, R1, R7, place);
      // Counters that many CPUs add to may be below 0 for a while (percpu_counter_read_positive).
      code.jumpIfImmediate(Jump.SLE, R1, 0, `no pages ${i}`);
      code.alu(Alu.ADD, R8, R1).label(`no pages ${i}`);
    }
    code.store(Size.DW, R10, RECORD + ProcessField.RSS_PAGES, R8);
  }

  /** Four counts of 8 bytes; where there is no memory the copy fails and leaves zeros. */
  #copyRss(offset: number): void {
    this.#code
      .move(R3, R7)
      .aluImmediate(Alu.ADD, R3, offset)
      .move(R1, R10)
      .aluImmediate(Alu.ADD, R1, SCRATCH)
      .moveImmediate(R2, 32)
      .call(Helper.PROBE_READ_KERNEL);
  }

  /** The leader's own, and what its process's dead threads left behind. */
  #writeTimes(): void {
    const code = this.#code;
    const { task, signal } = this.#offsets;
    code.load(Size.DW, R7, TASK, task.signal.offset);
    code.load(Size.DW, R8, R7, signal.deadNanos.offset).load(Size.DW, R1, TASK, task.execNanos.offset);
    code.alu(Alu.ADD, R8, R1).store(Size.DW, R10, RECORD + ProcessField.CPU_NANOS, R8);
    this.#copy(R7, signal.threads, ProcessField.THREADS);
    this.#writeIo(TASK, task.io, ProcessField.READ_BYTES, ProcessField.WRITE_BYTES);
    if (task.io === undefined || signal.io === undefined) return;
    this.#addTo(ProcessField.READ_BYTES, R7, signal.io.readBytes);
    this.#addTo(ProcessField.WRITE_BYTES, R7, signal.io.writeBytes);
  }

  #writeIo(from: number, io: IoMembers | undefined, readAt: number, writeAt: number): void {
    if (io === undefined) {
      this.#code.storeImmediate(Size.DW, R10, RECORD + readAt, 0);
      this.#code.storeImmediate(Size.DW, R10, RECORD + writeAt, 0);
      return;
    }
    this.#copy(from, io.readBytes, readAt);
    this.#copy(from, io.writeBytes, writeAt);
  }

  #addTo(at: number, from: number, member: BtfMember): void {
    const code = this.#code;
    code.load(Size.DW, R1, from, member.offset).load(Size.DW, R2, R10, RECORD + at);
    code.alu(Alu.ADD, R1, R2).store(Size.DW, R10, RECORD + at, R1);
  }

  /** A member of what a register points to, into the record, as wide there as it is. */
  #copy(from: number, member: BtfMember, at: number, width: Size = sizeOfBytes(member.bytes)): void {
    this.#code.load(sizeOfBytes(member.bytes), R1, from, member.offset).store(width, R10, RECORD + at, R1);
  }

  #emitRecord(bytes: number): void {
    const code = this.#code;
    code.load(Size.DW, R1, ITERATOR, CONTEXT_META).load(Size.DW, R1, R1, META_SEQ);
    code.move(R2, R10).aluImmediate(Alu.ADD, R2, RECORD).moveImmediate(R3, bytes);
    code.call(Helper.SEQ_WRITE);
  }
}

/** For tests and for finding this program's own level: every task's pid level, 4 bytes each. */
export function pidLevelProgram(offsets: TaskOffsets): Uint8Array {
  const code = new Assembler();
  code.move(ITERATOR, R1).load(Size.DW, TASK, R1, CONTEXT_TASK).jumpIfImmediate(Jump.EQ, TASK, 0, 'out');
  code.load(Size.DW, R1, TASK, offsets.task.threadPid.offset).jumpIfImmediate(Jump.EQ, R1, 0, 'out');
  code.load(Size.W, R0, R1, offsets.pidLevel.offset).store(Size.W, R10, -4, R0);
  code.load(Size.DW, R1, ITERATOR, CONTEXT_META).load(Size.DW, R1, R1, META_SEQ);
  code.move(R2, R10).aluImmediate(Alu.ADD, R2, -4).moveImmediate(R3, 4).call(Helper.SEQ_WRITE);
  return code.label('out').returnImmediate(0).build();
}
