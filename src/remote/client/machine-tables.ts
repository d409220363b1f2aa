import { readAddress } from '../../data/sample/address-words.ts';
import type { CpuTable } from '../../data/sample/cpu-sample.ts';
import type { InterfaceTable } from '../../data/sample/interface-table.ts';
import type { CpuTimesMessage, InterfaceMessage } from '../wire/machine-message.ts';

const UNKNOWN = Number.NaN;
const words = new Uint32Array(4);

/** Fills the table with the columns of a message; a core beyond its columns is unknown. */
export function fillCpuTable(table: CpuTable, times: CpuTimesMessage): void {
  const rows = Math.max(1, times.user.length);
  if (rows > 1 && table.rowOf(rows - 2) < 0) table.rowOf(0);
  table.count = Math.min(rows, table.user.length);
  for (let row = 0; row < table.count; row++) {
    table.user[row] = times.user[row] ?? UNKNOWN;
    table.nice[row] = times.nice[row] ?? UNKNOWN;
    table.system[row] = times.system[row] ?? UNKNOWN;
    table.idle[row] = times.idle[row] ?? UNKNOWN;
    table.iowait[row] = times.iowait[row] ?? UNKNOWN;
    table.irq[row] = times.irq[row] ?? UNKNOWN;
    table.softirq[row] = times.softirq[row] ?? UNKNOWN;
    table.steal[row] = times.steal[row] ?? UNKNOWN;
    table.guest[row] = times.guest[row] ?? UNKNOWN;
    table.frequencyHz[row] = times.frequencyHz[row] ?? UNKNOWN;
    table.isOnline[row] = times.isOnline[row] === 1 ? 1 : 0;
  }
}

/** Brings the table to the interfaces of a message: rows of those that live on keep their slots. */
export function fillInterfaces(table: InterfaceTable, links: readonly InterfaceMessage[]): void {
  const { slots } = table;
  const indexes = new Set(links.map(({ index }) => index ?? 0));
  for (let i = slots.count - 1; i >= 0; i--) {
    const slot = slots.rows[i]!;
    if (!indexes.has(table.index[slot]!)) slots.remove(slot);
  }
  table.addresses.slots.clear();
  for (const link of links) putInterface(table, link);
}

function putInterface(table: InterfaceTable, link: InterfaceMessage): void {
  const index = (link.index ?? 0) | 0;
  const known = table.slots.find(index, 0, 0, 0);
  const slot = known >= 0 ? known : table.slots.add(index, 0, 0, 0);
  if (slot < 0) return;
  table.index[slot] = index;
  table.names[slot] = link.name;
  table.rxBytes[slot] = link.rxBytes ?? UNKNOWN;
  table.txBytes[slot] = link.txBytes ?? UNKNOWN;
  table.rxPackets[slot] = link.rxPackets ?? UNKNOWN;
  table.txPackets[slot] = link.txPackets ?? UNKNOWN;
  table.rxErrors[slot] = link.rxErrors ?? UNKNOWN;
  table.txErrors[slot] = link.txErrors ?? UNKNOWN;
  table.rxDropped[slot] = link.rxDropped ?? UNKNOWN;
  table.txDropped[slot] = link.txDropped ?? UNKNOWN;
  table.isLoopback[slot] = link.isLoopback ? 1 : 0;
  table.isUplink[slot] = link.isUplink ? 1 : 0;
  table.isUp[slot] = link.isUp ? 1 : 0;
  table.linkBitsPerSecond[slot] = link.linkBitsPerSecond ?? UNKNOWN;
  table.mtuBytes[slot] = link.mtuBytes ?? 0;
  table.operationalStates[slot] = link.operationalState;
  table.hardwareAddresses[slot] = link.hardwareAddress;
  for (const address of link.addresses) putAddress(table, address, index);
}

function putAddress(table: InterfaceTable, address: string, index: number): void {
  if (!readAddress(address, words)) return;
  const [a = 0, b = 0, c = 0, d = 0] = words;
  if (table.addresses.slots.find(a, b, c, d) >= 0) return;
  const slot = table.addresses.slots.add(a, b, c, d);
  if (slot >= 0) table.addresses.interfaceIndex[slot] = index;
}
