import type { RowSum, Verdict } from '../../bin/testing/veth-verdict.ts';
import type { BenchRow } from '../harness.ts';

const HEADER = ['', '', 'counts', 'truth', 'shown', 'error', 'attributed', 'wrong', 'bar', ''];
const BASES = { l3: 'IP bytes', payload: 'payload', none: '-', frames: 'frames' } as const;

/** The table for people: program by case, percent of the truth. */
export function accuracyTable(verdicts: readonly Verdict[], sums: readonly RowSum[]): string {
  const cases = verdicts.map((verdict) => [
    verdict.program,
    verdict.caseName,
    BASES[verdict.basis],
    bytes(verdict.truthBytes),
    bytes(verdict.shownBytes),
    percent(verdict.errorPercent),
    percent(verdict.attributedPercent),
    percent(verdict.wrongPercent),
    verdict.barPercent === undefined ? '-' : percent(verdict.barPercent),
    verdict.note,
  ]);
  const all = sums.map((sum) => [
    sum.program,
    'all rows of all cases',
    '',
    bytes(sum.truthBytes),
    bytes(sum.shownBytes),
    percent(sum.errorPercent),
    '-',
    percent(sum.foreignPercent),
    sum.barPercent === undefined ? '-' : percent(sum.barPercent),
    '',
  ]);
  return aligned([HEADER, ...cases, ...all]);
}

/** The same for the bars of all benches: `ratio` and `bar` are percent. */
export function accuracyRows(verdicts: readonly Verdict[], sums: readonly RowSum[]): BenchRow[] {
  const judged = verdicts.filter(({ barPercent }) => barPercent !== undefined);
  return [
    ...judged.map((verdict) =>
      row(`${verdict.program}: ${verdict.caseName}`, verdict.errorPercent, verdict.barPercent, verdict.note),
    ),
    ...sums
      .filter(({ barPercent }) => barPercent !== undefined)
      .map((sum) => row(`${sum.program}: all rows`, sum.errorPercent, sum.barPercent, '')),
  ];
}

/** A row without figures. A `bar` makes it one that is missed. */
export function row(
  name: string,
  ratio: number | undefined,
  bar: number | undefined,
  note: string,
): BenchRow {
  return { name, oursMicros: undefined, floorMicros: undefined, ratio, bar, spread: 0, note };
}

function bytes(value: number): string {
  return Number.isNaN(value) ? '-' : value.toLocaleString('en');
}

function percent(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (value === 0) return '0';
  return value < 0.001 ? value.toExponential(1) : value.toFixed(value < 10 ? 3 : 1);
}

/** Figures to the right, words to the left. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const isWords = (column: number): boolean => column < 3 || column === HEADER.length - 1;
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) =>
        isWords(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
