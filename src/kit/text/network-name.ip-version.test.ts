import { expect, test } from 'bun:test';
import { isIP } from 'node:net';
import fc from 'fast-check';
import { ipVersion } from './network-name.ts';

const KNOWN = [
  ...[
    '',
    '0.0.0.0',
    '255.255.255.255',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3',
    '1.2.3.4.',
    '1.2.3.4.5',
    ' 1.2.3.4',
  ],
  ...['::', '::1', '1::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '1::2:3:4:5:6:7:8', ':::'],
  ...['1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', 'g::', '1::2::3', ':1', '1:', '::ffff:1.2.3.4'],
  ...['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:7:1.2.3.4', '1.2.3.4::', '::1.2.3.4:5', 'fe80::1%eth0', 'fe80::1%'],
  ...['fe80::1%a%b', '1.2.3.4%eth0', '::1\n', '1.2.3.4\n', '::1%eth0\n', '::1%\u00e9', 'fe80::1%wlan_0'],
];

test.each(KNOWN)('%j has the version that node:net gives it', (text) => {
  expect(ipVersion(text)).toBe(isIP(text) as 0 | 4 | 6);
});

test('random texts of the signs of addresses, and damaged addresses, too', () => {
  const signs = fc.string({ unit: fc.constantFrom(...'0125.:af%g') });
  const damaged = fc
    .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(), fc.constantFrom('', '.', ':', '0', '::', '%', 'x'))
    .map(([address, at, put]) => {
      const place = at % (address.length + 1);
      return `${address.slice(0, place)}${put}${address.slice(place + (at % 2))}`;
    });
  fc.assert(
    fc.property(fc.oneof(signs, damaged, fc.ipV6()), (text) => {
      expect(ipVersion(text)).toBe(isIP(text) as 0 | 4 | 6);
    }),
    { numRuns: 5000 },
  );
});
