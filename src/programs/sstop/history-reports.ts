import { SpanTop } from '../../data/export/span-top.ts';
import { alignedText } from '../../data/export/table-text.ts';
import type { RecordedSource } from '../../data/recording/recorded-source.ts';
import type { PeriodTotals } from '../../data/recording/totals.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import type { TotalsWish } from '../../data/sample/totals-kind.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { bytesText } from '../../kit/text/format.ts';
import type { LookBack } from '../cli/options.ts';
import { EXIT_OK, exitCodeOfSignal } from '../shared/messages.ts';
import type { ReadTotals } from '../shared/past.ts';
import { ENDED, Stop } from '../shared/stop.ts';
import { StandardOutput } from '../shared/stream.ts';

const SCHEMA = 1;

/** Prints totals; resolves to the exit code. Rejects with an OpError of one line where there are none. */
export async function printTotals(read: ReadTotals, wish: TotalsWish, isJson: boolean): Promise<number> {
  const all = await read(wish.period);
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

/** Prints who used the most in a span of a history; resolves to the exit code. Rejects if the span is empty. */
export async function printTop(
  playback: RecordedSource,
  { atMillis, untilMillis = Number.POSITIVE_INFINITY }: LookBack,
  isJson: boolean,
): Promise<number> {
  const stop = new Stop(['SIGINT', 'SIGTERM', 'SIGHUP']);
  try {
    const top = new SpanTop();
    let count = 0;
    let snapshot: Snapshot | typeof ENDED | undefined = await stop.orEnd(playback.goTo(atMillis));
    while (snapshot !== undefined && snapshot !== ENDED && snapshot.header.wallMillis <= untilMillis) {
      top.take(snapshot);
      count++;
      snapshot = await stop.orEnd(playback.next());
    }
    if (stop.signal !== undefined) return exitCodeOfSignal(stop.signal);
    if (count < 2) {
      const message = 'the history has fewer than two samples between these times';
      throw new OpError({ op: 'read recording', code: 'EMPTY', message });
    }
    await new StandardOutput(stop).write(isJson ? top.json() : top.text());
    return EXIT_OK;
  } finally {
    stop.release();
  }
}
