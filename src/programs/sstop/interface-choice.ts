import type { InterfaceTable } from '../../data/sample/interface-table.ts';

/** The ifindex after `current` in the round "all, then each interface that is up by its index". */
export function nextInterface(interfaces: InterfaceTable, current: number | undefined): number | undefined {
  const { rows, count } = interfaces.slots;
  let next: number | undefined;
  for (let i = 0; i < count; i++) {
    const slot = rows[i]!;
    const index = interfaces.index[slot]!;
    if (interfaces.isUp[slot] !== 1 || (current !== undefined && index <= current)) continue;
    if (next === undefined || index < next) next = index;
  }
  return next;
}

/** The ifindex of a name, or undefined. */
export function interfaceNamed(interfaces: InterfaceTable, name: string): number | undefined {
  const { rows, count } = interfaces.slots;
  for (let i = 0; i < count; i++) {
    const slot = rows[i]!;
    if (interfaces.names[slot] === name) return interfaces.index[slot]!;
  }
  return undefined;
}
