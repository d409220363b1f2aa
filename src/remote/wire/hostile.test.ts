import { describe, expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { assert, integer, property, uint8Array } from 'fast-check';
import { RecordedWorld } from '../../data/recording/recording-world.fixture.ts';
import { codeOf, gzipBomb, rejectionOf } from '../../kit/bytes/hostile.fixture.ts';
import { hex } from './hex.fixture.ts';
import { NetworkEncoder, NetworkReplica } from './network-messages.ts';
import { decodeOriginalProcesses } from './original-processes.ts';
import { decodeOriginalReply } from './original-protocol.ts';
import { encodeOriginalProcesses } from './original-reply.fixture.ts';
import { ProcessChanges } from './process-changes.ts';
import { ProcessEncoder, ProcessReplica } from './process-messages.ts';
import { absorbRows } from './process-rows.fixture.ts';
import { readV2Frame, v2Frame, v2Json, v2Protobuf, v2ReplyId } from './v2-frame.ts';
import { decodeV2Reply } from './v2-reply.ts';
import { V2_REQUESTS } from './v2-request.ts';

const NEVER = { due: () => false, rest: () => Promise.resolve() };
const ORIGINAL_REQUESTS = [
  'get_metrics',
  'get_disks',
  'get_processes',
  'get_process_metrics',
  'get_journal_entries',
] as const;
const CODES = [
  ...['TOO_LARGE', 'TOO_MANY_ROWS', 'BAD_GZIP', 'BAD_JSON', 'BAD_PROTOBUF', 'BAD_VALUE', 'OUT_OF_STEP'],
  'nothing thrown',
];

/** What every decoder says of the bytes, each of which must be a code from the list. */
async function verdicts(bytes: Uint8Array): Promise<string[]> {
  return [
    ...ORIGINAL_REQUESTS.map((request) => codeOf(() => decodeOriginalReply(request, bytes))),
    ...V2_REQUESTS.map((request) => codeOf(() => decodeV2Reply(request, bytes))),
    codeOf(() => decodeOriginalProcesses(bytes)),
    codeOf(() => new ProcessReplica().apply(bytes)),
    await rejectionOf(new NetworkReplica().apply(bytes, NEVER)),
  ];
}

/** Runs within two seconds of CPU time and 96 MB. */
function expectModest<T>(run: () => T): T {
  Bun.gc(true);
  const before = process.memoryUsage().rss;
  const start = process.cpuUsage();
  const result = run();
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
  expect(process.memoryUsage().rss - before).toBeLessThan(96 << 20);
  return result;
}

function networkBytes(): Uint8Array<ArrayBuffer> {
  const { header, network, errors } = new RecordedWorld({ processes: 5, sockets: 9 }).next();
  return network === undefined ? new Uint8Array(0) : new NetworkEncoder().encode(header, network, errors);
}

function processBytes(): Uint8Array<ArrayBuffer> {
  const changes = new ProcessChanges();
  absorbRows(
    changes,
    Array.from({ length: 9 }, (_, i) => ({ pid: i + 1, name: `process-${i + 1}` })),
  );
  const { header } = new RecordedWorld().next();
  const section = { sequence: 1, monotonicMicros: 1, durationMicros: 1, errors: [] };
  const facts = { header, section, processCount: 9, memoryTotalBytes: 1, coreCount: 1 };
  return new ProcessEncoder(changes).encode(facts, 0);
}

const originalBytes = (): Uint8Array<ArrayBuffer> =>
  encodeOriginalProcesses({
    process_count: 3,
    rows: [1, 2, 3].map((pid) => ({
      pid,
      name: `process-${pid}`,
      cpu_usage: pid * 1.5,
      mem_bytes: pid * 1e9,
    })),
  });

/** A varint, for lengths and counts that lie. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

describe('bytes from a hostile peer', () => {
  test('random ones are refused or read, by every decoder', async () => {
    const messages = [originalBytes(), processBytes(), networkBytes()];
    const random: Uint8Array[] = [];
    assert(
      property(uint8Array({ maxLength: 300 }), (bytes) => void random.push(bytes)),
      { numRuns: 300 },
    );
    for (const bytes of random) for (const verdict of await verdicts(bytes)) expect(CODES).toContain(verdict);
    for (const message of messages)
      for (const verdict of await verdicts(message)) expect(CODES).toContain(verdict);
  });

  test('messages cut off at every byte, or with any byte changed', async () => {
    for (const message of [originalBytes(), processBytes(), networkBytes()]) {
      for (let length = 0; length < message.length; length++) {
        const cut = message.subarray(0, length);
        expect(CODES).toContain(codeOf(() => decodeOriginalProcesses(cut)));
        expect(CODES).toContain(codeOf(() => new ProcessReplica().apply(cut)));
        expect(CODES).toContain(await rejectionOf(new NetworkReplica().apply(cut, NEVER)));
      }
      for (let at = 0; at < message.length; at++) {
        const changed = message.slice();
        changed[at]! ^= 1 << (at % 8);
        expect(CODES).toContain(codeOf(() => decodeOriginalProcesses(changed)));
        expect(CODES).toContain(codeOf(() => new ProcessReplica().apply(changed)));
        expect(CODES).toContain(await rejectionOf(new NetworkReplica().apply(changed, NEVER)));
      }
    }
  });

  test('a replica goes on after what it refused, and after what it took from a liar', async () => {
    const good = networkBytes();
    const replica = new NetworkReplica();
    for (let at = 0; at < good.length; at += 3) {
      const changed = good.slice();
      changed[at]! ^= 0x81;
      await rejectionOf(replica.apply(changed, NEVER));
    }
    const { network } = await replica.apply(good, NEVER);
    const fresh = (await new NetworkReplica().apply(good, NEVER)).network;
    expect(network.sockets.slots.count).toBe(fresh.sockets.slots.count);
    expect(network.owners.slots.count).toBe(fresh.owners.slots.count);
  });

  test('a reply that follows another, cut off at every byte or with any byte changed', () => {
    const changes = new ProcessChanges();
    const encoder = new ProcessEncoder(changes);
    const sample = (busy: number): void =>
      absorbRows(
        changes,
        Array.from({ length: 9 }, (_, i) => ({ pid: i + busy, name: `process-${i}`, cpuNanos: i * busy })),
      );
    const { header } = new RecordedWorld().next();
    const section = { sequence: 1, monotonicMicros: 1, durationMicros: 1, errors: [] };
    const facts = { header, section, processCount: 9, memoryTotalBytes: 1, coreCount: 1 };
    sample(1);
    const whole = encoder.encode(facts, 0);
    sample(3);
    const delta = encoder.encode(facts, 1);
    const apply = (bytes: Uint8Array): string => {
      const replica = new ProcessReplica();
      replica.apply(whole);
      const verdict = codeOf(() => replica.apply(bytes));
      expect(replica.apply(whole).section.processes.slots.count).toBe(9);
      return verdict;
    };
    expect(apply(delta)).toBe('nothing thrown');
    for (let at = 0; at < delta.length; at++) {
      const changed = delta.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(CODES).toContain(apply(changed));
      expect(CODES).toContain(apply(delta.subarray(0, at)));
    }
  });

  test('lengths past the end, or longer than what holds them', () => {
    for (const text of [
      '12 ff ff ff ff 0f', // a row of 4 GB
      '12 7f 08 01', // a row longer than the message
      '12 04 12 7f 61 62', // a name longer than its row
      '12 ff ff ff ff ff ff ff ff ff ff ff 01', // a length without an end
      '08', // a number that does not come
      '08 ff ff ff ff ff ff ff ff ff ff', // one without an end
      '0a 01 61', // the count as a text
      '12 02 0d 00', // a pid as fixed32, cut off
      '12 05 0d 01 00 00 00', // a pid as fixed32
      '0b 0c', // groups
      '0f', // no wire type at all
      '00 00', // field 0
      '12 00 08 01 08 02', // the count twice
    ]) {
      expect([text, codeOf(() => decodeOriginalProcesses(hex(text)))]).toEqual([text, 'BAD_PROTOBUF']);
    }
    expect(decodeOriginalProcesses(hex('9a 06 03 61 62 63 08 05'))).toMatchObject({ process_count: 5 });
  });

  test('a column that is longer or shorter than its table, or there twice', async () => {
    const columns = (text: string): Uint8Array => {
      const inner = hex(text);
      return Uint8Array.from([0x4a, ...varint(inner.length), ...inner]);
    };
    const apply = (text: string): string => codeOf(() => new ProcessReplica().apply(columns(text)));
    expect(apply('08 02 12 02 01 02')).toBe('nothing thrown');
    expect(apply('12 02 01 02 08 02')).toBe('nothing thrown');
    for (const text of [
      '08 02 12 01 01',
      '08 02 12 03 01 02 03',
      '12 02 01 02',
      '08 02 08 02',
      '08 02 12 02 81 02',
    ]) {
      expect([text, apply(text)]).toEqual([text, 'BAD_PROTOBUF']);
    }
    expect(apply('08 01 12 01 01 12 01 01')).toBe('BAD_PROTOBUF');
    // Words of a key that are not whole.
    const hosts = new NetworkReplica().apply(hex('3a 07 08 01 1a 03 00 00 00'), NEVER);
    expect(await rejectionOf(hosts)).toBe('BAD_PROTOBUF');
    expect(apply('08 ff ff ff ff 7f')).toBe('TOO_MANY_ROWS');
  });

  test('references to rows that are not there, keys that occur twice, values beyond their columns', async () => {
    const table = (tag: number, inner: number[]): number[] => [
      (tag << 3) | 2,
      ...varint(inner.length),
      ...inner,
    ];
    const column = (tag: number, values: number[]): number[] => [
      ...varint((tag << 3) | 2),
      ...varint(values.length),
      ...values,
    ];
    const wide = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    const bytes = Uint8Array.from([
      ...table(6, [8, 2, ...column(7, [200, 1, 3])]),
      ...table(8, [8, 3, ...column(3, [0, 198, 1, 1])]),
      ...table(12, [8, 2, ...column(36, [20, 1]), ...column(9, [200, 1, 1]), ...column(18, [...wide, 1])]),
    ]);
    const { network } = await new NetworkReplica().apply(bytes, NEVER);
    expect(network.owners.slots.count).toBe(1);
    expect(network.traffic.slots.count).toBe(1);
    expect(network.sockets.slots.count).toBe(1);
    const slot = network.sockets.slots.rows[0]!;
    expect([network.accounts.owner[slot], network.sockets.localPort[slot]]).toEqual([-1, 1]);
  });

  test('ten million rows', () => {
    const row = hex('12 02 08 01');
    const rows = new Uint8Array(row.length * 7_500_000);
    for (let at = 0; at < rows.length; at += row.length) rows.set(row, at);
    expect(rows.length).toBeLessThan(32 << 20);
    expect(expectModest(() => codeOf(() => decodeOriginalProcesses(rows)))).toBe('TOO_MANY_ROWS');
    const packed = gzipSync(rows);
    expect(codeOf(() => decodeOriginalReply('get_processes', packed))).toBe('TOO_MANY_ROWS');
    const column = new Uint8Array(10_000_000).fill(1);
    const inner = [0x08, ...varint(10_000_000), 0x12, ...varint(column.length)];
    const start = Uint8Array.from([0x4a, ...varint(inner.length + column.length), ...inner]);
    const bytes = Buffer.concat([start, column]);
    expect(expectModest(() => codeOf(() => new ProcessReplica().apply(bytes)))).toBe('TOO_MANY_ROWS');
    const list = `[${'{},'.repeat(1_000_000)}{}]`;
    expect(codeOf(() => decodeOriginalReply('get_disks', list))).toBe('TOO_MANY_ROWS');
    const texts = new Uint8Array(2 * 1_000_000);
    for (let at = 0; at < texts.length; at += 2) texts[at] = 0x3a;
    expect(expectModest(() => codeOf(() => new ProcessReplica().apply(texts)))).toBe('TOO_MANY_ROWS');
  });

  test('a gigabyte in a megabyte', () => {
    const bomb = gzipBomb(1024);
    for (const request of ORIGINAL_REQUESTS) {
      expect(expectModest(() => codeOf(() => decodeOriginalReply(request, bomb)))).toBe('TOO_LARGE');
    }
    for (const request of V2_REQUESTS) {
      const frame = v2Frame(1, { flags: 1, bytes: bomb });
      expect(expectModest(() => codeOf(() => decodeV2Reply(request, frame)))).toBe('TOO_LARGE');
    }
  });

  test('deep JSON, endless texts, and frames that are too long', () => {
    const deep = '['.repeat(2_000_000);
    const nested = `${'{"process":{"child_processes":['.repeat(30_000)}`;
    for (const text of [deep, nested]) {
      expect(expectModest(() => codeOf(() => decodeOriginalReply('get_process_metrics', text)))).toBe(
        'BAD_JSON',
      );
    }
    const long = JSON.stringify({ hostname: 'a'.repeat(3_000_000) });
    const reply = expectModest(() => decodeOriginalReply('get_metrics', long));
    expect(reply.reply === 'get_metrics' && reply.metrics.hostname.length).toBe(256);
    expect(codeOf(() => decodeOriginalReply('get_metrics', 'a'.repeat(5 << 20)))).toBe('TOO_LARGE');
    expect(codeOf(() => decodeOriginalReply('get_metrics', new Uint8Array((64 << 20) + 1)))).toBe(
      'TOO_LARGE',
    );
    expect(codeOf(() => decodeV2Reply('get_network', new Uint8Array((64 << 20) + 1)))).toBe('TOO_LARGE');
    const name = new Uint8Array(4_000_000).fill(0x61);
    const row = [0x12, ...varint(name.length)];
    const bytes = Buffer.concat([Uint8Array.from([0x12, ...varint(row.length + name.length), ...row]), name]);
    const { rows } = expectModest(() => decodeOriginalProcesses(bytes));
    expect(rows[0]?.name.length).toBe(256);
  });

  test('names that every object has are no fields of a reply', () => {
    const text = '{"hostname":"a","__proto__":{"cpu_total":5},"constructor":1,"toString":2}';
    expect(decodeOriginalReply('get_metrics', text)).toMatchObject({ metrics: { cpu_total: undefined } });
  });
});

describe('frames of socktop.v2', () => {
  test('what is framed is read, with its id', () => {
    assert(
      property(uint8Array({ maxLength: 3000 }), integer({ min: 0, max: 0xffff_ffff }), (bytes, id) => {
        const frame = v2Frame(id, v2Protobuf(new Uint8Array(bytes)));
        expect(v2ReplyId(frame)).toBe(id);
        const reply = readV2Frame(frame, 1 << 20);
        expect({ ...reply, bytes: new Uint8Array(reply.bytes) }).toEqual({
          id,
          isJson: false,
          isError: false,
          bytes: new Uint8Array(bytes),
        });
      }),
    );
  });

  test('a frame that is none, of another version or of the wrong kind', () => {
    const json = v2Frame(1, v2Json('{}'));
    for (const bytes of [[], [2], [2, 0, 1, 0, 0], [1, 0, 1, 0, 0, 0], [2, 8, 1, 0, 0, 0]]) {
      expect(codeOf(() => decodeV2Reply('get_network', Uint8Array.from(bytes)))).toBe('BAD_VALUE');
    }
    expect(codeOf(() => decodeV2Reply('get_network', json))).toBe('BAD_VALUE');
    expect(codeOf(() => decodeV2Reply('get_metrics', v2Frame(1, v2Protobuf(new Uint8Array(0)))))).toBe(
      'BAD_VALUE',
    );
    expect(
      codeOf(() => decodeV2Reply('get_metrics', v2Frame(1, { flags: 3, bytes: new Uint8Array(3) }))),
    ).toBe('BAD_GZIP');
  });
});
