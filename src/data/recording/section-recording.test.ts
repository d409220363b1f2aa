import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { testPlatform } from '../../../platforms/linux/guarded/helper-start.fixture.ts';
import { codeOf } from '../../kit/bytes/hostile.fixture.ts';
import { SECTION_PARTS, type SectionPart } from '../recording/recorded-format.ts';
import type { Snapshot } from '../sample/snapshot.ts';
import { LocalSource } from '../source/local-source.ts';
import { MachineSectionReader, MachineSectionWriter } from './section-recording.ts';

const source = new LocalSource(testPlatform(), { tier: 'proc' });
let snapshot: Snapshot;
const parts = new Map<SectionPart, unknown>();
const writer = new MachineSectionWriter((uid) => `user${uid}`);

beforeAll(async () => {
  snapshot = await source.sample(
    { machine: true, disks: true, machineProcesses: { visiblePids: [process.pid], allCommandLines: true } },
    Number.POSITIVE_INFINITY,
  );
  for (const text of writer.parts(snapshot)) {
    const name = SECTION_PARTS.find((known) => text.startsWith(`{"part":"${known}",`));
    if (name !== undefined) parts.set(name, JSON.parse(text));
  }
});
afterAll(() => source.close());

describe('sections in a recording', () => {
  test('come back as they were', () => {
    const read = new MachineSectionReader().read(parts);
    const { machine, disks } = snapshot;
    expect(read.machine?.memory).toEqual({ ...machine!.memory, value: expect.anything() });
    expect(read.machine?.memory.value?.usedBytes).toBe(machine!.memory.value!.usedBytes);
    const { times } = read.machine!.cpu.value!;
    const count = machine!.cpu.value!.times.count;
    expect(times.count).toBe(count);
    expect(times.user.subarray(0, count)).toEqual(machine!.cpu.value!.times.user.subarray(0, count));
    expect(read.disks?.fileSystems.map(({ name, totalBytes }) => [name, totalBytes])).toEqual(
      disks!.fileSystems.map(({ name, totalBytes }) => [name, totalBytes]),
    );
  });

  test('say nothing of what a line does not hold', () => {
    expect(new MachineSectionReader().read(new Map())).toEqual({});
    expect(writer.parts({ header: snapshot.header, errors: [] })).toEqual([]);
    const entry = JSON.parse(writer.entry({ header: snapshot.header, errors: [] }));
    expect(entry).toMatchObject({ schema: 1, processes: null, disks: null });
  });

  test.each(['machine', 'disks'] as const)('that are damaged are refused: %s', (name) => {
    const reader = new MachineSectionReader();
    const wrong = new Map([[name, { section: 7 }]]);
    expect(codeOf(() => reader.read(wrong))).toBe('BAD_VALUE');
  });
});
