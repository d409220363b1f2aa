import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GpuSample } from '../../../src/data/schema/gpu-sample.ts';
import { findNvml } from '../nvml/library.ts';
import { findPciName } from '../sys/drm.ts';
import { BuiltTree, type TreeFiles } from '../testdata/built-tree.fixture.ts';
import { GpuCollector, type GpuCollectorOptions } from './gpus.ts';

const compiler = ['/usr/bin/cc', '/usr/bin/gcc', '/usr/bin/clang'].find((path) => existsSync(path));
const nvidiaSmi = Bun.which('nvidia-smi');
if (compiler === undefined)
  console.error('no C compiler: the library that answers as NVML does is not built');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nvml-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function buildLibrary(name: string, ...flags: string[]): string {
  const path = join(folder, name);
  const source = join(import.meta.dir, '../testdata/fake-nvml.c');
  const { success, stderr } = Bun.spawnSync([compiler!, '-shared', '-fPIC', '-o', path, ...flags, source]);
  expect([success, stderr.toString()]).toEqual([true, '']);
  return path;
}

function read(tree: BuiltTree, options: Partial<GpuCollectorOptions> = {}) {
  const collector = new GpuCollector({
    ...tree,
    nvmlPaths: [],
    pciIdsPaths: [],
    lookMillis: 1000,
    ...options,
  });
  const reading = collector.collect();
  collector.close();
  return reading;
}

/** An NVIDIA card on the bus, as sysfs shows it. */
function nvidiaDevice(control: string, status: string): TreeFiles {
  const path = 'sys/bus/pci/devices/0000:65:00.0';
  return {
    [`${path}/vendor`]: '0x10de\n',
    [`${path}/class`]: '0x030200\n',
    [`${path}/power/control`]: `${control}\n`,
    [`${path}/power/runtime_status`]: `${status}\n`,
  };
}

describe.skipIf(compiler === undefined)(
  'NVIDIA, by a library built to answer as NVML does (needs a C compiler)',
  () => {
    test('two GPUs, one of which tells little', () => {
      using tree = new BuiltTree({});
      const { gpus, error } = read(tree, { nvmlPaths: [buildLibrary('libnvidia-ml.so.1')] });
      expect(error).toBeUndefined();
      expect(gpus[0]).toMatchObject({
        ...{ id: '0000:65:00.0', name: 'NVIDIA H100 80GB HBM3', vendor: 'nvidia', isAsleep: false },
        ...{ utilizationPercent: 37, memoryUsedBytes: 12884901888, memoryTotalBytes: 85520809984 },
        ...{ temperatureCelsius: 40, powerMilliwatts: 123456, frequencyHz: 1755e6, maxFrequencyHz: 1980e6 },
      });
      expect(gpus[0]!.processes).toEqual([
        { pid: 77, memoryBytes: 5 << 20, utilizationPercent: 0, engines: [] },
        { pid: 4242, memoryBytes: (1 << 30) + (1 << 20), utilizationPercent: 33, engines: [] },
        { pid: 4243, memoryBytes: undefined, utilizationPercent: 0, engines: [] },
      ]);
      expect(gpus[1]).toMatchObject({
        ...{ id: 'nvidia1', name: 'Tesla K80', utilizationPercent: undefined, powerMilliwatts: undefined },
        ...{
          memoryUsedBytes: 1000000000,
          memoryTotalBytes: 12000000000,
          temperatureCelsius: 41,
          processes: [],
        },
      });
    });

    test('a driver that is not loaded is an error of its own, and asked again a minute later', () => {
      using tree = new BuiltTree(AMD);
      let micros = 0;
      const collector = new GpuCollector({
        ...{ ...tree, nvmlPaths: [buildLibrary('refusing.so', '-DREFUSE')], pciIdsPaths: [] },
        clock: () => micros,
      });
      for (const now of [0, 59e6, 61e6]) {
        micros = now;
        const { gpus, error } = collector.collect();
        expect(gpus.map(({ vendor }) => vendor)).toEqual(['amd']);
        expect(error).toMatchObject({ op: 'nvmlInit_v2', code: 'DRIVER_NOT_LOADED' });
      }
      collector.close();
    });

    test('a GPU that sleeps is left alone', () => {
      using tree = new BuiltTree(nvidiaDevice('auto', 'suspended'));
      let micros = 0;
      const nvmlPaths = [buildLibrary('sleepy.so')];
      const collector = new GpuCollector({ ...tree, nvmlPaths, clock: () => micros });
      expect(collector.collect().gpus).toMatchObject([
        { id: '0000:65:00.0', isAsleep: true, name: 'NVIDIA' },
      ]);
      tree.write('sys/bus/pci/devices/0000:65:00.0/power/runtime_status', 'active\n');
      micros = 4e6;
      expect(collector.collect().gpus[0]!.isAsleep).toBe(true);
      micros = 6e6;
      expect(collector.collect().gpus[0]!.utilizationPercent).toBe(37);
      tree.write('sys/bus/pci/devices/0000:65:00.0/power/runtime_status', 'suspended\n');
      micros = 12e6;
      expect(collector.collect().gpus[0]).toMatchObject({
        ...{ isAsleep: true, name: 'NVIDIA H100 80GB HBM3', memoryTotalBytes: 85520809984 },
        ...{ utilizationPercent: undefined, temperatureCelsius: undefined },
      });
      collector.close();
    });

    test('a library that is none says so', () => {
      using tree = new BuiltTree({});
      const { gpus, error } = read(tree, { nvmlPaths: ['/dev/null'] });
      expect(gpus).toEqual([]);
      expect(error).toMatchObject({ op: 'dlopen', code: 'ENOEXEC' });
    });
  },
);

