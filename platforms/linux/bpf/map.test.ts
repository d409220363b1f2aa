import { afterEach, describe, expect, test } from 'bun:test';
import { closeDescriptor, NativeBuffer } from '../libc.ts';
import { BpfError, bpf, Command, setPointer } from './bpf-call.ts';
import { BtfIndex } from './btf.ts';
import { withoutBpf } from './ebpf.fixture.ts';
import {
  BatchReader,
  createMap,
  deleteElement,
  encodeValueBtf,
  loadValueBtf,
  lookupAndDeleteElement,
  lookupElement,
  MapFlag,
  MapType,
  UpdateFlag,
} from './map.ts';

const key = new NativeBuffer(8);
const value = new NativeBuffer(16);
const element = new NativeBuffer(32);
const maps: number[] = [];

afterEach(() => {
  for (const map of maps.splice(0)) closeDescriptor(map);
});

function openMap(maxEntries: number): number {
  const options = { type: MapType.HASH, keyBytes: 8, valueBytes: 16, name: 'test map!' };
  const map = createMap({ ...options, maxEntries, flags: MapFlag.NO_PREALLOC });
  maps.push(map);
  return map;
}

function fill(map: number, count: number): void {
  for (let i = 0; i < count; i++) put(map, i, i * 3);
}

function put(map: number, entry: number, content: number, flags: number = UpdateFlag.ANY): void {
  key.u32[0] = entry;
  value.u32[0] = content;
  value.u32[3] = ~content;
  // BPF_MAP_UPDATE_ELEM: 0 map fd | 8 key | 16 value | 24 flags.
  element.u32[0] = map;
  setPointer(element, 8, key);
  setPointer(element, 16, value);
  element.u32[6] = flags;
  const result = bpf(Command.MAP_UPDATE_ELEM, element, element.bytes.length);
  if (result < 0) throw new BpfError('update BPF map', -result);
}

/** Keys of the entries read; every value is checked. */
function keysOf(reader: BatchReader, count: number): number[] {
  const keys: number[] = [];
  for (let i = 0; i < count; i++) {
    const entry = reader.keys.u32[i * 2]!;
    expect(reader.values.u32[i * 4]).toBe(entry * 3);
    expect(reader.values.u32[i * 4 + 3]).toBe(~(entry * 3) >>> 0);
    keys.push(entry);
  }
  return keys;
}

describe.skipIf(withoutBpf !== undefined)('maps (needs eBPF)', () => {
  test('elements are set, read, taken and removed', () => {
    const map = openMap(2);
    put(map, 7, 70);
    value.u32.fill(0);
    expect(lookupElement(map, key, value)).toBe(true);
    expect(value.u32[0]).toBe(70);
    expect(() => put(map, 7, 1, UpdateFlag.NO_EXIST)).toThrow('EEXIST');
    expect(lookupAndDeleteElement(map, key, value)).toBe(true);
    expect(value.u32[0]).toBe(70);
    expect(lookupElement(map, key, value)).toBe(false);
    expect(lookupAndDeleteElement(map, key, value)).toBe(false);
    expect(deleteElement(map, key)).toBe(false);
    put(map, 8, 80);
    expect(deleteElement(map, key)).toBe(true);
  });

  test('a full map says so', () => {
    const map = openMap(2);
    fill(map, 2);
    expect(() => put(map, 2, 6)).toThrow('E2BIG');
  });

  test('what the kernel refuses is a BpfError', () => {
    const options = { type: 9999, keyBytes: 4, valueBytes: 4, maxEntries: 1, name: 'refused' };
    expect(() => createMap(options)).toThrow(BpfError);
    expect(() => createMap(options)).toThrow('create BPF map refused: EINVAL');
    expect(() => lookupElement(-1, key, value)).toThrow('EBADF');
  });

  test.each([0, 1, 511, 512, 513, 3000])('a map of %d entries is read whole', (count) => {
    const map = openMap(4096);
    fill(map, count);
    const reader = new BatchReader(map, 8, 16, 4096);
    for (let round = 0; round < 2; round++) {
      const keys = keysOf(reader, reader.read());
      expect(keys.length).toBe(count);
      expect(new Set(keys).size).toBe(count);
    }
  });

  test.each([1, 7, 100, 5000])('and in pieces of at least %d', (piece) => {
    const map = openMap(4096);
    fill(map, 3000);
    const reader = new BatchReader(map, 8, 16, 4096);
    const keys: number[] = [];
    reader.begin();
    for (let count = reader.next(piece); count > 0; count = reader.next(piece)) {
      keys.push(...keysOf(reader, count));
    }
    expect(keys.length).toBe(3000);
    expect(new Set(keys).size).toBe(3000);
    expect(reader.next(piece)).toBe(0);
  });

  test('a reader that takes leaves nothing, and nobody reads anything twice', () => {
    const map = openMap(4096);
    fill(map, 2000);
    const reader = new BatchReader(map, 8, 16, 4096, true);
    expect(new Set(keysOf(reader, reader.read())).size).toBe(2000);
    expect(reader.read()).toBe(0);
  });

  test('more entries than a reader expects are read up to its limit', () => {
    const map = openMap(4096);
    fill(map, 3000);
    const count = new BatchReader(map, 8, 16, 100).read();
    expect(count).toBeGreaterThan(90);
    expect(count).toBeLessThanOrEqual(164);
  });
});

describe('types of a value', () => {
  test('read back as a 4-byte key and a value of the size asked for', () => {
    const index = new BtfIndex(encodeValueBtf(72));
    expect([1, 2, 3].map((id) => index.bytesOf(id))).toEqual([4, 8, 72]);
    expect(() => index.bytesOf(4)).toThrow('type 4 of 4');
  });

  test.skipIf(withoutBpf !== undefined)('make a socket storage map (needs eBPF)', () => {
    const btf = loadValueBtf(24);
    const map = createMap({
      type: MapType.SK_STORAGE,
      keyBytes: 4,
      valueBytes: 24,
      maxEntries: 0,
      name: 'test',
      flags: MapFlag.NO_PREALLOC | MapFlag.CLONE,
      btf,
    });
    closeDescriptor(map);
    closeDescriptor(btf.descriptor);
  });
});
