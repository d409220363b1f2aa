import { IPV4_MAPPED_WORD, isIpv4 } from '../../../src/data/sample/address.ts';
import { OwnerBasis, type SocketTable } from '../../../src/data/sample/socket-table.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { numbers, tableClass } from '../../../src/kit/table/columns.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import type { PacketFlows } from '../packet/flow-table.ts';
import { OwnerTold, RowLife, type SocketRows } from './sockets.ts';

const LIMIT = 1 << 16;
/** Sockets on one port that share its datagrams; further ones are not looked at. */
const RECEIVERS_LIMIT = 256;
const NO_ROW = -1;
/** The row that was added last for this address and port. */
const BOUND_COLUMNS = { row: numbers('i32'), port: numbers('u16') };

/** UDP sockets without a peer, found by the local end of a packet as the kernel finds them (net/ipv4/udp.c). */
export class BoundSockets extends tableClass(BOUND_COLUMNS, LIMIT) {
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

function endpointHash(word: number, port: number): number {
  return (word ^ Math.imul(port + 1, 0x9e3779b1)) >>> 0;
}

/** A row beside that of an unconnected socket. */
interface Share {
  readonly row: number;
  readonly rowSerial: number;
  readonly socket: number;
  readonly socketSerial: number;
}

/**
 * Flows that go to several unconnected UDP sockets of different processes, with a row beside each socket. A copy of
 * what is for many (multicast, broadcast) goes to each. What is for one goes to the socket that the kernel chooses by a
 * secret, so each has an equal part. Either way the owners are marked as inferred: nobody tells which sockets refuse
 * the group, nor which one was chosen.
 */
export class DividedFlows {
  readonly #rows: SocketRows;
  readonly #flows: PacketFlows;
  readonly #shares = new Map<number, readonly Share[]>();

  constructor(rows: SocketRows, flows: PacketFlows) {
    this.#rows = rows;
    this.#flows = flows;
  }

  has(flow: number): boolean {
    return this.#shares.has(flow);
  }

  /** Divides the flow among `sockets`; `rows` are its own beside each of them, in the same order. */
  add(flow: number, sockets: Int32Array, rows: readonly number[]): void {
    const { ownerTold, table } = this.#rows;
    const { serial } = table.slots;
    const shares = rows.map((row, i) => {
      const socket = sockets[i]!;
      // Its owner is not searched for: the socket's own row says it.
      ownerTold[row] = OwnerTold.USER;
      return { row, rowSerial: serial[row]!, socket, socketSerial: serial[socket]! };
    });
    this.#shares.set(flow, shares);
    // Who is not known yet may be the same process; it is by the next collection.
    const areKnown = shares.every(({ socket }) => table.ownerBasis[socket] !== OwnerBasis.NONE);
    if (areKnown) this.#tellOwners(shares);
  }

  /** Brings the owners up to date; false: a socket has ended. */
  review(flow: number): boolean {
    const { life, table } = this.#rows;
    const shares = this.#shares.get(flow) ?? [];
    for (const { socket, socketSerial } of shares) {
      if (table.slots.serial[socket] !== socketSerial || life[socket] === RowLife.CLOSED) return false;
    }
    this.#tellOwners(shares);
    return true;
  }

  /** Whether the flow is divided among the first `count` of `sockets` and no others. */
  isAmong(flow: number, sockets: Int32Array, count: number): boolean {
    const shares = this.#shares.get(flow) ?? [];
    if (shares.length !== count) return false;
    const wanted = sockets.subarray(0, count);
    return shares.every(({ socket }) => wanted.includes(socket));
  }

  /** Adds what the flow has grown by to its rows. */
  credit(flow: number): void {
    const { table } = this.#rows;
    const flows = this.#flows;
    const shares = this.#shares.get(flow) ?? [];
    const parts = flows.isForMany[flow] === 1 ? 1 : shares.length;
    for (const [i, { row }] of shares.entries()) {
      table.txBytes[row]! += partOf(flows.txBytes[flow]!, parts, i);
      table.rxBytes[row]! += partOf(flows.rxBytes[flow]!, parts, i);
      table.txSegments[row]! += partOf(flows.txPackets[flow]!, parts, i);
      table.rxSegments[row]! += partOf(flows.rxPackets[flow]!, parts, i);
    }
    flows.take(flow);
  }

  /** Closes the flow's rows, and returns how many there were. */
  end(flow: number): number {
    const shares = this.#shares.get(flow) ?? [];
    this.#shares.delete(flow);
    for (const { row, rowSerial } of shares) {
      if (this.#rows.table.slots.serial[row] === rowSerial) this.#rows.markClosed(row);
    }
    return shares.length;
  }

  /** Each socket's owner to its row: as inferred, but where one process has them all. */
  #tellOwners(shares: readonly Share[]): void {
    const { ownerPid, ownerStartTicks, ownerBasis } = this.#rows.table;
    const first = shares[0]?.socket ?? 0;
    const isOnes = shares.every(
      ({ socket }) => ownerPid[socket] === ownerPid[first] && ownerBasis[socket] === ownerBasis[first],
    );
    for (const { row, socket } of shares) {
      const isInferred = ownerBasis[socket] === OwnerBasis.DESCRIPTOR && !isOnes;
      ownerPid[row] = ownerPid[socket]!;
      ownerStartTicks[row] = ownerStartTicks[socket]!;
      ownerBasis[row] = isInferred ? OwnerBasis.INFERRED : ownerBasis[socket]!;
    }
  }
}

/** Part `index` of a number divided into equal whole ones; the first of them have what is left over. */
function partOf(whole: number, parts: number, index: number): number {
  const part = Math.floor(whole / parts);
  return part + (index < whole - part * parts ? 1 : 0);
}
