import { withUnderscores } from '../../data/codec/json-values.ts';
import { WireWriter } from '../../data/codec/protobuf.ts';
import { TableWriter } from '../../data/codec/table-writer.ts';
import { NETWORK_TABLE_NAMES, toldNetworkTable } from '../../data/codec/told-table.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { SectionError, SnapshotHeader } from '../../data/schema/section-facts.ts';
import { failureMessages, headerMessage, sectionMessage } from './section-codec.ts';
import {
  NETWORK_REPLY_SHAPE,
  type NetworkFacts,
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
