import { describe, expect, test } from 'bun:test';
import type { NetworkSection, TrafficTable } from '../sample/network-section.ts';
import { SampleWorld, type SocketSpec, words } from '../sample/sample-world.fixture.ts';
import type { Slice } from '../sample/slice.ts';
import { OwnerBasis, PROTOCOL_UDP } from '../sample/socket-table.ts';
import { OwnerKind, TcpState } from '../schema/network-columns.ts';
import { NetworkAttribution } from './network-attribution.ts';
import type { OwnerFacts } from './owner-ledger.ts';

const FACTS: OwnerFacts = {
  commandLine: (pid) => `/bin/process-${pid} --flag`,
  cgroup: (pid) => `/system.slice/${pid}.service`,
  userName: (uid) => (uid === 33 ? 'www-data' : `user-${uid >>> 0}`),
};

/** Bytes up and down of all rows of one owner. */
function bytesOf(section: NetworkSection, name: string): readonly [up: number, down: number] {
  const { owners, traffic } = section;
  let up = 0;
  let down = 0;
  for (const slot of live(traffic)) {
    if (owners.names[traffic.subject[slot]!] !== name) continue;
    up += traffic.txBytes[slot]!;
    down += traffic.rxBytes[slot]!;
  }
  return [up, down];
}

function live(table: TrafficTable): number[] {
  return [...table.slots.rows.subarray(0, table.slots.count)];
}

function ownerNamed(section: NetworkSection, name: string): number {
  const { slots, names } = section.owners;
  return [...slots.rows.subarray(0, slots.count)].find((slot) => names[slot] === name) ?? -1;
}

/** A world with process 7 and its attribution, the first sample taken. */
function begun(): { world: SampleWorld; attribution: NetworkAttribution } {
  const world = new SampleWorld();
  world.addProcess(7);
  const attribution = new NetworkAttribution(FACTS);
  attribution.absorb(world.sample());
  return { world, attribution };
}

describe('what counts', () => {
  test('a socket from before the start counts from its first sample, a later one from 0', () => {
    const world = new SampleWorld();
    world.addProcess(7);
    const attribution = new NetworkAttribution(FACTS);
    const old = world.addSocket({ pid: 7, tx: 1000, rx: 5000, bornBeforeStart: true });
    expect(bytesOf(attribution.absorb(world.sample()), 'process-7')).toEqual([0, 0]);
    world.grow(old, 10, 20);
    world.addSocket({ pid: 7, tx: 100, rx: 200 });
    const section = attribution.absorb(world.sample());
    expect(bytesOf(section, 'process-7')).toEqual([110, 220]);
    expect(section.accounts.txBytes[old]).toBe(10);
  });

  test('the first sample counts the same in slices, with a rest after every slice that is due', async () => {
    const world = new SampleWorld();
    for (let pid = 10; pid < 30; pid++) world.addProcess(pid);
    for (let i = 0; i < 2000; i++) world.addSocket({ pid: 10 + (i % 20), tx: i, rx: 1 });
    const sample = world.sample();
    let restCount = 0;
    const slice: Slice = {
      due: () => true,
      rest: async () => {
        restCount++;
      },
    };
    const sliced = await new NetworkAttribution(FACTS).absorbFirst(sample, slice);
    const whole = new NetworkAttribution(FACTS).absorb(sample);
    expect(restCount).toBeGreaterThan(1);
    for (let pid = 10; pid < 30; pid++) {
      expect(bytesOf(sliced, `process-${pid}`)).toEqual(bytesOf(whole, `process-${pid}`));
    }
    expect(bytesOf(sliced, 'process-10')[1]).toBe(100);
  });

  test('accounting that begins after the collector takes no older bytes', () => {
    const world = new SampleWorld();
    world.addProcess(7);
    world.sample();
    const slot = world.addSocket({ pid: 7, tx: 1000, rx: 1000 });
    const attribution = new NetworkAttribution(FACTS);
    attribution.absorb(world.sample());
    world.grow(slot, 1, 2);
    expect(bytesOf(attribution.absorb(world.sample()), 'process-7')).toEqual([1, 2]);
  });

  test('the last bytes of a closed socket are counted, and it is no connection any more', () => {
    const { world, attribution } = begun();
    const slot = world.addSocket({ pid: 7, tx: 100 });
    const before = attribution.absorb(world.sample());
    expect(before.owners.connectionCount[ownerNamed(before, 'process-7')]).toBe(1);
    world.grow(slot, 50, 5);
    world.close(slot);
    const section = attribution.absorb(world.sample());
    expect(bytesOf(section, 'process-7')).toEqual([150, 5]);
    expect(section.owners.connectionCount[ownerNamed(section, 'process-7')]).toBe(0);
    expect(section.accounts.isClosed[slot]).toBe(1);
    expect(bytesOf(attribution.absorb(world.sample()), 'process-7')).toEqual([150, 5]);
  });

  test('a slot given to another socket starts anew', () => {
    const { world, attribution } = begun();
    const slot = world.addSocket({ pid: 7, tx: 900 });
    attribution.absorb(world.sample());
    world.close(slot);
    attribution.absorb(world.sample());
    attribution.absorb(world.sample());
    expect(world.addSocket({ pid: 7, tx: 30 })).toBe(slot);
    expect(bytesOf(attribution.absorb(world.sample()), 'process-7')).toEqual([930, 0]);
  });

  test('counters that are unknown or go backwards add nothing', () => {
    const { world, attribution } = begun();
    const slot = world.addSocket({ pid: 7, tx: Number.NaN, rx: 100 });
    let section = attribution.absorb(world.sample());
    expect(bytesOf(section, 'process-7')).toEqual([0, 100]);
    expect(section.accounts.txBytes[slot]).toBeNaN();
    world.setBytes(slot, 40, 60);
    section = attribution.absorb(world.sample());
    expect(bytesOf(section, 'process-7')).toEqual([40, 100]);
    world.setBytes(slot, 45, 61);
    expect(bytesOf(attribution.absorb(world.sample()), 'process-7')).toEqual([45, 101]);
  });

  test('headers follow the segments: 52 bytes for IPv4, 72 for IPv6', () => {
    const { world, attribution } = begun();
    const four = world.addSocket({ pid: 7, tx: 3000 });
    world.sockets.txSegments[four] = 3;
    const six = world.addSocket({ pid: 7, local: '2001:db8::5', remote: '2001:db8::1', rx: 10 });
    world.sockets.rxSegments[six] = 2;
    const { traffic } = attribution.absorb(world.sample());
    const sum = (column: Float64Array): number => live(traffic).reduce((all, slot) => all + column[slot]!, 0);
    expect(sum(traffic.txHeaderBytes)).toBe(3 * 52);
    expect(sum(traffic.rxHeaderBytes)).toBe(2 * 72);
    expect(sum(traffic.txSegments)).toBe(3);
  });
});

