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
import type { FilterInstruction } from '../socket-filter.ts';
import {
  Ancillary,
  EtherType,
  emitSightings,
  FilterAssembler,
  IP_PROTOCOL,
  IPV4_PROTOCOL_OFFSET,
  IPV6_NEXT_HEADER_OFFSET,
  LOOPBACK_INDEX,
  Operation,
  PacketType,
} from './filter.ts';

const LATER_BYTES = 4096;
/** Bytes kept of a packet: 4 KiB of payload behind the longest headers. */
const NAME_SNAP_BYTES = LATER_BYTES + 128;

const IPV6_BYTES = 40;
const UDP_BYTES = 8;
const IPV4_FRAGMENT_OFFSET = 6;
const TCP_DESTINATION_PORT = 2;
const TCP_DATA_OFFSET = 12;
const TCP_FLAGS = 13;
const TCP_PUSH = 8;
const TLS_HEAD = TLS_HANDSHAKE * 0x100_0000 + TLS_MAJOR * 0x1_0000;
/** A record of application data (RFC 8446, 5.1): its connection has said its name. */
const TLS_DATA_HEAD = 23 * 0x100_0000 + TLS_MAJOR * 0x1_0000;
const TLS_HEAD_MASK = 0xffff_0000 | 0;
const HEAD_BYTES = 4;
const WEB_PORTS = [443, 80];

/**
 * Which segments pass that begin with no name but may go on with one, of at most 4 KiB, which leaves out most of an
 * upload:
 *
 * - `all`
 * - `web`: those to ports 80 and 443 that end a write (PSH), so that hardly one of an upload does
 * - `none`
 */
export type LaterSegments = 'all' | 'web' | 'none';

/** Words that are stored while the program runs. */
const Stored = { PORT: 0, FLAGS: 1 } as const;

/**
 * The classic filter of a packet socket that sees nothing but packets that may say a name: those from port 53, segments
 * of this machine that begin with a ClientHello or a request of HTTP, its datagrams that begin with an Initial packet
 * of QUIC, and later segments. It knows nothing of connections: which of the later ones are wanted, their reader says.
 */
export function nameFilter(later: LaterSegments): readonly FilterInstruction[] {
  const program = new FilterAssembler();
  emitSightings(program);
  program.label('protocol').load(Operation.LOAD_WORD, Ancillary.PROTOCOL);
  program.jumpIfEqual(EtherType.IPV6, 'ipv6').jumpUnlessEqual(EtherType.IPV4, 'refuse');
  program.load(Operation.LOAD_HALF, IPV4_FRAGMENT_OFFSET).jumpIf(Operation.JUMP_SET, 0x1fff, 'refuse');
  program.load(Operation.SET_X_TO_HEADER, 0).load(Operation.LOAD_BYTE, IPV4_PROTOCOL_OFFSET);
  program.jumpIfEqual(IP_PROTOCOL.tcp, 'tcp').jumpIfEqual(IP_PROTOCOL.udp, 'udp').result(0);
  program.label('ipv6').load(Operation.SET_X, IPV6_BYTES);
  program.load(Operation.LOAD_BYTE, IPV6_NEXT_HEADER_OFFSET).jumpIfEqual(IP_PROTOCOL.tcp, 'tcp');
  program.jumpUnlessEqual(IP_PROTOCOL.udp, 'refuse');
  emitUdp(program);
  emitTcp(program, later);
  program.label('keep').result(NAME_SNAP_BYTES);
  program.label('refuse').result(0);
  return program.assemble();
}

function emitUdp(program: FilterAssembler): void {
  program.label('udp').load(Operation.LOAD_HALF_AT_X, 0).jumpIfEqual(DNS_PORT, 'keep');
  program.load(Operation.LOAD_LENGTH).jumpIf(Operation.JUMP_ABOVE, QUIC_DATAGRAM_BYTES - 1, 'udp.long');
  program.result(0);
  program.label('udp.long');
  emitSent(program, 'udp');
  program.load(Operation.LOAD_BYTE_AT_X, UDP_BYTES).load(Operation.AND, QUIC_LONG_HEADER);
  program.jumpUnlessEqual(QUIC_LONG_HEADER, 'refuse');
  program.load(Operation.LOAD_WORD_AT_X, UDP_BYTES + 1);
  for (const version of Object.values(QuicVersion)) program.jumpIfEqual(version, 'keep');
  program.result(0);
}

function emitTcp(program: FilterAssembler, later: LaterSegments): void {
  program.label('tcp').load(Operation.LOAD_HALF_AT_X, 0).jumpIfEqual(DNS_PORT, 'keep');
  emitSent(program, 'tcp');
  if (later === 'web') {
    program.load(Operation.LOAD_HALF_AT_X, TCP_DESTINATION_PORT).load(Operation.STORE, Stored.PORT);
    program.load(Operation.LOAD_BYTE_AT_X, TCP_FLAGS).load(Operation.STORE, Stored.FLAGS);
  }
  // X = where the payload starts; a load behind the end refuses the packet.
  program.load(Operation.LOAD_BYTE_AT_X, TCP_DATA_OFFSET).load(Operation.SHIFT_RIGHT, 2);
  program.load(Operation.AND, 0x3c).load(Operation.ADD_X).load(Operation.MOVE_TO_X);
  const otherwise = later === 'none' ? 'refuse' : 'later';
  emitPayloadBytes(program);
  program.jumpIfEqual(0, 'refuse').jumpUnless(Operation.JUMP_ABOVE, HEAD_BYTES - 1, otherwise);
  program.load(Operation.LOAD_WORD_AT_X, 0);
  for (const head of HTTP_HEADS) program.jumpIfEqual(head, 'keep');
  program.load(Operation.AND, TLS_HEAD_MASK).jumpIfEqual(TLS_DATA_HEAD, 'refuse');
  program.jumpUnlessEqual(TLS_HEAD, otherwise);
  program.load(Operation.LOAD_BYTE_AT_X, TLS_HEADER_BYTES).jumpIfEqual(CLIENT_HELLO, 'keep');
  if (later !== 'none') emitLater(program, later);
  else program.result(0);
}

/** X = where the payload starts. */
function emitLater(program: FilterAssembler, later: LaterSegments): void {
  program.label('later');
  emitPayloadBytes(program);
  program.jumpIf(Operation.JUMP_ABOVE, LATER_BYTES, 'refuse');
  if (later === 'all') return;
  program.load(Operation.LOAD_STORED, Stored.FLAGS).jumpUnless(Operation.JUMP_SET, TCP_PUSH, 'refuse');
  program.load(Operation.LOAD_STORED, Stored.PORT);
  for (const port of WEB_PORTS) program.jumpIfEqual(port, 'keep');
  program.result(0);
}

/** A = bytes from X on. */
function emitPayloadBytes(program: FilterAssembler): void {
  program.load(Operation.LOAD_LENGTH).load(Operation.SUBTRACT_X);
}

/** Goes on with what this machine sends: on the loopback interface what arrives there, which was sent too. */
function emitSent(program: FilterAssembler, name: string): void {
  program.load(Operation.LOAD_WORD, Ancillary.PACKET_TYPE).jumpIfEqual(PacketType.OUTGOING, `${name}.sent`);
  program.load(Operation.LOAD_WORD, Ancillary.INTERFACE_INDEX).jumpUnlessEqual(LOOPBACK_INDEX, 'refuse');
  program.label(`${name}.sent`);
}
