import { describe, expect, test } from 'bun:test';
import { assert, asyncProperty, integer, nat, record } from 'fast-check';
import type { NumberFormat } from '../../data/codec/table-format.ts';
import { NETWORK_TABLE_NAMES, toldNetworkTable } from '../../data/codec/told-table.ts';
import { snapshotToJson } from '../../data/export/network-json.ts';
import { NetworkRates } from '../../data/rates/network-rates.ts';
import { RecordedWorld, randomFrom } from '../../data/recording/recording-world.fixture.ts';
import { InterfaceTable } from '../../data/sample/interface-table.ts';
import type { CollectionParts } from '../../data/sample/network-sample.ts';
import {
  HostTable,
  type NetworkSection,
  type NetworkTables,
  OwnerTable,
  ProblemTable,
  SocketAccounts,
  TrafficTable,
} from '../../data/sample/network-section.ts';
import { SocketTable } from '../../data/sample/socket-table.ts';
import type { NetworkTableName } from '../../data/schema/network-columns.ts';
import type { SnapshotHeader } from '../../data/schema/section-facts.ts';
import { rejectionOf } from '../../kit/bytes/hostile.fixture.ts';
import { NetworkEncoder, NetworkReplica } from './network-messages.ts';

const NEVER = { due: () => false, rest: () => Promise.resolve() };
const ROWS = 1 << 12;
const TEXTS = ['nginx', '日本語 👩‍👩‍👧', '"\\<>&', 'a'.repeat(256), '\u{10ffff}', '𠀋\u{30000} 👍'];
const HEADER: SnapshotHeader = {
  ...{ hostName: 'wéb-1', bootId: 'b', epoch: 1_700_000_000_123, monotonicMicros: 123_456_789.25 },
  ...{ wallMillis: 1_700_000_000_456.5, bootWallMillis: 1_600_000_000_000, clockTicksPerSecond: 250 },
};

