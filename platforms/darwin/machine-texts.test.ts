import { describe, expect, test } from 'bun:test';
import {
  AF_LINK,
  IF_MSGHDR2,
  IFF,
  isUplinkName,
  parseInterfaceList,
  parseNetstatInterfaces,
  RTM_IFINFO2,
  SOCKADDR_DL,
} from './darwin-interfaces.ts';
import { capture } from './fake-mac.fixture.ts';
import { fileSystemsOf, MNT, parseMounts, parseStatfs, STATFS64 } from './mounted-volumes.ts';
import { damagedBytes, damagedText, MUTATIONS, MUTATIONS_MILLIS, seeded } from './mutations.fixture.ts';
import { structure } from './struct.ts';
import {
  memorySampleOf,
  pageCountsOf,
  parseSwapUsage,
  parseVmStat,
  swapUsageOf,
  VM_STATISTICS64,
  XSW_USAGE,
} from './vm-statistics.ts';

const GIB = 2 ** 30;

describe('layouts', () => {
  test('members are where a compiler puts them', () => {
    const made = structure({ name: 'x', size: 24 }, { a: 'u8', b: 'u64', c: 'u16' });
    expect(made.at).toEqual({ a: 0, b: 8, c: 16 });
    expect(structure({ name: 'x', size: 16, pack: 4 }, { a: 'u8', b: 'u64', c: 'u16' }).at).toEqual({
      a: 0,
      b: 4,
      c: 12,
    });
  });

  test('one that does not have the size of the header is refused', () => {
    expect(() => structure({ name: 'x', size: 16 }, { a: 'u64' })).toThrow('x has 8 bytes, not 16');
  });

  test('offsets are those of the headers', () => {
    const { ifm_flags, ifm_index, ifi_mtu, ifi_baudrate, ifi_ibytes, ifi_iqdrops } = IF_MSGHDR2.at;
    expect([ifm_flags, ifm_index, ifi_mtu, ifi_baudrate, ifi_ibytes, ifi_iqdrops]).toEqual([
      8, 12, 40, 48, 96, 128,
    ]);
    const { purgeable_count, compressor_page_count, internal_page_count } = VM_STATISTICS64.at;
    expect([purgeable_count, compressor_page_count, internal_page_count]).toEqual([88, 128, 140]);
    const { f_blocks, f_flags, f_fstypename, f_mntonname, f_mntfromname } = STATFS64.at;
    expect([f_blocks, f_flags, f_fstypename, f_mntonname, f_mntfromname]).toEqual([8, 64, 72, 88, 1112]);
  });
});

