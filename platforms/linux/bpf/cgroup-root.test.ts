import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
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

const obstacle = unmountedObstacle();
if (obstacle !== undefined) {
  process.stderr.write(`tests without a mount of cgroup2 are left out: ${obstacle}\n`);
}

describe.skipIf(obstacle !== undefined)('without a mount, and without the right to make one', () => {
  test('the mount of process 1 is used', () => {
    expect(openedWithout('sys_admin')).toBe(openScope());
  });

  test('who may not look into process 1 is told what is missing, and nothing else', () => {
    expect(openedWithout('sys_admin', 'sys_ptrace')).toBe(
      'no cgroup2 is mounted, and mounting it needs cap_sys_admin',
    );
  });
});

function unmountedObstacle(): string | undefined {
  if (!isRoot) return 'not root';
  const missing = ['unshare', 'setpriv', 'awk', 'xargs'].filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) return `${missing.join(', ')} not found`;
  const mounts = parseCgroupMounts(readFileSync('/proc/self/mountinfo'));
  return mounts.length > 0 ? undefined : 'it is not mounted here either';
}

/** The scope of what was opened as root without some capabilities, beneath a process 1 that has the mount; or why not. */
function openedWithout(...capabilities: readonly string[]): string {
  const script = `
    import { openCgroupRoot } from ${JSON.stringify(`${import.meta.dir}/cgroup-root.ts`)};
    import { programRefusalText } from ${JSON.stringify(`${import.meta.dir}/../network/network-source.ts`)};
    try {
      process.stdout.write(openCgroupRoot().scope);
    } catch ({ code, message }) {
      process.stdout.write(programRefusalText(code, message));
    }`;
  const bounding = capabilities.map((name) => `-${name}`).join(',');
  const unmounted = `
    awk '/ - cgroup2 / { print $5 }' /proc/self/mountinfo | xargs -r -n 1 umount -l
    exec setpriv --bounding-set="$0" "$@"`;
  const first = 'unshare --mount sh -c "$@"; exit $?';
  const child = Bun.spawnSync([
    ...['unshare', '--pid', '--fork', '--mount-proc', 'sh', '-c', first, 'sh', unmounted, bounding],
    ...[process.execPath, '-e', script],
  ]);
  expect(child.stderr.toString()).toBe('');
  return child.stdout.toString();
}

function openScope(): string {
  const { descriptor, scope } = openCgroupRoot();
  closeDescriptor(descriptor);
  return scope;
}
