import { cellWidth, forEachCluster } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../buffer/buffer.ts';
import type { Style } from '../style/style.ts';
import { glyphsFor } from './glyphs.ts';

export type Alignment = 'left' | 'right';

const HASH = 0x23;

/** Draws text in `width` cells, with an ellipsis where it is longer. Returns the cells that all of it takes. */
export function putAligned(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  align: Alignment,
  text: string,
  style: Style,
): number {
  const needed = cellWidth(text);
  if (width <= 0) return needed;
  if (needed <= width) {
    buffer.put(align === 'right' ? x + width - needed : x, y, text, style);
    return needed;
  }
  const end = buffer.put(x, y, text, style, width - 1);
  buffer.putCodePoint(Math.min(end, x + width - 1), y, glyphsFor(buffer.isAscii).ellipsis, style);
  return needed;
}

/** As `putAligned` at the left edge, but with the end of what is longer, behind an ellipsis. */
export function putTail(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  text: string,
  style: Style,
): number {
  const needed = cellWidth(text);
  if (width <= 0 || needed <= width) return putAligned(buffer, x, y, width, 'left', text, style);
  let from = Math.max(0, text.length - (width - 1));
  while (from < text.length && (isInsidePair(text, from) || cellWidth(text.slice(from)) > width - 1)) from++;
  buffer.putCodePoint(x, y, glyphsFor(buffer.isAscii).ellipsis, style);
  buffer.put(x + 1, y, text.slice(from), style, width - 1);
  return needed;
}

/** Whether a text cut here would begin with half a character. */
function isInsidePair(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Draws text in `width` cells, without its middle where it is longer: both ends of a path tell something. */
export function putMiddle(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  text: string,
  style: Style,
): void {
  if (cellWidth(text) <= width || width < 3) {
    putAligned(buffer, x, y, width, 'left', text, style);
    return;
  }
  const tailWidth = Math.ceil((width - 1) / 2);
  const clusters: string[] = [];
  forEachCluster(text, (cluster) => clusters.push(cluster));
  let tail = '';
  while (clusters.length > 0 && cellWidth(clusters.at(-1)! + tail) <= tailWidth)
    tail = clusters.pop()! + tail;
  const end = buffer.put(x, y, text, style, width - 1 - cellWidth(tail));
  buffer.putCodePoint(end, y, glyphsFor(buffer.isAscii).ellipsis, style);
  buffer.put(end + 1, y, tail, style);
}

/**
 * Draws a number at the right edge of `width` cells, printable ASCII in `bytes[0..length)` as number formats leave it,
 * without making a string. A number without its last digits would be another number: it becomes `###`.
 */
export function putFigure(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  bytes: Uint8Array,
  length: number,
  style: Style,
): void {
  if (length <= width) buffer.putAscii(x + width - length, y, bytes, length, style);
  else for (let column = 0; column < width; column++) buffer.putCodePoint(x + column, y, HASH, style);
}
