import { describe, expect, test } from 'bun:test';
import { ProcessTable } from '../sample/process-table.ts';
import { SystemWorld } from '../sample/system-world.fixture.ts';
import { machinePercent, ProcessCpu, ProcessRates } from './process-rates.ts';

const HEADER = new SystemWorld().header();

function withProcess(table: ProcessTable, pid: number, cpuNanos: number): number {
  const slot = table.slots.add(pid, 0, 0, 0);
  table.pid[slot] = pid;
  table.cpuNanos[slot] = cpuNanos;
  return slot;
}

describe('CPU use of a process', () => {
  test('is unknown in the first sample, then its time by the true time between samples', () => {
    const table = new ProcessTable();
    const cpu = new ProcessCpu();
    const slot = withProcess(table, 7, 5e9);
    cpu.update(table, 1e6, HEADER);
    expect(cpu.corePercent[slot]).toBeNaN();
    table.cpuNanos[slot] = 5.5e9;
    cpu.update(table, 3e6, HEADER);
    expect(cpu.corePercent[slot]).toBe(25);
    expect(machinePercent(cpu.corePercent[slot]!, 2)).toBe(12.5);
  });

  test('of a slot given to another process does not go on from the one before', () => {
    const table = new ProcessTable();
    const cpu = new ProcessCpu();
    const slot = withProcess(table, 7, 9e9);
    cpu.update(table, 1e6, HEADER);
    table.slots.remove(slot);
    expect(withProcess(table, 8, 1e6)).toBe(slot);
    cpu.update(table, 2e6, HEADER);
    expect(cpu.corePercent[slot]).toBeNaN();
    expect(cpu.serial[slot]).toBe(table.slots.serial[slot]!);
  });

  test('of more threads than cores is no more than the machine', () => {
    expect(machinePercent(401, 4)).toBe(100);
  });
});

test('a wait that is counted when it ends is no longer than the time between samples, thread by thread', () => {
  const world = new SystemWorld();
  const slot = world.addProcess(7, { name: 'waits', threads: 2 });
  const rates = new ProcessRates();
  for (const seconds of [0, 60]) {
    world.pass(2);
    const section = world.machineProcesses();
    section.usage.blockDelayNanos[slot] = seconds * 1e9;
    section.usage.writtenBytes[slot] = seconds * 1e9;
    rates.update(section, world.header());
  }
  expect(rates.usage['block-delay'].raw[slot]).toBe(2000);
  expect(rates.usage.written.raw[slot]).toBe(30e9);
});

describe('a process that is new in the list', () => {
  function secondSample(startTicksOf: (world: SystemWorld) => number) {
    const world = new SystemWorld();
    world.addProcess(7, { name: 'old' });
    const rates = new ProcessRates();
    rates.update(world.machineProcesses(), world.header());
    const startTicks = startTicksOf(world);
    world.pass(2);
    const slot = world.addProcess(8, { name: 'new', startTicks });
    world.use(8, 1);
    const section = world.machineProcesses();
    section.usage.writtenBytes[slot] = 6e6;
    rates.update(section, world.header());
    return [rates.cpu.corePercent[slot], rates.usage.written.raw[slot], rates.usage.written.smooth[slot]];
  }

  test('has used all that it has counted since the sample before, if it has begun since', () => {
    expect(secondSample((world) => world.ticksSinceBoot)).toEqual([50, 3e6, 3e6]);
  });

  test('has no rate if it began before: a list may leave out who did nothing', () => {
    expect(secondSample((world) => world.ticksSinceBoot - 1)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  test('has no rate in the first sample after a pause', () => {
    const world = new SystemWorld();
    const rates = new ProcessRates();
    rates.update(world.machineProcesses(), world.header());
    rates.rebase();
    const slot = world.addProcess(8, { name: 'new', startTicks: world.ticksSinceBoot });
    world.pass(1);
    rates.update(world.machineProcesses(), world.header());
    expect(rates.cpu.corePercent[slot]).toBeNaN();
  });
});
