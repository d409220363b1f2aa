import { expect } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { backgroundAt, foregroundAt, textAt } from '../buffer/buffer-look.fixture.ts';
import { contains, type Rect } from '../layout/rect.ts';
import { DEFAULT_COLOR, rgb, style } from '../style/style.ts';

const WIDTH = 60;
const HEIGHT = 20;
const SENTINEL = style(rgb(0x123456), rgb(0x654321));

/** Any area of a 60 x 20 buffer, down to 0 x 0, and some that reach past its edges. */
export const anyArea: fc.Arbitrary<Rect> = fc.record({
  x: fc.integer({ min: 0, max: WIDTH }),
  y: fc.integer({ min: 0, max: HEIGHT }),
  width: fc.integer({ min: 0, max: WIDTH }),
  height: fc.integer({ min: 0, max: HEIGHT }),
});

/** Names as processes have them: plain, wide, joined, with controls. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('ネットワーク監視', '👩‍👩‍👧‍👦 family', 'e\u0301e\u0301', '\u001b[31mred', ''),
);

/** Draws into a buffer full of sentinels and proves that every cell outside the area is still one. */
export function drawnWithin(area: Rect, draw: (buffer: Buffer) => void): Buffer {
  const buffer = new Buffer(WIDTH, HEIGHT);
  buffer.fill(buffer.area, SENTINEL, 0x40);
  draw(buffer);
  const touched: string[] = [];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      if (!contains(area, x, y) && !isSentinel(buffer, x, y)) touched.push(`${x},${y}`);
    }
  }
  expect(touched).toEqual([]);
  return buffer;
}

/** As `drawnWithin`, for a widget that must also repaint every cell of its area. */
export function drawnOver(area: Rect, draw: (buffer: Buffer) => void): Buffer {
  const buffer = drawnWithin(area, draw);
  const kept: string[] = [];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      if (contains(area, x, y) && isSentinel(buffer, x, y)) kept.push(`${x},${y}`);
    }
  }
  expect(kept).toEqual([]);
  return buffer;
}

function isSentinel(buffer: Buffer, x: number, y: number): boolean {
  return (
    textAt(buffer, x, y) === '@' &&
    foregroundAt(buffer, x, y) === SENTINEL.foreground &&
    backgroundAt(buffer, x, y) === SENTINEL.background
  );
}

/** Styles that differ from each other and from the sentinel. */
export const TEXT = style(rgb(0xa9b1d6), DEFAULT_COLOR);
export const GROUND = style(rgb(0xa9b1d6), rgb(0x1a1b26));
export const STRONG = style(rgb(0x7aa2f7));
