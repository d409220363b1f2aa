import { OwnerBasis, PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { NetTcpLine } from '../proc/net-tcp.ts';
import { RowLife, SocketRows } from '../sockets/sockets.ts';
import { filesOf } from './shell-answer.ts';

export const PLAIN_FILES = ['net/tcp', 'net/tcp6', 'net/udp', 'net/udp6'] as const;
const AF_INET = 2;
const AF_INET6 = 10;
/** High word of the keys, whose low word is the inode: no cookie of the kernel looks so. */
const PSEUDO_COOKIE_HIGH = 0x70726f63;
const NEWLINE = 0x0a;

/** Sockets of a machine that has no ss: which there are and whose user's, without bytes and processes. */
export class PlainSockets {
  readonly rows = new SocketRows();
  readonly #line = new NetTcpLine();
  #sequence = 0;

  /** The answer to `g` with `PLAIN_FILES`. A socket that is not listed any more has closed. */
  store(answer: Uint8Array, nowMicros: number): void {
    const { rows } = this;
    rows.releaseClosed();
    this.#sequence++;
    const files = filesOf(answer);
    for (const name of PLAIN_FILES) {
      const text = files.get(name) ?? new Uint8Array(0);
      for (let start = 0, end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, start)) {
        if (this.#line.parse(text, start, end)) this.#see(name, nowMicros);
        start = end + 1;
      }
    }
    const { slots } = rows.table;
    for (const slot of slots.rows.subarray(0, slots.count)) {
      if (rows.seenSequence[slot] !== this.#sequence && rows.life[slot] === RowLife.LIVE)
        rows.markClosed(slot);
    }
  }

  #see(name: string, nowMicros: number): void {
    const line = this.#line;
    const { rows } = this;
    const { table } = rows;
    // Orphans and TIME_WAIT have nothing to be told apart by.
    if (line.inode === 0) return;
    let slot = rows.find(line.inode, PSEUDO_COOKIE_HIGH);
    if (slot < 0) {
      slot = rows.add(line.inode, PSEUDO_COOKIE_HIGH);
      if (slot < 0) return;
      table.firstSeenMicros[slot] = nowMicros;
      table.bornBeforeStart[slot] = this.#sequence === 1 ? 1 : 0;
      table.txBytes[slot] = table.rxBytes[slot] = Number.NaN;
      table.txSegments[slot] = table.rxSegments[slot] = Number.NaN;
      table.ownerBasis[slot] = OwnerBasis.HIDDEN;
    }
    rows.markLive(slot, this.#sequence);
    table.protocol[slot] = name.startsWith('net/tcp') ? PROTOCOL_TCP : PROTOCOL_UDP;
    table.family[slot] = line.isIpv6 ? AF_INET6 : AF_INET;
    table.state[slot] = line.state;
    table.uid[slot] = line.uid;
    table.inode[slot] = line.inode;
    table.localAddress.set(line.localAddress, slot << 2);
    table.remoteAddress.set(line.remoteAddress, slot << 2);
    table.localPort[slot] = line.localPort;
    table.remotePort[slot] = line.remotePort;
  }
}
