import { expect, test } from 'bun:test';
import { durationText, parseDurationMillis, parseRate } from './units.ts';

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

test('rates with a unit are understood', () => {
  expect(parseRate('10M')).toBe(10_485_760);
  expect(parseRate('10Mbit')).toBe(1_250_000);
  expect(parseRate('800bit/s')).toBe(100);
  expect(parseRate('1.5 Gbit/s')).toBe(187_500_000);
  expect(parseRate('500k')).toBe(512_000);
  expect(parseRate('1.5G')).toBe(1_610_612_736);
  expect(parseRate('1 MB/s')).toBe(1_048_576);
  expect(parseRate('2048')).toBe(2048);
  expect(parseRate('7B')).toBe(7);
});

test('everything else is refused, zero too', () => {
  for (const text of [
    '',
    '0',
    '0M',
    '-1M',
    'M',
    '1X',
    '1e3',
    'NaN',
    '1..5M',
    '10M/h',
    ' 1M',
    '1M ',
    '9999999999',
  ]) {
    expect(parseRate(text)).toBeUndefined();
  }
});
