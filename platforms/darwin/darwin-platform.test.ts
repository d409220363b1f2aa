import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressText } from '../../src/data/sample/address.ts';
import type { NetworkSample } from '../../src/data/sample/network-sample.ts';
import type { NetworkCollector } from '../../src/data/sample/platform.ts';
import { OwnerBasis } from '../../src/data/sample/socket-table.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { Commands } from './commands.ts';
import { DarwinPlatform } from './darwin-platform.ts';
import { type FakeMac, MACOS_14, writeFakeMac } from './fake-mac.fixture.ts';
import { LazyLibrary } from './system-library.ts';

const NO_LIBRARY = '/nowhere/libSystem.B.dylib';
const SLICE = { due: () => false, rest: () => Promise.resolve() };
let folder = '';
const opened: { close(): void }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fake-mac-'));
});
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The platform over programs that print captures, which are all there is: the library cannot be opened. */
function platformOf(mac: Partial<FakeMac> = {}): DarwinPlatform {
  writeFakeMac(folder, { ...MACOS_14, ...mac });
  return new DarwinPlatform({ commands: new Commands({ folder }), library: new LazyLibrary(NO_LIBRARY) });
}

function networkOf(platform: DarwinPlatform, tier: Parameters<DarwinPlatform['openNetwork']>[0]['tier']) {
  const network = platform.openNetwork({ tier });
  opened.push(network);
  return network;
}

/** `pid process local:port state rx tx` of each socket, by port. */
function socketsOf({ sockets, processes }: NetworkSample): string[] {
  return Array.from(sockets.slots.rows.subarray(0, sockets.slots.count))
    .sort(
      (a, b) => sockets.localPort[a]! - sockets.localPort[b]! || sockets.rxBytes[a]! - sockets.rxBytes[b]!,
    )
    .map((slot) => {
      const pid = sockets.ownerPid[slot]!;
      const process = processes.find(pid);
      const name = process < 0 ? '-' : processes.names[process];
      const end = `${addressText(sockets.localAddress, slot * 4)} ${sockets.localPort[slot]}`;
      return `${pid} ${name} ${end} ${sockets.state[slot]} ${sockets.rxBytes[slot]}`;
    });
}

function messageOf(open: () => unknown): string {
  try {
    open();
    return 'none';
  } catch (thrown) {
    if (thrown instanceof OpError) return thrown.message;
    throw thrown;
  }
}

