import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import {
  CLIENT_HELLO,
  DNS_PORT,
  HTTP_HEADS,
  QUIC_DATAGRAM_BYTES,
  QUIC_LONG_HEADER,
  QuicVersion,
  TLS_HANDSHAKE,
  TLS_HEADER_BYTES,
  TLS_MAJOR,
} from '../first-bytes.ts';
import { Alu, Assembler, Helper, Jump, Register, Size } from './instruction.ts';
import { STORAGE_CREATE, storageOf } from './network-code.ts';
import { BpfSock, Owner, SkBuff, Storage } from './network-layout.ts';

const { R0, R1, R2, R3, R4, R6, R7, R8, R9, R10 } = Register;

/**
 * What is copied of a packet, to the ring:
 *
 *    0 PID u32 of the socket's owner in the PID namespace of the program that counts, 0: not known | 4 sent u32
 *    8 start of that process u64, ns since boot, 0: not known | 16 bytes copied u32 | 20 bytes of the packet u32
 *   24 the packet from its IP header on
 */
export const PacketRecord = { PID: 0, IS_SENT: 4, START: 8, CAPTURED: 16, LENGTH: 20, PACKET: 24 } as const;

/**
 * Sizes of records, of which the smallest that holds the packet is taken: an answer or a plain ClientHello, an Ethernet
 * packet, a ClientHello with post-quantum keys, and 4 KiB of payload.
 */
const PACKET_BYTES = { small: 640, usual: 1536, long: 2304, large: 4224 } as const;

/** Beside sockets in the middle of a ClientHello: 0 wanted u64, not 0: later segments are wanted too. */
export const FIRST_STORAGE_BYTES = 8;

/** Descriptors of the maps that the programs use. */
export interface FirstPacketMaps {
  readonly ring: number;
  /** SK_STORAGE of FIRST_STORAGE_BYTES. */
  readonly wanted: number;
  /** Owners of sockets, as NetworkMaps has them. */
  readonly owners: number;
}

const LEAST_IP_BYTES = 20;
const IPV6_BYTES = 40;
/** Version 4, header of 20 bytes. */
const PLAIN_IPV4 = 0x45;
const UDP_BYTES = 8;
const TCP_DATA_OFFSET = 12;
/** Type and length of a handshake message (RFC 8446, 4). */
const HANDSHAKE_HEADER_BYTES = 4;
/** A head of HTTP ends so. */
const BLANK_LINE = 0x0d0a_0d0a;
/** struct bpf_tcp_sock, include/uapi/linux/bpf.h: segments with data so far, this one included. */
const DATA_SEGMENTS_OUT = 68;
/** 4 KiB in the smallest segments that are usual. */
const SEGMENTS_LIMIT = 8;
const INITIAL_PACKET_BYTES = QUIC_DATAGRAM_BYTES + LEAST_IP_BYTES + UDP_BYTES;
const TLS_HEAD = TLS_HANDSHAKE * 0x100 + TLS_MAJOR;
const NO_WAKEUP = 1;

/** The stack: eight bytes of the packet, and its length. */
const BYTES = -8;
const LENGTH = -16;

/**
 * cgroup_skb/egress: copies the first segment of a connection that begins with a ClientHello or a request of HTTP, the
 * segments behind it where its end is not in that one, and datagrams that begin with an Initial packet of
 * QUIC. Always lets the packet pass.
 *
 * Registers: R6 context, R7 socket, R8 segments before this one, R9 an offset in the packet.
 */
export function firstSentProgram(maps: FirstPacketMaps): Uint8Array {
  const code = new Assembler();
  emitSocket(code);
  code.jumpIfImmediate(Jump.EQ, R1, PROTOCOL_TCP, 'tcp').jumpIfImmediate(Jump.NE, R1, PROTOCOL_UDP, 'out');
  emitInitial(code);
  code.label('tcp');
  emitSegment(code, maps);
  emitCopy(code, maps, true);
  return code.label('out').returnImmediate(1).build();
}

