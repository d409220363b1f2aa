import xterm, { type Terminal as Emulator, type IBufferCell } from '@xterm/headless';
import { OpError } from '../../src/kit/errors/op-error.ts';

/** Patience for a machine that does a lot of other work. */
const DEFAULT_TIMEOUT_MILLIS = 20_000;
/** The line discipline's flow control by Ctrl-S and Ctrl-Q, and whether any key ends a stop (termios c_iflag). */
const IXON = 0o2000;
const IXANY = 0o4000;
/** Whether the line discipline makes signals of Ctrl-C and its like (termios c_lflag). */
const ISIG = 0o1;
/** Private mode that is set from the first byte of a frame to its last, once the emulator has said that it knows it. */
const SYNCHRONIZED_UPDATE = 2026;
/**
 * termios c_lflag of a terminal that no program has changed: what one must give back. Not asked of the program's own
 * terminal, which it may have changed already before a busy machine lets us ask.
 */
export const FRESH_LOCAL_FLAGS = freshLocalFlags();
const STOP_OUTPUT = '\x13';
const START_OUTPUT = '\x11';

/** How a program is started on its terminal. */
export interface PtyOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** Beside PATH, HOME, TERM=xterm-256color and LANG=C.UTF-8; undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Whether the emulator answers questions as a terminal does (default true). */
  readonly answers?: boolean;
  readonly directory?: string;
}

/** One cell as the emulator shows it; colours are palette numbers or 0xrrggbb, -1 the default. */
export interface PtyCell {
  readonly text: string;
  readonly width: number;
  readonly foreground: number;
  readonly background: number;
  readonly bold: boolean;
  readonly inverse: boolean;
}

interface Waiter {
  readonly check: () => boolean;
  readonly resolve: () => void;
}

/** A program on a real pseudo-terminal of its own, its output shown by a real terminal emulator. */
export class PtyProgram {
  readonly emulator: Emulator;
  readonly process: Bun.Subprocess;
  /** Bytes the program has written. */
  outputBytes = 0;
  /** All the program has written, as Latin-1 (one character a byte), for tests of the bytes themselves. */
  transcript = '';
  /** When the newest output that is on the emulator's screen arrived; performance.now(). */
  shownMillis = 0;
  readonly #terminal: Bun.Terminal;
  readonly #modes = new Map<number, boolean>();
  readonly #waiters = new Set<Waiter>();
  readonly #decoder = new TextDecoder();
  #unparsed = 0;
  #isAtEnd = false;

