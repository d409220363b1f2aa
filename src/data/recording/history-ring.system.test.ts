import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdAtEveryStep } from './history-bounds.fixture.ts';

test('100,000 samples stay within size and age at every step', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'history-ring-'));
  try {
    await holdAtEveryStep(join(folder, 'history'), 100_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(true).toBe(true);
}, 900_000);
