import { networkInterfaces } from 'node:os';
import { readAddress } from '../../src/data/sample/address.ts';
import { InterfaceTable } from '../../src/data/sample/interface-table.ts';
import type { Commands } from './commands.ts';
import { cString, structure } from './struct.ts';
import type { LazyLibrary } from './system-library.ts';

/** sys/socket.h, net/route.h: CTL_NET, PF_ROUTE, protocol and family 0 (all), NET_RT_IFLIST2, flags 0. */
const INTERFACE_LIST: readonly number[] = [4, 17, 0, 0, 6, 0];

/** Interfaces by the kernel's list, or by netstat where the library cannot be opened; addresses by the runtime. */
export class InterfaceCollector {
  readonly table = new InterfaceTable();
  readonly #commands: Commands;
  readonly #library: LazyLibrary;
  readonly #indexes = new Map<string, number>();

  constructor(commands: Commands, library: LazyLibrary) {
    this.#commands = commands;
    this.#library = library;
  }

  /** The index of an interface; 0: no interface has that name. */
  indexOf(name: string): number {
    return this.#indexes.get(name) ?? 0;
  }

  /** Rejects with OpError where the interfaces cannot be read. */
  async collect(): Promise<void> {
    const facts = await this.#read();
    const { table } = this;
    const present = new Set(facts.map(({ index }) => index));
    table.slots.removeWhere((slot) => !present.has(table.index[slot]!));
    this.#indexes.clear();
    for (const fact of facts) this.#store(fact);
    this.#storeAddresses();
  }

  async #read(): Promise<readonly InterfaceFact[]> {
    const library = this.#library.get();
    if (library !== undefined)
      return parseInterfaceList(library.sysctl('sysctl NET_RT_IFLIST2', INTERFACE_LIST));
    const text = await this.#commands.run('netstat', ['-ibn']);
    const known = new Set(this.#indexes.values());
    const facts = parseNetstatInterfaces(text);
    if (facts.every(({ index }) => known.has(index))) return facts.map((fact) => this.#named(fact));
    const names = await this.#commands.run('ifconfig', ['-l']);
    return parseNetstatInterfaces(text, names.trim().split(/\s+/));
  }

  /** With the name that it had when the names were asked for. */
  #named(fact: InterfaceFact): InterfaceFact {
    const slot = this.table.slots.find(fact.index, 0, 0, 0);
    const name = slot < 0 ? '' : this.table.names[slot]!;
    return name.startsWith(fact.name) ? { ...fact, name } : fact;
  }

  #store(fact: InterfaceFact): void {
    const { table } = this;
    const slot = table.slotOf(fact.index);
    if (slot < 0) return;
    this.#indexes.set(fact.name, fact.index);
    table.names[slot] = fact.name;
    for (const name of FIGURES) table[name][slot] = fact[name];
    table.isLoopback[slot] = fact.isLoopback ? 1 : 0;
    table.isUplink[slot] = isUplinkName(fact.name) ? 1 : 0;
    table.isUp[slot] = fact.isUp ? 1 : 0;
    table.hardwareAddresses[slot] = fact.hardwareAddress;
    table.operationalStates[slot] = fact.isUp ? undefined : 'down';
  }

  /** Of one address on several interfaces (fe80::1) the first has it. */
  #storeAddresses(): void {
    const { addresses } = this.table;
    const words = new Uint32Array(4);
    addresses.slots.clear();
    for (const [name, list = []] of Object.entries(networkInterfaces())) {
      const index = this.indexOf(name);
      if (index === 0) continue;
      for (const { address } of list) {
        const [a, b, c, d] = readAddress(address, words) ? words : [];
        if (a === undefined || addresses.slots.find(a, b!, c!, d!) >= 0) continue;
        const slot = addresses.slots.add(a, b!, c!, d!);
        if (slot >= 0) addresses.interfaceIndex[slot] = index;
      }
    }
  }
}

