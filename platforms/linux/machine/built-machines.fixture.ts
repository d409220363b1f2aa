import type { TreeFiles } from '../testdata/built-tree.fixture.ts';

// These machines were built by hand in the format of their kernels; none was captured.

/** /proc/stat of so many cores, each with other counters; `offline` ones have no line. */
export function statText(cores: number, offline: readonly number[] = []): string {
  const lines = ['cpu  1000 20 300 40000 50 6 7 8 90 1'];
  for (let core = 0; core < cores; core++) {
    if (!offline.includes(core)) lines.push(`cpu${core} ${core + 1} 2 3 ${4000 + core} 5 6 7 8 9 1`);
  }
  const rest = ['intr 452792 0 1 2', 'ctxt 1096533', 'btime 1795525086', 'processes 8003', 'procs_running 2'];
  return `${[...lines, ...rest, 'procs_blocked 3', 'softirq 266043 0 49658'].join('\n')}\n`;
}

export function meminfoText(kib: Readonly<Record<string, number>>): string {
  return Object.entries(kib)
    .map(([key, value]) => `${`${key}:`.padEnd(15)} ${String(value).padStart(8)} kB\n`)
    .join('');
}

/** A process as /proc/PID shows it to its owner: 100 user and 50 system ticks, 300 resident pages of 2000. */
export function processFiles(pid: number, name: string, ppid = 1): TreeFiles {
  const path = `proc/${pid}`;
  const zeros = '0 0 0 0 0 0 0 0 0 0';
  const stat = `S ${ppid} ${pid} ${pid} 0 -1 4194304 1 0 0 0 100 50 0 0 20 0 2 0 5000 8192000 300 ${zeros}`;
  const status = `Name:\t${name}\nTgid:\t${pid}\nPid:\t${pid}\nUid:\t33\t33\t33\t33\nGid:\t34\t34\t34\t34\n`;
  return {
    [`${path}/stat`]: `${pid} (${name}) ${stat}\n`,
    [`${path}/statm`]: '2000 300 120 10 0 500 0\n',
    [`${path}/status`]: `${status}VmSwap:\t      64 kB\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t9\n`,
    [`${path}/cmdline`]: `/usr/sbin/${name}\0--flag\0`,
    [`${path}/cgroup`]: `0::/system.slice/${name}.service\n`,
  };
}

/** What only the owner and root may read. */
export function privateFiles(pid: number): TreeFiles {
  const path = `proc/${pid}`;
  return {
    [`${path}/io`]:
      'rchar: 9\nwchar: 9\nsyscr: 9\nsyscw: 9\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0\n',
    [`${path}/exe`]: { link: '/usr/sbin/daemon' },
    [`${path}/cwd`]: { link: '/var/lib/daemon' },
    [`${path}/fd/0`]: { link: '/dev/null' },
    [`${path}/fd/1`]: { link: 'socket:[77]' },
    [`${path}/fd/2`]: { link: '/dev/null' },
  };
}

