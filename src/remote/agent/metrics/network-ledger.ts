import type { NetworkSection, TrafficTable } from '../../../data/sample/network-section.ts';
import { OwnerKind } from '../../../data/schema/network-columns.ts';
import type { SnapshotHeader } from '../../../data/schema/section-facts.ts';
import { columnsClass, numbers } from '../../../kit/table/columns.ts';
import {
  addKnown,
  type GroupColumns,
  type GroupLabels,
  groupName,
  HEALTH_COLUMNS,
  HEALTH_COUNTERS,
  OTHER_GROUP,
} from './group-series.ts';

const OWNER_KINDS = Object.keys(OwnerKind).length;

/** By slot of the traffic table; serial 0: no row. */
class LastTraffic extends columnsClass({
  serial: numbers('u32'),
  rxBytes: numbers('f64'),
  txBytes: numbers('f64'),
  /** 1: of a process, so that it may end up in the row of the exited. */
  isOfProcess: numbers('u8'),
  /** The last sample that held it. */
  stamp: numbers('u32'),
}) {}

/**
 * What each row of traffic had at the last sample; growth is added to the group of its process's name. Loopback is not
 * counted: those bytes never leave the machine, and both of their ends would count them.
 */
export class NetworkLedger {
  /** Bytes of sockets that no process is known for, by OwnerKind. Only ever grow. */
  readonly unattributedRxBytes = new Float64Array(OWNER_KINDS);
  readonly unattributedTxBytes = new Float64Array(OWNER_KINDS);
  readonly #labels: GroupLabels;
  readonly #columns: GroupColumns;
  readonly #last = new LastTraffic();
  readonly #health: HealthGroups;
  #sample = 0;
  #exitedRxBytes = 0;
  #exitedTxBytes = 0;
  /** Of rows that this sample has no more: their last counters. */
  #vanishedRxBytes = 0;
  #vanishedTxBytes = 0;
  readonly #isLoopback = new Set<number>();
  #epoch = Number.NaN;
  #sequence = Number.NaN;
  #monotonicMicros = Number.NaN;

  constructor(labels: GroupLabels, columns: GroupColumns) {
    this.#labels = labels;
    this.#columns = columns;
    this.#health = new HealthGroups(labels, columns);
  }

  /** A sample that was taken before is ignored; another epoch counts on from where the one before ended. */
  absorb(section: NetworkSection, { epoch }: SnapshotHeader): void {
    if (epoch !== this.#epoch) this.#begin(epoch);
    else if (section.sequence <= this.#sequence) return;
    this.#sequence = section.sequence;
    this.#monotonicMicros = section.monotonicMicros;
    this.#sample++;
    this.#last.reserve(section.traffic.slots.capacity);
    this.#noteLoopback(section);
    this.#admit(section);
    this.#addGrowth(section);
    this.#health.absorb(section);
  }

  /** Other tables, with counters of their own. */
  #begin(epoch: number): void {
    this.#epoch = epoch;
    this.#last.serial.fill(0);
    this.#health.begin();
    this.#exitedRxBytes = 0;
    this.#exitedTxBytes = 0;
  }

  #noteLoopback({ interfaces }: NetworkSection): void {
    const { rows, count } = interfaces.slots;
    this.#isLoopback.clear();
    for (let i = 0; i < count; i++) {
      if (interfaces.isLoopback[rows[i]!] === 1) this.#isLoopback.add(interfaces.index[rows[i]!]!);
    }
  }

