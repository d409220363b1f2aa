import type { InterfaceTable } from '../../../src/data/sample/interface-table.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import { monotonicMicros } from '../clock.ts';
import { readNetLink } from '../sys/class-net.ts';
import { InterfaceCollector, type InterfaceCollectorOptions } from './interface-collector.ts';

/** Refresh interval for facts without kernel notifications. */
const DETAILS_INTERVAL_MICROS = 30e6;
/** Four small files each, about 50 µs: a machine with a thousand veths learns them little by little. */
const DETAILS_PER_COLLECTION = 32;

/** By the slots of the interfaces. */
class LinkDetails extends columnsClass({
  /** Whose details are there, in which state they were read, and when they are stale. */
  serial: numbers('u32'),
  wasUp: numbers('u8'),
  staleMicros: numbers('f64'),
}) {}

/** Interfaces with their counters, and what the links are: MTU, speed, state, hardware address. */
export class NetworksCollector {
  readonly #interfaces: InterfaceCollector;
  readonly #sysRoot: string;
  readonly #clock: () => number;
  readonly #details = new LinkDetails();

  /** Throws OpError where neither rtnetlink nor sysfs can be asked. */
  constructor(options: InterfaceCollectorOptions = {}) {
    this.#interfaces = new InterfaceCollector(options);
    this.#sysRoot = options.sysRoot ?? '/sys';
    this.#clock = options.clock ?? monotonicMicros;
  }

  /** Throws OpError where links or counters cannot be read at all. */
  collect(): InterfaceTable {
    this.#interfaces.collect();
    this.#readDetails(this.#interfaces.table);
    return this.#interfaces.table;
  }

  close(): void {
    this.#interfaces.close();
  }

  #readDetails(table: InterfaceTable): void {
    const { slots } = table;
    this.#details.reserve(slots.capacity);
    const now = this.#clock();
    let left = DETAILS_PER_COLLECTION;
    for (let i = 0; i < slots.count && left > 0; i++) {
      const slot = slots.rows[i]!;
      if (!this.#isStale(table, slot, now)) continue;
      this.#details.serial[slot] = slots.serial[slot]!;
      this.#details.wasUp[slot] = table.isUp[slot]!;
      this.#details.staleMicros[slot] = now + DETAILS_INTERVAL_MICROS;
      this.#readLink(table, slot);
      left--;
    }
  }

  #isStale(table: InterfaceTable, slot: number, now: number): boolean {
    const isSame =
      this.#details.serial[slot] === table.slots.serial[slot] &&
      this.#details.wasUp[slot] === table.isUp[slot];
    return !isSame || now >= this.#details.staleMicros[slot]!;
  }

  #readLink(table: InterfaceTable, slot: number): void {
    const link = readNetLink(this.#sysRoot, table.names[slot]!);
    table.mtuBytes[slot] = link.mtuBytes ?? 0;
    table.linkBitsPerSecond[slot] = link.bitsPerSecond ?? Number.NaN;
    table.operationalStates[slot] = link.operationalState;
    table.hardwareAddresses[slot] = link.hardwareAddress;
  }
}
