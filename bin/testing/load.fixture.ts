/**
 * Runs sstop under load and prints one JSON object with what was measured. To be started as root of private network,
 * pid and mount namespaces, so that the load alone is seen.
 *
 *   load.fixture.ts refresh IDLE_PROCESSES PAIRS PAIR_PROCESSES KEYS SECONDS
 *   load.fixture.ts soak SECONDS
 *   load.fixture.ts names
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoad } from '../../bench/build-floors.ts';
import { measureNames } from './load-names.fixture.ts';
import { awaitPhase, type Memory, type Spread, spreadOf, WatchedSstop } from './load-program.fixture.ts';
import { soak } from './load-soak.fixture.ts';

/** What a screen costs and how punctual it is; times in milliseconds. */
export interface RefreshReport {
  /** From the start until the name of a process is on the screen. */
  readonly firstName: number;
  /** From one repaint to the next. */
  readonly gaps: Spread;
  readonly cpuPerSecond: number;
  readonly memory: Memory;
  /** Key to echo from the first frame until the first rates are there. */
  readonly startKeys: Spread;
  readonly keys: Spread;
  readonly complaints: string;
}

/** Keys typed while the first samples are taken. */
const START_KEYS = 60;
const START_PAUSE_MILLIS = 10;
const PAUSE_MILLIS = 180;

async function typeKeys(sstop: WatchedSstop, count: number, pauseMillis: number): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    await Bun.sleep(Math.random() * pauseMillis);
    taken.push(await sstop.typeOne());
  }
  return taken;
}

/** The quiet part: nobody types. */
async function watchRepaints(
  sstop: WatchedSstop,
  seconds: number,
): Promise<{ gaps: number[]; cpuPerSecond: number }> {
  const gaps: number[] = [];
  let before = await sstop.nextRepaint();
  const cpuBefore = sstop.cpuMillis();
  for (let i = 0; i < seconds; i++) {
    const at = await sstop.nextRepaint();
    gaps.push(at - before);
    before = at;
  }
  return { gaps, cpuPerSecond: (sstop.cpuMillis() - cpuBefore) / seconds };
}

async function measureRefresh(folder: string, sizes: readonly number[]): Promise<RefreshReport> {
  const [idle = 0, pairs = 0, pairProcesses = 1, keys = 0, seconds = 0] = sizes;
  const loads = [
    await startLoad('idle-processes', [idle]),
    await startLoad('tcp-pairs', [pairs, pairProcesses]),
  ];
  // A start without keys, for the first name; then one with keys from the first frame on.
  const first = new WatchedSstop(folder);
  const firstName = await first.millisUntil(/tcp-pairs/);
  await first.close();
  await awaitPhase();
  const sstop = new WatchedSstop(folder);
  await sstop.pty.waitUntil(() => sstop.pty.isAlternateScreen, 'the screen');
  const startKeys = [await sstop.openPrompt(), ...(await typeKeys(sstop, START_KEYS, START_PAUSE_MILLIS))];
  const keyMillis = await typeKeys(sstop, keys, PAUSE_MILLIS);
  // Clears the filter, whose prompt a first Esc closes.
  sstop.pty.key('\x1b');
  await sstop.nextRepaint();
  sstop.pty.key('\x1b');
  await sstop.nextRepaint();
  const { gaps, cpuPerSecond } = await watchRepaints(sstop, seconds);
  const memory = sstop.memory();
  const { complaints } = sstop;
  await sstop.close();
  for (const load of loads) await load.close();
  return {
    firstName,
    gaps: spreadOf(gaps),
    cpuPerSecond,
    memory,
    startKeys: spreadOf(startKeys),
    keys: spreadOf(keyMillis),
    complaints,
  };
}

const [mode = '', ...rest] = process.argv.slice(2);
const sizes = rest.map(Number);
const folder = mkdtempSync(join(tmpdir(), 'sstop-load-'));
try {
  const report =
    mode === 'refresh'
      ? await measureRefresh(folder, sizes)
      : mode === 'soak'
        ? await soak(folder, sizes[0] ?? 0)
        : await measureNames(folder);
  process.stdout.write(`${JSON.stringify(report)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
