import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { uptime } from 'node:os';
import type { NetworkSample } from '../../src/data/sample/network-sample.ts';
import { Commands } from './commands.ts';
import { parseNetstatInterfaces } from './darwin-interfaces.ts';
import { DarwinPlatform } from './darwin-platform.ts';
import { PS_ARGUMENTS, parsePs } from './ps.ts';
import { LazyLibrary } from './system-library.ts';
import { parseVmStat } from './vm-statistics.ts';

const SLICE = { due: () => false, rest: () => Promise.resolve() };
const SENT_BYTES = 300_000;
const isMac = process.platform === 'darwin';
const isRoot = process.geteuid?.() === 0;

/** What this Mac's own programs say beside what the kernel does: a wrong offset shows here. */
describe.skipIf(!isMac)('this Mac (needs macOS)', () => {
  const commands = new Commands();
  const library = new LazyLibrary();
  const platform = new DarwinPlatform({ commands, library });
  const withoutLibrary = new DarwinPlatform({ commands, library: new LazyLibrary('/nowhere') });
  let server: Bun.TCPSocketListener<undefined>;
  let client: Bun.Socket<undefined>;
  let clientPort = 0;
  const received = Promise.withResolvers<void>();

  beforeAll(async () => {
    let bytes = 0;
    server = Bun.listen({
      ...{ hostname: '127.0.0.1', port: 0 },
      socket: {
        data: (_socket, data) => {
          bytes += data.length;
          if (bytes === SENT_BYTES) received.resolve();
        },
      },
    });
    let left = SENT_BYTES;
    const send = (socket: Bun.Socket<undefined>): void => {
      while (left > 0) {
        const written = socket.write(new Uint8Array(left));
        if (written <= 0) return;
        left -= written;
      }
    };
    client = await Bun.connect({
      ...{ hostname: '127.0.0.1', port: server.port },
      socket: { data: () => undefined, open: send, drain: send },
    });
    clientPort = client.localPort;
    await received.promise;
  });
  afterAll(() => {
    client.end();
    server.stop(true);
  });

  /** The client's end of the connection: its process and the bytes that it has sent. */
  function sent({ sockets }: NetworkSample): readonly [pid: number, bytes: number] | undefined {
    const slot = Array.from(sockets.slots.rows.subarray(0, sockets.slots.count)).find(
      (each) => sockets.localPort[each] === clientPort && sockets.remotePort[each] === server.port,
    );
    return slot === undefined ? undefined : [sockets.ownerPid[slot]!, sockets.txBytes[slot]!];
  }

  const tiers = isRoot ? (['pcblist', 'nettop', 'netstat'] as const) : (['nettop', 'netstat'] as const);
  test.each(tiers)('%s: a known connection has its process and its bytes', async (tier) => {
    const network = platform.openNetwork({ tier });
    const sample = await network.collect(SLICE);
    network.close();
    expect(sample.errors).toEqual([]);
    expect(sent(sample)).toEqual([process.pid, SENT_BYTES]);
  });

  test('the library opens, and the doctor takes the best tier', () => {
    expect(library.refusal).toBeUndefined();
    const reports = platform.tierReports();
    expect(reports.map(({ isAvailable }) => isAvailable)).toEqual([isRoot, true, true]);
  });

  test('this process: the kernel’s figures are those of ps', async () => {
    const rows = parsePs(await commands.run('ps', PS_ARGUMENTS));
    expect(rows.size).toBeGreaterThan(20);
    const { processes } = await platform
      .openMachine()
      .collectProcesses({ visiblePids: [process.pid] }, SLICE);
    const slot = processes.find(process.pid);
    const row = rows.get(process.pid)!;
    expect(processes.threads[slot]).toBeGreaterThan(1);
    expect(Math.abs(processes.rssBytes[slot]! / row.rssBytes - 1)).toBeLessThan(0.2);
    expect(Math.abs(processes.cpuNanos[slot]! / 1e9 - process.cpuUsage().user / 1e6)).toBeLessThan(5);
    expect(Math.abs(row.startSeconds - (Date.now() / 1000 - process.uptime()))).toBeLessThan(5);
    expect(Math.abs(platform.host.bootWallMillis - (Date.now() - uptime() * 1000))).toBeLessThan(5000);
  });

  test('a signal goes to the process that was seen', async () => {
    const child = Bun.spawn(['sleep', '1000']);
    const { processes } = await new DarwinPlatform()
      .openMachine()
      .collectProcesses({ visiblePids: [] }, SLICE);
    const startTicks = processes.startTicks[processes.find(child.pid)]!;
    expect(await platform.signaller.send(child.pid, startTicks + 100, 15)).toBe('identity-changed');
    expect(await platform.signaller.send(child.pid, startTicks, 15)).toBe('sent');
    await child.exited;
  });

  test('interfaces are those of netstat -ibn', async () => {
    const { networks } = await platform.openMachine().collectMachine();
    const table = networks.value!;
    for (const { index, name, rxBytes } of parseNetstatInterfaces(await commands.run('netstat', ['-ibn']))) {
      const slot = table.slots.find(index, 0, 0, 0);
      expect(table.names[slot]).toStartWith(name);
      expect(rxBytes - table.rxBytes[slot]!).toBeLessThan(50e6);
    }
  });

  test('memory is that of vm_stat', async () => {
    const [kernel, programs] = await Promise.all(
      [platform, withoutLibrary].map((each) => each.openMachine().collectMachine()),
    );
    expect([...kernel!.errors, ...programs!.errors]).toEqual([]);
    const [a, b] = [kernel!.memory.value!, programs!.memory.value!];
    expect([a.totalBytes, a.swapTotalBytes]).toEqual([b.totalBytes, b.swapTotalBytes]);
    expect(Math.abs(a.usedBytes - b.usedBytes) / a.totalBytes).toBeLessThan(0.05);
    expect(parseVmStat(await commands.run('vm_stat', []))?.pageBytes).toBe(platform.host.pageSizeBytes);
  });

  test('file systems are those of mount and df', async () => {
    const [kernel, programs] = await Promise.all(
      [platform, withoutLibrary].map((each) => each.openMachine().collectDisks()),
    );
    const named = (section: typeof kernel) =>
      section!.fileSystems.map(({ mountPoint, totalBytes }) => [mountPoint, totalBytes]);
    expect(named(kernel)).toEqual(named(programs));
  });
});
