import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Snapshot } from '../../../data/sample/snapshot.ts';
import { CpuTable } from '../../../data/schema/cpu-sample.ts';
import { parseExposition, seriesOf } from './exposition-parser.fixture.ts';
import { MetricsPage } from './metrics-page.ts';
import {
  blockDevice,
  cpuSample,
  disksSection,
  FAILURE,
  fileSystem,
  fullSnapshot,
  GPU,
  HEADER,
  interfaceTable,
  machineSection,
  pageRequest,
  part,
  processSection,
  sensor,
} from './metrics-world.fixture.ts';
import type { MetricsFormat } from './negotiate.ts';

const FORMATS: readonly MetricsFormat[] = ['text', 'openmetrics'];

function families(snapshot: Snapshot, format: MetricsFormat = 'text') {
  return parseExposition(new MetricsPage().encode(pageRequest(snapshot), format), format);
}

function series(snapshot: Snapshot): Map<string, number> {
  return seriesOf(families(snapshot));
}

function sectionOf(snapshot: Snapshot, prefix: string): Record<string, number> {
  return Object.fromEntries([...series(snapshot)].filter(([name]) => name.startsWith(prefix)));
}

const FRAGMENTS = [
  `# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="user"} 1234.56
node_cpu_seconds_total{cpu="0",mode="nice"} 0
node_cpu_seconds_total{cpu="0",mode="system"} 0.05
node_cpu_seconds_total{cpu="0",mode="idle"} 99999.99
`,
  `# TYPE node_boot_time_seconds gauge
node_boot_time_seconds 1690000000
`,
  `# TYPE node_load1 gauge
node_load1 0.52
`,
  `# TYPE node_pressure_cpu_waiting_seconds_total counter
node_pressure_cpu_waiting_seconds_total 547.929383
`,
  `# TYPE node_memory_MemTotal_bytes gauge
node_memory_MemTotal_bytes 8000000000
`,
  'node_memory_Cached_bytes 200\n',
  'node_memory_SwapFree_bytes 30\n',
  `# TYPE node_filesystem_avail_bytes gauge
node_filesystem_avail_bytes{device="/dev/vda",fstype="ext4",mountpoint="/"} 600
`,
  `# TYPE node_disk_read_time_seconds_total counter
node_disk_read_time_seconds_total{device="vda"} 316.138
`,
  `# TYPE node_network_receive_bytes_total counter
node_network_receive_bytes_total{device="lo"} 1469809634
node_network_receive_bytes_total{device="eth0"} 1469809635
`,
  'node_network_speed_bytes{device="eth0"} 125000000\n',
  `# TYPE node_hwmon_temp_celsius gauge
node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp1"} 48.5
`,
  'node_hwmon_sensor_label{chip="platform_coretemp_0",label="Package id 0",sensor="temp1"} 1\n',
  'node_thermal_zone_temp{type="acpitz",zone="0"} 48.5\n',
  'socktop_gpu_utilization_ratio{gpu="0000:01:00.0"} 0.37\n',
  'namedprocess_namegroup_num_procs{groupname="kworker"} 1\n',
  'namedprocess_namegroup_memory_bytes{groupname="systemd",memtype="resident"} 4096\n',
  'namedprocess_namegroup_oldest_start_time_seconds{groupname="systemd"} 1690000000.02\n',
  'socktop_agent_collection_duration_seconds{section="disks"} 0.003\n',
  'socktop_agent_build_info{version="1.2.3"} 1\n',
];

describe('a page', () => {
  const page = new TextDecoder().decode(new MetricsPage().encode(pageRequest(fullSnapshot()), 'text'));

  test('has fragments as node_exporter and process-exporter write them', () => {
    for (const fragment of FRAGMENTS) expect(page).toContain(fragment);
  });

  test('has nothing of what nobody knows', () => {
    const absent = ['node_load15', 'node_memory_Writeback', 'node_pressure_memory', 'undefined'];
    for (const name of absent) expect(page.includes(name)).toBe(false);
    expect(page).not.toMatch(/ (?:NaN|[+-]?Inf)$/m);
  });
});

