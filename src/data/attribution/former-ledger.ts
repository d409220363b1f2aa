import type { FormerTraffic, TrafficTable } from '../sample/network-section.ts';

/** Moves remembered; of older ones the bytes count for the group that their owner is in. */
const LIMIT = 4096;

/** What owners had counted when they were moved to another control group. */
export class FormerLedger {
  /** Never changed, but replaced. */
  entries: readonly FormerTraffic[] = [];

  /** An owner has left a group: what it has had since its last move stays there. */
  note(traffic: TrafficTable, owner: number, cgroup: string): void {
    const added: FormerTraffic[] = [];
    for (let i = 0; i < traffic.slots.count; i++) {
      const slot = traffic.slots.rows[i]!;
      if (traffic.subject[slot] !== owner) continue;
      const interfaceIndex = traffic.interfaceIndex[slot]!;
      let txBytes = traffic.txBytes[slot]!;
      let rxBytes = traffic.rxBytes[slot]!;
      for (const entry of this.entries) {
        if (entry.owner !== owner || entry.interfaceIndex !== interfaceIndex) continue;
        txBytes -= entry.txBytes;
        rxBytes -= entry.rxBytes;
      }
      if (txBytes + rxBytes > 0) added.push({ owner, cgroup, interfaceIndex, txBytes, rxBytes });
    }
    if (added.length > 0) this.entries = [...this.entries, ...added].slice(-LIMIT);
  }

  /** The owners go, and so does what is known of them. */
  dropMarked(isMarked: Uint8Array): void {
    if (this.entries.some(({ owner }) => isMarked[owner] === 1)) {
      this.entries = this.entries.filter(({ owner }) => isMarked[owner] !== 1);
    }
  }
}
