import { NetworkAttribution } from '../attribution/network-attribution.ts';
import type { NetworkSample } from '../sample/network-sample.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { NetworkCollector, NetworkOptions, Platform } from '../sample/platform.ts';
import type { Slice } from '../sample/slice.ts';
import { type SectionError, sectionError } from '../sample/snapshot.ts';

/** setTimeout takes 32 bits; nobody waits longer for closings anyway. */
const DRAIN_LONGEST_MILLIS = 60_000;
const DRAIN_SHORTEST_MILLIS = 5;

/** One collection of the network: `network` is missing where it failed. */
interface NetworkCollection {
  readonly network?: NetworkSection;
  readonly errors: readonly SectionError[];
}

/** The network of this machine, attributed to its owners. Between samples it reads the closings that wait. */
export class LocalNetwork {
  readonly #platform: Platform;
  readonly #collector: NetworkCollector;
  #attribution: NetworkAttribution;
  #epoch: number;
  #countedAs = '';
  #underWay: Promise<NetworkCollection> | undefined;
  #drainTimer: ReturnType<typeof setTimeout> | undefined;
  #drainError: SectionError | undefined;
  #isClosed = false;

  /** Opens the collector; throws an OpError where the tier cannot run. */
  constructor(platform: Platform, options: NetworkOptions, epoch: number) {
    this.#platform = platform;
    this.#collector = platform.openNetwork(options);
    this.#epoch = epoch;
    this.#attribution = this.#newAttribution();
  }

  /** As `SnapshotHeader.epoch`; changes where a collection counts something else than the one before. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Never rejects, and never overlaps itself. */
  collect(slice: Slice): Promise<NetworkCollection> {
    this.#underWay ??= this.#collect(slice).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#drainTimer);
    // A collection under way still reads the collector's descriptors: they are closed when it has ended.
    const shut = (): void => this.#collector.close();
    if (this.#underWay === undefined) shut();
    else this.#underWay.then(shut, shut);
  }

  async #collect(slice: Slice): Promise<NetworkCollection> {
    clearTimeout(this.#drainTimer);
    try {
      const network = await this.#absorb(await this.#collector.collect(slice), slice);
      return { network, errors: this.#drainErrors() };
    } catch (thrown) {
      return { errors: [...this.#drainErrors(), sectionError('collect network', thrown)] };
    } finally {
      this.#scheduleDrain();
    }
  }

  /** Another tier or basis counts something else: accounting starts anew under another epoch. */
  #absorb(sample: NetworkSample, slice: Slice): NetworkSection | Promise<NetworkSection> {
    const countedAs = `${sample.tier} ${sample.counted}`;
    if (this.#countedAs === countedAs) return this.#attribution.absorb(sample);
    if (this.#countedAs !== '') {
      this.#epoch++;
      this.#attribution = this.#newAttribution();
    }
    this.#countedAs = countedAs;
    return this.#attribution.absorbFirst(sample, slice);
  }

  #newAttribution(): NetworkAttribution {
    return new NetworkAttribution({
      commandLine: (pid) => this.#collector.commandLine(pid),
      cgroup: (pid) => this.#collector.cgroup(pid),
      userName: (uid) => this.#platform.userName(uid),
    });
  }

  /** Reads closings while nobody samples, as often as the kernel's buffers demand; the next sample stops it. */
  #scheduleDrain(): void {
    if (this.#isClosed) return;
    const withinMillis = this.#collector.drainWithinMillis();
    if (!(withinMillis < DRAIN_LONGEST_MILLIS)) return;
    const afterMillis = Math.max(DRAIN_SHORTEST_MILLIS, withinMillis);
    this.#drainTimer = setTimeout(() => this.#drain(), afterMillis);
    this.#drainTimer.unref();
  }

  #drain(): void {
    try {
      this.#collector.drainClosings();
    } catch (thrown) {
      this.#drainError = sectionError('drain closings', thrown);
      return;
    }
    this.#scheduleDrain();
  }

  #drainErrors(): SectionError[] {
    const errors = this.#drainError === undefined ? [] : [this.#drainError];
    this.#drainError = undefined;
    return errors;
  }
}
