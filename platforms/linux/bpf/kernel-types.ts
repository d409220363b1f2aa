import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { orUndefined, toOpError } from '../../../src/kit/errors/op-error.ts';
import { BtfIndex, type BtfKind, type BtfMember, type BtfWanted, type TypeSource } from './btf.ts';

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
 * any more. Root finds what an earlier start has asked in a file (FileTypeCache). Throws OpError, also later when
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
function keeperOf(cache: FileTypeCache | undefined): (known: KnownTypes) => void {
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

const PARENT = '/var/cache';
const FOLDER = `${PARENT}/sstop`;
const FILE = 'kernel-types';
/** The first word of the file; another format has another one. */
const FORMAT = 'sstop-kernel-types-2';
/** Those of today take 6 KB. */
const MAX_BYTES = 64 * 1024;
const GROUP_OR_OTHERS = 0o077;
const WRITABLE_BY_OTHERS = 0o022;
const PERMISSIONS = 0o7777;
const FILE_MODE = 0o600;
const ROOT = 0;

/** Who may write the folder of a cache. */
interface CachePlace {
  /** Made with mode 0700 where it is missing. */
  readonly folder: string;
  /** Must be there, and be writable by the owner alone. */
  readonly parent: string;
  /** User id of the owner of everything. */
  readonly owner: number;
}

/** Root's own cache; undefined for everybody else: offsets that others could have written are not used. */
export function typeCacheOfRoot(identity: string): FileTypeCache | undefined {
  if (process.getuid?.() !== ROOT || process.geteuid?.() !== ROOT) return undefined;
  return new FileTypeCache(identity, { folder: FOLDER, parent: PARENT, owner: ROOT });
}

/** Identity of the running kernel: build id and boot id. Undefined: unknown. */
export function kernelIdentity(): string | undefined {
  const build = orUndefined(() => buildIdOf(readFileSync('/sys/kernel/notes')));
  const boot = orUndefined(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? '';
  return build === undefined || boot === '' ? undefined : `${build} ${boot}`;
}

const NOTE_HEADER_BYTES = 12;
const NT_GNU_BUILD_ID = 3;

/** The build id in the notes of an ELF file (elf(5)): name, description and type of each, padded to 4 bytes. */
export function buildIdOf(notes: Uint8Array): string | undefined {
  const view = new DataView(notes.buffer, notes.byteOffset, notes.length);
  for (let at = 0; at + NOTE_HEADER_BYTES <= notes.length; ) {
    const nameLength = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    const nameAt = at + NOTE_HEADER_BYTES;
    const contentAt = nameAt + padded(nameLength);
    const end = contentAt + length;
    if (end > notes.length) return undefined;
    const name = Buffer.from(notes.buffer, notes.byteOffset + nameAt, nameLength).toString('latin1');
    if (view.getUint32(at + 8, true) === NT_GNU_BUILD_ID && name === 'GNU\0') {
      return Buffer.from(notes.buffer, notes.byteOffset + contentAt, length).toString('hex');
    }
    at = contentAt + padded(length);
  }
  return undefined;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

/**
 * Where answers are kept from one start to the next. A cache that cannot be used is empty, and never an error.
 * One file: `FORMAT checksum\n`, then JSON `{ identity, ids, members, enumerations }`. Folder, owner, mode, links, length, checksum,
 * identity and every number are checked when it is read.
 */
export class FileTypeCache {
  readonly #identity: string;
  readonly #place: CachePlace;

  constructor(identity: string, place: CachePlace) {
    this.#identity = identity;
    this.#place = place;
  }

  read(): KnownTypes | undefined {
    return orUndefined(() => (this.#isPlaceSafe() ? parse(this.#readFile(), this.#identity) : undefined));
  }

  write(known: KnownTypes): void {
    // It may be there; where it cannot be made, what follows tells.
    orUndefined(() => mkdirSync(this.#place.folder, { mode: 0o700 }));
    // Without room, or where nothing may be written, the next start asks the kernel again.
    orUndefined(() => this.#writeFile(known));
  }

  #writeFile(known: KnownTypes): void {
    if (!this.#isPlaceSafe()) return;
    const { folder } = this.#place;
    const unfinished = `${folder}/.${FILE}.${process.pid}`;
    const text = JSON.stringify({ identity: this.#identity, ...known });
    rmSync(unfinished, { force: true });
    writeFileSync(unfinished, `${FORMAT} ${checksum(text)}\n${text}`, { flag: 'wx', mode: FILE_MODE });
    renameSync(unfinished, `${folder}/${FILE}`);
  }

  #isPlaceSafe(): boolean {
    const { folder, parent, owner } = this.#place;
    const inside = lstatSync(folder);
    const around = lstatSync(parent);
    return (
      inside.isDirectory() &&
      isOf(inside, owner, GROUP_OR_OTHERS) &&
      around.isDirectory() &&
      isOf(around, owner, WRITABLE_BY_OTHERS)
    );
  }

  #readFile(): string {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const descriptor = openSync(`${this.#place.folder}/${FILE}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = fstatSync(descriptor);
      const isOurs = stats.isFile() && stats.uid === this.#place.owner && stats.nlink === 1;
      if (!isOurs || (stats.mode & PERMISSIONS) !== FILE_MODE || stats.size > MAX_BYTES) return '';
      const bytes = new Uint8Array(stats.size);
      const length = readSync(descriptor, bytes, 0, bytes.length, 0);
      return length === bytes.length ? new TextDecoder('utf-8', { fatal: true }).decode(bytes) : '';
    } finally {
      closeSync(descriptor);
    }
  }
}

function isOf(stats: Stats, owner: number, forbidden: number): boolean {
  return stats.uid === owner && (stats.mode & forbidden) === 0;
}

function checksum(text: string): string {
  return new Bun.CryptoHasher('sha256').update(text).digest('hex');
}

function parse(file: string, identity: string): KnownTypes | undefined {
  const end = file.indexOf('\n');
  const text = file.slice(end + 1);
  if (end < 0 || file.slice(0, end) !== `${FORMAT} ${checksum(text)}`) return undefined;
  const { identity: ofKernel, ...known }: KnownTypes & { identity: unknown } = JSON.parse(text);
  if (ofKernel !== identity) return undefined;
  const { ids, members, enumerations } = known;
  const isWhole =
    Object.values(ids).every(isCount) &&
    Object.values(members).every((one) => one === null || (one.length === 3 && one.every(isCount))) &&
    Object.values(enumerations).every((one) => typeof one === 'string' && ENUMERATION.test(one));
  return isWhole ? known : undefined;
}

const ENUMERATION = /^(?:\w+=\d{1,10};)*$/;

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