test('both formats hold the same series', () => {
  expect(seriesOf(families(fullSnapshot(), 'openmetrics'))).toEqual(series(fullSnapshot()));
});

test('counters and infos are families without their suffix to OpenMetrics', () => {
  const parsed = families(fullSnapshot(), 'openmetrics');
  expect(parsed.get('node_cpu_seconds')).toMatchObject({ type: 'counter', unit: 'seconds' });
  expect(parsed.get('node_forks')).toMatchObject({ type: 'counter', unit: undefined });
  expect(parsed.get('socktop_agent_build')).toMatchObject({ type: 'info' });
});

test('another length of the clock tick', () => {
  const cpu = part(cpuSample({ ticksPerSecond: 250 }));
  const shown = series(fullSnapshot({ machine: machineSection({ cpu }) }));
  expect(shown.get('node_cpu_seconds_total{cpu="0",mode="user"}')).toBe(123_456 / 250);
});

test('cores that are not there have no series', () => {
  const times = new CpuTable();
  times.idle[times.rowOf(3)] = 100;
  const cpu = part(cpuSample({ times }));
  expect(sectionOf(fullSnapshot({ machine: machineSection({ cpu }) }), 'node_cpu_')).toEqual({
    'node_cpu_seconds_total{cpu="3",mode="idle"}': 1,
  });
});

test('partitions are in no sum, and what cannot be asked is an error and no size', () => {
  const disks = disksSection({
    devices: [blockDevice('sda'), blockDevice('sda1', { isPartition: true })],
    fileSystems: [
      fileSystem('/mnt', { totalBytes: undefined, usedBytes: undefined, availableBytes: undefined }),
    ],
  });
  const shown = [...series(fullSnapshot({ disks })).keys()];
  expect(shown.filter((name) => name.startsWith('node_disk_reads'))).toHaveLength(1);
  expect(shown.filter((name) => name.startsWith('node_filesystem_size'))).toHaveLength(0);
  expect(sectionOf(fullSnapshot({ disks }), 'node_filesystem_device_error')).toEqual({
    'node_filesystem_device_error{device="/dev/vda",fstype="ext4",mountpoint="/mnt"}': 1,
  });
});

test('chips are told apart, those of one device too', () => {
  const drive = { chip: 'nvme', device: 'nvme0', bus: 'nvme', label: 'Composite' };
  const sensors = [
    ...[sensor('hwmon0/temp1', drive), sensor('hwmon0/temp2', { ...drive, label: 'temp2' })],
    ...[
      sensor('hwmon1/temp1', drive),
      sensor('hwmon2/temp1', { device: undefined, bus: undefined, chip: 'Odd chip!' }),
    ],
    sensor('hwmon3/temp1', { device: '0000:00:18.3', bus: 'pci0000:00', celsius: undefined }),
  ];
  const machine = machineSection({ sensors: part({ sensors, cpu: undefined }) });
  const shown = [...series(fullSnapshot({ machine })).keys()].filter((name) =>
    name.includes('hwmon_temp_celsius'),
  );
  expect(shown).toEqual([
    'node_hwmon_temp_celsius{chip="nvme_nvme0",sensor="temp1"}',
    'node_hwmon_temp_celsius{chip="nvme_nvme0",sensor="temp2"}',
    'node_hwmon_temp_celsius{chip="nvme_nvme0_hwmon1",sensor="temp1"}',
    'node_hwmon_temp_celsius{chip="odd_chip",sensor="temp1"}',
  ]);
  expect(sectionOf(fullSnapshot({ machine }), 'node_hwmon_temp_max_celsius')).toMatchObject({
    'node_hwmon_temp_max_celsius{chip="pci0000:00_0000:00:18_3",sensor="temp1"}': 100,
  });
});

