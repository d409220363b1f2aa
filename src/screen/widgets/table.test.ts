import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { INHERIT_COLOR, rgb } from '../style/color.ts';
import { Attribute, style } from '../style/style.ts';
import { putAligned } from './aligned-text.ts';
import { type Column, layoutColumns, sortable } from './column-layout.ts';
import { anyArea, anyName, drawnOver, GROUND, STRONG, TEXT } from './sentinel.fixture.ts';
import { hitTable, renderTable, type Table, tableRowsIn } from './table.ts';

type Id = 'pid' | 'name' | 'down';

const COLUMNS: readonly Column<Id>[] = [
  { id: 'pid', title: 'PID', align: 'right', minWidth: 7, idealWidth: 7, flex: 0, priority: 2 },
  { id: 'name', title: 'PROCESS', align: 'left', minWidth: 8, idealWidth: 12, flex: 1, priority: 3 },
  { id: 'down', title: 'DOWN/s', align: 'right', minWidth: 6, idealWidth: 8, flex: 0, priority: 1 },
];
const SELECTION = style(INHERIT_COLOR, rgb(0x283457), Attribute.BOLD);
const ZEBRA = style(INHERIT_COLOR, rgb(0x1e2030));
const NAMES = ['chrome', 'Telegram', 'ネットワーク監視デーモン', 'sshd'];

function tableOf(
  width: number,
  options: Partial<Table<Id>> = {},
  names: readonly string[] = NAMES,
): Table<Id> {
  return {
    layout: layoutColumns(COLUMNS, width),
    rowCount: names.length,
    offset: 0,
    selected: -1,
    sortedBy: [],
    descending: true,
    drawCell: (row, column, x, y, cells, base, buffer) => {
      const text = column.id === 'name' ? names[row]! : String((row + 1) * 1000);
      putAligned(buffer, x, y, cells, column.align, text, column.id === 'down' ? STRONG : base, false);
    },
    rowStyle: (row) => (row % 2 === 1 ? ZEBRA : undefined),
    baseStyle: GROUND,
    headerStyle: TEXT,
    sortedHeaderStyle: STRONG,
    selectionStyle: SELECTION,
    markerStyle: STRONG,
    ascii: false,
    ...options,
  };
}

function drawn(width: number, height: number, table: Table<Id>): Buffer {
  const buffer = new Buffer(width, height);
  renderTable(buffer.area, buffer, table);
  return buffer;
}

