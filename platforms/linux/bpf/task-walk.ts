import { OpError } from '../../../src/kit/errors/op-error.ts';
import { closeDescriptor, SharedMemory } from '../libc.ts';
import { createMap, MapFlag, MapType } from './map.ts';
import { loadProgram, ProgramRunner, ProgramType } from './program.ts';
import { PROCESS_BYTES, WALK_HEADER_BYTES, WalkField } from './task-layout.ts';
import type { TaskOffsets } from './task-offsets.ts';
import { taskWalkProgram } from './task-programs.ts';

/**
 * So many processes at most: the kernel walks over them under one RCU lock, at less than 0.5 µs each. With more of
 * them, or threads, the iterator is the better guest.
 */
const PROCESSES_LIMIT = 8192;
const MAP_BYTES = WALK_HEADER_BYTES + PROCESSES_LIMIT * PROCESS_BYTES;

/**
 * Records of all tasks of the machine, written by one run of a program into memory that is shared with it (6.7,
 * CAP_BPF and CAP_PERFMON). It costs half of what the iterator does, which takes a reference to every task.
 */
export class TaskWalk {
  readonly #descriptors: number[] = [];
  readonly #memory: SharedMemory;
  readonly #runner: ProgramRunner;

  /** Throws BpfError where something is refused, OpError `UNSUPPORTED` where the kernel cannot. */
  constructor(offsets: TaskOffsets) {
    const { walk } = offsets;
    if (walk === undefined) throw new OpError({ op: 'walk over tasks', code: 'UNSUPPORTED' });
    try {
      const map = this.#keep(createOutputMap());
      const code = taskWalkProgram(offsets, walk, map, MAP_BYTES);
      const program = loadProgram({ type: ProgramType.SYSCALL, code, name: 'sstop_walk', isSleepable: true });
      this.#runner = new ProgramRunner(this.#keep(program));
      this.#memory = new SharedMemory(map, MAP_BYTES);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
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
    this.#memory?.unmap();
    for (const descriptor of this.#descriptors.splice(0)) closeDescriptor(descriptor);
  }

  #keep(descriptor: number): number {
    this.#descriptors.push(descriptor);
    return descriptor;
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
