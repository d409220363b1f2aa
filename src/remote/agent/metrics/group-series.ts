import { columnsClass, numbers } from '../../../kit/table/columns.ts';
import { encodeLabels, labelValue } from './exposition-writer.ts';

/** Index of the group of all that have no label of their own. */
export const OTHER_GROUP = 0;

const OTHER_NAME = 'other';
const UNNAMED = 'unknown';
const NAME_LIMIT = 64;
/** A group without a process or traffic for so long may lose its label to one that has: at most all of them an hour. */
const GONE_MICROS = 3600e6;

export interface GroupLabelSets {
  readonly name: string;
  readonly group: Uint8Array;
  readonly resident: Uint8Array;
  readonly states: readonly Uint8Array[];
}

/** States as process-exporter spells them, in the order of the columns. */
export const GROUP_STATES = ['Running', 'Sleeping', 'Waiting', 'Zombie', 'Other'] as const;

/** A group that has just lost its label; what it counted is to go to OTHER_GROUP. */
type OnEvicted = (group: number) => void;

/**
 * Which names have their own label. Sticky: a name keeps its label, so that series do not come and go with which is
 * busy; a new name gets one while there are any left, the largest first, and is counted in `other` until then.
 */
export class GroupLabels {
  /** Changes when any name's group does: until then a group once found for a name holds. */
  version = 1;
  /** Groups in use are `[0, capacity)` with a name. */
  readonly capacity: number;
  readonly #sets: (GroupLabelSets | undefined)[] = [];
  readonly #groupOf = new Map<string, number>();
  readonly #lastLiveMicros: Float64Array;
  readonly #onEvicted: OnEvicted;

  /** `limit` names besides `other`. */
  constructor(limit: number, onEvicted: OnEvicted) {
    this.capacity = limit + 1;
    this.#onEvicted = onEvicted;
    this.#lastLiveMicros = new Float64Array(this.capacity);
    this.#set(OTHER_GROUP, OTHER_NAME);
  }

  /** undefined: the group is not in use. */
  labelsOf(group: number): GroupLabelSets | undefined {
    return this.#sets[group];
  }

  /** The group of a name that `groupName` made; OTHER_GROUP where it has none of its own. */
  find(name: string): number {
    return this.#groupOf.get(name) ?? OTHER_GROUP;
  }

  has(name: string): boolean {
    return this.#groupOf.has(name);
  }

  noteLive(group: number, nowMicros: number): void {
    this.#lastLiveMicros[group] = nowMicros;
  }

  /** Whether a name without a label could get one now. */
  hasRoom(nowMicros: number): boolean {
    if (this.#groupOf.size < this.capacity) return true;
    for (let group = 1; group < this.capacity; group++) if (this.#isGone(group, nowMicros)) return true;
    return false;
  }

  /** Labels for the names of the greatest weight, as far as there are any; the names have none. */
  admit(weights: ReadonlyMap<string, number>, nowMicros: number): void {
    if (weights.size === 0) return;
    const byWeight = [...weights].sort(([, a], [, b]) => b - a);
    for (const [name] of byWeight) {
      const group = this.#freeGroup(nowMicros);
      if (group < 0) break;
      this.#set(group, name);
      this.#lastLiveMicros[group] = nowMicros;
    }
    this.version++;
  }

  #freeGroup(nowMicros: number): number {
    let oldest = -1;
    for (let group = 1; group < this.capacity; group++) {
      if (this.#sets[group] === undefined) return group;
      if (!this.#isGone(group, nowMicros)) continue;
      if (oldest < 0 || this.#lastLiveMicros[group]! < this.#lastLiveMicros[oldest]!) oldest = group;
    }
    const evicted = this.#sets[oldest];
    if (evicted === undefined) return -1;
    this.#onEvicted(oldest);
    this.#groupOf.delete(evicted.name);
    return oldest;
  }

  #isGone(group: number, nowMicros: number): boolean {
    return nowMicros - this.#lastLiveMicros[group]! > GONE_MICROS;
  }

  #set(group: number, name: string): void {
    this.#groupOf.set(name, group);
    this.#sets[group] = {
      name,
      group: encodeLabels('groupname', name),
      resident: encodeLabels('groupname', name, 'memtype', 'resident'),
      states: GROUP_STATES.map((state) => encodeLabels('groupname', name, 'state', state)),
    };
  }
}

/** What a process is grouped by: its task name as a label can carry it. */
export function groupName(taskName: string): string {
  return taskName === '' ? UNNAMED : labelValue(taskName.slice(0, NAME_LIMIT));
}

/** Kernel threads are grouped by what they are, not by which: `kworker/0:1-events` is one of very many `kworker`. */
export function kernelThreadName(taskName: string): string {
  const slash = taskName.indexOf('/');
  return groupName(slash > 0 ? taskName.slice(0, slash) : taskName);
}

const LATE = numbers('f64', Number.NaN);
/** Counters of the health of TCP. NaN while nothing is known. */
export const HEALTH_COLUMNS = {
  dataSegments: LATE,
  retransmits: LATE,
  refused: LATE,
  timedOut: LATE,
  resets: LATE,
  drops: LATE,
};
const LATE_COLUMNS = { readBytes: LATE, writtenBytes: LATE, ...HEALTH_COLUMNS };
const namesOf = <T extends object>(columns: T): readonly (keyof T)[] => Object.keys(columns) as (keyof T)[];
export const HEALTH_COUNTERS = namesOf(HEALTH_COLUMNS);
const LATE_COUNTERS = namesOf(LATE_COLUMNS);

/** Adds to a counter that is NaN while nothing is known; what is not known adds nothing. */
export function addKnown(column: Float64Array, at: number, growth: number): void {
  if (Number.isNaN(growth)) return;
  column[at] = Number.isNaN(column[at]!) ? growth : column[at]! + growth;
}

export class GroupColumns extends columnsClass({
  /** Counters. Only ever grow, but for a group that loses its label: its go to `other`. */
  cpuNanos: numbers('f64'),
  rxBytes: numbers('f64'),
  txBytes: numbers('f64'),
  /** Of storage, and of the health of TCP; NaN while nothing is known of the group. */
  ...LATE_COLUMNS,
  /** Gauges of the last sample. */
  processes: numbers('f64'),
  threads: numbers('f64'),
  residentBytes: numbers('f64'),
  states: numbers('f64', 0, GROUP_STATES.length),
  /** Clock ticks since boot; NaN: no process. */
  oldestStartTicks: numbers('f64', Number.NaN),
}) {
  clearGauges(): void {
    this.processes.fill(0);
    this.threads.fill(0);
    this.residentBytes.fill(0);
    this.states.fill(0);
    this.oldestStartTicks.fill(Number.NaN);
  }

  /** Counters of a group go to `other`. */
  fold(group: number): void {
    for (const column of [this.cpuNanos, this.rxBytes, this.txBytes]) {
      column[OTHER_GROUP]! += column[group]!;
      column[group] = 0;
    }
    for (const name of LATE_COUNTERS) {
      addKnown(this[name], OTHER_GROUP, this[name][group]!);
      this[name][group] = Number.NaN;
    }
  }
}
