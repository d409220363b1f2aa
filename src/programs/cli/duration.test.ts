import { expect, test } from 'bun:test';
import { durationText, parseDurationMillis } from './duration.ts';

test('durations with a unit are understood, to the millisecond', () => {
  expect(parseDurationMillis('100ms')).toBe(100);
  expect(parseDurationMillis('1s')).toBe(1000);
  expect(parseDurationMillis('1.5s')).toBe(1500);
  expect(parseDurationMillis('2m')).toBe(120_000);
  expect(parseDurationMillis('1h')).toBe(3_600_000);
});

test('everything else is refused', () => {
  for (const text of ['', '1', 's', '-1s', '1 s', '1S', '1e3ms', 'NaNs', '1s1s', '0x10ms', '9999999999ms']) {
    expect(parseDurationMillis(text)).toBeUndefined();
  }
});

test('a written duration reads back as itself', () => {
  for (const millis of [100, 250, 500, 1000, 2500, 10_000]) {
    expect(parseDurationMillis(durationText(millis))).toBe(millis);
  }
});
