import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAGE_SIZE_BYTES } from '../libc.ts';
import { RingReader } from './first-packets.ts';

const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const RING_BYTES = 1 << 16;
const DATA_BYTES = 8;
const RECORD_BYTES = 16;

/** A file with the pages of a ring, filled as the kernel fills it. */
describe('a ring', () => {
  const page = PAGE_SIZE_BYTES;
  let folder: string;
  let descriptor: number;
  let reader: RingReader;
  let produced = 0;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sstop-ring-'));
    descriptor = openSync(join(folder, 'ring'), 'w+');
    ftruncateSync(descriptor, 2 * page + 2 * RING_BYTES);
    reader = new RingReader(descriptor, RING_BYTES);
  });

  afterAll(() => {
    reader.close();
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });

  function publish(records: number): void {
    produced += records * RECORD_BYTES;
    writeSync(descriptor, new BigUint64Array([BigInt(produced)]), 0, 8, page);
  }

  /** Writes records behind those that are there; each holds its number. */
  function produce(count: number, flags = 0): void {
    const first = produced / RECORD_BYTES;
    for (let i = 0; i < count; i++) {
      const record = Uint32Array.of((DATA_BYTES | flags) >>> 0, 0, first + i, 0);
      for (const copy of [0, RING_BYTES]) {
        const at = ((first + i) * RECORD_BYTES) % RING_BYTES;
        writeSync(descriptor, record, 0, RECORD_BYTES, 2 * page + copy + at);
      }
    }
    publish(count);
  }

  function drained(): number[] {
    const seen: number[] = [];
    reader.drain((view, at, bytes) => {
      expect(bytes).toBe(DATA_BYTES);
      seen.push(view.getUint32(at, true));
    });
    return seen;
  }

  test('shows records once, without those that were given up, up to the first that is not complete', () => {
    produce(2);
    produce(1, DISCARDED);
    produce(1);
    produce(1, BUSY);
    produce(1);
    expect(drained()).toEqual([0, 1, 3]);
    expect(drained()).toEqual([]);
    writeSync(descriptor, Uint32Array.of(DATA_BYTES), 0, 4, 2 * page + 4 * RECORD_BYTES);
    expect(drained()).toEqual([4, 5]);
  });

  test('is read by compiled code too, which must not write to it', () => {
    const perRound = RING_BYTES / RECORD_BYTES;
    produce(perRound);
    const end = produced / RECORD_BYTES;
    expect(drained()).toHaveLength(perRound);
    // The same records again and again: what was there before goes on being valid.
    let sum = 0;
    for (let round = 0; round < 100; round++) {
      publish(perRound);
      reader.drain((view, at) => {
        sum += view.getUint32(at, true) < end ? 1 : 0;
      });
    }
    expect(sum).toBe(100 * perRound);
  });
});
