import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { BUSY_COLUMNS, CpuTable, TIME_COLUMNS } from '../../../src/data/schema/cpu-sample.ts';
import { bytesOf, captured } from './captured-proc.fixture.ts';
import { parseCpuFrequencies, parseCpuModel } from './cpuinfo.ts';
import { emptyDiskStatsLine, parseDiskStatsLine } from './diskstats.ts';
import { type LoadAverage, parseLoadAverage, parseUptimeSeconds } from './loadavg.ts';
import { emptyMemInfo, parseMemInfo } from './meminfo.ts';
import { parseMountEntries } from './mountinfo.ts';
import { parseDrmClient } from './pid-fdinfo.ts';
import { type PidIo, type PidStatm, parsePidIo, parsePidRunDelay, parsePidStatm } from './pid-files.ts';
import { parsePidStatusDetail, parsePidSwitches } from './pid-status.ts';
import { parsePressure } from './pressure.ts';
import { parseCpuStat, type SchedulerCounters } from './stat.ts';
import { scanDecimal, TextScanner } from './text-scanner.ts';

function allTicks(table: CpuTable, row: number): number {
  return TIME_COLUMNS.reduce((sum, column) => sum + table[column][row]!, 0);
}

function busyTicks(table: CpuTable, row: number): number {
  return BUSY_COLUMNS.reduce((sum, column) => sum + table[column][row]!, 0);
}

function counters(): SchedulerCounters {
  return { interrupts: 0, contextSwitches: 0, forks: 0, runningTasks: 0, blockedTasks: 0 };
}

function stat(text: string, table = new CpuTable(), into = counters()) {
  const bytes = bytesOf(text);
  return { online: parseCpuStat(bytes, bytes.length, table, into), table, into };
}

describe('parseCpuStat', () => {
  test('a captured file', () => {
    const bytes = captured('stat');
    const table = new CpuTable();
    const into = counters();
    expect(parseCpuStat(bytes, bytes.length, table, into)).toBeGreaterThan(0);
    expect(into.contextSwitches).toBeGreaterThan(0);
    expect(allTicks(table, 0)).toBeGreaterThan(busyTicks(table, 0));
  });

  test('time of guests is in user time already: it is counted once', () => {
    const { table } = stat('cpu  100 10 20 30 40 5 6 7 90 9\ncpu0 100 10 20 30 40 5 6 7 90 9\n');
    expect(busyTicks(table, 1)).toBe(100 + 10 + 20 + 5 + 6 + 7);
    expect(allTicks(table, 1)).toBe(148 + 30 + 40);
    expect(table.guest[1]).toBe(99);
  });

  test.each(['', 'cpu0 1 2 3 4\n', 'cpu  1 2 3\n', 'cpu  1 2 3 4', 'cpu  -1 2 3 4\n', 'intr 5\n'])(
    'refuses %j',
    (text) => {
      expect(stat(text).online).toBe(-1);
    },
  );

  test('a column that is not printed is 0, one that is no count is unknown', () => {
    const { table } = stat('cpu  1 2 3 4\ncpu0 1 2 3 4 5 6 7 18446744073709551600 0 0\n');
    expect([table.steal[0], table.guest[0]]).toEqual([0, 0]);
    expect([table.softirq[1], table.steal[1], table.guest[1]]).toEqual([7, Number.NaN, 0]);
  });

  test('idle time that went below zero leaves the rest of the line', () => {
    const { online, table } = stat('cpu  1 2 3 18446744073709551600\ncpu0 1 2 3 18446744073709551600 5\n');
    expect([online, table.idle[0], table.system[1], table.idle[1], table.iowait[1]]).toEqual([
      ...[1, Number.NaN, 3, Number.NaN, 5],
    ]);
  });

  test('a number of cores that cannot be takes no memory', () => {
    const { online, table } = stat('cpu  1 2 3 4\ncpu99999999 1 2 3 4\ncpu7 1 2 3 4\n');
    expect([online, table.count]).toEqual([1, 9]);
  });

  test('a line cut short leaves its core offline', () => {
    const { online, table } = stat('cpu  1 2 3 4\ncpu0 1 2 3 4\ncpu1 1 2');
    expect([online, table.isOnline[2]]).toEqual([1, 0]);
  });
});

