import { NativeBuffer, orThrow, systemCall } from './libc.ts';
import { type CapabilityName, type CapabilitySet, capabilitySet, hasCapability } from './privileges.ts';

/** linux/capability.h: _LINUX_CAPABILITY_VERSION_3, two words per set. */
const VERSION = 0x20080522;
const [CAPGET, CAPSET] = process.arch === 'arm64' ? [90, 91] : [125, 126];
const CAP_SYS_ADMIN = 21n;
const WORD_BITS = 32n;
const WORD = 0xffff_ffffn;

/** The capabilities of this thread as capget(2) and capset(2) have them. */
export class CapabilitySets {
  effective: CapabilitySet = 0n;
  permitted: CapabilitySet = 0n;
  inheritable: CapabilitySet = 0n;
  readonly #header = new NativeBuffer(8);
  /** `struct __user_cap_data_struct`: effective u32, permitted u32, inheritable u32; for bits 0-31 and 32-63. */
  readonly #data = new NativeBuffer(24);

  constructor() {
    this.#header.u32[0] = VERSION;
  }

  /** Fills the sets. Throws SyscallError. */
  read(): void {
    this.#call('capget', CAPGET);
    const words = this.#data.u32;
    const setAt = (place: number): CapabilitySet =>
      BigInt(words[place]!) | (BigInt(words[place + 3]!) << WORD_BITS);
    this.effective = setAt(0);
    this.permitted = setAt(1);
    this.inheritable = setAt(2);
  }

  /** Makes the sets the thread's capabilities. Throws SyscallError. */
  write(): void {
    for (const [place, set] of [this.effective, this.permitted, this.inheritable].entries()) {
      this.#data.u32[place] = Number(set & WORD);
      this.#data.u32[place + 3] = Number((set >> WORD_BITS) & WORD);
    }
    this.#call('capset', CAPSET);
  }

  #call(op: string, number: number): void {
    orThrow(systemCall(number, this.#header.pointer, this.#data.pointer), op);
  }
}

/**
 * The capabilities in force for this thread, and for those it makes from now on. Lowering leaves the permitted set,
 * so that they can be raised again: a file that the user names is opened with the user's own rights.
 */
export class EffectiveCapabilities {
  readonly #sets = new CapabilitySets();

  /** Puts none in force. Throws SyscallError. */
  lower(): void {
    this.#change((sets) => (sets.effective = 0n));
  }

  /** Puts all in force that are permitted. Throws SyscallError. */
  raise(): void {
    this.#change((sets) => (sets.effective = sets.permitted));
  }

  /** Does the work with none in force, then puts back those that were. Throws SyscallError, and what the work throws. */
  withNone<T>(work: () => T): T {
    this.#sets.read();
    const { effective } = this.#sets;
    if (effective === 0n) return work();
    this.lower();
    try {
      return work();
    } finally {
      this.#change((sets) => (sets.effective = effective));
    }
  }

  /** Whether anything beyond these is permitted. Throws SyscallError. */
  hasBeyond(kept: readonly CapabilityName[]): boolean {
    this.#sets.read();
    return (this.#sets.permitted & ~capabilitySet(kept)) !== 0n;
  }

  /** Whether it is in force. Throws SyscallError. */
  has(name: CapabilityName): boolean {
    this.#sets.read();
    return hasCapability(this.#sets.effective, name);
  }

  /** Gives up all but these for good, as far as this thread and those that it makes are concerned. Throws SyscallError. */
  keepOnly(kept: readonly CapabilityName[]): void {
    this.#change((sets) => {
      sets.permitted &= capabilitySet(kept);
      sets.effective = sets.permitted;
      sets.inheritable &= sets.permitted;
    });
  }

  /** Lets no program that this thread executes inherit any. Throws SyscallError. */
  inheritNone(): void {
    this.#change((sets) => (sets.inheritable = 0n));
  }

  /** Whether the kernel may let this thread load programs: bpf_capable() of linux/capability.h. Throws SyscallError. */
  mayLoadPrograms(): boolean {
    this.#sets.read();
    const { effective } = this.#sets;
    return hasCapability(effective, 'cap_bpf') || ((effective >> CAP_SYS_ADMIN) & 1n) === 1n;
  }

  #change(change: (sets: CapabilitySets) => void): void {
    this.#sets.read();
    change(this.#sets);
    this.#sets.write();
  }
}
