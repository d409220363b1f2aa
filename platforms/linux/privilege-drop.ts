import { readFileSync } from 'node:fs';
import { CAPABILITY_BITS, type CapabilityName, type CapabilitySet } from './doctor-capabilities.ts';
import { effectiveUserId, NativeBuffer, SyscallError, systemCall } from './libc.ts';
import { areNewPrivilegesForbidden, forbidNewPrivileges } from './replace-program.ts';

/** linux/capability.h: _LINUX_CAPABILITY_VERSION_3, two words per set. */
const VERSION = 0x20080522;
const HEADER_BYTES = 8;
/** `struct __user_cap_data_struct`: effective u32, permitted u32, inheritable u32; for bits 0-31 and 32-63. */
const DATA_BYTES = 24;
const WORD_BITS = 32n;
const WORD = 0xffff_ffffn;
const [CAPGET, CAPSET, PRCTL] = process.arch === 'arm64' ? [90, 91, 167] : [125, 126, 157];
/** linux/prctl.h. */
const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;
const LAST_CAPABILITY = 63;
/** Not among those that the doctor names: what kernels before 5.8 ask for in the place of CAP_BPF. */
const SYS_ADMIN = 21;
const NET_BIND_SERVICE = 10;

/** What collecting may need, whichever tier is in force. Containers have cap_dac_override for cap_dac_read_search. */
const COLLECTING: readonly CapabilityName[] = [
  ...(['cap_bpf', 'cap_perfmon', 'cap_net_admin', 'cap_net_raw'] as const),
  ...(['cap_sys_ptrace', 'cap_dac_read_search'] as const),
];

/**
 * The capabilities of this thread, to be cut down to those that collecting needs. A change reaches this thread alone;
 * it is for good in all of them once the program has executed itself anew.
 */
export class PrivilegeDrop {
  readonly #header = new NativeBuffer(HEADER_BYTES);
  readonly #data = new NativeBuffer(DATA_BYTES);
  readonly #permitted: CapabilitySet;
  readonly #inheritable: CapabilitySet;
  readonly #kept: CapabilitySet;

  /** `needsLowPort`: a port below 1024 will be listened on. Throws SyscallError. */
  constructor(needsLowPort: boolean) {
    this.#header.u32[0] = VERSION;
    this.#call('capget', CAPGET);
    const { u32 } = this.#data;
    this.#permitted = BigInt(u32[1]!) | (BigInt(u32[4]!) << WORD_BITS);
    this.#inheritable = BigInt(u32[2]!) | (BigInt(u32[5]!) << WORD_BITS);
    this.#kept = this.#permitted & wanted(this.#permitted, needsLowPort);
  }

  /** Whether this thread has, or could gain by executing a file, what collecting does not need. */
  get isNeeded(): boolean {
    return this.#permitted !== this.#kept || !areNewPrivilegesForbidden();
  }

  /**
   * From the next execve(2) on there is no more than what is kept, and never will be. Root gets it back as inheritable
   * with an empty bounding set, so that its children can be left without any; others need it in the bounding set.
   * Throws SyscallError.
   */
  apply(): void {
    const isRoot = effectiveUserId() === 0;
    // Only what the bounding set holds can become inheritable, and only CAP_SETPCAP can cut the bounding set.
    if (isRoot) this.#set(this.#permitted, this.#kept);
    const bounding = isRoot ? 0n : this.#kept;
    for (let bit = 0; bit <= LAST_CAPABILITY; bit++) {
      const isKept = ((bounding >> BigInt(bit)) & 1n) === 1n;
      // A second lock: what follows holds without it.
      if (!isKept && systemCall(PRCTL, PR_CAPBSET_READ, bit) === 1) systemCall(PRCTL, PR_CAPBSET_DROP, bit);
    }
    forbidNewPrivileges();
    this.#set(this.#kept, isRoot ? this.#kept : this.#inheritable & this.#kept);
  }

  #set(permitted: CapabilitySet, inheritable: CapabilitySet): void {
    const { u32 } = this.#data;
    for (const [half, from] of [0, 3].entries()) {
      const shift = BigInt(half) * WORD_BITS;
      u32[from] = Number((permitted >> shift) & WORD);
      u32[from + 1] = u32[from]!;
      u32[from + 2] = Number((inheritable >> shift) & WORD);
    }
    this.#call('capset', CAPSET);
  }

  #call(op: string, number: number): void {
    const result = systemCall(number, this.#header.pointer, this.#data.pointer);
    if (result < 0) throw new SyscallError(op, -result);
  }
}

function wanted(permitted: CapabilitySet, needsLowPort: boolean): CapabilitySet {
  let set = 0n;
  for (const name of COLLECTING) set |= bitOf(CAPABILITY_BITS[name]);
  if ((permitted & bitOf(CAPABILITY_BITS.cap_dac_read_search)) === 0n) {
    set |= bitOf(CAPABILITY_BITS.cap_dac_override);
  }
  if (!knowsBpfCapability()) set |= bitOf(SYS_ADMIN);
  if (needsLowPort) set |= bitOf(NET_BIND_SERVICE);
  return set;
}

function bitOf(bit: number): CapabilitySet {
  return 1n << BigInt(bit);
}

/** Linux 5.8 and later; where it cannot be told, the kernel is taken for one of them. */
function knowsBpfCapability(): boolean {
  try {
    return Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')) >= CAPABILITY_BITS.cap_bpf;
  } catch (thrown) {
    if (thrown instanceof Error) return true;
    throw thrown;
  }
}
