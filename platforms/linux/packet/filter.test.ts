import { describe, expect, test } from 'bun:test';
import { encodeFilter, type FilterInstruction } from '../socket-filter.ts';
import {
  EtherType,
  NETWORK_HEADER,
  Operation,
  PacketType,
  PLAIN_UDP_BYTES,
  packetFilter,
  SNAP_BYTES,
  type WantedProtocol,
} from './filter.ts';
import { nameFilter } from './name-filter.ts';
import { ethernet, fragmentHeader, ipv4, ipv6, type PacketSpec, transport } from './packets.fixture.ts';

interface Seen {
  readonly packet: Uint8Array;
  readonly type?: number;
  readonly interfaceIndex?: number;
  readonly protocol?: number;
  /** Tag that was taken out of the frame. */
  readonly vlanTag?: number;
}

/** The classic machine (linux/bpf_common.h) as far as these programs use it; bytes are those from the network header on. */
function run(program: readonly FilterInstruction[], seen: Seen): number {
  const known: Record<number, number> = {
    [-0x1000 >>> 0]: seen.protocol ?? (seen.packet[0]! >> 4 === 6 ? EtherType.IPV6 : EtherType.IPV4),
    [(-0x1000 + 4) >>> 0]: seen.type ?? PacketType.HOST,
    [(-0x1000 + 8) >>> 0]: seen.interfaceIndex ?? 2,
    [(-0x1000 + 44) >>> 0]: seen.vlanTag ?? 0,
    [(-0x1000 + 48) >>> 0]: seen.vlanTag === undefined ? 0 : 1,
  };
  let accumulator = 0;
  let x = 0;
  const stored = new Uint32Array(16);
  /** A load beyond the packet ends the program: nothing is kept. */
  const load = (offset: number, bytes: number): number | undefined => {
    let value = 0;
    for (let i = 0; i < bytes; i++) {
      const byte = seen.packet[offset + i];
      if (byte === undefined) return undefined;
      value = value * 0x100 + byte;
    }
    return value;
  };
  for (let at = 0; ; at++) {
    const instruction = program[at];
    if (instruction === undefined) throw new RangeError(`ran past the end at ${at}`);
    const [code, ifTrue, ifFalse, k] = instruction;
    if (code === 0x06) return k;
    if (code === Operation.AND) accumulator = (accumulator & k) >>> 0;
    else if (code === Operation.JUMP_EQUAL) at += accumulator === k ? ifTrue : ifFalse;
    else if (code === Operation.JUMP_ABOVE) at += accumulator > k ? ifTrue : ifFalse;
    else if (code === Operation.JUMP_SET) at += (accumulator & k) !== 0 ? ifTrue : ifFalse;
    else if (code === Operation.SHIFT_RIGHT) accumulator >>>= k;
    else if (code === Operation.ADD_X) accumulator = (accumulator + x) >>> 0;
    else if (code === Operation.SUBTRACT_X) accumulator = (accumulator - x) >>> 0;
    else if (code === Operation.MOVE_TO_X) x = accumulator;
    else if (code === Operation.SET_X) x = k;
    else if (code === Operation.STORE) stored[k] = accumulator;
    else if (code === Operation.LOAD_STORED) accumulator = stored[k]!;
    else if (code === Operation.LOAD_LENGTH) accumulator = seen.packet.length;
    else if (k in known) accumulator = known[k]!;
    else {
      const isAtX = (code & 0x40) !== 0;
      const offset = isAtX ? x + k : k >= 0xfff00000 ? (k - NETWORK_HEADER) >>> 0 : k;
      const isByte = code === Operation.SET_X_TO_HEADER || (code & 0x10) !== 0;
      const value = load(offset, isByte ? 1 : (code & 0x08) !== 0 ? 2 : 4);
      if (value === undefined) return 0;
      if (code === Operation.SET_X_TO_HEADER) x = (value & 15) * 4;
      else accumulator = value;
    }
  }
}

const tcp = { protocol: 'tcp' } as const;
const udp = { protocol: 'udp' } as const;

