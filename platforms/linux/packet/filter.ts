import type { FilterInstruction } from '../socket-filter.ts';

/** What a filter lets through. `any` leaves the choice among IP's protocols to the reader. */
export type WantedProtocol = 'any' | 'tcp' | 'not-tcp';

/** linux/bpf_common.h: the operations that are used here; X is the index register. */
export const Operation = {
  LOAD_WORD: 0x20,
  LOAD_HALF: 0x28,
  LOAD_BYTE: 0x30,
  /** Length of the packet. */
  LOAD_LENGTH: 0x80,
  /** From X + k on. */
  LOAD_WORD_AT_X: 0x40,
  LOAD_HALF_AT_X: 0x48,
  LOAD_BYTE_AT_X: 0x50,
  /** X = k, and X = 4 * (byte k & 15): the length of an IPv4 header. */
  SET_X: 0x01,
  SET_X_TO_HEADER: 0xb1,
  /** X = A. */
  MOVE_TO_X: 0x07,
  ADD_X: 0x0c,
  SUBTRACT_X: 0x1c,
  /** Word k of 16 that live as long as the program runs. */
  STORE: 0x02,
  LOAD_STORED: 0x60,
  SHIFT_RIGHT: 0x74,
  AND: 0x54,
  JUMP_EQUAL: 0x15,
  /** If any bit of k is set. */
  JUMP_SET: 0x45,
  JUMP_ABOVE: 0x25,
  RETURN: 0x06,
} as const;

/** linux/filter.h: what the kernel knows of a packet, SKF_AD_OFF and what is at it. */
const ANCILLARY = -0x1000;
export const Ancillary = {
  PROTOCOL: ANCILLARY,
  PACKET_TYPE: ANCILLARY + 4,
  INTERFACE_INDEX: ANCILLARY + 8,
  VLAN_TAG: ANCILLARY + 44,
  VLAN_TAG_PRESENT: ANCILLARY + 48,
} as const;
/** SKF_NET_OFF: offsets from the network header, whatever link header is before it. */
export const NETWORK_HEADER = -0x100000;

/** linux/if_packet.h */
export const PacketType = { HOST: 0, BROADCAST: 1, MULTICAST: 2, OTHER_HOST: 3, OUTGOING: 4 } as const;
/** linux/if_ether.h */
export const EtherType = { IPV4: 0x0800, IPV6: 0x86dd } as const;
/** include/net/net_namespace.h: LOOPBACK_IFINDEX, of every network namespace. */
export const LOOPBACK_INDEX = 1;

const VLAN_ID_MASK = 0x0fff;
export const IP_PROTOCOL = { tcp: 6, udp: 17 } as const;
export const IPV4_PROTOCOL_OFFSET = 9;
export const IPV6_NEXT_HEADER_OFFSET = 6;
/** Hop-by-hop, routing, fragment, authentication, destination options: what may stand before TCP or UDP. */
const IPV6_EXTENSIONS = [0, 43, 44, 51, 60];

/** Bytes kept of a packet: 114 of IP behind an Ethernet header, 60 at most for IPv4 and 20 for TCP. */
export const SNAP_BYTES = 128;
/** Both headers of UDP without options and extensions: a ring holds nearly twice as many of them. */
export const PLAIN_UDP_BYTES = { ipv4: 28, ipv6: 48 } as const;
/** Version 4, header of 20 bytes. */
const PLAIN_IPV4 = 0x45;

/**
 * The classic filter of a packet socket that is bound to every interface.
 *
 * Each packet of this machine's sockets passes once. On `lo` it is seen on its way out and on its way in: the second
 * stands for both. What only passes by (another station's) is refused. A frame with a VLAN's number is refused too:
 * the kernel shows the same packet again on the VLAN's own interface, without the tag, before a socket gets it and
 * after one has sent it; only number 0 (priority, IEEE 802.1Q) has no interface of its own. A tag that is still in
 * the frame, as the inner of two is, leaves the protocol at 0x8100, and is refused by that.
 *
 * @param networkHeader offset of the IP header: 0 for SOCK_DGRAM; NETWORK_HEADER for SOCK_RAW, where the kernel can
 *   look into the linear part of a packet only: `any` asks for nothing there
 */
export function packetFilter(wanted: WantedProtocol, networkHeader = 0): readonly FilterInstruction[] {
  const program = new FilterAssembler();
  emitSightings(program);
  program.label('protocol').load(Operation.LOAD_WORD, Ancillary.PROTOCOL);
  if (wanted === 'any') {
    program.jumpIfEqual(EtherType.IPV4, 'keep').jumpUnlessEqual(EtherType.IPV6, 'refuse');
  } else emitProtocol(program, wanted, networkHeader);
  program.label('keep').result(SNAP_BYTES);
  program.label('refuse').result(0);
  return program.assemble();
}

