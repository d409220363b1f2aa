import { afterEach, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { NetworkSample } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import { monotonicMicros } from '../clock.ts';
import { openLinuxNetwork } from '../network/network.ts';
import { ProcessCollector } from '../processes/processes.ts';
import { SocketRows } from '../sockets/sockets.ts';
import { rowOf, WHOLE_SLICE } from '../testdata/loopback.ts';
import { untilInState } from '../testdata/test-slices.fixture.ts';
import { SocketOwners } from './socket-owners.ts';
import { DescriptorScanner } from './socket-owners-scan.ts';

const DEADLINE_MILLIS = 20_000;
const opened: { close(): void }[] = [];

afterEach(() => {
  for (const thing of opened.splice(0)) thing.close();
});

/** Two lines at most are spoken at a time, each answered by one. */
class Shell {
  readonly #child;
  readonly #reader;

  constructor(script: string) {
    this.#child = Bun.spawn(['bash', '-c', script], { stdin: 'pipe', stdout: 'pipe' });
    this.#reader = this.#child.stdout.getReader();
    opened.push({ close: () => this.#child.kill('SIGKILL') });
  }

  get pid(): number {
    return this.#child.pid;
  }

  async line(): Promise<string> {
    const { value } = await this.#reader.read();
    return new TextDecoder().decode(value).trim();
  }

  async goOn(): Promise<void> {
    this.#child.stdin.write('\n');
    await this.#child.stdin.flush();
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }
}

/** A listener of this process whose connections nobody reads. `accepted` resolves with the first one. */
function listen(): { readonly port: number; readonly accepted: Promise<void> } {
  const accepted = Promise.withResolvers<void>();
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: (socket) => {
        socket.pause();
        accepted.resolve();
      },
      data() {},
    },
  });
  opened.push({ close: () => listener.stop(true) });
  return { port: listener.port, accepted: accepted.promise };
}

/** Resolves once nothing more fits into the connection to the port: its writer sleeps until somebody reads. */
async function untilFull(writer: number): Promise<void> {
  while (readFileSync(`/proc/${writer}/comm`, 'latin1') !== 'cat\n') await Bun.sleep(1);
  await untilInState(writer, 'S');
}

function openNetwork(): (done: (sample: NetworkSample) => boolean) => Promise<NetworkSample> {
  const network = openLinuxNetwork({ tier: 'netlink' });
  opened.push(network);
  return async (done) => {
    const end = performance.now() + DEADLINE_MILLIS;
    for (;;) {
      const sample = await network.collect(WHOLE_SLICE);
      if (done(sample) || performance.now() > end) return sample;
      await Bun.sleep(2);
    }
  };
}

/** Row of the only connection to the port. */
function clientRow({ sockets }: NetworkSample, port: number): number {
  const { slots } = sockets;
  for (let i = 0; i < slots.count; i++) {
    const row = slots.rows[i]!;
    if (sockets.remotePort[row] === port && sockets.state[row] !== TcpState.LISTEN) return row;
  }
  return -1;
}

const isOwnedBy =
  (port: number, pid: number) =>
  (sample: NetworkSample): boolean =>
    sample.sockets.ownerPid[clientRow(sample, port)] === pid;

const SHARING = `
  exec 3<>/dev/tcp/127.0.0.1/$PORT; echo opened; read
  sleep 100 >/dev/null & echo $!; read
  exec 3>&-; echo closed; read`;

/** A connection to the port that two processes hold; the heir started later. */
async function sharedWith(port: number): Promise<{ readonly maker: number; readonly heir: number }> {
  const shell = new Shell(SHARING.replace('$PORT', String(port)));
  await shell.line();
  // Start times that are two ticks apart tell them from each other.
  await Bun.sleep(30);
  await shell.goOn();
  const heir = Number(await shell.line());
  opened.push({ close: () => process.kill(heir, 'SIGKILL') });
  return { maker: shell.pid, heir };
}

const ownerIn = (sample: NetworkSample, port: number): number[] => {
  const row = clientRow(sample, port);
  return [sample.sockets.ownerPid[row]!, sample.sockets.ownerBasis[row]!];
};

/** A search for the owners of some rows, and the processes that it looks among. */
function ownersOf(
  rows: SocketRows,
  processes: ProcessCollector = new ProcessCollector(),
): { readonly processes: ProcessCollector; readonly owners: SocketOwners } {
  const scanner = new DescriptorScanner();
  opened.push(processes, scanner);
  const watcher = { assigned: () => undefined, orphaned: () => undefined };
  return { processes, owners: new SocketOwners(rows, processes, scanner, monotonicMicros, watcher) };
}

/** As if the numbers of processes went down. */
class Backwards extends ProcessCollector {
  override async list(slice: Slice): Promise<Int32Array> {
    return (await super.list(slice)).reverse();
  }
}

