import { OpError } from '../../../src/kit/errors/op-error.ts';
import { closeDescriptor, SharedMemory } from '../libc.ts';
import { loadProgram, ProgramRunner, ProgramType } from './bpf-program.ts';
import { createMap, MapFlag, MapType } from './map.ts';
import { PROCESS_BYTES, WALK_HEADER_BYTES, WalkField } from './task-layout.ts';
import type { TaskOffsets } from './task-offsets.ts';
import { taskWalkProgram } from './task-programs.ts';

/**
 * So many processes at most: the kernel walks over them under one RCU lock, at less than 0.5 µs each. With more of
 * them, or threads, the iterator is the better guest.
 */
const PROCESSES_LIMIT = 8192;
const MAP_BYTES = WALK_HEADER_BYTES + PROCESSES_LIMIT * PROCESS_BYTES;

/** A walk that is ready, for the program that this one becomes. */
export interface HandedWalk {
  readonly map: number;
  readonly program: number;
}

/**
 * Records of all tasks of the machine, written by one run of a program into memory that is shared with it (6.7,
 * CAP_BPF and CAP_PERFMON). It costs half of what the iterator does, which takes a reference to every task.
 */
export class TaskWalk {
  /** For the constructor in the program that this one becomes. */
  readonly handed: HandedWalk;
  readonly #memory: SharedMemory;
  readonly #runner: ProgramRunner;

  /** Throws BpfError where something is refused, OpError `UNSUPPORTED` where the kernel cannot. */
  static open(offsets: TaskOffsets): TaskWalk {
    const { walk } = offsets;
    if (walk === undefined) throw new OpError({ op: 'walk over tasks', code: 'UNSUPPORTED' });
    const map = createOutputMap();
    let program = -1;
    try {
      const code = taskWalkProgram(offsets, walk, map, MAP_BYTES);
      program = loadProgram({ type: ProgramType.SYSCALL, code, name: 'sstop_walk', isSleepable: true });
      return new TaskWalk({ map, program });
    } catch (thrown) {
      for (const descriptor of [map, program]) if (descriptor >= 0) closeDescriptor(descriptor);
      throw thrown;
    }
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

function createOutputMap(): number {
  return createMap({
    type: MapType.ARRAY,
    keyBytes: 4,
    valueBytes: MAP_BYTES,
    maxEntries: 1,
    name: 'sstop_walk',
    flags: MapFlag.MMAPABLE,
  });
}