test('without a GPU there is none, and no library is opened', () => {
  using tree = new BuiltTree({});
  expect(read(tree)).toEqual({ gpus: [], error: undefined });
});

const AMD: TreeFiles = {
  ...card(0, '0000:03:00.0', 'amdgpu', '0x1002', '0x73bf'),
  ...{
    'sys/devices/0000:03:00.0/gpu_busy_percent': '83\n',
    'sys/devices/0000:03:00.0/mem_info_vram_used': '1073741824\n',
    'sys/devices/0000:03:00.0/mem_info_vram_total': '17163091968\n',
    'sys/devices/0000:03:00.0/hwmon/hwmon3/temp1_input': '51000\n',
    'sys/devices/0000:03:00.0/hwmon/hwmon3/power1_average': '35000000\n',
    'sys/devices/0000:03:00.0/hwmon/hwmon3/freq1_input': '500000000\n',
    'sys/devices/0000:03:00.0/power/runtime_status': 'active\n',
  },
};

function card(number: number, address: string, driver: string, vendor: string, device: string): TreeFiles {
  return {
    [`sys/drivers/${driver}/`]: '',
    [`sys/devices/${address}/vendor`]: `${vendor}\n`,
    [`sys/devices/${address}/device`]: `${device}\n`,
    [`sys/devices/${address}/driver`]: { link: `../../drivers/${driver}` },
    [`sys/class/drm/card${number}/device`]: { link: `../../../devices/${address}` },
    [`sys/class/drm/card${number}-DP-1/status`]: 'connected\n',
  };
}

/** A process with two descriptors of one client and another of its own. */
function client(pid: number, descriptor: number, fdinfo: string): TreeFiles {
  return {
    [`proc/${pid}/fd/${descriptor}`]: { link: '/dev/dri/renderD128' },
    [`proc/${pid}/fd/0`]: { link: '/dev/null' },
    [`proc/${pid}/fdinfo/${descriptor}`]: fdinfo,
  };
}

function fdinfo(driver: string, address: string, id: number, ...lines: string[]): string {
  const head = `pos:\t0\ndrm-driver:\t${driver}\ndrm-pdev:\t${address}\ndrm-client-id:\t${id}\n`;
  return head + lines.map((line) => `${line}\n`).join('');
}