/** Tables filled at random, again and again, with everything that a column can hold. */
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
  readonly tier = 'packet';
  readonly counted = 'l3';
  readonly durationMicros = 1234.5;
  readonly processCount = 77;
  readonly lostClosings = 3;
  readonly lost = { bytes: 2 ** 53 - 1, packets: 5 };
  readonly parts: CollectionParts = {
    ...{ tcp: 'packets', udp: 'packets', owners: 'last user', processes: 'ebpf', exited: true },
    scope: 'network namespace',
    names: 'none',
  };
  sequence = 0;
  monotonicMicros = 0;
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  change(rows: number): this {
    this.sequence++;
    this.monotonicMicros += 1e6 + 0.125;
    for (const name of NETWORK_TABLE_NAMES) {
      const slots = toldNetworkTable(this, name).slots;
      for (let i = slots.count - 1; i >= 0; i--) {
        const slot = slots.rows[i]!;
        if (this.#random() < 0.3 || !this.#hasSubject(name, slot)) slots.remove(slot);
      }
      for (let i = this.#below(rows + 1); i > 0; i--) this.#add(name);
      for (let i = 0; i < slots.count; i++) this.#fill(name, slots.rows[i]!);
    }
    return this;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #subjects(name: NetworkTableName): OwnerTable['slots'] | undefined {
    if (name === 'traffic') return this.owners.slots;
    return name === 'hostTraffic' ? this.hosts.slots : undefined;
  }

  #hasSubject(name: NetworkTableName, slot: number): boolean {
    const subjects = this.#subjects(name);
    if (subjects === undefined) return true;
    const subject = (name === 'traffic' ? this.traffic : this.hostTraffic).subject[slot]!;
    return subjects.rows.subarray(0, subjects.count).includes(subject);
  }

  #add(name: NetworkTableName): void {
    const slots = toldNetworkTable(this, name).slots;
    const subjects = this.#subjects(name);
    const word = (): number => this.#below(2 ** 32);
    if (subjects?.count === 0) return;
    const subject = subjects?.rows[this.#below(subjects.count)] ?? 0;
    const key: [number, number, number, number] =
      subjects === undefined ? [word(), word(), this.#below(3), word()] : [subject, this.#below(4), 0, 0];
    if (slots.find(...key) >= 0) return;
    const slot = slots.add(...key);
    if (subjects === undefined) return;
    const traffic = name === 'traffic' ? this.traffic : this.hostTraffic;
    traffic.subject[slot] = subject;
    traffic.interfaceIndex[slot] = key[1];
  }

  #fill(name: NetworkTableName, slot: number): void {
    const columns = toldNetworkTable(this, name);
    const isTraffic = this.#subjects(name) !== undefined;
    for (const column of columns.numbers) {
      if (isTraffic && (column.format.name === 'subject' || column.format.name === 'interfaceIndex'))
        continue;
      column.values[slot * column.format.stride + column.format.offset] = this.#number(column.format);
    }
    for (const { values: texts, format } of columns.texts) {
      const none = format.isOptional ? undefined : '';
      texts[slot] = this.#random() < 0.3 ? none : TEXTS[this.#below(TEXTS.length)]!;
    }
  }

  #number({ field, refersTo, least, most, absent }: NumberFormat): number {
    if (refersTo !== undefined) {
      const { rows, count } = refersTo === 'owners' ? this.owners.slots : this.hosts.slots;
      return count === 0 || this.#random() < 0.2 ? -1 : rows[this.#below(count)]!;
    }
    if (field.type === 'sint64') {
      const choices = [0, absent, this.#below(1e9), 2 ** 53 - this.#below(9), 2 ** 62, this.#below(2 ** 53)];
      return choices[this.#below(choices.length)]!;
    }
    return least + this.#below(most - least + 1);
  }
}

/** Every row by its key, with keys in place of slots. */
function contents(tables: NetworkTables): unknown {
  const keyOf = (name: NetworkTableName, slot: number): string => {
    if (slot < 0) return 'none';
    const slots = toldNetworkTable(tables, name).slots;
    const words = ([0, 1, 2, 3] as const).map((word) => slots.keyWord(slot, word));
    if (name === 'traffic') return `${keyOf('owners', words[0]!)} over ${words[1]}`;
    if (name === 'hostTraffic') return `${keyOf('hosts', words[0]!)} over ${words[1]}`;
    return words.join(':');
  };
  const result: Record<string, Record<string, unknown>> = {};
  for (const name of NETWORK_TABLE_NAMES) {
    const slots = toldNetworkTable(tables, name).slots;
    const columns = toldNetworkTable(tables, name);
    const rows: Record<string, unknown> = {};
    for (const slot of slots.rows.subarray(0, slots.count)) {
      const row: Record<string, unknown> = {};
      for (const { values, format } of columns.numbers) {
        const { field, stride, offset, refersTo } = format;
        const value = values[slot * stride + offset]!;
        row[field.name] = refersTo === 'owners' || refersTo === 'hosts' ? keyOf(refersTo, value) : value;
      }
      for (const { format, values: texts } of columns.texts) row[format.name] = texts[slot];
      rows[keyOf(name, slot)] = row;
    }
    result[name] = rows;
  }
  return result;
}

/** Slot and serial of every row by key, as readers of rates hold on to them. */
function identities(tables: NetworkTables, name: NetworkTableName): Map<string, string> {
  const slots = toldNetworkTable(tables, name).slots;
  const found = new Map<string, string>();
  for (const slot of slots.rows.subarray(0, slots.count)) {
    const key = ([0, 1, 2, 3] as const).map((word) => slots.keyWord(slot, word)).join(':');
    found.set(key, `${slot} ${slots.serial[slot]}`);
  }
  return found;
}

/** Rows of a table have no order, and exports keep the one they find where nothing sorts them. */
function withSortedLists(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((entry) => JSON.stringify(withSortedLists(entry))).sort();
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withSortedLists(inner)]));
}

