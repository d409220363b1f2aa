import { networkInterfaces } from 'node:os';
import { readAddress } from '../../src/data/sample/address-words.ts';
import { InterfaceTable } from '../../src/data/sample/interface-table.ts';
import type { Commands } from './commands.ts';
import {
  type InterfaceFact,
  isUplinkName,
  parseInterfaceList,
  parseNetstatInterfaces,
} from './interface-fact.ts';
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
    for (let i = table.slots.count - 1; i >= 0; i--) {
      const slot = table.slots.rows[i]!;
      if (!present.has(table.index[slot]!)) table.slots.remove(slot);
    }
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
    const known = table.slots.find(fact.index, 0, 0, 0);
    const slot = known >= 0 ? known : table.slots.add(fact.index, 0, 0, 0);
    if (slot < 0) return;
    if (known < 0) table.clearRow(slot);
    this.#indexes.set(fact.name, fact.index);
    table.index[slot] = fact.index;
    table.names[slot] = fact.name;
    table.rxBytes[slot] = fact.rxBytes;
    table.txBytes[slot] = fact.txBytes;
    table.rxPackets[slot] = fact.rxPackets;
    table.txPackets[slot] = fact.txPackets;
    table.rxErrors[slot] = fact.rxErrors;
    table.txErrors[slot] = fact.txErrors;
    table.rxDropped[slot] = fact.rxDropped;
    table.isLoopback[slot] = fact.isLoopback ? 1 : 0;
    table.isUplink[slot] = isUplinkName(fact.name) ? 1 : 0;
    table.isUp[slot] = fact.isUp ? 1 : 0;
    table.linkBitsPerSecond[slot] = fact.linkBitsPerSecond;
    table.mtuBytes[slot] = fact.mtuBytes;
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
