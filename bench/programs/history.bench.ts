import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOCKTOP_AGENT } from '../../bin/testing/executables.ts';
import { decodeMemberHeader } from '../../src/data/recording/recorded-member.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { startLoad } from '../build-floors.ts';
import type { BenchRow, BenchTable } from '../harness.ts';

const SCENES = [{ processes: 300 }, { processes: 3000 }] as const;
const INTERVAL_SECONDS = 10;
/** The first samples of both say everything, and compile what the others run. */
const WARM_UP_MILLIS = 45_000;
/** As long as one of our members: it holds one sample that says everything, as an hour does on average. */
const WINDOW_MILLIS = 600_000;
const BYTES_BAR = 1 / 4;
const CPU_BAR = 1 / 2;
/** What an agent with a history may hold more than one without, which nobody asks. */
const MEMORY_MEGABYTES = 10;
/** Memory is looked at so often, and the median counts. */
const LOOKS = 20;
const DAY_MILLIS = 86_400_000;
/** USER_HZ, which is 100 on all that this runs on. */
const TICK_MILLIS = 10;

/** The agent's history beside atop's own log, every ten seconds, of the same machine at the same time. */
export async function run(): Promise<BenchTable> {
  if (Bun.which('atop') === null)
    throw new OpError({ op: 'bench', code: 'NO_ATOP', message: 'atop is not installed' });
  const rows: BenchRow[] = [];
  for (const { processes } of SCENES) rows.push(...(await measureScene(processes)));
  return { title: 'socktop-agent --history beside atop -w, every 10 s; CPU per sample', rows };
}

async function measureScene(processes: number): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'history-bench-'));
  const load = await startLoad('idle-processes', [processes]);
  const history = join(folder, 'history');
  const raw = join(folder, 'raw');
  const silent = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const;
  const agent = [SOCKTOP_AGENT, '--port', '0', '--bind', '127.0.0.1'];
  const ours = Bun.spawn([...agent, '--history', history, '--history-interval', '10s'], silent);
  const idle = Bun.spawn(agent, silent);
  const atop = Bun.spawn(['atop', '-w', raw, String(INTERVAL_SECONDS)], silent);
  try {
    await Bun.sleep(WARM_UP_MILLIS);
    const before = {
      ours: cpuMillis(ours.pid),
      atop: cpuMillis(atop.pid),
      bytes: bytesIn(history),
      samples: samplesIn(history),
      raw: sizeOf(raw),
    };
    const [ourMegabytes, idleMegabytes] = await medianMegabytes([ours.pid, idle.pid], WINDOW_MILLIS);
    // Of a machine under pressure we take more of them.
    const ourSamples = samplesIn(history) - before.samples;
    const atopSamples = WINDOW_MILLIS / 1000 / INTERVAL_SECONDS;
    const [ourMillis, atopMillis] = [cpuMillis(ours.pid) - before.ours, cpuMillis(atop.pid) - before.atop];
    const [ourBytes, atopBytes] = [bytesIn(history) - before.bytes, sizeOf(raw) - before.raw];
    const [ourSize, atopSize] = [ourBytes / ourSamples, atopBytes / atopSamples];
    const perDay = (size: number): string =>
      `${((size * DAY_MILLIS) / INTERVAL_SECONDS / 1e9).toFixed(1)} MB a day`;
    return [
      {
        ...{ name: `CPU, ${processes} processes`, bar: CPU_BAR, spread: Number.NaN },
        ...{ oursMicros: (ourMillis / ourSamples) * 1000, floorMicros: (atopMillis / atopSamples) * 1000 },
        ratio: ourMillis / ourSamples / (atopMillis / atopSamples),
        note: `${((ourMillis / WINDOW_MILLIS) * 100).toFixed(2)} % of a core, ${ourSamples} samples`,
      },
      {
        ...{ name: `bytes, ${processes} processes`, bar: BYTES_BAR, spread: Number.NaN },
        ...{ oursMicros: undefined, floorMicros: undefined, ratio: ourSize / atopSize },
        note: `${perDay(ourSize)}, atop ${perDay(atopSize)}`,
      },
      {
        ...{ name: `memory above an idle agent's, of ${MEMORY_MEGABYTES} MB, ${processes} processes` },
        ...{ bar: 1, spread: Number.NaN, oursMicros: undefined, floorMicros: undefined },
        ratio: (ourMegabytes - idleMegabytes) / MEMORY_MEGABYTES,
        note: `${ourMegabytes.toFixed(1)} MB resident, ${idleMegabytes.toFixed(1)} without a history`,
      },
    ];
  } finally {
    const programs = [ours, idle, atop];
    for (const program of programs) program.kill('SIGTERM');
    await Promise.all(programs.map(({ exited }) => exited));
    await load.close();
    rmSync(folder, { recursive: true });
  }
}

/** Waits so long, and meanwhile looks at the resident memory of two programs. */
async function medianMegabytes(pids: readonly [number, number], millis: number): Promise<[number, number]> {
  const looks: [number, number][] = [];
  for (let look = 0; look < LOOKS; look++) {
    await Bun.sleep(millis / LOOKS);
    looks.push([residentMegabytes(pids[0]), residentMegabytes(pids[1])]);
  }
  const medianOf = (of: 0 | 1): number => looks.map((look) => look[of]).sort((a, b) => a - b)[LOOKS / 2]!;
  return [medianOf(0), medianOf(1)];
}

function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Of all threads so far, user and system. */
function cpuMillis(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MILLIS;
}

function recordingsIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sstop'));
  return names.map((name) => join(folder, name));
}

function bytesIn(folder: string): number {
  return recordingsIn(folder).reduce((sum, path) => sum + sizeOf(path), 0);
}

/** By the headers of the members, of which the last one has no length yet. */
function samplesIn(folder: string): number {
  let samples = 0;
  for (const path of recordingsIn(folder)) {
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; ) {
      const member = decodeMemberHeader(bytes.subarray(at));
      if (member === undefined) throw new OpError({ op: 'count samples', code: 'BAD_VALUE' });
      samples += member.snapshotCount;
      if (member.lengthBytes === 0) break;
      at += member.lengthBytes;
    }
  }
  return samples;
}

function sizeOf(path: string): number {
  return statSync(path).size;
}
