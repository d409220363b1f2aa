import { dlopen, type Pointer, ptr, toArrayBuffer } from 'bun:ffi';
import { readFileSync } from 'node:fs';
import { OpError } from '../../src/kit/errors/op-error.ts';

/** A failed system call: `code` is errno's name. */
export class SyscallError extends OpError {
  readonly errno: number;

  constructor(op: string, errno: number, detail = '') {
    const code = errnoName(errno);
    super({ op, code, message: `${op}${detail === '' ? '' : ` ${detail}`}: ${code}` });
    this.errno = errno;
  }
}

/** asm-generic/errno-base.h, asm-generic/errno.h: the error numbers that this program distinguishes. */
export const Errno = {
  ...{ EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EIO: 5, E2BIG: 7, EAGAIN: 11, ENOMEM: 12, EACCES: 13 },
  ...{ EEXIST: 17, EINVAL: 22, ENFILE: 23, EMFILE: 24, ENOSPC: 28, ENOSYS: 38, ENODATA: 61 },
  ...{ EOPNOTSUPP: 95, ENOBUFS: 105, EPROTONOSUPPORT: 93, EAFNOSUPPORT: 97, ENETUNREACH: 101 },
  ...{ ECONNRESET: 104, ETIMEDOUT: 110, ECONNREFUSED: 111, EHOSTUNREACH: 113 },
  /** include/linux/errno.h: kernel-internal, yet bpf(2) lets it out. */
  ENOTSUPP: 524,
} as const;

function errnoName(errno: number): string {
  const isNamed = ([, value]: readonly [string, number]): boolean => value === errno;
  const known = Object.entries(Errno).find(isNamed);
  if (known !== undefined) return known[0];
  const { constants } = require('node:os') as typeof import('node:os');
  return Object.entries(constants.errno).find(isNamed)?.[0] ?? `ERRNO_${errno}`;
}

/**
 * Bytes for the kernel to read or write, with their address. The one object owns both, so the address cannot
 * outlive the bytes; the ArrayBuffer is its own allocation, so that the engine never moves it.
 */
export class NativeBuffer {
  readonly bytes: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly view: DataView;
  readonly pointer: Pointer;

  /** `length` is rounded up to a multiple of 8. */
  constructor(length: number) {
    const memory = new ArrayBuffer((length + 7) & ~7);
    this.bytes = new Uint8Array(memory);
    this.u16 = new Uint16Array(memory);
    this.u32 = new Uint32Array(memory);
    this.i32 = new Int32Array(memory);
    this.view = new DataView(memory);
    this.pointer = ptr(this.bytes);
  }

  /** A NUL-terminated string, for paths that stay the same. */
  static ofPath(path: string): NativeBuffer {
    const encoded = new TextEncoder().encode(path);
    if (encoded.includes(0))
      throw new OpError({ op: 'path', code: 'EINVAL', message: 'a path contains NUL' });
    const buffer = new NativeBuffer(encoded.length + 1);
    buffer.bytes.set(encoded);
    return buffer;
  }
}

/**
 * For a read whose bytes are parsed before anything else is called: whoever reads into it leaves nothing there, so that
 * many readers need no buffer each. 32 KB is what rtnetlink fills at most with one reply.
 */
export const sharedBuffer = new NativeBuffer(32 * 1024);

