import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ProcessesWant } from '../../../src/data/sample/snapshot.ts';
import { CPU_TOTAL_ROW } from '../../../src/data/schema/cpu-sample.ts';
import { USAGE_COLUMNS } from '../../../src/data/schema/process-columns.ts';
import { DriveSensors } from '../guarded/guarded-space.ts';
import type { DriveQuestion, SpaceAnswer, SpaceQuestion } from '../guarded/helper-message.ts';
import { guardedSpace } from '../guarded/helper-start.fixture.ts';
import { ClassNetLinkSource } from '../sys/class-net.ts';
import { readIntegerAttribute } from '../sys/sysfs-value.ts';
import { BuiltTree } from '../testdata/built-tree.fixture.ts';
import { UNHURRIED } from '../testdata/test-slices.fixture.ts';
import {
  CONTAINER,
  HIDEPID,
  OLD_KERNEL,
  privateFiles,
  RASPBERRY_PI,
  SERVER_128,
  statText,
} from './built-machines.fixture.ts';
import { DiskCollector } from './disks.ts';
import { LinuxMachine } from './machine.ts';

function open(tree: BuiltTree, pageSizeBytes = 4096) {
  const machine = new LinuxMachine({
    procRoot: tree.procRoot,
    sysRoot: tree.sysRoot,
    links: new ClassNetLinkSource(tree.sysRoot),
    nvmlPaths: [],
    space: guardedSpace(),
    pageSizeBytes,
  });
  return Object.assign(machine, { [Symbol.dispose]: () => machine.close() });
}

const readIn = (path: string, name: string): number => readIntegerAttribute(join(path, name)) ?? Number.NaN;

/** Disks of a tree, with the space of a file system told by its mount point; `/gone` is refused. */
async function disksOf(tree: BuiltTree, totals: Readonly<Record<string, number>> = {}) {
  const answerTo = ({ path }: SpaceQuestion): SpaceAnswer => {
    const point = new TextDecoder().decode(path);
    const totalBytes = totals[point] ?? 1000;
    const space = { totalBytes, usedBytes: 400, availableBytes: 550, inodes: 10, freeInodes: 4 };
    return { errno: point === '/gone' ? 2 : 0, space, deviceTarget: undefined };
  };
  const space = {
    ask: async (questions: ReadonlyMap<string, SpaceQuestion>) =>
      new Map(Array.from(questions, ([key, question]) => [key, answerTo(question)])),
    askDrives: async (questions: ReadonlyMap<string, DriveQuestion>) =>
      new Map(
        Array.from(questions, ([key, { path, names }]) => [key, names.map((name) => readIn(path, name))]),
      ),
  };
  const drives = new DriveSensors(space);
  const collector = new DiskCollector({ procRoot: tree.procRoot, sysRoot: tree.sysRoot, space, drives });
  const section = await collector.collect();
  collector.close();
  return section;
}

