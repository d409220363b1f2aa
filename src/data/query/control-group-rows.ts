import { columnsClass, numbers, TEXT } from '../../kit/table/columns.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import type { ControlGroupRates, ControlGroupsRates } from '../rates/control-group-rates.ts';
import type { ControlGroupSample } from '../schema/control-groups-section.ts';
import type { Pressure } from '../schema/cpu-sample.ts';
import { type ControlGroup, controlGroupOf } from './control-groups.ts';
import type { Member } from './machine-process-rows.ts';
import {
  arrangeBy,
  countValue,
  falls,
  inJson,
  type RowFields,
  rateValue,
  risesByText,
  type SortKeyOf,
} from './row-fields.ts';
import { RankedRows, type RowOrder, type SortBy } from './row-order.ts';

/** Below it a wait is not worth a word, percent of the time. */
const LEAST_PERCENT = 1;
/** A group whose tasks compete among themselves waits for the CPU all the time: it is worth a word from here on. */
const LEAST_CPU_PERCENT = 25;
/** Memory this close to its limit is at it. */
const FULL_SHARE = 0.98;
/** Behind what waits, before what is well. */
const FULL_TROUBLE = 0.5;
const KILLED_TROUBLE = 1000;

const COLUMNS = {
  paths: TEXT,
  names: TEXT,
  /** What is wrong with it, in words; '' nothing. */
  troubles: TEXT,
  /** The larger, the worse: percent of the time in which it waits for what it waits for most. */
  trouble: numbers('f64'),
  throttled: numbers('f64', Number.NaN),
  /** PSI, ten seconds: some task of it waited, percent. */
  cpu: numbers('f64', Number.NaN),
  memoryWait: numbers('f64', Number.NaN),
  io: numbers('f64', Number.NaN),
  /** The same, of all its tasks at once. */
  memoryFull: numbers('f64', Number.NaN),
  ioFull: numbers('f64', Number.NaN),
  cpuLimit: numbers('f64', Number.NaN),
  memory: numbers('f64', Number.NaN),
  memoryLimit: numbers('f64', Number.NaN),
  highs: numbers('f64', Number.NaN),
  maxes: numbers('f64', Number.NaN),
  kills: numbers('f64', Number.NaN),
};

