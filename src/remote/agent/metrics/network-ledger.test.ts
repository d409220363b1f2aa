import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { NetworkAttribution } from '../../../data/attribution/network-attribution.ts';
import { SampleWorld } from '../../../data/sample/sample-world.fixture.ts';
import { parseExposition, seriesOf } from './exposition-parser.fixture.ts';
import { MetricsPage } from './metrics-page.ts';
import { fullSnapshot, HEADER, pageRequest } from './metrics-world.fixture.ts';
import { ProcessGroups } from './process-groups.ts';

const SECOND = 1e6;

/** A made-up machine whose accounting is merged as soon as it may be. */
class CountedWorld {
  readonly world = new SampleWorld();
  readonly groups: ProcessGroups;
  #attribution = newAttribution();

  constructor(limit = 256) {
    this.groups = new ProcessGroups(limit);
    this.#attribution.absorb(this.world.sample());
  }

  section(laterMicros = SECOND) {
    return this.#attribution.absorb(this.world.sample(laterMicros));
  }

  scrape(laterMicros = SECOND): Map<string, number> {
    this.groups.network.absorb(this.section(laterMicros), this.world.header());
    return this.received();
  }

  restart(): void {
    this.world.epoch++;
    this.#attribution = newAttribution();
  }

  received(): Map<string, number> {
    const { labels, columns } = this.groups;
    const received = new Map<string, number>();
    for (let group = 0; group < labels.capacity; group++) {
      const sets = labels.labelsOf(group);
      if (sets !== undefined) received.set(sets.name, columns.rxBytes[group]!);
    }
    return received;
  }

  unattributed(): number {
    return this.groups.network.unattributedRxBytes.reduce((sum, bytes) => sum + bytes, 0);
  }
}

function newAttribution(): NetworkAttribution {
  const facts = { commandLine: () => undefined, cgroup: () => undefined, userName: String };
  return new NetworkAttribution(facts, { crowdedOwners: 1 });
}

const total = (received: ReadonlyMap<string, number>): number =>
  [...received.values()].reduce((sum, bytes) => sum + bytes, 0);

describe('bytes of a group', () => {
  test('are those of all processes of a name, exited ones too', () => {
    const counted = new CountedWorld();
    const { world } = counted;
    world.addProcess(7, { name: 'curl' });
    world.addProcess(8, { name: 'curl' });
    world.addProcess(9, { name: 'sshd' });
    const first = world.addSocket({ pid: 7, rx: 100 });
    world.addSocket({ pid: 8, rx: 20 });
    world.addSocket({ pid: 9, rx: 3 });
    expect(counted.scrape().get('curl')).toBe(120);
    world.grow(first, 0, 5);
    world.close(first);
    world.removeProcess(7);
    expect(Object.fromEntries(counted.scrape())).toEqual({ other: 0, curl: 125, sshd: 3 });
    // A minute later its row has been merged with those of all that have exited.
    expect(Object.fromEntries(counted.scrape(120 * SECOND))).toEqual({ other: 0, curl: 125, sshd: 3 });
  });

  test('that no scrape saw before its process was forgotten are in other', () => {
    const counted = new CountedWorld();
    const { world } = counted;
    world.addProcess(7, { name: 'curl' });
    const socket = world.addSocket({ pid: 7, rx: 100 });
    expect(counted.scrape().get('curl')).toBe(100);
    world.grow(socket, 0, 11);
    world.close(socket);
    counted.section();
    world.removeProcess(7);
    counted.section();
    expect(Object.fromEntries(counted.scrape(120 * SECOND))).toEqual({ other: 11, curl: 100 });
  });

  test('do not leave the machine over loopback', () => {
    const counted = new CountedWorld();
    counted.world.addProcess(7, { name: 'redis' });
    counted.world.addSocket({ pid: 7, rx: 100, local: '127.0.0.1', remote: '127.0.0.1' });
    expect(total(counted.scrape())).toBe(0);
  });

  test('count on when accounting begins anew', () => {
    const counted = new CountedWorld();
    counted.world.addProcess(7, { name: 'curl' });
    const socket = counted.world.addSocket({ pid: 7, rx: 100 });
    counted.scrape();
    counted.restart();
    expect(counted.scrape().get('curl')).toBe(100);
    counted.world.grow(socket, 0, 5);
    expect(counted.scrape().get('curl')).toBeGreaterThanOrEqual(105);
  });

  test('of nobody are told by who is missing', () => {
    const counted = new CountedWorld();
    counted.world.addSocket({ rx: 50 });
    counted.scrape();
    counted.scrape();
    counted.scrape();
    expect([total(counted.received()), counted.unattributed()]).toEqual([0, 50]);
  });
});

test('a sample that was taken before changes nothing', () => {
  const counted = new CountedWorld();
  counted.world.addProcess(7, { name: 'curl' });
  counted.world.addSocket({ pid: 7, rx: 100 });
  const section = counted.section();
  for (let i = 0; i < 3; i++) counted.groups.network.absorb(section, counted.world.header());
  expect(counted.received().get('curl')).toBe(100);
});

