import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../sample/snapshot.ts';
import { holdAtEveryStep } from './history-bounds.fixture.ts';
import { HistoryFiles } from './history-files.ts';
import { HistoryLines } from './history-line.ts';
import { LOCK_NAME, segmentOf } from './history-segments.ts';
import { HistoryWorld, openHistory, writeHistory, writeNext } from './history-world.fixture.ts';
import { HistoryWriter } from './history-writer.ts';
import { RecordedSource } from './recorded-source.ts';
import { MachineSectionReader } from './section-recording.ts';

const START = Date.UTC(2026, 10, 28, 2, 0, 0);
const HOUR_SAMPLES = 360;
let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-'));
  path = join(folder, 'history');
});
afterEach(() => rmSync(folder, { recursive: true }));

const segments = (): string[] => readdirSync(path).filter((name) => segmentOf(name) !== undefined);
const bytesOf = (names: readonly string[]): number =>
  names.reduce((sum, name) => sum + statSync(join(path, name)).size, 0);

async function played(): Promise<RecordedSource> {
  const sections = new MachineSectionReader();
  return RecordedSource.openBytes(await HistoryFiles.open(path), { monotonicMicros: () => 0, sections });
}

/** What stays of a snapshot when it has been recorded, as text. */
function told({ header, machine, machineProcesses, network }: Snapshot): string {
  const { processes, usage, commandLines } = machineProcesses!;
  const rows = [...processes.slots.rows.subarray(0, processes.slots.count)].map((slot) => [
    ...[processes.pid[slot], processes.names[slot], processes.cpuNanos[slot], processes.rssBytes[slot]],
    ...[usage.writtenBytes[slot], commandLines?.[slot]],
  ]);
  const { owners, traffic } = network!;
  const traffics = [...traffic.slots.rows.subarray(0, traffic.slots.count)].map((slot) => [
    ...[owners.names[traffic.subject[slot]!], traffic.interfaceIndex[slot]],
    ...[traffic.txBytes[slot], traffic.rxBytes[slot]],
  ]);
  const cpu = machine!.cpu.value!;
  const networks = machine!.networks.value!;
  return JSON.stringify({
    ...{ at: header.wallMillis, rows: rows.sort(), traffics: traffics.sort(), user: cpu.times.user[0] },
    ...{ stalled: cpu.cpuPressure?.some?.totalMicros, memory: machine!.memory.value?.usedBytes },
    sent: [...networks.txBytes.subarray(0, networks.slots.count)],
  });
}

/** Control groups are not in each sample: those told of last stand. */
class Groups {
  #last: Snapshot['controlGroups'];

  /** As text, in the order of their paths. */
  told({ controlGroups }: Snapshot): string {
    this.#last = controlGroups ?? this.#last;
    const { groups = [], sequence } = this.#last ?? {};
    const facts = groups.map(({ path, throttledMicros, memoryBytes, memoryLimitBytes }) => [
      ...[path, throttledMicros, memoryBytes, memoryLimitBytes],
    ]);
    return JSON.stringify([sequence, facts.sort()]);
  }
}

async function replayed(): Promise<string[]> {
  const source = await played();
  const all: string[] = [];
  for (let next = await source.next(); next !== undefined; next = await source.next()) all.push(told(next));
  source.close();
  return all;
}

const TROUBLES = [
  { kind: 'fork storm', fromSeconds: 600, toSeconds: 720 },
  { kind: 'upload', fromSeconds: 1200, toSeconds: 1300 },
] as const;

