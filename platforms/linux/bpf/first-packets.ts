import { closeDescriptor } from '../libc.ts';
import { AttachType, createLink, loadProgram, ProgramType } from './bpf-program.ts';
import { openCgroupRoot } from './cgroup-root.ts';
import {
  answersProgram,
  FIRST_STORAGE_BYTES,
  type FirstPacketMaps,
  firstSentProgram,
  PacketRecord,
} from './first-packet-code.ts';
import { createSocketStorage } from './network-layout.ts';
import { createRing, RingReader } from './ring-buffer.ts';
import { startTicksOf } from './task-units.ts';

/** Some 600 usual packets. */
const RING_BYTES = 1 << 20;
/** Each drain wakes the program: the next one comes when so much of the ring is full, as fast as it was filled last. */
const FILLED_SHARE = 0.25;
const DRAIN_MILLIS = { least: 50, most: 1000 } as const;

/** A packet that the kernel copied; always the same object, valid during the visit only. */
export interface FirstPacket {
  readonly view: DataView;
  /** Where its IP header starts. */
  readonly at: number;
  readonly captured: number;
  readonly length: number;
  readonly isSent: boolean;
  /** The owner of its socket in this PID namespace; 0: not known. */
  readonly pid: number;
  /** As field 22 of /proc/PID/stat; NaN: not known. */
  readonly startTicks: number;
}

/** Programs that are copying, for the program that this one becomes. */
export interface HandedFirstPackets {
  readonly ring: number;
  /** Descriptors that keep the programs attached. */
  readonly kept: readonly number[];
}

/**
 * Copies answers of name servers and the first packets of connections of all processes (first-packet-code.ts), until
 * `close` or the end of this process. Needs CAP_BPF and CAP_NET_ADMIN.
 */
export class FirstPackets {
  /** For `adopt` in the program that this one becomes. */
  readonly handed: HandedFirstPackets;
  readonly #reader: RingReader;
  readonly #packet: { -readonly [Key in keyof FirstPacket]: FirstPacket[Key] } = {
    ...{ view: new DataView(new ArrayBuffer(0)), at: 0, captured: 0, length: 0 },
    ...{ isSent: false, pid: 0, startTicks: Number.NaN },
  };
  /** Who is shown the records of the drain under way. */
  #visit: (packet: FirstPacket) => void = () => undefined;
  readonly #read = (view: DataView, at: number): void => {
    const packet = this.#packet;
    packet.view = view;
    packet.at = at + PacketRecord.PACKET;
    packet.captured = view.getUint32(at + PacketRecord.CAPTURED, true);
    packet.length = view.getUint32(at + PacketRecord.LENGTH, true);
    packet.isSent = view.getUint32(at + PacketRecord.IS_SENT, true) !== 0;
    packet.pid = view.getUint32(at + PacketRecord.PID, true);
    const low = view.getUint32(at + PacketRecord.START, true);
    const high = view.getUint32(at + PacketRecord.START + 4, true);
    packet.startTicks = low === 0 && high === 0 ? Number.NaN : startTicksOf(low, high);
    this.#visit(packet);
  };
  #bytes = 0;
  #sinceMillis = performance.now();
  #drainMillis: number = DRAIN_MILLIS.most;

  /** @param owners the storage of owners, as NetworkMaps has it; throws BpfError or OpError */
  static open(owners: number): FirstPackets {
    return new FirstPackets(attach(owners));
  }

  /** Takes over the programs that the previous executable loaded. Needs no privilege. */
  static adopt(handed: HandedFirstPackets): FirstPackets {
    return new FirstPackets(handed);
  }

  private constructor(handed: HandedFirstPackets) {
    this.handed = handed;
    try {
      this.#reader = new RingReader(handed.ring, RING_BYTES);
    } catch (thrown) {
      closeHanded(handed);
      throw thrown;
    }
  }

  drain(visit: (packet: FirstPacket) => void): void {
    this.#visit = visit;
    const bytes = this.#reader.drain(this.#read);
    this.#estimate(bytes);
  }

  #estimate(bytes: number): void {
    const millis = performance.now() - this.#sinceMillis;
    this.#bytes += bytes;
    // Of two drains at once the second says nothing of how fast the ring fills.
    if (millis < DRAIN_MILLIS.least / 2) return;
    const fillMillis = (millis * RING_BYTES * FILLED_SHARE) / Math.max(this.#bytes, 1);
    this.#drainMillis = Math.min(Math.max(fillMillis, DRAIN_MILLIS.least), DRAIN_MILLIS.most);
    this.#sinceMillis += millis;
    this.#bytes = 0;
  }

  drainWithinMillis(): number {
    return this.#drainMillis;
  }

  close(): void {
    this.#reader.close();
    closeHanded(this.handed);
  }
}

function closeHanded({ ring, kept }: HandedFirstPackets): void {
  for (const descriptor of [...kept, ring]) closeDescriptor(descriptor);
}

function attach(owners: number): HandedFirstPackets {
  const opened: number[] = [];
  const keep = (descriptor: number): number => {
    opened.push(descriptor);
    return descriptor;
  };
  const { descriptor: cgroup } = openCgroupRoot();
  try {
    const ring = createRing('sstop_first', RING_BYTES);
    opened.push(ring);
    const wanted = keep(createSocketStorage('sstop_wanted', FIRST_STORAGE_BYTES));
    const maps: FirstPacketMaps = { ring, wanted, owners };
    const kept = [wanted];
    for (const { name, code, expectedAttachType } of [
      {
        name: 'sstop_answers',
        code: answersProgram(maps),
        expectedAttachType: AttachType.CGROUP_INET_INGRESS,
      },
      {
        name: 'sstop_first',
        code: firstSentProgram(maps),
        expectedAttachType: AttachType.CGROUP_INET_EGRESS,
      },
    ]) {
      const program = keep(loadProgram({ type: ProgramType.CGROUP_SKB, code, name, expectedAttachType }));
      kept.push(program, keep(createLink(program, cgroup, expectedAttachType)));
    }
    return { ring, kept };
  } catch (thrown) {
    for (const descriptor of opened) closeDescriptor(descriptor);
    throw thrown;
  } finally {
    closeDescriptor(cgroup);
  }
}
