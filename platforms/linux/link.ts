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
