import { gzipSync } from 'node:zlib';
import { gunzipWithin } from '../../kit/bytes/gzip-member.ts';
import { parseJsonWithin } from '../../kit/bytes/json-bytes.ts';
import type { SlotTable } from '../../kit/table/slot-table.ts';
import { dateTimeText } from '../../kit/text/format.ts';
import { cleanText } from '../../kit/text/sanitize.ts';
import { isObject } from '../codec/json-values.ts';
import { OwnerGroups } from '../query/control-groups.ts';
import { addressText, isIpv4 } from '../sample/address.ts';
import type { InterfaceTable } from '../sample/interface-table.ts';
import type { NetworkSection, TrafficTable } from '../sample/network-section.ts';
import {
  isPeriodName,
  TOTALS_KEPT,
  TOTALS_KINDS,
  TOTALS_PERIODS,
  type TotalsKind,
  type TotalsPeriod,
} from '../sample/totals-kind.ts';
import { OwnerKind } from '../schema/network-columns.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';

/** Bytes that one name sent and received. */
interface TotalsRow {
  readonly name: string;
  txBytes: number;
  rxBytes: number;
}

/** Totals of one period: rows by kind, the greatest first, what is left over as `other`. */
export interface PeriodTotals {
  readonly period: TotalsPeriod;
  /** `2026-11-28T03`, `2026-11-28`, `2026-11`: local time. */
  readonly name: string;
  readonly rows: Readonly<Record<TotalsKind, readonly TotalsRow[]>>;
}

const OTHER = 'other';
const ROWS_KEPT = 50;
/** While a period is open, so that who is small now may still become great. */
const ROWS_OPEN = 512;
const NAME_LIMIT = 128;
/** 438 files of this size are 5 MB. */
const FILE_LIMIT_BYTES = 11_000;
/** Names in the widest of letters, four kinds of them, are a third of it. */
const TEXT_LIMIT_BYTES = 256 << 10;
const DEPTH_LIMIT = 6;
const SCHEMA = 1;
const FILE_NAME = /^totals-(hour|day|month)-([\dT-]+)\.json\.gz$/;
/** What is on the disk is so old at most. */
const FLUSH_MILLIS = 60_000;

/** The period of a totals file; undefined: another file. */
export function totalsFileOf(
  name: string,
): { readonly period: TotalsPeriod; readonly name: string } | undefined {
  const [, period, of] = FILE_NAME.exec(name) ?? [];
  const known = TOTALS_PERIODS.find((each) => each === period);
  return known === undefined || !isPeriodName(known, of) ? undefined : { period: known, name: of };
}

export function totalsFileName(period: TotalsPeriod, name: string): string {
  return `totals-${period}-${name}.json.gz`;
}

/** Those of the files that are too many of their period, the oldest. */
export function outdatedTotals(names: readonly string[]): readonly string[] {
  return TOTALS_PERIODS.flatMap((period) => {
    const files = names.filter((name) => totalsFileOf(name)?.period === period).sort();
    return files.slice(0, Math.max(0, files.length - TOTALS_KEPT[period].kept));
  });
}

/** The period in which a wall time is, by local time. */
function periodName(period: TotalsPeriod, wallMillis: number): string {
  return dateTimeText(wallMillis).slice(0, TOTALS_KEPT[period].nameLength).replace(' ', 'T');
}

