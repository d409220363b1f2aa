import { describe, expect, test } from 'bun:test';
import { closeDescriptor } from '../libc.ts';
import { BtfIndex } from './btf.ts';
import { withoutBpf } from './ebpf.fixture.ts';
import { createMap, MapFlag, MapType } from './map.ts';
import { encodeValueBtf, loadValueBtf } from './value-btf.ts';

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
