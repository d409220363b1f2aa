import { describe, expect, test } from 'bun:test';
import { array, assert, integer, nat, property, tuple } from 'fast-check';
import { NetworkAttribution } from '../attribution/network-attribution.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import { FOREIGN_INTERFACE, OwnerBasis, PROTOCOL_FORWARDED } from '../sample/socket-table.ts';
import { BUCKET_COUNT, HISTORY_LENGTH } from './histories.ts';
import { NetworkRates, TOTALS_SLOT } from './network-rates.ts';

/** A machine with one process and one connection, watched. */
class Watched {
  readonly world = new SampleWorld();
  readonly rates = new NetworkRates();
  readonly socket: number;
  section: NetworkSection;
  attribution = new NetworkAttribution({
    commandLine: () => undefined,
    cgroup: () => undefined,
    userName: String,
  });

  constructor() {
    this.world.addProcess(7);
    this.socket = this.world.addSocket({ pid: 7, bornBeforeStart: true });
    this.section = this.step(1);
  }

  /** Of all uplinks. */
  attributedRatio(): number {
    return this.rates.attributedRatioOf(undefined, this.section.interfaces);
  }

  /** Lets so many seconds pass in which the connection and eth0 move so many bytes. */
  step(seconds: number, tx = 0, rx = 0, linkTx = tx, linkRx = rx): NetworkSection {
    this.world.grow(this.socket, tx, rx);
    const eth0 = this.world.interfaces.slots.find(2, 0, 0, 0);
    this.world.interfaces.txBytes[eth0]! += linkTx;
    this.world.interfaces.rxBytes[eth0]! += linkRx;
    this.section = this.attribution.absorb(this.world.sample(seconds * 1e6));
    expect(this.rates.update(this.section, this.world.header())).toBe(true);
    return this.section;
  }

  /** The connection's traffic row: over eth0. */
  get row(): number {
    const { slots, interfaceIndex } = this.section.traffic;
    return slots.rows.subarray(0, slots.count).find((slot) => interfaceIndex[slot] === 2)!;
  }

  buckets(): readonly [tx: Float64Array, rx: Float64Array] {
    const tx = new Float64Array(BUCKET_COUNT);
    const rx = new Float64Array(BUCKET_COUNT);
    this.rates.totals.bucketsInto(TOTALS_SLOT, tx, rx);
    return [tx, rx];
  }
}

test('of traffic alone are those that a whole update makes of it', () => {
  const watched = new Watched();
  const alone = new NetworkRates();
  expect(alone.updateTraffic(watched.section, watched.world.header())).toBe(true);
  for (const bytes of [3000, 0, 700]) {
    const section = watched.step(2, bytes, 2 * bytes);
    expect(alone.updateTraffic(section, watched.world.header())).toBe(true);
    expect(alone.updateTraffic(section, watched.world.header())).toBe(false);
    const { row, rates } = watched;
    expect(alone.traffic.smoothTx[row]).toBe(rates.traffic.smoothTx[row]!);
    expect(alone.traffic.smoothRx[row]).toBe(rates.traffic.smoothRx[row]!);
    expect(alone.traffic.rawTx[row]).toBe(bytes / 2);
  }
});

