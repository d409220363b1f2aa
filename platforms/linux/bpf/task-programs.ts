import type { BtfMember } from './btf.ts';
import { Alu, Assembler, Helper, Jump, Register, Size, sizeOfBytes } from './instruction.ts';
import type { IoMembers, TaskOffsets, WalkFunctions } from './task-offsets.ts';
import {
  PROCESS_BYTES,
  ProcessField,
  THREAD_BYTES,
  ThreadField,
  WALK_HEADER_BYTES,
  WalkField,
} from './task-record.ts';

const { R0, R1, R2, R3, R6, R7, R8, R9, R10 } = Register;

/** `struct upid` has 16 bytes and begins with the number. */
export const UPID_BYTES = 16;

/** Where a record is written, and for which task. */
interface RecordPlace {
  /** Register with the record's address, and what is added to it. */
  readonly base: number;
  readonly displacement: number;
  /** Where on the stack 32 bytes are free. */
  readonly scratch: number;
  /** Depth of the pid namespace whose numbers are written, 0 being the machine's. */
  readonly pidLevel: number;
}

/**
 * The instructions that describe a task as task-record.ts draws it. The task is in a register of the caller's that
 * calls leave alone, as is `base`; R1 to R5, R7 and R8 are overwritten.
 */
export class TaskRecordCode {
  readonly #code: Assembler;
  readonly #offsets: TaskOffsets;
  readonly #task: number;
  readonly #place: RecordPlace;

  constructor(code: Assembler, offsets: TaskOffsets, task: number, place: RecordPlace) {
    this.#code = code;
    this.#offsets = offsets;
    this.#task = task;
    this.#place = place;
  }