/** Passes each packet once to `protocol`; all others go to `refuse`. See `packetFilter`. */
export function emitSightings(program: FilterAssembler): void {
  program.load(Operation.LOAD_WORD, Ancillary.PACKET_TYPE).jumpIfEqual(PacketType.OTHER_HOST, 'refuse');
  program.jumpIf(Operation.JUMP_ABOVE, PacketType.OUTGOING, 'refuse');
  program.jumpUnlessEqual(PacketType.OUTGOING, 'tag');
  program.load(Operation.LOAD_WORD, Ancillary.INTERFACE_INDEX).jumpIfEqual(LOOPBACK_INDEX, 'refuse');
  program.label('tag').load(Operation.LOAD_WORD, Ancillary.VLAN_TAG_PRESENT).jumpIfEqual(0, 'protocol');
  program.load(Operation.LOAD_WORD, Ancillary.VLAN_TAG).load(Operation.AND, VLAN_ID_MASK);
  program.jumpUnlessEqual(0, 'refuse');
}

function emitProtocol(program: FilterAssembler, wanted: 'tcp' | 'not-tcp', networkHeader: number): void {
  program.jumpIfEqual(EtherType.IPV6, 'ipv6').jumpUnlessEqual(EtherType.IPV4, 'refuse');
  program.load(Operation.LOAD_BYTE, networkHeader + IPV4_PROTOCOL_OFFSET);
  if (wanted === 'tcp') {
    program.jumpUnlessEqual(IP_PROTOCOL.tcp, 'refuse').result(SNAP_BYTES);
  } else emitPlainUdp(program, networkHeader, PLAIN_UDP_BYTES.ipv4);
  program.label('ipv6').load(Operation.LOAD_BYTE, networkHeader + IPV6_NEXT_HEADER_OFFSET);
  for (const header of IPV6_EXTENSIONS) program.jumpIfEqual(header, 'keep');
  if (wanted === 'tcp') program.jumpUnlessEqual(IP_PROTOCOL.tcp, 'refuse');
  else {
    program.jumpIfEqual(IP_PROTOCOL.tcp, 'refuse');
    // What is kept begins with the link header where there is one.
    program.jumpUnlessEqual(IP_PROTOCOL.udp, 'keep');
    if (networkHeader === 0) program.result(PLAIN_UDP_BYTES.ipv6);
  }
}

/** Everything but TCP; of UDP with the shortest headers no more than these. */
function emitPlainUdp(program: FilterAssembler, networkHeader: number, plainBytes: number): void {
  program.jumpIfEqual(IP_PROTOCOL.tcp, 'refuse').jumpUnlessEqual(IP_PROTOCOL.udp, 'keep');
  if (networkHeader !== 0) {
    program.result(SNAP_BYTES);
    return;
  }
  program.load(Operation.LOAD_BYTE, 0).jumpUnlessEqual(PLAIN_IPV4, 'keep').result(plainBytes);
}

interface Line {
  readonly code: number;
  readonly k: number;
  readonly ifTrue?: string;
  readonly ifFalse?: string;
}

/** Jumps of classic programs go forwards, by at most 255 instructions; here they go to names. */
export class FilterAssembler {
  readonly #lines: Line[] = [];
  readonly #labels = new Map<string, number>();

  label(name: string): this {
    this.#labels.set(name, this.#lines.length);
    return this;
  }

  /** An operation that neither jumps nor ends. */
  load(code: number, k = 0): this {
    return this.#add({ code, k });
  }

  /** `code`: one of the operations that jump. */
  jumpIf(code: number, k: number, ifTrue: string): this {
    return this.#add({ code, k, ifTrue });
  }

  jumpUnless(code: number, k: number, ifFalse: string): this {
    return this.#add({ code, k, ifFalse });
  }

  jumpIfEqual(k: number, ifTrue: string): this {
    return this.jumpIf(Operation.JUMP_EQUAL, k, ifTrue);
  }

  jumpUnlessEqual(k: number, ifFalse: string): this {
    return this.jumpUnless(Operation.JUMP_EQUAL, k, ifFalse);
  }

  result(k: number): this {
    return this.#add({ code: Operation.RETURN, k });
  }

  assemble(): readonly FilterInstruction[] {
    return this.#lines.map(({ code, k, ifTrue, ifFalse }, index) => [
      code,
      this.#distance(index, ifTrue),
      this.#distance(index, ifFalse),
      k >>> 0,
    ]);
  }

  #add(line: Line): this {
    this.#lines.push(line);
    return this;
  }

  #distance(from: number, to: string | undefined): number {
    const target = to === undefined ? undefined : this.#labels.get(to);
    return target === undefined ? 0 : target - from - 1;
  }
}