describe('raw rates', () => {
  test('are unknown in the first sample and growth by true time after it, at any interval', () => {
    const watched = new Watched();
    const { rates, socket } = watched;
    expect(rates.intervalSeconds).toBeNaN();
    expect(rates.sockets.rawTx[socket]).toBeNaN();
    expect(rates.totals.rawTx[TOTALS_SLOT]).toBeNaN();
    const interval = tuple(integer({ min: 50, max: 10_000 }), nat(1e9), nat(1e9));
    assert(
      property(array(interval, { minLength: 1, maxLength: 20 }), (steps) => {
        for (const [millis, tx, rx] of steps) {
          watched.step(millis / 1000, tx, rx);
          expect(rates.intervalSeconds).toBeCloseTo(millis / 1000, 6);
          expect(rates.sockets.rawTx[socket]).toBeCloseTo((tx / millis) * 1000, 3);
          expect(rates.totals.rawRx[TOTALS_SLOT]).toBeCloseTo((rx / millis) * 1000, 3);
          if (watched.row === undefined) continue;
          expect(rates.traffic.rawTx[watched.row]).toBeCloseTo((tx / millis) * 1000, 3);
          expect(rates.traffic.rawRx[watched.row]).toBeCloseTo((rx / millis) * 1000, 3);
        }
      }),
    );
  });

  test('a row first seen after the first sample counts from 0; a connection too', () => {
    const watched = new Watched();
    const { world, rates } = watched;
    const slot = world.addSocket({ pid: 7, remote: '192.0.2.7', tx: 300, rx: 600 });
    const section = watched.step(2);
    expect([rates.sockets.rawTx[slot], rates.sockets.rawRx[slot]]).toEqual([150, 300]);
    expect(rates.traffic.rawTx[watched.row]).toBe(150);
    const host = section.accounts.host[slot]!;
    const row = section.hostTraffic.slots.find(host, 2, 0, 0);
    expect(rates.hostTraffic.rawRx[row]).toBe(300);
  });

  test('an interface that appears is a baseline, one whose counter was reset counts what it shows', () => {
    const watched = new Watched();
    const { world, rates } = watched;
    const slot = world.addInterface(3, 'wlan0', '10.9.9.9');
    world.interfaces.rxBytes[slot] = 1e9;
    watched.step(1);
    expect(rates.interfaces.rawRx[slot]).toBeNaN();
    world.interfaces.rxBytes[slot] = 500;
    watched.step(1);
    expect(rates.interfaces.rawRx[slot]).toBe(500);
    expect(rates.totals.sinceRx[TOTALS_SLOT]).toBe(500);
  });

  test('a repeated sequence changes nothing; another epoch is a new beginning', () => {
    const watched = new Watched();
    const { world, rates } = watched;
    watched.step(1, 1000, 0);
    expect(rates.update(watched.section, world.header())).toBe(false);
    expect(rates.traffic.rawTx[watched.row]).toBe(1000);
    world.epoch = 2;
    watched.step(1, 5000, 0);
    expect(rates.traffic.rawTx[watched.row]).toBeNaN();
    expect(rates.totals.rawTx[TOTALS_SLOT]).toBeNaN();
    expect(rates.totals.sinceTx[TOTALS_SLOT]).toBe(0);
    watched.step(1, 10, 0);
    expect(rates.traffic.rawTx[watched.row]).toBe(10);
  });

  test('counters that could not be read once have no rate then, nor one of two intervals after it', () => {
    const watched = new Watched();
    const { rates, world, socket } = watched;
    const seen = (): number[] => {
      const { accounts, hostTraffic } = watched.section;
      const host = hostTraffic.slots.find(accounts.host[socket]!, 2, 0, 0);
      return [
        rates.traffic.rawTx[watched.row]!,
        rates.hostTraffic.rawTx[host]!,
        rates.sockets.rawTx[socket]!,
      ];
    };
    watched.step(1, 1000, 0);
    expect(seen()).toEqual([1000, 1000, 1000]);
    world.counted = 'none';
    watched.step(1, 0, 0, 1000, 0);
    expect(seen()).toEqual([NaN, NaN, NaN]);
    world.counted = 'payload';
    watched.step(1, 2000, 0, 1000, 0);
    expect(seen()).toEqual([NaN, NaN, NaN]);
    watched.step(1, 1000, 0);
    expect(seen()).toEqual([1000, 1000, 1000]);
  });

  test('a tier that counts nothing has no rates', () => {
    const watched = new Watched();
    watched.world.counted = 'none';
    watched.step(1, 1000, 0);
    expect(watched.rates.traffic.rawTx[watched.row]).toBeNaN();
    expect(watched.attributedRatio()).toBeNaN();
  });
});

