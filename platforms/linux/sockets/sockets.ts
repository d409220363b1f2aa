import type { Failures } from '../../../src/data/sample/failures.ts';
import type {
  ClosedSockets,
  CollectionFacts,
  CollectionParts,
  LostTraffic,
} from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { PROTOCOL_TCP, SocketTable } from '../../../src/data/sample/socket-table.ts';
import { NameBasis, SocketFailure, TcpState } from '../../../src/data/schema/network-columns.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import type { NetTcpLine } from '../proc/net-tcp.ts';
import type { AskHolders } from './flow-owners.ts';

/** What a row of the socket table is at the moment. */
export const RowLife = {
  /** The kernel lists it. */
  LIVE: 0,
  /**
   * The kernel does not list it, and has not announced its end: a descriptor still refers to a socket in state CLOSE.
   * Forgotten now, its final counters would later look like those of a socket born and dead unseen.
   */
  KEPT: 1,
  /** Its final counters stand in the table until the next collection. */
  CLOSED: 2,
} as const;

/** Who named a row's process, each worth more than the ones before. */
export const OwnerTold = {
  NOBODY: 0,
  HOLDER: 1,
  USER: 2,
  /** Of a listener: a process that holds it uses a connection that came to it. */
  ACCEPTER: 3,
} as const;

const ROWS_BETWEEN_RESTS = 4096;

/** By the slots of the socket table. */
const ROW_COLUMNS = {
  /** RowLife. */
  life: numbers('u8'),
  /** The collection in which the kernel last listed the row. */
  seenSequence: numbers('u32'),
  /** Opener (sockets-payload.ts). */
  opener: numbers('u8'),
  /** 1: a dump showed the remnant that waits for the peer's FIN. */
  leftRemnant: numbers('u8'),
  /** 1: a listener or a UDP socket, which the dump of connections does not list. */
  isRare: numbers('u8'),
  /** 1: known by its packets alone; no dump has listed it (yet), and none decides over its end. */
  isFlow: numbers('u8'),
  /** OwnerTold: where the kernel named the process, its descriptors are not searched. */
  ownerTold: numbers('u8'),
  /** Collections in which a name that its owner got before was looked for (names/name-sniffer.ts). */
  nameTries: numbers('u8'),
  /** A number made of the ends that the row had then. */
  nameEnds: numbers('i32'),
  /** The one that followed it in the last walk. */
  follower: numbers('i32'),
};

/** The socket table together with what its collectors remember of each row. */
export class SocketRows extends columnsClass(ROW_COLUMNS) {
  readonly table = new SocketTable();
  keptCount = 0;
  rareCount = 0;
  /** Times that listeners and UDP sockets were listed. */
  rareListings = 0;
  flowCount = 0;
  #firstOfWalk = 0;
  #lastOfWalk = -1;
  #closedSlots = new Int32Array(64);
  #closedCount = 0;

  constructor() {
    super();
    this.reserve(this.table.slots.capacity);
  }

