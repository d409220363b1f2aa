import type { CountingBasis, LostTraffic, Tier } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { openLinkSource } from '../machine/interface-collector.ts';
import { PacketCapture } from '../packet/capture.ts';
import { FlowRows } from './packet-flow-rows.ts';
import { LISTED_HERE, OverList, type SocketParts, type SocketSource } from './sockets.ts';
import type { NetlinkSockets } from './sockets-netlink.ts';
import { ProcNetSockets } from './sockets-proc.ts';

/** The list of many sockets takes long, and packets keep coming. */
const DRAIN_MICROS = 20e3;

interface PacketSocketsOptions {
  readonly clock: () => number;
  readonly canDescribeUdpSegments?: boolean;
  readonly onQueued?: (() => void) | undefined;
}

/**
 * Sockets that are listed by one source and counted by their packets: the headers of every packet of this network
 * namespace, matched to the rows of the list. Needs CAP_NET_RAW.
 */
export class PacketSockets extends OverList {
  readonly tier: Tier;
  readonly counted: CountingBasis;
  readonly parts: SocketParts;
  readonly #capture: PacketCapture;
  readonly #flowRows: FlowRows;
  readonly #clock: () => number;
  /** The next list is to have all UDP sockets, though it is not time; undefined: every list has, and TCP is counted. */
  readonly #relist: (() => void) | undefined;
  #dropped = 0;
  #settledFlows = 0;
  #waitingFlows = 0;
  #isSettling = false;

  private constructor(list: SocketSource, capture: PacketCapture, clock: () => number, relist?: () => void) {
    super(list);
    this.#capture = capture;
    this.#clock = clock;
    this.#relist = relist;
    const isOfAll = relist === undefined;
    this.tier = isOfAll ? 'packet' : list.tier;
    this.counted = isOfAll ? 'l3' : 'payload';
    this.parts = isOfAll
      ? { tcp: 'packets', udp: 'packets', ...LISTED_HERE }
      : { ...list.parts, udp: 'packets' };
    const idleMicros = isOfAll ? 5e6 : 15e6;
    this.#flowRows = new FlowRows(capture.flows, this.rows, { idleMicros, withTcp: isOfAll });
  }

  /**
   * The tier `packet`: the sockets of /proc/net, and every packet from now on, as on the wire. Needs nothing of sock_diag.
   * Throws SyscallError: EPERM without CAP_NET_RAW.
   */
  static ofAll(options: PacketSocketsOptions & { readonly procRoot?: string | undefined }): PacketSockets {
    const { clock, procRoot } = options;
    const list = new ProcNetSockets(clock, procRoot, (protocol, line) =>
      source.#flowRows.noteUnheld(protocol, line),
    );
    const source = new PacketSockets(list, PacketCapture.ofAll(withLinks(options)), clock);
    return source;
  }

  /**
   * The tier `netlink`, with UDP counted from now on: the kernel lists UDP sockets, but has no counters for them. Bytes
   * are UDP payload and segments are IP packets, as tcp_info has them for TCP. Throws as `ofAll`.
   */
  static ofDatagrams(list: NetlinkSockets, options: PacketSocketsOptions): PacketSockets {
    const capture = PacketCapture.ofDatagrams(withLinks(options));
    return new PacketSockets(list, capture, options.clock, () => list.relistDatagrams());
  }

  /** Packets that the kernel dropped for want of room, and those of flows that no table had room for. */
  get lost(): LostTraffic {
    const { refusedBytes, refusedPackets } = this.#capture.flows;
    return {
      bytes: this.#relist === undefined ? refusedBytes : 0,
      packets: refusedPackets + this.#dropped,
    };
  }

  /** Rejects with SyscallError where the sockets cannot be listed; packets are counted on, and matched later. */
  async collect(slice: Slice): Promise<void> {
    const capture = this.#capture;
    const { flows } = capture;
    capture.drain();
    // There are flows that only a new list can name the sockets of.
    if (this.#waitingFlows > 0 || flows.addedCount !== this.#settledFlows) this.#relist?.();
    const listedMicros = this.#clock();
    if (this.#relist === undefined) {
      await this.list.collect(new DrainingSlice(slice, this.#clock, () => capture.drain()));
    } else {
      await this.list.collect(slice);
      capture.drain();
    }
    this.#isSettling = true;
    try {
      this.#settledFlows = flows.addedCount;
      await this.#flowRows.settle(listedMicros, this.#clock(), slice);
      this.#waitingFlows = flows.grownCount;
      this.#dropped = capture.readDropped();
    } finally {
      this.#isSettling = false;
    }
  }

  override drainClosings(): void {
    super.drainClosings();
    // Flows stand still while they are matched; the ring lasts longer than that.
    if (!this.#isSettling) this.#capture.drain();
  }

  override drainWithinMillis(): number {
    return Math.min(super.drainWithinMillis(), this.#capture.drainWithinMillis());
  }

  override close(): void {
    this.#capture.close();
    super.close();
  }
}

/** The links are closed with the capture. */
function withLinks(options: PacketSocketsOptions) {
  return { ...options, links: openLinkSource('/sys') };
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