describe('a Raspberry Pi with 16 KiB pages (built)', () => {
  test('CPU, memory, sensor, network', async () => {
    using tree = new BuiltTree(RASPBERRY_PI);
    using machine = open(tree);
    const section = await machine.collectMachine();
    expect(section.errors).toEqual([]);
    const cpu = section.cpu.value!;
    expect([cpu.onlineCount, cpu.modelName]).toEqual([4, 'Raspberry Pi 5 Model B Rev 1.0']);
    expect([...cpu.times.frequencyHz.subarray(1, 5)]).toEqual([2.4e9, 2.4e9, 2.4e9, 2.4e9]);
    expect([cpu.load1, cpu.load15, cpu.runnableTasks, cpu.tasks]).toEqual([0.52, 0.59, 2, 213]);
    expect([cpu.uptimeSeconds, cpu.maxFrequencyHz, cpu.cpuPressure]).toEqual([350735.47, 2.4e9, undefined]);
    const memory = section.memory.value!;
    expect(memory.usedBytes).toBe((4137424 - 3514512) * 1024);
    expect(memory.cachedBytes).toBe((553408 + 35248) * 1024);
    expect([memory.swapTotalBytes, memory.swapUsedBytes]).toEqual([204784 * 1024, 512 * 1024]);
    expect([memory.zswapPoolBytes, memory.zswapStoredBytes]).toEqual([128 * 1024, 256 * 1024]);
    const { sensors, cpu: cpuSensor } = section.sensors.value!;
    expect(sensors).toHaveLength(1);
    expect(cpuSensor).toMatchObject({ chip: 'cpu-thermal', celsius: 48.95, criticalCelsius: 110 });
    const table = section.networks.value!;
    const slot = table.slots.find(2, 0, 0, 0);
    expect([table.linkBitsPerSecond[slot], table.mtuBytes[slot], table.isUp[slot]]).toEqual([1e9, 1500, 1]);
    expect([table.rxErrors[slot], table.rxDropped[slot]]).toEqual([1, 2]);
    expect([table.txErrors[slot], table.txDropped[slot]]).toEqual([4, 5]);
    expect(table.hardwareAddresses[slot]).toBe('2c:cf:67:00:00:01');
    expect(table.linkBitsPerSecond[table.slots.find(1, 0, 0, 0)]).toBeNaN();
    expect(section.gpus.value).toEqual([]);
  });

  test('memory of processes is counted in pages of its size', async () => {
    using tree = new BuiltTree(RASPBERRY_PI);
    using machine = open(tree, 16384);
    const want = { visiblePids: [812], columns: USAGE_COLUMNS };
    const section = await machine.collectProcesses(want, UNHURRIED);
    const { processes, usage } = section;
    const slot = processes.find(812);
    expect(processes.rssBytes[slot]).toBe(300 * 16384);
    expect(processes.rssBytes[processes.find(900)]).toBe(300 * 16384);
    expect([usage.readBytes[slot], usage.writtenBytes[slot]]).toEqual([4096, 8192]);
    expect(usage.contextSwitches[slot]).toBe(7 + 9);
    expect(usage.readBytes[processes.find(900)]).toBeNaN();
    expect([section.coreCount, section.memoryTotalBytes]).toEqual([4, 4137424 * 1024]);
  });

  test('usage is read for the columns that are wanted, of all processes where they are ordered by it', async () => {
    using tree = new BuiltTree(RASPBERRY_PI);
    using machine = open(tree, 16384);
    const read = async (want: Partial<ProcessesWant>): Promise<number[]> => {
      const visible = { visiblePids: [812], ...want };
      const { processes, usage } = await machine.collectProcesses(visible, UNHURRIED);
      return [812, 900].map((pid) => usage.readBytes[processes.find(pid)]!);
    };
    expect(await read({})).toEqual([Number.NaN, Number.NaN]);
    expect(await read({ columns: ['writtenBytes'] })).toEqual([4096, Number.NaN]);
    expect(await read({ visiblePids: [], columnsOfAll: ['readBytes'] })).toEqual([4096, Number.NaN]);
    const io = privateFiles(900)['proc/900/io'] as string;
    tree.write('proc/900/io', io.replace('4096', '12288'));
    expect(await read({ visiblePids: [], columnsOfAll: ['readBytes'] })).toEqual([4096, 12288]);
    expect(await read({})).toEqual([Number.NaN, Number.NaN]);
  });

  test('one process in depth', async () => {
    using tree = new BuiltTree(RASPBERRY_PI);
    using machine = open(tree, 16384);
    const { process, children, threads, errors } = await machine.collectProcess(812, UNHURRIED);
    expect([process.sharedBytes, process.virtualBytes]).toEqual([120 * 16384, 2000 * 16384]);
    expect(process).toMatchObject({
      ...{ name: 'sshd', ppid: 1, userTicks: 100, systemTicks: 50, startTicks: 5000, threadCount: 2 },
      ...{ residentBytes: 300 * 16384, swappedBytes: 65536, effectiveUid: 33, effectiveGid: 34 },
      ...{ commandLine: '/usr/sbin/sshd --flag', executablePath: '/usr/sbin/daemon', descriptorCount: 3 },
      ...{ workingDirectory: '/var/lib/daemon', cgroup: '/system.slice/sshd.service' },
      ...{ readBytes: 4096, writtenBytes: 8192, voluntarySwitches: 7, involuntarySwitches: 9 },
    });
    expect(
      Array.from(children.slots.rows.subarray(0, children.slots.count), (slot) => children.pid[slot]),
    ).toEqual([900]);
    // The tree has no threads: that fails alone.
    expect([threads.length, errors.length]).toEqual([0, 1]);
  });

  test('disks', async () => {
    using tree = new BuiltTree(RASPBERRY_PI);
    const { fileSystems, devices, errors } = await disksOf(tree);
    expect(errors).toEqual([]);
    expect(fileSystems.map(({ name, mountPoint, isPartition }) => [name, mountPoint, isPartition])).toEqual([
      ['mmcblk0p2', '/', true],
      ['mmcblk0p1', '/boot/firmware', true],
    ]);
    expect(devices[0]).toMatchObject({ model: 'SC64G', isRotational: false, sizeBytes: 60000000 * 512 });
    expect(devices[2]).toMatchObject({ parentName: 'mmcblk0', readBytes: 501000 * 512, busyMillis: 30800 });
  });
});

