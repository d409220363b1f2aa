import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordedIndex } from './recorded-index.ts';
import { decodeMemberHeader, encodeMemberHeader, MEMBER_HEADER_BYTES } from './recorded-member.ts';
import { RecordedFile } from './recording-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sstop-index-'));
const path = join(folder, 'members');
afterAll(() => rmSync(folder, { recursive: true }));

interface Spec {
  readonly length?: number;
  readonly stated?: number;
  readonly first: number;
  readonly last?: number;
  readonly epoch?: number;
}

function member({ length = 100, stated = length, first, last = first, epoch = 1 }: Spec): Buffer {
  const header = {
    snapshotCount: 4,
    lengthBytes: stated,
    epoch,
    firstMicros: first * 1e6,
    lastMicros: last * 1e6,
  };
  return Buffer.concat([encodeMemberHeader(header, 0), Buffer.alloc(length - MEMBER_HEADER_BYTES)]);
}

async function indexOf(
  members: readonly Spec[],
  limit?: number,
): Promise<[RecordedIndex, number | undefined]> {
  writeFileSync(path, Buffer.concat(members.map(member)));
  const file = new RecordedFile(path);
  const index = new RecordedIndex(file, limit);
  const tail = await index.scan();
  await file.close();
  return [index, tail];
}

describe('the index', () => {
  test('finds members by their time, and the first of their epoch', async () => {
    const [index, tail] = await indexOf([
      { first: 100, last: 115 },
      { first: 116, last: 131 },
      { first: 132, last: 140, epoch: 2 },
      { first: 141, last: 150, epoch: 2 },
    ]);
    expect(tail).toBeUndefined();
    expect(index).toMatchObject({ isDurationExact: true, durationMillis: 50_000 });
    expect(
      [-1e9, 0, 15_999, 16_000, 31_999, 40_000, 41_000, 1e12].map((at) => index.before(at).offset),
    ).toEqual([0, 0, 0, 100, 100, 200, 300, 300]);
    expect(index.before(45_000)).toEqual({
      offset: 300,
      positionMillis: 41_000,
      epochOffset: 200,
      epochPositionMillis: 32_000,
    });
  });

  test('ends at a member without a length, or with one that is not true', async () => {
    const last = { first: 20, last: 20, stated: 0 };
    for (const lying of [
      last,
      { ...last, stated: 7 },
      { ...last, stated: 99 },
      { ...last, stated: 2 ** 52 },
    ]) {
      const [index, tail] = await indexOf([{ first: 10, last: 19 }, lying, { first: 30 }]);
      expect(tail).toBe(100);
      expect(index.isDurationExact).toBe(false);
      expect(index.durationMillis).toBe(27_000);
      expect(index.before(1e9)).toMatchObject({ offset: 100, positionMillis: 10_000 });
      index.noteProgress(200, 15_000);
      expect(index.durationMillis).toBe(22_500);
      index.noteEnd(16_000);
      expect(index).toMatchObject({ isDurationExact: true, durationMillis: 16_000 });
    }
  });

  test('goes on where time goes back', async () => {
    const [index] = await indexOf([
      { first: 500, last: 510 },
      { first: 3, last: 8 },
    ]);
    expect(index.durationMillis).toBe(16_000);
  });

  test('forgets members rather than growing', async () => {
    const members = Array.from({ length: 300 }, (_, i) => ({ first: i * 10, last: i * 10 + 9 }));
    const [index] = await indexOf(members, 16);
    expect(index.durationMillis).toBe(2_999_000);
    for (let at = 0; at < 2_999_000; at += 7000) {
      const { offset, positionMillis } = index.before(at);
      expect(positionMillis).toBe(offset * 100);
      expect(positionMillis).toBeLessThanOrEqual(at);
      expect(at - positionMillis).toBeLessThan(330_000);
    }
  });
});

describe('the header of a member', () => {
  const header = {
    snapshotCount: 16,
    lengthBytes: 2 ** 33 + 5,
    epoch: 1.7e12,
    firstMicros: 12.5,
    lastMicros: 1e12,
  };

  test('comes out as it went in', () => {
    expect(decodeMemberHeader(encodeMemberHeader(header, 1.7e12))).toEqual(header);
  });

  test('with any impossible value is none', () => {
    const wrong = [{ epoch: Number.NaN }, { firstMicros: -1 }, { firstMicros: 2e12 }, { lastMicros: 1e300 }];
    for (const values of wrong) {
      expect(decodeMemberHeader(encodeMemberHeader({ ...header, ...values }, 0))).toBeUndefined();
    }
    const bytes = encodeMemberHeader(header, 0);
    expect(decodeMemberHeader(bytes.subarray(0, -1))).toBeUndefined();
    for (let at = 10; at < 20; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1;
      expect(decodeMemberHeader(changed)).toBeUndefined();
    }
  });
});