describe('what is written', () => {
  test('plays as it was, line by line, over the ends of members and segments', async () => {
    const world = new HistoryWorld(START, TROUBLES);
    const writer = await openHistory(path, world, { sizeBytes: 1 << 20, ageMillis: 16 * 1_000_000 });
    const lines = new HistoryLines((uid) => `user-${uid}`);
    const expected: string[] = [];
    for (let i = 0; i < HOUR_SAMPLES; i++) expected.push(told(await writeNext(writer, lines, world)));
    await writer.close();
    expect(segments().length).toBeGreaterThan(2);
    expect(await replayed()).toEqual(expected);
  });

  test('has control groups, those that come and go too, in every place where reading may begin', async () => {
    const world = new HistoryWorld(START, TROUBLES);
    const writer = await openHistory(path, world, { sizeBytes: 1 << 20, ageMillis: 16 * 1_000_000 });
    const lines = new HistoryLines(() => undefined);
    const groups = new Groups();
    const expected: string[] = [];
    for (let i = 0; i < HOUR_SAMPLES; i++) expected.push(groups.told(await writeNext(writer, lines, world)));
    await writer.close();
    expect(new Set(expected).size).toBe(HOUR_SAMPLES / 3);
    expect(expected.filter((each) => each.includes('session-')).length).toBeGreaterThan(100);
    const source = await played();
    const inOrder = new Groups();
    for (const [at, each] of expected.entries()) {
      const next = await source.next();
      expect([at, inOrder.told(next!)]).toEqual([at, each]);
    }
    for (const at of [100, 300, 4, 359, 200]) {
      const there = await source.goTo(START + (at + 1) * 10_000);
      expect(new Groups().told(there)).toBe(expected[at]!);
    }
    source.close();
  });

  test('is for its owner alone', async () => {
    await writeHistory(path, new HistoryWorld(START), 3);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
  });

  test('goes on after a restart, in another segment, and after one of the machine', async () => {
    await writeHistory(path, new HistoryWorld(START), 20);
    await writeHistory(path, new HistoryWorld(START + 3_600_000), 20);
    const source = await played();
    expect(segments()).toHaveLength(2);
    expect((await source.goTo(START + 3_600_000 + 100_000)).header.wallMillis).toBe(START + 3_700_000);
    expect((await source.goTo(START + 100_000)).header.wallMillis).toBe(START + 100_000);
    // Between the two there is nothing: the last moment before it stands.
    expect((await source.goTo(START + 1_800_000)).header.wallMillis).toBe(START + 200_000);
    expect((await source.goTo(0)).header.wallMillis).toBe(START + 10_000);
    expect((await source.goTo(START * 2)).header.wallMillis).toBe(START + 3_800_000);
    source.close();
  });

  test('is told moment by moment without being read', async () => {
    await writeHistory(path, new HistoryWorld(START, TROUBLES), HOUR_SAMPLES);
    const source = await played();
    const moments = await source.moments();
    expect(moments).toHaveLength(HOUR_SAMPLES);
    const stormy = moments.filter(({ cpuPercent }) => cpuPercent > 90);
    expect(stormy.map(({ wallMillis }) => Math.round((wallMillis - START) / 10_000) * 10)).toEqual(
      Array.from({ length: 12 }, (_, at) => 610 + at * 10),
    );
    expect(stormy.every(({ pressurePercent }) => pressurePercent === 60)).toBe(true);
    const busy = moments.filter(({ networkBytesPerSecond }) => networkBytesPerSecond > 30e6);
    expect(busy).toHaveLength(10);
    source.close();
  });
});

describe('bounds', () => {
  test('hold at every step', () => holdAtEveryStep(path, 3000));

  test('are not those of a clock that is set a year ahead and back', async () => {
    const world = new HistoryWorld(START);
    const clock = { aheadMillis: 0, wallMillis: START };
    const ageMillis = 16 * 60_000;
    const writer = await openHistory(path, clock, { ageMillis });
    const lines = new HistoryLines(() => undefined);
    const go = async (samples: number): Promise<void> => {
      for (let i = 0; i < samples; i++) {
        const snapshot = world.next(10);
        clock.wallMillis = snapshot.header.wallMillis + clock.aheadMillis;
        const header = { ...snapshot.header, wallMillis: clock.wallMillis };
        const isWhole = writer.needsWhole(header);
        writer.write(lines.line({ ...snapshot, header }, isWhole), isWhole);
        await writer.flushed();
      }
    };
    await go(20);
    const before = segments();
    expect(before.length).toBeGreaterThan(2);
    for (const aheadMillis of [365 * 86_400_000, 0]) {
      clock.aheadMillis = aheadMillis;
      await go(20);
      expect(segments()).toEqual(expect.arrayContaining(before));
    }
    await go(HOUR_SAMPLES);
    await writer.close();
    for (const name of segments()) {
      const age = clock.wallMillis - segmentOf(name)!.startWallMillis;
      expect(age).toBeLessThanOrEqual(ageMillis + 10_000);
      expect(age).toBeGreaterThanOrEqual(0);
    }
  });

  test('hold for what an earlier program left', async () => {
    await writeHistory(path, new HistoryWorld(START), HOUR_SAMPLES, { ageMillis: 16 * 600_000 });
    const before = bytesOf(segments());
    const world = new HistoryWorld(START + 3_600_000);
    const writer = await openHistory(path, world, { sizeBytes: before / 2 });
    expect(writer.sizeBytes).toBeLessThanOrEqual(before / 2);
    expect(bytesOf(segments())).toBe(writer.sizeBytes);
    await writer.close();
    await (await openHistory(path, { wallMillis: START * 2 })).close();
    expect(segments()).toEqual([]);
  });
});

