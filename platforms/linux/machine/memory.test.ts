import { expect, test } from 'bun:test';
import { ExpositionWriter } from '../../../src/remote/agent/metrics/exposition-writer.ts';
import { writeMemory } from '../../../src/remote/agent/metrics/machine-metrics.ts';
import { BuiltTree } from '../testdata/built-tree.fixture.ts';
import { MemoryCollector, parseReclaimableArcBytes } from './memory.ts';

const KIB = 1024;
const MEMINFO =
  'MemTotal:       32768000 kB\nMemFree:         4928307 kB\nMemAvailable:    9017754 kB\nBuffers:          102400 kB\nCached:          3900000 kB\nShmem:             35840 kB\nSReclaimable:     500000 kB\n';
const arcstats = (size: number, least: number): string =>
  `9 1 0x01 147 39984 1405644657 619562335795635\nname                            type data\nhits                            4    138399132\nc_min                           4    ${least}\nc_max                           4    16777216000\nsize                            4    ${size}\nother_size                      4    7\n`;

function sampleOf(arc: string | undefined, files: Readonly<Record<string, string>> = {}) {
  using tree = new BuiltTree({
    'proc/meminfo': MEMINFO,
    ...files,
    ...(arc === undefined ? {} : { 'proc/spl/kstat/zfs/arcstats': arc }),
  });
  const collector = new MemoryCollector(tree);
  const sample = collector.collect();
  collector.close();
  return sample;
}

test('what ZFS would give back of its cache is cache and available, not used, as htop counts', () => {
  // htop 3.3 (linux/LinuxMachine.c, LinuxMachine_scan): size - c_min goes from used to cached and available.
  const [size, least] = [15_032_385_536, 1_048_576_000];
  const reclaimable = size - least;
  const plain = sampleOf(undefined);
  const withArc = sampleOf(arcstats(size, least));
  expect(plain.reclaimableArcBytes).toBeUndefined();
  expect(plain.usedBytes).toBe((32_768_000 - 9_017_754) * KIB);
  expect(withArc.reclaimableArcBytes).toBe(reclaimable);
  expect(withArc.usedBytes).toBe(plain.usedBytes - reclaimable);
  expect(withArc.availableBytes).toBe(plain.availableBytes + reclaimable);
  expect(withArc.cachedBytes).toBe(plain.cachedBytes! + reclaimable);
});

test('the tightest limit of its own control groups is told, of either version', () => {
  const limitOf = (files: Readonly<Record<string, string>>) => {
    const { groupLimitBytes, groupUsedBytes } = sampleOf(undefined, files);
    return [groupLimitBytes, groupUsedBytes];
  };
  const unified = { 'proc/self/cgroup': '0::/a.slice/b.service\n' };
  const inner = 'sys/fs/cgroup/a.slice/b.service';
  expect(
    limitOf({
      ...unified,
      [`${inner}/memory.max`]: 'max\n',
      [`${inner}/memory.current`]: '7\n',
      'sys/fs/cgroup/a.slice/memory.max': '629145600\n',
      'sys/fs/cgroup/a.slice/memory.current': '890241024\n',
    }),
  ).toEqual([629_145_600, 890_241_024]);
  // A container sees its own group as the root.
  const container = { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': '1000\n' };
  expect(limitOf({ ...container, 'sys/fs/cgroup/memory.current': '10\n' })).toEqual([1000, 10]);
  const first = { 'proc/self/cgroup': '9:name=systemd:/\n4:cpu,memory:/docker/1\n' };
  const folder = 'sys/fs/cgroup/memory';
  const used = { [`${folder}/memory.usage_in_bytes`]: '5\n' };
  expect(limitOf({ ...first, ...used, [`${folder}/memory.limit_in_bytes`]: '4096\n' })).toEqual([4096, 5]);
  const none = { [`${folder}/memory.limit_in_bytes`]: '9223372036854771712\n' };
  expect(limitOf({ ...first, ...used, ...none })).toEqual([undefined, undefined]);
  expect(limitOf({})).toEqual([undefined, undefined]);
});

test('on /metrics the kernel speaks for itself', () => {
  const page = (arc: string | undefined): string => {
    const writer = new ExpositionWriter();
    writer.begin('text');
    writeMemory(writer, sampleOf(arc));
    return new TextDecoder().decode(writer.finish());
  };
  expect(page(arcstats(15_032_385_536, 1_048_576_000))).toBe(page(undefined));
});

test('a cache at its least gives nothing', () => {
  expect(sampleOf(arcstats(5, 1_048_576_000)).reclaimableArcBytes).toBe(0);
});

test("a container's use is not lowered by the cache of its host", () => {
  const plain = sampleOf(undefined);
  // More than the container uses; less, where lxcfs says what it uses.
  expect(sampleOf(arcstats(4e12, 1e9))).toEqual(plain);
  const mountinfo =
    '24 23 0:55 / /proc rw - proc proc rw\n600 24 0:60 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n';
  expect(sampleOf(arcstats(2e9, 1e9), { 'proc/self/mountinfo': mountinfo })).toEqual(plain);
});

test('a text that is none, or cut, tells nothing', () => {
  const parse = (text: string): number =>
    parseReclaimableArcBytes(new TextEncoder().encode(text), text.length);
  expect(parse('')).toBeNaN();
  expect(parse('size 4 12\n')).toBeNaN();
  expect(parse('c_min 4 1\nsize 4 12')).toBeNaN();
  expect(parse('c_min 4 1\nsize 4 12\n')).toBe(11);
});
