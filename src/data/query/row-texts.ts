import { SlotTable } from '../../kit/table/slot-table.ts';
import { addressText, isIpv4 } from '../sample/address.ts';
import type { HostTable, NetworkSection, OwnerTable } from '../sample/network-section.ts';
import { PROTOCOL_UDP, type SocketTable } from '../sample/socket-table.ts';
import { ADDRESS_WORDS, TcpState } from '../schema/network-columns.ts';

const STATE_NAMES: readonly (string | undefined)[] = [
  undefined,
  'ESTAB',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];

/** State of a socket as in ss(8); unconnected UDP is `UNCONN`. */
export function socketStateName(sockets: SocketTable, slot: number): string {
  return stateName(sockets.protocol[slot]!, sockets.state[slot]!);
}

/** The same of a protocol number and a TcpState. */
export function stateName(protocol: number, state: number): string {
  if (protocol === PROTOCOL_UDP && state === TcpState.CLOSE) return 'UNCONN';
  return STATE_NAMES[state] ?? 'UNKNOWN';
}

/** All names of states, including `UNCONN`. */
export function stateNames(): readonly string[] {
  return [...STATE_NAMES.filter((name) => name !== undefined), 'UNCONN'];
}

export function protocolName(sockets: SocketTable, slot: number): 'tcp' | 'udp' {
  return sockets.protocol[slot] === PROTOCOL_UDP ? 'udp' : 'tcp';
}

/** fe80::/10 (RFC 4291, 2.5.6). */
const LINK_LOCAL_PREFIX = 0xfe80 >>> 6;

/** Whether an address is valid only together with its interface. */
export function isLinkLocal(words: Uint32Array, at: number): boolean {
  return words[at]! >>> 22 === LINK_LOCAL_PREFIX;
}

/** Interface of a socket's link-local addresses; empty: none or unknown. */
export function linkScope({ sockets, accounts, interfaces }: NetworkSection, slot: number): string {
  const at = slot * ADDRESS_WORDS;
  if (!isLinkLocal(sockets.remoteAddress, at) && !isLinkLocal(sockets.localAddress, at)) return '';
  const link = interfaces.slots.find(accounts.interfaceIndex[slot]!, 0, 0, 0);
  return link < 0 ? '' : (interfaces.names[link] ?? '');
}

/** As `addressText`; a link-local address includes its interface: `fe80::1%eth0` (RFC 4007, 11). */
export function scopedAddressText(words: Uint32Array, at: number, scope: string): string {
  const text = addressText(words, at);
  return scope !== '' && isLinkLocal(words, at) ? `${text}%${scope}` : text;
}

const ADDRESSES_LIMIT = 1 << 13;
const ENDPOINTS_LIMIT = 1 << 13;

/** `a.example +2`: the first name, and how many more; '' if there are none. */
export function nameAndMore([first = '', ...more]: readonly string[]): string {
  return more.length === 0 ? first : `${first} +${more.length}`;
}

/** Words for NameBasis; a name from reverse lookup is `ptr`. */
const BASIS_WORDS = ['', 'dns', 'http', 'sni'] as const;

/** Source of a shown name: `sni`, `http`, `dns`, or `ptr` for a reverse lookup; undefined: no name. */
export function nameBasisText(basis: number, reverseName: string | undefined): string | undefined {
  return BASIS_WORDS[basis] || (reverseName === undefined ? undefined : 'ptr');
}

/** Cache of address and endpoint texts, because frames need the same few repeatedly. Starts over at 8192 entries. */
export class EndpointTexts {
  /** Key: the four address words. */
  readonly #addresses = new SlotTable(64, ADDRESSES_LIMIT, () => undefined);
  readonly #addressTexts: string[] = [];
  /** Key: slot of the address, port. */
  readonly #endpoints = new SlotTable(64, ENDPOINTS_LIMIT, () => undefined);
  readonly #endpointTexts: string[] = [];

  /** As `addressText`. */
  address(words: Uint32Array, at: number): string {
    return this.#addressTexts[this.#addressSlot(words, at)]!;
  }

