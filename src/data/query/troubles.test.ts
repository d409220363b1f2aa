import { describe, expect, test } from 'bun:test';
import { NetworkAttribution } from '../attribution/network-attribution.ts';
import { NetworkRates } from '../rates/network-rates.ts';
import { Failures } from '../sample/failures.ts';
import type { NetworkSample } from '../sample/network-sample.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import { PROTOCOL_UDP } from '../sample/socket-table.ts';
import { ProblemKind, SocketFailure, TcpState } from '../schema/network-columns.ts';
import { ConnectionRows } from './connection-rows.ts';
import { parseFilter } from './filter/parse-filter.ts';
import { HostRows } from './host-rows.ts';
import { ProcessRows } from './process-rows.ts';
import { TroubleRows } from './trouble-rows.ts';

const SCOPE = { interfaceIndex: undefined, includeLoopback: false };

/** A machine whose sockets' health is set by hand, a second at a time. */
class Ward {
  readonly world = new SampleWorld();
  readonly rows = new TroubleRows();
  readonly rates = new NetworkRates();
  declare last: NetworkSection;
  readonly #attribution = new NetworkAttribution({
    commandLine: () => undefined,
    cgroup: () => undefined,
    userName: String,
  });

  /** One more second; `change` comes before it. Returns the texts, the worst first. */
  next(change: () => void = () => undefined, more: Partial<NetworkSample> = {}, filter = ''): string[] {
    change();
    for (let i = 0; i < this.world.sockets.slots.count; i++) {
      this.world.sockets.healthStamp[this.world.sockets.slots.rows[i]!]!++;
    }
    const section = this.#attribution.absorb({ ...this.world.sample(), ...more });
    this.last = section;
    this.rates.update(section, this.world.header());
    const parsed = parseFilter(filter);
    if ('error' in parsed) throw new Error(parsed.error.message);
    this.rows.build(section, this.rates, SCOPE, parsed.filter);
    const order = this.rows.order({ key: 'severity', isReversed: false });
    return Array.from(order, (row) => this.rows.textOf(row));
  }

  seconds(count: number, change: () => void): string[] {
    let texts: string[] = [];
    for (let i = 0; i < count; i++) texts = this.next(change);
    return texts;
  }

  process(pid: number, name: string): this {
    this.world.addProcess(pid, { name });
    return this;
  }

  /** A connection that has sent nothing. */
  connection(pid: number, state: number = TcpState.ESTABLISHED): number {
    const slot = this.world.addSocket({ pid, state, remote: '192.0.2.9', bornBeforeStart: false });
    const { sockets } = this.world;
    sockets.dataSegments[slot] = 0;
    sockets.reorderings[slot] = 0;
    sockets.rttMicros[slot] = 81_000;
    sockets.rttMinMicros[slot] = 80_000;
    return slot;
  }
}

interface FailureEntry {
  readonly pid: number;
  readonly kind: number;
  readonly count: number;
  readonly port?: number;
  readonly reason?: string;
}

function failures(entries: readonly FailureEntry[]): Failures {
  const all = new Failures();
  all.reserve(entries.length);
  for (const { pid, kind, count, port = 443, reason = '' } of entries) {
    const row = all.length++;
    all.pid[row] = pid;
    all.startTicks[row] = pid * 10;
    all.kind[row] = kind;
    all.count[row] = count;
    all.remotePort[row] = port;
    all.remoteAddress.set([0, 0, 0xffff, 0x0a000001], row * 4);
    all.reasons[row] = kind === ProblemKind.DROPPED ? 'NETFILTER_DROP' : reason;
  }
  return all;
}

describe('losses', () => {
  test('a twentieth that is sent again for some seconds is named with its share and round trip', () => {
    const ward = new Ward().process(7, 'backup');
    const slot = ward.connection(7);
    const { sockets } = ward.world;
    ward.next();
    const texts = ward.seconds(12, () => {
      sockets.dataSegments[slot]! += 98;
      sockets.retransmits[slot]! += 5;
      sockets.reorderings[slot]! += 1;
    });
    expect(texts).toEqual([
      'backup: 5.1 % retransmitted to 192.0.2.9, round trip 81 ms, out of order 10 times in 10 s',
    ]);
    expect(ward.next(() => undefined, {}, 'backup')).toHaveLength(1);
    expect(ward.next(() => undefined, {}, 'other')).toEqual([]);
  });

  test('a burst, a small share, and few segments are no trouble', () => {
    const ward = new Ward().process(7, 'backup');
    const slot = ward.connection(7);
    const { sockets } = ward.world;
    ward.next();
    expect(
      ward.next(() => {
        sockets.dataSegments[slot]! += 1000;
        sockets.retransmits[slot]! += 60;
      }),
    ).toEqual([]);
    const small = ward.seconds(30, () => {
      sockets.dataSegments[slot]! += 1000;
      sockets.retransmits[slot]! += 10;
    });
    expect(small).toEqual([]);
    const few = ward.seconds(30, () => {
      sockets.dataSegments[slot]! += 2;
      if (sockets.dataSegments[slot]! % 12 === 0) sockets.retransmits[slot]! += 1;
    });
    expect(few).toEqual([]);
  });

  test('segments out of order alone are named last', () => {
    const ward = new Ward().process(7, 'backup');
    const slot = ward.connection(7);
    ward.next();
    const texts = ward.seconds(12, () => {
      ward.world.sockets.dataSegments[slot]! += 500;
      ward.world.sockets.reorderings[slot]! += 2;
    });
    expect(texts).toEqual(['backup: segments to 192.0.2.9 out of order 20 times in 10 s, round trip 81 ms']);
  });
});