/** 64-bit Raspberry Pi OS with the 16 KiB page kernel (6.6.y, bcm2712): one frequency, one sensor, SD card. */
export const RASPBERRY_PI: TreeFiles = {
  'proc/stat': statText(4),
  'proc/loadavg': '0.52 0.58 0.59 2/213 4711\n',
  'proc/uptime': '350735.47 234388.90\n',
  'proc/cpuinfo':
    [0, 1, 2, 3]
      .map((core) => `processor\t: ${core}\nBogoMIPS\t: 108.00\nCPU architecture: 8\nCPU part\t: 0xd0b\n\n`)
      .join('') +
    'Revision\t: c04170\nSerial\t\t: 0123456789abcdef\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n',
  'proc/meminfo': meminfoText({
    ...{ MemTotal: 4137424, MemFree: 2951136, MemAvailable: 3514512, Buffers: 31264, Cached: 553408 },
    ...{
      SwapCached: 0,
      SwapTotal: 204784,
      SwapFree: 204272,
      Zswap: 128,
      Zswapped: 256,
      Dirty: 64,
      Shmem: 33008,
    },
    ...{ Slab: 70320, SReclaimable: 35248, CommitLimit: 2273488, Committed_AS: 1009408 },
  }),
  'proc/diskstats':
    ' 179       0 mmcblk0 5514 2188 512000 20190 3029 4409 256000 47000 0 31000 67190 0 0 0 0 12 90\n' +
    ' 179       1 mmcblk0p1 120 900 9000 300 1 0 1 10 0 200 310 0 0 0 0 0 0\n' +
    ' 179       2 mmcblk0p2 5300 1280 501000 19800 3026 4409 255999 46900 0 30800 66700 0 0 0 0 0 0\n',
  'proc/self/mountinfo':
    '21 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw\n' +
    '22 21 0:5 / /dev rw,relatime shared:2 - devtmpfs udev rw,size=1800000k\n' +
    '30 21 179:1 / /boot/firmware rw,relatime shared:30 - vfat /dev/mmcblk0p1 rw\n',
  'proc/net/dev':
    'Inter-|   Receive\n face |bytes\n' +
    '    lo: 100 1 0 0 0 0 0 0 100 1 0 0 0 0 0 0\n' +
    '  eth0: 5000 50 1 2 0 0 0 3 6000 60 4 5 0 0 0 0\n',
  ...processFiles(812, 'sshd'),
  ...privateFiles(812),
  ...processFiles(900, 'sshd-session', 812),
  'sys/devices/system/cpu/cpufreq/policy0/related_cpus': '0 1 2 3\n',
  'sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq': '2400000\n',
  'sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq': '2400000\n',
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '48950\n',
  'sys/class/thermal/thermal_zone0/trip_point_0_type': 'critical\n',
  'sys/class/thermal/thermal_zone0/trip_point_0_temp': '110000\n',
  'sys/class/hwmon/hwmon0/name': 'cpu_thermal\n',
  'sys/class/hwmon/hwmon0/temp1_input': '48950\n',
  'sys/class/hwmon/hwmon0/device': { link: '../../thermal/thermal_zone0' },
  'sys/devices/mmc/mmcblk0/size': '60000000\n',
  'sys/devices/mmc/mmcblk0/queue/rotational': '0\n',
  'sys/devices/mmc/mmcblk0/device/name': 'SC64G\n',
  'sys/devices/mmc/mmcblk0/mmcblk0p1/partition': '1\n',
  'sys/devices/mmc/mmcblk0/mmcblk0p2/partition': '2\n',
  'sys/class/block/mmcblk0': { link: '../../devices/mmc/mmcblk0' },
  'sys/class/block/mmcblk0p1': { link: '../../devices/mmc/mmcblk0/mmcblk0p1' },
  'sys/class/block/mmcblk0p2': { link: '../../devices/mmc/mmcblk0/mmcblk0p2' },
  'sys/class/net/eth0/ifindex': '2\n',
  'sys/class/net/eth0/flags': '0x1003\n',
  'sys/class/net/eth0/operstate': 'up\n',
  'sys/class/net/eth0/speed': '1000\n',
  'sys/class/net/eth0/mtu': '1500\n',
  'sys/class/net/eth0/address': '2c:cf:67:00:00:01\n',
  'sys/class/net/eth0/device/': '',
  'sys/class/net/lo/ifindex': '1\n',
  'sys/class/net/lo/flags': '0x9\n',
  'sys/class/net/lo/mtu': '65536\n',
};

