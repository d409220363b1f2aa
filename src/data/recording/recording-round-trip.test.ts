import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { NumberFormat } from '../codec/table-format.ts';
import { NETWORK_TABLE_NAMES, type ToldTable, toldNetworkTable } from '../codec/told-table.ts';
import { InterfaceTable } from '../sample/interface-table.ts';
import type { CollectionParts } from '../sample/network-sample.ts';
import {
  HostTable,
  type NetworkSection,
  type NetworkTables,
  OwnerTable,
  ProblemTable,
  SocketAccounts,
  TrafficTable,
} from '../sample/network-section.ts';
import { SocketTable } from '../sample/socket-table.ts';
import type { NetworkTableName } from '../schema/network-columns.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';
import { LineAssembler, type RecordedLine } from './recorded-line.ts';
import { RecordedTables } from './recorded-tables.ts';
import { RecordingParts } from './recording-parts.ts';
import { randomFrom } from './recording-world.fixture.ts';

const NEVER = { due: () => false, rest: () => Promise.resolve() };
const HEADER: SnapshotHeader = {
  hostName: 'wéb\u2028-1"',
  bootId: 'b',
  epoch: 1_700_000_000_123,
  monotonicMicros: 123_456_789.25,
  wallMillis: 1_700_000_000_456.5,
  bootWallMillis: 1_600_000_000_000,
  clockTicksPerSecond: 100,
};
/** Room for the accounts of this many sockets. */
const ROWS = 1 << 15;
const TEXTS = ['', 'nginx', '日本語 👩‍👩‍👧', '"\\\u0000\u001b[31m\n', 'a'.repeat(300), '\u{10ffff}'];

