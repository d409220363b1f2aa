import { NativeBuffer, SyscallError, systemCall } from './libc.ts';

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
