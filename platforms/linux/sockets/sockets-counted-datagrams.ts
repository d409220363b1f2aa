import type { CountingBasis, LostTraffic, Tier } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { DatagramCounter } from './packet-datagrams.ts';
import type { SocketParts, SocketSource } from './socket-source.ts';
import type { SocketRows } from './sockets.ts';
import type { NetlinkSockets } from './sockets-netlink.ts';

/** The tier `netlink` with UDP counted by its packets: the kernel lists UDP sockets, but has no counters for them. */
export class CountedDatagrams implements SocketSource {
  readonly tier: Tier = 'netlink';
  readonly counted: CountingBasis = 'payload';
  readonly parts: SocketParts;
  readonly #listing: NetlinkSockets;
  readonly #datagrams: DatagramCounter;
  readonly #clock: () => number;

  constructor(listing: NetlinkSockets, datagrams: DatagramCounter, clock: () => number) {
    this.#listing = listing;
    this.#datagrams = datagrams;
    this.#clock = clock;
    this.parts = { ...listing.parts, udp: 'packets' };
  }

  get rows(): SocketRows {
    return this.#listing.rows;
  }

  get lostClosings(): number {
    return this.#listing.lostClosings;
  }

  get lost(): LostTraffic {
    return { bytes: 0, packets: this.#datagrams.lost };
  }

  async collect(slice: Slice): Promise<void> {
    this.#datagrams.drain();
    if (this.#datagrams.needsList) this.#listing.relistDatagrams();
    const listedMicros = this.#clock();
    await this.#listing.collect(slice);
    await this.#datagrams.collect(this.rows, listedMicros, slice);
  }

  drainClosings(): void {
    this.#listing.drainClosings();
    this.#datagrams.drain();
  }

  drainWithinMillis(): number {
    return Math.min(this.#listing.drainWithinMillis(), this.#datagrams.drainWithinMillis());
  }

  close(): void {
    this.#datagrams.close();
    this.#listing.close();
  }
}
