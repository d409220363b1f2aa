import { ProcessList } from '../../../src/data/sample/machine-processes.ts';
import type { OriginalProcess } from '../../../src/remote/wire/original-metrics.ts';
import { decodeOriginalProcesses } from '../../../src/remote/wire/original-processes.ts';
import { encodeOriginalProcesses } from '../../../src/remote/wire/original-reply.fixture.ts';
import { ProcessChanges } from '../../../src/remote/wire/process-changes.ts';
import {
  ProcessEncoder,
  type ProcessFacts,
  ProcessReplica,
} from '../../../src/remote/wire/process-messages.ts';
import { type BenchRow, type BenchTable, inProcess, measure, measuredRow } from '../../harness.ts';

const ROWS = 10_000;
/** Of all rows, those that have used the CPU between two samples. */
const BUSY_EVERY = 20;
const ITERATIONS = 5;
/** Runs, those for warming up too, times iterations. */
const REPLIES = 12 * ITERATIONS;

const NAMES = Array.from({ length: ROWS }, (_, i) => `worker-${i % 700}`);
const USERS = Array.from({ length: 50 }, (_, i) => `user-${i}`);
const LINES = Array.from({ length: ROWS }, (_, i) => `/usr/lib/service/bin/worker --number ${i} --verbose`);

const SAMPLE = new ProcessList(ROWS);
for (let i = 0; i < ROWS; i++) {
  const { processes, texts } = SAMPLE;
  const slot = SAMPLE.add(i + 1, 100_000 + i * 17);
  processes.state[slot] = 83;
  processes.threads[slot] = 1 + (i % 9);
  processes.cpuNanos[slot] = i * 1e6;
  processes.rssBytes[slot] = (1 + (i % 900)) * 65_536;
  processes.names[slot] = NAMES[i]!;
  texts.users[slot] = USERS[i % 50]!;
  texts.commandLines[slot] = LINES[i]!;
}

/** One sample of 10,000 processes in which every twentieth has changed. */
function sample(changes: ProcessChanges, sequence: number): void {
  const { processes } = SAMPLE;
  const { slots, cpuNanos, pid } = processes;
  for (let i = 0; i < ROWS; i += BUSY_EVERY) cpuNanos[slots.rows[i]!]! += 3e7;
  const share = 1.5 + (sequence % 7);
  changes.absorb(sequence, SAMPLE, (slot) => ((pid[slot]! - 1) % BUSY_EVERY === 0 ? share : 0));
}

const FACTS: ProcessFacts = {
  header: {
    ...{ hostName: 'web-1', bootId: 'boot', epoch: 1, monotonicMicros: 1e9, wallMillis: 1.7e12 },
    ...{ bootWallMillis: 1.69e12, clockTicksPerSecond: 100 },
  },
  section: { sequence: 1, monotonicMicros: 1e9, durationMicros: 5000, errors: [] },
  ...{ processCount: ROWS, memoryTotalBytes: 16e9, coreCount: 8 },
};

/** CPU of 10,000 process rows by the original's message, by `socktop.v2` whole, and by what has changed. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  const add = async (
    name: string,
    bytes: number,
    once: () => unknown,
    iterations = ITERATIONS,
  ): Promise<void> => {
    rows.push(measuredRow(name, await measure(inProcess(once, iterations)), `${bytes} bytes`));
  };
  const originalRows: OriginalProcess[] = NAMES.map((name, i) => ({
    ...{ pid: i + 1, name, cpu_usage: i % BUSY_EVERY === 0 ? 1.5 : 0, mem_bytes: (1 + (i % 900)) * 65_536 },
  }));
  const original = encodeOriginalProcesses({ process_count: ROWS, rows: originalRows });
  await add('original: encode', original.length, () =>
    encodeOriginalProcesses({ process_count: ROWS, rows: originalRows }),
  );
  await add('original: check and decode', original.length, () => decodeOriginalProcesses(original));

  const changes = new ProcessChanges();
  let sequence = 1;
  sample(changes, sequence);
  await add('v2: compare a sample with the one before', 0, () => sample(changes, ++sequence));
  // A new encoder each time, because one keeps what it has encoded for the next client.
  const whole = new ProcessEncoder(changes).encode(FACTS, 0);
  await add('v2: encode all', whole.length, () => new ProcessEncoder(changes).encode(FACTS, 0));
  const replica = new ProcessReplica();
  await add('v2: check and decode all', whole.length, () => replica.apply(whole));
  sample(changes, ++sequence);
  const part = new ProcessEncoder(changes).encode(FACTS, sequence - 1);
  await add('v2: encode 500 changed', part.length, () =>
    new ProcessEncoder(changes).encode(FACTS, sequence - 1),
  );
  const parts: Uint8Array[] = [];
  const later = new ProcessReplica();
  later.apply(new ProcessEncoder(changes).encode(FACTS, 0));
  for (let i = 0; i < REPLIES; i++) {
    sample(changes, ++sequence);
    parts.push(new ProcessEncoder(changes).encode(FACTS, sequence - 1));
  }
  const next = parts.values();
  await add('v2: check and decode 500 changed', part.length, () => {
    const bytes = next.next().value;
    if (bytes !== undefined) later.apply(bytes);
  });
  return { title: `${ROWS} process rows, every ${BUSY_EVERY}th changed`, rows };
}
