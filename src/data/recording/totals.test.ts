import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PrivateFolder } from '../../kit/files/private-folder.ts';
import { useLocalTime } from '../../kit/text/format.ts';
import { NetworkAttribution } from '../attribution/network-attribution.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import type { TotalsPeriod } from '../sample/totals-kind.ts';
import { HistoryWorld, writeHistory } from './history-world.fixture.ts';
import { outdatedTotals, TrafficTotals, totalsFileName } from './totals.ts';
import {
  type AskTotalsPage,
  keepTotals,
  loadTotals,
  readAllTotals,
  totalsPagesOf,
  writeTotals,
} from './totals-files.ts';

const START = Date.UTC(2026, 10, 28, 23, 50);
let path = '';

beforeAll(() => useLocalTime(() => 0));
afterAll(() => useLocalTime((wallMillis) => new Date(wallMillis).getTimezoneOffset() * -60));
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'totals-'));
});
afterEach(() => rmSync(path, { recursive: true }));

async function all(period: TotalsPeriod, at = path) {
  const folder = PrivateFolder.toRead(at);
  const found = await readAllTotals(totalsPagesOf(folder), period);
  folder.close();
  return found;
}

describe('totals of a history', () => {
  const UPLOAD = [{ kind: 'upload', fromSeconds: 300, toSeconds: 900 }] as const;
  const folder = (): string => join(path, 'history');

  test('add up bytes by program, user, unit and network, per hour, day and month', async () => {
    // Five minutes of it before midnight, and five after.
    await writeHistory(folder(), new HistoryWorld(START, UPLOAD), 120);
    const days = await all('day', folder());
    expect(days.map(({ name }) => name)).toEqual(['2026-11-29', '2026-11-28']);
    const [second, first] = days;
    const sent = first!.rows.program[0]!.txBytes + second!.rows.program[0]!.txBytes;
    expect(sent).toBe(600 * 40e6);
    expect(first!.rows.program[0]).toMatchObject({ name: '/usr/bin/program-9004' });
    expect(first!.rows.user[0]).toMatchObject({ name: 'user-1' });
    expect(first!.rows.unit[0]).toMatchObject({ name: 'unit-2.service' });
    expect(first!.rows.network[0]).toMatchObject({ name: '198.51.100.0/24' });
    expect((await all('hour', folder())).map(({ name }) => name)).toEqual(['2026-11-29T00', '2026-11-28T23']);
    const [month] = await all('month', folder());
    expect(month).toMatchObject({ name: '2026-11' });
    expect(month!.rows.network[0]!.txBytes).toBe(600 * 40e6);
  });

  test('go on across restarts and reboots', async () => {
    await writeHistory(folder(), new HistoryWorld(START, UPLOAD), 60);
    await writeHistory(folder(), new HistoryWorld(START, UPLOAD), 60);
    const [day] = await all('day', folder());
    // Five minutes each time.
    expect(day!.rows.program[0]!.txBytes).toBe(2 * 300 * 40e6);
  });
});

