import { describe, expect, test } from 'bun:test';
import type { NetworkSection } from '../sample/network-section.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import { NetworkAttribution } from './network-attribution.ts';

class Family {
  readonly world = new SampleWorld();
  readonly asked: number[] = [];
  readonly #attribution = new NetworkAttribution({
    commandLine: (pid) => {
      this.asked.push(pid);
      return `command ${pid}`;
    },
    cgroup: () => undefined,
    userName: String,
  });

  add(pid: number, ppid: number): void {
    this.world.addProcess(pid);
    this.world.processes.ppid[this.world.processes.find(pid)] = ppid;
  }

  step(): NetworkSection {
    return this.#attribution.absorb(this.world.sample(1e6));
  }
}

/** PIDs of the processes that have rows, rising. */
function pidsOf({ owners }: NetworkSection): number[] {
  const { rows, count } = owners.slots;
  const pids = Array.from(rows.subarray(0, count), (slot) => owners.pid[slot]!);
  return pids.filter((pid) => pid > 0).sort((a, b) => a - b);
}

describe('whoever a process with sockets descends from', () => {
  test('has a row, once, up to the first process; nobody else has', () => {
    const family = new Family();
    for (const [pid, ppid] of [
      ...([
        [1, 0],
        [20, 1],
        [30, 20],
        [40, 30],
        [41, 30],
        [50, 20],
      ] as const),
    ]) {
      family.add(pid, ppid);
    }
    family.world.addSocket({ pid: 40 });
    family.world.addSocket({ pid: 41 });
    const section = family.step();
    expect(pidsOf(section)).toEqual([1, 20, 30, 40, 41]);
    const slot = section.owners.slots.find(20, 200, 0, 0);
    expect(section.owners.commandLines[slot]).toBe('command 20');
    expect([section.owners.connectionCount[slot], section.owners.hasExited[slot]]).toEqual([0, 0]);
    family.step();
    expect(new Set(family.asked).size).toBe(5);
  });

  test('is found anew when its parent exits', () => {
    const family = new Family();
    for (const [pid, ppid] of [
      ...([
        [1, 0],
        [10, 1],
        [30, 1],
        [40, 30],
      ] as const),
    ]) {
      family.add(pid, ppid);
    }
    family.world.addSocket({ pid: 40 });
    family.step();
    family.world.removeProcess(30);
    family.world.processes.ppid[family.world.processes.find(40)] = 10;
    const section = family.step();
    expect(pidsOf(section)).toEqual([1, 10, 30, 40]);
    const { owners } = section;
    expect(owners.ppid[owners.slots.find(40, 400, 0, 0)]).toBe(10);
    expect(owners.hasExited[owners.slots.find(30, 300, 0, 0)]).toBe(1);
  });

  test('may be a long chain, a ring of recycled PIDs, or unknown', () => {
    const family = new Family();
    for (let pid = 2; pid <= 20_000; pid++) family.add(pid, pid - 1);
    family.world.addSocket({ pid: 20_000 });
    expect(pidsOf(family.step())).toHaveLength(19_999);
    const ring = new Family();
    ring.add(5, 6);
    ring.add(6, 5);
    ring.world.addSocket({ pid: 5 });
    expect(pidsOf(ring.step())).toEqual([5, 6]);
  });
});
