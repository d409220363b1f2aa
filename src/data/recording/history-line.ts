import { columnsClass, numbers, setText } from '../../kit/table/columns.ts';
import { type JsonValue, jsonDelta } from '../codec/json-values.ts';
import { TABLE_FORMATS } from '../codec/table-format.ts';
import { NETWORK_TABLE_NAMES, type RowPlaces, toldNetworkTable, toldProcesses } from '../codec/told-table.ts';
import type { UserNames } from '../query/machine-process-rows.ts';
import { type MachineProcesses, ProcessTexts, ProcessUsage } from '../sample/machine-processes.ts';
import type { MachineSection } from '../sample/machine-section.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { Figures, Snapshot } from '../sample/snapshot.ts';
import type { ControlGroupsSection } from '../schema/control-groups-section.ts';
import type { DisksSection } from '../schema/disks-section.ts';
import type { UsageColumn } from '../schema/process-columns.ts';
import type { SectionError, SnapshotHeader } from '../schema/section-facts.ts';
import { ChangedRows } from './changed-rows.ts';
import { HistoryFigures, UNKNOWN_FIGURES } from './history-figures.ts';
import { HistorySockets } from './history-sockets.ts';
import { CHANGES_VERSION, type Coding, lineStart, type SectionPart } from './recorded-format.ts';
import { headerText, processesText, userText } from './recording-parts.ts';
import { groupsByPath, SectionCodecs } from './section-codecs.ts';
import type { TrafficTotals } from './totals.ts';

/** A line of a history, ready to be compressed. */
export interface HistoryLine {
  readonly bytes: Uint8Array;
  readonly epoch: number;
  readonly monotonicMicros: number;
  readonly wallMillis: number;
  readonly figures: Figures;
}

type SectionName = Exclude<SectionPart, 'processes'>;

/**
 * Turns what is sampled into lines of a history: each says what changed since the line before, and one that begins a
 * member says everything. Sections are read at once and nothing of them is kept, so that they may be borrowed and come
 * one after the other: `begin`, then the sections there are, then `end`.
 */
export class HistoryLines {
  readonly #userOf: UserNames;
  readonly #totals: TrafficTotals | undefined;
  readonly #encoder = new TextEncoder();
  readonly #codecs = new SectionCodecs();
  /** Those told of last, and the epoch that they belong to. */
  #groups: JsonValue | undefined;
  #groupsEpoch = Number.NaN;
  readonly #values = new Map<SectionName, JsonValue>();
  readonly #tables = new Map(NETWORK_TABLE_NAMES.map((name) => [name, new ChangedRows(TABLE_FORMATS[name])]));
  readonly #processes = new ChangedRows(TABLE_FORMATS.processes);
  readonly #places: RowPlaces = new Map();
  readonly #list = new HistoryProcesses();
  readonly #figures = new HistoryFigures();
  #sockets = new HistorySockets();
  #socketsEpoch = Number.NaN;
  /** Of the line that has begun. */
  #coding: Coding = 'whole';
  #network: NetworkSection | undefined;
  #networkParts: readonly string[] = [];
  #parts: string[] = [];
  #lineFigures: Figures = UNKNOWN_FIGURES;

  /** `totals`: told of the network of each line. */
  constructor(userOf: UserNames, totals?: TrafficTotals) {
    this.#userOf = userOf;
    this.#totals = totals;
  }

  /** A line of a snapshot. Undefined: no reader would take one so long. */
  line(snapshot: Snapshot, isWhole: boolean): HistoryLine | undefined {
    const { header, network, machine, disks, controlGroups, machineProcesses } = snapshot;
    this.begin(isWhole);
    if (network !== undefined) this.network(header, network);
    if (machine !== undefined) this.machine(header, machine);
    if (disks !== undefined) this.disks(header, disks);
    if (controlGroups !== undefined) this.controlGroups(header, controlGroups);
    if (machineProcesses !== undefined) this.processes(machineProcesses);
    return this.end(header, snapshot.errors);
  }

