import { NetworkAttribution } from '../../../src/data/attribution/network-attribution.ts';
import type { NetworkSection } from '../../../src/data/sample/network-section.ts';
import { SampleWorld } from '../../../src/data/sample/sample-world.fixture.ts';
import { NetworkEncoder, NetworkReplica } from '../../../src/remote/wire/network-messages.ts';
import { readV2Frame, v2Frame, v2Protobuf } from '../../../src/remote/wire/v2-frame.ts';
import {
  type BenchRow,
  type BenchTable,
  inProcess,
  measure,
  measuredRow,
  WHOLE_SLICE,
} from '../../harness.ts';

const LIMIT_BYTES = 64 << 20;
const ITERATIONS = 10;

/** A section of so many connections, each of a process and a remote host like on a busy server. */
function sectionOf(sockets: number, processes: number): { world: SampleWorld; section: NetworkSection } {
  const world = new SampleWorld();
  const attribution = new NetworkAttribution({
    commandLine: (pid) => `/usr/lib/service/bin/worker --number ${pid} --verbose`,
    cgroup: (pid) => `/system.slice/service-${pid % 300}.service`,
    userName: String,
  });
  for (let i = 0; i < processes; i++) world.addProcess(i + 10, { name: `worker-${i % 700}` });
  const slots: number[] = [];
  for (let i = 0; i < sockets; i++) {
    const remote = `198.51.${Math.floor(i / 250) % 50}.${i % 250}`;
    const ports = { localPort: 1000 + (i % 30_000), remotePort: 443 };
    slots.push(world.addSocket({ pid: (i % processes) + 10, remote, ...ports, tx: i * 977, rx: i * 7919 }));
  }
  attribution.absorb(world.sample());
  for (const slot of slots) world.grow(slot, 1000 + (slot % 512), 2000 + (slot % 4096));
  return { world, section: attribution.absorb(world.sample()) };
}

/** CPU of `get_network`, both ends: encode, compress, inflate, decode into tables that hold the reply before. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const [sockets, processes] of [
    [1000, 300],
    [20_000, 3000],
  ] as const) {
    const { world, section } = sectionOf(sockets, processes);
    const encoder = new NetworkEncoder();
    const replica = new NetworkReplica();
    const header = world.header();
    const bytes = encoder.encode(header, section, []);
    const frame = v2Frame(1, v2Protobuf(bytes));
    const add = async (name: string, once: () => unknown): Promise<void> => {
      const note = `${bytes.length} bytes, compressed ${frame.length}`;
      rows.push(measuredRow(`${name}, ${sockets} sockets`, await measure(inProcess(once, ITERATIONS)), note));
    };
    await add('encode', () => encoder.encode(header, section, []));
    await add('compress', () => v2Frame(1, v2Protobuf(bytes)));
    await add('inflate', () => readV2Frame(frame, LIMIT_BYTES));
    await add('decode', () => replica.apply(bytes, WHOLE_SLICE));
  }
  return { title: 'get_network of socktop.v2, from tables to bytes and back', rows };
}