describe.skipIf(Bun.which('bash') === null)('the owner of a socket that is shared (needs bash)', () => {
  test('is who started last of those that hold it', async () => {
    const { port } = listen();
    const shell = new Shell(SHARING.replace('$PORT', String(port)));
    await shell.line();
    await shell.goOn();
    const heir = Number(await shell.line());
    opened.push({ close: () => process.kill(heir, 'SIGKILL') });
    const sample = await openNetwork()(isOwnedBy(port, heir));
    const row = clientRow(sample, port);
    expect([sample.sockets.ownerPid[row], sample.sockets.ownerBasis[row]]).toEqual([
      heir,
      OwnerBasis.DESCRIPTOR,
    ]);
  });

  test('is in a list without programs the same, though nobody else is known then', async () => {
    const { port } = listen();
    const { heir } = await sharedWith(port);
    const network = openLinuxNetwork({ tier: 'netlink', isListing: true });
    opened.push(network);
    const sample = await network.collect(WHOLE_SLICE);
    expect(ownerIn(sample, port)).toEqual([heir, OwnerBasis.DESCRIPTOR]);
    const { processes, processCount } = sample;
    const parent = processes.ppid[processes.find(heir)]!;
    expect([processes.find(parent) >= 0, processes.find(1) >= 0]).toEqual([true, true]);
    expect(processCount).toBeGreaterThan(processes.slots.count);
    network.beginCounting({ tier: 'netlink' });
    const counted = await network.collect(WHOLE_SLICE);
    expect(ownerIn(counted, port)).toEqual([heir, OwnerBasis.DESCRIPTOR]);
    expect(counted.processCount).toBe(counted.processes.slots.count);
  });

  test('is found in the end where numbers have begun anew, among those that were not looked into', async () => {
    const { maker, heir } = await sharedWith(listen().port);
    const rows = new SocketRows();
    const row = rows.add(1, 0);
    rows.table.inode[row] = Number(/\d+/.exec(readlinkSync(`/proc/${maker}/fd/3`))?.[0]);
    const { processes, owners } = ownersOf(rows, new Backwards());
    await owners.resolve(WHOLE_SLICE);
    expect(rows.table.ownerPid[row]).toBe(maker);
    await processes.collect(WHOLE_SLICE);
    await owners.resolve(WHOLE_SLICE);
    expect(rows.table.ownerPid[row]).toBe(heir);
  });

  test('is that of all rows of its inode, as subflows of an MPTCP connection are, later ones too', async () => {
    const shell = new Shell(SHARING.replace('$PORT', String(listen().port)));
    await shell.line();
    const inode = Number(/\d+/.exec(readlinkSync(`/proc/${shell.pid}/fd/3`))?.[0]);
    const rows = new SocketRows();
    const addSubflow = (cookie: number): number => {
      const row = rows.add(cookie, 0);
      rows.table.inode[row] = inode;
      return row;
    };
    const subflows = [addSubflow(1), addSubflow(2)];
    const { processes, owners } = ownersOf(rows);
    await processes.collect(WHOLE_SLICE);
    await owners.resolve(WHOLE_SLICE);
    subflows.push(addSubflow(3));
    await shell.goOn();
    await shell.line();
    await processes.collect(WHOLE_SLICE);
    await owners.resolve(WHOLE_SLICE);
    expect(subflows.map((row) => rows.table.ownerBasis[row])).toEqual(Array(3).fill(OwnerBasis.DESCRIPTOR));
    opened.push({ close: () => process.kill(rows.table.ownerPid[subflows[2]!]!, 'SIGKILL') });
  });

  test('changes when it is handed on', async () => {
    const { port } = listen();
    const shell = new Shell(SHARING.replace('$PORT', String(port)));
    await shell.line();
    const collectUntil = openNetwork();
    const before = await collectUntil(isOwnedBy(port, shell.pid));
    expect(before.sockets.ownerPid[clientRow(before, port)]).toBe(shell.pid);
    await shell.goOn();
    const heir = Number(await shell.line());
    opened.push({ close: () => process.kill(heir, 'SIGKILL') });
    await shell.goOn();
    await shell.line();
    const after = await collectUntil(isOwnedBy(port, heir));
    expect(after.sockets.ownerPid[clientRow(after, port)]).toBe(heir);
  });

  test('changes when it exits', async () => {
    const { port } = listen();
    const shell = new Shell(SHARING.replace('$PORT', String(port)));
    await shell.line();
    const collectUntil = openNetwork();
    await collectUntil(isOwnedBy(port, shell.pid));
    await shell.goOn();
    const heir = Number(await shell.line());
    opened.push({ close: () => process.kill(heir, 'SIGKILL') });
    await shell.kill();
    const after = await collectUntil(isOwnedBy(port, heir));
    expect(after.sockets.ownerPid[clientRow(after, port)]).toBe(heir);
  });
});

