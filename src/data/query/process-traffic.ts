import { NetworkRates } from '../rates/network-rates.ts';
import { type NetworkSection, OwnerKind, type OwnerTable } from '../sample/network-section.ts';
import type { SnapshotHeader } from '../sample/snapshot.ts';
import { OwnerRates } from './owner-rates.ts';
import type { Scope } from './scope.ts';

const TWO_32 = 2 ** 32;

/** What each process of a machine moves over the network, up and down together, for a table that is not its own. */
export class ProcessTraffic {
  readonly #rates = new NetworkRates();
  readonly #sums = new OwnerRates();
  #owners: OwnerTable | undefined;
  /** Two samples that count bytes: before, an owner without a row of traffic may have moved anything. */
  #isKnown = false;

  /** Takes a sample, borrowed: `rateOf` answers until the next collection. */
  update(section: NetworkSection, header: SnapshotHeader, scope: Scope): void {
    this.#rates.updateTraffic(section, header);
    this.#sums.build(section, this.#rates, scope);
    this.#owners = section.owners;
    this.#isKnown = section.counted !== 'none' && !Number.isNaN(this.#rates.intervalSeconds);
  }

  /**
   * Bytes per second, smoothed; NaN unknown, also where no socket of it is known. A PID that was given to another
   * process is another one.
   */
  rateOf(pid: number, startTicks: number): number {
    const owners = this.#owners;
    if (owners === undefined || !this.#isKnown || Number.isNaN(startTicks)) return Number.NaN;
    const high = Math.floor(startTicks / TWO_32);
    const owner = owners.slots.find(pid, startTicks >>> 0, high, OwnerKind.PROCESS);
    if (owner < 0) return Number.NaN;
    const rate = this.#sums.up[owner]! + this.#sums.down[owner]!;
    const hasSockets = owners.connectionCount[owner]! + owners.listenerCount[owner]! > 0;
    // Whoever a process with sockets descends from is an owner too.
    return rate > 0 || hasSockets ? rate : Number.NaN;
  }
}
