import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playApart } from './recorded-player.fixture.ts';
import { recordLarge } from './recording-world.fixture.ts';

const BYTES = 500e6;

test('a recording of 500 MB plays and seeks in bounded memory, never long at a time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sstop-memory-'));
  try {
    const { snapshotCount } = await recordLarge(join(folder, 'large.gz'), BYTES);
    const report = await playApart(join(folder, 'large.gz'));
    expect(report.snapshots).toBe(snapshotCount);
    expect(report.grownMegabytes).toBeLessThan(120);
    expect(report.seekMillis).toBeLessThan(5000);
    expect(report.longestMillis).toBeLessThan(50);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 300_000);
