import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
import { type NetworkSection, SocketAccounts } from '../sample/network-section.ts';
import { SocketTable } from '../sample/socket-table.ts';
import { TcpState } from '../schema/network-columns.ts';

/** What is remembered of a socket: the sum that it belongs to, and its counters as they were last added. */
class Members extends columnsClass({
  serial: numbers('u32'),
  sum: numbers('i32', -1),
  accountTx: numbers('f64'),
  accountRx: numbers('f64'),
  tx: numbers('f64', Number.NaN),
  rx: numbers('f64', Number.NaN),
}) {}

/** The last bit of a sum's key: listeners, which have no remote host, have their port there. */
const CONNECTIONS = 0;
const LISTENERS = 1;

/**
 * Sockets summed by process and remote host, as a history keeps them: one row in place of the connections of a process
 * to a host, and one for each port that a process listens on. A sum never falls while any of its sockets lives: what a
 * closed one had stays in it. A port that differs among the sockets of a row is 0.
 */
export class HistorySockets {
  readonly sockets = new SocketTable();
  readonly accounts = new SocketAccounts();
  readonly #members = new Members();
  #isSeen = new Uint8Array(0);

  /** Brings the sums up to date with a section. */
  update(section: NetworkSection): void {
    const { sockets, accounts } = section;
    const { rows, count, capacity } = sockets.slots;
    this.#members.reserve(capacity);
    this.#isSeen.fill(0);
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (accounts.isClosed[slot] === 1) continue;
      const sum = this.#sumOf(section, slot);
      if (sum >= 0) this.#add(section, slot, sum);
    }
    this.sockets.slots.removeWhere((sum) => this.#isSeen[sum] !== 1);
  }

  #sumOf({ sockets, accounts, owners }: NetworkSection, slot: number): number {
    const owner = accounts.owner[slot]!;
    const host = accounts.host[slot]!;
    const isListener = host < 0 || sockets.state[slot] === TcpState.LISTEN;
    const protocol = (sockets.protocol[slot]! << 8) | sockets.family[slot]!;
    const word = isListener ? sockets.localPort[slot]! : host;
    // A slot may pass to another owner.
    const serial = owner < 0 ? 0 : owners.slots.serial[owner]!;
    const kind = ((serial << 1) | (isListener ? LISTENERS : CONNECTIONS)) >>> 0;
    const { slots } = this.sockets;
    const known = slots.find(owner + 1, word, protocol, kind);
    if (known >= 0) return known;
    const added = slots.add(owner + 1, word, protocol, kind);
    if (added < 0) return -1;
    this.accounts.reserve(slots.capacity);
    this.#reserveSeen(slots.capacity);
    this.sockets.clearRow(added);
    this.accounts.clearRow(added);
    return added;
  }

  #reserveSeen(capacity: number): void {
    if (this.#isSeen.length < capacity) this.#isSeen = lengthened(this.#isSeen, new Uint8Array(capacity));
  }

  #add({ sockets: from, accounts: fromAccounts }: NetworkSection, slot: number, sum: number): void {
    const { sockets, accounts } = this;
    const members = this.#members;
    const isFirst = this.#isSeen[sum] !== 1;
    const txBefore = known(accounts.txBytes[sum]!);
    const rxBefore = known(accounts.rxBytes[sum]!);
    const socketTx = sockets.txBytes[sum]!;
    const socketRx = sockets.rxBytes[sum]!;
    if (isFirst) {
      sockets.copyRow(sum, from, slot);
      accounts.copyRow(sum, fromAccounts, slot);
      this.#isSeen[sum] = 1;
      [sockets.txBytes[sum], sockets.rxBytes[sum]] = [socketTx, socketRx];
    } else this.#merge(from, slot, sum);
    const isNew = members.serial[slot] !== from.slots.serial[slot] || members.sum[slot] !== sum;
    if (isNew) members.clearRow(slot);
    members.serial[slot] = from.slots.serial[slot]!;
    members.sum[slot] = sum;
    const accountTx = known(fromAccounts.txBytes[slot]!);
    const accountRx = known(fromAccounts.rxBytes[slot]!);
    accounts.txBytes[sum] = txBefore + Math.max(0, accountTx - members.accountTx[slot]!);
    accounts.rxBytes[sum] = rxBefore + Math.max(0, accountRx - members.accountRx[slot]!);
    members.accountTx[slot] = accountTx;
    members.accountRx[slot] = accountRx;
    sockets.txBytes[sum] = grown(sockets.txBytes[sum]!, members.tx[slot]!, from.txBytes[slot]!);
    sockets.rxBytes[sum] = grown(sockets.rxBytes[sum]!, members.rx[slot]!, from.rxBytes[slot]!);
    members.tx[slot] = from.txBytes[slot]!;
    members.rx[slot] = from.rxBytes[slot]!;
  }

  /** Adds another socket to a sum that has the facts of its first. */
  #merge(from: SocketTable, slot: number, sum: number): void {
    const { sockets } = this;
    if (from.localPort[slot] !== sockets.localPort[sum]) sockets.localPort[sum] = 0;
    if (from.remotePort[slot] !== sockets.remotePort[sum]) sockets.remotePort[sum] = 0;
    if (from.state[slot] === TcpState.ESTABLISHED) sockets.state[sum] = TcpState.ESTABLISHED;
    sockets.inode[sum] = 0;
    sockets.retransmits[sum]! += from.retransmits[slot]!;
    sockets.txSegments[sum]! += from.txSegments[slot]!;
    sockets.rxSegments[sum]! += from.rxSegments[slot]!;
    sockets.rttMicros[sum] = Math.min(sockets.rttMicros[sum]!, from.rttMicros[slot]!);
    sockets.firstSeenMicros[sum] = Math.min(sockets.firstSeenMicros[sum]!, from.firstSeenMicros[slot]!);
  }
}

function known(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

/** A sum after one of its counters went from `before` to `now`; NaN where nothing is counted. */
function grown(sum: number, before: number, now: number): number {
  if (Number.isNaN(now)) return sum;
  return known(sum) + Math.max(0, now - known(before));
}
