import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { CLOCK_TICKS_PER_SECOND, PAGE_SIZE_BYTES } from '../libc.ts';
import { COMM_BYTES, commLength, PROCESS_BYTES, TaskRecordReader, THREAD_BYTES } from './task-record.ts';
import { TaskThreads } from './task-sampler.ts';

/** Written by the drawing in task-record.ts. */
function processBytes(pid: number, comm = 'worker'): Uint8Array {
  const bytes = new Uint8Array(PROCESS_BYTES);
  const view = new DataView(bytes.buffer);
  for (const at of [0, 4]) view.setUint32(at, pid, true);
  view.setUint32(8, 1, true);
  view.setUint32(12, 1000, true);
  view.setBigUint64(16, 3_000_000_000n, true);
  view.setBigUint64(24, 5_000_000_001n, true);
  view.setUint32(32, 1, true);
  view.setUint32(40, 3, true);
  view.setUint32(44, 0x40_0000, true);
  view.setBigUint64(48, 1000n, true);
  view.setBigUint64(56, 100n, true);
  view.setBigUint64(64, 4096n, true);
  view.setBigUint64(72, 8192n, true);
  bytes.set(new TextEncoder().encode(comm), 80);
  return bytes;
}

function threadBytes(tid: number, tgid: number): Uint8Array {
  const bytes = new Uint8Array(THREAD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, tid, true);
  view.setUint32(4, tgid, true);
  view.setBigUint64(8, 7n, true);
  view.setBigUint64(16, 10n, true);
  view.setBigUint64(24, 20n, true);
  return bytes;
}

function readerOf(parts: readonly Uint8Array[], countsIo = true, cut = 0): TaskRecordReader {
  const bytes = new Uint8Array(Buffer.concat(parts));
  const reader = new TaskRecordReader(countsIo);
  reader.reset(new Uint32Array(bytes.buffer), bytes.length - cut);
  return reader;
}

describe('TaskRecordReader', () => {
  test('reads processes and threads', () => {
    const reader = readerOf([threadBytes(5, 40), processBytes(40), threadBytes(41, 40)]);
    expect(reader.next()).toBe(2);
    expect(reader.thread).toEqual({ tgid: 40, cpuNanos: 7, readBytes: 10, writeBytes: 20 });
    expect(reader.next()).toBe(1);
    expect(reader.process).toMatchObject({
      pid: 40,
      ppid: 1,
      uid: 1000,
      startTicks: 3 * CLOCK_TICKS_PER_SECOND,
      state: 0x53,
      threads: 3,
      cpuNanos: 5_000_000_001,
      rssBytes: 100 * PAGE_SIZE_BYTES,
      virtualBytes: 1000 * PAGE_SIZE_BYTES,
      readBytes: 4096,
      writeBytes: 8192,
      isKernelThread: false,
    });
    const { comm } = reader.process;
    expect(new TextDecoder().decode(comm.subarray(0, commLength(comm)))).toBe('worker');
    expect([reader.next(), reader.next()]).toEqual([2, 0]);
  });

  test('what the kernel does not count is unknown', () => {
    const reader = readerOf([processBytes(1)], false);
    reader.next();
    expect(reader.process.readBytes).toBeNaN();
    expect(reader.process.writeBytes).toBeNaN();
  });

  test('a name without an end is 16 bytes long', () => {
    const reader = readerOf([processBytes(1, 'x'.repeat(COMM_BYTES))]);
    reader.next();
    expect(commLength(reader.process.comm)).toBe(COMM_BYTES);
  });

  test.each([
    ['nothing', 0, 0],
    ['a process cut short', 1, PROCESS_BYTES],
    ['a thread cut short', 2, THREAD_BYTES],
  ])('%s', (_, kind, whole) => {
    const bytes = kind === 2 ? threadBytes(2, 1) : processBytes(1);
    for (let length = 0; length < whole; length += 4) {
      const reader = readerOf([bytes], true, bytes.length - length);
      if (length === 0) expect(reader.next()).toBe(0);
      else expect(() => reader.next()).toThrow('TRUNCATED');
    }
  });

  test('any bytes are records or an OpError, and come to an end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(1000), (noise, length) => {
        const bytes = new Uint8Array((noise.length + 3) & ~3);
        bytes.set(noise);
        const reader = new TaskRecordReader(true);
        reader.reset(new Uint32Array(bytes.buffer), length);
        try {
          for (let left = 100; reader.next() !== 0; left--) expect(left).toBeGreaterThan(0);
        } catch (thrown) {
          if (!(thrown instanceof OpError)) throw thrown;
          expect(thrown.code).toBe('TRUNCATED');
        }
      }),
    );
  });
});

test('threads are added to their process, wherever they stand', () => {
  const reader = readerOf([threadBytes(5, 40), threadBytes(6, 41), processBytes(40), threadBytes(42, 40)]);
  const threads = new TaskThreads();
  const copy = new Uint32Array(PROCESS_BYTES >> 2);
  for (let kind = reader.next(); kind !== 0; kind = reader.next()) {
    if (kind === 2) threads.add(reader.thread);
    else reader.copyProcess(copy, 0);
  }
  reader.reset(copy, PROCESS_BYTES);
  reader.next();
  threads.fold(reader.process);
  expect(reader.process).toMatchObject({ cpuNanos: 5_000_000_015, readBytes: 4116, writeBytes: 8232 });
  threads.clear();
  threads.fold(reader.process);
  expect(reader.process.cpuNanos).toBe(5_000_000_015);
});

test('many processes of several threads', () => {
  const threads = new TaskThreads();
  for (let tgid = 1; tgid <= 1000; tgid++) {
    threads.add({ tgid, cpuNanos: tgid, readBytes: 0, writeBytes: 0 });
  }
  const { process } = new TaskRecordReader(true);
  process.pid = 777;
  threads.fold(process);
  expect(process.cpuNanos).toBe(777);
});