describe.each([
  ['from the network header', 0],
  ['relative to it', NETWORK_HEADER],
])('programs that read %s', (_name, networkHeader) => {
  const keeps = (wanted: WantedProtocol, seen: Seen): boolean =>
    run(packetFilter(wanted, networkHeader), seen) > 0;

  test('keep the protocol that is wanted', () => {
    const cases = [
      [ipv4(tcp), ['any', 'tcp']],
      [ipv4(udp), ['any', 'not-tcp']],
      [ipv6(tcp), ['any', 'tcp']],
      [ipv6(udp), ['any', 'not-tcp']],
      [ipv4({ protocol: 1 }), ['any', 'not-tcp']],
      [ipv6({ protocol: 58 }), ['any', 'not-tcp']],
      [ipv4({ ...udp, fragment: 185 }), ['any', 'not-tcp']],
      [ipv6(udp, [[44, fragmentHeader(1448, true, 1)]]), ['any', 'tcp', 'not-tcp']],
      [ipv6(udp, [[60, new Uint8Array(8)]]), ['any', 'tcp', 'not-tcp']],
    ] as const;
    for (const [packet, wanted] of cases) {
      for (const each of ['any', 'tcp', 'not-tcp'] as const) {
        expect([each, keeps(each, { packet })]).toEqual([each, (wanted as readonly string[]).includes(each)]);
      }
    }
  });

  test('refuse what is no IP', () => {
    for (const protocol of [0x0806, 0x8100, 0x88a8, 0x8864, 0]) {
      for (const wanted of ['any', 'not-tcp'] as const)
        expect(keeps(wanted, { packet: ipv4(), protocol })).toBe(false);
    }
  });

  test('take each packet once: not on its way out of lo, not those of other stations', () => {
    const packet = ipv4();
    expect(keeps('any', { packet, type: PacketType.OUTGOING })).toBe(true);
    expect(keeps('any', { packet, type: PacketType.OUTGOING, interfaceIndex: 1 })).toBe(false);
    expect(keeps('any', { packet, type: PacketType.HOST, interfaceIndex: 1 })).toBe(true);
    expect(keeps('any', { packet, type: PacketType.BROADCAST })).toBe(true);
    expect(keeps('any', { packet, type: PacketType.MULTICAST })).toBe(true);
    expect(keeps('any', { packet, type: PacketType.OTHER_HOST })).toBe(false);
    expect(keeps('any', { packet, type: 5 })).toBe(false);
  });

  test('refuse tags with a number, and keep those of priority alone', () => {
    const packet = ipv4();
    expect(keeps('not-tcp', { packet, vlanTag: 0 })).toBe(true);
    expect(keeps('not-tcp', { packet, vlanTag: 0xe000 })).toBe(true);
    expect(keeps('not-tcp', { packet, vlanTag: 5 })).toBe(false);
    expect(keeps('not-tcp', { packet, vlanTag: 0xe005 })).toBe(false);
  });

  test('keep nothing of a packet that is cut short', () => {
    expect(keeps('not-tcp', { packet: ipv4().subarray(0, 9) })).toBe(false);
    expect(keeps('not-tcp', { packet: ipv6().subarray(0, 6) })).toBe(false);
  });
});

test('keep the headers of plain UDP alone, and what options and extensions may take otherwise', () => {
  const kept = (wanted: WantedProtocol, packet: Uint8Array, networkHeader = 0): number =>
    run(packetFilter(wanted, networkHeader), { packet });
  const withOptions = ipv4(udp).map((byte, index) => (index === 0 ? 0x46 : byte));
  expect(kept('not-tcp', ipv4(udp))).toBe(PLAIN_UDP_BYTES.ipv4);
  expect(kept('not-tcp', ipv6(udp))).toBe(PLAIN_UDP_BYTES.ipv6);
  expect(kept('not-tcp', withOptions)).toBe(SNAP_BYTES);
  expect(kept('not-tcp', ipv6(udp, [[60, new Uint8Array(8)]]))).toBe(SNAP_BYTES);
  expect(kept('not-tcp', ipv4(udp), NETWORK_HEADER)).toBe(SNAP_BYTES);
  expect(kept('tcp', ipv4(tcp))).toBe(SNAP_BYTES);
  expect(kept('any', ipv4(udp))).toBe(SNAP_BYTES);
});

