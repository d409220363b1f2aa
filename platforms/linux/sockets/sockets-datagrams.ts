import type { CountingBasis, LostTraffic, Tier } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { monotonicMicros } from '../clock.ts';
import type { LinkSource } from '../link.ts';
import { openLinkSource } from '../machine/interface-collector.ts';
import { PacketCapture } from '../packet/capture.ts';
import { FlowRows } from './packet-flow-rows.ts';
import type { SocketParts, SocketRows, SocketSource } from './sockets.ts';
import type { NetlinkSockets } from './sockets-netlink.ts';

const IDLE_MICROS = 15e6;

interface DatagramCounterOptions {
  /** Default CLOCK_MONOTONIC. */
  readonly clock?: () => number;
  /** Default the kernel's. Closed with the counter. */
  readonly links?: LinkSource;
  readonly onQueued?: (() => void) | undefined;
  /** How long a flow without a listed socket waits for one before it becomes a closed row. */
  readonly unlistedMicros?: number;
  readonly blockBytes?: number;
  readonly blockCount?: number;
}

/**
 * Counts what UDP sockets of this network namespace carry, beside a tier that lists but does not count them. Bytes
 * are UDP payload and segments are IP packets, as tcp_info has them for TCP.
 */
export class DatagramCounter {
  readonly #capture: PacketCapture;
  readonly #clock: () => number;
  readonly #unlistedMicros: number;
  #rows: SocketRows | undefined;
  #flowRows: FlowRows | undefined;
  #dropped = 0;
  #settledFlows = 0;
  #waitingFlows = 0;
  #isCollecting = false;

  private constructor(options: DatagramCounterOptions) {
    const { links = openLinkSource('/sys'), clock = monotonicMicros, ...ring } = options;
    this.#clock = clock;
    this.#unlistedMicros = options.unlistedMicros ?? 0;
    this.#capture = PacketCapture.ofDatagrams({ ...ring, links, clock });
  }

  /** Packets from now on are counted. Throws SyscallError: EPERM without CAP_NET_RAW. */
  static open(options: DatagramCounterOptions = {}): DatagramCounter {
    return new DatagramCounter(options);
  }

  /** Packets that the kernel dropped for want of room, and those of flows that no table had room for. */
  get lost(): number {
    return this.#dropped + this.#capture.flows.refusedPackets;
  }

  /** Whether there are flows that only a new list can name the sockets of. */
  get needsList(): boolean {
    return this.#waitingFlows > 0 || this.#capture.flows.addedCount !== this.#settledFlows;
  }

  /** Counts what the ring holds. Cheap; to be called within `drainWithinMillis`, or the ring overflows. */
  drain(): void {
    if (!this.#isCollecting) this.#capture.drain();
  }

  drainWithinMillis(): number {
    return this.#capture.drainWithinMillis();
  }

  /**
   * Writes the counters of the UDP rows, after these have been brought up to date and before rows closed by that are
   * given back. Datagrams that belong to no row get rows of their own, closed at once. Always the same `rows`, which
   * were listed at `listedMicros` or later.
   */
  async collect(rows: SocketRows, listedMicros: number, slice: Slice): Promise<void> {
    this.drain();
    this.#isCollecting = true;
    try {
      this.#settledFlows = this.#capture.flows.addedCount;
      await this.#flowRowsFor(rows).settle(listedMicros, this.#clock(), slice);
      this.#waitingFlows = this.#capture.flows.grownCount;
      this.#dropped = this.#capture.readDropped();
    } finally {
      this.#isCollecting = false;
    }
  }

  close(): void {
    this.#capture.close();
  }

  #flowRowsFor(rows: SocketRows): FlowRows {
    if (this.#flowRows !== undefined && this.#rows === rows) return this.#flowRows;
    this.#rows = rows;
    this.#flowRows = new FlowRows(this.#capture.flows, rows, {
      unlistedMicros: this.#unlistedMicros,
      idleMicros: IDLE_MICROS,
      withTcp: false,
    });
    return this.#flowRows;
  }
}

/** The tier `netlink` with UDP counted by its packets: the kernel lists UDP sockets, but has no counters for them. */
export class CountedDatagrams implements SocketSource {
  readonly tier: Tier = 'netlink';
  readonly counted: CountingBasis = 'payload';
  readonly parts: SocketParts;
  readonly rows: SocketRows;
  readonly #listing: NetlinkSockets;
  readonly #datagrams: DatagramCounter;
  readonly #clock: () => number;

  constructor(listing: NetlinkSockets, datagrams: DatagramCounter, clock: () => number) {
    this.#listing = listing;
    this.rows = listing.rows;
    this.#datagrams = datagrams;
    this.#clock = clock;
    this.parts = { ...listing.parts, udp: 'packets' };
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
