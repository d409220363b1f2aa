import { expect, test } from 'bun:test';
import { addressText } from './address.ts';
import { words } from './sample-world.fixture.ts';

test.each([
  '0.0.0.0',
  '10.0.0.5',
  '255.255.255.255',
  '::',
  '::1',
  '2001:db8::1',
  'fe80::1:2:3:4',
  '2001:db8:0:1:1:1:1:1',
  '2001:0:0:1::1',
  '1:2:3:4:5:6:7:8',
  'ff02::',
])('%s', (address) => {
  expect(addressText(Uint32Array.from([9, ...words(address)]), 1)).toBe(address);
});