describe('the filter of names', () => {
  const LEVELS = ['all', 'web', 'none'] as const;
  const PUSH = 0x18;

  /** The levels that keep a sent segment with this payload. */
  function keepers(payload: string, spec: PacketSpec = {}, seen: Omit<Seen, 'packet'> = {}): string {
    const bytes = Buffer.from(payload, 'latin1');
    const inner = transport({ ...spec, protocol: 'tcp', payload: bytes.length });
    inner.set(bytes, inner.length - bytes.length);
    const kept = LEVELS.filter((later) =>
      [ipv4({ ...spec, protocol: 'tcp' }, inner), ipv6({ protocol: 'tcp' }, [], inner)].every(
        (packet) => run(nameFilter(later), { packet, type: PacketType.OUTGOING, ...seen }) > 0,
      ),
    );
    return kept.join(' ');
  }

  test('keeps what begins with a ClientHello or a request, whatever options there are', () => {
    for (const head of ['\x16\x03\x01\x02\x00\x01', 'GET / ', 'OPTIONS *', 'POST /']) {
      expect([head, keepers(head)]).toEqual([head, 'all web none']);
      expect([head, keepers(head, { tcpOptions: 12, ipOptions: 8 })]).toEqual([head, 'all web none']);
      expect([head, keepers(head, {}, { type: PacketType.HOST })]).toEqual([head, '']);
      expect([head, keepers(head, {}, { type: PacketType.HOST, interfaceIndex: 1 })]).toEqual([
        head,
        'all web none',
      ]);
    }
  });

  test('keeps later segments as far as it is told', () => {
    expect(keepers('later')).toBe('all');
    expect(keepers('x')).toBe('all');
    expect(keepers('later', { destinationPort: 443 })).toBe('all');
    expect(keepers('later', { destinationPort: 443, tcpFlags: PUSH })).toBe('all web');
    expect(keepers('x', { destinationPort: 80, tcpFlags: PUSH, tcpOptions: 12 })).toBe('all web');
    expect(keepers('later', { destinationPort: 8443, tcpFlags: PUSH })).toBe('all');
    // Another record of the handshake, which may go on with it.
    expect(keepers('\x16\x03\x01\x02\x00\x07')).toBe('all');
    expect(keepers('x'.repeat(4096))).toBe('all');
  });

  test('keeps no bare acknowledgement, application data, long segment or what was received', () => {
    expect(keepers('', { destinationPort: 443, tcpFlags: PUSH })).toBe('');
    expect(keepers('\x17\x03\x03\x00\x20....', { destinationPort: 443, tcpFlags: PUSH })).toBe('');
    expect(keepers('x'.repeat(4097), { destinationPort: 443, tcpFlags: PUSH })).toBe('');
    expect(keepers('later', { destinationPort: 443, tcpFlags: PUSH }, { type: PacketType.HOST })).toBe('');
    expect(keepers('answer', { sourcePort: 53 }, { type: PacketType.HOST })).toBe('all web none');
  });
});

test('every jump goes forwards and stays inside', () => {
  const programs = (['any', 'tcp', 'not-tcp'] as const).map((wanted) => packetFilter(wanted));
  programs.push(...(['all', 'web', 'none'] as const).map((later) => nameFilter(later)));
  for (const program of programs) {
    for (const [index, [, ifTrue, ifFalse]] of program.entries()) {
      for (const distance of [ifTrue, ifFalse]) {
        expect(distance).toBeGreaterThanOrEqual(0);
        expect(index + 1 + distance).toBeLessThan(program.length + 1);
      }
    }
    expect(program.at(-1)?.[0]).toBe(0x06);
  }
});

test('an instruction takes 8 bytes', () => {
  const code = encodeFilter([[0x15, 3, 4, 0xfffff000]]);
  expect([...code.bytes]).toEqual([0x15, 0, 3, 4, 0, 0xf0, 0xff, 0xff]);
});

test('frames made by hand are what they should be', () => {
  const frame = ethernet(ipv4(), '02:00:00:00:00:01', '02:00:00:00:00:02', [[0x8100, 5]]);
  expect(frame.toHex().slice(0, 36)).toBe('020000000001020000000002810000050800');
});
