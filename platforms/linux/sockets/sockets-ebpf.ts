import type { Failures } from '../../../src/data/sample/failures.ts';
import type { CountingBasis, LostTraffic, Tier } from '../../../src/data/sample/network-sample.ts';
import type { ExitedTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { FOREIGN_INTERFACE, PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { ADDRESS_WORDS, TcpState } from '../../../src/data/schema/network-columns.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import type { NetworkAccounting } from '../bpf/network-accounting.ts';
import { FLOW_KEY_WORDS, type FlowRecord } from '../bpf/network-flow.ts';
import { FlowTable } from './ebpf-flow-table.ts';
import { type AskHolders, FlowOwners, HolderSearch, type OwnerProcesses } from './flow-owners.ts';
import { OverList, OwnerTold, RowLife, type SocketParts } from './sockets.ts';
import type { NetlinkSockets } from './sockets-netlink.ts';

const FLOWS_BETWEEN_RESTS = 512;
const LOOPBACK_INDEX = 1;
const SOCK_RAW = 3;
/** A listed socket that is silent for so long needs no entry in the kernel's map; a new one begins where it ended. */
const LISTED_IDLE_MICROS = 30e6;
/** First handshakes of a listener are held back until a connection is used: its creator may not be the acceptor. */
const ACCEPT_MICROS = 2e6;
/** Sockets of other network namespaces are listed nowhere: their rows last as long as they were heard of lately. */
const UNLISTED_IDLE_MICROS = 120e6;

/** Process facts that sockets need: live processes, exited processes, and their times. */
interface EbpfSocketsOptions {
  readonly listing: NetlinkSockets;
  readonly accounting: NetworkAccounting;
  readonly processes: OwnerProcesses;
  readonly exited: ExitedTable;
  /** Brings `exited` up to date. */
  readonly drainExits: () => void;
  readonly clock: () => number;
}

/**
 * The tier `ebpf`: sockets as sock_diag lists them, every IP packet of theirs counted in the kernel by socket and
 * process. Who is in no list, such as sockets of other network namespaces and those that came and went, has a row by
 * its packets alone.
 */
export class EbpfSockets extends OverList<NetlinkSockets> {
  readonly tier: Tier = 'ebpf';
  readonly counted: CountingBasis = 'l3';
  readonly parts: SocketParts;
  failures: Failures | undefined;
  readonly holders: AskHolders = (visit) => this.#accounting.holders(visit);
  readonly #accounting: NetworkAccounting;
  readonly #owners: FlowOwners;
  readonly #holders: HolderSearch;
  readonly #clock: () => number;
  readonly #flows = new FlowTable();
  /** Flow that a row of the socket table is the main one of, with the row's serial; per row. */
  #mainFlow = new Int32Array(0);
  #mainFlowSerial = new Uint32Array(0);
  readonly #key = new Uint32Array(FLOW_KEY_WORDS);
  #nowMicros = 0;
  #hasBaseline = false;
  /** Of flows that no table had room for. */
  #refusedBytes = 0;
  #refusedPackets = 0;
  readonly #visit = (flow: FlowRecord): void => this.#see(flow);

  constructor(options: EbpfSocketsOptions) {
    super(options.listing);
    this.#accounting = options.accounting;
    this.#clock = options.clock;
    this.#owners = new FlowOwners(options.processes, options.exited, options.drainExits);
    this.#holders = new HolderSearch(this.rows, options.processes, this.holders);
    const { lastUser, scope } = options.accounting.parts;
    const owners = lastUser === 'none' ? 'creator' : 'last user';
    options.listing.infersFailures = !options.accounting.parts.connects;
    this.parts = { tcp: 'ebpf', udp: 'ebpf', owners, scope };
  }

  get ownersMap(): number {
    return this.#accounting.handed.maps.storage;
  }

  get lost(): LostTraffic {
    const { bytes, packets } = this.#accounting.lost;
    return { bytes: bytes + this.#refusedBytes, packets: packets + this.#refusedPackets };
  }

  async collect(slice: Slice): Promise<void> {
    // First the list: an announced end is final, so the counters that are read after it are final too.
    await this.list.collect(slice);
    this.#nowMicros = this.#clock();
    this.#owners.beginCollection();
    this.#accounting.begin();
    while (this.#accounting.next(FLOWS_BETWEEN_RESTS, this.#visit)) if (slice.due()) await slice.rest();
    this.failures = this.#accounting.readFailures();
    await this.#holders.resolve(slice);
    this.#hasBaseline = true;
  }

  override close(): void {
    this.#accounting.close();
    super.close();
  }

  #see(record: FlowRecord): void {
    record.copyKey(this.#key);
    const known = this.#flows.find(this.#key, 0);
    const flow = known >= 0 ? known : this.#begin(record);
    if (flow < 0) {
      this.#refuse(record);
      return;
    }
    this.#store(flow, record);
    if (this.#mayForget(flow, record)) this.#end(flow, record);
  }

  /** Counts what has no place as lost, once: the kernel's entry goes. */
  #refuse(record: FlowRecord): void {
    this.#accounting.remove(record);
    this.#refusedBytes += record.rxBytes + record.txBytes;
    this.#refusedPackets += record.rxPackets + record.txPackets;
  }

  #begin(record: FlowRecord): number {
    const flow = this.#flows.add(this.#key, 0);
    if (flow < 0) return -1;
    this.#flows.grownMicros[flow] = this.#nowMicros;
    if (this.#place(flow, record)) return flow;
    this.#flows.slots.remove(flow);
    return -1;
  }

  /** Gives the flow a row of the socket table; false: there is no room. */
  #place(flow: number, record: FlowRecord): boolean {
    const flows = this.#flows;
    const row = this.#rowFor(flow, record);
    flows.row[flow] = row;
    if (row < 0) return false;
    const { table } = this.rows;
    flows.rowSerial[flow] = table.slots.serial[row]!;
    flows.tgid[flow] = record.machineTgid;
    table.interfaceIndex[row] = this.#interfaceOf(record);
    this.#owners.assign(this.rows, row, record);
    return true;
  }

  /** The socket's own row, where no other flow has it; else a row that shares the socket. */
  #rowFor(flow: number, record: FlowRecord): number {
    const { rows } = this;
    const listed = rows.find(record.cookieLow, record.cookieHigh);
    const canBeMain = !record.hasRemoteKey && record.cookieLow + record.cookieHigh > 0;
    if (canBeMain && listed >= 0 && this.#isFree(listed)) {
      this.#setMain(listed, flow);
      return listed;
    }
    const isMain = canBeMain && listed < 0;
    const row = isMain
      ? rows.addFlow(record.cookieLow, record.cookieHigh)
      : rows.addFlow(record.cookieLow, record.cookieHigh, flow + 1, this.#flows.slots.serial[flow]!);
    if (row < 0) return -1;
    if (isMain) this.#setMain(row, flow);
    this.#describe(row, record);
    return row;
  }

  #isFree(row: number): boolean {
    if (row >= this.#mainFlow.length) return true;
    if (this.#mainFlowSerial[row] !== this.rows.table.slots.serial[row]) return true;
    const flow = this.#mainFlow[row]!;
    return this.#flows.row[flow] !== row || this.#flows.rowSerial[flow] !== this.#mainFlowSerial[row];
  }

  #setMain(row: number, flow: number): void {
    const { slots } = this.rows.table;
    if (this.#mainFlow.length < slots.capacity) {
      this.#mainFlow = lengthened(this.#mainFlow, new Int32Array(slots.capacity));
      this.#mainFlowSerial = lengthened(this.#mainFlowSerial, new Uint32Array(slots.capacity));
    }
    this.#mainFlow[row] = flow;
    this.#mainFlowSerial[row] = slots.serial[row]!;
  }

  /** What is known of a socket that no list has (yet). */
  #describe(row: number, record: FlowRecord): void {
    const { table } = this.rows;
    table.protocol[row] = record.protocol;
    table.family[row] = record.family;
    const isPortless = hasNoPorts(record);
    table.state[row] = isPortless ? TcpState.CLOSE : stateOf(record);
    const { localAddress, remoteAddress } = record;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      table.localAddress[row * ADDRESS_WORDS + i] = localAddress[i]!;
      table.remoteAddress[row * ADDRESS_WORDS + i] = remoteAddress[i]!;
    }
    table.localPort[row] = isPortless ? 0 : record.localPort;
    table.remotePort[row] = isPortless ? 0 : record.remotePort;
    table.inode[row] = 0;
    table.uid[row] = record.uid;
    // A connection that was silent until now may be old; a datagram socket's peer begins with its first packet.
    const isBirthKnown = record.protocol !== PROTOCOL_TCP || this.#accounting.isNew(record);
    table.firstSeenMicros[row] = isBirthKnown ? this.#nowMicros : Number.NaN;
    table.bornBeforeStart[row] = this.#hasBaseline ? 0 : 1;
  }

  /** Loopback has index 1 in every network namespace; interfaces of other namespaces are unknown. */
  #interfaceOf(record: FlowRecord): number {
    const isForeign = record.interfaceIndex !== LOOPBACK_INDEX && this.#accounting.isForeign(record);
    return isForeign ? FOREIGN_INTERFACE : record.interfaceIndex;
  }

  #store(flow: number, record: FlowRecord, isLast = false): void {
    const flows = this.#flows;
    if (flows.tgid[flow] !== record.machineTgid) this.#reassign(flow, record);
    const tx = record.txBytes - flows.txBytes[flow]!;
    const rx = record.rxBytes - flows.rxBytes[flow]!;
    if (tx === 0 && rx === 0) return;
    if (!isLast && this.#isWaiting(flow, record)) return;
    if (this.#isPlaced(flow) || this.#place(flow, record)) this.#grow(flow, record, tx, rx);
    else this.#refusedBytes += tx + rx;
    flows.txBytes[flow] = record.txBytes;
    flows.rxBytes[flow] = record.rxBytes;
    flows.txPackets[flow] = record.txPackets;
    flows.rxPackets[flow] = record.rxPackets;
    flows.grownMicros[flow] = this.#nowMicros;
  }

  /** Whether the flow is a listener's of which it is not known yet who accepts; for so long at most, and not again. */
  #isWaiting(flow: number, record: FlowRecord): boolean {
    const { table, ownerTold } = this.rows;
    const row = this.#flows.row[flow]!;
    const { heldMicros } = this.#flows;
    const isListener = record.protocol === PROTOCOL_TCP && table.state[row] === TcpState.LISTEN;
    if (!isListener || !this.#isPlaced(flow) || ownerTold[row] === OwnerTold.ACCEPTER) return false;
    if (heldMicros[flow] === 0) heldMicros[flow] = this.#nowMicros;
    return this.#nowMicros - heldMicros[flow]! < ACCEPT_MICROS;
  }

  #grow(flow: number, record: FlowRecord, txBytes: number, rxBytes: number): void {
    const { table, isFlow } = this.rows;
    const row = this.#flows.row[flow]!;
    table.txBytes[row]! += txBytes;
    table.rxBytes[row]! += rxBytes;
    // Of listed connections tcp_info has them.
    if (isFlow[row] === 0 && record.protocol !== PROTOCOL_UDP) return;
    table.txSegments[row]! += record.txPackets - this.#flows.txPackets[flow]!;
    table.rxSegments[row]! += record.rxPackets - this.#flows.rxPackets[flow]!;
  }

  /** Whether the row is still the flow's: packets may come after an announced end, when the row was given back. */
  #isPlaced(flow: number): boolean {
    const row = this.#flows.row[flow]!;
    return row >= 0 && this.rows.table.slots.serial[row] === this.#flows.rowSerial[flow];
  }

  /** A connection without an owner got its process. */
  #reassign(flow: number, record: FlowRecord): void {
    this.#flows.tgid[flow] = record.machineTgid;
    if (this.#isPlaced(flow)) this.#owners.assign(this.rows, this.#flows.row[flow]!, record);
  }

  #mayForget(flow: number, record: FlowRecord): boolean {
    if (!this.#isPlaced(flow)) return true;
    const { rows } = this;
    const row = this.#flows.row[flow]!;
    if (rows.life[row] === RowLife.CLOSED) return true;
    const silentMicros = this.#nowMicros - this.#flows.grownMicros[flow]!;
    // Closed by its process, and listed no more or silent: what still comes begins a new flow of the same owner.
    if (record.isReleased && (rows.isFlow[row] === 1 || silentMicros > 0)) return true;
    return silentMicros >= (rows.isFlow[row] === 1 ? UNLISTED_IDLE_MICROS : LISTED_IDLE_MICROS);
  }

  /** The kernel's entry goes, with what it gained since it was read; so does a row that only it stood for. */
  #end(flow: number, record: FlowRecord): void {
    this.#accounting.remove(record);
    this.#store(flow, record, true);
    const row = this.#flows.row[flow]!;
    if (this.#isPlaced(flow) && this.rows.isFlow[row] === 1) this.rows.markClosed(row);
    this.#flows.row[flow] = -1;
    this.#flows.slots.remove(flow);
  }
}

/** Raw sockets and those of ICMP have the number of their protocol where others have their port; sums have neither. */
function hasNoPorts({ protocol, socketType }: FlowRecord): boolean {
  return socketType === SOCK_RAW || (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP);
}

function stateOf(record: FlowRecord): number {
  if (record.protocol === PROTOCOL_UDP)
    return record.remotePort === 0 ? TcpState.CLOSE : TcpState.ESTABLISHED;
  return record.remotePort === 0 ? TcpState.LISTEN : TcpState.ESTABLISHED;
}
