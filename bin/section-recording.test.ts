import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { testPlatform } from '../platforms/linux/guarded/helper-start.fixture.ts';
import { SECTION_PARTS, type SectionPart } from '../src/data/recording/recorded-format.ts';
import type { Snapshot } from '../src/data/sample/snapshot.ts';
import { LocalSource } from '../src/data/source/local-source.ts';
import { codeOf } from '../src/kit/bytes/hostile.fixture.ts';
import { MachineSectionReader, MachineSectionWriter } from './section-recording.ts';

const source = new LocalSource(testPlatform(), { tier: 'proc' });
let snapshot: Snapshot;
const parts = new Map<SectionPart, Uint8Array>();
const writer = new MachineSectionWriter((uid) => `user${uid}`);

beforeAll(async () => {
  snapshot = await source.sample(
    { machine: true, disks: true, machineProcesses: { visiblePids: [process.pid], allCommandLines: true } },
    Number.POSITIVE_INFINITY,
  );
  for (const text of writer.parts(snapshot)) {
    const name = SECTION_PARTS.find((known) => text.startsWith(`{"part":"${known}",`));
    if (name !== undefined) parts.set(name, new TextEncoder().encode(text));
  }
});
afterAll(() => source.close());

describe('sections in a recording', () => {
  test('come back as they were', () => {
    const read = new MachineSectionReader().read(parts);
    const { machine, disks, machineProcesses } = snapshot;
    expect(read.machine?.memory).toEqual({ ...machine!.memory, value: expect.anything() });
    expect(read.machine?.memory.value?.usedBytes).toBe(machine!.memory.value!.usedBytes);
    const { times } = read.machine!.cpu.value!;
    const count = machine!.cpu.value!.times.count;
    expect(times.count).toBe(count);
    expect(times.user.subarray(0, count)).toEqual(machine!.cpu.value!.times.user.subarray(0, count));
    expect(read.disks?.fileSystems.map(({ name, totalBytes }) => [name, totalBytes])).toEqual(
      disks!.fileSystems.map(({ name, totalBytes }) => [name, totalBytes]),
    );
    const table = machineProcesses!.processes;
    const again = read.machineProcesses!;
    expect(again.processes.slots.count).toBe(table.slots.count);
    const [was, is] = [table.find(process.pid), again.processes.find(process.pid)];
    expect(again.processes.names[is]).toBe(table.names[was]!);
    expect(again.processes.cpuNanos[is]).toBe(table.cpuNanos[was]!);
    expect(again.usage.readBytes[is]).toBe(machineProcesses!.usage.readBytes[was]!);
    expect(again.texts?.users[is]).toBe(`user${table.uid[was]}`);
    expect(again.texts?.commandLines[is]).toContain('bun');
    const known = machineProcesses!.commandLines!.filter((line) => line !== undefined).length;
    expect(known).toBeGreaterThan(1);
    expect(again.texts?.commandLines.filter((line) => line !== undefined)).toHaveLength(known);
  });

  test('keep the slots of processes from line to line', () => {
    const reader = new MachineSectionReader();
    const first = reader.read(parts).machineProcesses!.processes;
    const slot = first.find(process.pid);
    const serial = first.slots.serial[slot];
    const second = reader.read(parts).machineProcesses!.processes;
    expect([second.find(process.pid), second.slots.serial[slot]]).toEqual([slot, serial]);
  });

  test('write command lines once in sixteen lists, and what is new; a reader has them all the time', () => {
    const writer = new MachineSectionWriter(String);
    const reader = new MachineSectionReader();
    const { header, machineProcesses } = snapshot;
    const own = machineProcesses!.processes.find(process.pid);
    const commandLines = [...machineProcesses!.commandLines!];
    commandLines[own] = 'one';
    const written = (): boolean[] => {
      const lists: boolean[] = [];
      for (let list = 0; list < 17; list++) {
        if (list === 5) commandLines[own] = 'another one';
        const section = { ...machineProcesses!, commandLines };
        const [text = ''] = writer.parts({ header, machineProcesses: section, errors: [] });
        const lines: unknown[] = JSON.parse(text).command_line;
        lists.push(lines.some((line) => line !== null));
        const again = reader.read(new Map([['processes', new TextEncoder().encode(text)]])).machineProcesses!;
        expect(again.texts?.commandLines[again.processes.find(process.pid)]).toBe(commandLines[own]);
      }
      return lists;
    };
    expect(
      written()
        .map((isWritten, list) => (isWritten ? list : -1))
        .filter((list) => list >= 0),
    ).toEqual([0, 5, 16]);
  });

  test('say nothing of what a line does not hold', () => {
    expect(new MachineSectionReader().read(new Map())).toEqual({});
    expect(writer.parts({ header: snapshot.header, errors: [] })).toEqual([]);
    const entry = JSON.parse(writer.entry({ header: snapshot.header, errors: [] }));
    expect(entry).toMatchObject({ schema: 1, processes: null, disks: null });
  });

  test.each([...SECTION_PARTS])('that are damaged are refused: %s', (name) => {
    const whole = parts.get(name)!;
    const reader = new MachineSectionReader();
    const cut = new Map([[name, whole.subarray(0, whole.length - 2)]]);
    expect(codeOf(() => reader.read(cut))).toBe('BAD_JSON');
    const wrong = new Map([[name, new TextEncoder().encode('{"section":7}')]]);
    expect(codeOf(() => reader.read(wrong))).toBe('BAD_VALUE');
  });
});