/** cgroup_skb/ingress: copies what comes from port 53. Always lets the packet pass. */
export function answersProgram(maps: FirstPacketMaps): Uint8Array {
  const code = new Assembler();
  emitSocket(code);
  code.jumpIfImmediate(Jump.EQ, R1, PROTOCOL_TCP, 'connected');
  code.jumpIfImmediate(Jump.NE, R1, PROTOCOL_UDP, 'out');
  code.load(Size.W, R1, R7, BpfSock.STATE).jumpIfImmediate(Jump.EQ, R1, TcpState.ESTABLISHED, 'connected');
  emitUsualPlace(code, 0, Size.H, (found) => {
    code.swapNetworkOrder(found, 16).jumpIfImmediate(Jump.EQ, found, DNS_PORT, 'copy').jump('out');
  });
  emitTransportOffset(code);
  loadPacket(code, BYTES, 2, 'out');
  code.load(Size.H, R1, R10, BYTES).swapNetworkOrder(R1, 16).jumpIfImmediate(Jump.EQ, R1, DNS_PORT, 'copy');
  code.jump('out').label('connected').load(Size.W, R1, R7, BpfSock.DESTINATION_PORT).swapNetworkOrder(R1, 16);
  code.jumpIfImmediate(Jump.NE, R1, DNS_PORT, 'out');
  emitCopy(code, maps, false);
  return code.label('out').returnImmediate(1).build();
}

/** R7 = the socket, R1 = its protocol. */
function emitSocket(code: Assembler): void {
  code.move(R6, R1).load(Size.DW, R1, R6, SkBuff.SK).jumpIfImmediate(Jump.EQ, R1, 0, 'out');
  code.call(Helper.SK_FULLSOCK).jumpIfImmediate(Jump.EQ, R0, 0, 'out').move(R7, R0);
  code.load(Size.W, R1, R7, BpfSock.PROTOCOL);
}

/** Copies bytes from offset R9 of the packet to the stack; to `failed` where it is shorter. */
function loadPacket(code: Assembler, stackOffset: number, bytes: number, failed: string): void {
  code.move(R1, R6).move(R2, R9).stackAddress(R3, stackOffset);
  code.moveImmediate(R4, bytes).call(Helper.SKB_LOAD_BYTES).jumpIfImmediate(Jump.NE, R0, 0, failed);
}

/** R9 = where TCP or UDP begins, where IPv6 has no extensions. */
function emitTransportOffset(code: Assembler): void {
  const name = `ip.${code.length}`;
  code.moveImmediate(R9, 0);
  loadPacket(code, BYTES, 1, 'out');
  code.load(Size.B, R1, R10, BYTES).move(R9, R1).aluImmediate(Alu.RSH, R1, 4);
  code.jumpIfImmediate(Jump.EQ, R1, 6, `${name}.six`).aluImmediate(Alu.AND, R9, 15);
  code.aluImmediate(Alu.LSH, R9, 2);
  code.jump(`${name}.done`).label(`${name}.six`).moveImmediate(R9, IPV6_BYTES).label(`${name}.done`);
}

/**
 * Reads behind the IP header without a call where it is in the linear part and has the usual length, hands the register
 * with what is there to `use`, which jumps; goes on where it is elsewhere.
 */
function emitUsualPlace(code: Assembler, offset: number, size: Size, use: (found: number) => void): void {
  const name = `usual.${code.length}`;
  code.load(Size.W, R1, R6, SkBuff.DATA).load(Size.W, R2, R6, SkBuff.DATA_END).move(R3, R1);
  code.aluImmediate(Alu.ADD, R3, IPV6_BYTES + offset + 2).jumpIf(Jump.GT, R3, R2, `${name}.not`);
  code.load(Size.B, R3, R1, 0).jumpIfImmediate(Jump.NE, R3, PLAIN_IPV4, `${name}.six`);
  code.load(size, R3, R1, LEAST_IP_BYTES + offset);
  use(R3);
  code.label(`${name}.six`).aluImmediate(Alu.RSH, R3, 4).jumpIfImmediate(Jump.NE, R3, 6, `${name}.not`);
  code.load(size, R3, R1, IPV6_BYTES + offset);
  use(R3);
  code.label(`${name}.not`);
}

