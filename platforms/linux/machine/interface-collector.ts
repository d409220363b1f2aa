import { InterfaceTable } from '../../../src/data/sample/interface-table.ts';
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import { monotonicMicros } from '../clock.ts';
import { orThrow } from '../libc.ts';
import type { LinkSource } from '../link.ts';
import { KeptText } from '../proc/kept-file.ts';
import { emptyNetDevLine, INTERFACE_NAME_SIZE, parseNetDevLine, storeNetDevLine } from '../proc/net-dev.ts';
import { decodeText } from '../proc/text-scanner.ts';
import { RouteLinkSource } from '../rtnetlink/route-link-source.ts';
import { ClassNetLinkSource, readNetLink } from '../sys/class-net.ts';
import { storeLinks } from './uplinks.ts';

interface InterfaceCollectorOptions {
  /** Default `/proc`. */
  readonly procRoot?: string | undefined;
  /** Default `/sys`; asked only where the kernel's rtnetlink is closed to this program. */
  readonly sysRoot?: string;
  readonly links?: LinkSource;
  /** Monotonic microseconds. */
  readonly clock?: () => number;
}

/** Refresh interval for lost notifications, and for sources without notifications. */
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
    storeLinks(this.table, links);
    this.#storeAddresses();
    this.#counters.forgetOrder();
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

class KnownLines extends columnsClass({
  /** Its slot; -1: the table has no such interface. */
  slot: numbers('i32'),
  /** The first `nameLength` of these bytes. */
  name: numbers('u8', 0, INTERFACE_NAME_SIZE),
  nameLength: numbers('u8'),
}) {}

/**
 * Reads the counters of /proc/net/dev into the rows of the interface table. The lines keep their order, so each one's
 * slot is remembered beside its name and nothing is looked up or decoded while the names stay.
 */
class NetDevReader {
  readonly #text: KeptText;
  readonly #table: InterfaceTable;
  readonly #line = emptyNetDevLine();
  #lineCount = 0;
  readonly #lines = new KnownLines(16);

  constructor(procRoot: string, table: InterfaceTable) {
    this.#text = new KeptText(`${procRoot}/net/dev`);
    this.#table = table;
  }

  /**
   * False where a line's interface is not in the table, and was not missed before. Throws SyscallError where the file
   * cannot be read.
   */
  read(): boolean {
    const text = this.#text;
    // Once it is open, nothing of it fails.
    orThrow(text.read(), 'open', text.path);
    let isComplete = true;
    let lineIndex = 0;
    for (
      let next = 0;
      parseNetDevLine(text.buffer.bytes, text.length, next, this.#line);
      next = this.#line.next
    ) {
      if (!this.#store(lineIndex++)) isComplete = false;
    }
    this.#lineCount = lineIndex;
    return isComplete;
  }

  /** The table's slots changed. */
  forgetOrder(): void {
    this.#lineCount = 0;
  }

  close(): void {
    this.#text.close();
  }

  #store(lineIndex: number): boolean {
    const isNew = !this.#isSameName(lineIndex);
    if (isNew) this.#learnName(lineIndex);
    const slot = this.#lines.slot[lineIndex]!;
    if (slot < 0) return !isNew;
    storeNetDevLine(this.#line, this.#table, slot);
    return true;
  }

  #isSameName(lineIndex: number): boolean {
    const { nameStart, nameEnd } = this.#line;
    const length = nameEnd - nameStart;
    if (lineIndex >= this.#lineCount || this.#lines.nameLength[lineIndex] !== length) return false;
    const at = lineIndex * INTERFACE_NAME_SIZE;
    for (let i = 0; i < length; i++) {
      if (this.#lines.name[at + i] !== this.#text.buffer.bytes[nameStart + i]) return false;
    }
    return true;
  }

  #learnName(lineIndex: number): void {
    if (lineIndex >= this.#lines.capacity) this.#lines.reserve(lineIndex * 2);
    const bytes = this.#text.buffer.bytes.subarray(this.#line.nameStart, this.#line.nameEnd);
    this.#lines.name.set(bytes, lineIndex * INTERFACE_NAME_SIZE);
    this.#lines.nameLength[lineIndex] = bytes.length;
    this.#lines.slot[lineIndex] = this.#slotNamed(decodeText(bytes));
    this.#lineCount = Math.max(this.#lineCount, lineIndex + 1);
  }

  #slotNamed(name: string): number {
    const { slots, names } = this.#table;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      if (names[slot] === name) return slot;
    }
    return -1;
  }
}

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
    table.linkBitsPerSecond[slot] = link.bitsPerSecond;
    table.operationalStates[slot] = link.operationalState;
    table.hardwareAddresses[slot] = link.hardwareAddress;
  }
}
