import type { ClosedSockets } from '../../src/data/sample/network-sample.ts';
import type { ProcessTable } from '../../src/data/sample/process-table.ts';
import { OwnerBasis, SocketTable } from '../../src/data/sample/socket-table.ts';
import { TcpState } from '../../src/data/schema/network-columns.ts';
import { columnsClass, numbers } from '../../src/kit/table/columns.ts';
import { lengthened } from '../../src/kit/table/slot-table.ts';
import type { SocketFact } from './socket-fact.ts';

/** AF_INET6 as the table has it, which is Linux's. */
const FAMILY_IPV4 = 2;
const FAMILY_IPV6 = 10;
/** High word of the keys of sockets that are told apart by a text; their number is the low word. */
const TEXT_KEY_HIGH = 0x7465_7874;

/** By the slots of the table. */
class Listed extends columnsClass({
  /** The collection in which the socket was listed last. */
  sequence: numbers('u32'),
  /** 1: its final counters stand in the table until the next collection. */
  isClosed: numbers('u8'),
}) {}

/** The sockets of a source, kept from one list to the next. What a list lacks has been closed. */
export class SocketRows {
  readonly table = new SocketTable();
  readonly #listed = new Listed();
  /** Numbers of those that are told apart by a text. */
  readonly #numbers = new Map<string, number>();
  readonly #keys: (string | undefined)[] = [];
  #lastNumber = 0;
  #sequence = 0;
  #nowMicros = 0;
  #closedSlots = new Int32Array(64);
  #closedCount = 0;

  /** Rows whose final counters stand in the table. */
  get closed(): ClosedSockets {
    return { slots: this.#closedSlots, count: this.#closedCount };
  }

  get refusedCount(): number {
    return this.table.slots.overflowCount;
  }

  /** A list is about to be shown. Rows closed before are given back. */
  begin(nowMicros: number): void {
    for (let i = 0; i < this.#closedCount; i++) this.#remove(this.#closedSlots[i]!);
    this.#closedCount = 0;
    this.#sequence++;
    this.#nowMicros = nowMicros;
  }

  /** The list has the socket. */
  see(fact: SocketFact, interfaceIndex: number): void {
    const slot = this.#slotOf(fact);
    if (slot < 0) return;
    this.#listed.sequence[slot] = this.#sequence;
    const { table } = this;
    table.state[slot] = fact.state;
    table.localPort[slot] = fact.localPort;
    table.remotePort[slot] = fact.remotePort;
    for (let i = 0; i < 4; i++) {
      table.localAddress[slot * 4 + i] = fact.local[i]!;
      table.remoteAddress[slot * 4 + i] = fact.remote[i]!;
    }
    table.rxBytes[slot] = fact.rxBytes;
    table.txBytes[slot] = fact.txBytes;
    table.rttMicros[slot] = fact.rttMicros;
    table.interfaceIndex[slot] = interfaceIndex;
    if (fact.uid !== -1) table.uid[slot] = fact.uid;
    // The owner stays after the process has closed it.
    if (fact.pid > 0) table.ownerPid[slot] = fact.pid;
  }

  /** The list was complete: what it did not have is closed. */
  end(): void {
    const { slots } = this.table;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      if (this.#listed.sequence[slot] !== this.#sequence) this.#close(slot);
    }
  }

  /** Pids that the source has told. */
  ownerPids(): Set<number> {
    const { slots, ownerPid } = this.table;
    return new Set(Array.from(slots.rows.subarray(0, slots.count), (slot) => ownerPid[slot]!));
  }

  /** Puts the processes beside the pids that the source has told. */
  nameOwners(processes: ProcessTable): void {
    const { table } = this;
    const { slots } = table;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      const pid = table.ownerPid[slot]!;
      const process = pid > 0 ? processes.find(pid) : -1;
      if (process < 0) {
        if (table.ownerBasis[slot] === OwnerBasis.NONE) table.ownerStartTicks[slot] = 0;
        continue;
      }
      // One that was started after the socket was seen has the pid of the socket's own, which is gone.
      if (
        table.ownerBasis[slot] === OwnerBasis.DESCRIPTOR &&
        table.ownerStartTicks[slot] !== processes.startTicks[process]
      ) {
        continue;
      }
      table.ownerBasis[slot] = OwnerBasis.DESCRIPTOR;
      table.ownerStartTicks[slot] = processes.startTicks[process]!;
      table.uid[slot] = processes.uid[process]!;
    }
  }

  #slotOf(fact: SocketFact): number {
    const isText = fact.keyText !== '';
    const low = isText ? this.#numberOf(fact.keyText) : fact.keyLow;
    const high = isText ? TEXT_KEY_HIGH : fact.keyHigh;
    const known = this.table.slots.find(low, high, 0, 0);
    const slot = known >= 0 ? known : this.#add(low, high, fact);
    if (isText && slot < 0) this.#numbers.delete(fact.keyText);
    return slot;
  }

  #numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#lastNumber = (this.#lastNumber + 1) >>> 0;
    this.#numbers.set(text, this.#lastNumber);
    return this.#lastNumber;
  }

  #add(low: number, high: number, fact: SocketFact): number {
    const { table } = this;
    const slot = table.slots.add(low, high, 0, 0);
    if (slot < 0) return slot;
    this.#listed.reserve(table.slots.capacity);
    table.clearRow(slot);
    this.#listed.clearRow(slot);
    this.#keys[slot] = fact.keyText === '' ? undefined : fact.keyText;
    table.protocol[slot] = fact.protocol;
    table.family[slot] = fact.isIpv6 ? FAMILY_IPV6 : FAMILY_IPV4;
    table.txSegments[slot] = Number.NaN;
    table.rxSegments[slot] = Number.NaN;
    table.firstSeenMicros[slot] = this.#nowMicros;
    table.bornBeforeStart[slot] = this.#sequence === 1 ? 1 : 0;
    return slot;
  }

  #close(slot: number): void {
    if (this.#listed.isClosed[slot] === 1) return;
    this.#listed.isClosed[slot] = 1;
    this.table.state[slot] = TcpState.CLOSE;
    if (this.#closedCount === this.#closedSlots.length) {
      this.#closedSlots = lengthened(this.#closedSlots, new Int32Array(this.#closedCount * 2));
    }
    this.#closedSlots[this.#closedCount++] = slot;
  }

  #remove(slot: number): void {
    const key = this.#keys[slot];
    if (key !== undefined) this.#numbers.delete(key);
    this.#keys[slot] = undefined;
    this.table.slots.remove(slot);
  }
}
