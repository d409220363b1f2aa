import type { CountingBasis, LostTraffic, Tier } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { LinkSource } from '../link.ts';
import { openLinkSource } from '../machine/interface-collector.ts';
import { PacketCapture } from '../packet/capture.ts';
import { FlowRows } from './packet-flow-rows.ts';
import type { SocketParts, SocketRows, SocketSource } from './sockets.ts';
import { LISTED_HERE } from './sockets.ts';
import { ProcNetSockets } from './sockets-proc.ts';

const IDLE_MICROS = 5e6;
/** The list of many sockets takes long, and packets keep coming. */
const DRAIN_MICROS = 20e3;

interface PacketSocketsOptions {
  readonly clock: () => number;
  readonly procRoot?: string | undefined;
  /** Default the kernel's. Closed with the source. */
  readonly links?: LinkSource;
  readonly blockBytes?: number;
  readonly blockCount?: number;
  readonly canDescribeUdpSegments?: boolean;
  readonly onQueued?: (() => void) | undefined;
}

/**
 * The tier `packet`: the sockets of /proc/net, and the headers of every TCP and UDP packet of this network namespace
 * matched to them. Needs CAP_NET_RAW and nothing of sock_diag.
 */
export class PacketSockets implements SocketSource {
  readonly tier: Tier = 'packet';
  readonly counted: CountingBasis = 'l3';
  readonly parts: SocketParts = { tcp: 'packets', udp: 'packets', ...LISTED_HERE };
  readonly #listing: ProcNetSockets;
  readonly #capture: PacketCapture;
  readonly #flowRows: FlowRows;
  readonly #clock: () => number;
  #dropped = 0;
  #isCollecting = false;

  /** Packets from now on are counted. Throws SyscallError: EPERM without CAP_NET_RAW. */
  constructor(options: PacketSocketsOptions) {
    const { clock, procRoot, links = openLinkSource('/sys'), onQueued, ...ring } = options;
    this.#clock = clock;
    this.#listing = new ProcNetSockets(clock, procRoot, (protocol, line) =>
      this.#flowRows.noteUnheld(protocol, line),
    );
    this.#capture = PacketCapture.ofAll({ ...ring, clock, links, onQueued });
    this.#flowRows = new FlowRows(this.#capture.flows, this.#listing.rows, {
      // Packets are taken before the list is made: what it lacks has ended, unless it began later.
      unlistedMicros: 0,
      idleMicros: IDLE_MICROS,
      withTcp: true,
    });
  }

  get rows(): SocketRows {
    return this.#listing.rows;
  }

  get lost(): LostTraffic {
    const { refusedBytes, refusedPackets } = this.#capture.flows;
    return { bytes: refusedBytes, packets: refusedPackets + this.#dropped };
  }

  get lostClosings(): number {
    return this.#listing.lostClosings;
  }

  /** Rejects with SyscallError where the sockets cannot be listed; packets are counted on, and matched later. */
  async collect(slice: Slice): Promise<void> {
    this.#capture.drain();
    const listedMicros = this.#clock();
    await this.#listing.collect(new DrainingSlice(slice, this.#clock, () => this.#capture.drain()));
    this.#isCollecting = true;
    try {
      await this.#flowRows.settle(listedMicros, this.#clock(), slice);
      this.#dropped = this.#capture.readDropped();
    } finally {
      this.#isCollecting = false;
    }
  }

  drainClosings(): void {
    // Flows stand still while they are matched; the ring lasts longer than that.
    if (!this.#isCollecting) this.#capture.drain();
  }

  drainWithinMillis(): number {
    return this.#capture.drainWithinMillis();
  }

  close(): void {
    this.#capture.close();
    this.#listing.close();
  }
}

/** Drains while it is rested on: a long list must not keep the ring waiting until it is full. */
class DrainingSlice implements Slice {
  readonly #slice: Slice;
  readonly #clock: () => number;
  readonly #drain: () => void;
  #drainedMicros: number;

  constructor(slice: Slice, clock: () => number, drain: () => void) {
    this.#slice = slice;
    this.#clock = clock;
    this.#drain = drain;
    this.#drainedMicros = clock();
  }

  due(): boolean {
    return this.#clock() - this.#drainedMicros >= DRAIN_MICROS || this.#slice.due();
  }

  async rest(): Promise<void> {
    if (this.#clock() - this.#drainedMicros >= DRAIN_MICROS) {
      this.#drain();
      this.#drainedMicros = this.#clock();
    }
    if (this.#slice.due()) await this.#slice.rest();
  }
}
