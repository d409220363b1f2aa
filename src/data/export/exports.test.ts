import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { NetworkAttribution } from '../attribution/network-attribution.ts';
import { filterOf } from '../query/machine.fixture.ts';
import type { Sort } from '../query/process-fields.ts';
import { freezeNetwork, NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import { OwnerBasis, PROTOCOL_UDP } from '../sample/socket-table.ts';
import { SystemWorld } from '../sample/system-world.fixture.ts';
import { CONTROL_GROUP } from '../schema/control-groups-section.ts';
import { TcpState } from '../schema/network-columns.ts';
import { unknownRecord } from '../schema/record.ts';
import { csvField } from './csv.ts';
import { snapshotCsvHeader, snapshotToCsv } from './network-csv.ts';
import { type ExportOptions, snapshotEntry, snapshotToJson } from './network-json.ts';
import { SystemExport, systemCsv, systemCsvHeader, systemJson, systemTable } from './system-export.ts';
import { tableText } from './table-text.ts';

const ID = 'ab'.repeat(32);
const RATE: Sort = { key: 'rate', isReversed: false };
const OUTSIDE: ExportOptions = { scope: { interfaceIndex: undefined, includeLoopback: false }, sort: RATE };
const HOSTILE = 'a,"b"\r\n\u001b[2Jé\u202e漢';

/** Two samples of a web server in a container, a hostile name, a hidden user and a loopback connection. */
class Scene {
  readonly world = new SampleWorld();
  readonly rates = new NetworkRates();
  readonly attribution = new NetworkAttribution({
    commandLine: (pid) => (pid === 7 ? 'nginx: master' : undefined),
    cgroup: (pid) => (pid === 7 ? `/system.slice/docker-${ID}.scope` : '/system.slice/x.service'),
    userName: (uid) => `user-${uid}`,
  });
  section: NetworkSection;

  constructor() {
    const { world } = this;
    world.addProcess(7, { name: 'nginx' });
    world.addProcess(8, { name: HOSTILE });
    const old = world.addSocket({ pid: 7, localPort: 80, remotePort: 50_000, bornBeforeStart: true });
    world.addListener(80, { pid: 7, bornBeforeStart: true });
    world.addListener(80, { pid: 7, bornBeforeStart: true });
    this.section = this.step();
    world.grow(old, 2_000, 0);
    world.addListener(53, { pid: 8, protocol: PROTOCOL_UDP, state: TcpState.CLOSE, tx: Number.NaN });
    world.addSocket({ pid: 7, local: '127.0.0.1', remote: '127.0.0.1', tx: 5 });
    world.addSocket({ pid: 8, local: '2001:db8::5', remote: '2001:db8::1', tx: 500, rx: 1500 });
    world.addSocket({ basis: OwnerBasis.HIDDEN, uid: 33, tx: 1, remote: '192.0.2.33' });
    world.close(world.addSocket({ pid: 8, basis: OwnerBasis.INFERRED, rx: 10 }));
    const eth0 = world.interfaces.slots.find(2, 0, 0, 0);
    world.interfaces.txBytes[eth0]! += 4000;
    this.section = this.step();
  }

  step(): NetworkSection {
    this.section = this.attribution.absorb(this.world.sample(500_000));
    this.rates.update(this.section, this.world.header());
    return this.section;
  }

  json(options: ExportOptions = OUTSIDE): ReturnType<typeof snapshotEntry> {
    return JSON.parse(snapshotToJson(this.section, this.rates, this.world.header(), options));
  }
}

/** The names of a JSON object's members, in order. */
function keys(value: unknown): string {
  return Object.keys(value as object).join(', ');
}

describe('JSON', () => {
  test('has every member of schema 1', () => {
    const snapshot = new Scene().json();
    expect(keys(snapshot)).toBe(
      'schema, timestamp, interval_s, backend, counted, parts, lost, host, processes, interfaces, ' +
        'remote_hosts, listen_ports, groups, troubles, total_up, total_down, attributed_ratio, errors',
    );
    expect(keys(snapshot.parts)).toBe('tcp, udp, owners, processes, exited, scope, names');
    expect(snapshot.lost).toEqual({ closings: 0, bytes: 0, packets: 0 });
    expect(keys(snapshot.processes[0])).toBe(
      'pid, ppid, start_time, name, cmdline, user, up_rate, down_rate, cum_up, cum_down, connections, ' +
        'listen_ports, conn_count, listen_count, container_id, container_name, service_name, network_namespace, ' +
        'rtt_us, rtt_min_us, rtt_p95_us, connect_us, retransmitted_ratio, retransmits, data_segments, reorderings, refused, timed_out, ' +
        'resets, drops, receive_queue, send_queue, inferred',
    );
    expect(keys(snapshot.processes[0]?.connections[0])).toBe(
      'proto, src_ip, src_port, dst_ip, dst_port, state, up_rate, down_rate, cum_up, cum_down, age_s, ' +
        'rtt_us, retransmits, rtt_min_us, retransmitted_ratio, data_segments, reorderings, receive_queue, ' +
        'send_queue, remote_host, name_basis, alpn, service',
    );
    expect(keys(snapshot.interfaces[0])).toBe('name, bytes_recv, bytes_sent, recv_rate, send_rate');
    expect(keys(snapshot.remote_hosts[0])).toStartWith(
      'host, names, name_basis, ip, up_rate, down_rate, conn_count, processes, country',
    );
  });

  test('has no member that docs/exports.md does not name', () => {
    const text = readFileSync(new URL('../../../docs/exports.md', import.meta.url), 'utf8');
    const { processes, interfaces, remote_hosts, listen_ports, groups, parts, lost, ...rest } =
      new Scene().json();
    const rows = [processes[1], interfaces[0], remote_hosts[0], listen_ports[0], groups[0]];
    const members = [rest, parts, lost, ...rows, processes[1]?.connections[0]].flatMap((each) =>
      Object.keys(each ?? {}),
    );
    const columns = snapshotCsvHeader().trimEnd().split(',');
    expect(members.length).toBeGreaterThan(60);
    expect([...members, ...columns].filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  test('says what was measured', () => {
    const scene = new Scene();
    const snapshot = scene.json();
    expect(snapshot).toMatchObject({
      schema: 1,
      timestamp: '2024-01-02T03:04:07.000Z',
      interval_s: 0.5,
      backend: 'netlink',
      counted: 'payload',
      host: 'web-1',
      total_up: 4000,
      total_down: 0,
      errors: [],
    });
    expect(snapshot.processes.map(({ pid, name }) => [pid, name])).toEqual([
      [8, HOSTILE],
      [7, 'nginx'],
      [null, 'user-33: other sockets'],
    ]);
    expect(snapshot.processes[1]).toMatchObject({
      ppid: 1,
      start_time: '2024-01-01T00:00:00.700Z',
      cmdline: 'nginx: master',
      user: 'user-1000',
      up_rate: 4000,
      down_rate: 0,
      cum_up: 2000,
      conn_count: 1,
      listen_count: 2,
      listen_ports: [{ proto: 'tcp', ip: '0.0.0.0', port: 80 }],
      container_id: ID,
      inferred: false,
    });
    expect(snapshot.processes[0]).toMatchObject({ cum_down: 1510, conn_count: 1, inferred: true });
    expect(snapshot.interfaces).toEqual([
      { name: 'eth0', bytes_recv: 0, bytes_sent: 4000, recv_rate: 0, send_rate: 8000 },
    ]);
  });

  test('connections, hosts, ports and groups', () => {
    const snapshot = new Scene().json({
      ...OUTSIDE,
      serviceName: (port) => (port === 443 ? 'https' : undefined),
    });
    expect(snapshot.processes[0]?.connections).toEqual([
      {
        proto: 'tcp',
        src_ip: '2001:db8::5',
        src_port: 40_000,
        dst_ip: '2001:db8::1',
        dst_port: 443,
        state: 'ESTAB',
        up_rate: 1000,
        down_rate: 3000,
        cum_up: 500,
        cum_down: 1500,
        age_s: 0.5,
        rtt_us: 1200,
        retransmits: 0,
        rtt_min_us: null,
        retransmitted_ratio: null,
        data_segments: null,
        reorderings: null,
        receive_queue: null,
        send_queue: null,
        remote_host: null,
        name_basis: null,
        alpn: null,
        service: 'https',
      },
    ]);
    expect(snapshot.processes[1]?.connections[0]?.age_s).toBeNull();
    expect(snapshot.remote_hosts.map(({ ip, conn_count }) => [ip, conn_count])).toEqual([
      ['192.0.2.1', 1],
      ['2001:db8::1', 1],
      ['192.0.2.33', 1],
    ]);
    expect(snapshot.remote_hosts[0]?.processes).toEqual(['nginx']);
    expect(
      snapshot.listen_ports.map(({ proto, port, pid, conn_count }) => [proto, port, pid, conn_count]),
    ).toEqual([
      ['udp', 53, 8, null],
      ['tcp', 80, 7, 1],
    ]);
    expect(
      snapshot.groups.map(({ group, type, processes, up_rate }) => [group, type, processes, up_rate]),
    ).toEqual([
      ['x.service', 'systemd', 1, 1000],
      ['abababababab', 'container', 1, 4000],
    ]);
  });

  test('scope, filter and sort hold', () => {
    const scene = new Scene();
    const sort: Sort = { key: 'pid', isReversed: false };
    const all = scene.json({ scope: { interfaceIndex: undefined, includeLoopback: true }, sort });
    expect(all.processes.map(({ pid }) => pid)).toEqual([7, 8, null]);
    expect(all.processes[0]).toMatchObject({ cum_up: 2005, conn_count: 2 });
    expect(all.interfaces.map(({ name }) => name)).toEqual(['lo', 'eth0']);
    const local = scene.json({ scope: { interfaceIndex: 1, includeLoopback: false }, sort });
    expect(local.processes.map(({ pid, cum_up }) => [pid, cum_up])).toContainEqual([7, 5]);
    expect(local.remote_hosts.map(({ ip }) => ip)).toEqual(['127.0.0.1']);
    const one = scene.json({ ...OUTSIDE, filter: filterOf('nginx') });
    expect(one.processes.map(({ pid }) => pid)).toEqual([7]);
    expect(one.listen_ports.map(({ port }) => port)).toEqual([80]);
  });

  test('nothing is known yet: null, and lists that are empty', () => {
    const world = new SampleWorld();
    world.addProcess(7);
    world.addSocket({ pid: 7, bornBeforeStart: true });
    const facts = { commandLine: () => undefined, cgroup: () => undefined, userName: String };
    const section = new NetworkAttribution(facts).absorb(world.sample());
    const rates = new NetworkRates();
    rates.update(section, world.header());
    const snapshot = snapshotEntry(section, rates, world.header(), OUTSIDE);
    expect(snapshot).toMatchObject({
      interval_s: null,
      attributed_ratio: null,
      listen_ports: [],
      groups: [],
    });
    expect(snapshot.processes[0]).toMatchObject({
      up_rate: null,
      cum_up: 0,
      cmdline: null,
      container_id: null,
      listen_ports: [],
    });
    expect(snapshot.processes[0]?.connections[0]).toMatchObject({ up_rate: null, cum_up: 0 });
  });
});

/** Reads RFC 4180 with `\n` or `\r\n` between records; throws on what it does not allow. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null) throw new SyntaxError('not a field');
    records.at(-1)!.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] !== ',') records.push([]);
  }
  return records.slice(0, -1);
}

const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const ALLOWED = '\t\n\r';

function harmless(text: string): string {
  return text
    .toWellFormed()
    .replace(UNPRINTABLE, (control) => (ALLOWED.includes(control) ? control : '\ufffd'));
}

describe('CSV', () => {
  test('a hostile name stays one field, and its control characters do not come through', () => {
    const scene = new Scene();
    const csv = snapshotToCsv(scene.section, scene.rates, scene.world.header(), OUTSIDE);
    const [header, ...lines] = parseCsv(snapshotCsvHeader() + csv);
    expect(header).toEqual([
      ...['timestamp', 'pid', 'process', 'user', 'upload_bytes_per_s', 'download_bytes_per_s'],
      ...['upload_bytes', 'download_bytes', 'connections', 'listen_ports'],
    ]);
    const time = '2024-01-02T03:04:07.000Z';
    expect(lines).toEqual([
      [time, '8', 'a,"b"\r\n\ufffd[2Jé\ufffd漢', 'user-1000', '1000', '3020', '500', '1510', '1', '53'],
      [time, '7', 'nginx', 'user-1000', '4000', '0', '2000', '0', '1', '80'],
      [time, '', 'user-33: other sockets', 'user-33', '2', '0', '1', '0', '1', ''],
    ]);
  });

  test('every text comes back, controls and apostrophes aside', () => {
    const nasty = oneof(
      constantFrom('"', ',', '\n', '\r', '\t', ';', '=', '-', '\u001b', '\ud800'),
      string({ unit: 'binary', maxLength: 8 }),
    );
    assert(
      property(array(array(nasty, { maxLength: 6 }), { minLength: 2, maxLength: 5 }), (fields) => {
        const texts = fields.map((parts) => parts.join(''));
        const line = `${texts.map(csvField).join(',')}\n`;
        const bare = (text: string): string => harmless(text).replaceAll("'", '');
        expect(parseCsv(line).map((cells) => cells.map(bare))).toEqual([texts.map(bare)]);
      }),
    );
  });
});

test.each([
  ['=1+2|"a",b', `'=1+2|"a",b`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\tname', "'\tname"],
  ['\rname', "'\rname"],
  ['\uff1d1', "'\uff1d1"],
  ['a=b', 'a=b'],
])('a spreadsheet finds no formula in a process named %j', (name, cell) => {
  const scene = new Scene();
  scene.world.addProcess(77);
  scene.world.processes.names[scene.world.processes.find(77)] = name;
  scene.world.addSocket({ pid: 77, tx: 9, remote: '198.51.100.7' });
  scene.step();
  const csv = snapshotToCsv(scene.section, scene.rates, scene.world.header(), OUTSIDE);
  const row = parseCsv(csv).find(([, pid]) => pid === '77');
  expect(row?.[2]).toBe(cell);
  expect([csvField(-1), csvField(-0.5)]).toEqual(['-1', '-0.5']);
});

test('the plain table is aligned, and no name can break its lines', () => {
  const scene = new Scene();
  const text = tableText(scene.section, scene.rates, scene.world.header(), OUTSIDE);
  const lines = text.split('\n');
  expect(lines).toHaveLength(7);
  expect(lines[0]).toContain('web-1  2024-01-02T03:04:07.000Z  netlink');
  expect(lines[2]).toMatch(/^PID +USER +PROCESS +UPLOAD +DOWNLOAD +UP TOTAL +DN TOTAL +CONNS +LISTEN$/);
  expect(lines[3]).toContain('a,"b"');
  expect(text).not.toContain('\u001b');
  expect(text).not.toContain('\r');
  const end = lines[4]!.length;
  expect(lines[2]).toHaveLength(end);
});

test('a frozen snapshot exports the same after the source has gone on', () => {
  const scene = new Scene();
  const header = scene.world.header();
  const before = snapshotToJson(scene.section, scene.rates, header, OUTSIDE);
  const frozen = freezeNetwork(scene.section, scene.rates);
  for (let pid = 100; pid < 600; pid++) {
    scene.world.addProcess(pid);
    scene.world.addSocket({ pid, tx: 9, remote: `198.51.${pid % 100}.7` });
  }
  scene.step();
  expect(snapshotToJson(scene.section, scene.rates, header, OUTSIDE)).not.toBe(before);
  expect(snapshotToJson(frozen.section, frozen.rates, header, OUTSIDE)).toBe(before);
});

test('the JSON of a machine has fans after the temperatures, where there are some', () => {
  const world = new SystemWorld();
  const fans = [
    { chip: 'nct6798', label: 'CPU Fan', id: 'hwmon0/fan1', device: undefined, rpm: 900 },
    { chip: 'nct6798', label: 'fan2', id: 'hwmon0/fan2', device: undefined, rpm: undefined },
  ];
  const data = new SystemExport(() => undefined);
  data.absorb(world.snapshot({ machine: world.machine() }));
  expect(JSON.parse(systemJson(data)).fans).toBeUndefined();
  const value = { sensors: [], cpu: undefined, fans };
  const machine = world.machine();
  data.absorb(world.snapshot({ machine: { ...machine, sensors: { ...machine.sensors, value } } }));
  expect(systemJson(data)).toContain(
    '"temperatures":[],"fans":[{"chip":"nct6798","label":"CPU Fan","rpm":900},{"chip":"nct6798","label":"fan2","rpm":null}]',
  );
});

test('a user is known by a number of 32 bits, and one that is not known is null', () => {
  const world = new SystemWorld();
  for (const [pid, uid] of [
    [7, 4294967294],
    [8, 2 ** 31],
    [9, -1],
  ] as const) {
    world.processes.uid[world.addProcess(pid, { name: 'some' })] = uid;
  }
  const data = new SystemExport(() => undefined);
  data.absorb(world.snapshot());
  const { processes } = JSON.parse(systemJson(data)) as { processes: Record<string, unknown>[] };
  expect(processes.map(({ user }) => user)).toEqual(['4294967294', '2147483648', null]);
});

test('without a list of processes their number is unknown', () => {
  const world = new SystemWorld();
  const data = new SystemExport(() => undefined);
  const { machineProcesses: _, ...snapshot } = world.snapshot();
  data.absorb(snapshot);
  expect(systemTable(data)).toContain('  - processes  ');
});

test('context switches of processes are exported as growth a second, unknown ones as null', () => {
  const world = new SystemWorld();
  const slot = world.addProcess(7, { name: 'busy' });
  world.addProcess(8, { name: 'hidden' });
  const data = new SystemExport(() => undefined);
  expect(data.wantedProcesses).toMatchObject({ columnsOfAll: expect.arrayContaining(['contextSwitches']) });
  for (const count of [100, 350]) {
    world.pass(2);
    const snapshot = world.snapshot();
    world.usage.contextSwitches[slot] = count;
    data.absorb(snapshot);
  }
  expect(data.wantedProcesses).toMatchObject({ columns: expect.arrayContaining(['contextSwitches']) });
  const { processes } = JSON.parse(systemJson(data)) as { processes: Record<string, unknown>[] };
  expect(processes.map(({ pid, context_switch_rate }) => [pid, context_switch_rate])).toEqual([
    [7, 125],
    [8, null],
  ]);
  const at = systemCsvHeader().trim().split(',').indexOf('context_switches_per_s');
  expect(
    systemCsv(data)
      .trim()
      .split('\n')
      .map((line) => line.split(',')[at]),
  ).toEqual(['125', '']);
});

test('what processes wait for is exported in milliseconds a second', () => {
  const world = new SystemWorld();
  const slot = world.addProcess(7, { name: 'waiting' });
  const data = new SystemExport(() => undefined);
  for (const seconds of [2, 4]) {
    world.pass(2);
    const snapshot = world.snapshot();
    world.usage.runDelayNanos[slot] = seconds * 250e6;
    world.usage.majorFaults[slot] = seconds * 3;
    world.usage.ioCalls[slot] = seconds * 40;
    data.absorb(snapshot);
  }
  const { processes } = JSON.parse(systemJson(data)) as { processes: Record<string, unknown>[] };
  expect(processes[0]).toMatchObject({
    ...{ run_delay_rate: 250, block_delay_rate: null, major_fault_rate: 3, io_call_rate: 40 },
  });
});

test('errors are those of all sections, each once', () => {
  const world = new SystemWorld();
  const errorOf = (message: string) => ({ op: 'read', code: 'EIO', message });
  const [drive, devices] = [errorOf('nvme0: no answer'), errorOf('read /proc/diskstats: EIO')];
  const data = new SystemExport(() => undefined);
  const { disks, machine, ...rest } = world.snapshot();
  const failed = { ...machine!, errors: [drive] };
  data.absorb({ ...rest, machine: failed, disks: { ...disks!, errors: [drive, devices] } });
  expect(data.errors).toEqual([drive, devices]);
  // Disks are read less often.
  data.absorb(rest);
  expect(data.errors).toEqual([drive, devices]);
});

test('what control groups wait for is exported where it was asked for, the worst first', () => {
  const world = new SystemWorld();
  const data = new SystemExport(() => undefined);
  const lacking = { op: 'collect control groups', code: 'ENOTSUP', message: 'no groups' };
  data.absorb({ ...world.snapshot(), errors: [lacking] });
  const without = JSON.parse(systemJson(data)) as Record<string, unknown>;
  expect([without['control_groups'], without['errors']]).toEqual([undefined, []]);
  for (const seconds of [2, 4]) {
    world.pass(2);
    const nothing = { ...unknownRecord(CONTROL_GROUP), path: '/a' };
    const throttled = { ...nothing, path: '/system.slice/web.service', throttledMicros: seconds * 500_000 };
    const section = { sequence: seconds, monotonicMicros: seconds * 1e6, durationMicros: 0, errors: [] };
    data.absorb({ ...world.snapshot(), controlGroups: { ...section, groups: [nothing, throttled] } });
  }
  const { control_groups: groups } = JSON.parse(systemJson(data)) as { control_groups: object[] };
  expect(groups[0]).toEqual({
    ...{ path: '/system.slice/web.service', name: 'web.service', trouble: 'throttled 50 % of the time' },
    ...{ throttled_percent: 50, cpu_limit: null, cpu_wait_percent: null, memory_wait_percent: null },
    ...{ memory_full_percent: null, io_wait_percent: null, io_full_percent: null, memory_bytes: null },
    ...{ memory_limit_bytes: null, memory_high_rate: null, memory_max_rate: null, memory_kills: null },
  });
  expect(groups[1]).toMatchObject({ path: '/a', trouble: null, throttled_percent: null });
});

test('sums of processes: their own columns in CSV and in the table', () => {
  const world = new SystemWorld();
  const slots = [7, 8].map((pid) => world.addProcess(pid, { name: 'worker', residentBytes: 2 ** 30 }));
  const data = new SystemExport(() => 'root', 'program');
  expect(data.wantedProcesses).toMatchObject({ columnsOfAll: expect.arrayContaining(['readBytes']) });
  for (const bytes of [100, 350]) {
    world.pass(1);
    for (const pid of [7, 8]) world.use(pid, 0.5);
    const snapshot = world.snapshot();
    for (const slot of slots) world.usage.readBytes[slot] = bytes;
    data.absorb(snapshot);
  }
  expect(systemCsvHeader(data)).toBe(
    'timestamp,group,processes,threads,cpu_percent,mem_bytes,mem_percent,read_bytes_per_s,write_bytes_per_s,' +
      'context_switches_per_s,run_delay_ms_per_s,block_delay_ms_per_s,major_faults_per_s,io_calls_per_s,memory_delay_ms_per_s\n',
  );
  expect(systemCsv(data).trim().split(',').slice(1)).toEqual([
    ...['worker', '2', '2', '25', String(2 ** 31), '12.5', '500', '', '', '', '', '', '', ''],
  ]);
  expect(systemTable(data)).toMatch(
    /\nPROGRAM +PROCS +CPU % +MEM +MEM %\nworker +2 +25\.0 +2\.0 GB +12\.5\n$/,
  );
  expect(new SystemExport(() => 'root', 'unit').wantedProcesses).toMatchObject({ cgroups: true });
});

test('processes and their sums are in the order that is asked for', () => {
  const world = new SystemWorld();
  const sizes = { busy: 1, large: 9, idle: 5 };
  for (const [at, [name, megabytes]] of Object.entries(sizes).entries()) {
    world.addProcess(11 + at, { name, residentBytes: megabytes * 2 ** 20 });
  }
  const orderOf = (groupBy?: 'program', sortKey?: 'memory' | 'name'): unknown => {
    const data = new SystemExport(() => 'root', groupBy, sortKey);
    for (let sample = 0; sample < 2; sample++) {
      world.pass(1);
      world.use(11, 0.5);
      data.absorb(world.snapshot());
    }
    const orders = [systemTable(data), systemCsv(data), ...(groupBy === undefined ? [systemJson(data)] : [])];
    const [first, ...others] = orders.map((text) => text.match(/busy|large|idle/g));
    for (const other of others) expect(other).toEqual(first!);
    return first;
  };
  expect(orderOf()).toEqual(['busy', 'large', 'idle']);
  expect(orderOf(undefined, 'memory')).toEqual(['large', 'idle', 'busy']);
  expect(orderOf('program', 'memory')).toEqual(['large', 'idle', 'busy']);
  expect(orderOf('program', 'name')).toEqual(['busy', 'idle', 'large']);
});
