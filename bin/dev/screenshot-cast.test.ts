import { expect, test } from 'bun:test';
import { EVERYBODY, HOST_ADDRESS, PLAYERS, USERS, WORLD } from './screenshot-cast.ts';

const worldly = new Set(WORLD.map(({ address }) => address));
const NAME_LIMIT = 15;

test('names are as long as the kernel keeps them, users and addresses are there, PIDs rise', () => {
  const uids = new Set(USERS.values());
  for (const { name, uid } of PLAYERS) {
    expect(name.length).toBeLessThanOrEqual(NAME_LIMIT);
    expect(uids).toContain(uid);
  }
  const pids = PLAYERS.map(({ pid }) => pid);
  expect(pids).toEqual([...pids].sort((a, b) => a - b));
  expect(new Set(pids).size).toBe(pids.length);
});

test('whoever calls is answered: each call has its listener on the other side', () => {
  const listens = (address: string, port: number): boolean =>
    [...PLAYERS, EVERYBODY].some(({ listeners }) =>
      listeners.some(
        (listener) =>
          listener.protocol === 'tcp' &&
          listener.port === port &&
          (listener.address === address || (listener.address === '0.0.0.0' && address === HOST_ADDRESS)),
      ),
    );
  for (const { calls } of [...PLAYERS, EVERYBODY]) {
    for (const { address, port, from } of calls) {
      expect([address, port, listens(address, port)]).toEqual([address, port, true]);
      if (from !== undefined) expect(worldly).toContain(from);
    }
  }
});
