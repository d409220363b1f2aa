import { PbfReader } from 'pbf';
import { cleanText } from '../../data/codec/wire-text.ts';
import type { CollectionParts, CountingBasis, Tier } from '../../data/sample/network-sample.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import { NetworkTables } from '../../data/sample/network-tables.ts';
import type { Slice } from '../../data/sample/slice.ts';
import type { SectionError, SnapshotHeader } from '../../data/sample/snapshot.ts';
import { ReceivedKeys, RowMatch } from '../../kit/table/row-match.ts';
import { ReceivedTable, type ReferredRows, scatterNumbers, scatterTexts } from './column-reader.ts';
import { TEXT_LIMIT } from './limits.ts';
import { NETWORK_FIRST_TEXT } from './network-encoder.ts';
import {
  NETWORK_LIMITS,
  NETWORK_SHAPES,
  NETWORK_TABLES,
  type NetworkTableName,
  networkColumns,
  slotsOf,
} from './network-message-tables.ts';
import { checkProtobuf } from './protobuf-shape.ts';
import { failuresOf, headerOf, plausible, sectionOf } from './section-codec.ts';
import {
  type Failure,
  type Header,
  NETWORK_REPLY_SHAPE,
  type NetworkFacts,
  type NetworkParts,
  readFailure,
  readHeader,
  readNetworkFacts,
  readSectionFacts,
  type SectionFacts,
} from './socktop-v2.generated.ts';

/** A received `get_network`. Borrowed: the tables are the replica's and valid until its next `apply`. */
interface ReceivedNetwork {
  readonly header: SnapshotHeader;
  readonly network: NetworkSection;
  /** What failed at the agent between two samples. */
  readonly errors: readonly SectionError[];
}

const TIERS: readonly Tier[] = ['ebpf', 'netlink', 'packet', 'proc'];
const BASES: readonly CountingBasis[] = ['l3', 'payload', 'none'];

/** What a reply says apart from its tables. */
class ReceivedFacts {
  header: Header | undefined;
  section: SectionFacts | undefined;
  network: NetworkFacts | undefined;
  readonly errors: Failure[] = [];
  readonly texts: string[] = [];
}

/**
 * The tables of another machine, brought up to date by each reply of `get_network`. Rows keep their slots and serials
 * while the agent's rows live, so rates, selections and histories go on from reply to reply.
 */
export class NetworkReplica {
  readonly #tables = new NetworkTables();
  readonly #received = eachTable((name) => new ReceivedTable(NETWORK_SHAPES[name]));
  readonly #matches = eachTable(() => new RowMatch());
  readonly #keys = new ReceivedKeys();

  /**
   * Rejects with an OpError with a WireErrorCode where the bytes are damaged, and then nothing has changed. Rests
   * between columns when the slice says so; calls do not overlap.
   */
  async apply(bytes: Uint8Array, slice: Slice): Promise<ReceivedNetwork> {
    checkProtobuf(bytes, NETWORK_REPLY_SHAPE, NETWORK_LIMITS);
    const reader = new PbfReader(bytes);
    const facts = this.#note(reader);
    if (slice.due()) await slice.rest();
    for (const name of NETWORK_TABLES) await this.#applyTable(name, reader, facts.texts, slice);
    return {
      header: headerOf(facts.header),
      network: { ...sectionOf(facts.section), ...networkFacts(facts.network), ...this.#tables },
      errors: failuresOf(facts.errors),
    };
  }

  /** Reads what is no table, and notes where the tables stand. */
  #note(reader: PbfReader): ReceivedFacts {
    for (const name of NETWORK_TABLES) this.#received[name].clear();
    const facts = new ReceivedFacts();
    for (let tag = reader.nextField(); tag !== 0; tag = reader.nextField()) {
      const name = NETWORK_REPLY_SHAPE.fields[tag - 1]?.name;
      const table = NETWORK_TABLES.find((candidate) => candidate === name);
      if (name === 'texts') facts.texts.push(cleanText(reader.readString(), TEXT_LIMIT.line));
      else if (name === 'header') facts.header = readHeader(reader, messageEnd(reader));
      else if (name === 'section') facts.section = readSectionFacts(reader, messageEnd(reader));
      else if (name === 'network') facts.network = readNetworkFacts(reader, messageEnd(reader));
      else if (name === 'errors') facts.errors.push(readFailure(reader, messageEnd(reader)));
      else if (table !== undefined) this.#received[table].note(reader, messageEnd(reader));
    }
    return facts;
  }