  /** `isWhole`: the line begins a member. */
  begin(isWhole: boolean): void {
    this.#coding = isWhole ? 'whole' : 'changes';
    this.#network = undefined;
    this.#networkParts = [];
    this.#parts = [];
    this.#lineFigures = UNKNOWN_FIGURES;
    if (!isWhole) return;
    this.#values.clear();
    this.#processes.forget();
    for (const table of this.#tables.values()) table.forget();
  }

  network(header: SnapshotHeader, section: NetworkSection): void {
    const { epoch } = header;
    this.#totals?.take(header, section);
    if (epoch !== this.#socketsEpoch) this.#sockets = new HistorySockets();
    this.#socketsEpoch = epoch;
    this.#sockets.update(section);
    const { sockets, accounts } = this.#sockets;
    const summed = { ...section, sockets, accounts };
    this.#network = summed;
    this.#networkParts = NETWORK_TABLE_NAMES.flatMap((name) =>
      this.#tables.get(name)!.parts(toldNetworkTable(summed, name), this.#places),
    );
  }

  machine(header: SnapshotHeader, section: MachineSection): void {
    this.#addSection('machine', this.#codecs.machine.write({ header, section }));
    this.#lineFigures = this.#figures.of(header, section);
  }

  disks(header: SnapshotHeader, section: DisksSection): void {
    this.#addSection('disks', this.#codecs.disks.write({ header, section }));
  }

  controlGroups(header: SnapshotHeader, section: ControlGroupsSection): void {
    this.#groups = groupsByPath(this.#codecs.controlGroups.write({ header, section }));
    this.#groupsEpoch = header.epoch;
    this.#addSection('controlGroups', this.#groups);
  }

  processes(section: MachineProcesses): void {
    const list = this.#list;
    list.take(section, this.#userOf);
    const told = toldProcesses({ processes: section.processes, usage: list.usage, texts: list.texts });
    this.#parts.push(processesText(section), ...this.#processes.parts(told, this.#places));
  }

  /** The line. Undefined: no reader would take one so long. */
  end(header: SnapshotHeader, errors: readonly SectionError[]): HistoryLine | undefined {
    // Not every sample has control groups; a reader that begins here needs the last ones.
    const areGroupsMissing = this.#coding === 'whole' && !this.#values.has('controlGroups');
    if (areGroupsMissing && this.#groups !== undefined && this.#groupsEpoch === header.epoch)
      this.#addSection('controlGroups', this.#groups);
    const facts = { header, errors, unrecordedCount: 0 };
    const parts = [headerText(this.#network, facts, this.#coding), ...this.#networkParts, ...this.#parts];
    const figures = this.#lineFigures;
    this.begin(false);
    const lengths = parts.map((part) => Buffer.byteLength(part));
    const start = lineStart(CHANGES_VERSION, lengths);
    if (start === undefined) return undefined;
    const text = `${start}${parts.join(',')}],"timestamp":"${timeText(header.wallMillis)}"}\n`;
    const { epoch, monotonicMicros, wallMillis } = header;
    return { bytes: this.#encoder.encode(text), epoch, monotonicMicros, wallMillis, figures };
  }

  #addSection(name: SectionName, value: JsonValue): void {
    const before = this.#values.get(name);
    this.#values.set(name, value);
    const told = before === undefined ? `"value":${JSON.stringify(value)}` : changeText(before, value);
    this.#parts.push(`{"part":"${name}",${told}}`);
  }
}

function changeText(before: JsonValue, value: JsonValue): string {
  return `"change":${JSON.stringify(jsonDelta(before, value))}`;
}

function timeText(wallMillis: number): string {
  return Number.isNaN(wallMillis) ? '' : new Date(wallMillis).toISOString();
}

const KEPT_COLUMNS: readonly UsageColumn[] = ['readBytes', 'writtenBytes'];

/** Whose figures a slot holds. */
class Identities extends columnsClass({ pid: numbers('i32'), startTicks: numbers('f64', Number.NaN) }) {}

/**
 * What a history keeps of a list of processes beside its table. Bytes of a process that a sample has not read stay as
 * they were last read: in an agent the sample may have been taken for a client that did not want them.
 */
class HistoryProcesses {
  readonly usage = new ProcessUsage();
  readonly texts = new ProcessTexts();
  readonly #identities = new Identities();

  take(section: MachineProcesses, userOf: UserNames): void {
    const { processes, usage, texts } = section;
    const { commandLines, cgroups, containers } = texts ?? section;
    const { slots, uid, pid, startTicks } = processes;
    const { rows, count } = slots;
    const own = this.#identities;
    const kept = this.texts;
    this.usage.reserveWanted(slots.capacity, KEPT_COLUMNS);
    own.reserve(slots.capacity);
    const { readBytes, writtenBytes } = this.usage;
    for (let at = 0; at < count; at++) {
      const slot = rows[at]!;
      const isSame = own.pid[slot] === pid[slot] && own.startTicks[slot] === startTicks[slot];
      if (!isSame) this.usage.clearRow(slot);
      own.pid[slot] = pid[slot]!;
      own.startTicks[slot] = startTicks[slot]!;
      if (!Number.isNaN(usage.readBytes[slot]!)) readBytes[slot] = usage.readBytes[slot]!;
      if (!Number.isNaN(usage.writtenBytes[slot]!)) writtenBytes[slot] = usage.writtenBytes[slot]!;
      kept.users[slot] = texts === undefined ? userText(uid[slot]!, userOf) : texts.users[slot];
      keepText(kept.commandLines, commandLines, slot, isSame);
      keepText(kept.cgroups, cgroups, slot, isSame);
      keepText(kept.containers, containers, slot, isSame);
    }
  }
}

/** One that was not read stays as it was, of the same process. */
function keepText(
  into: (string | undefined)[],
  from: readonly (string | undefined)[] | undefined,
  slot: number,
  isSame: boolean,
): void {
  const text = from?.[slot];
  if (text !== undefined || !isSame) setText(into, slot, text);
}
