import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { cgroup2MountPoints, type MountEntry, mountOf, parseMountEntries, procMountAt } from './mountinfo.ts';

const CAPTURED = `22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime shared:9 - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,nosuid shared:10 master:3 - cgroup2 cgroup2 rw
27 1 254:0 / / rw,relatime - ext4 /dev/root rw
60 27 0:50 /home\\040of\\040ana /srv/with\\040blank\\134s rw,nosuid,nodev - ext4 /dev/vdb rw
61 22 0:51 / /proc rw,nosuid - proc proc rw,gid=24,hidepid=invisible,subset=pid
`;
function parse(text: string): MountEntry[] {
  const bytes = Buffer.from(text);
  return parseMountEntries(bytes, bytes.length);
}

const mounts = parse(CAPTURED);

test('every line is a mount, with optional fields or without, and octal escapes are undone', () => {
  expect(mounts).toHaveLength(7);
  expect(mounts[5]).toMatchObject({
    root: '/home of ana',
    mountPoint: '/srv/with blank\\s',
    options: ['rw', 'nosuid', 'nodev'],
    type: 'ext4',
    source: '/dev/vdb',
    superOptions: ['rw'],
  });
});

test('cgroup2 is found wherever it is mounted', () => {
  expect(cgroup2MountPoints(mounts)).toEqual(['/sys/fs/cgroup/unified']);
  expect(cgroup2MountPoints([])).toEqual([]);
});

test('a path is on the mount nearest above it, not on one that only begins alike', () => {
  expect(mountOf(mounts, '/srv/with blank\\s/sstop')?.options).toContain('nosuid');
  expect(mountOf(mounts, '/srv/with blank\\s2/sstop')?.mountPoint).toBe('/');
  expect(mountOf(mounts, '/usr/bin/sstop')?.mountPoint).toBe('/');
  expect(mountOf([], '/usr/bin/sstop')).toBeUndefined();
});

test('the topmost proc tells who is hidden; old kernels write numbers', () => {
  expect(procMountAt(mounts, '/proc')).toEqual({
    ...{ hidepid: 'invisible', exemptGid: 24, hasProcessesAlone: true },
  });
  const hidepid = (options: string) =>
    procMountAt(parse(`22 27 0:21 / /proc rw - proc proc ${options}\n`), '/proc')?.hidepid;
  expect(hidepid('rw')).toBe('off');
  expect(hidepid('rw,hidepid=0')).toBe('off');
  expect(hidepid('rw,hidepid=1')).toBe('noaccess');
  expect(hidepid('rw,hidepid=2')).toBe('invisible');
  expect(hidepid('rw,hidepid=ptraceable')).toBe('ptraceable');
  expect(hidepid('rw,hidepid=whatever')).toBe('off');
  expect(procMountAt(mounts, '/mnt')).toBeUndefined();
});

test('lines that are cut short or no mounts at all are left out', () => {
  for (const line of ['', 'a', '1 2 3 4 5 6', '1 2 0:1 / /x rw -', '- - - - - - -']) {
    expect(parse(`${line}\n`)).toEqual([]);
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...' -/\\014\nabc,=') }), (text) => {
      for (const mount of parse(`${text}\n`)) expect(mount.options.length).toBeGreaterThan(0);
    }),
  );
});
