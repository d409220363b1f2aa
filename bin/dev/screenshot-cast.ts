/** How fast a direction of a conversation runs over time: always alike, in slow waves, or now and then. */
export type Pace = 'steady' | 'wave' | 'burst';

/** Conversations that a part begins; rates in bytes per second. */
export interface Call {
  readonly address: string;
  readonly port: number;
  /** Local address; undefined: the kernel's choice. */
  readonly from?: string;
  readonly count: number;
  readonly sends: number;
  readonly asks: number;
  readonly pace: Pace;
  /** Each ends after this and is begun anew; undefined: it lasts. */
  readonly lastsMillis?: number;
}

export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** What one process plays: its task name, where it listens and whom it talks to. */
export interface Part {
  readonly name: string;
  readonly listeners: readonly Listener[];
  readonly calls: readonly Call[];
}

/** A process of the machine in the pictures. */
export interface Player extends Part {
  /** argv as /proc shows it. */
  readonly command: readonly string[];
  readonly pid: number;
  readonly uid: number;
  /** Control group, relative to the root of the picture's machine. */
  readonly group: string;
}

/** The machine in the pictures, and its one wire to the world. */
export const HOST_NAME = 'web-1';
export const HOST_ADDRESS = '10.0.0.5';
export const GATEWAY_ADDRESS = '10.0.0.1';

const KB = 1024;
const MB = 1024 * KB;

const SHOP = `system.slice/docker-${'3f9c1a7be240'.padEnd(64, '5d')}.scope`;
const ANA = 'user.slice/user-1000.slice/session-4.scope';

export const USERS: ReadonlyMap<string, number> = new Map([
  ['root', 0],
  ['www-data', 33],
  ['backup', 34],
  ['postgres', 114],
  ['redis', 115],
  ['_chrony', 116],
  ['systemd-resolve', 117],
  ['ana', 1000],
  ['nobody', 65_534],
]);

/**
 * Names are documentation's (RFC 2606). Addresses are those of MaxMind's published test data with their countries,
 * since documentation's own (RFC 5737) are shown as what they are.
 */
const MIRROR = '89.160.20.120';
const REGISTRY = '216.160.83.60';
const BACKUP = '81.2.69.190';
const PAY = '2.125.160.219';
const MAIL = '81.2.69.145';
const OFFICE = '2.125.160.217';
const READERS = ['81.2.69.160', '89.160.20.113', '175.16.199.94', '202.196.224.131'] as const;
const CRAWLER = '216.160.83.57';
const REPLICA = '10.0.0.6';
const METRICS = '10.0.0.9';

export const WORLD: readonly { address: string; name: string; country: string }[] = [
  { address: MIRROR, name: 'mirror.example.org', country: 'SE' },
  { address: REGISTRY, name: 'packages.example.org', country: 'US' },
  { address: BACKUP, name: 'backup.example.net', country: 'GB' },
  { address: PAY, name: 'pay.example.com', country: 'GB' },
  { address: MAIL, name: 'mail.example.com', country: 'GB' },
  { address: OFFICE, name: 'office.example.com', country: 'GB' },
  { address: READERS[0], name: 'dsl-160.example.net', country: 'GB' },
  { address: READERS[1], name: 'cable-113.example.net', country: 'SE' },
  { address: READERS[2], name: 'mobile-94.example.net', country: 'CN' },
  { address: READERS[3], name: 'fiber-131.example.net', country: 'PH' },
  { address: CRAWLER, name: 'crawler.example.org', country: 'US' },
  { address: REPLICA, name: 'db-2.internal', country: '' },
  { address: METRICS, name: 'metrics.internal', country: '' },
];

