import { OpError } from '../../../src/kit/errors/op-error.ts';
import { unsigned64In } from '../integers.ts';
import { closeDescriptor, NativeBuffer } from '../libc.ts';
import { textIn } from '../proc/text-scanner.ts';
import { allOrNone } from './bpf-call.ts';
import { firstAccepted, loadTracing, openRawTracepoint } from './bpf-program.ts';
import { Alu, Assembler, Helper, Jump, Register, Size } from './instruction.ts';
import { kernelTypes } from './kernel-types.ts';
import { BatchReader, createHash, createSingle, lookupElement, UpdateFlag } from './map.ts';
import { emitPidNumber, ownPidNumbers, type PidNumbers } from './namespaces.ts';
import { findTaskOffsets, type TaskOffsets } from './task-offsets.ts';
import { COMM_BYTES } from './task-record.ts';
import { startTicksOf } from './task-units.ts';

const { R0, R1, R2, R3, R4, R6, R7, R8, R9, R10 } = Register;

/** Key of an exit: 0 tgid u32 | 4 zero | 8 start, ns since boot u64. */
const ExitKey = { TGID: 0, START_NANOS: 8 } as const;
const EXIT_KEY_BYTES = 16;

/** Value of an exit: 0 parent u32 | 4 effective uid u32 | 8 CPU ns u64 | 16 comm[16]. */
const ExitValue = { PARENT: 0, UID: 4, CPU_NANOS: 8, COMM: 16 } as const;
const EXIT_VALUE_BYTES = 32;

/** Of a process that ends in one blow, so many threads that are not gone yet have their CPU time added. */
const THREADS_LIMIT = 128;
const KEY = -EXIT_KEY_BYTES;
const VALUE = KEY - EXIT_VALUE_BYTES;
const NEXT = VALUE - 8;
const WORD = NEXT - 8;
/** In the upper half of 8 bytes, where the verifier does not follow a number. */
const ROUND = WORD - 4;
const TASK = R6;
const CPU = R8;

/**
 * For tp_btf/sched_process_exit: when a process's last thread ends, puts it into `exits`, or adds 1 to the only
 * element of `lost` where that is full.
 */
function exitProgram(
  offsets: TaskOffsets,
  exits: number,
  lost: number,
  numbers: PidNumbers | undefined,
  mayGoto: boolean,
): Uint8Array {
  const code = new Assembler();
  const { task, signal } = offsets;
  code.load(Size.DW, TASK, R1, 0).readOnly(TASK, TASK, offsets.readOnly);
  code.load(Size.DW, R7, TASK, task.signal.offset);
  code.load(Size.W, R1, R7, signal.live.offset).jumpIfImmediate(Jump.NE, R1, 0, 'out');
  code.load(Size.DW, CPU, R7, signal.deadNanos.offset).load(Size.W, R1, R7, signal.threads.offset);
  code.jumpIfImmediate(Jump.GT, R1, 1, 'threads');
  code.load(Size.DW, R1, TASK, task.execNanos.offset).alu(Alu.ADD, CPU, R1).jump('summed');
  addThreads(code.label('threads'), offsets, mayGoto);
  describe(code.label('summed'), offsets, numbers);
  store(code, exits, lost);
  return code.label('out').returnImmediate(0).build();
}

/**
 * Adds up the CPU time of all threads on the process's list, over signal->thread_head and task->thread_node. With
 * `mayGoto` the verifier takes 0.4 ms; without, it goes all rounds of the loop, for 3 ms.
 */
