import { describe, expect, test } from 'bun:test';
import { array, assert, constantFrom, integer, property, uint8Array } from 'fast-check';
import { FragmentPorts, IpHeader, segmentCount, TcpFlag, wireBytes } from './ip-header.ts';
import { fragmentHeader, ipv4, ipv6, type PacketSpec } from './packets.fixture.ts';

/** What is read of a packet that had so many bytes, of which so many were captured; undefined: refused. */
function read(bytes: Uint8Array, captured = bytes.length, length = bytes.length): IpHeader | undefined {
  const header = new IpHeader();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return header.parse(view, 0, captured, length) ? header : undefined;
}

/**
 * First bytes of packets that left a veth device of Linux 6.18, as the ring had them: `hello` in a datagram, one of
 * 4,000 bytes in three fragments of IPv4 and of IPv6 each, the SYN of IPv4 and IPv6 and a super-packet of either.
 */
const CAPTURED = {
  datagram: '4500002151bc40004011d4710a4e00010a4e0002d653c6ea000d14bd68656c6c6f',
  fragment1: '450005dc947220004011ac000a4e00010a4e00028342c6ea0fa881d200000000',
  fragment2: '450005dc947220b94011ab470a4e00010a4e0002000000000000000000000000',
  fragment3: '4500042c947201724011cc3e0a4e00010a4e0002000000000000000000000000',
  fragment1of6:
    '6004af8505b02c40fd780000000000000000000000000001fd78000000000000000000000000000211000001668f45bddb4ceb850fa81ed7',
  fragment3of6:
    '6004af8504602c40fd780000000000000000000000000001fd780000000000000000000000000002' +
    '11000b50668f45bd0000000000000000',
  syn: '4500003c42f140004006e32c0a4e00010a4e00028cca981d6ad0337200000000a002faf014cd0000020405b40402080ad17927d8000000000103030a',
  superPacket:
    '45001c7c42f340004006c6ea0a4e00010a4e00028cca981d6ad033737cf88c438018003f310d00000101080ad17927d8ac19abf3',
  syn6: '6009ffa500280640fd780000000000000000000000000001fd780000000000000000000000000002b69e981dc805b09b00000000a002fd20fb220000020405a00402080add72d7b3000000000103030a',
  superPacket6:
    '6009ffa51c040640fd780000000000000000000000000001fd780000000000000000000000000002b69e981dc805b09cc68077148018004016ff00000101080add72d7b3cc3907ff',
} as const;

function readCaptured(name: keyof typeof CAPTURED, length?: number): IpHeader | undefined {
  const bytes = Uint8Array.fromHex(CAPTURED[name]);
  return read(bytes, bytes.length, length);
}

