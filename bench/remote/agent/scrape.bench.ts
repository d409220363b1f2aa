import { startLoad } from '../../build-floors.ts';
import { type BenchRow, type BenchTable, compare, comparedRow, measure, measuredRow } from '../../harness.ts';
import { freePort, OUR_AGENT, Peer } from './peer.ts';

const PROCESS_COUNT = 3000;
/** Beyond what any sample is kept for, and as often as a server scrapes that is in a hurry. */
const SCRAPE_MILLIS = 2000;
const SCRAPES = 3;
const RUNS = { runs: 5, warmupRuns: 1 };

interface Case {
  readonly name: string;
  readonly ourArgs: readonly string[];
  readonly theirArgs: readonly string[];
  readonly processes: number;
  readonly bar: number;
}

const CASES: readonly Case[] = [
  { name: 'default set', ourArgs: [], theirArgs: [], processes: 300, bar: 1 },
  {
    ...{ name: 'with network by process, against --collector.processes', ourArgs: ['--network-metrics'] },
    ...{ theirArgs: ['--collector.processes'], processes: PROCESS_COUNT, bar: 0.3 },
  },
];

/** A scrape of /metrics, the collection in it, beside Debian's prometheus-node-exporter. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const scene of CASES) rows.push(await scrapes(scene));
  return { title: 'CPU of a scrape, every 2 s; floor: prometheus-node-exporter', rows };
}

async function scrapes({ name, ourArgs, theirArgs, processes, bar }: Case): Promise<BenchRow> {
  const load = await startLoad('idle-processes', [processes]);
  const peers: Peer[] = [];
  const exporter = Bun.which('prometheus-node-exporter') ?? Bun.which('node_exporter');
  const probeOf = async (command: (port: number) => readonly string[], path: string) => {
    const port = freePort();
    const peer = await Peer.start(command(port), port, path);
    peers.push(peer);
    return peer.probe(() => scrape(port), SCRAPES);
  };
  try {
    const ours = await probeOf(
      (port) => [OUR_AGENT, '--port', String(port), '--bind', '127.0.0.1', ...ourArgs],
      '/healthz',
    );
    const title = `scrape, ${processes} processes, ${name}`;
    if (exporter === null) return measuredRow(title, await measure(ours, RUNS), 'no node exporter here');
    const theirs = await probeOf(
      (port) => [exporter, `--web.listen-address=127.0.0.1:${port}`, ...theirArgs],
      '/',
    );
    return comparedRow(title, await compare(ours, theirs, RUNS), bar);
  } finally {
    for (const peer of peers) await peer.close();
    await load.close();
  }
}

async function scrape(port: number): Promise<void> {
  for (let i = 0; i < SCRAPES; i++) {
    await Bun.sleep(SCRAPE_MILLIS);
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    await response.arrayBuffer();
  }
}
