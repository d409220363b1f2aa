import { Helper } from './helper-numbers.ts';
import { Alu, Assembler, Jump, R0, R1, R2, R3, R6, R7, R8, R9, R10, Size } from './instruction.ts';
import { PROCESS_BYTES, THREAD_BYTES, WALK_HEADER_BYTES, WalkField } from './task-layout.ts';
import type { TaskOffsets, WalkFunctions } from './task-offsets.ts';
import { TaskRecordCode } from './task-record-code.ts';

/** struct bpf_iter__task: meta, task; struct bpf_iter_meta begins with the seq_file. */
const CONTEXT_META = 0;
const CONTEXT_TASK = 8;
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
  code.jumpIfImmediate(Jump.EQ, TASK, 0, 'out');
  record.writePids();
  code.jumpIf(Jump.EQ, R7, R8, 'process');
  record.writeThread();
  emit(code, THREAD_BYTES);
  code.jump('out').label('process');
  record.writeProcess();
  emit(code, PROCESS_BYTES);
  return code.label('out').returnImmediate(0).build();
}

/** For finding this program's own level: every task's, 4 bytes each. */
export function pidLevelProgram(offsets: TaskOffsets): Uint8Array {
  const code = new Assembler();
  code.move(ITERATOR, R1).load(Size.DW, TASK, R1, CONTEXT_TASK).jumpIfImmediate(Jump.EQ, TASK, 0, 'out');
  code.load(Size.DW, R1, TASK, offsets.task.threadPid.offset).jumpIfImmediate(Jump.EQ, R1, 0, 'out');
  code.load(Size.W, R0, R1, offsets.pidLevel.offset).store(Size.W, R10, RECORD, R0);
  emit(code, 4);
  return code.label('out').returnImmediate(0).build();
}

function emit(code: Assembler, bytes: number): void {
  code.load(Size.DW, R1, ITERATOR, CONTEXT_META).load(Size.DW, R1, R1, META_SEQ);
  code.move(R2, R10).aluImmediate(Alu.ADD, R2, RECORD).moveImmediate(R3, bytes);
  code.call(Helper.SEQ_WRITE);
}

/** BPF_TASK_ITER_ALL_THREADS of kernel/bpf/task_iter.c. */
const ALL_THREADS = 1;
/** `struct bpf_iter_task`, on the stack. */
const WALK = -24;
const OUT = R9;

/**
 * A program of the type SYSCALL: the same records, of all tasks of the machine in one run, into the value of an array
 * map of `mapBytes` (task-layout.ts).
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
  code.move(TASK, R0).loadMapValue(R1, map).load(Size.DW, R2, R1, WalkField.END);
  code
    .jumpIfImmediate(Jump.GT, R2, mapBytes - PROCESS_BYTES, 'full')
    .move(OUT, R1)
    .alu(Alu.ADD, OUT, R2);
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
  return code.move(R1, R10).aluImmediate(Alu.ADD, R1, WALK);
}

/** Where the next record begins stands in memory: a number in a register would be another one in every round. */
function advance(code: Assembler, map: number, bytes: number): Assembler {
  code.loadMapValue(R1, map).load(Size.DW, R2, R1, WalkField.END).aluImmediate(Alu.ADD, R2, bytes);
  return code.store(Size.DW, R1, WalkField.END, R2).jump('next');
}
