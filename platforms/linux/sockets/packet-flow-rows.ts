import type { Slice } from '../../../src/data/sample/slice.ts';
import {
  OwnerBasis,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  type SocketTable,
} from '../../../src/data/sample/socket-table.ts';
import { ADDRESS_WORDS, TcpState } from '../../../src/data/schema/network-columns.ts';
import { type PacketFlows, Renewal } from '../packet/flow-table.ts';
import type { NetTcpLine } from '../proc/net-tcp.ts';
import { Bond, FlowLinks, NO_ROW, RowEnds } from './packet-flow-links.ts';
import { BoundSockets, DividedFlows } from './packet-receivers.ts';
import { OwnerTold, RowLife, type SocketRows } from './sockets.ts';

const AF_INET = 2;
const AF_INET6 = 10;
/** High word of the keys of rows known only from packets; never a kernel cookie. */
const FLOW_COOKIE_HIGH = 0x666c6f77;
/** Rows for the peers of unconnected UDP sockets; beyond them a socket's own row takes what its peers send and get. */
const SHARES_LIMIT = 8192;
const FLOWS_BETWEEN_RESTS = 4096;

export interface FlowRowsOptions {
  /** A flow without packets is forgotten after so long. */
  readonly idleMicros: number;
  /** Whether TCP's rows are matched too. */
  readonly withTcp: boolean;
}

/**
 * Adds the traffic of flows to the rows of the sockets that it belongs to: the one with both of its ends, else (UDP)
 * the unconnected one of its local address and port, or of every address and that port; among several it is divided.
 * What belongs to none becomes a row that is closed at once, with the flow's ends, so that no byte is missing from the
 * sums.
 */
export class FlowRows {
  readonly #flows: PacketFlows;
  readonly #rows: SocketRows;
  readonly #options: FlowRowsOptions;
  readonly #bound = new BoundSockets();
  readonly #links = new FlowLinks();
  readonly #divided: DividedFlows;
  /** Tells whether unconnected sockets have come, gone or moved since flows chose theirs. */
  #boundFingerprint = 0;
  #hasBoundChanged = false;
  #shareCount = 0;
  #lastKey = 0;
  #listedMicros = 0;
  #hasBaseline = false;
  readonly #ends = new RowEnds();
  readonly #removed = (flow: number): void => this.#endShare(flow);

  constructor(flows: PacketFlows, rows: SocketRows, options: FlowRowsOptions) {
    this.#flows = flows;
    this.#rows = rows;
    this.#options = options;
    this.#divided = new DividedFlows(rows, flows);
  }

