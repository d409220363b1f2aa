import { NetworkAttribution } from '../../../src/data/attribution/network-attribution.ts';
import { AlertTracker } from '../../../src/data/query/alert-tracker.ts';
import { ConnectionRows } from '../../../src/data/query/connection-rows.ts';
import type { FilterNames } from '../../../src/data/query/filter/filter-context.ts';
import type { FilterExpression } from '../../../src/data/query/filter/filter-expression.ts';
import { parseFilter } from '../../../src/data/query/filter/parse-filter.ts';
import { GroupRows } from '../../../src/data/query/group-rows.ts';
import { HostRows } from '../../../src/data/query/host-rows.ts';
import { ListenRows } from '../../../src/data/query/listen-rows.ts';
import { ProcessRows } from '../../../src/data/query/process-rows.ts';
import type { Scope } from '../../../src/data/query/scope.ts';
import { TreeRows } from '../../../src/data/query/tree-rows.ts';
import { NetworkRates } from '../../../src/data/rates/network-rates.ts';
import type { NetworkSection } from '../../../src/data/sample/network-section.ts';
import { SampleWorld } from '../../../src/data/sample/sample-world.fixture.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { type BenchRow, type BenchTable, inProcess, measure, measuredRow } from '../../harness.ts';

const SOCKETS = 20_000;
const PROCESSES = 3_000;
const LISTENERS = 1_000;
const BUILDS = 40;
const VISIBLE_ROWS = 50;
const SCOPE: Scope = { interfaceIndex: undefined, includeLoopback: false };
const OUT = new Int32Array(VISIBLE_ROWS);
const BY_RATE = { key: 'rate', isReversed: false } as const;

/** 20,000 connections of 3,000 processes in 300 services to 12,500 hosts of which every fourth has a name. */
class Load {
  readonly section: NetworkSection;
  readonly rates = new NetworkRates();
  readonly names: FilterNames;

  constructor() {
    const world = new SampleWorld();
    const attribution = new NetworkAttribution({
      commandLine: (pid) => `/usr/lib/service/bin/worker --number ${pid} --verbose`,
      cgroup: (pid) => `/system.slice/service-${pid % 300}.service`,
      userName: String,
    });
    for (let i = 0; i < PROCESSES; i++) {
      world.addProcess(i + 10, { name: `worker-${i % 700}` });
      world.processes.ppid[world.processes.find(i + 10)] = i < 50 ? 1 : 10 + (i % 50);
    }
    const sockets: number[] = [];
    const known = new Map<string, string>();
    for (let i = 0; i < SOCKETS; i++) {
      const remote = `198.51.${Math.floor(i / 250) % 50}.${i % 250}`;
      if (i % 4 === 0) known.set(remote, `host-${i}.example.org`);
      const protocol = i % 20 === 0 ? PROTOCOL_UDP : PROTOCOL_TCP;
      const pid = (i % PROCESSES) + 10;
      if (i < LISTENERS) world.addListener(1000 + i, { pid });
      else {
        const port = { localPort: 1000 + (i % 30_000), remotePort: i % 3 === 0 ? 443 : 5432 };
        sockets.push(world.addSocket({ pid, remote, protocol, ...port }));
      }
    }
    attribution.absorb(world.sample());
    for (const slot of sockets) world.grow(slot, 1000, 2000);
    this.section = attribution.absorb(world.sample());
    this.rates.update(this.section, world.header());
    this.names = {
      hostName: (address) => known.get(address),
      serviceName: (port) => (port === 443 ? 'https' : undefined),
    };
  }

  filter(text: string): FilterExpression | undefined {
    const parsed = parseFilter(text, this.names);
    return 'filter' in parsed ? parsed.filter : undefined;
  }
}

/** CPU of making each list anew and choosing the rows on screen, and what filters add to that of the processes. */
export async function run(): Promise<BenchTable> {
  const load = new Load();
  const { section, rates, names } = load;
  const rows: BenchRow[] = [];
  const add = async (name: string, build: () => unknown): Promise<void> => {
    rows.push(measuredRow(name, await measure(inProcess(build, BUILDS)), 'build and window'));
  };
  const processes = new ProcessRows();
  for (const text of FILTERS) {
    const filter = load.filter(text);
    await add(`processes ${text}`, () => {
      processes.build(section, rates, SCOPE, filter);
      processes.window(BY_RATE, 0, VISIBLE_ROWS, OUT);
    });
  }
  processes.build(section, rates, SCOPE);
  const tree = new TreeRows();
  await add('tree', () => tree.build(section, processes, BY_RATE, new Set()));
  const hosts = new HostRows();
  for (const text of ['', 'example.org !svc:https']) {
    const filter = load.filter(text);
    await add(`hosts ${text}`, () => {
      hosts.build(section, rates, SCOPE, filter, names);
      hosts.window(BY_RATE, 0, VISIBLE_ROWS, OUT);
    });
  }
  await add('hosts by name', () => {
    hosts.build(section, rates, SCOPE, undefined, names);
    hosts.window({ key: 'name', isReversed: false }, 0, VISIBLE_ROWS, OUT);
  });
  const listens = new ListenRows();
  await add('listen', () => {
    listens.build(section, SCOPE);
    listens.window({ key: 'port', isReversed: false }, 0, VISIBLE_ROWS, OUT);
  });
  const groups = new GroupRows();
  await add('groups', () => {
    groups.build(section, rates, SCOPE);
    groups.window(BY_RATE, 0, VISIBLE_ROWS, OUT);
  });
  const connections = new ConnectionRows();
  await add('connections of one process', () => {
    connections.build(section, rates, SCOPE, section.owners.slots.rows[100]!);
    connections.window(BY_RATE, 0, VISIBLE_ROWS, OUT);
  });
  const alerts = new AlertTracker();
  alerts.setThreshold(1e6);
  await add('alerts', () => alerts.update(section, rates, SCOPE));
  return { title: `Lists of ${SOCKETS} sockets, ${PROCESSES} processes, 12,500 hosts`, rows };
}

const FILTERS = [
  '',
  'worker-12',
  'port:443',
  'port:443 proto:tcp state:estab !port:22',
  'svc:https | svc:ssh',
  'host:example.org',
  'host:198.51.7.0/24 !proto:udp | host:nothing.like.it',
  'group:service-12 up>1K',
];
