import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { cellWidth } from '../../kit/text/cell-width.ts';
import { rect } from '../layout/rect.ts';
import { Attribute, INHERIT_COLOR, PLAIN_STYLE, rgb, style } from '../style/style.ts';
import { Buffer } from './buffer.ts';
import {
  attributesAt,
  backgroundAt,
  foregroundAt,
  lineOf,
  linesOf,
  textAt,
  widthAt,
} from './buffer-look.fixture.ts';
import { anyText } from './frames.fixture.ts';

const RED = rgb(0xff0000);
const BLUE = rgb(0x0000ff);

describe('put', () => {
  test('returns the column after, and clips at the edges and at its limit', () => {
    const buffer = new Buffer(10, 3);
    expect(buffer.put(2, 0, 'abc', PLAIN_STYLE)).toBe(5);
    expect(buffer.put(8, 1, 'abc', PLAIN_STYLE)).toBe(10);
    expect(buffer.put(-2, 2, 'abcd', PLAIN_STYLE)).toBe(2);
    expect(buffer.put(5, 2, 'abcd', PLAIN_STYLE, 2)).toBe(7);
    expect(buffer.put(0, 3, 'abc', PLAIN_STYLE)).toBe(0);
    expect(buffer.put(0, -1, 'abc', PLAIN_STYLE)).toBe(0);
    expect(buffer.put(3, 0, 'x', PLAIN_STYLE, 0)).toBe(3);
    expect(linesOf(buffer)).toEqual(['  abc', '        ab', 'cd   ab']);
  });

  test('makes a space of a wide glyph that is cut', () => {
    const buffer = new Buffer(4, 3);
    expect(buffer.put(0, 0, 'abc日', PLAIN_STYLE)).toBe(4);
    expect(buffer.put(-1, 1, '日x', PLAIN_STYLE)).toBe(2);
    expect(buffer.put(0, 2, '日日', PLAIN_STYLE, 3)).toBe(3);
    expect(linesOf(buffer)).toEqual(['abc', ' x', '日']);
  });

  test('blanks the other half of a wide glyph that it writes over', () => {
    const buffer = new Buffer(6, 2);
    buffer.put(0, 0, '日本語', PLAIN_STYLE);
    buffer.put(1, 0, 'x', PLAIN_STYLE);
    expect(lineOf(buffer, 0)).toBe(' x本語');
    buffer.put(3, 0, '中', PLAIN_STYLE);
    expect(lineOf(buffer, 0)).toBe(' x 中');
    buffer.put(0, 1, '日本語', PLAIN_STYLE);
    buffer.fill(rect(1, 1, 4, 1), PLAIN_STYLE, 0x2d);
    expect(lineOf(buffer, 1)).toBe(' ----');
  });

  test('keeps a cluster in one cell, and a mark with the last character that fits', () => {
    const buffer = new Buffer(8, 1);
    buffer.put(0, 0, 'e\u0301👩‍👩‍👧🇫🇷x', PLAIN_STYLE);
    expect([0, 1, 2, 3, 5].map((x) => textAt(buffer, x, 0))).toEqual(['e\u0301', '👩‍👩‍👧', '', '🇫🇷', 'x']);
    expect([0, 1, 2, 3, 5].map((x) => widthAt(buffer, x, 0))).toEqual([1, 2, 0, 2, 1]);
    buffer.put(0, 0, 'abe\u0301', PLAIN_STYLE, 3);
    expect(textAt(buffer, 2, 0)).toBe('e\u0301');
  });

  test('writes no cluster that ends in a joiner or begins with a mark: it would draw into its neighbour', () => {
    const buffer = new Buffer(8, 1);
    for (const [text, cells] of [
      ['x\u200d', ['x', ' ']],
      ['👩\u200d\u200d', ['👩', '', ' ']],
      ['a\u200db', ['a', 'b', ' ']],
      ['\u0301ab', ['a', 'b', ' ']],
      ['\u093fab', ['\ufffd', 'a', 'b']],
    ] as const) {
      buffer.clear(PLAIN_STYLE);
      buffer.put(0, 0, text, PLAIN_STYLE);
      expect(cells.map((_, x) => textAt(buffer, x, 0))).toEqual([...cells]);
    }
  });

  test('shows a control as a dot, and gives no column to what has none', () => {
    const buffer = new Buffer(20, 1);
    expect(buffer.put(0, 0, 'a\x1b[2J\n\x9b\u202eb\u200b', PLAIN_STYLE)).toBe(9);
    expect(lineOf(buffer, 0)).toBe('a·[2J···b');
    const bytes = new Uint8Array([0x31, 0x1b, 0x80, 0x32]);
    expect(buffer.putAscii(0, 0, bytes, 4, PLAIN_STYLE)).toBe(4);
    expect(lineOf(buffer, 0)).toBe('1··2J···b');
  });

  test('takes as many columns as cellWidth says', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const buffer = new Buffer(200, 1);
        expect(buffer.put(0, 0, text, PLAIN_STYLE)).toBe(cellWidth(text));
      }),
      { numRuns: 500 },
    );
  });
});