test('AMD (built): sysfs, and processes by their descriptors', () => {
  const pciIds = '1001  Other\n\t73bf  Wrong\n1002  AMD\n\t73bf  Navi 21 [Radeon RX 6800]\n\t\t1002 1  Sub\n';
  using tree = new BuiltTree({
    ...AMD,
    'sys/pci.ids': pciIds,
    ...client(
      10,
      5,
      fdinfo('amdgpu', '0000:03:00.0', 7, 'drm-memory-vram:\t1024 KiB', 'drm-engine-gfx:\t500 ns'),
    ),
    ...client(
      11,
      4,
      fdinfo('amdgpu', '0000:03:00.0', 8, 'drm-memory-vram:\t2048 KiB', 'drm-engine-gfx:\t70 ns'),
    ),
  });
  tree.write('proc/10/fd/6', { link: '/dev/dri/renderD128' });
  tree.write('proc/10/fdinfo/6', fdinfo('amdgpu', '0000:03:00.0', 7, 'drm-engine-gfx:\t500 ns'));
  tree.write('proc/11/fd/9', { link: '/dev/dri/card0' });
  tree.write('proc/11/fdinfo/9', fdinfo('amdgpu', '0000:03:00.0', 9, 'drm-engine-gfx:\t30 ns'));
  const { gpus, error } = read(tree, { pciIdsPaths: [join(tree.root, 'sys/pci.ids')] });
  expect(error).toBeUndefined();
  expect(gpus).toHaveLength(1);
  expect(gpus[0]).toMatchObject({
    ...{ id: '0000:03:00.0', vendor: 'amd', name: 'Radeon RX 6800', utilizationPercent: 83, isAsleep: false },
    ...{ memoryUsedBytes: 1073741824, memoryTotalBytes: 17163091968, temperatureCelsius: 51 },
    ...{ powerMilliwatts: 35000, frequencyHz: 500e6, maxFrequencyHz: undefined },
  });
  const gfx = (busy: number) => [{ engine: 'gfx', busy, total: undefined, capacity: 1 }];
  expect(gpus[0]!.processes).toEqual([
    { pid: 10, memoryBytes: 1 << 20, utilizationPercent: undefined, engines: gfx(500) },
    { pid: 11, memoryBytes: 2 << 20, utilizationPercent: undefined, engines: gfx(100) },
  ]);
});

test('a card that tells what cannot be has unknown figures', () => {
  using tree = new BuiltTree(AMD);
  const device = 'sys/devices/0000:03:00.0';
  for (const [busy, used, power] of [
    ['-1', '-5', '-1'],
    ['65535', '17163091969', '4294967295000000'],
  ] as const) {
    tree.write(`${device}/gpu_busy_percent`, `${busy}\n`);
    tree.write(`${device}/mem_info_vram_used`, `${used}\n`);
    tree.write(`${device}/hwmon/hwmon3/power1_average`, `${power}\n`);
    tree.write(`${device}/hwmon/hwmon3/freq1_input`, '-1\n');
    expect(read(tree).gpus[0]).toMatchObject({
      ...{ utilizationPercent: undefined, memoryUsedBytes: undefined, powerMilliwatts: undefined },
      ...{ frequencyHz: undefined, memoryTotalBytes: 17163091968, temperatureCelsius: 51 },
    });
  }
  tree.write(`${device}/mem_info_vram_total`, '0\n');
  expect(read(tree).gpus[0]?.memoryTotalBytes).toBeUndefined();
});

test('a card that is powered down is not asked', () => {
  using tree = new BuiltTree(AMD);
  tree.write('sys/devices/0000:03:00.0/power/runtime_status', 'suspended\n');
  expect(read(tree).gpus[0]).toMatchObject({
    isAsleep: true,
    utilizationPercent: undefined,
    memoryTotalBytes: undefined,
  });
});

test('a card that was powered down when it was found is read once it runs', () => {
  const device = 'sys/devices/0000:03:00.0';
  // A folder refuses to be read, as the attributes of a sleeping card do.
  const { [`${device}/gpu_busy_percent`]: _, ...files } = AMD;
  using tree = new BuiltTree({ ...files, [`${device}/gpu_busy_percent/`]: '' });
  tree.write(`${device}/power/runtime_status`, 'suspended\n');
  const collector = new GpuCollector({ ...tree, nvmlPaths: [], pciIdsPaths: [] });
  expect(collector.collect().gpus[0]).toMatchObject({ isAsleep: true, utilizationPercent: undefined });
  rmSync(join(tree.root, device, 'gpu_busy_percent'), { recursive: true });
  tree.write(`${device}/gpu_busy_percent`, '83\n');
  tree.write(`${device}/power/runtime_status`, 'active\n');
  expect(collector.collect().gpus[0]).toMatchObject({ isAsleep: false, utilizationPercent: 83 });
  collector.close();
});