export const PLAYERS: readonly Player[] = [
  {
    name: 'systemd-resolve',
    command: ['/usr/lib/systemd/systemd-resolved'],
    ...{ pid: 412, uid: 117, group: 'system.slice/systemd-resolved.service' },
    listeners: [tcp('127.0.0.53', 53), udp('127.0.0.53', 53)],
    calls: [],
  },
  {
    name: 'chronyd',
    command: ['/usr/sbin/chronyd', '-F', '1'],
    ...{ pid: 498, uid: 116, group: 'system.slice/chrony.service' },
    listeners: [udp('127.0.0.1', 323)],
    calls: [],
  },
  {
    name: 'sshd',
    command: ['sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups'],
    ...{ pid: 733, uid: 0, group: 'system.slice/ssh.service' },
    listeners: [tcp('0.0.0.0', 22)],
    calls: [],
  },
  {
    name: 'nginx',
    command: ['nginx: worker process'],
    ...{ pid: 1204, uid: 33, group: 'system.slice/nginx.service' },
    listeners: [tcp('0.0.0.0', 80), tcp('0.0.0.0', 443)],
    calls: [call('127.0.0.1', 3000, 3, 20 * KB, 140 * KB, 'wave')],
  },
  {
    name: 'postgres',
    command: ['/usr/lib/postgresql/17/bin/postgres', '-D', '/var/lib/postgresql/17/main'],
    ...{ pid: 1377, uid: 114, group: 'system.slice/postgresql@17-main.service' },
    listeners: [tcp(HOST_ADDRESS, 5432)],
    calls: [],
  },
  {
    name: 'redis-server',
    command: ['/usr/bin/redis-server 127.0.0.1:6379'],
    ...{ pid: 1420, uid: 115, group: 'system.slice/redis-server.service' },
    listeners: [tcp('127.0.0.1', 6379)],
    calls: [],
  },
  {
    name: 'node_exporter',
    command: ['/usr/bin/node_exporter', '--web.listen-address=10.0.0.5:9100'],
    ...{ pid: 1533, uid: 65_534, group: 'system.slice/prometheus-node-exporter.service' },
    listeners: [tcp(HOST_ADDRESS, 9100)],
    calls: [],
  },
  {
    name: 'node',
    command: ['node', '/srv/shop/server.js'],
    ...{ pid: 2418, uid: 33, group: SHOP },
    listeners: [tcp('127.0.0.1', 3000)],
    calls: [
      call(PAY, 443, 4, 34 * KB, 12 * KB, 'burst'),
      call(REGISTRY, 443, 2, 3 * KB, 310 * KB, 'burst'),
      call('127.0.0.1', 6379, 2, 18 * KB, 60 * KB, 'wave'),
    ],
  },
  {
    name: 'sidekiq',
    command: ['sidekiq 8.0.4 shop [3 of 10 busy]'],
    ...{ pid: 2467, uid: 33, group: SHOP },
    listeners: [],
    calls: [
      { ...call(MAIL, 587, 2, 24 * KB, 2 * KB, 'burst'), lastsMillis: 7000 },
      call('127.0.0.1', 6379, 1, 4 * KB, 9 * KB, 'wave'),
    ],
  },
  {
    name: 'rsync',
    command: ['rsync', '-az', '--delete', '/srv/', 'backup.example.net::web-1'],
    ...{ pid: 9051, uid: 34, group: 'system.slice/nightly-backup.service' },
    listeners: [],
    calls: [call(BACKUP, 873, 1, 6.1 * MB, 40 * KB, 'wave')],
  },
  {
    name: 'curl',
    command: ['curl', '-LO', 'https://mirror.example.org/images/debian-13.iso'],
    ...{ pid: 13_049, uid: 1000, group: ANA },
    listeners: [],
    calls: [call(MIRROR, 443, 1, 2 * KB, 14.2 * MB, 'wave')],
  },
  {
    name: 'git-remote-http',
    command: ['git-remote-https', 'origin', 'https://packages.example.org/shop.git'],
    ...{ pid: 13_112, uid: 1000, group: ANA },
    listeners: [],
    calls: [call(REGISTRY, 443, 1, 3 * KB, 420 * KB, 'burst')],
  },
];

/** Everybody else on earth, in one process. */
export const EVERYBODY: Part = {
  name: 'everybody',
  listeners: [
    ...[tcp(MIRROR, 443), tcp(REGISTRY, 443), tcp(BACKUP, 873)],
    ...[tcp(PAY, 443), tcp(MAIL, 587)],
  ],
  calls: [
    visitor(READERS[0], 3, 9 * KB, 620 * KB),
    visitor(READERS[1], 2, 4 * KB, 210 * KB),
    { ...visitor(READERS[2], 4, 6 * KB, 95 * KB), lastsMillis: 22_000 },
    visitor(READERS[3], 2, 2 * KB, 480 * KB),
    { ...visitor(CRAWLER, 3, 2 * KB, 60 * KB), lastsMillis: 4000 },
    { ...call(HOST_ADDRESS, 22, 1, 310, 2.2 * KB, 'burst'), from: OFFICE },
    { ...call(HOST_ADDRESS, 5432, 1, 1 * KB, 730 * KB, 'wave'), from: REPLICA },
    { ...call(HOST_ADDRESS, 5432, 6, 5 * KB, 22 * KB, 'burst'), from: REPLICA },
    { ...call(HOST_ADDRESS, 9100, 1, 90, 4 * KB, 'burst'), from: METRICS, lastsMillis: 15_000 },
  ],
};

function tcp(address: string, port: number): Listener {
  return { protocol: 'tcp', address, port };
}

function udp(address: string, port: number): Listener {
  return { protocol: 'udp', address, port };
}

function call(address: string, port: number, count: number, sends: number, asks: number, pace: Pace): Call {
  return { address, port, count, sends, asks, pace };
}

/** A reader of the web site. */
function visitor(from: string, count: number, sends: number, asks: number): Call {
  return { ...call(HOST_ADDRESS, 443, count, sends, asks, 'wave'), from };
}
