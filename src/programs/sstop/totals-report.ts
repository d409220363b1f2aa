import { alignedText } from '../../data/export/table-text.ts';
import type { PeriodTotals, TotalsRow } from '../../data/recording/totals.ts';
import { readAllTotals } from '../../data/recording/totals-files.ts';
import type { TotalsWish } from '../../data/sample/totals-kind.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { PrivateFolder } from '../../kit/files/private-folder.ts';
import { bytesText } from '../../kit/text/format.ts';
import type { HelpGroup } from '../../views/overlays/help.ts';
import { EXIT_OK } from '../shared/exit-codes.ts';
import { StandardOutput } from '../shared/stream.ts';

const SCHEMA = 1;
const BYTES_WIDTH = 10;

/**
 * Reads the totals of a folder, newest period first. Rejects with an OpError with a one-line message if there are none.
 */
export async function totalsIn(path: string, period: TotalsWish['period']): Promise<readonly PeriodTotals[]> {
  const folder = PrivateFolder.toRead(path);
  try {
    const all = await readAllTotals(folder, period);
    if (all.length > 0) return all;
    throw new OpError({
      op: 'read recording',
      code: 'EMPTY',
      message: `'${path}' has no totals yet: they are written while a history is kept`,
    });
  } finally {
    folder.close();
  }
}

/** Prints the totals of a folder; resolves to the exit code. */
export async function printTotals(path: string, wish: TotalsWish, isJson: boolean): Promise<number> {
  const all = await totalsIn(path, wish.period);
  await new StandardOutput().write(isJson ? totalsJson(all, wish) : totalsText(all, wish));
  return EXIT_OK;
}

/** One line per period, newest first. */
function totalsJson(all: readonly PeriodTotals[], { period, by }: TotalsWish): string {
  const line = ({ name, rows }: PeriodTotals): string =>
    JSON.stringify({
      ...{ schema: SCHEMA, period, time: name, by },
      totals: rows[by].map((row) => ({ name: row.name, bytes_sent: row.txBytes, bytes_recv: row.rxBytes })),
    });
  return `${all.map(line).join('\n')}\n`;
}

function totalsText(all: readonly PeriodTotals[], { period, by }: TotalsWish): string {
  const columns = [
    { title: period.toUpperCase(), isNumber: false },
    { title: 'UP', isNumber: true },
    { title: 'DOWN', isNumber: true },
    { title: by.toUpperCase(), isNumber: false },
  ];
  const rows = all.flatMap(({ name, rows: kinds }) =>
    kinds[by].map((row) => [name, bytesText(row.txBytes), bytesText(row.rxBytes), row.name]),
  );
  return alignedText(columns, rows);
}

/** For the screen: one group per day. */
export function totalsGroups(all: readonly PeriodTotals[], { by }: TotalsWish): readonly HelpGroup[] {
  const size = (bytes: number): string => bytesText(bytes).padStart(BYTES_WIDTH);
  const line = (row: TotalsRow) => ({
    keys: `${size(row.txBytes)} up ${size(row.rxBytes)} down`,
    description: row.name,
  });
  return all.map(({ name, rows }) => ({ title: name, lines: rows[by].map(line) }));
}
