import { describe, expect, test } from 'bun:test';
import { rect } from '../layout/rect.ts';
import { PLAIN_STYLE } from '../style/style.ts';
import { Buffer } from './buffer.ts';
import { linesOf } from './buffer-look.fixture.ts';
import { ClusterTable } from './cell.ts';
import { KeptCells } from './kept-cells.ts';

const AREA = rect(2, 1, 6, 2);

function drawn(text: string, clusters = new ClusterTable()): Buffer {
  const buffer = new Buffer(10, 4, clusters);
  for (let y = AREA.y; y < AREA.y + AREA.height; y++) buffer.put(AREA.x, y, text, PLAIN_STYLE, AREA.width);
  return buffer;
}

describe('kept cells', () => {
  test('are put back as they were drawn, and nothing beside them', () => {
    const clusters = new ClusterTable();
    const kept = new KeptCells();
    const before = drawn('a漢e\u0301z', clusters);
    before.put(0, 1, 'x', PLAIN_STYLE);
    kept.keep(AREA, before, [1, 'name']);
    const next = new Buffer(10, 4, clusters);
    expect(kept.putBack(AREA, next, [1, 'name'])).toBe(true);
    expect(linesOf(next)).toEqual(['', '  a漢e\u0301z', '  a漢e\u0301z', '']);
  });

  test('are of no use where anything is another than it was', () => {
    const clusters = new ClusterTable();
    const kept = new KeptCells();
    const next = (): Buffer => new Buffer(10, 4, clusters);
    expect(kept.putBack(AREA, next(), [])).toBe(false);
    kept.keep(AREA, drawn('abc', clusters), [1, Number.NaN]);
    expect(kept.putBack(AREA, next(), [1, Number.NaN])).toBe(true);
    expect(kept.putBack(AREA, next(), [2, Number.NaN])).toBe(false);
    expect(kept.putBack(AREA, next(), [1])).toBe(false);
    expect(kept.putBack(rect(2, 1, 6, 1), next(), [1, Number.NaN])).toBe(false);
    expect(kept.putBack(AREA, new Buffer(11, 4, clusters), [1, Number.NaN])).toBe(false);
    expect(kept.putBack(AREA, new Buffer(10, 4), [1, Number.NaN])).toBe(false);
    const later = next();
    later.epoch++;
    expect(kept.putBack(AREA, later, [1, Number.NaN])).toBe(false);
  });

  test('of an area that is partly outside are not kept', () => {
    const kept = new KeptCells();
    const buffer = drawn('abc');
    kept.keep(AREA, buffer, [1]);
    const outside = rect(6, 1, 6, 2);
    kept.keep(outside, buffer, [1]);
    expect(kept.putBack(outside, buffer, [1])).toBe(false);
    expect(kept.putBack(AREA, buffer, [1])).toBe(false);
  });
});