/** The fields of control groups; percentages are of the time. */
export const CONTROL_GROUP_FIELDS = {
  path: { help: 'path', ...inJson('path'), value: ({ paths }, row) => paths[row]! },
  name: {
    help: 'container, unit, or path',
    ...inJson('name'),
    order: risesByText<ControlGroupRows>(7, (rows) => rows.names),
    value: ({ names }, row) => names[row]!,
  },
  trouble: {
    help: 'what is wrong, in words',
    ...inJson('trouble'),
    order: falls<ControlGroupRows>(0, (rows, row) => rows.trouble[row]!),
    value: ({ troubles }, row) => (troubles[row] === '' ? null : troubles[row]!),
  },
  throttled: {
    help: 'percent of the time for which it was stopped by its limit of CPU time',
    ...inJson('throttled_percent'),
    order: falls<ControlGroupRows>(1, (rows, row) => rows.throttled[row]!),
    value: ({ throttled }, row) => rateValue(throttled[row]!),
  },
  'cpu-limit': {
    help: 'processors that it may use at once',
    ...inJson('cpu_limit'),
    value: ({ cpuLimit }, row) => rateValue(cpuLimit[row]!),
  },
  cpu: {
    help: 'percent of the time in which a task of it waited for a processor (PSI some, 10 s)',
    ...inJson('cpu_wait_percent'),
    order: falls<ControlGroupRows>(2, (rows, row) => rows.cpu[row]!),
    value: ({ cpu }, row) => rateValue(cpu[row]!),
  },
  'memory-wait': {
    help: 'percent of the time in which a task of it waited for memory (PSI some, 10 s)',
    ...inJson('memory_wait_percent'),
    order: falls<ControlGroupRows>(3, (rows, row) => rows.memoryWait[row]!),
    value: ({ memoryWait }, row) => rateValue(memoryWait[row]!),
  },
  'memory-full': {
    help: 'percent of the time in which all its tasks waited for memory (PSI full, 10 s)',
    ...inJson('memory_full_percent'),
    value: ({ memoryFull }, row) => rateValue(memoryFull[row]!),
  },
  io: {
    help: 'percent of the time in which a task of it waited for a disk (PSI some, 10 s)',
    ...inJson('io_wait_percent'),
    order: falls<ControlGroupRows>(4, (rows, row) => rows.io[row]!),
    value: ({ io }, row) => rateValue(io[row]!),
  },
  'io-full': {
    help: 'percent of the time in which all its tasks waited for a disk (PSI full, 10 s)',
    ...inJson('io_full_percent'),
    value: ({ ioFull }, row) => rateValue(ioFull[row]!),
  },
  memory: {
    help: 'memory in use, page cache included',
    ...inJson('memory_bytes'),
    order: falls<ControlGroupRows>(5, (rows, row) => rows.memory[row]!),
    value: ({ memory }, row) => countValue(memory[row]!),
  },
  'memory-limit': {
    help: 'the lower of memory.high and memory.max',
    ...inJson('memory_limit_bytes'),
    order: falls<ControlGroupRows>(6, (rows, row) => rows.memoryLimit[row]!),
    value: ({ memoryLimit }, row) => countValue(memoryLimit[row]!),
  },
  'memory-highs': {
    help: 'times a second that memory was taken back above memory.high',
    ...inJson('memory_high_rate'),
    value: ({ highs }, row) => rateValue(highs[row]!),
  },
  'memory-maxes': {
    help: 'times a second that memory was refused at memory.max',
    ...inJson('memory_max_rate'),
    value: ({ maxes }, row) => rateValue(maxes[row]!),
  },
  kills: {
    help: 'processes killed for lack of memory in the last minute',
    ...inJson('memory_kills'),
    value: ({ kills }, row) => countValue(kills[row]!),
  },
} satisfies RowFields<ControlGroupRows, ControlGroupRows>;

/** Control groups of a machine as columns `[0..count)`. Valid until the next `build`. */
export class ControlGroupRows extends columnsClass(COLUMNS, RankedRows) {
  declare readonly sort: SortBy<SortKeyOf<typeof CONTROL_GROUP_FIELDS>>;

  readonly #worstWords: string[] = [];
  readonly #members: (Member | undefined)[] = [];

  build(groups: readonly ControlGroupSample[], rates: ControlGroupsRates): void {
    this.revision++;
    this.clearRows();
    this.reserveAhead(groups.length);
    this.count = groups.length;
    this.unfilteredCount = groups.length;
    for (const [row, group] of groups.entries()) this.#set(row, group, rates.of(group.path));
  }

  /** What its processes have in common in sums of them; undefined: it is neither a container nor a unit. */
  memberAt(row: number): Member | undefined {
    return this.#members[row];
  }

  /** Rows go by their paths. */
  identityOf(row: number): string {
    return this.paths[row]!;
  }

  rowOf(path: string): number {
    return this.paths.indexOf(path);
  }

  /** `postgres.service: throttled 38 % of the time`, what is worst of the one that waits most; '' none does. */
  get worst(): string {
    let worst = -1;
    for (let row = 0; row < this.count; row++) {
      const isWorse = this.trouble[row]! > (worst < 0 ? FULL_TROUBLE : this.trouble[worst]!);
      if (this.troubles[row] !== '' && isWorse) worst = row;
    }
    return worst < 0 ? '' : `${this.names[worst]}: ${this.#worstWords[worst]}`;
  }

