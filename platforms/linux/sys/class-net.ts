import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { readAddress } from '../../../src/data/sample/address.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';
import type { LinkDescription, LinkSource, LocalAddress } from '../link.ts';
import { type ClassNetAttributes, linkIndexes, linkSpeed, linksOf } from '../link.ts';
import { linkTarget } from '../proc/namespace-links.ts';
import { readAttribute, readIntegerAttribute } from './sysfs-value.ts';

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
    return linksOf(this.#readAll());
  }

  /** None if the C library does not provide them either. */
  readAddresses(): LocalAddress[] {
    const indexes = linkIndexes(this.#readAll());
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

/** Shows the network namespace in which sysfs was mounted; of an interface that is not there all is undefined. */
export function readNetLink(sysRoot: string, name: string) {
  const path = join(sysRoot, 'class/net', name);
  return {
    mtuBytes: readIntegerAttribute(join(path, 'mtu')),
    /** Negotiated; NaN where the driver knows none, as of virtual links, wireless ones and those that are down. */
    bitsPerSecond: linkSpeed(readIntegerAttribute(join(path, 'speed')) ?? Number.NaN),
    operationalState: readAttribute(join(path, 'operstate')),
    hardwareAddress: readAttribute(join(path, 'address')),
  };
}