  /** Rows whose final counters stand in the table. */
  get closed(): ClosedSockets {
    return { slots: this.#closedSlots, count: this.#closedCount };
  }

  /** Live rows that the dump of connections should list. */
  get connectionCount(): number {
    return this.table.slots.count - this.#closedCount - this.keptCount - this.rareCount - this.flowCount;
  }

  find(cookieLow: number, cookieHigh: number): number {
    return this.table.slots.find(cookieLow, cookieHigh, 0, 0);
  }

  /** A walk through the kernel's list begins: rows are sought by `findNext` in the order of that list. */
  beginWalk(): void {
    this.#lastOfWalk = -1;
  }

  /**
   * Like `find`. The kernel lists its sockets in much the same order every time, so the row that followed the one
   * found before is tried first: it lies near in memory, where the index of the table is a cache miss a look-up.
   */
  findNext(cookieLow: number, cookieHigh: number): number {
    const { slots } = this.table;
    const last = this.#lastOfWalk;
    const expected = last < 0 ? this.#firstOfWalk : this.follower[last]!;
    if (
      slots.keyWord(expected, 0) === cookieLow &&
      slots.keyWord(expected, 1) === cookieHigh &&
      slots.serial[expected] !== 0
    ) {
      this.#lastOfWalk = expected;
      return expected;
    }
    const found = this.find(cookieLow, cookieHigh);
    if (found >= 0) this.#follow(found);
    return found;
  }

  #follow(slot: number): void {
    if (this.#lastOfWalk < 0) this.#firstOfWalk = slot;
    else this.follower[this.#lastOfWalk] = slot;
    this.#lastOfWalk = slot;
  }

  /** A new live row with nothing known but its key, or -1: the table is full. */
  add(cookieLow: number, cookieHigh: number): number {
    const slot = this.#add(cookieLow, cookieHigh, 0, 0);
    if (slot >= 0) this.#follow(slot);
    return slot;
  }

  /** Adds a live row known only from packets; `part` and `partSerial` distinguish shares of one socket. */
  addFlow(cookieLow: number, cookieHigh: number, part = 0, partSerial = 0): number {
    const slot = this.#add(cookieLow, cookieHigh, part, partSerial);
    if (slot < 0) return -1;
    this.isFlow[slot] = 1;
    this.flowCount++;
    this.table.isShare[slot] = part === 0 ? 0 : 1;
    return slot;
  }

  #add(a: number, b: number, c: number, d: number): number {
    const { table } = this;
    const slot = table.slots.add(a, b, c, d);
    if (slot < 0) return -1;
    this.reserve(table.slots.capacity);
    this.isFlow[slot] = 0;
    this.ownerTold[slot] = 0;
    table.interfaceIndex[slot] = 0;
    table.isShare[slot] = 0;
    this.life[slot] = RowLife.LIVE;
    this.opener[slot] = 0;
    this.leftRemnant[slot] = 0;
    this.isRare[slot] = 0;
    this.seenSequence[slot] = 0;
    table.txBytes[slot] = 0;
    table.rxBytes[slot] = 0;
    table.txSegments[slot] = 0;
    table.rxSegments[slot] = 0;
    table.rttMicros[slot] = Number.NaN;
    table.retransmits[slot] = Number.NaN;
    table.dataSegments[slot] = Number.NaN;
    table.reorderings[slot] = Number.NaN;
    table.rttMinMicros[slot] = Number.NaN;
    table.receiveQueue[slot] = Number.NaN;
    table.sendQueue[slot] = Number.NaN;
    table.drops[slot] = Number.NaN;
    table.failure[slot] = SocketFailure.NONE;
    table.cgroupId[slot] = 0;
    table.ownerPid[slot] = 0;
    table.ownerStartTicks[slot] = 0;
    table.ownerBasis[slot] = 0;
    table.remoteName[slot] = undefined;
    table.nameBasis[slot] = NameBasis.NONE;
    table.offeredProtocols[slot] = undefined;
    this.nameTries[slot] = 0;
    return slot;
  }

  /** The kernel lists the row (again). */
  markLive(slot: number, sequence: number): void {
    if (this.life[slot] === RowLife.KEPT) this.keptCount--;
    this.#leaveFlow(slot);
    this.life[slot] = RowLife.LIVE;
    this.seenSequence[slot] = sequence;
  }

  /** Whether the row is a listener or a UDP socket at the moment. */
  setRare(slot: number, isRare: 0 | 1): void {
    this.rareCount += isRare - this.isRare[slot]!;
    this.isRare[slot] = isRare;
  }

  markKept(slot: number): void {
    if (this.life[slot] !== RowLife.LIVE) return;
    this.life[slot] = RowLife.KEPT;
    this.keptCount++;
  }

  /** The row's counters are final. */
  markClosed(slot: number): void {
    if (this.life[slot] === RowLife.CLOSED) return;
    if (this.life[slot] === RowLife.KEPT) this.keptCount--;
    this.rareCount -= this.isRare[slot]!;
    this.#leaveFlow(slot);
    this.life[slot] = RowLife.CLOSED;
    if (this.table.protocol[slot] === PROTOCOL_TCP) this.table.state[slot] = TcpState.CLOSE;
    if (this.#closedCount === this.#closedSlots.length) {
      this.#closedSlots = lengthened(this.#closedSlots, new Int32Array(this.#closedCount * 2));
    }
    this.#closedSlots[this.#closedCount++] = slot;
  }

  #leaveFlow(slot: number): void {
    this.flowCount -= this.isFlow[slot]!;
    this.isFlow[slot] = 0;
  }

