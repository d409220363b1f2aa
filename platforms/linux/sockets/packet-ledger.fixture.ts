import { isIpv4 } from '../../../src/data/sample/address.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import type { SocketRows } from './sockets.ts';
import { RowLife } from './sockets.ts';

/** Counters of one socket's or flow's row as last seen. */
export interface LedgerEntry {
  readonly protocol: number;
  readonly family: 4 | 6;
  readonly localPort: number;
  readonly remotePort: number;
  readonly tx: number;
  readonly rx: number;
  readonly txPackets: number;
  readonly rxPackets: number;
  readonly wasClosed: boolean;
  readonly isShare: boolean;
  readonly isListed: boolean;
  readonly opener: number;
  readonly ownerPid: number;
  readonly ownerBasis: number;
  readonly interfaceIndex: number;
}

/** Remembers the last counters of every row that there was, closed ones included. */
export class RowLedger {
  readonly #entries = new Map<string, LedgerEntry>();

  note({ table, life, opener }: SocketRows): void {
    const { slots } = table;
    for (const row of slots.rows.subarray(0, slots.count)) {
      this.#entries.set(`${row} ${slots.serial[row]}`, {
        protocol: table.protocol[row]!,
        family: isIpv4(table.localAddress, row * ADDRESS_WORDS) ? 4 : 6,
        localPort: table.localPort[row]!,
        remotePort: table.remotePort[row]!,
        tx: table.txBytes[row]!,
        rx: table.rxBytes[row]!,
        txPackets: table.txSegments[row]!,
        rxPackets: table.rxSegments[row]!,
        wasClosed: life[row] === RowLife.CLOSED,
        isShare: table.isShare[row] === 1,
        isListed: table.inode[row] !== 0 && table.isShare[row] === 0,
        opener: opener[row]!,
        ownerPid: table.ownerPid[row]!,
        ownerBasis: table.ownerBasis[row]!,
        interfaceIndex: table.interfaceIndex[row]!,
      });
    }
  }

  find(matches: (entry: LedgerEntry) => boolean): LedgerEntry[] {
    return [...this.#entries.values()].filter(matches);
  }

  sum(matches: (entry: LedgerEntry) => boolean): Traffic {
    const sum = { tx: 0, rx: 0, txPackets: 0, rxPackets: 0 };
    for (const entry of this.find(matches)) {
      sum.tx += entry.tx;
      sum.rx += entry.rx;
      sum.txPackets += entry.txPackets;
      sum.rxPackets += entry.rxPackets;
    }
    return sum;
  }
}

export interface Traffic {
  tx: number;
  rx: number;
  txPackets: number;
  rxPackets: number;
}
