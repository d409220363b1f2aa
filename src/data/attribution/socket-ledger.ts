import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { isLoopbackAddress, isUnspecifiedAddress } from '../sample/address.ts';
import { type InterfaceTable, loopbackInterfaceIndex } from '../sample/interface-table.ts';
import type { SocketTable } from '../sample/socket-table.ts';
import { ADDRESS_WORDS, SOCKET_ACCOUNT_COLUMNS, TcpState } from '../schema/network-columns.ts';

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

/** Hashes ports, last words of both addresses, and the interface: another value means another peer. */
function endpointFingerprint(sockets: SocketTable, slot: number): number {
  const last = slot * ADDRESS_WORDS + ADDRESS_WORDS - 1;
  const ports = (sockets.remotePort[slot]! << 16) | sockets.localPort[slot]!;
  const remote = Math.imul(sockets.remoteAddress[last]! ^ sockets.remoteAddress[last - 2]!, 0x9e3779b1);
  const local = Math.imul(sockets.localAddress[last]!, 0x85ebca6b);
  return ports ^ remote ^ local ^ Math.imul(sockets.interfaceIndex[slot]!, 0xc2b2ae35);
}

/** Finds the interface that a socket's traffic goes over, from its addresses. */
export class SocketInterfaces {
  #loopback = 0;
  #fingerprint = -1;

  /** Before a sample's sockets; true if addresses have come, gone or moved, so that answers may differ. */
  refresh(interfaces: InterfaceTable): boolean {
    this.#loopback = loopbackInterfaceIndex(interfaces);
    const { rows, count, serial } = interfaces.addresses.slots;
    let fingerprint = Math.imul(count + 1, this.#loopback + 1);
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const mixed = Math.imul(serial[slot]!, 0x9e3779b1) ^ interfaces.addresses.interfaceIndex[slot]!;
      // A sum, so that the order of the rows does not matter.
      fingerprint = (fingerprint + Math.imul(mixed, 0x85ebca6b)) | 0;
    }
    const hasChanged = fingerprint !== this.#fingerprint;
    this.#fingerprint = fingerprint;
    return hasChanged;
  }

  /**
   * The loopback interface's index where either end is a loopback address or the remote one is this machine's own;
   * else that of the local address; 0 where it is bound to none or belongs to no interface.
   */
  of(sockets: SocketTable, slot: number, interfaces: InterfaceTable): number {
    const at = slot * ADDRESS_WORDS;
    const { localAddress, remoteAddress } = sockets;
    if (isLoopbackAddress(localAddress, at)) return this.#loopback;
    if (isConnected(sockets, slot)) {
      if (isLoopbackAddress(remoteAddress, at)) return this.#loopback;
      if (interfaceOfAddress(interfaces, remoteAddress, at) !== 0) return this.#loopback;
    }
    return interfaceOfAddress(interfaces, localAddress, at);
  }
}

/** Whether the socket has a peer. */
export function isConnected(sockets: SocketTable, slot: number): boolean {
  if (sockets.state[slot] === TcpState.LISTEN || sockets.remotePort[slot] === 0) return false;
  return !isUnspecifiedAddress(sockets.remoteAddress, slot * ADDRESS_WORDS);
}

function interfaceOfAddress(interfaces: InterfaceTable, words: Uint32Array, at: number): number {
  const slot = interfaces.addresses.slots.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  return slot < 0 ? 0 : interfaces.addresses.interfaceIndex[slot]!;
}