describe('memory', () => {
  test('vm_stat: pages of the size that it says', () => {
    const pages = parseVmStat(capture('macos-14-vm_stat.txt'))!;
    expect(pages).toEqual({
      ...{ pageBytes: 16_384, free: 36_722, speculative: 27_978, wired: 200_000, purgeable: 1120 },
      ...{ anonymous: 500_000, fileBacked: 298_682, compressor: 50_000 },
    });
    expect(memorySampleOf(16 * GIB, pages, { totalBytes: 3 * GIB, usedBytes: GIB })).toMatchObject({
      ...{ totalBytes: 16 * GIB, usedBytes: (500_000 - 1120 + 200_000 + 50_000) * 16_384 },
      ...{ freeBytes: (36_722 + 27_978) * 16_384, cachedBytes: (298_682 + 1120) * 16_384 },
      ...{ swapTotalBytes: 3 * GIB, swapUsedBytes: GIB, slabBytes: undefined },
    });
  });

  test('what it does not say is unknown, never 0', () => {
    for (const text of [
      '',
      'Pages free: 1.\n',
      'Mach Virtual Memory Statistics: (page size of 1638 bytes)\n',
    ]) {
      expect(parseVmStat(text)).toBeUndefined();
    }
    const old = parseVmStat(
      'Mach Virtual Memory Statistics: (page size of 4096 bytes)\nPages free:   10.\n',
    )!;
    expect([old.free, old.wired]).toEqual([10, Number.NaN]);
    const sample = memorySampleOf(GIB, old, undefined);
    expect([sample.usedBytes, sample.availableBytes, sample.swapTotalBytes]).toEqual([
      Number.NaN,
      Number.NaN,
      undefined,
    ]);
  });

  test('swap, as sysctl prints it', () => {
    const expected = { totalBytes: 3072 * 2 ** 20, usedBytes: 2513.5 * 2 ** 20 };
    expect(parseSwapUsage(capture('macos-10.14-sysctl.txt'))).toEqual(expected);
    expect(parseSwapUsage(capture('macos-14-sysctl.txt'))).toEqual(expected);
    expect(parseSwapUsage('total = 1.00M  used = 2.00M  free = 0.00M')).toBeUndefined();
    expect(parseSwapUsage('total = 3072.00M  us')).toBeUndefined();
  });

  test('the kernel: free pages without the speculative ones', () => {
    const view = new DataView(new ArrayBuffer(VM_STATISTICS64.size));
    view.setUint32(0, 64_700, true);
    view.setUint32(VM_STATISTICS64.at.speculative_count, 27_978, true);
    view.setUint32(VM_STATISTICS64.at.internal_page_count, 500_000, true);
    expect(pageCountsOf(view, 38, 16_384)).toMatchObject({
      free: 36_722,
      speculative: 27_978,
      anonymous: 500_000,
    });
    expect(pageCountsOf(view, 37, 16_384)).toBeUndefined();
    const swap = new DataView(new ArrayBuffer(XSW_USAGE.size));
    swap.setBigUint64(0, 3n * 2n ** 30n, true);
    swap.setBigUint64(16, 2n ** 30n, true);
    expect(swapUsageOf(swap)).toEqual({ totalBytes: 3 * GIB, usedBytes: GIB });
    expect(swapUsageOf(new DataView(new ArrayBuffer(31)))).toBeUndefined();
  });

  test(
    'damaged: no crash, and no more than there is',
    () => {
      const random = seeded(41);
      const [pagesText, swapText] = [capture('macos-14-vm_stat.txt'), capture('macos-14-sysctl.txt')];
      for (let run = 0; run < MUTATIONS; run++) {
        const pages = parseVmStat(damagedText(pagesText, random));
        const swap = parseSwapUsage(damagedText(swapText, random));
        if (swap !== undefined && swap.usedBytes > swap.totalBytes) expect(swap).toBeUndefined();
        if (pages === undefined) continue;
        const { usedBytes } = memorySampleOf(16 * GIB, pages, swap);
        if (usedBytes < 0 || usedBytes > 16 * GIB) expect(usedBytes).toBeNaN();
      }
    },
    MUTATIONS_MILLIS,
  );
});

