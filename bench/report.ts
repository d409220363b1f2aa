import type { BenchRow, BenchTable } from './harness.ts';

type Cells = readonly string[];

/** A bench's own table as plain text, one line a row. */
export function benchTable(table: BenchTable): string {
  const header = ['', 'ours', 'floor', 'ratio', 'bar', 'spread', ''];
  const rows = table.rows.map((row) => [
    row.name,
    micros(row.oursMicros),
    micros(row.floorMicros),
    number(row.ratio),
    number(row.bar),
    `${Math.round(row.spread * 100)} %`,
    row.note,
  ]);
  return `${table.title}\n${aligned([header, ...rows])}`;
}

/** Every row that has a bar, with the verdict; benches that did not run have failed. */
export function barsTable(rows: readonly BenchRow[], broken: readonly string[]): string {
  const judged = rows
    .filter((row) => row.bar !== undefined)
    .map((row) => [row.name, number(row.ratio), number(row.bar), meetsBar(row) ? 'pass' : 'MISSED']);
  const failed = broken.map((path) => [path, '-', '-', 'DID NOT RUN']);
  if (judged.length + failed.length === 0) return 'no bars to judge\n';
  return aligned([['bars', 'ratio', 'bar', ''], ...judged, ...failed]);
}

/** Whether the row keeps its bar; a row without one does, a bar without a ratio does not. */
export function meetsBar(row: BenchRow): boolean {
  if (row.bar === undefined) return true;
  return row.ratio !== undefined && row.ratio <= row.bar;
}

function micros(value: number | undefined): string {
  // What is not a number comes as null out of JSON.
  if (value === undefined || !Number.isFinite(value)) return '-';
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} ms`;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} µs`;
}

function number(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(value < 0.1 ? 3 : 2);
}

/** First and last column to the left, those between to the right. */
function aligned(rows: readonly Cells[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === columns - 1
          ? cell.padEnd(widths[column]!)
          : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
