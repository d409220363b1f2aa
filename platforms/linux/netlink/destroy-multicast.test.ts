import { expect, test } from 'bun:test';
import { Pair } from '../testdata/loopback.ts';
import { DestroyMulticast, SHARDS, shardFilter } from './destroy-multicast.ts';
import { DiagRecord } from './diag-record.ts';

const CONNECTIONS = 300;
/** Both ends of each are announced. */
const CLOSINGS = 2 * CONNECTIONS;
/**
 * Cookies are counted up for all sockets of the machine, the accepted ends and the listeners included: every fourth
 * one is the least that a pair may leave to each of its ends.
 */
const SHARDS_HIT_MIN = SHARDS / 4;
const DEADLINE_MILLIS = 20_000;

test('the shards together hear of every closing, each exactly once', async () => {
  const pairs: Pair[] = [];
  for (let i = 0; i < CONNECTIONS; i++) pairs.push(await Pair.open('127.0.0.1'));
  // A port may serve several connections to different listeners: both together are unique.
  const ends = new Set(
    pairs.flatMap(({ clientPort, serverPort }) => [
      `${clientPort}-${serverPort}`,
      `${serverPort}-${clientPort}`,
    ]),
  );
  const multicast = new DestroyMulticast();
  const record = new DiagRecord();
  const heard = new Map<string, number>();
  const shardsHit = new Set<number>();
  try {
    for (const { client } of pairs) client.socket?.end();
    for (const { server } of pairs) {
      await server.until(() => server.hasEnded);
      server.socket?.end();
    }
    const end = performance.now() + DEADLINE_MILLIS;
    while (heard.size < CLOSINGS && performance.now() < end) {
      for (let shard = 0; shard < SHARDS; shard++) {
        multicast.drainShard(shard, (buffer, at, length) => {
          expect(record.read(buffer, at, length)).toBe(true);
          expect(record.cookieLow % SHARDS).toBe(shard);
          const end = `${record.localPort}-${record.remotePort}`;
          if (!ends.has(end)) return;
          heard.set(end, (heard.get(end) ?? 0) + 1);
          shardsHit.add(shard);
        });
      }
      await Bun.sleep(2);
    }
    expect(heard.size).toBe(CLOSINGS);
    expect([...heard.values()].every((count) => count === 1)).toBe(true);
    expect(shardsHit.size).toBeGreaterThanOrEqual(SHARDS_HIT_MIN);
    expect(multicast.lost).toBe(0);
    expect(multicast.capacity()).toBeGreaterThan(1000);
  } finally {
    multicast.close();
    for (const pair of pairs) pair.close();
  }
});

test('each filter reads the low byte of the cookie and nothing behind the header', () => {
  for (let shard = 0; shard < SHARDS; shard++) {
    const [load, mask, compare, keep, drop] = shardFilter(shard);
    expect(load?.[3]).toBe(60);
    expect(mask?.[3]).toBe(SHARDS - 1);
    expect(compare).toEqual([0x15, 0, 1, shard]);
    expect([keep?.[3], drop?.[3]]).toEqual([0xffffffff, 0]);
  }
});