describe('a history that was cut', () => {
  test('at any place loses at most the line that was being written', async () => {
    const world = new HistoryWorld(START, [], 12);
    const writer = await openHistory(path, world);
    const lines = new HistoryLines(() => undefined);
    const expected: string[] = [];
    const ends: number[] = [];
    for (let i = 0; i < 70; i++) {
      expected.push(told(await writeNext(writer, lines, world)));
      ends.push(writer.sizeBytes);
    }
    const [name] = segments();
    const whole = readFileSync(join(path, name!));
    await writer.close();
    for (let cut = 0; cut < 40; cut++) {
      const length = Math.floor(whole.length * (1 - cut / 41)) - (cut % 7);
      writeFileSync(join(path, name!), whole.subarray(0, length));
      const complete = ends.filter((end) => end <= length).length;
      const left = complete === 0 ? [] : await replayed();
      expect(left.slice(0, complete)).toEqual(expected.slice(0, complete));
    }
  }, 60_000);

  test('has what came before and after', async () => {
    for (let part = 0; part < 3; part++) {
      await writeHistory(path, new HistoryWorld(START + part * 3_600_000), 30);
    }
    const [, second] = segments().sort();
    truncateSync(join(path, second!), statSync(join(path, second!)).size - 500);
    const all = await replayed();
    expect(all.length).toBeGreaterThanOrEqual(60);
    expect(all.length).toBeLessThan(90);
    const source = await played();
    const later = await source.goTo(START + 2 * 3_600_000 + 300_000);
    expect(later.header.wallMillis).toBe(START + 2 * 3_600_000 + 300_000);
    source.close();
  });

  test('or spoilt plays what is whole, and nothing else', async () => {
    await writeHistory(path, new HistoryWorld(START, [], 12), 130);
    const good = new Set(await replayed());
    const [name] = segments();
    const whole = readFileSync(join(path, name!));
    for (let at = 0; at < 60; at++) {
      const spoilt = Buffer.from(whole);
      const place = Math.floor((whole.length * at) / 60) + at;
      spoilt[place] = spoilt[place]! ^ (1 << (at % 8));
      writeFileSync(join(path, name!), spoilt);
      const left = await replayed().catch(() => []);
      const strange = left.filter((line) => !good.has(line));
      // Deflate without its check sum may give out other digits before the end of the member betrays it.
      expect(strange.length).toBeLessThanOrEqual(60);
    }
  }, 60_000);
});

describe('a folder that will not do', () => {
  const refusal = async (at = path): Promise<string> => {
    try {
      await (await openHistory(at, { wallMillis: START })).close();
      return 'taken';
    } catch (thrown) {
      return String(thrown).replaceAll(folder, '');
    }
  };

  test('is refused in one line that says why', async () => {
    mkdirSync(path, { mode: 0o755 });
    chmodSync(path, 0o755);
    expect(await refusal()).toContain('other users have access: chmod 700');
    writeFileSync(join(folder, 'file'), '');
    expect(await refusal(join(folder, 'file'))).toContain('not a folder');
    mkdirSync(join(folder, 'real'), { mode: 0o700 });
    symlinkSync('real', join(folder, 'link'));
    expect(await refusal(join(folder, 'link'))).toMatch(/symbolic link/);
    expect(await refusal(join(folder, 'link/'))).toMatch(/symbolic link/);
    expect(await refusal(join(folder, 'none/none'))).toContain('folder not found');
  });

  test.skipIf(process.geteuid?.() !== 0)('of another user (needs root)', async () => {
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, 65534, 65534);
    expect(await refusal()).toContain('owned by user 65534');
  });

  test('two writers: the second is refused', async () => {
    const { lockFile } = await import('../../../platforms/index.ts');
    const open = () =>
      HistoryWriter.open(
        path,
        { sizeBytes: 1 << 20, ageMillis: 1e9, intervalMillis: 1000 },
        { wallMillis: () => START, lock: lockFile, failed: () => undefined },
      );
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'LOCKED' });
    await first.close();
    await Bun.sleep(0);
    await (await open()).close();
    expect(readdirSync(path)).toEqual([LOCK_NAME]);
  });

  test('files that are none of a history are neither read nor removed', async () => {
    const world = new HistoryWorld(START);
    await writeHistory(path, world, 5);
    const foreign = '0000000000-20200101T000000Z.sstop';
    symlinkSync('/etc/passwd', join(path, foreign));
    writeFileSync(join(path, 'notes.txt'), 'mine');
    mkdirSync(join(path, '0000000001-20200101T000000Z.sstop'));
    expect(await replayed()).toHaveLength(5);
    await writeHistory(path, world, 5);
    expect(await replayed()).toHaveLength(10);
    expect(readdirSync(path)).toEqual(expect.arrayContaining([foreign, 'notes.txt']));
  });
});
