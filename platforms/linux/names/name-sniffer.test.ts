import { describe, expect, test } from 'bun:test';
import { IPV4_MAPPED_WORD } from '../../../src/data/sample/address.ts';
import { OwnerBasis, PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { ADDRESS_WORDS, NameBasis, TcpState } from '../../../src/data/schema/network-columns.ts';
import { SocketRows } from '../sockets/sockets.ts';
import { UNHURRIED } from '../testdata/test-slices.fixture.ts';
import { ascii, clientHello, dnsReply, joined, tlsRecords } from './asked-bytes.fixture.ts';
import { NameSniffer } from './name-sniffer.ts';

const LOCAL = [10, 0, 0, 5] as const;
const SERVER = [192, 0, 2, 7] as const;
const NAME_SERVER = [192, 0, 2, 53] as const;
interface Asker {
  readonly pid: number;
  readonly startTicks: number;
}
const FIRST: Asker = { pid: 100, startTicks: 1 };
const SECOND: Asker = { pid: 200, startTicks: 2 };

type Address = readonly [number, number, number, number];

const u16 = (value: number): number[] => [value >> 8, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];

function packet(protocol: number, from: Address, to: Address, transport: Uint8Array): Uint8Array {
  const head = [0x45, 0, ...u16(20 + transport.length), 0, 0, 0, 0, 64, protocol, 0, 0, ...from, ...to];
  return joined(head, transport);
}

/** A world of one clock, some sockets, and what is seen of their packets. */
class World {
  micros = 1e6;
  readonly rows = new SocketRows();
  readonly sniffer = new NameSniffer(() => this.micros);
  #cookie = 0;

  see(bytes: Uint8Array, isSent: boolean, asker?: Asker, isLocal = true): void {
    this.sniffer.begin();
    const packet = {
      ...{ view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at: 0 },
      ...{ captured: bytes.length, length: bytes.length },
      ...{ pid: asker?.pid ?? 0, startTicks: asker?.startTicks ?? 0 },
    };
    this.sniffer.see(packet, isSent, !isSent, { isLocal: () => isLocal });
  }

  answer(name: string, asker?: Asker, { localPort = 5000, ttl = 1 } = {}): void {
    const message = dnsReply({ question: name, answers: [[name, 1, ttl, Uint8Array.from(SERVER)]] });
    const udp = joined(u16(53), u16(localPort), u16(8 + message.length), [0, 0], message);
    this.see(packet(PROTOCOL_UDP, NAME_SERVER, LOCAL, udp), false, asker);
  }

  /** Segments of a connection to the server, or of the name server's to this machine. */
  segment(payload: Uint8Array, sequence: number, localPort = 6000): void {
    const tcp = joined(
      u16(localPort),
      u16(443),
      u32(sequence),
      u32(0),
      [0x50, 0x18, 0, 0, 0, 0, 0, 0],
      payload,
    );
    this.see(packet(PROTOCOL_TCP, LOCAL, SERVER, tcp), true);
  }

  nameServerSegment(payload: Uint8Array, sequence: number, asker?: Asker): void {
    const tcp = joined(u16(53), u16(5000), u32(sequence), u32(0), [0x50, 0x18, 0, 0, 0, 0, 0, 0], payload);
    this.see(packet(PROTOCOL_TCP, NAME_SERVER, LOCAL, tcp), false, asker);
  }

  connect(owner: Asker | undefined, localPort = 6000): number {
    const row = this.rows.add(++this.#cookie, 0);
    const { table } = this.rows;
    table.protocol[row] = PROTOCOL_TCP;
    table.state[row] = TcpState.ESTABLISHED;
    table.localAddress.set([0, 0, IPV4_MAPPED_WORD, word(LOCAL)], row * ADDRESS_WORDS);
    table.remoteAddress.set([0, 0, IPV4_MAPPED_WORD, word(SERVER)], row * ADDRESS_WORDS);
    table.localPort[row] = localPort;
    table.remotePort[row] = 443;
    table.ownerPid[row] = owner?.pid ?? 0;
    table.ownerStartTicks[row] = owner?.startTicks ?? 0;
    table.ownerBasis[row] = owner === undefined ? OwnerBasis.NONE : OwnerBasis.DESCRIPTOR;
    return row;
  }

  /** So long as what was seen waits for a socket. */
  async wait(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      this.micros += 1.5e6;
      await this.names();
    }
  }

  async names(...rows: number[]): Promise<(string | undefined)[]> {
    await this.sniffer.apply(this.rows, UNHURRIED);
    return rows.map((row) => this.rows.table.remoteName[row]);
  }
}

const word = ([a, b, c, d]: Address): number => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
const hello = (name: string, paddingBytes = 0): Uint8Array => tlsRecords(clientHello({ name, paddingBytes }));

describe('names of a DNS answer', () => {
  test('are those of the process that asked', async () => {
    const world = new World();
    const [first, second] = [world.connect(FIRST, 6001), world.connect(SECOND, 6002)];
    world.answer('first.example', FIRST);
    world.answer('second.example', SECOND);
    expect(await world.names(first, second)).toEqual(['first.example', 'second.example']);
    expect(world.rows.table.nameBasis[first]).toBe(NameBasis.DNS);
  });

  test('two that one process asked for are none', async () => {
    const world = new World();
    const row = world.connect(FIRST);
    world.answer('one.example', FIRST);
    world.answer('two.example', FIRST);
    expect(await world.names(row)).toEqual([undefined]);
  });

  test('of a process that is not known counts where it is the only one, after it was waited for', async () => {
    const world = new World();
    world.answer('alone.example');
    await world.wait();
    expect(await world.names(world.connect(FIRST))).toEqual(['alone.example']);
    world.answer('other.example');
    await world.wait();
    expect(await world.names(world.connect(SECOND, 6002))).toEqual([undefined]);
  });

  test('age with their record, but are there for the connection that follows', async () => {
    const world = new World();
    world.answer('short.example', FIRST, { ttl: 1 });
    world.micros += 59e6;
    expect(await world.names(world.connect(FIRST))).toEqual(['short.example']);
    world.micros += 2e6;
    expect(await world.names(world.connect(FIRST, 6002))).toEqual([undefined]);
  });

  test('over TCP, in pieces and several in one', async () => {
    const world = new World();
    const sized = (name: string): Uint8Array => {
      const message = dnsReply({ question: name, answers: [[name, 1, 9, Uint8Array.from(SERVER)]] });
      return joined(u16(message.length), message);
    };
    const stream = joined(sized('a.example'), sized('a.example'), sized('a.example'));
    let sequence = 0xffff_fff0;
    for (const length of [2, 10, 60, stream.length - 72]) {
      const start = (sequence - 0xffff_fff0) >>> 0;
      world.nameServerSegment(stream.subarray(start, start + length), sequence, FIRST);
      sequence = (sequence + length) >>> 0;
    }
    expect(await world.names(world.connect(FIRST))).toEqual(['a.example']);
    expect(world.sniffer.store.size).toBe(1);
  });

  test('that pass this machine on their way to another one are no business of it', async () => {
    const world = new World();
    const message = dnsReply({
      question: 'x.example',
      answers: [['x.example', 1, 9, Uint8Array.from(SERVER)]],
    });
    const udp = joined(u16(53), u16(5000), u16(8 + message.length), [0, 0], message);
    world.see(packet(PROTOCOL_UDP, NAME_SERVER, LOCAL, udp), false, undefined, false);
    await world.wait();
    expect(world.sniffer.store.size).toBe(0);
  });
});

describe('what a connection says', () => {
  test('goes before what its process asked for, and is that connection alone', async () => {
    const world = new World();
    const [said, silent] = [world.connect(FIRST, 6001), world.connect(FIRST, 6002)];
    world.answer('dns.example', FIRST);
    world.segment(hello('sni.example'), 1, 6001);
    const names = await world.names(said, silent);
    expect(names[0]).toBe('sni.example');
    expect(names[1]).not.toBe('sni.example');
    expect(world.rows.table.nameBasis[said]).toBe(NameBasis.SNI);
  });

  test('is put together of segments, retransmitted ones included, across the end of the numbers', async () => {
    const world = new World();
    const row = world.connect(FIRST);
    const stream = hello('far.example', 3000);
    const start = 0xffff_ff00;
    for (const at of [0, 1400, 0, 1400, 2800]) {
      world.segment(stream.subarray(at, at + 1400), (start + at) >>> 0);
    }
    expect(await world.names(row)).toEqual(['far.example']);
  });

  test('is put together of segments in any order behind the first, up to 4 KiB', async () => {
    const stream = hello('far.example', 3900);
    const pieces = (...starts: number[]): number[][] => starts.map((start) => [start, start + 700]);
    const orders = [
      pieces(0, 2800, 1400, 700, 3500, 2100),
      pieces(0, 3500, 2800, 2100, 1400, 700),
      // What overlaps was sent again.
      [...pieces(0, 700), [350, 1500], [3000, 4096], [1400, 3100]],
    ];
    for (const [index, order] of orders.entries()) {
      const world = new World();
      const row = world.connect(FIRST);
      for (const [start = 0, end] of order) world.segment(stream.subarray(start, end), start + 1000);
      expect([index, await world.names(row)]).toEqual([index, ['far.example']]);
    }
  });

  test('of a request may come in the second segment', async () => {
    const world = new World();
    const row = world.connect(FIRST);
    world.segment(ascii('G'), 1);
    world.segment(ascii('ET / HTTP/1.1\r\nHo'), 2);
    world.segment(ascii('st: a.example\r\n\r\n'), 19);
    expect(await world.names(row)).toEqual(['a.example']);
  });

  test('is nothing where it is longer than 4 KiB, or comes in too many pieces, or too late', async () => {
    const world = new World();
    const [long, many, late] = [6001, 6002, 6003].map((port) => world.connect(FIRST, port));
    world.segment(hello('long.example', 4150), 1, 6001);
    const stream = hello('slow.example', 100);
    for (let at = 0; at < stream.length; at++) world.segment(stream.subarray(at, at + 1), at, 6002);
    world.segment(stream.subarray(0, 100), 1, 6003);
    world.micros += 11e6;
    world.segment(stream.subarray(100), 101, 6003);
    expect(await world.names(long!, many!, late!)).toEqual([undefined, undefined, undefined]);
  });

  test('later segments of connections that nobody waits for are counted, not kept', async () => {
    const world = new World();
    world.segment(hello('far.example', 3000).subarray(0, 1400), 1, 6001);
    world.segment(ascii('some data'), 1, 6002);
    expect(world.sniffer.passedOver).toBe(1);
    world.segment(hello('near.example'), 1, 6003);
    expect(world.sniffer.passedOver).toBe(0);
  });

  test('is forgotten when the socket is connected to another end', async () => {
    const world = new World();
    const row = world.connect(FIRST);
    world.segment(ascii('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'), 1);
    expect(await world.names(row)).toEqual(['a.example']);
    world.rows.table.remotePort[row] = 444;
    world.rows.table.remoteAddress[row * ADDRESS_WORDS + 3]!++;
    expect(await world.names(row)).toEqual([undefined]);
  });
});

test('a flood fills no more than its limits', async () => {
  const world = new World();
  const begin = hello('x.example', 3000).subarray(0, 100);
  for (let i = 0; i < 20_000; i++) {
    world.segment(begin, i, 1024 + (i % 60_000));
    world.answer(`n${i}.example`, { pid: i + 1, startTicks: i });
  }
  expect(world.sniffer.store.size).toBeLessThanOrEqual(8192);
  await world.names();
}, 60_000);
