import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { NetworkAttribution } from '../attribution/network-attribution.ts';
import type { NetworkSample, Tier } from '../sample/network-sample.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { NetworkCollector, Platform } from '../sample/platform.ts';
import type { Slice } from '../sample/slice.ts';
import type { SectionError, Snapshot, SnapshotHeader, Want } from '../sample/snapshot.ts';
import type { Source } from './source.ts';
import { TimeSlice } from './time-slice.ts';
import { withinDeadline } from './within-deadline.ts';

interface LocalSourceOptions {
  readonly tier: Tier | 'auto';
  /** The first epoch; by default the present time. */
  readonly epoch?: number;
}

/** setTimeout takes 32 bits; nobody waits longer for closings anyway. */
const DRAIN_LONGEST_MILLIS = 60_000;
const DRAIN_SHORTEST_MILLIS = 5;

/** This machine as a source. Opens the collector at once; throws an OpError where the tier cannot run. */
export function openLocalSource(platform: Platform, options: LocalSourceOptions): Source {
  return new LocalSource(platform, platform.openNetwork({ tier: options.tier }), options.epoch);
}

class LocalSource implements Source {
  readonly #platform: Platform;
  readonly #network: NetworkCollector;
  #attribution: NetworkAttribution;
  #epoch: number;
  #countedAs = '';
  #underWay: Promise<Snapshot> | undefined;
  #drainTimer: ReturnType<typeof setTimeout> | undefined;
  #drainError: SectionError | undefined;
  #isClosed = false;

  constructor(platform: Platform, network: NetworkCollector, epoch = Date.now()) {
    this.#platform = platform;
    this.#network = network;
    this.#epoch = epoch;
    this.#attribution = this.#newAttribution();
  }

  async sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    if (want.network !== true) return { header: this.#header(this.#platform.monotonicMicros()), errors: [] };
    this.#underWay ??= this.#collect().finally(() => {
      this.#underWay = undefined;
    });
    return withinDeadline(this.#underWay, deadlineMicros, () => this.#platform.monotonicMicros());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#drainTimer);
    // A collection under way still reads the collector's descriptors: they are closed when it has ended.
    const shut = (): void => this.#network.close();
    if (this.#underWay === undefined) shut();
    else this.#underWay.then(shut, shut);
  }

  /** Never rejects: a collector that fails leaves its section out and its error in. */
  async #collect(): Promise<Snapshot> {
    clearTimeout(this.#drainTimer);
    try {
      const slice = new TimeSlice();
      const sample = await this.#network.collect(slice);
      const network = await this.#absorb(sample, slice);
      return { header: this.#header(sample.monotonicMicros), network, errors: this.#drainErrors() };
    } catch (thrown) {
      const errors = [...this.#drainErrors(), sectionError('collect network', thrown)];
      return { header: this.#header(this.#platform.monotonicMicros()), errors };
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
      commandLine: (pid) => this.#network.commandLine(pid),
      cgroup: (pid) => this.#network.cgroup(pid),
      userName: (uid) => this.#platform.userName(uid),
    });
  }

  #header(monotonicMicros: number): SnapshotHeader {
    const { hostName, bootId, bootWallMillis, clockTicksPerSecond } = this.#platform.host;
    return {
      hostName,
      bootId,
      epoch: this.#epoch,
      monotonicMicros,
      wallMillis: Date.now() - Math.max(0, this.#platform.monotonicMicros() - monotonicMicros) / 1000,
      bootWallMillis,
      clockTicksPerSecond,
    };
  }

  /** Reads closings while nobody samples, as often as the kernel's buffers demand; the next sample stops it. */
  #scheduleDrain(): void {
    if (this.#isClosed) return;
    const withinMillis = this.#network.drainWithinMillis();
    if (!(withinMillis < DRAIN_LONGEST_MILLIS)) return;
    this.#drainTimer = setTimeout(
      () => {
        this.#drain();
      },
      Math.max(DRAIN_SHORTEST_MILLIS, withinMillis),
    );
    this.#drainTimer.unref();
  }

  #drain(): void {
    try {
      this.#network.drainClosings();
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

function sectionError(op: string, thrown: unknown): SectionError {
  const error = toOpError(op, thrown);
  return { op: error.op, code: error.code, message: error.message };
}
