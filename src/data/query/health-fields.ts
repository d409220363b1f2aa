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
  const figure = <Json extends string>(json: Json, column: Figure, help: string) => ({
    help,
    ...inJson(json),
    value: (source: Source, row: number): number | null =>
      countValue(source.section[subject][column][slotOf(source, row)]!),
  });
  return {
    rtt: {
      ...figure('rtt_us', 'rttMicros', 'mean TCP round-trip time of the connections used last, microseconds'),
      order: falls<OrderedHealth>(7, (rows, row) => rows.rttOf(row)),
    },
    'rtt-min': figure('rtt_min_us', 'rttMinMicros', 'shortest TCP round-trip time, microseconds'),
    'rtt-p95': figure(
      'rtt_p95_us',
      'rttP95Micros',
      '95th percentile of the TCP round-trip times of the last minute, microseconds, within an eighth',
    ),
    connect: figure(
      'connect_us',
      'connectMicros',
      'mean time that the last connects took, microseconds (tier `ebpf`)',
    ),
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
    retransmits: figure('retransmits', 'retransmits', 'TCP segments sent again since the start'),
    'data-segments': figure('data_segments', 'dataSegments', 'TCP segments sent with data since the start'),
    reorderings: figure(
      'reorderings',
      'reorderings',
      'times that segments were seen to arrive out of order since the start',
    ),
    refused: figure('refused', 'refused', 'attempts to connect that were refused since the start'),
    'timed-out': figure('timed_out', 'timedOut', 'attempts to connect that got no reply since the start'),
    resets: figure(
      'resets',
      'resets',
      'open connections that the other end has reset since the start (tier `ebpf`)',
    ),
    drops: {
      ...figure(
        'drops',
        'drops',
        'connections and datagrams dropped since the start because the queue of a listening socket was full',
      ),
      order: falls<OrderedHealth>(9, (rows, row) => rows.dropsOf(row)),
    },
    'receive-queue': figure('receive_queue', 'receiveQueue', 'bytes received that the process has not read'),
    'send-queue': figure('send_queue', 'sendQueue', 'bytes sent that the other end has not acknowledged'),
  };
};
