import { expect, test } from 'bun:test';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import type { NamesQuestion } from '../guarded/helper-message.ts';
import { ContainerNames } from './container-names.ts';

const pathOf = (digit: string): string => `/docker/${digit.repeat(64)}`;

/** Answers by the first digit of the id, when it is told to. */
class Source {
  readonly names = new Map<string, string>();
  readonly namespaces = new Map<number, string>();
  readonly rounds: string[][] = [];
  answers = true;

  ask(questions: ReadonlyMap<string, NamesQuestion>) {
    const { keys, wantsNamespaces } = [...questions.values()][0]!;
    this.rounds.push([...keys.map(({ id }) => id[0]!), ...(wantsNamespaces ? ['namespaces'] : [])]);
    if (!this.answers) return Promise.resolve(new Map<string, never>());
    const containers = keys.map(({ id }) => this.names.get(id[0]!));
    const namespaces = new Map(this.namespaces);
    return Promise.resolve(new Map([...questions.keys()].map((key) => [key, { containers, namespaces }])));
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

test('postponed, all that is asked for meanwhile is looked up at once, later', async () => {
  const { source, names } = setUp();
  source.names.set('1', 'web');
  names.postpone(1);
  names.nameOf(pathOf('1'));
  names.networkNamespace(7);
  await settled();
  expect(source.rounds).toEqual([]);
  while (source.rounds.length === 0) await Bun.sleep(1);
  await settled();
  expect(source.rounds).toEqual([['1', 'namespaces']]);
  expect(names.nameOf(pathOf('1'))).toBe('web');
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

test('names of network namespaces are asked for when one is unknown, every five seconds at most', async () => {
  const { source, time, names } = setUp();
  source.namespaces.set(7, 'blue');
  expect([names.networkNamespace(7), names.networkNamespace(8)]).toEqual([undefined, undefined]);
  await settled();
  expect([names.networkNamespace(7), names.networkNamespace(8)]).toEqual(['blue', undefined]);
  await settled();
  expect(source.rounds).toEqual([['namespaces']]);
  source.namespaces.set(8, 'red');
  time.micros = 5e6;
  names.networkNamespace(8);
  await settled();
  expect([names.networkNamespace(8), source.rounds.length]).toEqual(['red', 2]);
});

test('a container without a name is shown by its short id', async () => {
  const { names } = setUp();
  await settled();
  expect([names.shownNameOf(pathOf('1')), names.shownNameOf('/init.scope')]).toEqual([
    '111111111111',
    undefined,
  ]);
});

test('more control groups than are remembered are asked about no more often for it', async () => {
  const { source, time, names } = setUp();
  const all = Array.from({ length: 9000 }, (_, i) => `/docker/${i.toString(16).padStart(64, 'a')}`);
  const asked = (): number => source.rounds.reduce((sum, round) => sum + round.length, 0);
  const ask = async (): Promise<void> => {
    for (const path of all) names.nameOf(path);
    for (let before = -1; before !== asked(); await settled()) before = asked();
  };
  await ask();
  await ask();
  const first = asked();
  expect(first).toBeLessThanOrEqual(2 * all.length);
  time.micros = 0.5e6;
  await ask();
  expect(asked()).toBe(first);
});
