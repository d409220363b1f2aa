import { OpError } from '../../../src/kit/errors/op-error.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import type { ReadOnlyCast } from './instruction.ts';

/** Kinds of types (include/uapi/linux/btf.h). */
export const BtfKind = {
  ...{ INT: 1, PTR: 2, ARRAY: 3, STRUCT: 4, UNION: 5, ENUM: 6, FWD: 7, TYPEDEF: 8, VOLATILE: 9, CONST: 10 },
  ...{ RESTRICT: 11, FUNC: 12, FUNC_PROTO: 13, VAR: 14, DATASEC: 15, DECL_TAG: 17, TYPE_TAG: 18, ENUM64: 19 },
} as const;
export type BtfKind = (typeof BtfKind)[keyof typeof BtfKind];

/** Where a member lies in its structure. */
export interface BtfMember {
  readonly offset: number;
  readonly bytes: number;
  readonly typeId: number;
}

export type BtfWanted = readonly (readonly [name: string, kind: BtfKind])[];

/** Types of one kind. */
export function ofKind(kind: BtfKind, ...names: readonly string[]): BtfWanted {
  return names.map((name) => [name, kind] as const);
}

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
/** Words of `struct btf_type`: name, info, size or type. */
const TYPE_WORDS = 3;
const POINTER_BYTES = 8;
/** Typedefs of typedefs, structures in structures: beyond this, something refers to itself. */
const DEPTH_LIMIT = 32;

/**
 * Types of the kernel, in BTF (Documentation/bpf/btf.rst). Reads bytes and checks every number in them.
 *
 *   header: magic u16 | version u8 | flags u8 | its length u32 | types: offset, length u32 | names: offset, length u32
 *   type:   name u32 | info u32 (count:16, kind: bits 24-28, bit-field flag: 31) | size or type u32 | by its kind
 */
export class BtfIndex implements TypeSource {
  readonly #types: Uint32Array;
  readonly #names: Buffer;
  /** By type id: the word at which the type begins. Id 0 is void. */
  readonly #starts: Uint32Array;

  /** Throws OpError `BAD_BTF`. */
  constructor(bytes: Uint8Array) {
    const header = readHeader(bytes);
    // The words must lie at a multiple of 4, which a part of another buffer may not.
    const { typesAt, typesLength, namesAt, namesLength } = header;
    const isAligned = (bytes.byteOffset + typesAt) % 4 === 0;
    const types = isAligned ? bytes : bytes.slice(typesAt, typesAt + typesLength);
    const at = isAligned ? bytes.byteOffset + typesAt : types.byteOffset;
    this.#types = new Uint32Array(types.buffer, at, typesLength >> 2);
    this.#names = Buffer.from(bytes.buffer, bytes.byteOffset + namesAt, namesLength);
    this.#starts = indexTypes(this.#types);
  }