  /** Writes the numbers; the machine's are in R7 (task) and R8 (process) then. */
  writePids(): void {
    const code = this.#code;
    const { task } = this.#offsets;
    code.load(Size.W, R7, this.#task, task.pid.offset).load(Size.W, R8, this.#task, task.tgid.offset);
    this.#writePid(this.#task, ProcessField.TID, R7);
    if (this.#place.pidLevel > 0) code.load(Size.DW, R1, this.#task, task.leader.offset);
    this.#writePid(R1, ProcessField.TGID, R8);
  }

  /** The rest of the record of a thread that is not its process's leader. */
  writeThread(): void {
    const { task } = this.#offsets;
    this.#copy(this.#task, task.execNanos, ThreadField.CPU_NANOS);
    this.#writeIo(this.#task, task.io, ThreadField.READ_BYTES, ThreadField.WRITE_BYTES);
  }

  /** The rest of the record of a process. */
  writeProcess(): void {
    this.#writeIdentity();
    this.#writeMemory();
    this.#writeTimes();
  }

  /** A task's number: the machine's, which is in a register, or that of the namespace; 0 where it is not in it. */
  #writePid(task: number, at: number, machineNumber: number): void {
    const code = this.#code;
    const { pidLevel } = this.#place;
    if (pidLevel === 0) {
      this.#store(Size.W, at, machineNumber);
      return;
    }
    const { task: members, pidLevel: levelMember, pidNumbers } = this.#offsets;
    const end = `pid ${at}`;
    code.storeImmediate(Size.W, this.#place.base, this.#at(at), 0);
    code.load(Size.DW, R3, task, members.threadPid.offset).jumpIfImmediate(Jump.EQ, R3, 0, end);
    code.load(Size.W, R2, R3, levelMember.offset).jumpIfImmediate(Jump.LT, R2, pidLevel, end);
    // The verifier knows one number at most of those behind the structure.
    code.aluImmediate(Alu.ADD, R3, pidNumbers.offset + pidLevel * UPID_BYTES);
    code.move(R1, this.#place.base).aluImmediate(Alu.ADD, R1, this.#at(at)).moveImmediate(R2, 4);
    code.call(Helper.PROBE_READ_KERNEL).label(end);
  }

  #writeIdentity(): void {
    const code = this.#code;
    const { task, effectiveUid } = this.#offsets;
    code.load(Size.DW, R1, this.#task, task.parent.offset).load(Size.W, R8, R1, task.tgid.offset);
    if (this.#place.pidLevel > 0) code.load(Size.DW, R1, R1, task.leader.offset);
    this.#writePid(R1, ProcessField.PARENT, R8);
    code.load(Size.DW, R2, this.#task, task.credentials.offset);
    this.#copy(R2, effectiveUid, ProcessField.UID);
    this.#copy(this.#task, task.startNanos, ProcessField.START_NANOS);
    // The flags of the state that matter are in the low half of the wide one.
    this.#copy(this.#task, task.state, ProcessField.STATE, Size.W);
    this.#copy(this.#task, task.exitState, ProcessField.EXIT_STATE);
    this.#copy(this.#task, task.flags, ProcessField.FLAGS);
    for (const half of [0, 8]) {
      code.load(Size.DW, R1, this.#task, task.comm.offset + half);
      this.#store(Size.DW, ProcessField.COMM + half, R1);
    }
  }

  /** A kernel thread has no memory of its own, and all that is read through its null pointer is 0. */
  #writeMemory(): void {
    const code = this.#code;
    const { task, rss, virtualPages } = this.#offsets;
    code.load(Size.DW, R7, this.#task, task.memory.offset);
    this.#copy(R7, virtualPages, ProcessField.VIRTUAL_PAGES);
    if (rss.kind === 'copied') this.#copyRss(rss.offset);
    code.moveImmediate(R8, 0);
    const places = rss.kind === 'copied' ? [0, 8, 24] : rss.counts.map(({ offset }) => offset);
    for (const [i, place] of places.entries()) {
      if (rss.kind === 'copied') code.load(Size.DW, R1, R10, this.#place.scratch + place);
      else code.load(Size.DW, R1, R7, place);
      // Counters that many CPUs add to may be below 0 for a while (percpu_counter_read_positive).
      code.jumpIfImmediate(Jump.SLE, R1, 0, `no pages ${i}`);
      code.alu(Alu.ADD, R8, R1).label(`no pages ${i}`);
    }
    this.#store(Size.DW, ProcessField.RSS_PAGES, R8);
  }

  /** Four counts of 8 bytes; where there is no memory the copy fails and leaves zeros. */
  #copyRss(offset: number): void {
    this.#code.move(R3, R7).aluImmediate(Alu.ADD, R3, offset).stackAddress(R1, this.#place.scratch);
    this.#code.moveImmediate(R2, 32).call(Helper.PROBE_READ_KERNEL);
  }

  /** The leader's own, and what its process's dead threads left behind. */
  #writeTimes(): void {
    const code = this.#code;
    const { task, signal } = this.#offsets;
    code.load(Size.DW, R7, this.#task, task.signal.offset);
    code.load(Size.DW, R8, R7, signal.deadNanos.offset).load(Size.DW, R1, this.#task, task.execNanos.offset);
    code.alu(Alu.ADD, R8, R1);
    this.#store(Size.DW, ProcessField.CPU_NANOS, R8);
    this.#copy(R7, signal.threads, ProcessField.THREADS);
    this.#writeIo(this.#task, task.io, ProcessField.READ_BYTES, ProcessField.WRITE_BYTES);
    if (task.io === undefined || signal.io === undefined) return;
    this.#addTo(ProcessField.READ_BYTES, R7, signal.io.readBytes);
    this.#addTo(ProcessField.WRITE_BYTES, R7, signal.io.writeBytes);
  }

  #writeIo(from: number, io: IoMembers | undefined, readAt: number, writeAt: number): void {
    if (io === undefined) {
      for (const at of [readAt, writeAt]) {
        this.#code.storeImmediate(Size.DW, this.#place.base, this.#at(at), 0);
      }
      return;
    }
    this.#copy(from, io.readBytes, readAt);
    this.#copy(from, io.writeBytes, writeAt);
  }

  #addTo(at: number, from: number, member: BtfMember): void {
    const code = this.#code;
    code.load(Size.DW, R1, from, member.offset).load(Size.DW, R2, this.#place.base, this.#at(at));
    code.alu(Alu.ADD, R1, R2);
    this.#store(Size.DW, at, R1);
  }

  /** A member of what a register points to, into the record, as wide there as it is. */
  #copy(from: number, member: BtfMember, at: number, width: Size = sizeOfBytes(member.bytes)): void {
    this.#code.load(sizeOfBytes(member.bytes), R1, from, member.offset);
    this.#store(width, at, R1);
  }

  #store(width: Size, at: number, from: number): void {
    this.#code.store(width, this.#place.base, this.#at(at), from);
  }

  #at(field: number): number {
    return this.#place.displacement + field;
  }
}

/** struct bpf_iter__task: meta, task; struct bpf_iter_meta begins with the seq_file. */
const CONTEXT_META = 0;
export const CONTEXT_TASK = 8;
const META_SEQ = 0;
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
  const code = new Assembler();
  const place = { base: R10, displacement: RECORD, scratch: SCRATCH, pidLevel };
  const record = new TaskRecordCode(code, offsets, TASK, place);
  code.move(ITERATOR, R1).load(Size.DW, TASK, R1, CONTEXT_TASK);
  // After the last task the program is called once more, with none.
  code.jumpIfImmediate(Jump.EQ, TASK, 0, 'out').readOnly(TASK, TASK, offsets.readOnly);
  record.writePids();
  code.jumpIf(Jump.EQ, R7, R8, 'process');
  record.writeThread();
  emitRecord(code, ITERATOR, RECORD, THREAD_BYTES);
  code.jump('out').label('process');
  record.writeProcess();
  emitRecord(code, ITERATOR, RECORD, PROCESS_BYTES);
  return code.label('out').returnImmediate(0).build();
}

/** For finding this program's own level: every task's, 4 bytes each. */
export function pidLevelProgram(offsets: TaskOffsets): Uint8Array {
  const code = new Assembler();
  code.move(ITERATOR, R1).load(Size.DW, TASK, R1, CONTEXT_TASK).jumpIfImmediate(Jump.EQ, TASK, 0, 'out');
  code.load(Size.DW, R1, TASK, offsets.task.threadPid.offset).jumpIfImmediate(Jump.EQ, R1, 0, 'out');
  code.load(Size.W, R0, R1, offsets.pidLevel.offset).store(Size.W, R10, RECORD, R0);
  emitRecord(code, ITERATOR, RECORD, 4);
  return code.label('out').returnImmediate(0).build();
}

/** Gives out `bytes` of the stack from `at` on; `iterator` is the register with the program's context. */
export function emitRecord(code: Assembler, iterator: number, at: number, bytes: number): void {
  code.load(Size.DW, R1, iterator, CONTEXT_META).load(Size.DW, R1, R1, META_SEQ);
  code.stackAddress(R2, at).moveImmediate(R3, bytes).call(Helper.SEQ_WRITE);
}

/** BPF_TASK_ITER_ALL_THREADS of kernel/bpf/task_iter.c. */
const ALL_THREADS = 1;
/** `struct bpf_iter_task`, on the stack. */
const WALK = -24;
const OUT = R9;

/**
 * A program of the type SYSCALL: the same records, of all tasks of the machine in one run, into the value of an array
 * map of `mapBytes` (task-record.ts).
 */
export function taskWalkProgram(
  offsets: TaskOffsets,
  walk: WalkFunctions,
  map: number,
  mapBytes: number,
): Uint8Array {
  const code = new Assembler();
  const place = { base: OUT, displacement: 0, scratch: WALK - 32, pidLevel: 0 };
  const record = new TaskRecordCode(code, offsets, TASK, place);
  code.callKernel(walk.lock).loadMapValue(R1, map);
  code.storeImmediate(Size.DW, R1, WalkField.END, WALK_HEADER_BYTES);
  code.storeImmediate(Size.DW, R1, WalkField.IS_FULL, 0);
  pointToWalk(code).moveImmediate(R2, 0).moveImmediate(R3, ALL_THREADS).callKernel(walk.begin);
  pointToWalk(code.label('next')).callKernel(walk.next).jumpIfImmediate(Jump.EQ, R0, 0, 'end');
  code.readOnly(TASK, R0, offsets.readOnly).loadMapValue(R1, map).load(Size.DW, R2, R1, WalkField.END);
  code.jumpIfImmediate(Jump.GT, R2, mapBytes - PROCESS_BYTES, 'full').move(OUT, R1);
  code.alu(Alu.ADD, OUT, R2);
  record.writePids();
  // The first of all tasks is the idle one, which no process listing has.
  code.jumpIfImmediate(Jump.EQ, R7, 0, 'next').jumpIf(Jump.EQ, R7, R8, 'process');
  record.writeThread();
  advance(code, map, THREAD_BYTES).label('process');
  record.writeProcess();
  advance(code, map, PROCESS_BYTES);
  code.label('full').loadMapValue(R1, map).storeImmediate(Size.DW, R1, WalkField.IS_FULL, 1);
  pointToWalk(code.label('end')).callKernel(walk.end).callKernel(walk.unlock);
  return code.returnImmediate(0).build();
}

function pointToWalk(code: Assembler): Assembler {
  return code.stackAddress(R1, WALK);
}

/** Where the next record begins stands in memory: a number in a register would be another one in every round. */
function advance(code: Assembler, map: number, bytes: number): Assembler {
  code.loadMapValue(R1, map).load(Size.DW, R2, R1, WalkField.END).aluImmediate(Alu.ADD, R2, bytes);
  return code.store(Size.DW, R1, WalkField.END, R2).jump('next');
}
