import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { SOCKTOP } from '../../bin/testing/executables.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { startLoad } from '../build-floors.ts';
import { type BenchRow, type BenchTable, quantile, summary } from '../harness.ts';
import { WatchedProgram } from './watched-program.ts';

const SCENES = [
  { processes: 300, cpuBar: 0.75 },
  { processes: 3000, cpuBar: 0.35 },
] as const;
const BYTES_BAR = 1 / 6;
/** Until the runtime has compiled what runs once a second: a monitor stays on for hours. */
const WARM_UP_MILLIS = 60_000;
const WINDOW_MILLIS = 5000;
const WINDOWS = 7;
const STARTS = 5;
const KEYS = 40;
/** Between keys: no two of them share a frame. */
const KEY_PAUSE_MILLIS = 130;
const PROCESS_NAME = /idle-proc/;
const OURS = [SOCKTOP, '--local', '--metrics-interval-ms', '1000', '--processes-interval-ms', '1000'];
const BTOP = ['btop', '--utf-force'];

/** socktop of this machine beside btop, both once a second on 200x60 at the same time. */
export async function run(): Promise<BenchTable> {
  if (Bun.which('btop') === null)
    throw new OpError({ op: 'bench', code: 'NO_BTOP', message: 'btop is not installed' });
  const home = mkdtempSync(`${tmpdir()}/socktop-bench-`);
  mkdirSync(`${home}/.config/btop`, { recursive: true });
  writeFileSync(`${home}/.config/btop/btop.conf`, 'update_ms = 1000\n');
  try {
    const rows: BenchRow[] = [];
    for (const scene of SCENES) rows.push(...(await measureScene(scene, home)));
    return { title: 'socktop --local beside btop, 1 Hz, 200x60; CPU per second', rows };
  } finally {
    rmSync(home, { recursive: true });
  }
}

async function measureScene(
  { processes, cpuBar }: (typeof SCENES)[number],
  home: string,
): Promise<BenchRow[]> {
  const load = await startLoad('idle-processes', [processes]);
  try {
    const starts = await measureStarts(processes, home);
    const ours = new WatchedProgram(OURS, home);
    const btop = new WatchedProgram(BTOP, home);
    try {
      await Promise.all([ours.untilShown(PROCESS_NAME), btop.untilShown(PROCESS_NAME)]);
      await Bun.sleep(WARM_UP_MILLIS);
      const running = await measureRunning(ours, btop, processes, cpuBar);
      return [...running, starts, await measureKeys(ours, processes)];
    } finally {
      await ours.pty.close();
      await btop.pty.close();
    }
  } finally {
    await load.close();
  }
}

/** CPU and bytes of windows that both run through at the same time. */
async function measureRunning(
  ours: WatchedProgram,
  btop: WatchedProgram,
  processes: number,
  cpuBar: number,
): Promise<BenchRow[]> {
  const cpu: [ours: number, btop: number][] = [];
  const bytes: [ours: number, btop: number][] = [];
  for (let window = 0; window < WINDOWS; window++) {
    const before = [ours.cpuMicros(), btop.cpuMicros(), ours.pty.outputBytes, btop.pty.outputBytes] as const;
    const from = performance.now();
    await Bun.sleep(WINDOW_MILLIS);
    const seconds = (performance.now() - from) / 1000;
    cpu.push([(ours.cpuMicros() - before[0]) / seconds, (btop.cpuMicros() - before[1]) / seconds]);
    bytes.push([(ours.pty.outputBytes - before[2]) / seconds, (btop.pty.outputBytes - before[3]) / seconds]);
  }
  const megabytes = (value: number): string => (value / 2 ** 20).toFixed(0);
  const memory = `${megabytes(ours.residentBytes())} MB resident against ${megabytes(btop.residentBytes())}`;
  return [
    pairRow(`CPU, ${processes} processes`, cpu, cpuBar, memory, true),
    pairRow(`bytes to the terminal, ${processes} processes`, bytes, BYTES_BAR, '', false),
  ];
}

/** From the start to the first name of a process on the screen, one program after the other. */
async function measureStarts(processes: number, home: string): Promise<BenchRow> {
  const pairs: [ours: number, btop: number][] = [];
  for (let start = -1; start < STARTS; start++) {
    const ours = await timeStart(OURS, home);
    const btop = await timeStart(BTOP, home);
    if (start >= 0) pairs.push([ours * 1000, btop * 1000]);
  }
  return pairRow(`first process name, ${processes} processes (time)`, pairs, 1, '', true);
}

async function timeStart(command: readonly string[], home: string): Promise<number> {
  const program = new WatchedProgram(command, home);
  try {
    return await program.untilShown(PROCESS_NAME);
  } finally {
    await program.pty.close();
  }
}

/** From a key to the frame that it leads to, for orientation: the emulator's own time is in it. */
async function measureKeys(ours: WatchedProgram, processes: number): Promise<BenchRow> {
  const times: number[] = [];
  for (let key = 0; key < KEYS; key++) {
    await Bun.sleep(KEY_PAUSE_MILLIS);
    const before = ours.pty.outputBytes;
    const from = performance.now();
    ours.pty.key(key % 2 === 0 ? 'j' : 'k');
    await ours.pty.waitUntil(() => ours.pty.outputBytes > before, 'a frame');
    times.push((ours.pty.shownMillis - from) * 1000);
  }
  const { micros, spread } = summary(times);
  const slowest = `99 %: ${(quantile(times, 0.99) / 1000).toFixed(1)} ms`;
  return {
    ...{ name: `key to frame, ${processes} processes (time)`, oursMicros: micros, floorMicros: undefined },
    ...{ ratio: undefined, bar: undefined, spread, note: slowest },
  };
}

function pairRow(
  name: string,
  pairs: readonly (readonly [ours: number, btop: number])[],
  bar: number,
  note: string,
  isTime: boolean,
): BenchRow {
  const ours = summary(pairs.map(([value]) => value));
  const btop = summary(pairs.map(([, value]) => value));
  const ratio = quantile(
    pairs.map(([our, their]) => our / their),
    0.5,
  );
  const figures = `${Math.round(ours.micros)} against ${Math.round(btop.micros)} bytes a second`;
  return {
    ...{ name, ratio, bar, spread: ours.spread, note: isTime ? note : figures },
    oursMicros: isTime ? ours.micros : Number.NaN,
    floorMicros: isTime ? btop.micros : undefined,
  };
}
