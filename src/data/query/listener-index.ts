import { SlotTable } from '../../kit/table/slot-table.ts';
import { IPV4_MAPPED_WORD, isIpv4 } from '../sample/address.ts';
import { PROTOCOL_UDP, type SocketTable } from '../sample/socket-table.ts';
import { ADDRESS_WORDS } from '../schema/network-columns.ts';

const PORTS = 1 << 16;
const ADDRESSES_LIMIT = 1 << 16;
const LISTENERS_LIMIT = 1 << 18;
/** linux/socket.h. */
const AF_INET6 = 10;
/** Last key word of an entry: one owner, or the first of all owners. */
const OF_OWNER = 0;
const OF_ANYBODY = 1;

/** Listening sockets by protocol, local address, port and owner; finds the listener that accepted a connection. */
export class ListenerIndex {
  /** Key: the four address words. */
  readonly #addresses = new SlotTable(64, ADDRESSES_LIMIT, () => undefined);
  /** Key: slot of the address, port and protocol, owner + 1, OF_OWNER or OF_ANYBODY. */
  readonly #listeners = new SlotTable(64, LISTENERS_LIMIT, (capacity) => {
    const rows = new Int32Array(capacity);
    rows.set(this.#row);
    this.#row = rows;
  });
  #row = new Int32Array(64);
  /** A bit for every port, set where it has a listener: a quick test for most connections. */
  readonly #open = new Uint32Array(PORTS / 32);

  clear(): void {
    this.#addresses.clear();
    this.#listeners.clear();
    this.#open.fill(0);
  }

  /** The row with the same endpoint and owner; -1: none. */
  find(sockets: SocketTable, slot: number, owner: number): number {
    const address = this.#addressOf(sockets, slot);
    if (address < 0) return -1;
    const own = this.#listeners.find(address, portKey(sockets, slot), owner + 1, OF_OWNER);
    return own < 0 ? -1 : this.#row[own]!;
  }

  add(sockets: SocketTable, slot: number, owner: number, row: number): void {
    const at = slot * ADDRESS_WORDS;
    const words = sockets.localAddress;
    const known = this.#addressOf(sockets, slot);
    const address =
      known >= 0 ? known : this.#addresses.add(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    if (address < 0) return;
    const port = portKey(sockets, slot);
    const number = sockets.localPort[slot]!;
    this.#open[number >>> 5]! |= 1 << number;
    this.#set(address, port, owner + 1, OF_OWNER, row);
    if (this.#listeners.find(address, port, 0, OF_ANYBODY) < 0) this.#set(address, port, 0, OF_ANYBODY, row);
  }

  /**
   * The listener that accepted a connection, as the kernel chooses it: the one on that address, otherwise the wildcard
   * of its family, otherwise the other wildcard (an IPv6 one accepts IPv4 too). Of several with one endpoint
   * (SO_REUSEPORT), the one of the same owner, otherwise the first. -1: none.
   */
  accepting(sockets: SocketTable, slot: number, owner: number): number {
    const number = sockets.localPort[slot]!;
    if ((this.#open[number >>> 5]! & (1 << number)) === 0) return -1;
    const port = portKey(sockets, slot);
    const address = this.#addressOf(sockets, slot);
    const exact = address < 0 ? -1 : this.#rowAt(address, port, owner);
    if (exact >= 0) return exact;
    const v6 = this.#rowOfWildcard(0, port, owner);
    if (!isIpv4(sockets.localAddress, slot * ADDRESS_WORDS)) return v6;
    const v4 = this.#rowOfWildcard(IPV4_MAPPED_WORD, port, owner);
    // A connection accepted by a dual-stack listener is an IPv6 socket, even with IPv4-mapped addresses.
    if (sockets.family[slot] === AF_INET6 && v6 >= 0) return v6;
    return v4 >= 0 ? v4 : v6;
  }

  #addressOf({ localAddress }: SocketTable, slot: number): number {
    const at = slot * ADDRESS_WORDS;
    return this.#addresses.find(
      localAddress[at]!,
      localAddress[at + 1]!,
      localAddress[at + 2]!,
      localAddress[at + 3]!,
    );
  }

  #rowOfWildcard(thirdWord: number, port: number, owner: number): number {
    const address = this.#addresses.find(0, 0, thirdWord, 0);
    return address < 0 ? -1 : this.#rowAt(address, port, owner);
  }

  #rowAt(address: number, port: number, owner: number): number {
    const own = this.#listeners.find(address, port, owner + 1, OF_OWNER);
    if (own >= 0) return this.#row[own]!;
    const first = this.#listeners.find(address, port, 0, OF_ANYBODY);
    return first < 0 ? -1 : this.#row[first]!;
  }

  #set(address: number, port: number, owner: number, kind: number, row: number): void {
    const slot = this.#listeners.add(address, port, owner, kind);
    if (slot >= 0) this.#row[slot] = row;
  }
}

function portKey(sockets: SocketTable, slot: number): number {
  return sockets.localPort[slot]! * 2 + (sockets.protocol[slot] === PROTOCOL_UDP ? 1 : 0);
}
