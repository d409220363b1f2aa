import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { HELP_COLUMN_GAP, type HelpGroup, helpColumns, widthOf } from './help.ts';

const group = (title: string, count: number): HelpGroup => ({
  title,
  lines: Array.from({ length: count }, (_, i) => ({ keys: `${i}`, description: `${title} ${i}` })),
});
const GROUPS = [group('Move', 8), group('Views', 3), group('Rows', 15), group('Mouse', 4)];
/** Titles, lines and what is between groups. */
const TOTAL = 4 + 30 + 3;
const ONE = 2 + 2 + 2 + 'Rows 14'.length;

const shape = (width: number, height: number) => helpColumns(GROUPS, width, height).map((c) => c.rows.length);

describe('the columns of the help', () => {
  test('are as few as show all of it, evenly; where none do, as many as there is width for', () => {
    expect(shape(200, TOTAL)).toEqual([TOTAL]);
    expect(shape(ONE, TOTAL)).toEqual([TOTAL]);
    expect(shape(200, TOTAL - 1)).toEqual([19, 19]);
    expect(shape(200, 19)).toEqual([19, 19]);
    expect(shape(200, 18)).toEqual([13, 13, 13]);
    // Not high enough: all columns scroll together.
    expect(shape(200, 12)).toEqual([13, 13, 13]);
    expect(shape(2 * ONE, 19)).toEqual([TOTAL]);
    const width = widthOf(helpColumns(GROUPS, 200, 19));
    expect(shape(width, 19)).toEqual([19, 19]);
    expect(shape(width - 1, 19)).toEqual([TOTAL]);
  });

  test('repeat the title of a group that goes on', () => {
    const [, second] = helpColumns(GROUPS, 200, 19);
    expect(second!.rows[0]).toEqual({ title: 'Rows' });
    expect(second!.rows[1]).toEqual({ keys: '3', description: 'Rows 3' });
  });

  test('hold every line once, in order, and no title stands alone', () => {
    const groups = fc.array(
      fc.integer({ min: 1, max: 20 }).map((count) => group(`g${count}`, count)),
      { minLength: 1, maxLength: 8 },
    );
    const size = fc.integer({ min: 1, max: 90 });
    fc.assert(
      fc.property(groups, size, size, (some, width, height) => {
        const columns = helpColumns(some, width, height);
        const lines = columns.flatMap(({ rows }) => rows.filter((row) => row !== undefined && 'keys' in row));
        expect(lines).toEqual(some.flatMap((each) => each.lines));
        for (const { rows } of columns) expect(rows.at(-1)).toHaveProperty('keys');
        const sum = columns.reduce((cells, column) => cells + column.width, 0);
        expect(widthOf(columns)).toBe(sum + HELP_COLUMN_GAP * (columns.length - 1));
        if (columns.length === 1) return;
        expect(widthOf(columns)).toBeLessThanOrEqual(width);
        const highest = Math.max(...columns.map(({ rows }) => rows.length));
        const isScrolled = highest > height;
        const [one] = helpColumns(some, 1, height);
        if (isScrolled) expect(highest).toBeLessThan(one!.rows.length);
      }),
      { numRuns: 300 },
    );
  });
});