  get #count(): number {
    return this.#starts.length;
  }

  /**
   * The ids of named types, all in one pass; what is not there is not in the map. The first of a name and kind counts.
   */
  find(wanted: BtfWanted): Map<string, number> {
    const byName = new Map<number, (readonly [string, BtfKind])[]>();
    for (const pair of wanted) {
      const offset = this.#nameOffset(pair[0]);
      if (offset < 0) continue;
      const others = byName.get(offset);
      if (others === undefined) byName.set(offset, [pair]);
      else others.push(pair);
    }
    const found = new Map<string, number>();
    for (let id = 1; id < this.#count && found.size < wanted.length; id++) {
      const start = this.#starts[id]!;
      const pairs = byName.get(this.#types[start]!);
      if (pairs === undefined) continue;
      const kind = kindOf(this.#types[start + 1]!);
      for (const [name, wantedKind] of pairs) {
        if (wantedKind === kind && !found.has(name)) found.set(name, id);
      }
    }
    return found;
  }

  /**
   * A member by its path from a structure: `se.sum_exec_runtime`, `rss_stat[1].count`. Members of anonymous structures
   * are found as in C. Undefined: no such member, or a bit field.
   */
  member(structureId: number, path: string): BtfMember | undefined {
    let typeId = this.#resolve(structureId);
    let bits = 0;
    for (const step of path.split('.')) {
      const match = /^(\w+)(?:\[(\d+)\])?$/.exec(step);
      const inner = match === null ? undefined : this.#memberOf(typeId, match[1]!, 0);
      if (match === null || inner === undefined) return undefined;
      bits += inner.bits;
      typeId = this.#resolve(inner.typeId);
      if (match[2] === undefined) continue;
      const element = this.#elementOf(typeId);
      if (element === undefined || Number(match[2]) >= element.count) return undefined;
      bits += Number(match[2]) * this.bytesOf(element.typeId) * 8;
      typeId = this.#resolve(element.typeId);
    }
    const bytes = this.bytesOf(typeId);
    return bits % 8 === 0 ? { offset: bits / 8, bytes, typeId } : undefined;
  }

  /** The names of an `enum` with their values; those of 64 bits are none that anybody here asks for. */
  enumerators(enumId: number): readonly (readonly [name: string, value: number])[] {
    if (!(enumId > 0 && enumId < this.#count) || this.#kindOf(enumId) !== BtfKind.ENUM) return [];
    const start = this.#starts[enumId]!;
    return Array.from({ length: countOf(this.#types[start + 1]!) }, (_, i) => {
      const at = start + TYPE_WORDS + i * 2;
      return [this.#nameAt(this.#types[at]!), this.#types[at + 1]!] as const;
    });
  }

  /** Bytes of a type; 0 for what has no size and for arrays of any length. */
  bytesOf(typeId: number): number {
    let elements = 1;
    for (let depth = 0; depth < DEPTH_LIMIT; depth++) {
      const id = this.#resolve(typeId);
      if (id === 0) return 0;
      const kind = this.#kindOf(id);
      if (kind === BtfKind.PTR) return POINTER_BYTES * elements;
      const array = this.#elementOf(id);
      if (array === undefined) return SIZELESS.has(kind) ? 0 : this.#types[this.#starts[id]! + 2]! * elements;
      elements *= array.count;
      typeId = array.typeId;
    }
    throw malformed('arrays of arrays');
  }

  #kindOf(id: number): number {
    return kindOf(this.#types[this.#starts[id]! + 1]!);
  }

  /** The type behind typedefs and qualifiers. */
  #resolve(typeId: number): number {
    for (let depth = 0; depth < DEPTH_LIMIT; depth++) {
      if (typeId >= this.#count) throw malformed(`type ${typeId} of ${this.#count}`);
      if (typeId === 0 || !ALIASES.has(this.#kindOf(typeId))) return typeId;
      typeId = this.#types[this.#starts[typeId]! + 2]!;
    }
    throw malformed('a type that refers to itself');
  }

  #elementOf(id: number): { typeId: number; count: number } | undefined {
    if (id === 0 || this.#kindOf(id) !== BtfKind.ARRAY) return undefined;
    const start = this.#starts[id]!;
    return { typeId: this.#types[start + 3]!, count: this.#types[start + 5]! };
  }

  #memberOf(id: number, name: string, depth: number): { bits: number; typeId: number } | undefined {
    if (depth > DEPTH_LIMIT) throw malformed('a structure within itself');
    const kind = id === 0 ? 0 : this.#kindOf(id);
    if (kind !== BtfKind.STRUCT && kind !== BtfKind.UNION) return undefined;
    const start = this.#starts[id]!;
    const info = this.#types[start + 1]!;
    const hasBitFields = info >>> 31 === 1;
    for (let i = 0, at = start + TYPE_WORDS; i < countOf(info); i++, at += 3) {
      const place = this.#types[at + 2]!;
      const bits = hasBitFields ? place & 0xffffff : place;
      const typeId = this.#types[at + 1]!;
      if (this.#types[at] === 0) {
        const inner = this.#memberOf(this.#resolve(typeId), name, depth + 1);
        if (inner !== undefined) return { bits: bits + inner.bits, typeId: inner.typeId };
      } else if (this.#isNamed(this.#types[at]!, name)) {
        return hasBitFields && place >>> 24 !== 0 ? undefined : { bits, typeId };
      }
    }
    return undefined;
  }

  #isNamed(offset: number, name: string): boolean {
    const end = offset + name.length;
    if (end >= this.#names.length || this.#names[end] !== 0) return false;
    for (let i = 0; i < name.length; i++) if (this.#names[offset + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  /** '' where the names end before it does. */
  #nameAt(offset: number): string {
    const end = offset < this.#names.length ? this.#names.indexOf(0, offset) : -1;
    return end < 0 ? '' : this.#names.toString('latin1', offset, end);
  }

  /** Names are there once each. */
  #nameOffset(name: string): number {
    const at = this.#names.indexOf(`\0${name}\0`, 0, 'latin1');
    return at < 0 ? -1 : at + 1;
  }
}

function readHeader(bytes: Uint8Array) {
  if (bytes.length < HEADER_BYTES) throw malformed('no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint16(0, true) !== MAGIC) throw malformed('another magic number');
  const headerLength = view.getUint32(4, true);
  const typesAt = headerLength + view.getUint32(8, true);
  const typesLength = view.getUint32(12, true);
  const namesAt = headerLength + view.getUint32(16, true);
  const namesLength = view.getUint32(20, true);
  const isInside = typesAt + typesLength <= bytes.length && namesAt + namesLength <= bytes.length;
  if (headerLength < HEADER_BYTES || !isInside || typesLength % 4 !== 0) throw malformed('lengths');
  return { typesAt, typesLength, namesAt, namesLength };
}

/** Where each type begins. Each of them takes three words at least, which bounds their number. */
function indexTypes(types: Uint32Array): Uint32Array {
  let starts = new Uint32Array(Math.min(1 << 17, Math.floor(types.length / TYPE_WORDS) + 1));
  let count = 1;
  let at = 0;
  while (at + TYPE_WORDS <= types.length) {
    if (count === starts.length) starts = lengthened(starts, new Uint32Array(count * 2));
    starts[count++] = at;
    at += TYPE_WORDS + extraWords(types[at + 1]!);
  }
  if (at !== types.length) throw malformed('a type is cut short');
  return starts.subarray(0, count);
}

function kindOf(info: number): number {
  return (info >>> 24) & 0x1f;
}

function countOf(info: number): number {
  return info & 0xffff;
}

function extraWords(info: number): number {
  switch (kindOf(info)) {
    case BtfKind.INT:
    case BtfKind.VAR:
    case BtfKind.DECL_TAG:
      return 1;
    case BtfKind.ARRAY:
      return 3;
    case BtfKind.STRUCT:
    case BtfKind.UNION:
    case BtfKind.DATASEC:
    case BtfKind.ENUM64:
      return countOf(info) * 3;
    case BtfKind.ENUM:
    case BtfKind.FUNC_PROTO:
      return countOf(info) * 2;
    default:
      return 0;
  }
}

const { TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG, FUNC, FUNC_PROTO, VAR, FWD } = BtfKind;
const ALIASES = new Set<number>([TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG]);
/** Their third word is a type, or nothing. */
const SIZELESS = new Set<number>([FUNC, FUNC_PROTO, VAR, FWD]);

function malformed(what: string): OpError {
  return new OpError({ op: 'parse BTF', code: 'BAD_BTF', message: `parse BTF: ${what}` });
}

/** Who knows a kernel's types. */
export interface TypeSource {
  /** The ids of named types; what is not there is not in the map. The first of a name and kind counts. */
  find(wanted: BtfWanted): ReadonlyMap<string, number>;
  /** A member by its path from a structure; undefined: there is none, or it is a bit field. */
  member(structureId: number, path: string): BtfMember | undefined;
  /** The names of an enumeration with their values, unsigned; empty where the type is none. */
  enumerators(enumId: number): readonly (readonly [name: string, value: number])[];
}

/** Needed for `readOnlyCast`. */
export const READ_ONLY_CAST = ['bpf_rdonly_cast', BtfKind.FUNC] as const;

/** Looks up what programs need and says what the kernel lacks. */
export class KernelTypes {
  readonly #source: TypeSource;
  readonly #ids: ReadonlyMap<string, number>;

  constructor(source: TypeSource, wanted: BtfWanted) {
    this.#source = source;
    this.#ids = source.find(wanted);
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

  /** The names of an enumeration with their values. Throws OpError `UNSUPPORTED`. */
  enumerators(name: string): readonly (readonly [name: string, value: number])[] {
    return this.#source.enumerators(this.id(name));
  }

  /** To a structure; undefined: this kernel has none. */
  readOnlyCast(structure: string): ReadOnlyCast | undefined {
    const functionId = this.#ids.get(READ_ONLY_CAST[0]);
    return functionId === undefined ? undefined : { functionId, structureId: this.id(structure) };
  }

  optionalMember(structure: string, ...paths: readonly string[]): BtfMember | undefined {
    const id = this.id(structure);
    for (const path of paths) {
      const found = this.#source.member(id, path);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function lacking(what: string): OpError {
  return new OpError({ op: 'read BTF', code: 'UNSUPPORTED', message: `this kernel has no ${what}` });
}
