import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { untilRuns } from '../platforms/linux/testdata/test-slices.fixture.ts';
import type { MachineProcesses } from '../src/data/sample/machine-processes.ts';
import { USAGE_COLUMNS } from '../src/data/schema/process-columns.ts';
import { TimeSlice } from '../src/data/source/source.ts';
import { NetworkReplica } from '../src/remote/wire/network-messages.ts';
import { ProcessReplica } from '../src/remote/wire/process-messages.ts';
import { AgentProcess } from './testing/agent-process.ts';
import { V2Client, type V2Question } from './testing/v2-client.ts';

const TOKEN = 'v2-token';
/** Nobody gets samples of processes faster. */
const FASTEST_MILLIS = 100;
/** Nor of the machine. */
const FASTEST_METRICS_MILLIS = 50;

let agent: AgentProcess;
let client: V2Client;

beforeAll(async () => {
  agent = await AgentProcess.start({ environment: { SOCKTOP_TOKEN: TOKEN, SOCKTOP_AGENT_GPU: '0' } });
  client = await V2Client.open(agent.port, TOKEN);
});

afterAll(async () => {
  client?.close();
  await agent?.close();
});

/** Processes as a client has them, and how large its last reply was. */
class Processes {
  readonly #client: V2Client;
  readonly #replica = new ProcessReplica();
  bytes = 0;

  constructor(of: V2Client) {
    this.#client = of;
  }

  async fetch(question: V2Question = {}): Promise<MachineProcesses> {
    const answer = await this.#client.ask('get_processes', question);
    if (answer.reply === 'error') throw new TypeError(answer.error.error);
    this.bytes = answer.protobuf.length;
    return this.#replica.apply(answer.protobuf).section;
  }
}

function pidsOf({ processes: table }: MachineProcesses): number[] {
  return Array.from(table.slots.rows.subarray(0, table.slots.count), (slot) => table.pid[slot]!).sort(
    (a, b) => a - b,
  );
}

function slotOf({ processes: table }: MachineProcesses, pid: number): number {
  return table.slots.rows.subarray(0, table.slots.count).find((slot) => table.pid[slot] === pid) ?? -1;
}

test('capabilities tell the tiers, what is missing and the ages', async () => {
  const answer = await client.ask('get_capabilities');
  if (answer.reply === 'error') throw new TypeError(answer.error.error);
  const { capabilities } = answer;
  expect(capabilities).toMatchObject({
    ...{ platform: 'linux', hasToken: true },
    ...{ metricsTtlMillis: 250, processesTtlMillis: 1500, disksTtlMillis: 1000 },
  });
  expect(capabilities.requests).toContain('get_network');
  expect(capabilities.tiers.find(({ isAvailable }) => isAvailable)?.tier).toBe(capabilities.networkTier!);
  expect(capabilities.missing).toContainEqual({
    what: 'gpu',
    why: 'switched off by SOCKTOP_AGENT_GPU=0',
  });
});

