import type { ControlGroupSample, ControlGroupsSection } from '../schema/control-groups-section.ts';
import { growth } from './rate-columns.ts';

/** What happened once stays in sight for so long. */
const REMEMBERED_MICROS = 60e6;

/** What a control group waited for between two samples; NaN: not known. */
export interface ControlGroupRates {
  /**
   * Percent of the time in which it was stopped by its limit of CPU time. The kernel adds up all processors: of several,
   * it is at most the share of what the group ran and was stopped there.
   */
  readonly throttledPercent: number;
  /** Times a second. */
  readonly highsPerSecond: number;
  readonly maxesPerSecond: number;
  /** Processes killed for lack of memory in the last minute, at most since the group was first seen; NaN: not known. */
  readonly kills: number;
  /** In the same time: how often nothing could be taken back. */
  readonly ooms: number;
}

const UNKNOWN_RATES: ControlGroupRates = {
  ...{ throttledPercent: Number.NaN, highsPerSecond: Number.NaN, maxesPerSecond: Number.NaN },
  ...{ kills: Number.NaN, ooms: Number.NaN },
};

/** Growth of `memory.events` that one sample told. */
interface MemoryEvents {
  readonly micros: number;
  readonly kills: number;
  readonly ooms: number;
}

interface Seen {
  readonly sample: ControlGroupSample;
  readonly rates: ControlGroupRates;
  /** Those of the last minute. */
  readonly events: readonly MemoryEvents[];
}

/** Growth of the counters of control groups, by their paths. */
export class ControlGroupsRates {
  #seen: ReadonlyMap<string, Seen> = new Map();
  #sequence = Number.NaN;
  #lastMicros = Number.NaN;

  /** Takes a section; false if it was seen before. */
  update({ sequence, monotonicMicros, groups }: ControlGroupsSection): boolean {
    if (sequence === this.#sequence) return false;
    this.#sequence = sequence;
    const micros = monotonicMicros - this.#lastMicros;
    this.#lastMicros = monotonicMicros;
    const seen = new Map<string, Seen>();
    for (const sample of groups) {
      const before = micros > 0 ? this.#seen.get(sample.path) : undefined;
      seen.set(sample.path, seenAfter(before, sample, micros, monotonicMicros));
    }
    this.#seen = seen;
    return true;
  }

  of(path: string): ControlGroupRates {
    return this.#seen.get(path)?.rates ?? UNKNOWN_RATES;
  }

  /** The next sample is the first again. */
  rebase(): void {
    this.#seen = new Map();
    this.#sequence = Number.NaN;
    this.#lastMicros = Number.NaN;
  }
}

function seenAfter(
  before: Seen | undefined,
  sample: ControlGroupSample,
  micros: number,
  nowMicros: number,
): Seen {
  if (before === undefined) return { sample, rates: UNKNOWN_RATES, events: [] };
  const grown = (
    name: 'throttledMicros' | 'usedMicros' | 'memoryHighs' | 'memoryMaxes' | 'memoryKills' | 'memoryOoms',
  ) => growth(before.sample[name] ?? Number.NaN, sample[name] ?? Number.NaN);
  const seconds = micros / 1e6;
  const recent = before.events.filter((event) => nowMicros - event.micros < REMEMBERED_MICROS);
  // Of a longer time nobody knows what fell into its last minute.
  const lately = (name: 'memoryKills' | 'memoryOoms'): number =>
    micros > REMEMBERED_MICROS ? Number.NaN : grown(name);
  const now = { micros: nowMicros, kills: lately('memoryKills'), ooms: lately('memoryOoms') };
  const sum = (name: 'kills' | 'ooms'): number =>
    recent.reduce((total, event) => total + (event[name] || 0), now[name]);
  return {
    sample,
    rates: {
      throttledPercent: throttledShare(grown('throttledMicros'), grown('usedMicros'), micros) * 100,
      highsPerSecond: grown('memoryHighs') / seconds,
      maxesPerSecond: grown('memoryMaxes') / seconds,
      kills: sum('kills'),
      ooms: sum('ooms'),
    },
    events: now.kills > 0 || now.ooms > 0 ? [...recent, now] : recent,
  };
}

/** 0 to 1. Time used is not known of older agents, nor of some hierarchies of version 1 (NaN). */
function throttledShare(throttled: number, used: number, micros: number): number {
  const ofWall = Math.min(1, throttled / micros);
  return throttled > 0 && used >= 0 ? Math.min(ofWall, throttled / (throttled + used)) : ofWall;
}
