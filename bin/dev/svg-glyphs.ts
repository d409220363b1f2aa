import { CELL_HEIGHT, CELL_WIDTH, type RowInk } from './svg-ink.ts';

/** Middle of a cell: where its lines cross, one unit wide. */
const MIDDLE_X = (CELL_WIDTH - 1) / 2;
const MIDDLE_Y = (CELL_HEIGHT - 1) / 2;

/** Lines that leave the middle: left, up, right, down, as U+2500 to U+257F combine them. */
const ARMS: ReadonlyMap<string, string> = new Map([
  ...pairs('─│┌┐└┘├┤┬┴┼╴╵╶╷', [
    'lr',
    'ud',
    'rd',
    'ld',
    'ur',
    'lu',
    'urd',
    'lud',
    'lrd',
    'lur',
    'lurd',
    ...'lurd',
  ]),
]);
const HEAVY_ARMS: ReadonlyMap<string, string> = new Map([
  ...pairs('━┃┏┓┗┛┣┫┳┻╋╸╹╺╻', [
    'lr',
    'ud',
    'rd',
    'ld',
    'ur',
    'lu',
    'urd',
    'lud',
    'lrd',
    'lur',
    'lurd',
    ...'lurd',
  ]),
]);
const DOUBLE_ARMS: ReadonlyMap<string, string> = new Map([
  ...pairs('═║╔╗╚╝╠╣╦╩╬', ['lr', 'ud', 'rd', 'ld', 'ur', 'lu', 'urd', 'lud', 'lrd', 'lur', 'lurd']),
]);
const SHADES: ReadonlyMap<string, string> = new Map([
  ['░', '40'],
  ['▒', '80'],
  ['▓', 'c0'],
]);
/** Quarters filled: upper left 1, upper right 2, lower left 4, lower right 8; U+2596 to U+259F. */
const QUADRANTS = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14];

function pairs(glyphs: string, arms: readonly string[]): [string, string][] {
  return [...glyphs].map((glyph, at) => [glyph, arms[at]!]);
}

/**
 * Draws a glyph that fonts lack, or leave gaps between: blocks, lines, braille, triangles and dots. `cell` is the
 * column, `color` is `#rrggbb`. False: it is none of these, and is to be written as text.
 */
export function drawGlyph(ink: RowInk, glyph: string, cell: number, color: string): boolean {
  const code = glyph.codePointAt(0) ?? 0;
  if (code < 0x2500 || code > 0x28ff || glyph.length !== 1) return false;
  const x = cell * CELL_WIDTH;
  if (code <= 0x257f) return drawLines(ink, glyph, x, color);
  if (code <= 0x259f) return drawBlock(ink, glyph, code, x, color);
  if (code <= 0x25ff) return drawShape(ink, glyph, x, color);
  if (code >= 0x2800) return drawBraille(ink, code, cell, color);
  return false;
}

function drawLines(ink: RowInk, glyph: string, x: number, color: string): boolean {
  const light = ARMS.get(glyph);
  const heavy = HEAVY_ARMS.get(glyph);
  const double = DOUBLE_ARMS.get(glyph);
  if (light !== undefined) drawArms(ink, light, x, color, 1);
  else if (heavy !== undefined) drawArms(ink, heavy, x, color, 3);
  else if (double !== undefined) drawDouble(ink, double, x, color);
  else return drawRounded(ink, glyph, x, color);
  return true;
}

/** `thickness` is odd, so that the middle is a whole unit. */
function drawArms(ink: RowInk, arms: string, x: number, color: string, thickness: number): void {
  const left = MIDDLE_X - (thickness - 1) / 2;
  const top = MIDDLE_Y - (thickness - 1) / 2;
  const [right, bottom] = [left + thickness, top + thickness];
  const isThrough = (a: string, b: string): boolean => arms.includes(a) && arms.includes(b);
  if (isThrough('l', 'r')) ink.rectangle(color, x, top, CELL_WIDTH, thickness);
  else if (arms.includes('l')) ink.rectangle(color, x, top, right, thickness);
  else if (arms.includes('r')) ink.rectangle(color, x + left, top, CELL_WIDTH - left, thickness);
  if (isThrough('u', 'd')) ink.rectangle(color, x + left, 0, thickness, CELL_HEIGHT);
  else if (arms.includes('u')) ink.rectangle(color, x + left, 0, thickness, bottom);
  else if (arms.includes('d')) ink.rectangle(color, x + left, top, thickness, CELL_HEIGHT - top);
}

