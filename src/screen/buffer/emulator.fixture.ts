import xterm from '@xterm/headless';

/** As a program of this project has it: the alternate screen, which no resize reflows, without autowrap. */
const ENTER = '\x1b[?1049h\x1b[?7l';

/** A terminal emulator to feed frames to; its screen is what the user would see. */
export class Emulator {
  readonly #terminal: InstanceType<typeof xterm.Terminal>;

  constructor(width: number, height: number) {
    this.#terminal = new xterm.Terminal({ cols: width, rows: height, allowProposedApi: true });
    this.#terminal.write(ENTER);
  }

  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(bytes, resolve));
  }

  resize(width: number, height: number): void {
    this.#terminal.resize(width, height);
  }

  /** Column and row, 0-based. */
  get cursor(): readonly [number, number] {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    return [cursorX, cursorY];
  }

  /** What is to be seen of the cell: glyph, columns, colours, attributes. Empty cells look like spaces. */
  look(x: number, y: number): string {
    const cell = this.#terminal.buffer.active.getLine(y)?.getCell(x);
    if (cell === undefined) return 'none';
    const seenOnBlanks = `${cell.isUnderline()}/${cell.isInverse()}/${cell.isStrikethrough()}`;
    const background = `${cell.getBgColorMode()}:${cell.getBgColor()}`;
    const isBlank = cell.getWidth() === 1 && cell.getChars().trim() === '';
    const isBare = isBlank && !cell.isUnderline() && !cell.isInverse() && !cell.isStrikethrough();
    if (isBare) return `blank on ${background}`;
    const foreground = `${cell.getFgColorMode()}:${cell.getFgColor()}`;
    const weight = `${cell.isBold()}/${cell.isDim()}/${cell.isItalic()}`;
    const glyph = isBlank ? ' ' : cell.getChars();
    return `"${glyph}" ${cell.getWidth()} ${foreground} on ${background} ${weight}/${seenOnBlanks}`;
  }

  /** The looks of all cells, row by row. */
  looks(width: number, height: number): string[] {
    return Array.from({ length: width * height }, (_, i) => this.look(i % width, Math.floor(i / width)));
  }

  text(x: number, y: number): string {
    return this.#terminal.buffer.active.getLine(y)?.getCell(x)?.getChars() ?? '';
  }
}
