import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { Alu, type Assembler, Helper, Jump, Register, Size } from './instruction.ts';
import { copyDoubleWords, zeroStack } from './network-code.ts';
import {
  BpfSock,
  Family,
  FlowKey,
  FlowValue,
  IP_HEADER_BYTES,
  PEER_BYTES,
  SkBuff,
  Stack,
} from './network-layout.ts';

const { R0, R1, R2, R3, R4, R6, R7, R8, R10 } = Register;

/** RFC 791: 20 bytes, at 9 the protocol, at 12 source and at 16 destination; with ports there are 24 at least. */
const IPV4_LEAST_BYTES = 24;
const IPV4_HEADER_BYTES = 20;
const Ipv4 = { PROTOCOL: 9, SOURCE: 12, DESTINATION: 16 } as const;
/** RFC 8200: 40 bytes, at 4 the payload's length, at 6 the next header. */
const Ipv6 = { PAYLOAD_LENGTH: 4, NEXT_HEADER: 6, SOURCE: 8, DESTINATION: 24 } as const;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const DESTINATION_OPTIONS = 60;
/** More extension headers than anything real has; behind them the transport header is not looked for. */
const EXTENSIONS_LIMIT = 4;
/** The option that the kernel puts before packets of over 64 KiB, and takes away before the wire (BIG TCP). */
const JUMBO_OPTION_BYTES = 8;
/** Where a transport header is without options and extensions. */
const USUAL_OFFSETS = [IPV4_HEADER_BYTES, IP_HEADER_BYTES];
const TCP_DATA_OFFSET = 12;
const UDP_HEADER_BYTES = 8;

/**
 * Copies bytes of the packet, counted from the IP header, to the stack: the offset is R2's. To `failed` if it is
 * shorter. Where they mostly are, at one of the `usual` offsets in the linear part, no call is needed.
 */
function loadBytes(
  code: Assembler,
  stackOffset: number,
  bytes: number,
  failed: string,
  usual: readonly number[] = [],
): void {
  const name = `bytes.${code.length}`;
  for (const offset of usual) {
    const next = `${name}.not.${offset}`;
    code.jumpIfImmediate(Jump.NE, R2, offset, next);
    readLinear(code, stackOffset, bytes, offset, `${name}.elsewhere`);
    code.jump(`${name}.loaded`).label(next);
  }
  code.label(`${name}.elsewhere`).move(R1, R6).stackAddress(R3, stackOffset);
  code.moveImmediate(R4, bytes).call(Helper.SKB_LOAD_BYTES).jumpIfImmediate(Jump.NE, R0, 0, failed);
  code.label(`${name}.loaded`);
}

/** By way of R1; to `elsewhere` where the linear part ends before. An offset in a register would need CAP_PERFMON. */
function readLinear(
  code: Assembler,
  stackOffset: number,
  bytes: number,
  offset: number,
  elsewhere: string,
): void {
  code.load(Size.W, R1, R6, SkBuff.DATA).load(Size.W, R3, R6, SkBuff.DATA_END).move(R4, R1);
  code.aluImmediate(Alu.ADD, R4, offset + bytes).jumpIf(Jump.GT, R4, R3, elsewhere);
  for (let at = 0; at < bytes; ) {
    const [size, width] = widest(bytes - at);
    code.load(size, R4, R1, offset + at).store(size, R10, stackOffset + at, R4);
    at += width;
  }
}

function widest(bytes: number): readonly [Size, number] {
  if (bytes >= 8) return [Size.DW, 8];
  if (bytes >= 4) return [Size.W, 4];
  return bytes >= 2 ? [Size.H, 2] : [Size.B, 1];
}

/**
 * By the version of the IP header on the stack. The verifier walks IPv6 first, which leaves more on the stack: what
 * comes after IPv4 is then known to it already.
 */
