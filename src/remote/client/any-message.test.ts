import { describe, expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { assert, constantFrom, integer, jsonValue, oneof, property } from 'fast-check';
import { CpuUsage } from '../../data/rates/cpu-rates.ts';
import { MachineRates } from '../../data/rates/machine-rates.ts';
import { readAllTotals } from '../../data/recording/totals-files.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { Buffer } from '../../screen/buffer/buffer.ts';
import { linesOf } from '../../screen/buffer/buffer-look.fixture.ts';
import { TOKYO_NIGHT } from '../../screen/style/theme.ts';
import { agentAlerts, firingText, renderAlerts } from '../../views/overlays/alerts.ts';
import { totalsPage } from '../wire/history-reply.ts';
import { decodeOriginalReply } from '../wire/original-protocol.ts';
import { v2Frame, v2Json } from '../wire/v2-frame.ts';
import { decodeV2Reply, JsonSections } from '../wire/v2-reply.ts';
import { OriginalMachine, originalDisksSection } from './original-machine.ts';
import { originalDetailSection, originalJournalSection } from './original-process-list.ts';

const HEADER = {
  host_name: 'h',
  boot_id: 'b',
  epoch: 1,
  monotonic_micros: 1e6,
  wall_millis: 1,
  boot_wall_millis: 1,
};
const SECTION = { sequence: 1, monotonic_micros: 1e6, duration_micros: 1, errors: [] };
const CORE = [1, 2, 3];
const TIMES = {
  ...{ user: CORE, nice: CORE, system: CORE, idle: CORE, iowait: CORE, irq: CORE, softirq: CORE },
  ...{ steal: CORE, guest: CORE, frequency_hz: CORE, is_online: [1, 1, 1] },
};
const LINK = {
  index: 1,
  name: 'eth0',
  rx_bytes: 5,
  tx_bytes: 6,
  is_up: true,
  addresses: ['10.0.0.1', '::1'],
};
const DETAIL = {
  ...{ pid: 7, parent_pid: 1, name: 'n', command: 'c', status: 'Sleeping', cpu_usage: 1, mem_bytes: 1 },
  ...{ child_processes: [{ pid: 8, name: 'c' }], threads: [{ tid: 7, name: 't', status: 'Running' }] },
};

/** Whole messages of each kind, which the test spoils at one place after the other. */
const V2 = {
  get_metrics: {
    ...{ header: HEADER, section: SECTION },
    cpu: { value: { times: TIMES, ticks_per_second: 100, cpu_pressure: { some: { avg10: 1 } } } },
    memory: { value: { total_bytes: 10, used_bytes: 5 } },
    networks: { value: [LINK], monotonic_micros: 1e6 },
    sensors: { value: { sensors: [{ chip: 'c', celsius: 1 }], cpu: { celsius: 1 } } },
    gpus: {
      value: [{ id: 'a', vendor: 'amd', processes: [{ pid: 1, engines: [{ engine: 'r', busy: 1 }] }] }],
    },
  },
  get_disks: {
    ...{ header: HEADER, section: SECTION, devices: [{ name: 'sda', reads: 1 }] },
    file_systems: [{ name: 'sda1', device_name: 'sda', total_bytes: 5 }],
  },
  get_process_metrics: {
    ...{ header: HEADER, section: SECTION, process: { pid: 7, name: 'n', state: 82 } },
    ...{ threads: [{ tid: 7, name: 't' }], children: [{ pid: 8, uid: 0, name: 'c' }] },
  },
  get_journal_entries: {
    ...{ header: HEADER, section: SECTION, pid: 7 },
    entries: [{ realtime_micros: 1, priority: 6, message: 'm' }],
  },
} as const;
const ALERTS = {
  ...{ header: HEADER, section: SECTION },
  alerts: [
    {
      ...{
        name: 'full',
        text: 'disk.used>90%',
        is_firing: true,
        changed_millis: 1,
        value: 93,
        unit: 'percent',
      },
      ...{ place: '/', culprits: [{ pid: 7, name: 'n', value: 1 }], culprit_unit: 'rate' },
    },
  ],
};
const ORIGINAL = {
  get_metrics: {
    ...{ sampled_at_ms: 1, cpu_total: 1, cpu_per_core: [1, 2], mem_total: 1, mem_used: 1, hostname: 'h' },
    ...{ cpu_temp_c: 1, networks: [{ name: 'lo', received: 1, transmitted: 1 }], gpus: [{ name: 'g' }] },
  },
  get_disks: [{ name: 'a', total: 1, available: 1, temperature: 1, is_partition: true }],
  get_process_metrics: { process: DETAIL, cached_at: 1 },
  get_journal_entries: { entries: [{ timestamp_us: 1, priority: 'Info', message: 'm' }], total_count: 1 },
} as const;

/** Values that JSON can hold and no machine would tell. */
const nonsense = oneof(
  jsonValue(),
  constantFrom(-1, 1e308, -1e308, 2 ** 53, 2 ** 64, 0.5, '', '\u001b[2J', null, true, [], {}, [[[]]]),
);

/** The message with the value at the n-th place of its tree replaced. */
function spoilt(message: unknown, place: number, value: unknown): unknown {
  let at = 0;
  const walk = (node: unknown): unknown => {
    if (at++ === place) return value;
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, walk(child)]));
  };
  return walk(message);
}

