import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { bytesOf } from '../proc/captured-proc.fixture.ts';
import { PidCursor, parseProcessIds } from './pid-listing.ts';

describe('PidCursor', () => {
  test('cannot say at first, then names the pids given out since', () => {
    const cursor = new PidCursor();
    expect(cursor.advance(1000)).toBe(Number.POSITIVE_INFINITY);
    cursor.advance(1000);
    expect(cursor.advance(1000)).toBe(0);
    expect(cursor.advance(1003)).toBe(3);
    expect(cursor.first).toBe(1001);
  });

  test('looks once more for those that were perhaps not yet found, but for 64 at most', () => {
    const cursor = new PidCursor();
    for (const last of [1000, 1000, 1003]) cursor.advance(last);
    expect(cursor.advance(1005)).toBe(5);
    expect(cursor.first).toBe(1001);
    cursor.advance(3000);
    expect(cursor.advance(3000)).toBe(64);
    expect(cursor.first).toBe(2937);
    expect(cursor.advance(3000)).toBe(0);
  });

  test('cannot say after a wrap, and goes on behind it', () => {
    const cursor = new PidCursor();
    for (const last of [32_000, 32_000]) cursor.advance(last);
    expect(cursor.advance(310)).toBe(Number.POSITIVE_INFINITY);
    expect(cursor.advance(312)).toBeLessThanOrEqual(66);
    expect(cursor.first).toBeLessThanOrEqual(311);
    expect(cursor.advance(312)).toBeLessThanOrEqual(2);
    expect(cursor.advance(312)).toBe(0);
  });

  test('cannot say while the number is unknown, nor right after', () => {
    const cursor = new PidCursor();
    cursor.advance(10);
    expect(cursor.advance(Number.NaN)).toBe(Number.POSITIVE_INFINITY);
    expect(cursor.advance(12)).toBe(Number.POSITIVE_INFINITY);
    expect(cursor.advance(14)).toBeGreaterThanOrEqual(2);
  });
});

function entry(name: string, recordLength = 24 + ((name.length + 3) & ~7)): Uint8Array {
  const bytes = new Uint8Array(Math.max(24 + ((name.length + 3) & ~7), 24));
  bytes[16] = recordLength & 0xff;
  bytes[17] = recordLength >> 8;
  bytes.set(bytesOf(name), 19);
  return bytes;
}

function parse(...entries: Uint8Array[]): number[] {
  const bytes = Buffer.concat(entries);
  const pids = new Int32Array(8);
  return [...pids.subarray(0, parseProcessIds(bytes, bytes.length, pids, 0))];
}

describe('parseProcessIds', () => {
  test('keeps the names that are pids', () => {
    expect(parse(entry('.'), entry('1'), entry('sys'), entry('4194304'), entry('12x'), entry('77'))).toEqual([
      1, 4194304, 77,
    ]);
  });

  test('refuses what is no pid', () => {
    expect(parse(entry('99999999999'), entry('4294967297'), entry(''), entry('0'), entry('5'))).toEqual([5]);
  });

  test('stops at a record whose length is a lie', () => {
    expect(parse(entry('1'), entry('2', 0), entry('3'))).toEqual([1]);
    expect(parse(entry('1'), entry('2', 4000))).toEqual([1]);
  });

  test('writes no more than there is room for, and never throws', () => {
    const pids = new Int32Array(1);
    const bytes = Buffer.concat([entry('1'), entry('2')]);
    expect(parseProcessIds(bytes, bytes.length, pids, 0)).toBe(1);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 300 }), (noise, length) => {
        parseProcessIds(noise, length, new Int32Array(8), 0);
      }),
    );
  });
});