function jumpUnlessSix(code: Assembler, four: string): void {
  code.load(Size.B, R1, R10, Stack.IP_HEADER).aluImmediate(Alu.RSH, R1, 4);
  code.jumpIfImmediate(Jump.NE, R1, 6, four);
}

/** The IP header, where the transport header is, and which; to `parsed`, or `failed` where it is none of ours. */
export function emitHeaders(code: Assembler, parsed: string, failed: string): void {
  code.storeImmediate(Size.W, R10, Stack.JUMBO_BYTES, 0);
  for (let at = 0; at < IP_HEADER_BYTES; at += 8) code.storeImmediate(Size.DW, R10, Stack.IP_HEADER + at, 0);
  code.moveImmediate(R2, 0);
  loadBytes(code, Stack.IP_HEADER, IPV4_LEAST_BYTES, failed, [0]);
  jumpUnlessSix(code, 'headers.four');
  code.moveImmediate(R2, 0);
  loadBytes(code, Stack.IP_HEADER, IP_HEADER_BYTES, failed, [0]);
  code.storeImmediate(Size.W, R10, Stack.TRANSPORT_OFFSET, IP_HEADER_BYTES);
  code.load(Size.B, R1, R10, Stack.IP_HEADER + Ipv6.NEXT_HEADER).store(Size.W, R10, Stack.NEXT_HEADER, R1);
  code.jumpIfImmediate(Jump.NE, R1, HOP_BY_HOP, 'extension.0');
  code.load(Size.H, R1, R10, Stack.IP_HEADER + Ipv6.PAYLOAD_LENGTH);
  code.jumpIfImmediate(Jump.NE, R1, 0, 'extension.0');
  code.storeImmediate(Size.W, R10, Stack.JUMBO_BYTES, JUMBO_OPTION_BYTES);
  code.aluImmediate(Alu.SUB, R8, JUMBO_OPTION_BYTES);
  for (let i = 0; i < EXTENSIONS_LIMIT; i++) emitExtension(code, i, parsed, failed);
  code.label(`extension.${EXTENSIONS_LIMIT}`).jump(parsed);
  code.label('headers.four').load(Size.B, R1, R10, Stack.IP_HEADER);
  code.aluImmediate(Alu.AND, R1, 15).aluImmediate(Alu.LSH, R1, 2);
  code.store(Size.W, R10, Stack.TRANSPORT_OFFSET, R1);
  code.load(Size.B, R1, R10, Stack.IP_HEADER + Ipv4.PROTOCOL).store(Size.W, R10, Stack.NEXT_HEADER, R1);
}

/** Steps over one extension header: 0 next header | 1 length in 8 bytes, without the first 8. */
function emitExtension(code: Assembler, index: number, parsed: string, failed: string): void {
  const step = `extension.${index}.step`;
  code.label(`extension.${index}`).load(Size.W, R1, R10, Stack.NEXT_HEADER);
  for (const kind of [HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS]) {
    code.jumpIfImmediate(Jump.EQ, R1, kind, step);
  }
  code.jump(parsed).label(step).load(Size.W, R2, R10, Stack.TRANSPORT_OFFSET);
  loadBytes(code, Stack.SCRATCH, 2, failed);
  code.load(Size.B, R1, R10, Stack.SCRATCH).store(Size.W, R10, Stack.NEXT_HEADER, R1);
  code.load(Size.B, R1, R10, Stack.SCRATCH + 1).aluImmediate(Alu.ADD, R1, 1);
  code.aluImmediate(Alu.LSH, R1, 3);
  code.load(Size.W, R2, R10, Stack.TRANSPORT_OFFSET).alu(Alu.ADD, R1, R2);
  code.store(Size.W, R10, Stack.TRANSPORT_OFFSET, R1);
}

/**
 * A packet that stands for several has its headers once: R8 grows by those of the others. Some drivers leave the
 * number of packets open (virtio), then it follows from the size of each.
 */
