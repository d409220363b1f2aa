import { expect, test } from 'bun:test';
import { fingerprintLines } from './agent-connect.ts';

test('a fingerprint stands in one line where it fits, else in two halves', () => {
  const bytes = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase());
  const whole = bytes.join(':');
  const halves = [bytes.slice(0, 16).join(':'), bytes.slice(16).join(':')];
  expect(fingerprintLines(whole, undefined)).toEqual([whole]);
  expect(fingerprintLines(whole, 107)).toEqual([whole]);
  expect(fingerprintLines(whole, 106)).toEqual(halves);
  expect(fingerprintLines(whole, 80)).toEqual(halves);
});
