import { SstopMonitor, type TierName } from '../../bin/testing/veth-monitor.ts';
import { VethNetwork } from '../../bin/testing/veth-network.ts';

import { KnownTraffic } from '../../bin/testing/veth-traffic.ts';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import { type BenchRow, compare, comparedRow, type Probe } from '../harness.ts';
import { row } from './accuracy-table.ts';

/** Within 5 % of the throughput without. */
const BAR = 1.05;
/** Pairs that count, and one before them that does not. */
const RUNS = { runs: 5, warmupRuns: 1 };
/** About a second each on a small machine, so that a refresh falls into a run. */
const TCP_BYTES = 3_000_000_000;
/** How fast a connection goes is settled as it begins: many, one after the other, are more alike than one and one. */
const TCP_CONNECTIONS = 40;
const UNPACED = { bytesPerSecond: 0, bytes: TCP_BYTES, connections: TCP_CONNECTIONS };
/** 10 Gbit/s. */
const PACED = { bytesPerSecond: 1_250_000_000, bytes: 1_250_000_000, connections: 1 };
/** As large as loopback takes them, like those of iperf3; the small ones are most a monitor can cost, and have no bar. */
const LARGE = { datagrams: 100_000, bytes: 32_000, bytesPerSecond: 0 };
const SMALL = { datagrams: 150_000, bytes: 1000, bytesPerSecond: 0 };
const LARGE_PACED = { ...LARGE, datagrams: 40_000, bytesPerSecond: PACED.bytesPerSecond };
/** A monitor that has just been started, or that sees its first packets, compiles code: that is no cost of watching. */
const LOOKS_BEFORE = 3;

interface Load {
  readonly name: string;
  readonly bar: number | undefined;
  move(network: VethNetwork): Promise<number>;
}

const LOADS: readonly Load[] = [
  { name: 'TCP', bar: BAR, move: (network) => moveTcp(network, UNPACED) },
  { name: 'UDP', bar: BAR, move: (network) => moveUdp(network, LARGE) },
  { name: 'TCP at 10 Gbit/s', bar: BAR, move: (network) => moveTcp(network, PACED) },
  { name: 'UDP at 10 Gbit/s', bar: BAR, move: (network) => moveUdp(network, LARGE_PACED) },
  { name: 'UDP of 1,000 bytes', bar: undefined, move: (network) => moveUdp(network, SMALL) },
];

/** Each end has a processor of its own, or the scheduler's choice of one or two would be measured. */
const canBePlaced =
  Bun.which('taskset') !== null &&
  ['0', '1'].every((processor) => Bun.spawnSync(placed(processor, ['true'])).success);

function placed(processor: string, argv: readonly string[]): string[] {
  return ['taskset', '--cpu-list', processor, ...argv];
}

/** Microseconds from the first byte to the last answer, as the sender takes them. */
async function moved(
  network: VethNetwork,
  serve: readonly (string | number)[],
  send: (port: number) => readonly (string | number)[],
): Promise<number> {
  const on = (processor: string) => (argv: readonly string[]) =>
    network.command('near', canBePlaced ? placed(processor, argv) : argv);
  const server = new KnownTraffic(on('0'), ...serve);
  try {
    const client = new KnownTraffic(on('1'), ...send(await server.port()));
    const [report] = await client.reports();
    await server.reports();
    return (report?.elapsedNanos ?? Number.NaN) / 1000;
  } finally {
    server.kill();
  }
}

function moveTcp(
  network: VethNetwork,
  { bytesPerSecond, bytes, connections }: typeof PACED,
): Promise<number> {
  const each = bytes / connections;
  return moved(network, ['tcp-serve', '127.0.0.1', connections, each, 1, 'half', 'alone'], (port) => [
    ...['tcp-send', '127.0.0.1', port, connections, each, 1, 'half', 0, bytesPerSecond, 1],
  ]);
}

function moveUdp(network: VethNetwork, { datagrams, bytes, bytesPerSecond }: typeof LARGE): Promise<number> {
  return moved(network, ['udp-serve', '127.0.0.1', datagrams], (port) => [
    ...['udp-send', '127.0.0.1', port, datagrams, bytes, 'connected', bytesPerSecond],
  ]);
}

/** The same load, watched from its start to its end by a monitor that has seen one like it. */
export function watched(
  tier: TierName,
  network: VethNetwork,
  load: () => Promise<number>,
  more: readonly string[] = [],
): Probe {
  return async () => {
    const monitor = await SstopMonitor.start({
      tier,
      network,
      countsUdp: false,
      interval: '1s',
      arguments: ['--loopback', ...more],
    });
    try {
      await load();
      for (let i = 0; i < LOOKS_BEFORE; i++) await monitor.fresh();
      return await load();
    } finally {
      await monitor.close();
    }
  };
}

/** Each load by turns with two probes, ours and what it is compared with, in a network of its own. */
export async function compareLoads(
  nameOf: (load: string) => string,
  barOf: (bar: number | undefined) => number | undefined,
  probesOf: (network: VethNetwork, load: () => Promise<number>) => readonly [ours: Probe, floor: Probe],
): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { name, bar, move } of LOADS) {
    const network = await VethNetwork.open();
    const [ours, floor] = probesOf(network, () => move(network));
    try {
      rows.push(comparedRow(nameOf(name), await compare(ours, floor, RUNS), barOf(bar)));
    } catch (thrown) {
      rows.push(row(nameOf(name), undefined, barOf(bar), toOpError('compare', thrown).message));
    } finally {
      await network.close();
    }
  }
  return rows;
}