test('in slices the rates are the same, and keys have their turn', async () => {
  const watched = new Watched();
  const { world } = watched;
  for (let i = 0; i < 3000; i++) world.addSocket({ pid: 7, tx: i, rx: 2 * i });
  const section = watched.attribution.absorb(world.sample(1e6));
  const [atOnce, inSlices] = [new NetworkRates(), new NetworkRates()];
  let rests = 0;
  const slice = { due: () => true, rest: async () => void rests++ };
  for (const step of [1, 2]) {
    const header = { ...world.header(), epoch: step };
    expect(atOnce.update(section, header)).toBe(true);
    expect(await inSlices.updateInSlices(section, header, slice)).toBe(true);
    expect(await inSlices.updateInSlices(section, header, slice)).toBe(false);
    for (const column of ['rawTx', 'rawRx', 'smoothTx', 'smoothRx', 'serial'] as const) {
      expect([...inSlices.sockets[column]]).toEqual([...atOnce.sockets[column]]);
      expect([...inSlices.traffic[column]]).toEqual([...atOnce.traffic[column]]);
    }
  }
  expect(rests).toBeGreaterThanOrEqual(6);
});

describe('smooth rates', () => {
  test('follow 0.3 a second, by true time', () => {
    const one = new Watched();
    const ten = new Watched();
    for (const watched of [one, ten]) watched.step(1, 1000, 0);
    expect(one.rates.traffic.smoothTx[one.row]).toBe(1000);
    one.step(1, 2000, 0);
    expect(one.rates.traffic.smoothTx[one.row]).toBeCloseTo(1300, 6);
    for (let i = 0; i < 10; i++) ten.step(0.1, 200, 0);
    expect(ten.rates.traffic.smoothTx[ten.row]).toBeCloseTo(1300, 3);
  });

  test('are exactly 0 after two samples without a byte, and below 1 B/s', () => {
    const watched = new Watched();
    const { rates } = watched;
    watched.step(1, 1e9, 0);
    watched.step(1);
    expect(rates.traffic.smoothTx[watched.row]).toBeGreaterThan(0);
    watched.step(1);
    expect(rates.traffic.smoothTx[watched.row]).toBe(0);
    expect(rates.totals.smoothTx[TOTALS_SLOT]).toBe(0);
    watched.step(10, 9, 0);
    expect(rates.traffic.rawTx[watched.row]).toBeCloseTo(0.9, 6);
    expect(rates.traffic.smoothTx[watched.row]).toBe(0);
  });
});

test.each(['up', 'down'] as const)(
  'one direction stops while the other has long been silent: %s',
  (direction) => {
    const watched = new Watched();
    const { rates } = watched;
    const step = (bytes: number): unknown =>
      direction === 'up' ? watched.step(1, bytes, 0) : watched.step(1, 0, bytes);
    for (let i = 0; i < 4; i++) step(1000);
    const raw = direction === 'up' ? rates.traffic.rawTx : rates.traffic.rawRx;
    expect(raw[watched.row]).toBe(1000);
    step(0);
    expect(raw[watched.row]).toBe(0);
  },
);

