import { expect, test } from 'bun:test';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import type { ContainersQuestion } from '../guarded/helper-message.ts';
import { ContainerNames } from './container-names.ts';

const pathOf = (digit: string): string => `/docker/${digit.repeat(64)}`;

/** Answers by the first digit of the id, when it is told to. */
class Source {
  readonly names = new Map<string, string>();
  readonly rounds: string[][] = [];
  answers = true;

  ask(questions: ReadonlyMap<string, ContainersQuestion>) {
    const { keys } = [...questions.values()][0]!;
    this.rounds.push(keys.map(({ id }) => id[0]!));
    if (!this.answers) return Promise.resolve(new Map<string, never>());
    const names = keys.map(({ id }) => this.names.get(id[0]!));
    return Promise.resolve(new Map([...questions.keys()].map((key) => [key, names])));
  }

  close(): void {}
}

function setUp() {
  const source = new Source();
  const time = { micros: 0 };
  const names = new ContainerNames({ source, clock: () => time.micros });
  return { source, time, names };
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test('names are there a moment later, asked in one round, and kept', async () => {
  const { source, time, names } = setUp();
  source.names.set('1', 'web');
  expect([names.nameOf(pathOf('1')), names.nameOf(pathOf('2')), names.nameOf('/init.scope')]).toEqual([
    ...[undefined, undefined, undefined],
  ]);
  await settled();
  expect([names.nameOf(pathOf('1')), names.nameOf(pathOf('2'))]).toEqual(['web', undefined]);
  time.micros = 0.9e6;
  names.nameOf(pathOf('2'));
  await settled();
  expect(source.rounds).toEqual([['1', '2']]);
});

test('what has no name is asked for again, less and less often; a name after five minutes', async () => {
  const { source, time, names } = setUp();
  source.names.set('1', 'web');
  const rounds: number[] = [];
  for (let second = 0; second <= 400; second++) {
    time.micros = second * 1e6;
    const before = source.rounds.length;
    for (const digit of ['1', '2']) names.nameOf(pathOf(digit));
    await settled();
    if (source.rounds.slice(before).some((round) => round.includes('2'))) rounds.push(second);
    if (second === 100) source.names.set('1', 'renamed');
  }
  expect(rounds).toEqual([0, 1, 6, 36, 336]);
  expect(names.nameOf(pathOf('1'))).toBe('renamed');
});

test('after a round without an answer it waits a minute, and what was known stays', async () => {
  const { source, time, names } = setUp();
  source.names.set('1', 'web');
  names.nameOf(pathOf('1'));
  await settled();
  source.answers = false;
  names.nameOf(pathOf('2'));
  await settled();
  for (const second of [1, 30, 59]) {
    time.micros = second * 1e6;
    expect([names.nameOf(pathOf('1')), names.nameOf(pathOf('3'))]).toEqual(['web', undefined]);
    await settled();
  }
  expect(source.rounds).toHaveLength(2);
  time.micros = 61e6;
  names.nameOf(pathOf('3'));
  await settled();
  expect(source.rounds.at(-1)).toEqual(['3']);
});

test('without a helper there are no names, and more containers than are remembered cost no more', async () => {
  const refuse = () => Promise.reject(new OpError({ op: 'ask', code: 'HELPER' }));
  const names = new ContainerNames({ source: { ask: refuse, close: () => undefined } });
  for (let i = 0; i < 20_000; i++) {
    expect(names.nameOf(`/docker/${i.toString(16).padStart(64, '0')}`)).toBeUndefined();
  }
  await settled();
  expect(names.nameOf(pathOf('1'))).toBeUndefined();
});
