import { expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { RecordedWorld } from '../../data/recording/recording-world.fixture.ts';
import { NetworkEncoder } from './network-messages.ts';
import { decodeOriginalProcesses } from './original-processes.ts';
import { encodeOriginalProcesses } from './original-reply.fixture.ts';
import { ProcessChanges } from './process-changes.ts';
import { ProcessEncoder, ProcessReplica } from './process-messages.ts';
import { absorbRows } from './process-rows.fixture.ts';

const HERE = fileURLToPath(new URL('./', import.meta.url));
const hasProtoc = Bun.which('protoc') !== null;

/** Google's own compiler reads or writes a message: bytes to its text form, or the other way. */
function protoc(
  way: '--decode' | '--encode',
  message: string,
  file: string,
  input: Uint8Array | string,
): Buffer {
  const command = ['protoc', `${way}=${message}`, `--proto_path=${HERE}`, file];
  const run = Bun.spawnSync(command, { stdin: Buffer.from(input), stdout: 'pipe', stderr: 'pipe' });
  expect(run.stderr.toString()).toBe('');
  return run.stdout;
}

test.skipIf(!hasProtoc)(
  "protoc reads the original's processes (needs protoc: apt install protobuf-compiler)",
  () => {
    const rows = [
      { pid: 4_194_304, name: '日本 𠀋', cpu_usage: 12.5, mem_bytes: 2 ** 53 - 1 },
      { pid: 0, name: '', cpu_usage: undefined, mem_bytes: undefined },
    ];
    const bytes = encodeOriginalProcesses({ process_count: 300, rows });
    const text = protoc('--decode', 'socktop.Processes', 'processes.proto', bytes).toString();
    expect(text.split('\n')).toEqual([
      ...['process_count: 300', 'rows {', '  pid: 4194304'],
      ...['  name: "\\346\\227\\245\\346\\234\\254 \\360\\240\\200\\213"', '  cpu_usage: 12.5'],
      ...['  mem_bytes: 9007199254740991', '}', 'rows {', '}', ''],
    ]);
  },
);

test.skipIf(!hasProtoc)('what protoc writes is read (needs protoc: apt install protobuf-compiler)', () => {
  const text = 'rows { pid: 7 name: "a b" cpu_usage: 0.25 mem_bytes: 18446744073709551615 } process_count: 9';
  const bytes = protoc('--encode', 'socktop.Processes', 'processes.proto', text);
  const rows = [{ pid: 7, name: 'a b', cpu_usage: 0.25, mem_bytes: 2 ** 64 }];
  expect(decodeOriginalProcesses(bytes)).toEqual({ process_count: 9, rows });
  const reply =
    'header { host_name: "h" clock_ticks_per_second: 250 } section { sequence: 4 } core_count: 2 texts: "init" ' +
    'rows { rows: 2 pid: 1 pid: 2 start_ticks: 9007199254740993 start_ticks: -1 threads: -1 threads: 7 name: 2 name: 0 }';
  const received = new ProcessReplica().apply(
    protoc('--encode', 'socktop.v2.ProcessesReply', 'socktop-v2.proto', reply),
  );
  const { processes: table } = received.section;
  expect(received.header).toMatchObject({ hostName: 'h', clockTicksPerSecond: 250 });
  expect(received.section.coreCount).toBe(2);
  const slot = table.find(1);
  expect([table.names[slot], table.threads[slot], table.cpuNanos[slot]]).toEqual(['init', -1, Number.NaN]);
});

test.skipIf(!hasProtoc)(
  'protoc reads networks and deltas (needs protoc: apt install protobuf-compiler)',
  () => {
    const { header, network, errors } = new RecordedWorld({ processes: 3, sockets: 4 }).next();
    const bytes = network === undefined ? '' : new NetworkEncoder().encode(header, network, errors);
    const text = protoc('--decode', 'socktop.v2.NetworkReply', 'socktop-v2.proto', bytes).toString();
    expect(text).toContain('host_name: "web-1"');
    expect(text).toContain('tier: "netlink"');
    const sockets = text.slice(text.indexOf('sockets {'));
    expect(sockets).toMatch(/rows: 5\n/);
    expect(sockets.match(/ {2}rtt_micros: 1200\n/g)).toHaveLength(5);
    expect(sockets.match(/ {2}key1: 4294967295\n/g)).toHaveLength(5);
    // No field that the schema does not have: those would be shown as numbers.
    expect(text).not.toMatch(/^\s*\d+[:{ ]/m);

    const changes = new ProcessChanges();
    absorbRows(changes, [{ pid: 42, startTicks: 7, name: 'nginx', cpuPercent: 1.5, threads: 3 }]);
    const section = { sequence: 1, monotonicMicros: 5, durationMicros: 1, errors: [] };
    const facts = { header, section, processCount: 1, memoryTotalBytes: 8, coreCount: 2 };
    const delta = new ProcessEncoder(changes).encode(facts, 0);
    const lines = protoc('--decode', 'socktop.v2.ProcessesReply', 'socktop-v2.proto', delta).toString();
    expect(lines.slice(lines.indexOf('rows {')).split('\n')).toEqual([
      ...['rows {', '  rows: 1', '  pid: 42', '  start_ticks: 7', '  threads: 3', '  name: 2', '}', ''],
    ]);
  },
);
