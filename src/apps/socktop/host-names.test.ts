import { expect, test } from 'bun:test';
import { distinctNames } from './host-names.ts';

test('hosts that are called the same are told apart by a number', () => {
  expect(distinctNames(['web', 'db', 'web', 'web'])).toEqual(['web', 'db', 'web (2)', 'web (3)']);
  expect(distinctNames([])).toEqual([]);
});
