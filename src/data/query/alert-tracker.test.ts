import { expect, test } from 'bun:test';
import type { NetworkSection } from '../sample/network-section.ts';
import { AlertTracker } from './alert-tracker.ts';
import { EVERYTHING, Machine, OUTSIDE } from './machine.fixture.ts';

/** A machine whose processes send as told in each second. */
class Alarms {
  readonly machine = new Machine();
  readonly alerts = new AlertTracker();
  readonly #sockets = new Map<number, number>();
  section: NetworkSection;

  constructor(...pids: number[]) {
    for (const pid of pids) this.machine.world.addProcess(pid);
    this.machine.step();
    for (const pid of pids) this.#sockets.set(pid, this.machine.world.addSocket({ pid }));
    this.section = this.machine.step();
  }

  /** Crossings after each has sent so many bytes. */
  after(bytes: Readonly<Record<number, number>>): number {
    for (const [pid, grown] of Object.entries(bytes))
      this.machine.world.grow(this.#sockets.get(Number(pid))!, grown, 0);
    this.section = this.machine.step();
    return this.alerts.update(this.section, this.machine.rates, OUTSIDE);
  }

  /** Crossings once the smoothed rate, in which the newest second weighs 0.3, is `bytesPerSecond`. */
  reaching(pid: number, bytesPerSecond: number): number {
    return this.after({ [pid]: (bytesPerSecond - this.#rateOf(pid) * 0.7) / 0.3 });
  }

  isInAlarm(pid: number): boolean {
    const owner = this.machine.owner(this.section, pid);
    return this.alerts.isInAlarm(owner, this.section.owners.slots.serial[owner] ?? 0);
  }

  #rateOf(pid: number): number {
    const slot = this.section.traffic.slots.find(this.machine.owner(this.section, pid), 2, 0, 0);
    return slot < 0 ? 0 : this.machine.rates.traffic.smoothTx[slot]!;
  }
}

test('rings once for each crossing, and again only after the rate has been well below', () => {
  const alarms = new Alarms(7, 8);
  alarms.alerts.setThreshold(1000);
  expect(alarms.after({ 7: 800 })).toBe(0);
  expect(alarms.reaching(7, 1100)).toBe(1);
  expect([alarms.alerts.count, alarms.isInAlarm(7), alarms.isInAlarm(8)]).toEqual([1, true, false]);
  expect(alarms.reaching(7, 1200)).toBe(0);
  // Under the threshold, but not under nine tenths of it, and up again: the same alarm.
  expect(alarms.reaching(7, 910)).toBe(0);
  expect(alarms.isInAlarm(7)).toBe(true);
  expect(alarms.reaching(7, 1100)).toBe(0);
  expect(alarms.reaching(7, 890)).toBe(0);
  expect([alarms.alerts.count, alarms.isInAlarm(7)]).toEqual([0, false]);
  expect(alarms.reaching(7, 990)).toBe(0);
  expect(alarms.after({ 7: 9000, 8: 90_000 })).toBe(2);
  expect(alarms.alerts.count).toBe(2);
});

test('both directions count together, in scope only', () => {
  const machine = new Machine();
  machine.world.addProcess(7);
  machine.step();
  machine.world.addSocket({ pid: 7, tx: 600, rx: 600 });
  machine.world.addSocket({ pid: 7, tx: 2000, local: '127.0.0.1', remote: '127.0.0.1' });
  const section = machine.step();
  const alerts = new AlertTracker();
  alerts.setThreshold(1000);
  expect(alerts.update(section, machine.rates, OUTSIDE)).toBe(1);
  alerts.setThreshold(2000);
  expect(alerts.update(section, machine.rates, OUTSIDE)).toBe(0);
  expect(alerts.update(section, machine.rates, EVERYTHING)).toBe(1);
});

test('cleared is silent; another threshold starts anew; the same sample rings once', () => {
  const alarms = new Alarms(7);
  expect(alarms.after({ 7: 5000 })).toBe(0);
  alarms.alerts.setThreshold(1000);
  expect(alarms.after({ 7: 5000 })).toBe(1);
  expect(alarms.alerts.update(alarms.section, alarms.machine.rates, OUTSIDE)).toBe(0);
  alarms.alerts.setThreshold(undefined);
  expect([alarms.after({ 7: 50_000 }), alarms.alerts.count, alarms.isInAlarm(7)]).toEqual([0, 0, false]);
});

test('a row in the slot of one that was in alarm is another', () => {
  const alarms = new Alarms(7);
  alarms.alerts.setThreshold(1000);
  alarms.after({ 7: 5000 });
  const owner = alarms.machine.owner(alarms.section, 7);
  expect(alarms.alerts.isInAlarm(owner, 12_345)).toBe(false);
  expect(alarms.alerts.isInAlarm(owner, 0)).toBe(false);
});

test('an exited process leaves the alarm when its rate does', () => {
  const alarms = new Alarms(7);
  alarms.alerts.setThreshold(1000);
  alarms.after({ 7: 5000 });
  alarms.machine.world.removeProcess(7);
  expect([alarms.after({}), alarms.alerts.count]).toEqual([0, 1]);
  expect([alarms.after({}), alarms.alerts.count]).toEqual([0, 0]);
});
