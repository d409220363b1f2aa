import type { ConnectionRows } from '../query/connection-rows.ts';
import type { GroupRows } from '../query/group-rows.ts';
import type { HostRows } from '../query/host-rows.ts';
import type { ListenRows } from '../query/listen-rows.ts';
import type { ProcessRows } from '../query/process-rows.ts';
import type { Scope } from '../query/scope.ts';
import { stateName } from '../query/socket-names.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import { type NetworkSection, OwnerKind } from '../sample/network-section.ts';
import { PROTOCOL_UDP } from '../sample/socket-table.ts';
import { listenPorts } from './csv.ts';
import { countValue, rateValue, timeValue } from '../query/cell-values.ts';
import { viewCsvField } from './view-csv-cell.ts';

/** The rows of one view as they were built for the screen, filter and scope included. */
export type CsvView =
  | { readonly kind: 'processes'; readonly rows: ProcessRows }
  | { readonly kind: 'hosts'; readonly rows: HostRows }
  | { readonly kind: 'listen'; readonly rows: ListenRows }
  | { readonly kind: 'groups'; readonly rows: GroupRows }
  /** Connections of one owner, by its slot. */
  | { readonly kind: 'connections'; readonly rows: ConnectionRows; readonly owner: number };

/** The moment that a view shows, and who knows names. `section` and `rates` are those the rows were built from. */
export interface CsvMoment {
  readonly section: NetworkSection;
  readonly rates: NetworkRates;
  /** When it was, as in SnapshotHeader. */
  readonly wallMillis: number;
  readonly scope: Scope;
  readonly hostName?: (address: string) => string | undefined;
  readonly serviceName?: (port: number, protocol: 'tcp' | 'udp') => string | undefined;
  readonly country?: (address: string) => string | undefined;
}

type Value = string | number | null;

/** A column's title, unit last, and its value in a row of the view; null: unknown, an empty field. */
type Column = readonly [title: string, value: (row: number) => Value];

/**
 * A view as a CSV file (RFC 4180, lines ended by `\n`): the header, then the rows of `order`, those below 0 left out.
 * Rates are bytes per second, not smoothed; totals are bytes since start.
 */
export function viewToCsv(view: CsvView, moment: CsvMoment, order: Int32Array): string {
  const timestamp = timeValue(moment.wallMillis);
  const columns: readonly Column[] = [['timestamp', () => timestamp], ...columnsOf(view, moment)];
  let text = lineOf(columns.map(([title]) => title));
  for (const row of order) if (row >= 0) text += lineOf(columns.map(([, value]) => value(row)));
  return text;
}

function lineOf(values: readonly Value[]): string {
  return `${values.map(viewCsvField).join(',')}\n`;
}

function columnsOf(view: CsvView, moment: CsvMoment): readonly Column[] {
  switch (view.kind) {
    case 'processes':
      return processColumns(view.rows, moment);
    case 'hosts':
      return hostColumns(view.rows, moment);
    case 'listen':
      return listenColumns(view.rows, moment);
    case 'groups':
      return groupColumns(view.rows);
    case 'connections':
      return connectionColumns(view.rows, view.owner, moment);
  }
}

/** The same columns as the stream's (csv.ts). */
function processColumns(rows: ProcessRows, moment: CsvMoment): readonly Column[] {
  const ports = listenPorts(moment.section, moment);
  const portsOf = (owner: number): string => [...(ports.get(owner) ?? [])].sort((a, b) => a - b).join(' ');
  return [
    ...ownerColumns(moment.section, (row) => rows.owner[row]!),
    ...trafficColumns(rows),
    ['connections', (row) => rows.connections[row]!],
    ['listen_ports', (row) => portsOf(rows.owner[row]!)],
  ];
}

function hostColumns(rows: HostRows, { section, hostName, country }: CsvMoment): readonly Column[] {
  const { names } = section.owners;
  const hostOf = (address: string): Value => (address === '' ? 'other hosts' : (hostName?.(address) ?? null));
  const processesOf = (row: number): string => {
    const owners = new Int32Array(rows.processCount[row]!);
    const count = rows.processesInto(row, owners);
    return Array.from(owners.subarray(0, count), (owner) => names[owner] ?? '').join(';');
  };
  return [
    ['host', (row) => hostOf(rows.addressOf(row))],
    ['ip', (row) => rows.addressOf(row)],
    ['country', (row) => country?.(rows.addressOf(row)) ?? null],
    ...trafficColumns(rows),
    ['connections', (row) => rows.connections[row]!],
    ['processes', processesOf],
  ];
}

