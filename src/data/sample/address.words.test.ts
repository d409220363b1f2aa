import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { addressText, readAddress } from './address.ts';

test('reads back what addressText writes', () => {
  const word = fc.oneof(fc.constantFrom(0, 1, 0xffff, 0xffff_ffff), fc.nat(0xffff_ffff));
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), (wanted) => {
      const words = Uint32Array.from(wanted);
      const read = new Uint32Array(4);
      expect(readAddress(addressText(words, 0), read)).toBe(true);
      expect([...read]).toEqual([...words]);
    }),
  );
});

test.each([
  ['::ffff:10.0.0.5', '10.0.0.5'],
  ['fe80::1%eth0', 'fe80::1'],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ['0:0:0:0:0:0:0:0', '::'],
])('%s is %s', (text, normal) => {
  const words = new Uint32Array(4);
  expect(readAddress(text, words)).toBe(true);
  expect(addressText(words, 0)).toBe(normal);
});

test.each(['', '%', '1.2.3', '256.0.0.1', '1.2.3.4.5', 'localhost', ':::', '1::2::3', '12345::', 'x%1'])(
  '"%s" is no address',
  (text) => {
    const words = Uint32Array.of(7, 7, 7, 7);
    expect(readAddress(text, words)).toBe(false);
    expect([...words]).toEqual([7, 7, 7, 7]);
  },
);

test('any text is an address or none, and nothing is thrown', () => {
  const part = fc.constantFrom(':', '::', '.', '%', '0', 'ffff', '1.2.3.4', 'g', ' ', '\u0000');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      expect(typeof readAddress(parts.join(''), new Uint32Array(4))).toBe('boolean');
    }),
  );
});

test.each([
  ['10.0.0.5', [0, 0, 0xffff, 0x0a000005]],
  ['255.255.255.255', [0, 0, 0xffff, 0xffffffff]],
  ['2001:db8::1', [0x20010db8, 0, 0, 1]],
  ['fe80::a:b%eth0', [0xfe800000, 0, 0, 0x000a000b]],
  ['1:2:3:4:5:6:7:8', [0x10002, 0x30004, 0x50006, 0x70008]],
] as const)('%s has its words', (text, expected) => {
  const words = new Uint32Array(4);
  expect(readAddress(text, words)).toBe(true);
  expect([...words]).toEqual([...expected]);
});
