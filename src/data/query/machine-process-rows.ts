import { columnsClass, numbers, OPTIONAL_TEXT, TEXT } from '../../kit/table/columns.ts';
import { machinePercent, type ProcessRates } from '../rates/process-rates.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import type { Grouping } from '../sample/process-table.ts';
import { UNKNOWN_USER } from '../schema/column.ts';
import {
  PROCESS_USAGE_RATES,
  USAGE_RATE_IDS,
  type UsageRateId,
  usageRates,
} from '../schema/process-columns.ts';
import { nameIn, PathGroups } from './control-groups.ts';
import type { ProcessTraffic } from './owner-rates.ts';
import {
  arrangeBy,
  countValue,
  exported,
  falls,
  inJson,
  type RowFields,
  rateValue,
  rises,
  risesByText,
  type SortKeyOf,
  sortKeysOf,
} from './row-fields.ts';
import { RankedRows, type RowOrder, type SortBy } from './row-order.ts';

/** Bounds the cache of user names against hostile input. */
const USERS_LIMIT = 4096;

const FIGURE = numbers('f64', Number.NaN);

/** Figures of one process or of a sum; NaN unknown. */
export const FIGURE_COLUMNS = {
  threads: FIGURE,
  /** Share of one core, percent: two busy threads are 200. */
  corePercent: FIGURE,
  /** Share of the whole machine, 0 to 100. */
  machinePercent: FIGURE,
  /** CPU time since its start. */
  cpuNanos: FIGURE,
  residentBytes: FIGURE,
  /** Of the machine's memory. */
  memoryPercent: FIGURE,
  /** Growth per second, for the rows that were requested. */
  ...usageRates(() => FIGURE),
  /** Network use in bytes per second, both directions together; unknown while it is not counted. */
  network: FIGURE,
};

type FigureName = keyof typeof FIGURE_COLUMNS;
export const FIGURE_NAMES = Object.keys(FIGURE_COLUMNS) as readonly FigureName[];
export type Figures = Readonly<Record<FigureName, Float64Array>>;

/** Export input of figures: raw rates. */
interface FigureExport {
  readonly rows: Figures;
  rateOf(id: UsageRateId, row: number): number;
}

/** Export input of a machine's process. */
export interface MachineProcessExport extends FigureExport {
  readonly rows: MachineProcessRows;
}

type UsageRateFields = {
  readonly [Id in UsageRateId]: (typeof PROCESS_USAGE_RATES)[Id] & {
    readonly order: ReturnType<typeof falls<Figures>>;
    readonly value: (source: FigureExport, row: number) => number | null;
  };
};

const FIRST_USAGE_ROUND = 8;
const USAGE_RATE_FIELDS = usageRates((id) => ({
  ...PROCESS_USAGE_RATES[id],
  order: falls<Figures>(FIRST_USAGE_ROUND + USAGE_RATE_IDS.indexOf(id), (rows, row) => rows[id][row]!),
  value: (source: FigureExport, row: number) => rateValue(source.rateOf(id, row)),
})) as UsageRateFields;

/** The figures of rows, of single processes and of sums. */
export const FIGURE_FIELDS = {
  threads: {
    help: 'threads',
    ...exported('threads', 'threads'),
    csvAt: 6,
    order: falls(6, (rows, row) => rows.threads[row]!),
    value: ({ rows }, row) => countValue(rows.threads[row]!),
  },
  cpu: {
    help: 'share of the whole machine, percent',
    ...exported('cpu_percent', 'cpu_percent'),
    order: falls(1, (rows, row) => rows.corePercent[row]!),
    value: ({ rows }, row) => rateValue(rows.machinePercent[row]!),
  },
  time: {
    help: 'CPU time since the process started, seconds',
    ...inJson('cpu_seconds'),
    order: falls(7, (rows, row) => rows.cpuNanos[row]!),
    value: ({ rows }, row) => rateValue(rows.cpuNanos[row]! / 1e9),
  },
  memory: {
    help: 'resident memory, bytes',
    ...exported('mem_bytes', 'mem_bytes'),
    order: falls(2, (rows, row) => rows.residentBytes[row]!),
    value: ({ rows }, row) => countValue(rows.residentBytes[row]!),
  },
  'memory-percent': {
    help: 'share of physical memory, percent',
    ...exported('mem_percent', 'mem_percent'),
    value: ({ rows }, row) => rateValue(rows.memoryPercent[row]!),
  },
  ...USAGE_RATE_FIELDS,
  network: {
    help: 'bytes per second over the network, both directions',
    order: falls(FIRST_USAGE_ROUND + USAGE_RATE_IDS.length, (rows, row) => rows.network[row]!),
  },
} satisfies RowFields<Figures, FigureExport>;

