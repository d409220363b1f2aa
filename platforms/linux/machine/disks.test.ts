import { afterEach, describe, expect, test } from 'bun:test';
import type { SpaceAnswer, SpaceQuestion } from '../guarded/helper-message.ts';
import { BuiltTree } from '../testdata/built-tree.fixture.ts';
import { DiskCollector } from './disks.ts';

const GIB = 2 ** 30;
const ROOT = '21 1 8:1 / / rw - ext4 /dev/sda1 rw';

const open: Disposable[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each[Symbol.dispose]();
});

/** Disks of these lines of mountinfo; `space`: GiB used and available by mount point, none: no answer. */
async function disksOf(lines: readonly string[], space: Readonly<Record<string, readonly [number, number]>>) {
  const tree = new BuiltTree({ 'proc/self/mountinfo': `${lines.join('\n')}\n`, 'proc/diskstats': '' });
  open.push(tree);
  const asked: string[] = [];
  const collector = new DiskCollector({
    ...tree,
    procRoot: tree.procRoot,
    sysRoot: tree.sysRoot,
    space: {
      ask: async (questions: ReadonlyMap<string, SpaceQuestion>) => {
        const answers = new Map<string, SpaceAnswer>();
        for (const [key, { path }] of questions) {
          const point = new TextDecoder().decode(path);
          asked.push(point);
          const [used, available] = space[point] ?? [];
          if (used === undefined || available === undefined) continue;
          answers.set(key, {
            errno: 0,
            space: {
              totalBytes: (used + available) * GIB,
              usedBytes: used * GIB,
              availableBytes: available * GIB,
              inodes: 0,
              freeInodes: 0,
            },
            deviceTarget: undefined,
          });
        }
        return answers;
      },
    },
  });
  const { fileSystems } = await collector.collect();
  collector.close();
  const rows = fileSystems.map(({ name, mountPoint, usedBytes, availableBytes, totalBytes, silence }) => [
    `${name} ${mountPoint}`,
    silence ?? [usedBytes, availableBytes, totalBytes].map((bytes) => (bytes ?? Number.NaN) / GIB).join(' '),
  ]);
  return { rows: Object.fromEntries(rows), asked };
}

describe('what is said of a file system that was not asked, or did not answer', () => {
  test('the network and FUSE: they are named, and never asked', async () => {
    const { rows, asked } = await disksOf(
      [
        ROOT,
        '27 21 0:8 / /nas rw - nfs4 server:/export rw',
        '28 27 0:8 /sub /nas/sub rw - nfs4 server:/export rw',
        '29 21 0:10 / /home/u/remote rw - fuse.sshfs u@server: rw',
        '30 21 0:11 / /run/user/1000/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw',
        '31 21 0:12 / /sys/fs/fuse/connections rw - fusectl fusectl rw',
      ],
      { '/': [1, 2] },
    );
    expect(asked).toEqual(['/']);
    expect(rows).toEqual({
      ...{ 'sda1 /': '1 2 3', 'server:/export /nas': 'not-asked' },
      'u@server: /home/u/remote': 'not-asked',
    });
  });

  test('an automounter has mounted it, or a folder on the way: nobody touches it', async () => {
    const { rows, asked } = await disksOf(
      [
        ROOT,
        '22 21 0:9 / /usb rw - autofs systemd-1 rw',
        '23 22 8:17 / /usb rw - ext4 /dev/sdb1 rw',
        '24 23 8:33 / /usb/inner rw - ext4 /dev/sdc1 rw',
        '25 21 0:10 / /auto rw - autofs map rw',
        '26 25 8:49 / /auto/key rw - ext4 /dev/sdd1 rw',
      ],
      { '/': [1, 2] },
    );
    expect(asked).toEqual(['/']);
    expect(rows).toEqual({
      'sda1 /': '1 2 3',
      'sdb1 /usb': 'automount',
      'sdc1 /usb/inner': 'automount',
      'sdd1 /auto/key': 'automount',
    });
  });

  test('it did not answer: the others have their figures', async () => {
    const { rows } = await disksOf([ROOT, '22 21 8:17 / /mnt/ntfs rw - fuseblk /dev/sdb1 rw'], {
      '/': [1, 2],
    });
    expect(rows).toEqual({ 'sda1 /': '1 2 3', 'sdb1 /mnt/ntfs': 'no-answer' });
  });
});

