import type { Buffer } from './buffer.ts';
import {
  ATTRIBUTE_SHIFT,
  BACKGROUND_SHIFT,
  CELL_WORDS,
  CLUSTER_FLAG,
  CODE_MASK,
  CONTENT_MASK,
  FOREGROUND_MASK,
  RIGHT_HALF,
  WIDTH_MASK,
  WIDTH_SHIFT,
} from './cell.ts';

/** The glyph whose first cell is at (x, y); empty for the right half of a wide one and outside. */
export function textAt(buffer: Buffer, x: number, y: number): string {
  const content = wordAt(buffer, x, y, 0) & CONTENT_MASK;
  if (content === RIGHT_HALF) return '';
  const code = content & CODE_MASK;
  return (content & CLUSTER_FLAG) !== 0 ? buffer.clusters.textOf(code) : String.fromCodePoint(code);
}

/** Columns of the glyph at (x, y): 1, 2, or 0 for the right half of a wide one and outside. */
export function widthAt(buffer: Buffer, x: number, y: number): number {
  return (wordAt(buffer, x, y, 0) & WIDTH_MASK) >>> WIDTH_SHIFT;
}

export function foregroundAt(buffer: Buffer, x: number, y: number): number {
  return wordAt(buffer, x, y, 1) & FOREGROUND_MASK;
}

export function backgroundAt(buffer: Buffer, x: number, y: number): number {
  return wordAt(buffer, x, y, 1) >>> BACKGROUND_SHIFT;
}

/** Bits of Attribute at (x, y). */
export function attributesAt(buffer: Buffer, x: number, y: number): number {
  return wordAt(buffer, x, y, 0) >>> ATTRIBUTE_SHIFT;
}

/** One row as text without its trailing spaces. */
export function lineOf(buffer: Buffer, y: number): string {
  let text = '';
  for (let x = 0; x < buffer.width; x++) text += textAt(buffer, x, y);
  return text.trimEnd();
}

/** All rows as text, each without trailing spaces. */
export function linesOf(buffer: Buffer): string[] {
  return Array.from({ length: buffer.height }, (_, y) => lineOf(buffer, y));
}

function wordAt(buffer: Buffer, x: number, y: number, word: number): number {
  if (x < 0 || y < 0 || x >= buffer.width || y >= buffer.height) return 0;
  return buffer.cells[(y * buffer.width + x) * CELL_WORDS + word]!;
}
