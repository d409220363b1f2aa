import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { cellWidth } from '../../kit/text/cell-width.ts';
import { Buffer } from '../../screen/buffer/buffer.ts';
import { lineOf } from '../../screen/buffer/buffer-look.fixture.ts';
import { TOKYO_NIGHT } from '../../screen/style/theme.ts';
import { layoutColumns } from '../../screen/widgets/table.ts';
import { CellPen } from './cells.ts';
import { identity, left, right, TRAFFIC_COLUMNS } from './list-table.ts';

const COLUMNS = [
  { id: 'pid', ...right('PID', 80, [7, 7]) },
  { id: 'user', ...left('USER', 50, [8, 9]) },
  { id: 'name', ...identity('PROCESS', 100, [8, 32, 1]) },
  { id: 'graph', ...left('GRAPH', 40, [7, 18]), wideWidth: 62 },
  { id: 'remote', ...identity('REMOTE', 99, [18, 47, 1]) },
  { id: 'group', ...left('GROUP', 30, [10, 20]) },
  { id: 'up', ...TRAFFIC_COLUMNS.upload },
  { id: 'down', ...TRAFFIC_COLUMNS.download },
];
const TEXTS = ['pid', 'user', 'name', 'remote', 'group'];

const anyText = (most: number) =>
  fc.string({ minLength: 1, maxLength: most, unit: fc.constantFrom('a', 'z', '日') });
const anyRow = fc.record({
  pid: fc.integer({ min: 1, max: 4_194_304 }).map(String),
  user: anyText(16),
  name: anyText(30),
  remote: anyText(60),
  group: anyText(40),
});

describe('columns of any content', () => {
  test('cut no cell while another column has cells that no row needs', () => {
    fc.assert(
      fc.property(
        fc.array(anyRow, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 40, max: 250 }),
        (rows, width) => {
          const needOf = (id: string): number => {
            const texts = rows.map((row) => (row as Readonly<Record<string, string>>)[id] ?? '');
            const least = { graph: 7, up: 6, down: 6 }[id] ?? 0;
            return Math.max(least, ...texts.map(cellWidth));
          };
          const { columns } = layoutColumns(
            COLUMNS,
            width,
            COLUMNS.map(({ id }) => needOf(id)),
          );
          const isCut = columns.some(({ column, width: cells }) => cells < needOf(column.id));
          for (const { column, width: cells } of columns) {
            const title = cellWidth(column.title) + 1;
            if (isCut) expect(cells).toBeLessThanOrEqual(Math.max(needOf(column.id), title));
          }
          const isIdentityCut = columns.some(
            ({ column, width: cells }) =>
              column.isIdentity === true && cells < Math.min(needOf(column.id), column.idealWidth),
          );
          // Names and hosts are cut only where nothing else is left to be cut or dropped.
          if (!isIdentityCut) return;
          for (const { column, width: cells } of columns) {
            if (column.isIdentity === true) continue;
            expect(column.priority).toBeGreaterThanOrEqual(80);
            expect(cells).toBeLessThanOrEqual(Math.max(column.minWidth, cellWidth(column.title) + 1));
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('give graphs and bars their room before the rest, and both directions the same', () => {
    for (let width = 40; width <= 250; width++) {
      const { columns } = layoutColumns(
        COLUMNS,
        width,
        COLUMNS.map(({ id }) => (TEXTS.includes(id) ? 12 : 7)),
      );
      const widthOf = (id: string): number => columns.find(({ column }) => column.id === id)?.width ?? 0;
      const bar = (id: string): number => Math.max(0, widthOf(id) - 7);
      if (widthOf('up') === 0) continue;
      if (bar('up') >= 5 || bar('down') >= 5) expect(bar('up')).toBe(bar('down'));
      const isRoomLeft = widthOf('name') > 13;
      if (isRoomLeft) expect([widthOf('graph'), widthOf('up')]).toEqual([62, 31]);
    }
  });
});

test('a pen that measures draws nothing, and one that draws measures the same', () => {
  const buffer = new Buffer(20, 1);
  const pen = new CellPen(TOKYO_NIGHT, false, 'bytes');
  pen.moveTo(buffer, 0, 0, 20);
  const contents: readonly [need: number, draw: () => void][] = [
    [5, () => pen.text('hello', pen.theme.text)],
    [8, () => pen.name('postgres', pen.theme.text, '/usr/bin/postgres -D /var/lib')],
    [14, () => pen.host('example.net:80', pen.theme.text)],
    [3, () => pen.protocol(true)],
    [2, () => pen.right('日', pen.theme.text)],
    [6, () => pen.rate(1e9, 1e9, 'up')],
    [6, () => pen.total(2048, 'up')],
    [1, () => pen.glyph(0x41, pen.theme.text)],
    [4, () => pen.count(4096)],
    [4, () => pen.percent(42.5)],
    [4, () => pen.roundTrip(12_000)],
  ];
  for (const [need, draw] of contents) {
    pen.measure();
    draw();
    expect([pen.need, lineOf(buffer, 0)]).toEqual([need, '']);
  }
  for (const width of [1, 4, 20]) {
    for (const [need, draw] of contents) {
      pen.moveTo(buffer, 0, 0, width);
      pen.need = 0;
      draw();
      expect(pen.need).toBe(need);
    }
  }
});

test('a host is cut at its beginning', () => {
  const buffer = new Buffer(14, 1);
  const pen = new CellPen(TOKYO_NIGHT, false, 'bytes');
  pen.moveTo(buffer, 0, 0, 14);
  pen.host('ams15s42-in-f14.1e100.net:443', pen.theme.text);
  expect(lineOf(buffer, 0)).toBe('…1e100.net:443');
});
