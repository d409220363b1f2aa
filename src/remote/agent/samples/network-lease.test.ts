import { describe, expect, test } from 'bun:test';
import type { NetworkCollector, Platform } from '../../../data/sample/platform.ts';
import { SampleWorld } from '../../../data/sample/sample-world.fixture.ts';
import { LocalSource } from '../../../data/source/local-source.ts';
import { NetworkAccounting } from './network-lease.ts';

/** Long beside what a loaded machine may hold a test up. */
const LEASE_MILLIS = 1500;

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

  readonly source = new LocalSource(this.platform, { tier: 'auto' });

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
    const accounting = new NetworkAccounting(machine.source);
    expect(machine.opened).toBe(0);
    const epoch = () => accounting.read(0, LEASE_MILLIS, ({ header }) => header.epoch);
    const first = await epoch();
    const asked = performance.now();
    await Bun.sleep(20);
    expect(await epoch()).toBe(first);
    expect([machine.opened, accounting.isOpen]).toEqual([1, true]);
    await until(() => machine.open === 0);
    expect(performance.now() - asked).toBeGreaterThan(LEASE_MILLIS);
    expect(accounting.isOpen).toBe(false);
    await Bun.sleep(2);
    expect(await epoch()).not.toBe(first);
    expect(machine.opened).toBe(2);
    accounting.close();
    expect(machine.open).toBe(0);
    await expect(epoch()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('is held open by the longest lease', async () => {
    const machine = new Machine();
    const accounting = new NetworkAccounting(machine.source);
    const read = (leaseMillis: number) => accounting.read(0, leaseMillis, () => undefined);
    await read(LEASE_MILLIS);
    await read(1);
    await Bun.sleep(20);
    expect(machine.open).toBe(1);
    await until(() => machine.open === 0);
    accounting.close();
  });
});