describe('styles', () => {
  test('without a background or a foreground leave that of the cell', () => {
    const buffer = new Buffer(4, 1);
    buffer.fill(buffer.area, style(RED, BLUE));
    buffer.put(0, 0, 'a', style(rgb(1)));
    buffer.put(1, 0, 'é', style(INHERIT_COLOR, rgb(2), Attribute.BOLD));
    expect([foregroundAt(buffer, 0, 0), backgroundAt(buffer, 0, 0)]).toEqual([rgb(1), BLUE]);
    expect([foregroundAt(buffer, 1, 0), backgroundAt(buffer, 1, 0)]).toEqual([RED, rgb(2)]);
    expect(attributesAt(buffer, 1, 0)).toBe(Attribute.BOLD);
  });

  test('are laid over by restyle, which adds attributes and keeps glyphs whole', () => {
    const buffer = new Buffer(6, 1);
    buffer.put(0, 0, 'a日b', style(RED, 0, Attribute.DIM));
    buffer.restyle(rect(0, 0, 2, 1), style(INHERIT_COLOR, BLUE, Attribute.REVERSE));
    expect(lineOf(buffer, 0)).toBe('a日b');
    expect([0, 1, 2, 3].map((x) => backgroundAt(buffer, x, 0))).toEqual([BLUE, BLUE, BLUE, 0]);
    expect(attributesAt(buffer, 1, 0)).toBe(Attribute.DIM | Attribute.REVERSE);
    expect(foregroundAt(buffer, 2, 0)).toBe(RED);
    buffer.restyle(rect(2, 0, 2, 1), style(BLUE));
    expect([1, 2, 3].map((x) => foregroundAt(buffer, x, 0))).toEqual([RED, RED, BLUE]);
  });
});

describe('single code points', () => {
  test('are drawn with their width, refused ones replaced', () => {
    const buffer = new Buffer(8, 1);
    let x = 0;
    for (const code of [0x2588, 0x65e5, 0x1f642, 0x1b, 0x301, 0xd800, Number.NaN]) {
      x = buffer.putCodePoint(x, 0, code, PLAIN_STYLE);
    }
    expect(x).toBe(8);
    expect(lineOf(buffer, 0)).toBe('█日🙂·\ufffd\ufffd');
  });

  test('fill an area only when they are one column wide', () => {
    const buffer = new Buffer(4, 1);
    buffer.fill(buffer.area, PLAIN_STYLE, 0x2500);
    expect(lineOf(buffer, 0)).toBe('────');
    buffer.fill(rect(-5, -5, 7, 20), PLAIN_STYLE, 0x65e5);
    expect(lineOf(buffer, 0)).toBe('  ──');
  });
});

test('a buffer of any size is safe to draw on', () => {
  for (const [width, height] of [
    [0, 0],
    [0, 5],
    [5, 0],
    [-3, Number.NaN],
    [1, 1],
  ] as const) {
    const buffer = new Buffer(width, height);
    buffer.clear(style(RED, BLUE));
    buffer.put(0, 0, '日本 abc 🙂', PLAIN_STYLE);
    buffer.fill(rect(0, 0, 9, 9), PLAIN_STYLE);
    buffer.restyle(rect(-1, -1, 9, 9), PLAIN_STYLE);
    expect(buffer.cells.length).toBe(buffer.width * buffer.height * 2);
  }
  expect(new Buffer(65_535, 65_535).cells.length).toBeLessThanOrEqual(2048 * 1024 * 2);
});

test('restricted to ASCII, every column of another glyph is a question mark', () => {
  const buffer = new Buffer(12, 1);
  buffer.put(0, 0, 'a网é👩‍🚀z', PLAIN_STYLE);
  buffer.restrictToAscii();
  expect(lineOf(buffer, 0)).toBe('a?????z');
});
