import { readFileSync, readlinkSync } from 'node:fs';
import { SyscallError, systemCall } from './libc.ts';

/** include/uapi/asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl; asm-generic/mman-common.h. */
const SYS_MADVISE = process.arch === 'arm64' ? 233 : 28;
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

/**
 * Lets the pages of this program's machine code and constants go. Those that are still run come back from the page cache, the ones
 * that only its start has run do not. Throws SyscallError, or the error of reading /proc/self.
 */
export function releaseProgramText(): void {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  for (const { start, end } of parseTextSpans(maps, readlinkSync('/proc/self/exe'))) {
    const result = systemCall(SYS_MADVISE, start, end - start, MADV_DONTNEED);
    if (result < 0) throw new SyscallError('madvise', -result);
  }
}
