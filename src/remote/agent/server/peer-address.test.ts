import { expect, test } from 'bun:test';
import { isLoopback, unmappedAddress } from './peer-address.ts';

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
