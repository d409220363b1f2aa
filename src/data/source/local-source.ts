import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import type { NetworkAttribution } from '../attribution/network-attribution.ts';
import type { NetworkSample } from '../sample/network-sample.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type {
  ListingCollector,
  MachineCollector,
  MachineOptions,
  NetworkCollector,
  NetworkOptions,
  Platform,
  PressureWatch,
} from '../sample/platform.ts';
import type { Slice } from '../sample/slice.ts';
import { type Snapshot, sectionError, type Want } from '../sample/snapshot.ts';
import type { SectionError, SnapshotHeader } from '../schema/section-facts.ts';
import { type Source, TimeSlice, withinDeadline } from './source.ts';

/** Upper limit of the drain timer: setTimeout takes only 32 bits. */
const DRAIN_LONGEST_MILLIS = 60_000;
const DRAIN_SHORTEST_MILLIS = 5;

/** One collection of the network: `network` is missing where it failed. */
interface NetworkCollection {
  readonly network?: NetworkSection;
  readonly errors: readonly SectionError[];
}

type AttributionClass = typeof NetworkAttribution;

/** Network of this machine, attributed to owners. Drains queued closings between samples. */
class LocalNetwork {
  readonly #platform: Platform;
  readonly #options: NetworkOptions;
  readonly #collector: NetworkCollector;
  readonly #Attribution: AttributionClass;
  /** The collector while it only lists, until it is to count. */
  #listing: ListingCollector | undefined;
  #attribution: NetworkAttribution;
  #epoch: number;
  #countedAs = '';
  #underWay: Promise<NetworkCollection> | undefined;
  #drainTimer: ReturnType<typeof setTimeout> | undefined;
  #drainError: SectionError | undefined;
  #isClosed = false;

  /** Opens the collector; throws an OpError if the tier does not work. */
  constructor(platform: Platform, options: NetworkOptions, epoch: number, Attribution: AttributionClass) {
    this.#platform = platform;
    this.#Attribution = Attribution;
    this.#options = { ...options, onQueued: () => this.#drainQueued() };
    this.#listing = options.listsFirst === true ? platform.openListing?.(options.tier) : undefined;
    this.#collector = this.#listing ?? platform.openNetwork(this.#options);
    this.#epoch = epoch;
    this.#attribution = this.#newAttribution();
  }

  /** Like `SnapshotHeader.epoch`; changes when counting changes. */
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
    // A running collection still uses the descriptors: close them when it has finished.
    const shut = (): void => this.#collector.close();
    if (this.#underWay === undefined) shut();
    else this.#underWay.then(shut, shut);
  }

