import type { Terminal as Emulator, IBufferCell, IBufferLine } from '@xterm/headless';
import { drawGlyph } from './svg-glyphs.ts';
import { BASELINE, CELL_HEIGHT, CELL_WIDTH, INK_STYLE, RowInk, short } from './svg-ink.ts';

/** A letter of the first font is then exactly one cell wide. */
const FONT_SIZE = 14.95;
const FONTS = "'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono','Noto Sans Mono CJK SC',monospace";
const FOREGROUND = '#a9b1d6';
const BACKGROUND = '#1a1b26';
const MARGIN = 10;
/** xterm's first sixteen colours. */
const PALETTE = [
  ...['#000000', '#cd0000', '#00cd00', '#cdcd00', '#0000ee', '#cd00cd', '#00cdcd', '#e5e5e5'],
  ...['#7f7f7f', '#ff0000', '#00ff00', '#ffff00', '#5c5cff', '#ff00ff', '#00ffff', '#ffffff'],
];
const CUBE_LEVELS = [0, 95, 135, 175, 215, 255];
/** XML knows neither controls nor the two code points that are no characters. */
const NOT_XML = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g;

/** A terminal's screen as a picture: what each row shows, its origin the baseline at the row's left edge. */
export interface ScreenPicture {
  readonly columns: number;
  readonly rows: readonly string[];
  /** The colour that most of it stands on. */
  readonly ground: string;
}

/** What the emulator shows now, row by row. */
export function pictureOf(emulator: Emulator): ScreenPicture {
  const { active } = emulator.buffer;
  const lines = Array.from({ length: emulator.rows }, (_, y) => active.getLine(active.viewportY + y));
  const ground = groundOf(lines, emulator.cols);
  return { columns: emulator.cols, rows: lines.map((line) => rowOf(line, emulator.cols, ground)), ground };
}

/** The screen of a terminal emulator as an SVG picture, `title` for those who cannot see it. */
export function screenSvg(emulator: Emulator, title: string): string {
  const picture = pictureOf(emulator);
  const rows = picture.rows.map((row, y) => (row === '' ? '' : `<g ${placeOf(y)}>${row}</g>`));
  return svgDocument(picture, title, '', rows.join('\n'));
}

/** Where a row of the picture stands. */
export function placeOf(y: number): string {
  return `transform="translate(0 ${y * CELL_HEIGHT + BASELINE})"`;
}

/** A whole SVG file of the picture's size around `content`; `css` is added to its style. */
export function svgDocument(picture: ScreenPicture, title: string, css: string, content: string): string {
  const width = picture.columns * CELL_WIDTH + 2 * MARGIN;
  const height = picture.rows.length * CELL_HEIGHT + 2 * MARGIN;
  const size = `width="${width}" height="${height}" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}"`;
  const text = `font-family="${FONTS}" font-size="${FONT_SIZE}" fill="${FOREGROUND}" xml:space="preserve"`;
  const board = `x="${-MARGIN}" y="${-MARGIN}" width="${width}" height="${height}" rx="8"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size}><title>${escaped(title)}</title>` +
    `<style>${INK_STYLE}${css}</style>` +
    `<rect ${board} fill="${picture.ground}"/>\n<g ${text}>\n${content}\n</g></svg>\n`
  );
}

/** The commonest background, so that it need not be drawn again and again. */
function groundOf(lines: readonly (IBufferLine | undefined)[], columns: number): string {
  const counts = new Map<string, number>();
  for (const line of lines) {
    for (let x = 0; x < columns; x++) {
      const color = colorsOf(line?.getCell(x)).ground;
      counts.set(color, (counts.get(color) ?? 0) + 1);
    }
  }
  const [commonest] = [...counts].sort((a, b) => b[1] - a[1]);
  return commonest?.[0] ?? BACKGROUND;
}

