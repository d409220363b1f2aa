import { describe, expect, test } from 'bun:test';
import { ExitedTable } from '../../../src/data/sample/process-table.ts';
import { withoutBpf } from '../bpf/ebpf.fixture.ts';
import { ExitRecorder } from '../bpf/exit-recorder.ts';
import { ProcessParts } from './network-processes.ts';
import { ProcessCollector } from './processes.ts';

describe.skipIf(withoutBpf !== undefined)(
  'processes that end (needs eBPF and the pid namespace of the machine)',
  () => {
    test('those that the kernel had no room for are told, beside the others', () => {
      const parts = new ProcessParts(new ProcessCollector(), ExitRecorder.open(4));
      const exited = new ExitedTable();
      Bun.spawnSync(['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9 10; do env true; done']);
      expect(() => parts.drainExits(exited)).toThrow(/^[1-9]\d* exited processes are missing/);
      expect(exited.slots.count).toBeGreaterThan(0);
      parts.close();
    });
  },
);
