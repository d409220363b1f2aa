import { expect, test } from 'bun:test';
import { secondsEastOfUtc } from './clock.ts';

const SCRIPT = `${import.meta.dir}/local-time.fixture.ts`;
/** Summer time begins on 2026-03-29 and ends on 2026-10-25, at 01:00 UTC. */
const BERLIN = 'CET-1CEST,M3.5.0,M10.5.0/3';
const HOUR = 3600;

/** What a process whose time zone is `zone` finds at some wall times, in seconds. */
function offsetsIn(zone: string, wallMillis: readonly number[]): readonly number[] {
  const run = Bun.spawnSync([process.execPath, SCRIPT, ...wallMillis.map(String)], {
    env: { ...process.env, TZ: zone },
  });
  return JSON.parse(run.stdout.toString());
}

test('local time follows the rules of its zone, on both sides of UTC', () => {
  const spring = Date.UTC(2026, 2, 29, 1);
  const autumn = Date.UTC(2026, 9, 25, 1);
  const times = [spring - 1, spring, autumn - 1, autumn, 0, -1];
  expect(offsetsIn(BERLIN, times)).toEqual([HOUR, 2 * HOUR, 2 * HOUR, HOUR, HOUR, HOUR]);
  expect(offsetsIn('NST3:30', [0, spring])).toEqual([-3.5 * HOUR, -3.5 * HOUR]);
  expect(offsetsIn('UTC0', [0, spring])).toEqual([0, 0]);
});

test('what is no date has no offset', () => {
  for (const wallMillis of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, 1e19]) {
    expect(secondsEastOfUtc(wallMillis)).toBeNaN();
  }
});
