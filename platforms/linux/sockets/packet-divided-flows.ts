import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import type { PacketFlows } from '../packet/flow-table.ts';
import { OwnerTold, RowLife, type SocketRows } from './sockets.ts';

/** A row beside that of an unconnected socket. */
interface Share {
  readonly row: number;
  readonly rowSerial: number;
  readonly socket: number;
  readonly socketSerial: number;
}

/**
 * Flows that go to several unconnected UDP sockets of different processes, with a row beside each socket. A copy of
 * what is for many (multicast, broadcast) goes to each. What is for one goes to the socket that the kernel chooses by a
 * secret, so each has an equal part. Either way the owners are marked as inferred: nobody tells which sockets refuse
 * the group, nor which one was chosen.
 */
export class DividedFlows {
  readonly #rows: SocketRows;
  readonly #flows: PacketFlows;
  readonly #shares = new Map<number, readonly Share[]>();

  constructor(rows: SocketRows, flows: PacketFlows) {
    this.#rows = rows;
    this.#flows = flows;
  }

  has(flow: number): boolean {
    return this.#shares.has(flow);
  }

  /** Divides the flow among `sockets`; `rows` are its own beside each of them, in the same order. */
  add(flow: number, sockets: Int32Array, rows: readonly number[]): void {
    const { ownerTold, table } = this.#rows;
    const { serial } = table.slots;
    const shares = rows.map((row, i) => {
      const socket = sockets[i]!;
      // Its owner is not searched for: the socket's own row says it.
      ownerTold[row] = OwnerTold.USER;
      return { row, rowSerial: serial[row]!, socket, socketSerial: serial[socket]! };
    });
    this.#shares.set(flow, shares);
    // Who is not known yet may be the same process; it is by the next collection.
    const areKnown = shares.every(({ socket }) => table.ownerBasis[socket] !== OwnerBasis.NONE);
    if (areKnown) this.#tellOwners(shares);
  }

  /** Brings the owners up to date; false: a socket has ended. */
  review(flow: number): boolean {
    const { life, table } = this.#rows;
    const shares = this.#shares.get(flow) ?? [];
    for (const { socket, socketSerial } of shares) {
      if (table.slots.serial[socket] !== socketSerial || life[socket] === RowLife.CLOSED) return false;
    }
    this.#tellOwners(shares);
    return true;
  }

  /** Whether the flow is divided among the first `count` of `sockets` and no others. */
  isAmong(flow: number, sockets: Int32Array, count: number): boolean {
    const shares = this.#shares.get(flow) ?? [];
    if (shares.length !== count) return false;
    const wanted = sockets.subarray(0, count);
    return shares.every(({ socket }) => wanted.includes(socket));
  }

  /** Adds what the flow has grown by to its rows. */
  credit(flow: number): void {
    const { table } = this.#rows;
    const flows = this.#flows;
    const shares = this.#shares.get(flow) ?? [];
    const parts = flows.isForMany[flow] === 1 ? 1 : shares.length;
    for (const [i, { row }] of shares.entries()) {
      table.txBytes[row]! += partOf(flows.txBytes[flow]!, parts, i);
      table.rxBytes[row]! += partOf(flows.rxBytes[flow]!, parts, i);
      table.txSegments[row]! += partOf(flows.txPackets[flow]!, parts, i);
      table.rxSegments[row]! += partOf(flows.rxPackets[flow]!, parts, i);
    }
    flows.take(flow);
  }

  /** Closes the flow's rows, and returns how many there were. */
  end(flow: number): number {
    const shares = this.#shares.get(flow) ?? [];
    this.#shares.delete(flow);
    for (const { row, rowSerial } of shares) {
      if (this.#rows.table.slots.serial[row] === rowSerial) this.#rows.markClosed(row);
    }
    return shares.length;
  }

  /** Each socket's owner to its row: as inferred, but where one process has them all. */
  #tellOwners(shares: readonly Share[]): void {
    const { ownerPid, ownerStartTicks, ownerBasis } = this.#rows.table;
    const first = shares[0]?.socket ?? 0;
    const isOnes = shares.every(
      ({ socket }) => ownerPid[socket] === ownerPid[first] && ownerBasis[socket] === ownerBasis[first],
    );
    for (const { row, socket } of shares) {
      const isInferred = ownerBasis[socket] === OwnerBasis.DESCRIPTOR && !isOnes;
      ownerPid[row] = ownerPid[socket]!;
      ownerStartTicks[row] = ownerStartTicks[socket]!;
      ownerBasis[row] = isInferred ? OwnerBasis.INFERRED : ownerBasis[socket]!;
    }
  }
}

/** Part `index` of a number divided into equal whole ones; the first of them have what is left over. */
function partOf(whole: number, parts: number, index: number): number {
  const part = Math.floor(whole / parts);
  return part + (index < whole - part * parts ? 1 : 0);
}
