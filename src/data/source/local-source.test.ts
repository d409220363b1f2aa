import { describe, expect, test } from 'bun:test';
import { OpError } from '../../kit/errors/op-error.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import type { NetworkSample } from '../sample/network-sample.ts';
import type { MachineCollector, NetworkCollector, NetworkOptions, Platform } from '../sample/platform.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import type { Slice } from '../sample/slice.ts';
import type { DisksSection } from '../schema/disks-section.ts';
import { LocalSource } from './local-source.ts';
import { TimeSlice } from './source.ts';

const NETWORK = { network: true } as const;
const FOR_EVER = Number.POSITIVE_INFINITY;

/** A collector whose collections end when the test says so. */
class ScriptedCollector implements NetworkCollector {
  readonly tier = 'netlink';
  readonly world = new SampleWorld();
  drainMillis = FOR_EVER;
  /** What a drain does; the second argument of the promise that a test awaits. */
  drained: () => void = () => undefined;
  collections = 0;
  running = 0;
  mostRunning = 0;
  closings = 0;
  fails: OpError | undefined;
  gate: Promise<void> = Promise.resolve();

  async collect(slice: Slice): Promise<NetworkSample> {
    this.collections++;
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    await slice.rest();
    await this.gate;
    this.running--;
    if (this.fails !== undefined) throw this.fails;
    return this.world.sample();
  }

  drainClosings(): void {
    this.drained();
  }

  drainWithinMillis(): number {
    return this.drainMillis;
  }

  commandLine(): string | undefined {
    return undefined;
  }

  cgroup(): string | undefined {
    return undefined;
  }

  close(): void {
    this.closings++;
  }
}

function open(
  collector: ScriptedCollector,
  opening: (options: NetworkOptions) => void = () => {},
  listsFirst = false,
): LocalSource {
  const platform: Platform = {
    host: {
      hostName: 'web-1',
      bootId: 'boot',
      bootWallMillis: 0,
      clockTicksPerSecond: 100,
      pageSizeBytes: 4096,
    },
    monotonicMicros: () => performance.now() * 1000,
    openListing: (tier) => {
      opening({ tier: 'proc' });
      return Object.assign(collector, {
        beginCounting(options: NetworkOptions) {
          expect(options.tier).toBe(tier);
          opening(options);
        },
      });
    },
    openNetwork: (options: NetworkOptions) => {
      opening(options);
      return collector;
    },
    tierReports: () => [],
    userName: String,
    signaller: { send: () => 'gone' },
  };
  return new LocalSource(platform, { tier: 'auto', listsFirst });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return thrown instanceof OpError ? thrown.code : 'no OpError';
}