/** What comes of it: a section, or an OpError and nothing else. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof OpError) return thrown;
    throw thrown;
  }
}

const sections = new JsonSections();
const originalMachine = new OriginalMachine();
const usage = new CpuUsage();
const rates = new MachineRates();
let micros = 0;

function takeV2(request: keyof typeof V2, message: unknown): unknown {
  const frame = v2Frame(1, v2Json(JSON.stringify(message) ?? 'null'));
  const answer = decodeV2Reply(request, frame, sections);
  if (answer.reply === 'get_metrics') {
    const { section } = answer.told;
    rates.update(section);
    if (section.cpu.value !== undefined) usage.update(section.cpu.value.times);
  }
  return answer;
}

function takeOriginal(request: keyof typeof ORIGINAL, message: unknown): unknown {
  const reply = decodeOriginalReply(request, JSON.stringify(message) ?? 'null');
  micros += 500_000;
  switch (reply.reply) {
    case 'get_metrics': {
      const section = originalMachine.section(reply.metrics, micros);
      rates.update(section);
      return section;
    }
    case 'get_disks':
      return originalDisksSection(reply.disks, 1, micros);
    case 'get_process_metrics':
      return originalDetailSection(reply.process, 1, micros);
    case 'get_journal_entries':
      return originalJournalSection(7, reply.journal, 1, micros);
    default:
      return undefined;
  }
}

describe('a message that is wrong at some place', () => {
  test.each(['get_metrics', 'get_disks', 'get_process_metrics', 'get_journal_entries'] as const)(
    'becomes a section or an error that says so: %s',
    (request) => {
      expect(outcome(() => takeV2(request, V2[request]))).not.toBeInstanceOf(OpError);
      expect(outcome(() => takeOriginal(request, ORIGINAL[request]))).not.toBeInstanceOf(OpError);
      assert(
        property(integer({ min: 0, max: 90 }), nonsense, (place, value) => {
          outcome(() => takeV2(request, spoilt(V2[request], place, value)));
          outcome(() => takeOriginal(request, spoilt(ORIGINAL[request], place, value)));
          const share = usage.total;
          expect(Number.isNaN(share) || (share >= 0 && share <= 100)).toBe(true);
        }),
        { numRuns: 2000 },
      );
    },
  );

  test('is drawn as rules of an agent, or is an error', () => {
    const buffer = new Buffer(80, 24);
    const take = (message: unknown): void => {
      const answer = decodeV2Reply(
        'get_alerts',
        v2Frame(1, v2Json(JSON.stringify(message) ?? 'null')),
        sections,
      );
      if (answer.reply !== 'get_alerts') throw new TypeError(`it is ${answer.reply}`);
      const hosts = agentAlerts('web-1', answer.told.section.alerts);
      firingText(hosts);
      renderAlerts(buffer.area, buffer, { hosts, offset: 0, theme: TOKYO_NIGHT });
    };
    take(ALERTS);
    expect(linesOf(buffer).join('\n')).toContain('! on web-1: full');
    assert(
      property(integer({ min: 0, max: 40 }), nonsense, (place, value) => {
        outcome(() => take(spoilt(ALERTS, place, value)));
      }),
      { numRuns: 2000 },
    );
  });

  test('is totals, or an error', async () => {
    const file = gzipSync(JSON.stringify({ schema: 1, program: [['/usr/bin/x', 1, 2]] })).toString('base64');
    const message = { files: [['2026-11-28', file]], next: '2026-11-28' };
    const take = (told: unknown): Promise<unknown> =>
      readAllTotals(async () => totalsPage.read(told, 'day'), 'day');
    assert(
      property(integer({ min: 0, max: 8 }), nonsense, (place, value) => {
        outcome(() => totalsPage.read(spoilt(message, place, value), 'day'));
      }),
    );
    expect(await take(message)).toMatchObject([{ name: '2026-11-28' }]);
    expect(await take({ files: [['2026-11-28', file.slice(9)]] })).toEqual([]);
  });
});
