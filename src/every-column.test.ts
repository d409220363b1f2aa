/**
 * Every column of the tables and every field of the records comes back from wherever it goes: from an agent (all rows,
 * and what has changed since), from a recording, from a pause. The tables are asked for their columns, so one that is
 * new has to be carried on, or be declared internal (a field of a record: stand below) with the reason why not.
 */
import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { freezeNetwork, NetworkRates } from './data/rates/network-rates.ts';
import { HistoryFiles } from './data/recording/history-files.ts';
import { HistoryLines } from './data/recording/history-line.ts';
import { HistoryWriter } from './data/recording/history-writer.ts';
import { RecordedSource } from './data/recording/recorded-source.ts';
import { RecordingWriter } from './data/recording/recording-writer.ts';
import { MachineSectionReader, MachineSectionWriter } from './data/recording/section-recording.ts';
import type { MachineProcesses } from './data/sample/machine-processes.ts';
import { MACHINE } from './data/sample/machine-section.ts';
import type { NetworkSection } from './data/sample/network-section.ts';
import type { Platform } from './data/sample/platform.ts';
import { PROCESS_DETAIL } from './data/sample/process-detail-section.ts';
import type { Snapshot } from './data/sample/snapshot.ts';
import { INTERFACE_COLUMNS, SOCKET_COLUMNS } from './data/schema/network-columns.ts';
import { PROCESS_COLUMNS } from './data/schema/process-columns.ts';
import {
  internalFields,
  lostBetween,
  type Plain,
  plain,
  plainNetwork,
  plainProcesses,
  unknownIn,
} from './every-column.fixture.ts';
import { EveryColumn, FIRST_PID, PIDS, seededUser } from './every-column-seed.fixture.ts';
import { AnswerSource } from './remote/agent/answers/answer-source.ts';
import { CapabilityAnswers, V2Answers } from './remote/agent/answers/v2-answers.ts';
import { AgentSamples } from './remote/agent/samples/agent-samples.ts';
import { V2Memory, V2Session } from './remote/client/v2-session.ts';
import { NetworkEncoder, NetworkReplica } from './remote/wire/network-messages.ts';
import { v2Frame } from './remote/wire/v2-frame.ts';
import { readV2Request } from './remote/wire/v2-request.ts';

/** Left behind on purpose, by path; every entry has to be lost, or it does not belong here. */
type Internal = Readonly<Record<string, string>>;

/** The columns of a set that its declaration says are internal, by their paths. */
function internalOf(
  path: string,
  set: Readonly<Record<string, { readonly internal: string } | { readonly told: unknown }>>,
): Internal {
  return Object.fromEntries(
    Object.entries(set).flatMap(([name, column]) =>
      'internal' in column ? [[`${path}.${name}`, column.internal]] : [],
    ),
  );
}

const LINKS_INTERNAL = internalOf('interfaces.links', INTERFACE_COLUMNS);
const NETWORK_INTERNAL = { ...LINKS_INTERNAL, ...internalOf('sockets', SOCKET_COLUMNS) };
const PROCESSES = internalOf('rows', PROCESS_COLUMNS);
function expectKept(before: Plain, after: Plain, internal: Internal): void {
  expect(lostBetween(before, after).sort()).toEqual(Object.keys(internal).sort());
}

const network = (section: NetworkSection | undefined): Plain =>
  section === undefined ? undefined : plainNetwork(section);
const processes = (section: MachineProcesses | undefined): Plain =>
  section === undefined ? undefined : plainProcesses(section, seededUser);

test('a seed leaves nothing unknown', () => {
  const seed = new EveryColumn(100);
  expect(unknownIn(plainNetwork(seed.network()))).toEqual([]);
  expect(unknownIn(plainProcesses(seed.processes(), seededUser))).toEqual([]);
  for (const section of [
    ...[seed.machine(), seed.disks(), seed.controlGroups(), seed.detail(), seed.journal(), seed.alerts()],
  ]) {
    expect(unknownIn(plain(section))).toEqual([]);
  }
});