function listenColumns(rows: ListenRows, { section, serviceName }: CsvMoment): readonly Column[] {
  const { commandLines } = section.owners;
  const protocolOf = (row: number): 'tcp' | 'udp' => protocolText(rows.protocol[row]!);
  return [
    ['proto', protocolOf],
    ['local_ip', (row) => rows.addressOf(row)],
    ['local_port', (row) => rows.port[row]!],
    ['service', (row) => serviceName?.(rows.port[row]!, protocolOf(row)) ?? null],
    ...ownerColumns(section, (row) => rows.owner[row]!),
    ['connections', (row) => rows.connections[row]!],
    ['sockets', (row) => rows.socketCount[row]!],
    ['command', (row) => commandLines[rows.owner[row]!] ?? null],
  ];
}

function groupColumns(rows: GroupRows): readonly Column[] {
  return [
    ['group', (row) => rows.nameOf(row)],
    ['type', (row) => rows.typeOf(row)],
    ['processes', (row) => rows.processes[row]!],
    ...trafficColumns(rows),
    ['connections', (row) => rows.connections[row]!],
  ];
}

function connectionColumns(rows: ConnectionRows, owner: number, moment: CsvMoment): readonly Column[] {
  const { section, rates, hostName, serviceName } = moment;
  const isKnown = section.counted !== 'none' && !Number.isNaN(rates.intervalSeconds);
  const rateOf = (column: Float64Array, row: number): Value =>
    isKnown ? rateValue(column[rows.socket[row]!]!) : null;
  const protocolOf = (row: number): 'tcp' | 'udp' => protocolText(rows.protocol[row]!);
  // As in the JSON: by the remote port, else by the local one.
  const serviceOf = (row: number): Value =>
    serviceName?.(rows.remotePort[row]!, protocolOf(row)) ??
    serviceName?.(rows.localPort[row]!, protocolOf(row)) ??
    null;
  return [
    ...ownerColumns(section, () => owner),
    ['proto', protocolOf],
    ['local_ip', (row) => rows.localAddress(row)],
    ['local_port', (row) => rows.localPort[row]!],
    ['remote_ip', (row) => rows.remoteAddress(row)],
    ['remote_port', (row) => rows.remotePort[row]!],
    ['remote_host', (row) => hostName?.(rows.remoteAddress(row)) ?? null],
    ['service', serviceOf],
    ['state', (row) => stateName(rows.protocol[row]!, rows.state[row]!)],
    ['age_s', (row) => rateValue(rows.ageMicros[row]! / 1e6)],
    ['rtt_us', (row) => countValue(rows.rttMicros[row]!)],
    ['retransmits', (row) => countValue(rows.retransmits[row]!)],
    ['upload_bytes_per_s', (row) => rateOf(rates.sockets.rawTx, row)],
    ['download_bytes_per_s', (row) => rateOf(rates.sockets.rawRx, row)],
    ['upload_bytes', (row) => countValue(rows.upTotal[row]!)],
    ['download_bytes', (row) => countValue(rows.downTotal[row]!)],
  ];
}

/** Who it is; rows without a process have no pid, and a name that says what they are. */
function ownerColumns({ owners }: NetworkSection, ownerOf: (row: number) => number): readonly Column[] {
  const isProcess = (owner: number): boolean => owners.kind[owner] === OwnerKind.PROCESS;
  return [
    ['pid', (row) => (isProcess(ownerOf(row)) ? owners.pid[ownerOf(row)]! : null)],
    ['process', (row) => owners.names[ownerOf(row)] ?? ''],
    ['user', (row) => owners.users[ownerOf(row)] ?? null],
  ];
}

interface TrafficColumns {
  readonly rawUp: Float64Array;
  readonly rawDown: Float64Array;
  readonly upTotal: Float64Array;
  readonly downTotal: Float64Array;
}

function trafficColumns(rows: TrafficColumns): readonly Column[] {
  return [
    ['upload_bytes_per_s', (row) => rateValue(rows.rawUp[row]!)],
    ['download_bytes_per_s', (row) => rateValue(rows.rawDown[row]!)],
    ['upload_bytes', (row) => countValue(rows.upTotal[row]!)],
    ['download_bytes', (row) => countValue(rows.downTotal[row]!)],
  ];
}

function protocolText(protocol: number): 'tcp' | 'udp' {
  return protocol === PROTOCOL_UDP ? 'udp' : 'tcp';
}
