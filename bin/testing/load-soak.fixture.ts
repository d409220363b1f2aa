import { startLoad } from '../../bench/build-floors.ts';
import { WatchedSstop } from './load-program.fixture.ts';

/** What a long run did to the program; kilobytes. */
export interface SoakReport {
  readonly seconds: number;
  /** Median once the first minute is over, and at the end; the most in between. */
  readonly rssBefore: number;
  readonly rssAfter: number;
  readonly rssMost: number;
  readonly privateBefore: number;
  readonly privateAfter: number;
  /** The most seen in either half. */
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
  readonly cpuPerSecond: number;
  readonly quitMillis: number;
  readonly complaints: string;
}

const CHURN_PER_SECOND = 200;
const CHURN_BYTES = 2000;
const WARM_UP_SECONDS = 60;
/** Over how many seconds the medians are taken. */
const WINDOW_SECONDS = 15;
const PAUSE_MILLIS = 1000;

/**
 * One each second, round and round: every view, with scrolling, sorting, a filter and the overlays. It ends where it
 * began, so that nothing turns on its own over many rounds.
 */
const KEYS = [
  ...['j', 'j', 'G', 'g', 's', '1', 'r', 'r', 'c', 'c', 't', 't', 'L', 'L'],
  ...['\r', 'j', 'G', '\x1b', 'h', 'j', 'G', 's', '\x1b', 'l', 'G', '\x1b', 'D', 'j', '\x1b'],
  ...['/', 't', 'c', 'p', '\r', '\x1b', '/', 'port:80', '\r', '\x1b', '?', '\x1b', 'i', 'i', 'd', 'd'],
  ...['F', 'F', ' ', ' ', '\x0c', 'K', '\x1b', '1', '\t', '\t'],
] as const;

interface Reading {
  readonly rss: number;
  readonly private: number;
  readonly descriptors: number;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function most(readings: readonly Reading[]): number {
  return Math.max(...readings.map(({ descriptors }) => descriptors));
}

function read(sstop: WatchedSstop): Reading {
  const { rssKilobytes, privateKilobytes } = sstop.memory();
  return { rss: rssKilobytes, private: privateKilobytes, descriptors: sstop.descriptorCount() };
}

/** 3,000 processes, 20,000 sockets, 200 short connections a second, and somebody who tries every view. */
export async function soak(folder: string, seconds: number): Promise<SoakReport> {
  const warmUp = Math.min(WARM_UP_SECONDS, Math.floor(seconds / 3));
  const loads = [
    await startLoad('idle-processes', [3000]),
    await startLoad('tcp-pairs', [10_000, 64]),
    await startLoad('churner', [CHURN_PER_SECOND, seconds + 30, 0, CHURN_BYTES]),
  ];
  const sstop = new WatchedSstop(folder);
  await sstop.millisUntil(/tcp-pairs/);
  const readings: Reading[] = [];
  const start = performance.now();
  const cpuBefore = sstop.cpuMillis();
  for (let i = 0; i < seconds; i++) {
    sstop.pty.key(KEYS[i % KEYS.length]!);
    await Bun.sleep(Math.max(0, start + (i + 1) * PAUSE_MILLIS - performance.now()));
    readings.push(read(sstop));
  }
  const cpuPerSecond = (sstop.cpuMillis() - cpuBefore) / seconds;
  // Whatever overlay or prompt the last key left open.
  for (let i = 0; i < 3; i++) {
    sstop.pty.key('\x1b');
    await sstop.nextRepaint();
  }
  const { complaints } = sstop;
  const quitMillis = await sstop.quit();
  await sstop.close();
  for (const load of loads) await load.close();
  const before = readings.slice(warmUp, warmUp + WINDOW_SECONDS);
  const after = readings.slice(-WINDOW_SECONDS);
  const half = Math.floor(seconds / 2);
  return {
    seconds,
    rssBefore: middle(before.map(({ rss }) => rss)),
    rssAfter: middle(after.map(({ rss }) => rss)),
    rssMost: Math.max(...readings.slice(warmUp).map(({ rss }) => rss)),
    privateBefore: middle(before.map((reading) => reading.private)),
    privateAfter: middle(after.map((reading) => reading.private)),
    descriptorsBefore: most(readings.slice(0, half)),
    descriptorsAfter: most(readings.slice(half)),
    cpuPerSecond,
    quitMillis,
    complaints,
  };
}
