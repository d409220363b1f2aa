import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressText } from '../../src/data/sample/address.ts';
import { Commands } from './commands.ts';
import { DarwinPlatform } from './darwin-platform.ts';
import { MACOS_14, writeFakeMac } from './fake-mac.fixture.ts';
import { LazyLibrary } from './system-library.ts';

const SLICE = { due: () => false, rest: () => Promise.resolve() };
const SOURCE = join(import.meta.dir, 'testdata/fake-system.c');
const isLackingCompiler = Bun.which('gcc') === null;
const isRoot = process.geteuid?.() === 0;
/** No pid of Linux is so high, so that a signal can hit nobody. */
const PID = 5_000_001;
const PROCESS = `${PID} 1 501 S 0 100 200 0:01.00 Wed Aug 19 11:28:01 2020     /Applications/Own\n`;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mac-library-'));
  if (isLackingCompiler) return;
  const built = Bun.spawnSync(['gcc', '-shared', '-fPIC', '-o', `${folder}/system.so`, SOURCE]);
  expect([built.exitCode, built.stderr.toString()]).toEqual([0, '']);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('where it is not, that is said, and asked once', () => {
  const library = new LazyLibrary('/nowhere/libSystem.B.dylib');
  expect(library.get()).toBeUndefined();
  expect(library.refusal).toMatchObject({
    code: 'ENOENT',
    message: 'cannot open /nowhere/libSystem.B.dylib',
  });
  expect(library.refusal).toBe(library.refusal!);
});

/** With structures that a compiler has laid out, which have grown between every second question and its answer. */
describe.skipIf(isLackingCompiler)('over a library in C (needs gcc)', () => {
  const platformOf = () => {
    writeFakeMac(folder, { ...MACOS_14, ps: MACOS_14.ps + PROCESS });
    const library = new LazyLibrary(`${folder}/system.so`);
    return new DarwinPlatform({ commands: new Commands({ folder }), library });
  };

  test('the host: its boot, and which one it is', () => {
    const { bootWallMillis, bootId } = platformOf().host;
    expect([bootWallMillis, bootId]).toEqual([1_592_836_479_500, '8f14e45f-ceea-467a-9634-0a1b2c3d4e5f']);
  });

  test.skipIf(!isRoot)(
    'the tier pcblist is taken by root, and has all that the kernel tells (needs root)',
    async () => {
      const platform = platformOf();
      expect(platform.tierReports()[0]).toMatchObject({ tier: 'pcblist', isAvailable: true });
      const network = platform.openNetwork({ tier: 'auto' });
      const { tier, parts, sockets, interfaces, errors } = await network.collect(SLICE);
      expect([tier, parts.tcp, parts.owners, errors]).toEqual(['pcblist', 'pcblist', 'last user', []]);
      const described = Array.from(sockets.slots.rows.subarray(0, sockets.slots.count), (slot) => {
        const end = `${sockets.protocol[slot]} ${addressText(sockets.localAddress, slot * 4)} ${sockets.localPort[slot]}`;
        const peer = `${addressText(sockets.remoteAddress, slot * 4)} ${sockets.remotePort[slot]}`;
        const figures = `${sockets.state[slot]} ${sockets.rxBytes[slot]} ${sockets.txBytes[slot]}`;
        return `${end} > ${peer} ${figures} ${sockets.ownerPid[slot]} ${sockets.interfaceIndex[slot]}`;
      });
      expect(described.sort()).toEqual([
        '17 10.0.0.1 1000 > 10.0.0.2 443 1 1000 17179869184 5000001 0',
        '17 fe80::1 22 > :: 0 7 0 0 1 7',
        '6 10.0.0.1 1000 > 10.0.0.2 443 1 1000 17179869184 5000001 0',
        '6 fe80::1 22 > :: 0 10 0 0 1 7',
      ]);
      const en0 = interfaces.slots.find(7, 0, 0, 0);
      expect([interfaces.names[en0], interfaces.rxBytes[en0], interfaces.txErrors[en0]]).toEqual([
        'en0',
        2 ** 40,
        3,
      ]);
      expect([interfaces.hardwareAddresses[en0], interfaces.linkBitsPerSecond[en0]]).toEqual([
        '02:11:e5:b9:c9:29',
        1e9,
      ]);
      network.close();
    },
  );

  test('memory and file systems without a program', async () => {
    const platform = platformOf();
    for (const name of ['vm_stat', 'sysctl', 'netstat', 'mount', 'df']) rmSync(`${folder}/${name}`);
    const machine = platform.openMachine();
    const { memory, networks, errors } = await machine.collectMachine();
    expect(errors).toEqual([]);
    expect(memory.value).toMatchObject({
      freeBytes: 64_700 * 16_384,
      cachedBytes: (298_682 + 1120) * 16_384,
      ...{ swapTotalBytes: 3 * 2 ** 30, swapUsedBytes: 2 ** 30 },
    });
    expect(networks.value?.slots.count).toBe(2);
    const { fileSystems } = await machine.collectDisks();
    expect(fileSystems).toMatchObject([{ mountPoint: '/', totalBytes: 4_096_000, usedBytes: 800 * 4096 }]);
  });

  test('what the kernel adds to ps of the processes that it lets be seen', async () => {
    const machine = platformOf().openMachine();
    const want = { visiblePids: [PID, 772], columns: ['readBytes'] as const };
    const { processes, usage } = await machine.collectProcesses(want, SLICE);
    const [own, other] = [processes.find(PID), processes.find(772)];
    expect([processes.threads[own], processes.rssBytes[own], processes.cpuNanos[own]]).toEqual([
      12,
      5 * 2 ** 20,
      2e9,
    ]);
    expect([usage.readBytes[own], usage.writtenBytes[own], usage.contextSwitches[own]]).toEqual([
      1234, 5678, 99,
    ]);
    // Another user's: ps alone.
    expect([processes.threads[other], processes.rssBytes[other]]).toEqual([-1, 180_740 * 1024]);
    expect(usage.readBytes[other]).toBeNaN();
    const { process: detail } = await machine.collectProcess(PID, SLICE);
    expect(detail).toMatchObject({
      threadCount: 12,
      userTicks: 100,
      effectiveGid: 20,
      descriptorCount: 33,
      readBytes: 1234,
    });
  });

  test('a process is who it was by what the kernel says at the moment of sending', async () => {
    const platform = platformOf();
    const { processes } = await platform.openMachine().collectProcesses({ visiblePids: [] }, SLICE);
    const started = processes.startTicks[processes.find(PID)]!;
    rmSync(`${folder}/ps`);
    // There is no such process here, so a signal finds nobody.
    expect(await platform.signaller.send(PID, started, 15)).toBe('gone');
    expect(await platform.signaller.send(PID, started + 100, 15)).toBe('identity-changed');
    expect(await platform.signaller.send(PID + 1, started, 15)).toBe('gone');
  });
});
