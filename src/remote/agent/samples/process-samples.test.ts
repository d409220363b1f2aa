import { expect, test } from 'bun:test';
import type { MachineCollector, Platform } from '../../../data/sample/platform.ts';
import type { ProcessesWant } from '../../../data/sample/snapshot.ts';
import { SystemWorld } from '../../../data/sample/system-world.fixture.ts';
import { LocalSource } from '../../../data/source/local-source.ts';
import { ProcessSamples } from './process-samples.ts';

/** A made-up machine that notes what is wanted of its processes. */
class Machine {
  readonly world = new SystemWorld();
  readonly wants: ProcessesWant[] = [];
  readonly platform: Platform = {
    host: { hostName: 'h', bootId: 'b', bootWallMillis: 0, clockTicksPerSecond: 100, pageSizeBytes: 4096 },
    monotonicMicros: () => this.world.monotonicMicros,
    openNetwork: () => {
      throw new TypeError('nobody asks for the network');
    },
    openMachine: () => this.#collector(),
    tierReports: () => [],
    userName: String,
    signaller: { send: () => 'gone' },
  };

  #collector(): MachineCollector {
    const { world } = this;
    return {
      collectMachine: () => world.machine(),
      collectDisks: () => Promise.resolve(world.disks()),
      collectProcesses: (want) => {
        this.wants.push(want);
        return Promise.resolve(world.machineProcesses());
      },
      collectProcess: (pid) => Promise.resolve(world.processDetail(pid)),
      collectJournal: () => Promise.reject(new TypeError('nobody asks for a journal')),
      close: () => undefined,
    };
  }
}

test('what costs is read while some client asks for it, and not for anybody else', async () => {
  const machine = new Machine();
  const samples = new ProcessSamples(new LocalSource(machine.platform, { tier: 'auto' }));
  const sample = async (): Promise<ProcessesWant | undefined> => {
    machine.world.pass(1);
    await samples.cache.read(0, () => undefined);
    return machine.wants.at(-1);
  };
  const nothing = { visiblePids: [], columns: [], columnsOfAll: [], cgroups: false };
  expect(await sample()).toEqual({ ...nothing, allCommandLines: false });
  samples.noteWant({ visiblePids: [7], columns: ['readBytes'] });
  samples.noteWant({ visiblePids: [], columnsOfAll: ['writtenBytes'], cgroups: true });
  const wanted = { visiblePids: [7], columns: ['readBytes'], columnsOfAll: ['writtenBytes'] } as const;
  expect(await sample()).toEqual({ ...wanted, allCommandLines: true, cgroups: true });
  machine.world.pass(58);
  expect(await sample()).toEqual({ ...nothing, allCommandLines: true, cgroups: true });
  machine.world.pass(1);
  expect(await sample()).toEqual({ ...nothing, allCommandLines: false });
});

test('what a history wants is read once, and as fresh as clients want it', async () => {
  const machine = new Machine();
  const samples = new ProcessSamples(new LocalSource(machine.platform, { tier: 'auto' }));
  const sample = async (): Promise<ProcessesWant | undefined> => {
    machine.world.pass(1);
    await samples.cache.read(0, () => undefined);
    return machine.wants.at(-1);
  };
  const nothing = { visiblePids: [], columns: [], columnsOfAll: [], cgroups: false };
  const kept = { columnsOfAll: ['readBytes'], allCommandLines: true, cgroups: true } as const;
  samples.noteWantOfNext({ ...kept, textMaxAgeMillis: 60_000 });
  expect(await sample()).toEqual({ ...nothing, ...kept, textMaxAgeMillis: 60_000 });
  expect(await sample()).toEqual({ ...nothing, allCommandLines: false });
  samples.noteWant({ visiblePids: [] });
  samples.noteWantOfNext({ ...kept, textMaxAgeMillis: 60_000 });
  expect(await sample()).toEqual({ ...nothing, ...kept });
});

test('rows are copied for clients that ask for them, and a sample that was taken for others is too old then', async () => {
  const machine = new Machine();
  machine.world.addProcess(7, { name: 'worker' });
  const samples = new ProcessSamples(new LocalSource(machine.platform, { tier: 'auto' }));
  const told = (): readonly number[] => {
    const { pid, slots } = samples.changes.list.processes;
    return [...slots.rows.subarray(0, slots.count)].map((slot) => pid[slot]!);
  };
  machine.world.pass(1);
  await samples.cache.read(0, () => undefined);
  expect([told(), samples.changes.sequence]).toEqual([[], 0]);
  const asksFor = (): Promise<readonly number[]> => {
    samples.noteRowsWanted();
    return samples.cache.read(1e6, told);
  };
  expect(await asksFor()).toEqual([7]);
  expect(machine.wants).toHaveLength(2);
  expect(await asksFor()).toEqual([7]);
  expect(machine.wants).toHaveLength(2);
  machine.world.addProcess(8, { name: 'another' });
  machine.world.pass(2);
  // One that has begun for somebody else is copied too.
  const others = samples.cache.read(0, () => undefined);
  expect(await asksFor()).toEqual([7, 8]);
  await others;
  expect(machine.wants).toHaveLength(3);
  machine.world.pass(61);
  await samples.cache.read(0, () => undefined);
  const { sequence } = samples.changes;
  expect(samples.cache.latest!.section.sequence).toBeGreaterThan(sequence);
  expect(await asksFor()).toEqual([7, 8]);
});
