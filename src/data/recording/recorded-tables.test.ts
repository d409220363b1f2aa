import { describe, expect, test } from 'bun:test';
import { rejectionOf } from '../../kit/bytes/hostile.fixture.ts';
import { TABLE_FORMATS } from '../codec/table-format.ts';
import { type MachineProcesses, ProcessList } from '../sample/machine-processes.ts';
import { RecordedProcesses } from './recorded-tables.ts';
import { RecordingParts } from './recording-parts.ts';

const NEVER = { due: () => false, rest: () => Promise.resolve() };
const SECTION = { sequence: 3, monotonicMicros: 5e6, durationMicros: 12.5, errors: [] };
const NUMBERS = ['startTicks', 'state', 'threads', 'cpuNanos', 'rssBytes'] as const;

/** A list of so many processes, some of whose columns are unknown. */
function listOf(count: number): { list: ProcessList; section: () => MachineProcesses } {
  const list = new ProcessList(1 << 18);
  for (let pid = 1; pid <= count; pid++) {
    const slot = list.add(pid, pid * 7);
    const { processes, usage, texts } = list;
    processes.state[slot] = 0x53;
    processes.threads[slot] = pid % 3 === 0 ? -1 : pid;
    processes.cpuNanos[slot] = pid % 4 === 0 ? Number.NaN : pid * 1e9;
    processes.rssBytes[slot] = pid * 4096;
    usage.readBytes[slot] = pid === 2 ? 17 : Number.NaN;
    processes.names[slot] = `process-${pid}`;
    texts.users[slot] = pid % 5 === 0 ? undefined : 'root';
    texts.commandLines[slot] = pid % 2 === 0 ? undefined : `/bin/process --number ${pid}`;
  }
  return {
    list,
    section: () =>
      list.section({ ...SECTION, memoryTotalBytes: 16e9, coreCount: 8, processCount: count + 1 }),
  };
}

/** Every row by its pid. */
function rowsOf({ processes, usage, texts }: MachineProcesses): Record<number, unknown> {
  const slots = processes.slots.rows.subarray(0, processes.slots.count);
  return Object.fromEntries(
    Array.from(slots, (slot) => [
      processes.pid[slot]!,
      [
        ...NUMBERS.map((name) => processes[name][slot]),
        ...[usage.readBytes[slot], usage.writtenBytes[slot], processes.names[slot]],
        ...[texts?.users[slot], texts?.commandLines[slot]],
      ],
    ]),
  );
}

const playTo = (into: RecordedProcesses, [facts, ...rows]: Uint8Array[]): Promise<MachineProcesses> =>
  into.apply(facts ?? new Uint8Array(0), rows, undefined, NEVER);
const jsonOf = (part: Uint8Array | undefined) => JSON.parse(Buffer.from(part ?? []).toString());
const bytesOf = (part: unknown): Uint8Array => Buffer.from(JSON.stringify(part));

