import { NativeBuffer, SyscallError, systemCall } from './libc.ts';
import { CAPABILITY_BITS, type CapabilityName } from './privileges.ts';

/** Places of the sets among the words, for bits 0-31 and 32-63. */
const EFFECTIVE = [0, 3] as const;
const PERMITTED = [1, 4] as const;
const INHERITABLE = [2, 5] as const;

const HALVES = [0, 1] as const;

/**
 * The capabilities in force for this thread, and for those it makes from now on. Lowering leaves the permitted set,
 * so that they can be raised again: a file that the user names is opened with the user's own rights.
 */
export class EffectiveCapabilities {
  readonly #sets = new CapabilityWords();

  /** Puts none in force. Throws SyscallError. */
  lower(): void {
    this.#change(() => 0);
  }

  /** Puts all in force that are permitted. Throws SyscallError. */
  raise(): void {
    this.#change((half) => this.#sets.words[PERMITTED[half]!]!);
  }

  /** Does the work with none in force, then puts back those that were. Throws SyscallError, and what the work throws. */
  withNone<T>(work: () => T): T {
    this.#sets.read();
    const [low, high] = EFFECTIVE.map((at) => this.#sets.words[at]!);
    if (low === 0 && high === 0) return work();
    this.#change(() => 0);
    try {
      return work();
    } finally {
      this.#change((half) => (half === 0 ? low! : high!));
    }
  }

  /** Whether anything beyond these is permitted. Throws SyscallError. */
  hasBeyond(kept: readonly CapabilityName[]): boolean {
    this.#sets.read();
    return HALVES.some((half) => (this.#sets.words[PERMITTED[half]!]! & ~bitsOf(kept, half)) !== 0);
  }

  /** Gives up all but these for good, as far as this thread and those that it makes are concerned. Throws SyscallError. */
  keepOnly(kept: readonly CapabilityName[]): void {
    this.#sets.read();
    for (const half of HALVES) {
      const bits = this.#sets.words[PERMITTED[half]!]! & bitsOf(kept, half);
      this.#sets.words[PERMITTED[half]!] = bits;
      this.#sets.words[EFFECTIVE[half]!] = bits;
      this.#sets.words[INHERITABLE[half]!]! &= bits;
    }
    this.#sets.write();
  }

  /** Lets no program that this thread executes inherit any. Throws SyscallError. */
  inheritNone(): void {
    this.#sets.read();
    for (const half of HALVES) this.#sets.words[INHERITABLE[half]] = 0;
    this.#sets.write();
  }

  #change(effectiveOf: (half: 0 | 1) => number): void {
    this.#sets.read();
    for (const half of HALVES) this.#sets.words[EFFECTIVE[half]] = effectiveOf(half);
    this.#sets.write();
  }
}

/** The word for bits 0 to 31 or 32 to 63. */
function bitsOf(names: readonly CapabilityName[], half: 0 | 1): number {
  let bits = 0;
  for (const name of names)
    if (CAPABILITY_BITS[name] >> 5 === half) bits |= 1 << (CAPABILITY_BITS[name] & 31);
  return bits;
}

/** linux/capability.h: _LINUX_CAPABILITY_VERSION_3, two words per set. */
const VERSION = 0x20080522;
const [CAPGET, CAPSET] = process.arch === 'arm64' ? [90, 91] : [125, 126];

/** The capabilities of this thread as capget(2) and capset(2) have them. */
export class CapabilityWords {
  readonly #header = new NativeBuffer(8);
  /** `struct __user_cap_data_struct`: effective u32, permitted u32, inheritable u32; for bits 0-31 and 32-63. */
  readonly #data = new NativeBuffer(24);

  constructor() {
    this.#header.u32[0] = VERSION;
  }

  /** Effective, permitted and inheritable bits 0 to 31, then the same of bits 32 to 63. */
  get words(): Uint32Array {
    return this.#data.u32;
  }

  /** Fills the words. Throws SyscallError. */
  read(): void {
    this.#call('capget', CAPGET);
  }

  /** Makes the words the thread's capabilities. Throws SyscallError. */
  write(): void {
    this.#call('capset', CAPSET);
  }

  #call(op: string, number: number): void {
    const result = systemCall(number, this.#header.pointer, this.#data.pointer);
    if (result < 0) throw new SyscallError(op, -result);
  }
}
