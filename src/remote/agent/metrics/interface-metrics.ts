import type { InterfaceTable } from '../../../data/sample/interface-table.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { counter, type Family, gauge, info } from './family.ts';
import { encodeLabels, LabelledRows } from './labels.ts';

const ROWS_LIMIT = 1024;
const BITS_PER_BYTE = 8;

type Read = (table: InterfaceTable, slot: number) => number | undefined;

const statistic = (name: string, unit: string, read: Read): readonly [Family, Read] => [
  counter(`node_network_${name}_total`, `Network device statistic ${name}.`, unit),
  read,
];

const INFO = info('node_network_info', 'Non-numeric data of the network device, value is always 1.');
const COLUMNS: readonly (readonly [family: Family, read: Read])[] = [
  statistic('receive_bytes', 'bytes', (table, slot) => table.rxBytes[slot]),
  statistic('receive_packets', 'packets', (table, slot) => table.rxPackets[slot]),
  statistic('receive_errs', '', (table, slot) => table.rxErrors[slot]),
  statistic('receive_drop', '', (table, slot) => table.rxDropped[slot]),
  statistic('transmit_bytes', 'bytes', (table, slot) => table.txBytes[slot]),
  statistic('transmit_packets', 'packets', (table, slot) => table.txPackets[slot]),
  statistic('transmit_errs', '', (table, slot) => table.txErrors[slot]),
  statistic('transmit_drop', '', (table, slot) => table.txDropped[slot]),
  [gauge('node_network_up', 'Value is 1 if operstate is up, 0 otherwise.'), isUp],
  [
    gauge('node_network_mtu_bytes', 'Network device property: mtu_bytes.', 'bytes'),
    (table, slot) => table.mtuBytes[slot]! || undefined,
  ],
  [
    gauge('node_network_speed_bytes', 'Network device property: speed_bytes.', 'bytes'),
    (table, slot) => table.linkBitsPerSecond[slot]! / BITS_PER_BYTE,
  ],
];

/** node_exporter's collectors netdev and netclass. Returns how many rows were left out for want of room. */
export function writeInterfaces(writer: ExpositionWriter, table: InterfaceTable): number {
  const slots = new LabelledRows<number>(ROWS_LIMIT);
  const { rows, count } = table.slots;
  for (let i = 0; i < count; i++) slots.add(rows[i]!, 'device', table.names[rows[i]!] ?? '');
  slots.each((slot) => writer.sample(INFO, interfaceInfo(table, slot), 1));
  for (const [family, read] of COLUMNS) {
    slots.each((slot, labels) => writer.sample(family, labels, read(table, slot)));
  }
  return slots.leftOut;
}

function isUp(table: InterfaceTable, slot: number): number {
  const state = table.operationalStates[slot];
  const up = state === undefined ? table.isUp[slot] === 1 : state === 'up';
  return up ? 1 : 0;
}

function interfaceInfo(table: InterfaceTable, slot: number): Uint8Array {
  const name = table.names[slot] ?? '';
  const address = table.hardwareAddresses[slot];
  return encodeLabels('address', address, 'device', name, 'operstate', table.operationalStates[slot]);
}