describe('the files', () => {
  /** A machine with so many programs that talk to as many networks. */
  function crowd(programs: number) {
    const world = new SampleWorld();
    const name = (pid: number): string => `/opt/${'long-'.repeat(20)}${pid * 7919}`;
    const attribution = new NetworkAttribution({
      commandLine: (pid) => `${name(pid)} --serve`,
      cgroup: (pid) => `/system.slice/${'unit-'.repeat(20)}${pid * 7919}.service`,
      userName: (uid) => `user-${uid}`,
    });
    for (let pid = 1; pid <= programs; pid++) {
      world.addProcess(pid, { uid: pid });
      const remote = `10.${pid >> 8}.${pid & 255}.1`;
      const slot = world.addSocket({ pid, remote, localPort: 10_000 + pid });
      world.grow(slot, pid * 1000, 0);
    }
    return { world, attribution };
  }

  test('hold the fifty greatest and what is left over, within their size', async () => {
    const { world, attribution } = crowd(2000);
    const totals = new TrafficTotals();
    totals.due(START);
    totals.take(world.header(), attribution.absorb(world.sample()));
    for (let pid = 1; pid <= 2000; pid++) world.grow(pid - 1, pid * 1000, 0);
    totals.take(world.header(), attribution.absorb(world.sample()));
    const files = totals.due(START, true);
    expect(files).toHaveLength(3);
    for (const { bytes } of files) expect(bytes.length).toBeLessThanOrEqual(11_000);
    const folder = PrivateFolder.toRead(path);
    await writeTotals(folder, files);
    folder.close();
    const [day] = await all('day');
    const { program } = day!.rows;
    expect(program.length).toBeLessThanOrEqual(51);
    expect(program.at(-1)!.name).toBe('other');
    const sum = program.reduce((total, { txBytes }) => total + txBytes, 0);
    // Both samples count: what a socket had before the first one is its own since accounting began.
    expect(sum).toBe(2000 * 2001 * 1000);
  });

  test('lose nothing where the clock is set back across midnight', async () => {
    const folder = PrivateFolder.toRead(path);
    const totals = new TrafficTotals();
    const { world, attribution } = crowd(1);
    const midnight = Date.UTC(2026, 10, 29);
    for (const wallMillis of [midnight - 5000, midnight + 1000, midnight - 3000, midnight + 2000]) {
      await keepTotals(folder, totals, wallMillis)();
      world.grow(0, 1000, 0);
      totals.take(world.header(), attribution.absorb(world.sample()));
    }
    await keepTotals(folder, totals, midnight + 3000, true)();
    folder.close();
    const sent = (await all('day')).map(({ name, rows }) => [name, rows.program[0]!.txBytes]);
    expect(sent).toEqual([
      ['2026-11-29', 2000],
      // It began with 1000.
      ['2026-11-28', 3000],
    ]);
  });

  test('are of fourteen days, ninety days and a year, and 5 MB at most', async () => {
    const folder = PrivateFolder.toRead(path);
    const totals = new TrafficTotals();
    const { world, attribution } = crowd(60);
    let grown = 0;
    for (let hour = 0; hour < 24 * 400; hour += 24) {
      const wallMillis = START + hour * 3_600_000;
      await writeTotals(folder, totals.due(wallMillis));
      world.grow(grown++ % 60, 1000, 1000);
      totals.take(world.header(), attribution.absorb(world.sample()));
    }
    folder.close();
    expect(await all('day')).toHaveLength(90);
    expect(await all('month')).toHaveLength(12);
    const bytes = readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
    expect(bytes).toBeLessThan(5e6);
  });

  test('that are too many are the oldest', () => {
    const hours = Array.from({ length: 340 }, (_, at) =>
      totalsFileName('hour', new Date(START + at * 3_600_000).toISOString().slice(0, 13)),
    );
    expect(outdatedTotals(['notes.txt', ...hours])).toEqual(hours.slice(0, 4));
    expect((336 + 90 + 12) * 11_000).toBeLessThanOrEqual(5e6);
  });

  test('are read a page at a time, the newest first, and none twice', async () => {
    const one = gzipSync(JSON.stringify({ program: [['x', 1, 2]] }));
    const names = Array.from({ length: 70 }, (_, day) =>
      new Date(START + day * 86_400_000).toISOString().slice(0, 10),
    );
    for (const name of names) writeFileSync(join(path, totalsFileName('day', name)), one);
    writeFileSync(join(path, totalsFileName('month', '2026-11')), one);
    const folder = PrivateFolder.toRead(path);
    const ask = totalsPagesOf(folder);
    const first = await ask('day', undefined);
    expect(first.files).toHaveLength(32);
    expect(first.next).toBe(first.files.at(-1)!.name);
    const last = await ask('day', names[6]);
    expect([last.files.map(({ name }) => name), last.next]).toEqual([names.slice(0, 6).reverse(), undefined]);
    expect((await readAllTotals(ask, 'day')).map(({ name }) => name)).toEqual(names.reverse());
    folder.close();
  });

  test('of an agent that leads in a circle end', async () => {
    let asked = 0;
    const circle: AskTotalsPage = async () => {
      asked++;
      return { files: [], next: '2026-11-28' };
    };
    expect(await readAllTotals(circle, 'day')).toEqual([]);
    expect(asked).toBe(2);
  });

  test('that are damaged or foreign cost only themselves', async () => {
    const hostile = gzipSync(
      JSON.stringify({ program: [['\x1b[31mred', 1, 2], ['x', -1, 2], 7], user: 'none' }),
    );
    writeFileSync(join(path, 'totals-day-2026-11-27.json.gz'), hostile);
    writeFileSync(join(path, 'totals-day-2026-11-26.json.gz'), 'no gzip');
    writeFileSync(join(path, 'totals-day-2026.json.gz'), hostile);
    const days = await all('day');
    expect(days).toHaveLength(1);
    expect(days[0]!.rows.program).toEqual([
      { name: expect.not.stringContaining('\x1b'), txBytes: 1, rxBytes: 2 },
    ]);
    const folder = PrivateFolder.toRead(path);
    const totals = new TrafficTotals();
    await loadTotals(folder, totals, totals.openFiles(Date.UTC(2026, 10, 27)));
    folder.close();
    expect(totals.due(Date.UTC(2026, 10, 27), true)).toEqual([]);
  });
});
