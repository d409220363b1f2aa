import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { shownUrl } from './shown-url.ts';

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