describe('headers', () => {
  test('of captured packets', () => {
    expect(readCaptured('datagram')).toMatchObject({
      ...{ protocol: 17, sourcePort: 0xd653, destinationPort: 0xc6ea, length: 33, networkBytes: 20 },
      ...{ datagramBytes: 5, isFragment: false, isIpv6: false },
    });
    expect(readCaptured('syn')).toMatchObject({
      ...{ protocol: 6, sourcePort: 0x8cca, destinationPort: 0x981d, length: 60, networkBytes: 20 },
      ...{ transportBytes: 40, payloadBytes: 0, flags: TcpFlag.SYN },
    });
    expect(readCaptured('syn6')).toMatchObject({
      ...{ protocol: 6, isIpv6: true, sourcePort: 0xb69e, length: 80, networkBytes: 40 },
      ...{ transportBytes: 40, payloadBytes: 0, flags: TcpFlag.SYN },
    });
  });

  test('of captured fragments', () => {
    const [first, second, third] = [
      readCaptured('fragment1', 1500),
      readCaptured('fragment2', 1500),
      readCaptured('fragment3', 1068),
    ];
    expect(first).toMatchObject({
      isFragment: true,
      isLaterFragment: false,
      sourcePort: 0x8342,
      datagramBytes: 4000,
    });
    expect(second).toMatchObject({ isLaterFragment: true, sourcePort: 0, length: 1500, protocol: 17 });
    expect(third).toMatchObject({ isLaterFragment: true, sourcePort: 0, length: 1068, protocol: 17 });
    expect([second?.identification, third?.identification]).toEqual([
      first?.identification,
      first?.identification,
    ]);
    expect(readCaptured('fragment1of6', 1496)).toMatchObject({
      ...{ isFragment: true, isLaterFragment: false, identification: 0x668f45bd, networkBytes: 48 },
      ...{ sourcePort: 0xdb4c, datagramBytes: 4000 },
    });
    expect(readCaptured('fragment3of6', 1160)).toMatchObject({
      ...{ isLaterFragment: true, identification: 0x668f45bd, networkBytes: 48, length: 1160 },
    });
  });

  test('of captured super-packets, whose segments have headers each', () => {
    const four = readCaptured('superPacket', 7292);
    expect(four).toMatchObject({ networkBytes: 20, transportBytes: 32, payloadBytes: 7240 });
    expect(four && segmentCount(four, 1448)).toBe(5);
    expect(four && wireBytes(four, 5)).toBe(7240 + 5 * 52);
    const six = readCaptured('superPacket6', 7212);
    expect(six && wireBytes(six, segmentCount(six, 1428))).toBe(7140 + 5 * 72);
  });

  test('addresses are four words, those of IPv4 mapped', () => {
    const four = read(ipv4({ source: '192.0.2.1', destination: '198.51.100.200' }));
    expect([...(four?.source ?? [])]).toEqual([0, 0, 0xffff, 0xc0000201]);
    expect([...(four?.destination ?? [])]).toEqual([0, 0, 0xffff, 0xc63364c8]);
    const six = read(ipv6({ source: '2001:db8:0:0:0:0:0:1' }));
    expect([...(six?.source ?? [])]).toEqual([0x20010db8, 0, 0, 1]);
  });

  test('options of IPv4 and TCP lengthen their headers', () => {
    const header = read(ipv4({ protocol: 'tcp', ipOptions: 40, tcpOptions: 40, payload: 7 }));
    expect(header).toMatchObject({ networkBytes: 60, transportBytes: 60, payloadBytes: 7 });
  });

  test('extension headers of IPv6 are skipped, up to eight', () => {
    const options = new Uint8Array(16);
    options[1] = 1;
    const authentication = new Uint8Array(24);
    authentication[1] = 4;
    const extensions = [
      [0, options],
      [43, new Uint8Array(8)],
      [51, authentication],
      [60, new Uint8Array(8)],
    ] as const;
    const header = read(ipv6({ protocol: 'tcp', sourcePort: 5, payload: 3 }, extensions));
    expect(header).toMatchObject({ protocol: 6, sourcePort: 5, networkBytes: 40 + 56, payloadBytes: 3 });
    const many = Array.from({ length: 9 }, () => [60, new Uint8Array(8)] as const);
    expect(read(ipv6({}, many.slice(1).slice(1)))).toBeDefined();
    expect(read(ipv6({}, many))).toBeUndefined();
  });

  test('fragments: the first has the ports, later ones have not', () => {
    const first = read(ipv4({ fragment: 0x2000, identification: 77, udpLength: 4008, payload: 1472 }));
    expect(first).toMatchObject({
      isFragment: true,
      isLaterFragment: false,
      sourcePort: 1000,
      datagramBytes: 4000,
    });
    const later = read(ipv4({ fragment: 185, identification: 77 }, new Uint8Array(40)));
    expect(later).toMatchObject({
      isLaterFragment: true,
      sourcePort: 0,
      transportBytes: 0,
      length: 60,
      protocol: 17,
    });
    expect(later?.identification).toBe(first?.identification);
    const first6 = read(ipv6({ udpLength: 4008, payload: 1440 }, [[44, fragmentHeader(0, true, 99)]]));
    expect(first6).toMatchObject({
      isFragment: true,
      networkBytes: 48,
      identification: 99,
      datagramBytes: 4000,
    });
    const later6 = read(ipv6({}, [[44, fragmentHeader(1448, false, 99)]], new Uint8Array(16)));
    expect(later6).toMatchObject({ isLaterFragment: true, protocol: 0, identification: 99, length: 64 });
    // RFC 6946: a whole packet that has the header all the same.
    expect(read(ipv6({}, [[44, fragmentHeader(0, false, 1)]]))?.isFragment).toBe(false);
  });

  test('padding of the link does not count', () => {
    const padded = new Uint8Array(46);
    padded.set(ipv4({ payload: 1 }));
    expect(read(padded)).toMatchObject({ length: 29, payloadBytes: 1 });
  });

  test('a super-packet beyond 64 KiB says length 0 and has its true one', () => {
    const bytes = ipv4({ protocol: 'tcp', ipLength: 0 });
    expect(read(bytes, bytes.length, 200_000)?.length).toBe(200_000);
    expect(read(bytes)).toBeUndefined();
    const six = ipv6({ protocol: 'tcp', ipLength: 0 });
    expect(read(six, six.length, 200_000)?.length).toBe(200_000);
  });
});