describe('histories', () => {
  test('the last samples, oldest first', () => {
    const watched = new Watched();
    for (let i = 1; i <= HISTORY_LENGTH + 4; i++) watched.step(1, i, i);
    const out = new Float32Array(HISTORY_LENGTH);
    watched.rates.history.addInto(watched.row, out);
    expect([...out]).toEqual(Array.from({ length: HISTORY_LENGTH }, (_, i) => (i + 5) * 2));
  });

  test('sixty buckets of one second, whatever the interval', () => {
    for (const seconds of [0.1, 0.25, 1, 1.003, 3, 10]) {
      const watched = new Watched();
      for (let at = 0; at < 80; at += seconds) watched.step(seconds, 500 * seconds, 7000 * seconds);
      const [tx, rx] = watched.buckets();
      for (const rate of tx) expect(rate).toBeCloseTo(500, 2);
      for (const rate of rx) expect(rate).toBeCloseTo(7000, 2);
    }
  });

  test('bytes end up in the seconds in which they moved', () => {
    const watched = new Watched();
    for (let i = 0; i < 9; i++) watched.step(0.5, i < 4 ? 0 : 1000, 0);
    const [tx] = watched.buckets();
    expect([...tx].filter((rate) => !Number.isNaN(rate))).toEqual([0, 0, 2000, 2000, 2000]);
    expect(tx[BUCKET_COUNT - 6]).toBeNaN();
  });

  test('the trend needs eight samples and 20 %', () => {
    const watched = new Watched();
    const trend = (): string => watched.rates.totals.trend(TOTALS_SLOT);
    for (let i = 0; i < 4; i++) watched.step(1, 1000, 0);
    expect(trend()).toBe('flat');
    for (let i = 0; i < 4; i++) watched.step(1, 1190, 0);
    expect(trend()).toBe('flat');
    for (let i = 0; i < 4; i++) watched.step(1, 1500, 0);
    expect(trend()).toBe('up');
    for (let i = 0; i < 4; i++) watched.step(1, 100, 0);
    expect(trend()).toBe('down');
  });
});

