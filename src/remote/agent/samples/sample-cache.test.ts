import { describe, expect, test } from 'bun:test';
import { SampleCache } from './sample-cache.ts';

/** A cache over collections that end when the test says so. */
class World {
  nowMicros = 1_000_000;
  collections = 0;
  gate: Promise<void> = Promise.resolve();
  fails = false;
  readonly cache = new SampleCache(
    async () => {
      const sample = { monotonicMicros: this.nowMicros, number: ++this.collections };
      await this.gate;
      if (this.fails) throw new TypeError('no sample');
      return sample;
    },
    () => this.nowMicros,
  );

  read(maxAgeMicros: number): Promise<number> {
    return this.cache.read(maxAgeMicros, ({ number }) => number);
  }
}

describe('a sample', () => {
  test('answers for as long as it is young enough', async () => {
    const world = new World();
    expect(world.cache.ageMicros()).toBe(Number.POSITIVE_INFINITY);
    expect(await world.read(1000)).toBe(1);
    world.nowMicros += 1000;
    expect(await world.read(1000)).toBe(1);
    world.nowMicros++;
    expect(await world.read(1000)).toBe(2);
    expect(await world.read(0)).toBe(2);
  });

  test('is taken once for all who ask meanwhile', async () => {
    const world = new World();
    const { promise, resolve } = Promise.withResolvers<void>();
    world.gate = promise;
    const readings = Array.from({ length: 1000 }, () => world.read(0));
    resolve();
    expect(new Set(await Promise.all(readings))).toEqual(new Set([1]));
    expect(world.collections).toBe(1);
  });

  test('is used before the next one can begin', async () => {
    const world = new World();
    const used: string[] = [];
    const first = world.cache
      .read(0, () => used.push('first'))
      .then(() => {
        world.nowMicros++;
        return world.cache.read(0, () => used.push('next'));
      });
    const second = world.cache.read(0, () => used.push(`second of ${world.collections}`));
    await Promise.all([first, second]);
    expect(used).toEqual(['first', 'second of 1', 'next']);
  });

  test('that cannot be had is an error for all who asked, and the next one is tried', async () => {
    const world = new World();
    world.fails = true;
    const readings = await Promise.allSettled([world.read(0), world.read(0)]);
    expect(readings.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    world.fails = false;
    expect(await world.read(0)).toBe(2);
  });
});