/** To `copy` where the datagram begins with an Initial packet. */
function emitInitial(code: Assembler): void {
  code.load(Size.W, R1, R6, SkBuff.LEN).jumpIfImmediate(Jump.LT, R1, INITIAL_PACKET_BYTES, 'out');
  emitUsualPlace(code, UDP_BYTES, Size.B, (found) => {
    code.aluImmediate(Alu.AND, found, QUIC_LONG_HEADER);
    code.jumpIfImmediate(Jump.NE, found, QUIC_LONG_HEADER, 'out');
    code.jump('initial');
  });
  code.label('initial');
  emitTransportOffset(code);
  code.aluImmediate(Alu.ADD, R9, UDP_BYTES);
  // The version behind the first byte is aligned then.
  loadPacket(code, BYTES + 3, 5, 'out');
  code.load(Size.B, R1, R10, BYTES + 3).aluImmediate(Alu.AND, R1, QUIC_LONG_HEADER);
  code.jumpIfImmediate(Jump.NE, R1, QUIC_LONG_HEADER, 'out');
  code.load(Size.W, R1, R10, BYTES + 4).swapNetworkOrder(R1, 32);
  for (const version of Object.values(QuicVersion)) code.jumpIfImmediate(Jump.EQ, R1, version, 'copy');
  code.jump('out');
}

/** To `copy` where the segment says something of a name; all but the first segments of a connection leave early. */
function emitSegment(code: Assembler, { wanted }: FirstPacketMaps): void {
  code.move(R1, R7).call(Helper.TCP_SOCK).jumpIfImmediate(Jump.EQ, R0, 0, 'out');
  code.load(Size.W, R8, R0, DATA_SEGMENTS_OUT).jumpIfImmediate(Jump.EQ, R8, 0, 'out');
  code.load(Size.W, R1, R6, SkBuff.GSO_SEGS).jumpIfImmediate(Jump.NE, R1, 0, 'segments').moveImmediate(R1, 1);
  code.label('segments').alu(Alu.SUB, R8, R1).jumpIfImmediate(Jump.GT, R8, SEGMENTS_LIMIT, 'out');
  emitTransportOffset(code);
  code.aluImmediate(Alu.ADD, R9, TCP_DATA_OFFSET);
  loadPacket(code, BYTES, 1, 'out');
  code.load(Size.B, R1, R10, BYTES).aluImmediate(Alu.RSH, R1, 2).aluImmediate(Alu.AND, R1, 0x3c);
  code.alu(Alu.ADD, R9, R1).aluImmediate(Alu.SUB, R9, TCP_DATA_OFFSET);
  code.jumpIfImmediate(Jump.NE, R8, 0, 'later');
  loadPacket(code, BYTES, 6, 'out');
  code.load(Size.W, R1, R10, BYTES).swapNetworkOrder(R1, 32);
  for (const head of HTTP_HEADS) code.jumpIfImmediate(Jump.EQ, R1, head, 'request');
  code.aluImmediate(Alu.RSH, R1, 16).jumpIfImmediate(Jump.NE, R1, TLS_HEAD, 'out');
  code.load(Size.B, R1, R10, BYTES + TLS_HEADER_BYTES).jumpIfImmediate(Jump.NE, R1, CLIENT_HELLO, 'out');
  // A ClientHello that ends in this segment needs no others; it may be in several records.
  code.aluImmediate(Alu.ADD, R9, TLS_HEADER_BYTES);
  loadPacket(code, BYTES, HANDSHAKE_HEADER_BYTES, 'wanted');
  code.load(Size.W, R1, R10, BYTES).swapNetworkOrder(R1, 32).aluImmediate(Alu.AND, R1, 0xff_ffff);
  code.alu(Alu.ADD, R1, R9).aluImmediate(Alu.ADD, R1, HANDSHAKE_HEADER_BYTES);
  code.load(Size.W, R2, R6, SkBuff.LEN).jumpIf(Jump.LE, R1, R2, 'copy').jump('wanted');
  code.label('request').load(Size.W, R9, R6, SkBuff.LEN).aluImmediate(Alu.SUB, R9, 4);
  loadPacket(code, BYTES, 4, 'out');
  code.load(Size.W, R1, R10, BYTES).swapNetworkOrder(R1, 32);
  code.jumpIfImmediate(Jump.EQ, R1, BLANK_LINE, 'copy').label('wanted');
  storageOf(code, wanted, R7, STORAGE_CREATE);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'copy').storeImmediate(Size.DW, R0, 0, 1).jump('copy');
  code.label('later');
  loadPacket(code, BYTES, 1, 'out');
  storageOf(code, wanted, R7, 0);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'out').load(Size.DW, R1, R0, 0).jumpIfImmediate(Jump.EQ, R1, 0, 'out');
}