  /** `10.0.0.5:443`, `[2001:db8::1]:443` (RFC 5952, 6). */
  endpoint(words: Uint32Array, at: number, port: number): string {
    const address = this.#addressSlot(words, at);
    const known = this.#endpoints.find(address, port, 0, 0);
    if (known >= 0) return this.#endpointTexts[known]!;
    if (this.#endpoints.count === ENDPOINTS_LIMIT) this.#endpoints.clear();
    const slot = this.#endpoints.add(address, port, 0, 0);
    const text = this.#addressTexts[address]!;
    this.#endpointTexts[slot] = isIpv4(words, at) ? `${text}:${port}` : `[${text}]:${port}`;
    return this.#endpointTexts[slot]!;
  }

  #addressSlot(words: Uint32Array, at: number): number {
    const a = words[at]!;
    const b = words[at + 1]!;
    const c = words[at + 2]!;
    const d = words[at + 3]!;
    const known = this.#addresses.find(a, b, c, d);
    if (known >= 0) return known;
    if (this.#addresses.count === ADDRESSES_LIMIT) {
      this.#addresses.clear();
      this.#endpoints.clear();
    }
    const slot = this.#addresses.add(a, b, c, d);
    this.#addressTexts[slot] = addressText(words, at);
    return slot;
  }
}

const words = new Uint32Array(ADDRESS_WORDS);

/** Address texts of remote hosts, cached while their rows live. */
export class HostTexts {
  readonly #texts: string[] = [];
  readonly #serials: number[] = [];

  /** As `addressText`; empty for the row of evicted hosts. */
  of(hosts: HostTable, slot: number): string {
    const serial = hosts.slots.serial[slot]!;
    if (this.#serials[slot] !== serial) {
      this.#serials[slot] = serial;
      this.#texts[slot] = textOf(hosts, slot);
    }
    return this.#texts[slot]!;
  }
}

function textOf({ slots }: HostTable, slot: number): string {
  words[0] = slots.keyWord(slot, 0);
  words[1] = slots.keyWord(slot, 1);
  words[2] = slots.keyWord(slot, 2);
  words[3] = slots.keyWord(slot, 3);
  const isDropped = words[0] === 0 && words[1] === 0 && words[2] === 0 && words[3] === 0;
  return isDropped ? '' : addressText(words, 0);
}

/** Longer command lines are searched only up to here, to bound the cost of a row. */
const COMMAND_LINE_LENGTH = 4096;

/** Lower-case text of every owner that was requested, rebuilt when its row, name or command line changes. */
export class OwnerTexts {
  readonly #texts: string[] = [];
  readonly #serials: number[] = [];
  readonly #names: string[] = [];
  readonly #commandLines: (string | undefined)[] = [];

  of(owners: OwnerTable, slot: number): string {
    const serial = owners.slots.serial[slot]!;
    const name = owners.names[slot]!;
    const commandLine = owners.commandLines[slot];
    const known = this.#texts[slot];
    if (
      known !== undefined &&
      this.#serials[slot] === serial &&
      this.#names[slot] === name &&
      this.#commandLines[slot] === commandLine
    ) {
      return known;
    }
    const pid = owners.pid[slot]! > 0 ? String(owners.pid[slot]) : '';
    const text = `${name}\n${(commandLine ?? '').slice(0, COMMAND_LINE_LENGTH)}\n${pid}`.toLowerCase();
    this.#texts[slot] = text;
    this.#serials[slot] = serial;
    this.#names[slot] = name;
    this.#commandLines[slot] = commandLine;
    return text;
  }
}

/** Lower-case names by owner slot, rebuilt when a name changes; for sorting. */
export class LowerNames {
  readonly #lower: string[] = [];
  readonly #names: string[] = [];

  of(owners: OwnerTable, slot: number): string {
    const name = owners.names[slot] ?? '';
    if (this.#names[slot] !== name) {
      this.#names[slot] = name;
      this.#lower[slot] = name.toLowerCase();
    }
    return this.#lower[slot]!;
  }
}
