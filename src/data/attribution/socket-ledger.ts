import { columnsClass, numbers } from '../../kit/table/columns.ts';
import type { SocketTable } from '../sample/socket-table.ts';
import { ADDRESS_WORDS, SOCKET_ACCOUNT_COLUMNS } from '../schema/network-columns.ts';

const LEDGER_COLUMNS = {
  ...SOCKET_ACCOUNT_COLUMNS,
  serial: numbers('u32'),
  /** Traffic rows that the socket's growth goes to, -1 not looked up yet. */
  traffic: numbers('i32'),
  hostTraffic: numbers('i32'),
  /** Counters as far as they are counted; NaN: not known yet, the next value is the baseline. */
  lastTx: numbers('f64'),
  lastRx: numbers('f64'),
  lastTxSegments: numbers('f64'),
  lastRxSegments: numbers('f64'),
  /** The collector's words about the owner that `owner` was chosen by. */
  ownerPid: numbers('i32'),
  ownerStartTicks: numbers('f64'),
  ownerBasis: numbers('u8'),
  /** 1: its growth has been held back for one sample already, in hope of an owner. */
  wasHeld: numbers('u8'),
  /** Of the addresses and ports that `host` and `interfaceIndex` were chosen by. */
  fingerprint: numbers('i32'),
};

/** What attribution remembers of each socket, in columns beside the collector's table; valid while serials agree. */
export class SocketLedger extends columnsClass(LEDGER_COLUMNS) {
  /** A socket seen for the first time. What it counted before is a baseline, or its first bytes. */
  begin(sockets: SocketTable, slot: number, isBaseline: boolean): void {
    this.serial[slot] = sockets.slots.serial[slot]!;
    this.owner[slot] = -1;
    this.host[slot] = -1;
    this.traffic[slot] = -1;
    this.hostTraffic[slot] = -1;
    this.lastTx[slot] = isBaseline ? sockets.txBytes[slot]! : 0;
    this.lastRx[slot] = isBaseline ? sockets.rxBytes[slot]! : 0;
    this.lastTxSegments[slot] = isBaseline ? sockets.txSegments[slot]! : 0;
    this.lastRxSegments[slot] = isBaseline ? sockets.rxSegments[slot]! : 0;
    this.txBytes[slot] = Number.isNaN(sockets.txBytes[slot]!) ? Number.NaN : 0;
    this.rxBytes[slot] = Number.isNaN(sockets.rxBytes[slot]!) ? Number.NaN : 0;
    this.wasHeld[slot] = isBaseline ? 1 : 0;
    this.rememberEndpoints(sockets, slot);
  }

  /** A TCP socket can be connected anew, a UDP socket at any time. */
  hasOtherEndpoints(sockets: SocketTable, slot: number): boolean {
    return this.fingerprint[slot] !== endpointFingerprint(sockets, slot);
  }

  rememberEndpoints(sockets: SocketTable, slot: number): void {
    this.fingerprint[slot] = endpointFingerprint(sockets, slot);
  }

  hasOtherOwner(sockets: SocketTable, slot: number): boolean {
    return (
      this.ownerPid[slot] !== sockets.ownerPid[slot] ||
      this.ownerBasis[slot] !== sockets.ownerBasis[slot] ||
      this.ownerStartTicks[slot] !== sockets.ownerStartTicks[slot]
    );
  }

  rememberOwner(sockets: SocketTable, slot: number): void {
    this.ownerPid[slot] = sockets.ownerPid[slot]!;
    this.ownerBasis[slot] = sockets.ownerBasis[slot]!;
    this.ownerStartTicks[slot] = sockets.ownerStartTicks[slot]!;
  }
}

/**
 * Mixes ports, the last words of both addresses and the interface, where the collector tells it: what changes when a
 * socket is connected to somebody else.
 */
function endpointFingerprint(sockets: SocketTable, slot: number): number {
  const last = slot * ADDRESS_WORDS + ADDRESS_WORDS - 1;
  const ports = (sockets.remotePort[slot]! << 16) | sockets.localPort[slot]!;
  const remote = Math.imul(sockets.remoteAddress[last]! ^ sockets.remoteAddress[last - 2]!, 0x9e3779b1);
  const local = Math.imul(sockets.localAddress[last]!, 0x85ebca6b);
  return ports ^ remote ^ local ^ Math.imul(sockets.interfaceIndex[slot]!, 0xc2b2ae35);
}