describe('other files of the machine', () => {
  test('/proc/cpuinfo of x86, of a board, of LoongArch, of none', () => {
    const model = (text: string) => parseCpuModel(bytesOf(text), text.length);
    expect(model('processor\t: 0\ncpu family\t: 6\nmodel\t\t: 1\nmodel name\t: A CPU\n')).toBe('A CPU');
    expect(model('processor\t: 0\nCPU part\t: 0xd0b\n\nModel\t\t: Raspberry Pi 4')).toBe('Raspberry Pi 4');
    expect(model('CPU Family\t\t: Loongson-64bit\nModel Name\t\t: Loongson-3A6000\n')).toBe(
      'Loongson-3A6000',
    );
    expect(model('processor\t: 0\nfeatures\t: fp\n')).toBeUndefined();
    const { table } = stat('cpu  1 2 3 4\ncpu0 1 2 3 4\ncpu1 1 2 3 4\n');
    const text = bytesOf('processor\t: 1\ncpu MHz\t\t: 2596.128\nprocessor\t: 9\ncpu MHz\t\t: 1\n');
    expect(parseCpuFrequencies(text, text.length, table)).toBe(1);
    expect([table.frequencyHz[1], table.frequencyHz[2]]).toEqual([Number.NaN, 2596.128e6]);
  });

  test('decimals', () => {
    const scan = (text: string): number => {
      const scanner = new TextScanner();
      scanner.reset(bytesOf(text), 0, text.length);
      return scanDecimal(scanner);
    };
    expect(['0.33', ' 12.05', '7', '0.007'].map(scan)).toEqual([0.33, 12.05, 7, 0.007]);
    expect(['', '.5', '1.', '-1'].map(scan)).toEqual(Array(4).fill(Number.NaN));
  });

  test('/proc/loadavg and /proc/uptime', () => {
    const into: LoadAverage = { load1: 0, load5: 0, load15: 0, tasks: 0 };
    const bytes = captured('loadavg');
    expect(parseLoadAverage(bytes, bytes.length, into)).toBe(true);
    expect(into.tasks).toBeGreaterThan(0);
    for (const text of ['', '0.1 0.2', '0.1 0.2 0.3 4', '0.1 0.2 0.3 4/5']) {
      expect(parseLoadAverage(bytesOf(text), text.length, into)).toBe(false);
    }
    expect(parseUptimeSeconds(bytesOf('12.34 56.78\n'), 12)).toBe(12.34);
    expect(parseUptimeSeconds(bytesOf('12.34'), 5)).toBeNaN();
    // As written, not a sum of parts that is a little less.
    const written = bytesOf('1.84 4.35 2.07 1/2 3\n');
    expect(parseLoadAverage(written, written.length, into)).toBe(true);
    expect([into.load1, into.load5, into.load15]).toEqual([1.84, 4.35, 2.07]);
  });

  test('/proc/cpuinfo of ARM, which numbers its cores', () => {
    const model = (...cores: readonly (readonly [string, string])[]): string | undefined => {
      const text = cores
        .map(
          ([implementer, part], i) =>
            `processor\t: ${i}\nBogoMIPS\t: 38.40\nCPU implementer\t: ${implementer}\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: ${part}\nCPU revision\t: 1\n`,
        )
        .join('\n');
      return parseCpuModel(bytesOf(text), text.length);
    };
    const arm = (part: string) => ['0x41', part] as const;
    expect(model(arm('0xd46'), arm('0xd46'), arm('0xd4d'), arm('0xd47'), arm('0xd4e'))).toBe(
      'ARM Cortex-A510 + Cortex-A715 + Cortex-A710 + Cortex-X3',
    );
    expect(model(arm('0xd0c'), arm('0xd0c'))).toBe('ARM Neoverse-N1');
    expect(model(['0x61', '0x022'], ['0x61', '0x023'])).toBe('Apple Icestorm M1 + Firestorm M1');
    expect(model(['0x50', '0x000'])).toBe('APM X-Gene');
    expect(model(['0xc0', '0xac3'])).toBe('Ampere Ampere-1');
    expect(model(arm('0xfff'))).toBe('ARM part 0xfff');
    expect(model(['0x99', '0x001'])).toBe('implementer 0x99 part 0x1');
    expect(model(['', ''])).toBeUndefined();
    expect(model(['0x41', '-1'])).toBeUndefined();
  });

  test('/proc/cpuinfo of s390, as a LinuxONE machine has it, which says the type of the machine', () => {
    const text = [
      'vendor_id       : IBM/S390',
      '# processors    : 2',
      'bogomips per cpu: 21881.00',
      'features\t: esan3 zarch stfle msa ldisp eimm dfp edat etf3eh highgprs te vx ',
      'cache0          : level=1 type=Data scope=Private size=128K line_size=256 associativity=8',
      'processor 0: version = FF,  identification = 233EF7,  machine = 3906',
      'processor 1: version = FF,  identification = 233EF7,  machine = 3906',
      '',
    ].join('\n');
    const model = (type: string) => {
      const bytes = bytesOf(text.replaceAll('3906', type));
      return parseCpuModel(bytes, bytes.length);
    };
    expect(['3906', '9176', '2817', '7777'].map(model)).toEqual([
      ...['IBM z14', 'IBM z17', 'IBM z196', 'IBM machine 7777'],
    ]);
    expect(model('no type')).toBeUndefined();
  });

  test('/proc/pressure', () => {
    const parse = (text: string) => parsePressure(bytesOf(text), text.length);
    const some = 'some avg10=0.00 avg60=0.16 avg300=0.49 total=18577411\n';
    expect(parse(some)?.some).toEqual({ avg10: 0, avg60: 0.16, avg300: 0.49, totalMicros: 18577411 });
    expect(parse(some)?.full).toBeUndefined();
    expect(parse('some avg10=0.00 avg60=0.16\n')).toBeUndefined();
    expect(parse('')).toBeUndefined();
  });

  test('/proc/meminfo', () => {
    const into = emptyMemInfo();
    const parse = (text: string) => parseMemInfo(bytesOf(text), text.length, into);
    expect(parse('MemTotal: 10 kB\nMemFree: 5 kB\nCached: 2 kB\nSwapCached: 1 kB\nSwapFree: 3')).toBe(true);
    expect([into.cached, into.swapCached]).toEqual([2, 1]);
    // A number that touches the end may be a part of one.
    expect([into.swapFree, into.memAvailable]).toEqual([Number.NaN, Number.NaN]);
    // In an order that no kernel has.
    expect(parse('SwapFree: 3 kB\nMemFree: 5 kB\nMemTotal: 10 kB\n')).toBe(true);
    expect([into.swapFree, into.memTotal, into.cached]).toEqual([3, 10, Number.NaN]);
    expect(parse('MemFree: 5 kB\n')).toBe(false);
    expect(parse('MemTotal: 0 kB\nMemFree: 0 kB\n')).toBe(false);
  });

  test('/proc/diskstats of 2.6, 4.18 and 5.5', () => {
    const text =
      '   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n' +
      '   8       1 broken 1 2 3\n' +
      ' 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n' +
      ' 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n   8 2 cut 1 2 3 4 5 6 7 8 9 10 11';
    const bytes = bytesOf(text);
    const line = emptyDiskStatsLine();
    const rows: unknown[] = [];
    while (parseDiskStatsLine(bytes, bytes.length, line.next, line)) {
      const name = new TextDecoder().decode(bytes.subarray(line.nameStart, line.nameEnd));
      rows.push([name, line.major, line.readSectors, line.writtenSectors, line.discardedSectors]);
    }
    expect(rows).toEqual([
      ['sda', 8, 3, 7, Number.NaN],
      ['nvme0n1', 259, 3, 7, 14],
      ['vda', 254, 3, 7, 14],
    ]);
  });

  test('/proc/diskstats with less than no request under way', () => {
    const line = emptyDiskStatsLine();
    for (const inFlight of ['4294967295', '18446744073709551615']) {
      const bytes = bytesOf(`   8       0 sda 1 2 3 4 5 6 7 8 ${inFlight} 10 11\n`);
      expect(parseDiskStatsLine(bytes, bytes.length, 0, line)).toBe(true);
      expect([line.writtenSectors, line.inFlight, line.busyMillis]).toEqual([7, Number.NaN, 10]);
    }
  });

  test('/proc/PID/io, statm, status', () => {
    const io: PidIo = { readBytes: 0, writtenBytes: 0, readCalls: 0, writeCalls: 0 };
    const whole =
      'rchar: 1\nsyscr: 7\nsyscw: 3\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0\n';
    expect(parsePidIo(bytesOf(whole), whole.length, io)).toBe(true);
    expect(io).toEqual({ readBytes: 4096, writtenBytes: 8192, readCalls: 7, writeCalls: 3 });
    expect(parsePidIo(bytesOf(whole), 58, io)).toBe(false);
    const run = (text: string): number => parsePidRunDelay(bytesOf(text), text.length);
    expect(run('1155467 7994004 2\n')).toBe(7_994_004);
    expect(run('1155467 0 2\n')).toBe(0);
    for (const text of ['', '0 0 0\n', '5\n', '1 2', 'x']) expect(run(text)).toBeNaN();
    const statm: PidStatm = { virtualPages: 0, residentPages: 0, sharedPages: 0 };
    expect(parsePidStatm(bytesOf('765 430 402 5 0 123 0\n'), 22, statm)).toBe(true);
    expect(statm).toEqual({ virtualPages: 765, residentPages: 430, sharedPages: 402 });
    expect(parsePidStatm(bytesOf('765 430 40'), 10, statm)).toBe(false);
    const status = captured('4101/status');
    const detail = parsePidStatusDetail(status, status.length);
    expect([detail.effectiveUid, detail.effectiveGid]).toEqual([1000, 0]);
    expect(detail.voluntarySwitches).toBeGreaterThanOrEqual(0);
    expect(parsePidStatusDetail(status, 5).swapKibibytes).toBeNaN();
    expect(parsePidSwitches(status, status.length)).toBe(
      detail.voluntarySwitches + detail.involuntarySwitches,
    );
    expect(parsePidSwitches(status, status.length - 1)).toBeNaN();
  });
});

