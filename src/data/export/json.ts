import { countValue, rateValue, timeValue } from '../query/cell-values.ts';
import { LISTEN_FIELDS, type ListenExport } from '../query/listen-fields.ts';
import { ProcessRows } from '../query/process-rows.ts';
import type { JsonEntry } from '../query/row-fields.ts';
import { ScopeFilter } from '../query/scope.ts';
import { type NetworkRates, TOTALS_SLOT } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { SnapshotHeader } from '../sample/snapshot.ts';
import { PROTOCOL_TCP, TcpState } from '../sample/socket-table.ts';
import type { ExportOptions } from './export-options.ts';
import { entryMaker } from './exported-fields.ts';
import { hostEntries } from './json-hosts.ts';
import { groupEntries, type ProcessContext, processContext, processEntry } from './json-processes.ts';
import { listenEntries } from './json-sockets.ts';

/** Version of the shape below. */
const JSON_SCHEMA = 1;

type ListenPortEntry = JsonEntry<typeof LISTEN_FIELDS>;

const listenPortEntry = entryMaker<typeof LISTEN_FIELDS, ListenExport>(LISTEN_FIELDS);

/** The snapshot as one line of JSON, without a line end. */
export function snapshotToJson(
  section: NetworkSection,
  rates: NetworkRates,
  header: SnapshotHeader,
  options: ExportOptions,
): string {
  return JSON.stringify(snapshotEntry(section, rates, header, options));
}

/** One line of `--json`. Rates are bytes per second, unsmoothed, null before the second sample; totals are bytes. */
export function snapshotEntry(
  section: NetworkSection,
  rates: NetworkRates,
  header: SnapshotHeader,
  options: ExportOptions,
) {
  const rows = new ProcessRows();
  rows.build(section, rates, { ...options.scope, includeExited: true }, options.filter);
  const context = processContext(section, rates, header, options, rows);
  const [totalUp, totalDown] = totals(rates, options);
  return {
    schema: JSON_SCHEMA,
    timestamp: timeValue(header.wallMillis),
    interval_s: rateValue(rates.intervalSeconds),
    backend: section.tier,
    counted: section.counted,
    parts: section.parts ?? null,
    lost: { closings: section.lostClosings, bytes: section.lost.bytes, packets: section.lost.packets },
    host: header.hostName,
    processes: Array.from(rows.order(options.sort, 'raw'), (row) => processEntry(context, row)),
    interfaces: interfaceEntries(section, rates, options),
    remote_hosts: hostEntries(section, rates, options),
    listen_ports: listenPortEntries(context),
    groups: groupEntries(context, options.scope),
    total_up: countValue(totalUp),
    total_down: countValue(totalDown),
    attributed_ratio: rateValue(rates.attributedRatioOf(options.scope.interfaceIndex, section.interfaces)),
    errors: section.errors.map(({ op, code, message }) => ({ op, code, message })),
  };
}

function totals(rates: NetworkRates, options: ExportOptions): readonly [up: number, down: number] {
  const only = options.scope.interfaceIndex;
  if (only === undefined) return [rates.totals.sinceTx[TOTALS_SLOT]!, rates.totals.sinceRx[TOTALS_SLOT]!];
  const moved = rates.totalsOf(only);
  return [moved?.txBytes ?? 0, moved?.rxBytes ?? 0];
}

function interfaceEntries(section: NetworkSection, rates: NetworkRates, options: ExportOptions) {
  const inScope = new ScopeFilter(options.scope, section.interfaces);
  const { interfaces } = section;
  const slots = [...interfaces.slots.rows.subarray(0, interfaces.slots.count)]
    .filter((slot) => inScope.has(interfaces.index[slot]!))
    .sort((a, b) => interfaces.index[a]! - interfaces.index[b]!);
  return slots.map((slot) => ({
    name: interfaces.names[slot] ?? '',
    bytes_recv: countValue(interfaces.rxBytes[slot]!),
    bytes_sent: countValue(interfaces.txBytes[slot]!),
    recv_rate: rateValue(rates.interfaces.rawRx[slot]!),
    send_rate: rateValue(rates.interfaces.rawTx[slot]!),
  }));
}

/** Ports in order, each with the live connections that came in by it. */
export function listenPortEntries({ section, rates, rows, byOwner }: ProcessContext): ListenPortEntry[] {
  const accepted = connectionsByPort(section);
  const entries: ListenPortEntry[] = [];
  for (const [owner, slots] of byOwner.listeners) {
    if (rows.rowOfOwner(owner) < 0) continue;
    const listeners = listenEntries(section, slots);
    const source: ListenExport = {
      ...{ section, rates },
      listenerOf: (at) => listeners[at]!,
      ownerOf: () => owner,
      acceptedOf: (at) => (listeners[at]!.proto === 'tcp' ? (accepted.get(listeners[at]!.port) ?? 0) : null),
    };
    for (const at of listeners.keys()) entries.push(listenPortEntry(source, at));
  }
  return entries.sort((a, b) => a.port - b.port || (a.proto < b.proto ? -1 : a.proto > b.proto ? 1 : 0));
}

function connectionsByPort(section: NetworkSection): Map<number, number> {
  const { sockets, accounts } = section;
  const counts = new Map<number, number>();
  for (let i = 0; i < sockets.slots.count; i++) {
    const slot = sockets.slots.rows[i]!;
    if (accounts.isClosed[slot] === 1 || sockets.protocol[slot] !== PROTOCOL_TCP) continue;
    if (sockets.state[slot] === TcpState.LISTEN) continue;
    const port = sockets.localPort[slot]!;
    counts.set(port, (counts.get(port) ?? 0) + 1);
  }
  return counts;
}