describe('processes', () => {
  test('come whole at first and then as what has changed', async () => {
    const processes = new Processes(client);
    await processes.fetch({ maxAgeMillis: 0 });
    await Bun.sleep(FASTEST_MILLIS + 20);
    // With the second sample shares of CPU are known, which changes every row.
    const whole = await processes.fetch({ isFull: true, maxAgeMillis: 0 });
    const wholeBytes = processes.bytes;
    expect(whole.processCount).toBe(pidsOf(whole).length);
    const child = Bun.spawn(['sleep', '60']);
    await untilRuns(child.pid, 'sleep 60');
    await Bun.sleep(FASTEST_MILLIS + 20);
    const withChild = await processes.fetch({ maxAgeMillis: 0 });
    expect(processes.bytes).toBeLessThan(wholeBytes);
    expect(withChild.processes.names[slotOf(withChild, child.pid)]).toBe('sleep');
    child.kill('SIGKILL');
    await child.exited;
    await Bun.sleep(FASTEST_MILLIS + 20);
    const without = await processes.fetch({ maxAgeMillis: 0 });
    expect(slotOf(without, child.pid)).toBe(-1);
    // What came in parts is what another client gets at once.
    const other = await V2Client.open(agent.port, TOKEN);
    const parts = pidsOf(await processes.fetch({ maxAgeMillis: 3_600_000 }));
    expect(pidsOf(await new Processes(other).fetch({ maxAgeMillis: 3_600_000 }))).toEqual(parts);
    other.close();
  });

  test('on the screen have exact memory and I/O, and all of them their command lines', async () => {
    const processes = new Processes(client);
    const visible = { visiblePids: [process.pid], columns: USAGE_COLUMNS };
    const question = { maxAgeMillis: 0, ...visible, isFull: true };
    for (let sample = 0; sample < 2; sample++) {
      await processes.fetch(question);
      await Bun.sleep(FASTEST_MILLIS + 20);
    }
    const io = (): number => Number(/^write_bytes: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
    const before = io();
    const received = await processes.fetch(question);
    const slot = slotOf(received, process.pid);
    const { usage, texts } = received;
    expect(usage.writtenBytes[slot]! >= before && usage.writtenBytes[slot]! <= io()).toBe(true);
    const commandLineOf = (pid: number): string =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').replaceAll('\0', ' ');
    // The test runner's own names all its files: more than the wire takes of a line.
    const own = texts!.commandLines[slot]!;
    expect(own.length).toBeGreaterThan(20);
    expect(commandLineOf(process.pid).startsWith(own)).toBe(true);
    expect(texts!.commandLines[slotOf(received, agent.pid)]).toBe(commandLineOf(agent.pid));
    expect(texts!.users[slot]).toBe(Bun.spawnSync(['id', '-un']).stdout.toString().trim());
  });
});

describe('the age of a sample', () => {
  async function sequence(maxAgeMillis: number): Promise<number> {
    const answer = await client.ask('get_metrics', { maxAgeMillis });
    return answer.reply === 'error' ? -1 : answer.told.section.sequence;
  }

  test('is what was asked for, but no sample is taken for everyone who is in a hurry', async () => {
    const first = await sequence(0);
    expect(await sequence(60_000)).toBe(first);
    await Bun.sleep(60);
    expect(await sequence(0)).toBe(first + 1);
    const started = performance.now();
    const hasty = await Promise.all(Array.from({ length: 30 }, () => sequence(0)));
    const due = Math.floor((performance.now() - started) / FASTEST_METRICS_MILLIS);
    expect(Math.max(...hasty)).toBeLessThanOrEqual(first + 2 + due);
  });

  test('CPU ticks lie between what the kernel said before and after', async () => {
    const userTicks = (): number => Number(/^cpu +(\d+)/.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    await Bun.sleep(60);
    const before = userTicks();
    const answer = await client.ask('get_metrics', { maxAgeMillis: 0 });
    const after = userTicks();
    if (answer.reply === 'error') throw new TypeError(answer.error.error);
    const shown = answer.told.section.cpu.value!.times.user[0]!;
    expect(shown >= before && shown <= after).toBe(true);
  });
});

test('the network comes with owners', async () => {
  const replica = new NetworkReplica();
  const network = async () => {
    const answer = await client.ask('get_network', { maxAgeMillis: 0 });
    if (answer.reply === 'error') throw new TypeError(answer.error.error);
    return replica.apply(answer.protobuf, new TimeSlice());
  };
  const { network: first } = await network();
  expect(first.interfaces.names).toContain('lo');
  const owners = Array.from(
    first.owners.slots.rows.subarray(0, first.owners.slots.count),
    (slot) => first.owners.pid[slot],
  );
  // The agent itself has a connection: the one that this is asked over.
  expect(owners).toContain(agent.pid);
});

test('errors carry the id and the code', async () => {
  const answer = await client.ask('get_process_metrics', { pid: 4_000_000 });
  expect(answer).toMatchObject({
    reply: 'error',
    error: { request: 'get_process_metrics', pid: 4_000_000, code: 'ESRCH' },
  });
});