function rowOf(line: IBufferLine | undefined, columns: number, ground: string): string {
  const grounds = new RowInk();
  const ink = new RowInk();
  const texts = new RowTexts();
  for (let x = 0; x < columns; x++) {
    const cell = line?.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const colors = colorsOf(cell);
    const width = cell.getWidth() * CELL_WIDTH;
    if (colors.ground !== ground) grounds.rectangle(colors.ground, x * CELL_WIDTH, 0, width, CELL_HEIGHT);
    const glyph = cell.getChars();
    if (glyph === '' || glyph === ' ' || cell.isInvisible()) texts.space();
    else if (drawGlyph(ink, glyph, x, colors.ink)) texts.end();
    else texts.write(glyph, x, cell.getWidth(), styleOf(cell, colors.ink));
  }
  texts.end();
  return grounds.svg() + ink.svg() + texts.svg;
}

/** Texts of one row: letters of one style in a row, single spaces between them too, are one. */
class RowTexts {
  svg = '';
  #text = '';
  #start = 0;
  #style = '';
  #cells = 0;
  #spaces = 0;

  write(glyph: string, x: number, width: number, style: string): void {
    // Only ASCII is sure to be one cell wide in the reader's font: the rest stands alone, pressed into its cells.
    const isSure = isAscii(glyph);
    if (!isSure || style !== this.#style || this.#spaces > 1) this.end();
    if (this.#text === '') {
      this.#start = x;
      this.#style = style;
    }
    this.#text += ' '.repeat(this.#spaces) + glyph;
    this.#cells += this.#spaces + width;
    this.#spaces = 0;
    if (!isSure) this.end();
  }

  space(): void {
    if (this.#text !== '') this.#spaces++;
  }

  /** Writes down what has come together. */
  end(): void {
    const length = ` textLength="${this.#cells * CELL_WIDTH}"`;
    const room = !isAscii(this.#text)
      ? `${length} lengthAdjust="spacingAndGlyphs"`
      : this.#cells > 1
        ? length
        : '';
    const place = `x="${this.#start * CELL_WIDTH}"${this.#style}`;
    if (this.#text !== '') this.svg += `<text ${place}${room}>${escaped(this.#text)}</text>`;
    this.#text = '';
    this.#cells = 0;
    this.#spaces = 0;
  }
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

interface CellColors {
  readonly ink: string;
  readonly ground: string;
}

function colorsOf(cell: IBufferCell | undefined): CellColors {
  if (cell === undefined) return { ink: FOREGROUND, ground: BACKGROUND };
  const [foreground, background] = [foregroundOf(cell), backgroundOf(cell)];
  return cell.isInverse() ? { ink: background, ground: foreground } : { ink: foreground, ground: background };
}

function styleOf(cell: IBufferCell, color: string): string {
  return (
    (color === FOREGROUND ? '' : ` fill="${color}"`) +
    (cell.isBold() ? ' font-weight="bold"' : '') +
    (cell.isItalic() ? ' font-style="italic"' : '') +
    (cell.isDim() ? ` opacity="${short(0.6)}"` : '') +
    (cell.isUnderline() ? ' text-decoration="underline"' : '') +
    (cell.isStrikethrough() ? ' text-decoration="line-through"' : '')
  );
}

function foregroundOf(cell: IBufferCell): string {
  if (cell.isFgRGB()) return hex(cell.getFgColor());
  return cell.isFgPalette() ? paletteColor(cell.getFgColor()) : FOREGROUND;
}

function backgroundOf(cell: IBufferCell): string {
  if (cell.isBgRGB()) return hex(cell.getBgColor());
  return cell.isBgPalette() ? paletteColor(cell.getBgColor()) : BACKGROUND;
}

/** The 256 colours: 16 of the terminal's own, a cube of 6 x 6 x 6, 24 greys. */
function paletteColor(index: number): string {
  const own = PALETTE[index];
  if (own !== undefined) return own;
  if (index >= 232) return hex((8 + (index - 232) * 10) * 0x010101);
  const cube = index - 16;
  const channels = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(
    (level) => CUBE_LEVELS[level]!,
  );
  return hex((channels[0]! << 16) | (channels[1]! << 8) | channels[2]!);
}

function hex(color: number): string {
  return `#${color.toString(16).padStart(6, '0')}`;
}

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(NOT_XML, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
