import { describe, expect, test } from 'bun:test';
import { NetworkAttribution } from '../../../data/attribution/network-attribution.ts';
import type { NetworkCollector, Platform } from '../../../data/sample/platform.ts';
import { SampleWorld } from '../../../data/sample/sample-world.fixture.ts';
import { unknownProcessRow } from '../../wire/process-row.ts';
import { NetworkAccounting } from './network-accounting.ts';
import { NetworkTotals } from './network-totals.ts';

/** Long beside what a loaded machine may hold a test up. */
const LEASE_MILLIS = 500;

/** A machine whose network collectors are counted. */
class Machine {
  opened = 0;
  open = 0;
  readonly platform: Platform = {
    host: { hostName: 'h', bootId: 'b', bootWallMillis: 0, clockTicksPerSecond: 100, pageSizeBytes: 4096 },
    monotonicMicros: () => performance.now() * 1000,
    openNetwork: () => this.#collector(),
    tierReports: () => [],
    userName: String,
    signaller: { send: () => 'gone' },
  };

  #collector(): NetworkCollector {
    const world = new SampleWorld();
    this.opened++;
    this.open++;
    return {
      tier: 'netlink',
      collect: () => Promise.resolve(world.sample()),
      drainClosings: () => undefined,
      drainWithinMillis: () => Number.POSITIVE_INFINITY,
      commandLine: () => undefined,
      cgroup: () => undefined,
      close: () => {
        this.open--;
      },
    };
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Bun.sleep(1);
}

describe('network accounting', () => {
  test('begins with the first request, ends some time after the last, and begins anew with another epoch', async () => {
    const machine = new Machine();
    const accounting = new NetworkAccounting(machine.platform);
    let ends = 0;
    accounting.onEnd = () => ends++;
    expect(machine.opened).toBe(0);
    const epoch = () => accounting.read(0, LEASE_MILLIS, ({ header }) => header.epoch);
    const first = await epoch();
    const asked = performance.now();
    await Bun.sleep(20);
    expect(await epoch()).toBe(first);
    expect([machine.opened, accounting.isOpen]).toEqual([1, true]);
    await until(() => machine.open === 0);
    expect(performance.now() - asked).toBeGreaterThan(LEASE_MILLIS);
    expect([ends, accounting.isOpen]).toEqual([1, false]);
    await Bun.sleep(2);
    expect(await epoch()).not.toBe(first);
    expect(machine.opened).toBe(2);
    accounting.close();
    expect(machine.open).toBe(0);
    expect(epoch()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('is held open by the longest lease', async () => {
    const machine = new Machine();
    const accounting = new NetworkAccounting(machine.platform);
    const read = (leaseMillis: number) => accounting.read(0, leaseMillis, () => undefined);
    await read(LEASE_MILLIS);
    await read(1);
    await Bun.sleep(20);
    expect(machine.open).toBe(1);
    await until(() => machine.open === 0);
    accounting.close();
  });
});

describe('bytes of processes', () => {
  const attribution = new NetworkAttribution({
    commandLine: () => undefined,
    cgroup: () => undefined,
    userName: String,
  });

  test('are the sums of their traffic, with rates from the second sample on', () => {
    const world = new SampleWorld();
    const totals = new NetworkTotals();
    const row = unknownProcessRow();
    totals.fill(row);
    expect([row.netRxBytes, row.netTxRate]).toEqual([Number.NaN, Number.NaN]);
    world.addProcess(7);
    totals.absorb(attribution.absorb(world.sample()), 1);
    const socket = world.addSocket({ pid: 7, tx: 100 });
    expect(socket).toBeDefined();
    totals.absorb(attribution.absorb(world.sample()), 1);
    const { processes } = world.sample();
    row.pid = 7;
    row.startTicks = processes.startTicks[processes.find(7)]!;
    totals.fill(row);
    expect(row.netTxBytes).toBe(100);
    expect(row.netTxRate).toBeGreaterThan(0);
    row.startTicks++;
    totals.fill(row);
    expect([row.netTxBytes, row.netTxRate]).toEqual([0, 0]);
    totals.clear();
    totals.fill(row);
    expect(row.netTxBytes).toBeNaN();
  });
});
