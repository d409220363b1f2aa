import { afterEach, describe, expect, test } from 'bun:test';
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NetworkAttribution } from '../../../src/data/attribution/network-attribution.ts';
import type { NetworkSample, Tier } from '../../../src/data/sample/network-sample.ts';
import type { ListingCollector, NetworkCollector } from '../../../src/data/sample/platform.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import { withoutBpf } from '../bpf/ebpf.fixture.ts';
import { linuxTierReports } from '../doctor/doctor-tiers.ts';
import { O_CLOEXEC, systemCall } from '../libc.ts';
import { Pair, rowOf, WHOLE_SLICE } from '../testdata/loopback.ts';
import { openLinuxNetwork } from './network.ts';

const TESTDATA = fileURLToPath(new URL('../testdata/', import.meta.url));
const DEADLINE_MILLIS = 20_000;
/** dup3(2) by number. */
const DUP3 = process.arch === 'arm64' ? 24 : 292;
const opened: { close(): void }[] = [];

afterEach(() => {
  for (const thing of opened.splice(0)) thing.close();
});

function open(tier: Tier | 'auto' = 'netlink'): NetworkCollector {
  const network = openLinuxNetwork({ tier });
  opened.push(network);
  return network;
}

async function openPair(): Promise<Pair> {
  const pair = await Pair.open('127.0.0.1');
  opened.push(pair);
  return pair;
}

/** Collects until a sample satisfies; the last one in any case. */
async function collectUntil(
  network: NetworkCollector,
  done: (sample: NetworkSample) => boolean,
): Promise<NetworkSample> {
  const end = performance.now() + DEADLINE_MILLIS;
  for (;;) {
    const sample = await network.collect(WHOLE_SLICE);
    if (done(sample) || performance.now() > end) return sample;
    await Bun.sleep(2);
  }
}

/** Descriptors of this process and what they are. */
function ownDescriptors(): Map<number, string> {
  const folder = '/proc/self/fd';
  // The one that the folder was read by is gone.
  const names = readdirSync(folder).filter((name) =>
    lstatSync(`${folder}/${name}`, { throwIfNoEntry: false }),
  );
  return new Map(names.map((name) => [Number(name), readlinkSync(`${folder}/${name}`)]));
}

/** Puts /dev/null in the place of what a descriptor was: it stays its owner's to close, and is good for nothing. */
function becomeNull(descriptor: number): void {
  const nothing = openSync('/dev/null', 'r');
  expect(systemCall(DUP3, nothing, descriptor, O_CLOEXEC)).toBe(descriptor);
  closeSync(nothing);
}

/** A process that serves: its pid and port. */
async function startServer(): Promise<{ pid: number; port: number; stop(): Promise<void> }> {
  const child = Bun.spawn([process.execPath, `${TESTDATA}echo-server.ts`], { stdin: 'pipe', stdout: 'pipe' });
  const { value } = await child.stdout.getReader().read();
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await child.exited;
  };
  opened.push({ close: () => void stop() });
  return { pid: child.pid, port: Number(new TextDecoder().decode(value)), stop };
}

/** One connection that is over when the promise resolves; resolves to the bytes received. */
function connectBriefly(port: number, bytes: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let received = 0;
  Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (socket) => void socket.write(new Uint8Array(bytes)),
      data: (_socket, data) => {
        received += data.length;
      },
      end: (socket) => void socket.end(),
      close: () => resolve(received),
      error: (_socket, error) => reject(error),
    },
  }).catch(reject);
  return promise;
}

