import { closeDescriptor } from '../libc.ts';
import { createMap, MapFlag, MapType } from './map.ts';
import {
  FLOW_KEY_BYTES,
  FLOW_VALUE_BYTES,
  LOST_BYTES,
  type NetworkMaps,
  PEER_KEY_BYTES,
  STORAGE_BYTES,
} from './network-layout.ts';
import { loadValueBtf } from './value-btf.ts';

/** Most entries of the maps; memory is taken as they fill, 216 bytes each. */
export interface NetworkMapSizes {
  readonly flows: number;
  readonly peers: number;
  readonly sums: number;
}

export const DEFAULT_SIZES: NetworkMapSizes = { flows: 65_536, peers: 32_768, sums: 8_192 };

/** Creates the maps, the caller's to close. Throws BpfError. */
export function createNetworkMaps(wanted: Partial<NetworkMapSizes>): {
  maps: NetworkMaps;
  sizes: NetworkMapSizes;
} {
  const sizes = { ...DEFAULT_SIZES, ...wanted };
  const made: number[] = [];
  const kept = (descriptor: number): number => {
    made.push(descriptor);
    return descriptor;
  };
  try {
    const maps: NetworkMaps = {
      storage: kept(createStorage()),
      flows: kept(createFlowMap('sstop_flows', FLOW_KEY_BYTES, sizes.flows)),
      peers: kept(createFlowMap('sstop_peers', PEER_KEY_BYTES, sizes.peers)),
      sums: kept(createFlowMap('sstop_sums', FLOW_KEY_BYTES, sizes.sums)),
      lost: kept(
        createMap({
          type: MapType.ARRAY,
          keyBytes: 4,
          valueBytes: LOST_BYTES,
          maxEntries: 1,
          name: 'sstop_lost',
        }),
      ),
    };
    return { maps, sizes };
  } catch (thrown) {
    for (const descriptor of made) closeDescriptor(descriptor);
    throw thrown;
  }
}

/** Closes the descriptors; the maps go with the last program that uses them. */
export function closeNetworkMaps(maps: NetworkMaps): void {
  for (const descriptor of [maps.storage, maps.flows, maps.peers, maps.sums, maps.lost])
    closeDescriptor(descriptor);
}

function createFlowMap(name: string, keyBytes: number, maxEntries: number): number {
  return createMap({
    type: MapType.HASH,
    keyBytes,
    valueBytes: FLOW_VALUE_BYTES,
    maxEntries,
    name,
    flags: MapFlag.NO_PREALLOC,
  });
}

function createStorage(): number {
  const btf = loadValueBtf(STORAGE_BYTES);
  try {
    return createMap({
      type: MapType.SK_STORAGE,
      keyBytes: 4,
      valueBytes: STORAGE_BYTES,
      maxEntries: 0,
      name: 'sstop_owner',
      flags: MapFlag.NO_PREALLOC | MapFlag.CLONE,
      btf,
    });
  } finally {
    closeDescriptor(btf.descriptor);
  }
}
