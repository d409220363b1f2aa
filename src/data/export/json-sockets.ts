import { ScopeFilter } from '../query/scope.ts';
import { protocolName, socketStateName } from '../query/socket-names.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import { ADDRESS_WORDS } from '../sample/address.ts';
import { addressText } from '../sample/address-text.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { isConnection, isListener } from '../sample/socket-role.ts';
import type { ExportOptions } from './export-options.ts';
import { countValue, rateValue } from '../query/cell-values.ts';

export interface ConnectionEntry {
  readonly proto: 'tcp' | 'udp';
  readonly src_ip: string;
  readonly src_port: number;
  readonly dst_ip: string;
  readonly dst_port: number;
  readonly state: string;
  readonly up_rate: number | null;
  readonly down_rate: number | null;
  readonly cum_up: number | null;
  readonly cum_down: number | null;
  /** Null for connections older than the program: the kernel does not tell. */
  readonly age_s: number | null;
  readonly rtt_us: number | null;
  readonly retransmits: number | null;
  readonly remote_host: string | null;
  readonly service: string | null;
}

export interface ListenEntry {
  readonly proto: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
}

/** Live sockets in scope, by slot of their owner. */
export class SocketsByOwner {
  readonly connections = new Map<number, number[]>();
  readonly listeners = new Map<number, number[]>();

  constructor(section: NetworkSection, options: ExportOptions) {
    const inScope = new ScopeFilter(options.scope, section.interfaces);
    const { sockets, accounts } = section;
    const { rows, count } = sockets.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const owner = accounts.owner[slot]!;
      if (owner < 0 || accounts.isClosed[slot] === 1) continue;
      const interfaceIndex = accounts.interfaceIndex[slot]!;
      if (isListener(sockets, slot)) {
        if (inScope.hasListener(interfaceIndex)) append(this.listeners, owner, slot);
      } else if (isConnection(sockets, slot) && inScope.has(interfaceIndex))
        append(this.connections, owner, slot);
    }
  }
}

function append(lists: Map<number, number[]>, owner: number, slot: number): void {
  const list = lists.get(owner);
  if (list === undefined) lists.set(owner, [slot]);
  else list.push(slot);
}

export function connectionEntry(
  section: NetworkSection,
  rates: NetworkRates,
  slot: number,
  options: ExportOptions,
): ConnectionEntry {
  const { sockets, accounts } = section;
  const proto = protocolName(sockets, slot);
  const remote = addressText(sockets.remoteAddress, slot * ADDRESS_WORDS);
  const remotePort = sockets.remotePort[slot]!;
  const localPort = sockets.localPort[slot]!;
  const ageMicros = section.monotonicMicros - sockets.firstSeenMicros[slot]!;
  return {
    proto,
    src_ip: addressText(sockets.localAddress, slot * ADDRESS_WORDS),
    src_port: localPort,
    dst_ip: remote,
    dst_port: remotePort,
    state: socketStateName(sockets, slot),
    up_rate: rateValue(rates.sockets.rawTx[slot]!),
    down_rate: rateValue(rates.sockets.rawRx[slot]!),
    cum_up: countValue(accounts.txBytes[slot]!),
    cum_down: countValue(accounts.rxBytes[slot]!),
    age_s: sockets.bornBeforeStart[slot] === 1 ? null : rateValue(Math.max(0, ageMicros) / 1e6),
    rtt_us: countValue(sockets.rttMicros[slot]!),
    retransmits: countValue(sockets.retransmits[slot]!),
    remote_host: options.hostName?.(remote) ?? null,
    service: options.serviceName?.(remotePort, proto) ?? options.serviceName?.(localPort, proto) ?? null,
  };
}

function listenEntry(section: NetworkSection, slot: number): ListenEntry {
  const { sockets } = section;
  return {
    proto: protocolName(sockets, slot),
    ip: addressText(sockets.localAddress, slot * ADDRESS_WORDS),
    port: sockets.localPort[slot]!,
  };
}

/** One entry for each address and port; sockets that share one by SO_REUSEPORT are one listener to the reader. */
export function listenEntries(section: NetworkSection, slots: readonly number[]): ListenEntry[] {
  const entries = new Map<string, ListenEntry>();
  for (const slot of slots) {
    const entry = listenEntry(section, slot);
    entries.set(`${entry.proto} ${entry.ip} ${entry.port}`, entry);
  }
  return [...entries.values()].sort((a, b) => a.port - b.port || (a.ip < b.ip ? -1 : 1));
}
