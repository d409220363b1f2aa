import { describe, expect, test } from 'bun:test';
import type { JsonValue } from '../../data/codec/json-values.ts';
import { InterfaceTable } from '../../data/sample/interface-table.ts';
import type { MachineSection } from '../../data/sample/machine-section.ts';
import type { ProcessDetailSection } from '../../data/sample/process-detail-section.ts';
import { ProcessTable } from '../../data/sample/process-table.ts';
import { CPU, CpuTable } from '../../data/schema/cpu-sample.ts';
import type { BlockDevice, DisksSection } from '../../data/schema/disks-section.ts';
import { type JournalSection, PROCESS_FACTS } from '../../data/schema/process-detail.ts';
import { unknownRecord } from '../../data/schema/record.ts';
import { plain } from '../../every-column.fixture.ts';
import { codeOf } from '../../kit/bytes/hostile.fixture.ts';
import { v2Frame, v2Json } from './v2-frame.ts';
import {
  type Capabilities,
  capabilities,
  decodeV2Reply,
  JsonSections,
  v2ErrorPayload,
  v2JsonPayload,
} from './v2-reply.ts';
import type { V2RequestName } from './v2-request.ts';

const HEADER = {
  ...{ hostName: 'pi', bootId: 'b-1', epoch: 1_700_000_000_000, monotonicMicros: 12_345.678 },
  ...{ wallMillis: 1.7e12, bootWallMillis: 1.69e12, clockTicksPerSecond: 100 },
};
const SECTION = {
  ...{ sequence: 3, monotonicMicros: 12_345.678, durationMicros: 7 },
  errors: [{ op: 'read', code: 'EACCES', message: 'no permission' }],
};
const part = <T>(value: T) => ({ value, error: undefined, monotonicMicros: 5, durationMicros: 1 });
const stall = { avg10: 1.25, avg60: Number.NaN, avg300: 0, totalMicros: 123_456_789 };
const sensor = {
  ...{ chip: 'cpu-thermal', label: 'temp1', id: 'thermal_zone0', device: undefined },
  ...{ celsius: 48.251, maxCelsius: undefined, criticalCelsius: 110 },
};

function cpuTimes(): CpuTable {
  const times = new CpuTable();
  times.rowOf(1);
  for (const column of [times.user, times.idle, times.frequencyHz]) column.set([1, Number.NaN, 2 ** 53 - 1]);
  times.isOnline.set([1, 0, 1]);
  return times;
}

function interfaces(): InterfaceTable {
  const table = new InterfaceTable();
  const slot = table.slots.add(2, 0, 0, 0);
  table.index[slot] = 2;
  table.names[slot] = 'eth0';
  table.rxBytes[slot] = 1;
  table.txBytes[slot] = Number.NaN;
  table.isUplink[slot] = 1;
  table.linkBitsPerSecond[slot] = 1e9;
  table.operationalStates[slot] = 'up';
  table.addresses.interfaceIndex[table.addresses.slots.add(0, 0, 0xffff, 0x0a00_0005)] = 2;
  table.addresses.interfaceIndex[table.addresses.slots.add(0xfe80_0000, 0, 0, 1)] = 2;
  return table;
}

const MACHINE: MachineSection = {
  ...SECTION,
  cpu: part({
    ...unknownRecord(CPU),
    ...{ times: cpuTimes(), ticksPerSecond: 100, onlineCount: 2, modelName: 'Raspberry Pi 5' },
    ...{ load1: 0.07, load5: 0.1, runnableTasks: 1, uptimeSeconds: 3600.25, contextSwitches: 2 ** 53 - 1 },
    ...{ blockedTasks: 0, cpuPressure: { some: stall, full: undefined } },
  }),
  memory: {
    ...{ value: undefined, monotonicMicros: 0, durationMicros: 0 },
    error: { op: 'open', code: 'ENOENT', message: '/proc/meminfo' },
  },
  networks: part(interfaces()),
  sensors: part({ sensors: [sensor], cpu: sensor }),
  gpus: part([
    {
      ...{ id: '0000:01:00.0', name: 'RTX', vendor: 'nvidia', isAsleep: false, utilizationPercent: 3 },
      ...{ memoryUsedBytes: 1, memoryTotalBytes: 2, temperatureCelsius: undefined, powerMilliwatts: 15_000 },
      ...{ frequencyHz: 1e9, maxFrequencyHz: 2e9 },
      processes: [
        {
          ...{ pid: 7, memoryBytes: 5, utilizationPercent: undefined },
          engines: [{ engine: 'render', busy: 5, total: undefined, capacity: 1 }],
        },
      ],
    },
  ]),
};

