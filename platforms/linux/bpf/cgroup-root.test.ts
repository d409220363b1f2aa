import { describe, expect, test } from 'bun:test';
import { closeDescriptor } from '../libc.ts';
import { openCgroupRoot, parseCgroupMounts } from './cgroup-root.ts';

const isRoot = process.geteuid?.() === 0;

function mountsIn(...lines: readonly string[]): string[] {
  const mounts = parseCgroupMounts(new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')));
  return mounts.map((path) => new TextDecoder().decode(path.subarray(0, -1)));
}

describe('where cgroup2 is mounted', () => {
  test.each([
    ['30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw', '/sys/fs/cgroup'],
    ['31 23 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup rw', '/sys/fs/cgroup/unified'],
    ['32 23 0:28 / /mnt/a\\040b\\134c rw master:1 shared:2 - cgroup2 none rw', '/mnt/a b\\c'],
  ])('%s', (line, want) => {
    expect(mountsIn('29 23 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory', line)).toEqual([want]);
  });

  test('whole hierarchies come before parts of them', () => {
    expect(mountsIn('1 2 0:1 /user /part rw - cgroup2 c rw', '2 2 0:1 / /whole rw - cgroup2 c rw')).toEqual([
      '/whole',
      '/part',
    ]);
  });

  test.each([
    '',
    '30 23 0:26 / /sys/fs/cgroup rw',
    '30 - cgroup2',
    'cgroup2 - cgroup2',
    '1 2 0:1 / /x rw - ext4 cgroup2 rw',
  ])('none in %p', (line) => expect(mountsIn(line)).toEqual([]));
});

describe.skipIf(!isRoot)('opening it (needs root)', () => {
  test('mounted or not, it is the root of the same hierarchy', () => {
    const mounted = openCgroupRoot();
    const apart = openCgroupRoot(new Uint8Array());
    expect(mounted.descriptor).toBeGreaterThanOrEqual(0);
    expect(apart.scope).toBe(mounted.scope);
    for (const { descriptor } of [mounted, apart]) closeDescriptor(descriptor);
  });

  test.skipIf(Bun.which('unshare') === null)(
    'in a namespace of control groups it is a part (needs unshare)',
    () => {
      const script = `
      import { openCgroupRoot } from ${JSON.stringify(`${import.meta.dir}/cgroup-root.ts`)};
      process.stdout.write(openCgroupRoot(new Uint8Array()).scope);`;
      const child = Bun.spawnSync(['unshare', '--cgroup', process.execPath, '-e', script]);
      const isInRoot = /^0::\/$/m.test(Bun.spawnSync(['cat', '/proc/self/cgroup']).stdout.toString());
      expect(child.stderr.toString()).toBe('');
      expect(child.stdout.toString()).toBe(isInRoot ? openScope() : 'container');
    },
  );
});

function openScope(): string {
  const { descriptor, scope } = openCgroupRoot();
  closeDescriptor(descriptor);
  return scope;
}