  async #collect(slice: Slice): Promise<NetworkCollection> {
    clearTimeout(this.#drainTimer);
    try {
      if (this.#countedAs !== '') this.#beginCounting();
      const network = await this.#absorb(await this.#collector.collect(slice), slice);
      return { network, errors: this.#drainErrors() };
    } catch (thrown) {
      return { errors: [...this.#drainErrors(), sectionError('collect network', thrown)] };
    } finally {
      this.#scheduleDrain();
    }
  }

  /** Throws an OpError if no tier works; the next collection tries again. */
  #beginCounting(): void {
    if (this.#listing === undefined) return;
    this.#listing.beginCounting(this.#options);
    this.#listing = undefined;
    // Its counters are others, whatever its tier.
    this.#countedAs = 'listing';
  }

  /** Attributes a sample. If the tier or basis changed, accounting restarts with a new epoch. */
  #absorb(sample: NetworkSample, slice: Slice): NetworkSection | Promise<NetworkSection> {
    const countedAs = `${sample.tier} ${sample.counted}`;
    // Counters that could not be read this time go on where they were.
    const isUnread = sample.counted === 'none' && this.#countedAs.startsWith(`${sample.tier} `);
    if (isUnread || this.#countedAs === countedAs) return this.#attribution.absorb(sample);
    if (this.#countedAs !== '') {
      this.#epoch++;
      this.#attribution = this.#newAttribution();
    }
    this.#countedAs = countedAs;
    return this.#attribution.absorbFirst(sample, slice);
  }

  #newAttribution(): NetworkAttribution {
    return new this.#Attribution({
      commandLine: (pid) => this.#collector.commandLine(pid),
      cgroup: (pid) => this.#collector.cgroup(pid),
      containerName: (cgroup) => this.#collector.containerName?.(cgroup),
      networkNamespace: (pid, cgroup, isForeign) =>
        this.#collector.networkNamespace?.(pid, cgroup, isForeign),
      userName: (uid) => this.#platform.userName(uid),
    });
  }

  /** Drains closings between samples, as often as the kernel's buffers need it. The next sample stops the timer. */
  #scheduleDrain(): void {
    if (this.#isClosed) return;
    const withinMillis = this.#collector.drainWithinMillis();
    if (!(withinMillis < DRAIN_LONGEST_MILLIS)) return;
    const afterMillis = Math.max(DRAIN_SHORTEST_MILLIS, withinMillis);
    this.#drainTimer = setTimeout(() => this.#drain(), afterMillis);
    this.#drainTimer.unref();
  }

  /** The kernel has something although there was nothing to look for. A collection drains by itself. */
  #drainQueued(): void {
    if (this.#isClosed || this.#underWay !== undefined) return;
    clearTimeout(this.#drainTimer);
    this.#drain();
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

type Writable<T> = { -readonly [K in keyof T]: T[K] };

type Collect = (collector: MachineCollector, want: Want, slice: Slice) => unknown;

/** The sections beside the network in the order in which they are collected, with their names in errors. */
const MACHINE_SECTIONS: readonly { name: keyof Want; what: string; collect: Collect }[] = [
  { name: 'machine', what: 'machine', collect: (from) => from.collectMachine() },
  { name: 'disks', what: 'disks', collect: (from, want) => from.collectDisks(want.diskSpaceMaxAgeMillis) },
  {
    ...{ name: 'controlGroups', what: 'control groups' },
    collect: (from, _want, slice) => from.collectControlGroups?.(slice) ?? noControlGroups(),
  },
  {
    ...{ name: 'machineProcesses', what: 'processes' },
    collect: (from, want, slice) => from.collectProcesses(want.machineProcesses!, slice),
  },
  {
    ...{ name: 'processDetail', what: 'process' },
    collect: (from, want, slice) => from.collectProcess(want.processDetail!, slice),
  },
  { name: 'journal', what: 'journal', collect: (from, want) => from.collectJournal(want.journal!) },
];

function noControlGroups(): never {
  const message = 'this machine does not tell of control groups';
  throw new OpError({ op: 'collect control groups', code: 'ENOTSUP', message });
}

/** Limit of collections that wait for a hanging one; more would only be stale. */
const WAITING_LIMIT = 8;

/**
 * This machine with all its sections. Opens each collector at its first use, so a network tier that does not work is an
 * error of the section, not of the source.
 */
export class LocalSource implements Source {
  readonly #platform: Platform;
  readonly #options: NetworkOptions & MachineOptions;
  #network: LocalNetwork | undefined;
  #machine: MachineCollector | undefined;
  #epoch = Date.now();
  #hasCounted = false;
  /** Queue of collections: collectors must not run concurrently. */
  #last: Promise<unknown> = Promise.resolve();
  /** Collections under way, by what they collect: a second request for the same waits for the first one's sample. */
  readonly #underWay = new Map<string, Promise<Snapshot>>();
  #isClosed = false;

  constructor(platform: Platform, options: NetworkOptions & MachineOptions) {
    this.#platform = platform;
    this.#options = options;
  }

  async sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    const key = JSON.stringify(want);
    const collection = this.#underWay.get(key) ?? this.#start(key, want);
    return withinDeadline(collection, deadlineMicros, () => this.nowMicros());
  }

  /**
   * What `use` makes of a sample before the next collection can begin: for a caller that must see sections as they were
   * collected, although others ask for them too. Rejects with what `use` threw, or `CLOSED`.
   */
  async use<R>(want: Want, use: (snapshot: Snapshot) => R): Promise<R> {
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    const done = this.#last.then(async () => use(await this.collect(want)));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** As `sample`, but at once, for those who never ask for a section that is being collected. Never rejects. */
  async collect(want: Want): Promise<Snapshot> {
    const slice = new TimeSlice();
    const sections: Writable<Omit<Snapshot, 'header' | 'errors'>> = {};
    const errors: SectionError[] = [];
    if (want.network === true) {
      try {
        const { network, errors: failures } = await (await this.openNetwork()).collect(slice);
        if (network !== undefined) sections.network = network;
        errors.push(...failures);
      } catch (thrown) {
        errors.push(failureTo('network', thrown));
      }
    }
    for (const { name, what, collect } of MACHINE_SECTIONS) {
      if (want[name] === undefined || want[name] === false) continue;
      try {
        if (this.#machine === undefined) await this.#load('machine');
        this.#machine ??= this.#openMachine();
        Object.assign(sections, { [name]: await collect(this.#machine, want, slice) });
      } catch (thrown) {
        errors.push(failureTo(what, thrown));
      }
    }
    const monotonicMicros = sections.network?.monotonicMicros ?? this.nowMicros();
    return { header: this.header(monotonicMicros), ...sections, errors };
  }

  /** Collects one section with `collect`; rejects with an OpError with the reason. */
  async section<Name extends keyof Want & keyof Snapshot>(
    name: Name,
    want: NonNullable<Want[Name]>,
  ): Promise<NonNullable<Snapshot[Name]>> {
    const { [name]: section, errors } = await this.collect({ [name]: want });
    if (section !== undefined) return section;
    throw new OpError(errors[0] ?? { op: `collect ${name}`, code: 'EMPTY' });
  }

  nowMicros(): number {
    return this.#platform.monotonicMicros();
  }

  /** See `Platform.watchPressure`; undefined: not on this platform. */
  watchPressure(onTrouble: () => void): PressureWatch | undefined {
    return this.#platform.watchPressure?.(onTrouble);
  }

  userName(uid: number): string {
    return this.#platform.userName(uid);
  }

  /** The header of what was collected at a moment of `nowMicros`. */
  header(monotonicMicros: number): SnapshotHeader {
    const { hostName, bootId, bootWallMillis, clockTicksPerSecond } = this.#platform.host;
    return {
      ...{ hostName, bootId, bootWallMillis, clockTicksPerSecond, monotonicMicros },
      epoch: this.#network?.epoch ?? this.#epoch,
      wallMillis: Date.now() - Math.max(0, this.nowMicros() - monotonicMicros) / 1000,
    };
  }

  get isNetworkOpen(): boolean {
    return this.#network !== undefined;
  }

  /** Starts to count the network if not started. Rejects with an OpError if the tier does not work. */
  async openNetwork(): Promise<LocalNetwork> {
    if (this.#network !== undefined) return this.#network;
    // For most screens of socktop all of it is code for nothing.
    const [attribution] = await Promise.all([
      import('../attribution/network-attribution.ts'),
      this.#load('network'),
    ]);
    const epoch = this.#hasCounted ? Math.max(Date.now(), this.#epoch + 1) : this.#epoch;
    this.#network ??= new LocalNetwork(
      ...([this.#platform, this.#options, epoch, attribution.NetworkAttribution] as const),
    );
    this.#hasCounted = true;
    return this.#network;
  }

  /** Ends counting the network, until it is asked for again: then it counts from nothing, in another epoch. */
  closeNetwork(): void {
    if (this.#network === undefined) return;
    this.#network.close();
    this.#epoch = this.#network.epoch;
    this.#network = undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // What is under way still reads the collectors' descriptors.
    if (this.#underWay.size === 0) this.#shut();
    else void this.#last.then(() => this.#shut());
  }

  #shut(): void {
    this.closeNetwork();
    this.#machine?.close();
    this.#machine = undefined;
  }

  #start(key: string, want: Want): Promise<Snapshot> {
    if (this.#underWay.size >= WAITING_LIMIT) throw new OpError({ op: 'sample', code: 'DEADLINE' });
    const collection = isJournalAlone(want) ? this.collect(want) : this.#last.then(() => this.collect(want));
    const done = collection.finally(() => this.#underWay.delete(key));
    // journalctl may take its two seconds: nothing waits behind it.
    if (!isJournalAlone(want)) this.#last = done;
    this.#underWay.set(key, collection);
    return collection;
  }

  /** Rejects with OpError `CLOSED` where this was closed meanwhile. */
  async #load(part: 'network' | 'machine'): Promise<void> {
    await this.#platform.load?.(part);
    if (this.#isClosed && this.#underWay.size === 0) throw new OpError({ op: 'sample', code: 'CLOSED' });
  }

  #openMachine(): MachineCollector {
    const collector = this.#platform.openMachine?.(this.#options);
    if (collector !== undefined) return collector;
    throw new OpError({
      op: 'open machine',
      code: 'ENOTSUP',
      message: 'only the network is collected on this operating system',
    });
  }
}

/** Whatever failed within: to the section's reader the section is what could not be collected. */
function failureTo(what: string, thrown: unknown): SectionError {
  const op = `collect ${what}`;
  const { code, message } = toOpError(op, thrown);
  return { op, code, message };
}

function isJournalAlone(want: Want): boolean {
  return want.journal !== undefined && Object.values(want).filter((each) => each !== undefined).length === 1;
}
