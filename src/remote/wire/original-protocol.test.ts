import { describe, expect, test } from 'bun:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  array,
  assert,
  boolean,
  double,
  maxSafeNat,
  nat,
  option,
  property,
  record,
  string,
} from 'fast-check';
import { codeOf } from '../../kit/bytes/hostile.fixture.ts';
import { hex } from './hex.fixture.ts';
import {
  type OriginalMetrics,
  type OriginalProcessDetail,
  originalDisksJson,
  originalMetricsJson,
  originalProcessesJson,
} from './original-metrics.ts';
import { decodeOriginalReply, type OriginalReply } from './original-protocol.ts';
import { encodeOriginalReply } from './original-reply.fixture.ts';

const gunzipOf = (frame: string | Uint8Array): Uint8Array =>
  typeof frame === 'string' || frame[0] !== 0x1f ? Buffer.from(frame) : gunzipSync(frame);

/** The reply of the original's example, without `process_count`, which the example has not. */
const METRICS: OriginalMetrics = {
  sampled_at_ms: 1_756_000_000_000,
  cpu_total: 12.4,
  cpu_per_core: [11.2, 15.7],
  mem_total: 33_554_432,
  mem_used: 18_321_408,
  swap_total: 0,
  swap_used: 0,
  hostname: 'myserver',
  cpu_temp_c: 42.5,
  disks: [
    {
      name: 'nvme0n1p2',
      total: 512_000_000_000,
      available: 320_000_000_000,
      temperature: undefined,
      is_partition: true,
    },
  ],
  networks: [{ name: 'eth0', received: 12_345_678, transmitted: 87_654_321 }],
  top_processes: [{ pid: 1234, name: 'nginx', cpu_usage: 1.2, mem_bytes: 12_345_678 }],
  gpus: undefined,
  process_count: 127,
};

const METRICS_JSON =
  '{"sampled_at_ms":1756000000000,"cpu_total":12.4,"cpu_per_core":[11.2,15.7],"mem_total":33554432,' +
  '"mem_used":18321408,"swap_total":0,"swap_used":0,"hostname":"myserver","cpu_temp_c":42.5,' +
  '"disks":[{"name":"nvme0n1p2","total":512000000000,"available":320000000000,"temperature":null,"is_partition":true}],' +
  '"networks":[{"name":"eth0","received":12345678,"transmitted":87654321}],' +
  '"top_processes":[{"pid":1234,"name":"nginx","cpu_usage":1.2,"mem_bytes":12345678}],"gpus":null,"process_count":127}';

/** Two processes as protobuf, written by hand from the encoding's description. */
const PROCESSES_BYTES = hex(`
  08 7f
  12 12  08 d2 09  12 05 6e 67 69 6e 78  1d 9a 99 99 3f  20 80 20
  12 0d  08 01  12 07 73 79 73 74 65 6d 64  20 00`);

const asText = (frame: string | Uint8Array): string =>
  typeof frame === 'string' ? frame : gunzipSync(frame).toString('utf8');

