import { describe, expect, test } from 'bun:test';
import {
  array,
  assert,
  constantFrom,
  double,
  integer,
  maxSafeNat,
  option,
  property,
  record,
  subarray,
  uniqueArray,
} from 'fast-check';
import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import { codeOf } from '../../kit/bytes/hostile.fixture.ts';
import { REMOVALS_LIMIT } from './limits.ts';
import { ProcessChanges } from './process-changes.ts';
import { ProcessEncoder, type ProcessFacts, ProcessReplica } from './process-messages.ts';
import { absorbRows, type WrittenProcess, writtenRows } from './process-rows.fixture.ts';

const FACTS: ProcessFacts = {
  header: {
    ...{ hostName: 'web-1', bootId: 'b', epoch: 1_700_000_000_000, monotonicMicros: 5e6, wallMillis: 1.7e12 },
    ...{ bootWallMillis: 1.6e12, clockTicksPerSecond: 100 },
  },
  section: { sequence: 0, monotonicMicros: 5e6, durationMicros: 10, errors: [] },
  ...{ processCount: 99, memoryTotalBytes: 16e9, coreCount: 8 },
};

/** An agent with its last sample. */
class Agent {
  readonly changes = new ProcessChanges();
  readonly encoder = new ProcessEncoder(this.changes);
  truth: readonly WrittenProcess[] = [];

  sample(rows: readonly WrittenProcess[]): void {
    this.truth = rows;
    absorbRows(this.changes, rows);
  }
}

/** A client: the one number that the agent keeps for it, and its copy. */
class Client {
  base = 0;
  readonly replica = new ProcessReplica();
  /** What it has, by pid. */
  rows = new Map<number, WrittenProcess>();
  section: MachineProcesses | undefined;

  poll(agent: Agent, isFull = false): Uint8Array {
    const bytes = agent.encoder.encode(FACTS, isFull ? 0 : this.base);
    this.section = this.replica.apply(bytes).section;
    this.rows = writtenRows(this.section);
    this.base = agent.changes.sequence;
    return bytes;
  }
}

const UNKNOWN: Omit<WrittenProcess, 'pid'> = {
  ...{ startTicks: 0, state: 0, threads: -1, cpuNanos: Number.NaN, rssBytes: Number.NaN },
  ...{ readBytes: Number.NaN, writtenBytes: Number.NaN, name: '', user: undefined, commandLine: undefined },
};

/** Without the share of CPU, which is not sent: a reader makes it. */
const truthOf = (rows: readonly WrittenProcess[]) =>
  new Map(rows.map(({ cpuPercent: _, ...row }) => [row.pid, { ...UNKNOWN, ...row }]));

const counter = option(maxSafeNat(), { nil: Number.NaN });
const share = option(double({ min: 0, max: 100, noNaN: true }), { nil: Number.NaN });
const text = constantFrom('nginx', 'a b', '日本語', 'x'.repeat(200));
const facts = record({
  ...{
    state: constantFrom(0, 82, 83, 90),
    threads: integer({ min: -1, max: 0x7fff_ffff }),
  },
  ...{ cpuNanos: counter, rssBytes: counter },
  ...{ readBytes: counter, writtenBytes: counter, cpuPercent: share },
  ...{ name: text, user: option(text, { nil: undefined }), commandLine: option(text, { nil: undefined }) },
});
/** Pids come back with other start times. */
const row = record({
  pid: integer({ min: 1, max: 12 }),
  startTicks: constantFrom(0, 5, 2 ** 40 + 3),
  facts,
}).map(({ facts, ...key }) => ({ ...key, ...facts }));
const sample = uniqueArray(row, { maxLength: 20, selector: ({ pid }) => pid });