// Results are C longs in places, but never beyond an int here: buffers are small, and i32 is the fastest return.
const SIGNATURES = {
  openat: { args: ['i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
  read: { args: ['i32', 'ptr', 'u64'], returns: 'i32' },
  write: { args: ['i32', 'ptr', 'u64'], returns: 'i32' },
  pread: { args: ['i32', 'ptr', 'u64', 'i64'], returns: 'i32' },
  lseek: { args: ['i32', 'i64', 'i32'], returns: 'i32' },
  readlinkat: { args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i32' },
  getxattr: { args: ['ptr', 'ptr', 'ptr', 'u64'], returns: 'i32' },
  statfs: { args: ['ptr', 'ptr'], returns: 'i32' },
  clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' },
  localtime_r: { args: ['ptr', 'ptr'], returns: 'ptr' },
  getauxval: { args: ['u64'], returns: 'i32' },
  sysconf: { args: ['i32'], returns: 'i32' },
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  mmap: { args: ['ptr', 'u64', 'i32', 'i32', 'i32', 'i64'], returns: 'ptr' },
  munmap: { args: ['ptr', 'u64'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i32' },
  recv: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i32' },
  syscall: { args: ['i64', 'i64', 'i64', 'i64', 'i64', 'i64', 'i64'], returns: 'i32' },
  geteuid: { args: [], returns: 'u32' },
  flock: { args: ['i32', 'i32'], returns: 'i32' },
  epoll_create1: { args: ['i32'], returns: 'i32' },
  epoll_ctl: { args: ['i32', 'i32', 'i32', 'ptr'], returns: 'i32' },
  fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  __errno_location: { args: [], returns: 'ptr' },
} as const;

type SymbolTable = ReturnType<typeof dlopen<typeof SIGNATURES>>['symbols'];

/**
 * The functions of SIGNATURES in one library. A function that it lacks costs its callers alone: it fails as a system
 * call that the kernel lacks does, with ENOSYS. Throws where the library itself cannot be opened.
 */
export function openTable(library: string): SymbolTable {
  try {
    return dlopen(library, SIGNATURES).symbols;
  } catch {
    // Bun opens all names or none. errno is required.
    const { __errno_location } = dlopen(library, { __errno_location: SIGNATURES.__errno_location }).symbols;
    const found = Object.entries(SIGNATURES).map(([name, signature]) => {
      try {
        return [name, dlopen(library, { [name]: signature }).symbols[name]];
      } catch {
        return [name, () => failAsUnknown(signature.returns)];
      }
    });
    return { ...Object.fromEntries(found), __errno_location };
  }
}

/** What stands for a function that the C library lacks. */
function failAsUnknown(returns: 'i32' | 'u32' | 'ptr'): number | null {
  errnoWord[0] = Errno.ENOSYS;
  return returns === 'ptr' ? null : -1;
}

const GLIBC = '/libc.so.6';
/** The C library in a process's memory map: glibc (before 2.34 `libc-2.31.so`) or musl, whose loader is the library. */
const LIBC_PATH = /\s(\/.*\/(?:libc\.so\.6|libc-2\.\d+\.so|ld-musl-\w+\.so\.1|libc\.musl-\w+\.so\.1))$/m;

/**
 * The absolute path of the C library that the loader has mapped into this process, from the text of /proc/self/maps
 * (fs/proc/task_mmu.c); undefined where none is named. A bare name is never opened: the working directory could have
 * a file of that name.
 */
function mappedLibraryPath(maps: string): string | undefined {
  // The pattern takes 0.1 ms of every start.
  const end = maps.indexOf(`${GLIBC}\n`);
  if (end < 0) return LIBC_PATH.exec(maps)?.[1];
  const line = maps.lastIndexOf('\n', end) + 1;
  return maps.slice(maps.indexOf('/', line), end + GLIBC.length);
}

/** The functions of the C library: results below 0 are errors; read `errno()` at once after them. Throws OpError. */
function openLibc() {
  const path = mappedLibraryPath(readFileSync('/proc/self/maps', 'utf8'));
  if (path === undefined) {
    throw new OpError({ op: 'dlopen', code: 'ENOENT', message: 'no C library in /proc/self/maps' });
  }
  try {
    return openTable(path);
  } catch (cause) {
    throw new OpError({ op: 'dlopen', code: 'ENOEXEC', message: reasonOf(cause, path), cause });
  }
}

/** Of address space, or of data: with more the engine gets what it asks for. */
const ENOUGH_BYTES = 4 * 2 ** 30;

/** bun:ffi calls through code that it generates, which needs memory that the engine may not get. */
function reasonOf(cause: unknown, path: string): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (!reason.includes('requires the JIT')) return `cannot open ${path}: ${reason}`;
  const limits = readFileSync('/proc/self/limits', 'utf8').matchAll(
    /^Max (address space|data size) +(\d+)/gm,
  );
  const low = [...limits].find(([, , bytes]) => Number(bytes) < ENOUGH_BYTES)?.[1];
  const remedy =
    low === undefined
      ? 'allow memory that is both written and executed (MemoryDenyWriteExecute=no in a unit; seccomp, SELinux)'
      : `raise the ${low} limit (ulimit ${low === 'data size' ? '-d' : '-v'}) to 3 GB or more`;
  return `cannot reserve memory for compiled code; ${remedy}`;
}

const symbols = openLibc();
const errnoPointer = symbols.__errno_location();
if (errnoPointer === null) throw new OpError({ op: '__errno_location', code: 'EFAULT' });
const errnoWord = new Int32Array(toArrayBuffer(errnoPointer, 0, 4));

/** The calling thread's errno; to be read before any other call. */
export function errno(): number {
  return errnoWord[0]!;
}

/** What a function of the C library returned, or -errno where that is below 0. */
function orErrno(result: number): number {
  return result < 0 ? -errnoWord[0]! : result;
}

/** What a system call returned. Throws SyscallError where that is -errno. */
export function orThrow(result: number, op: string, detail = ''): number {
  if (result < 0) throw new SyscallError(op, -result, detail);
  return result;
}

/** asm-generic/mman.h. */
const PROT_READ = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

export const AT_FDCWD = -100;
export const O_RDONLY = 0;
export const O_RDWR = 2;
export const O_NONBLOCK = 0o4000;
export const O_DIRECTORY = process.arch === 'arm64' ? 0o40000 : 0o200000;
export const O_CLOEXEC = 0o2000000;

/** openat(2). Returns the descriptor or -errno. It never waits: something may lie over a file of the kernel's, a pipe too. */
export function openAt(directory: number, path: NativeBuffer, flags: number): number {
  return orErrno(symbols.openat(directory, path.pointer, flags | O_CLOEXEC | O_NONBLOCK, 0));
}

/** close(2); a failing close leaves nothing to be done. */
export function closeDescriptor(descriptor: number): void {
  symbols.close(descriptor);
}

/** read(2) at the descriptor's own position, to `offset` of the buffer. Returns bytes read or -errno. */
export function readInto(
  descriptor: number,
  into: NativeBuffer,
  length = into.bytes.length,
  offset = 0,
): number {
  const room = Math.min(length, into.bytes.length - offset);
  return orErrno(symbols.read(descriptor, (into.pointer + offset) as Pointer, room));
}

/** write(2). Returns bytes written or -errno. */
export function writeFrom(descriptor: number, from: NativeBuffer, length: number): number {
  return orErrno(symbols.write(descriptor, from.pointer, length));
}

/** pread(2) to `offset` of the buffer. Returns bytes read or -errno. */
export function readAt(descriptor: number, into: NativeBuffer, position: number, offset = 0): number {
  const room = into.bytes.length - offset;
  return orErrno(symbols.pread(descriptor, (into.pointer + offset) as Pointer, room, position));
}

/** lseek(2) to the start, for directories that are read again. */
export function rewind(descriptor: number): void {
  symbols.lseek(descriptor, 0, 0);
}

/** asm/unistd_64.h, asm-generic/unistd.h. */
const GETDENTS64 = process.arch === 'arm64' ? 61 : 217;

/**
 * getdents64(2), by number: musl 1.2.4 and later export no such name. Returns bytes of `struct linux_dirent64` read, 0
 * at the end, or -errno.
 */
export function readDirectory(descriptor: number, into: NativeBuffer): number {
  return systemCall(GETDENTS64, descriptor, into.pointer, into.bytes.length);
}

/** readlinkat(2); the NUL-terminated name starts at `pathOffset` of `path`. Returns bytes or -errno. */
export function readLinkAt(
  directory: number,
  path: NativeBuffer,
  pathOffset: number,
  into: NativeBuffer,
): number {
  const name = (path.pointer + pathOffset) as Pointer;
  return orErrno(symbols.readlinkat(directory, name, into.pointer, into.bytes.length));
}

/** getxattr(2) of an extended attribute into `into`. Returns its bytes or -errno (-ENODATA: the file has none). */
export function readExtendedAttribute(path: NativeBuffer, name: NativeBuffer, into: NativeBuffer): number {
  return orErrno(symbols.getxattr(path.pointer, name.pointer, into.pointer, into.bytes.length));
}

/** statfs(2) into 120 bytes of `struct statfs`. Returns 0 or -errno. */
export function fileSystemStatistics(path: NativeBuffer, into: NativeBuffer): number {
  return orErrno(symbols.statfs(path.pointer, into.pointer));
}

/** clock_gettime(2) into 16 bytes of `struct timespec`. Returns 0 or -1: the clock does not exist (any more). */
export function clockGetTime(clock: number, into: NativeBuffer): number {
  return symbols.clock_gettime(clock, into.pointer);
}

/**
 * localtime_r(3): seconds since 1970, 64 bits, to the 56 bytes of `struct tm`. Returns whether there is such a date.
 */
export function localTime(seconds: NativeBuffer, into: NativeBuffer): boolean {
  return symbols.localtime_r(seconds.pointer, into.pointer) !== null;
}

/** The same numbers in glibc and musl. */
const SC_CLK_TCK = 2;
const SC_PAGESIZE = 30;

/** sysconf(_SC_CLK_TCK): ticks a second of every time in /proc/PID/stat. */
export const CLOCK_TICKS_PER_SECOND = symbols.sysconf(SC_CLK_TCK);

export const PAGE_SIZE_BYTES = symbols.sysconf(SC_PAGESIZE);

/** socket(2), always close-on-exec. Returns the descriptor or -errno. */
export function openSocket(family: number, type: number, protocol: number): number {
  return orErrno(symbols.socket(family, type | O_CLOEXEC, protocol));
}

/** bind(2). Returns 0 or -errno. */
export function bindSocket(descriptor: number, address: NativeBuffer, length: number): number {
  return orErrno(symbols.bind(descriptor, address.pointer, length));
}

/** connect(2). Returns 0 or -errno. */
export function connectSocket(descriptor: number, address: NativeBuffer, length: number): number {
  return orErrno(symbols.connect(descriptor, address.pointer, length));
}

/** setsockopt(2). Returns 0 or -errno. */
export function setSocketOption(
  descriptor: number,
  level: number,
  option: number,
  value: NativeBuffer,
  length: number,
): number {
  return orErrno(symbols.setsockopt(descriptor, level, option, value.pointer, length));
}

const optionLength = new NativeBuffer(4);

/** getsockopt(2) into at most `length` bytes of `value`. Returns the option's length or -errno. */
export function getSocketOption(
  descriptor: number,
  level: number,
  option: number,
  value: NativeBuffer,
  length: number,
): number {
  optionLength.u32[0] = length;
  const result = symbols.getsockopt(descriptor, level, option, value.pointer, optionLength.pointer);
  return result < 0 ? -errno() : optionLength.i32[0]!;
}

/** send(2). Returns bytes sent or -errno. */
export function sendFrom(descriptor: number, from: NativeBuffer, length: number, flags: number): number {
  return orErrno(symbols.send(descriptor, from.pointer, length, flags));
}

/** recv(2). Returns bytes received or -errno. */
export function receiveInto(descriptor: number, into: NativeBuffer, flags: number): number {
  return orErrno(symbols.recv(descriptor, into.pointer, into.bytes.length, flags));
}

/**
 * Memory that the kernel shares through a descriptor, mmap(2) to read and write. Its views are to be fetched from
 * here each time and kept nowhere: after `unmap` they are empty, and a kept one would point to what is gone.
 */
export class SharedMemory {
  view: DataView;
  /** For `Atomics`. */
  i32: Int32Array;
  readonly length: number;
  #address: Pointer | undefined;

  /**
   * @param offset in what the descriptor refers to: a multiple of the page size
   *
   * Throws SyscallError.
   */
  constructor(descriptor: number, length: number, { offset = 0, isReadOnly = false } = {}) {
    const protection = isReadOnly ? PROT_READ : PROT_READ_WRITE;
    const address = symbols.mmap(null, length, protection, MAP_SHARED, descriptor, offset);
    // MAP_FAILED is the highest address of all, which the engine hands over as a bigint.
    if (typeof address !== 'number') throw new SyscallError('mmap', errno());
    this.length = length;
    this.#address = address;
    const memory = toArrayBuffer(address, 0, length);
    this.view = new DataView(memory);
    this.i32 = new Int32Array(memory);
  }

  unmap(): void {
    if (this.#address === undefined) return;
    this.view = new DataView(new ArrayBuffer(0));
    this.i32 = new Int32Array(0);
    symbols.munmap(this.#address, this.length);
    this.#address = undefined;
  }
}

/** A system call without a wrapper in every C library, by number. Returns its result or -errno. */
export function systemCall(number: number, a = 0, b = 0, c = 0, d = 0, e = 0): number {
  return orErrno(symbols.syscall(number, a, b, c, d, e, 0));
}

/** asm/unistd_64.h, asm-generic/unistd.h. */
const PRCTL = process.arch === 'arm64' ? 167 : 157;

/** prctl(2) with an option of linux/prctl.h. Returns its result or -errno. */
export function processControl(option: number, argument = 0): number {
  return systemCall(PRCTL, option, argument);
}

/** linux/auxvec.h. */
const AT_SECURE = 23;

/** Whether the kernel gave this program more than its user has: file capabilities, a set-user-ID bit (getauxval(3)). */
export function isSecureExecution(): boolean {
  return symbols.getauxval(AT_SECURE) !== 0;
}

/** geteuid(2). */
export function effectiveUserId(): number {
  return symbols.geteuid();
}

/** linux/fcntl.h. */
const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * flock(2): locks a file for this descriptor until it is closed, without waiting. Returns 0, or a negative errno if
 * another program holds the lock.
 */
export function lockFile(descriptor: number): number {
  return symbols.flock(descriptor, LOCK_EX | LOCK_NB);
}

/** linux/eventpoll.h. */
const EPOLL_CTL_ADD = 1;
/** EPOLLIN, EPOLLPRI: can be read; has an exceptional event. */
export const PollEvent = { READABLE: 1, EXCEPTIONAL: 2 } as const;
/** linux/fcntl.h. */
const F_DUPFD_CLOEXEC = 1030;
/** struct epoll_event: the events, and 8 bytes that are the caller's, packed on x86-64. */
const EPOLL_EVENT_BYTES = 16;

/** epoll_create1(2): a set of descriptors that can be waited for as one. Returns its descriptor or -errno. */
export function createPoll(): number {
  return orErrno(symbols.epoll_create1(O_CLOEXEC));
}

/** Adds a descriptor with the events that count, bits of `PollEvent`. 0 or -errno. */
export function addToPoll(set: number, descriptor: number, events: number): number {
  const event = new NativeBuffer(EPOLL_EVENT_BYTES);
  event.u32[0] = events;
  return orErrno(symbols.epoll_ctl(set, EPOLL_CTL_ADD, descriptor, event.pointer));
}

/** fcntl(2) F_DUPFD_CLOEXEC: a copy of a descriptor. Returns it or -errno. */
export function duplicate(descriptor: number): number {
  return orErrno(symbols.fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
}
