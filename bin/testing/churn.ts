import { readFileSync } from 'node:fs';
import { type Shown, SstopMonitor, type TierName } from './veth-monitor.ts';
import { VethNetwork } from './veth-network.ts';
import { type KnownReport, KnownTraffic } from './veth-traffic.ts';

/** New connections over loopback, each closed by a reset of its client. */
export interface Churn {
  readonly perSecond: number;
  readonly seconds: number;
  /** Of each connection, to the server and back. */
  readonly bytes: number;
  readonly bytesBack: number;
}

export interface ChurnReport {
  readonly client: KnownReport;
  /** It stays to the end of every connection: its IP bytes are those of the client too, mirrored. */
  readonly server: KnownReport;
  readonly perSecond: number;
  readonly shown: Shown;
  /** Anonymous resident memory of sstop, once a second: the kernel takes and gives back pages of files as it likes. */
  readonly memoryKilobytes: readonly number[];
  /** From one snapshot to the next, the longest, in milliseconds. */
  readonly longestGapMillis: number;
}

/** Ports of one address are used up in seconds: each address has its own. */
const ADDRESSES = 16;
const FIRST_ADDRESS = '127.0.1.1';
const SECOND = 1000;

/** Runs the churn in a network namespace of its own, with sstop beside it. Rejects with `TRAFFIC` or `MONITOR`. */
export async function watchChurn(tier: TierName, churn: Churn): Promise<ChurnReport> {
  const network = await VethNetwork.open();
  const monitor = await SstopMonitor.start({
    tier,
    network,
    countsUdp: false,
    arguments: ['--loopback'],
  });
  const connections = churn.perSecond * churn.seconds;
  const wrap = (argv: readonly string[]): string[] => network.command('near', argv);
  const { bytes, bytesBack } = churn;
  const server = new KnownTraffic(
    wrap,
    ...['tcp-serve', '0.0.0.0', connections, bytes, bytesBack, 'reset', 'alone'],
  );
  const memoryKilobytes: number[] = [];
  const watching = setInterval(() => memoryKilobytes.push(anonymousKilobytes(monitor.pid)), SECOND);
  try {
    const port = await server.port();
    const client = new KnownTraffic(
      wrap,
      ...['tcp-send', FIRST_ADDRESS, port, connections, bytes, bytesBack, 'reset'],
      ...[churn.perSecond, 0, ADDRESSES],
    );
    const [ofClient] = await client.reports();
    const [ofServer] = await server.reports();
    const shown = await monitor.shown();
    return {
      client: ofClient!,
      server: ofServer!,
      perSecond: (ofClient!.connections * 1e9) / ofClient!.elapsedNanos,
      shown,
      memoryKilobytes,
      longestGapMillis: monitor.longestGapMillis,
    };
  } finally {
    clearInterval(watching);
    server.kill();
    await monitor.close();
    await network.close();
  }
}

function anonymousKilobytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]);
}
