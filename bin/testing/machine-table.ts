import type { AccuracyLine, ExaminationLine, MachineLine } from './machine-report.ts';
import type { Verdict } from './veth-verdict.ts';

/** Which tiers work on a kernel, for whom, and what sstop says of each; one line each. */
export function tierTable(kernel: string, lines: readonly MachineLine[]): string {
  return rowsOf(lines, 'examination', ({ stage, who, examination }: ExaminationLine) => {
    const user = stage === 'bare' ? `${who}, no modules` : who;
    return examination.tiers.map(({ tier, available, detail }) => [
      kernel,
      user,
      tier,
      available ? 'yes' : 'no',
      detail,
    ]);
  });
}

/** Which parts load on a kernel, and for whom; one line for each user. */
export function partsTable(kernel: string, lines: readonly MachineLine[]): string {
  return rowsOf(lines, 'examination', ({ stage, who, examination }: ExaminationLine) => {
    if (stage === 'bare') return [];
    const parts = Object.entries(examination.programs).map(([part, answer]) => `${part} ${answer ?? 'none'}`);
    return [[kernel, who, parts.join(', ')]];
  });
}

/** How far each tier is from the truth on a kernel, case by case. */
export function accuracyTable(kernel: string, lines: readonly MachineLine[]): string {
  return rowsOf(lines, 'accuracy', ({ tier, who, where, verdicts, rowSum }: AccuracyLine) => [
    ...verdicts.map((verdict) => [kernel, where, who, tier, verdict.caseName, ...figuresOf(verdict)]),
    ...(rowSum === null
      ? []
      : [[kernel, where, who, tier, 'all rows together', percent(rowSum.errorPercent)]]),
  ]);
}

function figuresOf({ basis, errorPercent, attributedPercent, wrongPercent, note }: Verdict): string[] {
  if (!Number.isFinite(errorPercent)) return [note];
  return [
    `off by ${percent(errorPercent)}`,
    `${percent(attributedPercent)} attributed`,
    `${percent(wrongPercent)} wrong`,
    `${basis}${note === '' ? '' : `; ${note}`}`,
  ];
}

function percent(value: number): string {
  return `${Number.isInteger(value) ? value : value.toFixed(3)} %`;
}

function rowsOf<Line extends MachineLine>(
  lines: readonly MachineLine[],
  kind: Line['kind'],
  rows: (line: Line) => string[][],
): string {
  const isOfKind = (line: MachineLine): line is Line => line.kind === kind;
  return aligned(lines.filter(isOfKind).flatMap(rows));
}

/** Columns two spaces apart; the last one of a row is as long as it likes. */
function aligned(rows: readonly string[][]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.slice(0, -1).entries()) {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    }
  }
  const line = (row: string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}
