import { expect, test } from 'bun:test';
import { OpError } from '../../../kit/errors/op-error.ts';
import { SingleAnswers, Turns } from './sample-cache.ts';

class World {
  nowMicros = 0;
  made = 0;
  running = 0;
  mostRunning = 0;
  gate: Promise<void> = Promise.resolve();
  readonly answers = new SingleAnswers<number>(() => this.nowMicros, 250);

  get(key: string): Promise<number> {
    return this.answers.get(key, async () => {
      this.running++;
      this.mostRunning = Math.max(this.mostRunning, this.running);
      await this.gate;
      this.running--;
      return ++this.made;
    });
  }
}

test('the same question has the same answer while it is made and while it is young', async () => {
  const world = new World();
  expect(await Promise.all([world.get('a'), world.get('a'), world.get('b')])).toEqual([1, 1, 2]);
  world.nowMicros = 250_000;
  expect(await world.get('a')).toBe(1);
  world.nowMicros = 250_001;
  expect(await world.get('a')).toBe(3);
});

test('answers are made one after the other, and too many questions are refused', async () => {
  const world = new World();
  const { promise, resolve } = Promise.withResolvers<void>();
  world.gate = promise;
  const waiting = Array.from({ length: 20 }, (_, i) => world.get(String(i)));
  resolve();
  const outcomes = await Promise.allSettled(waiting);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(16);
  const refused = outcomes.find((outcome) => outcome.status === 'rejected');
  expect(refused?.reason).toBeInstanceOf(OpError);
  expect(refused?.reason).toMatchObject({ code: 'BUSY' });
  expect(world.mostRunning).toBe(1);
  expect(await world.get('0')).toBe(1);
});

test('a failure is not kept', async () => {
  const world = new World();
  const fail = () => Promise.reject(new OpError({ op: 'look', code: 'ESRCH' }));
  await expect(world.answers.get('a', fail)).rejects.toMatchObject({ code: 'ESRCH' });
  expect(await world.get('a')).toBe(1);
});

test('of many answers the oldest are forgotten', async () => {
  const world = new World();
  for (let i = 0; i < 40; i++) await world.get(String(i));
  expect(await world.get('39')).toBe(40);
  expect(await world.get('0')).toBe(41);
});

test('work is done one after the other, one failure leaves the others alone, and too many are refused', async () => {
  const turns = new Turns(2);
  const begun: string[] = [];
  const first = Promise.withResolvers<string>();
  const one = turns.take(() => {
    begun.push('one');
    return first.promise;
  });
  const two = turns.take(async () => {
    begun.push('two');
    return 'done';
  });
  expect(() => turns.take(async () => 'three')).toThrow('too many pending requests');
  expect(begun).not.toContain('two');
  first.reject(new Error('broken'));
  await expect(one).rejects.toThrow('broken');
  expect(await two).toBe('done');
  expect(begun).toEqual(['one', 'two']);
  expect(await turns.take(async () => 'four')).toBe('four');
});