const DEVICE: BlockDevice = {
  ...{
    name: 'nvme0n1p2',
    major: 259,
    minor: 2,
    isPartition: true,
    parentName: 'nvme0n1',
    label: 'nvme0n1p2',
  },
  ...{ model: undefined, sizeBytes: 2 ** 40, isRotational: false, reads: 1, readBytes: 2, readMillis: 3 },
  ...{ writes: 4, writtenBytes: 5, writeMillis: 6, inFlight: 0, busyMillis: 7, weightedMillis: 8 },
  ...{ discardedBytes: undefined, temperatureCelsius: 35.5 },
};

const DISKS: DisksSection = {
  ...SECTION,
  devices: [DEVICE],
  fileSystems: [
    {
      ...{ name: 'nvme0n1p2', source: '/dev/nvme0n1p2', mountPoint: '/', type: 'ext4', isReadOnly: false },
      ...{ isPartition: true, device: DEVICE, totalBytes: 10, usedBytes: 4, availableBytes: 5 },
      ...{ inodes: 0, freeInodes: undefined },
    },
  ],
};

const PROCESS: ProcessDetailSection = {
  ...SECTION,
  process: {
    ...unknownRecord(PROCESS_FACTS),
    ...{
      pid: 7,
      ppid: 1,
      name: 'nginx',
      state: 83,
      startTicks: 99,
      userTicks: 5,
      systemTicks: 6,
      cpuNanos: 7,
    },
    ...{ threadCount: 2, nice: -5, effectiveUid: 33, userName: 'www-data', residentBytes: 1, sharedBytes: 2 },
    ...{ virtualBytes: 3, commandLine: '', workingDirectory: '/', cgroup: '/system.slice/nginx.service' },
  },
  threads: [{ tid: 7, name: 'nginx', state: 83, userTicks: 1, systemTicks: 2, startTicks: 99 }],
  children: new ProcessTable(1),
};

const JOURNAL: JournalSection = {
  ...{ ...SECTION, pid: 7, isTruncated: true, notice: undefined },
  entries: [
    {
      ...{ realtimeMicros: 1.7e15, priority: undefined, message: 'started', unit: 'nginx.service' },
      ...{ identifier: 'nginx', pid: 7, comm: 'nginx', uid: 0, gid: undefined },
    },
  ],
};

const CAPABILITIES: Capabilities = {
  ...{
    version: '0.1.0',
    platform: 'linux',
    pid: 4711,
    requests: ['get_metrics', 'get_network'],
    networkTier: 'ebpf',
  },
  ...{ counted: 'l3', tiers: [{ tier: 'packet', isAvailable: false, detail: 'needs CAP_NET_RAW' }] },
  ...{ missing: [{ what: 'gpu', why: 'switched off' }], hasToken: true, metricsTtlMillis: 250 },
  ...{ processesTtlMillis: 1500, disksTtlMillis: 1000, notice: undefined },
};

/** Through a frame and back, as JSON on the way; tables as they are compared. */
function throughWire(request: V2RequestName, written: JsonValue): unknown {
  const { reply, ...fields } = decodeV2Reply(request, v2Frame(7, v2JsonPayload(written)));
  expect(reply).toBe(request);
  return plain(Object.values(fields)[0]);
}

const told = <T>(section: T) => ({ header: HEADER, section });
const json = (text: string) => v2Frame(1, v2Json(text));

