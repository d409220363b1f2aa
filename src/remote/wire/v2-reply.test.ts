import { describe, expect, test } from 'bun:test';
import { codeOf } from '../../kit/bytes/hostile.fixture.ts';
import { type Capabilities, capabilities } from './agent-capabilities.ts';
import { type DisksMessage, disksMessage } from './disks-message.ts';
import type { JsonCodec } from './json-codec.ts';
import { type MachineMessage, machineMessage } from './machine-message.ts';
import {
  type JournalMessage,
  journalMessage,
  type ProcessMessage,
  processMessage,
} from './process-message.ts';
import { v2Frame, v2Json } from './v2-frame.ts';
import { decodeV2Reply, v2ErrorPayload, v2JsonPayload } from './v2-reply.ts';
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
const stall = { avg10: 1.25, avg60: undefined, avg300: 0, totalMicros: 123_456_789 };
const sensor = {
  ...{ chip: 'cpu-thermal', label: 'temp1', id: 'thermal_zone0', device: undefined },
  ...{ celsius: 48.251, maxCelsius: undefined, criticalCelsius: 110 },
};
const column = [1, Number.NaN, 2 ** 53 - 1];

const MACHINE: MachineMessage = {
  header: HEADER,
  section: SECTION,
  cpu: part({
    times: {
      ...{ user: column, nice: column, system: column, idle: column, iowait: column, irq: column },
      ...{ softirq: column, steal: column, guest: column, frequencyHz: column, isOnline: [1, 0, 1] },
    },
    ...{ ticksPerSecond: 100, onlineCount: 2, modelName: 'Raspberry Pi 5', maxFrequencyHz: 2.4e9 },
    ...{ load1: 0.07, load5: 0.1, load15: undefined, runnableTasks: 1, tasks: 300, uptimeSeconds: 3600.25 },
    ...{ contextSwitches: 2 ** 53 - 1, forks: 5, interrupts: 6, blockedTasks: 0 },
    ...{ cpuPressure: { some: stall, full: undefined }, memoryPressure: undefined, ioPressure: undefined },
  }),
  memory: {
    ...{ value: undefined, monotonicMicros: 0, durationMicros: 0 },
    error: { op: 'open', code: 'ENOENT', message: '/proc/meminfo' },
  },
  networks: part([
    {
      ...{ index: 2, name: 'eth0', rxBytes: 1, txBytes: 2, rxPackets: 3, txPackets: 4, rxErrors: undefined },
      ...{ txErrors: 0, rxDropped: 1, txDropped: undefined, isLoopback: false, isUplink: true, isUp: true },
      ...{ linkBitsPerSecond: 1e9, mtuBytes: 1500, operationalState: 'up', hardwareAddress: undefined },
      addresses: ['10.0.0.5', 'fe80::1'],
    },
  ]),
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

const DISKS: DisksMessage = {
  header: HEADER,
  section: SECTION,
  fileSystems: [
    {
      ...{ name: 'nvme0n1p2', source: '/dev/nvme0n1p2', mountPoint: '/', type: 'ext4', isReadOnly: false },
      ...{ isPartition: true, deviceName: 'nvme0n1p2', totalBytes: 10, usedBytes: 4, availableBytes: 5 },
      ...{ inodes: 0, freeInodes: undefined },
    },
  ],
  devices: [
    {
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
    },
  ],
};

const PROCESS: ProcessMessage = {
  header: HEADER,
  section: SECTION,
  process: {
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
    ...{ threadCount: 2, nice: -5, effectiveUid: 33, effectiveGid: undefined, userName: 'www-data' },
    ...{
      residentBytes: 1,
      sharedBytes: 2,
      virtualBytes: 3,
      swappedBytes: undefined,
      commandLine: 'nginx -g',
    },
    ...{ executablePath: undefined, workingDirectory: '/', cgroup: '/system.slice/nginx.service' },
    ...{ descriptorCount: 12, readBytes: 1, writtenBytes: 2, voluntarySwitches: 3, involuntarySwitches: 4 },
  },
  threads: [{ tid: 7, name: 'nginx', state: 83, userTicks: 1, systemTicks: 2, startTicks: 99 }],
  children: [
    {
      ...{ pid: 8, startTicks: 100, name: 'worker', state: 82, uid: -1, threads: 1, cpuNanos: undefined },
      rssBytes: 4096,
    },
  ],
};

const JOURNAL: JournalMessage = {
  ...{ header: HEADER, section: SECTION, pid: 7, isTruncated: true, notice: undefined },
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

/** Through a frame and back, as JSON on the way. */
function throughWire<T>(request: V2RequestName, codec: JsonCodec<T>, value: T): unknown {
  const { reply, ...fields } = decodeV2Reply(request, v2Frame(7, v2JsonPayload(codec, value)));
  expect(reply).toBe(request);
  return Object.values(fields)[0];
}

describe('JSON replies of socktop.v2', () => {
  test('come back as they went', () => {
    expect(throughWire('get_metrics', machineMessage, MACHINE)).toEqual(MACHINE);
    expect(throughWire('get_disks', disksMessage, DISKS)).toEqual(DISKS);
    expect(throughWire('get_process_metrics', processMessage, PROCESS)).toEqual(PROCESS);
    expect(throughWire('get_journal_entries', journalMessage, JOURNAL)).toEqual(JOURNAL);
    expect(throughWire('get_capabilities', capabilities, CAPABILITIES)).toEqual(CAPABILITIES);
  });

  test('names on the wire have underscores, what is unknown is null', () => {
    const written = JSON.parse(JSON.stringify(machineMessage.write(MACHINE, 'v2')));
    expect(written.header).toEqual({
      ...{ host_name: 'pi', boot_id: 'b-1', epoch: 1_700_000_000_000, monotonic_micros: 12_345.678 },
      ...{ wall_millis: 1.7e12, boot_wall_millis: 1.69e12, clock_ticks_per_second: 100 },
    });
    expect(written.cpu.value.times.user).toEqual([1, null, 2 ** 53 - 1]);
    expect(written.cpu.value.load15).toBeNull();
    expect(written.memory).toMatchObject({ value: null, error: { code: 'ENOENT' } });
  });

  test('fields that this version does not know are passed over, those that are missing are unknown', () => {
    const frame = v2Frame(
      1,
      v2Json(
        '{"header":{"host_name":"a"},"section":{},"cpu":{"value":{"times":{}}},"memory":{},"networks":{},"sensors":{},"gpus":{},"weather":{"rain":true}}',
      ),
    );
    const answer = decodeV2Reply('get_metrics', frame);
    expect(answer).toMatchObject({
      machine: {
        header: { hostName: 'a', clockTicksPerSecond: 100 },
        cpu: { value: { load1: undefined, times: { user: [] } } },
      },
    });
  });

  test('an error is an error, whatever was asked', () => {
    const error = { error: 'no such process', request: 'get_process_metrics', pid: 7, code: 'ESRCH' };
    const frame = v2Frame(9, v2ErrorPayload(error));
    expect(decodeV2Reply('get_network', frame)).toEqual({ reply: 'error', error });
    expect(decodeV2Reply('get_process_metrics', frame)).toEqual({ reply: 'error', error });
  });

  test('wrong types are errors', () => {
    for (const json of [
      '[]',
      '{"header":5}',
      '{"header":{"host_name":5}}',
      '{"header":{},"section":{"errors":{}}}',
    ]) {
      expect(codeOf(() => decodeV2Reply('get_metrics', v2Frame(1, v2Json(json))))).toBe('BAD_VALUE');
    }
  });
});
