import { expect, test } from 'bun:test';
import { EVERYTHING, Machine, OUTSIDE } from './machine.fixture.ts';
import { OwnerSums, ProcessTraffic } from './owner-rates.ts';
import { ProcessRows } from './process-rows.ts';
import type { Scope } from './scope.ts';

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
    expect([sums.up, sums.down, sums.upTotal, sums.downTotal]).toEqual([
      rows.up[row]!,
      rows.down[row]!,
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
  expect([sums.down, sums.downTotal]).toEqual([Number.NaN, Number.NaN]);
});

function step(machine: Machine, traffic: ProcessTraffic, scope: Scope = OUTSIDE): void {
  traffic.update(machine.step(), machine.world.header(), scope);
}

test('is what a process sends and receives on all of its sockets, from the second sample on', () => {
  const machine = new Machine();
  const traffic = new ProcessTraffic();
  machine.world.addProcess(9);
  const sockets = [1, 2].map(() => machine.world.addSocket({ pid: 9 }));
  step(machine, traffic);
  expect(traffic.rateOf(9, 90)).toBeNaN();
  for (const socket of sockets) {
    machine.world.sockets.txBytes[socket]! += 300;
    machine.world.sockets.rxBytes[socket]! += 200;
  }
  step(machine, traffic);
  expect(traffic.rateOf(9, 90)).toBe(1000);
});

test('of a PID that was given to another process is not its own', () => {
  const machine = new Machine();
  const traffic = new ProcessTraffic();
  const { world } = machine;
  world.addProcess(9, { startTicks: 2 ** 32 + 90 });
  const socket = world.addSocket({ pid: 9 });
  step(machine, traffic);
  world.sockets.txBytes[socket]! += 4000;
  step(machine, traffic);
  expect(traffic.rateOf(9, 2 ** 32 + 90)).toBe(4000);
  for (const startTicks of [90, 2 ** 32 + 91, 999, Number.NaN])
    expect(traffic.rateOf(9, startTicks)).toBeNaN();
});

test('is 0 for one that listens, and unknown for one without a socket', () => {
  const machine = new Machine();
  const traffic = new ProcessTraffic();
  const { world } = machine;
  for (const pid of [8, 9]) world.addProcess(pid);
  // Who descends from 8 has sockets: then 8 is an owner too.
  machine.setParent(9, 8);
  world.addSocket({ pid: 9 });
  step(machine, traffic);
  step(machine, traffic);
  expect([8, 9, 10].map((pid) => traffic.rateOf(pid, pid * 10))).toEqual([Number.NaN, 0, Number.NaN]);
});

test('counts what the machine sends to itself where that is in scope', () => {
  const machine = new Machine();
  const traffics = [new ProcessTraffic(), new ProcessTraffic()] as const;
  machine.world.addProcess(9);
  const socket = machine.world.addSocket({ pid: 9, local: '127.0.0.1', remote: '127.0.0.1' });
  for (let i = 0; i < 2; i++) {
    machine.world.sockets.txBytes[socket]! += 500;
    const section = machine.step();
    traffics[0].update(section, machine.world.header(), OUTSIDE);
    traffics[1].update(section, machine.world.header(), EVERYTHING);
  }
  expect(traffics.map((traffic) => traffic.rateOf(9, 90))).toEqual([0, 500]);
});

test('is unknown where bytes are not counted', () => {
  const machine = new Machine();
  const traffic = new ProcessTraffic();
  machine.world.counted = 'none';
  machine.world.addProcess(9);
  machine.world.addSocket({ pid: 9 });
  for (let i = 0; i < 3; i++) step(machine, traffic);
  expect(traffic.rateOf(9, 90)).toBeNaN();
});
