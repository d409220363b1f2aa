import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { isRefused } from './refused.ts';
import { sanitizeLine } from './sanitize.ts';

test('a hostile name stays one harmless line', () => {
  expect(sanitizeLine('\x1b]0;owned\x07')).toBe('·]0;owned·');
  expect(sanitizeLine('a\r\nb\tc\x7f\x9b2J')).toBe('a··b·c··2J');
  expect(sanitizeLine('exe\u202etxt.\u2066x\u2069\u200f')).toBe('exe·txt.·x··');
  expect(sanitizeLine('\ud83d|\ude42|\u2028')).toBe('\ufffd|\ufffd|·');
});

test('good text is left alone', () => {
  const text = 'nginx: 工作进程 🙂 é ▲ 👩‍👩‍👧';
  expect(sanitizeLine(text)).toBe(text);
});

test('nothing refused is left, and nothing else is touched', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const before = [...text].map((character) => character.codePointAt(0)!);
      const after = [...sanitizeLine(text)].map((character) => character.codePointAt(0)!);
      expect(after.some(isRefused)).toBe(false);
      expect(after.length).toBe(before.length);
      before.forEach((code, i) => {
        if (!isRefused(code)) expect(after[i]).toBe(code);
      });
    }),
  );
});