describe('file systems', () => {
  const mounts = () => parseMounts(capture('macos-14-mount.txt'), capture('macos-14-df.txt'));

  test('a container of APFS has one row, with all that is used in it; servers have no figures', () => {
    expect(fileSystemsOf(mounts())).toEqual([
      expect.objectContaining({
        ...{ name: 'disk3s1s1', source: '/dev/disk3s1s1', mountPoint: '/', type: 'apfs', isPartition: true },
        ...{ totalBytes: 482_797_652 * 1024, availableBytes: 123_456_780 * 1024, isReadOnly: true },
        usedBytes: (482_797_652 - 123_456_780) * 1024,
      }),
      expect.objectContaining({
        ...{ name: 'disk5s2', mountPoint: '/Volumes/Backup (2)', type: 'hfs', isReadOnly: false },
        ...{ usedBytes: 500_000_000 * 1024, inodes: 4_294_967_179 + 100, freeInodes: 4_294_967_179 },
      }),
      expect.objectContaining({
        ...{ name: '//ana@nas.local/music', mountPoint: '/Volumes/music', type: 'smbfs' },
        ...{ totalBytes: undefined, usedBytes: undefined, availableBytes: undefined, silence: 'not-asked' },
      }),
    ]);
  });

  test('of 10.14, in blocks of 512 bytes', () => {
    const found = fileSystemsOf(parseMounts(capture('macos-10.14-mount.txt'), capture('macos-10.14-df.txt')));
    expect(found.map(({ mountPoint, totalBytes }) => [mountPoint, totalBytes])).toEqual([
      ['/', 976_490_576 * 512],
    ]);
  });

  test('a mount whose space is not told has none', () => {
    const [root] = fileSystemsOf(parseMounts('/dev/disk3s1s1 on / (apfs, local)\n', 'Filesystem 1024-blo'));
    expect([root?.mountPoint, root?.totalBytes, root?.usedBytes]).toEqual(['/', undefined, undefined]);
  });

  function entry(source: string, mountPoint: string, type: string, flags: number): Uint8Array {
    const bytes = new Uint8Array(STATFS64.size);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 4096, true);
    view.setBigUint64(STATFS64.at.f_blocks, 1000n, true);
    view.setBigUint64(STATFS64.at.f_bfree, 300n, true);
    view.setBigUint64(STATFS64.at.f_bavail, 200n, true);
    view.setUint32(STATFS64.at.f_flags, flags, true);
    bytes.set(Buffer.from(type), STATFS64.at.f_fstypename);
    bytes.set(Buffer.from(mountPoint), STATFS64.at.f_mntonname);
    bytes.set(Buffer.from(source), STATFS64.at.f_mntfromname);
    return bytes;
  }

  test('getfsstat: the same from the kernel', () => {
    const list = Buffer.concat([
      entry('/dev/disk3s1', '/', 'apfs', MNT.LOCAL | MNT.RDONLY),
      entry('/dev/disk3s5', '/System/Volumes/Data', 'apfs', MNT.LOCAL | MNT.DONTBROWSE),
      entry('nas:/x', '/Volumes/x', 'nfs', 0),
    ]);
    expect(fileSystemsOf(parseStatfs(list))).toMatchObject([
      ...[{ mountPoint: '/', totalBytes: 4_096_000, usedBytes: 800 * 4096, isReadOnly: true }],
      ...[{ mountPoint: '/Volumes/x', totalBytes: undefined, silence: 'not-asked' }],
    ]);
    expect(parseStatfs(list.subarray(0, STATFS64.size * 2 - 1)).length).toBe(1);
  });

  test(
    'damaged: no crash, and no space of another mount',
    () => {
      const random = seeded(42);
      const [mountText, spaceText] = [capture('macos-14-mount.txt'), capture('macos-14-df.txt')];
      const list = entry('/dev/disk3s1', '/', 'apfs', MNT.LOCAL);
      for (let run = 0; run < MUTATIONS; run++) {
        const text = damagedText(spaceText, random);
        for (const { mountPoint, source, totalBytes } of parseMounts(mountText, text)) {
          if (Number.isNaN(totalBytes)) continue;
          const isOneLine = text
            .split('\n')
            .some((line) => line.startsWith(source) && line.endsWith(mountPoint));
          if (!isOneLine) expect(text).toContain(`${source} ... ${mountPoint}`);
        }
        fileSystemsOf(parseMounts(damagedText(mountText, random), text));
        fileSystemsOf(parseStatfs(damagedBytes(list, random)));
      }
    },
    MUTATIONS_MILLIS,
  );
});