/** Counters since boot, and what else is a number; NaN: not told. */
const FIGURES = [
  ...(['rxBytes', 'rxPackets', 'rxErrors', 'rxDropped', 'txBytes', 'txPackets', 'txErrors'] as const),
  ...(['linkBitsPerSecond', 'mtuBytes'] as const),
] as const;
/** A network interface. */
interface InterfaceFact extends Readonly<Record<(typeof FIGURES)[number], number>> {
  readonly index: number;
  readonly name: string;
  readonly isUp: boolean;
  readonly isLoopback: boolean;
  readonly hardwareAddress: string | undefined;
}

/**
 * net/if.h: struct if_msghdr2 with struct if_data64 of net/if_var.h in it, as `sysctl` of NET_RT_IFLIST2 has one for
 * each interface, followed by its name (struct sockaddr_dl); messages about addresses are between.
 */
export const IF_MSGHDR2 = structure(
  { name: 'if_msghdr2', size: 160, pack: 4 },
  {
    ...{ ifm_msglen: 'u16', ifm_version: 'u8', ifm_type: 'u8', ifm_addrs: 'i32', ifm_flags: 'u32' },
    ...{ ifm_index: 'u16', ifm_snd_len: 'i32', ifm_snd_maxlen: 'i32', ifm_snd_drops: 'i32' },
    ...{ ifm_timer: 'i32', ifi_type: 'u8', ifi_lengths: ['u8', 7], ifi_mtu: 'u32', ifi_metric: 'u32' },
    ...{ ifi_baudrate: 'u64', ifi_ipackets: 'u64', ifi_ierrors: 'u64', ifi_opackets: 'u64' },
    ...{ ifi_oerrors: 'u64', ifi_collisions: 'u64', ifi_ibytes: 'u64', ifi_obytes: 'u64' },
    ...{ ifi_imcasts: 'u64', ifi_omcasts: 'u64', ifi_iqdrops: 'u64', ifi_noproto: 'u64' },
    ...{ ifi_recvtiming: 'u32', ifi_xmittiming: 'u32', ifi_lastchange: ['i32', 2] },
  },
);
/** net/if_dl.h: struct sockaddr_dl as far as its data, the name and behind it the hardware address. */
export const SOCKADDR_DL = structure(
  { name: 'sockaddr_dl', size: 8, pack: 4 },
  {
    ...{ sdl_len: 'u8', sdl_family: 'u8', sdl_index: 'u16', sdl_type: 'u8' },
    ...{ sdl_nlen: 'u8', sdl_alen: 'u8', sdl_slen: 'u8' },
  },
);
/** net/route.h, net/if.h, sys/socket.h. */
export const RTM_IFINFO2 = 0x12;
export const IFF = { UP: 1, LOOPBACK: 8 } as const;
export const AF_LINK = 18;

/** The interfaces of a list; messages that are cut or say what cannot be are passed over, and end it. */
export function parseInterfaceList(bytes: Uint8Array): InterfaceFact[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: InterfaceFact[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    const fact = view.getUint8(at + 3) === RTM_IFINFO2 ? readInterface(bytes, view, at, length) : undefined;
    if (fact !== undefined) found.push(fact);
    at += length;
  }
  return found;
}

function readInterface(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  length: number,
): InterfaceFact | undefined {
  const link = at + IF_MSGHDR2.size;
  if (length < IF_MSGHDR2.size + SOCKADDR_DL.size) return undefined;
  const nameLength = SOCKADDR_DL.read(view, link, 'sdl_nlen');
  const addressLength = SOCKADDR_DL.read(view, link, 'sdl_alen');
  const data = link + SOCKADDR_DL.size;
  if (SOCKADDR_DL.read(view, link, 'sdl_family') !== AF_LINK || nameLength === 0) return undefined;
  if (data + nameLength + addressLength > at + length) return undefined;
  const read = (name: Parameters<typeof IF_MSGHDR2.read>[2]) => IF_MSGHDR2.read(view, at, name);
  const flags = read('ifm_flags');
  const hardware = bytes.subarray(data + nameLength, data + nameLength + addressLength);
  return {
    index: read('ifm_index'),
    name: cString(bytes, data, nameLength),
    isUp: (flags & IFF.UP) !== 0,
    isLoopback: (flags & IFF.LOOPBACK) !== 0,
    mtuBytes: read('ifi_mtu'),
    hardwareAddress:
      addressLength === 6
        ? Array.from(hardware, (byte) => byte.toString(16).padStart(2, '0')).join(':')
        : undefined,
    rxBytes: read('ifi_ibytes'),
    txBytes: read('ifi_obytes'),
    rxPackets: read('ifi_ipackets'),
    txPackets: read('ifi_opackets'),
    rxErrors: read('ifi_ierrors'),
    txErrors: read('ifi_oerrors'),
    rxDropped: read('ifi_iqdrops'),
    linkBitsPerSecond: read('ifi_baudrate') || Number.NaN,
  };
}