export function emitSegmentation(code: Assembler, done: string): void {
  code.load(Size.W, R1, R6, SkBuff.GSO_SIZE).jumpIfImmediate(Jump.EQ, R1, 0, done);
  code.load(Size.W, R1, R10, Stack.NEXT_HEADER);
  code.jumpIfImmediate(Jump.EQ, R1, PROTOCOL_TCP, 'segmentation.tcp');
  code.jumpIfImmediate(Jump.NE, R1, PROTOCOL_UDP, done);
  code.moveImmediate(R1, UDP_HEADER_BYTES).jump('segmentation.header');
  code.label('segmentation.tcp').load(Size.W, R2, R10, Stack.TRANSPORT_OFFSET);
  code.aluImmediate(Alu.ADD, R2, TCP_DATA_OFFSET);
  const offsets = USUAL_OFFSETS.map((offset) => offset + TCP_DATA_OFFSET);
  loadBytes(code, Stack.SCRATCH, 1, done, offsets);
  code.load(Size.B, R1, R10, Stack.SCRATCH).aluImmediate(Alu.RSH, R1, 4).aluImmediate(Alu.LSH, R1, 2);
  code.label('segmentation.header').load(Size.W, R2, R10, Stack.TRANSPORT_OFFSET).alu(Alu.ADD, R1, R2);
  code.load(Size.W, R2, R10, Stack.JUMBO_BYTES).alu(Alu.SUB, R1, R2);
  code.store(Size.W, R10, Stack.HEADER_BYTES, R1);
  emitSegmentCount(code, done);
  code.load(Size.W, R1, R10, Stack.PACKETS).aluImmediate(Alu.SUB, R1, 1);
  code.load(Size.W, R2, R10, Stack.HEADER_BYTES).alu(Alu.MUL, R1, R2).alu(Alu.ADD, R8, R1);
}

/** packets = ceil((bytes - headers) / size of each), unless the packet says; to `done` if it is all headers. */
function emitSegmentCount(code: Assembler, done: string): void {
  code.load(Size.W, R1, R6, SkBuff.GSO_SEGS).jumpIfImmediate(Jump.NE, R1, 0, 'segmentation.counted');
  code.load(Size.W, R2, R10, Stack.HEADER_BYTES).jumpIf(Jump.GE, R2, R8, done);
  code.move(R1, R8).alu(Alu.SUB, R1, R2).load(Size.W, R2, R6, SkBuff.GSO_SIZE);
  code.alu(Alu.ADD, R1, R2).aluImmediate(Alu.SUB, R1, 1);
  code.alu(Alu.DIV, R1, R2).store(Size.W, R10, Stack.PACKETS, R1);
  code.label('segmentation.counted');
}

/** The remote end of the packet to the key. */
export function emitPeer(code: Assembler, direction: 'ingress' | 'egress'): void {
  const isIngress = direction === 'ingress';
  const address = Stack.KEY + FlowKey.REMOTE_ADDRESS;
  zeroStack(code, address, PEER_BYTES);
  emitPacketAddress(code, 'peer.remote', isIngress, address);
  code.load(Size.W, R1, R7, BpfSock.PROTOCOL).jumpIfImmediate(Jump.NE, R1, PROTOCOL_UDP, 'peer.keyed');
  code.load(Size.W, R2, R10, Stack.TRANSPORT_OFFSET);
  loadBytes(code, Stack.SCRATCH, 4, 'peer.keyed', USUAL_OFFSETS);
  code.load(Size.H, R1, R10, Stack.SCRATCH + (isIngress ? 0 : 2)).swapNetworkOrder(R1, 16);
  code.store(Size.H, R10, Stack.KEY + FlowKey.REMOTE_PORT, R1).label('peer.keyed');
  // Beside the port, of which the verifier then remembers nothing.
  code.storeImmediate(Size.B, R10, Stack.KEY + FlowKey.HAS_REMOTE, 1);
}

