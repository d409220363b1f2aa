import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseBootId } from '../host.ts';
import { bytesOf, captured } from './captured-proc.fixture.ts';
import { parseLastPid } from './loadavg.ts';
import { COMMAND_LINE_LIMIT, parseCommandLine, parseControlGroup } from './pid-files.ts';
import { parsePidStatus } from './pid-status.ts';
import { parseBootWallSeconds } from './stat.ts';

function parse<T>(read: (bytes: Uint8Array, length: number) => T, text: string | Uint8Array): T {
  const bytes = typeof text === 'string' ? bytesOf(text) : text;
  return read(bytes, bytes.length);
}

describe('parsePidStatus', () => {
  const read = (text: string | Uint8Array) => {
    const status = { threadGroupId: -7, effectiveUid: -7 };
    return parse((bytes, length) => parsePidStatus(bytes, length, status), text) ? status : undefined;
  };

  test('reads captured files, one with a name that tries to forge lines', () => {
    expect(read(captured('4101/status'))).toEqual({ threadGroupId: 4101, effectiveUid: 1000 });
    expect(read(captured('812/status'))).toEqual({ threadGroupId: 812, effectiveUid: 0 });
  });

  test('takes the effective user, not the real one', () => {
    expect(read('Tgid:\t5\nUid:\t1\t2\t3\t4\n')).toEqual({ threadGroupId: 5, effectiveUid: 2 });
  });

  test.each([
    '',
    'Tgid:\t5\n',
    'Uid:\t1\t2\t3\t4\n',
    'Tgid:\t5\nUid:\t1',
    'Tgid:\t5\nUid:\t1\t2',
    'Tgid: x\nUid: 1 2 3',
  ])('refuses %j', (text) => {
    expect(read(text)).toBeUndefined();
  });
});

describe('parseCommandLine', () => {
  test('joins the arguments and drops what trails', () => {
    expect(parse(parseCommandLine, captured('4101/cmdline'))).toBe('sleep 100');
    expect(parse(parseCommandLine, captured('812/cmdline'))).toBe('/usr/bin/strange --flag');
  });

  test('a kernel thread has none', () => {
    expect(parse(parseCommandLine, captured('2/cmdline'))).toBeUndefined();
    expect(parse(parseCommandLine, '\0\0 \0')).toBeUndefined();
  });

  test('is bounded, and a length past the buffer does not matter', () => {
    const long = new Uint8Array(COMMAND_LINE_LIMIT + 100).fill(0x61);
    expect(parseCommandLine(long, long.length + 5)?.length).toBe(COMMAND_LINE_LIMIT);
  });

  test('invalid UTF-8 becomes the replacement character', () => {
    expect(parse(parseCommandLine, new Uint8Array([0x61, 0xff, 0]))).toBe('a\ufffd');
  });
});

describe('parseControlGroup', () => {
  test('prefers the unified hierarchy where it is used', () => {
    expect(parse(parseControlGroup, captured('812/cgroup'))).toBe(
      '/user.slice/user-1000.slice/session-1.scope',
    );
  });

  test("takes systemd's hierarchy on hybrid and old systems", () => {
    expect(parse(parseControlGroup, captured('4101/cgroup'))).toBe('/system.slice/cron.service');
    expect(parse(parseControlGroup, '1:name=systemd:/a:b\n')).toBe('/a:b');
  });

  test('the root is a path, and nothing is undefined', () => {
    expect(parse(parseControlGroup, '0::/\n')).toBe('/');
    expect(parse(parseControlGroup, '')).toBeUndefined();
    expect(parse(parseControlGroup, '3:cpu:/x\n')).toBeUndefined();
    expect(parse(parseControlGroup, '0::/cut-off')).toBeUndefined();
  });
});

describe('parseLastPid', () => {
  test('is the last field', () => {
    expect(parse(parseLastPid, '0.33 0.11 0.04 1/92 6305\n')).toBe(6305);
    expect(parse(parseLastPid, captured('loadavg'))).toBeGreaterThan(0);
  });

  test.each([
    '',
    '\n',
    '0.1 0.1 0.1 1/9',
    '0.1 0.1 0.1 1/9 \n',
    '0.1 0.1 0.1 1/9 63',
    '0.1 0.1 0.1 1/9 -4\n',
  ])('refuses %j', (text) => {
    expect(parse(parseLastPid, text)).toBeNaN();
  });
});

describe('parseBootWallSeconds', () => {
  test('finds btime', () => {
    expect(parse(parseBootWallSeconds, captured('stat'))).toBe(1795368395);
  });

  test.each(['', 'cpu 1 2\n', 'cpu 1\nbtime \n', 'btime 17953'])('refuses %j', (text) => {
    expect(parse(parseBootWallSeconds, text)).toBeNaN();
  });
});

describe('parseBootId', () => {
  test('is a UUID or nothing', () => {
    expect(parse(parseBootId, captured('sys/kernel/random/boot_id'))).toBe(
      '4e7a5b7e-9d2c-4a1b-8f3e-0c6d5a4b3c2d',
    );
    expect(parse(parseBootId, '4e7a5b7e-9d2c')).toBeUndefined();
  });
});

test('no parser throws, whatever the bytes and the length', () => {
  const status = { threadGroupId: 0, effectiveUid: 0 };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 300 }), (bytes, length) => {
      parsePidStatus(bytes, length, status);
      parseCommandLine(bytes.slice(), length);
      parseControlGroup(bytes, length);
      parseLastPid(bytes, length);
      parseBootWallSeconds(bytes, length);
      parseBootId(bytes, length);
    }),
  );
});
