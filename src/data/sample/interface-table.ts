import { lengthened, SlotTable } from '../../kit/table/slot-table.ts';

const INTERFACES_LIMIT = 4096;

/** Every network interface, keyed by (ifindex, 0, 0, 0). Counters are the kernel's, cumulative since boot. */
export class InterfaceTable {
  readonly slots: SlotTable;
  index: Int32Array;
  rxBytes: Float64Array;
  txBytes: Float64Array;
  rxPackets: Float64Array;
  txPackets: Float64Array;
  isLoopback: Uint8Array;
  /** 1 where its bytes enter or leave this machine and are counted on no other uplink. */
  isUplink: Uint8Array;
  isUp: Uint8Array;
  /** Packets refused for being damaged, and dropped for want of room; NaN unknown. */
  rxErrors: Float64Array;
  rxDropped: Float64Array;
  txErrors: Float64Array;
  txDropped: Float64Array;
  /** What the link negotiated, in bits a second; NaN unknown (virtual, wireless, down). */
  linkBitsPerSecond: Float64Array;
  /** 0 unknown. */
  mtuBytes: Int32Array;
  readonly names: string[] = [];
  /** RFC 2863 operational state (`up`, `down`, `dormant`, ...) and hardware address; undefined: not asked. */
  readonly operationalStates: (string | undefined)[] = [];
  readonly hardwareAddresses: (string | undefined)[] = [];
  /** Local addresses, key the four address words; `addressInterface[slot]` is the ifindex. */
  readonly addresses: SlotTable;
  addressInterface: Int32Array;

  constructor() {
    this.slots = new SlotTable(16, INTERFACES_LIMIT, (capacity) => this.#grow(capacity));
    const n = this.slots.capacity;
    this.index = new Int32Array(n);
    this.rxBytes = new Float64Array(n);
    this.txBytes = new Float64Array(n);
    this.rxPackets = new Float64Array(n);
    this.txPackets = new Float64Array(n);
    this.isLoopback = new Uint8Array(n);
    this.isUplink = new Uint8Array(n);
    this.isUp = new Uint8Array(n);
    this.rxErrors = unknown(n);
    this.rxDropped = unknown(n);
    this.txErrors = unknown(n);
    this.txDropped = unknown(n);
    this.linkBitsPerSecond = unknown(n);
    this.mtuBytes = new Int32Array(n);
    this.addresses = new SlotTable(16, INTERFACES_LIMIT * 4, (capacity) => {
      this.addressInterface = lengthened(this.addressInterface, new Int32Array(capacity));
    });
    this.addressInterface = new Int32Array(this.addresses.capacity);
  }

  #grow(n: number): void {
    this.index = lengthened(this.index, new Int32Array(n));
    this.rxBytes = lengthened(this.rxBytes, new Float64Array(n));
    this.txBytes = lengthened(this.txBytes, new Float64Array(n));
    this.rxPackets = lengthened(this.rxPackets, new Float64Array(n));
    this.txPackets = lengthened(this.txPackets, new Float64Array(n));
    this.isLoopback = lengthened(this.isLoopback, new Uint8Array(n));
    this.isUplink = lengthened(this.isUplink, new Uint8Array(n));
    this.isUp = lengthened(this.isUp, new Uint8Array(n));
    this.rxErrors = lengthened(this.rxErrors, unknown(n));
    this.rxDropped = lengthened(this.rxDropped, unknown(n));
    this.txErrors = lengthened(this.txErrors, unknown(n));
    this.txDropped = lengthened(this.txDropped, unknown(n));
    this.linkBitsPerSecond = lengthened(this.linkBitsPerSecond, unknown(n));
    this.mtuBytes = lengthened(this.mtuBytes, new Int32Array(n));
  }
}

/** A column in which nothing is known yet. */
function unknown(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}
