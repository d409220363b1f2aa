import { expect, test } from 'bun:test';
import { networkNameOf, withoutBrackets } from './network-name.ts';

test('addresses, with brackets or without', () => {
  for (const [text, value] of [
    ['fd00::2', 'fd00::2'],
    ['[fd00::2]', 'fd00::2'],
    ['2001:DB8::1', '2001:db8::1'],
    ['192.0.2.1', '192.0.2.1'],
  ] as const) {
    expect(networkNameOf(text)).toEqual({ type: 'ip', value });
  }
});

test('names, international ones as punycode', () => {
  for (const [text, value] of [
    ['host.example', 'host.example'],
    ['HOST.', 'host'],
    ['*.example.org', '*.example.org'],
    ['b\u00fccher.example', 'xn--bcher-kva.example'],
    ['\u4f8b\u3048.jp', 'xn--r8jz45g.jp'],
    ['my_host-1', 'my_host-1'],
    ['localhost', 'localhost'],
  ] as const) {
    expect(networkNameOf(text)).toEqual({ type: 'dns', value });
  }
});

test('what is neither', () => {
  const texts = [
    'host:8443',
    '192.0.2.1:8443',
    '[fd00::2]:8443',
    'bad name!',
    'https://host',
    'a..b',
    '-a',
    'a-',
  ];
  const others = [
    '',
    '.',
    '*',
    '*.',
    'a.*.b',
    '[host]',
    '[192.0.2.1]',
    '[fd00::2',
    'fe80::1%eth0',
    '1.2.3',
    '256.1.1.1',
  ];
  for (const text of [
    ...texts,
    ...others,
    `${'a'.repeat(64)}.b`,
    'a.'.repeat(130),
    'a\0b',
    'a/b',
    'user@host',
  ]) {
    expect([text, networkNameOf(text)]).toEqual([text, undefined]);
  }
});

test('brackets around an address of version 6 alone go', () => {
  expect(['[::1]', '[fe80::1%eth0]', '::1', '[127.0.0.1]', '[x]'].map(withoutBrackets)).toEqual([
    ...['::1', 'fe80::1%eth0', '::1', '[127.0.0.1]', '[x]'],
  ]);
});