describe('who it is counted for', () => {
  test('later growth goes to a new owner, earlier stays', () => {
    const { world, attribution } = begun();
    world.addProcess(8);
    const slot = world.addSocket({ pid: 7, tx: 100 });
    attribution.absorb(world.sample());
    world.own(slot, 8);
    world.grow(slot, 11, 0);
    const section = attribution.absorb(world.sample());
    expect(bytesOf(section, 'process-7')).toEqual([100, 0]);
    expect(bytesOf(section, 'process-8')).toEqual([11, 0]);
  });

  test('an orphan keeps counting for the process that wrote its bytes', () => {
    const { world, attribution } = begun();
    const slot = world.addSocket({ pid: 7, tx: 100 });
    attribution.absorb(world.sample());
    world.removeProcess(7);
    world.own(slot, undefined, OwnerBasis.KERNEL);
    world.grow(slot, 900, 0);
    const section = attribution.absorb(world.sample());
    expect(bytesOf(section, 'process-7')).toEqual([1000, 0]);
    expect(section.owners.hasExited[ownerNamed(section, 'process-7')]).toBe(1);
  });

  test('growth without an owner is held back for one sample and goes to whoever is found by then', () => {
    const { world, attribution } = begun();
    const found = world.addSocket({ tx: 100 });
    world.addSocket({ tx: 7, uid: 33 });
    world.addSocket({ tx: 5, inode: 0 });
    world.addSocket({ tx: 6, inode: 0, state: TcpState.FIN_WAIT2 });
    let section = attribution.absorb(world.sample());
    expect(live(section.traffic).every((slot) => section.traffic.txBytes[slot] === 0)).toBe(true);
    world.own(found, 7);
    section = attribution.absorb(world.sample());
    expect(bytesOf(section, 'process-7')).toEqual([100, 0]);
    expect(bytesOf(section, 'www-data: other sockets')).toEqual([7, 0]);
    expect(bytesOf(section, 'unknown')).toEqual([5, 0]);
    // Whoever wrote its bytes, it was not the kernel.
    expect(bytesOf(section, 'closed connections')).toEqual([6, 0]);
  });

  test('groups of what has no process', () => {
    const { world, attribution } = begun();
    world.addSocket({ basis: OwnerBasis.KERNEL, tx: 1 });
    world.addSocket({ basis: OwnerBasis.HIDDEN, uid: 33, tx: 2 });
    world.addSocket({ basis: OwnerBasis.HIDDEN, uid: 34, tx: 3 });
    world.addSocket({ basis: OwnerBasis.HIDDEN, uid: 4294967294, tx: 5 });
    world.close(world.addSocket({ tx: 4, inode: 0 }));
    const section = attribution.absorb(world.sample());
    expect(bytesOf(section, 'kernel')).toEqual([1, 0]);
    expect(bytesOf(section, 'www-data: other sockets')).toEqual([2, 0]);
    expect(bytesOf(section, 'user-34: other sockets')).toEqual([3, 0]);
    expect(bytesOf(section, 'user-4294967294: other sockets')).toEqual([5, 0]);
    expect(bytesOf(section, 'closed connections')).toEqual([4, 0]);
    expect(section.owners.users[ownerNamed(section, 'www-data: other sockets')]).toBe('www-data');
  });

  test('inferred bytes are counted twice: with the others and apart', () => {
    const { world, attribution } = begun();
    world.addSocket({ pid: 7, tx: 5 });
    const guessed = world.addSocket({ pid: 7, basis: OwnerBasis.INFERRED, tx: 20, rx: 30 });
    world.close(guessed);
    const { traffic } = attribution.absorb(world.sample());
    const row = live(traffic).find((slot) => traffic.txBytes[slot] === 25)!;
    expect([traffic.rxBytes[row], traffic.inferredTxBytes[row], traffic.inferredRxBytes[row]]).toEqual([
      30, 20, 30,
    ]);
  });

  test('a recycled pid is another owner; the command line is read again when the name changes', () => {
    const world = new SampleWorld();
    world.addProcess(7, { name: 'sh' });
    let reads = 0;
    const attribution = new NetworkAttribution({ ...FACTS, commandLine: () => `read ${++reads}` });
    world.addSocket({ pid: 7, bornBeforeStart: true });
    attribution.absorb(world.sample());
    expect(reads).toBe(1);
    world.processes.names[world.processes.find(7)] = 'curl';
    let section = attribution.absorb(world.sample());
    expect(reads).toBeGreaterThan(1);
    expect(section.owners.commandLines[ownerNamed(section, 'curl')]).toBe(`read ${reads}`);
    world.removeProcess(7);
    world.addProcess(7, { name: 'new', startTicks: 999 });
    world.addSocket({ pid: 7, tx: 3 });
    section = attribution.absorb(world.sample());
    expect(bytesOf(section, 'new')).toEqual([3, 0]);
    expect(section.owners.hasExited[ownerNamed(section, 'curl')]).toBe(1);
  });

  test('a process without a name has its command line and control group from the first sample on', () => {
    const world = new SampleWorld();
    world.addProcess(7, { name: '' });
    world.addSocket({ pid: 7 });
    const { owners } = new NetworkAttribution(FACTS).absorb(world.sample());
    expect(owners.commandLines.filter((line) => line !== undefined)).toEqual(['/bin/process-7 --flag']);
    expect(owners.cgroups.filter((path) => path !== undefined)).toHaveLength(1);
  });

  test('texts are asked for by turns: each owner within ten seconds, and not many times', () => {
    const world = new SampleWorld();
    const asked = new Map<number, number>();
    let group = '/old.service';
    const attribution = new NetworkAttribution({
      ...FACTS,
      commandLine: (pid) => {
        asked.set(pid, (asked.get(pid) ?? 0) + 1);
        return `command ${asked.get(pid)}`;
      },
      cgroup: () => group,
    });
    for (let pid = 10; pid < 60; pid++) {
      world.addProcess(pid);
      world.addSocket({ pid });
    }
    attribution.absorb(world.sample(1e6));
    group = '/new.service';
    let section = attribution.absorb(world.sample(1e6));
    for (let i = 0; i < 9; i++) section = attribution.absorb(world.sample(1e6));
    expect([...asked.values()].every((times) => times >= 2 && times <= 4)).toBe(true);
    const { slots, pid, cgroups } = section.owners;
    const processes = [...slots.rows.subarray(0, slots.count)].filter((slot) => pid[slot]! > 0);
    expect(processes.map((slot) => cgroups[slot])).toEqual(processes.map(() => '/new.service'));
  });

  test('listeners and unconnected UDP sockets are no connections', () => {
    const { world, attribution } = begun();
    const udp = { pid: 7, protocol: PROTOCOL_UDP, tx: Number.NaN, rx: Number.NaN };
    world.addListener(80, { pid: 7 });
    world.addListener(53, { ...udp, state: TcpState.CLOSE });
    world.addSocket(udp);
    world.addSocket({ pid: 7, remote: '192.0.2.9' });
    const { owners, hosts } = attribution.absorb(world.sample());
    const slot = owners.slots.find(7, 70, 0, OwnerKind.PROCESS);
    expect([owners.connectionCount[slot], owners.listenerCount[slot]]).toEqual([2, 2]);
    expect(hosts.connectionCount[hosts.slots.find(...words('192.0.2.9'))]).toBe(1);
    expect(hosts.slots.find(...words('192.0.2.1'))).toBeGreaterThan(0);
  });
});