describe('JSON replies of socktop.v2', () => {
  test('come back as they went', () => {
    const codecs = new JsonSections();
    expect(throughWire('get_metrics', codecs.machine.write(told(MACHINE)))).toEqual(plain(told(MACHINE)));
    expect(throughWire('get_disks', codecs.disks.write(told(DISKS)))).toEqual(plain(told(DISKS)));
    expect(throughWire('get_process_metrics', codecs.processDetail.write(told(PROCESS)))).toEqual(
      plain(told(PROCESS)),
    );
    expect(throughWire('get_journal_entries', codecs.journal.write(told(JOURNAL)))).toEqual(
      plain(told(JOURNAL)),
    );
    expect(throughWire('get_capabilities', capabilities.write(CAPABILITIES))).toEqual(CAPABILITIES);
  });

  test('names on the wire have underscores, what is unknown is left out', () => {
    const written = JSON.parse(JSON.stringify(new JsonSections().machine.write(told(MACHINE))));
    expect(written.header).toEqual({
      ...{ host_name: 'pi', boot_id: 'b-1', epoch: 1_700_000_000_000, monotonic_micros: 12_345.678 },
      ...{ wall_millis: 1.7e12, boot_wall_millis: 1.69e12, clock_ticks_per_second: 100 },
    });
    expect(written.cpu.value.times.user).toEqual([1, null, 2 ** 53 - 1]);
    expect('load15' in written.cpu.value).toBe(false);
    expect(written.networks.value).toEqual([
      {
        ...{ index: 2, name: 'eth0', rx_bytes: 1, rx_packets: 0, tx_packets: 0, mtu_bytes: 0 },
        ...{
          is_loopback: 0,
          is_uplink: 1,
          is_over_uplink: 0,
          is_up: 0,
          link_bits_per_second: 1e9,
          operational_state: 'up',
        },
        addresses: ['10.0.0.5', 'fe80::1'],
      },
    ]);
    expect(written.memory).toEqual({
      ...{ error: { op: 'open', code: 'ENOENT', message: '/proc/meminfo' } },
      ...{ monotonic_micros: 0, duration_micros: 0 },
    });
  });

  test('fields that this version does not know are passed over, those that are missing or null are unknown', () => {
    const text = `{"header":{"host_name":"a"},"section":{},"cpu":{"value":{"times":{},"load5":null}},
      "memory":{},"networks":{},"sensors":{},"gpus":{},"weather":{"rain":true}}`;
    expect(decodeV2Reply('get_metrics', json(text))).toMatchObject({
      told: {
        header: { hostName: 'a', clockTicksPerSecond: 100 },
        section: { cpu: { value: { load1: undefined, load5: undefined, times: { count: 1 } } } },
      },
    });
  });

  test('a reply that is refused changes nothing of the tables that were told before', () => {
    const sections = new JsonSections();
    const whole = (rx: number, gpus: string) =>
      json(`{"header":{},"section":{},"cpu":{"value":{"times":{"user":[${rx}]}}},"memory":{},
        "networks":{"value":[{"index":1,"name":"eth0","rx_bytes":${rx},"is_up":true}]},"sensors":{},"gpus":${gpus}}`);
    const answer = decodeV2Reply('get_metrics', whole(5, '{}'), sections);
    if (answer.reply !== 'get_metrics') throw new TypeError(answer.reply);
    const table = answer.told.section.networks.value!;
    const times = answer.told.section.cpu.value!.times;
    const serial = table.slots.serial[0];
    expect(codeOf(() => decodeV2Reply('get_metrics', whole(6, '7'), sections))).toBe('BAD_VALUE');
    expect([table.rxBytes[0], table.isUp[0], times.user[0]]).toEqual([5, 1, 5]);
    decodeV2Reply('get_metrics', whole(7, '{}'), sections);
    expect([table.rxBytes[0], times.user[0], table.slots.serial[0]]).toEqual([7, 7, serial]);
  });

  test('an error is an error, whatever was asked', () => {
    const error = { error: 'no such process', request: 'get_process_metrics', pid: 7, code: 'ESRCH' };
    const frame = v2Frame(9, v2ErrorPayload(error));
    expect(decodeV2Reply('get_network', frame)).toEqual({ reply: 'error', error });
    expect(decodeV2Reply('get_process_metrics', frame)).toEqual({ reply: 'error', error });
  });

  test('wrong types are errors', () => {
    for (const text of [
      '[]',
      '{"header":5}',
      '{"header":{"host_name":5}}',
      '{"header":{},"section":{"errors":{}}}',
      '{"header":{},"section":{},"cpu":{"value":{"times":{"user":5}}}}',
      '{"header":{},"section":{},"cpu":{"value":{"times":{"user":["5"]}}}}',
    ]) {
      expect([text, codeOf(() => decodeV2Reply('get_metrics', json(text)))]).toEqual([text, 'BAD_VALUE']);
    }
    const links = `{"header":{},"section":{},"cpu":{},"memory":{},"networks":{"value":[${'{},'.repeat(4096)}{}]}}`;
    expect(codeOf(() => decodeV2Reply('get_metrics', json(links)))).toBe('TOO_MANY_ROWS');
  });
});
