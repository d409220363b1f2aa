import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { SSTOP } from './executables.ts';
import { PtyProgram } from './pty.ts';

const COLUMNS = 200;
const ROWS = 60;
/** A refresh is one interval away at most, but nobody says that it comes in time: that is what is measured. */
const PATIENCE_MILLIS = 20_000;
const CLOCK = /\b\d\d:\d\d:\d\d\b/;
const PROMPT = /^ ?\/ (\S*)/;
/** USER_HZ, in which /proc counts. */
const TICKS_PER_SECOND = 100;
/** What the filter is typed from and cleared with; every prefix of it matches something. */
const TYPED = 'tcp-pairs';
const BACKSPACE = '\x7f';

/** How far into a second the program is started: see `awaitPhase`. */
const START_PHASE_MILLIS = 350;

/**
 * Waits for a moment that puts the refreshes in the middle of the clock's seconds. The clock on the screen tells one
 * repaint from the next, and near the turn of a second it would show one second twice and leave out another.
 */
export async function awaitPhase(): Promise<void> {
  await Bun.sleep((1000 + START_PHASE_MILLIS - (Date.now() % 1000)) % 1000);
}

/** Memory of a process, from its smaps_rollup. */
export interface Memory {
  readonly rssKilobytes: number;
  /** Pages that no file stands behind: what every further instance costs. */
  readonly privateKilobytes: number;
}

/** sstop at 200x60, and what can be measured of it from outside. */
export class WatchedSstop {
  readonly pty: PtyProgram;
  readonly #errorPath: string;
  readonly #startMillis = performance.now();
  #typed = '';
  #isDeleting = false;

  constructor(folder: string, args: readonly string[] = []) {
    this.#errorPath = `${folder}/stderr`;
    const script = `exec "$@" 2>'${this.#errorPath}'`;
    this.pty = new PtyProgram(['sh', '-c', script, 'sh', SSTOP, '--loopback', ...args], {
      columns: COLUMNS,
      rows: ROWS,
      environment: { COLORTERM: 'truecolor', HOME: folder },
    });
  }

  get pid(): number {
    return this.pty.process.pid;
  }

  /** What it has written to standard error. */
  get complaints(): string {
    return readFileSync(this.#errorPath, 'utf8');
  }

  /** From its start, exec included, until the screen shows `pattern`. */
  async millisUntil(pattern: RegExp): Promise<number> {
    await this.pty.waitFor(pattern, PATIENCE_MILLIS);
    return this.pty.shownMillis - this.#startMillis;
  }

  /** The moment of the next repaint with a newer sample. */
  async nextRepaint(): Promise<number> {
    const before = this.#clock();
    await this.pty.waitUntil(() => this.#clock() !== before, 'the next refresh', PATIENCE_MILLIS);
    return this.pty.shownMillis;
  }

  async openPrompt(): Promise<number> {
    return this.#press('/', '');
  }

  /** Types the next letter of the filter, or takes one away, and returns how long its echo took, in milliseconds. */
  async typeOne(): Promise<number> {
    if (this.#typed.length === TYPED.length) this.#isDeleting = true;
    if (this.#typed === '') this.#isDeleting = false;
    this.#typed = TYPED.slice(0, this.#typed.length + (this.#isDeleting ? -1 : 1));
    return this.#press(this.#isDeleting ? BACKSPACE : this.#typed.slice(-1), this.#typed);
  }

  async #press(key: string, wanted: string): Promise<number> {
    const pressedMillis = performance.now();
    this.pty.key(key);
    await this.pty.waitUntil(() => this.#prompt() === wanted, `/ ${wanted}`, PATIENCE_MILLIS);
    return this.pty.shownMillis - pressedMillis;
  }

  #clock(): string {
    return CLOCK.exec(this.pty.line(0))?.[0] ?? '';
  }

  #prompt(): string | undefined {
    return PROMPT.exec(this.pty.line(ROWS - 1))?.[1];
  }

  /** User and system time so far, in milliseconds. */
  cpuMillis(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  }

  memory(): Memory {
    const rollup = readFileSync(`/proc/${this.pid}/smaps_rollup`, 'latin1');
    const value = (name: string): number => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(rollup)?.[1]);
    return { rssKilobytes: value('Rss'), privateKilobytes: value('Private_Dirty') };
  }

  descriptorCount(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Presses `q`; milliseconds until the process has ended. Rejects where it ends with another code than 0. */
  async quit(): Promise<number> {
    const pressedMillis = performance.now();
    this.pty.key('q');
    const code = await this.pty.process.exited;
    const millis = performance.now() - pressedMillis;
    if (code !== 0) throw new RangeError(`sstop ended with code ${code}`);
    return millis;
  }

  async close(): Promise<void> {
    await this.pty.close();
    rmSync(this.#errorPath, { force: true });
  }
}

/** Median, 95th percentile and maximum. */
export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return { count: sorted.length, median: at(0.5), p95: at(0.95), max: at(1) };
}