describe('which interface it goes over', () => {
  const cases: readonly (readonly [what: string, spec: SocketSpec, index: number])[] = [
    ['by the local address', {}, 2],
    ['loopback by the local address', { local: '127.0.0.1', remote: '127.0.0.1' }, 1],
    ['loopback by the remote address', { local: '0.0.0.0', remote: '127.0.0.2' }, 1],
    ['loopback to an own address', { local: '10.0.0.5', remote: '10.0.0.5' }, 1],
    ['loopback over IPv6', { local: '::1', remote: '::1' }, 1],
    ['none for an address of nobody', { local: '10.9.9.9' }, 0],
    ['none for a wildcard', { local: '0.0.0.0' }, 0],
  ];
  test.each(cases)('%s', (_, spec, index) => {
    const { world, attribution } = begun();
    const slot = world.addSocket({ pid: 7, ...spec });
    expect(attribution.absorb(world.sample()).accounts.interfaceIndex[slot]).toBe(index);
  });

  test('is found again when addresses come or the socket is connected elsewhere', () => {
    const { world, attribution } = begun();
    const slot = world.addSocket({ pid: 7, local: '10.9.9.9', tx: 5 });
    attribution.absorb(world.sample());
    world.addInterface(3, 'wlan0', '10.9.9.9');
    world.grow(slot, 6, 0);
    let { traffic, accounts } = attribution.absorb(world.sample());
    expect(accounts.interfaceIndex[slot]).toBe(3);
    const byInterface = live(traffic).map((row) => [traffic.interfaceIndex[row], traffic.txBytes[row]]);
    expect(byInterface).toContainEqual([0, 5]);
    expect(byInterface).toContainEqual([3, 6]);
    world.sockets.remoteAddress.set(words('10.0.0.5'), slot * 4);
    ({ traffic, accounts } = attribution.absorb(world.sample()));
    expect(accounts.interfaceIndex[slot]).toBe(1);
  });
});

