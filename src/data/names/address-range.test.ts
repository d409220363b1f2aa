import { expect, test } from 'bun:test';
import { readAddress } from '../sample/address.ts';
import { type AddressRange, addressRange } from './address-range.ts';

/** First and last address of each range, and its neighbours. */
const TABLE: readonly (readonly [AddressRange | undefined, ...string[]])[] = [
  ['unspecified', '0.0.0.0', '::'],
  ['loopback', '127.0.0.0', '127.0.0.1', '127.255.255.255', '::1', '::ffff:127.0.0.1'],
  ['private', '10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
  ['private', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fec0::1', 'feff::1'],
  ['private', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['link-local', '169.254.0.0', '169.254.255.255', 'fe80::', 'febf:ffff::1', 'fe80::1%eth0'],
  ['cgnat', '100.64.0.0', '100.127.255.255'],
  ['multicast', '224.0.0.0', '239.255.255.255', 'ff00::', 'ff02::fb', 'ffff:ffff::'],
  ['broadcast', '255.255.255.255'],
  ['documentation', '192.0.2.0', '192.0.2.255', '198.51.100.7', '203.0.113.255'],
  ['documentation', '2001:db8::', '2001:db8:ffff::1', '3fff::', '3fff:fff:ffff::1'],
  ['benchmark', '198.18.0.0', '198.19.255.255', '2001:2::1'],
  ['reserved', '0.0.0.1', '0.255.255.255', '192.0.0.0', '192.0.0.8', '192.0.0.11', '192.0.0.255'],
  ['reserved', '240.0.0.0', '255.255.255.254', '100::1', '5f00::1', '4000::', 'fe00::', '::2', '::1.2.3.4'],
  ['reserved', '2001:1::4', '2001:1ff::1', '64:ff9b:2::'],
  [undefined, '1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
  [undefined, '128.0.0.0', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0'],
  [undefined, '192.0.0.9', '192.0.0.10', '192.0.1.0', '192.0.3.0', '192.167.255.255', '192.169.0.0'],
  [
    undefined,
    '192.88.99.1',
    '192.31.196.1',
    '198.17.255.255',
    '198.20.0.0',
    '203.0.112.255',
    '223.255.255.255',
  ],
  [undefined, '2000::', '2606:4700::1111', '2001:db7::1', '2001:db9::1', '2001:200::1', '3fff:1000::'],
  [
    undefined,
    '2001::1',
    '2001:1::1',
    '2001:3::1',
    '2001:4:112::1',
    '2001:20::1',
    '2002:a00:1::',
    '64:ff9b::808:808',
  ],
];

test.each(TABLE.flatMap(([range, ...addresses]) => addresses.map((address) => [address, range] as const)))(
  '%s: %s',
  (address, range) => {
    const words = new Uint32Array(6);
    const read = new Uint32Array(4);
    expect(readAddress(address, read)).toBe(true);
    words.set(read, 2);
    expect(addressRange(words, 2)).toBe(range);
  },
);