describe('the network of this machine', () => {
  test('collects what is asked for', async () => {
    const collector = new ScriptedCollector();
    const source = open(collector);
    const { network, header } = await source.sample(NETWORK, FOR_EVER);
    expect([network?.sequence, header.hostName, header.bootId]).toEqual([1, 'web-1', 'boot']);
    expect(header.monotonicMicros).toBe(collector.world.monotonicMicros);
    expect((await source.sample({}, FOR_EVER)).network).toBeUndefined();
    expect(collector.collections).toBe(1);
  });

  test('where only a list is wanted first, counting begins with the second collection, in an epoch of its own', async () => {
    const collector = new ScriptedCollector();
    const tiers: string[] = [];
    const source = open(collector, ({ tier }) => tiers.push(tier), true);
    const epochs: number[] = [];
    for (let sample = 0; sample < 3; sample++) {
      const { header, network } = await source.sample(NETWORK, FOR_EVER);
      epochs.push(header.epoch);
      expect(network?.sequence).toBe(sample + 1);
    }
    expect(tiers).toEqual(['proc', 'auto']);
    expect(collector.closings).toBe(0);
    expect(epochs.map((epoch) => epoch - epochs[0]!)).toEqual([0, 1, 1]);
  });

  test('a counting that cannot begin is an error, and tried again', async () => {
    const collector = new ScriptedCollector();
    let isRefused = true;
    const refuse = ({ tier }: NetworkOptions): void => {
      if (tier === 'auto' && isRefused) throw new OpError({ op: 'open tier', code: 'UNSUPPORTED' });
    };
    const source = open(collector, refuse, true);
    await source.sample(NETWORK, FOR_EVER);
    const { errors, network } = await source.sample(NETWORK, FOR_EVER);
    expect([errors[0]?.code, network]).toEqual(['UNSUPPORTED', undefined]);
    isRefused = false;
    expect((await source.sample(NETWORK, FOR_EVER)).network?.sequence).toBe(2);
  });

  test('never collects twice at once; a late collection answers the next call', async () => {
    const collector = new ScriptedCollector();
    const source = open(collector);
    const gate = Promise.withResolvers<void>();
    collector.gate = gate.promise;
    expect(await codeOf(source.sample(NETWORK, 0))).toBe('DEADLINE');
    const both = [source.sample(NETWORK, FOR_EVER), source.sample(NETWORK, FOR_EVER)];
    gate.resolve();
    const [first, second] = await Promise.all(both);
    expect([first?.network?.sequence, second?.network?.sequence]).toEqual([1, 1]);
    expect([collector.collections, collector.mostRunning]).toEqual([1, 1]);
    expect((await source.sample(NETWORK, FOR_EVER)).network?.sequence).toBe(2);
  });

  test('a collection that fails is a missing section with its reason, and the next one may succeed', async () => {
    const collector = new ScriptedCollector();
    const source = open(collector);
    collector.fails = new OpError({ op: 'recv', code: 'EPERM', message: 'recv: EPERM' });
    const snapshot = await source.sample(NETWORK, FOR_EVER);
    expect(snapshot.network).toBeUndefined();
    expect(snapshot.errors).toEqual([{ op: 'recv', code: 'EPERM', message: 'recv: EPERM' }]);
    collector.fails = undefined;
    expect((await source.sample(NETWORK, FOR_EVER)).network).toBeDefined();
  });

  test('another basis of counting is another epoch, with accounts that begin anew', async () => {
    const collector = new ScriptedCollector();
    const source = open(collector);
    collector.world.addProcess(7);
    const before = await source.sample(NETWORK, FOR_EVER);
    collector.world.addSocket({ pid: 7, tx: 100 });
    const same = await source.sample(NETWORK, FOR_EVER);
    expect(same.header.epoch).toBe(before.header.epoch);
    collector.world.counted = 'l3';
    const after = await source.sample(NETWORK, FOR_EVER);
    expect(after.header.epoch).not.toBe(before.header.epoch);
    const traffic = after.network?.traffic;
    expect(traffic?.txBytes.every((bytes) => bytes === 0)).toBe(true);
  });

  test('counters that could not be read once begin no other epoch, and go on where they were', async () => {
    const collector = new ScriptedCollector();
    const { world } = collector;
    const source = open(collector);
    world.addProcess(7);
    const socket = world.addSocket({ pid: 7, tx: 100 });
    const { header } = await source.sample(NETWORK, FOR_EVER);
    const counted: unknown[] = [];
    for (const basis of ['none', 'payload'] as const) {
      world.counted = basis;
      if (basis !== 'none') world.grow(socket, 50, 0);
      const { network, header: now } = await source.sample(NETWORK, FOR_EVER);
      const sent = network!.traffic.txBytes.reduce((sum, bytes) => sum + bytes);
      counted.push([now.epoch - header.epoch, network!.counted, sent]);
    }
    expect(counted).toEqual([
      [0, 'none', 100],
      [0, 'payload', 150],
    ]);
  });

  test('drains between samples as often as the collector says, and reports what goes wrong there', async () => {
    const collector = new ScriptedCollector();
    const source = open(collector);
    collector.drainMillis = 5;
    const twice = Promise.withResolvers<void>();
    let drains = 0;
    collector.drained = () => {
      if (++drains === 2) twice.resolve();
    };
    await source.sample(NETWORK, FOR_EVER);
    await twice.promise;
    const failed = Promise.withResolvers<void>();
    collector.drained = () => {
      failed.resolve();
      throw new OpError({ op: 'recv', code: 'ENOBUFS' });
    };
    await failed.promise;
    expect((await source.sample(NETWORK, FOR_EVER)).errors.map(({ code }) => code)).toEqual(['ENOBUFS']);
    source.close();
  });

  test('drains when the collector has something although it had said that nothing comes', async () => {
    const collector = new ScriptedCollector();
    let queued: (() => void) | undefined;
    const source = open(collector, ({ onQueued }) => {
      queued = onQueued;
    });
    await source.sample(NETWORK, FOR_EVER);
    let drains = 0;
    collector.drained = () => drains++;
    queued?.();
    expect(drains).toBe(1);
    // A collection drains by itself.
    const gate = Promise.withResolvers<void>();
    collector.gate = gate.promise;
    const sampled = source.sample(NETWORK, FOR_EVER);
    while (collector.running === 0) await Bun.sleep(0);
    queued?.();
    gate.resolve();
    await sampled;
    expect(drains).toBe(1);
    source.close();
    queued?.();
    expect(drains).toBe(1);
  });

  test('is opened by the first sample, and tried again where it cannot be', async () => {
    const collector = new ScriptedCollector();
    let failures = 1;
    let opened = 0;
    const source = open(collector, () => {
      opened++;
      if (failures-- > 0) throw new OpError({ op: 'open', code: 'EPERM' });
    });
    expect(opened).toBe(0);
    expect((await source.sample(NETWORK, FOR_EVER)).errors).toMatchObject([
      { op: 'collect network', code: 'EPERM' },
    ]);
    expect((await source.sample(NETWORK, FOR_EVER)).network).toBeDefined();
    await source.openNetwork();
    expect(opened).toBe(2);
    source.close();
    expect(collector.closings).toBe(1);
  });

  test('close waits for the collection under way, and then nothing is collected', async () => {
    const collector = new ScriptedCollector();
    const source = open(collector);
    const gate = Promise.withResolvers<void>();
    collector.gate = gate.promise;
    const last = source.sample(NETWORK, FOR_EVER);
    source.close();
    source.close();
    expect(collector.closings).toBe(0);
    gate.resolve();
    await last;
    expect(collector.closings).toBe(1);
    expect(await codeOf(source.sample(NETWORK, FOR_EVER))).toBe('CLOSED');
  });
});

