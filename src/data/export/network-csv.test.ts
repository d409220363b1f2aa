import { describe, expect, test } from 'bun:test';
import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { NetworkAttribution } from '../attribution/network-attribution.ts';
import { ConnectionRows } from '../query/connection-rows.ts';
import { GroupRows } from '../query/group-rows.ts';
import { HostRows } from '../query/host-rows.ts';
import { ListenRows } from '../query/listen-rows.ts';
import { filterOf } from '../query/machine.fixture.ts';
import { ProcessRows } from '../query/process-rows.ts';
import { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import { PROTOCOL_UDP } from '../sample/socket-table.ts';
import { TcpState } from '../schema/network-columns.ts';
import { csvField } from './csv.ts';
import { snapshotCsvHeader, snapshotToCsv, type ViewSnapshot, viewToCsv } from './network-csv.ts';
import { tableText } from './table-text.ts';

const SCOPE = { interfaceIndex: undefined, includeLoopback: false };
const TIME = '2024-01-02T03:04:07.000Z';
const HOSTILE = '=cmd|"/C"!A0\r\n@x,\u001b[2J';
const DEFUSED = '\'=cmd|"/C"!A0\r\n\'@x,\ufffd[2J';
const NAMES: Readonly<Record<string, string>> = { '192.0.2.1': '+1.example.net' };

/** Two samples of a web server, a process with a hostile name and command line, and a loopback connection. */
class Scene {
  readonly world = new SampleWorld();
  readonly rates = new NetworkRates();
  readonly attribution = new NetworkAttribution({
    commandLine: (pid) => (pid === 8 ? `-bash ${HOSTILE}` : 'nginx: master'),
    cgroup: (pid) => (pid === 8 ? '/=1+1' : '/system.slice/nginx.service'),
    userName: (uid) => `user-${uid}`,
  });
  readonly moment: ViewSnapshot;

  constructor() {
    const { world } = this;
    world.addProcess(7, { name: 'nginx' });
    world.addProcess(8, { name: HOSTILE });
    const old = world.addSocket({ pid: 7, localPort: 80, remotePort: 50_000, bornBeforeStart: true });
    world.addListener(80, { pid: 7 });
    world.addListener(80, { pid: 7 });
    this.step();
    world.grow(old, 2000, 0);
    world.addListener(53, { pid: 8, protocol: PROTOCOL_UDP, state: TcpState.CLOSE, tx: Number.NaN });
    world.addSocket({ pid: 7, local: '127.0.0.1', remote: '127.0.0.1', tx: 5 });
    world.addSocket({ pid: 8, local: '2001:db8::5', remote: '2001:db8::1', tx: 500, rx: 1500 });
    world.addSocket({ pid: 8, localPort: 40_001, tx: 100 });
    const section = this.step();
    this.moment = {
      section,
      rates: this.rates,
      header: world.header(),
      scope: SCOPE,
      hostName: (address) => NAMES[address],
      serviceName: (port) => (port === 443 ? 'https' : undefined),
      country: (address) => (address === '192.0.2.1' ? 'NL' : undefined),
    };
  }

  step() {
    const section = this.attribution.absorb(this.world.sample(500_000));
    this.rates.update(section, this.world.header());
    return section;
  }
}

/** Slot of a process. */
function ownerOf({ owners }: NetworkSection, pid: number): number {
  return owners.slots.rows.subarray(0, owners.slots.count).find((slot) => owners.pid[slot] === pid) ?? -1;
}

/** Records of RFC 4180 as objects by their header. */
function records(text: string): Record<string, string>[] {
  const lines: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\n|$)/y;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null) throw new SyntaxError('not a field');
    lines.at(-1)!.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] !== ',') lines.push([]);
  }
  const [header = [], ...rows] = lines.slice(0, -1);
  return rows.map((row) => {
    expect(row).toHaveLength(header.length);
    return Object.fromEntries(header.map((title, at) => [title, row[at]!]));
  });
}

function headerOf(text: string): string {
  return text.slice(0, text.indexOf('\n'));
}

