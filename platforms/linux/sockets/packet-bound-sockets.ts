import { ADDRESS_WORDS, IPV4_MAPPED_WORD, isIpv4 } from '../../../src/data/sample/address.ts';
import type { SocketTable } from '../../../src/data/sample/socket-table.ts';
import { numbers, tableClass } from '../../../src/kit/table/columns.ts';

const LIMIT = 1 << 16;
const BOUND_COLUMNS = { row: numbers('i32'), port: numbers('u16') };

/** UDP sockets without a peer, found by the local end of a packet as the kernel finds them (net/ipv4/udp.c). */
export class BoundSockets extends tableClass(BOUND_COLUMNS, { capacity: 64, limit: LIMIT }) {
  clear(): void {
    this.slots.clear();
  }

  /** Of several on one address and port (SO_REUSEPORT) the first stands for all: nothing tells them apart. */
  add(table: SocketTable, row: number): void {
    const at = row * ADDRESS_WORDS;
    const { localAddress } = table;
    const port = table.localPort[row]!;
    const first = endpointHash(localAddress[at]!, port);
    const b = localAddress[at + 1]!;
    const c = localAddress[at + 2]!;
    const d = localAddress[at + 3]!;
    if (this.slots.find(first, b, c, d) >= 0) return;
    const slot = this.slots.add(first, b, c, d);
    if (slot < 0) return;
    this.row[slot] = row;
    this.port[slot] = port;
  }

  /** The row bound to the address and port, else to every address and the port; -1 none. */
  find(words: Uint32Array, at: number, port: number): number {
    const bound = this.#find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, port);
    if (bound >= 0) return bound;
    const every = isIpv4(words, at) ? this.#find(0, 0, IPV4_MAPPED_WORD, 0, port) : -1;
    // One of IPv6 bound to every address has IPv4's too, unless it was told otherwise.
    return every >= 0 ? every : this.#find(0, 0, 0, 0, port);
  }

  #find(a: number, b: number, c: number, d: number, port: number): number {
    const slot = this.slots.find(endpointHash(a, port), b, c, d);
    return slot >= 0 && this.port[slot] === port ? this.row[slot]! : -1;
  }
}

/** A hash of a word of an address and a port. */
function endpointHash(word: number, port: number): number {
  return (word ^ Math.imul(port + 1, 0x9e3779b1)) >>> 0;
}
