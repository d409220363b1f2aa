import { SSTOP } from './executables.ts';
import { FAR, LossyNetwork, type Program } from './lossy-network.ts';

/** Port on which the far side reads all that comes. */
export const SINK = 9000;
export const BYTES_PER_SECOND = 400_000;
const CALLS_EVERY_MILLIS = 100;

interface Trouble {
  readonly pid: number | null;
  readonly process: string;
  readonly trouble: string;
  readonly place: string | null;
  readonly count: number | null;
}

interface Connection {
  readonly dst_ip: string;
  readonly dst_port: number;
  readonly rtt_us: number;
  readonly rtt_min_us: number;
  readonly retransmits: number;
  readonly data_segments: number;
  readonly reorderings: number;
  readonly receive_queue: number;
  readonly send_queue: number;
}

export interface Snapshot {
  readonly backend: string;
  readonly troubles: readonly Trouble[];
  readonly processes: readonly {
    readonly pid: number | null;
    readonly name: string;
    readonly rtt_us: number | null;
    readonly connect_us: number | null;
    readonly refused: number | null;
    readonly retransmitted_ratio: number | null;
    readonly drops: number | null;
    readonly connections: readonly Connection[];
  }[];
  readonly listen_ports: readonly {
    readonly pid: number | null;
    readonly port: number;
    readonly accept_queue: number | null;
    readonly accept_queue_limit: number | null;
    readonly drops: number | null;
  }[];
}

export function watch(network: LossyNetwork, tier: string): Program {
  return network.program('near', [SSTOP, '--json', '--interval', '500ms', '--backend', tier, '--no-dns']);
}

/** Snapshots until one satisfies, or the time is over; the last one in any case. */
export async function until(
  sstop: Program,
  isDone: (snapshot: Snapshot) => boolean,
  millis: number,
): Promise<Snapshot> {
  const end = performance.now() + millis;
  for (;;) {
    const { value } = await sstop.lines.next();
    if (value === undefined) throw new Error('sstop ended');
    const snapshot: Snapshot = JSON.parse(value);
    if (isDone(snapshot) || performance.now() > end) return snapshot;
  }
}

export function textsOf({ troubles }: Snapshot): readonly string[] {
  return troubles.map(({ trouble }) => trouble);
}

/**
 * A line that works well, watched for so long by the tiers netlink and ebpf: what they call trouble, each with its tier,
 * and the segments with data that were sent.
 */
export async function healthyLine(millis: number): Promise<{ alarms: readonly string[]; segments: number }> {
  const network = await LossyNetwork.open({ delayMillis: 10, loss: 0, reorder: 0, droppedPort: 0 });
  try {
    const sink = await network.traffic('far', 'sink', 'sink', SINK);
    const tiers = ['netlink', 'ebpf'].map((tier) => watch(network, tier));
    const sender = await network.traffic('near', 'sender', 'backup', FAR, SINK, BYTES_PER_SECOND);
    const caller = await network.traffic('near', 'caller', 'caller', FAR, SINK, CALLS_EVERY_MILLIS);
    const pids = [sink, sender, caller].map(({ child }) => child.pid);
    const alarms: string[] = [];
    let segments = 0;
    // Programs in the kernel see the whole machine, where others may be in trouble, even those of another such test.
    const isOurs = ({ pid }: Trouble, backend: string): boolean =>
      backend === 'netlink' || (pid !== null && pids.includes(pid));
    const see = ({ troubles, backend, processes }: Snapshot): boolean => {
      for (const each of troubles) if (isOurs(each, backend)) alarms.push(`${backend}: ${each.trouble}`);
      const backup = processes.find(({ pid }) => pid === sender.child.pid)?.connections[0];
      segments = Math.max(segments, backup?.data_segments ?? 0);
      return false;
    };
    await Promise.all(tiers.map((sstop) => until(sstop, see, millis)));
    return { alarms, segments };
  } finally {
    await network.close();
  }
}
