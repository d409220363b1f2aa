import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { OwnerBasis, PROTOCOL_TCP, type SocketTable } from '../../../src/data/sample/socket-table.ts';
import { SlotTable } from '../../../src/kit/table/slot-table.ts';

const ENDPOINTS_LIMIT = 4096;
const MEMORY_MICROS = 60e6;
/** Rows with an owner whose endpoints are renewed each collection, by turns: 20,000 within half a minute. */
const RENEWED_ROWS = 1024;
/** Expired entries looked for, for each one that must make room. */
const EVICTION_STEPS = 8;

/**
 * Which process was last seen on each remote address and port. Where it was the only one within a minute, a
 * connection there that came and went unseen was most likely its own, too.
 */
export class EndpointOwners {
  readonly #slots = new SlotTable(ENDPOINTS_LIMIT, ENDPOINTS_LIMIT, () => undefined);
  readonly #port = new Uint16Array(ENDPOINTS_LIMIT);
  readonly #pid = new Int32Array(ENDPOINTS_LIMIT);
  readonly #startTicks = new Float64Array(ENDPOINTS_LIMIT);
  readonly #seenMicros = new Float64Array(ENDPOINTS_LIMIT);
  /** When the process was last known to live. */
  readonly #aliveMicros = new Float64Array(ENDPOINTS_LIMIT);
  /** When a second process was last seen there. */
  readonly #severalMicros = new Float64Array(ENDPOINTS_LIMIT);
  readonly #table: SocketTable;
  readonly #processes: ProcessTable;
  #collectMicros = Number.NEGATIVE_INFINITY;
  #lastCollectMicros = Number.NEGATIVE_INFINITY;
  #evictionCursor = 0;
  #renewalCursor = 0;

  constructor(table: SocketTable, processes: ProcessTable) {
    this.#table = table;
    this.#processes = processes;
  }

  /** A collection begins. */
  beginCollection(nowMicros: number): void {
    this.#lastCollectMicros = this.#collectMicros;
    this.#collectMicros = nowMicros;
  }

  /** Takes note of the owner of a connection that this machine opened. */
  remember(row: number, nowMicros: number): void {
    const table = this.#table;
    if (table.ownerBasis[row] !== OwnerBasis.DESCRIPTOR) return;
    this.rememberAs(row, table.ownerPid[row]!, table.ownerStartTicks[row]!, nowMicros);
  }

  /** A process was seen to hold a connection to the row's remote endpoint. */
  rememberAs(row: number, pid: number, startTicks: number, nowMicros: number): void {
    if (this.#table.remotePort[row] === 0 || !this.#isAlive(pid, startTicks)) return;
    let entry = this.#find(row);
    if (entry < 0) entry = this.#add(row, nowMicros);
    if (entry < 0) return;
    const isSame = this.#pid[entry] === pid && this.#startTicks[entry] === startTicks;
    if (!isSame && nowMicros - this.#seenMicros[entry]! < MEMORY_MICROS) {
      this.#severalMicros[entry] = nowMicros;
    }
    this.#pid[entry] = pid;
    this.#startTicks[entry] = startTicks;
    this.#seenMicros[entry] = nowMicros;
    this.#aliveMicros[entry] = nowMicros;
  }

  /** Remembers some of the table's rows, others at every call, so that long-lived connections stay known. */
  renew(isEligible: (row: number) => boolean, nowMicros: number): void {
    const { slots } = this.#table;
    for (let i = 0; i < Math.min(RENEWED_ROWS, slots.count); i++) {
      this.#renewalCursor = (this.#renewalCursor + 1) % slots.count;
      const row = slots.rows[this.#renewalCursor]!;
      if (this.#table.protocol[row] === PROTOCOL_TCP && isEligible(row)) this.remember(row, nowMicros);
    }
  }

  /**
   * Names the only process seen lately at the row's remote endpoint as its owner; false: there is no such, or it was
   * gone before the last collection: what came after its end was another's.
   */
  infer(row: number, nowMicros: number): boolean {
    const entry = this.#find(row);
    if (entry < 0) return false;
    if (nowMicros - this.#seenMicros[entry]! > MEMORY_MICROS) return false;
    if (nowMicros - this.#severalMicros[entry]! < MEMORY_MICROS) return false;
    const pid = this.#pid[entry]!;
    if (this.#isAlive(pid, this.#startTicks[entry]!)) {
      this.#aliveMicros[entry] = nowMicros;
    } else if (this.#aliveMicros[entry]! < this.#lastCollectMicros) {
      return false;
    }
    inferOwner(this.#table, row, pid, this.#startTicks[entry]!);
    return true;
  }

  #isAlive(pid: number, startTicks: number): boolean {
    const process = this.#processes.find(pid);
    return process >= 0 && this.#processes.startTicks[process] === startTicks;
  }

  /** An entry's key is the address, with the port mixed in; the port itself is compared, so a clash is a miss. */
  #find(row: number): number {
    const { remoteAddress, remotePort } = this.#table;
    const at = row << 2;
    const port = remotePort[row]!;
    const entry = this.#slots.find(
      endpointHash(remoteAddress[at]!, port),
      remoteAddress[at + 1]!,
      remoteAddress[at + 2]!,
      remoteAddress[at + 3]!,
    );
    return entry >= 0 && this.#port[entry] === port ? entry : -1;
  }

  #add(row: number, nowMicros: number): number {
    if (this.#slots.count >= ENDPOINTS_LIMIT && !this.#evict(nowMicros)) return -1;
    const { remoteAddress, remotePort } = this.#table;
    const at = row << 2;
    const port = remotePort[row]!;
    const first = endpointHash(remoteAddress[at]!, port);
    const b = remoteAddress[at + 1]!;
    const c = remoteAddress[at + 2]!;
    const d = remoteAddress[at + 3]!;
    if (this.#slots.find(first, b, c, d) >= 0) return -1;
    const entry = this.#slots.add(first, b, c, d);
    if (entry < 0) return -1;
    this.#port[entry] = port;
    this.#seenMicros[entry] = Number.NEGATIVE_INFINITY;
    this.#severalMicros[entry] = Number.NEGATIVE_INFINITY;
    return entry;
  }

  /** Takes out one of the next few entries: an expired one, else the one seen longest ago. */
  #evict(nowMicros: number): boolean {
    const slots = this.#slots;
    let oldest = -1;
    for (let i = 0; i < EVICTION_STEPS; i++) {
      this.#evictionCursor = (this.#evictionCursor + 1) % slots.count;
      const entry = slots.rows[this.#evictionCursor]!;
      if (oldest < 0 || this.#seenMicros[entry]! < this.#seenMicros[oldest]!) oldest = entry;
      if (nowMicros - this.#seenMicros[entry]! > MEMORY_MICROS) break;
    }
    if (oldest < 0) return false;
    slots.remove(oldest);
    return true;
  }
}

/** Marks a row's owner as inferred. */
export function inferOwner(table: SocketTable, row: number, pid: number, startTicks: number): void {
  table.ownerPid[row] = pid;
  table.ownerStartTicks[row] = startTicks;
  table.ownerBasis[row] = OwnerBasis.INFERRED;
}

/** A hash of a word of an address and a port. */
export function endpointHash(word: number, port: number): number {
  return (word ^ Math.imul(port + 1, 0x9e3779b1)) >>> 0;
}
