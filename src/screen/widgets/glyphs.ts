const NAMES = [
  ...(['topLeft', 'topRight', 'bottomLeft', 'bottomRight', 'horizontal', 'vertical'] as const),
  ...(['teeLeft', 'teeRight', 'sortDescending', 'sortAscending', 'scrollThumb', 'scrollTrack'] as const),
  /** In front of the selected row, and in place of text that is cut off. */
  ...(['marker', 'ellipsis'] as const),
];

/** Code points of the drawing characters: one set for UTF-8 terminals, one for ASCII. All are one cell wide. */
export type Glyphs = Readonly<Record<(typeof NAMES)[number], number>>;

const glyphs = (characters: string): Glyphs =>
  Object.fromEntries(NAMES.map((name, at) => [name, characters.charCodeAt(at)])) as Glyphs;
const UNICODE = glyphs('╭╮╰╯─│├┤▾▴▐ ▸…');
const ASCII = glyphs('++++-|++*^#:>>');

/** The glyph set of a terminal. */
export function glyphsFor(ascii: boolean): Glyphs {
  return ascii ? ASCII : UNICODE;
}

const BLOCK_FULL = 0x2588;
const SPACE = 0x20;
/** From a baseline to a full cell; ink grows with the level. */
const ASCII_LEVELS = ' _.:-=+*#';
/** Dots filled from the bottom of a braille cell's left and right column (U+2800, bits 0-2 and 6, 3-5 and 7). */
const BRAILLE_LEFT = [0, 0x40, 0x44, 0x46, 0x47];
const BRAILLE_RIGHT = [0, 0x80, 0xa0, 0xb0, 0xb8];
/** The same from the top. */
const HANGING_LEFT = [0, 0x01, 0x03, 0x07, 0x47];
const HANGING_RIGHT = [0, 0x08, 0x18, 0x38, 0xb8];

/** A cell filled from its bottom by `eighths` (clamped to 0..8): `▁` to `█`; 0 is a space. */
export function verticalGlyph(eighths: number, ascii: boolean): number {
  const level = Math.max(0, Math.min(8, eighths));
  if (ascii) return ASCII_LEVELS.charCodeAt(level);
  return level === 0 ? SPACE : 0x2580 + level;
}

/** A cell filled from its top, in the three steps that ASCII has characters for; 0 is a space. */
export function hangingGlyph(eighths: number): number {
  if (eighths <= 0) return SPACE;
  return eighths >= 8 ? 0x23 : eighths >= 4 ? 0x22 : 0x27;
}

/** A cell filled from its left by `eighths` (clamped to 0..8): `▏` to `█`; 0 is a space. */
export function horizontalGlyph(eighths: number, ascii: boolean): number {
  if (eighths <= 0) return SPACE;
  // No hyphen: in front of a figure it would be a minus sign.
  if (ascii) return eighths >= 8 ? 0x23 : eighths >= 4 ? 0x3d : 0x3a;
  return eighths >= 8 ? BLOCK_FULL : 0x2590 - eighths;
}

/** A braille cell with its two columns filled from the bottom by 0..4 dots (clamped); none at all is a space. */
export function brailleGlyph(left: number, right: number): number {
  return dotsOf(BRAILLE_LEFT, left, BRAILLE_RIGHT, right);
}

/** The same filled from the top. */
export function hangingBrailleGlyph(left: number, right: number): number {
  return dotsOf(HANGING_LEFT, left, HANGING_RIGHT, right);
}

function dotsOf(lefts: readonly number[], left: number, rights: readonly number[], right: number): number {
  const dots = lefts[Math.max(0, Math.min(4, left))]! | rights[Math.max(0, Math.min(4, right))]!;
  return dots === 0 ? SPACE : 0x2800 | dots;
}
