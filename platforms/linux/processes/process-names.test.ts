import { expect, test } from 'bun:test';
import { array, assert, constantFrom, property } from 'fast-check';
import { isSameAscii, processName } from './process-names.ts';

test('a name is what its bytes say, whatever was read before', () => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  // Letters, a character of two bytes, bytes that are no UTF-8, and U+FEFF, which elsewhere is a byte order mark.
  const piece = constantFrom([0x61], [0x62], [0xc3], [0xa9], [0xe9], [0xff], [0xef, 0xbb, 0xbf]);
  const name = array(piece, { maxLength: 3 }).map((pieces) => pieces.flat());
  assert(
    property(array(name), (names) => {
      for (const name of names) {
        const bytes = Uint8Array.of(0x28, ...name, 0x29);
        expect(processName(bytes, 1, 1 + name.length)).toBe(decoder.decode(Uint8Array.from(name)));
      }
    }),
  );
});

test('a text is only that of its own bytes', () => {
  const bytes = new TextEncoder().encode('bash');
  expect(isSameAscii('bash', bytes, 0, 4)).toBe(true);
  expect(isSameAscii('bas', bytes, 0, 4)).toBe(false);
  expect(isSameAscii('basH', bytes, 0, 4)).toBe(false);
  // One byte that is no UTF-8, and a text with the character of this number.
  expect(isSameAscii('é', Uint8Array.of(0xe9), 0, 1)).toBe(false);
});