test('another protocol has no ports, and what follows the IP header is what it carries', () => {
  expect(read(ipv4({ protocol: 1 }))).toMatchObject({ protocol: 1, sourcePort: 0, destinationPort: 0 });
  expect(read(ipv6({ protocol: 58 }))).toMatchObject({ protocol: 58, sourcePort: 0, isFragment: false });
});

describe('what cannot be true is refused', () => {
  const cases: readonly [string, Uint8Array][] = [
    ['another version', Uint8Array.of(0x50, ...ipv4().subarray(1))],
    ['an IPv4 header of 16 bytes', Uint8Array.of(0x44, ...ipv4().subarray(1))],
    ['a total length below the header', ipv4({ ipLength: 19 })],
    ['a total length beyond the packet', ipv4({ ipLength: 2000 })],
    ['a payload length beyond the packet', ipv6({ ipLength: 2000 })],
    ['no room for ports', ipv4({ ipLength: 24 })],
    ['a UDP length below its header', ipv4({ udpLength: 7 })],
    ['a UDP length beyond the packet', ipv4({ udpLength: 109 })],
    ['a UDP length of 0', ipv4({ udpLength: 0 })],
    ['no next header (RFC 8200, 4.7)', ipv6({ protocol: 59 })],
    ['an extension header longer than the packet', ipv6({}, [[60, Uint8Array.of(0, 200, 0, 0, 0, 0, 0, 0)]])],
  ];
  test.each(cases)('%s', (_name, bytes) => {
    expect(read(bytes)).toBeUndefined();
  });

  test('a TCP header length below 20, or beyond the packet', () => {
    for (const words of [0, 4, 15]) {
      const bytes = ipv4({ protocol: 'tcp', payload: 0 });
      bytes[20 + 12] = words << 4;
      expect(read(bytes)).toBeUndefined();
    }
  });

  test('bytes of which too few were captured', () => {
    const tcp = ipv4({ protocol: 'tcp' });
    for (let captured = 0; captured < 34; captured++) expect(read(tcp, captured)).toBeUndefined();
    expect(read(tcp, 34)).toMatchObject({ sourcePort: 1000, length: 140 });
    const udp = ipv6();
    for (let captured = 0; captured < 48; captured++) expect(read(udp, captured)).toBeUndefined();
    expect(read(udp, 48)).toMatchObject({ sourcePort: 1000, datagramBytes: 100 });
  });
});

