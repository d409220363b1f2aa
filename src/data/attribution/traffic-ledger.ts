import { type FormerTraffic, TrafficTable } from '../sample/network-section.ts';

const COUNTERS = [
  ...(['txBytes', 'rxBytes', 'txSegments', 'rxSegments', 'txHeaderBytes', 'rxHeaderBytes'] as const),
  ...(['inferredTxBytes', 'inferredRxBytes'] as const),
];

/** One sample's growth of a socket. Filled and passed on again and again. */
export class Growth {
  txBytes = 0;
  rxBytes = 0;
  txSegments = 0;
  rxSegments = 0;
  headerBytes = 0;
  isInferred = false;
}

/** Cumulative counters per subject and interface, which may lose rows but never bytes. */
export class TrafficLedger {
  readonly table = new TrafficTable();
  /** Takes what a full table has no row for. */
  readonly #fallbackSlot: number;

  /** `fallbackSubject` must live as long as the ledger. */
  constructor(fallbackSubject: number) {
    this.#fallbackSlot = this.#add(fallbackSubject, 0);
  }

  slotFor(subject: number, interfaceIndex: number): number {
    const known = this.table.slots.find(subject, interfaceIndex, 0, 0);
    if (known >= 0) return known;
    const added = this.#add(subject, interfaceIndex);
    return added >= 0 ? added : this.#fallbackSlot;
  }

  charge(slot: number, growth: Growth): void {
    const table = this.table;
    table.txBytes[slot]! += growth.txBytes;
    table.rxBytes[slot]! += growth.rxBytes;
    table.txSegments[slot]! += growth.txSegments;
    table.rxSegments[slot]! += growth.rxSegments;
    table.txHeaderBytes[slot]! += growth.txSegments * growth.headerBytes;
    table.rxHeaderBytes[slot]! += growth.rxSegments * growth.headerBytes;
    if (!growth.isInferred) return;
    table.inferredTxBytes[slot]! += growth.txBytes;
    table.inferredRxBytes[slot]! += growth.rxBytes;
  }

  /** Moves the counters of every subject that is marked to `heir`, interface by interface, and drops their rows. */
  mergeMarked(isMarked: Uint8Array, heir: number): void {
    const { slots, subject, interfaceIndex } = this.table;
    slots.removeWhere(
      (slot) => isMarked[subject[slot]!] === 1 && slot !== this.#fallbackSlot,
      (slot) => {
        const heirSlot = this.slotFor(heir, interfaceIndex[slot]!);
        for (const counter of COUNTERS) this.table[counter][heirSlot]! += this.table[counter][slot]!;
        this.table.removeRow(slot);
      },
    );
  }

  #add(subject: number, interfaceIndex: number): number {
    const table = this.table;
    const slot = table.slots.add(subject, interfaceIndex, 0, 0);
    if (slot < 0) return -1;
    table.subject[slot] = subject;
    table.interfaceIndex[slot] = interfaceIndex;
    return slot;
  }
}

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