/** Two thin lines with the ground between them: thick ones first, what is between them left out by pieces. */
function drawDouble(ink: RowInk, arms: string, x: number, color: string): void {
  const has = (arm: string): boolean => arms.includes(arm);
  const [left, right, top, bottom] = [MIDDLE_X - 1, MIDDLE_X + 1, MIDDLE_Y - 1, MIDDLE_Y + 1];
  for (const [y, arm] of [
    [top, 'u'],
    [bottom, 'd'],
  ] as const) {
    // A line across is broken where an arm leaves through it.
    const from = has('l') ? 0 : left;
    const to = has('r') ? CELL_WIDTH : right + 1;
    const isBroken = has(arm);
    if (!isBroken) ink.rectangle(color, x + from, y, to - from, 1);
    if (isBroken && has('l')) ink.rectangle(color, x, y, left + 1, 1);
    if (isBroken && has('r')) ink.rectangle(color, x + right, y, CELL_WIDTH - right, 1);
  }
  for (const [column, arm] of [
    [left, 'l'],
    [right, 'r'],
  ] as const) {
    const from = has('u') ? 0 : top;
    const to = has('d') ? CELL_HEIGHT : bottom + 1;
    const isBroken = has(arm);
    if (!isBroken) ink.rectangle(color, x + column, from, 1, to - from);
    if (isBroken && has('u')) ink.rectangle(color, x + column, 0, 1, top + 1);
    if (isBroken && has('d')) ink.rectangle(color, x + column, bottom, 1, CELL_HEIGHT - bottom);
  }
}

/** Corners of boxes: from the side to the middle of the top or bottom. */
function drawRounded(ink: RowInk, glyph: string, x: number, color: string): boolean {
  const [across, down] = [CELL_WIDTH / 2, CELL_HEIGHT / 2];
  const straight = down - across;
  switch (glyph) {
    case '╭':
      ink.curve(color, x + across, CELL_HEIGHT, `v${-straight}q0 ${-across} ${across} ${-across}`);
      return true;
    case '╮':
      ink.curve(color, x + across, CELL_HEIGHT, `v${-straight}q0 ${-across} ${-across} ${-across}`);
      return true;
    case '╰':
      ink.curve(color, x + across, 0, `v${straight}q0 ${across} ${across} ${across}`);
      return true;
    case '╯':
      ink.curve(color, x + across, 0, `v${straight}q0 ${across} ${-across} ${across}`);
      return true;
    default:
      return false;
  }
}

function drawBlock(ink: RowInk, glyph: string, code: number, x: number, color: string): boolean {
  const half = CELL_WIDTH / 2;
  const eighth = CELL_HEIGHT / 8;
  const shade = SHADES.get(glyph);
  if (shade !== undefined) ink.rectangle(color + shade, x, 0, CELL_WIDTH, CELL_HEIGHT);
  else if (code === 0x2580) ink.rectangle(color, x, 0, CELL_WIDTH, CELL_HEIGHT / 2);
  else if (code <= 0x2588) {
    const height = (code - 0x2580) * eighth;
    ink.rectangle(color, x, CELL_HEIGHT - height, CELL_WIDTH, height);
  } else if (code <= 0x258f) ink.rectangle(color, x, 0, ((0x2590 - code) * CELL_WIDTH) / 8, CELL_HEIGHT);
  else if (code === 0x2590) ink.rectangle(color, x + half, 0, half, CELL_HEIGHT);
  else if (code === 0x2594) ink.rectangle(color, x, 0, CELL_WIDTH, eighth);
  else if (code === 0x2595) ink.rectangle(color, x + (CELL_WIDTH * 7) / 8, 0, CELL_WIDTH / 8, CELL_HEIGHT);
  else {
    const quarters = QUADRANTS[code - 0x2596]!;
    for (let quarter = 0; quarter < 4; quarter++) {
      if ((quarters & (1 << quarter)) === 0) continue;
      const [right, low] = [quarter & 1, quarter >> 1];
      ink.rectangle(color, x + right * half, (low * CELL_HEIGHT) / 2, half, CELL_HEIGHT / 2);
    }
  }
  return true;
}

/** Triangles and dots, which fonts make of any width. */
function drawShape(ink: RowInk, glyph: string, x: number, color: string): boolean {
  const triangle = (...points: readonly (readonly [number, number])[]): true => {
    ink.polygon(color, x, points);
    return true;
  };
  switch (glyph) {
    case '▲':
      return triangle([0.5, 14], [4.5, 5], [8.5, 14]);
    case '▼':
      return triangle([0.5, 6], [8.5, 6], [4.5, 15]);
    case '▶':
      return triangle([0.5, 5], [8.5, 9.5], [0.5, 14]);
    case '◀':
      return triangle([8.5, 5], [0.5, 9.5], [8.5, 14]);
    case '▴':
      return triangle([1.5, 13], [4.5, 7], [7.5, 13]);
    case '▾':
      return triangle([1.5, 7], [7.5, 7], [4.5, 13]);
    case '▸':
      return triangle([2, 6], [7, 9.5], [2, 13]);
    case '◂':
      return triangle([7, 6], [2, 9.5], [7, 13]);
    case '●':
      ink.circle(color, x + 4.5, 9.5, 3.4);
      return true;
    default:
      return false;
  }
}

/** Bits of a braille code point: left column 0 to 2, right column 3 to 5, then the fourth dots of both. */
function drawBraille(ink: RowInk, code: number, cell: number, color: string): boolean {
  const DOTS = [
    [0, 3],
    [1, 4],
    [2, 5],
    [6, 7],
  ] as const;
  for (const [row, [left, right]] of DOTS.entries()) {
    if ((code & (1 << left)) !== 0) ink.dot(color, cell * 2, row);
    if ((code & (1 << right)) !== 0) ink.dot(color, cell * 2 + 1, row);
  }
  return true;
}
