import { expect, test } from 'bun:test';
import { parseRate } from './rate.ts';

test('rates with a unit are understood', () => {
  expect(parseRate('10M')).toBe(10_485_760);
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