describe('a server with 128 cores (built)', () => {
  test('every core has its row, the one that is offline too', async () => {
    using tree = new BuiltTree(SERVER_128);
    using machine = open(tree);
    const section = await machine.collectMachine();
    const { times, onlineCount, cpuPressure, ioPressure, memoryPressure } = section.cpu.value!;
    expect([onlineCount, times.count]).toEqual([127, 129]);
    expect([times.user[128], times.idle[128], times.guest[128]]).toEqual([128, 4127, 10]);
    expect([times.isOnline[78], times.user[78], times.frequencyHz[78]]).toEqual([0, Number.NaN, Number.NaN]);
    expect(times.frequencyHz[128]).toBe(2127.5e6);
    expect(times.user[CPU_TOTAL_ROW]).toBe(1000);
    expect(cpuPressure).toEqual({
      some: { avg10: 12.5, avg60: 3, avg300: 1.25, totalMicros: 123456789 },
      full: undefined,
    });
    expect([ioPressure?.full?.totalMicros, memoryPressure]).toEqual([5, undefined]);
    expect([section.memory.value?.swapTotalBytes, section.memory.value?.swapUsedBytes]).toEqual([0, 0]);
    expect(section.memory.value?.zswapPoolBytes).toBeUndefined();
  });

  test('cores come back, and go', async () => {
    using tree = new BuiltTree(SERVER_128);
    using machine = open(tree);
    await machine.collectMachine();
    tree.write('proc/stat', statText(128));
    const all = (await machine.collectMachine()).cpu.value!;
    expect([all.onlineCount, all.times.isOnline[78], all.times.user[78]]).toEqual([128, 1, 78]);
    tree.write('proc/stat', statText(64));
    const half = (await machine.collectMachine()).cpu.value!;
    expect([half.onlineCount, half.times.count, half.times.isOnline[128]]).toEqual([64, 129, 0]);
    expect(half.times.idle[128]).toBeNaN();
  });

  test('the hottest package speaks; what is broken or not connected does not', async () => {
    using tree = new BuiltTree(SERVER_128);
    using machine = open(tree);
    const { sensors, cpu } = (await machine.collectMachine()).sensors.value!;
    expect(cpu).toMatchObject({ label: 'Package id 1', celsius: 71, maxCelsius: 90, device: 'coretemp.1' });
    const byId = new Map(sensors.map((sensor) => [sensor.id, sensor.celsius]));
    expect(byId.get('hwmon2/temp3')).toBeUndefined();
    expect(byId.get('hwmon2/temp4')).toBeUndefined();
    expect(byId.get('hwmon10/temp2')).toBe(75);
  });

  test('a volume has the temperature of the hottest drive below it; snaps and loops are left out', async () => {
    using tree = new BuiltTree(SERVER_128);
    const { fileSystems, devices } = await disksOf(tree);
    expect(fileSystems).toHaveLength(1);
    expect(fileSystems[0]).toMatchObject({ name: 'vg-root', isPartition: false, type: 'xfs' });
    expect(fileSystems[0]!.device?.temperatureCelsius).toBe(44.85);
    const degrees = Object.fromEntries(devices.map((device) => [device.name, device.temperatureCelsius]));
    expect(degrees).toEqual({ nvme0n1: 38.85, nvme1n1: 44.85, nvme0n1p1: 38.85, 'dm-0': 44.85 });
    expect(devices[0]).toMatchObject({ model: 'Fast SSD 1', inFlight: 1, discardedBytes: 40 * 512 });
  });
});

describe('a container (built)', () => {
  test('its root once; neither the files of its runtime nor the same space again', async () => {
    using tree = new BuiltTree(CONTAINER);
    const shown = async (totals: Readonly<Record<string, number>>) =>
      (await disksOf(tree, totals)).fileSystems.map(({ name, mountPoint }) => `${name} ${mountPoint}`);
    expect(await shown({ '/': 5000, '/data': 7000 })).toEqual(['overlay /', 'sdb1 /data']);
    expect(await shown({ '/': 5000, '/data': 5000 })).toEqual(['overlay /']);
  });

  test('no pressure, no sensors, no frequency: missing, not zero', async () => {
    using tree = new BuiltTree(CONTAINER);
    using machine = open(tree);
    const { cpu, sensors, memory, errors } = await machine.collectMachine();
    expect(cpu.value).toMatchObject({ onlineCount: 8, modelName: 'Cloud CPU' });
    expect([cpu.value?.cpuPressure, cpu.value?.maxFrequencyHz]).toEqual([undefined, undefined]);
    expect(cpu.value?.times.frequencyHz[1]).toBeNaN();
    expect(sensors.value).toEqual({ sensors: [], cpu: undefined });
    expect([memory.value?.swapTotalBytes, memory.value?.buffersBytes]).toEqual([undefined, undefined]);
    // This one has no network, which fails alone.
    expect(errors.map(({ op }) => op)).toEqual(['open']);
  });
});

