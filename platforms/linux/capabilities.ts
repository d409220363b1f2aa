import { NativeBuffer, SyscallError, systemCall } from './libc.ts';

/** linux/capability.h: _LINUX_CAPABILITY_VERSION_3, two words per set. */
const VERSION = 0x20080522;
const [CAPGET, CAPSET] = process.arch === 'arm64' ? [90, 91] : [125, 126];
const HEADER_BYTES = 8;
/** `struct __user_cap_data_struct`: effective u32, permitted u32, inheritable u32; for bits 0-31 and 32-63. */
const DATA_BYTES = 24;
const EFFECTIVE = [0, 3] as const;
const PERMITTED = [1, 4] as const;

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

  #change(effectiveOf: (half: 0 | 1) => number): void {
    this.#call('capget', CAPGET);
    for (const half of [0, 1] as const) this.#data.u32[EFFECTIVE[half]] = effectiveOf(half);
    this.#call('capset', CAPSET);
  }

  #call(op: string, number: number): void {
    const result = systemCall(number, this.#header.pointer, this.#data.pointer);
    if (result < 0) throw new SyscallError(op, -result);
  }
}