  /** Closes the live rows that a whole list, the collection of this number, does not have. */
  closeUnseen(sequence: number): void {
    const { slots } = this.table;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      if (this.seenSequence[slot] !== sequence && this.life[slot] === RowLife.LIVE) this.markClosed(slot);
    }
  }

  /** Gives back the rows closed by the collection before. */
  releaseClosed(): void {
    for (let i = 0; i < this.#closedCount; i++) this.table.slots.remove(this.#closedSlots[i]!);
    this.#closedCount = 0;
  }

  /** Calls `visit` for each row; it may close rows but neither add nor remove any. */
  async forEach(slice: Slice, visit: (slot: number) => void): Promise<void> {
    const { slots } = this.table;
    for (let i = 0; i < slots.count; i++) {
      visit(slots.rows[i]!);
      if (i % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
    }
  }
}

const AF_INET = 2;
const AF_INET6 = 10;

/**
 * Brings the row of a socket up to date that a line of /proc/net lists, and returns it; the byte counters of a new one
 * are NaN. -1: there is no room, it has closed, or it has no inode (orphans, TIME_WAIT) and so nothing to be told apart
 * by.
 */
export function storeListed(
  rows: SocketRows,
  protocol: number,
  line: NetTcpLine,
  list: { readonly sequence: number; readonly nowMicros: number; readonly isFirst: boolean },
): number {
  if (line.inode === 0) return -1;
  const { table } = rows;
  const cookieHigh = line.cookieHigh(protocol);
  let slot = rows.find(line.inode, cookieHigh);
  if (slot < 0) {
    slot = rows.add(line.inode, cookieHigh);
    if (slot < 0) return -1;
    table.protocol[slot] = protocol;
    table.family[slot] = line.isIpv6 ? AF_INET6 : AF_INET;
    table.inode[slot] = line.inode;
    table.txBytes[slot] = table.rxBytes[slot] = Number.NaN;
    table.txSegments[slot] = table.rxSegments[slot] = Number.NaN;
    table.firstSeenMicros[slot] = list.nowMicros;
    table.bornBeforeStart[slot] = list.isFirst ? 1 : 0;
  }
  if (rows.life[slot] === RowLife.CLOSED) return -1;
  rows.markLive(slot, list.sequence);
  table.state[slot] = line.state;
  table.uid[slot] = line.uid;
  table.localPort[slot] = line.localPort;
  table.remotePort[slot] = line.remotePort;
  for (let i = 0; i < 4; i++) {
    table.localAddress[(slot << 2) + i] = line.localAddress[i]!;
    table.remoteAddress[(slot << 2) + i] = line.remoteAddress[i]!;
  }
  return slot;
}

/** What a source of sockets knows of the parts; processes are looked after elsewhere. */
export type SocketParts = Omit<CollectionParts, 'processes' | 'exited' | 'names'>;

export const NOTHING_LOST: LostTraffic = { bytes: 0, packets: 0 };
/** What a list of this network namespace's sockets tells. */
export const LISTED_HERE = { owners: 'descriptor', scope: 'network namespace' } as const;

/** Where a tier gets its sockets from. */
export interface SocketSource extends CollectionFacts {
  readonly parts: SocketParts;
  readonly rows: SocketRows;
  /** Failures that programs in the kernel count; undefined: none do. */
  readonly failures?: Failures | undefined;
  /** Rejects where the kernel could not be asked; the rows are then as they were. */
  collect(slice: Slice): Promise<void>;
  /** Holders of sockets, if the source supports it. Throws BpfError. */
  readonly holders?: AskHolders | undefined;
  /** Whether rows have every holder of a descriptor by then, and what else there is can be looked for later. */
  readonly areHoldersTold?: boolean;
  /** The map with the owners of sockets, if programs in the kernel keep one. */
  readonly ownersMap?: number | undefined;
  drainClosings(): void;
  drainWithinMillis(): number;
  close(): void;
}

/** A source over the list that another one makes: its rows, and what it hears of closings. */
export abstract class OverList<List extends SocketSource = SocketSource> implements SocketSource {
  abstract readonly tier: SocketSource['tier'];
  abstract readonly counted: SocketSource['counted'];
  abstract readonly parts: SocketParts;
  abstract readonly lost: LostTraffic;
  readonly rows: SocketRows;
  protected readonly list: List;

  /** The list is closed with it. */
  constructor(list: List) {
    this.list = list;
    this.rows = list.rows;
  }

  abstract collect(slice: Slice): Promise<void>;

  get lostClosings(): number {
    return this.list.lostClosings;
  }

  drainClosings(): void {
    this.list.drainClosings();
  }

  drainWithinMillis(): number {
    return this.list.drainWithinMillis();
  }

  close(): void {
    this.list.close();
  }
}