describe('listeners', () => {
  test('a full accept queue and what it dropped come before all else', () => {
    const ward = new Ward().process(3, 'nginx');
    const slot = ward.world.addListener(80, { pid: 3 });
    const { sockets } = ward.world;
    sockets.drops[slot] = 500;
    sockets.receiveQueue[slot] = 0;
    sockets.sendQueue[slot] = 128;
    expect(ward.next()).toEqual([]);
    const texts = ward.seconds(10, () => {
      sockets.receiveQueue[slot] = 129;
      sockets.drops[slot]! += 12;
    });
    expect(texts[0]).toBe('nginx: accept queue full, 120 connections dropped in 10 s');
    expect(ward.rows.places[0]).toBe('0.0.0.0:80');
    // The queue is empty again, and what was dropped ages out of the window.
    sockets.receiveQueue[slot] = 0;
    expect(ward.next()[0]).toContain('connections dropped in');
    expect(ward.seconds(12, () => undefined)).toEqual([]);
  });

  test('a UDP socket that drops is named, one that lost a few is not', () => {
    const ward = new Ward().process(4, 'dnsmasq');
    const nobody = { remote: '0.0.0.0', remotePort: 0 };
    const slot = ward.world.addSocket({
      ...{
        pid: 4,
        protocol: PROTOCOL_UDP,
        state: TcpState.CLOSE,
        local: '0.0.0.0',
        localPort: 53,
        ...nobody,
      },
    });
    ward.world.sockets.drops[slot] = 0;
    ward.next();
    expect(ward.next(() => (ward.world.sockets.drops[slot]! += 3))).toEqual([]);
    expect(ward.next(() => (ward.world.sockets.drops[slot]! += 30))).toEqual([
      'dnsmasq: receive buffer full, 33 datagrams dropped in 2 s',
    ]);
  });

  test('drops of listeners that are not seen are those of the machine', () => {
    const ward = new Ward().process(3, 'nginx');
    const stack = (listenDrops: number, listenOverflows = 0) => ({
      stack: { listenDrops, listenOverflows, attemptFails: 0 },
    });
    ward.next(undefined, stack(1000));
    expect(ward.next(undefined, stack(1000))).toEqual([]);
    expect(ward.next(undefined, stack(1004))).toEqual([
      'the machine: 4 connections dropped by listeners in 2 s',
    ]);
    expect(ward.next(undefined, stack(1007, 2))).toEqual([
      'the machine: 7 connections dropped by listeners in 3 s, 2 for a full accept queue',
    ]);
    expect(ward.next(undefined, stack(1007, 7))).toEqual([
      'the machine: 7 connections dropped by listeners in 4 s, all for a full accept queue',
    ]);
  });

  test('a connect that a route of this machine forbids is told with the route', () => {
    const ward = new Ward().process(11, 'curl');
    ward.next();
    const reason = 'blackhole route';
    const texts = ward.next(undefined, {
      failures: failures([
        { pid: 11, kind: ProblemKind.UNREACHABLE, count: 2, reason },
        { pid: 11, kind: ProblemKind.UNREACHABLE, count: 1 },
      ]),
    });
    expect(texts.toSorted()).toEqual([
      'curl: 10.0.0.1:443 unreachable, once in 1 s',
      'curl: cannot connect to 10.0.0.1:443, 2 times in 1 s: blackhole route',
    ]);
  });
});

