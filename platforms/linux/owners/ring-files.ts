import { closeDescriptor, NativeBuffer, readInto } from '../libc.ts';
import type { ProcDirectory } from '../proc/proc-directory.ts';
import { ascii } from '../proc/text-scanner.ts';

const PIECE_BYTES = 1 << 16;
/** A ring has 65,536 files at most, and a line for each of them is some 25 bytes. */
const PIECES_LIMIT = 32;
const SOCKET = ascii(' socket:[');
const ZERO = 0x30;

/**
 * The sockets among the files that a process has registered with an io_uring (io_uring/fdinfo.c): lines
 * `NUMBER: socket:[INODE]`. Such a socket needs no descriptor any more.
 */
export class RingFiles {
  readonly #proc: ProcDirectory;
  #buffer: NativeBuffer | undefined;

  constructor(proc: ProcDirectory) {
    this.#proc = proc;
  }

  /** Shows the inode of each to `visit` until that returns false. Returns false then; else true. */
  visit(pid: number, descriptor: number, visit: (inode: number) => boolean): boolean {
    const file = this.#proc.openFile(`${pid}/fdinfo/${descriptor}`);
    if (file < 0) return true;
    this.#buffer ??= new NativeBuffer(PIECE_BYTES);
    const { bytes } = this.#buffer;
    let kept = 0;
    let isWanted = true;
    for (let piece = 0; isWanted && piece < PIECES_LIMIT; piece++) {
      const length = readInto(file, this.#buffer, PIECE_BYTES - kept, kept);
      if (length <= 0) break;
      const end = kept + length;
      isWanted = visitSockets(bytes, end, visit);
      // The last line may go on in the next piece.
      const lineEnd = bytes.lastIndexOf(0x0a, end - 1) + 1;
      bytes.copyWithin(0, lineEnd, end);
      kept = lineEnd === 0 ? 0 : end - lineEnd;
    }
    closeDescriptor(file);
    return isWanted;
  }
}

/** Of whole lines; inodes of sockets have 32 bits. */
function visitSockets(bytes: Uint8Array, end: number, visit: (inode: number) => boolean): boolean {
  for (let lineEnd = bytes.indexOf(0x0a); lineEnd >= 0 && lineEnd < end; ) {
    const next = bytes.indexOf(0x0a, lineEnd + 1);
    const inode = next < 0 || next >= end ? -1 : socketOfLine(bytes, lineEnd + 1, next);
    if (inode >= 0 && !visit(inode)) return false;
    lineEnd = next;
  }
  return true;
}

/** The inode in ` NUMBER: socket:[INODE]`, or -1. */
function socketOfLine(bytes: Uint8Array, start: number, end: number): number {
  const colon = bytes.indexOf(0x3a, start);
  if (colon < 0 || colon + SOCKET.length >= end || bytes[end - 1] !== 0x5d) return -1;
  for (let i = 0; i < SOCKET.length; i++) if (bytes[colon + 1 + i] !== SOCKET[i]) return -1;
  let inode = 0;
  for (let at = colon + 1 + SOCKET.length; at < end - 1; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    inode = inode * 10 + digit;
  }
  return inode <= 0xffffffff ? inode : -1;
}
