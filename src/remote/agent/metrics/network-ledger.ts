import { type NetworkSection, OwnerKind, type TrafficTable } from '../../../data/sample/network-section.ts';
import type { SnapshotHeader } from '../../../data/sample/snapshot.ts';
import { lengthened } from '../../../kit/table/slot-table.ts';
import type { GroupColumns } from './group-columns.ts';
import { type GroupLabels, groupName, OTHER_GROUP } from './group-labels.ts';

const OWNER_KINDS = Object.keys(OwnerKind).length;

/**
 * What each row of traffic had at the last sample; growth is added to the group of its process's name. Loopback is not
 * counted: those bytes never leave the machine, and both of their ends would count them.
 */
export class NetworkLedger {
  readonly unattributedRxBytes = new Float64Array(OWNER_KINDS);
  readonly unattributedTxBytes = new Float64Array(OWNER_KINDS);
  readonly #labels: GroupLabels;
  readonly #columns: GroupColumns;
  /** By slot of the traffic table; serial 0: no row. */
  #serial = new Uint32Array(0);
  #rxBytes = new Float64Array(0);
  #txBytes = new Float64Array(0);
  /** 1: of a process, so that it may end up in the row of the exited. */
  #isOfProcess = new Uint8Array(0);
  #stamp = new Uint32Array(0);
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
  }

  absorb(section: NetworkSection, { epoch }: SnapshotHeader): void {
    if (epoch !== this.#epoch) this.#begin(epoch);
    else if (section.sequence <= this.#sequence) return;
    this.#sequence = section.sequence;
    this.#monotonicMicros = section.monotonicMicros;
    this.#sample++;
    this.#reserve(section.traffic.slots.capacity);
    this.#noteLoopback(section);
    this.#admit(section);
    this.#addGrowth(section);
  }

  /** Other tables, with counters of their own. */
  #begin(epoch: number): void {
    this.#epoch = epoch;
    this.#serial.fill(0);
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
      const isKnown = this.#serial[slot] === traffic.slots.serial[slot];
      const had = isKnown ? this.#rxBytes[slot]! + this.#txBytes[slot]! : 0;
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
    // Who was merged with the exited has had its share counted by name; what it had after that, nobody can name.
    const { rxBytes, txBytes } = this.#columns;
    rxBytes[OTHER_GROUP]! += positive(this.#exitedRxBytes - exitedRx - this.#vanishedRxBytes);
    txBytes[OTHER_GROUP]! += positive(this.#exitedTxBytes - exitedTx - this.#vanishedTxBytes);
  }

  /** The slot's row is the one it was, or one that counts from 0. */
  #follow(slot: number, serial: number, kind: number): void {
    this.#stamp[slot] = this.#sample;
    if (this.#serial[slot] === serial) return;
    this.#end(slot);
    this.#serial[slot] = serial;
    this.#rxBytes[slot] = 0;
    this.#txBytes[slot] = 0;
    this.#isOfProcess[slot] = kind === OwnerKind.PROCESS ? 1 : 0;
  }

  #addRow(slot: number, kind: number, taskName: string, traffic: TrafficTable): void {
    const rx = positive(traffic.rxBytes[slot]! - this.#rxBytes[slot]!);
    const tx = positive(traffic.txBytes[slot]! - this.#txBytes[slot]!);
    if (rx === 0 && tx === 0) return;
    this.#rxBytes[slot]! += rx;
    this.#txBytes[slot]! += tx;
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
    for (let slot = 0; slot < this.#serial.length; slot++) {
      if (this.#serial[slot] !== 0 && this.#stamp[slot] !== this.#sample) this.#end(slot);
    }
  }

  #end(slot: number): void {
    if (this.#serial[slot] === 0) return;
    this.#serial[slot] = 0;
    if (this.#isOfProcess[slot] === 0) return;
    this.#vanishedRxBytes += this.#rxBytes[slot]!;
    this.#vanishedTxBytes += this.#txBytes[slot]!;
  }

  #reserve(capacity: number): void {
    if (this.#serial.length >= capacity) return;
    this.#serial = lengthened(this.#serial, new Uint32Array(capacity));
    this.#rxBytes = lengthened(this.#rxBytes, new Float64Array(capacity));
    this.#txBytes = lengthened(this.#txBytes, new Float64Array(capacity));
    this.#isOfProcess = lengthened(this.#isOfProcess, new Uint8Array(capacity));
    this.#stamp = lengthened(this.#stamp, new Uint32Array(capacity));
  }
}

/** 0 for what fell or is not known. */
function positive(growth: number): number {
  return growth > 0 ? growth : 0;
}