describe('parseMountEntries', () => {
  const parse = (text: string) => parseMountEntries(bytesOf(text), bytesOf(text).length);

  test('names with blanks and bytes that are no text', () => {
    const [entry] = parse(
      '36 35 98:0 /a\\040b /mnt/\\134\\011x\\377 rw,ro master:1 - ext4 /dev/sd\\040a rw\n',
    );
    expect(entry).toMatchObject({
      id: 36,
      parentId: 35,
      major: 98,
      minor: 0,
      root: '/a b',
      options: ['rw', 'ro'],
    });
    expect(entry!.source).toBe('/dev/sd a');
    expect([...entry!.mountPointBytes]).toEqual([...bytesOf('/mnt/\\\tx'), 0xff, 0]);
  });

  test.each([
    '36 35 98:0 / /mnt rw - ext4\n',
    '36 35 98 / /mnt rw - ext4 /dev/sda rw\n',
    '36 35 98:0 / /mnt rw shared:1 ext4 /dev/sda rw\n',
    'x 35 98:0 / /mnt rw - ext4 /dev/sda rw\n',
    '36 35 98:0 / /mnt rw - ext4 /dev/sda rw',
  ])('passes over %j', (text) => {
    expect(parse(text)).toEqual([]);
  });
});

describe('parseDrmClient', () => {
  const parse = (text: string) => parseDrmClient(bytesOf(text), bytesOf(text).length);

  test('engines in nanoseconds, with their capacity', () => {
    const client = parse(
      'pos:\t0\ndrm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t6\n' +
        'drm-total-system0:\t200 MiB\ndrm-resident-system0:\t120 MiB\n' +
        'drm-engine-render:\t9288864723 ns\ndrm-engine-video:\t5 ns\ndrm-engine-capacity-video:\t2\n',
    );
    expect(client).toEqual({
      driver: 'i915',
      pciAddress: '0000:00:02.0',
      clientId: 6,
      memoryBytes: 120 * 1024 ** 2,
      engines: [
        { engine: 'render', busy: 9288864723, total: undefined, capacity: 1 },
        { engine: 'video', busy: 5, total: undefined, capacity: 2 },
      ],
    });
  });

  test('engines in cycles, and memory of the card before that of the machine', () => {
    const client = parse(
      'drm-driver:\txe\ndrm-client-id:\t1\ndrm-resident-vram0:\t8 KiB\ndrm-resident-system:\t4 KiB\n' +
        'drm-cycles-rcs:\t28257900\ndrm-total-cycles-rcs:\t7655183225\ndrm-cycles-bcs:\t5\n',
    );
    expect(client?.engines).toEqual([{ engine: 'rcs', busy: 28257900, total: 7655183225, capacity: 1 }]);
    expect([client?.memoryBytes, client?.pciAddress]).toEqual([8192, undefined]);
  });

  test.each([
    '',
    'pos:\t0\n',
    'drm-driver:\tx\n',
    'drm-client-id:\t1\n',
    'drm-driver:\tx\ndrm-client-id:\tz\n',
  ])('refuses %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });
});

test('no parser throws, whatever the bytes and the length', () => {
  const alphabet = fc.constantFrom(
    ...[
      'cpu',
      'cpu0',
      ' ',
      '\n',
      ':',
      '/',
      '.',
      '-',
      '1',
      '99999999999999999999',
      'MemTotal:',
      'some avg10=',
    ],
    ...[
      'drm-driver:',
      'drm-client-id:',
      'drm-engine-a:',
      ' ns',
      '\\040',
      '\0',
      '\u00ff',
      'read_bytes: ',
      'Uid:',
    ],
  );
  const text = fc.array(alphabet, { maxLength: 60 }).map((words) => bytesOf(words.join('')));
  const table = new CpuTable();
  const line = emptyDiskStatsLine();
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 200 })), fc.nat(300), (bytes, length) => {
      parseCpuStat(bytes, length, table, counters());
      parseCpuModel(bytes, length);
      parseCpuFrequencies(bytes, length, table);
      parseLoadAverage(bytes, length, { load1: 0, load5: 0, load15: 0, tasks: 0 });
      parseUptimeSeconds(bytes, length);
      parsePressure(bytes, length);
      parseMemInfo(bytes, length, emptyMemInfo());
      parseDiskStatsLine(bytes, length, 0, line);
      parseMountEntries(bytes, length);
      parsePidIo(bytes, length, { readBytes: 0, writtenBytes: 0, readCalls: 0, writeCalls: 0 });
      parsePidStatm(bytes, length, { virtualPages: 0, residentPages: 0, sharedPages: 0 });
      parsePidStatusDetail(bytes, length);
      parsePidSwitches(bytes, length);
      parseDrmClient(bytes, length);
      expect(line.next).toBeLessThanOrEqual(bytes.length);
      expect(table.count).toBeLessThan(8194);
    }),
  );
});
