import type { CountingBasis, Tier } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { SocketHolders } from '../bpf/network-accounting.ts';
import { type AskHolders, HolderSearch, type OwnerProcesses } from './flow-owners.ts';
import { NOTHING_LOST, OverList, type SocketParts } from './sockets.ts';
import type { NetlinkSockets } from './sockets-netlink.ts';

/**
 * Sockets before anything is counted, with those who hold them where the kernel can tell: what a source that counts goes
 * on with. Does not own what it lists with.
 */
export class ListedSockets extends OverList {
  readonly tier: Tier = 'netlink';
  readonly counted: CountingBasis = 'none';
  readonly parts: SocketParts;
  readonly lost = NOTHING_LOST;
  readonly holders: AskHolders | undefined;
  readonly #search: HolderSearch | undefined;

  constructor(listing: NetlinkSockets, told: SocketHolders | undefined, processes: OwnerProcesses) {
    super(listing);
    this.parts = listing.parts;
    if (told === undefined) return;
    this.holders = (visit) => told.visit(visit);
    this.#search = new HolderSearch(listing.rows, processes, this.holders);
  }

  get areHoldersTold(): boolean {
    return this.#search !== undefined;
  }

  async collect(slice: Slice): Promise<void> {
    await this.list.collect(slice);
    await this.#search?.resolve(slice);
  }

  override close(): void {
    // Its parts are closed by who opened them, or goes on with them.
  }
}