describe('a table', () => {
  test('has its cells under their titles', () => {
    expect(drawn(30, 6, tableOf(30, { selected: 1 })).lines()).toEqual([
      '     PID PROCESS        DOWN/s',
      '    1000 chrome           1000',
      '▸   2000 Telegram         2000',
      '    3000 ネットワー …     3000',
      '    4000 sshd             4000',
      '',
    ]);
  });

  test('shows how it is sorted without moving a title', () => {
    const header = (options: Partial<Table<Id>>): string => drawn(30, 1, tableOf(30, options)).line(0);
    expect(header({ sortedBy: ['name'] })).toBe('     PID PROCESS▾       DOWN/s');
    expect(header({ sortedBy: ['name'], descending: false })).toBe('     PID PROCESS▴       DOWN/s');
    expect(header({ sortedBy: ['down'] })).toBe('     PID PROCESS       ▾DOWN/s');
    expect(header({ sortedBy: ['pid'], ascii: true })).toBe('    vPID PROCESS        DOWN/s');
    expect(header({ sortedBy: ['pid', 'down'] })).toBe('    ▾PID PROCESS       ▾DOWN/s');
    expect(header({ sortedBy: [] })).toBe('     PID PROCESS        DOWN/s');
  });

  test('leaves the mark out where a title fills its column, and makes room for it where one may sort', () => {
    const bare: Column<Id>[] = [
      { ...COLUMNS[2]!, title: 'DOWNLOAD/s', minWidth: 10, idealWidth: 10 },
      { ...COLUMNS[1]!, title: 'NAME', minWidth: 4, idealWidth: 4, flex: 0 },
    ];
    const header = (columns: readonly Column<Id>[]): string => {
      const table = tableOf(18, { layout: layoutColumns(columns, 18), sortedBy: ['down', 'name'] });
      return drawn(18, 1, table).line(0);
    };
    expect(header(bare)).toBe(' DOWNLOAD/s NAME');
    expect(header(bare.map(sortable))).toBe(' ▾DOWNLOAD/s NAME▾');
  });

  test('lays the selection over the whole row and leaves the colours of the text', () => {
    const buffer = drawn(30, 6, tableOf(30, { selected: 1 }));
    for (let x = 0; x < 30; x++) {
      expect(buffer.backgroundAt(x, 2)).toBe(SELECTION.background);
      expect(buffer.attributesAt(x, 2)).toBe(Attribute.BOLD);
      expect(buffer.backgroundAt(x, 1)).toBe(GROUND.background);
      expect(buffer.backgroundAt(x, 4)).toBe(ZEBRA.background);
    }
    expect(buffer.foregroundAt(29, 2)).toBe(STRONG.foreground);
    expect(buffer.foregroundAt(12, 2)).toBe(GROUND.foreground);
  });

  test('takes the stripe along when the rows move', () => {
    const scrolled = drawn(30, 4, tableOf(30, { offset: 1 }));
    expect(scrolled.backgroundAt(5, 1)).toBe(ZEBRA.background);
    expect(scrolled.backgroundAt(5, 2)).toBe(GROUND.background);
  });

  test('hits what it shows', () => {
    const area = { x: 2, y: 1, width: 30, height: 5 };
    const table = tableOf(30, { offset: 1 });
    expect(hitTable(area, table, 5, 1)).toEqual({ part: 'header', column: 'pid' });
    expect(hitTable(area, table, 11, 1)).toEqual({ part: 'header', column: 'name' });
    expect(hitTable(area, table, 31, 1)).toEqual({ part: 'header', column: 'down' });
    expect(hitTable(area, table, 2, 2)).toEqual({ part: 'row', row: 1 });
    expect(hitTable(area, table, 31, 4)).toEqual({ part: 'row', row: 3 });
    expect(hitTable(area, table, 10, 5)).toBeUndefined();
    expect(hitTable(area, table, 1, 2)).toBeUndefined();
    expect(hitTable(area, table, 32, 2)).toBeUndefined();
    expect(hitTable(area, table, 10, 0)).toBeUndefined();
    expect(hitTable(area, table, 10, 6)).toBeUndefined();
  });

  test('hands every cell its place, in any area, whether or not the layout is of its width', () => {
    const anyState = fc.record({
      offset: fc.integer({ min: 0, max: 30 }),
      selected: fc.integer({ min: -1, max: 30 }),
      sortedBy: fc.subarray<Id>(['pid', 'name', 'down']),
      ascii: fc.boolean(),
    });
    const anyNames = fc.array(anyName, { maxLength: 30 });
    fc.assert(
      fc.property(anyArea, anyNames, anyState, fc.integer({ min: -3, max: 3 }), (area, names, state, off) => {
        const table = tableOf(area.width + off, state, names);
        const buffer = drawnOver(area, (into) => renderTable(area, into, table));
        for (let y = area.y; y < Math.min(buffer.height, area.y + area.height); y++) {
          const hit = hitTable(area, table, area.x, y);
          const isMarked = area.x < buffer.width && '▸>'.includes(buffer.textAt(area.x, y));
          const isSelected = hit?.part === 'row' && hit.row === state.selected;
          if (area.width > 0 && area.x < buffer.width) expect(isMarked).toBe(isSelected);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('lines titles and cells up at every width', () => {
    const DOWN = 'Q';
    for (let width = 0; width <= 400; width++) {
      const columns: Column<Id>[] = COLUMNS.map((column) => ({ ...column, title: DOWN }));
      const table = tableOf(width, {
        layout: layoutColumns(columns, width),
        drawCell: (_row, column, x, y, cells, base, buffer) =>
          putAligned(buffer, x, y, cells, column.align, DOWN, base, false),
        selected: -1,
      });
      const buffer = drawn(width, 2, table);
      expect(buffer.line(1)).toBe(buffer.line(0));
    }
  });

  test('knows how many rows it shows', () => {
    expect(tableRowsIn({ x: 0, y: 0, width: 80, height: 24 })).toBe(23);
    expect(tableRowsIn({ x: 0, y: 0, width: 80, height: 0 })).toBe(0);
  });
});
