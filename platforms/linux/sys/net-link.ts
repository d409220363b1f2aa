import { join } from 'node:path';
import { readAttribute, readIntegerAttribute } from './sysfs-value.ts';

/** What /sys/class/net tells of a link beside its counters (Documentation/ABI/testing/sysfs-class-net). */
interface NetLink {
  readonly mtuBytes: number | undefined;
  /** Negotiated; undefined where the driver knows none, as of virtual links, wireless ones and those that are down. */
  readonly bitsPerSecond: number | undefined;
  readonly operationalState: string | undefined;
  readonly hardwareAddress: string | undefined;
}

const BITS_PER_MEGABIT = 1e6;

/** Shows the network namespace in which sysfs was mounted; of an interface that is not there all is undefined. */
export function readNetLink(sysRoot: string, name: string): NetLink {
  const path = join(sysRoot, 'class/net', name);
  const megabits = readIntegerAttribute(join(path, 'speed'));
  // Unknown is -1, or the same as an unsigned word.
  const isKnown = megabits !== undefined && megabits > 0 && megabits < 0x7fffffff;
  return {
    mtuBytes: readIntegerAttribute(join(path, 'mtu')),
    bitsPerSecond: isKnown ? megabits * BITS_PER_MEGABIT : undefined,
    operationalState: readAttribute(join(path, 'operstate')),
    hardwareAddress: readAttribute(join(path, 'address')),
  };
}