/** The fields of a machine's processes. */
export const MACHINE_PROCESS_FIELDS = {
  pid: {
    help: 'process ID',
    ...exported('pid', 'pid'),
    order: rises(3, (rows, row) => rows.pid[row]!),
    value: ({ rows }, row) => rows.pid[row]!,
  },
  name: {
    help: 'name',
    ...exported('process', 'name'),
    order: risesByText(4, (rows) => rows.listedTexts(rows.names)),
    value: ({ rows }, row) => rows.names[row]!,
  },
  user: {
    help: 'user name, or user ID',
    ...exported('user', 'user'),
    order: risesByText(5, (rows) => rows.listedTexts(rows.users)),
    value: ({ rows }, row) => (rows.users[row] === '-' ? null : rows.users[row]!),
  },
  state: {
    help: 'state, one letter as in ps(1)',
    ...exported('state', 'state'),
    csvAt: 7,
    value: ({ rows }, row) => (rows.state[row] === 0 ? null : String.fromCharCode(rows.state[row]!)),
  },
  ...FIGURE_FIELDS,
} satisfies RowFields<MachineProcessRows, MachineProcessExport>;

/** Sort keys of a machine's process table. */
type MachineSortKey = SortKeyOf<typeof MACHINE_PROCESS_FIELDS>;
export type MachineSort = SortBy<MachineSortKey>;

/** Sort keys of the command line: figures that are read for every process. The default comes first. */
export function plainSortKeys(): readonly MachineSortKey[] {
  return sortKeysOf(MACHINE_PROCESS_FIELDS).filter(
    (key) => key !== 'network' && !USAGE_RATE_IDS.some((id) => id === key),
  );
}

/** Identity of a process, independent of its rank; a reused PID is another process. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot; NaN unknown. */
  readonly startTicks: number;
}

/** One program, user, container or unit; an empty name: processes without one. */
export interface Member {
  readonly by: Grouping;
  readonly name: string;
}

/** Name of a user ID; undefined: the number is shown. */
export type UserNames = (uid: number) => string | undefined;

const ROW_COLUMNS = {
  pid: numbers('i32'),
  startTicks: numbers('f64'),
  /** One ASCII letter as in /proc/PID/stat; 0 unknown. */
  state: numbers('u8'),
  ...FIGURE_COLUMNS,
  names: TEXT,
  users: TEXT,
  /** Empty: unknown. */
  commandLines: TEXT,
  /** Control group path; empty: unknown or not requested. */
  cgroups: TEXT,
  /** Name of the container; undefined: none, or unknown. */
  containers: OPTIONAL_TEXT,
  /** Not by row: its first `count` entries are the rows that match the search. */
  listed: numbers('i32'),
};

/**
 * The process table of a machine, copied out of a sample, so that it stays readable while the next one is collected.
 * The columns hold all processes, `[0..unfilteredCount)`; `count` of them are listed, and only these are ordered. NaN
 * is unknown. Valid until the next `build`.
 */
export class MachineProcessRows extends columnsClass(ROW_COLUMNS, RankedRows) {
  declare readonly sort: MachineSort;
  /** Number of all processes; the machine may send fewer. */
  processCount = 0;
  readonly #lower: string[] = [];
  #search = '';
  #member: Member | undefined;
  readonly #groups = new PathGroups();
  readonly #userTexts = new Map<number, string>();

  /** Rebuilds the rows; keeps the search. `traffic` undefined: not counted. */
  build(
    section: MachineProcesses,
    rates: ProcessRates,
    userOf: UserNames,
    traffic?: ProcessTraffic | undefined,
  ): void {
    const { processes, memoryTotalBytes, coreCount, texts } = section;
    const { commandLines, cgroups, containers } = texts ?? section;
    const { slots } = processes;
    this.reserveAhead(slots.count);
    this.unfilteredCount = slots.count;
    this.processCount = section.processCount ?? slots.count;
    for (let row = 0; row < slots.count; row++) {
      const slot = slots.rows[row]!;
      this.pid[row] = processes.pid[slot]!;
      this.names[row] = processes.names[slot] ?? '';
      this.users[row] =
        texts === undefined ? this.#userOf(processes.uid[slot]!, userOf) : (texts.users[slot] ?? '-');
      this.commandLines[row] = commandLines?.[slot] ?? '';
      this.cgroups[row] = cgroups?.[slot] ?? '';
      this.containers[row] = containers?.[slot];
      this.startTicks[row] = processes.startTicks[slot]!;
      this.state[row] = processes.state[slot]!;
      this.threads[row] = processes.threads[slot]! > 0 ? processes.threads[slot]! : Number.NaN;
      this.cpuNanos[row] = section.isCpuTimeWhole === false ? Number.NaN : processes.cpuNanos[slot]!;
      const core = rates.cpu.corePercent[slot] ?? Number.NaN;
      this.corePercent[row] = core;
      this.machinePercent[row] = machinePercent(core, coreCount);
      this.residentBytes[row] = processes.rssBytes[slot]!;
      this.memoryPercent[row] = (processes.rssBytes[slot]! / memoryTotalBytes) * 100;
      this.network[row] = traffic?.rateOf(this.pid[row]!, this.startTicks[row]!) ?? Number.NaN;
    }
    for (const id of USAGE_RATE_IDS) {
      const { smooth } = rates.usage[id];
      const into = this[id];
      if (smooth.length === 0) into.fill(Number.NaN);
      else for (let row = 0; row < slots.count; row++) into[row] = smooth[slots.rows[row]!] ?? Number.NaN;
    }
    this.#list();
  }

