import { afterAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MountEntry, parseMountEntries } from '../proc/mountinfo.ts';
import { readGroupWaits } from './group-waits.ts';

const folder = mkdtempSync(join(tmpdir(), 'groups-'));
const STALL =
  'some avg10=1.50 avg60=0.16 avg300=0.49 total=18577411\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n';

afterAll(() => rmSync(folder, { recursive: true }));

function write(path: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, path), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, path, name), text);
}

function mountsOf(...lines: readonly string[]): readonly MountEntry[] {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return parseMountEntries(bytes, bytes.length);
}

const UNIFIED = `30 25 0:26 / ${folder}/unified rw - cgroup2 cgroup2 rw,nsdelegate`;
const CPU = `31 25 0:27 / ${folder}/cpu rw - cgroup cgroup rw,cpu,cpuacct`;

describe('what a control group waits for', () => {
  test('in version 2', () => {
    write('unified/a.slice/b.service', {
      ...{ 'cpu.pressure': STALL, 'memory.pressure': STALL, 'io.pressure': STALL },
      'cpu.stat': 'usage_usec 50\nnr_periods 90\nnr_throttled 4\nthrottled_usec 2000000\nnr_bursts 0\n',
      'memory.events': 'low 0\nhigh 3\nmax 2\noom 1\noom_kill 1\n',
    });
    const waits = readGroupWaits('0::/a.slice/b.service\n', mountsOf(UNIFIED));
    expect(waits).toMatchObject({
      ...{ periods: 90, throttledPeriods: 4, throttledMicros: 2e6, usedMicros: 50 },
      ...{ memoryHighs: 3, memoryMaxes: 2, memoryKills: 1 },
    });
    expect(waits?.ioPressure?.some?.avg10).toBe(1.5);
    expect(waits?.cpuPressure?.full?.totalMicros).toBe(0);
  });

  test('in version 1, beside an unified hierarchy without controllers', () => {
    write('cpu/b', {
      'cpu.stat': 'nr_periods 7\nnr_throttled 2\nthrottled_time 3000000000\n',
      'cpuacct.usage': '9000\n',
    });
    write('unified/b', { 'cpu.pressure': '' });
    const text = '4:memory:/m\n3:cpu,cpuacct:/b\n0::/b\n';
    expect(readGroupWaits(text, mountsOf(UNIFIED, CPU))).toEqual({
      ...{ cpuPressure: undefined, memoryPressure: undefined, ioPressure: undefined },
      ...{ periods: 7, throttledPeriods: 2, throttledMicros: 3e6, usedMicros: 9 },
      ...{ memoryHighs: undefined, memoryMaxes: undefined, memoryKills: undefined },
    });
  });

  test('below a mount that begins within the hierarchy', () => {
    write('inner/b', { 'cpu.stat': 'nr_periods 5\nnr_throttled 0\nthrottled_usec 0\n' });
    const mounts = mountsOf(`30 25 0:26 /docker/x ${folder}/inner rw - cgroup2 cgroup2 rw`);
    expect(readGroupWaits('0::/docker/x/b\n', mounts)?.periods).toBe(5);
    expect(readGroupWaits('0::/docker/y/b\n', mounts)).toBeUndefined();
  });

  test.each(['', 'x', '0::/\n', '0::/../../etc\n', '0::/none\n', '0::no\n'])(
    'of %j nothing is known',
    (text) => {
      expect(readGroupWaits(text, mountsOf(UNIFIED))).toBeUndefined();
      expect(readGroupWaits(text, [])).toBeUndefined();
    },
  );
});
