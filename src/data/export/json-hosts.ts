import { HostRows } from '../query/host-rows.ts';
import { ScopeFilter } from '../query/scope.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import { ADDRESS_WORDS } from '../sample/address.ts';
import { addressText } from '../sample/address-text.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { ExportOptions } from './export-options.ts';
import { countValue, rateValue } from '../query/cell-values.ts';

export interface HostEntry {
  /** Its name; null: none, not known yet, or not asked for. */
  readonly host: string | null;
  /** Null for the row of hosts that have been dropped. */
  readonly ip: string | null;
  readonly up_rate: number | null;
  readonly down_rate: number | null;
  readonly conn_count: number;
  /** Names of the processes that have connections to it now, each once. */
  readonly processes: readonly string[];
  readonly country: string | null;
  readonly cum_up: number | null;
  readonly cum_down: number | null;
}

/** Remote hosts with connections or traffic in scope, the busiest first, then by address. */
export function hostEntries(
  section: NetworkSection,
  rates: NetworkRates,
  options: ExportOptions,
): HostEntry[] {
  const rows = new HostRows();
  rows.build(section, rates, options.scope);
  const processes = processNames(section, options);
  const entries: HostEntry[] = [];
  for (let row = 0; row < rows.count; row++) {
    const host = rows.host[row]!;
    const ip = hostAddress(section, host);
    entries.push({
      host: ip === null ? 'other hosts' : (options.hostName?.(ip) ?? null),
      ip,
      up_rate: rateValue(rows.rawUp[row]!),
      down_rate: rateValue(rows.rawDown[row]!),
      conn_count: rows.connections[row]!,
      processes: [...(processes.get(host) ?? [])].sort(),
      country: ip === null ? null : (options.country?.(ip) ?? null),
      cum_up: countValue(rows.upTotal[row]!),
      cum_down: countValue(rows.downTotal[row]!),
    });
  }
  const busy = (entry: HostEntry): number => (entry.up_rate ?? 0) + (entry.down_rate ?? 0);
  return entries.sort((a, b) => busy(b) - busy(a) || ((a.ip ?? '') < (b.ip ?? '') ? -1 : 1));
}

function hostAddress(section: NetworkSection, host: number): string | null {
  const { slots } = section.hosts;
  const words = new Uint32Array(ADDRESS_WORDS);
  words[0] = slots.keyWord(host, 0);
  words[1] = slots.keyWord(host, 1);
  words[2] = slots.keyWord(host, 2);
  words[3] = slots.keyWord(host, 3);
  return words.every((word) => word === 0) ? null : addressText(words, 0);
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