  async #applyTable(
    name: NetworkTableName,
    reader: PbfReader,
    texts: readonly string[],
    slice: Slice,
  ): Promise<void> {
    const received = this.#received[name];
    const { rows } = received;
    const { slots } = this.#match(name, reader);
    // Rows that were added may have replaced the columns.
    if (name === 'sockets') this.#tables.accounts.reserve(this.#tables.sockets.slots.capacity);
    const columns = networkColumns(this.#tables, name);
    for (const column of columns.numbers) {
      const values = received.values(reader, column.field);
      scatterNumbers(column, values, slots, rows, this.#referred(column.refersTo));
      if (slice.due()) await slice.rest();
    }
    for (const column of columns.texts) {
      scatterTexts(column, received.values(reader, column.field), slots, rows, texts, NETWORK_FIRST_TEXT);
    }
  }

  #referred(table: string | undefined): ReferredRows | undefined {
    if (table !== 'owners' && table !== 'hosts') return undefined;
    return { slots: this.#matches[table].slots, count: this.#received[table].rows };
  }

  #match(name: NetworkTableName, reader: PbfReader): RowMatch {
    const received = this.#received[name];
    const match = this.#matches[name];
    const keys = this.#keys;
    keys.reset(received.rows);
    const serials = received.values(reader, received.field('serial'));
    if (serials !== undefined) keys.serial.set(serials);
    const isTraffic = name === 'traffic' || name === 'host_traffic';
    if (isTraffic) this.#subjectKeys(name === 'traffic' ? 'owners' : 'hosts', received, reader);
    else {
      for (let word = 0; word < 4; word++) {
        const values = received.values(reader, received.field(`key${word}`));
        if (values === undefined) continue;
        for (let row = 0; row < received.rows; row++) keys.words[row * 4 + word] = values[row]!;
      }
    }
    const table = slotsOf(this.#tables, name);
    const { texts } = networkColumns(this.#tables, name);
    const forget = (slot: number): void => {
      for (const column of texts) column.texts[slot] = column.isOptional ? undefined : '';
    };
    // A row of traffic without its subject would be a row of nobody.
    const isRefused = isTraffic ? (row: number) => keys.words[row * 4 + 2] !== 0 : undefined;
    match.run(table, keys, received.rows, forget, isRefused);
    return match;
  }

  /** The key of traffic rows is the subject's slot here and the interface; word 2 marks those without a subject. */
  #subjectKeys(subjects: 'owners' | 'hosts', received: ReceivedTable, reader: PbfReader): void {
    const { words } = this.#keys;
    const slotOf = this.#matches[subjects].slots;
    const slotCount = this.#received[subjects].rows;
    const places = received.values(reader, received.field('subject'));
    for (let row = 0; row < received.rows; row++) {
      const place = places?.[row] ?? -1;
      const slot = place >= 0 && place < slotCount ? slotOf[place]! : -1;
      words[row * 4] = slot;
      words[row * 4 + 2] = slot < 0 ? 1 : 0;
    }
    const interfaces = received.values(reader, received.field('interface_index'));
    for (let row = 0; row < received.rows; row++) words[row * 4 + 1] = interfaces?.[row] ?? 0;
  }
}

function eachTable<T>(make: (name: NetworkTableName) => T): Record<NetworkTableName, T> {
  return {
    owners: make('owners'),
    hosts: make('hosts'),
    traffic: make('traffic'),
    host_traffic: make('host_traffic'),
    interfaces: make('interfaces'),
    addresses: make('addresses'),
    sockets: make('sockets'),
  };
}

function messageEnd(reader: PbfReader): number {
  return reader.readVarint() + reader.pos;
}

function networkFacts(
  facts: NetworkFacts | undefined,
): Pick<NetworkSection, 'tier' | 'counted' | 'processCount' | 'lostClosings' | 'lost' | 'parts'> {
  return {
    tier: TIERS.find((tier) => tier === facts?.tier) ?? 'proc',
    counted: BASES.find((basis) => basis === facts?.counted) ?? 'none',
    processCount: plausible(facts?.process_count),
    lostClosings: plausible(facts?.lost_closings),
    lost: { bytes: plausible(facts?.lost_bytes), packets: plausible(facts?.lost_packets) },
    parts: partsOf(facts?.parts),
  };
}

const TCP: readonly CollectionParts['tcp'][] = ['ebpf', 'tcp_info', 'packets', 'none'];
const UDP: readonly CollectionParts['udp'][] = ['ebpf', 'packets', 'none'];
const OWNERS: readonly CollectionParts['owners'][] = ['last user', 'creator', 'descriptor'];
const PROCESSES: readonly CollectionParts['processes'][] = ['ebpf', 'proc'];
const SCOPES: readonly CollectionParts['scope'][] = ['machine', 'container', 'network namespace'];

/** undefined where the agent did not say, or says it in words that this version does not know. */
function partsOf(parts: NetworkParts | undefined): CollectionParts | undefined {
  const tcp = TCP.find((word) => word === parts?.tcp);
  const udp = UDP.find((word) => word === parts?.udp);
  const owners = OWNERS.find((word) => word === parts?.owners);
  const processes = PROCESSES.find((word) => word === parts?.processes);
  const scope = SCOPES.find((word) => word === parts?.scope);
  if (tcp === undefined || udp === undefined || owners === undefined) return undefined;
  if (processes === undefined || scope === undefined) return undefined;
  return { tcp, udp, owners, processes, exited: parts?.exited === true, scope };
}
