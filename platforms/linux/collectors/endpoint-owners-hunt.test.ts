import { afterEach, expect, test } from 'bun:test';
import type { DiagVisitor } from '../netlink/sock-diag.ts';
import { Pair, rowOf, WHOLE_SLICE } from '../testdata/loopback.ts';
import { OwnerHunt } from './endpoint-owners-hunt.ts';
import { ProcessCollector } from './processes.ts';
import { DescriptorScanner } from './socket-owners-scan.ts';
import { NetlinkSockets } from './sockets-netlink.ts';

const opened: { close(): void }[] = [];
const SECOND = 1e6;

afterEach(() => {
  for (const thing of opened.splice(0)) thing.close();
});

/** A hunt for the endpoint of a live connection of this process; the clock is the test's. */
async function openHunt() {
  let now = 0;
  const pair = await Pair.open('127.0.0.1');
  const processes = new ProcessCollector();
  const scanner = new DescriptorScanner();
  const source = new NetlinkSockets(() => now);
  opened.push(pair, processes, scanner, source);
  // Twice: in the first collection everybody counts as having run, and of many processes this is not one of the newest.
  await processes.collect(WHOLE_SLICE);
  await processes.collect(WHOLE_SLICE);
  await source.collect(WHOLE_SLICE);
  const hunt = new OwnerHunt(source.rows, processes, scanner, () => now);
  const row = rowOf(source.rows.table, pair.clientPort, pair.serverPort);
  const found: number[] = [];
  const run = (look: (visitor: DiagVisitor) => boolean): Promise<void> =>
    hunt.run(WHOLE_SLICE, look, (_row, slot) => found.push(processes.table.pid[slot]!));
  const advance = (micros: number): void => {
    now += micros;
  };
  return { hunt, row, found, run, advance, look: (visitor: DiagVisitor): boolean => source.look(visitor) };
}

test('the owner of a connection caught alive is found with one look', async () => {
  const { hunt, row, found, run, advance, look } = await openHunt();
  await run(look);
  advance(SECOND);
  for (let i = 0; i < 10; i++) hunt.want(row);
  await run(look);
  expect(found).toEqual([process.pid]);
  expect([hunt.looks, hunt.found]).toEqual([1, 1]);
});

test('a few unknown connections are not worth a look, nor is a hunt without time', async () => {
  const { hunt, row, run, advance, look } = await openHunt();
  await run(look);
  advance(SECOND);
  hunt.want(row);
  await run(look);
  for (let i = 0; i < 10; i++) hunt.want(row);
  await run(look);
  expect(hunt.looks).toBe(0);
});

test('it takes a hundredth of the time at most, and seldom any once it was in vain ten times', async () => {
  const { hunt, row, found, run, advance } = await openHunt();
  const slowLook = (): boolean => {
    advance(4000);
    return true;
  };
  await run(slowLook);
  const looks: number[] = [];
  for (let i = 0; i < 26; i++) {
    advance(SECOND);
    const before = hunt.looks;
    for (let k = 0; k < 10; k++) hunt.want(row);
    await run(slowLook);
    looks.push(hunt.looks - before);
  }
  // Three looks of 4 ms are the first to exceed 10 ms.
  expect(looks.slice(0, 10)).toEqual(Array(10).fill(3));
  expect(looks.slice(10).filter((count) => count > 0)).toEqual([3, 3]);
  expect(found).toEqual([]);
});

test('where connections cannot be shown cheaply, it ends with the first look', async () => {
  const { hunt, row, run, advance } = await openHunt();
  await run(() => false);
  advance(SECOND);
  for (let i = 0; i < 10; i++) hunt.want(row);
  await run(() => false);
  expect([hunt.looks, hunt.found]).toEqual([1, 0]);
});
