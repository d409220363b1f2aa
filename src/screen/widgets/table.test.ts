import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import {
  attributesAt,
  backgroundAt,
  foregroundAt,
  lineOf,
  linesOf,
  textAt,
} from '../buffer/buffer-look.fixture.ts';
import { Attribute, INHERIT_COLOR, rgb, style } from '../style/style.ts';
import { putAligned } from './aligned-text.ts';
import { anyArea, anyName, drawnOver, GROUND, STRONG, TEXT } from './sentinel.fixture.ts';
import {
  type Column,
  columnAt,
  hitTable,
  layoutColumns,
  type PlacedColumn,
  renderTable,
  sortable,
  type Table,
  tableRowsIn,
} from './table.ts';

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
      putAligned(buffer, x, y, cells, column.align, text, column.id === 'down' ? STRONG : base);
    },
    rowStyle: (row) => (row % 2 === 1 ? ZEBRA : undefined),
    theme: { base: GROUND, header: TEXT, sortedHeader: STRONG, selection: SELECTION, accent: STRONG },
    ...options,
  };
}

function drawn(width: number, height: number, table: Table<Id>, ascii = false): Buffer {
  const buffer = new Buffer(width, height);
  buffer.isAscii = ascii;
  renderTable(buffer.area, buffer, table);
  return buffer;
}

describe('a table', () => {
  test('has its cells under their titles', () => {
    expect(linesOf(drawn(30, 6, tableOf(30, { selected: 1 })))).toEqual([
      '     PID PROCESS        DOWN/s',
      '    1000 chrome           1000',
      '▸   2000 Telegram         2000',
      '    3000 ネットワー …     3000',
      '    4000 sshd             4000',
      '',
    ]);
  });

  test('shows how it is sorted without moving a title', () => {
    const header = (options: Partial<Table<Id>>, ascii = false): string =>
      lineOf(drawn(30, 1, tableOf(30, options), ascii), 0);
    expect(header({ sortedBy: ['name'] })).toBe('     PID PROCESS▾       DOWN/s');
    expect(header({ sortedBy: ['name'], descending: false })).toBe('     PID PROCESS▴       DOWN/s');
    expect(header({ sortedBy: ['down'] })).toBe('     PID PROCESS       ▾DOWN/s');
    expect(header({ sortedBy: ['pid'] }, true)).toBe('    *PID PROCESS        DOWN/s');
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
      return lineOf(drawn(18, 1, table), 0);
    };
    expect(header(bare)).toBe(' DOWNLOAD/s NAME');
    expect(header(bare.map(sortable))).toBe(' ▾DOWNLOAD/s NAME▾');
  });

  test('lays the selection over the whole row and leaves the colours of the text', () => {
    const buffer = drawn(30, 6, tableOf(30, { selected: 1 }));
    for (let x = 0; x < 30; x++) {
      expect(backgroundAt(buffer, x, 2)).toBe(SELECTION.background);
      expect(attributesAt(buffer, x, 2)).toBe(Attribute.BOLD);
      expect(backgroundAt(buffer, x, 1)).toBe(GROUND.background);
      expect(backgroundAt(buffer, x, 4)).toBe(ZEBRA.background);
    }
    expect(foregroundAt(buffer, 29, 2)).toBe(STRONG.foreground);
    expect(foregroundAt(buffer, 12, 2)).toBe(GROUND.foreground);
  });

  test('takes the stripe along when the rows move', () => {
    const scrolled = drawn(30, 4, tableOf(30, { offset: 1 }));
    expect(backgroundAt(scrolled, 5, 1)).toBe(ZEBRA.background);
    expect(backgroundAt(scrolled, 5, 2)).toBe(GROUND.background);
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
    });
    const anyNames = fc.array(anyName, { maxLength: 30 });
    fc.assert(
      fc.property(
        anyArea,
        anyNames,
        anyState,
        fc.integer({ min: -3, max: 3 }),
        fc.boolean(),
        (area, names, state, off, ascii) => {
          const table = tableOf(area.width + off, state, names);
          const buffer = drawnOver(area, (into) => {
            into.isAscii = ascii;
            renderTable(area, into, table);
          });
          for (let y = area.y; y < Math.min(buffer.height, area.y + area.height); y++) {
            const hit = hitTable(area, table, area.x, y);
            const isMarked = area.x < buffer.width && '▸>'.includes(textAt(buffer, area.x, y));
            const isSelected = hit?.part === 'row' && hit.row === state.selected;
            if (area.width > 0 && area.x < buffer.width) expect(isMarked).toBe(isSelected);
          }
        },
      ),
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
          putAligned(buffer, x, y, cells, column.align, DOWN, base),
        selected: -1,
      });
      const buffer = drawn(width, 2, table);
      expect(lineOf(buffer, 1)).toBe(lineOf(buffer, 0));
    }
  });

  test('knows how many rows it shows', () => {
    expect(tableRowsIn({ x: 0, y: 0, width: 80, height: 24 })).toBe(23);
    expect(tableRowsIn({ x: 0, y: 0, width: 80, height: 0 })).toBe(0);
  });
});

