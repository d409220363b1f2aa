import { release } from 'node:os';
import type { LinkSource } from '../link.ts';
import { LinkScope } from './capture-scope.ts';
import { NETWORK_HEADER, packetFilter, type WantedProtocol } from './filter.ts';
import { PacketFlows } from './flow-table.ts';
import { FragmentPorts } from './ip-header.ts';
import { PacketMeter } from './packet-meter.ts';
import { PacketRing } from './ring.ts';

/** Packets are handed over so much later at most, on top of the drains. */
const RETIRE_MILLIS = 60;
/** Each block lasts for RETIRE_MILLIS at most, so a ring lasts for `blockCount` of these where little is going on. */
const ALL_RING = { blockBytes: 1 << 18, blockCount: 32 } as const;
const UDP_RING = { blockBytes: 1 << 15, blockCount: 64 } as const;
/** How often a ring wants to be drained. */
const DRAIN_MILLIS = 50;
/** After a drain that found much of the ring full. */
const BUSY_DRAIN_MILLIS = 10;
const BUSY_SHARE = 0.25;

/** Where packets come from and how large their rings are. */
interface CaptureOptions {
  readonly links: LinkSource;
  readonly clock: () => number;
  readonly blockBytes?: number;
  readonly blockCount?: number;
  /** Default by the kernel's release: one ring can describe every super-packet. */
  readonly canDescribeUdpSegments?: boolean;
}

interface RingPlan {
  readonly wanted: WantedProtocol;
  readonly withSegmentSizes: boolean;
  readonly ring: { readonly blockBytes: number; readonly blockCount: number };
}

interface MeteredRing {
  readonly ring: PacketRing;
  readonly meter: PacketMeter;
}

/** Packet rings and the flows that they are counted into. Needs CAP_NET_RAW. */
export class PacketCapture {
  readonly flows = new PacketFlows();
  readonly #scope: LinkScope;
  readonly #clock: () => number;
  readonly #rings: MeteredRing[] = [];
  #isBusy = false;

  /**
   * @param counted `l3`: every packet of IP, as on the wire; `payload`: all but TCP, what it carries
   */
  private constructor(plans: readonly RingPlan[], counted: 'l3' | 'payload', options: CaptureOptions) {
    this.#clock = options.clock;
    this.#scope = new LinkScope(options.links, options.clock);
    const fragments = new FragmentPorts();
    try {
      for (const plan of plans) {
        const { flows } = this;
        const meter = new PacketMeter({ flows, fragments, scope: this.#scope, wanted: plan.wanted, counted });
        this.#rings.push({ ring: openRing(plan, options), meter });
      }
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /**
   * Counts every packet. Throws SyscallError: EPERM without CAP_NET_RAW. Closes the links, then and in the end.
   *
   * Before Linux 6.2 a ring that tells segment sizes drops UDP super-packets, so that UDP has a ring of its own.
   */
  static ofAll(options: CaptureOptions): PacketCapture {
    const canDescribe = options.canDescribeUdpSegments ?? describesUdpSegments(release());
    const one: RingPlan[] = [{ wanted: 'any', withSegmentSizes: true, ring: ALL_RING }];
    const two: RingPlan[] = [
      { wanted: 'tcp', withSegmentSizes: true, ring: ALL_RING },
      { wanted: 'not-tcp', withSegmentSizes: false, ring: UDP_RING },
    ];
    return new PacketCapture(canDescribe ? one : two, 'l3', options);
  }

  /** Counts what UDP and everything else but TCP carries. Throws and closes as `ofAll`. */
  static ofDatagrams(options: CaptureOptions): PacketCapture {
    return new PacketCapture(
      [{ wanted: 'not-tcp', withSegmentSizes: false, ring: UDP_RING }],
      'payload',
      options,
    );
  }

  /** Counts the packets that the kernel has handed over. */
  drain(): void {
    this.flows.nowMicros = this.#clock();
    this.#scope.refresh();
    this.#isBusy = false;
    for (const { ring, meter } of this.#rings) {
      let blocks = 0;
      while (blocks < ring.blockCount && ring.drainBlock(meter.visit) >= 0) blocks++;
      if (blocks > ring.blockCount * BUSY_SHARE) this.#isBusy = true;
    }
  }

  drainWithinMillis(): number {
    return this.#isBusy ? BUSY_DRAIN_MILLIS : DRAIN_MILLIS;
  }

  /** Packets that no block was free for. Asks the kernel. */
  readDropped(): number {
    let dropped = 0;
    for (const { ring } of this.#rings) dropped += ring.readDropped();
    return dropped;
  }

  close(): void {
    for (const { ring } of this.#rings) ring.close();
    this.#rings.length = 0;
    this.#scope.close();
  }
}

/** Whether virtio_net_hdr_from_skb knows SKB_GSO_UDP_L4: from Linux 6.2. */
function describesUdpSegments(kernelRelease: string): boolean {
  const [major = 0, minor = 0] = kernelRelease.split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 2);
}

function openRing(plan: RingPlan, options: CaptureOptions): PacketRing {
  return new PacketRing({
    filter: packetFilter(plan.wanted, plan.withSegmentSizes ? NETWORK_HEADER : 0),
    blockBytes: options.blockBytes ?? plan.ring.blockBytes,
    blockCount: options.blockCount ?? plan.ring.blockCount,
    retireMillis: RETIRE_MILLIS,
    withSegmentSizes: plan.withSegmentSizes,
  });
}