describe('processes by what has changed', () => {
  test('every client has what the agent has, however often it asks', () => {
    assert(
      property(array(record({ rows: sample, polls: subarray([0, 1, 2]) }), { maxLength: 12 }), (steps) => {
        const agent = new Agent();
        const clients = [new Client(), new Client(), new Client()];
        for (const { rows, polls } of steps) {
          agent.sample(rows);
          for (const which of polls) {
            const client = clients[which]!;
            client.poll(agent);
            expect(client.rows).toEqual(truthOf(agent.truth));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a reply holds the rows that changed and nothing else, and a text only when it changed', () => {
    const agent = new Agent();
    const rows = Array.from({ length: 1000 }, (_, i) => ({
      ...{
        pid: i + 1,
        startTicks: i,
        name: `process-${i}`,
        commandLine: `/usr/bin/process-${i} --option`,
        cpuNanos: 1,
      },
    }));
    agent.sample(rows);
    const client = new Client();
    const whole = client.poll(agent);
    agent.sample(rows);
    const nothing = client.poll(agent);
    expect(nothing.length).toBeLessThan(200);
    agent.sample(rows.map((row) => (row.pid === 500 ? { ...row, cpuNanos: 2 } : row)));
    const one = client.poll(agent);
    expect(one.length).toBeLessThan(250);
    expect(Buffer.from(one).includes('process-499')).toBe(false);
    expect(Buffer.from(whole).includes('/usr/bin/process-499 --option')).toBe(true);
    expect(client.rows).toEqual(truthOf(agent.truth));
  });

  test('a column in which nothing changed is left out: it stays, and a new row has nothing in it', () => {
    const agent = new Agent();
    const [client, other] = [new Client(), new Client()];
    const rows = [1, 2].map((pid) => ({ pid, name: 'a', threads: 3, cpuNanos: 1, rssBytes: 2 ** 40 }));
    agent.sample(rows);
    client.poll(agent);
    other.poll(agent);
    agent.sample([...rows.map((row) => ({ ...row, cpuNanos: 2 })), { pid: 3, name: 'b', cpuNanos: 2 }]);
    const without = client.poll(agent);
    expect(client.rows).toEqual(truthOf(agent.truth));
    expect([client.rows.get(1)?.rssBytes, client.rows.get(3)?.rssBytes]).toEqual([2 ** 40, Number.NaN]);
    // Another client is two samples behind, and the column has changed in one of them.
    agent.sample([
      ...rows.map((row) => ({ ...row, rssBytes: Number.NaN })),
      { pid: 3, name: 'b', cpuNanos: 2 },
    ]);
    expect(other.poll(agent).length).toBeGreaterThan(without.length);
    expect(other.rows).toEqual(truthOf(agent.truth));
    client.poll(agent);
    expect(client.rows).toEqual(truthOf(agent.truth));
  });

  test('clients at the same sample get the same bytes, encoded once', () => {
    const agent = new Agent();
    agent.sample([{ pid: 1, name: 'init' }]);
    expect(agent.encoder.encode(FACTS, 0)).toBe(agent.encoder.encode(FACTS, 0));
    expect(agent.encoder.payload(FACTS, 0)).toBe(agent.encoder.payload(FACTS, 0));
    agent.sample([{ pid: 1, name: 'init', cpuNanos: 5 }]);
    expect(agent.encoder.encode(FACTS, 1)).toBe(agent.encoder.encode(FACTS, 1));
    expect(agent.encoder.encode(FACTS, 1)).not.toEqual(agent.encoder.encode(FACTS, 0));
  });

  test('a client that is further behind than removals are remembered gets every row', () => {
    const agent = new Agent();
    const crowd = (count: number, from: number): WrittenProcess[] =>
      Array.from({ length: count }, (_, i) => ({ pid: from + i, name: 'short' }));
    agent.sample(crowd(1000, 1));
    const client = new Client();
    client.poll(agent);
    for (let i = 1; i * 1000 <= REMOVALS_LIMIT + 2000; i++) agent.sample(crowd(1000, i * 1000 + 1));
    expect(agent.changes.knowsSince(client.base)).toBe(false);
    expect(agent.changes.removals.count).toBe(REMOVALS_LIMIT);
    client.poll(agent);
    expect(client.rows).toEqual(truthOf(agent.truth));
    agent.sample(crowd(10, 1));
    client.poll(agent);
    expect(client.rows).toEqual(truthOf(agent.truth));
  });

  test('a reply that does not follow is refused, changes nothing, and a full one helps', () => {
    const agent = new Agent();
    const client = new Client();
    agent.sample([{ pid: 1, name: 'a' }]);
    client.poll(agent);
    const before = client.rows;
    agent.sample([{ pid: 2, name: 'b' }]);
    agent.sample([{ pid: 3, name: 'c' }]);
    expect(codeOf(() => client.replica.apply(agent.encoder.encode(FACTS, 2)))).toBe('OUT_OF_STEP');
    expect(client.rows).toEqual(before);
    client.poll(agent, true);
    expect(client.rows).toEqual(truthOf(agent.truth));
  });

  test('slots last as long as the processes do', () => {
    const agent = new Agent();
    const client = new Client();
    const [first, second] = [1, 2].map((pid) => ({ pid, name: `${pid}` })) as [
      WrittenProcess,
      WrittenProcess,
    ];
    agent.sample([first, second]);
    client.poll(agent);
    const { processes } = client.section!;
    const slot = processes.find(2);
    const serial = processes.slots.serial[slot];
    agent.sample([second]);
    client.poll(agent);
    agent.sample([first, second]);
    client.poll(agent, true);
    expect([processes.find(2), processes.slots.serial[slot]]).toEqual([slot, serial]);
  });
});
