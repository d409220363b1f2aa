import { describe, expect, test } from 'bun:test';
import { networkInterfaces } from 'node:os';
import fc from 'fast-check';
import { readAddress } from '../../../src/data/sample/address.ts';
import { NativeBuffer } from '../libc.ts';
import { RouteLinkSource } from './route-link-source.ts';
import { parseAddress, parseLink, parseLocalRoute } from './route-message.ts';

const encoder = new TextEncoder();

function attribute(type: number, payload: readonly number[] | Uint8Array): number[] {
  const length = payload.length + 4;
  const padding = new Array<number>(-length & 3).fill(0);
  return [length & 0xff, length >> 8, type & 0xff, type >> 8, ...payload, ...padding];
}

const word = (value: number): number[] => [
  value & 0xff,
  (value >> 8) & 0xff,
  (value >> 16) & 0xff,
  value >>> 24,
];

function buffer(bytes: readonly number[]): NativeBuffer {
  const native = new NativeBuffer(bytes.length);
  native.bytes.set(bytes);
  return native;
}

function link(type: number, index: number, flags: number, ...attributes: number[][]): number[] {
  return [0, 0, type & 0xff, type >> 8, ...word(index), ...word(flags), ...word(0), ...attributes.flat()];
}

const NAME = attribute(3, encoder.encode('eth0\0'));
const UP = 0x1 | 0x40;

function wordsOf(address: string): number[] {
  const words = new Uint32Array(4);
  expect(readAddress(address, words)).toBe(true);
  return [...words];
}

describe('parseLink', () => {
  const parse = (bytes: readonly number[]) => parseLink(buffer(bytes), 0, bytes.length);

  test('hardware', () => {
    expect(parse(link(1, 2, UP, NAME, attribute(10, word(9))))).toEqual({
      index: 2,
      name: 'eth0',
      kind: '',
      master: 9,
      lower: 0,
      isLoopback: false,
      isUp: true,
      isHardware: true,
    });
  });

  test('stacked here, and stacked on an interface of another namespace', () => {
    const kind = attribute(18 | 0x8000, attribute(1, encoder.encode('macvlan\0')));
    const stacked = [NAME, attribute(5, word(7)), kind];
    expect(parse(link(1, 2, 0x1, ...stacked))).toMatchObject({
      kind: 'macvlan',
      lower: 7,
      isUp: false,
      isHardware: false,
    });
    expect(parse(link(1, 2, UP, ...stacked, attribute(37, word(0))))?.lower).toBe(0);
  });

  test('a tunnel in UDP has the port at its other end, where that is told', () => {
    const info = (kind: string, ...data: number[][]): number[] =>
      attribute(18 | 0x8000, [
        ...attribute(1, encoder.encode(`${kind}\0`)),
        ...attribute(2 | 0x8000, data.flat()),
      ]);
    const portOf = (...attributes: number[][]) => parse(link(1, 2, UP, NAME, ...attributes))?.tunnelPort;
    expect(portOf(info('vxlan', attribute(1, word(5)), attribute(15, [0x12, 0xb5])))).toBe(4789);
    expect(portOf(info('geneve', attribute(5, [0x17, 0xc1])))).toBe(6081);
    expect(portOf(info('vxlan', attribute(15, [0x12])))).toBeUndefined();
    expect(portOf(info('vxlan'))).toBeUndefined();
    expect(portOf(info('vlan', attribute(15, [0x12, 0xb5])))).toBeUndefined();
  });

  test('loopback and monitors are no hardware', () => {
    expect(parse(link(772, 1, UP | 0x8, NAME))).toMatchObject({ isLoopback: true, isHardware: false });
    expect(parse(link(803, 3, UP, NAME))?.isHardware).toBe(false);
  });

  test('cut short, nameless or without an index it is refused', () => {
    expect(parse(link(1, 2, UP))).toBeUndefined();
    expect(parse(link(1, 0, UP, NAME))).toBeUndefined();
    const whole = link(1, 2, UP, NAME);
    for (let length = 0; length < 16 + 4 + 5; length++) {
      expect(parseLink(buffer(whole), 0, length)).toBeUndefined();
    }
  });
});

