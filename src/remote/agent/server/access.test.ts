import { describe, expect, test } from 'bun:test';
import { Access, isLoopback, unmappedAddress, webPageSign } from './access.ts';

const TOKEN = 'changeme';

function url(query = ''): URL {
  return new URL(`http://agent/ws${query}`);
}

describe('who is let in', () => {
  test('everybody where there is no token', () => {
    expect(new Access(undefined).judge(url(), null, '10.0.0.1', 0)).toBe('granted');
  });

  test('who shows it, in the query or the header', () => {
    const access = new Access(TOKEN);
    const verdict = (query: string, header: string | null) => access.judge(url(query), header, '10.0.0.1', 0);
    expect(verdict(`?token=${TOKEN}`, null)).toBe('granted');
    expect(verdict('', `Bearer ${TOKEN}`)).toBe('granted');
    expect(verdict('?token=wrong', `bearer ${TOKEN}`)).toBe('granted');
    for (const header of [null, TOKEN, `Basic ${TOKEN}`, 'Bearer ', `Bearer ${TOKEN}x`]) {
      expect(verdict('', header)).toBe('refused');
    }
    expect(verdict('?token=', null)).toBe('refused');
  });

  test('a token may hold any sign, and is found where it is percent-encoded', () => {
    const token = 'a&b=c%/+#?';
    const access = new Access(token);
    expect(access.judge(url(`?token=${encodeURIComponent(token)}`), null, '::1', 0)).toBe('granted');
  });

  test('what is far too long is not looked at', () => {
    const access = new Access('x'.repeat(2000));
    expect(access.judge(url(`?token=${'x'.repeat(2000)}`), null, '::1', 0)).toBe('refused');
  });
});

describe('whoever fails again and again', () => {
  function failTimes(access: Access, address: string, times: number, nowMillis = 0): string[] {
    return Array.from({ length: times }, () => access.judge(url('?token=no'), null, address, nowMillis));
  }

  test('is not looked at for a moment, right token or not; then once a second', () => {
    const access = new Access(TOKEN);
    const verdicts = failTimes(access, '10.0.0.1', 12);
    expect(verdicts.filter((verdict) => verdict === 'refused')).toHaveLength(10);
    expect(verdicts.at(-1)).toBe('throttled');
    const right = url(`?token=${TOKEN}`);
    expect(access.judge(right, null, '10.0.0.1', 999)).toBe('throttled');
    expect(access.judge(right, null, '10.0.0.1', 1000)).toBe('granted');
    expect(access.judge(right, null, '10.0.0.1', 1001)).toBe('granted');
    expect(failTimes(access, '10.0.0.1', 2, 1002)).toEqual(['refused', 'throttled']);
    expect(failTimes(access, '10.0.0.1', 11, 3_600_000)).toEqual([
      ...Array<string>(10).fill('refused'),
      'throttled',
    ]);
  });

  test('does not hinder others; addresses of one IPv6 network are one', () => {
    const access = new Access(TOKEN);
    failTimes(access, '2001:db8::1', 10);
    const right = url(`?token=${TOKEN}`);
    expect(access.judge(right, null, '2001:db8:0:0:ffff::2', 0)).toBe('throttled');
    expect(access.judge(right, null, '2001:db8:0:1::1', 0)).toBe('granted');
    failTimes(access, '::ffff:10.0.0.9', 10);
    expect(access.judge(right, null, '10.0.0.9', 0)).toBe('throttled');
    expect(access.judge(right, null, '::ffff:10.0.0.8', 0)).toBe('granted');
  });

  test('is remembered among thousands, and forgotten by then', () => {
    const access = new Access(TOKEN);
    failTimes(access, '10.0.0.1', 10);
    for (let i = 0; i < 5000; i++) failTimes(access, `10.1.${i >> 8}.${i & 255}`, 1);
    expect(access.judge(url(`?token=${TOKEN}`), null, '10.0.0.1', 0)).toBe('granted');
  });
});

test('loopback is known however a socket says it', () => {
  for (const address of ['127.0.0.1', '127.255.0.2', '::1', '::ffff:127.0.0.1', '::FFFF:127.9.9.9']) {
    expect([address, isLoopback(address)]).toEqual([address, true]);
  }
  for (const address of ['::', '0.0.0.0', '::ffff:10.0.0.1', '192.168.127.1', '::10', '2001:db8::1', '']) {
    expect([address, isLoopback(address)]).toEqual([address, false]);
  }
});

test('a mapped address is written as IPv4', () => {
  expect(unmappedAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(unmappedAddress('2001:db8::1')).toBe('2001:db8::1');
});

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
