import { readFileSync } from 'node:fs';
import { OpError, toOpError } from '../../../src/kit/errors/op-error.ts';
import { BtfIndex, type BtfMember, type BtfWanted } from './btf.ts';

const PATH = '/sys/kernel/btf/vmlinux';

let shared: WeakRef<BtfIndex> | undefined;

/**
 * The running kernel's types. Those who open their programs at the same time share one index (6 MB), which goes when
 * nobody holds it any more. Throws OpError: ENOENT on a kernel without BTF, `BAD_BTF`.
 */
export function kernelBtf(): BtfIndex {
  const known = shared?.deref();
  if (known !== undefined) return known;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(PATH);
  } catch (thrown) {
    throw toOpError(`read ${PATH}`, thrown);
  }
  const index = new BtfIndex(bytes);
  shared = new WeakRef(index);
  return index;
}

/** Looks up what programs need and says what the kernel lacks. */
export class KernelTypes {
  readonly #index: BtfIndex;
  readonly #ids: Map<string, number>;

  constructor(index: BtfIndex, wanted: BtfWanted) {
    this.#index = index;
    this.#ids = index.find(wanted);
  }

  has(name: string): boolean {
    return this.#ids.has(name);
  }

  /** The id of one of the types wanted. Throws OpError `UNSUPPORTED`. */
  id(name: string): number {
    const id = this.#ids.get(name);
    if (id === undefined) throw lacking(name);
    return id;
  }

  /** The first of the paths that the structure has. Throws OpError `UNSUPPORTED` where it has none. */
  member(structure: string, ...paths: readonly string[]): BtfMember {
    const found = this.optionalMember(structure, ...paths);
    if (found === undefined) throw lacking(`${structure}.${paths.join(' or .')}`);
    return found;
  }

  optionalMember(structure: string, ...paths: readonly string[]): BtfMember | undefined {
    const id = this.id(structure);
    for (const path of paths) {
      const found = this.#index.member(id, path);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function lacking(what: string): OpError {
  return new OpError({ op: 'read BTF', code: 'UNSUPPORTED', message: `this kernel has no ${what}` });
}
