import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { backgroundAt, linesOf } from '../buffer/buffer-look.fixture.ts';
import { Attribute, INHERIT_COLOR, rgb, style } from '../style/style.ts';
import { putAligned } from './aligned-text.ts';
import { type List, renderList } from './list.ts';
import { anyArea, anyName, drawnOver, GROUND, STRONG } from './sentinel.fixture.ts';

const SELECTION = style(INHERIT_COLOR, rgb(0x283457), Attribute.BOLD);

describe('a list', () => {
  function listOf(buffer: Buffer, items: readonly string[], options: Partial<List> = {}): List {
    return {
      count: items.length,
      offset: 0,
      selected: -1,
      drawItem: (item, x, y, width) => putAligned(buffer, x, y, width, 'left', items[item]!, GROUND),
      theme: { base: GROUND, selection: SELECTION, accent: STRONG },
      ...options,
    };
  }

  test('marks the selected item over its whole line', () => {
    const buffer = new Buffer(12, 4);
    renderList(
      buffer.area,
      buffer,
      listOf(buffer, ['SIGTERM 15', 'SIGKILL 9', 'SIGINT 2'], { offset: 1, selected: 1 }),
    );
    expect(linesOf(buffer)).toEqual(['▸SIGKILL 9', ' SIGINT 2', '', '']);
    expect(backgroundAt(buffer, 11, 0)).toBe(SELECTION.background);
    expect(backgroundAt(buffer, 11, 1)).toBe(GROUND.background);
  });

  test('of any items paints any area whole and nothing else', () => {
    fc.assert(
      fc.property(
        anyArea,
        fc.array(anyName, { maxLength: 20 }),
        fc.nat(25),
        fc.nat(25),
        (area, items, a, b) => {
          drawnOver(area, (into) => renderList(area, into, listOf(into, items, { offset: a, selected: b })));
        },
      ),
    );
  });
});