const LAYOUT_COLUMNS: readonly Column[] = [
  { id: 'pid', title: 'PID', align: 'right', minWidth: 7, idealWidth: 7, flex: 0, priority: 9 },
  { id: 'user', title: 'USER', align: 'left', minWidth: 5, idealWidth: 8, flex: 0, priority: 3 },
  { id: 'name', title: 'PROCESS', align: 'left', minWidth: 8, idealWidth: 20, flex: 1, priority: 10 },
  { id: 'up', title: 'UPLOAD/s', align: 'right', minWidth: 8, idealWidth: 14, flex: 0, priority: 8 },
  { id: 'down', title: 'DOWNLOAD/s', align: 'right', minWidth: 10, idealWidth: 14, flex: 0, priority: 7 },
  { id: 'conns', title: 'CONNS', align: 'right', minWidth: 5, idealWidth: 6, flex: 0, priority: 2 },
  { id: 'listen', title: 'LISTEN', align: 'right', minWidth: 6, idealWidth: 6, flex: 0, priority: 1 },
];

const anyColumns = fc
  .array(
    fc.record({
      title: fc.constantFrom('', 'PID', 'PROCESS', 'DOWNLOAD/s', '▲/s', '主機', 'A'),
      align: fc.constantFrom('left' as const, 'right' as const),
      minWidth: fc.integer({ min: 0, max: 30 }),
      extra: fc.integer({ min: -5, max: 30 }),
      flex: fc.constantFrom(0, 0, 1, 3),
      priority: fc.integer({ min: 0, max: 5 }),
    }),
    { maxLength: 12 },
  )
  .map((columns): Column[] =>
    columns.map(({ extra, ...column }, index) => ({
      ...column,
      id: `c${index}`,
      idealWidth: column.minWidth + extra,
    })),
  );
const anyWidth = fc.integer({ min: 0, max: 400 });

function ids(width: number, columns = LAYOUT_COLUMNS): string {
  return layoutColumns(columns, width)
    .columns.map((placed) => placed.column.id)
    .join(' ');
}

function placedAt(width: number, id: string): PlacedColumn {
  return layoutColumns(LAYOUT_COLUMNS, width).columns.find((placed) => placed.column.id === id)!;
}