describe.skipIf(Bun.which('bash') === null)('an orphaned connection (needs bash)', () => {
  /** cat(1) sleeps only once the connection is full. */
  const FLOODING = 'exec 3<>/dev/tcp/127.0.0.1/$PORT; echo opened; exec cat /dev/zero >&3';

  /** Resolves when the connection's buffers are full and its process has been killed. */
  async function orphan(port: number, meanwhile?: () => Promise<unknown>): Promise<number> {
    const shell = new Shell(FLOODING.replace('$PORT', String(port)));
    await shell.line();
    await untilFull(shell.pid);
    await meanwhile?.();
    await shell.kill();
    return shell.pid;
  }

  test('is nobody’s where nobody was ever seen to have it, and not the kernel’s', async () => {
    const { port } = listen();
    await orphan(port);
    const sample = await openNetwork()((s) => clientRow(s, port) >= 0);
    const row = clientRow(sample, port);
    expect(sample.sockets.inode[row]).toBe(0);
    expect([sample.sockets.ownerPid[row], sample.sockets.ownerBasis[row]]).toEqual([0, OwnerBasis.NONE]);
  });

  test('stays its process’s where one was', async () => {
    const { port } = listen();
    const collectUntil = openNetwork();
    let pid = 0;
    pid = await orphan(port, () =>
      collectUntil((s) => s.sockets.ownerBasis[clientRow(s, port)] === OwnerBasis.DESCRIPTOR),
    );
    const sample = await collectUntil((s) => s.sockets.inode[clientRow(s, port)] === 0);
    const row = clientRow(sample, port);
    expect(sample.sockets.inode[row]).toBe(0);
    expect([sample.sockets.ownerPid[row], sample.sockets.ownerBasis[row]]).toEqual([
      pid,
      OwnerBasis.DESCRIPTOR,
    ]);
  });
});

test.skipIf(Bun.which('bash') === null)(
  'a connection not accepted yet is inferred to be the listener’s, and then found (needs bash)',
  async () => {
    const { port, accepted: isAccepted } = listen();
    // This program's event loop, which accepts, stands still during spawnSync and the collection.
    const connect = `exec 3<>/dev/tcp/127.0.0.1/${port}; sleep 100 >/dev/null 2>&1 & echo $!`;
    const network = openLinuxNetwork({ tier: 'netlink' });
    opened.push(network);
    await network.collect(WHOLE_SLICE);
    const { stdout } = Bun.spawnSync(['bash', '-c', connect], { stdin: 'ignore' });
    opened.push({ close: () => process.kill(Number(stdout.toString().trim()), 'SIGKILL') });
    const waiting = await network.collect(WHOLE_SLICE);
    const serverRow = ({ sockets }: NetworkSample): number => {
      const client = clientRow(waiting, port);
      return rowOf(sockets, port, waiting.sockets.localPort[client]!);
    };
    const row = serverRow(waiting);
    expect(waiting.sockets.inode[row]).toBe(0);
    expect([waiting.sockets.ownerPid[row], waiting.sockets.ownerBasis[row]]).toEqual([
      process.pid,
      OwnerBasis.INFERRED,
    ]);
    await isAccepted;
    const accepted = await network.collect(WHOLE_SLICE);
    expect(accepted.sockets.ownerBasis[serverRow(accepted)]).toBe(OwnerBasis.DESCRIPTOR);
  },
);

test('a socket that one thread has alone belongs to its process', async () => {
  const argv = [process.execPath, `${import.meta.dir}/../testdata/separate-thread.fixture.ts`];
  const child = Bun.spawn(argv, { stdin: 'ignore', stdout: 'pipe' });
  opened.push({ close: () => child.kill('SIGKILL') });
  const { value } = await child.stdout.getReader().read();
  const descriptor = Number(new TextDecoder().decode(value));
  const links = readdirSync(`/proc/${child.pid}/task`).map((thread) => {
    const path = `/proc/${child.pid}/task/${thread}/fd/${descriptor}`;
    try {
      return readlinkSync(path);
    } catch {
      return '';
    }
  });
  const inode = Number(/socket:\[(\d+)\]/.exec(links.join(' '))?.[1]);
  const rows = new SocketRows();
  const row = rows.add(1, 0);
  rows.table.inode[row] = inode;
  const { processes, owners } = ownersOf(rows);
  for (let round = 0; round < 2; round++) {
    await processes.collect(WHOLE_SLICE);
    await owners.resolve(WHOLE_SLICE);
    expect([inode, rows.table.ownerPid[row]]).toEqual([inode, child.pid]);
  }
});
