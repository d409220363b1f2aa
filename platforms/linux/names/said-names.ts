import { isUnspecifiedAddress } from '../../../src/data/sample/address.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { DNS_PORT } from '../first-bytes.ts';
import type { IpHeader } from '../packet/ip-header.ts';
import type { SocketRows } from '../sockets/sockets.ts';
import type { FoundName } from './asked-name.ts';

/** The ends of a packet, as the list of sockets has them. */
export interface Ends {
  readonly protocol: number;
  readonly local: Uint32Array;
  readonly localPort: number;
  readonly remote: Uint32Array;
  readonly remotePort: number;
}

/** A name that a connection said, until its row is found. */
interface SaidName extends Ends {
  protocol: number;
  localPort: number;
  remotePort: number;
  asked: FoundName | undefined;
  seenMicros: number;
  waits: number;
  /** The next one of the same key, or of those that are free. */
  next: SaidName | undefined;
}

const SAID_LIMIT = 4096;
/** So many collections what was seen waits for a row, and a row for a name that its owner got before. */
export const WAITS_LIMIT = 3;
/** What was seen waits so long at least, where collections follow one another faster than sockets are listed. */
const WAITS_MICROS = 3e6;

/** Whether something seen has waited for its row long enough. */
export function hasWaited(waits: number, seenMicros: number, nowMicros: number): boolean {
  return waits >= WAITS_LIMIT && nowMicros - seenMicros >= WAITS_MICROS;
}

/**
 * Names that connections said, until the rows of their sockets are found: at most 4,096. A busy machine has hundreds of
 * them a second, so entries are used again.
 */
export class SaidNames {
  /** By a number made of protocol, ports and remote address; of one number the oldest first. */
  readonly #firsts = new Map<number, SaidName>();
  #free: SaidName | undefined;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The packet whose header this is, which a socket of this machine sent, said a name. */
  add(header: IpHeader, asked: FoundName, nowMicros: number): void {
    if (this.#count >= SAID_LIMIT) return;
    const said = this.#free ?? newEntry();
    this.#free = said.next;
    said.next = undefined;
    said.protocol = header.protocol;
    said.localPort = header.sourcePort;
    said.remotePort = header.destinationPort;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      said.local[i] = header.source[i]!;
      said.remote[i] = header.destination[i]!;
    }
    said.asked = asked;
    said.seenMicros = nowMicros;
    said.waits = 0;
    const key = endsKey(said.protocol, said.localPort, said.remotePort, said.remote, 0);
    let last = this.#firsts.get(key);
    if (last === undefined) this.#firsts.set(key, said);
    else {
      while (last.next !== undefined) last = last.next;
      last.next = said;
    }
    this.#count++;
  }

  /** What the socket of a row said, which is forgotten here; `key` by `rowKey`. */
  take(rows: SocketRows, row: number, key: number): FoundName | undefined {
    let before: SaidName | undefined;
    let said = this.#firsts.get(key);
    while (said !== undefined && !isOfRow(said, rows, row)) {
      before = said;
      said = said.next;
    }
    if (said === undefined) return undefined;
    const { asked } = said;
    this.#remove(key, said, before);
    return asked;
  }

  /** After a collection: what has waited for long is given up. */
  age(nowMicros: number): void {
    for (const [key, first] of this.#firsts) {
      let before: SaidName | undefined;
      for (let said: SaidName | undefined = first; said !== undefined; ) {
        const { next }: SaidName = said;
        if (hasWaited(++said.waits, said.seenMicros, nowMicros)) this.#remove(key, said, before);
        else before = said;
        said = next;
      }
    }
  }

  #remove(key: number, said: SaidName, before: SaidName | undefined): void {
    if (before !== undefined) before.next = said.next;
    else if (said.next !== undefined) this.#firsts.set(key, said.next);
    else this.#firsts.delete(key);
    said.asked = undefined;
    said.next = this.#free;
    this.#free = said;
    this.#count--;
  }
}

function newEntry(): SaidName {
  return {
    ...{ protocol: 0, local: new Uint32Array(ADDRESS_WORDS), localPort: 0 },
    ...{ remote: new Uint32Array(ADDRESS_WORDS), remotePort: 0 },
    ...{ asked: undefined, seenMicros: 0, waits: 0, next: undefined },
  };
}

function endsKey(
  protocol: number,
  localPort: number,
  remotePort: number,
  remote: Uint32Array,
  at: number,
): number {
  const ports = (localPort << 16) | remotePort;
  const address = Math.imul(remote[at + 3]! ^ remote[at + 2]!, 0x9e3779b1) ^ remote[at]! ^ remote[at + 1]!;
  return ports ^ address ^ protocol;
}

/** A number made of what tells a connection from others. */
export function rowKey({ table }: SocketRows, row: number): number {
  const { protocol, localPort, remotePort, remoteAddress } = table;
  return endsKey(protocol[row]!, localPort[row]!, remotePort[row]!, remoteAddress, row * ADDRESS_WORDS);
}

/** Whether the row is the socket of these ends. One that is not connected has no remote end, and maybe no local one. */
export function isOfRow(ends: Ends, { table }: SocketRows, row: number): boolean {
  const at = row * ADDRESS_WORDS;
  if (table.protocol[row] !== ends.protocol || table.localPort[row] !== ends.localPort) return false;
  const isAnyLocal = isUnspecifiedAddress(table.localAddress, at);
  if (!isAnyLocal && !isSame(table.localAddress, at, ends.local)) return false;
  const isAnyRemote = ends.remotePort === DNS_PORT && table.remotePort[row] === 0;
  return (
    isAnyRemote || (table.remotePort[row] === ends.remotePort && isSame(table.remoteAddress, at, ends.remote))
  );
}

function isSame(words: Uint32Array, at: number, other: Uint32Array): boolean {
  for (let i = 0; i < ADDRESS_WORDS; i++) if (words[at + i] !== other[i]) return false;
  return true;
}
