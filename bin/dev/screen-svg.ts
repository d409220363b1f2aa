import type { Terminal as Emulator, IBufferCell } from '@xterm/headless';

const CELL_WIDTH = 9;
const CELL_HEIGHT = 19;
const BASELINE = 14.5;
const FONT_SIZE = 14.95;
const FONTS = 'DejaVu Sans Mono, Noto Sans Mono CJK SC, monospace';
const FOREGROUND = '#a9b1d6';
const BACKGROUND = '#1a1b26';
/** xterm's first sixteen colours. */
const PALETTE = [
  ...['#000000', '#cd0000', '#00cd00', '#cdcd00', '#0000ee', '#cd00cd', '#00cdcd', '#e5e5e5'],
  ...['#7f7f7f', '#ff0000', '#00ff00', '#ffff00', '#5c5cff', '#ff00ff', '#00ffff', '#ffffff'],
];
const CUBE_LEVELS = [0, 95, 135, 175, 215, 255];

/** The screen of a terminal emulator as an SVG picture, cell by cell. */
export function screenSvg(emulator: Emulator): string {
  const width = (emulator.cols * CELL_WIDTH).toFixed(1);
  const height = emulator.rows * CELL_HEIGHT;
  let grounds = '';
  let glyphs = '';
  for (let y = 0; y < emulator.rows; y++) {
    const line = emulator.buffer.active.getLine(emulator.buffer.active.viewportY + y);
    for (let x = 0; x < emulator.cols; x++) {
      const cell = line?.getCell(x);
      if (cell === undefined || cell.getWidth() === 0) continue;
      grounds += groundOf(cell, x, y);
      glyphs += glyphOf(cell, x, y);
    }
  }
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const text = `font-family="${FONTS}" font-size="${FONT_SIZE}" xml:space="preserve"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" ${size}><rect width="100%" height="100%" fill="${BACKGROUND}"/>` +
    `<g shape-rendering="crispEdges">${grounds}</g><g ${text}>${glyphs}</g></svg>\n`
  );
}

function groundOf(cell: IBufferCell, x: number, y: number): string {
  const color = cell.isInverse() ? foregroundOf(cell) : backgroundOf(cell);
  if (color === BACKGROUND) return '';
  return rectangle(x * CELL_WIDTH, y * CELL_HEIGHT, cell.getWidth() * CELL_WIDTH, CELL_HEIGHT, color);
}

function glyphOf(cell: IBufferCell, x: number, y: number): string {
  const text = cell.getChars();
  if (text === '' || text === ' ') return '';
  const color = cell.isInverse() ? backgroundOf(cell) : foregroundOf(cell);
  const block = blockOf(text, x * CELL_WIDTH, y * CELL_HEIGHT, color);
  if (block !== undefined) return block;
  const weight = cell.isBold() ? ' font-weight="bold"' : '';
  const at = `x="${(x * CELL_WIDTH).toFixed(1)}" y="${(y * CELL_HEIGHT + BASELINE).toFixed(1)}"`;
  const room = ` textLength="${(cell.getWidth() * CELL_WIDTH).toFixed(1)}" lengthAdjust="spacingAndGlyphs"`;
  return `<text ${at} fill="${color}"${weight}${cell.getWidth() > 1 ? room : ''}>${escaped(text)}</text>`;
}

/** Eighth blocks are drawn, since fonts leave gaps between them. */
function blockOf(text: string, left: number, top: number, color: string): string | undefined {
  const code = text.codePointAt(0)!;
  if (code >= 0x2581 && code <= 0x2588) {
    const height = ((code - 0x2580) * CELL_HEIGHT) / 8;
    return rectangle(left, top + CELL_HEIGHT - height, CELL_WIDTH, height, color);
  }
  if (code > 0x2588 && code <= 0x258f) {
    return rectangle(left, top, ((0x2590 - code) * CELL_WIDTH) / 8, CELL_HEIGHT, color);
  }
  if (code === 0x2500) return rectangle(left, top + CELL_HEIGHT / 2, CELL_WIDTH, 1, color);
  return undefined;
}

function rectangle(x: number, y: number, width: number, height: number, color: string): string {
  const [left, top, w, h] = [x, y, width, height].map((value) => value.toFixed(1));
  return `<rect x="${left}" y="${top}" width="${w}" height="${h}" fill="${color}"/>`;
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
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
