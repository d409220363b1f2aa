import { describe, expect, test } from 'bun:test';
import { webPageSign } from './web-pages.ts';

function sign(address: string, origin: string | undefined, isOpenOnLoopback: boolean): unknown {
  const headers = new Headers(origin === undefined ? {} : { origin });
  return webPageSign(new URL(address), headers, isOpenOnLoopback);
}

describe('a web page', () => {
  test('is known by its origin, on /ws, token or not', () => {
    for (const isOpen of [true, false]) {
      expect(sign('http://127.0.0.1:3000/ws', 'https://evil.example', isOpen)).toEqual({
        origin: 'https://evil.example',
      });
      expect(sign('http://127.0.0.1:3000/ws', 'null', isOpen)).toEqual({ origin: 'null' });
      expect(sign('http://127.0.0.1:3000/ws', undefined, isOpen)).toBeUndefined();
      expect(sign('http://127.0.0.1:3000/metrics', 'http://127.0.0.1:3000', isOpen)).toBeUndefined();
    }
  });

  test('is known by the name it was reached under, where nobody shows a token on loopback', () => {
    for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', 'x']) {
      for (const path of ['/metrics', '/ws']) {
        expect(sign(`http://${host}:3000${path}`, undefined, true)).toEqual({ host });
        expect(sign(`http://${host}:3000${path}`, undefined, false)).toBeUndefined();
      }
    }
    for (const host of [
      '127.0.0.1',
      '127.0.0.1:3000',
      '10.0.0.1',
      '[::1]:3000',
      'localhost',
      'LOCALHOST:1',
    ]) {
      expect(sign(`http://${host}/metrics`, undefined, true)).toBeUndefined();
    }
  });

  test('fills no line of the log', () => {
    expect(sign('http://localhost/ws', 'x'.repeat(9000), false)).toEqual({ origin: 'x'.repeat(300) });
  });
});