describe('each view', () => {
  test('processes, with the columns of the stream', () => {
    const { moment, rates } = new Scene();
    const rows = new ProcessRows();
    rows.build(moment.section, rates, SCOPE);
    const order = rows.order({ key: 'pid', isReversed: true });
    const text = viewToCsv({ kind: 'processes', rows }, moment, order);
    expect(headerOf(text)).toBe(
      'timestamp,pid,process,user,upload_bytes_per_s,download_bytes_per_s,upload_bytes,download_bytes,' +
        'connections,listen_ports',
    );
    expect(records(text).map(Object.values)).toEqual([
      [TIME, '8', DEFUSED, 'user-1000', '1200', '3000', '600', '1500', '2', '53'],
      [TIME, '7', 'nginx', 'user-1000', '4000', '0', '2000', '0', '1', '80'],
    ]);
  });

  test('hosts', () => {
    const { moment, rates } = new Scene();
    const rows = new HostRows();
    rows.build(moment.section, rates, SCOPE);
    const text = viewToCsv({ kind: 'hosts', rows }, moment, rows.order({ key: 'upload', isReversed: false }));
    expect(headerOf(text)).toBe(
      'timestamp,host,ip,country,upload_bytes_per_s,download_bytes_per_s,upload_bytes,download_bytes,' +
        'connections,processes,name_basis',
    );
    const found = records(text);
    expect(found.map(({ ip }) => ip)).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(found[0]).toMatchObject({
      host: "'+1.example.net",
      country: 'NL',
      upload_bytes_per_s: '4200',
      connections: '2',
      // Every name of the list, not only the first, is a cell to those who split at semicolons.
      processes: `nginx;${DEFUSED}`,
    });
    expect(found[1]).toMatchObject({ host: '', country: '', download_bytes_per_s: '3000' });
  });

  test('listening ports', () => {
    const { moment } = new Scene();
    const rows = new ListenRows();
    rows.build(moment.section, SCOPE);
    const text = viewToCsv({ kind: 'listen', rows }, moment, rows.order({ key: 'port', isReversed: false }));
    expect(headerOf(text)).toBe(
      'timestamp,proto,local_ip,local_port,service,pid,process,user,connections,sockets,command',
    );
    const found = records(text);
    expect(found.map(({ proto, local_port, pid, sockets }) => [proto, local_port, pid, sockets])).toEqual([
      ['udp', '53', '8', '1'],
      ['tcp', '80', '7', '2'],
    ]);
    expect(found[0]?.['command']).toStartWith("'-bash");
    expect(found[1]).toMatchObject({ connections: '1', command: 'nginx: master', local_ip: '0.0.0.0' });
  });

  test('groups', () => {
    const { moment, rates } = new Scene();
    const rows = new GroupRows();
    rows.build(moment.section, rates, SCOPE);
    const text = viewToCsv({ kind: 'groups', rows }, moment, rows.order({ key: 'rate', isReversed: false }));
    expect(headerOf(text)).toBe(
      'timestamp,group,type,processes,upload_bytes_per_s,download_bytes_per_s,upload_bytes,download_bytes,' +
        'connections',
    );
    expect(records(text).map(Object.values)).toEqual([
      [TIME, '/=1+1', 'other', '1', '1200', '3000', '600', '1500', '2'],
      [TIME, 'nginx.service', 'systemd', '1', '4000', '0', '2000', '0', '1'],
    ]);
  });

  test('connections of one process', () => {
    const scene = new Scene();
    const { moment, rates } = scene;
    const rows = new ConnectionRows();
    const owner = ownerOf(moment.section, 8);
    rows.build(moment.section, rates, SCOPE, owner);
    const order = rows.order({ key: 'upload', isReversed: false });
    const text = viewToCsv({ kind: 'connections', rows, owner }, moment, order);
    expect(headerOf(text)).toBe(
      'timestamp,pid,process,user,proto,local_ip,local_port,remote_ip,remote_port,remote_host,service,state,' +
        'age_s,rtt_us,retransmits,upload_bytes_per_s,download_bytes_per_s,upload_bytes,download_bytes,name_basis,alpn',
    );
    const v4 = ['tcp', '10.0.0.5', '40001', '192.0.2.1', '443', "'+1.example.net", 'https', 'ESTAB'];
    const v6 = ['tcp', '2001:db8::5', '40000', '2001:db8::1', '443', '', 'https', 'ESTAB'];
    const who = [TIME, '8', DEFUSED, 'user-1000'];
    expect(records(text).map(Object.values)).toEqual([
      [...who, ...v6, '0.5', '1200', '0', '1000', '3000', '500', '1500', '', ''],
      [...who, ...v4, '0.5', '1200', '0', '200', '0', '100', '0', 'ptr', ''],
    ]);
  });
});

