import { isLoopbackAddress, isUnspecifiedAddress } from '../sample/address.ts';
import { type InterfaceTable, loopbackInterfaceIndex } from '../sample/interface-table.ts';
import type { SocketTable } from '../sample/socket-table.ts';
import { ADDRESS_WORDS, TcpState } from '../schema/network-columns.ts';

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
