import { OpError } from '../../../src/kit/errors/op-error.ts';
import { Helper } from './helper-numbers.ts';
import { Alu, Assembler, Jump, R0, R1, R2, R3, R4, R6, R7, R8, R9, R10, Size } from './instruction.ts';
import { UpdateFlag } from './map.ts';
import { COMM_BYTES } from './task-layout.ts';
import type { TaskOffsets } from './task-offsets.ts';

/** Key of an exit: 0 tgid u32 | 4 zero | 8 start, ns since boot u64. */
export const ExitKey = { TGID: 0, START_NANOS: 8 } as const;
export const EXIT_KEY_BYTES = 16;

/** Value of an exit: 0 parent u32 | 4 effective uid u32 | 8 CPU ns u64 | 16 comm[16]. */
export const ExitValue = { PARENT: 0, UID: 4, CPU_NANOS: 8, COMM: 16 } as const;
export const EXIT_VALUE_BYTES = 32;

/** Of a process that ends in one blow, so many threads that are not gone yet have their CPU time added. */
const THREADS_LIMIT = 128;
const KEY = -EXIT_KEY_BYTES;
const VALUE = KEY - EXIT_VALUE_BYTES;
const NEXT = VALUE - 8;
const WORD = NEXT - 8;
const TASK = R6;
const CPU = R8;

/**
 * For tp_btf/sched_process_exit: when a process's last thread ends, puts it into `exits`, or adds 1 to the only
 * element of `lost` where that is full. Throws OpError `UNSUPPORTED` where the kernel lacks the tracepoint.
 */
export function exitProgram(offsets: TaskOffsets, exits: number, lost: number): Uint8Array {
  if (offsets.exitTracepointId === undefined) {
    throw new OpError({
      op: 'read BTF',
      code: 'UNSUPPORTED',
      message: 'this kernel has no sched_process_exit',
    });
  }
  const code = new Assembler();
  const { task, signal } = offsets;
  code.load(Size.DW, TASK, R1, 0).load(Size.DW, R7, TASK, task.signal.offset);
  code.load(Size.W, R1, R7, signal.live.offset).jumpIfImmediate(Jump.NE, R1, 0, 'out');
  code.load(Size.DW, CPU, R7, signal.deadNanos.offset).load(Size.W, R1, R7, signal.threads.offset);
  code.jumpIfImmediate(Jump.GT, R1, 1, 'threads');
  code.load(Size.DW, R1, TASK, task.execNanos.offset).alu(Alu.ADD, CPU, R1).jump('summed');
  addThreads(code.label('threads'), offsets);
  describe(code.label('summed'), offsets);
  store(code, exits, lost);
  return code.label('out').returnImmediate(0).build();
}

/** Adds up the CPU time of all threads on the process's list, over signal->thread_head and task->thread_node. */
function addThreads(code: Assembler, { task, signal }: TaskOffsets): void {
  // The list's head as a mere number, to compare with: of pointers the verifier wants to know more.
  readKernel(code.move(R3, TASK).aluImmediate(Alu.ADD, R3, task.signal.offset), WORD);
  code.load(Size.DW, R7, R10, WORD).aluImmediate(Alu.ADD, R7, signal.threadHead.offset);
  code.moveImmediate(R9, 0).move(R3, R7).label('next');
  readKernel(code, NEXT);
  code.jumpIfImmediate(Jump.NE, R0, 0, 'summed');
  code.load(Size.DW, R3, R10, NEXT).jumpIf(Jump.EQ, R3, R7, 'summed');
  readKernel(code.aluImmediate(Alu.ADD, R3, task.execNanos.offset - task.threadNode.offset), WORD);
  code.jumpIfImmediate(Jump.NE, R0, 0, 'summed');
  code.load(Size.DW, R1, R10, WORD).alu(Alu.ADD, CPU, R1).load(Size.DW, R3, R10, NEXT);
  code.aluImmediate(Alu.ADD, R9, 1).jumpIfImmediate(Jump.LT, R9, THREADS_LIMIT, 'next');
}

/** Eight bytes from the address in R3. */
function readKernel(code: Assembler, into: number): void {
  code.move(R1, R10).aluImmediate(Alu.ADD, R1, into).moveImmediate(R2, 8).call(Helper.PROBE_READ_KERNEL);
}

function describe(code: Assembler, { task, effectiveUid }: TaskOffsets): void {
  const copy = (size: Size, from: number, offset: number, to: number): void => {
    code.load(size, R1, from, offset).store(size, R10, to, R1);
  };
  code.load(Size.DW, R7, TASK, task.leader.offset).storeImmediate(Size.W, R10, KEY + 4, 0);
  copy(Size.W, TASK, task.tgid.offset, KEY + ExitKey.TGID);
  copy(Size.DW, R7, task.startNanos.offset, KEY + ExitKey.START_NANOS);
  code.load(Size.DW, R2, TASK, task.parent.offset);
  copy(Size.W, R2, task.tgid.offset, VALUE + ExitValue.PARENT);
  code.load(Size.DW, R2, R7, task.credentials.offset);
  copy(Size.W, R2, effectiveUid.offset, VALUE + ExitValue.UID);
  code.store(Size.DW, R10, VALUE + ExitValue.CPU_NANOS, CPU);
  for (let i = 0; i < COMM_BYTES; i += 8) copy(Size.DW, R7, task.comm.offset + i, VALUE + ExitValue.COMM + i);
}

function store(code: Assembler, exits: number, lost: number): void {
  code.loadMap(R1, exits).move(R2, R10).aluImmediate(Alu.ADD, R2, KEY);
  code.move(R3, R10).aluImmediate(Alu.ADD, R3, VALUE).moveImmediate(R4, UpdateFlag.ANY);
  code.call(Helper.MAP_UPDATE_ELEM).jumpIfImmediate(Jump.EQ, R0, 0, 'out');
  code.storeImmediate(Size.W, R10, WORD, 0);
  code.loadMap(R1, lost).move(R2, R10).aluImmediate(Alu.ADD, R2, WORD).call(Helper.MAP_LOOKUP_ELEM);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'out').moveImmediate(R1, 1).atomicAdd(Size.DW, R0, 0, R1);
}
