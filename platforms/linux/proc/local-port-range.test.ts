import { expect, test } from 'bun:test';
import { parseFirstLocalPort, readFirstLocalPort } from './local-port-range.ts';

test('the first port of the range is read, and nothing else is taken for one', () => {
  expect(parseFirstLocalPort('32768\t60999\n')).toBe(32_768);
  expect(parseFirstLocalPort('1024 65535')).toBe(1024);
  for (const text of ['', '32768', '0 1', '65536 70000', '-1 5', '1 2 3', 'a b']) {
    expect(parseFirstLocalPort(text)).toBeUndefined();
  }
});

test('this machine has one, and where there is none the usual one is assumed', () => {
  expect(readFirstLocalPort('/proc')).toBeGreaterThan(0);
  expect(readFirstLocalPort('/proc/nonexistent')).toBe(32_768);
});
