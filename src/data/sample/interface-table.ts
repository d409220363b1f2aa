import { numbers, OPTIONAL_TEXT, TEXT, tableClass } from '../../kit/table/columns.ts';

export const INTERFACES_LIMIT = 4096;

export const INTERFACE_COLUMNS = {
  index: numbers('i32'),
  rxBytes: numbers('f64'),
  txBytes: numbers('f64'),
  rxPackets: numbers('f64'),
  txPackets: numbers('f64'),
  isLoopback: numbers('u8'),
  /** 1 where its bytes enter or leave this machine and are counted on no other uplink. */
  isUplink: numbers('u8'),
  isUp: numbers('u8'),
  /** Packets refused for being damaged, and dropped for want of room. */
  rxErrors: numbers('f64', Number.NaN),
  rxDropped: numbers('f64', Number.NaN),
  txErrors: numbers('f64', Number.NaN),
  txDropped: numbers('f64', Number.NaN),
  /** What the link negotiated, in bits a second; NaN unknown (virtual, wireless, down). */
  linkBitsPerSecond: numbers('f64', Number.NaN),
  /** 0 unknown. */
  mtuBytes: numbers('i32'),
  names: TEXT,
  /** RFC 2863 operational state (`up`, `down`, `dormant`, ...) and hardware address; undefined: not asked. */
  operationalStates: OPTIONAL_TEXT,
  hardwareAddresses: OPTIONAL_TEXT,
};

export const ADDRESS_COLUMNS = { interfaceIndex: numbers('i32') };

/** Local addresses, key the four address words, each with the ifindex that it belongs to. */
class AddressTable extends tableClass(ADDRESS_COLUMNS, { capacity: 16, limit: INTERFACES_LIMIT * 4 }) {}

/** Every network interface, keyed by (ifindex, 0, 0, 0). Counters are the kernel's, cumulative since boot. */
export class InterfaceTable extends tableClass(INTERFACE_COLUMNS, { capacity: 16, limit: INTERFACES_LIMIT }) {
  readonly addresses = new AddressTable();

  override become(from: InterfaceTable): void {
    super.become(from);
    this.addresses.become(from.addresses);
  }
}
