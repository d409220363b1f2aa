import { describe, expect, test } from 'bun:test';
import { type MachineProcesses, ProcessUsage } from '../../../data/sample/machine-processes.ts';
import { ProcessTable } from '../../../data/sample/process-table.ts';
import { StorageRates } from './storage-rates.ts';

/** One process whose bytes the test says; NaN: they were not asked for. */
class World {
  readonly #processes = new ProcessTable(16);
  readonly #usage = new ProcessUsage();
  readonly rates = new StorageRates();
  slot = this.#add();
  #monotonicMicros = 0;

  sample(readBytes: number): void {
    this.#monotonicMicros += 2e6;
    this.#usage.clear(this.#processes.slots.capacity);
    this.#usage.readBytes[this.slot] = readBytes;
    this.#usage.writtenBytes[this.slot] = readBytes * 10;
    const section: MachineProcesses = {
      ...{ sequence: 1, monotonicMicros: this.#monotonicMicros, durationMicros: 0, errors: [] },
      ...{ processes: this.#processes, usage: this.#usage, memoryTotalBytes: 0, coreCount: 1 },
    };
    this.rates.update(section, !Number.isNaN(readBytes));
  }

  replace(): void {
    this.#processes.slots.remove(this.slot);
    this.slot = this.#add();
  }

  get shown(): readonly (number | undefined)[] {
    return [this.rates.readRate[this.slot], this.rates.writeRate[this.slot]];
  }

  #add(): number {
    return this.#processes.slots.add(7, 0, 0, 0);
  }
}

const UNKNOWN = [Number.NaN, Number.NaN];

describe('rates of storage', () => {
  test('are known from the second sample that asked on, and unknown when nobody asks', () => {
    const world = new World();
    world.sample(Number.NaN);
    expect(world.shown).toEqual(UNKNOWN);
    world.sample(1000);
    expect(world.shown).toEqual(UNKNOWN);
    world.sample(1200);
    expect(world.shown).toEqual([100, 1000]);
    for (let i = 0; i < 3; i++) {
      world.sample(Number.NaN);
      expect(world.shown).toEqual(UNKNOWN);
    }
    world.sample(5000);
    expect(world.shown).toEqual(UNKNOWN);
  });

  test('do not go on in another process', () => {
    const world = new World();
    world.sample(1000);
    world.replace();
    world.sample(5000);
    expect(world.shown).toEqual(UNKNOWN);
  });

  test('of a process that came while nobody asked are unknown', () => {
    const world = new World();
    world.sample(Number.NaN);
    world.sample(Number.NaN);
    world.replace();
    world.sample(Number.NaN);
    expect(world.shown).toEqual(UNKNOWN);
  });
});