const PROCESSES = { machineProcesses: { visiblePids: [] } };

function refuse(): never {
  throw new OpError({ op: 'open network', code: 'EPERM', message: 'not permitted here' });
}

/** A collector whose processes come when the test says so. */
class ScriptedMachine implements MachineCollector {
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

function sourceOf(openMachine?: Platform['openMachine']): LocalSource {
  const platform: Platform = {
    host: { hostName: 'h', bootId: 'b', bootWallMillis: 0, clockTicksPerSecond: 100, pageSizeBytes: 4096 },
    monotonicMicros: () => performance.now() * 1000,
    openNetwork: refuse,
    tierReports: () => [],
    userName: String,
    signaller: { send: () => 'gone' },
    ...(openMachine === undefined ? {} : { openMachine }),
  };
  return new LocalSource(platform, { tier: 'ebpf' });
}

describe('this machine with all its sections', () => {
  test('has its machine where the network cannot be counted, and says why', async () => {
    const source = sourceOf(() => new ScriptedMachine());
    const snapshot = await source.sample({ disks: true, network: true }, FOR_EVER);
    expect(snapshot.disks).toBeDefined();
    expect(snapshot.network).toBeUndefined();
    expect(snapshot.errors).toMatchObject([{ code: 'EPERM', message: 'not permitted here' }]);
    expect(snapshot.header).toMatchObject({ hostName: 'h', bootId: 'b' });
    source.close();
  });

  test('collects one thing after another, and the same for two at once', async () => {
    const collector = new ScriptedMachine();
    const gate = Promise.withResolvers<void>();
    collector.gate = gate.promise;
    const source = sourceOf(() => collector);
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
    const collector = new ScriptedMachine();
    const gate = Promise.withResolvers<void>();
    collector.gate = gate.promise;
    const source = sourceOf(() => collector);
    expect(await codeOf(source.sample(PROCESSES, 0))).toBe('DEADLINE');
    for (let pid = 1; pid < 50; pid++) {
      const want = { machineProcesses: { visiblePids: [pid] } };
      expect(await codeOf(source.sample(want, 0))).toBe('DEADLINE');
    }
    expect(collector.collections).toBe(1);
    const late = source.sample(PROCESSES, FOR_EVER);
    gate.resolve();
    expect((await late).errors).toMatchObject([{ code: 'EPERM' }]);
    source.close();
  });

  test('closes when what is under way has ended', async () => {
    const collector = new ScriptedMachine();
    const gate = Promise.withResolvers<void>();
    collector.gate = gate.promise;
    const source = sourceOf(() => collector);
    const last = source.sample(PROCESSES, FOR_EVER);
    source.close();
    source.close();
    expect(collector.closings).toBe(0);
    gate.resolve();
    await last;
    await Bun.sleep(0);
    expect(collector.closings).toBe(1);
    expect(await codeOf(source.sample(PROCESSES, FOR_EVER))).toBe('CLOSED');
  });

  test('opens nothing before it is asked, and one collector for all', async () => {
    let opened = 0;
    const collector = new ScriptedMachine();
    const source = sourceOf(() => {
      opened++;
      return collector;
    });
    expect(await source.collect({})).toMatchObject({ errors: [] });
    expect(opened).toBe(0);
    await source.collect({ disks: true });
    await source.collect({ disks: true });
    expect(opened).toBe(1);
    source.close();
    expect(collector.closings).toBe(1);
  });

  test('a section that fails leaves the others there and says why', async () => {
    const source = sourceOf(() => new ScriptedMachine());
    const want = { machine: true, disks: true, ...PROCESSES, journal: 1, processDetail: 1 };
    const { header: _header, errors, ...sections } = await source.collect(want);
    expect(Object.keys(sections)).toEqual(['disks']);
    expect(errors.map(({ code }) => code)).toEqual(['EPERM', 'EPERM', 'EPERM', 'EPERM']);
    expect(await source.section('disks', true)).toMatchObject({ sequence: 1 });
    expect(await codeOf(source.section('machine', true))).toBe('EPERM');
  });

  test('a platform without any says so', async () => {
    const { errors, disks } = await sourceOf().collect({ disks: true });
    expect(disks).toBeUndefined();
    expect(errors).toMatchObject([{ op: 'collect disks', code: 'ENOTSUP' }]);
  });
});

test('a slice is due after two milliseconds of work, and not right after a rest', async () => {
  const slice = new TimeSlice();
  const start = performance.now();
  while (performance.now() - start < 2.5) slice.due();
  expect(slice.due()).toBe(true);
  await slice.rest();
  expect(slice.due()).toBe(false);
});
