import type { FirstPacket, FirstPackets } from '../bpf/first-packets.ts';
import type { NamePacket, NameSniffer } from './name-sniffer.ts';

/** Where packets that may say a name come from. */
export interface NameSource {
  /** As CollectionParts has it. */
  readonly part: 'ebpf' | 'packets';
  /** Shows the sniffer what the kernel has copied. Cheap. */
  drain(): void;
  /** How long the kernel's buffer lasts. */
  drainWithinMillis(): number;
  close(): void;
}

/** Names by programs in the kernel, which know the process of each packet. */
export class KernelNames implements NameSource {
  readonly part = 'ebpf';
  readonly #sniffer: NameSniffer;
  readonly #packets: FirstPackets;
  readonly #packet: { -readonly [Key in keyof NamePacket]: NamePacket[Key] } = {
    ...{ view: new DataView(new ArrayBuffer(0)), at: 0, captured: 0, length: 0 },
    ...{ isSent: false, isReceived: false, pid: 0, startTicks: 0, scope: undefined },
  };
  readonly #visit = (packet: FirstPacket): void => this.#see(packet);

  /** Closes the packets in the end. */
  constructor(sniffer: NameSniffer, packets: FirstPackets) {
    this.#sniffer = sniffer;
    this.#packets = packets;
  }

  drain(): void {
    this.#sniffer.begin();
    this.#packets.drain(this.#visit);
  }

  drainWithinMillis(): number {
    return this.#packets.drainWithinMillis();
  }

  close(): void {
    this.#packets.close();
  }

  #see({ view, at, captured, length, isSent, pid, startTicks }: FirstPacket): void {
    const packet = this.#packet;
    packet.view = view;
    packet.at = at;
    packet.captured = captured;
    packet.length = length;
    packet.isSent = isSent;
    packet.isReceived = !isSent;
    packet.pid = Number.isNaN(startTicks) ? 0 : pid;
    packet.startTicks = startTicks;
    this.#sniffer.see(packet);
  }
}
