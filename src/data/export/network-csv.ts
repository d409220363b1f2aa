import { CONNECTION_FIELDS, type ConnectionRows } from '../query/connection-rows.ts';
import { GROUP_FIELDS, type GroupExport, GroupRows, groupSortKey } from '../query/group-rows.ts';
import { HOST_FIELDS, type HostExport, type HostRows } from '../query/host-rows.ts';
import {
  LISTEN_FIELDS,
  type ListenExport,
  type ListenRows,
  OWNER_FIELDS,
  type OwnerExport,
} from '../query/listen-rows.ts';
import type { NetworkExport } from '../query/network-fields.ts';
import { PROCESS_FIELDS, type ProcessExport } from '../query/process-fields.ts';
import { ProcessRows } from '../query/process-rows.ts';
import type { Scope } from '../query/scope.ts';
import { TROUBLE_FIELDS, type TroubleExport, type TroubleRows } from '../query/trouble-rows.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { PROTOCOL_UDP } from '../sample/socket-table.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';
import { csvFields, csvHeader, csvLines, type ExportedField } from './csv.ts';
import { type ExportOptions, hostProcesses, processContext } from './network-json.ts';

const PROCESSES = csvFields<ProcessExport>(PROCESS_FIELDS);
const HOSTS = csvFields<HostExport>(HOST_FIELDS);
const LISTENERS = csvFields<ListenExport>(LISTEN_FIELDS);
const GROUPS = csvFields<GroupExport>(GROUP_FIELDS);
const TROUBLES = csvFields<TroubleExport>(TROUBLE_FIELDS);
/** Whose they are stands in every row. */
const CONNECTIONS: readonly ExportedField<OwnedConnections>[] = [
  ...csvFields<OwnedConnections>(OWNER_FIELDS),
  ...csvFields<NetworkExport>(CONNECTION_FIELDS).map(
    ({ name, value }): ExportedField<OwnedConnections> => ({
      name,
      value: (source, row) => value(source, source.rows.socket[row]!),
    }),
  ),
];

interface OwnedConnections extends OwnerExport {
  readonly rows: ConnectionRows;
}

/** The first line of `--csv`, with its line end. */
export function snapshotCsvHeader({ groupBy }: Pick<ExportOptions, 'groupBy'> = {}): string {
  return groupBy === undefined ? csvHeader(PROCESSES) : csvHeader(GROUPS);
}

/** One line for each process or group of the snapshot; what is unknown is empty, ports are joined by spaces. */
export function snapshotToCsv(
  section: NetworkSection,
  rates: NetworkRates,
  header: SnapshotHeader,
  options: ExportOptions,
): string {
  if (options.groupBy !== undefined) {
    const { rows, order } = groupedRows(section, rates, options);
    return csvLines(GROUPS, { rows }, header.wallMillis, order);
  }
  const rows = new ProcessRows();
  rows.build(section, rates, { ...options.scope, includeExited: true }, options.filter);
  const source = processContext(section, rates, header, options, rows);
  return csvLines(PROCESSES, source, header.wallMillis, rows.order({ ...options.sort, isRaw: true }));
}

/** The processes of a snapshot summed as the options say, exited ones included, and their order. */
export function groupedRows(
  section: NetworkSection,
  rates: NetworkRates,
  { scope, filter, groupBy, sort }: ExportOptions,
): { readonly rows: GroupRows; readonly order: Int32Array } {
  const rows = new GroupRows();
  rows.build(section, rates, { ...scope, includeExited: true }, filter, groupBy);
  const key = groupSortKey(sort.key);
  return { rows, order: rows.order({ key, isReversed: sort.isReversed, isRaw: true }) };
}

/** The rows of one view as they were built for the screen, filter and scope included. */
export type CsvView =
  | { readonly kind: 'processes'; readonly rows: ProcessRows }
  | { readonly kind: 'hosts'; readonly rows: HostRows }
  | { readonly kind: 'listen'; readonly rows: ListenRows }
  | { readonly kind: 'groups'; readonly rows: GroupRows }
  | { readonly kind: 'trouble'; readonly rows: TroubleRows }
  /** Connections of one owner, by its slot. */
  | { readonly kind: 'connections'; readonly rows: ConnectionRows; readonly owner: number };

/** What a view shows, and who knows names. `section` and `rates` are those the rows were built from. */
export interface ViewSnapshot extends NetworkExport {
  readonly header: SnapshotHeader;
  readonly scope: Scope;
}

/**
 * A view as a CSV file (RFC 4180, lines ended by `\n`): the header, then the rows of `order`, those below 0 left out.
 * Rates are bytes per second, not smoothed; totals are bytes since start.
 */
export function viewToCsv(view: CsvView, snapshot: ViewSnapshot, order: Int32Array): string {
  const { section, rates, header } = snapshot;
  const fileOf = <Source>(fields: readonly ExportedField<Source>[], source: Source): string =>
    csvHeader(fields) + csvLines(fields, source, header.wallMillis, order);
  switch (view.kind) {
    case 'processes':
      return fileOf(PROCESSES, processContext(section, rates, header, snapshot, view.rows));
    case 'hosts': {
      const { rows } = view;
      const processNamesOf = (row: number): readonly string[] => hostProcesses(rows, row, section);
      return fileOf(HOSTS, { ...snapshot, rows, processNamesOf });
    }
    case 'listen':
      return fileOf(LISTENERS, listenSource(view.rows, snapshot));
    case 'groups':
      return fileOf(GROUPS, { rows: view.rows });
    case 'trouble':
      return fileOf(TROUBLES, { ...snapshot, troubles: view.rows });
    case 'connections':
      return fileOf(CONNECTIONS, { ...snapshot, rows: view.rows, ownerOf: () => view.owner });
  }
}

function listenSource(rows: ListenRows, snapshot: ViewSnapshot): ListenExport {
  return {
    ...snapshot,
    listenerOf: (row) => ({
      proto: rows.protocol[row] === PROTOCOL_UDP ? 'udp' : 'tcp',
      ip: rows.addressOf(row),
      port: rows.port[row]!,
    }),
    ownerOf: (row) => rows.owner[row]!,
    acceptedOf: (row) => rows.connections[row]!,
    socketsOf: (row) => rows.socketCount[row]!,
    waitingOf: (row) => rows.waiting[row]!,
    backlogOf: (row) => rows.backlog[row]!,
    dropsOf: (row) => rows.drops[row]!,
  };
}
