import { SpanTop } from '../../data/export/span-top.ts';
import type { RecordedSource } from '../../data/recording/recorded-source.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import type { LookBack } from '../cli/history-arguments.ts';
import { EXIT_OK, exitCodeOfSignal } from '../shared/exit-codes.ts';
import { ENDED, Stop } from '../shared/stop.ts';
import { StandardOutput } from '../shared/stream.ts';

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