describe('a recorded list of processes', () => {
  test('comes back as it was, in as many parts as it takes', async () => {
    const { section } = listOf(1200);
    const parts = await new RecordingParts().encodeProcesses(section(), String, NEVER);
    expect(parts.length).toBe(1 + Math.ceil(1200 / 512));
    const played = await playTo(new RecordedProcesses(), parts);
    expect(rowsOf(played)).toEqual(rowsOf(section()));
    const { memoryTotalBytes, coreCount, processCount } = played;
    expect({ memoryTotalBytes, coreCount, processCount }).toEqual({
      ...{ memoryTotalBytes: 16e9, coreCount: 8, processCount: 1201 },
    });
    expect(played).toMatchObject(SECTION);
  });

  test('gives users their names, or their numbers, where the list has none', async () => {
    const { list, section } = listOf(4);
    list.processes.uid.set([7, 8, -1, 4294967294], 0);
    const { texts: _, ...bare } = section();
    const userOf = (uid: number) => (uid === 7 ? 'seven' : undefined);
    const parts = await new RecordingParts().encodeProcesses(bare, userOf, NEVER);
    const { processes, texts } = await playTo(new RecordedProcesses(), parts);
    const users = [1, 2, 3, 4].map((pid) => texts?.users[processes.find(pid)]);
    expect(users).toEqual(['seven', '8', undefined, '4294967294']);
  });

  test('keeps the slots of processes, but not of those whose pid another has', async () => {
    const { list, section } = listOf(9);
    const [parts, played] = [new RecordingParts(), new RecordedProcesses()];
    const first = await playTo(played, await parts.encodeProcesses(section(), String, NEVER));
    const serialOf = (pid: number): number => first.processes.slots.serial[first.processes.find(pid)]!;
    const [four, five] = [serialOf(4), serialOf(5)];
    list.processes.startTicks[list.processes.find(5)] = 9999;
    list.remove(list.processes.find(6));
    await playTo(played, await parts.encodeProcesses(section(), String, NEVER));
    expect(serialOf(4)).toBe(four);
    expect(serialOf(5)).not.toBe(five);
    expect(first.processes.find(6)).toBe(-1);
  });

  test('has command lines once in sixteen lists, and what is new; who plays it has them all the time', async () => {
    const { list, section } = listOf(5);
    const [parts, played] = [new RecordingParts(), new RecordedProcesses()];
    const own = list.processes.find(3);
    list.texts.commandLines[own] = 'one';
    const written: number[] = [];
    for (let at = 0; at < 17; at++) {
      if (at === 5) list.texts.commandLines[own] = 'another one';
      if (at === 9) list.texts.commandLines[own] = undefined;
      const pieces = await parts.encodeProcesses(section(), String, NEVER);
      const { commandLines } = jsonOf(pieces[1]);
      if (commandLines !== 1) written.push(at);
      const { processes, texts } = await playTo(played, pieces);
      expect(texts?.commandLines[processes.find(3)]).toBe(list.texts.commandLines[own]);
      expect(texts?.commandLines[processes.find(1)]).toBe('/bin/process --number 1');
    }
    expect(written).toEqual([0, 5, 9, 16]);
  });

  test('cannot steer a terminal', async () => {
    const { list, section } = listOf(1);
    list.texts.commandLines[list.processes.find(1)] = 'a\u001b[31mb';
    const played = await playTo(
      new RecordedProcesses(),
      await new RecordingParts().encodeProcesses(section(), String, NEVER),
    );
    expect(played.texts?.commandLines[played.processes.find(1)]).toBe('a·[31mb');
  });

  test('is refused where any value is wrong, and then stays as it was', async () => {
    const { section } = listOf(3);
    const parts = await new RecordingParts().encodeProcesses(section(), String, NEVER);
    const played = new RecordedProcesses();
    const before = await playTo(played, parts);
    const expected = rowsOf(before);
    const wrong = [null, 'x', [], {}, -5e9, 1e300, 0.5, true, [1], ['x'], [null], ['x', 'x', 'x', 'x'], 1e6];
    const { numbers, texts } = TABLE_FORMATS.processes;
    const isAllowed = (field: string, value: unknown): boolean => {
      const number = numbers.find(({ name }) => name === field);
      const text = texts.find(({ name }) => name === field);
      if (text !== undefined) return value === 'x' || (value === null && text.isOptional);
      if (number?.isDouble === true) return value === null || value === 0.5 || value === 1e6;
      return value === 1e6 && (field === 'pid' || field === 'threads');
    };
    const part = jsonOf(parts[1]);
    for (const field of Object.keys(part).filter((name) => name !== 'part')) {
      for (const value of wrong) {
        const spoilt = bytesOf({ ...part, [field]: value });
        const code = await rejectionOf(playTo(new RecordedProcesses(), [parts[0]!, spoilt]));
        const allowed = isAllowed(field, value) ? 'nothing thrown' : 'BAD_VALUE';
        expect([field, value, code]).toEqual([field, value, allowed]);
        if (allowed === 'BAD_VALUE') await rejectionOf(playTo(played, [parts[0]!, spoilt]));
      }
    }
    const facts = jsonOf(parts[0]);
    for (const spoilt of [
      { section: 7 },
      { ...facts, core_count: 'x' },
      { ...facts, section: { errors: 1 } },
    ]) {
      expect(await rejectionOf(playTo(played, [bytesOf(spoilt), ...parts.slice(1)]))).toBe('BAD_VALUE');
    }
    expect(await rejectionOf(playTo(played, [Buffer.from('{"section":'), ...parts.slice(1)]))).toBe(
      'BAD_VALUE',
    );
    expect(rowsOf(before)).toEqual(expected);
  });

  test('in one part, as it was before 0.2 was released, is read too; a command line of null is as before', async () => {
    const whole = (lines: unknown) => ({
      part: 'processes',
      section: { sequence: 3, monotonic_micros: 5e6, duration_micros: 12.5, errors: [] },
      ...{ process_count: 3, memory_total_bytes: null, core_count: 8 },
      ...{ pid: [1, 2], start_ticks: [7, 14], state: [83, 82], threads: [1, null], cpu_nanos: [1e9, null] },
      ...{ resident_bytes: [4096, 8192], read_bytes: [null, 17], written_bytes: [null, null] },
      ...{ name: ['process-1', 'process-2'], user: ['root', null], command_line: lines },
    });
    const played = new RecordedProcesses();
    await playTo(played, [bytesOf(whole(['/bin/one', null]))]);
    const section = await playTo(played, [bytesOf(whole([null, '/bin/two']))]);
    expect(rowsOf(section)).toEqual({
      1: [7, 83, 1, 1e9, 4096, Number.NaN, Number.NaN, 'process-1', 'root', '/bin/one'],
      2: [14, 82, -1, Number.NaN, 8192, 17, Number.NaN, 'process-2', undefined, '/bin/two'],
    });
    expect([section.memoryTotalBytes, section.coreCount, section.processCount]).toEqual([Number.NaN, 8, 3]);
    expect(await rejectionOf(playTo(played, [bytesOf({ ...whole([]), name: 7 })]))).toBe('BAD_VALUE');
    expect(await rejectionOf(playTo(played, [bytesOf({ ...whole(['x']) })]))).toBe('BAD_VALUE');
  });
});
