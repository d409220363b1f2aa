import { bytesText, dateTimeText, tenthsText } from '../../kit/text/format.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { Snapshot } from '../sample/snapshot.ts';
import { type AlignedColumn, alignedText } from './table-text.ts';

/** What the processes of one name and user have used together. */
interface SpanUse {
  readonly name: string;
  readonly user: string;
  /** The numbers of some of them. */
  readonly pids: number[];
  processes: number;
  cpuNanos: number;
  readBytes: number;
  writtenBytes: number;
  txBytes: number;
  rxBytes: number;
  /** The most that they had at one time. */
  peakBytes: number;
}

/** Counters of a process as they were last seen. */
interface Seen {
  readonly use: SpanUse;
  cpuNanos: number;
  readBytes: number;
  writtenBytes: number;
}

interface SeenTraffic {
  readonly use: SpanUse;
  tx: number;
  rx: number;
}

const LISTED = 10;
const PIDS_LISTED = 8;
/** Names that are told apart; what comes after them counts for `other`. */
const USES_LIMIT = 1 << 15;
const SCHEMA = 1;

/** What is ranked, by its word in JSON. */
const RANKS = {
  cpu: ({ cpuNanos }: SpanUse) => cpuNanos,
  disk: ({ readBytes, writtenBytes }: SpanUse) => readBytes + writtenBytes,
  network: ({ txBytes, rxBytes }: SpanUse) => txBytes + rxBytes,
  memory: ({ peakBytes }: SpanUse) => peakBytes,
} as const;

/**
 * Who used most of a machine between two times: adds up how counters grew from snapshot to snapshot. Processes of one
 * name and user count together, so that a thousand short-lived ones show as one line. What a process used before the
 * first snapshot does not count.
 */
export class SpanTop {
  readonly #uses = new Map<string, SpanUse>();
  #seen = new Map<string, Seen>();
  #traffic = new Map<string, SeenTraffic>();
  #fromMillis = Number.NaN;
  #toMillis = Number.NaN;
  #samples = 0;
  #cores = 1;
  #bootId = '';
  #epoch = Number.NaN;

  /** Takes the next snapshot; the first is what the others are counted from. */
  take({ header, machineProcesses, network }: Snapshot): void {
    const isFirst = this.#samples === 0;
    if (isFirst) this.#fromMillis = header.wallMillis;
    this.#toMillis = header.wallMillis;
    this.#samples++;
    if (header.bootId !== this.#bootId) this.#seen = new Map();
    // Counting began anew: from nothing.
    if (header.epoch !== this.#epoch) this.#traffic = new Map();
    this.#bootId = header.bootId;
    this.#epoch = header.epoch;
    if (machineProcesses !== undefined) this.#takeProcesses(machineProcesses, isFirst);
    if (network !== undefined) this.#takeTraffic(network, isFirst);
  }

  /** The greatest, who used nothing left out. */
  ranked(rank: keyof typeof RANKS): readonly SpanUse[] {
    const amountOf = RANKS[rank];
    const used = [...this.#uses.values()].filter((use) => amountOf(use) > 0);
    return used.sort((a, b) => amountOf(b) - amountOf(a)).slice(0, LISTED);
  }

  #takeProcesses({ processes, usage, texts, coreCount }: MachineProcesses, isFirst: boolean): void {
    this.#cores = Math.max(1, coreCount);
    const seen = new Map<string, Seen>();
    const held = new Map<SpanUse, number>();
    for (const slot of processes.slots.rows.subarray(0, processes.slots.count)) {
      const pid = processes.pid[slot]!;
      const key = `${pid} ${processes.startTicks[slot]}`;
      const known = this.#seen.get(key);
      const use = known?.use ?? this.#useOf(processes.names[slot]!, texts?.users[slot] ?? '', pid);
      const now = {
        use,
        cpuNanos: processes.cpuNanos[slot]!,
        readBytes: usage.readBytes[slot]!,
        writtenBytes: usage.writtenBytes[slot]!,
      };
      seen.set(key, now);
      held.set(use, (held.get(use) ?? 0) + orZero(processes.rssBytes[slot]!));
      if (isFirst) continue;
      use.cpuNanos += growth(known?.cpuNanos ?? 0, now.cpuNanos);
      use.readBytes += growth(known?.readBytes ?? 0, now.readBytes);
      use.writtenBytes += growth(known?.writtenBytes ?? 0, now.writtenBytes);
    }
    for (const [use, bytes] of held) use.peakBytes = Math.max(use.peakBytes, bytes);
    this.#seen = seen;
  }

  #takeTraffic({ owners, traffic, interfaces }: NetworkSection, isFirst: boolean): void {
    const sums = new Map<string, { readonly owner: number; tx: number; rx: number }>();
    for (const slot of traffic.slots.rows.subarray(0, traffic.slots.count)) {
      const link = interfaces.slots.find(traffic.interfaceIndex[slot]!, 0, 0, 0);
      // What a machine sends to itself is no use of its network.
      if (link >= 0 && interfaces.isLoopback[link] === 1) continue;
      const owner = traffic.subject[slot]!;
      const key = `${owners.kind[owner]} ${owners.pid[owner]} ${owners.startTicks[owner]} ${owners.names[owner]}`;
      const sum = sums.get(key) ?? { owner, tx: 0, rx: 0 };
      sum.tx += traffic.txBytes[slot]!;
      sum.rx += traffic.rxBytes[slot]!;
      sums.set(key, sum);
    }
    for (const [key, { owner, tx, rx }] of sums) {
      const known = this.#traffic.get(key);
      const use =
        known?.use ?? this.#useOf(owners.names[owner]!, owners.users[owner] ?? '', owners.pid[owner]!);
      if (!isFirst) {
        use.txBytes += growth(known?.tx ?? 0, tx);
        use.rxBytes += growth(known?.rx ?? 0, rx);
      }
      this.#traffic.set(key, { use, tx, rx });
    }
  }

  #useOf(name: string, user: string, pid: number): SpanUse {
    const isFull = this.#uses.size >= USES_LIMIT;
    const key = `${name}\0${user}`;
    let use = this.#uses.get(key);
    if (use === undefined) {
      const other = isFull ? this.#uses.get('other\0') : undefined;
      use = other ?? { ...NOTHING, name: isFull ? 'other' : name, user: isFull ? '' : user, pids: [] };
      this.#uses.set(isFull ? 'other\0' : key, use);
    }
    if (pid > 0 && !use.pids.includes(pid)) {
      use.processes++;
      if (use.pids.length < PIDS_LISTED) use.pids.push(pid);
    }
    return use;
  }

