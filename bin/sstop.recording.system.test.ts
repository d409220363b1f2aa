import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { SSTOP } from './testing/executables.ts';
import { linesOf } from './testing/traffic.ts';

const KILLS = 20;
const MOST_SNAPSHOTS = 30;
/** Printing waits for no disk: what was printed last may not have reached it. */
const UNDER_WAY = 1;

/** Records until so many snapshots were printed, then a part of an interval longer; how many there were at the kill. */
async function recordUntilKilled(path: string, snapshots: number, restMillis: number): Promise<number> {
  const child = Bun.spawn(
    [SSTOP, '--json', '--no-dns', '--loopback', '--interval', '100ms', '--record', path],
    {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
    },
  );
  const lines = linesOf(child.stdout);
  for (let i = 0; i < snapshots; i++) JSON.parse(String((await lines.next()).value));
  await Bun.sleep(restMillis);
  child.kill('SIGKILL');
  await child.exited;
  let printed = snapshots;
  for await (const _line of lines) printed++;
  return printed;
}

function timestampsOf(ndjson: string): readonly string[] {
  return ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { timestamp: string }).timestamp);
}

test('a recording killed at any moment plays every snapshot that was whole', async () => {
  const directory = mkdtempSync(`${tmpdir()}/sstop-killed-`);
  try {
    for (let i = 0; i < KILLS; i++) {
      const path = `${directory}/${i}.gz`;
      const snapshots = 1 + Math.floor(Math.random() * MOST_SNAPSHOTS);
      const printed = await recordUntilKilled(path, snapshots, Math.random() * 100);
      expect(statSync(path).size).toBeGreaterThan(0);
      const played = Bun.spawnSync([SSTOP, '--json', '--no-dns', '--loopback', '--playback', path]);
      const timestamps = timestampsOf(played.stdout.toString());
      // The first sample is a baseline: played too, printed not.
      expect(timestamps.length).toBeGreaterThanOrEqual(printed - UNDER_WAY);
      expect([...timestamps].sort()).toEqual([...timestamps]);
      const complaint = played.stderr.toString();
      expect([complaint.split('\n').length - 1, played.exitCode]).toEqual(complaint === '' ? [0, 0] : [1, 2]);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}, 300_000);
