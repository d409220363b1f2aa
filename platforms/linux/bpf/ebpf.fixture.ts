import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { closeDescriptor } from '../libc.ts';
import { createMap, MapType } from './map.ts';

/** Why eBPF cannot be tried here; undefined: it can. */
export const withoutBpf = reasonAgainstBpf();

function reasonAgainstBpf(): string | undefined {
  try {
    closeDescriptor(
      createMap({ type: MapType.HASH, keyBytes: 4, valueBytes: 4, maxEntries: 1, name: 'try' }),
    );
    return undefined;
  } catch (thrown) {
    return `eBPF: ${toOpError('try eBPF', thrown).message}`;
  }
}

if (withoutBpf !== undefined) process.stderr.write(`tests that need eBPF are left out: ${withoutBpf}\n`);
