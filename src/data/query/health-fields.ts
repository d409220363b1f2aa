import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { NetworkExport } from './network-fields.ts';
import { countValue, falls, inJson } from './row-fields.ts';

type Subject = 'owners' | 'hosts';
type Health = NetworkSection[Subject];
/** Columns of connection health in exports. */
type Figure =
  | ('rttMicros' | 'rttMinMicros' | 'rttP95Micros' | 'connectMicros' | 'retransmits' | 'dataSegments')
  | ('reorderings' | 'refused' | 'timedOut' | 'resets' | 'drops' | 'receiveQueue' | 'sendQueue');

/** Sort input of health; NaN unknown. */
export interface OrderedHealth {
  /** Microseconds. */
  rttOf(row: number): number;
  /** Share of the last ten seconds, 0 to 1. */
  retransmittedOf(row: number): number;
  /** In the last ten seconds. */
  dropsOf(row: number): number;
}

/** The same, by slot of the owners or hosts table. */
export class HealthFigures {
  readonly #table: Health;
  readonly #rates: NetworkRates['health'][Subject];

  constructor(subject: Subject, section: NetworkSection, rates: NetworkRates) {
    this.#table = section[subject];
    this.#rates = rates.health[subject];
  }

  rtt(slot: number): number {
    return this.#table.rttMicros[slot]!;
  }

  retransmitted(slot: number): number {
    return this.#rates.retransmittedShare(slot, this.#table.slots.serial[slot]!);
  }

  drops(slot: number): number {
    return this.#rates.drops.of(slot, this.#table.slots.serial[slot]!);
  }
}

/** Fields of the health of owners or hosts; `slotOf` is the slot of a row in that table. NaN is unknown: null. */
export const healthFields = <Source extends NetworkExport>(
  subject: Subject,
  slotOf: (source: Source, row: number) => number,
) => {
  const figure =
    (column: Figure) =>
    (source: Source, row: number): number | null =>
      countValue(source.section[subject][column][slotOf(source, row)]!);
  return {
    rtt: {
      help: 'mean TCP round-trip time of the connections used last, microseconds',
      ...inJson('rtt_us'),
      order: falls<OrderedHealth>(7, (rows, row) => rows.rttOf(row)),
      value: figure('rttMicros'),
    },
    'rtt-min': {
      help: 'shortest TCP round-trip time, microseconds',
      ...inJson('rtt_min_us'),
      value: figure('rttMinMicros'),
    },
    'rtt-p95': {
      help: '95th percentile of the TCP round-trip times of the last minute, microseconds, within an eighth',
      ...inJson('rtt_p95_us'),
      value: figure('rttP95Micros'),
    },
    connect: {
      help: 'mean time that the last connects took, microseconds (tier `ebpf`)',
      ...inJson('connect_us'),
      value: figure('connectMicros'),
    },
    retransmitted: {
      help: 'share of the TCP segments of the last ten seconds that were sent again, 0 to 1',
      ...inJson('retransmitted_ratio'),
      order: falls<OrderedHealth>(8, (rows, row) => rows.retransmittedOf(row)),
      value: (source: Source, row: number): number | null => {
        const slot = slotOf(source, row);
        const share = source.rates.health[subject].retransmittedShare(
          slot,
          source.section[subject].slots.serial[slot]!,
        );
        return Number.isNaN(share) ? null : Math.round(share * 1e6) / 1e6;
      },
    },
    retransmits: {
      help: 'TCP segments sent again since the start',
      ...inJson('retransmits'),
      value: figure('retransmits'),
    },
    'data-segments': {
      help: 'TCP segments sent with data since the start',
      ...inJson('data_segments'),
      value: figure('dataSegments'),
    },
    reorderings: {
      help: 'times that segments were seen to arrive out of order since the start',
      ...inJson('reorderings'),
      value: figure('reorderings'),
    },
    refused: {
      help: 'attempts to connect that were refused since the start',
      ...inJson('refused'),
      value: figure('refused'),
    },
    'timed-out': {
      help: 'attempts to connect that got no reply since the start',
      ...inJson('timed_out'),
      value: figure('timedOut'),
    },
    resets: {
      help: 'open connections that the other end has reset since the start (tier `ebpf`)',
      ...inJson('resets'),
      value: figure('resets'),
    },
    drops: {
      help: 'connections and datagrams dropped since the start because the queue of a listening socket was full',
      ...inJson('drops'),
      order: falls<OrderedHealth>(9, (rows, row) => rows.dropsOf(row)),
      value: figure('drops'),
    },
    'receive-queue': {
      help: 'bytes received that the process has not read',
      ...inJson('receive_queue'),
      value: figure('receiveQueue'),
    },
    'send-queue': {
      help: 'bytes sent that the other end has not acknowledged',
      ...inJson('send_queue'),
      value: figure('sendQueue'),
    },
  };
};