describe('properties', () => {
  test('whatever the bytes are: no exception, and what is accepted adds up', () => {
    const first = constantFrom(0x45, 0x46, 0x4f, 0x60, 0x6f);
    const next = constantFrom(6, 17, 0, 43, 44, 51, 60);
    assert(
      property(
        first,
        next,
        uint8Array({ maxLength: 160 }),
        integer({ min: 0, max: 70_000 }),
        (a, b, rest, length) => {
          const bytes = Uint8Array.of(a, ...rest);
          const at = a >> 4 === 4 ? 9 : 6;
          if (bytes.length > at) bytes[at] = b;
          const header = read(bytes, bytes.length, length);
          if (header === undefined) return;
          expect(header.length).toBeLessThanOrEqual(length);
          expect(header.networkBytes + header.transportBytes).toBeLessThanOrEqual(header.length);
          expect(header.payloadBytes).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('what is written is read back, however much behind the headers is missing', () => {
    const port = integer({ min: 0, max: 65_535 });
    const spec = (source: number, destination: number, payload: number): PacketSpec => ({
      sourcePort: source,
      destinationPort: destination,
      payload,
    });
    assert(
      property(
        port,
        port,
        integer({ min: 0, max: 1400 }),
        constantFrom(ipv4, ipv6),
        (a, b, payload, make) => {
          const bytes = make(spec(a, b, payload));
          const header = read(bytes, Math.min(bytes.length, 60));
          expect(header).toMatchObject({ sourcePort: a, destinationPort: b, datagramBytes: payload });
        },
      ),
    );
  });

  test('segments of a super-packet add up to the same payload', () => {
    assert(
      property(integer({ min: 1, max: 65_000 }), integer({ min: 1, max: 9000 }), (payload, segmentBytes) => {
        const header = new IpHeader();
        header.networkBytes = 20;
        header.transportBytes = 32;
        header.length = 52 + payload;
        const segments = segmentCount(header, segmentBytes);
        expect(wireBytes(header, segments)).toBe(payload + Math.ceil(payload / segmentBytes) * 52);
        expect(segmentCount(header, 0)).toBe(1);
      }),
    );
  });

  test('one object reads packet after packet and keeps nothing of the one before', () => {
    const packets = [
      ipv4({ protocol: 'tcp', tcpFlags: 2 }),
      ipv4({ fragment: 100 }),
      ipv6({ sourcePort: 9 }),
      ipv6({}, [[44, fragmentHeader(8, true, 5)]]),
      ipv4({ protocol: 1 }),
    ];
    assert(
      property(array(integer({ min: 0, max: packets.length - 1 }), { maxLength: 20 }), (order) => {
        const header = new IpHeader();
        for (const index of order) {
          const bytes = packets[index]!;
          const isRead = header.parse(new DataView(bytes.buffer), 0, bytes.length, bytes.length);
          const fresh = read(bytes);
          expect(isRead).toBe(fresh !== undefined);
          if (fresh !== undefined) expect(header).toEqual(fresh);
        }
      }),
    );
  });
});

function readWhole(bytes: Uint8Array): IpHeader {
  const header = new IpHeader();
  expect(header.parse(new DataView(bytes.buffer), 0, bytes.length, bytes.length)).toBe(true);
  return header;
}

const first4 = (spec: PacketSpec): IpHeader =>
  readWhole(ipv4({ fragment: 0x2000, udpLength: 4000, ...spec }));
const later4 = (spec: PacketSpec): IpHeader =>
  readWhole(ipv4({ fragment: 100, ...spec }, new Uint8Array(80)));

test('later fragments get the ports of their first one', () => {
  const ports = new FragmentPorts();
  ports.remember(first4({ identification: 7, sourcePort: 53, destinationPort: 9 }));
  const later = later4({ identification: 7 });
  expect(ports.recall(later)).toBe(true);
  expect(later).toMatchObject({ sourcePort: 53, destinationPort: 9, protocol: 17 });
  expect(ports.recall(later4({ identification: 8 }))).toBe(false);
  expect(ports.recall(later4({ identification: 7, source: '10.0.0.9' }))).toBe(false);
  expect(ports.recall(later4({ identification: 7, protocol: 'tcp' }))).toBe(false);
});

test('of IPv6 they get its protocol too', () => {
  const ports = new FragmentPorts();
  ports.remember(
    readWhole(ipv6({ sourcePort: 53, udpLength: 4008 }, [[44, fragmentHeader(0, true, 0xfedcba98)]])),
  );
  const later = readWhole(ipv6({}, [[44, fragmentHeader(1448, false, 0xfedcba98)]], new Uint8Array(24)));
  expect(later.protocol).toBe(0);
  expect(ports.recall(later)).toBe(true);
  expect(later).toMatchObject({ sourcePort: 53, protocol: 17 });
});

test('a newer one takes the place of an older one: at most as many as there are places are known', () => {
  const ports = new FragmentPorts();
  for (let id = 0; id < 5000; id++) ports.remember(first4({ identification: id, sourcePort: id }));
  let known = 0;
  for (let id = 0; id < 5000; id++) {
    const later = later4({ identification: id });
    if (!ports.recall(later)) continue;
    expect(later.sourcePort).toBe(id);
    known++;
  }
  expect(known).toBeGreaterThan(500);
  expect(known).toBeLessThanOrEqual(1024);
  expect(ports.recall(later4({ identification: 4999 }))).toBe(true);
});