  /** The list has a socket without a row, for no process holds it: not accepted yet, or let go. Before `settle`. */
  noteUnheld(protocol: number, { localAddress, localPort, remoteAddress, remotePort }: NetTcpLine): void {
    const flow = this.#flows.findBy(protocol, localAddress, 0, localPort, remoteAddress, 0, remotePort);
    if (flow < 0) return;
    this.#links.reserve(this.#flows.slots.capacity);
    if (this.#links.serial[flow] !== this.#flows.slots.serial[flow]) this.#begin(flow);
    this.#links.missedMicros[flow] = Number.POSITIVE_INFINITY;
  }

  /**
   * Takes what the flows have grown by. After the rows were brought up to date by a list that was begun at
   * `listedMicros`, and while no packet is counted.
   */
  async settle(listedMicros: number, nowMicros: number, slice: Slice): Promise<void> {
    this.#listedMicros = listedMicros;
    this.#links.reserve(this.#flows.slots.capacity);
    this.#startCounters();
    await this.#review(slice);
    if (this.#hasBoundChanged || this.#countUnmatched() > 0) await this.#match(slice);
    if (this.#hasBoundChanged) await this.#reconsider(slice);
    this.#expectLast();
    for (let i = 0; i < this.#flows.grownCount; i++) {
      this.#place(this.#flows.grown[i]!);
      if (i % FLOWS_BETWEEN_RESTS === FLOWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
    }
    this.#flows.clearGrown();
    this.#flows.removeIdle(nowMicros - this.#options.idleMicros, this.#removed);
    this.#hasBaseline = true;
  }

  /** What nothing counted so far is counted from here on. */
  #startCounters(): void {
    const { table } = this.#rows;
    const { txBytes, rxBytes, slots } = table;
    let fingerprint = 0;
    for (let i = 0; i < slots.count; i++) {
      const row = slots.rows[i]!;
      // A sum, so that the order of the rows does not matter.
      if (this.#isBound(row)) {
        fingerprint =
          (fingerprint + Math.imul(slots.serial[row]!, 0x9e3779b1) + table.localPort[row]! + 1) | 0;
      }
      if (!Number.isNaN(txBytes[row]!)) continue;
      txBytes[row] = 0;
      rxBytes[row] = 0;
      table.txSegments[row] = 0;
      table.rxSegments[row] = 0;
    }
    this.#hasBoundChanged = fingerprint !== this.#boundFingerprint;
    this.#boundFingerprint = fingerprint;
  }

  /** Whether a row is that of a UDP socket without a peer. */
  #isBound(row: number): boolean {
    const { table, isFlow, life } = this.#rows;
    if (table.protocol[row] !== PROTOCOL_UDP || table.remotePort[row] !== 0) return false;
    return isFlow[row] === 0 && life[row] !== RowLife.CLOSED;
  }

  /** Releases rows whose socket closed or has another owner, and updates the owners of the others. */
  async #review(slice: Slice): Promise<void> {
    const { slots } = this.#flows;
    for (let i = 0; i < slots.count; i++) {
      const flow = slots.rows[i]!;
      if (this.#links.serial[flow] !== slots.serial[flow]) this.#begin(flow);
      if (this.#links.row[flow]! >= 0) this.#reviewRow(flow);
      if (i % FLOWS_BETWEEN_RESTS === FLOWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
    }
  }

  #begin(flow: number): void {
    this.#links.serial[flow] = this.#flows.slots.serial[flow]!;
    this.#links.row[flow] = NO_ROW;
    this.#links.missedMicros[flow] = 0;
    this.#forgetOwner(flow);
  }

  #forgetOwner(flow: number): void {
    this.#links.ownerPid[flow] = 0;
    this.#links.ownerStartTicks[flow] = 0;
    this.#links.ownerBasis[flow] = OwnerBasis.NONE;
    this.#flows.renewal[flow] = Renewal.NONE;
  }

  #reviewRow(flow: number): void {
    if (this.#links.bond[flow] === Bond.DIVIDED) {
      if (!this.#divided.review(flow)) this.#letGo(flow);
      return;
    }
    const { table, life } = this.#rows;
    const row = this.#links.row[flow]!;
    if (table.slots.serial[row] !== this.#links.rowSerial[flow]) {
      if (this.#links.bond[flow] === Bond.SHARE) this.#shareCount--;
      this.#links.row[flow] = NO_ROW;
      return;
    }
    const socket = this.#links.bond[flow] === Bond.SHARE ? this.#links.main[flow]! : row;
    const isThere =
      this.#links.bond[flow] !== Bond.SHARE || table.slots.serial[socket] === this.#links.mainSerial[flow];
    if (isThere) this.#rememberOwner(flow, socket);
    if (this.#links.bond[flow] === Bond.SHARE) this.#tellOwner(flow, row);
    if (isThere && life[socket] !== RowLife.CLOSED && this.#isStillFor(flow, socket)) return;
    this.#letGo(flow);
  }

  /** Adds the final bytes to the row of a flow; later bytes belong to the next owner of these endpoints. */
  #letGo(flow: number): void {
    this.#credit(flow, this.#links.row[flow]!);
    this.#endShare(flow);
    this.#links.row[flow] = NO_ROW;
  }

  #rememberOwner(flow: number, socket: number): void {
    const { table } = this.#rows;
    if (table.ownerBasis[socket] === OwnerBasis.NONE) return;
    this.#links.ownerPid[flow] = table.ownerPid[socket]!;
    this.#links.ownerStartTicks[flow] = table.ownerStartTicks[socket]!;
    this.#links.ownerBasis[flow] = table.ownerBasis[socket]!;
  }

  #tellOwner(flow: number, row: number): void {
    const { table, ownerTold } = this.#rows;
    if (this.#links.ownerBasis[flow] === OwnerBasis.NONE) return;
    ownerTold[row] = OwnerTold.USER;
    table.ownerPid[row] = this.#links.ownerPid[flow]!;
    table.ownerStartTicks[row] = this.#links.ownerStartTicks[flow]!;
    table.ownerBasis[row] = this.#links.ownerBasis[flow]!;
  }

  /** A UDP socket can be bound and connected again at any time. */
  #isStillFor(flow: number, socket: number): boolean {
    const { table } = this.#rows;
    if (table.localPort[socket] !== this.#flows.localPort[flow]) return false;
    if (this.#links.bond[flow] === Bond.EXACT)
      return table.remotePort[socket] === this.#flows.remotePort[flow];
    return table.remotePort[socket] === 0;
  }

  #countUnmatched(): number {
    const { grown, grownCount } = this.#flows;
    let count = 0;
    for (let i = 0; i < grownCount; i++) {
      const flow = grown[i]!;
      if (this.#links.row[flow]! < 0 && this.#flows.isPending(flow)) count++;
    }
    return count;
  }

  /** Shows every row to the flows: one with a peer finds the flow of its ends, others are noted. */
  async #match(slice: Slice): Promise<void> {
    const { table, isFlow } = this.#rows;
    const { withTcp } = this.#options;
    this.#bound.clear();
    await this.#rows.forEach(slice, (row) => {
      if (isFlow[row] === 1 || (table.protocol[row] === PROTOCOL_TCP && !withTcp)) return;
      if (table.remotePort[row] !== 0) this.#matchPair(table, row);
      else if (this.#isBound(row)) this.#bound.add(table, row);
    });
  }

  /** Flows that would have other sockets now are let go; they choose when they grow again. */
  async #reconsider(slice: Slice): Promise<void> {
    const { slots } = this.#flows;
    for (let i = 0; i < slots.count; i++) {
      const flow = slots.rows[i]!;
      const isChosen = this.#links.row[flow]! >= 0 && this.#links.bond[flow] !== Bond.EXACT;
      if (isChosen && !this.#hasItsReceivers(flow)) this.#letGo(flow);
      if (i % FLOWS_BETWEEN_RESTS === FLOWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
    }
  }

  #hasItsReceivers(flow: number): boolean {
    const count = this.#findReceivers(flow);
    const { found } = this.#bound;
    if (this.#divided.has(flow)) return this.#divided.isAmong(flow, found, count);
    const socket = this.#links.bond[flow] === Bond.SHARE ? this.#links.main[flow] : this.#links.row[flow];
    return found.subarray(0, count).includes(socket!) && this.#areOneSocket(flow, count);
  }

  /** Whether the receivers found may stand for one another: one process has them all, and gets a datagram once. */
  #areOneSocket(flow: number, count: number): boolean {
    if (count === 1) return true;
    if (this.#flows.isForMany[flow] === 1) return false;
    const { ownerPid, ownerStartTicks, ownerBasis } = this.#rows.table;
    const { found } = this.#bound;
    const first = found[0]!;
    if (ownerBasis[first] !== OwnerBasis.DESCRIPTOR) return false;
    for (let i = 1; i < count; i++) {
      const row = found[i]!;
      if (ownerPid[row] !== ownerPid[first] || ownerStartTicks[row] !== ownerStartTicks[first]) return false;
    }
    return true;
  }

  #findReceivers(flow: number): number {
    const { localAddress, localPort, isForMany } = this.#flows;
    return this.#bound.receivers(localAddress, flow * 4, localPort[flow]!, isForMany[flow] === 1);
  }

  #matchPair(table: SocketTable, row: number): void {
    const at = row * ADDRESS_WORDS;
    const flow = this.#flows.findBy(
      table.protocol[row]!,
      table.localAddress,
      at,
      table.localPort[row]!,
      table.remoteAddress,
      at,
      table.remotePort[row]!,
    );
    if (flow < 0) return;
    const { life } = this.#rows;
    const known = this.#links.row[flow]!;
    // Of two sockets with the same ends one has closed, and its last packets cannot be told from the other's first.
    if (known >= 0 && life[known] !== RowLife.CLOSED) return;
    if (known >= 0 && life[row] === RowLife.CLOSED) return;
    this.#forgetOwner(flow);
    this.#rememberOwner(flow, row);
    this.#bind(flow, row, Bond.EXACT);
    const isNew = this.#rows.opener[row] === 0 && table.protocol[row] === PROTOCOL_TCP;
    if (isNew) this.#rows.opener[row] = this.#flows.opener[flow]!;
  }

