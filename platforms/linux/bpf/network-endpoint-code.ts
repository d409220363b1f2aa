import { type Assembler, Jump, R1, R7, R10, Size } from './instruction.ts';
import { copyDoubleWords } from './network-code.ts';
import { BpfSock } from './network-context.ts';
import { emitPacketAddress, storeMapped } from './network-header-code.ts';
import { AF_INET, FlowKey, FlowValue } from './network-layout.ts';
import { KEY, VALUE } from './network-skb-stack.ts';

const LOCAL = VALUE + FlowValue.LOCAL_ADDRESS;
const REMOTE = VALUE + FlowValue.REMOTE_ADDRESS;

/** Both ends as the socket has them; unspecified where it has none. */
export function emitConnectedEndpoints(code: Assembler): void {
  emitLocalPort(code);
  code.load(Size.W, R1, R7, BpfSock.DESTINATION_PORT).swapNetworkOrder(R1, 16);
  code.store(Size.H, R10, VALUE + FlowValue.REMOTE_PORT, R1);
  code.load(Size.W, R1, R7, BpfSock.FAMILY).store(Size.H, R10, VALUE + FlowValue.FAMILY, R1);
  code.jumpIfImmediate(Jump.NE, R1, AF_INET, 'endpoints.six');
  code.load(Size.W, R1, R7, BpfSock.SOURCE_IP4);
  storeMapped(code, LOCAL);
  code.load(Size.W, R1, R7, BpfSock.DESTINATION_IP4);
  storeMapped(code, REMOTE);
  code.jump('endpoints.done').label('endpoints.six');
  for (let at = 0; at < 16; at += 4) {
    code.load(Size.W, R1, R7, BpfSock.SOURCE_IP6 + at).swapNetworkOrder(R1, 32);
    code.store(Size.W, R10, LOCAL + at, R1);
    code.load(Size.W, R1, R7, BpfSock.DESTINATION_IP6 + at).swapNetworkOrder(R1, 32);
    code.store(Size.W, R10, REMOTE + at, R1);
  }
  code.label('endpoints.done');
}

/** The remote end from the key, the local address from the packet. */
export function emitPeerEndpoints(code: Assembler, direction: 'ingress' | 'egress'): void {
  emitLocalPort(code);
  code.load(Size.H, R1, R10, KEY + FlowKey.REMOTE_PORT);
  code.store(Size.H, R10, VALUE + FlowValue.REMOTE_PORT, R1);
  code.load(Size.W, R1, R7, BpfSock.FAMILY).store(Size.H, R10, VALUE + FlowValue.FAMILY, R1);
  copyDoubleWords(code, R10, REMOTE, R10, KEY + FlowKey.REMOTE_ADDRESS, 16);
  emitPacketAddress(code, 'peer.local', direction === 'egress', LOCAL);
}

function emitLocalPort(code: Assembler): void {
  code.load(Size.W, R1, R7, BpfSock.SOURCE_PORT).store(Size.H, R10, VALUE + FlowValue.LOCAL_PORT, R1);
}