describe('connects', () => {
  test('refusals of several processes of a name are one line', () => {
    const ward = new Ward().process(11, 'curl').process(12, 'curl').process(13, 'wget');
    ward.next();
    const texts = ward.next(undefined, {
      failures: failures([
        { pid: 11, kind: ProblemKind.REFUSED, count: 1 },
        { pid: 12, kind: ProblemKind.REFUSED, count: 2 },
        { pid: 13, kind: ProblemKind.TIMED_OUT, count: 1 },
      ]),
    });
    expect(texts).toEqual([
      'curl: connection refused by 10.0.0.1:443, 3 times in 1 s',
      'wget: no reply from 10.0.0.1:443, gave up once in 1 s',
    ]);
  });

  test('one that waits for a reply is named once its SYN went out again twice', () => {
    const ward = new Ward().process(11, 'curl');
    ward.next();
    const slot = ward.connection(11, TcpState.SYN_SENT);
    const { sockets } = ward.world;
    expect(ward.next(() => (sockets.retransmits[slot] = 1))).toEqual([]);
    expect(ward.next(() => (sockets.retransmits[slot] = 2))).toEqual([
      'curl: no reply from 192.0.2.9:443, SYN sent 3 times in 2 s',
    ]);
  });

  test('a socket that closes tells why on tiers without programs', () => {
    const ward = new Ward().process(11, 'curl');
    ward.next();
    const slot = ward.connection(11, TcpState.SYN_SENT);
    ward.next();
    ward.world.sockets.failure[slot] = SocketFailure.REFUSED;
    ward.world.close(slot);
    expect(ward.next()).toEqual(['curl: connection refused by 192.0.2.9:443, once in 2 s']);
  });

  test('a few resets are how servers end connections; many are trouble', () => {
    const ward = new Ward().process(11, 'curl');
    ward.next();
    const reset = (count: number) => ({ failures: failures([{ pid: 11, kind: ProblemKind.RESET, count }]) });
    expect(ward.next(undefined, reset(4))).toEqual([]);
    expect(ward.next(undefined, reset(4))).toEqual(['curl: 8 connections reset by 10.0.0.1:443 in 2 s']);
  });
});

test('packets of a process that the firewall drops are named; those of nobody are not', () => {
  const ward = new Ward().process(11, 'curl');
  ward.next();
  const dropped = (pid: number, count: number) => ({
    failures: failures([{ pid, kind: ProblemKind.DROPPED, count, port: 0 }]),
  });
  expect(ward.next(undefined, dropped(0, 500))).toEqual([]);
  expect(ward.next(undefined, dropped(11, 6))).toEqual(['curl: 6 packets dropped in 2 s: firewall']);
});

test('round trips that take far longer than they could are named', () => {
  const ward = new Ward().process(7, 'backup');
  const slot = ward.connection(7);
  ward.next();
  const { sockets } = ward.world;
  expect(ward.seconds(3, () => (sockets.rttMicros[slot] = 290_000))).toEqual([]);
  expect(ward.seconds(60, () => (sockets.rttMicros[slot] = 812_000))).toEqual([
    'the machine: round trips to 192.0.2.9 take 812 ms, 80 ms at best',
  ]);
});

test('filters compare round trips, shares and drops of processes, hosts and connections', () => {
  const ward = new Ward().process(7, 'backup').process(8, 'sshd').process(9, 'nginx');
  const slot = ward.connection(7);
  const quick = ward.connection(8);
  const listener = ward.world.addListener(80, { pid: 9 });
  const { sockets } = ward.world;
  sockets.rttMicros[quick] = 900;
  sockets.drops[listener] = 0;
  ward.next();
  ward.seconds(6, () => {
    ward.world.grow(slot, 1000, 10);
    sockets.dataSegments[slot]! += 90;
    sockets.retransmits[slot]! += 9;
    sockets.dataSegments[quick]! += 100;
    sockets.drops[listener]! += 1;
  });
  const section = ward.last;
  const names = (filter: string): string[] => {
    const parsed = parseFilter(filter);
    if ('error' in parsed) throw new Error(parsed.error.message);
    const rows = new ProcessRows();
    rows.build(section, ward.rates, SCOPE, parsed.filter);
    return Array.from(rows.owner.subarray(0, rows.count), (owner) => section.owners.names[owner]!).sort();
  };
  expect(names('rtt>80ms')).toEqual(['backup']);
  expect(names('rtt<1ms')).toEqual(['sshd']);
  expect(names('retrans>2%')).toEqual(['backup']);
  expect(names('retrans<2%')).toEqual(['sshd']);
  expect(names('drops>0')).toEqual(['nginx']);
  // What is not known compares as nothing.
  expect(names('!rtt>0ms')).toEqual(['nginx']);
  const parsed = parseFilter('retrans>5% rtt>50ms');
  if ('error' in parsed) throw new Error(parsed.error.message);
  const hosts = new HostRows();
  hosts.build(section, ward.rates, SCOPE, parsed.filter);
  expect(hosts.count).toBe(0);
  const connections = new ConnectionRows();
  connections.build(section, ward.rates, SCOPE, section.accounts.owner[slot]!, parsed.filter);
  expect([connections.count, connections.share[0]]).toEqual([1, 0.1]);
});
