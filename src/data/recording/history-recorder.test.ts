import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HistoryLines } from './history-line.ts';
import { HistoryRecorder, type RestingMemory } from './history-recorder.ts';
import { HistoryWorld, openHistory } from './history-world.fixture.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-recorder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A recorder at an hour's interval, whose samples are counted, on a clock that the test moves. */
async function recorder(memory?: RestingMemory, sampleMillis = 0) {
  const world = new HistoryWorld(Date.UTC(2026, 10, 28), [], 5);
  const writer = await openHistory(join(folder, 'history'), world);
  const clock = { millis: 1e6, samples: 0 };
  let told = Promise.withResolvers<void>();
  let trouble: () => void = () => undefined;
  const made = new HistoryRecorder(writer, new HistoryLines(() => undefined), {
    intervalMillis: 3_600_000,
    nowMillis: () => clock.millis,
    ...(memory && { memory }),
    watchPressure: (onTrouble) => {
      trouble = onTrouble;
      return { obstacle: undefined, close: () => undefined };
    },
    sample: async (lines, needsWhole) => {
      clock.samples++;
      clock.millis += sampleMillis;
      told.resolve();
      told = Promise.withResolvers();
      const snapshot = world.next(1);
      const isWhole = needsWhole(snapshot.header);
      return { line: lines.line(snapshot, isWhole), isWhole };
    },
  });
  made.start();
  await told.promise;
  /** Trouble, much later: that it leads to a sample at once, or to none. */
  const expectSample = async (
    reason: 'pressure' | 'alert',
    laterMillis: number,
    isTaken: boolean,
  ): Promise<void> => {
    // The sample before is done when its line is written.
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    await writer.flushed();
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    clock.millis += laterMillis;
    const before = clock.samples;
    const sampled = told.promise;
    if (reason === 'pressure') trouble();
    else made.raiseRate('alert');
    await (isTaken ? sampled : Bun.sleep(60));
    expect(clock.samples > before).toBe(isTaken);
  };
  return { made, expectSample };
}

test('trouble leads to a sample at once, but not for ever', async () => {
  const { made, expectSample } = await recorder();
  const HOUR = 3_599_000;
  await expectSample('pressure', 61_000, true);
  await expectSample('pressure', 61_000, true);
  await expectSample('pressure', 61_000, true);
  await expectSample('pressure', 61_000, false);
  await expectSample('alert', 61_000, true);
  await expectSample('pressure', HOUR, true);
  await made.stop();
  await expectSample('pressure', HOUR, false);
});

test('memory is asked for before each sample, and given back after it', async () => {
  const told: string[] = [];
  let rested = Promise.withResolvers<void>();
  const memory = {
    expect: () => told.push('expect'),
    giveBack: () => {
      told.push('give back');
      rested.resolve();
    },
  };
  // A sample takes a second, so that the next one follows at once where it is due a second after it.
  const { made } = await recorder(memory, 1000);
  await rested.promise;
  expect(told).toEqual(['expect', 'give back']);
  rested = Promise.withResolvers();
  await rested.promise;
  expect(told).toEqual(['expect', 'give back', 'expect', 'give back']);
  await made.stop();
});
