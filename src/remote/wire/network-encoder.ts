import type { PbfWriter } from 'pbf';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { SectionError, SnapshotHeader } from '../../data/sample/snapshot.ts';
import type { SlotTable } from '../../kit/table/slot-table.ts';
import { ColumnWriter, TextPlaces } from './column-writer.ts';
import {
  NETWORK_SHAPES,
  NETWORK_TABLES,
  type NetworkTableName,
  networkColumns,
  slotsOf,
} from './network-message-tables.ts';
import { failureMessages, headerMessage, sectionMessage } from './section-codec.ts';
import {
  NETWORK_REPLY_SHAPE,
  type NetworkFacts,
  writeFailure,
  writeHeader,
  writeNetworkFacts,
  writeSectionFacts,
} from './socktop-v2.generated.ts';
import { fieldOf, type WireColumns } from './wire-table.ts';
import { WireWriter } from './wire-writer.ts';

/** Texts of a network reply stand at places from 1. */
export const NETWORK_FIRST_TEXT = 1;
const FIRST_BUFFER_BYTES = 1 << 16;
const TAG = Object.fromEntries(NETWORK_REPLY_SHAPE.fields.map(({ name, tag }) => [name, tag]));

/** Writes `NetworkReply`. Buffers are kept from reply to reply. */
export class NetworkEncoder {
  readonly #columns = new ColumnWriter();
  readonly #texts = new TextPlaces(NETWORK_FIRST_TEXT);
  /** By slot: the row's place in the message. */
  readonly #ownerPlaces = new Places();
  readonly #hostPlaces = new Places();
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
    this.#ownerPlaces.set(network.owners.slots);
    this.#hostPlaces.set(network.hosts.slots);
    this.#texts.clear();
    for (const name of NETWORK_TABLES) {
      const slots = slotsOf(network, name);
      const columns = networkColumns(network, name);
      writer.writeMessage(tagOf(name), () => this.#table(writer, name, slots, columns), undefined);
    }
    for (const text of this.#texts.texts) writer.writeStringField(tagOf('texts'), text);
    this.#texts.clear();
    const bytes = new Uint8Array(writer.finish());
    this.#buffer = writer.buf;
    return bytes;
  }

  #table(writer: PbfWriter, name: NetworkTableName, slots: SlotTable, columns: WireColumns): void {
    const out = this.#columns;
    const shape = NETWORK_SHAPES[name];
    writer.writeVarintField(1, slots.count);
    if (slots.count === 0) return;
    out.begin(slots.rows, slots.count);
    out.words(writer, fieldOf(shape, 'serial'), (slot) => slots.serial[slot]!);
    for (const word of KEY_WORDS) {
      const field = shape.fields.find((candidate) => candidate.name === `key${word}`);
      if (field !== undefined) out.words(writer, field, (slot) => slots.keyWord(slot, word));
    }
    for (const column of columns.numbers) {
      out.numbers(writer, column, this.#placesOf(column.refersTo));
    }
    for (const column of columns.texts) out.texts(writer, column, this.#texts);
  }

  #placesOf(table: string | undefined): Int32Array | undefined {
    if (table === undefined) return undefined;
    return table === 'owners' ? this.#ownerPlaces.bySlot : this.#hostPlaces.bySlot;
  }
}

const KEY_WORDS = [0, 1, 2, 3] as const;

class Places {
  bySlot = new Int32Array(0);

  set(slots: SlotTable): void {
    if (slots.capacity > this.bySlot.length) this.bySlot = new Int32Array(slots.capacity);
    this.bySlot.fill(-1);
    for (let i = 0; i < slots.count; i++) this.bySlot[slots.rows[i]!] = i;
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
    parts: parts === undefined ? undefined : { ...parts },
  };
}

function tagOf(name: string): number {
  return TAG[name]!;
}
