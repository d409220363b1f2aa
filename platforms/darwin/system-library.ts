import { CString, dlopen, FFIType, type Pointer, ptr, read } from 'bun:ffi';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';

/** Everything of the C library and of Mach is in it; the file itself is in the loader's cache alone. */
const LIBRARY = '/usr/lib/libSystem.B.dylib';
const { ptr: POINTER, i32, u32, u64 } = FFIType;

/** With 64-bit inodes, which Intel's symbols without a suffix do not have. */
const FILE_SYSTEMS = process.arch === 'x64' ? 'getfsstat$INODE64' : 'getfsstat';

const SYMBOLS = {
  /** int sysctl(int *name, u_int namelen, void *oldp, size_t *oldlenp, void *newp, size_t newlen): sys/sysctl.h. */
  sysctl: { args: [POINTER, u32, POINTER, POINTER, POINTER, u64], returns: i32 },
  /** int sysctlbyname(const char *name, void *oldp, size_t *oldlenp, void *newp, size_t newlen). */
  sysctlbyname: { args: [POINTER, POINTER, POINTER, POINTER, u64], returns: i32 },
  /** int proc_pidinfo(int pid, int flavor, uint64_t arg, void *buffer, int buffersize): libproc.h. */
  proc_pidinfo: { args: [i32, i32, u64, POINTER, i32], returns: i32 },
  /** int proc_pid_rusage(int pid, int flavor, rusage_info_t *buffer). */
  proc_pid_rusage: { args: [i32, i32, POINTER], returns: i32 },
  /** mach_port_t mach_host_self(void): mach/mach_init.h. */
  mach_host_self: { args: [], returns: u32 },
  /** kern_return_t host_statistics64(host_t, host_flavor_t, host_info64_t, mach_msg_type_number_t *): mach_host.h. */
  host_statistics64: { args: [u32, i32, POINTER, POINTER], returns: i32 },
  /** kern_return_t mach_timebase_info(mach_timebase_info_t): two 32-bit words, numerator and denominator. */
  mach_timebase_info: { args: [POINTER], returns: i32 },
  /** int getfsstat(struct statfs *buf, int bufsize, int mode): sys/mount.h. */
  [FILE_SYSTEMS]: { args: [POINTER, i32, i32], returns: i32 },
  /** int *__error(void): errno. */
  __error: { args: [], returns: POINTER },
  /** char *strerror(int). */
  strerror: { args: [i32], returns: POINTER },
} as const;

/** sys/errno.h. */
const ENOMEM = 12;
/** A list grows between the question how long it is and the reading of it. */
const ATTEMPTS = 4;
const LIST_LIMIT_BYTES = 256 << 20;

type Symbols = Record<string, (...args: unknown[]) => unknown>;

/** The kernel's own answers, on buffers that it fills. Nothing here waits for a disk or for another machine. */
class Library {
  readonly #symbols: Symbols;
  readonly #length = new BigUint64Array(1);
  #list = new Uint8Array(0);

  /** Throws OpError where the library cannot be opened: on every system but macOS. */
  constructor(path: string) {
    try {
      this.#symbols = dlopen(path, SYMBOLS).symbols as unknown as Symbols;
    } catch (thrown) {
      const { message } = toOpError('dlopen', thrown);
      throw new OpError({
        op: `open ${path}`,
        code: 'ENOENT',
        message: `cannot open ${path}`,
        cause: message,
      });
    }
  }

