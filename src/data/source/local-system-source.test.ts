import { describe, expect, test } from 'bun:test';
import { rejectionOf } from '../../kit/bytes/hostile.fixture.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import type { DisksSection } from '../sample/disks-section.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import type { MachineCollector, Platform } from '../sample/platform.ts';
import { LocalSystemSource } from './local-system-source.ts';

const FOR_EVER = Number.POSITIVE_INFINITY;
const PROCESSES = { machineProcesses: { visiblePids: [] } };

function refuse(): never {
  throw new OpError({ op: 'open network', code: 'EPERM', message: 'not permitted here' });
}

/** A collector whose processes come when the test says so. */
class Collector implements MachineCollector {
  closings = 0;
  collections = 0;
  running = 0;
  mostRunning = 0;
  gate: Promise<void> = Promise.resolve();
  collectMachine = refuse;
  async collectDisks(): Promise<DisksSection> {
    return { sequence: 1, monotonicMicros: 1, durationMicros: 1, errors: [], fileSystems: [], devices: [] };
  }
  async collectProcesses(): Promise<MachineProcesses> {
    this.collections++;
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    await this.gate;
    this.running--;
    return refuse();
  }
  collectProcess = () => Promise.resolve().then(refuse);
  collectJournal = () => Promise.resolve().then(refuse);
  close(): void {
    this.closings++;
  }
}

function sourceOf(collector: Collector): LocalSystemSource {
  const platform: Platform = {
    host: { hostName: 'h', bootId: 'b', bootWallMillis: 0, clockTicksPerSecond: 100, pageSizeBytes: 4096 },
    monotonicMicros: () => performance.now() * 1000,
    openNetwork: refuse,
    openMachine: () => collector,
    tierReports: () => [],
    userName: String,
    signaller: { send: () => 'gone' },
  };
  return new LocalSystemSource(platform, { tier: 'ebpf' });
}

describe('this machine with all its sections', () => {
  test('has its machine where the network cannot be counted, and says why', async () => {
    const source = sourceOf(new Collector());
    const snapshot = await source.sample({ disks: true, network: true }, FOR_EVER);
    expect(snapshot.disks).toBeDefined();
    expect(snapshot.network).toBeUndefined();
    expect(snapshot.errors).toMatchObject([{ code: 'EPERM', message: 'not permitted here' }]);
    expect(snapshot.header).toMatchObject({ hostName: 'h', bootId: 'b' });
    source.close();
  });

  test('collects one thing after another, and the same for two at once', async () => {
    const collector = new Collector();
    const gate = Promise.withResolvers<void>();
    collector.gate = gate.promise;
    const source = sourceOf(collector);
    const both = [source.sample(PROCESSES, FOR_EVER), source.sample(PROCESSES, FOR_EVER)];
    const other = source.sample({ machineProcesses: { visiblePids: [7] } }, FOR_EVER);
    gate.resolve();
    const [first, second] = await Promise.all(both);
    await other;
    expect(first).toBe(second!);
    expect([collector.collections, collector.mostRunning]).toEqual([2, 1]);
    source.close();
  });

  test('does not wait past a deadline, and is not asked without end meanwhile', async () => {
    const collector = new Collector();
    const gate = Promise.withResolvers<void>();
    collector.gate = gate.promise;
    const source = sourceOf(collector);
    expect(await rejectionOf(source.sample(PROCESSES, 0))).toBe('DEADLINE');
    for (let pid = 1; pid < 50; pid++) {
      const want = { machineProcesses: { visiblePids: [pid] } };
      expect(await rejectionOf(source.sample(want, 0))).toBe('DEADLINE');
    }
    expect(collector.collections).toBe(1);
    const late = source.sample(PROCESSES, FOR_EVER);
    gate.resolve();
    expect((await late).errors).toMatchObject([{ code: 'EPERM' }]);
    source.close();
  });

  test('closes when what is under way has ended', async () => {
    const collector = new Collector();
    const gate = Promise.withResolvers<void>();
    collector.gate = gate.promise;
    const source = sourceOf(collector);
    const last = source.sample(PROCESSES, FOR_EVER);
    source.close();
    source.close();
    expect(collector.closings).toBe(0);
    gate.resolve();
    await last;
    await Bun.sleep(0);
    expect(collector.closings).toBe(1);
    expect(await rejectionOf(source.sample(PROCESSES, FOR_EVER))).toBe('CLOSED');
  });
});