  /** For people: a table for each resource. */
  text(): string {
    const seconds = this.#seconds;
    const tables = [
      tableOf('CPU', this.ranked('cpu'), [
        ['CPU TIME', ({ cpuNanos }) => `${tenthsText(cpuNanos / 1e9)} s`],
        ['CPU %', ({ cpuNanos }) => tenthsText(this.#percent(cpuNanos))],
      ]),
      tableOf('disk', this.ranked('disk'), [
        ['READ', ({ readBytes }) => bytesText(readBytes)],
        ['WRITTEN', ({ writtenBytes }) => bytesText(writtenBytes)],
      ]),
      tableOf('network', this.ranked('network'), [
        ['UP', ({ txBytes }) => bytesText(txBytes)],
        ['DOWN', ({ rxBytes }) => bytesText(rxBytes)],
      ]),
      tableOf('memory', this.ranked('memory'), [['PEAK', ({ peakBytes }) => bytesText(peakBytes)]]),
    ];
    const span = `${dateTimeText(this.#fromMillis)} to ${dateTimeText(this.#toMillis)}`;
    return `${span}, ${Math.round(seconds)} seconds, ${this.#samples} samples\n\n${tables.join('\n')}`;
  }

  /** The same as one line of JSON, with its line end. */
  json(): string {
    const entries = (rank: keyof typeof RANKS): object[] =>
      this.ranked(rank).map((use) => ({
        ...{ name: use.name, user: use.user, processes: use.processes, pids: use.pids },
        ...{ cpu_s: use.cpuNanos / 1e9, cpu_percent: orNull(this.#percent(use.cpuNanos)) },
        ...{ bytes_read: use.readBytes, bytes_written: use.writtenBytes },
        ...{ bytes_sent: use.txBytes, bytes_recv: use.rxBytes, memory_peak: use.peakBytes },
      }));
    return `${JSON.stringify({
      schema: SCHEMA,
      from: timeOf(this.#fromMillis),
      to: timeOf(this.#toMillis),
      samples: this.#samples,
      ...{ cpu: entries('cpu'), disk: entries('disk') },
      ...{ network: entries('network'), memory: entries('memory') },
    })}\n`;
  }

  get #seconds(): number {
    return (this.#toMillis - this.#fromMillis) / 1000;
  }

  /** Of the whole machine over the whole time. */
  #percent(cpuNanos: number): number {
    return (cpuNanos / 1e9 / this.#seconds / this.#cores) * 100;
  }
}

const NOTHING = {
  ...{ processes: 0, cpuNanos: 0, readBytes: 0, writtenBytes: 0, txBytes: 0, rxBytes: 0, peakBytes: 0 },
};

type Cell = readonly [title: string, text: (use: SpanUse) => string];

function tableOf(what: string, uses: readonly SpanUse[], cells: readonly Cell[]): string {
  if (uses.length === 0) return `Most ${what}: nothing\n`;
  const columns: AlignedColumn[] = [
    ...cells.map(([title]) => ({ title, isNumber: true })),
    { title: 'PROCESSES', isNumber: true },
    { title: 'USER', isNumber: false },
    { title: 'NAME', isNumber: false },
  ];
  const rows = uses.map((use) => [
    ...cells.map(([, text]) => text(use)),
    use.processes === 1 ? `pid ${use.pids[0]}` : String(use.processes),
    sanitizeLine(use.user === '' ? '-' : use.user),
    sanitizeLine(use.name),
  ]);
  return `Most ${what}\n${alignedText(columns, rows)}`;
}

/** What is unknown did not grow, nor did what fell. */
function growth(before: number, now: number): number {
  return now > before ? now - before : 0;
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function timeOf(wallMillis: number): string | null {
  return Number.isNaN(wallMillis) ? null : new Date(wallMillis).toISOString();
}