  /** The value of a name, borrowed until the next list. Throws OpError with the system's code. */
  sysctlByName(name: string): Uint8Array {
    const cName = Buffer.from(`${name}\0`);
    return this.#fill(`sysctl ${name}`, (buffer) =>
      this.#call('sysctlbyname', ptr(cName), buffer, ptr(this.#length), null, 0),
    );
  }

  /** As `sysctlByName`, by number. */
  sysctl(op: string, numbers: readonly number[]): Uint8Array {
    const mib = Int32Array.from(numbers);
    return this.#fill(op, (buffer) =>
      this.#call('sysctl', ptr(mib), mib.length, buffer, ptr(this.#length), null, 0),
    );
  }

  /** Bytes that the kernel put into `into`; 0: no such process, or not permitted. */
  processInfo(pid: number, flavor: number, into: Uint8Array): number {
    return Math.max(0, this.#call('proc_pidinfo', pid, flavor, 0, ptr(into), into.length));
  }

  /** Whether the kernel answered. */
  processUsage(pid: number, flavor: number, into: Uint8Array): boolean {
    return this.#call('proc_pid_rusage', pid, flavor, ptr(into)) === 0;
  }

  /** 32-bit words that were filled; 0: refused. */
  hostStatistics(flavor: number, into: Uint8Array): number {
    const count = Uint32Array.of(into.length / 4);
    const result = this.#call('host_statistics64', this.#host(), flavor, ptr(into), ptr(count));
    return result === 0 ? count[0]! : 0;
  }

  /** Nanoseconds of a unit of mach_absolute_time. */
  nanosPerTick(): number {
    const ratio = new Uint32Array(2);
    return this.#call('mach_timebase_info', ptr(ratio)) === 0 && ratio[1]! > 0 ? ratio[0]! / ratio[1]! : 1;
  }

  /** The mounts that the kernel knows of, asked without waiting; borrowed until the next list. */
  fileSystems(entryBytes: number): Uint8Array {
    const count = this.#call(FILE_SYSTEMS, null, 0, MNT_NOWAIT);
    this.#list = new Uint8Array((Math.max(0, count) + 8) * entryBytes);
    const filled = this.#call(FILE_SYSTEMS, ptr(this.#list), this.#list.length, MNT_NOWAIT);
    if (filled < 0) throw this.#failure('getfsstat');
    return this.#list.subarray(0, filled * entryBytes);
  }

  #hostPort: number | undefined;

  /** Every call would take another reference to it. */
  #host(): number {
    this.#hostPort ??= this.#call('mach_host_self');
    return this.#hostPort;
  }

  #fill(op: string, ask: (buffer: Pointer | null) => number): Uint8Array {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      this.#length[0] = 0n;
      if (ask(null) !== 0) throw this.#failure(op);
      const needed = Number(this.#length[0]);
      if (needed === 0) return new Uint8Array(0);
      if (needed > LIST_LIMIT_BYTES) throw new OpError({ op, code: 'TOO_LONG' });
      if (needed > this.#list.length) this.#list = new Uint8Array(needed + (needed >> 3) + 64);
      this.#length[0] = BigInt(this.#list.length);
      if (ask(ptr(this.#list)) === 0) return this.#list.subarray(0, Number(this.#length[0]));
      if (this.#errno() !== ENOMEM) throw this.#failure(op);
    }
    throw new OpError({ op, code: 'ENOMEM', message: `${op}: it grows faster than it can be read` });
  }

  #call(name: string, ...args: unknown[]): number {
    return Number(this.#symbols[name]!(...args));
  }

  #errno(): number {
    return read.i32(this.#symbols['__error']!() as Pointer);
  }

  #failure(op: string): OpError {
    const code = this.#errno();
    const words = new CString(this.#symbols['strerror']!(code) as Pointer).toString();
    return new OpError({ op, code: CODES[code] ?? String(code), message: `${op}: ${words}` });
  }
}

/** sys/mount.h. */
const MNT_NOWAIT = 2;
/** sys/errno.h, as far as anybody asks for them. */
const CODES: Readonly<Record<number, string>> = {
  ...{ 1: 'EPERM', 2: 'ENOENT', 12: 'ENOMEM', 13: 'EACCES', 22: 'EINVAL' },
};

/** The library, opened when it is first asked for, or why there is none. */
export class LazyLibrary {
  #opened: Library | undefined;
  #refusal: OpError | undefined;
  readonly #path: string;

  /** Another path is one of a test. */
  constructor(path = LIBRARY) {
    this.#path = path;
  }

  /** undefined: it cannot be opened; `refusal` says why. */
  get(): Library | undefined {
    if (this.#opened === undefined && this.#refusal === undefined) {
      try {
        this.#opened = new Library(this.#path);
      } catch (thrown) {
        this.#refusal = toOpError('open library', thrown);
      }
    }
    return this.#opened;
  }

  get refusal(): OpError | undefined {
    this.get();
    return this.#refusal;
  }
}
