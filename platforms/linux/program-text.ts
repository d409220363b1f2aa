import { readFileSync, readlinkSync } from 'node:fs';
import { closeDescriptor, NativeBuffer, O_CLOEXEC, SyscallError, systemCall } from './libc.ts';

/** include/uapi/asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl; asm-generic/mman-common.h. */
const [SYS_MADVISE, SYS_USERFAULTFD, SYS_IOCTL] =
  process.arch === 'arm64' ? ([233, 282, 29] as const) : ([28, 323, 16] as const);
const MADV_DONTNEED = 4;

/** Addresses [`start`, `end`) of a mapping. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * /proc/PID/maps, proc_pid_maps(5): `start-end perms offset device inode path`, the path after spaces. The spans that
 * hold machine code of the file `path`, `r-xp`, and its constants: the first part of the file, `r--p` at offset 0. Nothing
 * was ever written to either. What the loader has relocated is `r--p` too, but further on in the file, and must stay.
 */
export function parseTextSpans(maps: string, path: string): readonly Span[] {
  return maps.split('\n').flatMap((line) => {
    const [, start, end, file] =
      /^([0-9a-f]+)-([0-9a-f]+) (?:r-xp \S+|r--p 0+) \S+ \S+ +(.+)$/.exec(line) ?? [];
    if (start === undefined || end === undefined || file !== path) return [];
    return [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }];
  });
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

/**
 * Has the kernel map single pages of these spans from now on, not the 64 KB around each that is touched: what runs each
 * second is spread thinly over the runtime. The kernel does so for spans whose writes are tracked by a userfaultfd(2),
 * and nothing is ever written here. It holds while the descriptor is open, so it stays open; false: this kernel cannot,
 * or may not.
 */
function mapSinglePages(spans: readonly Span[]): boolean {
  const descriptor = systemCall(SYS_USERFAULTFD, O_CLOEXEC | UFFD_USER_MODE_ONLY);
  if (descriptor < 0) return false;
  const request = new NativeBuffer(REQUEST_BYTES);
  request.view.setBigUint64(0, BigInt(UFFD_API), true);
  request.view.setBigUint64(8, BigInt(UFFD_FEATURE_WP_ASYNC), true);
  let isDone = systemCall(SYS_IOCTL, descriptor, UFFDIO_API, request.pointer) === 0;
  for (const { start, end } of isDone ? spans : []) {
    request.view.setBigUint64(0, BigInt(start), true);
    request.view.setBigUint64(8, BigInt(end - start), true);
    request.view.setBigUint64(16, BigInt(UFFDIO_REGISTER_MODE_WP), true);
    isDone = isDone && systemCall(SYS_IOCTL, descriptor, UFFDIO_REGISTER, request.pointer) === 0;
  }
  if (!isDone) closeDescriptor(descriptor);
  return isDone;
}

/** Whether single pages are mapped already, or cannot be. */
let isMappingDecided = false;

/**
 * Lets the pages of this program's machine code and constants go. Those that are still run come back from the page cache, the ones
 * that only its start has run do not. Throws SyscallError, or the error of reading /proc/self.
 */
export function releaseProgramText(): void {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  const spans = parseTextSpans(maps, readlinkSync('/proc/self/exe'));
  if (!isMappingDecided) mapSinglePages(spans);
  isMappingDecided = true;
  for (const { start, end } of spans) {
    const result = systemCall(SYS_MADVISE, start, end - start, MADV_DONTNEED);
    if (result < 0) throw new SyscallError('madvise', -result);
  }
}
