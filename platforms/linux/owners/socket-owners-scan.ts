import {
  closeDescriptor,
  Errno,
  NativeBuffer,
  O_DIRECTORY,
  O_RDONLY,
  readDirectory,
  readInto,
  readLinkAt,
  systemCall,
} from '../libc.ts';
import { PidFile, ProcDirectory, visitNumbers, writeDecimal } from '../proc/proc-directory.ts';
import { ascii } from '../proc/text-scanner.ts';

const PIECE_BYTES = 1 << 16;
/** A ring has 65,536 files at most, and a line for each of them is some 25 bytes. */
const PIECES_LIMIT = 32;
const ZERO = 0x30;

/**
 * The sockets among the files that a process has registered with an io_uring (io_uring/fdinfo.c): lines
 * `NUMBER: socket:[INODE]`. Such a socket needs no descriptor any more.
 */
class RingFiles {
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
  return colon < 0 || bytes[colon + 1] !== 0x20 ? -1 : parseSocketLink(bytes, end, colon + 2);
}

/** What an open descriptor's link reads where it is a socket: `socket:[INODE]` (fs/proc, net/socket.c sockfs_dname). */
const SOCKET_LINK = ascii('socket:[');
const RING_LINK = ascii('anon_inode:[io_uring]');
const CLOSING_BRACKET = 0x5d;
/** Some 250 entries, of which each costs 4 µs: a millisecond between two chances to rest. */
const ENTRIES_BYTES = 8192;
/** Entries of an empty directory: `.` and `..`. */
const EMPTY_BYTES = 48;
/** Of so many processes other threads are known that have descriptors; beyond that they are found anew. */
const OTHERS_LIMIT = 1024;
/** Added to the descriptors of a thread with a table of its own. */
const OF_THREAD = 1 << 24;
/** asm/unistd_64.h, asm-generic/unistd.h; linux/kcmp.h. */
const KCMP = process.arch === 'arm64' ? 272 : 312;
const KCMP_FILES = 2;
/** Tables of one process that are looked at beside that of its first thread. */
const TABLES_LIMIT = 64;
/** In place of an inode. */
const RING = -2;

/** Called for every socket that a process holds. */
export interface DescriptorVisitor {
  /**
   * False ends the scan of this process. A negative descriptor is ~ that of the io_uring that has the socket; one of
   * a thread's own table is larger than any that is skipped.
   */
  socket(inode: number, descriptor: number): boolean;
  /** True: nothing new can be learnt from this descriptor. */
  skips?(descriptor: number): boolean;
}

/**
 * Reads /proc/PID/fd: which sockets a process holds. The folder is that of the first thread. Where that one has ended
 * before the others (pthread_exit in main) it is empty, and another thread's is read. Threads with descriptors of their
 * own (CLONE_FILES unshared) are scanned where they are asked for.
 */
export class DescriptorScanner {
  /** Processes scanned and links read so far. */
  scannedProcesses = 0;
  readLinks = 0;
  readonly #proc: ProcDirectory;
  readonly #entries = new NativeBuffer(ENTRIES_BYTES);
  readonly #name = new NativeBuffer(16);
  readonly #link = new NativeBuffer(64);
  readonly #rings: RingFiles;
  /** Threads whose descriptors are those of the process, where its first one has ended, or theirs alone; by process. */
  readonly #others = new Map<number, readonly number[]>();
  #scannedPid = 0;
  /** The thread whose descriptors are being read, and what is added to their numbers. */
  #scannedThread = 0;
  #descriptorsFrom = 0;
  #isFirstStep = false;
  /** Of the scan in progress, -1 none. */
  #directory = -1;

  /** Throws SyscallError where the root cannot be opened. */
  constructor(procRoot = '/proc') {
    this.#proc = new ProcDirectory(procRoot);
    this.#rings = new RingFiles(this.#proc);
  }

  /** A scan in one go. Returns 0, or -errno as `begin` does. */
  scan(pid: number, visitor: DescriptorVisitor): number {
    const result = this.begin(pid);
    if (result < 0) return result;
    while (this.step(visitor));
    this.end();
    return 0;
  }

  /**
   * Begins a scan, to be gone on with by `step` until that returns false, and then to be ended by `end`. Returns 0, or
   * -errno: -EACCES where this program may not look into the process, -ENOENT where it is gone.
   *
   * @param thread one that `separateThreads` has told of
   */
  begin(pid: number, thread = pid): number {
    this.end();
    const directory = this.#openDescriptors(thread);
    if (directory < 0) return directory;
    this.#directory = directory;
    this.#scannedPid = pid;
    this.#scannedThread = thread;
    this.#isFirstStep = thread === pid;
    this.#descriptorsFrom = thread === pid ? 0 : OF_THREAD;
    if (thread === pid) this.scannedProcesses++;
    return 0;
  }

