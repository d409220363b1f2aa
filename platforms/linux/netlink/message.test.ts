import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { findAttribute, isAttributeAt, nextMessage } from './message.ts';

test('messages follow one another at multiples of four', () => {
  const words = new Uint32Array([17, 0, 0, 0, 0, 16, 0, 0, 0]);
  const span = { at: -1, length: -1 };
  expect(nextMessage(words, 0, 36, span)).toBe(20);
  expect(span).toEqual({ at: 0, length: 17 });
  expect(nextMessage(words, 20, 36, span)).toBe(36);
  expect(span).toEqual({ at: 20, length: 16 });
  expect(nextMessage(words, 36, 36, span)).toBe(-1);
});

test('a message that is shorter than its header, or longer than the datagram, ends the walk', () => {
  const span = { at: 0, length: 0 };
  expect(nextMessage(new Uint32Array([15, 0, 0, 0]), 0, 16, span)).toBe(-1);
  expect(nextMessage(new Uint32Array([0, 0, 0, 0]), 0, 16, span)).toBe(-1);
  expect(nextMessage(new Uint32Array([17, 0, 0, 0]), 0, 16, span)).toBe(-1);
  expect(nextMessage(new Uint32Array([16, 0, 0, 0]), 0, 12, span)).toBe(-1);
  expect(nextMessage(new Uint32Array([0xffffffff, 0, 0, 0]), 0, 16, span)).toBe(-1);
});

test('an attribute is found by its type, whatever its flags, and only whole', () => {
  const halves = new Uint16Array([6, 1, 0xaaaa, 0, 8, 2 | 0x8000, 1, 1, 4, 3]);
  expect(findAttribute(halves, 0, 20, 1)).toBe(0);
  expect(findAttribute(halves, 0, 20, 2)).toBe(8);
  expect(findAttribute(halves, 0, 20, 3)).toBe(16);
  expect(findAttribute(halves, 0, 20, 4)).toBe(-1);
  expect(findAttribute(halves, 0, 14, 2)).toBe(-1);
  expect(isAttributeAt(halves, 8, 16, 2)).toBe(true);
  expect(isAttributeAt(halves, 8, 15, 2)).toBe(false);
  expect(isAttributeAt(halves, 8, 10, 2)).toBe(false);
});

test('random bytes never lead a walk out of bounds, nor around in circles', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 256 }), (random) => {
      const bytes = new Uint8Array((random.length + 7) & ~7);
      bytes.set(random);
      const words = new Uint32Array(bytes.buffer);
      const halves = new Uint16Array(bytes.buffer);
      const span = { at: 0, length: 0 };
      let steps = 0;
      for (let at = 0; at >= 0; steps++) {
        at = nextMessage(words, at, random.length, span);
        if (at < 0) break;
        expect(span.at + span.length).toBeLessThanOrEqual(random.length);
        for (let type = 0; type < 4; type++) {
          const found = findAttribute(halves, span.at + 16, span.at + span.length, type);
          if (found < 0) continue;
          expect(found + halves[found >> 1]!).toBeLessThanOrEqual(span.at + span.length);
          expect(isAttributeAt(halves, found, span.at + span.length, type)).toBe(true);
        }
      }
      expect(steps).toBeLessThanOrEqual(17);
    }),
  );
});