  constructor(command: readonly string[], options: PtyOptions = {}) {
    const cols = options.columns ?? 80;
    const rows = options.rows ?? 24;
    this.emulator = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 0 });
    this.#followModes();
    const subprocess = Bun.spawn([...command], {
      env: environmentOf(options.environment ?? {}),
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
      terminal: {
        cols,
        rows,
        data: (_terminal, bytes) => this.#show(bytes),
        exit: () => this.#end(),
      },
    });
    if (subprocess.terminal === undefined) throw new OpError({ op: 'open pty', code: 'ENOTTY' });
    this.process = subprocess;
    this.#terminal = subprocess.terminal;
    if (options.answers ?? true) this.emulator.onData((answer) => this.key(answer));
  }

  /** Types text or a key's bytes. */
  key(text: string): void {
    if (!this.#terminal.closed) this.#terminal.write(text);
  }

  /** Changes the window's size; the kernel sends SIGWINCH. */
  resize(columns: number, rows: number): void {
    this.emulator.resize(columns, rows);
    this.#terminal.resize(columns, rows);
  }

  /** The screen's lines, without trailing spaces. */
  lines(): string[] {
    return Array.from({ length: this.emulator.rows }, (_, row) => this.line(row));
  }

  line(row: number): string {
    const { active } = this.emulator.buffer;
    return active.getLine(active.viewportY + row)?.translateToString(true) ?? '';
  }

  text(): string {
    return this.lines().join('\n');
  }

  cell(x: number, y: number): PtyCell {
    const { active } = this.emulator.buffer;
    const cell = active.getLine(active.viewportY + y)?.getCell(x);
    if (cell === undefined)
      throw new OpError({ op: 'read cell', code: 'ERANGE', message: `no cell ${x},${y}` });
    return cellOf(cell);
  }

  /** Resolves with the screen once it matches; rejects, showing the screen, if it does not in time. */
  async waitFor(pattern: RegExp, timeoutMillis = DEFAULT_TIMEOUT_MILLIS): Promise<string> {
    await this.waitUntil(() => pattern.test(this.text()), `${pattern} on the screen`, timeoutMillis);
    return this.text();
  }

  /**
   * Resolves once `check` holds, asked whenever the program has written something or its output has ended. Never within
   * a frame, which may arrive in pieces: its first lines are new then, and its last ones old.
   */
  waitUntil(check: () => boolean, what: string, timeoutMillis = DEFAULT_TIMEOUT_MILLIS): Promise<void> {
    if (!this.#isWithinFrame && check()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = { check, resolve: () => this.#settle(waiter, timer, resolve) };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        const message = `timed out waiting for ${what}; the screen is\n${this.text()}`;
        reject(new OpError({ op: 'wait', code: 'ETIMEDOUT', message }));
      }, timeoutMillis);
      this.#waiters.add(waiter);
    });
  }

  /** The exit code (128 + signal for one ended by a signal), once all output is on the screen. */
  async exited(): Promise<number> {
    const code = await this.process.exited;
    await this.waitUntil(() => this.#isAtEnd && this.#unparsed === 0, 'the end of output');
    return code;
  }

  get isAlternateScreen(): boolean {
    return this.emulator.buffer.active.type === 'alternate';
  }

  /** A DEC private mode as last set or reset by the program; undefined if it never was. */
  mode(number: number): boolean | undefined {
    return this.#modes.get(number);
  }

  get isCursorVisible(): boolean {
    return this.#modes.get(25) !== false;
  }

  /** What of the mouse is reported: `none`, or `drag` for mode 1002. */
  get mouseTracking(): string {
    return this.emulator.modes.mouseTrackingMode;
  }

  /** termios c_lflag: ICANON, ECHO, ISIG and their like. */
  get localFlags(): number {
    return this.#terminal.localFlags;
  }

  /** Ctrl-C as a signal to the program in the foreground (ISIG), whatever mode it has set. */
  interrupt(): void {
    this.#terminal.localFlags |= ISIG;
    this.key('\x03');
  }

  /** termios c_iflag. */
  get inputFlags(): number {
    return this.#terminal.inputFlags;
  }

  /** Ctrl-S: from now on the terminal takes nothing of what the program writes. */
  stopOutput(): void {
    this.#terminal.inputFlags = (this.#terminal.inputFlags | IXON) & ~IXANY;
    this.key(STOP_OUTPUT);
  }

  /** Ctrl-Q. */
  startOutput(): void {
    this.key(START_OUTPUT);
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** Hangs up: the program's terminal is gone. */
  hangUp(): void {
    this.#terminal.close();
  }

  /** Ends what is left; safe to call at any time. */
  async close(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.process.exited;
    if (!this.#terminal.closed) this.#terminal.close();
    this.emulator.dispose();
  }

  #show(bytes: Uint8Array): void {
    const arrivedMillis = performance.now();
    this.outputBytes += bytes.length;
    this.transcript += Buffer.from(bytes).toString('latin1');
    this.#unparsed++;
    // As text: given bytes, the emulator loses a character that is cut between E2 80 and its third byte, such as `…`.
    this.emulator.write(this.#decoder.decode(bytes, { stream: true }), () => {
      this.#unparsed--;
      this.shownMillis = arrivedMillis;
      this.#ask();
    });
  }

  #end(): void {
    this.#isAtEnd = true;
    this.#ask();
  }

  get #isWithinFrame(): boolean {
    return this.#modes.get(SYNCHRONIZED_UPDATE) === true && !this.#isAtEnd;
  }

  #ask(): void {
    if (this.#isWithinFrame) return;
    for (const waiter of this.#waiters) if (waiter.check()) waiter.resolve();
  }

  #settle(waiter: Waiter, timer: ReturnType<typeof setTimeout>, resolve: () => void): void {
    clearTimeout(timer);
    this.#waiters.delete(waiter);
    resolve();
  }

  #followModes(): void {
    for (const final of ['h', 'l']) {
      this.emulator.parser.registerCsiHandler({ prefix: '?', final }, (params) => {
        for (const mode of params) if (typeof mode === 'number') this.#modes.set(mode, final === 'h');
        return false;
      });
    }
  }
}

function freshLocalFlags(): number {
  const terminal = new Bun.Terminal({});
  const { localFlags } = terminal;
  terminal.close();
  return localFlags;
}

function environmentOf(extra: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const merged: Record<string, string | undefined> = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    // No folder: no test remembers what another has chosen.
    XDG_STATE_HOME: '/dev/null',
    ...extra,
  };
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(merged)) if (value !== undefined) environment[name] = value;
  return environment;
}

function cellOf(cell: IBufferCell): PtyCell {
  return {
    text: cell.getChars(),
    width: cell.getWidth(),
    foreground: cell.isFgDefault() ? -1 : cell.getFgColor(),
    background: cell.isBgDefault() ? -1 : cell.getBgColor(),
    bold: cell.isBold() !== 0,
    inverse: cell.isInverse() !== 0,
  };
}
