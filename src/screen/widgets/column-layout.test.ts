import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { type Column, columnAt, layoutColumns, type PlacedColumn, sortable } from './column-layout.ts';

const COLUMNS: readonly Column[] = [
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

function ids(width: number, columns = COLUMNS): string {
  return layoutColumns(columns, width)
    .columns.map((placed) => placed.column.id)
    .join(' ');
}

function placedAt(width: number, id: string): PlacedColumn {
  return layoutColumns(COLUMNS, width).columns.find((placed) => placed.column.id === id)!;
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
    const columns = COLUMNS.map(sortable);
    for (let width = 13; width <= 400; width++) {
      for (const { markX } of layoutColumns(columns, width).columns) expect(markX).toBeGreaterThan(0);
    }
  });
});

test('a click finds the column under it, a gap belongs to the column before it', () => {
  const layout = layoutColumns(COLUMNS, 110);
  for (const { column, x, width } of layout.columns) {
    for (let at = x; at < x + width; at++) expect(columnAt(layout, at)).toBe(column.id);
    if (x + width < 110) expect(columnAt(layout, x + width)).toBe(column.id);
  }
  expect(columnAt(layout, -1)).toBeUndefined();
  expect(columnAt(layout, 110)).toBeUndefined();
  expect(columnAt(layoutColumns([], 110), 5)).toBeUndefined();
});
