import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { closeDescriptor, NativeBuffer, O_CLOEXEC, orThrow, PAGE_SIZE_BYTES, systemCall } from './libc.ts';

/** include/uapi/asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl; asm-generic/mman-common.h. */
const [SYS_MADVISE, SYS_USERFAULTFD, SYS_IOCTL] =
  process.arch === 'arm64' ? ([233, 282, 29] as const) : ([28, 323, 16] as const);
const MADV_DONTNEED = 4;
/** Where the compiler puts the program, its sources and byte code: it is only read, but mapped to be written to. */
const BUNDLE_NAME = '.bun';

/** Addresses [`start`, `end`) of a mapping. */
interface Span {
  readonly start: number;
  readonly end: number;
  /** It could be written to: then what was written would be lost. */
  readonly isWritable?: boolean;
}

/**
 * /proc/PID/maps, proc_pid_maps(5): `start-end perms offset device inode path`, the path after spaces. The spans of the
 * file `path` that nothing was ever written to: its machine code, `r-xp`; its constants, the first part of the file,
 * `r--p` at offset 0; and whole pages of `bundle` in a part that is `rw-p`. What the loader has relocated is `r--p` too,
 * but further on in the file, and must stay.
 */
export function parseTextSpans(maps: string, path: string, bundle?: FileSpan): readonly Span[] {
  return maps.split('\n').flatMap((line) => {
    const [, from, to, perms, at, file] =
      /^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \S+ +(.+)$/.exec(line) ?? [];
    if (from === undefined || to === undefined || at === undefined || file !== path) return [];
    const [start = 0, end = 0, offset = 0] = [from, to, at].map((hex) => Number.parseInt(hex, 16));
    if (perms === 'r-xp' || (perms === 'r--p' && offset === 0)) return [{ start, end }];
    if (perms !== 'rw-p' || bundle === undefined) return [];
    const first = Math.max(start, pageUp(start + bundle.start - offset));
    const last = Math.min(end, pageUp(start + bundle.end - offset + 1) - PAGE_SIZE_BYTES);
    return first < last ? [{ start: first, end: last, isWritable: true }] : [];
  });
}

/** Documentation/admin-guide/mm/pagemap.rst: 8 bytes a page; the top bits of the high word. */
const PAGEMAP_ENTRY_BYTES = 8;
const PAGE_PRESENT = 1 << 31;
const PAGE_SWAPPED = 1 << 30;
const PAGE_OF_FILE = 1 << 29;

/** Whether every page of the span that is in memory is still the file's: one that was written to is not. */
export function isAsInFile({ start, end }: Span): boolean {
  const descriptor = openSync('/proc/self/pagemap', 'r');
  try {
    const entries = new Int32Array(((end - start) / PAGE_SIZE_BYTES) * (PAGEMAP_ENTRY_BYTES / 4));
    const from = (start / PAGE_SIZE_BYTES) * PAGEMAP_ENTRY_BYTES;
    if (readSync(descriptor, entries, 0, entries.byteLength, from) < entries.byteLength) return false;
    return entries.every((word, at) => at % 2 === 0 || isOfFile(word));
  } finally {
    closeSync(descriptor);
  }
}

function isOfFile(highWord: number): boolean {
  return (highWord & (PAGE_PRESENT | PAGE_SWAPPED)) === 0 || (highWord & PAGE_OF_FILE) !== 0;
}

function pageUp(address: number): number {
  return Math.ceil(address / PAGE_SIZE_BYTES) * PAGE_SIZE_BYTES;
}

/** linux/userfaultfd.h, with UFFD_FEATURE_WP_ASYNC since 6.7, and the flags of userfaultfd(2). */
const UFFD_USER_MODE_ONLY = 1;
const UFFD_API = 0xaa;
const UFFD_FEATURE_WP_ASYNC = 1 << 15;
const UFFDIO_API = 0xc018aa3f;
const UFFDIO_REGISTER = 0xc020aa00;
const UFFDIO_REGISTER_MODE_WP = 2;
/** struct uffdio_api has three u64, struct uffdio_register four. */
const REQUEST_BYTES = 32;
/** Of struct uffdio_range. */
const UFFDIO_UNREGISTER = 0x8010aa01;

/** Opens a userfaultfd(2) that tracks writes; negative: this kernel cannot, or may not. */
function openWriteTracker(request: NativeBuffer): number {
  const descriptor = systemCall(SYS_USERFAULTFD, O_CLOEXEC | UFFD_USER_MODE_ONLY);
  if (descriptor < 0) return -1;
  request.view.setBigUint64(0, BigInt(UFFD_API), true);
  request.view.setBigUint64(8, BigInt(UFFD_FEATURE_WP_ASYNC), true);
  if (systemCall(SYS_IOCTL, descriptor, UFFDIO_API, request.pointer) === 0) return descriptor;
  closeDescriptor(descriptor);
  return -1;
}