  /** Lists the processes whose name, user, command line or PID contains the text, ignoring case; empty: all. */
  search(text: string): void {
    this.#search = text.trim().toLowerCase();
    this.#list();
  }

  /** Network use is not known any more. */
  forgetTraffic(): void {
    this.revision++;
    this.network.fill(Number.NaN);
  }

  /** Lists only the processes of one program, user, container or unit; undefined: all. */
  restrict(member: Member | undefined): void {
    this.#member = member;
    this.#list();
  }

  /** The program, user, container or unit of a row; empty: none or unknown. */
  memberOf(by: Grouping, row: number): string {
    if (by === 'program') return this.names[row]!;
    if (by === 'user') return this.users[row] === '-' ? '' : this.users[row]!;
    return nameIn(by, this.#groups.of(this.cgroups[row]!, this.containers[row]));
  }

  override window(sort: MachineSort, first: number, length: number, out: Int32Array): number {
    const count = super.window(sort, first, length, out);
    for (let i = 0; i < count; i++) out[i] = this.listed[out[i]!]!;
    return count;
  }

  /** Rank of a row from 0; -1 if it is not listed. */
  override rankOf(row: number, sort: MachineSort): number {
    const place = this.listed.subarray(0, this.count).indexOf(row);
    return place < 0 ? -1 : super.rankOf(place, sort);
  }

  identityOf(row: number): ProcessIdentity {
    return { pid: this.pid[row]!, startTicks: this.startTicks[row]! };
  }

  /** The row of a process, listed or not; -1: no such process. */
  rowOf({ pid, startTicks }: ProcessIdentity): number {
    for (let row = 0; row < this.unfilteredCount; row++) {
      if (this.pid[row] === pid && Object.is(this.startTicks[row], startTicks)) return row;
    }
    return -1;
  }

  /** Search texts of the listed rows in lower case, by place. */
  listedTexts(texts: readonly string[]): readonly string[] {
    for (let i = 0; i < this.count; i++) this.#lower[i] = texts[this.listed[i]!]!.toLowerCase();
    return this.#lower;
  }

  protected override arrange(order: RowOrder, { key, isReversed }: MachineSort): void {
    const listed = this.listed;
    for (let i = 0; i < this.count; i++) order.ties[i] = this.pid[listed[i]!]!;
    const { order: sort } = MACHINE_PROCESS_FIELDS[key];
    arrangeBy<MachineProcessRows>(sort, isReversed, this, order, this.count, listed);
  }

  #list(): void {
    this.revision++;
    this.count = 0;
    for (let row = 0; row < this.unfilteredCount; row++) {
      if (this.#isMember(row) && (this.#search === '' || this.#isFound(row))) this.listed[this.count++] = row;
    }
  }

  #isMember(row: number): boolean {
    return this.#member === undefined || this.memberOf(this.#member.by, row) === this.#member.name;
  }

  #isFound(row: number): boolean {
    return (
      this.names[row]!.toLowerCase().includes(this.#search) ||
      this.users[row]!.toLowerCase().includes(this.#search) ||
      this.commandLines[row]!.toLowerCase().includes(this.#search) ||
      String(this.pid[row]).includes(this.#search)
    );
  }

  #userOf(uid: number, userOf: UserNames): string {
    const known = this.#userTexts.get(uid);
    if (known !== undefined) return known;
    const number = String(uid >>> 0);
    const text = uid === UNKNOWN_USER ? '-' : (userOf(uid) ?? number);
    // A user ID may get a name later.
    if (text === number) return text;
    if (this.#userTexts.size >= USERS_LIMIT) this.#userTexts.clear();
    this.#userTexts.set(uid, text);
    return text;
  }
}
