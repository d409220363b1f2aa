import { afterEach, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { outputLines, threadTexts } from '../testdata/test-slices.fixture.ts';
import { withoutBpf } from './ebpf.fixture.ts';
import { TaskWaits, WAIT_RECORD_BYTES, WaitSums } from './task-waits.ts';

const children: Bun.Subprocess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await child.exited;
  }
});

/** One record: numbers of 64 bits from the ninth byte on. */
function recordOf(tid: number, tgid: number, ...numbers: readonly number[]): Uint32Array {
  const words = new Uint32Array(WAIT_RECORD_BYTES / 4);
  words[0] = tid;
  words[1] = tgid;
  for (const [i, number] of numbers.entries()) {
    words[2 + i * 2] = number % 2 ** 32;
    words[3 + i * 2] = Math.floor(number / 2 ** 32);
  }
  return words;
}

function sumsOf(records: readonly Uint32Array[], countsIo = true): WaitSums {
  const sums = new WaitSums();
  const words = new Uint32Array(records.flatMap((record) => [...record]));
  sums.take(words, words.length * 4, countsIo);
  return sums;
}

describe('sums over threads', () => {
  test('come in any order, and delays of those that are not counted are unknown', () => {
    const sums = sumsOf([
      recordOf(12, 11, 1, 5, 6, 7, 1, 2, 3, 4, 5),
      recordOf(11, 11, 0, 2 ** 40, 0, 0, 1, 1, 1, 1, 1),
      recordOf(20, 20, 0, 9, 0, 0, 0, 0, 0, 0, 0),
      // Of another pid namespace.
      recordOf(0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    ]);
    expect(sums.slots.count).toBe(2);
    const many = sums.find(11);
    expect(sums.runDelayNanos[many]).toBe(2 ** 40 + 5);
    expect([sums.blockDelayNanos[many], sums.memoryDelayNanos[many]]).toEqual([6, 7]);
    expect([sums.majorFaults[many], sums.contextSwitches[many], sums.ioCalls[many]]).toEqual([2, 3, 4]);
    expect([sums.readBytes[many], sums.writtenBytes[many]]).toEqual([5, 6]);
    const uncounted = sums.find(20);
    expect(sums.runDelayNanos[uncounted]).toBe(9);
    expect([sums.blockDelayNanos[uncounted], sums.memoryDelayNanos[uncounted]]).toEqual([
      Number.NaN,
      Number.NaN,
    ]);
    expect(sums.find(99)).toBe(-1);
  });

  test('of a kernel that does not count bytes they are unknown', () => {
    const sums = sumsOf([recordOf(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)], false);
    const slot = sums.find(1);
    expect([sums.readBytes[slot], sums.writtenBytes[slot], sums.ioCalls[slot]]).toEqual(
      Array(3).fill(Number.NaN),
    );
    expect(sums.majorFaults[slot]).toBe(1);
  });

  test('a piece that is cut is refused, any other is taken', () => {
    fc.assert(
      fc.property(fc.uint32Array({ maxLength: 200 }), (words) => {
        const sums = new WaitSums();
        const take = (): void => sums.take(new Uint32Array(words), words.length * 4, true);
        if (words.length % (WAIT_RECORD_BYTES / 4) === 0) take();
        else expect(take).toThrow(OpError);
        expect(sums.slots.count).toBeLessThanOrEqual(words.length / (WAIT_RECORD_BYTES / 4));
      }),
    );
  });
});

/** By thread, as /proc has it; one that ends while it is read counts as ended. */
function ofThreads(pid: number, file: string, read: (text: string) => number): ReadonlyMap<string, number> {
  return new Map(Array.from(threadTexts(pid, file), ([tid, text]) => [tid, read(text)]));
}

/** The sum of what the threads had that are still there: of those that have ended since the kernel may know no more. */
function sumOfLiving(pid: number, numbers: ReadonlyMap<string, number>): number {
  const living = new Set(readdirSync(`/proc/${pid}/task`));
  return [...numbers].reduce((sum, [tid, number]) => sum + (living.has(tid) ? number : 0), 0);
}

const runDelays = (pid: number) => ofThreads(pid, 'schedstat', (text) => Number(text.split(' ')[1]));
const switches = (pid: number) =>
  ofThreads(pid, 'status', (text) =>
    [...text.matchAll(/^(?:non)?voluntary_ctxt_switches:\t(\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    ),
  );
const ioOf = (pid: number, name: string): number =>
  Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);

/** Threads that read and end, so that some of the sums are of dead ones; then it waits. */
const THREADS = `
  const threads = Array.from({ length: 3 }, () => new Worker(URL.createObjectURL(new Blob([\`
    const { readFileSync } = require('node:fs');
    for (let i = 0; i < 200; i++) readFileSync('/proc/self/stat');
    postMessage('done');
  \`]))));
  await Promise.all(threads.map((one) => new Promise((done) => { one.onmessage = done; })));
  await Promise.all(threads.map((one) => one.terminate()));
  console.log('ready');
  setInterval(() => undefined, 1e6);
`;

describe.skipIf(withoutBpf !== undefined)('TaskWaits (needs eBPF)', () => {
  test('agrees with what /proc says of all threads, dead ones too', async () => {
    const child = Bun.spawn([process.execPath, '-e', THREADS], { stdin: 'ignore', stdout: 'pipe' });
    children.push(child);
    await outputLines(child.stdout).next();
    const { pid } = child;
    const waits = TaskWaits.open();
    try {
      const read = (): readonly number[] => {
        waits.begin();
        while (waits.next());
        const { sums } = waits;
        const slot = sums.find(pid);
        expect(slot).toBeGreaterThanOrEqual(0);
        return [
          sums.runDelayNanos[slot]!,
          sums.contextSwitches[slot]!,
          sums.ioCalls[slot]!,
          sums.readBytes[slot]!,
        ];
      };
      const io = () => [ioOf(pid, 'syscr') + ioOf(pid, 'syscw'), ioOf(pid, 'read_bytes')];
      const before = { delays: runDelays(pid), switches: switches(pid), io: io() };
      const [run, switched, ...counted] = read();
      const after = io();
      // Dead threads are no more in /proc/PID/task.
      expect(run!).toBeGreaterThanOrEqual(sumOfLiving(pid, before.delays));
      expect(switched!).toBeGreaterThanOrEqual(sumOfLiving(pid, before.switches));
      for (const [i, number] of counted.entries()) {
        expect([number >= before.io[i]!, number <= after[i]!]).toEqual([true, true]);
      }
      const between = runDelays(pid);
      const later = read();
      expect(later[0]!).toBeGreaterThanOrEqual(sumOfLiving(pid, between));
      for (const [i, number] of [switched!, ...counted].entries()) {
        expect(later[i + 1]!).toBeGreaterThanOrEqual(number);
      }
    } finally {
      waits.close();
    }
  });
});
