import { expect, test } from 'bun:test';
import { REQUESTS_PER_TURN, RequestTurns } from './client-limits.ts';

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Someone with that many requests. */
function asker(name: string, count: number, begun: string[]) {
  let left = count;
  return {
    beginOne(): boolean {
      begun.push(name);
      left--;
      return left > 0;
    },
  };
}

test('so many requests a turn and no more, however many wait', async () => {
  const begun: string[] = [];
  const turns = new RequestTurns();
  turns.wait(asker('a', 2 * REQUESTS_PER_TURN + 1, begun));
  expect(begun).toHaveLength(0);
  await turn();
  expect(begun).toHaveLength(REQUESTS_PER_TURN);
  await turn();
  expect(begun).toHaveLength(2 * REQUESTS_PER_TURN);
  await turn();
  await turn();
  expect(begun).toHaveLength(2 * REQUESTS_PER_TURN + 1);
});

test('who comes late with one request does not wait for all those of another', async () => {
  const begun: string[] = [];
  const turns = new RequestTurns();
  turns.wait(asker('a', 1000, begun));
  await turn();
  turns.wait(asker('b', 1, begun));
  await turn();
  expect(begun.indexOf('b')).toBeLessThanOrEqual(REQUESTS_PER_TURN + 1);
});

test('who has left has no turn, and who waits twice has one', async () => {
  const begun: string[] = [];
  const turns = new RequestTurns();
  const gone = asker('gone', 1, begun);
  const there = asker('there', 1, begun);
  for (const one of [gone, there, there]) turns.wait(one);
  turns.leave(gone);
  await turn();
  await turn();
  expect(begun).toEqual(['there']);
});
