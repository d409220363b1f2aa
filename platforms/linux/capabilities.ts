import { CAPABILITY_BITS, type CapabilityName } from './doctor-capabilities.ts';
import { NativeBuffer, SyscallError, systemCall } from './libc.ts';

/** linux/capability.h: _LINUX_CAPABILITY_VERSION_3, two words per set. */
const VERSION = 0x20080522;
const [CAPGET, CAPSET] = process.arch === 'arm64' ? [90, 91] : [125, 126];
const HEADER_BYTES = 8;
/** `struct __user_cap_data_struct`: effective u32, permitted u32, inheritable u32; for bits 0-31 and 32-63. */
const DATA_BYTES = 24;
const EFFECTIVE = [0, 3] as const;
const PERMITTED = [1, 4] as const;
const INHERITABLE = [2, 5] as const;

const HALVES = [0, 1] as const;

/**
 * The capabilities in force for this thread, and for those it makes from now on. Lowering leaves the permitted set,
 * so that they can be raised again: a file that the user names is opened with the user's own rights.
 */
export class EffectiveCapabilities {
  readonly #header = new NativeBuffer(HEADER_BYTES);
  readonly #data = new NativeBuffer(DATA_BYTES);

  constructor() {
    this.#header.u32[0] = VERSION;
  }

  /** Puts none in force. Throws SyscallError. */
  lower(): void {
    this.#change(() => 0);
  }

  /** Puts all in force that are permitted. Throws SyscallError. */
  raise(): void {
    this.#change((half) => this.#data.u32[PERMITTED[half]!]!);
  }

  /** Does the work with none in force, then puts back those that were. Throws SyscallError, and what the work throws. */
  withNone<T>(work: () => T): T {
    const { u32 } = this.#data;
    this.#call('capget', CAPGET);
    const [low, high] = [u32[EFFECTIVE[0]]!, u32[EFFECTIVE[1]]!];
    if (low === 0 && high === 0) return work();
    this.#change(() => 0);
    try {
      return work();
    } finally {
      this.#change((half) => (half === 0 ? low : high));
    }
  }

  /** Whether anything beyond these is permitted. Throws SyscallError. */
  hasBeyond(kept: readonly CapabilityName[]): boolean {
    this.#call('capget', CAPGET);
    return HALVES.some((half) => (this.#data.u32[PERMITTED[half]!]! & ~bitsOf(kept, half)) !== 0);
  }

  /** Gives up all but these for good, as far as this thread and those that it makes are concerned. Throws SyscallError. */
  keepOnly(kept: readonly CapabilityName[]): void {
    this.#call('capget', CAPGET);
    for (const half of HALVES) {
      const bits = this.#data.u32[PERMITTED[half]!]! & bitsOf(kept, half);
      this.#data.u32[PERMITTED[half]!] = bits;
      this.#data.u32[EFFECTIVE[half]!] = bits;
      this.#data.u32[INHERITABLE[half]!]! &= bits;
    }
    this.#call('capset', CAPSET);
  }

  /** Lets no program that this thread executes inherit any. Throws SyscallError. */
  inheritNone(): void {
    this.#call('capget', CAPGET);
    for (const half of HALVES) this.#data.u32[INHERITABLE[half]] = 0;
    this.#call('capset', CAPSET);
  }

  #change(effectiveOf: (half: 0 | 1) => number): void {
    this.#call('capget', CAPGET);
    for (const half of HALVES) this.#data.u32[EFFECTIVE[half]] = effectiveOf(half);
    this.#call('capset', CAPSET);
  }

  #call(op: string, number: number): void {
    const result = systemCall(number, this.#header.pointer, this.#data.pointer);
    if (result < 0) throw new SyscallError(op, -result);
  }
}

/** The word for bits 0 to 31 or 32 to 63. */
function bitsOf(names: readonly CapabilityName[], half: 0 | 1): number {
  let bits = 0;
  for (const name of names)
    if (CAPABILITY_BITS[name] >> 5 === half) bits |= 1 << (CAPABILITY_BITS[name] & 31);
  return bits;
}
