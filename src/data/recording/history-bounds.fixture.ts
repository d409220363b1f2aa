import { expect } from 'bun:test';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HistoryLines } from './history-line.ts';
import { segmentOf } from './history-segments.ts';
import { HistoryWorld, openHistory, writeNext } from './history-world.fixture.ts';

const START = Date.UTC(2026, 10, 28);

/** Writes so many samples to a small history, and looks after each whether it is within its bounds. */
export async function holdAtEveryStep(path: string, samples: number): Promise<void> {
  const world = new HistoryWorld(START, [], 12);
  const bounds = { sizeBytes: 1 << 20, ageMillis: 3 * 3_600_000 };
  const writer = await openHistory(path, world, bounds);
  const lines = new HistoryLines(() => undefined);
  let largest = 0;
  let oldest = 0;
  for (let i = 0; i < samples; i++) {
    // By turns as in trouble and as usual; at times with much to say, so that the size is reached before the age.
    await writeNext(writer, lines, world, i % 100 < 60 ? 1 : 10);
    const names = readdirSync(path).filter((name) => segmentOf(name) !== undefined);
    const bytes = names.reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
    expect(bytes).toBe(writer.sizeBytes);
    expect(bytes).toBeLessThanOrEqual(bounds.sizeBytes);
    const ages = names.map((name) => world.wallMillis - segmentOf(name)!.startWallMillis);
    expect(Math.max(...ages)).toBeLessThanOrEqual(bounds.ageMillis + 10_000);
    largest = Math.max(largest, bytes);
    oldest = Math.max(oldest, ...ages);
  }
  await writer.close();
  // Both bounds were reached, or the test shows nothing.
  expect(Math.max(largest / bounds.sizeBytes, oldest / bounds.ageMillis)).toBeGreaterThan(0.85);
}
