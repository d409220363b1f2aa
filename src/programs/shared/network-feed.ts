import { NetworkRates } from '../../data/rates/network-rates.ts';
import type { Slice } from '../../data/sample/slice.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import type { SectionError } from '../../data/schema/section-facts.ts';
import { TimeSlice } from '../../data/source/source.ts';
import type { NetworkData } from '../../views/network/network-list.ts';

/** Who is told of new samples of the network. */
interface FeedEvents {
  /** Before `sampled` tells of the first sample: what would take long at once may be done in slices here. */
  prepare(data: NetworkData, slice: Slice): Promise<void>;
  /** A new sample, borrowed: its tables are written to again when the next collection begins. */
  sampled(data: NetworkData): void;
  /** Nothing could be collected this time. */
  failed(error: SectionError): void;
}

/** Samples of the network with their rates, for the network views. */
export class NetworkFeed {
  readonly rates = new NetworkRates();
  readonly #events: FeedEvents;
  #data: SampledData | undefined;

  constructor(events: FeedEvents) {
    this.#events = events;
  }

  /** The newest sample, if there is one. */
  get data(): NetworkData | undefined {
    return this.#data;
  }

  /** A collection begins: the tables of the newest sample are written to until it has been taken. */
  begin(): void {
    if (this.#data !== undefined) this.#data.isStable = false;
  }

  /** Resolves once the sample may be followed by the next; `isWanted`: whether anybody still waits for it. */
  async take(snapshot: Snapshot, isWanted: () => boolean): Promise<void> {
    const section = snapshot.network;
    if (section === undefined) {
      this.fail(snapshot.errors[0] ?? { op: 'collect', code: 'EMPTY', message: 'no network data' });
      return;
    }
    const slice = new TimeSlice();
    await this.rates.updateInSlices(section, snapshot.header, slice);
    const data = { header: snapshot.header, section, rates: this.rates, isStable: true };
    if (this.#data === undefined) {
      await this.#events.prepare(data, slice);
      await slice.rest();
    }
    if (!isWanted()) return;
    this.#data = data;
    this.#events.sampled(data);
  }

  fail(error: SectionError): void {
    if (this.#data !== undefined) this.#data.isStable = true;
    this.#events.failed(error);
  }
}

interface SampledData extends NetworkData {
  isStable: boolean;
}
