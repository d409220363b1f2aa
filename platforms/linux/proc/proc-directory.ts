import {
  AT_FDCWD,
  closeDescriptor,
  Errno,
  fileSystemStatistics,
  NativeBuffer,
  O_DIRECTORY,
  O_RDONLY,
  openAt,
  orThrow,
  readAt,
  readDirectory,
  readInto,
  rewind,
  systemCall,
} from '../libc.ts';
import { type PidStat, parsePidStat } from './pid-stat.ts';
import { ascii } from './text-scanner.ts';

/** The files of one process that are read. */
export const PidFile = {
  STAT: ascii('/stat\0'),
  STATUS: ascii('/status\0'),
  COMMAND_LINE: ascii('/cmdline\0'),
  CONTROL_GROUP: ascii('/cgroup\0'),
  DESCRIPTORS: ascii('/fd\0'),
} as const;

/** asm/unistd_64.h, asm-generic/unistd.h. */
const STATX = process.arch === 'arm64' ? 291 : 332;
/** linux/stat.h: struct statx, of which `stx_mask` and `stx_uid` are read. */
const STATX_SIZE = 256;
const STATX_UID = 0x8;
const UID_WORD = 5;
const STATFS_SIZE = 120;
/** linux/magic.h. */
const PROC_SUPER_MAGIC = 0x9fa0;

/** An open /proc, whose files are reached relative to it: a path is built from digits, without a string. */
export class ProcDirectory {
  readonly root: string;
  readonly descriptor: number;
  readonly #path = new NativeBuffer(64);
  /** A copy of /proc on a disk has the owners of its copier. */
  readonly #isProcFileSystem: boolean;
  readonly #status = new NativeBuffer(STATX_SIZE);

  /** Throws SyscallError where the root cannot be opened. */
  constructor(root: string) {
    this.root = root;
    const path = NativeBuffer.ofPath(root);
    this.descriptor = orThrow(openAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY), 'open', root);
    const statistics = new NativeBuffer(STATFS_SIZE);
    this.#isProcFileSystem =
      fileSystemStatistics(path, statistics) === 0 && statistics.u32[0] === PROC_SUPER_MAGIC;
  }

  /** Opens `PID/file`, file being one of PidFile. Returns the descriptor or -errno. */
  openProcessFile(pid: number, file: Uint8Array, flags = O_RDONLY): number {
    const path = this.#path.bytes;
    const digits = writeDecimal(path, pid);
    // Not `set`: it would make a view or check types for a handful of bytes.
    for (let i = 0; i < file.length; i++) path[digits + i] = file[i]!;
    return openAt(this.descriptor, this.#path, flags);
  }

  /**
   * Effective user ID of a process or thread: the owner of its folder, which for folders that all may read is never
   * replaced by root (fs/proc/base.c, task_dump_owner). A tenth of what reading `status` costs. Returns -errno where it
   * cannot be had so: -ENOSYS before Linux 4.11 and in a copy of /proc.
   */
  effectiveUidOf(pid: number): number {
    if (!this.#isProcFileSystem) return -Errno.ENOSYS;
    this.#path.bytes[writeDecimal(this.#path.bytes, pid)] = 0;
    const status = this.#status;
    const result = systemCall(STATX, this.descriptor, this.#path.pointer, 0, STATX_UID, status.pointer);
    if (result < 0) return result;
    return (status.u32[0]! & STATX_UID) === 0 ? -Errno.ENOSYS : status.u32[UID_WORD]!;
  }

  /** One read(2) of `PID/file` from its start. Returns bytes or -errno. */
  readProcessFile(pid: number, file: Uint8Array, into: NativeBuffer): number {
    const descriptor = this.openProcessFile(pid, file);
    if (descriptor < 0) return descriptor;
    const length = readInto(descriptor, into);
    closeDescriptor(descriptor);
    return length;
  }

  /** One read(2) of `PID/stat`, parsed. Returns its bytes, or -errno; -ESRCH: what is there is not that process's. */
  readStat(pid: number, text: NativeBuffer, into: PidStat): number {
    const length = this.readProcessFile(pid, PidFile.STAT, text);
    if (length < 0) return length;
    return parsePidStat(text.bytes, length, into) && into.pid === pid ? length : -Errno.ESRCH;
  }

  /** Opens a file by its path inside the root, to be kept open. Returns the descriptor or -errno. */
  openFile(path: string): number {
    return openAt(this.descriptor, NativeBuffer.ofPath(path), O_RDONLY);
  }

  /** One read(2) of a file by its path inside the root, for what is read once. Returns bytes or -errno. */
  readFile(path: string, into: NativeBuffer): number {
    const descriptor = this.openFile(path);
    if (descriptor < 0) return descriptor;
    const length = readAt(descriptor, into, 0);
    closeDescriptor(descriptor);
    return length;
  }

  rewind(): void {
    rewind(this.descriptor);
  }

  /** The next entries of /proc itself, as getdents64(2) gives them. Returns bytes, 0 at the end, or -errno. */
  readEntries(into: NativeBuffer): number {
    return readDirectory(this.descriptor, into);
  }

  close(): void {
    closeDescriptor(this.descriptor);
  }
}

/** Writes the digits of an integer from 0 on, from index 0; returns how many. */
export function writeDecimal(bytes: Uint8Array, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits++;
  for (let at = digits - 1, rest = value; at >= 0; at--) {
    const quotient = (rest / 10) | 0;
    bytes[at] = 0x30 + rest - quotient * 10;
    rest = quotient;
  }
  return digits;
}

const ZERO = 0x30;
const DIGITS_LIMIT = 10;

/** Of an entry that getdents64(2) wrote, `struct linux_dirent64`: its length u16, and its name, which ends with NUL. */
const LENGTH_AT = 16;
const NAME_AT = 19;

/**
 * Shows the entries of a directory whose names are numbers, and where the name is, until `visit` returns false. Returns
 * false then, and where the length of a record is a lie.
 */
export function visitNumbers(
  bytes: Uint8Array,
  length: number,
  visit: (number: number, nameAt: number) => boolean,
): boolean {
  const end = Math.min(length, bytes.length);
  for (let at = 0; at + NAME_AT < end; ) {
    const next = at + (bytes[at + LENGTH_AT]! | (bytes[at + LENGTH_AT + 1]! << 8));
    if (next <= at + NAME_AT || next > end) return false;
    const number = numberNamed(bytes, at + NAME_AT, next);
    if (number >= 0 && !visit(number, at + NAME_AT)) return false;
    at = next;
  }
  return true;
}

/** The number that a NUL-terminated name is, at most 0x7fffffff, or -1: `.`, `..` and all other names. */
function numberNamed(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end && at - start <= DIGITS_LIMIT; at++) {
    const byte = bytes[at]!;
    if (byte === 0) return at > start && number <= 0x7fffffff ? number : -1;
    if (byte < ZERO || byte > ZERO + 9) return -1;
    number = number * 10 + byte - ZERO;
  }
  return -1;
}