class RandomSection implements NetworkSection {
  readonly owners = new OwnerTable();
  readonly hosts = new HostTable();
  readonly traffic = new TrafficTable();
  readonly hostTraffic = new TrafficTable();
  readonly interfaces = new InterfaceTable();
  readonly sockets = new SocketTable(4);
  readonly accounts = new SocketAccounts(ROWS);
  readonly problems = new ProblemTable();
  readonly errors = [{ op: 'recv', code: 'ENOBUFS', message: 'x'.repeat(40) }];
  readonly tier = 'netlink';
  readonly counted = 'payload';
  readonly durationMicros = 1234.5;
  readonly processCount = 77;
  readonly lostClosings = 3;
  readonly lost = { bytes: 1234, packets: 5 };
  readonly parts: CollectionParts = {
    tcp: 'tcp_info',
    udp: 'packets',
    owners: 'descriptor',
    processes: 'proc',
    exited: false,
    scope: 'network namespace',
    names: 'none',
  };
  sequence = 0;
  monotonicMicros = 0;
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  /** Removes some rows, adds some and gives every row other values. */
  change(rows: number): this {
    this.sequence++;
    this.monotonicMicros += 1e6;
    for (const name of NETWORK_TABLE_NAMES) {
      this.#removeSome(name);
      this.#addSome(name, Math.floor(this.#random() * rows));
      this.#fill(toldNetworkTable(this, name));
    }
    return this;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #removeSome(name: NetworkTableName): void {
    const { slots } = toldNetworkTable(this, name);
    for (let i = slots.count - 1; i >= 0; i--) if (this.#random() < 0.3) slots.remove(slots.rows[i]!);
    if (name !== 'traffic' && name !== 'hostTraffic') return;
    // Rows whose subject is gone go too, as in attribution.
    const subjects = name === 'traffic' ? this.owners.slots : this.hosts.slots;
    const isLive = (slot: number): boolean => subjects.rows.subarray(0, subjects.count).includes(slot);
    for (let i = slots.count - 1; i >= 0; i--) {
      if (!isLive(this[name].subject[slots.rows[i]!]!)) slots.remove(slots.rows[i]!);
    }
  }

  #addSome(name: NetworkTableName, count: number): void {
    const { slots, format } = toldNetworkTable(this, name);
    const hasKeys = format.keyWords.length > 0;
    const subjects = name === 'traffic' ? this.owners.slots : this.hosts.slots;
    for (let i = 0; i < count; i++) {
      const word = (): number => this.#below(2 ** 32);
      const subject = subjects.count === 0 ? -1 : subjects.rows[this.#below(subjects.count)]!;
      const key: [number, number, number, number] = hasKeys
        ? [word(), word(), this.#below(3), word()]
        : [subject, this.#below(4), 0, 0];
      if ((!hasKeys && subject < 0) || slots.find(...key) >= 0) continue;
      const slot = slots.add(...key);
      if (name !== 'traffic' && name !== 'hostTraffic') continue;
      this[name].subject[slot] = subject;
      this[name].interfaceIndex[slot] = key[1];
    }
  }

  #fill(table: ToldTable): void {
    for (let i = 0; i < table.slots.count; i++) {
      const slot = table.slots.rows[i]!;
      for (const { format, values } of table.numbers) {
        const { name, stride, offset, refersTo } = format;
        if (table.format.keyColumns.length > 0 && (name === 'subject' || name === 'interfaceIndex')) continue;
        values[slot * stride + offset] =
          refersTo === undefined ? this.#number(format) : this.#slotOf(this[refersTo].slots);
      }
      for (const { values: texts, format } of table.texts) {
        const text = TEXTS[this.#below(TEXTS.length)]!;
        texts[slot] = format.isOptional && this.#random() < 0.3 ? undefined : text;
      }
    }
  }

  #slotOf({ rows, count }: OwnerTable['slots']): number {
    return count === 0 || this.#random() < 0.2 ? -1 : rows[this.#below(count)]!;
  }

  #number({ least, most, absent, isDouble }: NumberFormat): number {
    if (!isDouble) return least + this.#below(most - least + 1);
    const choices = [0, absent, this.#random() * 1e9, this.#below(2 ** 53), 2 ** 64, 5e-324];
    return choices[this.#below(choices.length)]!;
  }
}

/** Every row by its key, with keys in place of slots. */
function contents(section: NetworkTables): Record<string, unknown> {
  const keyOf = (name: NetworkTableName, slot: number): string => {
    if (slot < 0) return 'none';
    const { slots } = toldNetworkTable(section, name);
    const words = ([0, 1, 2, 3] as const).map((word) => slots.keyWord(slot, word));
    if (name !== 'traffic' && name !== 'hostTraffic') return words.join(':');
    return `${keyOf(name === 'traffic' ? 'owners' : 'hosts', words[0]!)} over ${words[1]}`;
  };
  const tables: Record<string, unknown> = {};
  for (const name of NETWORK_TABLE_NAMES) {
    const table = toldNetworkTable(section, name);
    const rows: Record<string, unknown> = {};
    for (let i = 0; i < table.slots.count; i++) {
      const slot = table.slots.rows[i]!;
      const row: Record<string, unknown> = {};
      for (const { format, values } of table.numbers) {
        const { name: column, stride, offset, refersTo } = format;
        const value = values[slot * stride + offset]!;
        row[column] = refersTo === undefined ? value : keyOf(refersTo, value);
      }
      for (const { format, values: texts } of table.texts) row[format.name] = texts[slot];
      rows[keyOf(name, slot)] = row;
    }
    tables[name] = rows;
  }
  return tables;
}

async function lineOf(section: NetworkSection, parts: RecordingParts): Promise<RecordedLine> {
  const facts = { header: HEADER, errors: [], unrecordedCount: 2 };
  const pieces = await parts.encode(section, facts, NEVER);
  const start = `{"sstop_recording":1,"lengths":[${pieces.map((p) => p.length).join(',')}],"snapshot":[`;
  const joined = pieces.map((piece) => Buffer.from(piece).toString('utf8')).join(',');
  const lines: RecordedLine[] = [];
  new LineAssembler().push(Buffer.from(`${start}${joined}],"schema":1}\n`), lines);
  return lines[0]!;
}

describe('a section that goes through a line', () => {
  test('comes out equal, whatever its tables hold, again and again', async () => {
    const seeds = fc.record({ seed: fc.nat(), rows: fc.integer({ min: 0, max: 90 }) });
    await fc.assert(
      fc.asyncProperty(seeds, async ({ seed, rows }) => {
        const section = new RandomSection(seed);
        const parts = new RecordingParts();
        const tables = new RecordedTables();
        for (let i = 0; i < 4; i++) {
          const line = await lineOf(section.change(rows), parts);
          const copy = await tables.apply(line, NEVER);
          expect(contents(copy)).toEqual(contents(section));
          expect(line.recorded.header).toEqual(HEADER);
          expect(line.recorded.unrecordedCount).toBe(2);
          const { sequence, monotonicMicros, durationMicros, tier, counted, errors } = section;
          const { processCount, lostClosings } = section;
          expect(copy).toMatchObject({ sequence, monotonicMicros, durationMicros, tier, counted, errors });
          expect(copy).toMatchObject({ processCount, lostClosings });
        }
      }),
      { numRuns: 40 },
    );
  });

  test('comes out equal when its tables take many parts', async () => {
    const section = new RandomSection(7);
    while (section.sockets.slots.count <= 2048 || section.owners.slots.count <= 128) section.change(3_000);
    const copy = await new RecordedTables().apply(await lineOf(section, new RecordingParts()), NEVER);
    expect(copy.sockets.slots.count).toBe(section.sockets.slots.count);
    expect(contents(copy)).toEqual(contents(section));
  });

  test('keeps a slot as long as the row is the same, and no longer', async () => {
    const section = new RandomSection(5).change(60);
    const parts = new RecordingParts();
    const tables = new RecordedTables();
    const seen = new Map<number, readonly [slot: number, serial: number]>();
    for (let i = 0; i < 6; i++) {
      const { slots } = (await tables.apply(await lineOf(section, parts), NEVER)).sockets;
      for (const slot of section.sockets.slots.rows.subarray(0, section.sockets.slots.count)) {
        const serial = section.sockets.slots.serial[slot]!;
        const words = ([0, 1, 2, 3] as const).map((word) => section.sockets.slots.keyWord(slot, word));
        const copy = slots.find(words[0]!, words[1]!, words[2]!, words[3]!);
        const known = seen.get(serial) ?? [copy, slots.serial[copy]!];
        expect([copy, slots.serial[copy]!]).toEqual([...known]);
        seen.set(serial, known);
      }
      section.change(20);
    }
    // The same key in another row of the recorder is another row here.
    const slot = section.sockets.slots.rows[0]!;
    const words = ([0, 1, 2, 3] as const).map((word) => section.sockets.slots.keyWord(slot, word));
    const [a, b, c, d] = [words[0]!, words[1]!, words[2]!, words[3]!];
    const before = (await tables.apply(await lineOf(section, parts), NEVER)).sockets.slots;
    const serialBefore = before.serial[before.find(a, b, c, d)];
    section.sockets.slots.remove(slot);
    section.sockets.slots.add(a, b, c, d);
    const after = (await tables.apply(await lineOf(section, parts), NEVER)).sockets.slots;
    expect(after.serial[after.find(a, b, c, d)]).not.toBe(serialBefore);
  });
});