describe('the network', () => {
  test('auto: nettop where the kernel cannot be asked; counters grow from sample to sample', async () => {
    const network = networkOf(platformOf(), 'auto');
    expect(network.tier).toBe('nettop');
    const first = await network.collect(SLICE);
    expect(first).toMatchObject({
      ...{ sequence: 1, tier: 'nettop', counted: 'payload', errors: [] },
      parts: { tcp: 'nettop', udp: 'nettop', owners: 'last user', processes: 'ps', exited: false },
    });
    const before = socketsOf(first);
    expect(before.map((each) => each.replace(/(56241 1) \d+$/, '$1 N'))).toEqual([
      '901 Helper, the second fe80::1 1024 1 1',
      '272 mDNSResponder :: 5353 7 5',
      '272 mDNSResponder :: 5353 7 14431855',
      '272 mDNSResponder 0.0.0.0 5353 7 70116364',
      '772 Microsoft Edge 0.0.0.0 8080 10 NaN',
      '772 Microsoft Edge 192.168.1.20 9993 1 17411503',
      '772 Microsoft Edge 2001:db8:1::2 53147 4 10',
      '772 Microsoft Edge 192.168.1.20 56241 1 N',
    ]);
    const at = first.monotonicMicros;
    const grownFrom = Number(before.at(-1)!.split(' ').at(-1));
    const second = await network.collect(SLICE);
    // One that is newer was waited for.
    expect(second.monotonicMicros).toBeGreaterThan(at + 200_000);
    const grown = Number(socketsOf(second).at(-1)!.split(' ').at(-1)) - grownFrom;
    expect(grown).toBeGreaterThanOrEqual(100_000);
    expect(grown % 100_000).toBe(0);
  });

  test('interfaces have indexes, counters and addresses; sockets name theirs', async () => {
    const { interfaces, sockets } = await networkOf(platformOf(), 'nettop').collect(SLICE);
    const slots = Array.from(interfaces.slots.rows.subarray(0, interfaces.slots.count));
    expect(
      slots.map((slot) => [interfaces.index[slot], interfaces.names[slot], interfaces.isUplink[slot]]),
    ).toEqual([
      ...[
        [1, 'lo0', 0],
        [2, 'gif0', 0],
        [7, 'en0', 1],
        [23, 'utun4', 0],
      ],
    ]);
    const indexes = Array.from(
      sockets.slots.rows.subarray(0, sockets.slots.count),
      (slot) => sockets.interfaceIndex[slot]!,
    );
    expect(indexes.sort((a, b) => a - b)).toEqual([0, 0, 1, 7, 7, 7, 7, 7]);
  });

  test('netstat: each socket with its process, closed when it is listed no more', async () => {
    const network = networkOf(platformOf({ ps: psOf([7187, '/x/Brave'], [46708, '/x/node']) }), 'netstat');
    const first = await network.collect(SLICE);
    expect([first.tier, first.errors]).toEqual(['netstat', []]);
    expect(socketsOf(first)).toEqual([
      // The address is cut: the socket is known, where it goes is not.
      '35474 - :: 0 2 0',
      '272 - :: 5353 7 14431855',
      '62071 - :: 24800 10 0',
      '46708 node 127.0.0.1 59357 10 0',
      '7187 Brave 192.168.1.20 64809 1 8237954',
    ]);
    const { sockets } = first;
    const named = Array.from(sockets.slots.rows.subarray(0, 5)).filter(
      (slot) => sockets.ownerBasis[slot] === OwnerBasis.DESCRIPTOR,
    );
    expect(named.length).toBe(2);
    const left = MACOS_14.netstatSockets.split('\n').filter((line) => !line.includes('64809'));
    writeFileSync(`${folder}/anbv.txt`, left.join('\n'));
    const second = await network.collect(SLICE);
    const closed = second.closed.slots.subarray(0, second.closed.count);
    expect(
      Array.from(closed, (slot) => [second.sockets.localPort[slot], second.sockets.state[slot]]),
    ).toEqual([[64809, 7]]);
    expect(socketsOf(await network.collect(SLICE)).length).toBe(4);
  });

  test('a netstat that names no process: lsof does, but for ends that are cut', async () => {
    const rows = [
      'Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)        rxbytes    txbytes',
      'tcp4       0      0  192.168.1.98.51741     192.0.2.22.443         ESTABLISHED         10         20',
      'tcp6       0      0  2001:db8:310:a::.443   *.*                    LISTEN               0          0',
    ];
    const lsof = `${MACOS_14.lsof}p77\nf3\ntIPv6\nPTCP\nn[2001:db8:310:a::]:443\n`;
    const mac = {
      netstatSockets: `${rows.join('\n')}\n`,
      lsof,
      ps: psOf([1978, '/x/node'], [77, '/x/other']),
    };
    const sample = await networkOf(platformOf(mac), 'netstat').collect(SLICE);
    expect(socketsOf(sample)).toEqual(['0 - :: 443 10 0', '1978 node 192.168.1.98 51741 1 10']);
  });

  test('a netstat that does not know how to keep addresses whole is asked without', async () => {
    const network = networkOf(platformOf(), 'netstat');
    const script = `case "$*" in *W*) echo 'netstat: illegal option -- W' >&2; exit 1;; esac`;
    writeFileSync(`${folder}/netstat`, `#!/bin/sh\n${script}\ncat '${folder}/anbv.txt'\n`);
    const { sockets, errors } = await network.collect(SLICE);
    expect([sockets.slots.count, errors]).toEqual([5, []]);
  });

  test('a tier that is asked for and cannot run says why', () => {
    const platform = platformOf();
    expect(messageOf(() => platform.openNetwork({ tier: 'pcblist' }))).toBe(
      'the tier pcblist is not available: cannot open /nowhere/libSystem.B.dylib (see --doctor)',
    );
    rmSync(`${folder}/nettop`);
    expect(messageOf(() => platform.openNetwork({ tier: 'nettop' }))).toBe(
      'the tier nettop is not available: nettop not found (see --doctor)',
    );
    expect(messageOf(() => platform.openNetwork({ tier: 'ebpf' }))).toBe(
      'the tier ebpf is not available: macOS has no such tier (see --doctor)',
    );
    expect(networkOf(platform, 'auto').tier).toBe('netstat');
  });

  test('one that fails twice makes way for the next, which says so', async () => {
    const platform = platformOf();
    writeFileSync(`${folder}/nettop`, '#!/bin/sh\nexit 1\n');
    const network = networkOf(platform, 'auto');
    const failed = await network.collect(SLICE);
    expect(failed.errors).toEqual([
      { op: 'collect sockets', code: 'EXIT', message: '/usr/bin/nettop has exited' },
    ]);
    expect(failed.counted).toBe('none');
    const next = await network.collect(SLICE);
    expect([next.tier, next.sockets.slots.count]).toEqual(['netstat', 5]);
    expect(next.errors.map(({ message }) => message)).toEqual([
      'the tier nettop failed (/usr/bin/nettop has exited); using the next one',
    ]);
  });

  test('where neither sockets nor processes can be read, the collection fails', async () => {
    const network = networkOf(platformOf({ ps: '', netstatSockets: '' }), 'netstat');
    expect(await failureOf(network)).toBe('netstat shows no socket at all');
  });
});