describe('parseAddress', () => {
  const message = (family: number, ...attributes: number[][]): number[] => [
    ...[family, 24, 0, 0],
    ...word(3),
    ...attributes.flat(),
  ];
  const parse = (bytes: readonly number[]) => parseAddress(buffer(bytes), 0, bytes.length);

  test('IPv4: ours, not the peer', () => {
    const parsed = parse(message(2, attribute(1, [10, 0, 0, 1]), attribute(2, [10, 0, 0, 2])));
    expect(parsed).toEqual({ interfaceIndex: 3, words: [0, 0, 0xffff, 0x0a000002] });
  });

  test('IPv6', () => {
    const bytes = [0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 1];
    expect(parse(message(10, attribute(1, bytes)))?.words).toEqual([0x20010db8, 0, 0, 1]);
  });

  test('other families and wrong sizes are refused', () => {
    expect(parse(message(7, attribute(1, [1, 2, 3, 4])))).toBeUndefined();
    expect(parse(message(2, attribute(1, [1, 2, 3])))).toBeUndefined();
    expect(parse(message(10, attribute(1, [1, 2, 3, 4])))).toBeUndefined();
    expect(parse(message(2))).toBeUndefined();
    expect(parse([2, 24])).toBeUndefined();
  });
});

describe('parseLocalRoute', () => {
  const TEN = attribute(1, [10, 99, 0, 0]);
  const message = (head: readonly number[], ...attributes: number[][]): number[] => {
    const [family = 0, bits = 0, table = 255, type = 2] = head;
    return [family, bits, 0, 0, table, 0, 0, type, ...word(0), ...attributes.flat()];
  };
  const parse = (bytes: readonly number[]) => parseLocalRoute(buffer(bytes), 0, bytes.length);

  test('IPv4 and IPv6', () => {
    expect(parse(message([2, 24], TEN))).toEqual({ words: [0, 0, 0xffff, 0x0a630000], bits: 120 });
    const bytes = [0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(12).fill(0)];
    expect(parse(message([10, 64], attribute(1, bytes)))).toEqual({ words: [0x20010db8, 0, 0, 0], bits: 64 });
  });

  test('one address alone, another table, type or family, a wrong size and a cut one are none', () => {
    for (const head of [
      [2, 32],
      [2, 24, 254],
      [2, 24, 255, 1],
      [7, 24],
      [10, 64],
    ]) {
      expect(parse(message(head, TEN))).toBeUndefined();
    }
    expect(parse(message([2, 24]))).toBeUndefined();
    expect(parse(message([2, 24], TEN).slice(0, 11))).toBeUndefined();
  });
});

test('no bytes make a parser throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.integer({ min: 0, max: 200 }), (bytes, end) => {
      const native = buffer([...bytes]);
      const within = Math.min(end, native.bytes.length);
      parseLink(native, 0, within);
      parseAddress(native, 0, within);
      parseLocalRoute(native, 0, within);
    }),
  );
});

describe('RouteLinkSource', () => {
  test("knows this namespace's links and addresses", () => {
    const source = new RouteLinkSource();
    const links = source.readLinks();
    const loopback = links.find((candidate) => candidate.isLoopback);
    expect(loopback).toMatchObject({ name: 'lo', isHardware: false });
    const expected = Object.entries(networkInterfaces()).flatMap(([name, infos]) =>
      (infos ?? []).map((info) => ({
        interfaceIndex: links.find((candidate) => candidate.name === name)?.index,
        words: wordsOf(info.address),
      })),
    );
    expect(source.readAddresses()).toEqual(expect.arrayContaining(expected as never[]));
    expect(source.readLocalPrefixes()).toContainEqual({ words: [0, 0, 0xffff, 0x7f000000], bits: 104 });
    source.close();
  });

  test('is quiet while nothing changes', () => {
    const source = new RouteLinkSource();
    expect(source.hasChanged()).toBe(false);
    source.close();
  });
});