/** A file of totals. Throws OpError where it is none. */
export function readTotals(period: TotalsPeriod, name: string, bytes: Uint8Array): PeriodTotals {
  const value = parseJsonWithin(gunzipWithin(bytes, TEXT_LIMIT_BYTES), TEXT_LIMIT_BYTES, DEPTH_LIMIT);
  const source = isObject(value) ? value : {};
  const rowsOf = (kind: TotalsKind): TotalsRow[] => {
    const list: unknown = source[kind];
    if (!Array.isArray(list)) return [];
    return list.slice(0, ROWS_KEPT + 1).flatMap((entry: unknown) => {
      const [rowName, tx, rx] = Array.isArray(entry) ? (entry as unknown[]) : [];
      if (typeof rowName !== 'string' || !isCount(tx) || !isCount(rx)) return [];
      return { name: cleanText(rowName, NAME_LIMIT), txBytes: tx, rxBytes: rx };
    });
  };
  const rows = Object.fromEntries(TOTALS_KINDS.map((kind) => [kind, rowsOf(kind)]));
  return { period, name, rows: rows as Record<TotalsKind, TotalsRow[]> };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** A period that is not over. */
class OpenPeriod {
  readonly period: TotalsPeriod;
  name = '';
  isChanged = false;
  readonly #rows = new Map<TotalsKind, Map<string, TotalsRow>>();

  constructor(period: TotalsPeriod) {
    this.period = period;
  }

  begin(name: string): void {
    this.name = name;
    this.isChanged = false;
    this.#rows.clear();
  }

  /** Adds what was kept of it by an earlier program. */
  load({ rows }: PeriodTotals): void {
    for (const kind of TOTALS_KINDS) {
      for (const { name, txBytes, rxBytes } of rows[kind]) this.add(kind, name, txBytes, rxBytes);
    }
  }

  add(kind: TotalsKind, name: string, tx: number, rx: number): void {
    let rows = this.#rows.get(kind);
    if (rows === undefined) {
      rows = new Map();
      this.#rows.set(kind, rows);
    }
    const isFull = rows.size >= ROWS_OPEN && !rows.has(name);
    const key = isFull ? OTHER : name;
    const row = rows.get(key) ?? { name: key, txBytes: 0, rxBytes: 0 };
    row.txBytes += tx;
    row.rxBytes += rx;
    rows.set(key, row);
    this.isChanged = true;
  }

  /** The file: fewer rows where so many do not fit. */
  bytes(): Uint8Array {
    for (let kept = ROWS_KEPT; ; kept = Math.floor(kept / 2)) {
      const kinds = TOTALS_KINDS.map((kind) => [kind, this.#greatest(kind, kept)] as const);
      const bytes = gzipSync(JSON.stringify({ schema: SCHEMA, ...Object.fromEntries(kinds) }));
      if (bytes.length <= FILE_LIMIT_BYTES || kept === 0) return bytes;
    }
  }

  #greatest(kind: TotalsKind, kept: number): (readonly [string, number, number])[] {
    const rows = [...(this.#rows.get(kind)?.values() ?? [])];
    const named = rows.filter(({ name }) => name !== OTHER);
    named.sort((a, b) => b.txBytes + b.rxBytes - (a.txBytes + a.rxBytes));
    const rest = [...rows.filter(({ name }) => name === OTHER), ...named.slice(kept)];
    const list = named.slice(0, kept).map(({ name, txBytes, rxBytes }) => [name, txBytes, rxBytes] as const);
    if (rest.length === 0) return list;
    const sum = (of: (row: TotalsRow) => number): number => rest.reduce((total, row) => total + of(row), 0);
    return [...list, [OTHER, sum(({ txBytes }) => txBytes), sum(({ rxBytes }) => rxBytes)]];
  }
}

interface Seen {
  tx: number;
  rx: number;
}

/**
 * Adds up what programs, users, units and remote networks send and receive per hour, day and month. What a machine sends
 * to itself does not count. Knows of files by their names and bytes only; the owner of the folder reads and writes them.
 */
export class TrafficTotals {
  readonly #open = TOTALS_PERIODS.map((period) => new OpenPeriod(period));
  readonly #groups = new OwnerGroups();
  /** Of every row: one that is forgotten would count once more as a whole. */
  #owners = new Map<string, Seen>();
  #hosts = new Map<string, Seen>();
  #epoch = Number.NaN;
  #begun: readonly string[] = [];
  #flushedMillis = Number.NEGATIVE_INFINITY;

  /** The files that go on being written at a wall time: to be loaded before the first sample. */
  openFiles(wallMillis: number): readonly string[] {
    return TOTALS_PERIODS.map((period) => totalsFileName(period, periodName(period, wallMillis)));
  }

  /** The files of the periods that the last `due` has begun: to be loaded where there are any. */
  get begun(): readonly string[] {
    return this.#begun;
  }

  load(totals: PeriodTotals): void {
    const open = this.#open.find(({ period }) => period === totals.period)!;
    if (open.name !== totals.name) open.begin(totals.name);
    const { isChanged } = open;
    open.load(totals);
    open.isChanged = isChanged;
  }

  /** Takes a sample. Resolves nothing and waits for nothing: the files that are over come with `due`. */
  take({ epoch }: SnapshotHeader, section: NetworkSection): void {
    if (epoch !== this.#epoch) {
      // Counting began anew, from nothing.
      this.#owners = new Map();
      this.#hosts = new Map();
    }
    this.#epoch = epoch;
    this.#takeOwners(section);
    this.#takeHosts(section);
  }

  /**
   * The files to be written now; none before a minute has passed since the last ones. To be asked before `take`, so that
   * what is counted next belongs to the next period. `isLast`: whatever has changed.
   */
  due(wallMillis: number, isLast = false): readonly { readonly name: string; readonly bytes: Uint8Array }[] {
    const isDue =
      isLast || wallMillis - this.#flushedMillis >= FLUSH_MILLIS || wallMillis < this.#flushedMillis;
    if (isDue) this.#flushedMillis = wallMillis;
    const begun: string[] = [];
    this.#begun = begun;
    return this.#open.flatMap((open) => {
      const now = periodName(open.period, wallMillis);
      const isOver = open.name !== now;
      const file =
        open.isChanged && (isDue || isOver)
          ? [{ name: totalsFileName(open.period, open.name), bytes: open.bytes() }]
          : [];
      if (file.length > 0) open.isChanged = false;
      if (isOver) {
        open.begin(now);
        begun.push(totalsFileName(open.period, now));
      }
      return file;
    });
  }

  #takeOwners({ owners, traffic, interfaces }: NetworkSection): void {
    this.#owners = takeTraffic(this.#owners, owners.slots, traffic, interfaces, (owner, tx, rx) => {
      const group = this.#groups.of(owners, owner);
      const isProcess = owners.kind[owner] === OwnerKind.PROCESS;
      this.#add('program', programOf(owners.names[owner]!, owners.commandLines[owner]), tx, rx);
      this.#add('user', isProcess ? (owners.users[owner] ?? '-') : '-', tx, rx);
      this.#add('unit', group?.serviceName ?? group?.name ?? '-', tx, rx);
    });
  }

  #takeHosts({ hosts, hostTraffic, interfaces }: NetworkSection): void {
    this.#hosts = takeTraffic(this.#hosts, hosts.slots, hostTraffic, interfaces, (host, tx, rx) => {
      for (const word of [0, 1, 2, 3] as const) WORDS[word] = hosts.slots.keyWord(host, word);
      this.#add('network', networkOf(WORDS), tx, rx);
    });
  }

  #add(kind: TotalsKind, name: string, tx: number, rx: number): void {
    const short = cleanText(name === '' ? '-' : name, NAME_LIMIT);
    for (const open of this.#open) if (open.name !== '') open.add(kind, short, tx, rx);
  }
}

