import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { readAddress } from '../../../src/data/sample/address.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';
import type { LinkDescription, LinkSource, LocalAddress } from '../link.ts';
import { linkTarget, readAttribute, readIntegerAttribute } from './sysfs-value.ts';

const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;

/** One interface's directory in /sys/class/net as text; undefined: the file is not there or cannot be read. */
interface ClassNetAttributes {
  readonly ifindex: string | undefined;
  /** Hexadecimal, the administrative flags only. */
  readonly flags: string | undefined;
  readonly operstate: string | undefined;
  /** `KEY=value` lines; DEVTYPE among them for most kinds. */
  readonly uevent: string | undefined;
  /** Names in the directory: `device`, `bridge`, `bonding`, `tun_flags`, `lower_eth0`, ... */
  readonly entries: readonly string[];
  /** Name of the interface that `master` links to. */
  readonly master: string | undefined;
}

/** Describes an interface, given every interface's ifindex by name; undefined where it has no index or flags. */
function parseClassNet(
  name: string,
  attributes: ClassNetAttributes,
  indexes: ReadonlyMap<string, number>,
): LinkDescription | undefined {
  const index = indexes.get(name);
  const flags = Number.parseInt(attributes.flags ?? '', 16);
  if (index === undefined || Number.isNaN(flags)) return undefined;
  const { entries } = attributes;
  const operstate = attributes.operstate?.trim();
  const lower = entries.find((entry) => entry.startsWith('lower_'));
  const kind = kindOf(attributes);
  const isAggregate = kind === 'bridge' || kind === 'bond';
  const isLoopback = (flags & IFF_LOOPBACK) !== 0;
  return {
    index,
    name,
    isLoopback,
    // Tunnels and loopback never say `up`.
    isUp: (flags & IFF_UP) !== 0 && (operstate === 'up' || operstate === 'unknown'),
    isHardware: !isLoopback && entries.includes('device'),
    kind,
    master: attributes.master === undefined ? 0 : (indexes.get(attributes.master) ?? 0),
    // A bridge has its members as lower interfaces too, but is not stacked on one of them.
    lower: lower === undefined || isAggregate ? 0 : (indexes.get(lower.slice('lower_'.length)) ?? 0),
  };
}

function kindOf({ entries, uevent }: ClassNetAttributes): string {
  if (entries.includes('device')) return '';
  if (entries.includes('bridge')) return 'bridge';
  if (entries.includes('bonding')) return 'bond';
  if (entries.includes('tun_flags')) return 'tun';
  return /^DEVTYPE=(\S+)$/m.exec(uevent ?? '')?.[1] ?? 'unknown';
}

/**
 * Links by /sys/class/net and addresses by getifaddrs(3): for sandboxes without NETLINK_ROUTE. It shows the network
 * namespace in which /sys was mounted.
 */
export class ClassNetLinkSource implements LinkSource {
  readonly #root: string;

  constructor(sysRoot: string) {
    this.#root = join(sysRoot, 'class/net');
  }

  hasChanged(): boolean {
    return false;
  }

  readLinks(): LinkDescription[] {
    const attributes = this.#readAll();
    const indexes = this.#indexes(attributes);
    return [...attributes].flatMap(([name, read]) => parseClassNet(name, read, indexes) ?? []);
  }

  /** None if the C library does not provide them either. */
  readAddresses(): LocalAddress[] {
    const indexes = this.#indexes(this.#readAll());
    const addresses: LocalAddress[] = [];
    const words = new Uint32Array(ADDRESS_WORDS);
    for (const [name, infos] of Object.entries(orUndefined(networkInterfaces) ?? {})) {
      const interfaceIndex = indexes.get(name);
      for (const info of infos ?? []) {
        if (interfaceIndex === undefined || !readAddress(info.address, words)) continue;
        addresses.push({ interfaceIndex, words: [words[0]!, words[1]!, words[2]!, words[3]!] });
      }
    }
    return addresses;
  }

  close(): void {}

  #indexes(attributes: ReadonlyMap<string, ClassNetAttributes>): Map<string, number> {
    const indexes = new Map<string, number>();
    for (const [name, { ifindex }] of attributes) {
      const index = Number.parseInt(ifindex ?? '', 10);
      if (index > 0) indexes.set(name, index);
    }
    return indexes;
  }

  #readAll(): ReadonlyMap<string, ClassNetAttributes> {
    const names = existsSync(this.#root) ? readdirSync(this.#root) : [];
    return new Map(names.map((name) => [name, this.#read(name)]));
  }

  #read(name: string): ClassNetAttributes {
    const directory = join(this.#root, name);
    const text = (file: string) => orUndefined(() => readFileSync(join(directory, file), 'utf8'));
    const master = linkTarget(join(directory, 'master'));
    return {
      ifindex: text('ifindex'),
      flags: text('flags'),
      operstate: text('operstate'),
      uevent: text('uevent'),
      entries: orUndefined(() => readdirSync(directory)) ?? [],
      master: master === undefined ? undefined : basename(master),
    };
  }
}

const BITS_PER_MEGABIT = 1e6;

/** Shows the network namespace in which sysfs was mounted; of an interface that is not there all is undefined. */
export function readNetLink(sysRoot: string, name: string) {
  const path = join(sysRoot, 'class/net', name);
  const megabits = readIntegerAttribute(join(path, 'speed'));
  // Unknown is -1, or the same as an unsigned word.
  const isKnown = megabits !== undefined && megabits > 0 && megabits < 0x7fffffff;
  return {
    mtuBytes: readIntegerAttribute(join(path, 'mtu')),
    /** Negotiated; undefined where the driver knows none, as of virtual links, wireless ones and those that are down. */
    bitsPerSecond: isKnown ? megabits * BITS_PER_MEGABIT : undefined,
    operationalState: readAttribute(join(path, 'operstate')),
    hardwareAddress: readAttribute(join(path, 'address')),
  };
}