/** A server with 128 cores, two packages, two NVMe drives below a volume, no swap (6.1). */
export const SERVER_128: TreeFiles = {
  'proc/stat': statText(128, [77]),
  'proc/loadavg': '96.10 80.00 64.25 130/4711 99999\n',
  'proc/uptime': '8640000.00 999999999.99\n',
  'proc/pressure/cpu': 'some avg10=12.50 avg60=3.00 avg300=1.25 total=123456789\n',
  'proc/pressure/io':
    'some avg10=1.00 avg60=2.00 avg300=3.00 total=10\nfull avg10=0.50 avg60=0.25 avg300=0.10 total=5\n',
  'proc/cpuinfo': Array.from(
    { length: 128 },
    (_, core) =>
      `processor\t: ${core}\nmodel name\t: Fast CPU @ 2.90GHz\ncpu MHz\t\t: ${2000 + core}.500\n\n`,
  ).join(''),
  'proc/meminfo': meminfoText({
    ...{ MemTotal: 528280000, MemFree: 100000000, MemAvailable: 400000000, Buffers: 1000, Cached: 300000000 },
    ...{ SwapCached: 0, SwapTotal: 0, SwapFree: 0, Shmem: 5000, Slab: 9000, SReclaimable: 4000 },
  }),
  'proc/diskstats':
    ' 259       0 nvme0n1 10 0 80 1 20 0 160 2 1 3 4 5 0 40 6 0 0\n' +
    ' 259       1 nvme1n1 10 0 80 1 20 0 160 2 0 3 4 5 0 40 6 0 0\n' +
    ' 259       2 nvme0n1p1 10 0 80 1 20 0 160 2 0 3 4 5 0 40 6 0 0\n' +
    ' 253       0 dm-0 10 0 80 1 20 0 160 2 0 3 4 5 0 40 6 0 0\n' +
    '   7       0 loop0 10 0 80 1 0 0 0 0 0 3 4 0 0 0 0 0 0\n',
  'proc/self/mountinfo':
    '21 1 253:0 / / rw,relatime - xfs /dev/mapper/vg-root rw\n' +
    '22 21 7:0 / /snap/core/1 ro,nodev - squashfs /dev/loop0 ro\n',
  'sys/devices/pci0/0000:01:00.0/nvme/nvme0/nvme0n1/size': '2000\n',
  'sys/devices/pci0/0000:01:00.0/nvme/nvme0/nvme0n1/queue/rotational': '0\n',
  'sys/devices/pci0/0000:01:00.0/nvme/nvme0/nvme0n1/device': { link: '../../nvme0' },
  'sys/devices/pci0/0000:01:00.0/nvme/nvme0/nvme0n1/nvme0n1p1/partition': '1\n',
  'sys/devices/pci0/0000:01:00.0/nvme/nvme0/model': 'Fast SSD 1\n',
  'sys/devices/pci0/0000:02:00.0/nvme/nvme1/nvme1n1/size': '2000\n',
  'sys/devices/pci0/0000:02:00.0/nvme/nvme1/nvme1n1/device': { link: '../../nvme1' },
  'sys/devices/virtual/block/dm-0/dm/name': 'vg-root\n',
  'sys/devices/virtual/block/dm-0/slaves/nvme0n1p1/': '',
  'sys/devices/virtual/block/dm-0/slaves/nvme1n1/': '',
  'sys/class/block/nvme0n1': { link: '../../devices/pci0/0000:01:00.0/nvme/nvme0/nvme0n1' },
  'sys/class/block/nvme0n1p1': { link: '../../devices/pci0/0000:01:00.0/nvme/nvme0/nvme0n1/nvme0n1p1' },
  'sys/class/block/nvme1n1': { link: '../../devices/pci0/0000:02:00.0/nvme/nvme1/nvme1n1' },
  'sys/class/block/dm-0': { link: '../../devices/virtual/block/dm-0' },
  // One driver as it is from 5.16 on, one as it was before.
  'sys/class/hwmon/hwmon0/name': 'nvme\n',
  'sys/class/hwmon/hwmon0/temp1_input': '38850\n',
  'sys/class/hwmon/hwmon0/temp1_label': 'Composite\n',
  'sys/class/hwmon/hwmon0/temp2_input': '61850\n',
  'sys/class/hwmon/hwmon0/device': { link: '../../../devices/pci0/0000:01:00.0/nvme/nvme0' },
  'sys/class/hwmon/hwmon1/name': 'nvme\n',
  'sys/class/hwmon/hwmon1/temp1_input': '44850\n',
  'sys/class/hwmon/hwmon1/device': { link: '../../../devices/pci0/0000:02:00.0' },
  ...packageSensors(2, 0, 55000),
  ...packageSensors(10, 1, 71000),
};

