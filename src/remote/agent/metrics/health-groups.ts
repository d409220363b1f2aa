import type { NetworkSection } from '../../../data/sample/network-section.ts';
import { OwnerKind } from '../../../data/schema/network-columns.ts';
import { columnsClass, numbers } from '../../../kit/table/columns.ts';
import { addKnown, type GroupColumns, type GroupLabels, groupName, HEALTH_COUNTERS } from './group-series.ts';

/** By slot of the owners' table; serial 0: no row. NaN: not known yet. */
class LastHealth extends columnsClass({
  serial: numbers('u32'),
  dataSegments: numbers('f64', Number.NaN),
  retransmits: numbers('f64', Number.NaN),
  refused: numbers('f64', Number.NaN),
  timedOut: numbers('f64', Number.NaN),
  resets: numbers('f64', Number.NaN),
  drops: numbers('f64', Number.NaN),
}) {}

/**
 * What each process had at the last sample of what tells the health of its connections; growth is added to the group of
 * its name. Connections over loopback count too.
 */
export class HealthGroups {
  readonly #labels: GroupLabels;
  readonly #columns: GroupColumns;
  readonly #last = new LastHealth();

  constructor(labels: GroupLabels, columns: GroupColumns) {
    this.#labels = labels;
    this.#columns = columns;
  }

  /** Other tables follow, with counters of their own. */
  begin(): void {
    this.#last.serial.fill(0);
  }

  /** A sample that was not taken before, after the names of its owners have their labels. */
  absorb({ owners }: NetworkSection): void {
    const { rows, count, serial, capacity } = owners.slots;
    const last = this.#last;
    last.reserve(capacity);
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (owners.kind[slot] !== OwnerKind.PROCESS) continue;
      if (last.serial[slot] !== serial[slot]) {
        last.clearRow(slot);
        last.serial[slot] = serial[slot]!;
      }
      if (this.#isAtRest(owners, slot)) continue;
      const group = this.#labels.find(groupName(owners.names[slot] ?? ''));
      for (const name of HEALTH_COUNTERS) {
        const value = owners[name][slot]!;
        const was = last[name][slot]!;
        // Accounting begins at 0, so what a new row has is growth.
        addKnown(this.#columns[name], group, value - (Number.isNaN(was) ? 0 : was));
        last[name][slot] = value;
      }
    }
  }

  /** Most are: nothing was sent, and nothing went wrong. */
  #isAtRest(owners: NetworkSection['owners'], slot: number): boolean {
    for (const name of HEALTH_COUNTERS) {
      const value = owners[name][slot]!;
      if (value !== this.#last[name][slot] && !Number.isNaN(value)) return false;
    }
    return true;
  }
}
