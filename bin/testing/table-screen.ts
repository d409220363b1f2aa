import { SSTOP } from './executables.ts';
import { PtyProgram } from './pty.ts';

const SEQUENCES: Readonly<Record<string, string>> = {
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  pageup: '\x1b[5~',
  pagedown: '\x1b[6~',
  delete: '\x1b[3~',
  escape: '\x1b',
  enter: '\r',
  space: ' ',
  tab: '\t',
  'shift+tab': '\x1b[Z',
  backspace: '\x7f',
  f1: '\x1bOP',
};
const ARROWS: Readonly<Record<string, string>> = { left: 'D', right: 'C' };

/** The bytes that xterm sends for a chord, as in `KeyEvent.chord`. */
export function bytesOf(chord: string): string {
  const arrow = /^(ctrl|alt)\+(left|right)$/.exec(chord);
  if (arrow !== null) return `\x1b[1;${arrow[1] === 'ctrl' ? 5 : 3}${ARROWS[arrow[2]!]}`;
  if (chord.startsWith('alt+')) return `\x1b${bytesOf(chord.slice(4))}`;
  if (chord === 'ctrl+delete') return '\x1b[3;5~';
  if (chord.startsWith('ctrl+')) return String.fromCharCode(chord.charCodeAt(5) & 0x1f);
  return SEQUENCES[chord] ?? chord;
}

/** What a press on the wheel or a button is called in an SGR mouse report (XTerm control sequences, 1006). */
const MOUSE_CODES = { left: 0, middle: 1, right: 2, drag: 32, 'wheel-up': 64, 'wheel-down': 65 } as const;
export type MouseButton = keyof typeof MOUSE_CODES;

/** The report of a press, or of its release, on a cell counted from 0. */
export function mouseBytes(button: MouseButton, x: number, y: number, isRelease: boolean): string {
  return `\x1b[<${MOUSE_CODES[button]};${x + 1};${y + 1}${isRelease ? 'm' : 'M'}`;
}

/** Everything of the screen that stays as it is from one sample to the next. */
export interface Shown {
  /** What the view is called. */
  readonly title: string;
  /** The table's head, with the mark of the sort. */
  readonly head: string;
  /** What tells each row on screen apart. */
  readonly rows: readonly string[];
  /** That of the selected row; '' where there is none. */
  readonly selected: string;
  readonly footer: string;
  /** Of the scrollbar's thumb, in lines of the screen. */
  readonly thumb: readonly number[];
  readonly isPaused: boolean;
  readonly isFollowing: boolean;
  readonly interfaceName: string;
  readonly mouse: string;
  /** The second line where a recording is played, its progress; else ''. */
  readonly second: string;
}

/** What no step of the cursor and no playback changes. */
function frameOf({
  rows: _rows,
  selected: _selected,
  thumb: _thumb,
  second: _second,
  ...frame
}: Shown): string {
  return JSON.stringify(frame);
}

/** The same view with rows in it, wherever in it one is. */
export function isSameView(one: Shown, other: Shown): boolean {
  return one.rows.length > 0 && frameOf(one) === frameOf(other);
}

export function isSame(one: Shown, other: Shown): boolean {
  const rowsOf = ({ rows, selected, thumb }: Shown) => JSON.stringify([rows, selected, thumb]);
  return isSameView(one, other) && rowsOf(one) === rowsOf(other);
}

export interface TableOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly directory?: string;
}

const WIDTH = 200;
const HEIGHT = 14;
const THUMB = '▐';
const MARKER = '▸';
/** Patience for a machine that does a lot of other work. */
const PATIENCE_MILLIS = 20_000;

/** sstop on a terminal, read as a table: head, rows, cursor, scrollbar. */
export class TableScreen {
  readonly pty: PtyProgram;
  /** The head of the current view's table, and what tells a row apart. */
  head = /PID .*PROCESS/;
  row = /\S+/;
  #mark = 0;

  constructor(arguments_: readonly string[], options: TableOptions = {}) {
    // No names: the host 127.0.0.1 has those that any process of the machine asks for, and is sorted by them.
    this.pty = new PtyProgram([SSTOP, '--no-dns', '--no-sniff', ...arguments_], {
      columns: options.columns ?? WIDTH,
      rows: options.rows ?? HEIGHT,
      environment: { COLORTERM: 'truecolor' },
      ...(options.directory === undefined ? {} : { directory: options.directory }),
    });
  }

  press(...chords: readonly string[]): void {
    for (const chord of chords) this.pty.key(bytesOf(chord));
  }

  /** Resolves once the screen is as `check` wants it. */
  until(check: (shown: Shown) => boolean, what: string): Promise<void> {
    return this.pty.waitUntil(() => check(this.shown()), what, PATIENCE_MILLIS);
  }

  untilText(pattern: RegExp): Promise<string> {
    return this.pty.waitFor(pattern, PATIENCE_MILLIS);
  }

  shown(): Shown {
    const lines = this.pty.lines();
    const top = this.headY();
    const rows: string[] = [];
    const thumb: number[] = [];
    let selected = '';
    for (let y = top + 1; top >= 0 && y < lines.length - 1; y++) {
      const line = lines[y]!;
      const row = this.row.exec(line)?.[0] ?? '';
      if (row !== '') rows.push(row);
      if (line.startsWith(MARKER)) selected = row;
      if (this.isThumb(y)) thumb.push(y);
    }
    return {
      title: lines[0]!.trim().split('  ', 1)[0]!,
      // Columns are as wide as their content needs or has needed.
      head: (lines[top] ?? '').replaceAll(/ +/g, ' '),
      ...{ rows, selected, thumb },
      // Without the place in the list, which every step of the cursor changes.
      footer: lines
        .at(-1)!
        .trim()
        .replace(/ +[-\d]+\/\d+(?: of \d+)?$/, ''),
      isPaused: lines[0]!.includes('PAUSED'),
      isFollowing: lines[0]!.includes(' following'),
      interfaceName: this.#interfaceName(),
      mouse: this.pty.mouseTracking,
      second: lines[1]!.includes('.gz') ? lines[1]!.trim() : '',
    };
  }

  headY(): number {
    return this.pty.lines().findIndex((line) => this.head.test(line));
  }

  /** The line of a row. */
  yOf(row: string): number {
    const top = this.headY();
    return this.pty.lines().findIndex((line, y) => y > top && this.row.exec(line)?.[0] === row);
  }

  isThumb(y: number): boolean {
    return this.pty.cell(this.pty.emulator.cols - 1, y).text === THUMB;
  }

  mouse(button: MouseButton, x: number, y: number, isRelease = false): void {
    this.pty.key(mouseBytes(button, x, y, isRelease));
  }

  click(x: number, y: number): void {
    this.mouse('left', x, y);
    this.mouse('left', x, y, true);
  }

  /** Writes over the screen as another program on the same terminal would. */
  async scribble(text: string): Promise<void> {
    await new Promise<void>((resolve) => {
      this.pty.emulator.write(`\x1b7\x1b[5;5H${text}\x1b8`, resolve);
    });
  }

  markWritten(): void {
    this.#mark = this.pty.transcript.length;
  }

  /** What the program has written since. */
  written(): string {
    return this.pty.transcript.slice(this.#mark);
  }

  async close(): Promise<void> {
    await this.pty.close();
  }

  /** The chosen interface, as the header says it; '' for all. */
  #interfaceName(): string {
    return / only (\S+)/.exec(this.pty.line(0))?.[1] ?? '';
  }
}