function packageSensors(hwmon: number, number: number, millidegrees: number): TreeFiles {
  const path = `sys/class/hwmon/hwmon${hwmon}`;
  return {
    [`sys/devices/platform/coretemp.${number}/uevent`]: 'DRIVER=coretemp\n',
    [`${path}/name`]: 'coretemp\n',
    [`${path}/device`]: { link: `../../../devices/platform/coretemp.${number}` },
    [`${path}/temp1_input`]: `${millidegrees}\n`,
    [`${path}/temp1_label`]: `Package id ${number}\n`,
    [`${path}/temp1_max`]: '90000\n',
    [`${path}/temp1_crit`]: '100000\n',
    [`${path}/temp2_input`]: `${millidegrees + 4000}\n`,
    [`${path}/temp2_label`]: 'Core 0\n',
    // Nothing is connected here, and this one is broken.
    [`${path}/temp3_input`]: '127000\n',
    [`${path}/temp4_input`]: '30000\n',
    [`${path}/temp4_fault`]: '1\n',
  };
}

/** Inside a Docker container: overlay root, the runtime's files, a volume, no PSI, no sensors, read-only sysfs. */
export const CONTAINER: TreeFiles = {
  'proc/stat': statText(8),
  'proc/loadavg': '1.00 1.00 1.00 1/600 42\n',
  'proc/uptime': '100.00 700.00\n',
  'proc/cpuinfo': 'processor\t: 0\nmodel name\t: Cloud CPU\n',
  'proc/meminfo': meminfoText({ MemTotal: 16000000, MemFree: 1000000, MemAvailable: 9000000 }),
  'proc/diskstats': '   8       0 sda 1 0 8 1 1 0 8 1 0 1 1\n   8       1 sda1 1 0 8 1 1 0 8 1 0 1 1\n',
  'proc/self/mountinfo':
    '600 500 0:50 / / rw,relatime master:200 - overlay overlay rw,lowerdir=/a:/b,upperdir=/c,workdir=/d\n' +
    '601 600 0:53 / /proc rw,nosuid - proc proc rw\n' +
    '602 600 0:54 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755\n' +
    '610 600 8:1 /var/lib/docker/containers/abc/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw\n' +
    '611 600 8:1 /var/lib/docker/containers/abc/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n' +
    '612 600 8:1 /var/lib/docker/containers/abc/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n' +
    '613 600 8:17 /volumes/data /data rw - xfs /dev/sdb1 rw\n',
  ...processFiles(1, 'app', 0),
  ...privateFiles(1),
};

/** hidepid=2 for somebody else's processes: only one's own are listed, and nothing private of another's is readable. */
export const HIDEPID: TreeFiles = {
  'proc/stat': statText(2),
  'proc/meminfo': meminfoText({
    MemTotal: 1000000,
    MemFree: 500000,
    MemAvailable: 600000,
    SwapTotal: 0,
    SwapFree: 0,
  }),
  'proc/self/mountinfo': '21 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n',
  ...processFiles(77, 'mine'),
};

/** A kernel of before 3.14 (and a machine with zram swap): no MemAvailable, few columns, no discards. */
export const OLD_KERNEL: TreeFiles = {
  'proc/stat': 'cpu  10 20 30 40\ncpu0 10 20 30 40\nctxt 5\n',
  'proc/meminfo': meminfoText({
    ...{ MemTotal: 1000, MemFree: 100, Buffers: 50, Cached: 400, SwapTotal: 500, SwapFree: 200, Shmem: 30 },
    SReclaimable: 20,
  }),
  'sys/block/zram0/mm_stat':
    '  204800    51200   61440        0    70000      100        0        0        0\n',
};
