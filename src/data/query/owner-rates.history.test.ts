import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { NetworkSection } from '../sample/network-section.ts';
import { EVERYTHING, Machine } from './machine.fixture.ts';
import { OwnerHistories, OwnerHistory } from './owner-rates.ts';

test('keeps the last samples of each direction, oldest first', () => {
  const rate = fc.float({ noNaN: true, min: 0 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.tuple(rate, rate), { maxLength: 30 }),
      (capacity, rates) => {
        const history = new OwnerHistory(capacity);
        history.follow(3, 1);
        for (const [up, down] of rates) history.push(up, down);
        const kept = rates.slice(-capacity);
        expect(history.count).toBe(kept.length);
        const from = history.up.newest + 1 - history.count + capacity;
        const at = (i: number) => (from + i) % capacity;
        const shown = kept.map((_, i) => [history.up.values[at(i)]!, history.down.values[at(i)]!] as const);
        expect(shown).toEqual(kept);
      },
    ),
  );
});

test('another owner, and another one in the same slot, start anew; the same goes on', () => {
  const history = new OwnerHistory(4);
  history.follow(3, 1);
  history.push(1, 2);
  history.follow(3, 1);
  expect(history.count).toBe(1);
  const copy = history.copy();
  history.follow(3, 2);
  expect([history.count, copy.count, copy.up.last]).toEqual([0, 1, 1]);
  history.push(Number.NaN, 5);
  expect([history.up.last, history.down.last]).toEqual([Number.NaN, 5]);
  history.follow(4, 2);
  expect(history.count).toBe(0);
});

/** Processes 1 to `count`, each with a connection; `step` lets them send so many bytes in a second. */
class Senders {
  readonly machine = new Machine();
  readonly histories: OwnerHistories;
  readonly #sockets: number[] = [];
  #section: NetworkSection;

  constructor(count: number, kept: number) {
    this.histories = new OwnerHistories(kept);
    for (let pid = 1; pid <= count; pid++) {
      this.machine.world.addProcess(pid);
      this.#sockets.push(this.machine.world.addSocket({ pid, bornBeforeStart: true }));
    }
    this.#section = this.machine.step();
    this.step();
  }

  step(bytes: Readonly<Record<number, number>> = {}): void {
    for (const [pid, sent] of Object.entries(bytes)) {
      this.machine.world.grow(this.#sockets[Number(pid) - 1]!, sent, 0);
    }
    this.#section = this.machine.step();
    this.histories.update(this.#section, this.machine.rates, EVERYTHING);
  }

  /** How many samples are known of a process's past, as its chart would show on being opened. */
  past(pid: number): number {
    const owner = this.machine.owner(this.#section, pid);
    this.histories.follow(owner, this.#section.owners.slots.serial[owner]!);
    return this.histories.shown.count;
  }
}

test('who has traffic has a past, sample by sample; who has none begins when it is looked at', () => {
  const senders = new Senders(3, 3);
  for (let i = 1; i <= 4; i++) senders.step({ 1: 1000, ...(i > 2 ? { 2: 50 } : {}) });
  expect([senders.past(1), senders.past(2), senders.past(3)]).toEqual([4, 2, 0]);
  senders.step();
  expect([senders.past(3), senders.histories.shown.up.last]).toEqual([1, 0]);
});

test('the number kept is bounded: the quiet make way, then the small ones for much larger ones', () => {
  const senders = new Senders(5, 2);
  senders.step({ 1: 1000, 2: 3000 });
  senders.step({ 1: 1000, 2: 3000, 3: 1500 });
  expect(senders.past(2)).toBe(2);
  // Followed, so that it stays; of the others, 1 has the least.
  senders.step({ 1: 1000, 2: 3000, 4: 90_000 });
  expect(senders.past(2)).toBe(3);
  expect(senders.past(4)).toBe(1);
  expect(senders.past(2)).toBe(3);
});

test('what is held stays as it is while samples go on, and another table begins anew', () => {
  const senders = new Senders(1, 2);
  senders.step({ 1: 100 });
  expect(senders.past(1)).toBe(1);
  senders.histories.hold();
  senders.step({ 1: 100 });
  expect(senders.histories.shown.count).toBe(1);
  expect(senders.past(1)).toBe(2);
  senders.step({ 1: 100 });
  expect(senders.histories.shown.count).toBe(2);
  senders.histories.release();
  expect(senders.histories.shown.count).toBe(3);
});

test('a tier that counts nothing has no past', () => {
  const senders = new Senders(1, 2);
  senders.machine.world.counted = 'none';
  for (let i = 0; i < 3; i++) senders.step({ 1: 100 });
  expect(senders.past(1)).toBe(0);
  senders.step();
  expect(senders.histories.shown.up.last).toBeNaN();
});