  /** Labels for names that have none and have had traffic, while there are any. */
  #admit({ traffic, owners }: NetworkSection): void {
    if (!this.#labels.hasRoom(this.#monotonicMicros)) return;
    const weights = new Map<string, number>();
    const { rows, count } = traffic.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const owner = traffic.subject[slot]!;
      if (owners.kind[owner] !== OwnerKind.PROCESS) continue;
      if (this.#isLoopback.has(traffic.interfaceIndex[slot]!)) continue;
      const isKnown = this.#last.serial[slot] === traffic.slots.serial[slot];
      const had = isKnown ? this.#last.rxBytes[slot]! + this.#last.txBytes[slot]! : 0;
      const grown = traffic.rxBytes[slot]! + traffic.txBytes[slot]! - had;
      if (!(grown > 0)) continue;
      const name = groupName(owners.names[owner] ?? '');
      if (!this.#labels.has(name)) weights.set(name, (weights.get(name) ?? 0) + grown);
    }
    this.#labels.admit(weights, this.#monotonicMicros);
  }

  #addGrowth({ traffic, owners }: NetworkSection): void {
    const { rows, count, serial } = traffic.slots;
    const exitedRx = this.#exitedRxBytes;
    const exitedTx = this.#exitedTxBytes;
    this.#exitedRxBytes = 0;
    this.#exitedTxBytes = 0;
    this.#vanishedRxBytes = 0;
    this.#vanishedTxBytes = 0;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (this.#isLoopback.has(traffic.interfaceIndex[slot]!)) continue;
      const owner = traffic.subject[slot]!;
      const kind = owners.kind[owner]!;
      if (kind === OwnerKind.EXITED) {
        this.#exitedRxBytes += traffic.rxBytes[slot]!;
        this.#exitedTxBytes += traffic.txBytes[slot]!;
      } else {
        this.#follow(slot, serial[slot]!, kind);
        this.#addRow(slot, kind, owners.names[owner] ?? '', traffic);
      }
    }
    this.#forget();
    // The bytes of an owner merged into `exited processes` were already counted by name; later ones have no name.
    const { rxBytes, txBytes } = this.#columns;
    rxBytes[OTHER_GROUP]! += positive(this.#exitedRxBytes - exitedRx - this.#vanishedRxBytes);
    txBytes[OTHER_GROUP]! += positive(this.#exitedTxBytes - exitedTx - this.#vanishedTxBytes);
  }

  /** The slot's row is the one it was, or one that counts from 0. */
  #follow(slot: number, serial: number, kind: number): void {
    this.#last.stamp[slot] = this.#sample;
    if (this.#last.serial[slot] === serial) return;
    this.#end(slot);
    this.#last.serial[slot] = serial;
    this.#last.rxBytes[slot] = 0;
    this.#last.txBytes[slot] = 0;
    this.#last.isOfProcess[slot] = kind === OwnerKind.PROCESS ? 1 : 0;
  }

  #addRow(slot: number, kind: number, taskName: string, traffic: TrafficTable): void {
    const rx = positive(traffic.rxBytes[slot]! - this.#last.rxBytes[slot]!);
    const tx = positive(traffic.txBytes[slot]! - this.#last.txBytes[slot]!);
    if (rx === 0 && tx === 0) return;
    this.#last.rxBytes[slot]! += rx;
    this.#last.txBytes[slot]! += tx;
    if (kind !== OwnerKind.PROCESS) {
      this.unattributedRxBytes[kind]! += rx;
      this.unattributedTxBytes[kind]! += tx;
      return;
    }
    const group = this.#labels.find(groupName(taskName));
    this.#columns.rxBytes[group]! += rx;
    this.#columns.txBytes[group]! += tx;
    this.#labels.noteLive(group, this.#monotonicMicros);
  }

  #forget(): void {
    for (let slot = 0; slot < this.#last.serial.length; slot++) {
      if (this.#last.serial[slot] !== 0 && this.#last.stamp[slot] !== this.#sample) this.#end(slot);
    }
  }

  #end(slot: number): void {
    if (this.#last.serial[slot] === 0) return;
    this.#last.serial[slot] = 0;
    if (this.#last.isOfProcess[slot] === 0) return;
    this.#vanishedRxBytes += this.#last.rxBytes[slot]!;
    this.#vanishedTxBytes += this.#last.txBytes[slot]!;
  }
}

/** 0 for what fell or is not known. */
function positive(growth: number): number {
  return growth > 0 ? growth : 0;
}

/** By slot of the owners' table; serial 0: no row. */
class LastHealth extends columnsClass({ serial: numbers('u32'), ...HEALTH_COLUMNS }) {}

/** Adds the growth of each process's TCP health to the group of its name. Connections over loopback count too. */
class HealthGroups {
  readonly #labels: GroupLabels;
  readonly #columns: GroupColumns;
  readonly #last = new LastHealth();

  constructor(labels: GroupLabels, columns: GroupColumns) {
    this.#labels = labels;
    this.#columns = columns;
  }

  /** Other tables follow, with counters of their own. */
  begin(): void {
    this.#last.serial.fill(0);
  }

  /** A sample that was not taken before, after the names of its owners have their labels. */
  absorb({ owners }: NetworkSection): void {
    const { rows, count, serial, capacity } = owners.slots;
    const last = this.#last;
    last.reserve(capacity);
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (owners.kind[slot] !== OwnerKind.PROCESS) continue;
      if (last.serial[slot] !== serial[slot]) {
        last.clearRow(slot);
        last.serial[slot] = serial[slot]!;
      }
      if (this.#isAtRest(owners, slot)) continue;
      const group = this.#labels.find(groupName(owners.names[slot] ?? ''));
      for (const name of HEALTH_COUNTERS) {
        const value = owners[name][slot]!;
        const was = last[name][slot]!;
        // Accounting begins at 0, so what a new row has is growth.
        addKnown(this.#columns[name], group, value - (Number.isNaN(was) ? 0 : was));
        last[name][slot] = value;
      }
    }
  }

  /** Most are: nothing was sent, and nothing went wrong. */
  #isAtRest(owners: NetworkSection['owners'], slot: number): boolean {
    for (const name of HEALTH_COUNTERS) {
      const value = owners[name][slot]!;
      if (value !== this.#last[name][slot] && !Number.isNaN(value)) return false;
    }
    return true;
  }
}
