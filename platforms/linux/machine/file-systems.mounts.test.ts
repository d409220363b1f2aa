import { expect, test } from 'bun:test';
import { type MountEntry, parseMountEntries } from '../proc/mountinfo.ts';
import { fileSystemsOf, mountedIn, selectMounts } from './file-systems.ts';

function select(...lines: string[]): string[] {
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
  return selectMounts(parseMountEntries(bytes, bytes.length)).map(shown);
}

function shown({ source, mountPoint }: MountEntry): string {
  return `${source} ${mountPoint}`;
}

const ROOT = '21 1 8:1 / / rw - ext4 /dev/sda1 rw';

test('pseudo, memory, image, loop and network file systems are left out', () => {
  const others = [
    '22 21 0:5 / /proc rw - proc proc rw',
    '23 21 0:6 / /run rw - tmpfs tmpfs rw',
    '24 21 0:7 / /dev rw - devtmpfs /dev/fake rw',
    '25 21 7:0 / /snap/x ro - squashfs /dev/loop0 ro',
    '26 21 7:1 / /mnt/image rw - ext4 /dev/loop1 rw',
    '27 21 0:8 / /nas rw - nfs4 server:/export rw',
    '28 21 0:9 / /share rw - cifs //server/share rw',
    '29 21 0:10 / /home/u/remote rw - fuse.sshfs u@server: rw',
    '30 21 0:11 / /etc/pve rw - fuse /dev/fuse rw',
    '31 21 0:12 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw',
    '32 21 251:0 / /var/log rw - ext4 /dev/zram0 rw',
    '33 21 0:13 / /auto rw - autofs systemd-1 rw',
  ];
  expect(select(ROOT, ...others)).toEqual(['/dev/sda1 /']);
});

test('a bind is the same file system: the whole of it stands for it, wherever it comes', () => {
  expect(
    select(
      ROOT,
      '22 21 8:17 /www /srv/www rw - xfs /dev/sdb1 rw',
      '23 21 8:17 / /var/lib/data rw - xfs /dev/sdb1 rw',
      '24 21 8:1 /home /mnt/home rw - ext4 /dev/sda1 rw',
    ),
  ).toEqual(['/dev/sda1 /', '/dev/sdb1 /var/lib/data']);
});

test('subvolumes of btrfs are one file system; data sets are each their own, snapshots none', () => {
  expect(
    select(
      '21 1 0:20 /@ / rw - btrfs /dev/nvme0n1p2 rw',
      '22 21 0:20 /@home /home rw - btrfs /dev/nvme0n1p2 rw',
      '23 21 0:20 / /mnt/top rw - btrfs /dev/nvme0n1p2 rw',
      '24 25 0:30 / /tank/vm/disk rw - zfs tank/vm/disk rw',
      '25 21 0:31 / /tank rw - zfs tank rw',
      '26 21 0:32 / /tank/.zfs/snapshot/x ro - zfs tank@x ro',
      '27 21 0:30 / /again rw - zfs tank/vm/disk rw',
    ),
  ).toEqual(['/dev/nvme0n1p2 /', 'tank/vm/disk /again', 'tank /tank']);
});

test('of two mounts of one file system the one that no automounter made stands for it', () => {
  const automount = ['22 21 0:9 / /usb rw - autofs systemd-1 rw', '23 22 8:17 / /usb rw - ext4 /dev/sdb1 rw'];
  expect(select(ROOT, ...automount)).toEqual(['/dev/sda1 /', '/dev/sdb1 /usb']);
  expect(select(ROOT, ...automount, '24 21 8:17 / /mnt/longer rw - ext4 /dev/sdb1 rw')).toEqual([
    '/dev/sda1 /',
    '/dev/sdb1 /mnt/longer',
  ]);
});

test('a mount that is covered cannot be asked by its path', () => {
  expect(
    select(
      ROOT,
      '22 21 8:17 / /mnt rw - ext4 /dev/sdb1 rw',
      '23 22 8:33 / /mnt rw - ext4 /dev/sdc1 rw',
      '24 21 8:49 / /a/b rw - ext4 /dev/sdd1 rw',
      '25 21 8:65 / /a rw - ext4 /dev/sde1 rw',
      '26 25 8:81 / /a/c rw - ext4 /dev/sdf1 rw',
    ),
  ).toEqual(['/dev/sda1 /', '/dev/sdc1 /mnt', '/dev/sde1 /a', '/dev/sdf1 /a/c']);
});

test('a path through the network is not walked', () => {
  expect(
    select(
      ROOT,
      '22 21 0:8 / /nas rw - nfs4 server:/export rw',
      '23 22 8:17 / /nas/local rw - ext4 /dev/sdb1 rw',
      '24 21 0:9 / /efi rw - autofs systemd-1 rw',
      '25 24 8:33 / /efi rw - vfat /dev/sdc1 rw',
    ),
  ).toEqual(['/dev/sda1 /', '/dev/sdc1 /efi']);
});

test('what / is on is shown whatever it is', () => {
  expect(select('21 1 0:8 / / rw - nfs4 server:/root rw')).toEqual(['server:/root /']);
  expect(select('20 20 0:2 / / rw - rootfs rootfs rw', ROOT.replace('21 1', '21 20'))).toEqual([
    '/dev/sda1 /',
  ]);
});

test('ten thousand data sets with quotas take a moment, not a minute', () => {
  const lines = Array.from(
    { length: 10_000 },
    (_, i) => `${i + 100} 21 1:${i} / /tank/a/d${i} rw - zfs tank/a/d${i} rw`,
  );
  const text = new TextEncoder().encode(`${[ROOT, ...lines].join('\n')}\n`);
  const started = process.cpuUsage();
  const mounted = mountedIn(text);
  const space = (at: number) => ({ totalBytes: 2e15, usedBytes: 1e9, availableBytes: 1e15 - at * 1e9 });
  const answers = new Map(
    mounted.map(({ key }, at) => [
      key,
      { errno: 0, space: { ...space(at), inodes: 1, freeInodes: 1 }, deviceTarget: undefined },
    ]),
  );
  const rows = fileSystemsOf(mounted, answers, []);
  // Where each is compared with all others it is 13 seconds.
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(3000);
  expect([mounted.length, rows.length]).toEqual([10_001, 10_001]);
});
