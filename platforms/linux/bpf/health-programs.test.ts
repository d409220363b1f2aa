import { afterEach, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import type { Failures } from '../../../src/data/sample/failures.ts';
import { ProblemKind } from '../../../src/data/schema/network-columns.ts';
import { namespaceObstacle } from '../packet/veth-pair.fixture.ts';
import { withoutBpf } from './ebpf.fixture.ts';
import { dropReasons, NetworkAccounting } from './network-accounting.ts';

const opened: { close(): void }[] = [];

afterEach(() => {
  for (const thing of opened.splice(0)) thing.close();
});

function open(): NetworkAccounting {
  const accounting = NetworkAccounting.open();
  opened.push(accounting);
  return accounting;
}

interface Row {
  readonly kind: number | 'connect';
  readonly address: readonly number[];
  readonly port: number;
  readonly count: number;
  readonly nanos: number;
  readonly startTicks: number;
  readonly reason: string;
}

/** What the programs have counted of this process. */
function own(failures: Failures | undefined): Row[] {
  return rowsOf(failures, process.pid);
}

function rowsOf(failures: Failures | undefined, pid: number): Row[] {
  if (failures === undefined) throw new TypeError('no program counts failures');
  return Array.from({ length: failures.length }, (_, row) => row)
    .filter((row) => failures.pid[row] === pid)
    .map((row) => ({
      kind: failures.isConnect[row] === 1 ? ('connect' as const) : failures.kind[row]!,
      address: [...failures.remoteAddress.subarray(row * 4, row * 4 + 4)],
      port: failures.remotePort[row]!,
      count: failures.count[row]!,
      nanos: failures.nanos[row]!,
      startTicks: failures.startTicks[row]!,
      reason: failures.reasons[row]!,
    }));
}

function ownStartTicks(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

const NOTHING = { data: () => undefined };
const LOOPBACK = [0, 0, 0xffff, 0x7f000001];

/** A port that nothing listens on: one that was, and is closed. */
function closedPort(hostname: string): number {
  const server = Bun.listen({ hostname, port: 0, socket: NOTHING });
  const { port } = server;
  server.stop(true);
  return port;
}

/** Bytes that wait in a connection of 127.0.0.1 until its process reads them (rx_queue of /proc/net/tcp). */
function unread(localPort: number, remotePort: number): number {
  const ends = [localPort, remotePort].map(
    (port) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  const line = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .find((each) => each.includes(ends.join(' ')));
  return Number.parseInt(line?.trim().split(/\s+/)[4]?.split(':')[1] ?? '0', 16);
}

async function isRefused(hostname: string, port: number): Promise<boolean> {
  try {
    (await Bun.connect({ hostname, port, socket: NOTHING })).end();
    return false;
  } catch {
    return true;
  }
}

describe.skipIf(withoutBpf !== undefined)('programs that count failures (need eBPF)', () => {
  test('connects that are refused, by process, address and port', async () => {
    const accounting = open();
    expect(accounting.parts.connects).toBe(true);
    accounting.readFailures();
    const port = closedPort('127.0.0.1');
    for (let i = 0; i < 3; i++) expect(await isRefused('127.0.0.1', port)).toBe(true);
    const port6 = closedPort('::1');
    expect(await isRefused('::1', port6)).toBe(true);
    const rows = own(accounting.readFailures());
    expect(rows.find((row) => row.port === port)).toMatchObject({
      ...{ kind: ProblemKind.REFUSED, address: LOOPBACK, count: 3, startTicks: ownStartTicks() },
    });
    expect(rows.find((row) => row.port === port6)).toMatchObject({
      ...{ kind: ProblemKind.REFUSED, address: [0, 0, 0, 1], count: 1 },
    });
    // Each is told once.
    expect(own(accounting.readFailures()).filter((row) => row.port === port)).toEqual([]);
  });

  test.skipIf(namespaceObstacle() !== undefined)(
    'connects that fail in this machine, with the reason (needs a namespace)',
    async () => {
      const accounting = open();
      accounting.readFailures();
      const routes = [
        'ip link set lo up; ip -6 route add unreachable fd99::1; ip -6 route add blackhole fd99::2',
        'ip route add unreachable 192.0.2.1; ip route add prohibit 192.0.2.2; ip route add blackhole 192.0.2.3',
      ].join(';');
      const places = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '::ffff:192.0.2.3', 'fd99::1', 'fd99::2'];
      // No such routes: nothing listens, and there is none at all.
      places.push('127.0.0.1', '192.0.2.4', 'fd99::3', 'fe80::1');
      const child = Bun.spawn(
        [
          ...['unshare', '--net', 'sh', '-ec', `${routes}; exec "$@"`, 'sh', process.execPath],
          ...[`${import.meta.dir}/connecting.fixture.ts`, ...places.flatMap((place) => [place, '443'])],
        ],
        { stdout: 'pipe' },
      );
      expect(await new Response(child.stdout).text()).not.toContain('open');
      const failed = rowsOf(accounting.readFailures(), child.pid).filter(
        ({ kind }) => kind === ProblemKind.UNREACHABLE,
      );
      const told = failed.map(({ address, port, reason, count }) => [address[3], port, reason, count]);
      expect(told.sort((a, b) => String(a).localeCompare(String(b)))).toEqual([
        [1, 443, 'unreachable route', 1],
        [2, 443, 'blackhole route', 1],
        [0xc0000201, 443, 'unreachable route', 1],
        [0xc0000202, 443, 'prohibit route', 1],
        [0xc0000203, 443, 'blackhole route', 2],
      ]);
      expect(failed.every(({ startTicks }) => startTicks > 0)).toBe(true);
    },
  );

  test('connects that work, and how long they take', async () => {
    const accounting = open();
    const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: NOTHING });
    opened.push({ close: () => server.stop(true) });
    accounting.readFailures();
    const before = performance.now();
    for (let i = 0; i < 5; i++) {
      (await Bun.connect({ hostname: '127.0.0.1', port: server.port, socket: NOTHING })).terminate();
    }
    const millis = performance.now() - before;
    const connects = own(accounting.readFailures()).filter(({ port }) => port === server.port);
    expect(connects).toMatchObject([{ kind: 'connect', count: 5, address: LOOPBACK }]);
    expect(connects[0]!.nanos).toBeGreaterThan(0);
    expect(connects[0]!.nanos).toBeLessThan(millis * 1e6);
  });

  test('open connections that the other end resets', async () => {
    const accounting = open();
    const accepted = Promise.withResolvers<number>();
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      // What is not read when it is closed makes a reset of the end.
      socket: {
        open: (socket) => {
          socket.pause();
          accepted.resolve(socket.remotePort);
        },
        data: () => undefined,
      },
    });
    opened.push({ close: () => server.stop(true) });
    await Bun.connect({
      hostname: '127.0.0.1',
      port: server.port,
      socket: {
        open: (socket) => void socket.write('x'),
        data: () => undefined,
        close: () => resolve(),
        error: () => resolve(),
      },
    });
    const clientPort = await accepted.promise;
    while (unread(server.port, clientPort) === 0) await Bun.sleep(1);
    accounting.readFailures();
    server.stop(true);
    await promise;
    const resets = own(accounting.readFailures()).filter(({ kind }) => kind === ProblemKind.RESET);
    expect(resets.filter(({ port }) => port === server.port).map(({ count }) => count)).toEqual([1]);
  });

  test('packets that the kernel drops, with its name of the reason', async () => {
    const accounting = open();
    if (accounting.parts.drops === 'none') return;
    accounting.readFailures();
    const reasons: string[] = [];
    const receiver = await Bun.udpSocket({ hostname: '127.0.0.1' });
    const { port } = receiver;
    receiver.close();
    const sender = await Bun.udpSocket({ hostname: '127.0.0.1', socket: { error: () => undefined } });
    opened.push(sender);
    const deadline = performance.now() + 20_000;
    while (!reasons.includes('NO_SOCKET') && performance.now() < deadline) {
      sender.send('x', port, '127.0.0.1');
      const failures = accounting.readFailures();
      for (let row = 0; row < (failures?.length ?? 0); row++) {
        if (failures?.kind[row] === ProblemKind.DROPPED) reasons.push(failures.reasons[row]!);
      }
      await Bun.sleep(1);
    }
    expect(reasons).toContain('NO_SOCKET');
    expect(reasons).not.toContain('NOT_SPECIFIED');
    expect(new Set(dropReasons().values()).size).toBe(dropReasons().size);
  });
});