  protected override arrange(order: RowOrder, { key, isReversed }: this['sort']): void {
    for (let row = 0; row < this.count; row++) order.ties[row] = row;
    arrangeBy<ControlGroupRows>(CONTROL_GROUP_FIELDS[key].order, isReversed, this, order, this.count);
  }

  #set(row: number, group: ControlGroupSample, rates: ControlGroupRates): void {
    const known = controlGroupOf(group.path, group.containerName);
    const { memoryBytes = Number.NaN, memoryLimitBytes = Number.NaN, cpuLimit = Number.NaN } = group;
    this.paths[row] = group.path;
    this.names[row] = sanitizeLine(known?.name ?? group.path);
    this.#members[row] = memberOf(known);
    this.throttled[row] = rates.throttledPercent;
    this.cpu[row] = someOf(group.cpuPressure);
    this.memoryWait[row] = someOf(group.memoryPressure);
    this.io[row] = someOf(group.ioPressure);
    this.memoryFull[row] = group.memoryPressure?.full?.avg10 ?? Number.NaN;
    this.ioFull[row] = group.ioPressure?.full?.avg10 ?? Number.NaN;
    this.cpuLimit[row] = cpuLimit;
    this.memory[row] = memoryBytes;
    this.memoryLimit[row] = memoryLimitBytes;
    this.highs[row] = rates.highsPerSecond;
    this.maxes[row] = rates.maxesPerSecond;
    this.kills[row] = rates.kills;
    const [trouble, words] = this.#troubleOf(row, rates);
    this.#worstWords[row] = words[0] ?? '';
    this.trouble[row] = trouble;
    this.troubles[row] = words.join(', ');
  }

  /** `throttled 38 % of the time, waits for memory 12 %, disk 3 %, memory at its limit`. */
  #troubleOf(row: number, { kills, ooms }: ControlGroupRates): readonly [number, readonly string[]] {
    const throttled = this.throttled[row]!;
    const isThrottled = throttled >= LEAST_PERCENT;
    const waits = (
      [
        [this.memoryWait[row]!, LEAST_PERCENT, 'memory'],
        [this.io[row]!, LEAST_PERCENT, 'disk'],
        // The tasks of a throttled group wait for that: it has been said.
        [isThrottled ? Number.NaN : this.cpu[row]!, LEAST_CPU_PERCENT, 'CPU'],
      ] as const
    )
      .filter(([percent, least]) => percent >= least)
      .sort(([a], [b]) => b - a);
    const longest = waits[0]?.[0] ?? 0;
    const waitWords = waits.map(([percent, , name]) => `${name} ${Math.round(percent)} %`).join(', ');
    const out = kills > 0 ? killedText(kills) : ooms > 0 ? 'out of memory' : '';
    const isFull = this.memory[row]! >= this.memoryLimit[row]! * FULL_SHARE || this.maxes[row]! > 0;
    const full = isFull ? 'memory at its limit' : this.highs[row]! > 0 ? 'memory above memory.high' : '';
    const all: readonly (readonly [number, string])[] = [
      [out === '' ? 0 : KILLED_TROUBLE, out],
      [isThrottled ? throttled : 0, isThrottled ? `throttled ${Math.round(throttled)} % of the time` : ''],
      [longest, waitWords === '' ? '' : `waits for ${waitWords}`],
      [full === '' ? 0 : FULL_TROUBLE, full],
    ];
    const told = all.filter(([, words]) => words !== '').sort(([a], [b]) => b - a);
    return [told[0]?.[0] ?? 0, told.map(([, words]) => words)];
  }
}

function memberOf(group: ControlGroup | undefined): Member | undefined {
  if (group?.type === 'container') return { by: 'container', name: group.name };
  return group?.type === 'systemd' ? { by: 'unit', name: group.name } : undefined;
}

function killedText(kills: number): string {
  return `${kills} ${kills === 1 ? 'process' : 'processes'} killed for lack of memory`;
}

function someOf(pressure: Pressure | undefined): number {
  return pressure?.some?.avg10 ?? Number.NaN;
}