/**
 * Memory of this program that can be given back, because the file it was read from has it still: machine code,
 * constants and the bundle. What is needed again comes back from the page cache, what only the start has run does not.
 */
class ProgramText {
  readonly #spans: readonly Span[];
  readonly #request = new NativeBuffer(REQUEST_BYTES);
  /** Stays open: what it says of mappings holds as long as it is. */
  readonly #tracker: number;

  constructor() {
    const exe = '/proc/self/exe';
    const maps = readFileSync('/proc/self/maps', 'utf8');
    const spans = parseTextSpans(maps, readlinkSync(exe), findSection(exe, BUNDLE_NAME));
    this.#spans = spans.filter((span) => span.isWritable !== true || isAsInFile(span));
    this.#tracker = openWriteTracker(this.#request);
  }

  /** Lets the pages go. Throws SyscallError. */
  release(): void {
    this.#mapSinglePages(true);
    for (const { start, end } of this.#spans) {
      orThrow(systemCall(SYS_MADVISE, start, end - start, MADV_DONTNEED), 'madvise');
    }
  }

  /** Much of it is about to be run: has the kernel map it in pieces of 64 KB until it is released. */
  expect(): void {
    this.#mapSinglePages(false);
  }

  /**
   * Has the kernel map single pages, or the 64 KB around each that is touched: what runs each second is spread thinly
   * over the runtime. It maps single ones of spans whose writes are tracked, and nothing is ever written here.
   */
  #mapSinglePages(isSingle: boolean): void {
    if (this.#tracker < 0) return;
    const { view, pointer } = this.#request;
    for (const { start, end } of this.#spans) {
      view.setBigUint64(0, BigInt(start), true);
      view.setBigUint64(8, BigInt(end - start), true);
      view.setBigUint64(16, BigInt(UFFDIO_REGISTER_MODE_WP), true);
      // Where it fails, more pages stay.
      systemCall(SYS_IOCTL, this.#tracker, isSingle ? UFFDIO_REGISTER : UFFDIO_UNREGISTER, pointer);
    }
  }
}

let programText: ProgramText | undefined;

/** Lets the pages go that the file of this program has too. Throws SyscallError, or the error of reading /proc/self. */
export function releaseProgramText(): void {
  programText ??= new ProgramText();
  programText.release();
}

/** Much of what was released is about to be run: it comes back in larger pieces until the next release. */
export function expectProgramText(): void {
  programText?.expect();
}

/** elf(5), 64 bits, little-endian: of the file header, where it says where section headers are, and which has names. */
const HEADER = { bytes: 64, sectionsAt: 0x28, sectionBytesAt: 0x3a, countAt: 0x3c, namesAt: 0x3e } as const;
/** Of a section header. */
const SECTION = { bytes: 64, nameAt: 0, offsetAt: 0x18, sizeAt: 0x20 } as const;
const SECTIONS_LIMIT = 256;
const NAMES_LIMIT_BYTES = 65_536;

/** Bytes [`start`, `end`) of a file. */
export interface FileSpan {
  readonly start: number;
  readonly end: number;
}

/** Where an executable of 64 bits has a section; undefined: nowhere, or the file cannot be read. */
export function findSection(path: string, name: string): FileSpan | undefined {
  try {
    const descriptor = openSync(path, 'r');
    try {
      return sectionIn(descriptor, `${name}\0`);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/** Throws RangeError where the file is shorter than it says. */
function sectionIn(descriptor: number, name: string): FileSpan | undefined {
  const header = readAt(descriptor, 0, HEADER.bytes);
  const count = header.getUint16(HEADER.countAt, true);
  if (count > SECTIONS_LIMIT || header.getUint16(HEADER.sectionBytesAt, true) !== SECTION.bytes)
    return undefined;
  const tableAt = Number(header.getBigUint64(HEADER.sectionsAt, true));
  const table = readAt(descriptor, tableAt, count * SECTION.bytes);
  const spanOf = (index: number): FileSpan => {
    const at = index * SECTION.bytes;
    const start = Number(table.getBigUint64(at + SECTION.offsetAt, true));
    return { start, end: start + Number(table.getBigUint64(at + SECTION.sizeAt, true)) };
  };
  const { start, end } = spanOf(header.getUint16(HEADER.namesAt, true));
  const names = readAt(descriptor, start, Math.min(NAMES_LIMIT_BYTES, end - start));
  const text = Buffer.from(names.buffer, 0, names.byteLength).toString('latin1');
  for (let index = 0; index < count; index++) {
    if (text.startsWith(name, table.getUint32(index * SECTION.bytes + SECTION.nameAt, true)))
      return spanOf(index);
  }
  return undefined;
}

function readAt(descriptor: number, at: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  return new DataView(bytes.buffer, 0, readSync(descriptor, bytes, 0, length, at));
}
