import { HOST_FIELDS, type HostExport, HostRows } from '../query/host-rows.ts';
import type { JsonEntry } from '../query/row-fields.ts';
import { ScopeFilter } from '../query/scope.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { ExportOptions } from './export-options.ts';
import { entryMaker } from './exported-fields.ts';

type HostEntry = JsonEntry<typeof HOST_FIELDS>;

const hostEntry = entryMaker<typeof HOST_FIELDS, HostExport>(HOST_FIELDS);

/** Remote hosts with connections or traffic in scope, the busiest first, then by address. */
export function hostEntries(
  section: NetworkSection,
  rates: NetworkRates,
  options: ExportOptions,
): HostEntry[] {
  const rows = new HostRows();
  rows.build(section, rates, options.scope);
  const { hostName, country } = options;
  const processes = processNames(section, options);
  const processNamesOf = (row: number): readonly string[] =>
    [...(processes.get(rows.host[row]!) ?? [])].sort();
  const source: HostExport = { section, rates, rows, hostName, country, processNamesOf };
  const entries = Array.from({ length: rows.count }, (_, row) => hostEntry(source, row));
  const busy = (entry: HostEntry): number => (entry.up_rate ?? 0) + (entry.down_rate ?? 0);
  return entries.sort((a, b) => busy(b) - busy(a) || ((a.ip ?? '') < (b.ip ?? '') ? -1 : 1));
}

function processNames(section: NetworkSection, options: ExportOptions): Map<number, Set<string>> {
  const inScope = new ScopeFilter(options.scope, section.interfaces);
  const { sockets, accounts, owners } = section;
  const names = new Map<number, Set<string>>();
  for (let i = 0; i < sockets.slots.count; i++) {
    const slot = sockets.slots.rows[i]!;
    const host = accounts.host[slot]!;
    const owner = accounts.owner[slot]!;
    if (host < 0 || owner < 0 || accounts.isClosed[slot] === 1) continue;
    if (!inScope.has(accounts.interfaceIndex[slot]!)) continue;
    const known = names.get(host) ?? new Set<string>();
    names.set(host, known.add(owners.names[owner] ?? ''));
  }
  return names;
}