describe('replies of the original', () => {
  test('get_metrics may be put together of lists that were written before', () => {
    const json = originalMetricsJson(
      METRICS,
      originalDisksJson(METRICS.disks),
      originalProcessesJson(METRICS.top_processes),
    );
    expect(JSON.parse(json)).toEqual(JSON.parse(METRICS_JSON));
  });

  test('get_metrics is the JSON of the tables, field by field', () => {
    const frame = encodeOriginalReply({ reply: 'get_metrics', metrics: METRICS });
    expect(frame).toBe(METRICS_JSON);
    expect(decodeOriginalReply('get_metrics', METRICS_JSON)).toEqual({
      reply: 'get_metrics',
      metrics: METRICS,
    });
  });

  test('what the original has no null for is a number, what it has one for is null', () => {
    const nothing: OriginalMetrics = {
      ...{ sampled_at_ms: undefined, cpu_total: undefined, cpu_per_core: [undefined, Number.NaN] },
      ...{ mem_total: undefined, mem_used: undefined, swap_total: undefined, swap_used: undefined },
      ...{ hostname: '', cpu_temp_c: undefined, disks: [], networks: [], gpus: [], process_count: undefined },
      top_processes: [{ pid: 1, name: 'a', cpu_usage: undefined, mem_bytes: undefined }],
    };
    expect(JSON.parse(asText(encodeOriginalReply({ reply: 'get_metrics', metrics: nothing })))).toEqual({
      ...{ sampled_at_ms: null, cpu_total: 0, cpu_per_core: [0, 0], mem_total: 0, mem_used: 0 },
      ...{ swap_total: 0, swap_used: 0, hostname: '', cpu_temp_c: null, disks: [], networks: [] },
      top_processes: [{ pid: 1, name: 'a', cpu_usage: 0, mem_bytes: 0 }],
      ...{ gpus: [], process_count: null },
    });
  });

  test('counts are integers that an unsigned 64-bit reader takes', () => {
    const huge = { ...METRICS, mem_total: 2 ** 70, mem_used: 1.9, swap_total: -5, swap_used: 2 ** 53 + 2 };
    const text = asText(encodeOriginalReply({ reply: 'get_metrics', metrics: huge }));
    expect(text).toContain(
      '"mem_total":18446744073709550000,"mem_used":1,"swap_total":0,"swap_used":9007199254740994',
    );
    expect(BigInt('18446744073709550000') < 2n ** 64n).toBe(true);
  });

  test('get_processes is the protobuf of the tables, byte by byte', () => {
    const rows = [
      { pid: 1234, name: 'nginx', cpu_usage: Math.fround(1.2), mem_bytes: 4096 },
      { pid: 1, name: 'systemd', cpu_usage: 0, mem_bytes: 0 },
    ];
    const decoded = decodeOriginalReply('get_processes', PROCESSES_BYTES);
    expect(decoded).toEqual({ reply: 'get_processes', processes: { process_count: 127, rows } });
    const frame = encodeOriginalReply({ reply: 'get_processes', processes: { process_count: 127, rows } });
    // Ours leaves out zeros, as proto3 does; the hand-written one has one, which is read alike.
    expect(frame).toEqual(
      hex(`08 7f  12 12 08 d2 09 12 05 6e 67 69 6e 78 1d 9a 99 99 3f 20 80 20
           12 0b 08 01 12 07 73 79 73 74 65 6d 64`),
    );
  });

  test('get_processes without rows and without bytes', () => {
    const none = { reply: 'get_processes', processes: { process_count: 0, rows: [] } } as const;
    expect(decodeOriginalReply('get_processes', new Uint8Array(0))).toEqual(none);
    expect(encodeOriginalReply(none)).toEqual(hex('08 00'));
  });

  test('get_processes as JSON, which old agents send, and errors, whatever the frame', () => {
    const rows = [{ pid: 7, name: 'a', cpu_usage: 1, mem_bytes: 2 }];
    const json = JSON.stringify({ process_count: 3, top_processes: rows });
    const want = { reply: 'get_processes', processes: { process_count: 3, rows } } as const;
    expect(decodeOriginalReply('get_processes', json)).toEqual(want);
    expect(decodeOriginalReply('get_processes', new TextEncoder().encode(json))).toEqual(want);
    expect(decodeOriginalReply('get_processes', gzipSync(json))).toEqual(want);
    const error = { error: 'Process 7 not found', request: 'get_process_metrics', pid: 7, code: undefined };
    const frame = encodeOriginalReply({ reply: 'error', error });
    expect(frame).toBe('{"error":"Process 7 not found","request":"get_process_metrics","pid":7}');
    for (const request of ['get_processes', 'get_metrics', 'get_process_metrics'] as const) {
      expect(decodeOriginalReply(request, frame)).toEqual({ reply: 'error', error });
    }
  });

  test('768 bytes are sent as they are, 769 compressed in a binary frame', () => {
    const withName = (length: number): OriginalReply => ({
      reply: 'get_disks',
      disks: Array.from({ length: 8 }, () => ({
        ...{ name: 'x'.repeat(2), total: 0, available: 0, temperature: undefined, is_partition: false },
      })).concat({
        ...{ name: 'é'.repeat(length), total: 0, available: 0, temperature: undefined, is_partition: false },
      }),
    });
    const lengthOf = (reply: OriginalReply): number => Buffer.byteLength(asText(encodeOriginalReply(reply)));
    let length = 0;
    while (lengthOf(withName(length + 1)) <= 768) length++;
    expect(typeof encodeOriginalReply(withName(length))).toBe('string');
    const larger = encodeOriginalReply(withName(length + 1));
    expect(typeof larger).toBe('object');
    expect([larger[0], larger[1]].map(Number)).toEqual([0x1f, 0x8b]);
    expect(decodeOriginalReply('get_disks', larger)).toEqual(withName(length + 1));
    const rows = Array.from({ length: 100 }, (_, i) => ({
      pid: i,
      name: 'abcdefgh',
      cpu_usage: 0,
      mem_bytes: 0,
    }));
    const processes = encodeOriginalReply({
      reply: 'get_processes',
      processes: { process_count: 100, rows },
    });
    expect([processes[0], processes[1]].map(Number)).toEqual([0x1f, 0x8b]);
    expect(decodeOriginalReply('get_processes', processes)).toMatchObject({ processes: { rows } });
  });

  test('names of older agents for what a GPU does', () => {
    const gpus = [
      {
        name: 'A',
        vendor: 'nvidia',
        gpu_util_pct: 10,
        vram_used_bytes: 1,
        vram_total_bytes: 2,
        temperature_c: 50,
      },
      { gpu_utilization: 20, mem_used_bytes: 3, mem_total_bytes: 4, temp_c: 60 },
      { utilization_gpu_pct: 30, gpu_util_pct: 99 },
    ];
    const reply = decodeOriginalReply('get_metrics', JSON.stringify({ hostname: 'a', gpus }));
    const unknown = { name: undefined, vendor: undefined };
    expect(reply.reply === 'get_metrics' && reply.metrics.gpus).toEqual([
      ...[
        {
          name: 'A',
          vendor: 'nvidia',
          utilization_gpu_pct: 10,
          mem_used_bytes: 1,
          mem_total_bytes: 2,
          temp_c: 50,
        },
      ],
      ...[{ ...unknown, utilization_gpu_pct: 20, mem_used_bytes: 3, mem_total_bytes: 4, temp_c: 60 }],
      {
        ...{ ...unknown, utilization_gpu_pct: 30, mem_used_bytes: undefined },
        ...{ mem_total_bytes: undefined, temp_c: undefined },
      },
    ]);
  });

  test('a value of the wrong type is an error that names it, one that cannot be is unknown', () => {
    const decode = (fields: object) =>
      decodeOriginalReply('get_metrics', JSON.stringify({ hostname: 'a', ...fields }));
    for (const fields of [
      { cpu_total: '1' },
      { hostname: 5 },
      { disks: {} },
      { disks: [3] },
      { networks: [[]] },
    ]) {
      expect(codeOf(() => decode(fields))).toBe('BAD_VALUE');
    }
    for (const json of ['[]', '3', 'null', '"a"', 'true']) {
      expect(codeOf(() => decodeOriginalReply('get_metrics', json))).toBe('BAD_VALUE');
    }
    const odd =
      '{"hostname":"a","mem_total":-1,"mem_used":1e999,"cpu_total":-1e999,"swap_used":1e40,"swap_total":2.7}';
    expect(decodeOriginalReply('get_metrics', odd)).toMatchObject({
      metrics: {
        mem_total: undefined,
        mem_used: undefined,
        cpu_total: undefined,
        swap_used: undefined,
        swap_total: 2,
      },
    });
  });

  test('texts are cut and cannot steer a terminal', () => {
    const name = `\u001b[31m${'\u202e'}evil\n`;
    const reply = decodeOriginalReply('get_metrics', JSON.stringify({ hostname: name + 'a'.repeat(5000) }));
    expect(reply.reply === 'get_metrics' && reply.metrics.hostname).toMatch(/^·\[31m·evil·a{245}$/);
    const rows = [{ pid: 1, name: `${'a'.repeat(255)}\u{1f600}`, cpu_usage: 0, mem_bytes: 0 }];
    const frame = encodeOriginalReply({ reply: 'get_processes', processes: { process_count: 1, rows } });
    const decoded = decodeOriginalReply('get_processes', frame);
    expect(decoded).toMatchObject({ processes: { rows: [{ name: 'a'.repeat(255) }] } });
  });
});

const optionalCount = option(maxSafeNat(), { nil: undefined });
const share = option(
  nat(100_000).map((n) => n / 1000),
  { nil: undefined },
);
const name = string({ unit: 'grapheme-ascii', maxLength: 40 });
const thread = record({
  ...{ tid: nat(), name, cpu_time_user: maxSafeNat(), cpu_time_system: maxSafeNat(), status: name },
});
const detail = record({
  ...{ pid: nat(), name, command: name, cpu_usage: nat(100), mem_bytes: maxSafeNat() },
  ...{ virtual_mem_bytes: maxSafeNat(), shared_mem_bytes: optionalCount, thread_count: nat() },
  ...{
    fd_count: optionalCount,
    status: name,
    parent_pid: optionalCount,
    user_id: option(nat(), { nil: undefined }),
  },
  ...{ group_id: option(nat(), { nil: undefined }), start_time: nat(), cpu_time_user: maxSafeNat() },
  ...{ cpu_time_system: maxSafeNat(), read_bytes: optionalCount, write_bytes: optionalCount },
  ...{
    working_directory: option(name, { nil: undefined }),
    executable_path: option(name, { nil: undefined }),
  },
  threads: array(thread, { maxLength: 5 }),
});

describe('what is encoded is decoded', () => {
  test('a process with children of children', () => {
    assert(
      property(array(detail, { minLength: 1, maxLength: 4 }), nat(), (generations, cached_at) => {
        const process = generations.reduceRight<OriginalProcessDetail | undefined>(
          (child, parent) => ({ ...parent, child_processes: child === undefined ? [] : [child] }),
          undefined,
        )!;
        const reply: OriginalReply = { reply: 'get_process_metrics', process: { process, cached_at } };
        expect(decodeOriginalReply('get_process_metrics', encodeOriginalReply(reply))).toEqual(reply);
      }),
    );
  });

  test('metrics with everything, disks and journals', () => {
    const gpu = record({
      ...{ name: option(name, { nil: undefined }), vendor: option(name, { nil: undefined }) },
      ...{
        utilization_gpu_pct: share,
        mem_used_bytes: optionalCount,
        mem_total_bytes: optionalCount,
        temp_c: share,
      },
    });
    const disk = record({
      ...{ name, total: maxSafeNat(), available: maxSafeNat(), temperature: share, is_partition: boolean() },
    });
    assert(
      property(
        array(disk),
        option(array(gpu), { nil: undefined }),
        array(nat(100)),
        (disks, gpus, cpu_per_core) => {
          const reply: OriginalReply = {
            reply: 'get_metrics',
            metrics: { ...METRICS, disks, gpus, cpu_per_core },
          };
          expect(decodeOriginalReply('get_metrics', encodeOriginalReply(reply))).toEqual(reply);
          const second: OriginalReply = { reply: 'get_disks', disks };
          expect(decodeOriginalReply('get_disks', encodeOriginalReply(second))).toEqual(second);
        },
      ),
    );
  });

  test('names of every plane of Unicode', () => {
    const names = ['\u{1f600}', '𠀋', '\u{30000}\u{e0100}', '\u{10fffd}', `${'長い'.repeat(20)}𠀋`];
    const rows = names.map((name, pid) => ({ pid, name, cpu_usage: 0, mem_bytes: 0 }));
    const frame = encodeOriginalReply({ reply: 'get_processes', processes: { process_count: 5, rows } });
    expect(Buffer.from(gunzipOf(frame)).includes('𠀋')).toBe(true);
    expect(decodeOriginalReply('get_processes', frame)).toMatchObject({ processes: { rows } });
  });

  test('processes', () => {
    const row = record({
      ...{ pid: nat(0xffff_ffff), name, mem_bytes: maxSafeNat() },
      cpu_usage: double({ min: 0, max: 100, noNaN: true }).map(Math.fround),
    });
    assert(
      property(array(row, { maxLength: 200 }), nat(), (rows, process_count) => {
        const reply: OriginalReply = { reply: 'get_processes', processes: { process_count, rows } };
        const decoded = decodeOriginalReply('get_processes', encodeOriginalReply(reply));
        expect(decoded).toEqual(JSON.parse(JSON.stringify(reply)));
      }),
    );
  });

  test('journals, with the word that stands for an unknown priority', () => {
    const entry = {
      ...{
        timestamp: '2026-01-01T00:00:00Z',
        timestamp_us: 1.7e15,
        priority: undefined,
        message: 'a\u001b[31mb',
      },
      ...{ unit: 'nginx.service', pid: 7, comm: undefined, uid: 0, gid: undefined },
    };
    const journal = { entries: [entry], total_count: 1, truncated: false, notice: undefined, cached_at: 1 };
    const frame = encodeOriginalReply({ reply: 'get_journal_entries', journal });
    expect(String(frame)).toContain('"priority":"Info"');
    expect(decodeOriginalReply('get_journal_entries', frame)).toEqual({
      reply: 'get_journal_entries',
      journal: { ...journal, entries: [{ ...entry, priority: 'Info', message: 'a·[31mb' }] },
    });
  });

  test('an unknown user is a number that no user has', () => {
    const process: OriginalProcessDetail = {
      ...{ pid: 1, name: 'a', command: '', cpu_usage: undefined, mem_bytes: undefined },
      ...{ virtual_mem_bytes: undefined, shared_mem_bytes: undefined, thread_count: undefined },
      ...{ fd_count: undefined, status: '', parent_pid: undefined, user_id: undefined, group_id: undefined },
      ...{ start_time: undefined, cpu_time_user: undefined, cpu_time_system: undefined },
      ...{ read_bytes: undefined, write_bytes: undefined, working_directory: undefined },
      ...{ executable_path: undefined, child_processes: [], threads: [] },
    };
    const frame = encodeOriginalReply({ reply: 'get_process_metrics', process: { process, cached_at: 0 } });
    expect(String(frame)).toContain('"user_id":4294967295,"group_id":4294967295,"start_time":0');
    expect(decodeOriginalReply('get_process_metrics', frame)).toMatchObject({
      process: { process: { user_id: undefined, group_id: undefined, fd_count: undefined, cpu_usage: 0 } },
    });
  });
});