async function failureOf(network: NetworkCollector): Promise<string> {
  try {
    return (await network.collect(SLICE)).tier;
  } catch (thrown) {
    if (thrown instanceof OpError) return thrown.message;
    throw thrown;
  }
}

function psOf(...rows: (readonly [pid: number, path: string])[]): string {
  return rows
    .map(([pid, path]) => `${pid} 1 501 S 0 100 200 0:01.00 Mon Jun 22 07:34:40 2020     ${path}\n`)
    .join('');
}

describe('the machine', () => {
  test('cores and load by the runtime, memory and interfaces by programs', async () => {
    const machine = platformOf().openMachine();
    const { cpu, memory, networks, sensors, gpus, errors } = await machine.collectMachine();
    expect(errors).toEqual([]);
    expect(cpu.value?.onlineCount).toBeGreaterThan(0);
    expect(cpu.value?.times.idle[0]).toBeGreaterThan(0);
    expect(cpu.value?.contextSwitches).toBeUndefined();
    expect(memory.value).toMatchObject({ totalBytes: 2 ** 34, swapUsedBytes: 2513.5 * 2 ** 20 });
    expect(networks.value?.slots.count).toBe(4);
    expect([sensors.value, gpus.value]).toEqual([undefined, undefined]);
  });

  test('a program that fails takes its part alone', async () => {
    const platform = platformOf();
    rmSync(`${folder}/vm_stat`);
    const { cpu, memory, errors } = await platform.openMachine().collectMachine();
    expect([memory.value, cpu.error]).toEqual([undefined, undefined]);
    expect(errors.map(({ message }) => message)).toEqual(['/usr/bin/vm_stat not found']);
  });

  test('disks', async () => {
    const { fileSystems, devices } = await platformOf().openMachine().collectDisks();
    expect([fileSystems.map(({ mountPoint }) => mountPoint), devices]).toEqual([
      ['/', '/Volumes/Backup (2)', '/Volumes/music'],
      [],
    ]);
  });

  test('processes with command lines; rows of those that live on keep their slots', async () => {
    const machine = platformOf().openMachine();
    const { processes, commandLines, usage } = await machine.collectProcesses({ visiblePids: [772] }, SLICE);
    const slot = processes.find(772);
    expect([processes.names[slot], processes.threads[slot], processes.uid[slot]]).toEqual([
      'Microsoft Edge',
      -1,
      501,
    ]);
    expect(commandLines?.[slot]).toBe(
      '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge --restore',
    );
    expect(commandLines?.[processes.find(1)]).toBeUndefined();
    expect(usage.readBytes[slot]).toBeNaN();
    const { serial } = processes.slots;
    const kept = serial[slot];
    writeFileSync(`${folder}/ps.txt`, MACOS_14.ps.replace('  902   772', '  905   772'));
    await Bun.sleep(300);
    const after = await machine.collectProcesses({ visiblePids: [], allCommandLines: true }, SLICE);
    expect([after.processes.find(902), after.processes.slots.serial[after.processes.find(772)]]).toEqual([
      -1,
      kept,
    ]);
    expect(after.commandLines?.[after.processes.find(1)]).toBe('/sbin/launchd');
  });

  test('one process in depth, its children; what is not known is missing', async () => {
    const machine = platformOf().openMachine();
    const { process: found, children, childFacts, threads } = await machine.collectProcess(772, SLICE);
    expect(found).toMatchObject({
      ...{ pid: 772, ppid: 1, name: 'Microsoft Edge', effectiveUid: 501, threadCount: Number.NaN },
      ...{ descriptorCount: undefined, workingDirectory: undefined, readBytes: undefined },
      executablePath: '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    });
    expect(
      Array.from(children.slots.rows.subarray(0, children.slots.count), (slot) => children.pid[slot]),
    ).toEqual([901, 902]);
    expect(childFacts?.[1]).toMatchObject({ pid: 902, commandLine: '-bash', effectiveGid: undefined });
    expect(threads).toEqual([]);
    const gone = machine.collectProcess(5, SLICE).catch((thrown: OpError) => thrown.code);
    expect(await gone).toBe('ESRCH');
    const journal = machine.collectJournal(1).catch((thrown: OpError) => thrown.message);
    expect(await journal).toStartWith('macOS has no journal');
  });
});

describe('signals', () => {
  /** The line that ps would have for a process of ours. */
  function lineOf(pid: number, started: Date): string {
    const [weekday, day, month, year, time] = started.toUTCString().replace(',', '').split(' ');
    return `${pid} 1 0 S 0 100 200 0:01.00 ${weekday} ${month} ${day} ${time} ${year}     /bin/sleep\n`;
  }

  test('go to the process that was seen, and to no other with its pid', async () => {
    const child = Bun.spawn(['sleep', '1000']);
    const started = new Date();
    const platform = platformOf({ ps: MACOS_14.ps + lineOf(child.pid, started) });
    const { processes } = await platform.openMachine().collectProcesses({ visiblePids: [] }, SLICE);
    const startTicks = processes.startTicks[processes.find(child.pid)]!;
    const { signaller } = platform;
    expect(await signaller.send(child.pid, startTicks + 100, 9)).toBe('identity-changed');
    expect(child.signalCode).toBeNull();
    for (const [pid, signal] of [
      [0, 9],
      [-child.pid, 9],
      [1.5, 9],
      [child.pid, 0],
      [child.pid, 32],
    ] as const) {
      expect(await signaller.send(pid, startTicks, signal)).toBe('gone');
    }
    expect(await signaller.send(child.pid, startTicks, 15)).toBe('sent');
    await child.exited;
    expect(child.signalCode).toBe('SIGTERM');
    // ps still lists it; the kernel knows better.
    expect(await signaller.send(child.pid, startTicks, 15)).toBe('gone');
    expect(await signaller.send(5_000_000, startTicks, 15)).toBe('gone');
    rmSync(`${folder}/ps`);
    expect(await signaller.send(child.pid, startTicks, 15)).toBe('not-permitted');
  });
});

test('users are named by who runs processes', async () => {
  const platform = platformOf();
  expect(platform.userName(0)).toBe('root');
  expect(platform.userName(501)).toBe('501');
  const names = () => [501, -2].map((uid) => platform.userName(uid)).join();
  for (let i = 0; i < 500 && names() !== 'ana,nobody'; i++) await Bun.sleep(10);
  expect(names()).toBe('ana,nobody');
});

test('this machine has a name, a time of its boot and ticks of a hundredth', () => {
  const { host } = platformOf();
  expect(host.hostName.length).toBeGreaterThan(0);
  expect(host.bootWallMillis).toBeLessThan(Date.now());
  expect([host.clockTicksPerSecond, host.bootId]).toEqual([100, '']);
});

test('the doctor says what is there, what root would add, and what is never told', async () => {
  const reports = platformOf().tierReports();
  expect(reports.map(({ tier, isAvailable }) => `${tier} ${isAvailable}`)).toEqual([
    ...['pcblist false', 'nettop true', 'netstat true'],
  ]);
  const { darwinJson, darwinSections } = await import('./darwin-doctor.ts');
  const commands = [
    { name: 'ps', isThere: true },
    { name: 'lsof', isThere: false },
  ] as const;
  const found = {
    tiers: reports,
    libraryRefusal: 'cannot open it',
    isRoot: false,
    kernelRelease: '23.1.0',
    commands,
  };
  const text = darwinSections(found).flatMap(({ entries }) =>
    entries.map((entry) => `${entry.mark} ${entry.label}: ${entry.text}`),
  );
  expect(text).toContain(`good nettop: Available, selected: ${reports[1]!.detail}.`);
  expect(text.find((line) => line.startsWith('lacking root'))).toContain('Root would add the tier pcblist');
  expect(text.find((line) => line.startsWith('lacking C library'))).toContain('programs are used instead');
  expect(text).toContain(
    'lacking lsof: Not found. Needed for processes of sockets where netstat does not name them.',
  );
  expect(JSON.parse(darwinJson('1.2.3', found))).toMatchObject({
    ...{ schema: 1, tier: 'nettop', counted: 'payload', root: false, programs: { ps: true, lsof: false } },
  });
});
