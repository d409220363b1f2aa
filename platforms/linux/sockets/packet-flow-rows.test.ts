import { describe, expect, test } from 'bun:test';
import { array, assert, asyncProperty, boolean, constantFrom, nat, record } from 'fast-check';
import { IPV4_MAPPED_WORD } from '../../../src/data/sample/address.ts';
import { OwnerBasis, PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import { FlowOpener, PacketFlows } from '../packet/flow-table.ts';
import { NetTcpLine } from '../proc/net-tcp.ts';
import { UNHURRIED } from '../testdata/test-slices.fixture.ts';
import { FlowRows, type FlowRowsOptions } from './packet-flow-rows.ts';
import { RowLedger } from './packet-ledger.fixture.ts';
import { SocketRows } from './sockets.ts';

const LOCAL = 0x0a000001;
const REMOTE = 0x0a000002;
const ANY = 0;

interface Ends {
  readonly protocol?: number;
  readonly local?: number;
  readonly remote?: number;
  readonly localPort: number;
  readonly remotePort: number;
}

/** Flows and rows without a kernel. */
class World {
  readonly flows = new PacketFlows();
  readonly rows = new SocketRows();
  readonly flowRows: FlowRows;
  readonly ledger = new RowLedger();
  nowMicros = 1e6;
  #cookie = 0;

  constructor(options: Partial<FlowRowsOptions> = {}) {
    this.flowRows = new FlowRows(this.flows, this.rows, {
      idleMicros: 10e6,
      withTcp: true,
      ...options,
    });
  }

  /** A socket that is listed from now on. Remote port 0: no peer. */
  socket(ends: Ends, pid = 0): number {
    const row = this.rows.add(++this.#cookie, 0);
    const { table } = this.rows;
    table.protocol[row] = ends.protocol ?? PROTOCOL_UDP;
    table.state[row] = TcpState.ESTABLISHED;
    table.localAddress.set([0, 0, IPV4_MAPPED_WORD, ends.local ?? LOCAL], row * 4);
    table.remoteAddress.set(
      [0, 0, IPV4_MAPPED_WORD, ends.remotePort === 0 ? ANY : (ends.remote ?? REMOTE)],
      row * 4,
    );
    table.localPort[row] = ends.localPort;
    table.remotePort[row] = ends.remotePort;
    table.inode[row] = this.#cookie;
    table.txBytes[row] = Number.NaN;
    table.rxBytes[row] = Number.NaN;
    if (pid > 0) this.own(row, pid);
    return row;
  }

  own(row: number, pid: number): void {
    const { table } = this.rows;
    table.ownerPid[row] = pid;
    table.ownerStartTicks[row] = pid * 10;
    table.ownerBasis[row] = OwnerBasis.DESCRIPTOR;
  }

  packet(ends: Ends, tx: number, rx = 0, opener: number = FlowOpener.UNKNOWN): void {
    const words = (last: number): Uint32Array => Uint32Array.of(0, 0, IPV4_MAPPED_WORD, last);
    const key = {
      protocol: ends.protocol ?? PROTOCOL_UDP,
      local: words(ends.local ?? LOCAL),
      remote: words(ends.remote ?? REMOTE),
      localPort: ends.localPort,
      remotePort: ends.remotePort,
    };
    this.flows.nowMicros = this.nowMicros;
    const known = this.flows.find(key);
    const flow = known >= 0 ? known : this.flows.add(key);
    if (opener !== FlowOpener.UNKNOWN) this.flows.noteOpener(flow, opener, false);
    if (tx > 0) this.flows.countSent(flow, tx, 1);
    if (rx > 0) this.flows.countReceived(flow, rx, 1);
  }

  /** A collection a second later, the list begun then or before: rows closed before are given back, `closing` end. */
  async collect(closing: readonly number[] = [], listedBeforeMicros = -1e6): Promise<void> {
    const listedMicros = this.nowMicros - listedBeforeMicros;
    this.nowMicros += 1e6;
    this.rows.releaseClosed();
    for (const row of closing) this.rows.markClosed(row);
    await this.flowRows.settle(listedMicros, this.nowMicros, UNHURRIED);
    this.ledger.note(this.rows);
  }

  bytes(row: number): readonly [tx: number, rx: number] {
    return [this.rows.table.txBytes[row]!, this.rows.table.rxBytes[row]!];
  }
}

describe('which row gets it', () => {
  test('the one with both ends; what counted nothing before starts at 0', async () => {
    const world = new World();
    const row = world.socket({ localPort: 10, remotePort: 20 });
    const other = world.socket({ localPort: 10, remotePort: 21 });
    world.packet({ localPort: 10, remotePort: 20 }, 100, 40);
    await world.collect();
    expect([world.bytes(row), world.bytes(other)]).toEqual([
      [100, 40],
      [0, 0],
    ]);
    world.packet({ localPort: 10, remotePort: 20 }, 1);
    await world.collect();
    expect(world.bytes(row)).toEqual([101, 40]);
    expect(world.rows.table.txSegments[row]).toBe(2);
  });

  test('a connected socket before an unconnected one; protocols are kept apart', async () => {
    const world = new World();
    const bound = world.socket({ localPort: 53, remotePort: 0, local: ANY });
    const connected = world.socket({ localPort: 53, remotePort: 99 });
    const stream = world.socket({ protocol: PROTOCOL_TCP, localPort: 53, remotePort: 99 });
    world.packet({ localPort: 53, remotePort: 99 }, 5);
    world.packet({ localPort: 53, remotePort: 98 }, 7);
    world.packet({ protocol: PROTOCOL_TCP, localPort: 53, remotePort: 99 }, 11);
    await world.collect();
    expect([world.bytes(connected)[0], world.bytes(stream)[0], world.bytes(bound)[0]]).toEqual([5, 11, 0]);
    expect(world.ledger.sum((entry) => entry.isShare).tx).toBe(7);
  });

  test('each peer of an unconnected socket has a row that shares its owner', async () => {
    const world = new World();
    const bound = world.socket({ localPort: 53, remotePort: 0, local: ANY }, 42);
    for (const peer of [1, 2]) world.packet({ localPort: 53, remotePort: peer }, peer, peer * 10);
    await world.collect();
    const shares = world.ledger.find((entry) => entry.isShare);
    expect(shares.map((entry) => [entry.remotePort, entry.tx, entry.rx, entry.ownerPid])).toEqual([
      [1, 1, 10, 42],
      [2, 2, 20, 42],
    ]);
    world.own(bound, 43);
    await world.collect();
    expect(world.ledger.find((entry) => entry.isShare).map((entry) => entry.ownerPid)).toEqual([43, 43]);
    world.packet({ localPort: 53, remotePort: 1 }, 100);
    await world.collect([bound]);
    const ended = world.ledger.find((entry) => entry.isShare);
    expect(ended.map((entry) => [entry.tx, entry.wasClosed])).toEqual([
      [101, true],
      [2, true],
    ]);
    await world.collect();
    expect(world.rows.table.slots.count).toBe(0);
    expect(world.rows.flowCount).toBe(0);
  });

  test('a share that has been silent for long ends', async () => {
    const world = new World();
    world.socket({ localPort: 53, remotePort: 0 });
    world.packet({ localPort: 53, remotePort: 1 }, 1);
    await world.collect();
    world.nowMicros += 20e6;
    await world.collect();
    await world.collect();
    expect(world.rows.table.slots.count).toBe(1);
    world.packet({ localPort: 53, remotePort: 1 }, 2);
    await world.collect();
    expect(world.ledger.sum((entry) => entry.isShare).tx).toBe(3);
  });

  test('a UDP socket that is connected to somebody else lets its flow go', async () => {
    const world = new World();
    const row = world.socket({ localPort: 10, remotePort: 20 });
    world.packet({ localPort: 10, remotePort: 20 }, 1);
    await world.collect();
    world.rows.table.remotePort[row] = 21;
    world.packet({ localPort: 10, remotePort: 21 }, 2);
    world.packet({ localPort: 10, remotePort: 20 }, 4);
    await world.collect();
    // The first flow grew before anybody could see the change.
    expect(world.bytes(row)).toEqual([1 + 2 + 4, 0]);
    world.packet({ localPort: 10, remotePort: 20 }, 8);
    await world.collect();
    expect(world.bytes(row)).toEqual([7, 0]);
    await world.collect();
    expect(world.ledger.sum(({ wasClosed }) => wasClosed).tx).toBe(8);
  });

  test('without TCP its rows are left alone', async () => {
    const world = new World({ withTcp: false });
    const row = world.socket({ protocol: PROTOCOL_TCP, localPort: 10, remotePort: 20 });
    world.rows.table.txBytes[row] = 1234;
    await world.collect();
    expect(world.bytes(row)[0]).toBe(1234);
  });
});

describe('several sockets on one address and port', () => {
  const ends = { localPort: 53, remotePort: 9 };
  const bound = { localPort: 53, remotePort: 0 };
  const ofShares = (world: World) =>
    world.ledger
      .find((entry) => entry.isShare)
      .map((entry) => [entry.ownerPid, entry.tx, entry.rx, entry.ownerBasis])
      .sort();

  test('of different processes: each has an equal part, inferred', async () => {
    const world = new World();
    for (const pid of [41, 42]) world.socket(bound, pid);
    world.packet(ends, 101, 50);
    await world.collect();
    world.packet(ends, 0, 50);
    await world.collect();
    const parts = ofShares(world);
    expect(parts.map(([pid, , , basis]) => [pid, basis])).toEqual([
      [41, OwnerBasis.INFERRED],
      [42, OwnerBasis.INFERRED],
    ]);
    expect(parts.map(([, tx]) => tx).sort()).toEqual([50, 51]);
    expect(parts.map(([, , rx]) => rx)).toEqual([50, 50]);
  });

  test('of one process: it has all, for certain', async () => {
    const world = new World();
    for (const pid of [41, 41]) world.socket(bound, pid);
    world.packet(ends, 101, 50);
    await world.collect();
    expect(ofShares(world)).toEqual([[41, 101, 50, OwnerBasis.DESCRIPTOR]]);
  });

  test('a group: each has all of it', async () => {
    const world = new World();
    for (const pid of [41, 42]) world.socket({ ...bound, local: ANY }, pid);
    world.packet({ ...ends, local: 0xef010203 }, 0, 50);
    await world.collect();
    expect(ofShares(world)).toEqual([
      [41, 0, 50, OwnerBasis.INFERRED],
      [42, 0, 50, OwnerBasis.INFERRED],
    ]);
  });

  test('whose owners are not known yet: as soon as they are', async () => {
    const world = new World();
    const rows = [world.socket(bound), world.socket(bound)];
    world.packet(ends, 0, 50);
    await world.collect();
    for (const [i, row] of rows.entries()) world.own(row, 41 + i);
    await world.collect();
    expect(ofShares(world)).toEqual([
      [41, 0, 25, OwnerBasis.INFERRED],
      [42, 0, 25, OwnerBasis.INFERRED],
    ]);
  });

  test('one that comes later has its part from then on, and one that ends none', async () => {
    const world = new World();
    world.socket(bound, 41);
    world.packet(ends, 0, 50);
    await world.collect();
    const second = world.socket(bound, 42);
    await world.collect();
    world.packet(ends, 0, 50);
    await world.collect();
    await world.collect([second]);
    world.packet(ends, 0, 50);
    await world.collect();
    const received = (pid: number): number => world.ledger.sum(({ ownerPid }) => ownerPid === pid).rx;
    expect([received(41), received(42)]).toEqual([125, 25]);
    expect(world.rows.flowCount).toBe(1);
  });
});

describe('what belongs to no listed socket', () => {
  test('and goes on after a list was made without one: no socket has it', async () => {
    const world = new World();
    await world.collect();
    const ends = { localPort: 7777, remotePort: 6001 };
    world.packet(ends, 10);
    await world.collect();
    expect(world.rows.closed.count).toBe(0);
    world.nowMicros += 10;
    world.packet(ends, 20);
    await world.collect();
    expect(world.ledger.find(() => true)).toMatchObject([{ tx: 30, ownerBasis: OwnerBasis.NO_SOCKET }]);
    world.packet({ ...ends, localPort: 7778 }, 10);
    await world.collect();
    await world.collect();
    expect(world.ledger.find(({ localPort }) => localPort === 7778)).toMatchObject([
      { tx: 10, ownerBasis: OwnerBasis.NONE, wasClosed: true },
    ]);
  });

  test('and is followed by a connection between the same ends: that one may have had a socket', async () => {
    const world = new World();
    await world.collect();
    const ends = { protocol: PROTOCOL_TCP, localPort: 5000, remotePort: 443 };
    for (let i = 0; i < 3; i++) {
      // Refused at once, before any list is made.
      world.nowMicros += 10;
      world.packet(ends, 60, 40, FlowOpener.LOCAL);
      await world.collect();
    }
    expect(world.ledger.find(() => true).map(({ ownerBasis }) => ownerBasis)).toEqual(
      Array(3).fill(OwnerBasis.NONE),
    );
    // It goes on though there is no socket.
    world.nowMicros += 10;
    world.packet(ends, 60);
    await world.collect();
    expect(world.ledger.find(({ tx, rx }) => tx === 60 && rx === 0)).toMatchObject([
      { ownerBasis: OwnerBasis.NO_SOCKET },
    ]);
  });

  test('and is followed, after a rest, by datagrams between the same ends: those may have had a socket', async () => {
    const world = new World();
    await world.collect();
    const ends = { localPort: 5000, remotePort: 53 };
    for (let i = 0; i < 3; i++) {
      // Asked and answered by a socket that is gone before any list is made.
      world.nowMicros += 10;
      world.packet(ends, 60, 40);
      world.nowMicros += 0.5e6;
      world.packet({ ...ends, localPort: 6000 + i }, 60, 40);
      await world.collect();
    }
    expect(world.ledger.find(() => true).map(({ ownerBasis }) => ownerBasis)).toEqual(
      Array(6).fill(OwnerBasis.NONE),
    );
  });

  test('and goes on beside a listed socket that no process holds: that one has it, not nobody', async () => {
    const world = new World();
    await world.collect();
    const ends = { protocol: PROTOCOL_TCP, localPort: 443, remotePort: 5000 };
    const line = new NetTcpLine();
    const text = new TextEncoder().encode(
      '   1: 0100000A:01BB 0200000A:1388 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20',
    );
    expect(line.parse(text, 0, text.length)).toBe(true);
    for (let i = 0; i < 3; i++) {
      world.packet(ends, 1, 100);
      world.packet({ ...ends, remotePort: 5001 }, 1, 100);
      world.flowRows.noteUnheld(PROTOCOL_TCP, line);
      // Packets go on while the list is made.
      world.nowMicros += 10;
      world.packet(ends, 1, 100);
      world.packet({ ...ends, remotePort: 5001 }, 1, 100);
      await world.collect([], 10);
    }
    const basesOf = (port: number): number[] =>
      world.ledger.find(({ remotePort }) => remotePort === port).map(({ ownerBasis }) => ownerBasis);
    expect([...new Set(basesOf(5000))]).toEqual([OwnerBasis.NONE]);
    expect(basesOf(5001)).toContain(OwnerBasis.NO_SOCKET);
    expect(world.ledger.sum(({ remotePort }) => remotePort === 5000)).toMatchObject({ tx: 6, rx: 600 });
  });

  test('becomes a row that is closed at once, with its ends and who opened it', async () => {
    const world = new World();
    await world.collect();
    world.packet({ protocol: PROTOCOL_TCP, localPort: 5000, remotePort: 443 }, 70, 700, FlowOpener.LOCAL);
    await world.collect();
    expect(world.rows.closed.count).toBe(1);
    expect(world.ledger.find(() => true)).toMatchObject([
      {
        tx: 70,
        rx: 700,
        localPort: 5000,
        remotePort: 443,
        opener: FlowOpener.LOCAL,
        wasClosed: true,
        ownerPid: 0,
      },
    ]);
    await world.collect();
    expect(world.rows.table.slots.count).toBe(0);
  });

  test('counts from the first collection on, not before', async () => {
    const world = new World();
    world.packet({ localPort: 1, remotePort: 2 }, 1);
    await world.collect();
    expect(world.rows.table.bornBeforeStart[world.rows.closed.slots[0]!]).toBe(1);
    world.packet({ localPort: 1, remotePort: 2 }, 1);
    await world.collect();
    expect(world.rows.table.bornBeforeStart[world.rows.closed.slots[0]!]).toBe(0);
  });

  test('is its former owner’s where the socket was listed before', async () => {
    const world = new World();
    const ends = { protocol: PROTOCOL_TCP, localPort: 10, remotePort: 20 };
    const row = world.socket(ends, 77);
    world.packet(ends, 1);
    await world.collect();
    world.packet(ends, 2);
    await world.collect([row]);
    expect(world.bytes(row)).toEqual([3, 0]);
    world.packet(ends, 4);
    await world.collect();
    expect(world.ledger.find((entry) => !entry.isListed)).toMatchObject([{ tx: 4, ownerPid: 77 }]);
    // A new connection between the same ends is somebody else's.
    world.packet(ends, 8, 0, FlowOpener.PEER);
    await world.collect();
    expect(world.ledger.find((entry) => entry.tx === 8)).toMatchObject([
      { ownerPid: 0, opener: FlowOpener.PEER },
    ]);
  });

  test('is its former owner’s where all its packets are handed over late, but for a second connection’s', async () => {
    const world = new World();
    const ends = { protocol: PROTOCOL_TCP, localPort: 10, remotePort: 20 };
    const row = world.socket(ends, 77);
    await world.collect();
    await world.collect([row]);
    world.packet(ends, 1, 0, FlowOpener.LOCAL);
    world.packet(ends, 2);
    await world.collect();
    expect(world.ledger.find(({ tx }) => tx > 0)).toMatchObject([{ tx: 3, ownerPid: 77, wasClosed: true }]);
    world.packet(ends, 4, 0, FlowOpener.LOCAL);
    await world.collect();
    expect(world.ledger.find(({ tx }) => tx === 4)).toMatchObject([{ ownerPid: 0 }]);
  });

  test('waits for the next list where it began after the last', async () => {
    const world = new World();
    await world.collect();
    const ends = { protocol: PROTOCOL_TCP, localPort: 10, remotePort: 20 };
    world.nowMicros += 10;
    world.packet(ends, 1);
    await world.collect([], 5);
    expect(world.rows.closed.count).toBe(0);
    const row = world.socket(ends, 77);
    await world.collect();
    expect(world.bytes(row)).toEqual([1, 0]);
  });

  test('the next socket with the same ends gets what comes then', async () => {
    const world = new World();
    const ends = { protocol: PROTOCOL_TCP, localPort: 10, remotePort: 20 };
    const first = world.socket(ends, 77);
    world.packet(ends, 1);
    await world.collect();
    await world.collect([first]);
    const second = world.socket(ends, 78);
    world.packet(ends, 2, 0, FlowOpener.LOCAL);
    await world.collect();
    expect(world.bytes(second)).toEqual([2, 0]);
    expect(world.rows.opener[second]).toBe(FlowOpener.LOCAL);
  });
});

test('whatever happens, every byte is in one row', async () => {
  const port = constantFrom(1, 2, 3);
  const step = record({
    kind: constantFrom('packet', 'packet', 'packet', 'socket', 'close', 'collect', 'connect', 'age'),
    protocol: constantFrom(PROTOCOL_TCP, PROTOCOL_UDP),
    localPort: port,
    remotePort: constantFrom(0, 1, 2, 3),
    bytes: nat(1000),
    isSyn: boolean(),
    which: nat(100),
  });
  const script = array(step, { maxLength: 80, size: 'max' });
  await assert(
    asyncProperty(script, async (steps) => {
      const world = new World();
      const sockets: number[] = [];
      let sum = 0;
      for (const { kind, bytes, isSyn, which, ...ends } of steps) {
        if (kind === 'packet') {
          const isRenewing = isSyn && ends.protocol === PROTOCOL_TCP;
          const opener = isRenewing ? FlowOpener.PEER : FlowOpener.UNKNOWN;
          world.packet({ ...ends, remotePort: ends.remotePort + 1 }, bytes, 0, opener);
          sum += bytes;
        } else if (kind === 'socket') sockets.push(world.socket(ends));
        else if (kind === 'close' && sockets.length > 0) {
          await world.collect(sockets.splice(which % sockets.length, 1));
        } else if (kind === 'connect' && sockets.length > 0) {
          world.rows.table.remotePort[sockets[which % sockets.length]!] = ends.remotePort;
        } else if (kind === 'age') world.nowMicros += 20e6;
        else await world.collect();
      }
      for (let i = 0; i < 5; i++) await world.collect();
      expect(world.ledger.sum(() => true).tx).toBe(sum);
      // All shares and closed rows have gone but those of living unconnected sockets.
      const { slots } = world.rows.table;
      expect(slots.count - world.rows.closed.count - world.rows.flowCount).toBe(sockets.length);
    }),
    { numRuns: 300 },
  );
});
