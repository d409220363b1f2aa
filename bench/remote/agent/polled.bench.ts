import { startFloor, startLoad } from '../../build-floors.ts';
import { type BenchRow, type BenchTable, compare, comparedRow, measure, measuredRow } from '../../harness.ts';
import { findOriginalAgent, freePort, OUR_AGENT, Peer } from './peer.ts';

const PROCESS_COUNTS = [300, 3000];
const BAR = 0.5;
/** As the client polls. */
const CADENCES = [
  { request: 'get_metrics', everyMillis: 500 },
  { request: 'get_processes', everyMillis: 2000 },
  { request: 'get_disks', everyMillis: 5000 },
] as const;
/** Each run; every cadence fits into it a whole number of times. */
const WINDOW_SECONDS = 10;
/** An agent runs for days: what its first minutes cost is not what it costs. */
const RUNS = { runs: 5, warmupRuns: 6 };
const FLOOR_RUNS = { runs: 5, warmupRuns: 1, pauseMillis: 500 };

/** A client of the original protocol that asks and does not look. */
class PollingClient {
  readonly #socket: WebSocket;
  #arrived = Promise.withResolvers<void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = () => this.#arrived.resolve();
  }

  static async open(port: number): Promise<PollingClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    socket.binaryType = 'arraybuffer';
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new TypeError(`no agent on port ${port}`));
    });
    return new PollingClient(socket);
  }

  /** Polls for one window. */
  async window(): Promise<void> {
    const start = performance.now();
    const due: number[] = CADENCES.map(() => start);
    for (;;) {
      const next = Math.min(...due);
      if (next - start >= WINDOW_SECONDS * 1000) break;
      await Bun.sleep(Math.max(0, next - performance.now()));
      for (const [at, { request, everyMillis }] of CADENCES.entries()) {
        if (due[at]! > next) continue;
        due[at] = next + everyMillis;
        await this.#ask(request);
      }
    }
    await Bun.sleep(Math.max(0, start + WINDOW_SECONDS * 1000 - performance.now()));
  }

  close(): void {
    this.#socket.close();
  }

  async #ask(request: string): Promise<void> {
    this.#arrived = Promise.withResolvers<void>();
    this.#socket.send(request);
    await this.#arrived.promise;
  }
}

/** The whole agent, polled as the client polls, beside the original under the same client. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const count of PROCESS_COUNTS) rows.push(await polled(count));
  const cadences = CADENCES.map(({ request, everyMillis }) => `${request} ${everyMillis} ms`).join(', ');
  return { title: `agent polled for ${cadences}: CPU a second; floor: the original agent`, rows };
}

async function polled(count: number): Promise<BenchRow> {
  const load = await startLoad('idle-processes', [count]);
  const floor = startFloor('pid-stat');
  const original = findOriginalAgent();
  const peers: Peer[] = [];
  const clients: PollingClient[] = [];
  const probeOf = async (executable: string) => {
    const port = freePort();
    const peer = await Peer.start([executable, '--port', String(port)], port, '/healthz');
    peers.push(peer);
    const client = await PollingClient.open(port);
    clients.push(client);
    return peer.probe(() => client.window(), WINDOW_SECONDS);
  };
  try {
    const ours = await probeOf(OUR_AGENT);
    const stats = await measure(floor.probe, FLOOR_RUNS);
    const everySecond = stats.micros / (CADENCES[1].everyMillis / 1000);
    const aside = `C that reads every stat as often: ${everySecond.toFixed(0)} µs`;
    const name = `polled agent, ${count} processes`;
    if (original === undefined) {
      return measuredRow(name, await measure(ours, RUNS), `no socktop_agent to compare with; ${aside}`);
    }
    const compared = await compare(ours, await probeOf(original), RUNS);
    const memory = peers.map((peer) => `${Math.round(peer.residentBytes() / 2 ** 20)} MiB`).join(' and ');
    return comparedRow(name, compared, BAR, `${aside}; ${memory}`);
  } finally {
    for (const client of clients) client.close();
    for (const peer of peers) await peer.close();
    floor.close();
    await load.close();
  }
}
