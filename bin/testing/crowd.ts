import { FIXTURES } from './executables.ts';
import { linesOf } from './traffic.ts';

const MEMBERS = 13;
/** Leaves its command behind as an orphan with the same standard streams, and goes on until the input ends. */
const ORPHANED = 'exec 3<&0; ("$@" <&3 3<&- &); exec cat 3<&-';
let started = 0;

/**
 * Thirteen processes with rows in every view: `crowd.fixture.ts`. They descend from whoever takes up orphans here, and
 * not from the test: in a tree by parents few stand above them.
 */
export class Crowd {
  /** All names begin with it, and no other process's does. */
  readonly tag: string;
  /** The leader's first. */
  readonly pids: readonly number[];
  readonly #shell: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;

  private constructor(
    tag: string,
    pids: readonly number[],
    shell: Bun.Subprocess<'pipe', 'pipe', 'inherit'>,
  ) {
    this.tag = tag;
    this.pids = pids;
    this.#shell = shell;
  }

  static async start(): Promise<Crowd> {
    const tag = `c${process.pid.toString(36)}${(started++).toString(36)}`;
    const leader = [process.execPath, `${FIXTURES}/crowd.fixture.ts`, tag, String(MEMBERS)];
    const shell = Bun.spawn(['sh', '-c', ORPHANED, 'sh', ...leader], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
    });
    const line = (await linesOf(shell.stdout).next()).value ?? '[]';
    return new Crowd(tag, JSON.parse(line), shell);
  }

  /** As on screen: `TAG-00` is the leader, `TAG-07` the one with traffic. */
  nameOf(place: number): string {
    return `${this.tag}-${String(place).padStart(2, '0')}`;
  }

  get names(): readonly string[] {
    return this.pids.map((_, place) => this.nameOf(place));
  }

  get namesByPid(): readonly string[] {
    const places = this.pids.map((pid, place) => ({ pid, name: this.nameOf(place) }));
    return places.sort((a, b) => a.pid - b.pid).map(({ name }) => name);
  }

  async stop(): Promise<void> {
    this.#shell.stdin.end();
    await this.#shell.exited;
  }
}
