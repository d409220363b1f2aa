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
import type { KnownTypes } from './kernel-types.ts';

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

/** Where answers are kept from one start to the next. A cache that cannot be used is empty, and never an error. */
export interface TypeCache {
  /** Undefined: nothing is kept of this kernel. */
  read(): KnownTypes | undefined;
  write(known: KnownTypes): void;
}

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
export function typeCacheOfRoot(identity: string): TypeCache | undefined {
  if (process.getuid?.() !== ROOT || process.geteuid?.() !== ROOT) return undefined;
  return new FileTypeCache(identity, { folder: FOLDER, parent: PARENT, owner: ROOT });
}

/** Identity of the running kernel: build id and boot id. Undefined: unknown. */
export function kernelIdentity(): string | undefined {
  try {
    const build = buildIdOf(readFileSync('/sys/kernel/notes'));
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return build === undefined || boot === '' ? undefined : `${build} ${boot}`;
  } catch {
    return undefined;
  }
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
 * One file: `FORMAT checksum\n`, then JSON `{ identity, ids, members, enumerations }`. Folder, owner, mode, links, length, checksum,
 * identity and every number are checked when it is read.
 */
export class FileTypeCache implements TypeCache {
  readonly #identity: string;
  readonly #place: CachePlace;

  constructor(identity: string, place: CachePlace) {
    this.#identity = identity;
    this.#place = place;
  }

  read(): KnownTypes | undefined {
    try {
      if (!this.#isPlaceSafe()) return undefined;
      return parse(this.#readFile(), this.#identity);
    } catch {
      return undefined;
    }
  }

  write(known: KnownTypes): void {
    // It may be there; where it cannot be made, what follows tells.
    succeeds(() => mkdirSync(this.#place.folder, { mode: 0o700 }));
    // Without room, or where nothing may be written, the next start asks the kernel again.
    succeeds(() => this.#writeFile(known));
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

function succeeds(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
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
