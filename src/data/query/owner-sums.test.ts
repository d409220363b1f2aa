import { expect, test } from 'bun:test';
import { EVERYTHING, Machine, OUTSIDE } from './machine.fixture.ts';
import { OwnerSums } from './owner-rates.ts';
import { ProcessRows } from './process-rows.ts';

test('an owner’s figures are those of its row', () => {
  const machine = new Machine();
  const { world } = machine;
  world.addProcess(9);
  machine.step();
  world.addSocket({ pid: 9, tx: 300, rx: 40 });
  world.addSocket({ pid: 9, tx: 7, local: '127.0.0.1', remote: '127.0.0.1' });
  const section = machine.step(2);
  const sums = new OwnerSums();
  const rows = new ProcessRows();
  for (const scope of [OUTSIDE, EVERYTHING]) {
    rows.build(section, machine.rates, scope);
    const row = rows.rowOfOwner(machine.owner(section, 9));
    sums.build(section, machine.rates, scope, machine.owner(section, 9));
    expect([sums.up, sums.down, sums.rawUp, sums.rawDown, sums.upTotal, sums.downTotal]).toEqual([
      rows.up[row]!,
      rows.down[row]!,
      rows.rawUp[row]!,
      rows.rawDown[row]!,
      rows.upTotal[row]!,
      rows.downTotal[row]!,
    ]);
  }
  expect(sums.upTotal).toBe(307);
});

test('missing is not zero', () => {
  const machine = new Machine();
  machine.world.addProcess(9);
  machine.world.addSocket({ pid: 9 });
  const sums = new OwnerSums();
  const first = machine.step();
  sums.build(first, machine.rates, OUTSIDE, machine.owner(first, 9));
  expect([sums.up, sums.upTotal]).toEqual([Number.NaN, 0]);
  machine.world.counted = 'none';
  const section = machine.step();
  sums.build(section, machine.rates, OUTSIDE, machine.owner(section, 9));
  expect([sums.rawDown, sums.downTotal]).toEqual([Number.NaN, Number.NaN]);
});