test('over any history no counter falls, and all together are what the sockets had', () => {
  const action = fc.record({
    pid: fc.integer({ min: 1, max: 5 }),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    bytes: fc.nat(1000),
    isGone: fc.boolean(),
  });
  const step = fc.record({
    actions: fc.array(action, { maxLength: 5 }),
    seconds: fc.constantFrom(1, 70, 4000),
    isScraped: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), fc.integer({ min: 1, max: 3 }), (steps, limit) => {
      const counted = new CountedWorld(limit);
      const { world } = counted;
      const sockets = new Map<number, number>();
      let sent = 0;
      let starts = 1000;
      let before = new Map<string, number>();
      for (const { actions, seconds, isScraped } of steps) {
        for (const { pid, name, bytes, isGone } of new Map(
          actions.map((each) => [each.pid, each]),
        ).values()) {
          const socket = sockets.get(pid);
          if (socket !== undefined && isGone) {
            world.close(socket);
            world.removeProcess(pid);
            sockets.delete(pid);
          } else if (socket !== undefined) {
            world.grow(socket, 0, bytes);
            sent += bytes;
          } else {
            world.addProcess(pid, { name, startTicks: ++starts });
            sockets.set(pid, world.addSocket({ pid, rx: bytes }));
            sent += bytes;
          }
        }
        if (!isScraped) {
          counted.section(seconds * SECOND);
          continue;
        }
        const now = counted.scrape(seconds * SECOND);
        for (const [name, bytes] of before)
          if (now.has(name)) expect(now.get(name)!).toBeGreaterThanOrEqual(bytes);
        expect(total(now) + counted.unattributed()).toBe(sent);
        before = now;
      }
    }),
  );
});

test('the page shows them where they are switched on, and how they are counted', () => {
  const counted = new CountedWorld();
  counted.world.addProcess(7, { name: 'curl' });
  counted.world.addSocket({ pid: 7, rx: 100, tx: 9 });
  const snapshot = fullSnapshot({ network: counted.section(), header: HEADER });
  const shown = (isWanted: boolean) =>
    seriesOf(
      parseExposition(
        new MetricsPage().encode(pageRequest(snapshot, isWanted), 'openmetrics'),
        'openmetrics',
      ),
    );
  const on = shown(true);
  expect(on.get('namedprocess_namegroup_network_receive_bytes_total{groupname="curl"}')).toBe(100);
  expect(on.get('namedprocess_namegroup_network_transmit_bytes_total{groupname="curl"}')).toBe(9);
  expect(on.get('socktop_network_unattributed_receive_bytes_total{owner="closed"}')).toBe(0);
  expect(on.get('socktop_agent_network_info{counted="payload",tier="netlink"}')).toBe(1);
  expect(on.get('socktop_agent_collection_success{section="network"}')).toBe(1);
  expect([...shown(false).keys()].filter((name) => name.includes('namegroup_network'))).toEqual([]);
  counted.world.counted = 'none';
  const uncounted = fullSnapshot({ network: counted.section() });
  const page = new MetricsPage().encode(pageRequest(uncounted, true), 'text');
  expect(new TextDecoder().decode(page)).not.toContain('namegroup_network');
});

describe('health of a group', () => {
  const of = ({ groups }: CountedWorld, name: string) => {
    const group = groups.labels.find(name);
    const { retransmits, dataSegments, drops } = groups.columns;
    return [retransmits[group], dataSegments[group], drops[group]];
  };

  test('is what its processes lost, exited ones too, and begins anew with another epoch', () => {
    const counted = new CountedWorld();
    const { world } = counted;
    const { sockets } = world;
    world.addProcess(7, { name: 'backup' });
    world.addProcess(9, { name: 'nginx' });
    const slot = world.addSocket({ pid: 7, rx: 10 });
    const listener = world.addListener(80, { pid: 9 });
    const lose = (retransmits: number, segments: number, drops: number): void => {
      sockets.retransmits[slot] = retransmits;
      sockets.dataSegments[slot] = segments;
      sockets.reorderings[slot] = 0;
      sockets.drops[listener] = drops;
      sockets.healthStamp[slot]!++;
      sockets.healthStamp[listener]!++;
      world.grow(slot, 1, 1);
    };
    lose(2, 100, 0);
    counted.scrape();
    expect(of(counted, 'backup')).toEqual([2, 100, Number.NaN]);
    lose(7, 180, 4);
    counted.scrape();
    expect(of(counted, 'backup')).toEqual([7, 180, Number.NaN]);
    // Nothing was received for nginx, so it has no label of its own.
    expect(of(counted, 'nginx')[2]).toBe(4);
    world.close(slot);
    world.removeProcess(7);
    counted.scrape();
    for (let i = 0; i < 30; i++) counted.scrape(10 * SECOND);
    expect(of(counted, 'backup')).toEqual([7, 180, Number.NaN]);
    counted.restart();
    counted.scrape();
    expect(of(counted, 'backup')).toEqual([7, 180, Number.NaN]);
  });
});
