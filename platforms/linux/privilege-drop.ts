import { readFileSync } from 'node:fs';
import { orUndefined } from '../../src/kit/errors/op-error.ts';
import { capabilitySets, setCapabilities } from './effective-capabilities.ts';
import { effectiveUserId, processControl } from './libc.ts';
import {
  CAPABILITY_BITS,
  type CapabilityName,
  type CapabilitySet,
  capabilitySet,
  hasCapability,
  OWNER_CAPABILITIES,
  PROGRAM_CAPABILITIES,
} from './privileges.ts';
import { areNewPrivilegesForbidden, forbidNewPrivileges } from './replace-program.ts';

/** linux/prctl.h. */
const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;
const LAST_CAPABILITY = 63;
/** Not among those that the doctor names: what kernels before 5.8 ask for in the place of CAP_BPF. */
const SYS_ADMIN: CapabilitySet = 1n << 21n;
const NET_BIND_SERVICE: CapabilitySet = 1n << 10n;

/** What collecting may need, whichever tier is in force. Containers have cap_dac_override for cap_dac_read_search. */
const COLLECTING: readonly CapabilityName[] = [...PROGRAM_CAPABILITIES, ...OWNER_CAPABILITIES, 'cap_net_raw'];

/**
 * Cuts the capabilities of this thread down to those that collecting needs. A change reaches this thread alone; it is for
 * good in all of them once the program has executed itself anew: from then on there is no more than what is kept, and
 * never will be. Root gets it back as inheritable with an empty bounding set, so that its children can be left without
 * any; others need it in the bounding set. False: this thread neither has, nor could gain by executing a file, what is
 * not needed. Throws SyscallError.
 *
 * @param needsLowPort a port below 1024 will be listened on
 */
export function dropPrivileges(needsLowPort: boolean): boolean {
  const { permitted, inheritable } = capabilitySets();
  const kept = permitted & wanted(permitted, needsLowPort);
  if (permitted === kept && areNewPrivilegesForbidden()) return false;
  const isRoot = effectiveUserId() === 0;
  // Only what the bounding set holds can become inheritable, and only CAP_SETPCAP can cut the bounding set.
  if (isRoot) setCapabilities({ effective: permitted, permitted, inheritable: kept });
  const bounding = isRoot ? 0n : kept;
  for (let bit = 0; bit <= LAST_CAPABILITY; bit++) {
    const isKept = ((bounding >> BigInt(bit)) & 1n) === 1n;
    // A second lock: what follows holds without it.
    if (!isKept && processControl(PR_CAPBSET_READ, bit) === 1) processControl(PR_CAPBSET_DROP, bit);
  }
  forbidNewPrivileges();
  setCapabilities({ effective: kept, permitted: kept, inheritable: isRoot ? kept : inheritable & kept });
  return true;
}

function wanted(permitted: CapabilitySet, needsLowPort: boolean): CapabilitySet {
  const hasSearch = hasCapability(permitted, 'cap_dac_read_search');
  let set = capabilitySet(hasSearch ? COLLECTING : [...COLLECTING, 'cap_dac_override']);
  if (!knowsBpfCapability()) set |= SYS_ADMIN;
  if (needsLowPort) set |= NET_BIND_SERVICE;
  return set;
}

/** Linux 5.8 and later; true if unknown. */
function knowsBpfCapability(): boolean {
  const last = orUndefined(() => readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
  return last === undefined || Number(last) >= CAPABILITY_BITS.cap_bpf;
}
