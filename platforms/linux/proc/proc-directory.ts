import {
  AT_FDCWD,
  closeDescriptor,
  NativeBuffer,
  O_DIRECTORY,
  O_RDONLY,
  openAt,
  readAt,
  readDirectory,
  readInto,
  rewind,
  SyscallError,
} from '../libc.ts';
import { ascii } from './text-scanner.ts';

/** The files of one process that are read. */
export const PidFile = {
  STAT: ascii('/stat\0'),
  STATUS: ascii('/status\0'),
  COMMAND_LINE: ascii('/cmdline\0'),
  CONTROL_GROUP: ascii('/cgroup\0'),
  DESCRIPTORS: ascii('/fd\0'),
} as const;

/** An open /proc, whose files are reached relative to it: a path is built from digits, without a string. */
export class ProcDirectory {
  readonly root: string;
  readonly descriptor: number;
  readonly #path = new NativeBuffer(64);

  /** Throws SyscallError where the root cannot be opened. */
  constructor(root: string) {
    this.root = root;
    this.descriptor = openAt(AT_FDCWD, NativeBuffer.ofPath(root), O_RDONLY | O_DIRECTORY);
    if (this.descriptor < 0) throw new SyscallError('open', -this.descriptor, root);
  }

  /** Opens `PID/file`, file being one of PidFile. Returns the descriptor or -errno. */
  openProcessFile(pid: number, file: Uint8Array, flags = O_RDONLY): number {
    const path = this.#path.bytes;
    const digits = writeDecimal(path, pid);
    // Not `set`: it would make a view or check types for a handful of bytes.
    for (let i = 0; i < file.length; i++) path[digits + i] = file[i]!;
    return openAt(this.descriptor, this.#path, flags);
  }

  /** One read(2) of `PID/file` from its start. Returns bytes or -errno. */
  readProcessFile(pid: number, file: Uint8Array, into: NativeBuffer): number {
    const descriptor = this.openProcessFile(pid, file);
    if (descriptor < 0) return descriptor;
    const length = readInto(descriptor, into);
    closeDescriptor(descriptor);
    return length;
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

/** Writes a positive integer's digits from index 0; returns how many. */
function writeDecimal(bytes: Uint8Array, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits++;
  for (let at = digits - 1, rest = value; at >= 0; at--) {
    const quotient = (rest / 10) | 0;
    bytes[at] = 0x30 + rest - quotient * 10;
    rest = quotient;
  }
  return digits;
}
