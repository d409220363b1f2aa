import { describe, expect, test } from 'bun:test';
import { OpError } from '../../kit/errors/op-error.ts';
import type { NetworkSample } from '../sample/network-sample.ts';
import type { NetworkCollector, NetworkOptions, Platform } from '../sample/platform.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import type { Slice } from '../sample/slice.ts';
import { openLocalSource } from './local-source.ts';
import type { Source } from './source.ts';
import { TimeSlice } from './time-slice.ts';

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

function open(collector: ScriptedCollector): Source {
  const platform: Platform = {
    host: {
      hostName: 'web-1',
      bootId: 'boot',
      bootWallMillis: 0,
      clockTicksPerSecond: 100,
      pageSizeBytes: 4096,
    },
    monotonicMicros: () => performance.now() * 1000,
    openNetwork: (_: NetworkOptions) => collector,
    tierReports: () => [],
    userName: String,
    signaller: { send: () => 'gone' },
  };
  return openLocalSource(platform, { tier: 'auto' });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return thrown instanceof OpError ? thrown.code : 'no OpError';
}

describe('local source', () => {
  test('collects what is asked for', async () => {
    const collector = new ScriptedCollector();
    const source = open(collector);
    const { network, header } = await source.sample(NETWORK, FOR_EVER);
    expect([network?.sequence, header.hostName, header.bootId]).toEqual([1, 'web-1', 'boot']);
    expect(header.monotonicMicros).toBe(collector.world.monotonicMicros);
    expect((await source.sample({}, FOR_EVER)).network).toBeUndefined();
    expect(collector.collections).toBe(1);
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

test('a slice is due after two milliseconds of work, and not right after a rest', async () => {
  const slice = new TimeSlice();
  const start = performance.now();
  while (performance.now() - start < 2.5) slice.due();
  expect(slice.due()).toBe(true);
  await slice.rest();
  expect(slice.due()).toBe(false);
});
