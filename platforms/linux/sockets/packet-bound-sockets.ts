import { IPV4_MAPPED_WORD, isIpv4 } from '../../../src/data/sample/address.ts';
import type { SocketTable } from '../../../src/data/sample/socket-table.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { numbers, tableClass } from '../../../src/kit/table/columns.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';

const LIMIT = 1 << 16;
/** Sockets on one port that share its datagrams; further ones are not looked at. */
const RECEIVERS_LIMIT = 256;
const NO_ROW = -1;
/** The row that was added last for this address and port. */
const BOUND_COLUMNS = { row: numbers('i32'), port: numbers('u16') };

/** UDP sockets without a peer, found by the local end of a packet as the kernel finds them (net/ipv4/udp.c). */
export class BoundSockets extends tableClass(BOUND_COLUMNS, { capacity: 64, limit: LIMIT }) {
  /** The rows that the last `receivers` found; no more than its result are meant. */
  readonly found = new Int32Array(RECEIVERS_LIMIT);
  #foundCount = 0;
  /** By row of the socket table: another one on the same address and port (SO_REUSEPORT), or NO_ROW. */
  #next = new Int32Array(0);

  clear(): void {
    this.slots.clear();
  }

  add(table: SocketTable, row: number): void {
    if (this.#next.length < table.slots.capacity) {
      this.#next = lengthened(this.#next, new Int32Array(table.slots.capacity));
    }
    const at = row * ADDRESS_WORDS;
    const { localAddress } = table;
    const port = table.localPort[row]!;
    const first = endpointHash(localAddress[at]!, port);
    const b = localAddress[at + 1]!;
    const c = localAddress[at + 2]!;
    const d = localAddress[at + 3]!;
    const known = this.slots.find(first, b, c, d);
    const slot = known >= 0 ? known : this.slots.add(first, b, c, d);
    if (slot < 0 || (known >= 0 && this.port[slot] !== port)) return;
    this.#next[row] = known >= 0 ? this.row[slot]! : NO_ROW;
    this.row[slot] = row;
    this.port[slot] = port;
  }

  /**
   * Finds the rows that may have what comes to the address and port, and returns how many there are. A datagram to
   * one machine goes to one of those bound to the address, else to every address; which of several is not told. One
   * to many (a multicast group, broadcast) goes to each of all those.
   */
  receivers(words: Uint32Array, at: number, port: number, isForMany: boolean): number {
    this.#foundCount = 0;
    this.#collect(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, port);
    const isMoreWanted = (): boolean => isForMany || this.#foundCount === 0;
    if (isMoreWanted() && isIpv4(words, at)) this.#collect(0, 0, IPV4_MAPPED_WORD, 0, port);
    // One of IPv6 bound to every address has IPv4's too, unless it was told otherwise.
    if (isMoreWanted()) this.#collect(0, 0, 0, 0, port);
    return this.#foundCount;
  }

  #collect(a: number, b: number, c: number, d: number, port: number): void {
    const slot = this.slots.find(endpointHash(a, port), b, c, d);
    if (slot < 0 || this.port[slot] !== port) return;
    for (let row = this.row[slot]!; row !== NO_ROW; row = this.#next[row]!) {
      if (this.#foundCount === RECEIVERS_LIMIT) return;
      this.found[this.#foundCount++] = row;
    }
  }
}

/** A hash of a word of an address and a port. */
function endpointHash(word: number, port: number): number {
  return (word ^ Math.imul(port + 1, 0x9e3779b1)) >>> 0;
}
