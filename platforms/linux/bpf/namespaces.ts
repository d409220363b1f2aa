import { isInitialPidNamespace, ownPidNamespaceInode } from '../proc/namespace-links.ts';
import { BtfKind, KernelTypes } from './btf.ts';
import { Alu, type Assembler, Helper, Jump, Register, Size } from './instruction.ts';
import { kernelTypes } from './kernel-types.ts';
import { findTaskOffsets } from './task-offsets.ts';
import { UPID_BYTES } from './task-programs.ts';
import { findPidLevel } from './task-sampler.ts';

const { R1, R2, R3, R10 } = Register;

/** This program's PID namespace, which is not the machine's, and where the kernel has a process's number in it. */
export type PidNumbers = Readonly<NonNullable<ReturnType<typeof ownPidNumbers>>>;

/**
 * Undefined in the machine's own PID namespace, where numbers need no translation. Throws BpfError where the programs
 * that find the namespace are refused (CAP_BPF, CAP_PERFMON), OpError where the kernel lacks types or iterators (5.8).
 */
export function ownPidNumbers() {
  if (isInitialPidNamespace()) return undefined;
  const btf = kernelTypes();
  const offsets = findTaskOffsets(btf);
  const types = new KernelTypes(btf, [['pid_namespace', BtfKind.STRUCT]]);
  return {
    /** Depth of the namespace, 0 being the machine's. */
    level: findPidLevel(offsets),
    inode: ownPidNamespaceInode(),
    /** struct task_struct: `group_leader`, `thread_pid`. */
    leader: offsets.task.leader.offset,
    threadPid: offsets.task.threadPid.offset,
    /** struct pid: `level` u32, `numbers`, an array of struct upid. */
    pidLevel: offsets.pidLevel.offset,
    pidNumbers: offsets.pidNumbers.offset,
    /** struct pid_namespace: `ns.inum` u32. */
    namespaceInode: types.member('pid_namespace', 'ns.inum').offset,
  };
}

/** At the end of the stack, of which no program that asks uses more than 480 bytes: a pointer, then a struct upid. */
const POINTER = -512;
const UPID = POINTER + 8;
const UPID_NAMESPACE = UPID + 8;

/**
 * Writes the number of a task's process in this program's namespace to the stack, 4 bytes; 0: the process is not in
 * it. Destroys R0 to R5, of which one may have the task. Everything is copied by
 * `bpf_probe_read_kernel` (5.5, CAP_PERFMON): that suits every type of program, and what cannot be read is 0.
 */
export function emitPidNumber(code: Assembler, numbers: PidNumbers, task: number, at: number): void {
  const end = `outside ${at}`;
  code.storeImmediate(Size.W, R10, at, 0);
  emitCopy(code, task, numbers.leader, POINTER, 8);
  emitCopyFrom(code, POINTER, numbers.threadPid, POINTER, 8);
  emitCopyFrom(code, POINTER, numbers.pidLevel, UPID, 4);
  code.load(Size.W, R1, R10, UPID).jumpIfImmediate(Jump.LT, R1, numbers.level, end);
  emitCopyFrom(code, POINTER, numbers.pidNumbers + numbers.level * UPID_BYTES, UPID, UPID_BYTES);
  // Another namespace may be as deep as this one.
  emitCopyFrom(code, UPID_NAMESPACE, numbers.namespaceInode, POINTER, 4);
  // A number above 2^31 is compared as the negative one that the instruction has.
  code.load(Size.W, R1, R10, POINTER).aluImmediate(Alu.LSH, R1, 32).aluImmediate(Alu.ARSH, R1, 32);
  code.jumpIfImmediate(Jump.NE, R1, numbers.inode | 0, end);
  code.load(Size.W, R1, R10, UPID).store(Size.W, R10, at, R1).label(end);
}

/** From what a pointer on the stack points to. */
function emitCopyFrom(code: Assembler, pointer: number, offset: number, into: number, bytes: number): void {
  code.load(Size.DW, R3, R10, pointer);
  emitCopy(code, R3, offset, into, bytes);
}

function emitCopy(code: Assembler, from: number, offset: number, into: number, bytes: number): void {
  if (from !== R3) code.move(R3, from);
  code.aluImmediate(Alu.ADD, R3, offset).stackAddress(R1, into);
  code.moveImmediate(R2, bytes).call(Helper.PROBE_READ_KERNEL);
}