function addThreads(code: Assembler, { task, signal }: TaskOffsets, mayGoto: boolean): void {
  // The list's head as a mere number, to compare with: of pointers the verifier wants to know more.
  readKernel(code.move(R3, TASK).aluImmediate(Alu.ADD, R3, task.signal.offset), WORD);
  code.load(Size.DW, R7, R10, WORD).aluImmediate(Alu.ADD, R7, signal.threadHead.offset);
  code.moveImmediate(R9, 0).move(R3, R7).label('next');
  if (mayGoto) code.jumpOnTooManyRounds('summed');
  readKernel(code, NEXT);
  code.jumpIfImmediate(Jump.NE, R0, 0, 'summed');
  code.load(Size.DW, R3, R10, NEXT).jumpIf(Jump.EQ, R3, R7, 'summed');
  readKernel(code.aluImmediate(Alu.ADD, R3, task.execNanos.offset - task.threadNode.offset), WORD);
  code.jumpIfImmediate(Jump.NE, R0, 0, 'summed');
  code.load(Size.DW, R1, R10, WORD).alu(Alu.ADD, CPU, R1).load(Size.DW, R3, R10, NEXT);
  code.aluImmediate(Alu.ADD, R9, 1);
  if (mayGoto) code.store(Size.W, R10, ROUND, R9).load(Size.W, R9, R10, ROUND);
  code.jumpIfImmediate(Jump.LT, R9, THREADS_LIMIT, 'next');
}

/** Eight bytes from the address in R3. */
function readKernel(code: Assembler, into: number): void {
  code.stackAddress(R1, into).moveImmediate(R2, 8).call(Helper.PROBE_READ_KERNEL);
}

/** To `out` where the process is not in this program's PID namespace. */
function describe(
  code: Assembler,
  { task, effectiveUid }: TaskOffsets,
  numbers: PidNumbers | undefined,
): void {
  const copy = (size: Size, from: number, offset: number, to: number): void => {
    code.load(size, R1, from, offset).store(size, R10, to, R1);
  };
  code.load(Size.DW, R7, TASK, task.leader.offset).storeImmediate(Size.W, R10, KEY + 4, 0);
  if (numbers === undefined) copy(Size.W, TASK, task.tgid.offset, KEY + ExitKey.TGID);
  else {
    emitPidNumber(code, numbers, TASK, KEY + ExitKey.TGID);
    code.load(Size.W, R1, R10, KEY + ExitKey.TGID).jumpIfImmediate(Jump.EQ, R1, 0, 'out');
  }
  copy(Size.DW, R7, task.startNanos.offset, KEY + ExitKey.START_NANOS);
  code.load(Size.DW, R2, TASK, task.parent.offset);
  if (numbers === undefined) copy(Size.W, R2, task.tgid.offset, VALUE + ExitValue.PARENT);
  else emitPidNumber(code, numbers, R2, VALUE + ExitValue.PARENT);
  code.load(Size.DW, R2, R7, task.credentials.offset);
  copy(Size.W, R2, effectiveUid.offset, VALUE + ExitValue.UID);
  code.store(Size.DW, R10, VALUE + ExitValue.CPU_NANOS, CPU);
  for (let i = 0; i < COMM_BYTES; i += 8) copy(Size.DW, R7, task.comm.offset + i, VALUE + ExitValue.COMM + i);
}

function store(code: Assembler, exits: number, lost: number): void {
  code.loadMap(R1, exits).stackAddress(R2, KEY).stackAddress(R3, VALUE);
  code.moveImmediate(R4, UpdateFlag.ANY).call(Helper.MAP_UPDATE_ELEM).jumpIfImmediate(Jump.EQ, R0, 0, 'out');
  code.storeImmediate(Size.W, R10, WORD, 0);
  code.loadMap(R1, lost).stackAddress(R2, WORD).call(Helper.MAP_LOOKUP_ELEM);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'out').moveImmediate(R1, 1).atomicAdd(Size.DW, R0, 0, R1);
}

/** A process that has ended; one record, refilled for each. */
export interface ExitRecord {
  pid: number;
  /** As field 22 of /proc/PID/stat. */
  startTicks: number;
  ppid: number;
  /** Effective user. */
  uid: number;
  /** Task name, neither sanitised nor shortened. */
  name: string;
  /** CPU time of all threads. */
  cpuNanos: number;
}

/** A record that is being kept, for the program that this one becomes. */
export interface HandedExits {
  readonly exits: number;
  readonly lost: number;
  /** Descriptors that keep the program attached. */
  readonly kept: readonly number[];
}

/** Processes kept between two drains: 1.5 MB of kernel memory when full. */
const MAX_EXITS = 16_384;
const LOST_BYTES = 8;