test('the rows are those of the view: its filter holds, its order too, and places without a row are left out', () => {
  const { moment, rates } = new Scene();
  const rows = new ProcessRows();
  rows.build(moment.section, rates, SCOPE, filterOf('nginx'));
  const order = rows.order({ key: 'rate', isReversed: false });
  const text = viewToCsv({ kind: 'processes', rows }, moment, Int32Array.of(-1, ...order));
  expect(records(text).map(({ process }) => process)).toEqual(['nginx']);
});

test('sums of processes in place of the processes: --csv and --once with --group', () => {
  const { moment, rates } = new Scene();
  const options = { scope: SCOPE, sort: { key: 'pid', isReversed: false }, groupBy: 'program' } as const;
  const text = snapshotCsvHeader(options) + snapshotToCsv(moment.section, rates, moment.header, options);
  expect(
    records(text).map(({ group, type, processes, upload_bytes }) => [group, type, processes, upload_bytes]),
  ).toEqual([
    [DEFUSED, 'program', '1', '600'],
    ['nginx', 'program', '1', '2000'],
  ]);
  const units = { ...options, groupBy: 'unit', sort: { key: 'upload', isReversed: false } } as const;
  expect(tableText(moment.section, rates, moment.header, units)).toMatch(
    /\nUNIT +PROCS +UPLOAD .*\nnginx\.service +1 +3\.9 KB\/s .*\n- +1 +1\.2 KB\/s .*\n$/,
  );
});

test('rates are not smoothed', () => {
  const scene = new Scene();
  scene.step();
  const rows = new GroupRows();
  rows.build(scene.moment.section, scene.rates, SCOPE);
  const row = rows.rowOfGroup('nginx.service');
  expect(rows.up[row]).toBeGreaterThan(0);
  const text = viewToCsv({ kind: 'groups', rows }, scene.moment, Int32Array.of(row));
  expect(records(text)[0]).toMatchObject({ upload_bytes_per_s: '0', upload_bytes: '2000' });
});

test('before the second sample there are no rates: empty fields', () => {
  const world = new SampleWorld();
  world.addProcess(7);
  world.addSocket({ pid: 7, bornBeforeStart: true, tx: 9 });
  const facts = { commandLine: () => undefined, cgroup: () => undefined, userName: String };
  const section = new NetworkAttribution(facts).absorb(world.sample());
  const rates = new NetworkRates();
  rates.update(section, world.header());
  const moment = { section, rates, header: { ...world.header(), wallMillis: Number.NaN }, scope: SCOPE };
  const rows = new ConnectionRows();
  const owner = ownerOf(section, 7);
  rows.build(section, rates, SCOPE, owner);
  const text = viewToCsv({ kind: 'connections', rows, owner }, moment, Int32Array.of(0));
  expect(records(text)[0]).toMatchObject({
    timestamp: '',
    age_s: '',
    upload_bytes_per_s: '',
    upload_bytes: '0',
    remote_host: '',
    service: '',
  });
});

describe('formulas', () => {
  test.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-bash', "'-bash"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['＝1', "'＝1"],
    ['  =1', "'  =1"],
    ['"=1', '"\'""=1"'],
    ['a;=1', "a;'=1"],
    ['a\t=1', "a\t'=1"],
    ['a\n; "=1', '"a\n;\' ""=1"'],
    ['a=1', 'a=1'],
    ['curl -s x', 'curl -s x'],
    ['::1', '::1'],
  ])('%j is written as %j', (text, field) => expect(csvField(text)).toBe(field));

  test('numbers stay numbers, what is unknown is empty', () => {
    expect([csvField(-1.5), csvField(null)]).toEqual(['-1.5', '']);
  });

  test('no cell begins with one, wherever a spreadsheet splits; taking the apostrophes away gives the name', () => {
    const nasty = oneof(
      constantFrom('=', '@', '"', ';', '\t', '\n', ' ', ',', 'x'),
      string({ maxLength: 3 }),
    );
    assert(
      property(array(nasty, { maxLength: 12 }), (parts) => {
        const name = parts.join('').replaceAll("'", '');
        const field = csvField(name);
        const bare = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
        for (const cell of bare.split(/[;\t\r\n]/)) expect(cell).not.toMatch(/^[\s"]*[=+\-@]/);
        expect(bare.replaceAll("'", '')).toBe(name);
      }),
    );
  });

  test('a name of separators alone costs no more than its length', () => {
    const start = process.cpuUsage();
    csvField('\t'.repeat(1 << 20));
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000);
  });
});
