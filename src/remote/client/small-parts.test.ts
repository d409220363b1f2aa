import { describe, expect, test } from 'bun:test';
import type { Capabilities } from '../wire/v2-reply.ts';
import { OriginalClock } from './original-machine.ts';
import { Backoff, Wakening } from './reconnection.ts';
import { versionNotice } from './remote-source.ts';

describe('delays between tries', () => {
  test('grow to half a minute, and are shortened by chance to no less than half', () => {
    const longest = new Backoff(() => 1);
    const delays = Array.from({ length: 12 }, () => longest.nextMillis());
    expect(delays.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
    expect(delays.at(-1)).toBe(30_000);
    expect(new Backoff(() => 0).nextMillis()).toBe(250);
  });

  test('begin again after a connection that lasted, and not after one that did not', () => {
    const backoff = new Backoff(() => 1);
    backoff.nextMillis();
    backoff.ended(100);
    expect(backoff.nextMillis()).toBe(1000);
    backoff.ended(60_000);
    expect(backoff.nextMillis()).toBe(500);
  });
});

describe('the time of an agent that tells wall time alone', () => {
  test('goes on by its own clock, which knows when the sample was taken', () => {
    const clock = new OriginalClock();
    clock.advance(1_000_000, 5e6);
    expect(clock.advance(1_000_400, 5.5e6)).toBe(true);
    expect(clock.micros).toBe(5.4e6);
  });

  test.each([
    ['back by an hour', -3_600_000],
    ['forward by a year', 31_536_000_000],
  ])('goes on by ours where that clock is set %s', (_, step) => {
    const clock = new OriginalClock();
    clock.advance(1_000_000, 5e6);
    expect(clock.advance(1_000_500 + step, 5.5e6)).toBe(true);
    expect(clock.micros).toBe(5.5e6);
    expect(clock.advance(1_001_000 + step, 6e6)).toBe(true);
    expect(clock.micros).toBe(6e6);
  });

  test('does not go on for the same sample', () => {
    const clock = new OriginalClock();
    clock.advance(1_000_000, 5e6);
    expect(clock.advance(1_000_000, 5.1e6)).toBe(false);
    expect(clock.micros).toBe(5e6);
    const silent = new OriginalClock();
    silent.advance(undefined, 5e6);
    expect(silent.advance(undefined, 6e6)).toBe(true);
    expect(silent.micros).toBe(6e6);
  });
});

describe('a machine that slept', () => {
  test('is known by its wall clock, which went on; once for each sleep, and not after it was stopped', async () => {
    let offsetMillis = 1e12;
    let woken = 0;
    const first = Promise.withResolvers<void>();
    const wakening = new Wakening(
      () => {
        woken++;
        first.resolve();
      },
      () => offsetMillis,
    );
    wakening.start();
    offsetMillis += 3_600_000;
    await first.promise;
    await Bun.sleep(1500);
    expect(woken).toBe(1);
    wakening.stop();
    offsetMillis += 3_600_000;
    await Bun.sleep(1500);
    expect(woken).toBe(1);
  });
});

describe('versions of both ends', () => {
  const agent = (version: string, notice?: string): Capabilities => ({
    ...{
      version,
      platform: 'linux',
      pid: 1,
      requests: [],
      networkTier: undefined,
      counted: undefined,
      tiers: [],
    },
    ...{ missing: [], hasToken: false, metricsTtlMillis: 0, processesTtlMillis: 0, disksTtlMillis: 0 },
    notice,
  });

  test('are told where they differ', () => {
    expect(versionNotice(agent('1.2.3'), '1.2.3')).toBeUndefined();
    expect(versionNotice(agent('1.2.2'), '1.2.3')).toContain('the agent is version 1.2.2, older');
    expect(versionNotice(agent('1.10.0'), '1.9.0')).toContain('this program is version 1.9.0, older');
    expect(versionNotice(agent('?'), '1.9.0')).toContain('version ?');
    expect(versionNotice(agent('1.2.3', 'update me'), '1.2.3')).toBe('update me');
  });
});
