import type { CountingBasis, Tier } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { SocketHolders } from '../bpf/network-accounting.ts';
import { type AskHolders, HolderSearch, type OwnerProcesses } from './flow-owners.ts';
import { NOTHING_LOST, type SocketParts, type SocketRows, type SocketSource } from './sockets.ts';
import type { NetlinkSockets } from './sockets-netlink.ts';

/**
 * Sockets before anything is counted, with those who hold them where the kernel can tell: what a source that counts goes
 * on with. Does not own what it lists with.
 */
export class ListedSockets implements SocketSource {
  readonly tier: Tier = 'netlink';
  readonly counted: CountingBasis = 'none';
  readonly parts: SocketParts;
  readonly rows: SocketRows;
  readonly lost = NOTHING_LOST;
  readonly holders: AskHolders | undefined;
  readonly #listing: NetlinkSockets;
  readonly #search: HolderSearch | undefined;

  constructor(listing: NetlinkSockets, told: SocketHolders | undefined, processes: OwnerProcesses) {
    this.#listing = listing;
    this.rows = listing.rows;
    this.parts = listing.parts;
    if (told === undefined) return;
    this.holders = (visit) => told.visit(visit);
    this.#search = new HolderSearch(listing.rows, processes, this.holders);
  }

  get areHoldersTold(): boolean {
    return this.#search !== undefined;
  }

  get lostClosings(): number {
    return this.#listing.lostClosings;
  }

  async collect(slice: Slice): Promise<void> {
    await this.#listing.collect(slice);
    await this.#search?.resolve(slice);
  }

  drainClosings(): void {
    this.#listing.drainClosings();
  }

  drainWithinMillis(): number {
    return this.#listing.drainWithinMillis();
  }

  close(): void {
    // Its parts are closed by who opened them, or goes on with them.
  }
}
