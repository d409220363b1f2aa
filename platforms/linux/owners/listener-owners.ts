import { isIpv4, isUnspecifiedAddress } from '../../../src/data/sample/address.ts';
import { OwnerBasis, PROTOCOL_TCP } from '../../../src/data/sample/socket-table.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import type { ProcessSource } from '../processes/network-processes.ts';
import type { SocketRows } from '../sockets/sockets.ts';
import type { DescriptorScanner, DescriptorVisitor } from './socket-owners-scan.ts';

/** How well a listener's address fits that of a connection. */
const Fit = { NONE: 0, EVERY_FAMILY: 1, EVERY_ADDRESS: 2, EXACT: 3 } as const;

const HOLDERS_VALID_MICROS = 30e6;
const RELATIVES_LIMIT = 256;

/** By the slots of the socket table. */
class ListenerRows extends columnsClass({
  /** A further listener of its port, -1 none. */
  next: numbers('i32', -1),
  /** Until when `isShared` holds, and for which serial. */
  checkedUntilMicros: numbers('f64'),
  checkedSerial: numbers('u32'),
  isShared: numbers('u8'),
}) {}

/**
 * Which process listens where. A connection that came and went unseen on a listener's port was most likely accepted
 * by it, where it is the only one: servers that share a listener among several processes are not guessed at.
 */
export class ListenerOwners implements DescriptorVisitor {
  readonly #rows: SocketRows;
  readonly #processes: ProcessSource;
  readonly #scanner: DescriptorScanner;
  /** First listener's row of each port, -1 none; their `next` leads to the further ones. */
  readonly #first = new Int32Array(1 << 16);
  readonly #listeners = new ListenerRows();
  #isIndexStale = true;
  #soughtInode = 0;
  #wasFound = false;

  constructor(rows: SocketRows, processes: ProcessSource, scanner: DescriptorScanner) {
    this.#rows = rows;
    this.#processes = processes;
    this.#scanner = scanner;
  }

  /** The table's rows have changed. */
  invalidate(): void {
    this.#isIndexStale = true;
  }

  /** Names the listener of the row's local port as its owner; false: none, several, or shared by several processes. */
  infer(row: number, nowMicros: number): boolean {
    if (this.#isIndexStale) this.#index();
    const listener = this.#best(row);
    if (listener < 0 || this.#isHeldBySeveral(listener, nowMicros)) return false;
    const { table } = this.#rows;
    table.ownerPid[row] = table.ownerPid[listener]!;
    table.ownerStartTicks[row] = table.ownerStartTicks[listener]!;
    table.ownerBasis[row] = OwnerBasis.INFERRED;
    return true;
  }

  /** DescriptorVisitor. */
  socket(inode: number): boolean {
    if (inode === this.#soughtInode) this.#wasFound = true;
    return !this.#wasFound;
  }

  #index(): void {
    const { table, isRare } = this.#rows;
    const { slots } = table;
    this.#listeners.reserve(slots.capacity);
    this.#first.fill(-1);
    for (let i = 0; i < slots.count; i++) {
      const row = slots.rows[i]!;
      // One that closed since the last collection accepted connections until then.
      if (isRare[row] === 0 || table.protocol[row] !== PROTOCOL_TCP) continue;
      const port = table.localPort[row]!;
      this.#listeners.next[row] = this.#first[port]!;
      this.#first[port] = row;
    }
    this.#isIndexStale = false;
  }

  /** The listener that the kernel would choose; -1: none, or one of several processes' at equal right. */
  #best(row: number): number {
    const { table } = this.#rows;
    let best = -1;
    let bestFit: number = Fit.NONE;
    for (let at = this.#first[table.localPort[row]!]!; at >= 0; at = this.#listeners.next[at]!) {
      const fit = this.#fit(at, row);
      if (fit === Fit.NONE || fit < bestFit) continue;
      if (fit > bestFit) best = at;
      else if (best < 0 || table.ownerPid[at] !== table.ownerPid[best]) best = -1;
      bestFit = fit;
    }
    return best >= 0 && table.ownerBasis[best] === OwnerBasis.DESCRIPTOR ? best : -1;
  }

  #fit(listener: number, row: number): number {
    const { localAddress } = this.#rows.table;
    const a = listener << 2;
    const b = row << 2;
    const isSameFamily = isIpv4(localAddress, a) === isIpv4(localAddress, b);
    if (isUnspecifiedAddress(localAddress, a)) {
      if (isSameFamily) return Fit.EVERY_ADDRESS;
      // `::` takes IPv4 connections too, 0.0.0.0 no others.
      return isIpv4(localAddress, a) ? Fit.NONE : Fit.EVERY_FAMILY;
    }
    for (let i = 0; i < 4; i++) if (localAddress[a + i] !== localAddress[b + i]) return Fit.NONE;
    return Fit.EXACT;
  }

  /** Sockets are shared by inheritance: the owner's parent and children are asked. */
  #isHeldBySeveral(listener: number, nowMicros: number): boolean {
    const serial = this.#rows.table.slots.serial[listener]!;
    if (
      this.#listeners.checkedSerial[listener] === serial &&
      nowMicros < this.#listeners.checkedUntilMicros[listener]!
    ) {
      return this.#listeners.isShared[listener] === 1;
    }
    this.#listeners.checkedSerial[listener] = serial;
    this.#listeners.checkedUntilMicros[listener] = nowMicros + HOLDERS_VALID_MICROS;
    this.#soughtInode = this.#rows.table.inode[listener]!;
    this.#wasFound = false;
    this.#askRelatives(this.#rows.table.ownerPid[listener]!);
    this.#listeners.isShared[listener] = this.#wasFound ? 1 : 0;
    return this.#wasFound;
  }

  #askRelatives(owner: number): void {
    const { table } = this.#processes;
    const ownerSlot = table.find(owner);
    if (ownerSlot < 0) return;
    const parent = table.ppid[ownerSlot]!;
    if (parent > 0) this.#scanner.scan(parent, this);
    let asked = 0;
    for (let i = 0; i < table.slots.count && asked < RELATIVES_LIMIT && !this.#wasFound; i++) {
      const slot = table.slots.rows[i]!;
      if (table.ppid[slot] !== owner) continue;
      asked++;
      this.#scanner.scan(table.pid[slot]!, this);
    }
  }
}
