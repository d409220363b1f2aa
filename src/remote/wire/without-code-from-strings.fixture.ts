import { RecordedWorld } from '../../data/recording/recording-world.fixture.ts';
import { NetworkEncoder, NetworkReplica } from './network-messages.ts';
import { decodeOriginalReply } from './original-protocol.ts';
import { encodeOriginalReply } from './original-reply.fixture.ts';
import { ProcessChanges } from './process-changes.ts';
import { ProcessEncoder, ProcessReplica } from './process-messages.ts';
import { absorbRows } from './process-rows.fixture.ts';

/** Everything once, both ways, in a program that can make no code from strings. Prints a line of what came back. */
function codeFromStrings(): string {
  try {
    return String(new Function('return 1')());
  } catch (thrown) {
    return thrown instanceof Error ? thrown.name : 'thrown';
  }
}

const { header, network, errors } = new RecordedWorld({ processes: 5, sockets: 9 }).next();
const slice = { due: () => false, rest: () => Promise.resolve() };
const bytes =
  network === undefined ? new Uint8Array(0) : new NetworkEncoder().encode(header, network, errors);
const copy = await new NetworkReplica().apply(bytes, slice);
const changes = new ProcessChanges();
absorbRows(
  changes,
  Array.from({ length: 100 }, (_, i) => ({ pid: i + 1, name: `process-${i}` })),
);
const section = { sequence: 1, monotonicMicros: 1, durationMicros: 1, errors: [] };
const facts = { header, section, processCount: 100, memoryTotalBytes: 1, coreCount: 1 };
const received = new ProcessReplica().apply(new ProcessEncoder(changes).encode(facts, 0));
const rows = Array.from({ length: 50 }, (_, pid) => ({ pid, name: 'original', cpu_usage: 1, mem_bytes: 2 }));
const frame = encodeOriginalReply({ reply: 'get_processes', processes: { process_count: 50, rows } });
const reply = decodeOriginalReply('get_processes', frame);
const originalRows = reply.reply === 'get_processes' ? [...reply.processes.rows].length : 0;
process.stdout.write(
  `${codeFromStrings()} ${copy.network.sockets.slots.count} ${received.section.processes.slots.count} ${originalRows}\n`,
);