describe('from an agent', () => {
  /** What the agent collects next. */
  let seed = new EveryColumn(100);
  let nowMicros = 1e6;
  const platform: Platform = {
    host: { hostName: 'h', bootId: 'b', bootWallMillis: 1, clockTicksPerSecond: 100, pageSizeBytes: 4096 },
    monotonicMicros: () => nowMicros,
    openNetwork: () => {
      throw new TypeError('the network is encoded as it is');
    },
    openMachine: () => ({
      collectMachine: () => collected.machine,
      collectDisks: () => Promise.resolve(collected.disks),
      collectControlGroups: () => Promise.resolve(collected.controlGroups),
      collectProcesses: () => Promise.resolve(collected.processes),
      collectProcess: () => Promise.resolve(collected.detail),
      collectJournal: () => Promise.resolve(collected.journal),
      close: () => undefined,
    }),
    tierReports: () => [],
    userName: seededUser,
    signaller: { send: () => 'gone' },
  };
  let collected = everything();
  const options = {
    metricsTtlMillis: 0,
    processesTtlMillis: 0,
    disksTtlMillis: 0,
    gpus: true,
    temperatures: true,
    sniff: false,
  };
  const samples = new AgentSamples(platform, options);
  const source = new AnswerSource(samples, true);
  const identity = { version: '1', platformName: 'linux' };
  const answers = new V2Answers(source, new CapabilityAnswers(platform, identity, options, source));
  const position = { sequence: 0 };
  const session: V2Session = new V2Session(
    {
      send: (text) => {
        void answer(text);
        return true;
      },
      answered: () => undefined,
      broken: (error) => {
        throw error;
      },
      monotonicMicros: () => nowMicros,
    },
    new V2Memory(),
  );
  afterAll(() => samples.close());

  async function answer(text: string): Promise<void> {
    const request = readV2Request(text);
    if ('error' in request) throw request.error;
    session.received(v2Frame(request.id, await answers.answer(request, position)));
  }

  function everything() {
    return {
      ...{ machine: seed.machine(), disks: seed.disks(), processes: seed.processes() },
      controlGroups: seed.controlGroups(),
      ...{ detail: seed.detail(), journal: seed.journal(), alerts: seed.alerts() },
    };
  }

  /** Other values, of a sample that no cache holds. */
  function next(seedOf: number): void {
    seed = new EveryColumn(seedOf);
    collected = everything();
    nowMicros += 10e6;
  }

  test('the machine, its disks, one process, a journal and the rules that it is watched by', async () => {
    source.watch = () => collected.alerts;
    for (const seedOf of [100, 5000]) {
      next(seedOf);
      // The agent keeps to itself what failed, which stands in the parts.
      expectKept(plain(collected.machine), plain((await session.machine()).section), internalFields(MACHINE));
      expectKept(plain(collected.disks), plain((await session.disks()).section), {});
      expectKept(plain(collected.controlGroups), plain((await session.controlGroups()).section), {});
      const detail = (await session.processDetail(FIRST_PID)).section;
      expectKept(plain(collected.detail), plain(detail), internalFields(PROCESS_DETAIL));
      expectKept(plain(collected.journal), plain((await session.journal(FIRST_PID)).section), {});
      expectKept(plain(collected.alerts), plain((await session.alerts()).section), {});
    }
  });

  test('all processes, whole and by what has changed', async () => {
    for (const seedOf of [9000, 20_000, 30_000]) {
      next(seedOf);
      const { section } = await session.processes({ visiblePids: PIDS });
      expectKept(processes(collected.processes), processes(section), PROCESSES);
    }
  });

  test('the network', async () => {
    const replica = new NetworkReplica();
    const encoder = new NetworkEncoder();
    for (const seedOf of [100, 5000]) {
      const other = new EveryColumn(seedOf);
      const [header, section] = [other.header(), other.network()];
      const errors = [{ op: 'a', code: 'b', message: 'c' }];
      const received = await replica.apply(encoder.encode(header, section, errors), NEVER);
      expectKept(network(section), network(received.network), NETWORK_INTERNAL);
      expect([received.header, received.errors]).toEqual([header, errors]);
    }
  });
});

const NEVER = { due: () => false, rest: () => Promise.resolve() };

