import { describe, expect, test } from 'bun:test';
import { assert, jsonValue, property, string } from 'fast-check';
import { codeOf } from './hostile.fixture.ts';
import { parseJsonWithin } from './json-bytes.ts';

describe('parseJsonWithin', () => {
  test('reads text and bytes alike, long texts too', () => {
    assert(
      property(jsonValue({ maxDepth: 4 }), string({ maxLength: 50 }), (value, filler) => {
        const text = JSON.stringify([value, `${filler}"\\[{`, 'x'.repeat(70_000)]);
        expect(parseJsonWithin(text, text.length, 12)).toEqual(JSON.parse(text));
        const bytes = new TextEncoder().encode(text);
        expect(parseJsonWithin(bytes, bytes.length, 12)).toEqual(JSON.parse(text));
      }),
      { numRuns: 50 },
    );
  });

  test('refuses what is too long or no JSON', () => {
    expect(codeOf(() => parseJsonWithin('[1,2,3]', 6, 9))).toBe('TOO_LARGE');
    expect(codeOf(() => parseJsonWithin('[1,2,3', 100, 9))).toBe('BAD_JSON');
    expect(codeOf(() => parseJsonWithin(new Uint8Array([0xff, 0xfe, 0]), 100, 9))).toBe('BAD_JSON');
    expect(codeOf(() => parseJsonWithin('', 100, 9))).toBe('BAD_JSON');
  });

  test('counts depth before it builds anything, and brackets in strings do not count', () => {
    const depth = 4_000_000;
    const start = process.cpuUsage();
    for (const text of [
      '['.repeat(depth),
      '{"a":'.repeat(depth),
      `${'['.repeat(depth)}${']'.repeat(depth)}`,
    ]) {
      expect(codeOf(() => parseJsonWithin(text, 64 << 20, 32))).toBe('BAD_JSON');
    }
    // Time of this process alone: the machine may be busy.
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
    const text = JSON.stringify({ a: '[{"\\'.repeat(100_000) });
    expect(parseJsonWithin(text, 64 << 20, 2)).toEqual(JSON.parse(text));
  });
});