describe('what could not be collected', () => {
  test('is left out, and its collection has failed', () => {
    const shown = series({ header: HEADER, errors: [FAILURE] });
    const names = new Set([...shown.keys()].map((name) => name.replace(/\{.*/, '')));
    expect([...names].filter((name) => !name.startsWith('socktop_agent'))).toEqual([
      ...['node_time_seconds', 'node_boot_time_seconds', 'process_cpu_seconds_total'],
    ]);
    for (const section of ['cpu', 'memory', 'interfaces', 'disks', 'processes']) {
      expect(shown.get(`socktop_agent_collection_success{section="${section}"}`)).toBe(0);
      expect(shown.get(`socktop_agent_collection_errors_total{section="${section}"}`)).toBe(1);
    }
  });

  test('does not count what is switched off, and a sample that is shown again failed once', () => {
    const page = new MetricsPage();
    const machine = machineSection({
      sensors: part<never>(undefined),
      memory: part<never>(undefined, FAILURE),
    });
    const shown = (): Map<string, number> =>
      seriesOf(parseExposition(page.encode(pageRequest(fullSnapshot({ machine })), 'text'), 'text'));
    shown();
    const again = shown();
    expect(again.has('socktop_agent_collection_success{section="sensors"}')).toBe(false);
    expect(again.get('socktop_agent_collection_success{section="memory"}')).toBe(0);
    expect(again.get('socktop_agent_collection_errors_total{section="memory"}')).toBe(1);
    expect(again.get('socktop_agent_collection_success{section="cpu"}')).toBe(1);
    expect(again.has('node_memory_MemTotal_bytes')).toBe(false);
  });
});

describe('hostile names', () => {
  const evil = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({
      unit: fc.constantFrom('"', '\\', '\n', '\r', '\0', '{', '}', ',', '=', '#', ' ', '\ud800', '\x7f'),
    }),
    fc.constantFrom('', 'other', 'unknown', '# EOF', '\n# TYPE x counter\n', 'a"} 1\nx{y="'),
  );
  const names = fc.array(evil, { minLength: 1, maxLength: 8 });

  test('leave every page well formed, no series twice, no line forged', () => {
    fc.assert(
      fc.property(names, fc.constantFrom(...FORMATS), (given, format) => {
        const [first = ''] = given;
        const sensors = given.map((name) =>
          sensor(name, { chip: name, device: name, bus: name, label: name }),
        );
        const machine = machineSection({
          networks: part(interfaceTable(given)),
          sensors: part({ sensors, cpu: undefined }),
          gpus: part(given.map((name) => ({ ...GPU, id: name, name }))),
        });
        const disks = disksSection({
          devices: given.map((name) => blockDevice(name, { model: name })),
          fileSystems: given.map((name) => fileSystem(name, { source: first, type: name })),
        });
        const processes = given.map((name, i) => ({ pid: i + 1, name, cpuNanos: i }));
        const snapshot = fullSnapshot({ machine, disks, machineProcesses: processSection(processes) });
        const parsed = families(snapshot, format);
        const known = families(fullSnapshot(), format);
        for (const name of parsed.keys())
          if (!known.has(name)) expect(name).toMatch(/^node_(?:hwmon|thermal)_/);
        const procs = parsed.get('namedprocess_namegroup_num_procs')!.samples;
        expect(procs.reduce((sum, { value }) => sum + value, 0)).toBe(given.length);
      }),
    );
  });

  test('two that look alike are one series, and the page says that a row is left out', () => {
    const disks = disksSection({ fileSystems: [fileSystem('/a\x01'), fileSystem('/a\x02')] });
    const shown = series(fullSnapshot({ disks }));
    expect(shown.get('socktop_agent_collection_rows_left_out{section="disks"}')).toBe(1);
  });
});

test('a page of thousands of rows stays within its bounds', () => {
  const many = Array.from({ length: 3000 }, (_, i) => `veth${i}`);
  const machine = machineSection({ networks: part(interfaceTable(many)) });
  const shown = series(fullSnapshot({ machine }));
  expect(shown.get('socktop_agent_collection_rows_left_out{section="interfaces"}')).toBe(3000 - 1024);
  expect(shown.get('node_network_mtu_bytes{device="veth1023"}')).toBe(1500);
});
