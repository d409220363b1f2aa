import { type CaseTruth, runCase, type TrafficCase, type TrafficNetwork } from './veth-cases.ts';
import { SstopMonitor, type SstopMonitorOptions } from './veth-monitor.ts';
import type { Session } from './veth-session.ts';

/** Slow enough that sstop looks several times while they last. */
const TCP = {
  protocol: 'tcp',
  lifetime: 'long',
  server: 'near',
  connections: 1,
  bytes: 10_000_000,
  bytesBack: 2_000_000,
  order: 'half',
  doesFork: false,
  perSecond: 0,
  bytesPerSecond: 5_000_000,
} as const;
const SHORT = {
  ...TCP,
  lifetime: 'brief',
  connections: 200,
  bytes: 3000,
  bytesBack: 7000,
  perSecond: 100,
  bytesPerSecond: 0,
} as const;
const UDP = {
  protocol: 'udp',
  lifetime: 'long',
  server: 'near',
  datagrams: 3000,
  bytes: 1000,
  bytesPerSecond: 1_500_000,
} as const;

/** Sizes that an emulated processor moves in seconds. */
export const LOOPBACK_CASES: readonly TrafficCase[] = [
  { ...TCP, name: 'TCP v4', family: 4 },
  { ...TCP, name: 'TCP v6', family: 6 },
  { ...UDP, name: 'UDP v4, connected', family: 4, isConnected: true },
  { ...UDP, name: 'UDP v6, not connected', family: 6, isConnected: false },
  { ...SHORT, name: '200 short', family: 4 },
];

/** Both ends here, as whoever `command` makes of them. Nothing is lost on this device, so nobody counts on it. */
class LoopbackNetwork implements TrafficNetwork {
  readonly #prefix: readonly string[];

  constructor(prefix: readonly string[]) {
    this.#prefix = prefix;
  }

  address(_side: string, family: number): string {
    return family === 4 ? '127.0.0.1' : '::1';
  }

  command(_side: string, argv: readonly string[]): string[] {
    return [...this.#prefix, ...argv];
  }

  wire(): { ipBytes: number; segments: number; framesHandedOver: number } {
    return { ipBytes: Number.NaN, segments: Number.NaN, framesHandedOver: Number.NaN };
  }
}

/** Runs LOOPBACK_CASES while sstop is watching; `prefix` goes before each command line of the traffic. */
export async function watchLoopback(
  options: Pick<SstopMonitorOptions, 'tier' | 'countsUdp' | 'executable'>,
  prefix: readonly string[],
): Promise<Session> {
  const network = new LoopbackNetwork(prefix);
  const monitor = await SstopMonitor.start({ ...options, network: undefined, arguments: ['--loopback'] });
  try {
    const truths: CaseTruth[] = [];
    for (const spec of LOOPBACK_CASES) {
      await monitor.fresh();
      truths.push(await runCase(spec, network));
    }
    const { name, countsUdp } = monitor;
    const shown = await monitor.shown();
    return { monitor: { name, countsUdp, seesBothSides: true }, truths, shown, segmentsPerFrame: Number.NaN };
  } finally {
    await monitor.close();
  }
}