describe('a network section over the wire', () => {
  test('comes out equal, whatever its tables hold, again and again', async () => {
    await assert(
      asyncProperty(record({ seed: nat(), rows: integer({ min: 0, max: 80 }) }), async ({ seed, rows }) => {
        const section = new RandomSection(seed);
        const encoder = new NetworkEncoder();
        const replica = new NetworkReplica();
        const errors = [{ op: 'open', code: 'EACCES', message: 'no' }];
        for (let i = 0; i < 4; i++) {
          const bytes = encoder.encode(HEADER, section.change(rows), errors);
          const received = await replica.apply(bytes, NEVER);
          expect(contents(received.network)).toEqual(contents(section));
          expect(received.header).toEqual(HEADER);
          expect(received.errors).toEqual(errors);
          const { sequence, monotonicMicros, durationMicros, tier, counted, processCount } = section;
          expect(received.network).toMatchObject({
            sequence,
            monotonicMicros,
            durationMicros,
            tier,
            counted,
          });
          const { lostClosings, lost, parts } = section;
          expect(received.network).toMatchObject({
            processCount,
            lostClosings,
            lost,
            parts,
            errors: section.errors,
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  test('rates and exports of the copy are those of the original, reply by reply', async () => {
    const options = {
      scope: { interfaceIndex: undefined, includeLoopback: true },
      sort: { key: 'rate', isReversed: false },
    } as const;
    const world = new RecordedWorld({ processes: 20, sockets: 60, seed: 5 });
    const encoder = new NetworkEncoder();
    const replica = new NetworkReplica();
    const rates = new NetworkRates();
    let rested = 0;
    const slice = { due: () => true, rest: () => Promise.resolve(void rested++) };
    for (let i = 0; i < 40; i++) {
      const { header, network, errors } = world.next();
      if (network === undefined) continue;
      const bytes = encoder.encode(header, network, errors);
      const copy = await replica.apply(bytes, slice);
      expect(rates.update(copy.network, copy.header)).toBe(true);
      const clean = snapshotToJson(network, world.rates, header, options).replaceAll('\\t', '·');
      const copied = snapshotToJson(copy.network, rates, copy.header, options);
      expect(withSortedLists(JSON.parse(copied))).toEqual(withSortedLists(JSON.parse(clean)));
    }
    expect(rested).toBeGreaterThan(1000);
  });

  test('a row keeps slot and serial while the agent keeps its row, and loses them with it', async () => {
    const section = new RandomSection(3).change(60);
    const encoder = new NetworkEncoder();
    const replica = new NetworkReplica();
    const { network } = await replica.apply(encoder.encode(HEADER, section, []), NEVER);
    const before = identities(network, 'sockets');
    const [kept = 0, reborn = 0] = section.sockets.slots.rows;
    const keyOf = (slot: number) =>
      ([0, 1, 2, 3] as const).map((word) => section.sockets.slots.keyWord(slot, word)) as [
        number,
        number,
        number,
        number,
      ];
    const key = keyOf(reborn);
    section.sockets.slots.remove(reborn);
    section.sockets.slots.add(...key);
    await replica.apply(encoder.encode(HEADER, section, []), NEVER);
    const after = identities(network, 'sockets');
    expect(after.get(keyOf(kept).join(':'))).toBe(before.get(keyOf(kept).join(':')));
    expect(after.get(key.join(':'))).not.toBe(before.get(key.join(':')));
  });

  test('damaged bytes change nothing', async () => {
    const section = new RandomSection(9).change(30);
    const encoder = new NetworkEncoder();
    const replica = new NetworkReplica();
    const bytes = encoder.encode(HEADER, section, []);
    const { network } = await replica.apply(bytes, NEVER);
    const before = contents(network);
    for (let length = 1; length < bytes.length; length += 7) {
      const cut = bytes.subarray(0, length);
      // A cut between two fields is a shorter message, which another replica is given.
      const code = await rejectionOf(new NetworkReplica().apply(cut, NEVER));
      if (code === 'nothing thrown') continue;
      expect(code).toBe('BAD_PROTOBUF');
      expect(await rejectionOf(replica.apply(cut, NEVER))).toBe('BAD_PROTOBUF');
    }
    expect(contents(network)).toEqual(before);
  });
});