const WORDS = new Uint32Array(4);

/** Tells how each row's subject has grown since `before`; returns what is to be `before` the next time. */
function takeTraffic(
  before: ReadonlyMap<string, Seen>,
  subjects: SlotTable,
  { slots, subject, interfaceIndex, txBytes, rxBytes }: TrafficTable,
  interfaces: InterfaceTable,
  tell: (subject: number, tx: number, rx: number) => void,
): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  for (const slot of slots.rows.subarray(0, slots.count)) {
    const link = interfaces.slots.find(interfaceIndex[slot]!, 0, 0, 0);
    if (link >= 0 && interfaces.isLoopback[link] === 1) continue;
    const key = `${subject[slot]} ${subjects.serial[subject[slot]!]} ${interfaceIndex[slot]}`;
    const [tx, rx] = [txBytes[slot]!, rxBytes[slot]!];
    const known = before.get(key);
    seen.set(key, { tx, rx });
    const grownTx = Math.max(0, tx - (known?.tx ?? 0));
    const grownRx = Math.max(0, rx - (known?.rx ?? 0));
    if (grownTx + grownRx !== 0) tell(subject[slot]!, grownTx, grownRx);
  }
  return seen;
}

/** The executable where the command line begins with its path, else the name of the task. */
function programOf(name: string, commandLine: string | undefined): string {
  const first = commandLine?.split(' ', 1)[0] ?? '';
  return first.startsWith('/') ? first : name;
}

/** `192.0.2.0/24`, `2001:db8:1::/48`: what is usually one site. */
function networkOf(words: Uint32Array): string {
  const network = words.slice();
  if (isIpv4(words, 0)) {
    network[3] = (words[3]! & 0xffff_ff00) >>> 0;
    return `${addressText(network, 0)}/24`;
  }
  network[1] = (words[1]! & 0xffff_0000) >>> 0;
  network[2] = 0;
  network[3] = 0;
  return `${addressText(network, 0)}/48`;
}
