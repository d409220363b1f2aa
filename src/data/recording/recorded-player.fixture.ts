import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NetworkRates } from '../rates/network-rates.ts';
import { RecordedSource } from './recorded-source.ts';

/** What playing a recording from start to end, and seeking about in it, came to. */
export interface PlayerReport {
  readonly snapshots: number;
  /** Peak of the resident memory above that at the start. */
  readonly grownMegabytes: number;
  readonly playedMillis: number;
  /** Of one seek. */
  readonly seekMillis: number;
  /** Most CPU time that the main thread used between two turns of a timer of 1 ms, whatever else the machine does. */
  readonly longestMillis: number;
}

/** Plays it in a process of its own. */
export async function playApart(path: string): Promise<PlayerReport> {
  const child = Bun.spawn([process.execPath, fileURLToPath(import.meta.url), path], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const text = await new Response(child.stdout).text();
  return JSON.parse(text);
}

function peakMegabytes(): number {
  const match = /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'));
  return Number(match?.[1]) / 1024;
}

/** CPU time of this thread so far (Documentation/scheduler/sched-stats.rst). */
function threadCpuMillis(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1e6;
}

async function play(path: string): Promise<PlayerReport> {
  const atStart = peakMegabytes();
  const rates = new NetworkRates();
  const source = await RecordedSource.open(path, { monotonicMicros: () => performance.now() * 1000 });
  source.observe((snapshot) => {
    if (snapshot.network !== undefined) rates.update(snapshot.network, snapshot.header);
  });
  let longestMillis = 0;
  let last = threadCpuMillis();
  const beat = setInterval(() => {
    const now = threadCpuMillis();
    longestMillis = Math.max(longestMillis, now - last);
    last = now;
  }, 1);
  const started = performance.now();
  let snapshots = 0;
  while ((await source.next()) !== undefined) snapshots++;
  const ended = performance.now();
  const shares = [0.5, 0.1, 0.9];
  for (const share of shares) {
    source.seekTo(source.progress.durationMillis * share);
    await source.sample({ network: true }, Number.POSITIVE_INFINITY);
  }
  const seekMillis = (performance.now() - ended) / shares.length;
  clearInterval(beat);
  source.close();
  const grownMegabytes = peakMegabytes() - atStart;
  return { snapshots, grownMegabytes, playedMillis: ended - started, seekMillis, longestMillis };
}

if (import.meta.main) process.stdout.write(JSON.stringify(await play(process.argv[2] ?? '')));
