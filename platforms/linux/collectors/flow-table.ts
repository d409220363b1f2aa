import { lengthened, SlotTable } from '../../../src/kit/table/slot-table.ts';

const FLOWS_LIMIT = 1 << 17;
const NOBODY = -1;
/** So many peers of one socket may have the same mixed word, which happens to one pair in 4 billion. */
const PLACES = 4;

/** What tells one flow of a socket from its others, as the programs in the kernel count them. */
export interface FlowKey {
  readonly cookieLow: number;
  readonly cookieHigh: number;
  readonly tgid: number;
  readonly interfaceIndex: number;
  /** Four words; all 0 unless the socket is an unconnected UDP one. */
  readonly peerAddress: Uint32Array;
  readonly peerPort: number;
}

/**
 * What is remembered of each flow that the kernel counts: its counters as of the last read, and the row of the socket
 * table that they go to.
 */
export class FlowTable {
  readonly slots: SlotTable;
  /** Row of the socket table and its serial, NOBODY where the table had no room. */
  row: Int32Array;
  rowSerial: Uint32Array;
  txBytes: Float64Array;
  rxBytes: Float64Array;
  txPackets: Float64Array;
  rxPackets: Float64Array;
  /** Monotonic time of the last read that found it grown. */
  grownMicros: Float64Array;
  /** 1: its row is the one that the dump lists, or the first of the socket. */
  isMain: Uint8Array;
  #interfaceIndex: Int32Array;
  #peer: Uint32Array;
  #peerPort: Uint16Array;

  constructor() {
    this.slots = new SlotTable(256, FLOWS_LIMIT, (capacity) => this.#grow(capacity));
    const n = this.slots.capacity;
    this.row = new Int32Array(n);
    this.rowSerial = new Uint32Array(n);
    this.txBytes = new Float64Array(n);
    this.rxBytes = new Float64Array(n);
    this.txPackets = new Float64Array(n);
    this.rxPackets = new Float64Array(n);
    this.grownMicros = new Float64Array(n);
    this.isMain = new Uint8Array(n);
    this.#interfaceIndex = new Int32Array(n);
    this.#peer = new Uint32Array(n * 4);
    this.#peerPort = new Uint16Array(n);
  }

  /** The flow's slot, or -1. */
  find(flow: FlowKey): number {
    const word = mixed(flow);
    for (let i = 0; i < PLACES; i++) {
      const slot = this.slots.find(flow.cookieLow, flow.cookieHigh, flow.tgid, (word + i) >>> 0);
      if (slot >= 0 && this.#isSame(slot, flow)) return slot;
    }
    return -1;
  }

  /** A flow that `find` did not know, with all counters 0; -1: there is no room. */
  add(flow: FlowKey): number {
    const slot = this.#addAt(flow, mixed(flow));
    if (slot < 0) return -1;
    this.row[slot] = NOBODY;
    this.rowSerial[slot] = 0;
    this.txBytes[slot] = 0;
    this.rxBytes[slot] = 0;
    this.txPackets[slot] = 0;
    this.rxPackets[slot] = 0;
    this.isMain[slot] = 0;
    this.#interfaceIndex[slot] = flow.interfaceIndex;
    for (let i = 0; i < 4; i++) this.#peer[slot * 4 + i] = flow.peerAddress[i]!;
    this.#peerPort[slot] = flow.peerPort;
    return slot;
  }

  #addAt({ cookieLow, cookieHigh, tgid }: FlowKey, word: number): number {
    for (let i = 0; i < PLACES; i++) {
      const place = (word + i) >>> 0;
      if (this.slots.find(cookieLow, cookieHigh, tgid, place) < 0) {
        return this.slots.add(cookieLow, cookieHigh, tgid, place);
      }
    }
    return -1;
  }

  #isSame(slot: number, flow: FlowKey): boolean {
    const at = slot * 4;
    return (
      this.#interfaceIndex[slot] === flow.interfaceIndex &&
      this.#peerPort[slot] === flow.peerPort &&
      this.#peer[at] === flow.peerAddress[0] &&
      this.#peer[at + 1] === flow.peerAddress[1] &&
      this.#peer[at + 2] === flow.peerAddress[2] &&
      this.#peer[at + 3] === flow.peerAddress[3]
    );
  }

  #grow(n: number): void {
    this.row = lengthened(this.row, new Int32Array(n));
    this.rowSerial = lengthened(this.rowSerial, new Uint32Array(n));
    this.txBytes = lengthened(this.txBytes, new Float64Array(n));
    this.rxBytes = lengthened(this.rxBytes, new Float64Array(n));
    this.txPackets = lengthened(this.txPackets, new Float64Array(n));
    this.rxPackets = lengthened(this.rxPackets, new Float64Array(n));
    this.grownMicros = lengthened(this.grownMicros, new Float64Array(n));
    this.isMain = lengthened(this.isMain, new Uint8Array(n));
    this.#interfaceIndex = lengthened(this.#interfaceIndex, new Int32Array(n));
    this.#peer = lengthened(this.#peer, new Uint32Array(n * 4));
    this.#peerPort = lengthened(this.#peerPort, new Uint16Array(n));
  }
}

function mixed(flow: FlowKey): number {
  const peer = flow.peerAddress;
  let word = Math.imul(flow.interfaceIndex ^ (flow.peerPort << 12), 0x9e3779b1);
  word = Math.imul(word ^ peer[3]!, 0x85ebca6b);
  word = Math.imul(word ^ peer[2]!, 0xc2b2ae35);
  word = Math.imul(word ^ peer[1]! ^ Math.imul(peer[0]!, 0x27d4eb2f), 0x165667b1);
  return (word ^ (word >>> 15)) >>> 0;
}
