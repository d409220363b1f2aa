/** Code points of the drawing characters: one set for UTF-8 terminals, one for ASCII. All are one cell wide. */
export interface Glyphs {
  readonly topLeft: number;
  readonly topRight: number;
  readonly bottomLeft: number;
  readonly bottomRight: number;
  readonly horizontal: number;
  readonly vertical: number;
  readonly teeLeft: number;
  readonly teeRight: number;
  /** In front of the selected row. */
  readonly marker: number;
  readonly sortDescending: number;
  readonly sortAscending: number;
  /** Stands for cut-off text. */
  readonly ellipsis: number;
  readonly scrollThumb: number;
  readonly scrollTrack: number;
}

const UNICODE: Glyphs = {
  topLeft: 0x256d,
  topRight: 0x256e,
  bottomLeft: 0x2570,
  bottomRight: 0x256f,
  horizontal: 0x2500,
  vertical: 0x2502,
  teeLeft: 0x251c,
  teeRight: 0x2524,
  marker: 0x25b8,
  sortDescending: 0x25be,
  sortAscending: 0x25b4,
  ellipsis: 0x2026,
  scrollThumb: 0x2590,
  scrollTrack: 0x20,
};

const ASCII: Glyphs = {
  topLeft: 0x2b,
  topRight: 0x2b,
  bottomLeft: 0x2b,
  bottomRight: 0x2b,
  horizontal: 0x2d,
  vertical: 0x7c,
  teeLeft: 0x2b,
  teeRight: 0x2b,
  marker: 0x3e,
  sortDescending: 0x2a,
  sortAscending: 0x5e,
  ellipsis: 0x3e,
  scrollThumb: 0x23,
  scrollTrack: 0x3a,
};

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