describe('any columns in any width', () => {
  test('stand side by side with a gap of one cell, within the table', () => {
    fc.assert(
      fc.property(anyColumns, anyWidth, (columns, width) => {
        let end = 0;
        for (const placed of layoutColumns(columns, width).columns) {
          expect(placed.x).toBe(end === 0 ? 1 : end + 1);
          expect(placed.width).toBeGreaterThanOrEqual(1);
          end = placed.x + placed.width;
          expect(end).toBeLessThanOrEqual(width);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('are as wide as they must be, unless one stands alone', () => {
    fc.assert(
      fc.property(anyColumns, anyWidth, (columns, width) => {
        const { columns: placed } = layoutColumns(columns, width);
        if (placed.length < 2) return;
        for (const { column, width: own } of placed) expect(own).toBeGreaterThanOrEqual(column.minWidth);
      }),
    );
  });

  test('use the whole width as soon as one may grow', () => {
    fc.assert(
      fc.property(anyColumns, anyWidth, (columns, width) => {
        const { columns: placed } = layoutColumns(columns, width);
        if (!placed.some(({ column }) => column.flex > 0)) return;
        const last = placed.at(-1)!;
        expect(last.x + last.width).toBe(width);
      }),
    );
  });

  test('drop by priority: what is left is never less essential than what went, and more room loses nothing', () => {
    fc.assert(
      fc.property(anyColumns, anyWidth, (columns, width) => {
        const { columns: placed } = layoutColumns(columns, width);
        if (columns.length > 0) expect(placed.length > 0).toBe(width > 1);
        const kept = new Set(placed.map(({ column }) => column.id));
        if (kept.size === 0) return;
        const least = Math.min(...placed.map(({ column }) => column.priority));
        for (const column of columns) {
          if (!kept.has(column.id)) expect(column.priority).toBeLessThanOrEqual(least);
        }
        const wider = new Set(layoutColumns(columns, width + 1).columns.map(({ column }) => column.id));
        for (const id of kept) expect(wider.has(id)).toBe(true);
      }),
    );
  });

  test('have their title at their own side, and the sort mark beside it within the column', () => {
    fc.assert(
      fc.property(anyColumns, anyWidth, (columns, width) => {
        const layout = layoutColumns(columns, width);
        for (const one of layout.columns) {
          const right = one.x + one.width;
          const titleRight = one.titleX + one.titleWidth;
          expect(one.titleX).toBeGreaterThanOrEqual(one.x);
          expect(titleRight).toBeLessThanOrEqual(right);
          expect(one.column.align === 'right' ? titleRight : one.titleX).toBe(
            one.column.align === 'right' ? right : one.x,
          );
          if (one.markX < 0) continue;
          expect(one.markX).toBe(one.column.align === 'right' ? one.titleX - 1 : titleRight);
          expect([one.markX >= one.x, one.markX < right]).toEqual([true, true]);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('the process table', () => {
  test('drops the least essential column first, down to the name alone', () => {
    expect(ids(110)).toBe('pid user name up down conns listen');
    expect(ids(56)).toBe('pid user name up down conns listen');
    expect(ids(55)).toBe('pid user name up down conns');
    expect(ids(48)).toBe('pid user name up down');
    expect(ids(42)).toBe('pid name up down');
    expect(ids(30)).toBe('pid name up');
    expect(ids(20)).toBe('pid name');
    expect(ids(10)).toBe('name');
    expect(ids(2)).toBe('name');
    expect(ids(1)).toBe('');
    expect(ids(0)).toBe('');
  });

  test('gives the name what no other column needs', () => {
    expect(placedAt(110, 'name').width).toBe(110 - 1 - 6 - (7 + 8 + 14 + 14 + 6 + 6));
    expect(placedAt(400, 'up').width).toBe(14);
  });

  test('has room for the sort mark of every column that one may sort by', () => {
    const columns = LAYOUT_COLUMNS.map(sortable);
    for (let width = 13; width <= 400; width++) {
      for (const { markX } of layoutColumns(columns, width).columns) expect(markX).toBeGreaterThan(0);
    }
  });
});

test('a click finds the column under it, a gap belongs to the column before it', () => {
  const layout = layoutColumns(LAYOUT_COLUMNS, 110);
  for (const { column, x, width } of layout.columns) {
    for (let at = x; at < x + width; at++) expect(columnAt(layout, at)).toBe(column.id);
    if (x + width < 110) expect(columnAt(layout, x + width)).toBe(column.id);
  }
  expect(columnAt(layout, -1)).toBeUndefined();
  expect(columnAt(layout, 110)).toBeUndefined();
  expect(columnAt(layoutColumns([], 110), 5)).toBeUndefined();
});
