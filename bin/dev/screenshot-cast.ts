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
]);

/** Documentation addresses (RFC 5737, RFC 3849) under documentation names (RFC 2606), and countries made up for them. */
export const WORLD: readonly { address: string; name: string; country: string }[] = [
  { address: '192.0.2.80', name: 'mirror.example.org', country: 'NL' },
  { address: '192.0.2.143', name: 'registry.example.org', country: 'US' },
  { address: '198.51.100.20', name: 'backup.example.net', country: 'DE' },
  { address: '198.51.100.44', name: 'pay.example.com', country: 'IE' },
  { address: '198.51.100.67', name: 'mail.example.com', country: 'IE' },
  { address: '203.0.113.7', name: 'office.example.com', country: 'ES' },
  { address: '203.0.113.29', name: 'dsl-29.example.net', country: 'FR' },
  { address: '203.0.113.58', name: 'cable-58.example.net', country: 'SE' },
  { address: '203.0.113.94', name: 'mobile-94.example.net', country: 'JP' },
  { address: '203.0.113.131', name: 'fiber-131.example.net', country: 'BR' },
  { address: '203.0.113.177', name: 'crawler.example.org', country: 'US' },
  { address: '10.0.0.6', name: 'db-2.internal', country: '' },
  { address: '10.0.0.9', name: 'metrics.internal', country: '' },
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
      call('198.51.100.44', 443, 4, 34 * KB, 12 * KB, 'burst'),
      call('192.0.2.143', 443, 2, 3 * KB, 310 * KB, 'burst'),
      call('127.0.0.1', 6379, 2, 18 * KB, 60 * KB, 'wave'),
    ],
  },
  {
    name: 'sidekiq',
    command: ['sidekiq 8.0.4 shop [3 of 10 busy]'],
    ...{ pid: 2467, uid: 33, group: SHOP },
    listeners: [],
    calls: [
      { ...call('198.51.100.67', 587, 2, 24 * KB, 2 * KB, 'burst'), lastsMillis: 7000 },
      call('127.0.0.1', 6379, 1, 4 * KB, 9 * KB, 'wave'),
    ],
  },
  {
    name: 'rsync',
    command: ['rsync', '-az', '--delete', '/srv/', 'backup.example.net::web-1'],
    ...{ pid: 9051, uid: 34, group: 'system.slice/nightly-backup.service' },
    listeners: [],
    calls: [call('198.51.100.20', 873, 1, 6.1 * MB, 40 * KB, 'wave')],
  },
  {
    name: 'curl',
    command: ['curl', '-LO', 'https://mirror.example.org/images/debian-13.iso'],
    ...{ pid: 13_049, uid: 1000, group: ANA },
    listeners: [],
    calls: [call('192.0.2.80', 443, 1, 2 * KB, 14.2 * MB, 'wave')],
  },
  {
    name: 'git-remote-http',
    command: ['git-remote-https', 'origin', 'https://registry.example.org/shop.git'],
    ...{ pid: 13_112, uid: 1000, group: ANA },
    listeners: [],
    calls: [call('192.0.2.143', 443, 1, 3 * KB, 420 * KB, 'burst')],
  },
];

/** Everybody else on earth, in one process. */
export const EVERYBODY: Part = {
  name: 'everybody',
  listeners: [
    ...[tcp('192.0.2.80', 443), tcp('192.0.2.143', 443), tcp('198.51.100.20', 873)],
    ...[tcp('198.51.100.44', 443), tcp('198.51.100.67', 587)],
  ],
  calls: [
    visitor('203.0.113.29', 3, 9 * KB, 620 * KB),
    visitor('203.0.113.58', 2, 4 * KB, 210 * KB),
    visitor('203.0.113.94', 4, 6 * KB, 95 * KB),
    visitor('203.0.113.131', 2, 2 * KB, 480 * KB),
    { ...visitor('203.0.113.177', 3, 2 * KB, 60 * KB), lastsMillis: 4000 },
    { ...call(HOST_ADDRESS, 22, 1, 310, 2.2 * KB, 'burst'), from: '203.0.113.7' },
    { ...call(HOST_ADDRESS, 5432, 1, 1 * KB, 730 * KB, 'wave'), from: '10.0.0.6' },
    { ...call(HOST_ADDRESS, 5432, 6, 5 * KB, 22 * KB, 'burst'), from: '10.0.0.6' },
    { ...call(HOST_ADDRESS, 9100, 1, 90, 4 * KB, 'burst'), from: '10.0.0.9', lastsMillis: 15_000 },
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