describe('from a recording', () => {
  const directory = mkdtempSync(`${tmpdir()}/every-column-`);
  afterAll(() => rmSync(directory, { recursive: true }));

  test('all sections that are recorded', async () => {
    const path = `${directory}/every.gz`;
    const snapshots = [100, 5000].map((seedOf): Snapshot => {
      const seed = new EveryColumn(seedOf);
      return {
        ...{ header: { ...seed.header(), epoch: 7 }, errors: [{ op: 'a', code: 'b', message: 'c' }] },
        ...{ network: seed.network(), machine: seed.machine(), disks: seed.disks() },
        controlGroups: seed.controlGroups(),
        machineProcesses: seed.processes(),
      };
    });
    const writer = await RecordingWriter.open(path, { sections: new MachineSectionWriter(seededUser) });
    for (const snapshot of snapshots) await writer.record(snapshot, new NetworkRates());
    await writer.close();
    const sections = new MachineSectionReader();
    const source = await RecordedSource.open(path, { monotonicMicros: () => 0, sections });
    for (const snapshot of snapshots) {
      const played = await source.next();
      expectKept(network(snapshot.network), network(played?.network), NETWORK_INTERNAL);
      expectKept(plain(snapshot.machine), plain(played?.machine), internalFields(MACHINE));
      expectKept(plain(snapshot.disks), plain(played?.disks), {});
      expectKept(plain(snapshot.controlGroups), plain(played?.controlGroups), {});
      expectKept(processes(snapshot.machineProcesses), processes(played?.machineProcesses), PROCESSES);
      expect(played?.errors).toEqual(snapshot.errors);
      const { hostName, bootId, wallMillis, bootWallMillis, clockTicksPerSecond } = snapshot.header;
      expect(played?.header).toMatchObject({
        ...{ hostName, bootId, wallMillis, bootWallMillis, clockTicksPerSecond },
      });
    }
    source.close();
  });
});

test('from a history, whole and as changes: all but what it sums and does not ask for', async () => {
  const path = mkdtempSync(`${tmpdir()}/every-column-`);
  const snapshots = [100, 5000].map((seedOf): Snapshot => {
    const seed = new EveryColumn(seedOf);
    return {
      ...{ header: { ...seed.header(), epoch: 7, monotonicMicros: seedOf }, errors: [] },
      ...{ network: seed.network(), machine: seed.machine(), disks: seed.disks() },
      machineProcesses: seed.processes(),
    };
  });
  const writer = await HistoryWriter.open(
    `${path}/history`,
    { sizeBytes: 1 << 24, ageMillis: 1e15, intervalMillis: 1 },
    { wallMillis: Date.now, lock: async () => true, failed: (error) => expect(error).toBeUndefined() },
  );
  const lines = new HistoryLines(seededUser);
  for (const [at, snapshot] of snapshots.entries()) {
    expect(writer.needsWhole(snapshot.header)).toBe(at === 0);
    writer.write(lines.line(snapshot, at === 0), at === 0);
    await writer.flushed();
  }
  await writer.close();
  const sections = new MachineSectionReader();
  const files = await HistoryFiles.open(`${path}/history`);
  const source = await RecordedSource.openBytes(files, { monotonicMicros: () => 0, sections });
  const withoutSockets = (plain: Plain): Plain => ({
    ...(plain as object),
    sockets: undefined,
    accounts: undefined,
  });
  for (const snapshot of snapshots) {
    const played = await source.next();
    expectKept(
      withoutSockets(network(snapshot.network)),
      withoutSockets(network(played?.network)),
      LINKS_INTERNAL,
    );
    expectKept(plain(snapshot.machine), plain(played?.machine), internalFields(MACHINE));
    expectKept(plain(snapshot.disks), plain(played?.disks), {});
    expectKept(processes(snapshot.machineProcesses), processes(played?.machineProcesses), {
      ...PROCESSES,
      ...Object.fromEntries(
        [
          'contextSwitches',
          'runDelayNanos',
          'blockDelayNanos',
          'majorFaults',
          'ioCalls',
          'memoryDelayNanos',
        ].map((column) => [`rows.${column}`, 'is not asked for: it costs a file of each process']),
      ),
    });
  }
  source.close();
  rmSync(path, { recursive: true });
});

test('from a pause: the network as it was, while its tables go on', () => {
  const section = new EveryColumn(100).network();
  const before = network(section);
  const frozen = freezeNetwork(section, new NetworkRates()).section;
  const { owners, hosts, traffic, hostTraffic, sockets, accounts, interfaces, problems } = section;
  for (const table of [owners, hosts, traffic, hostTraffic, sockets, accounts, interfaces, problems]) {
    for (const column of Object.values(table)) {
      if (Array.isArray(column)) column.fill('gone');
      else if (ArrayBuffer.isView(column)) new Uint8Array(column.buffer).fill(0);
    }
  }
  expectKept(before, network(frozen), {});
});