describe('interfaces', () => {
  test('netstat -ibn: 64-bit counters, one row each', () => {
    const found = parseNetstatInterfaces(capture('macos-15-netstat-ibn.txt'));
    expect(
      found.map(({ index, name, rxBytes, txBytes, isUp, isLoopback }) => [
        index,
        name,
        rxBytes,
        txBytes,
        isUp,
        isLoopback,
      ]),
    ).toEqual([
      [1, 'lo0', 34_579_100_689, 34_579_100_689, true, true],
      [2, 'gif0', 0, 0, false, false],
      [7, 'en0', 169_417_973_390, 34_967_744_772, true, false],
      [23, 'utun4', 6_342_390_068, 451_789_622, true, false],
    ]);
    expect(found[2]).toMatchObject({
      mtuBytes: 1500,
      hardwareAddress: '02:11:e5:b9:c9:29',
      rxPackets: 131_591_073,
      txErrors: 2,
    });
  });

  test('of 10.14: no bytes, and cut names made whole where ifconfig has as many', () => {
    const text = capture('macos-10.14-netstat-i.txt');
    const cut = parseNetstatInterfaces(text);
    expect(cut.length).toBe(23);
    expect(cut.map(({ name }) => name).filter((name) => name === 'vmnet').length).toBe(2);
    expect(cut.find(({ name }) => name === 'en0')).toMatchObject({
      index: 10,
      rxBytes: Number.NaN,
      rxPackets: 23_300_545,
    });
    const names = cut.map(({ name, index }) =>
      name === 'vmnet' ? `vmnet${index === 19 ? 1 : 8}` : name === 'bridg' ? 'bridge0' : name,
    );
    expect(parseNetstatInterfaces(text, names).map(({ name }) => name)).toEqual(names);
    expect(parseNetstatInterfaces(text, names.slice(1)).map(({ name }) => name)).toEqual(
      cut.map(({ name }) => name),
    );
  });

  test('what leaves the machine is an uplink', () => {
    expect(['en0', 'en12', 'awdl0', 'pdp_ip0'].every(isUplinkName)).toBe(true);
    expect(['lo0', 'utun3', 'bridge0', 'vmnet8', 'gif0', 'vlan0', 'eno'].some(isUplinkName)).toBe(false);
  });

  function message(index: number, name: string, flags: number, rxBytes: bigint): Uint8Array {
    const bytes = new Uint8Array(IF_MSGHDR2.size + SOCKADDR_DL.size + name.length + 6 + 2);
    const view = new DataView(bytes.buffer);
    const link = IF_MSGHDR2.size;
    view.setUint16(0, bytes.length, true);
    view.setUint8(IF_MSGHDR2.at.ifm_type, RTM_IFINFO2);
    view.setUint32(IF_MSGHDR2.at.ifm_flags, flags, true);
    view.setUint16(IF_MSGHDR2.at.ifm_index, index, true);
    view.setUint32(IF_MSGHDR2.at.ifi_mtu, 1500, true);
    view.setBigUint64(IF_MSGHDR2.at.ifi_ibytes, rxBytes, true);
    view.setUint8(link + SOCKADDR_DL.at.sdl_family, AF_LINK);
    view.setUint8(link + SOCKADDR_DL.at.sdl_nlen, name.length);
    view.setUint8(link + SOCKADDR_DL.at.sdl_alen, 6);
    bytes.set(Buffer.from(name), link + SOCKADDR_DL.size);
    bytes.set([2, 17, 229, 185, 201, 41], link + SOCKADDR_DL.size + name.length);
    return bytes;
  }
  const LIST = Buffer.concat([
    message(1, 'lo0', IFF.UP | IFF.LOOPBACK, 5n),
    // An address of it (RTM_NEWADDR).
    Uint8Array.of(8, 0, 5, 0x0c, 0, 0, 0, 0),
    message(7, 'en0', IFF.UP, 2n ** 40n),
  ]);

  test('NET_RT_IFLIST2: the same from the kernel', () => {
    expect(parseInterfaceList(LIST)).toMatchObject([
      { index: 1, name: 'lo0', isLoopback: true, rxBytes: 5 },
      ...[
        {
          index: 7,
          name: 'en0',
          isUp: true,
          rxBytes: 2 ** 40,
          mtuBytes: 1500,
          hardwareAddress: '02:11:e5:b9:c9:29',
        },
      ],
    ]);
    expect(parseInterfaceList(LIST.subarray(0, LIST.length - 1)).length).toBe(1);
    expect(parseInterfaceList(Uint8Array.of(0, 0, 0, 0))).toEqual([]);
  });

  test(
    'damaged: no crash, and no counters of another interface',
    () => {
      const random = seeded(43);
      const whole = capture('macos-15-netstat-ibn.txt');
      for (let run = 0; run < MUTATIONS; run++) {
        const text = damagedText(whole, random);
        for (const { name, index, rxBytes } of parseNetstatInterfaces(text)) {
          const isOneLine = text
            .split('\n')
            .some(
              (line) =>
                line.startsWith(name) && line.includes(`<Link#${index}>`) && line.includes(String(rxBytes)),
            );
          const isZero = /<Link#0+/.test(text) || /\s0+\d/.test(text);
          if (!isOneLine && !isZero && !Number.isNaN(rxBytes))
            expect(text).toContain(`${name} ${index} ${rxBytes}`);
        }
        parseInterfaceList(damagedBytes(LIST, random));
      }
    },
    MUTATIONS_MILLIS,
  );
});
