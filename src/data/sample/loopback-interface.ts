import type { InterfaceTable } from './interface-table.ts';

/** include/net/flow.h: LOOPBACK_IFINDEX, the same in every network namespace. */
const LOOPBACK_IFINDEX = 1;

/** The ifindex under which traffic of this machine with itself is counted. */
export function loopbackInterfaceIndex(interfaces: InterfaceTable): number {
  const { rows, count } = interfaces.slots;
  for (let i = 0; i < count; i++) {
    const slot = rows[i]!;
    if (interfaces.isLoopback[slot] === 1) return interfaces.index[slot]!;
  }
  return LOOPBACK_IFINDEX;
}