describe('ZFS', () => {
  const set = (id: number, name: string, point: string, parent = 21): string =>
    `${id} ${parent} 0:${id} / ${point} rw,xattr - zfs ${name} rw`;

  test('a pool has one row with what all of its data sets use and what is free', async () => {
    // 40 TiB of which the data set at the top refers to nothing.
    const sets = [
      set(30, 'tank', '/tank'),
      set(31, 'tank/media', '/tank/media', 30),
      set(32, 'tank/vm', '/vm'),
    ];
    const { rows } = await disksOf([ROOT, ...sets], {
      ...{ '/': [1, 2], '/tank': [0, 30_000], '/tank/media': [9000, 30_000], '/vm': [1000, 30_000] },
    });
    expect(rows).toEqual({ 'sda1 /': '1 2 3', 'tank /tank': '10000 30000 40000' });
  });

  test('data sets with a quota of their own have rows too, and those inside that share it none', async () => {
    const sets = [
      ...[set(30, 'tank', '/tank'), set(31, 'tank/home', '/home'), set(32, 'tank/home/ann', '/home/ann', 31)],
      ...[set(33, 'tank/home/bob', '/home/bob', 31), set(34, 'tank/free', '/free')],
    ];
    // home: quota 100, of which ann has 20; bob has a quota of 10 himself.
    const { rows } = await disksOf([ROOT, ...sets], {
      ...{ '/': [1, 2], '/tank': [0, 500], '/home': [5, 70], '/home/ann': [20, 70] },
      ...{ '/home/bob': [5, 5], '/free': [3, 500] },
    });
    expect(rows).toEqual({
      ...{ 'sda1 /': '1 2 3', 'tank /tank': '33 500 533', 'tank/home /home': '30 70 100' },
      'tank/home/bob /home/bob': '5 5 10',
    });
  });

  test('the root of the system stands for its pool; one that is not mounted at its top has the most that is free', async () => {
    const sets = [
      '21 1 0:30 / / rw - zfs rpool/ROOT/debian rw',
      set(31, 'rpool/home', '/home'),
      set(32, 'rpool/limited', '/limited'),
    ];
    const { rows } = await disksOf(sets, { '/': [20, 100], '/home': [10, 100], '/limited': [1, 4] });
    expect(rows).toEqual({ 'rpool /': '31 100 131', 'rpool/limited /limited': '1 4 5' });
  });

  test('two pools, and one that does not answer', async () => {
    const { rows } = await disksOf([ROOT, set(30, 'a', '/a'), set(31, 'b', '/b')], {
      '/': [1, 2],
      '/a': [1, 1],
    });
    expect(rows).toEqual({ 'sda1 /': '1 2 3', 'a /a': '1 1 2', 'b /b': 'no-answer' });
  });
});

test('the same as a whole: subvolumes of btrfs, a thin volume, an overlay', async () => {
  const { rows } = await disksOf(
    [
      '21 1 0:20 /@ / rw - btrfs /dev/sda2 rw',
      '22 21 0:20 /@home /home rw - btrfs /dev/sda2 rw',
      '23 21 253:4 / /srv rw - xfs /dev/mapper/vg-thin rw',
      '24 21 0:40 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw',
    ],
    { '/': [5, 95], '/home': [5, 95], '/srv': [2, 8] },
  );
  expect(rows).toEqual({ 'sda2 /': '5 95 100', 'vg-thin /srv': '2 8 10' });
});
