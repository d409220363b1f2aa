import { tableClass } from '../../kit/table/columns.ts';
import { ADDRESS_COLUMNS, INTERFACE_COLUMNS, NETWORK_TABLES } from '../schema/network-columns.ts';

/** Local addresses, key the four address words, each with the ifindex that it belongs to. */
class AddressTable extends tableClass(ADDRESS_COLUMNS, NETWORK_TABLES.addresses.limit, 16) {}

/** Every network interface, keyed by (ifindex, 0, 0, 0). Counters are the kernel's, cumulative since boot. */
export class InterfaceTable extends tableClass(INTERFACE_COLUMNS, NETWORK_TABLES.interfaces.limit, 4) {
  readonly addresses = new AddressTable();

  /** The slot of an interface that is there or new, with nothing known but its number; -1: the table is full. */
  slotOf(index: number): number {
    const known = this.slots.find(index, 0, 0, 0);
    if (known >= 0) return known;
    const slot = this.slots.add(index, 0, 0, 0);
    if (slot < 0) return -1;
    this.clearRow(slot);
    this.index[slot] = index;
    for (const counter of [this.rxBytes, this.txBytes, this.rxPackets, this.txPackets])
      counter[slot] = Number.NaN;
    return slot;
  }

  override become(from: InterfaceTable): void {
    super.become(from);
    this.addresses.become(from.addresses);
  }
}

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