describe('attributed share', () => {
  test('explains payload, IP and TCP headers, but not link headers', () => {
    const watched = new Watched();
    const { world } = watched;
    const eth0 = world.interfaces.slots.find(2, 0, 0, 0);
    expect(watched.attributedRatio()).toBeNaN();
    for (let i = 0; i < 5; i++) {
      world.sockets.txSegments[watched.socket]! += 1000;
      world.interfaces.txPackets[eth0]! += 1000;
      watched.step(1, 1_448_000, 0, 1_448_000 + 1000 * (20 + 32 + 14), 0);
    }
    expect(watched.attributedRatio()).toBeCloseTo(1, 9);
  });

  test('what nobody owns up to lowers it, loopback does not raise it', () => {
    const watched = new Watched();
    const { world } = watched;
    const own = world.addSocket({ pid: 7, local: '127.0.0.1', remote: '127.0.0.1' });
    for (let i = 0; i < 5; i++) {
      world.grow(own, 1e6, 1e6);
      watched.step(1, 2500, 2500, 5000, 5000);
    }
    expect(watched.attributedRatio()).toBeCloseTo(0.5, 6);
  });

  test('of one interface its own rows alone explain', () => {
    const watched = new Watched();
    const { world, rates } = watched;
    const inside = world.addInterface(3, 'br0', '10.88.0.1');
    world.interfaces.isUplink[inside] = 0;
    for (let i = 0; i < 5; i++) {
      world.interfaces.txBytes[inside]! += 9000;
      watched.step(1, 5000, 5000);
    }
    const of = (index: number): number => rates.attributedRatioOf(index, watched.section.interfaces);
    expect([of(2), of(3)]).toEqual([1, 0]);
    expect(of(77)).toBeNaN();
    expect(rates.attributedRatioOf(undefined, watched.section.interfaces)).toBe(1);
  });

  test('what moves in other network namespaces explains nothing: what of it leaves is forwarded', () => {
    const watched = new Watched();
    const { world } = watched;
    const inside = world.addSocket({ pid: 7 });
    world.sockets.interfaceIndex[inside] = FOREIGN_INTERFACE;
    const forwarded = world.addSocket({ basis: OwnerBasis.KERNEL, protocol: PROTOCOL_FORWARDED });
    world.sockets.interfaceIndex[forwarded] = 2;
    for (let i = 0; i < 5; i++) {
      world.grow(inside, 4000, 0);
      world.grow(forwarded, 1000, 0);
      watched.step(1, 0, 0, 4000, 0);
    }
    expect(watched.attributedRatio()).toBeCloseTo(0.25, 6);
  });

  test('bytes that rows have one sample before the interface has them lower nothing', () => {
    const watched = new Watched();
    watched.step(1, 1000, 0, 1000, 0);
    watched.step(1, 9000, 0, 2000, 0);
    watched.step(1, 0, 0, 7000, 0);
    expect(watched.attributedRatio()).toBeCloseTo(1, 6);
    watched.step(1, 0, 0, 9000, 0);
    expect(watched.attributedRatio()).toBeLessThan(0.5);
  });

  test('of all uplinks what stands on them explains too, such as a VLAN', () => {
    const watched = new Watched();
    const { world } = watched;
    const vlan = world.addInterface(3, 'eth0.7', '10.88.0.1');
    world.interfaces.isUplink[vlan] = 0;
    world.interfaces.isOverUplink[vlan] = 1;
    const own = world.addSocket({ pid: 7, local: '10.88.0.1', remote: '10.88.0.2' });
    for (let i = 0; i < 5; i++) {
      world.grow(own, 3000, 0);
      watched.step(1, 1000, 0, 4000, 0);
    }
    expect(watched.attributedRatio()).toBeCloseTo(1, 6);
  });

  test('what is on the row of nobody known does not count', () => {
    const watched = new Watched();
    const { world } = watched;
    for (let i = 0; i < 5; i++) {
      const unseen = world.addSocket({ basis: OwnerBasis.NONE, tx: 3000, rx: 0 });
      world.close(unseen);
      watched.step(1, 1000, 0, 4000, 0);
    }
    expect(watched.attributedRatio()).toBeCloseTo(0.25, 6);
  });

  test('named is the part of processes: rows of a user alone are counted, not named', () => {
    const watched = new Watched();
    const { world, rates } = watched;
    const hidden = world.addSocket({ basis: OwnerBasis.HIDDEN, uid: 33, localPort: 45_000 });
    for (let i = 0; i < 5; i++) {
      world.grow(hidden, 3000, 0);
      watched.step(1, 1000, 0, 4000, 0);
    }
    const { interfaces } = watched.section;
    expect(rates.attributedRatioOf(undefined, interfaces)).toBeCloseTo(1, 6);
    expect(rates.namedRatioOf(undefined, interfaces)).toBeCloseTo(0.25, 6);
    expect(rates.namedRatioOf(2, interfaces)).toBeCloseTo(0.25, 6);
    expect(rates.copy().namedRatioOf(undefined, interfaces)).toBeCloseTo(0.25, 6);
  });
});

test('an interface that comes back goes on where it ended, under another number too', () => {
  const watched = new Watched();
  const { world, rates } = watched;
  const { slots, txBytes } = world.interfaces;
  const totals = (index: number): number | undefined => rates.totalsOf(index)?.txBytes;
  world.addInterface(5, 'tun0', '10.91.0.1');
  watched.step(1);
  txBytes[slots.find(5, 0, 0, 0)]! += 700;
  watched.step(1);
  expect(totals(5)).toBe(700);
  slots.remove(slots.find(5, 0, 0, 0));
  watched.step(1);
  expect(totals(5)).toBe(700);
  world.addInterface(9, 'tun0', '10.91.0.1');
  watched.step(1);
  txBytes[slots.find(9, 0, 0, 0)]! += 300;
  watched.step(1);
  expect(totals(9)).toBe(1000);
  expect(rates.totalTxBytes).toBe(1000);
});

test('a copy stays as it is', () => {
  const watched = new Watched();
  watched.step(1, 1000, 0);
  const copy = watched.rates.copy();
  const { row } = watched;
  watched.step(1, 9000, 0);
  expect([copy.traffic.rawTx[row], watched.rates.traffic.rawTx[row]]).toEqual([1000, 9000]);
  expect(copy.totals.rawTx[TOTALS_SLOT]).toBe(1000);
});
