import { monotonicMicros } from '../../../../platforms/linux/clock.ts';
import { PacketCapture } from '../../../../platforms/linux/packet/capture.ts';
import { RouteLinkSource } from '../../../../platforms/linux/rtnetlink/route-link-source.ts';
import { OpError } from '../../../../src/kit/errors/op-error.ts';
import { startFloor } from '../../../build-floors.ts';
import { type BenchRow, type BenchTable, compare, comparedRow, type Probe } from '../../../harness.ts';

const BURST_DATAGRAMS = 8192;
const BATCH = 64;
/** The ring hands a block over after 60 ms at the latest. */
const RING_MILLIS = 100;
const BAR = 2.5;
const CAPABLE = 'BENCH_HAS_NETWORK';

/**
 * Packets of the loopback interface drained from a ring, parsed and added up into flows for both ends, beside C that
 * does the same. Each drain finds two bursts: its own, and the one that the other was measured with.
 */
export async function run(): Promise<BenchTable> {
  if (process.env[CAPABLE] === undefined) return runCapable();
  const rows: BenchRow[] = [];
  for (const [clients, servers] of [
    [1, 1],
    [20, 25],
    [100, 100],
  ] as const) {
    rows.push(await drain(clients, servers));
  }
  return {
    title: `drain of ${2 * BURST_DATAGRAMS} packets; floor: C, the same ring, parsed into a hash table of flows`,
    rows,
  };
}

async function drain(clients: number, servers: number): Promise<BenchRow> {
  const burst = await openBurst(clients, servers);
  const floor = startFloor('packet-ring');
  const capture = PacketCapture.ofAll({ links: new RouteLinkSource(), clock: monotonicMicros });
  try {
    const ours: Probe = async () => {
      await burst.send();
      const before = process.cpuUsage();
      capture.drain();
      const used = process.cpuUsage(before);
      forget(capture);
      return used.user + used.system;
    };
    const theirs: Probe = async () => {
      await burst.send();
      return floor.probe();
    };
    const compared = await compare(ours, theirs, { runs: 15, warmupRuns: 10 });
    const nanos = (compared.ours.micros * 1000) / (2 * BURST_DATAGRAMS);
    const floorNanos = (compared.floor.micros * 1000) / (2 * BURST_DATAGRAMS);
    const note = `${nanos.toFixed(0)} ns a packet, C ${floorNanos.toFixed(0)} ns`;
    return comparedRow(`packets of ${clients * servers * 2} flows`, compared, BAR, note);
  } finally {
    capture.close();
    floor.close();
    burst.close();
  }
}

/** As a collection does after it has taken what flows have grown by. */
function forget({ flows }: PacketCapture): void {
  for (let i = 0; i < flows.grownCount; i++) flows.take(flows.grown[i]!);
  flows.clearGrown();
}

interface Burst {
  /** Sends, and waits until the rings have handed over what they saw. */
  send(): Promise<void>;
  close(): void;
}

/** Datagrams from each client to each server in turn, of which none is read. */
async function openBurst(clients: number, servers: number): Promise<Burst> {
  const hostname = '127.0.0.1';
  const open = (count: number): Promise<Bun.udp.Socket<'buffer'>[]> =>
    Promise.all(Array.from({ length: count }, () => Bun.udpSocket({ hostname })));
  const [senders, sinks] = [await open(clients), await open(servers)];
  const payload = new Uint8Array(100);
  const batch = Array.from({ length: BATCH }, (_, i) => [payload, sinks[i % servers]!.port, hostname]).flat();
  const send = async (): Promise<void> => {
    for (let i = 0; i < BURST_DATAGRAMS / BATCH; i++) {
      // Another sink each time a sender has its turn again.
      for (let at = 1; at < batch.length; at += 3) {
        batch[at] = sinks[(i * BATCH + Math.floor(i / clients) + (at - 1) / 3) % servers]!.port;
      }
      senders[i % clients]!.sendMany(batch);
    }
    await Bun.sleep(RING_MILLIS);
  };
  const close = (): void => {
    for (const socket of [...senders, ...sinks]) socket.close();
  };
  return { send, close };
}

/** The benches have no privilege; in a user namespace of its own a program may capture that one's network. */
async function runCapable(): Promise<BenchTable> {
  const bench = new URL('./capture.bench.ts', import.meta.url).pathname;
  const script = `const { run } = await import(${JSON.stringify(bench)}); console.log(JSON.stringify(await run()));`;
  const shell = 'ip link set lo up && exec "$@"';
  const unshare = ['unshare', '--user', '--map-root-user', '--net', '--', 'sh', '-c', shell, 'sh'];
  const child = Bun.spawn([...unshare, process.execPath, '-e', script], {
    env: { ...process.env, [CAPABLE]: '1' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) {
    throw new OpError({
      op: 'bench packets',
      code: 'NAMESPACE',
      message: 'The bench of packets needs a user and a network namespace of its own',
    });
  }
  return JSON.parse(output);
}
