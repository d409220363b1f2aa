import { CONNECTION_FIELDS } from '../query/connection-rows.ts';
import type { Listener, NetworkExport } from '../query/network-fields.ts';
import { type Scope, ScopeFilter } from '../query/scope.ts';
import { protocolName } from '../query/socket-texts.ts';
import { ADDRESS_WORDS } from '../sample/address.ts';
import { addressText } from '../sample/address-text.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { isConnection, isListener } from '../sample/socket-role.ts';
import { entryMaker } from './exported-fields.ts';

export const connectionEntry = entryMaker<typeof CONNECTION_FIELDS, NetworkExport>(CONNECTION_FIELDS);

/** Live sockets in scope, by slot of their owner. */
export class SocketsByOwner {
  readonly connections = new Map<number, number[]>();
  readonly listeners = new Map<number, number[]>();

  constructor(section: NetworkSection, scope: Scope) {
    const inScope = new ScopeFilter(scope, section.interfaces);
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

function listenEntry(section: NetworkSection, slot: number): Listener {
  const { sockets } = section;
  return {
    proto: protocolName(sockets, slot),
    ip: addressText(sockets.localAddress, slot * ADDRESS_WORDS),
    port: sockets.localPort[slot]!,
  };
}

/** One entry for each address and port; sockets that share one by SO_REUSEPORT are one listener to the reader. */
export function listenEntries(section: NetworkSection, slots: readonly number[]): Listener[] {
  const entries = new Map<string, Listener>();
  for (const slot of slots) {
    const entry = listenEntry(section, slot);
    entries.set(`${entry.proto} ${entry.ip} ${entry.port}`, entry);
  }
  return [...entries.values()].sort((a, b) => a.port - b.port || (a.ip < b.ip ? -1 : 1));
}
