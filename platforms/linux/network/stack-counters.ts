import type { StackCounters } from '../../../src/data/sample/failures.ts';
import { KeptText } from '../proc/kept-file.ts';
import { StackCounter } from '../proc/net-snmp.ts';

/** The kernel adds them up over all processors: often enough. */
const INTERVAL_MICROS = 1.9e6;

/** Counters of this network namespace's TCP as a whole. */
export class StackCounterReader {
  readonly #snmp: KeptText;
  readonly #netstat: KeptText;
  readonly #attemptFails = new StackCounter('Tcp', 'AttemptFails');
  readonly #listenDrops = new StackCounter('TcpExt', 'ListenDrops');
  readonly #listenOverflows = new StackCounter('TcpExt', 'ListenOverflows');
  #last: StackCounters | undefined;
  #readMicros = Number.NEGATIVE_INFINITY;

  constructor(procRoot = '/proc') {
    this.#snmp = new KeptText(`${procRoot}/net/snmp`);
    this.#netstat = new KeptText(`${procRoot}/net/netstat`, 16_384);
  }

  /** As they were two seconds ago at most. */
  read(nowMicros: number): StackCounters {
    if (this.#last !== undefined && nowMicros - this.#readMicros < INTERVAL_MICROS) return this.#last;
    this.#readMicros = nowMicros;
    this.#last = {
      attemptFails: valueIn(this.#snmp, this.#attemptFails),
      listenDrops: valueIn(this.#netstat, this.#listenDrops),
      listenOverflows: valueIn(this.#netstat, this.#listenOverflows),
    };
    return this.#last;
  }

  close(): void {
    this.#snmp.close();
    this.#netstat.close();
  }
}

/** NaN where the file cannot be read or has no such counter. */
function valueIn(text: KeptText, counter: StackCounter): number {
  return text.read() === 0 ? counter.read(text.buffer.bytes, text.length) : Number.NaN;
}
