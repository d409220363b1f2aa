import { expect, test } from 'bun:test';
import { shownHostName } from './host-name.ts';

test.each([
  [['one.one.one.one'], 'one.one.one.one'],
  [['root.example.'], 'root.example'],
  [['', '  ', '.', 'second.example'], 'second.example'],
  [['a\u001b[2Jb\u202e.example'], 'a\u00b7[2Jb\u00b7.example'],
  [['8.8.8.8', '2001:4860::1', 'real.example'], 'real.example'],
  [['10.0.0.1.'], undefined],
  [[], undefined],
] as const)('%j is shown as %j', (names, shown) => {
  expect(shownHostName(names)).toBe(shown);
});

test('at most 253 characters, and no half of one at the cut', () => {
  expect(shownHostName(['x'.repeat(5000)])).toBe('x'.repeat(253));
  expect(shownHostName([`${'x'.repeat(252)}\u{1f600}`])).toBe(`${'x'.repeat(252)}\ufffd`);
});
