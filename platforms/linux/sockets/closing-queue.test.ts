import { expect, test } from 'bun:test';
import { NativeBuffer } from '../libc.ts';
import { ClosingQueue, ClosingRate } from './closing-queue.ts';

function numbered(number: number): NativeBuffer {
  const buffer = new NativeBuffer(400);
  buffer.u32[1] = number;
  return buffer;
}

test('entries come out as they went in, with their times', () => {
  const queue = new ClosingQueue();
  for (let i = 0; i < 300; i++) {
    queue.nowMicros = i * 10;
    queue.add(numbered(i), 0, 384);
  }
  expect(queue.count).toBe(300);
  const seen: number[] = [];
  for (let i = 0; i < queue.count; i++) {
    queue.visit(i, (buffer, at, length) => {
      expect(length).toBe(384);
      seen.push(buffer.u32[(at >> 2) + 1]!);
    });
    expect(queue.takenMicros(i)).toBe(i * 10);
  }
  expect(seen).toEqual(Array.from({ length: 300 }, (_, i) => i));
  queue.clear();
  expect([queue.count, queue.overflowCount]).toEqual([0, 0]);
});

test('it is bounded, and what is too long or too much is counted', () => {
  const queue = new ClosingQueue();
  queue.add(new NativeBuffer(2000), 0, 1999);
  expect([queue.count, queue.overflowCount]).toEqual([0, 1]);
  const buffer = numbered(1);
  for (let i = 0; i < 20_000; i++) queue.add(buffer, 0, 100);
  expect(queue.count).toBe(16384);
  expect(queue.overflowCount).toBe(1 + 20_000 - 16384);
});

test('buffers last forever while nothing closes, and half as long as the rate allows when it does', () => {
  const rate = new ClosingRate();
  expect(rate.drainWithinMillis(1000)).toBe(Number.POSITIVE_INFINITY);
  rate.record(0, 0);
  rate.record(0, 1e6);
  expect(rate.drainWithinMillis(1000)).toBe(Number.POSITIVE_INFINITY);
  rate.record(2000, 2e6);
  expect(rate.drainWithinMillis(1000)).toBeCloseTo(250, 6);
  rate.record(0, 3e6);
  const later = rate.drainWithinMillis(1000);
  expect(later).toBeGreaterThan(250);
  rate.record(4000, 4e6);
  expect(rate.drainWithinMillis(1000)).toBeCloseTo(125, 6);
});
