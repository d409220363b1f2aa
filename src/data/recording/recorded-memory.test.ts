import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playApart } from './recorded-player.fixture.ts';
import { recordLarge } from './recording-world.fixture.ts';

const BYTES = 20e6;

test('a recording of 20 MB plays in far less memory than it has', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sstop-memory-'));
  try {
    const { snapshotCount } = await recordLarge(join(folder, 'large.gz'), BYTES);
    const report = await playApart(join(folder, 'large.gz'));
    expect(report.snapshots).toBe(snapshotCount);
    // The text is 8 times as long; a snapshot of it is about 1.2 MB, and garbage is collected now and then.
    expect(report.grownMegabytes).toBeLessThan(100);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