describe('tiers', () => {
  test.each(['ebpf', 'packet'] as const)(
    '%s is in force where it can run, else refused in a line',
    (tier) => {
      const report = linuxTierReports().find((each) => each.tier === tier);
      if (report?.isAvailable === true) expect(open(tier).tier).toBe(tier);
      else
        expect(() => openLinuxNetwork({ tier })).toThrow(
          `the tier ${tier} is not available: ${report?.detail}`,
        );
    },
  );

  test('auto takes the best that the doctor calls available, without an error', async () => {
    const best = linuxTierReports().find(({ isAvailable }) => isAvailable);
    const network = open('auto');
    expect(network.tier).toBe(best!.tier);
    const sample = await network.collect(WHOLE_SLICE);
    expect(sample).toMatchObject({
      sequence: 1,
      tier: best!.tier,
      counted: best!.tier === 'ebpf' ? 'l3' : best!.tier === 'proc' ? 'none' : 'payload',
      lostClosings: 0,
      errors: [],
    });
    expect((await network.collect(WHOLE_SLICE)).sequence).toBe(2);
  });

  test.skipIf(withoutBpf !== undefined)(
    'one that fails twice makes way for the next, which says so (needs eBPF)',
    async () => {
      const before = ownDescriptors();
      const network = open('auto');
      expect(network.tier).toBe('ebpf');
      expect((await network.collect(WHOLE_SLICE)).errors).toEqual([]);
      for (const [descriptor, target] of ownDescriptors()) {
        if (!before.has(descriptor) && target.includes('bpf-map')) becomeNull(descriptor);
      }
      const failed = await network.collect(WHOLE_SLICE);
      expect([failed.tier, failed.counted]).toEqual(['ebpf', 'none']);
      expect(failed.errors.map(({ code }) => code)).toContain('EINVAL');
      const next = await network.collect(WHOLE_SLICE);
      expect([next.tier, next.counted]).toEqual(['netlink', 'payload']);
      const told = next.errors.find(({ op }) => op === 'collect by ebpf');
      expect(told?.message).toMatch(/^the tier ebpf failed \(.+\); using the next one$/);
      const pair = await openPair();
      const { sockets } = await network.collect(WHOLE_SLICE);
      expect(rowOf(sockets, pair.clientPort, pair.serverPort)).toBeGreaterThanOrEqual(0);
    },
  );

  test.skipIf(withoutBpf !== undefined)(
    'what the kernel sends by ICMP has bytes, and is no port that anybody listens on (needs eBPF)',
    async () => {
      const network = open('ebpf');
      let refusals = 0;
      const sender = await Bun.udpSocket({ hostname: '127.0.0.1', socket: { error: () => void refusals++ } });
      opened.push(sender);
      // Others on the machine may have listeners whose process is gone.
      const kernels = ({ sockets }: NetworkSample) =>
        Array.from(sockets.slots.rows.subarray(0, sockets.slots.count), (slot) => ({
          isKernels: sockets.ownerBasis[slot] === OwnerBasis.KERNEL && sockets.txBytes[slot]! > 0,
          state: sockets.state[slot],
          ports: [sockets.localPort[slot], sockets.remotePort[slot]],
        }));
      const icmp = { isKernels: true, state: TcpState.CLOSE, ports: [0, 0] };
      const sample = await collectUntil(network, (each) => {
        // Nobody listens on port 1 (tcpmux): the kernel answers that it cannot be reached.
        sender.send('x', 1, '127.0.0.1');
        return kernels(each).some((row) => Bun.deepEquals(row, icmp));
      });
      expect(refusals).toBeGreaterThan(0);
      expect(kernels(sample)).toContainEqual(icmp);
    },
  );

  test('proc knows connections, states and owners, and counts nothing', async () => {
    const network = open('proc');
    const first = await openPair();
    await network.collect(WHOLE_SLICE);
    const second = await openPair();
    const sample = await network.collect(WHOLE_SLICE);
    expect(sample).toMatchObject({ tier: 'proc', counted: 'none', errors: [] });
    const { sockets } = sample;
    const old = rowOf(sockets, first.clientPort, first.serverPort);
    const young = rowOf(sockets, second.clientPort, second.serverPort);
    expect([sockets.bornBeforeStart[old], sockets.bornBeforeStart[young]]).toEqual([1, 0]);
    expect(sockets.state[young]).toBe(TcpState.ESTABLISHED);
    expect([sockets.txBytes[young], sockets.rxBytes[young]]).toEqual([Number.NaN, Number.NaN]);
    expect([sockets.ownerPid[young], sockets.ownerBasis[young]]).toEqual([
      process.pid,
      OwnerBasis.DESCRIPTOR,
    ]);
    expect(sockets.state[rowOf(sockets, second.serverPort, 0)]).toBe(TcpState.LISTEN);
    const { clientPort, serverPort } = second;
    second.close();
    const after = await collectUntil(network, (s) => rowOf(s.sockets, clientPort, serverPort) < 0);
    expect(rowOf(after.sockets, clientPort, serverPort)).toBe(-1);
    expect(network.drainWithinMillis()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('owners', () => {
  test('are found by descriptor, with the start time of their process', async () => {
    const network = open();
    await network.collect(WHOLE_SLICE);
    const pair = await openPair();
    const { sockets, processes } = await network.collect(WHOLE_SLICE);
    const row = rowOf(sockets, pair.clientPort, pair.serverPort);
    expect([sockets.ownerPid[row], sockets.ownerBasis[row]]).toEqual([process.pid, OwnerBasis.DESCRIPTOR]);
    expect(sockets.ownerStartTicks[row]).toBe(processes.startTicks[processes.find(process.pid)]);
    expect(network.commandLine(process.pid)).toContain('bun');
  });

  test('are kept by what they leave behind: orphaned connections and closing ones', async () => {
    const network = open();
    const pair = await openPair();
    await network.collect(WHOLE_SLICE);
    const { clientPort, serverPort } = pair;
    pair.client.socket?.end();
    await pair.server.until(() => pair.server.hasEnded);
    pair.server.socket?.end();
    const isClosed = ({ closed, sockets }: NetworkSample): boolean =>
      closed.slots.subarray(0, closed.count).includes(rowOf(sockets, clientPort, serverPort));
    const sample = await collectUntil(network, isClosed);
    const row = rowOf(sample.sockets, clientPort, serverPort);
    expect([sample.sockets.ownerPid[row], sample.sockets.ownerBasis[row]]).toEqual([
      process.pid,
      OwnerBasis.DESCRIPTOR,
    ]);
  });

  test('of connections that came and went are inferred by the listener; who opened them is nobody known', async () => {
    const server = await startServer();
    const network = open();
    // That this process keeps a connection there says nothing about who opens the others.
    const held = await Bun.connect({ hostname: '127.0.0.1', port: server.port, socket: { data() {} } });
    opened.push({ close: () => held.terminate() });
    await network.collect(WHOLE_SLICE);
    for (let i = 0; i < 5; i++) expect(await connectBriefly(server.port, 100)).toBe(101);
    const owners = new Map<string, number>();
    const sides = new Map<string, { pid: number | undefined; basis: number | undefined }>([
      ['server', { pid: server.pid, basis: OwnerBasis.INFERRED }],
      ['client', { pid: 0, basis: OwnerBasis.NONE }],
    ]);
    let count = 0;
    await collectUntil(network, ({ closed, sockets }) => {
      for (let i = 0; i < closed.count; i++) {
        const row = closed.slots[i]!;
        const side = sockets.localPort[row] === server.port ? 'server' : 'client';
        if (sockets.localPort[row] !== server.port && sockets.remotePort[row] !== server.port) continue;
        expect({ pid: sockets.ownerPid[row], basis: sockets.ownerBasis[row] }).toEqual(
          sides.get(side) ?? { pid: -1, basis: -1 },
        );
        owners.set(side, (owners.get(side) ?? 0) + 1);
        count++;
      }
      return count >= 10;
    });
    expect(Object.fromEntries(owners)).toEqual({ server: 5, client: 5 });
    await server.stop();
  });

  test('of a process that exits: its listener goes, and with it the row', async () => {
    const server = await startServer();
    const network = open();
    const before = await network.collect(WHOLE_SLICE);
    expect(before.sockets.ownerPid[rowOf(before.sockets, server.port, 0)]).toBe(server.pid);
    await server.stop();
    const after = await collectUntil(network, ({ sockets }) => rowOf(sockets, server.port, 0) < 0);
    expect(rowOf(after.sockets, server.port, 0)).toBe(-1);
  });
});

test('five hundred short connections are counted to the byte, at both ends', async () => {
  const CONNECTIONS = 500;
  const AT_ONCE = 20;
  const server = await startServer();
  const network = open();
  await network.collect(WHOLE_SLICE);
  const sums = { clientTx: 0, clientRx: 0, serverTx: 0, serverRx: 0, rows: 0, wrong: 0 };
  const add = ({ closed, sockets }: NetworkSample): boolean => {
    for (let i = 0; i < closed.count; i++) {
      const row = closed.slots[i]!;
      const isServer = sockets.localPort[row] === server.port;
      if (!isServer && sockets.remotePort[row] !== server.port) continue;
      sums[isServer ? 'serverTx' : 'clientTx'] += sockets.txBytes[row]!;
      sums[isServer ? 'serverRx' : 'clientRx'] += sockets.rxBytes[row]!;
      sums.rows++;
      const owner = sockets.ownerPid[row]!;
      if (owner !== 0 && owner !== (isServer ? server.pid : process.pid)) sums.wrong++;
    }
    return sums.rows >= CONNECTIONS * 2;
  };
  let sent = 0;
  for (let i = 0; i < CONNECTIONS; i += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, (_, k) => 100 + ((i + k) % 700));
    for (const bytes of batch) sent += bytes;
    await Promise.all(batch.map((bytes) => connectBriefly(server.port, bytes)));
    // Some are seen alive, most come and go between two collections.
    if (i % (AT_ONCE * 8) === 0) add(await network.collect(WHOLE_SLICE));
  }
  await collectUntil(network, add);
  const answered = sent + CONNECTIONS;
  expect(sums).toEqual({
    clientTx: sent,
    serverRx: sent,
    serverTx: answered,
    clientRx: answered,
    rows: CONNECTIONS * 2,
    wrong: 0,
  });
  await server.stop();
});

/** Who has a row, and the row's serial. */
function ownerOf({ sockets }: NetworkSample, row: number): readonly unknown[] {
  return [sockets.slots.serial[row], sockets.ownerPid[row], sockets.ownerBasis[row]];
}

const COUNTING_TIERS = withoutBpf === undefined ? (['ebpf', 'netlink'] as const) : (['netlink'] as const);

describe.each(COUNTING_TIERS)('a list that goes on as the tier %s', (tier) => {
  const asked = tier === 'ebpf' ? 'auto' : tier;

  async function list(): Promise<{ network: ListingCollector; sample: NetworkSample }> {
    const network = openLinuxNetwork({ tier: asked, isListing: true });
    opened.push(network);
    const sample = await network.collect(WHOLE_SLICE);
    expect(sample).toMatchObject({ tier: 'netlink', counted: 'none', errors: [] });
    return { network, sample };
  }

  test('keeps rows and owners, and counts to the byte what comes after', async () => {
    const pair = await openPair();
    const { network, sample } = await list();
    const row = rowOf(sample.sockets, pair.clientPort, pair.serverPort);
    const owner = ownerOf(sample, row);
    expect(owner.slice(1)).toEqual([process.pid, OwnerBasis.DESCRIPTOR]);
    // Opened while nobody counts, with bytes that are nobody's business.
    const between = await openPair();
    between.client.send(3000);
    await between.server.until(() => between.server.received === 3000);
    network.beginCounting({ tier: asked });
    const attribution = new NetworkAttribution({
      commandLine: () => undefined,
      cgroup: () => undefined,
      userName: String,
    });
    const first = await network.collect(WHOLE_SLICE);
    expect(first).toMatchObject({ tier, counted: tier === 'ebpf' ? 'l3' : 'payload', errors: [] });
    expect(ownerOf(first, row)).toEqual(owner);
    const counted = (): number[] =>
      [pair, between].flatMap(({ clientPort, serverPort }) => {
        const client = rowOf(first.sockets, clientPort, serverPort);
        const server = rowOf(first.sockets, serverPort, clientPort);
        const { txBytes, rxBytes } = section.accounts;
        return [txBytes[client]!, rxBytes[server]!];
      });
    let section = attribution.absorb(first);
    expect(counted()).toEqual([0, 0, 0, 0]);
    for (const { client, server } of [pair, between]) {
      const until = server.received + 100_000;
      client.send(100_000);
      await server.until(() => server.received === until);
    }
    await collectUntil(network, (next) => {
      section = attribution.absorb(next);
      return counted().every((bytes) => bytes >= 100_000);
    });
    const [sent, came, laterSent, laterCame] = counted();
    expect([came, laterCame]).toEqual([sent, laterSent]);
    if (tier === 'netlink') expect([sent, laterSent]).toEqual([100_000, 100_000]);
    expect(ownerOf(first, row)).toEqual(owner);
  });

  test('drops rows of which nobody heard the end', async () => {
    const pair = await openPair();
    const { network, sample } = await list();
    const { clientPort, serverPort } = pair;
    expect(rowOf(sample.sockets, clientPort, serverPort)).toBeGreaterThanOrEqual(0);
    pair.close();
    await pair.client.until(() => pair.client.isClosed);
    network.beginCounting({ tier: asked });
    const first = await network.collect(WHOLE_SLICE);
    const row = rowOf(first.sockets, clientPort, serverPort);
    if (row >= 0) expect(first.closed.slots.subarray(0, first.closed.count)).toContain(row);
    const { sockets } = await network.collect(WHOLE_SLICE);
    expect(rowOf(sockets, clientPort, serverPort)).toBe(-1);
  });

  test('hears of closings from then on', async () => {
    const pair = await openPair();
    const { network } = await list();
    network.beginCounting({ tier: asked });
    await network.collect(WHOLE_SLICE);
    const { clientPort, serverPort } = pair;
    pair.close();
    const isClosed = ({ closed, sockets }: NetworkSample): boolean =>
      closed.slots.subarray(0, closed.count).includes(rowOf(sockets, clientPort, serverPort));
    expect(isClosed(await collectUntil(network, isClosed))).toBe(true);
  });
});

test('a list that never counts leaves no socket and no program behind', async () => {
  const before = ownDescriptors();
  const network = openLinuxNetwork({ tier: 'auto', isListing: true });
  await network.collect(WHOLE_SLICE);
  const made = [...ownDescriptors()].filter(
    ([descriptor, target]) => before.get(descriptor) !== target && /^socket:|bpf/.test(target),
  );
  expect(made.length).toBeGreaterThan(0);
  network.close();
  const after = ownDescriptors();
  expect(made.filter(([descriptor, target]) => after.get(descriptor) === target)).toEqual([]);
});

const cannotDropPrivileges = process.geteuid?.() !== 0 || Bun.which('setpriv') === null;

test.skipIf(cannotDropPrivileges)(
  'an ordinary user sees its own sockets exactly, and of others that they are hidden (needs root and setpriv to try)',
  async () => {
    const server = await startServer();
    const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all'];
    const script = [process.execPath, `${TESTDATA}collect-as-user.ts`, String(server.port)];
    const child = Bun.spawn([...asNobody, ...script], { stdout: 'pipe', stderr: 'inherit' });
    const seen: unknown = JSON.parse(await new Response(child.stdout).text());
    expect(seen).toEqual({
      tier: 'netlink',
      errors: [],
      pid: child.pid,
      uid: 65534,
      ownerPid: child.pid,
      ownerBasis: OwnerBasis.DESCRIPTOR,
      txBytes: 2500,
      othersUid: 0,
      othersPid: 0,
      othersBasis: OwnerBasis.HIDDEN,
    });
    await server.stop();
  },
);