/**
 * Records process exits in the kernel (tp_btf/sched_process_exit; CAP_BPF, CAP_PERFMON), for this program's PID namespace
 * and those within it, by their PIDs there.
 */
export class ExitRecorder {
  /** Number of exits lost because the buffer was full, as of the last drain. */
  lostCount = 0;
  /** For `adopt` in the program that this one becomes. */
  readonly handed: HandedExits;
  readonly #reader: BatchReader;
  readonly #lostKey = new NativeBuffer(4);
  readonly #lostValue = new NativeBuffer(LOST_BYTES);
  readonly #record: ExitRecord = { pid: 0, startTicks: 0, ppid: 0, uid: 0, name: '', cpuNanos: 0 };

  /** Throws BpfError if the kernel refuses, OpError `UNSUPPORTED` if it does not support it. */
  static open(maxExits = MAX_EXITS): ExitRecorder {
    return new ExitRecorder(attach(findTaskOffsets(kernelTypes()), maxExits), maxExits);
  }

  /** Goes on with what another program has begun, with a map of the usual size. Needs no privilege (5.19). */
  static adopt(handed: HandedExits): ExitRecorder {
    return new ExitRecorder(handed, MAX_EXITS);
  }

  private constructor(handed: HandedExits, maxExits: number) {
    this.handed = handed;
    const { exits } = handed;
    this.#reader = new BatchReader(exits, EXIT_KEY_BYTES, EXIT_VALUE_BYTES, maxExits, true);
  }

  /**
   * Visits all processes that exited since the last drain, unordered, always with the same record object. Throws
   * BpfError.
   */
  drain(visit: (exit: ExitRecord) => void): void {
    const count = this.#reader.read();
    for (let i = 0; i < count; i++) {
      this.#read(i);
      visit(this.#record);
    }
    if (lookupElement(this.handed.lost, this.#lostKey, this.#lostValue)) {
      this.lostCount = unsigned64In(this.#lostValue.u32, 0);
    }
  }

  close(): void {
    const { exits, lost, kept } = this.handed;
    for (const descriptor of [...kept, exits, lost]) closeDescriptor(descriptor);
  }

  #read(index: number): void {
    const keys = this.#reader.keys.u32;
    const values = this.#reader.values.u32;
    const key = (index * EXIT_KEY_BYTES) >> 2;
    const value = (index * EXIT_VALUE_BYTES) >> 2;
    const start = key + (ExitKey.START_NANOS >> 2);
    const comm = index * EXIT_VALUE_BYTES + ExitValue.COMM;
    this.#record.pid = keys[key + (ExitKey.TGID >> 2)]!;
    this.#record.startTicks = startTicksOf(keys[start]!, keys[start + 1]!);
    this.#record.ppid = values[value + (ExitValue.PARENT >> 2)]!;
    this.#record.uid = values[value + (ExitValue.UID >> 2)]!;
    this.#record.cpuNanos = unsigned64In(values, value + (ExitValue.CPU_NANOS >> 2));
    this.#record.name = textIn(this.#reader.values.bytes, comm, comm + COMM_BYTES);
  }
}

function attach(offsets: TaskOffsets, maxExits: number): HandedExits {
  const { exitTracepointId } = offsets;
  if (exitTracepointId === undefined) {
    const message = 'this kernel has no sched_process_exit';
    throw new OpError({ op: 'read BTF', code: 'UNSUPPORTED', message });
  }
  return allOrNone((keep) => {
    const exits = keep(createHash('sstop_exits', EXIT_KEY_BYTES, EXIT_VALUE_BYTES, maxExits));
    const lost = keep(createSingle('sstop_exits_lost', LOST_BYTES));
    const numbers = ownPidNumbers();
    const program = firstAccepted([true, false], (mayGoto) => {
      const code = exitProgram(offsets, exits, lost, numbers, mayGoto);
      return keep(loadTracing('sstop_exit', code, exitTracepointId));
    });
    return { exits, lost, kept: [program, keep(openRawTracepoint(program))] };
  });
}
