import { SOCKTOP } from './executables.ts';
import { PtyProgram } from './pty.ts';
import { bytesOf, type MouseButton, mouseBytes } from './table-screen.ts';

const MARKER = '▸';
const THUMB = '▐';
/** Patience for a machine that does a lot of other work. */
const PATIENCE_MILLIS = 20_000;

export interface SocktopOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Rows may look alike: the line that one stands on is a part of it. */
  readonly tellsLines?: boolean;
}

/** socktop on a terminal, read as people read it. */
export class SocktopScreen {
  readonly pty: PtyProgram;
  /** What tells a row of the table apart. */
  readonly #row: RegExp;
  readonly #tellsLines: boolean;

  constructor(arguments_: readonly string[], row: RegExp, options: SocktopOptions = {}) {
    this.#row = row;
    this.#tellsLines = options.tellsLines ?? false;
    this.pty = new PtyProgram([SOCKTOP, ...arguments_], {
      columns: options.columns ?? 120,
      rows: options.rows ?? 24,
      environment: { COLORTERM: 'truecolor', ...options.environment },
    });
  }

  press(...chords: readonly string[]): void {
    for (const chord of chords) this.pty.key(bytesOf(chord));
  }

  mouse(button: MouseButton, x: number, y: number, isRelease = false): void {
    this.pty.key(mouseBytes(button, x, y, isRelease));
  }

  click(x: number, y: number): void {
    this.mouse('left', x, y);
    this.mouse('left', x, y, true);
  }

  until(check: () => boolean, what: string): Promise<void> {
    return this.pty.waitUntil(check, what, PATIENCE_MILLIS);
  }

  untilText(pattern: RegExp): Promise<string> {
    return this.pty.waitFor(pattern, PATIENCE_MILLIS);
  }

  get header(): string {
    return this.pty.line(0).trim();
  }

  get footer(): string {
    return this.pty.line(this.pty.emulator.rows - 1).trim();
  }

  /** The rows of the table from the top. */
  rows(): string[] {
    return this.pty.lines().flatMap((line, y) => this.#rowOf(line, y) ?? []);
  }

  /** That of the row with the cursor; '' where there is none. */
  selected(): string {
    const lines = this.pty.lines();
    const y = lines.findIndex((line) => line.includes(MARKER));
    return y < 0 ? '' : (this.#rowOf(lines[y]!, y) ?? '');
  }

  #rowOf(line: string, y: number): string | undefined {
    const row = this.#row.exec(line)?.[0];
    return row === undefined || !this.#tellsLines ? row : `${y} ${row}`;
  }

  /** Lines of the scrollbar's thumb. */
  thumb(): readonly { readonly x: number; readonly y: number }[] {
    return this.pty.lines().flatMap((line, y) => {
      const x = line.lastIndexOf(THUMB);
      return x < 0 ? [] : [{ x, y }];
    });
  }

  /** Where a text stands; fails, showing the screen, where it does not. */
  find(text: string | RegExp): { readonly x: number; readonly y: number } {
    const lines = this.pty.lines();
    for (const [y, line] of lines.entries()) {
      const x = typeof text === 'string' ? line.indexOf(text) : line.search(text);
      if (x >= 0) return { x, y };
    }
    throw new TypeError(`no ${String(text)} on\n${lines.join('\n')}`);
  }

  close(): Promise<void> {
    return this.pty.close();
  }
}

/** Processes whose names begin with one tag, for as long as the test wants: a shell and its subshells. */
export class NamedProcesses {
  readonly tag: string;
  /** Of the shell, whose children they are. */
  readonly pid: number;
  readonly #shell: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;

  private constructor(tag: string, shell: Bun.Subprocess<'pipe', 'pipe', 'inherit'>) {
    this.tag = tag;
    this.pid = shell.pid;
    this.#shell = shell;
  }

  /** Resolves when all `count` of them have their names, `TAG-00` and so on, in the order of their PIDs. */
  static async start(count: number): Promise<NamedProcesses> {
    for (;;) {
      const { named, pids } = await NamedProcesses.#startOnce(count);
      if (pids.every((pid, index) => index === 0 || pid > pids[index - 1]!)) return named;
      // The kernel's next PID began at the lowest again between two of them.
      await named.stop();
    }
  }

  static async #startOnce(count: number): Promise<{ named: NamedProcesses; pids: number[] }> {
    const tag = `k${process.pid.toString(36)}`;
    // The input of what runs in the background is none of the shell's, but descriptor 3 stays.
    const script = `exec 3<&0; for i in $(seq -w 0 ${count - 1}); do
      ( printf '%s' "$TAG-$i" > /proc/$BASHPID/comm; echo "$i $BASHPID" >&4; read -r _ <&3 ) 4>&1 &
    done; wait`;
    const shell = Bun.spawn(['bash', '--norc', '-c', script], {
      env: { PATH: process.env['PATH'], TAG: tag },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of shell.stdout) {
      text += decoder.decode(chunk, { stream: true });
      if (text.split('\n').length > count) break;
    }
    const pids: number[] = [];
    for (const line of text.trimEnd().split('\n')) {
      const [index, pid] = line.split(' ').map(Number);
      pids[index!] = pid!;
    }
    return { named: new NamedProcesses(tag, shell), pids };
  }

  async stop(): Promise<void> {
    this.#shell.stdin.end();
    await this.#shell.exited;
  }
}