  /**
   * The kernel hands packets over late: those of sockets that have ended meanwhile find their owner by a flow that is
   * made for them.
   */
  #expectLast(): void {
    const { table, closed } = this.#rows;
    for (let i = 0; i < closed.count; i++) {
      const row = closed.slots[i]!;
      if (table.isShare[row] === 1 || table.remotePort[row] === 0) continue;
      if (table.ownerBasis[row] === OwnerBasis.NONE) continue;
      if (table.protocol[row] === PROTOCOL_TCP && !this.#options.withTcp) continue;
      const flow = this.#flowOf(row);
      if (flow >= 0 && this.#links.row[flow]! < 0 && this.#links.ownerBasis[flow] === OwnerBasis.NONE) {
        this.#rememberOwner(flow, row);
      }
    }
  }

  /** The flow of the row's ends, a new one where there was none; -1: there is no room. */
  #flowOf(row: number): number {
    const ends = this.#ends.of(this.#rows.table, row);
    const known = this.#flows.find(ends);
    if (known >= 0) return known;
    const flow = this.#flows.expect(ends);
    if (flow < 0) return -1;
    this.#links.reserve(this.#flows.slots.capacity);
    this.#begin(flow);
    this.#flows.renewal[flow] = Renewal.EXPECTED;
    return flow;
  }

  #bind(flow: number, row: number, bond: number): void {
    this.#links.row[flow] = row;
    this.#links.rowSerial[flow] = this.#rows.table.slots.serial[row]!;
    this.#links.bond[flow] = bond;
  }

  /** Gives a grown flow's traffic to its row, or finds it one. */
  #place(flow: number): void {
    if (!this.#flows.isPending(flow)) return;
    if (this.#links.row[flow]! < 0) this.#findRow(flow);
    const row = this.#links.row[flow]!;
    if (row >= 0) {
      this.#credit(flow, row);
      // Closed by the last list: its final counters stand now.
      if (this.#rows.life[row] === RowLife.CLOSED) this.#links.row[flow] = NO_ROW;
      return;
    }
    if (this.#mayLackSocket(flow) || this.#mayBeListed(flow)) return;
    const closed = this.#addRow(flow, ++this.#lastKey >>> 0, FLOW_COOKIE_HIGH, 0);
    if (closed < 0) this.#refuse(flow);
    else {
      if (this.#lacksSocket(flow)) this.#rows.table.ownerBasis[closed] = OwnerBasis.NO_SOCKET;
      this.#credit(flow, closed);
      this.#rows.markClosed(closed);
    }
  }

  #findRow(flow: number): void {
    const flows = this.#flows;
    if (flows.protocol[flow] !== PROTOCOL_UDP) return;
    const count = this.#findReceivers(flow);
    if (count === 0) return;
    this.#forgetOwner(flow);
    if (!this.#areOneSocket(flow, count)) {
      this.#divide(flow, count);
      return;
    }
    const socket = this.#bound.found[0]!;
    const share = flows.remotePort[flow] === 0 ? NO_ROW : this.#addShare(flow, socket);
    if (share < 0) {
      this.#bind(flow, socket, Bond.POOL);
      return;
    }
    this.#links.main[flow] = socket;
    this.#links.mainSerial[flow] = this.#rows.table.slots.serial[socket]!;
    this.#rememberOwner(flow, socket);
    this.#tellOwner(flow, share);
    this.#bind(flow, share, Bond.SHARE);
  }

  /** A row with the flow's ends beside that of its socket; -1: there is no room. */
  #addShare(flow: number, socket: number): number {
    if (this.#shareCount >= SHARES_LIMIT) return -1;
    const { slots, inode, uid, cgroupId } = this.#rows.table;
    const low = slots.keyWord(socket, 0);
    const row = this.#addRow(flow, low, slots.keyWord(socket, 1), flow + 1);
    if (row < 0) return -1;
    // The columns may have been replaced by longer ones.
    const { table } = this.#rows;
    table.inode[row] = inode[socket]!;
    table.uid[row] = uid[socket]!;
    table.cgroupId[row] = cgroupId[socket]!;
    this.#shareCount++;
    return row;
  }

  /** Gives the flow a row beside each of the sockets found; none where there is no room for all. */
  #divide(flow: number, count: number): void {
    if (this.#shareCount + count > SHARES_LIMIT) return;
    const rows: number[] = [];
    for (let i = 0; i < count; i++) {
      const row = this.#addShare(flow, this.#bound.found[i]!);
      if (row < 0) break;
      rows.push(row);
    }
    this.#divided.add(flow, this.#bound.found, rows);
    if (rows.length === count) this.#bind(flow, rows[0]!, Bond.DIVIDED);
    else this.#shareCount -= this.#divided.end(flow);
  }

  /** A row with the flow's ends. */
  #addRow(flow: number, keyLow: number, keyHigh: number, part: number): number {
    const flows = this.#flows;
    const partSerial = part === 0 ? 0 : flows.slots.serial[flow]!;
    const row = this.#rows.addFlow(keyLow, keyHigh, part, partSerial);
    if (row < 0) return -1;
    const { table } = this.#rows;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      table.localAddress[row * ADDRESS_WORDS + i] = flows.localAddress[flow * 4 + i]!;
      table.remoteAddress[row * ADDRESS_WORDS + i] = flows.remoteAddress[flow * 4 + i]!;
    }
    table.localPort[row] = flows.localPort[flow]!;
    table.remotePort[row] = flows.remotePort[flow]!;
    table.protocol[row] = flows.protocol[flow]!;
    table.family[row] = flows.isIpv6[flow] === 1 ? AF_INET6 : AF_INET;
    table.state[row] = flows.remotePort[flow] === 0 ? TcpState.CLOSE : TcpState.ESTABLISHED;
    table.inode[row] = 0;
    table.uid[row] = -1;
    table.firstSeenMicros[row] = flows.bornMicros[flow]!;
    table.bornBeforeStart[row] = this.#hasBaseline ? 0 : 1;
    table.interfaceIndex[row] = flows.interfaceIndex[flow]!;
    this.#rows.opener[row] = flows.opener[flow]!;
    if (flows.renewal[flow] === Renewal.RENEWED) this.#forgetOwner(flow);
    this.#tellOwner(flow, row);
    if (!this.#hasSocket(flow)) {
      table.ownerBasis[row] = OwnerBasis.KERNEL;
      table.state[row] = TcpState.CLOSE;
      table.localPort[row] = 0;
    }
    return row;
  }

  /** Whether the next list may have a socket for the flow that this one lacks: it began after this one was begun. */
  #mayBeListed(flow: number): boolean {
    if (this.#links.ownerBasis[flow] !== OwnerBasis.NONE || !this.#hasSocket(flow)) return false;
    return this.#flows.bornMicros[flow]! > this.#listedMicros;
  }

  /**
   * Whether the flow has gone on after a list that had no socket for it: none has it. A connection or a peer's answer
   * may have ended with its socket; what is only sent is kept until the next list, to be told apart.
   */
  #lacksSocket(flow: number): boolean {
    const missedMicros = this.#missedMicros(flow);
    const isNobodys = this.#links.ownerBasis[flow] === OwnerBasis.NONE && this.#hasSocket(flow);
    return isNobodys && missedMicros > 0 && this.#flows.grownMicros[flow]! > missedMicros;
  }

  #mayLackSocket(flow: number): boolean {
    const flows = this.#flows;
    if (this.#missedMicros(flow) > 0 || flows.bornMicros[flow]! > this.#listedMicros) return false;
    this.#links.missedMicros[flow] = this.#listedMicros;
    const isNobodys = this.#links.ownerBasis[flow] === OwnerBasis.NONE;
    if (!this.#hasBaseline || !isNobodys || flows.protocol[flow] !== PROTOCOL_UDP) return false;
    return flows.rxPackets[flow] === 0 && flows.grownMicros[flow]! <= this.#listedMicros;
  }

  /** When a list first lacked its socket; 0: none has, since the present connection between these ends began. */
  #missedMicros(flow: number): number {
    const missedMicros = this.#links.missedMicros[flow]!;
    return missedMicros < this.#flows.bornMicros[flow]! ? 0 : missedMicros;
  }

  /** Of other protocols no list names the sockets. */
  #hasSocket(flow: number): boolean {
    const protocol = this.#flows.protocol[flow]!;
    return protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP;
  }

  #credit(flow: number, row: number): void {
    if (this.#divided.has(flow)) {
      this.#divided.credit(flow);
      return;
    }
    const { table } = this.#rows;
    const flows = this.#flows;
    table.txBytes[row]! += flows.txBytes[flow]!;
    table.rxBytes[row]! += flows.rxBytes[flow]!;
    table.txSegments[row]! += flows.txPackets[flow]!;
    table.rxSegments[row]! += flows.rxPackets[flow]!;
    flows.take(flow);
  }

  #refuse(flow: number): void {
    const flows = this.#flows;
    const bytes = flows.txBytes[flow]! + flows.rxBytes[flow]!;
    flows.refuse(bytes, flows.txPackets[flow]! + flows.rxPackets[flow]!);
    flows.take(flow);
  }

  #endShare(flow: number): void {
    const row = this.#links.row[flow]!;
    this.#shareCount -= this.#divided.end(flow);
    if (this.#links.serial[flow] !== this.#flows.slots.serial[flow]) return;
    if (row < 0 || this.#links.bond[flow] !== Bond.SHARE) return;
    this.#shareCount--;
    if (this.#rows.table.slots.serial[row] === this.#links.rowSerial[flow]) this.#rows.markClosed(row);
  }
}
