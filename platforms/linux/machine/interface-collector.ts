import { InterfaceTable } from '../../../src/data/sample/interface-table.ts';
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { monotonicMicros } from '../clock.ts';
import type { LinkDescription, LinkSource } from '../link.ts';
import { RouteLinkSource } from '../rtnetlink/route-link-source.ts';
import { ClassNetLinkSource } from '../sys/class-net.ts';
import { NetDevReader } from './net-dev-reader.ts';
import { uplinkIndexes } from './uplinks.ts';

export interface InterfaceCollectorOptions {
  /** Default `/proc`. */
  readonly procRoot?: string;
  /** Default `/sys`; asked only where the kernel's rtnetlink is closed to this program. */
  readonly sysRoot?: string;
  readonly links?: LinkSource;
  /** Monotonic microseconds. */
  readonly clock?: () => number;
}

/** Notices tell of every change; this is for lost ones, and for sources without notices. */
const LINKS_INTERVAL_MICROS = 10e6;

/**
 * Interfaces of this program's network namespace: counters from /proc/net/dev each time; what they are, how they are
 * stacked and their addresses only when that changed. Counters not read yet are NaN.
 */
export class InterfaceCollector {
  readonly table = new InterfaceTable();
  readonly #links: LinkSource;
  readonly #counters: NetDevReader;
  readonly #clock: () => number;
  #nextLinksMicros = Number.NEGATIVE_INFINITY;

  constructor(options: InterfaceCollectorOptions = {}) {
    this.#links = options.links ?? openLinkSource(options.sysRoot ?? '/sys');
    this.#clock = options.clock ?? monotonicMicros;
    this.#counters = new NetDevReader(options.procRoot ?? '/proc', this.table);
  }

  /** Brings the table up to date. Throws OpError where the links or the counters cannot be read at all. */
  collect(): void {
    const hasChanged = this.#links.hasChanged();
    if (hasChanged || this.#clock() >= this.#nextLinksMicros) this.#readLinks();
    if (this.#counters.read()) return;
    // An interface that was not there a moment ago.
    this.#readLinks();
    this.#counters.read();
  }

  close(): void {
    this.#links.close();
    this.#counters.close();
  }

  #readLinks(): void {
    const links = this.#links.readLinks();
    this.#nextLinksMicros = this.#clock() + LINKS_INTERVAL_MICROS;
    this.#storeLinks(links);
    this.#storeAddresses();
    this.#counters.forgetOrder();
  }

  #storeLinks(links: readonly LinkDescription[]): void {
    const { table } = this;
    const uplinks = uplinkIndexes(links);
    const present = new Set(links.map((link) => link.index));
    for (let i = table.slots.count - 1; i >= 0; i--) {
      const slot = table.slots.rows[i]!;
      if (!present.has(table.index[slot]!)) table.slots.remove(slot);
    }
    for (const link of links) {
      const slot = this.#slotOf(link.index);
      if (slot < 0) continue;
      table.names[slot] = link.name;
      table.isLoopback[slot] = link.isLoopback ? 1 : 0;
      table.isUp[slot] = link.isUp ? 1 : 0;
      table.isUplink[slot] = uplinks.has(link.index) ? 1 : 0;
    }
  }

  #slotOf(index: number): number {
    const { table } = this;
    const known = table.slots.find(index, 0, 0, 0);
    if (known >= 0) return known;
    const slot = table.slots.add(index, 0, 0, 0);
    if (slot < 0) return slot;
    table.index[slot] = index;
    table.rxBytes[slot] = Number.NaN;
    table.txBytes[slot] = Number.NaN;
    table.rxPackets[slot] = Number.NaN;
    table.txPackets[slot] = Number.NaN;
    table.rxErrors[slot] = Number.NaN;
    table.rxDropped[slot] = Number.NaN;
    table.txErrors[slot] = Number.NaN;
    table.txDropped[slot] = Number.NaN;
    table.linkBitsPerSecond[slot] = Number.NaN;
    table.mtuBytes[slot] = 0;
    table.operationalStates[slot] = undefined;
    table.hardwareAddresses[slot] = undefined;
    return slot;
  }

  /** Of one address on several interfaces (unnumbered links, fe80::1) the first uplink has it, else the first. */
  #storeAddresses(): void {
    const { table } = this;
    const { slots: addresses } = table.addresses;
    addresses.clear();
    for (const { interfaceIndex, words } of this.#links.readAddresses()) {
      const owner = table.slots.find(interfaceIndex, 0, 0, 0);
      const known = addresses.find(...words);
      if (owner < 0 || (known >= 0 && !this.#isBetter(owner, table.addresses.interfaceIndex[known]!)))
        continue;
      const slot = known >= 0 ? known : addresses.add(...words);
      if (slot >= 0) table.addresses.interfaceIndex[slot] = interfaceIndex;
    }
  }

  #isBetter(slot: number, thanIndex: number): boolean {
    const { slots, isUplink } = this.table;
    return isUplink[slot] === 1 && isUplink[slots.find(thanIndex, 0, 0, 0)] === 0;
  }
}

/** rtnetlink, or /sys where that is closed to this program. Throws OpError. */
export function openLinkSource(sysRoot: string): LinkSource {
  try {
    return new RouteLinkSource();
  } catch (thrown) {
    const error = toOpError('socket', thrown);
    // A seccomp filter or another kernel: less exact, but all that is left.
    if (error.op === 'socket' || error.op === 'bind') return new ClassNetLinkSource(sysRoot);
    throw error;
  }
}
