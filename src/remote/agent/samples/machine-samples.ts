import { CpuUsage } from '../../../data/rates/cpu-rates.ts';
import type { MachineSection } from '../../../data/sample/machine-section.ts';
import type { ControlGroupsSection } from '../../../data/schema/control-groups-section.ts';
import type { DisksSection } from '../../../data/schema/disks-section.ts';
import type { Section, SnapshotHeader } from '../../../data/schema/section-facts.ts';
import type { LocalSource } from '../../../data/source/local-source.ts';
import { OpError } from '../../../kit/errors/op-error.ts';
import type { Frame } from '../../wire/original-protocol.ts';
import type { V2Payload } from '../../wire/v2-frame.ts';
import { RATE_BASE_LIMIT_MICROS, RatedCache, SampleCache } from './sample-cache.ts';

/** Replies for a sample, encoded and compressed at the first request, once for all clients. */
export interface Replies {
  original: Frame | undefined;
  /** Of metrics: for clients that ask for the processes themselves. */
  originalWithoutProcesses: Frame | undefined;
  /** Its list in the original's `get_metrics`, JSON. */
  originalList: string | undefined;
  v2: V2Payload | undefined;
}

/** Not encoded yet. */
export function noReplies(): Replies {
  return { original: undefined, originalWithoutProcesses: undefined, originalList: undefined, v2: undefined };
}

/** A section with what the agent makes of it. */
export interface SectionSample<S extends Section> {
  readonly header: SnapshotHeader;
  readonly monotonicMicros: number;
  readonly section: S;
  readonly replies: Replies;
}

function sampleOf<S extends Section>(source: LocalSource, section: S): SectionSample<S> {
  const { monotonicMicros } = section;
  return { header: source.header(monotonicMicros), monotonicMicros, section, replies: noReplies() };
}

/** The fast part of the machine. */
export interface MachineSample extends SectionSample<MachineSection> {
  /** Since the sample before; rows as in CpuTable, NaN where nothing is known. Borrowed. */
  readonly cpu: CpuUsage;
}

export type DisksSample = SectionSample<DisksSection>;

/** Processors, memory, links, sensors and GPUs, for all clients. */
export class MachineSamples {
  readonly cache: RatedCache<MachineSample>;
  readonly #source: LocalSource;
  readonly #cpu = new CpuUsage();
  #lastMicros = Number.NEGATIVE_INFINITY;

  constructor(source: LocalSource) {
    this.#source = source;
    this.cache = new RatedCache(
      () => this.#collect(),
      () => source.nowMicros(),
      ({ cpu }) => !Number.isNaN(cpu.total),
    );
  }

  async #collect(): Promise<MachineSample> {
    const section = await this.#source.section('machine', true);
    if (section.monotonicMicros - this.#lastMicros > RATE_BASE_LIMIT_MICROS) this.#cpu.reset();
    this.#lastMicros = section.monotonicMicros;
    const times = section.cpu.value?.times;
    if (times === undefined) this.#cpu.reset();
    else this.#cpu.update(times);
    return { ...sampleOf(this.#source, section), cpu: this.#cpu };
  }
}

/** What control groups wait for, for all clients. */
export class ControlGroupSamples {
  readonly cache: SampleCache<SectionSample<ControlGroupsSection>>;

  constructor(source: LocalSource) {
    this.cache = new SampleCache(
      async () => sampleOf(source, await source.section('controlGroups', true)),
      () => source.nowMicros(),
    );
  }
}

/** File systems and block devices, for all clients. */
export class DisksSamples {
  readonly cache: SampleCache<DisksSample>;
  #spaceMaxAgeMillis = 0;

  constructor(source: LocalSource) {
    this.cache = new SampleCache(
      async () => {
        const want = { disks: true, diskSpaceMaxAgeMillis: this.#spaceMaxAgeMillis };
        const { disks: section, errors } = await source.collect(want);
        if (section === undefined) throw new OpError(errors[0] ?? { op: 'collect disks', code: 'EMPTY' });
        return sampleOf(source, section);
      },
      () => source.nowMicros(),
    );
  }

  /** A new sample whose figures of space may be older, since asking for them costs a process beside. */
  readCheaply<R>(spaceMaxAgeMillis: number, use: (sample: DisksSample) => R): Promise<R> {
    this.#spaceMaxAgeMillis = spaceMaxAgeMillis;
    const reading = this.cache.read(0, use);
    this.#spaceMaxAgeMillis = 0;
    return reading;
  }
}
