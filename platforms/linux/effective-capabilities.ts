import { NativeBuffer, orThrow, systemCall } from './libc.ts';
import { type CapabilityName, type CapabilitySet, capabilitySet, hasCapability } from './privileges.ts';

/** linux/capability.h: _LINUX_CAPABILITY_VERSION_3, two words per set. */
const VERSION = 0x20080522;
const [CAPGET, CAPSET] = process.arch === 'arm64' ? [90, 91] : [125, 126];
const CAP_SYS_ADMIN = 21n;
const WORD_BITS = 32n;
const WORD = 0xffff_ffffn;

const header = new NativeBuffer(8);
header.u32[0] = VERSION;
/** `struct __user_cap_data_struct`: effective u32, permitted u32, inheritable u32; for bits 0-31 and 32-63. */
const data = new NativeBuffer(24);

/** The capabilities of a thread. Every function here is about this thread, and those that it makes from then on. */
interface CapabilitySets {
  /** In force. */
  readonly effective: CapabilitySet;
  readonly permitted: CapabilitySet;
  readonly inheritable: CapabilitySet;
}

/** capget(2). Throws SyscallError. */
export function capabilitySets(): CapabilitySets {
  orThrow(systemCall(CAPGET, header.pointer, data.pointer), 'capget');
  const setAt = (place: number): CapabilitySet =>
    BigInt(data.u32[place]!) | (BigInt(data.u32[place + 3]!) << WORD_BITS);
  return { effective: setAt(0), permitted: setAt(1), inheritable: setAt(2) };
}

/** capset(2), of the sets that are given. Throws SyscallError. */
export function setCapabilities(changed: Partial<CapabilitySets>): void {
  const { effective, permitted, inheritable } = { ...capabilitySets(), ...changed };
  for (const [place, set] of [effective, permitted, inheritable].entries()) {
    data.u32[place] = Number(set & WORD);
    data.u32[place + 3] = Number((set >> WORD_BITS) & WORD);
  }
  orThrow(systemCall(CAPSET, header.pointer, data.pointer), 'capset');
}

/**
 * Puts no capability in force. The permitted set stays, so that they can be raised again: a file that the user names is
 * opened with the user's own rights. Throws SyscallError.
 */
export function lowerCapabilities(): void {
  setCapabilities({ effective: 0n });
}

/** Puts all permitted capabilities in force. Throws SyscallError. */
export function raiseCapabilities(): void {
  setCapabilities({ effective: capabilitySets().permitted });
}

/** Does the work with none in force, then puts back those that were. Throws SyscallError, and what the work throws. */
export function withoutCapabilities<T>(work: () => T): T {
  const { effective } = capabilitySets();
  if (effective === 0n) return work();
  lowerCapabilities();
  try {
    return work();
  } finally {
    setCapabilities({ effective });
  }
}

/** Gives up all but these for good. Throws SyscallError. */
export function keepOnlyCapabilities(kept: readonly CapabilityName[]): void {
  const sets = capabilitySets();
  const permitted = sets.permitted & capabilitySet(kept);
  setCapabilities({ effective: permitted, permitted, inheritable: sets.inheritable & permitted });
}

/** Whether the kernel may let this thread load programs: bpf_capable() of linux/capability.h. Throws SyscallError. */
export function mayLoadPrograms(): boolean {
  const { effective } = capabilitySets();
  return hasCapability(effective, 'cap_bpf') || ((effective >> CAP_SYS_ADMIN) & 1n) === 1n;
}
