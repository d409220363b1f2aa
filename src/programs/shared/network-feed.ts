import { NetworkRates } from '../../data/rates/network-rates.ts';
import type { Slice } from '../../data/sample/slice.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import type { SectionError } from '../../data/schema/section-facts.ts';
import { TimeSlice } from '../../data/source/source.ts';
import type { NetworkData } from '../../views/network/network-list.ts';

/** Callbacks for new samples of the network. */
interface FeedEvents {
  /** Called before `sampled` for the first sample: does long work in slices. */
  prepare(data: NetworkData, slice: Slice): Promise<void>;
  /** A new sample, borrowed: the next collection overwrites its tables. */
  sampled(data: NetworkData): void;
  /** The collection failed this time. */
  failed(error: SectionError): void;
}

/** Samples of the network with their rates, for the network views. */
export class NetworkFeed {
  readonly #events: FeedEvents;
  #data: SampledData | undefined;
  #rates: NetworkRates | undefined;

  constructor(events: FeedEvents) {
    this.#events = events;
  }

  /** Made with the first sample: not every screen has one. */
  get rates(): NetworkRates {
    this.#rates ??= new NetworkRates();
    return this.#rates;
  }

  /** The newest sample; undefined before the first. */
  get data(): NetworkData | undefined {
    return this.#data;
  }

  /** Call before a collection, which overwrites the tables of the newest sample. */
  begin(): void {
    if (this.#data !== undefined) this.#data.isStable = false;
  }

  /** Collects once. Resolves when the next sample may follow; `isWanted`: whether the sample is still needed. */
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