test('hidepid (built): what is private of a process is missing', async () => {
  using tree = new BuiltTree(HIDEPID);
  using machine = open(tree);
  const { processes, usage } = await machine.collectProcesses(
    { visiblePids: [77], columns: ['readBytes'] },
    UNHURRIED,
  );
  expect(processes.slots.count).toBe(1);
  expect(usage.readBytes[processes.find(77)]).toBeNaN();
  const { process } = await machine.collectProcess(77, UNHURRIED);
  expect([process.readBytes, process.executablePath, process.descriptorCount]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await expect(machine.collectProcess(78, UNHURRIED)).rejects.toMatchObject({ code: 'ESRCH' });
});

test('an old kernel (built): available memory is estimated, columns that are not there are 0', async () => {
  using tree = new BuiltTree(OLD_KERNEL);
  using machine = open(tree);
  const { cpu, memory } = await machine.collectMachine();
  expect(memory.value?.availableBytes).toBe((100 + 50 + 400 + 20 - 30) * 1024);
  expect(memory.value?.swapUsedBytes).toBe(300 * 1024);
  expect([memory.value?.zramStoredBytes, memory.value?.zramPoolBytes]).toEqual([204800, 61440]);
  const times = cpu.value!.times;
  expect([times.idle[1], times.iowait[1], times.steal[1]]).toEqual([40, 0, 0]);
  expect([cpu.value?.contextSwitches, cpu.value?.forks, cpu.value?.load1]).toEqual([5, undefined, undefined]);
});

test('each part fails alone and says so', async () => {
  using tree = new BuiltTree({ ...RASPBERRY_PI, 'proc/meminfo': 'nonsense\n' });
  using machine = open(tree);
  tree.remove('proc/net');
  const section = await machine.collectMachine();
  expect(section.cpu.value).toBeDefined();
  expect(section.memory.value).toBeUndefined();
  expect(section.memory.error).toMatchObject({ op: 'parse /proc/meminfo', code: 'BAD_VALUE' });
  expect(section.networks.error?.code).toBe('ENOENT');
  expect(section.errors).toHaveLength(2);
  expect(section.memory.durationMicros).toBeGreaterThan(0);
});

test.each(['loadavg', 'uptime'])('without /proc/%s the rest is there, and an error says so', async (file) => {
  using tree = new BuiltTree(RASPBERRY_PI);
  tree.remove(`proc/${file}`);
  using machine = open(tree);
  const { cpu, errors } = await machine.collectMachine();
  expect(cpu.value?.onlineCount).toBe(4);
  expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining(`/proc/${file}: ENOENT`)]);
});

test('GPU and temperatures can be switched off', async () => {
  using tree = new BuiltTree(RASPBERRY_PI);
  const machine = new LinuxMachine({ ...tree, gpus: false, temperatures: false });
  const { gpus, sensors } = await machine.collectMachine();
  expect([gpus.value, gpus.error, sensors.value, sensors.error]).toEqual(Array(4).fill(undefined));
  machine.close();
});

test.each([
  [
    '/proc/cpuinfo',
    { 'proc/cpuinfo': 'processor\t: 0\ncpu MHz\t\t: 0.000\n\nprocessor\t: 1\ncpu MHz\t\t: 900.0\n' },
  ],
  [
    'cpufreq',
    {
      'sys/devices/system/cpu/cpufreq/policy0/related_cpus': '0\n',
      'sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq': '0\n',
      'sys/devices/system/cpu/cpufreq/policy1/related_cpus': '1\n',
      'sys/devices/system/cpu/cpufreq/policy1/scaling_cur_freq': '900000\n',
    },
  ],
])('a clock of 0 in %s is unknown', async (_where, files) => {
  using tree = new BuiltTree({ 'proc/stat': statText(2), ...files });
  using machine = open(tree);
  const { cpu } = await machine.collectMachine();
  expect([...cpu.value!.times.frequencyHz.subarray(1, 3)]).toEqual([Number.NaN, 900e6]);
});

test('the clocks of a container whose cores are numbered anew (lxcfs) are not those of the host', async () => {
  const policy = 'sys/devices/system/cpu/cpufreq/policy';
  using tree = new BuiltTree({
    'proc/stat': statText(2),
    'proc/cpuinfo': 'processor\t: 0\ncpu MHz\t\t: 800.0\n\nprocessor\t: 1\ncpu MHz\t\t: 900.0\n',
    'sys/devices/system/cpu/online': '0-7\n',
    [`${policy}0/related_cpus`]: '0 1\n',
    [`${policy}0/scaling_cur_freq`]: '3000000\n',
  });
  const clocks = async (): Promise<number[]> => {
    using machine = open(tree);
    const { cpu } = await machine.collectMachine();
    return [...cpu.value!.times.frequencyHz.subarray(1, 3)];
  };
  expect(await clocks()).toEqual([800e6, 900e6]);
  tree.write('sys/devices/system/cpu/online', '0-1\n');
  expect(await clocks()).toEqual([3e9, 3e9]);
});
