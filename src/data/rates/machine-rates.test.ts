import { describe, expect, test } from 'bun:test';
import { SystemWorld } from '../sample/system-world.fixture.ts';
import { HISTORY_SAMPLES, SampleHistory } from './histories.ts';
import { GpuRates, MachineRates } from './machine-rates.ts';
import { DetailRates, ProcessRates } from './process-rates.ts';

describe('a history', () => {
  test('keeps the last six hundred values, oldest first from its place on', () => {
    const history = new SampleHistory();
    expect(history.last).toBeNaN();
    for (let i = 0; i < HISTORY_SAMPLES + 5; i++) history.push(i);
    expect([history.count, history.last]).toEqual([600, 604]);
    expect(history.values[(history.newest + 1) % history.capacity]).toBe(5);
    history.clear();
    expect([history.count, history.last]).toEqual([0, Number.NaN]);
  });
});

describe('rates of a machine', () => {
  test('of processors: unknown at first, then all together and each with its past and trend', () => {
    const world = new SystemWorld(2);
    const rates = new MachineRates();
    rates.update(world.machine());
    expect([rates.cpu.usage.total, rates.cpu.coreOf(0), rates.cpu.total.last]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    for (let i = 0; i < 8; i++) {
      world.pass(0.5, [i < 4 ? 0.1 : 0.9, 0]);
      rates.update(world.machine());
    }
    expect(rates.cpu.usage.total).toBeCloseTo(45);
    expect(rates.cpu.coreOf(0)).toBeCloseTo(90);
    expect([rates.cpu.trendOf(0), rates.cpu.trendOf(1)]).toEqual(['up', 'flat']);
    expect(rates.cpu.cores.map(({ count }) => count)).toEqual([9, 9]);
  });

  test('of a section that was seen before change nothing', () => {
    const world = new SystemWorld();
    const rates = new MachineRates();
    const section = world.machine();
    rates.update(section);
    rates.update(section);
    expect(rates.cpu.total.count).toBe(1);
  });

  test('of interfaces: the uplinks together, peaks that stay, loopback apart', () => {
    const world = new SystemWorld();
    const rates = new MachineRates();
    rates.update(world.machine());
    expect(rates.interfaces.download).toBeNaN();
    const eth0 = 1;
    for (const bytes of [1000, 5000, 0, 0]) {
      world.pass(1);
      world.interfaces.rxBytes[eth0]! += bytes;
      world.interfaces.rxBytes[0]! += 1e6;
      rates.update(world.machine());
    }
    const { interfaces, download, downloadPeak, downloads, uploadPeak } = rates.interfaces;
    expect([download, downloadPeak, downloads.last, uploadPeak]).toEqual([0, 5000, 0, 0]);
    expect(Array.from(interfaces[0]!.traffic.values.subarray(0, 5))).toEqual([Number.NaN, 1000, 5000, 0, 0]);
    expect(interfaces.map(({ name, downloadPeak: peak }) => [name, peak])).toEqual([
      ['eth0', 5000],
      ['lo', 1e6],
    ]);
  });

  test('of interfaces of a machine that tells no uplinks: all but loopback', () => {
    const world = new SystemWorld();
    world.interfaces.isUplink.fill(0);
    const rates = new MachineRates();
    rates.update(world.machine());
    world.pass(2);
    world.interfaces.txBytes[1]! += 4000;
    world.interfaces.txBytes[0]! += 9e9;
    rates.update(world.machine());
    expect(rates.interfaces.uploads.last).toBe(2000);
  });

  test('of disks: by the time between their own samples', () => {
    const world = new SystemWorld();
    const rates = new MachineRates();
    const device = { name: 'vda', readBytes: 0, writtenBytes: 100 };
    const sample = () => {
      world.devices.length = 0;
      world.devices.push({ ...device } as unknown as (typeof world.devices)[number]);
      rates.updateDisks(world.disks());
    };
    sample();
    expect(rates.disks.rateOf('vda')).toEqual({ read: Number.NaN, written: Number.NaN });
    world.pass(5);
    device.readBytes = 50;
    sample();
    expect(rates.disks.rateOf('vda')).toEqual({ read: 10, written: 0 });
    expect(rates.disks.rateOf('sdx').read).toBeNaN();
  });

  test.each([
    [['sda', 'sda1', 'dm-0', 'md127', 'zd16', 'loop3', 'zram0'], ['sda']],
    [
      ['nvme0n1', 'nvme0c0n1', 'nvme0c1n1', 'nvme1n1'],
      ['nvme0n1', 'nvme1n1'],
    ],
    // Before Linux 6.4 the drive counts nothing.
    [
      ['nvme0c0n1', 'nvme0c1n1', 'nbd0'],
      ['nbd0', 'nvme0c0n1', 'nvme0c1n1'],
    ],
  ])('of disks together: the bytes of %p once', (names, counted) => {
    const world = new SystemWorld();
    const rates = new MachineRates();
    for (const readBytes of [1000, 3000]) {
      world.devices.length = 0;
      for (const name of names) {
        const device = { name, isPartition: name === 'sda1', readBytes, writtenBytes: 0 };
        world.devices.push(device as unknown as (typeof world.devices)[number]);
      }
      rates.updateDisks(world.disks());
      world.pass(2);
    }
    expect(rates.disks.busiest.map(({ name }) => name)).toEqual(counted);
    expect(rates.disks.reads.last).toBe(1000 * counted.length);
  });

  test('do not continue what was before a break, but keep the past', () => {
    const world = new SystemWorld();
    const rates = new MachineRates();
    rates.update(world.machine());
    world.pass(1, 0.5);
    rates.update(world.machine());
    rates.rebase();
    world.pass(1000, 1);
    world.interfaces.rxBytes[1]! += 1e12;
    rates.update(world.machine());
    expect([rates.cpu.usage.total, rates.interfaces.download]).toEqual([Number.NaN, Number.NaN]);
    expect(rates.cpu.total.count).toBe(3);
  });
});

test('a GPU without a figure of its own is as busy as its busiest kind of engine', () => {
  const rates = new GpuRates();
  const gpu = (render: number, video: number) => ({
    ...{ id: 'card0', name: 'GPU', vendor: 'intel' as const, isAsleep: false, utilizationPercent: undefined },
    ...{ memoryUsedBytes: undefined, memoryTotalBytes: undefined, temperatureCelsius: undefined },
    ...{ powerMilliwatts: undefined, frequencyHz: undefined, maxFrequencyHz: undefined },
    processes: [1, 2].map((pid) => ({
      ...{ pid, memoryBytes: undefined, utilizationPercent: undefined },
      engines: [
        { engine: 'render', busy: render, total: undefined, capacity: 1 },
        { engine: 'video', busy: video, total: undefined, capacity: 2 },
      ],
    })),
  });
  rates.update([gpu(0, 0)], 0);
  expect(rates.percentOf('card0')).toBeNaN();
  rates.update([gpu(0.2e9, 0.3e9)], 1e6);
  expect(rates.percentOf('card0')).toBeCloseTo(40);
});

test('storage I/O of a process is known from its second reading in a row, at rest too', () => {
  const world = new SystemWorld();
  const slot = world.addProcess(7, { name: 'reader' });
  const rates = new ProcessRates();
  const read = (bytes: number | undefined) => {
    world.pass(2);
    const section = world.machineProcesses();
    if (bytes !== undefined) {
      world.usage.readBytes[slot] = bytes;
      world.usage.writtenBytes[slot] = 0;
    }
    rates.update(section, world.header());
    return rates.usage.read.smooth[slot]!;
  };
  expect([read(undefined), read(undefined), read(100), read(100), read(300)]).toEqual([
    ...[Number.NaN, Number.NaN, Number.NaN, 0],
    expect.any(Number),
  ]);
  expect(rates.usage.read.raw[slot]).toBe(100);
  expect(read(undefined)).toBeNaN();
});

test('one process in depth: CPU by true time, I/O, threads; another process begins anew', () => {
  const world = new SystemWorld();
  world.addProcess(7, { name: 'worker', residentBytes: 5000 });
  const rates = new DetailRates();
  rates.update(world.processDetail(7), 100);
  expect([rates.cpu.last, rates.reads.last, rates.threadPercentOf(7)]).toEqual([
    Number.NaN,
    Number.NaN,
    Number.NaN,
  ]);
  world.pass(2);
  world.use(7, 3);
  rates.update(world.processDetail(7), 100);
  expect(rates.cpu.last).toBeCloseTo(150);
  expect([rates.reads.last, rates.threadPercentOf(7), rates.memory.last]).toEqual([0, 0, 5000]);
  world.removeProcess(7);
  world.addProcess(7, { name: 'other', startTicks: 1 });
  rates.update(world.processDetail(7), 100);
  expect([rates.cpu.count, rates.cpu.last]).toEqual([1, Number.NaN]);
});
