import { describe, expect, test } from 'bun:test';
import { capture } from './fake-mac.fixture.ts';
import { damagedBytes, damagedText, MUTATIONS, MUTATIONS_MILLIS, seeded } from './mutations.fixture.ts';
import { KINFO_PROC, PROC_TASKALLINFO, RUSAGE_INFO_V2, startSecondsOf, taskFactOf } from './process-list.ts';
import { nameOf, PS_ARGUMENTS, parseCpuTime, parseNumberedTexts, parsePs } from './ps.ts';

describe('ps', () => {
  const rows = parsePs(capture('macos-14-ps.txt'));

  test('is asked for columns of which the last alone may have spaces', () => {
    expect(PS_ARGUMENTS.slice(0, 3)).toEqual(['-axww', '-o', 'pid=']);
    expect(PS_ARGUMENTS.at(-1)).toBe('comm=');
  });

  test('tells every process', () => {
    expect([...rows.keys()]).toEqual([1, 272, 772, 901, 902, 903, 904]);
    expect(rows.get(772)).toEqual({
      ...{ pid: 772, ppid: 1, uid: 501, state: 'S'.charCodeAt(0), nice: 0 },
      ...{ rssBytes: 180_740 * 1024, virtualBytes: 38_376_996 * 1024, cpuNanos: (62 * 60 + 56.43) * 1e9 },
      startSeconds: Date.UTC(2020, 5, 22, 12, 10, 3) / 1000,
      command: '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    });
    expect(String.fromCharCode(...[...rows.values()].map(({ state }) => state))).toBe('SSSSRZD');
    expect(rows.get(902)).toMatchObject({ nice: -5, startSeconds: Date.UTC(2020, 6, 1, 0, 0, 1) / 1000 });
    expect(rows.get(904)).toMatchObject({ uid: -2, cpuNanos: (86_400 + 2 * 3600 + 3 * 60 + 4.5) * 1e9 });
  });

  test('names are the last parts of paths', () => {
    expect([...rows.values()].map(({ command }) => nameOf(command))).toEqual([
      ...['launchd', 'mDNSResponder', 'Microsoft Edge', 'Helper, the second', '-bash', 'sleep', 'odd (name)'],
    ]);
  });

  test.each([
    ['0:00.14', 0.14],
    ['7:53.61', 473.61],
    ['1234:05.67', 74_045.67],
    ['1:02:03', 3723],
    ['2-00:00:01.5', 172_801.5],
    ['-', Number.NaN],
    ['', Number.NaN],
    ['1:2', Number.NaN],
  ])('CPU time %p', (text, seconds) => {
    expect(parseCpuTime(text)).toBe(seconds);
  });

  test('a cut line and lines that are none are passed over', () => {
    const whole = capture('macos-14-ps.txt');
    expect(parsePs(whole.slice(0, -20)).size).toBe(6);
    expect(parsePs('').size).toBe(0);
    expect(
      parsePs('ps: illegal option\n99999999999 1 0 S 0 1 1 0:00.00 Mon Jun 22 07:34:40 2020 x\n').size,
    ).toBe(0);
    expect(parsePs('1 1 0 S 0 1 1 0:00.00 Mon Foo 22 07:34:40 2020 x\n').size).toBe(0);
  });

  test('command lines and users by number', () => {
    expect(parseNumberedTexts(capture('macos-14-ps-args.txt')).get(904)).toBe('/usr/libexec/odd (name) -x');
    expect(Object.fromEntries(parseNumberedTexts(capture('macos-14-ps-users.txt')))).toEqual({
      ...{ 0: 'root', 65: '_mdnsresponder', 501: 'ana', '-2': 'nobody' },
    });
  });

  test(
    'damaged: no crash, and nothing of one process with another',
    () => {
      const random = seeded(31);
      const whole = capture('macos-14-ps.txt');
      let shown = 0;
      for (let run = 0; run < MUTATIONS; run++) {
        const text = damagedText(whole, random);
        const lines = text.split('\n');
        for (const { pid, command, rssBytes } of parsePs(text).values()) {
          shown++;
          const isOneLine = lines.some(
            (line) =>
              line.trimEnd().endsWith(command) &&
              Number.parseInt(line, 10) === pid &&
              line.includes(`${rssBytes / 1024} `),
          );
          if (!isOneLine) expect(text).toContain(`${pid} ... ${rssBytes / 1024} ... ${command}`);
        }
        parseNumberedTexts(text);
      }
      expect(shown).toBeGreaterThan(MUTATIONS * 5);
    },
    MUTATIONS_MILLIS,
  );
});

describe('what the kernel tells of a process', () => {
  const PID = 4711;

  function task(fill: (view: DataView) => void = () => undefined): DataView {
    const view = new DataView(new ArrayBuffer(PROC_TASKALLINFO.size));
    const { at } = PROC_TASKALLINFO;
    view.setUint32(at.pbi_pid, PID, true);
    view.setUint32(at.pbi_gid, 20, true);
    view.setUint32(at.pbi_nfiles, 33, true);
    view.setBigUint64(at.pti_resident_size, 5n * 4096n, true);
    view.setBigUint64(at.pti_total_user, 24_000_000n, true);
    view.setBigUint64(at.pti_total_system, 240n, true);
    view.setInt32(at.pti_threadnum, 12, true);
    view.setUint32(at.pti_csw, 0xffff_fff0, true);
    fill(view);
    return view;
  }

  test('offsets are those of the headers', () => {
    const { pbi_comm, pbi_nice, pbi_start_tvsec, pti_virtual_size, pti_csw, pti_threadnum } =
      PROC_TASKALLINFO.at;
    expect([pbi_comm, pbi_nice, pbi_start_tvsec, pti_virtual_size, pti_csw, pti_threadnum]).toEqual([
      48, 116, 120, 136, 216, 220,
    ]);
    const { ri_diskio_bytesread, ri_diskio_byteswritten } = RUSAGE_INFO_V2.at;
    expect([ri_diskio_bytesread, ri_diskio_byteswritten]).toEqual([144, 152]);
    expect([KINFO_PROC.at.tv_sec, KINFO_PROC.at.p_stat, KINFO_PROC.at.p_pid]).toEqual([0, 36, 40]);
  });

  test('times are in units of the clock: 125/3 ns on Apple silicon', () => {
    expect(taskFactOf(task(), PROC_TASKALLINFO.size, PID, 125 / 3)).toEqual({
      ...{ gid: 20, threads: 12, rssBytes: 20_480, contextSwitches: 0xffff_fff0, descriptors: 33 },
      ...{ userNanos: 1e9, systemNanos: expect.closeTo(10_000) },
    });
  });

  test('what is cut, or of another process, is not known', () => {
    expect(taskFactOf(task(), 0, PID, 1)).toBeUndefined();
    expect(taskFactOf(task(), PROC_TASKALLINFO.size - 1, PID, 1)).toBeUndefined();
    expect(taskFactOf(task(), PROC_TASKALLINFO.size, PID + 1, 1)).toBeUndefined();
    const view = new DataView(new ArrayBuffer(KINFO_PROC.size));
    view.setBigInt64(0, 1_592_836_479n, true);
    view.setInt32(KINFO_PROC.at.p_pid, PID, true);
    expect(startSecondsOf(view, KINFO_PROC.size, PID)).toBe(1_592_836_479);
    expect(startSecondsOf(view, KINFO_PROC.size, PID + 1)).toBeUndefined();
    expect(startSecondsOf(view, 0, PID)).toBeUndefined();
  });

  test(
    'damaged: no crash, and no other process',
    () => {
      const random = seeded(32);
      for (let run = 0; run < MUTATIONS; run++) {
        const bytes = damagedBytes(new Uint8Array(task().buffer), random);
        const view = new DataView(bytes.buffer);
        const fact = taskFactOf(view, bytes.length, PID, 1);
        const told =
          bytes.length < PROC_TASKALLINFO.size ? undefined : PROC_TASKALLINFO.read(view, 0, 'pbi_pid');
        if ((fact !== undefined) !== (told === PID)) expect([fact, told]).toEqual([undefined, PID]);
      }
    },
    MUTATIONS_MILLIS,
  );
});
