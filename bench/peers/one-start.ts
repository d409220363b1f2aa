import { readFileSync } from 'node:fs';
import { clockGetTime, NativeBuffer } from '../../platforms/linux/libc.ts';

/** What one start of a program showed and cost; NaN where it did not come to that. */
export interface StartFigures {
  readonly firstByteMillis: number;
  readonly firstNameMillis: number;
  /** User and system time of it and its children, milliseconds: until `earlyMillis`, and from then to the end. */
  readonly earlyCpuMillis: number;
  readonly laterCpuMillis: number;
  /** At the end, or at `earlyMillis`, MB. Private: what no other process could share, without the program's own file. */
  readonly residentMegabytes: number;
  readonly privateMegabytes: number;
  readonly terminalBytes: number;
}

/** Until here a start counts as the first second: the second sample is shown by then. */
const EARLY_MILLIS = 1300;
const END_MILLIS = 2000;
/** Control sequences, and what a character set is chosen by. */
const CONTROL = /\x1b(?:\[[0-9;?]*[a-zA-Z]|\][^\x07\x1b]*|[()][A-Z0-9])/g;

export interface StartOptions {
  readonly columns: number;
  readonly rows: number;
  /** Where `earlyCpuMillis` ends. */
  readonly earlyMillis: number;
  /** Whether memory is measured there, and not at the end. Default false. */
  readonly isMemoryEarly?: boolean;
}

export const USUAL: StartOptions = { columns: 200, rows: 60, earlyMillis: EARLY_MILLIS };

/** Starts a program on a terminal of its own for so long, then ends it. Its file is in memory, as after any use. */
export async function oneStart(
  command: readonly string[],
  home: string,
  name: RegExp,
  totalMillis: number,
  { columns, rows, earlyMillis, isMemoryEarly = false } = USUAL,
): Promise<StartFigures> {
  const figures = { firstByteMillis: Number.NaN, firstNameMillis: Number.NaN, terminalBytes: 0 };
  const decoder = new TextDecoder();
  let text = '';
  const environment = { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  // Machines that reclaim memory early let go of what no other program has mapped.
  await Bun.file(Bun.which(command[0]!) ?? command[0]!).bytes();
  const from = performance.now();
  const child = Bun.spawn([...command], {
    env: { ...environment, COLORTERM: 'truecolor', HOME: home, XDG_CONFIG_HOME: `${home}/.config` },
    terminal: {
      cols: columns,
      rows,
      data: (_terminal, bytes) => {
        const millis = performance.now() - from;
        if (figures.terminalBytes === 0) figures.firstByteMillis = millis;
        figures.terminalBytes += bytes.length;
        if (!Number.isNaN(figures.firstNameMillis)) return;
        text += decoder.decode(bytes, { stream: true });
        if (name.test(text.replaceAll(CONTROL, ''))) figures.firstNameMillis = millis;
      },
    },
  });
  const early = await cpuAt(child, from + earlyMillis);
  const earlyMemory = isMemoryEarly ? memoryOf(child.pid) : undefined;
  const end = await cpuAt(child, from + totalMillis);
  const memory = earlyMemory ?? memoryOf(child.pid);
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MILLIS);
  await child.exited;
  clearTimeout(timer);
  child.terminal?.close();
  return { ...figures, ...memory, earlyCpuMillis: early, laterCpuMillis: end - early };
}

async function cpuAt(child: Bun.Subprocess, millis: number): Promise<number> {
  await Promise.race([Bun.sleep(Math.max(0, millis - performance.now())), child.exited]);
  return child.exitCode === null ? familyCpuMillis(child.pid) : Number.NaN;
}

const time = new NativeBuffer(16);

/** CPU time of a process and all its descendants that live. */
export function familyCpuMillis(pid: number): number {
  let millis = cpuMillis(pid);
  for (const child of childrenOf(pid)) millis += familyCpuMillis(child) || 0;
  return millis;
}

/** By the process's own clock (clock_getcpuclockid(3)), threads that have ended in it. */
function cpuMillis(pid: number): number {
  const CPUCLOCK_SCHED = 2;
  if (clockGetTime((~pid << 3) | CPUCLOCK_SCHED, time) !== 0) return Number.NaN;
  return time.u32[0]! * 1000 + time.u32[2]! / 1e6;
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function memoryOf(pid: number): Pick<StartFigures, 'residentMegabytes' | 'privateMegabytes'> {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const kilobytes = (field: string): number =>
      Number(new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN);
    return {
      residentMegabytes: kilobytes('Rss') / 1024,
      privateMegabytes: kilobytes('Private_Dirty') / 1024,
    };
  } catch {
    return { residentMegabytes: Number.NaN, privateMegabytes: Number.NaN };
  }
}
