import { PbfReader } from 'pbf';
import { withUnderscores } from '../../data/codec/json-values.ts';
import { checkProtobuf, WireWriter } from '../../data/codec/protobuf.ts';
import { TABLE_FORMATS } from '../../data/codec/table-format.ts';
import { TableReader } from '../../data/codec/table-reader.ts';
import { TableReplica } from '../../data/codec/table-replica.ts';
import { TableWriter } from '../../data/codec/table-writer.ts';
import { NETWORK_TABLE_NAMES, toldNetworkTable } from '../../data/codec/told-table.ts';
import { COUNTING_BASES, collectionPartsOf, TIERS } from '../../data/sample/network-sample.ts';
import {
  type NetworkSection,
  type NetworkSectionFacts,
  NetworkTables,
} from '../../data/sample/network-section.ts';
import type { Slice } from '../../data/sample/slice.ts';
import type { SectionError, SnapshotHeader } from '../../data/schema/section-facts.ts';
import { ROWS_LIMIT } from './limits.ts';
import {
  failureMessages,
  failuresOf,
  headerMessage,
  messageEnd,
  plausible,
  ReceivedFacts,
  sectionMessage,
} from './section-codec.ts';
import {
  type Failure,
  NETWORK_REPLY_SHAPE,
  type NetworkFacts,
  readFailure,
  readNetworkFacts,
  writeFailure,
  writeHeader,
  writeNetworkFacts,
  writeSectionFacts,
} from './socktop-v2.generated.ts';

const FIRST_BUFFER_BYTES = 1 << 12;
const TAG = Object.fromEntries(NETWORK_REPLY_SHAPE.fields.map(({ name, tag }) => [name, tag]));

/** Writes `NetworkReply`. Buffers are kept from reply to reply. */
export class NetworkEncoder {
  readonly #tables = new TableWriter(1);
  #buffer: Uint8Array = new Uint8Array(FIRST_BUFFER_BYTES);

  /** The snapshot's network section as protobuf; a copy, which stays as it is. */
  encode(
    header: SnapshotHeader,
    network: NetworkSection,
    errors: readonly SectionError[],
  ): Uint8Array<ArrayBuffer> {
    const writer = new WireWriter(this.#buffer);
    writer.writeMessage(tagOf('header'), writeHeader, headerMessage(header));
    writer.writeMessage(tagOf('section'), writeSectionFacts, sectionMessage(network));
    writer.writeMessage(tagOf('network'), writeNetworkFacts, factsMessage(network));
    for (const failure of failureMessages(errors)) {
      writer.writeMessage(tagOf('errors'), writeFailure, failure);
    }
    for (const name of NETWORK_TABLE_NAMES) {
      this.#tables.whole(writer, tagOf(withUnderscores(name)), toldNetworkTable(network, name));
    }
    this.#tables.texts(writer, tagOf('texts'));
    const bytes = new Uint8Array(writer.finish());
    this.#buffer = writer.buf;
    return bytes;
  }
}

function factsMessage(network: NetworkSection): NetworkFacts {
  const { parts } = network;
  return {
    tier: network.tier,
    counted: network.counted,
    process_count: network.processCount,
    lost_closings: network.lostClosings,
    lost_bytes: network.lost.bytes,
    lost_packets: network.lost.packets,
    // A part that is not there is not sent: older clients need no word for it.
    parts: parts === undefined ? undefined : { ...parts, names: parts.names === 'none' ? '' : parts.names },
  };
}

function tagOf(name: string): number {
  return TAG[name]!;
}

/** A received `get_network`. Borrowed: the tables are the replica's and valid until its next `apply`. */
interface ReceivedNetwork {
  readonly header: SnapshotHeader;
  readonly network: NetworkSection;
  /** What failed at the agent between two samples. */
  readonly errors: readonly SectionError[];
}

const LIMITS = { texts: ROWS_LIMIT.texts, errors: ROWS_LIMIT.errors };

class NetworkReceived extends ReceivedFacts {
  network: NetworkFacts | undefined;
  readonly errors: Failure[] = [];
}

/**
 * The tables of another machine, brought up to date by each reply of `get_network`. Rows keep their slots and serials
 * while the agent's rows live, so rates, selections and histories go on from reply to reply.
 */
export class NetworkReplica {
  readonly #tables = new NetworkTables();
  /** By their fields in the reply. */
  readonly #readers = new Map<string, TableReader>();
  readonly #replicas = new Map<string, TableReplica>();

  constructor() {
    for (const name of NETWORK_TABLE_NAMES) {
      this.#readers.set(withUnderscores(name), new TableReader(TABLE_FORMATS[name].shape, 1));
      this.#replicas.set(name, new TableReplica(toldNetworkTable(this.#tables, name), this.#replicas));
    }
  }

  /** Rests between columns. OpError with a WireErrorCode for damaged bytes: then nothing has changed. No overlap. */
  async apply(bytes: Uint8Array, slice: Slice): Promise<ReceivedNetwork> {
    checkProtobuf(bytes, NETWORK_REPLY_SHAPE, LIMITS);
    const reader = new PbfReader(bytes);
    const facts = this.#note(reader);
    if (slice.due()) await slice.rest();
    for (const [name, replica] of this.#replicas) {
      for (const _ of replica.replace(this.#readers.get(withUnderscores(name))!)) {
        if (slice.due()) await slice.rest();
      }
    }
    return {
      header: facts.header,
      network: { ...facts.section, ...networkFacts(facts.network), ...this.#tables },
      errors: failuresOf(facts.errors),
    };
  }

  /** Decodes everything but the tables, and records the positions of the tables. */
  #note(reader: PbfReader): NetworkReceived {
    const facts = new NetworkReceived();
    for (const table of this.#readers.values()) table.begin(reader, facts.texts);
    for (let tag = reader.nextField(); tag !== 0; tag = reader.nextField()) {
      const name = NETWORK_REPLY_SHAPE.fields[tag - 1]?.name ?? '';
      if (facts.note(reader, name)) continue;
      if (name === 'network') facts.network = readNetworkFacts(reader, messageEnd(reader));
      else if (name === 'errors') facts.errors.push(readFailure(reader, messageEnd(reader)));
      else this.#readers.get(name)?.note(reader);
    }
    return facts;
  }
}

function networkFacts(facts: NetworkFacts | undefined): NetworkSectionFacts {
  return {
    tier: TIERS.find((tier) => tier === facts?.tier) ?? 'proc',
    counted: COUNTING_BASES.find((basis) => basis === facts?.counted) ?? 'none',
    processCount: plausible(facts?.process_count),
    lostClosings: plausible(facts?.lost_closings),
    lost: { bytes: plausible(facts?.lost_bytes), packets: plausible(facts?.lost_packets) },
    parts: collectionPartsOf({ ...facts?.parts }),
  };
}
