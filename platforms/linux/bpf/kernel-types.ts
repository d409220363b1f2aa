import { readFileSync } from 'node:fs';
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { BtfIndex, type BtfKind, type BtfMember, type BtfWanted, type TypeSource } from './btf.ts';
import { kernelIdentity, type TypeCache, typeCacheOfRoot } from './type-cache.ts';

const PATH = '/sys/kernel/btf/vmlinux';
/** The start is over by then, and what it has asked is kept in one write. */
const KEEP_MILLIS = 3000;

/** What has been asked of a kernel's types, and the answers: `0` and null where it has no such thing. */
export interface KnownTypes {
  /** By kind and name: `4 task_struct`. */
  readonly ids: Record<string, number>;
  /** By id and path: `128 se.sum_exec_runtime`; offset, bytes, type id. */
  readonly members: Record<string, readonly [offset: number, bytes: number, typeId: number] | null>;
  /** By id: `NAME=VALUE;NAME=VALUE;`, for one text of 150 names is read and checked faster than all of them. */
  readonly enumerations: Record<string, string>;
}

/**
 * A kernel's types, with all answers remembered: its BTF, 6 MB of it, is read when something is asked that nobody has
 * asked before, and let go with the last of those who opened their programs.
 */
export class RememberedTypes implements TypeSource {
  readonly #known: KnownTypes;
  readonly #read: () => TypeSource;
  readonly #learnt: (known: KnownTypes) => void;
  #index: TypeSource | undefined;

  /** `read` may throw OpError; `learnt` is called with every new result. */
  constructor(known: KnownTypes, read: () => TypeSource, learnt: (known: KnownTypes) => void) {
    this.#known = known;
    this.#read = read;
    this.#learnt = learnt;
  }

  find(wanted: BtfWanted): ReadonlyMap<string, number> {
    const { ids } = this.#known;
    const missing = wanted.filter(([name, kind]) => ids[keyOf(name, kind)] === undefined);
    if (missing.length > 0) {
      const found = this.#types().find(missing);
      for (const [name, kind] of missing) ids[keyOf(name, kind)] = found.get(name) ?? 0;
      this.#learnt(this.#known);
    }
    const pairs = wanted.map(([name, kind]) => [name, ids[keyOf(name, kind)]!] as const);
    return new Map(pairs.filter(([, id]) => id !== 0));
  }

  member(structureId: number, path: string): BtfMember | undefined {
    const { members } = this.#known;
    const key = `${structureId} ${path}`;
    let member = members[key];
    if (member === undefined) {
      const found = this.#types().member(structureId, path);
      member = found === undefined ? null : [found.offset, found.bytes, found.typeId];
      members[key] = member;
      this.#learnt(this.#known);
    }
    return member === null ? undefined : { offset: member[0], bytes: member[1], typeId: member[2] };
  }

  enumerators(enumId: number): readonly (readonly [name: string, value: number])[] {
    const { enumerations } = this.#known;
    let text = enumerations[enumId];
    if (text === undefined) {
      const found = this.#types().enumerators(enumId);
      text = found.map(([name, value]) => `${name}=${value};`).join('');
      enumerations[enumId] = text;
      this.#learnt(this.#known);
    }
    return text
      .split(';')
      .slice(0, -1)
      .map((one) => {
        const end = one.indexOf('=');
        return [one.slice(0, end), Number(one.slice(end + 1))] as const;
      });
  }

  #types(): TypeSource {
    this.#index ??= this.#read();
    return this.#index;
  }
}

function keyOf(name: string, kind: BtfKind): string {
  return `${kind} ${name}`;
}

let shared: WeakRef<TypeSource> | undefined;

/**
 * The running kernel's types. Those who open their programs at the same time share one; it goes when nobody holds it
 * any more. Root finds what an earlier start has asked in a file (type-cache.ts). Throws OpError, also later when
 * something is asked: ENOENT on a kernel without BTF, `BAD_BTF`.
 */
export function kernelTypes(): TypeSource {
  const known = shared?.deref();
  if (known !== undefined) return known;
  const identity = kernelIdentity();
  const cache = identity === undefined ? undefined : typeCacheOfRoot(identity);
  const types = new RememberedTypes(
    cache?.read() ?? { ids: {}, members: {}, enumerations: {} },
    readBtf,
    keeperOf(cache),
  );
  shared = new WeakRef(types);
  return types;
}

function readBtf(): BtfIndex {
  try {
    return new BtfIndex(readFileSync(PATH));
  } catch (thrown) {
    throw toOpError(`read ${PATH}`, thrown);
  }
}

/** Writes the answers down once, when the start is over. */
function keeperOf(cache: TypeCache | undefined): (known: KnownTypes) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (known) => {
    if (cache === undefined || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      cache.write(known);
    }, KEEP_MILLIS);
    timer.unref();
  };
}
