import { closedOnError } from '../../../src/kit/errors/op-error.ts';
import { SlotTable } from '../../../src/kit/table/slot-table.ts';
import type { LinkDescription, LinkSource, LocalPrefix } from '../link.ts';

const ADDRESSES_LIMIT = 1 << 14;
const PREFIXES_LIMIT = 256;
/** Refresh interval for sources without notifications, and for missed ones. */
const REFRESH_MICROS = 10e6;
/** Interfaces whose packets are also seen on the interface below. */
const STACKED_KINDS = new Set(['macvlan', 'macvtap', 'ipvlan', 'ipvtap']);
const STACK_DEPTH_LIMIT = 4;
const WORD_BITS = 32;

/**
 * Which of the sightings of a packet counts, and whether a packet is this machine's at all.
 *
 * A packet of a bridge's or bond's member is seen on the bridge or bond too, where the sockets are; one of a VRF's
 * member is not for certain seen on the VRF. What macvlan and ipvlan interfaces send and get is seen below them too.
 */
export class LinkScope {
  readonly #links: LinkSource;
  readonly #clock: () => number;
  /** Interfaces all of whose packets are copies. */
  readonly #copies = new Set<number>();
  /** Stacked interface to the one below it. */
  readonly #lowers = new Map<number, number>();
  readonly #addresses = new SlotTable(64, ADDRESSES_LIMIT, () => undefined);
  readonly #addressInterface = new Map<number, number>();
  #prefixes: readonly LocalPrefix[] = [];
  readonly #tunnelPorts = new Set<number>();
  #nextRefreshMicros = Number.NEGATIVE_INFINITY;
  #mayAsk = false;

  /** Owns the source. Throws OpError where the links cannot be read, and has closed it then. */
  constructor(links: LinkSource, clock: () => number) {
    this.#links = links;
    this.#clock = clock;
    closedOnError(links, () => this.#read());
  }

  /** Before packets are looked at: the interfaces may have changed, which is asked about once more where it matters. */
  refresh(): void {
    this.#mayAsk = true;
    if (this.#links.hasChanged() || this.#clock() >= this.#nextRefreshMicros) this.#read();
  }

  /** Whether every packet of the interface is seen on another one, which counts it. */
  isCopy(interfaceIndex: number): boolean {
    return this.#copies.size > 0 && this.#copies.has(interfaceIndex);
  }

  /** Whether the kernel itself sends and receives datagrams to that port, in which a tunnel is wrapped. */
  isTunnelPort(port: number): boolean {
    return this.#tunnelPorts.size > 0 && this.#tunnelPorts.has(port);
  }

  /** Whether a packet with that local address was or will be seen on an interface stacked on this one. */
  isStackedCopy(interfaceIndex: number, local: Uint32Array): boolean {
    if (this.#lowers.size === 0) return false;
    const slot = this.#addresses.find(local[0]!, local[1]!, local[2]!, local[3]!);
    let at = slot < 0 ? undefined : this.#addressInterface.get(slot);
    for (let depth = 0; at !== undefined && depth < STACK_DEPTH_LIMIT; depth++) {
      at = this.#lowers.get(at);
      if (at === interfaceIndex) return true;
    }
    return false;
  }

  /** Whether the address is this machine's: an interface has it, or a route says so. One that is not known may be new, which is asked once a refresh. */
  isLocal(words: Uint32Array): boolean {
    if (this.#has(words)) return true;
    if (!this.#mayAsk) return false;
    this.#mayAsk = false;
    if (!this.#links.hasChanged()) return false;
    this.#read();
    return this.#has(words);
  }

  close(): void {
    this.#links.close();
  }

  #has(words: Uint32Array): boolean {
    if (this.#addresses.find(words[0]!, words[1]!, words[2]!, words[3]!) >= 0) return true;
    for (const prefix of this.#prefixes) if (isWithin(words, prefix)) return true;
    return false;
  }

  #read(): void {
    const links = this.#links.readLinks();
    const addresses = this.#links.readAddresses();
    this.#prefixes = this.#links.readLocalPrefixes?.().slice(0, PREFIXES_LIMIT) ?? [];
    this.#nextRefreshMicros = this.#clock() + REFRESH_MICROS;
    const kinds = new Map(links.map((link) => [link.index, link.kind]));
    this.#copies.clear();
    this.#lowers.clear();
    this.#tunnelPorts.clear();
    for (const link of links) {
      if (link.tunnelPort !== undefined) this.#tunnelPorts.add(link.tunnelPort);
      if (isCopied(link, kinds)) this.#copies.add(link.index);
      if (STACKED_KINDS.has(link.kind) && kinds.has(link.lower)) this.#lowers.set(link.index, link.lower);
    }
    this.#addresses.clear();
    this.#addressInterface.clear();
    for (const { words, interfaceIndex } of addresses) {
      const slot = this.#addresses.find(...words) >= 0 ? -1 : this.#addresses.add(...words);
      if (slot >= 0) this.#addressInterface.set(slot, interfaceIndex);
    }
  }
}

function isWithin(words: Uint32Array, prefix: LocalPrefix): boolean {
  for (let i = 0, bits = prefix.bits; bits > 0; i++, bits -= WORD_BITS) {
    const shift = Math.max(0, WORD_BITS - bits);
    if (words[i]! >>> shift !== prefix.words[i]! >>> shift) return false;
  }
  return true;
}

function isCopied(link: LinkDescription, kinds: ReadonlyMap<number, string>): boolean {
  if (link.kind === 'vrf') return true;
  return link.master !== 0 && kinds.has(link.master) && kinds.get(link.master) !== 'vrf';
}