  /**
   * Threads of a process that have descriptors of their own, one for each table, to be scanned by `begin`. None where the
   * kernel does not compare them (kcmp(2)).
   */
  separateThreads(pid: number): readonly number[] {
    const found: number[] = [];
    this.#visitThreads(pid, (thread) => {
      if (hasOtherFiles(thread, pid) && found.every((other) => hasOtherFiles(thread, other)))
        found.push(thread);
      return found.length < TABLES_LIMIT;
    });
    if (found.length > 0) this.#noteOthers(pid, found);
    return found;
  }

  /** Reads some more descriptors; false: there are none left, or the visitor has enough. */
  step(visitor: DescriptorVisitor): boolean {
    if (this.#directory < 0) return false;
    let length = readDirectory(this.#directory, this.#entries);
    if (this.#isFirstStep && length >= 0 && length <= EMPTY_BYTES && this.#goOnWithHeir()) {
      length = readDirectory(this.#directory, this.#entries);
    }
    this.#isFirstStep = false;
    if (length <= 0) return false;
    return visitNumbers(this.#entries.bytes, length, (descriptor, nameAt) =>
      this.#visitDescriptor(descriptor, nameAt, visitor),
    );
  }

  end(): void {
    if (this.#directory >= 0) closeDescriptor(this.#directory);
    this.#directory = -1;
  }

  /** Whether a process has the socket there: at a descriptor, or (negative) in the io_uring at ~ the descriptor. */
  hasSocketAt(pid: number, descriptor: number, inode: number): boolean {
    const own = descriptor >= OF_THREAD ? descriptor - OF_THREAD : descriptor;
    if (this.#hasSocketAt(pid, own, inode)) return true;
    return this.#others.get(pid)?.some((thread) => this.#hasSocketAt(thread, own, inode)) === true;
  }

  #hasSocketAt(thread: number, descriptor: number, inode: number): boolean {
    if (descriptor >= 0) return this.#socketAt(thread, descriptor) === inode;
    return !this.#rings.visit(thread, ~descriptor, (found) => found !== inode);
  }

  /** The inode of the socket that a thread has at one descriptor; -1: none, gone or not permitted. */
  #socketAt(thread: number, descriptor: number): number {
    const directory = this.#openDescriptors(thread);
    if (directory < 0) return -1;
    this.#name.bytes[writeDecimal(this.#name.bytes, descriptor)] = 0;
    const inode = this.#readSocket(directory, this.#name, 0);
    closeDescriptor(directory);
    return inode;
  }

  #openDescriptors(pid: number): number {
    return this.#proc.openProcessFile(pid, PidFile.DESCRIPTORS, O_RDONLY | O_DIRECTORY);
  }

  /** False: the process has one thread only, or the others cannot be looked into. */
  #goOnWithHeir(): boolean {
    const pid = this.#scannedPid;
    let heir = -1;
    this.#visitThreads(pid, (thread) => {
      // Threads have folders beside those of processes, though no list has them.
      heir = this.#openDescriptors(thread);
      if (heir >= 0) this.#scannedThread = thread;
      return heir < 0;
    });
    if (heir < 0) return false;
    closeDescriptor(this.#directory);
    this.#directory = heir;
    this.#noteOthers(pid, [this.#scannedThread]);
    return true;
  }

  #noteOthers(pid: number, threads: readonly number[]): void {
    if (this.#others.size >= OTHERS_LIMIT) this.#others.clear();
    this.#others.set(pid, threads);
  }

  /** Calls `visit` for each thread but the first one, until it returns false. */
  #visitThreads(pid: number, visit: (thread: number) => boolean): void {
    const threads = this.#proc.openFile(`${pid}/task`);
    if (threads < 0) return;
    for (;;) {
      const length = readDirectory(threads, this.#entries);
      const visitOther = (thread: number): boolean => thread === pid || visit(thread);
      if (length <= 0 || !visitNumbers(this.#entries.bytes, length, visitOther)) break;
    }
    closeDescriptor(threads);
  }

  close(): void {
    this.end();
    this.#proc.close();
  }

  /** One descriptor of the open directory, whose name is in `#entries`; false: the visitor has enough. */
  #visitDescriptor(descriptor: number, nameAt: number, visitor: DescriptorVisitor): boolean {
    if (visitor.skips?.(descriptor) === true) return true;
    const inode = this.#readSocket(this.#directory, this.#entries, nameAt);
    if (inode >= 0) return visitor.socket(inode, descriptor + this.#descriptorsFrom);
    if (inode !== RING) return true;
    return this.#rings.visit(this.#scannedThread, descriptor, (found) => visitor.socket(found, ~descriptor));
  }

  /** RING: the descriptor is an io_uring. */
  #readSocket(directory: number, name: NativeBuffer, nameAt: number): number {
    this.readLinks++;
    const length = readLinkAt(directory, name, nameAt, this.#link);
    if (length <= 0) return -1;
    return isRing(this.#link.bytes, length) ? RING : parseSocketLink(this.#link.bytes, length);
  }
}

/** The inode in `socket:[INODE]` at bytes [start, end), or -1: it is something else. */
export function parseSocketLink(bytes: Uint8Array, end: number, start = 0): number {
  const first = start + SOCKET_LINK.length;
  if (end <= first + 1 || end > bytes.length || bytes[end - 1] !== CLOSING_BRACKET) return -1;
  for (let i = 0; i < SOCKET_LINK.length; i++) if (bytes[start + i] !== SOCKET_LINK[i]) return -1;
  let inode = 0;
  for (let at = first; at < end - 1; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    inode = inode * 10 + digit;
  }
  // Inode numbers of sockets are 32 bits wide (fs/inode.c, get_next_ino).
  return inode <= 0xffffffff ? inode : -1;
}

/** False too where it cannot be told: another kernel, no permission, or one of them has ended. */
function hasOtherFiles(thread: number, other: number): boolean {
  return systemCall(KCMP, other, thread, KCMP_FILES, 0, 0) > 0;
}

function isRing(bytes: Uint8Array, length: number): boolean {
  if (length !== RING_LINK.length) return false;
  for (let i = 0; i < length; i++) if (bytes[i] !== RING_LINK[i]) return false;
  return true;
}

/** True where the failure is a matter of privileges. */
export function isDenied(result: number): boolean {
  return result === -Errno.EACCES || result === -Errno.EPERM;
}
