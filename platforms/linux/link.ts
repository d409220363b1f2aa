/** A network interface as the kernel describes it, and how it is stacked on others. */
export interface LinkDescription {
  /** ifindex. */
  readonly index: number;
  readonly name: string;
  /** Administratively up and operational. */
  readonly isUp: boolean;
  readonly isLoopback: boolean;
  /** A device that carries bytes out of the machine (or of the virtual one): not made of software. */
  readonly isHardware: boolean;
  /** IFLA_INFO_KIND (`bridge`, `bond`, `vlan`, `veth`, `tun`, ...); empty for what has none, hardware above all. */
  readonly kind: string;
  /** ifindex of the bridge, bond, ... that it is a member of; 0 none. */
  readonly master: number;
  /** ifindex of the interface of the same namespace that it is stacked on (VLAN, macvlan, veth peer); 0 none. */
  readonly lower: number;
  /** Of a tunnel that the kernel wraps in UDP: the port at the other end. Missing or 0: of no such. */
  readonly tunnelPort?: number;
}

/** An address of this machine: four words as in data/sample/address.ts. */
export interface LocalAddress {
  readonly interfaceIndex: number;
  readonly words: readonly [number, number, number, number];
}

/** Addresses that are this machine's by a route of type `local`, though no interface has them: ip-route(8). */
export interface LocalPrefix {
  /** Four words as in data/sample/address.ts. */
  readonly words: readonly [number, number, number, number];
  /** How many of their bits count. */
  readonly bits: number;
}

/** Where links and addresses are learnt from. */
export interface LinkSource {
  /** Whether anything changed since it was asked last; a source that cannot know says false. Cheap. */
  hasChanged(): boolean;
  /** Throws OpError where the kernel refuses. */
  readLinks(): LinkDescription[];
  readAddresses(): LocalAddress[];
  /** Missing, or without any: the source does not know. */
  readLocalPrefixes?(): LocalPrefix[];
  close(): void;
}

const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;

/** One interface's directory in /sys/class/net as text; undefined: the file is not there or cannot be read. */
export interface ClassNetAttributes {
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

/** Describes the interfaces of such directories, by name; one without an index or flags is left out. */
export function linksOf(attributes: ReadonlyMap<string, ClassNetAttributes>): LinkDescription[] {
  const indexes = linkIndexes(attributes);
  return [...attributes].flatMap(([name, own]) => linkOf(name, own, indexes) ?? []);
}

/** The ifindex of each interface that has one. */
export function linkIndexes(attributes: ReadonlyMap<string, ClassNetAttributes>): Map<string, number> {
  const indexes = new Map<string, number>();
  for (const [name, { ifindex }] of attributes) {
    const index = Number.parseInt(ifindex ?? '', 10);
    if (index > 0) indexes.set(name, index);
  }
  return indexes;
}

function linkOf(
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

const BITS_PER_MEGABIT = 1e6;

/** The speed in bits a second that the file `speed` tells; NaN: unknown, which is -1, or the same as an unsigned word. */
export function linkSpeed(megabits: number): number {
  return megabits > 0 && megabits < 0x7fffffff ? megabits * BITS_PER_MEGABIT : Number.NaN;
}
