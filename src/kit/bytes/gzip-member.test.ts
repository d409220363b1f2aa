import { describe, expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { assert, integer, property, uint8Array } from 'fast-check';
import { gunzipWithin, isGzip } from './gzip-member.ts';
import { codeOf, gzipBomb } from './hostile.fixture.ts';

describe('gunzipWithin', () => {
  test('gives back what was compressed, at its limit and below', () => {
    assert(
      property(uint8Array({ maxLength: 100_000 }), (bytes) => {
        const packed = gzipSync(bytes);
        expect(isGzip(packed)).toBe(true);
        expect(Buffer.compare(gunzipWithin(packed, Math.max(1, bytes.length)), bytes)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test('refuses one byte more than its limit, whatever the size that the bytes claim', () => {
    const packed = gzipSync(Buffer.alloc(1001, 7));
    expect(codeOf(() => gunzipWithin(packed, 1000))).toBe('TOO_LARGE');
    packed.writeUInt32LE(10, packed.length - 4);
    expect(['BAD_GZIP', 'TOO_LARGE']).toContain(codeOf(() => gunzipWithin(packed, 1000)));
  });

  test('inflates what only looks like a bomb', () => {
    const bytes = Buffer.concat([Buffer.alloc(3 << 20), Buffer.from('end')]);
    expect(Buffer.compare(gunzipWithin(gzipSync(bytes), 4 << 20), bytes)).toBe(0);
  });

  test('refuses a bomb of a gigabyte in a moment and in little memory', () => {
    for (const bomb of [gzipBomb(1024), gzipBomb(1024, 1000), gzipBomb(1024, 0)]) {
      expect(bomb.length).toBeLessThan(2 << 20);
      const before = process.memoryUsage().rss;
      const start = process.cpuUsage();
      expect(codeOf(() => gunzipWithin(bomb, 8 << 20))).toBe('TOO_LARGE');
      expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000);
      expect(process.memoryUsage().rss - before).toBeLessThan(64 << 20);
    }
  });

  test('says BAD_GZIP of anything cut off or damaged', () => {
    const packed = gzipSync(Buffer.from('the quick brown fox jumps over the lazy dog'.repeat(20)));
    for (let length = 0; length < packed.length; length++) {
      expect(['BAD_GZIP', 'TOO_LARGE']).toContain(
        codeOf(() => gunzipWithin(packed.subarray(0, length), 1 << 20)),
      );
    }
    assert(
      property(integer({ min: 0, max: packed.length - 1 }), integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Buffer.from(packed);
        damaged[at]! ^= flip;
        const code = codeOf(() => gunzipWithin(damaged, 1 << 20));
        expect(['BAD_GZIP', 'TOO_LARGE', 'nothing thrown']).toContain(code);
      }),
    );
  });
});