describe('bounds', () => {
  test('crowded: exited processes and idle hosts lose their row after a minute, no byte is lost', () => {
    const world = new SampleWorld();
    const attribution = new NetworkAttribution(FACTS, { crowdedOwners: 4, crowdedHosts: 4 });
    attribution.absorb(world.sample());
    for (let pid = 10; pid < 30; pid++) {
      world.addProcess(pid);
      const slot = world.addSocket({ pid, tx: pid, rx: 1, remote: `192.0.2.${pid}` });
      attribution.absorb(world.sample());
      world.close(slot);
      world.removeProcess(pid);
    }
    world.addProcess(30);
    world.addSocket({ pid: 30, tx: 1000, remote: '192.0.2.30' });
    expect(attribution.absorb(world.sample()).owners.slots.count).toBeGreaterThan(20);
    const section = attribution.absorb(world.sample(120e6));
    expect(section.owners.slots.count).toBeLessThan(6);
    expect(section.hosts.slots.count).toBe(2);
    expect(bytesOf(section, 'exited processes')).toEqual([(19 + 20) * 10, 20]);
    expect(bytesOf(section, 'process-30')).toEqual([1000, 0]);
    const { hostTraffic } = section;
    const total = live(hostTraffic).reduce((sum, slot) => sum + hostTraffic.txBytes[slot]!, 0);
    expect(total).toBe(1390);
  });
});