/** Copies the packet into a record of the ring; one that finds no room is passed over. */
function emitCopy(code: Assembler, maps: FirstPacketMaps, isSent: boolean): void {
  code.label('copy');
  storageOf(code, maps.owners, R7, 0);
  code.move(R9, R0).load(Size.W, R8, R6, SkBuff.LEN).store(Size.DW, R10, LENGTH, R8);
  code.jumpIfImmediate(Jump.LT, R8, LEAST_IP_BYTES, 'out');
  code.jumpIfImmediate(Jump.GT, R8, PACKET_BYTES.small, 'usual');
  emitRecord(code, maps.ring, 'small', isSent);
  code.label('usual').jumpIfImmediate(Jump.GT, R8, PACKET_BYTES.usual, 'long');
  emitRecord(code, maps.ring, 'usual', isSent);
  code.label('long').jumpIfImmediate(Jump.GT, R8, PACKET_BYTES.long, 'large');
  emitRecord(code, maps.ring, 'long', isSent);
  code.label('large').jumpIfImmediate(Jump.LE, R8, PACKET_BYTES.large, 'large.fits');
  code.moveImmediate(R8, PACKET_BYTES.large).label('large.fits');
  emitRecord(code, maps.ring, 'large', isSent);
}

/** R8 bytes of the packet; R9 the storage of its owner, or 0. Goes to `out`. */
function emitRecord(code: Assembler, ring: number, size: keyof typeof PACKET_BYTES, isSent: boolean): void {
  code.loadMap(R1, ring).moveImmediate(R2, PacketRecord.PACKET + PACKET_BYTES[size]);
  code.moveImmediate(R3, 0);
  code.call(Helper.RINGBUF_RESERVE).jumpIfImmediate(Jump.EQ, R0, 0, 'out').move(R7, R0);
  code.storeImmediate(Size.W, R7, PacketRecord.PID, 0).storeImmediate(Size.DW, R7, PacketRecord.START, 0);
  code.storeImmediate(Size.W, R7, PacketRecord.IS_SENT, isSent ? 1 : 0);
  code.load(Size.DW, R1, R10, LENGTH).store(Size.W, R7, PacketRecord.LENGTH, R1);
  code.store(Size.W, R7, PacketRecord.CAPTURED, R8).jumpIfImmediate(Jump.EQ, R9, 0, `${size}.bytes`);
  code.load(Size.W, R1, R9, Storage.OWNER + Owner.PID).store(Size.W, R7, PacketRecord.PID, R1);
  code.load(Size.DW, R1, R9, Storage.OWNER + Owner.START).store(Size.DW, R7, PacketRecord.START, R1);
  code.label(`${size}.bytes`).move(R1, R6).moveImmediate(R2, 0).move(R3, R7);
  code.aluImmediate(Alu.ADD, R3, PacketRecord.PACKET).move(R4, R8).call(Helper.SKB_LOAD_BYTES);
  code.move(R1, R7).moveImmediate(R2, NO_WAKEUP).jumpIfImmediate(Jump.NE, R0, 0, `${size}.failed`);
  code.call(Helper.RINGBUF_SUBMIT).jump('out');
  code.label(`${size}.failed`).call(Helper.RINGBUF_DISCARD).jump('out');
}