/** Source or destination of the packet, in words, to the stack. */
function emitPacketAddress(code: Assembler, name: string, isSource: boolean, offset: number): void {
  const four = `${name}.four`;
  const done = `${name}.done`;
  jumpUnlessSix(code, four);
  const from = Stack.IP_HEADER + (isSource ? Ipv6.SOURCE : Ipv6.DESTINATION);
  for (let at = 0; at < 16; at += 4) {
    code.load(Size.W, R1, R10, from + at).swapNetworkOrder(R1, 32);
    code.store(Size.W, R10, offset + at, R1);
  }
  code.jump(done).label(four);
  code.load(Size.W, R1, R10, Stack.IP_HEADER + (isSource ? Ipv4.SOURCE : Ipv4.DESTINATION));
  storeMapped(code, offset);
  code.label(done);
}

/** The IPv4 address in R1, in network order, as an IPv4-mapped one to the stack. */
function storeMapped(code: Assembler, offset: number): void {
  for (const [at, word] of [0, 0, 0xffff].entries()) code.storeImmediate(Size.W, R10, offset + at * 4, word);
  code.swapNetworkOrder(R1, 32).store(Size.W, R10, offset + 12, R1);
}

const LOCAL = Stack.VALUE + FlowValue.LOCAL_ADDRESS;
const REMOTE = Stack.VALUE + FlowValue.REMOTE_ADDRESS;

/** Both ends as the socket has them; unspecified where it has none. */
export function emitConnectedEndpoints(code: Assembler): void {
  emitLocalPort(code);
  code.load(Size.W, R1, R7, BpfSock.DESTINATION_PORT).swapNetworkOrder(R1, 16);
  code.store(Size.H, R10, Stack.VALUE + FlowValue.REMOTE_PORT, R1);
  code.load(Size.W, R1, R7, BpfSock.FAMILY).store(Size.H, R10, Stack.VALUE + FlowValue.FAMILY, R1);
  // IPv6 first for the verifier, as in jumpUnlessSix.
  code.jumpIfImmediate(Jump.EQ, R1, Family.INET, 'endpoints.four');
  for (let at = 0; at < 16; at += 4) {
    code.load(Size.W, R1, R7, BpfSock.SOURCE_IP6 + at).swapNetworkOrder(R1, 32);
    code.store(Size.W, R10, LOCAL + at, R1);
    code.load(Size.W, R1, R7, BpfSock.DESTINATION_IP6 + at).swapNetworkOrder(R1, 32);
    code.store(Size.W, R10, REMOTE + at, R1);
  }
  code.jump('endpoints.done').label('endpoints.four').load(Size.W, R1, R7, BpfSock.SOURCE_IP4);
  storeMapped(code, LOCAL);
  code.load(Size.W, R1, R7, BpfSock.DESTINATION_IP4);
  storeMapped(code, REMOTE);
  code.label('endpoints.done');
}

/** The remote end from the key, the local address from the packet. */
export function emitPeerEndpoints(code: Assembler, direction: 'ingress' | 'egress'): void {
  emitLocalPort(code);
  code.load(Size.H, R1, R10, Stack.KEY + FlowKey.REMOTE_PORT);
  code.store(Size.H, R10, Stack.VALUE + FlowValue.REMOTE_PORT, R1);
  code.load(Size.W, R1, R7, BpfSock.FAMILY).store(Size.H, R10, Stack.VALUE + FlowValue.FAMILY, R1);
  copyDoubleWords(code, R10, REMOTE, R10, Stack.KEY + FlowKey.REMOTE_ADDRESS, 16);
  emitPacketAddress(code, 'peer.local', direction === 'egress', LOCAL);
}

function emitLocalPort(code: Assembler): void {
  code.load(Size.W, R1, R7, BpfSock.SOURCE_PORT).store(Size.H, R10, Stack.VALUE + FlowValue.LOCAL_PORT, R1);
}
