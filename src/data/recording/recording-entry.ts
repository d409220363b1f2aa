import {
  connectionEntry,
  type ExportOptions,
  groupEntries,
  hostEntries,
  listenPortEntries,
  type ProcessContext,
  processContext,
  processEntry,
  snapshotEntry,
} from '../export/network-json.ts';
import { ProcessRows } from '../query/process-rows.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import {
  HostTable,
  type NetworkSection,
  OwnerTable,
  ProblemTable,
  TrafficTable,
} from '../sample/network-section.ts';
import type { Slice } from '../sample/slice.ts';
import { SocketTable } from '../sample/socket-table.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';

/** Takes UTF-16 text piece by piece. */
type TextSink = (text: string) => void;

/** Names that a line may hold; scope and order are the recording's own: everything, by total rate. */
export type RecordingNames = Pick<ExportOptions, 'hostName' | 'serviceName' | 'country'>;

const PIECE_LENGTH = 32_768;

/** Tables without rows: what `snapshotEntry` makes of them is everything that is not one entry per row. */
const NO_ROWS = {
  owners: new OwnerTable(),
  traffic: new TrafficTable(),
  hosts: new HostTable(),
  hostTraffic: new TrafficTable(),
  sockets: new SocketTable(1),
  problems: new ProblemTable(),
};

/** The fields of `snapshotEntry` without the opening brace, as JSON.stringify makes them, with rests between. */
export class RecordingEntry {
  readonly #rows = new ProcessRows();
  readonly #options: ExportOptions;
  #pending = '';

  constructor(names: RecordingNames) {
    this.#options = {
      ...names,
      scope: { interfaceIndex: undefined, includeLoopback: true, includeExited: true },
      sort: { key: 'total', isReversed: false },
    };
  }

  async write(
    section: NetworkSection,
    rates: NetworkRates,
    header: SnapshotHeader,
    slice: Slice,
    sink: TextSink,
  ): Promise<void> {
    const options = this.#options;
    this.#rows.build(section, rates, options.scope);
    const context = processContext(section, rates, header, options, this.#rows);
    const lists: Record<string, () => Promise<void>> = {
      processes: () => this.#writeProcesses(context, slice, sink),
      remote_hosts: () => this.#writeList(hostEntries(section, rates, options), slice, sink),
      listen_ports: () => this.#writeList(listenPortEntries(context), slice, sink),
      groups: () => this.#writeList(groupEntries(context, options.scope), slice, sink),
    };
    const fields = Object.entries(snapshotEntry({ ...section, ...NO_ROWS }, rates, header, options));
    for (const [at, [name, value]] of fields.entries()) {
      const writeList = lists[name];
      this.#add(`${at === 0 ? '' : ','}"${name}":`, sink);
      if (writeList === undefined) this.#add(JSON.stringify(value), sink);
      else await writeList();
    }
    this.#add('}', sink);
    this.#flush(sink);
  }

  async #writeProcesses(context: ProcessContext, slice: Slice, sink: TextSink): Promise<void> {
    const { rows } = context;
    // Connections are written apart: one process may hold them all.
    const bare = { ...context, connectionsOf: () => [] };
    let isFirst = true;
    this.#add('[', sink);
    for (const row of rows.order({ ...this.#options.sort, isRaw: true })) {
      if (slice.due()) await slice.rest();
      this.#add(isFirst ? '{' : ',{', sink);
      isFirst = false;
      for (const [at, [name, value]] of Object.entries(processEntry(bare, row)).entries()) {
        this.#add(`${at === 0 ? '' : ','}"${name}":`, sink);
        if (name === 'connections') await this.#writeConnections(context, row, slice, sink);
        else this.#add(JSON.stringify(value), sink);
      }
      this.#add('}', sink);
    }
    this.#add(']', sink);
  }

  async #writeConnections(context: ProcessContext, row: number, slice: Slice, sink: TextSink): Promise<void> {
    const slots = context.byOwner.connections.get(context.rows.owner[row]!) ?? [];
    this.#add('[', sink);
    for (const [at, slot] of slots.entries()) {
      if (slice.due()) await slice.rest();
      const text = JSON.stringify(connectionEntry(context, slot));
      this.#add(at === 0 ? text : `,${text}`, sink);
    }
    this.#add(']', sink);
  }

  async #writeList(entries: readonly unknown[], slice: Slice, sink: TextSink): Promise<void> {
    this.#add('[', sink);
    for (const [at, entry] of entries.entries()) {
      if (slice.due()) await slice.rest();
      this.#add(at === 0 ? JSON.stringify(entry) : `,${JSON.stringify(entry)}`, sink);
    }
    this.#add(']', sink);
  }

  #add(text: string, sink: TextSink): void {
    this.#pending += text;
    if (this.#pending.length >= PIECE_LENGTH) this.#flush(sink);
  }

  #flush(sink: TextSink): void {
    sink(this.#pending);
    this.#pending = '';
  }
}
