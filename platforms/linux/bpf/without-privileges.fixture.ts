import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { BpfError } from './bpf-call.ts';
import { loadProgram, ProgramType } from './bpf-program.ts';
import { ExitRecorder } from './exit-recorder.ts';
import { Assembler } from './instruction.ts';
import { createMap, MapType } from './map.ts';
import { TaskSampler } from './task-sampler.ts';

/** Prints, as JSON, what came of each thing that BPF is asked for: its name, the error's code and log. */
export function tryEverything(): void {
  const results = [
    tried('map', () =>
      createMap({ type: MapType.HASH, keyBytes: 4, valueBytes: 4, maxEntries: 1, name: 'try' }),
    ),
    tried('program', () =>
      loadProgram({
        type: ProgramType.CGROUP_SKB,
        code: new Assembler().returnImmediate(1).build(),
        name: 'try',
      }),
    ),
    tried('tasks', () => TaskSampler.open()),
    tried('exits', () => ExitRecorder.open()),
  ];
  process.stdout.write(JSON.stringify(results));
}

function tried(what: string, run: () => unknown): [string, string, string] {
  try {
    run();
    return [what, 'allowed', ''];
  } catch (thrown) {
    const log = thrown instanceof BpfError ? thrown.log : '';
    return [what, toOpError(what, thrown).code, log];
  }
}