test('Intel, by i915 and by xe (built), beside a card that only shows pictures', () => {
  using tree = new BuiltTree({
    ...card(0, '0000:00:02.0', 'i915', '0x8086', '0x9a49'),
    'sys/class/drm/card0/gt_act_freq_mhz': '350\n',
    'sys/class/drm/card0/gt_max_freq_mhz': '1300\n',
    ...card(1, '0000:04:00.0', 'xe', '0x8086', '0xe20b'),
    'sys/devices/0000:04:00.0/tile0/gt0/freq0/act_freq': '2850\n',
    'sys/devices/0000:04:00.0/hwmon/hwmon1/temp2_input': '49000\n',
    ...card(2, '0000:07:00.0', 'ast', '0x1a03', '0x2000'),
    ...client(20, 3, fdinfo('i915', '0000:00:02.0', 1, 'drm-engine-render:\t9 ns')),
    ...client(21, 3, fdinfo('xe', '0000:04:00.0', 1, 'drm-cycles-rcs:\t5', 'drm-total-cycles-rcs:\t50')),
  });
  const { gpus } = read(tree);
  expect(gpus.map(({ id, name, vendor }) => [id, name, vendor])).toEqual([
    ['0000:00:02.0', 'i915', 'intel'],
    ['0000:04:00.0', 'xe', 'intel'],
  ]);
  expect(gpus[0]).toMatchObject({
    frequencyHz: 350e6,
    maxFrequencyHz: 1300e6,
    utilizationPercent: undefined,
  });
  expect(gpus[1]).toMatchObject({ frequencyHz: 2850e6, temperatureCelsius: 49 });
  expect(gpus.map(({ processes }) => processes.map(({ pid }) => pid))).toEqual([[20], [21]]);
  expect(gpus[1]!.processes[0]!.engines[0]).toMatchObject({ busy: 5, total: 50 });
});

test('a descriptor that closed, and a process that went, are no clients any more', () => {
  using tree = new BuiltTree({
    ...AMD,
    ...client(10, 5, fdinfo('amdgpu', '0000:03:00.0', 7, 'drm-engine-gfx:\t1 ns')),
    ...client(11, 5, fdinfo('amdgpu', '0000:03:00.0', 8, 'drm-engine-gfx:\t2 ns')),
  });
  const collector = new GpuCollector({ ...tree, nvmlPaths: [], lookMillis: 1000 });
  const pids = (): number[] => collector.collect().gpus[0]!.processes.map(({ pid }) => pid);
  expect(pids()).toEqual([10, 11]);
  tree.write('proc/10/fdinfo/5', 'pos:\t0\n');
  tree.remove('proc/10/fd/5');
  tree.remove('proc/11');
  expect(pids()).toEqual([]);
  collector.close();
});

test('names of PCI devices', () => {
  const text =
    '# comment\n0001  First\n\taaaa  One\n8086  Intel\n# inside\n\t9a49  TigerLake [Iris Xe]\n\t1234  Plain\n';
  expect(findPciName(text, '8086', '9a49')).toBe('Iris Xe');
  expect(findPciName(text, '8086', '1234')).toBe('Plain');
  expect(findPciName(text, '8086', 'aaaa')).toBeUndefined();
  expect(findPciName(text, '0001', '9a49')).toBeUndefined();
  expect(findPciName('', '0001', '9a49')).toBeUndefined();
});

const hasNvidia = nvidiaSmi !== null && findNvml() !== undefined;

test.skipIf(!hasNvidia)('the figures of nvidia-smi (needs an NVIDIA GPU)', async () => {
  const query = '--query-gpu=name,memory.total,memory.used,temperature.gpu';
  const child = Bun.spawn([nvidiaSmi!, query, '--format=csv,noheader,nounits']);
  const lines = (await new Response(child.stdout).text()).trim().split('\n');
  const collector = new GpuCollector({ procRoot: '/proc', sysRoot: '/sys' });
  const gpus: readonly GpuSample[] = collector.collect().gpus;
  collector.close();
  expect(gpus).toHaveLength(lines.length);
  for (const [i, line] of lines.entries()) {
    const [name, total, used, celsius] = line.split(', ');
    expect(gpus[i]!.name).toBe(name!);
    expect(Math.round(gpus[i]!.memoryTotalBytes! / 2 ** 20)).toBe(Number(total));
    expect(Math.abs(gpus[i]!.memoryUsedBytes! / 2 ** 20 - Number(used))).toBeLessThan(600);
    expect(Math.abs(gpus[i]!.temperatureCelsius! - Number(celsius))).toBeLessThanOrEqual(3);
  }
});
