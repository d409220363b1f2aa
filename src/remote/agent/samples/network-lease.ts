import type { NetworkSection } from '../../../data/sample/network-section.ts';
import type { SectionError, SnapshotHeader } from '../../../data/schema/section-facts.ts';
import type { LocalSource } from '../../../data/source/local-source.ts';
import { OpError } from '../../../kit/errors/op-error.ts';
import { NetworkEncoder } from '../../wire/network-messages.ts';
import { type V2Payload, v2Protobuf } from '../../wire/v2-frame.ts';
import { SampleCache } from './sample-cache.ts';

/** A sample of the network; the section is borrowed. */
interface NetworkAnswer {
  readonly header: SnapshotHeader;
  readonly monotonicMicros: number;
  readonly section: NetworkSection;
  readonly errors: readonly SectionError[];
  payload: V2Payload | undefined;
}

/** How long accounting goes on after the last request that needed it. */
export const REQUEST_LEASE_MILLIS = 60_000;
/** The same after a scrape: servers scrape once a minute or so. */
export const SCRAPE_LEASE_MILLIS = 300_000;

/** Sockets and their owners, counted from the first request that needs them until some time after the last. */
export class NetworkAccounting {
  readonly cache: SampleCache<NetworkAnswer>;
  readonly #listeners: ((section: NetworkSection, header: SnapshotHeader) => void)[] = [];
  readonly #source: LocalSource;
  readonly #encoder = new NetworkEncoder();
  #untilMicros = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(source: LocalSource) {
    this.#source = source;
    this.cache = new SampleCache(
      () => this.#collect(),
      () => source.nowMicros(),
    );
  }

  get isOpen(): boolean {
    return this.#source.isNetworkOpen;
  }

  /** Called with each sample while its section is valid. */
  listen(listener: (section: NetworkSection, header: SnapshotHeader) => void): void {
    this.#listeners.push(listener);
  }

  /** As the cache reads; holds accounting open for so long from now. */
  read<R>(maxAgeMicros: number, leaseMillis: number, use: (sample: NetworkAnswer) => R): Promise<R> {
    const now = this.#source.nowMicros();
    this.#untilMicros = Math.max(this.#untilMicros, now + leaseMillis * 1000);
    this.#timer ??= this.#wakeAfter(leaseMillis);
    return this.cache.read(maxAgeMicros, use);
  }

  /** The sample for clients, encoded and compressed once. To be called from `use`. */
  payload(sample: NetworkAnswer): V2Payload {
    sample.payload ??= v2Protobuf(this.#encoder.encode(sample.header, sample.section, sample.errors));
    return sample.payload;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#end();
  }

  async #collect(): Promise<NetworkAnswer> {
    if (this.#isClosed) throw new OpError({ op: 'collect network', code: 'CLOSED' });
    const { header, network, errors } = await this.#source.collect({ network: true });
    if (network === undefined) throw new OpError(errors[0] ?? { op: 'collect network', code: 'EMPTY' });
    for (const listener of this.#listeners) listener(network, header);
    return { header, monotonicMicros: network.monotonicMicros, section: network, errors, payload: undefined };
  }

  /** One timer for the whole lease: checks for requests since the last run. */
  #wakeAfter(millis: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      const leftMillis = (this.#untilMicros - this.#source.nowMicros()) / 1000;
      this.#timer = leftMillis > 0 ? this.#wakeAfter(leftMillis) : undefined;
      if (leftMillis <= 0) this.#end();
    }, millis);
  }

  #end(): void {
    if (!this.#source.isNetworkOpen) return;
    this.#source.closeNetwork();
    // The next sample is one of a new epoch.
    this.cache.latest = undefined;
  }
}