/**
 * The interfaces of `netstat -ibn`: a line with `<Link#N>` for each, which has its counters, and one for each of its
 * addresses. Old systems cut names to 5 characters; `fullNames`, those of `ifconfig -l`, are in the same order. Without
 * bytes (`netstat -i`) these are NaN.
 *
 *   Name       Mtu   Network       Address            Ipkts Ierrs     Ibytes    Opkts Oerrs     Obytes  Coll
 *   lo0        16384 <Link#1>                       6246307     0 34579100689  6246307     0 34579100689     0
 *   en0        1500  <Link#7>    d0:11:e5:b9:c9:29 131591073    0 169417973390 89021371    0 34967744772     0
 */
export function parseNetstatInterfaces(text: string, fullNames: readonly string[] = []): InterfaceFact[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => /^Name\s+Mtu\s+Network\s+Address\s/.test(line));
  if (start < 0) return [];
  const columns = lines[start]!.trim().split(/\s+/).slice(4);
  const links = lines.slice(start + 1).filter((line) => LINK.test(line));
  // An interface that came or went between the two commands would move all names behind it.
  const names = fullNames.length === links.length ? fullNames : [];
  return links.flatMap((line, i) => interfaceOf(line, columns, names[i]) ?? []);
}

const LINK = /^(\S+?)(\*?)\s+(\d{1,6})\s+<Link#(\d{1,6})>\s+(.*)$/;
const HARDWARE = /^[0-9a-f]{1,2}([:.][0-9a-f]{1,2}){5,7}$/;

function interfaceOf(
  line: string,
  columns: readonly string[],
  fullName: string | undefined,
): InterfaceFact | undefined {
  const [, cutName, star, mtu, index, rest] = LINK.exec(line) ?? [];
  if (cutName === undefined || rest === undefined) return undefined;
  const cells = rest.trim().split(/\s+/);
  const hardware = HARDWARE.test(cells[0]!) ? cells.shift() : undefined;
  // Fewer figures than columns: the line is cut, and each might be another column's.
  if (cells.length < columns.length || cells.some((cell) => !/^(\d{1,20}|-)$/.test(cell))) return undefined;
  const figure = (name: string): number => {
    const cell = cells[columns.indexOf(name)] ?? '-';
    return cell === '-' ? Number.NaN : Number(cell);
  };
  return {
    index: Number(index),
    name: fullName?.startsWith(cutName) === true ? fullName : cutName,
    isUp: star === '',
    isLoopback: /^lo\d/.test(cutName),
    mtuBytes: Number(mtu),
    hardwareAddress: hardware,
    rxBytes: figure('Ibytes'),
    txBytes: figure('Obytes'),
    rxPackets: figure('Ipkts'),
    txPackets: figure('Opkts'),
    rxErrors: figure('Ierrs'),
    txErrors: figure('Oerrs'),
    rxDropped: Number.NaN,
    linkBitsPerSecond: Number.NaN,
  };
}

/**
 * Interfaces whose bytes enter or leave this machine and are counted on no other: Ethernet and Wi-Fi, the radio's own
 * links, the modem. Tunnels (utun), bridges, VLANs and virtual machines send over these.
 */
export function isUplinkName(name: string): boolean {
  return /^(en|awdl|llw|ap|pdp_ip)\d+$/.test(name);
}
