import { OpError } from '../../../src/kit/errors/op-error.ts';
import { closeDescriptor, NativeBuffer } from '../libc.ts';
import { AttachType, openRawTracepoint } from './bpf-link.ts';
import { loadProgram, ProgramType } from './bpf-program.ts';
import { EXIT_KEY_BYTES, EXIT_VALUE_BYTES, ExitKey, ExitValue, exitProgram } from './exit-program.ts';
import { kernelBtf } from './kernel-btf.ts';
import { BatchReader, createMap, lookupElement, MapFlag, MapType } from './map.ts';
import { isInitialPidNamespace } from './pid-namespace.ts';
import { COMM_BYTES } from './task-layout.ts';
import { findTaskOffsets, type TaskOffsets } from './task-offsets.ts';
import { commLength } from './task-record.ts';
import { numberOfWords } from './task-units.ts';
import { startTicksOf } from './time-namespace.ts';

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

interface ExitRecorderOptions {
  /** Processes kept between two drains. Default 16,384: 1.5 MB of kernel memory when full. */
  readonly maxExits?: number;
}

/** A record that is being kept, for the program that this one becomes. */
export interface HandedExits {
  readonly exits: number;
  readonly lost: number;
  /** Descriptors that keep the program attached. */
  readonly kept: readonly number[];
}

const MAX_EXITS = 16_384;
const LOST_BYTES = 8;

/** Has the kernel write down who ends (tp_btf/sched_process_exit; CAP_BPF, CAP_PERFMON), on the whole machine. */
export class ExitRecorder {
  /** Processes that ended and were not written down because nobody drained in time, as of the last drain. */
  lostCount = 0;
  /** For `adopt` in the program that this one becomes. */
  readonly handed: HandedExits;
  readonly #reader: BatchReader;
  readonly #lostKey = new NativeBuffer(4);
  readonly #lostValue = new NativeBuffer(LOST_BYTES);
  readonly #decoder = new TextDecoder();
  readonly #record: ExitRecord = { pid: 0, startTicks: 0, ppid: 0, uid: 0, name: '', cpuNanos: 0 };

  /** Throws BpfError where something is refused, OpError `UNSUPPORTED` where kernel or pid namespace do not allow it. */
  static open(options: ExitRecorderOptions = {}): ExitRecorder {
    if (!isInitialPidNamespace()) {
      throw new OpError({
        op: 'record exits',
        code: 'UNSUPPORTED',
        message: 'exits are recorded only in the PID namespace of the machine',
      });
    }
    const maxExits = options.maxExits ?? MAX_EXITS;
    return new ExitRecorder(attach(findTaskOffsets(kernelBtf()), maxExits), maxExits);
  }

  /** Goes on with what another program has begun, with a map of the usual size. Needs no privilege (5.19). */
  static adopt(handed: HandedExits): ExitRecorder {
    return new ExitRecorder(handed, MAX_EXITS);
  }

  private constructor(handed: HandedExits, maxExits: number) {
    this.handed = handed;
    const { exits } = handed;
    this.#reader = new BatchReader(exits, EXIT_KEY_BYTES, EXIT_VALUE_BYTES, maxExits, { isTaking: true });
  }

  /** Visits, in no order, everybody who ended since the last drain, always with the same record. Throws BpfError. */
  drain(visit: (exit: ExitRecord) => void): void {
    const count = this.#reader.read();
    for (let i = 0; i < count; i++) {
      this.#read(i);
      visit(this.#record);
    }
    if (lookupElement(this.handed.lost, this.#lostKey, this.#lostValue)) {
      this.lostCount = numberOfWords(this.#lostValue.u32[0]!, this.#lostValue.u32[1]!);
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
    const cpu = value + (ExitValue.CPU_NANOS >> 2);
    const comm = index * EXIT_VALUE_BYTES + ExitValue.COMM;
    const text = this.#reader.values.bytes.subarray(comm, comm + COMM_BYTES);
    this.#record.pid = keys[key + (ExitKey.TGID >> 2)]!;
    this.#record.startTicks = startTicksOf(keys[start]!, keys[start + 1]!);
    this.#record.ppid = values[value + (ExitValue.PARENT >> 2)]!;
    this.#record.uid = values[value + (ExitValue.UID >> 2)]!;
    this.#record.cpuNanos = numberOfWords(values[cpu]!, values[cpu + 1]!);
    this.#record.name = this.#decoder.decode(text.subarray(0, commLength(text)));
  }
}

function attach(offsets: TaskOffsets, maxExits: number): HandedExits {
  const opened: number[] = [];
  const keep = (descriptor: number): number => {
    opened.push(descriptor);
    return descriptor;
  };
  try {
    const exits = keep(createExitMap(maxExits));
    const lost = keep(createLostMap());
    const program = keep(loadExitProgram(offsets, exits, lost));
    return { exits, lost, kept: [program, keep(openRawTracepoint(program))] };
  } catch (thrown) {
    for (const descriptor of opened) closeDescriptor(descriptor);
    throw thrown;
  }
}

function createExitMap(maxEntries: number): number {
  return createMap({
    type: MapType.HASH,
    keyBytes: EXIT_KEY_BYTES,
    valueBytes: EXIT_VALUE_BYTES,
    maxEntries,
    name: 'sstop_exits',
    flags: MapFlag.NO_PREALLOC,
  });
}

function createLostMap(): number {
  return createMap({
    type: MapType.ARRAY,
    keyBytes: 4,
    valueBytes: LOST_BYTES,
    maxEntries: 1,
    name: 'sstop_exits_lost',
  });
}

function loadExitProgram(offsets: TaskOffsets, exits: number, lost: number): number {
  return loadProgram({
    type: ProgramType.TRACING,
    code: exitProgram(offsets, exits, lost),
    name: 'sstop_exit',
    expectedAttachType: AttachType.TRACE_RAW_TP,
    attachBtfId: offsets.exitTracepointId ?? 0,
  });
}
