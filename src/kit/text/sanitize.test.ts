import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isRefused, sanitizeLine, shownUrl } from './sanitize.ts';

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

describe('a URL as it may be shown', () => {
  test.each([
    ['ws://h:3000/ws', 'ws://h:3000/ws'],
    ['h:3000', 'h:3000'],
    ['ws://[::1]:3000/a?token=secret#x', 'ws://[::1]:3000/a'],
    ['ws://user:se@cret@host/ws', 'ws://host/ws'],
    ['ws:user:secretpw@host/ws', 'ws://host/ws'],
    ['ws:/user:secretpw@host/ws', 'ws://host/ws'],
    ['ws:\\\\user:secretpw@host/ws', 'ws://host/ws'],
    ['ws://user:sec/ret@host', 'ws://host'],
    ['ws://user:secret%40host', 'ws://host'],
    [' ws://user:secret@host', 'host'],
    ['secret@host', 'host'],
    ['ws://user:sec?ret@host', 'ws://...'],
    ['ws://host/ws?token=sec@ret', 'ws://...'],
    ['ws://host/ws%3Ftoken=secret', 'ws://host/ws'],
    ['ws://h/\u001b[2J', 'ws://h/·[2J'],
  ])('%p is %p', (text, shown) => {
    expect(shownUrl(text)).toBe(shown);
  });

  test('never holds a piece of a password or a token', () => {
    // Capital letters stand nowhere else.
    const secret = fc
      .array(fc.oneof(fc.constantFrom(...'/\\@:?#&=%[] \t\n'), fc.constantFrom(...'SECRET')), {
        minLength: 1,
      })
      .map((letters) => letters.join(''));
    const begin = fc.constantFrom('ws://', 'wss:', 'ws:/', 'ws:\\\\', 'http://', 'h', '', ' ws://', 'ws//');
    fc.assert(
      fc.property(begin, secret, secret, (scheme, password, token) => {
        for (const text of [
          `${scheme}user:${password}@host/ws`,
          `${scheme}${password}@host:3000`,
          `${scheme}user:${password}%40host/ws?token=${token}`,
          `${scheme}host:3000/ws?token=${token}`,
          `${scheme}host/ws?x=1&token=${token}#${token}`,
        ]) {
          expect(shownUrl(text)).not.toMatch(/[SECRT]/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
