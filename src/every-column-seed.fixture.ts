import type { InterfaceTable } from './data/sample/interface-table.ts';
import { type MachineProcesses, ProcessUsage } from './data/sample/machine-processes.ts';
import { MACHINE, type MachineSection } from './data/sample/machine-section.ts';
import { type NetworkSection, NetworkTables } from './data/sample/network-section.ts';
import { PROCESS_DETAIL, type ProcessDetailSection } from './data/sample/process-detail-section.ts';
import { ProcessTable } from './data/sample/process-table.ts';
import { ALERTS, type AlertsSection } from './data/schema/alerts-section.ts';
import { CONTROL_GROUPS, type ControlGroupsSection } from './data/schema/control-groups-section.ts';
import { DISKS, type DisksSection } from './data/schema/disks-section.ts';
import { JOURNAL, type JournalSection } from './data/schema/process-detail.ts';
import type { Fields, RecordField, Shape, ValueOf } from './data/schema/record.ts';
import { SECTION, type Section, SNAPSHOT_HEADER, type SnapshotHeader } from './data/schema/section-facts.ts';
import { columnsOf } from './every-column.fixture.ts';
import type { SlotTable } from './kit/table/slot-table.ts';

/** Addresses of the rows of another table. */
interface AddressColumns {
  readonly slots: SlotTable;
  readonly interfaceIndex: Int32Array;
}

const ROWS = 2;
/** Columns that hold no counts: a value for each row, which is none that a reader makes up. */
const VALUES: Readonly<Record<string, readonly number[]>> = {
  ...{ kind: [1, 2], hasExited: [1, 0], protocol: [6, 17], family: [2, 10], ownerBasis: [1, 2] },
  ...{ bornBeforeStart: [1, 0], isShare: [0, 1], isClosed: [1, 0], isLoopback: [1, 0], isUplink: [0, 1] },
  isOverUplink: [1, 0],
  nameBasis: [1, 3],
  ...{ isUp: [1, 0], isOnline: [1, 0, 1], subject: [0, 1], owner: [1, 0], host: [0, 1], state: [1, 10] },
};
/** Letters of /proc/PID/stat. */
const PROCESS_STATES = [0x53, 0x52];
export const PIDS = [4001, 4002];
export const FIRST_PID = 4001;

/** The user of a number, here and on the machine that is asked. */
export function seededUser(uid: number): string {
  return `user-${uid}`;
}

/** Sections in which every column and every field holds a value of its own; `seed` makes others of them. */
export class EveryColumn {
  #last: number;

  constructor(seed: number) {
    this.#last = seed;
  }

  header(): SnapshotHeader {
    return this.#record(SNAPSHOT_HEADER);
  }

  network(): NetworkSection {
    const tables = new NetworkTables();
    const { owners, hosts, traffic, hostTraffic, interfaces, sockets, accounts, problems } = tables;
    for (const { slots } of [owners, hosts, sockets, problems]) this.#addRows(slots);
    accounts.reserve(sockets.slots.capacity);
    for (let row = 0; row < ROWS; row++) interfaces.slots.add(row + 1, 0, 0, 0);
    this.#addRows(interfaces.addresses.slots);
    const filled = [owners, hosts, traffic, hostTraffic, interfaces, sockets, accounts, problems];
    for (const table of filled) this.#fill(table);
    // Rows of traffic are found by their subject and their interface, which the agent's key is made of.
    for (const { slots, interfaceIndex } of [traffic, hostTraffic]) {
      for (let row = 0; row < ROWS; row++) slots.add(row, interfaceIndex[row]!, 0, 0);
    }
    for (const names of [owners.names, owners.users, owners.commandLines]) this.#texts(names);
    for (const names of [owners.cgroups, owners.containers, owners.namespaces]) this.#texts(names);
    for (const names of [hosts.names, sockets.remoteName, sockets.offeredProtocols]) this.#texts(names);
    this.#texts(problems.reasons);
    this.#interfaceTexts(interfaces);
    return {
      ...this.#section(),
      ...{ ...tables, tier: 'ebpf', counted: 'l3', processCount: this.#next(), lostClosings: this.#next() },
      lost: { bytes: this.#next(), packets: this.#next() },
      parts: {
        ...{ tcp: 'packets', udp: 'ebpf', owners: 'creator', processes: 'ebpf', exited: true },
        scope: 'container',
        names: 'ebpf',
      },
    };
  }

  processes(): MachineProcesses {
    const processes = this.#processTable();
    const usage = new ProcessUsage();
    usage.clear(processes.slots.capacity);
    this.#fill(usage);
    const commandLines: string[] = [];
    const cgroups: string[] = [];
    const containers: string[] = [];
    for (const texts of [commandLines, cgroups, containers]) this.#texts(texts);
    return {
      ...{ ...this.#section(), processes, usage, commandLines, cgroups, containers },
      ...{ memoryTotalBytes: this.#next(), coreCount: 7, processCount: ROWS },
    };
  }

  machine(): MachineSection {
    return { ...this.#section(), ...this.#record(MACHINE) };
  }

  disks(): DisksSection {
    return { ...this.#section(), ...this.#record(DISKS) };
  }

  controlGroups(): ControlGroupsSection {
    return { ...this.#section(), ...this.#record(CONTROL_GROUPS) };
  }

  detail(): ProcessDetailSection {
    const { process, ...lists } = this.#record(PROCESS_DETAIL);
    const userName = seededUser(process.effectiveUid ?? 0);
    return { ...this.#section(), ...lists, process: { ...process, userName } };
  }

  journal(): JournalSection {
    return { ...this.#section(), ...this.#record(JOURNAL) };
  }

  alerts(): AlertsSection {
    return { ...this.#section(), ...this.#record(ALERTS) };
  }

  #record<S extends Fields>({ fields }: RecordField<S>): ValueOf<RecordField<S>> {
    const record: Record<string, unknown> = {};
    for (const [name, { shape }] of Object.entries(fields)) record[name] = this.#value(shape, record);
    return record as ValueOf<RecordField<S>>;
  }

  /** Something of the shape that is not unknown; `around` is what stands before it in its record. */
  #value(shape: Shape, around: Readonly<Record<string, unknown>>): unknown {
    switch (shape.kind) {
      case 'number':
        return shape.isWhole ? this.#next() : this.#next() + 0.5;
      case 'text':
        return `text-${this.#next()}`;
      case 'flag':
        return true;
      case 'word':
        return shape.words.find((word) => word !== shape.unknown);
      case 'optional':
        return this.#value(shape.field.shape, around);
      case 'list':
        // An entry may refer to another list of the record that its own list stands in.
        return Array.from({ length: ROWS }, () => this.#value(shape.item.shape, around));
      case 'record': {
        const record: Record<string, unknown> = {};
        for (const [name, field] of Object.entries(shape.fields)) {
          record[name] = this.#value(field.shape, field.shape.kind === 'reference' ? around : record);
        }
        return record;
      }
      case 'reference':
        return (around[shape.list] as readonly unknown[])[1];
      case 'columns': {
        const table = shape.create();
        table.count = ROWS + 1;
        table.reserve(table.count);
        this.#fill(table, table.count);
        return table;
      }
      case 'rows':
        return this.#rows(shape);
    }
  }

  #rows({ columns, key, create }: Extract<Shape, { kind: 'rows' }>): object {
    const table = create(ROWS) as { slots: SlotTable; addresses?: AddressColumns };
    for (const pid of PIDS) table.slots.add(pid, 0, 0, 0);
    this.#fill(table);
    const arrays = table as unknown as Readonly<Record<string, string[] & Int32Array>>;
    for (const [name, { element }] of Object.entries(columns)) {
      if (element === 'text') this.#texts(arrays[name]!);
      else if (name === key) arrays[name]!.set(PIDS);
    }
    if (table.addresses !== undefined) {
      this.#addRows(table.addresses.slots);
      table.addresses.interfaceIndex.set(PIDS);
    }
    return table;
  }

  #processTable(): ProcessTable {
    const processes = new ProcessTable();
    for (const pid of PIDS) processes.slots.add(pid, 0, 0, 0);
    this.#fill(processes);
    processes.pid.set(PIDS);
    processes.state.set(PROCESS_STATES);
    this.#texts(processes.names);
    return processes;
  }

  #addRows(slots: SlotTable): void {
    for (let row = 0; row < ROWS; row++) slots.add(this.#next(), this.#next(), this.#next(), this.#next());
  }

  /** Every number of every column of the object. */
  #fill(table: object, rows = ROWS): void {
    for (const [name, column] of columnsOf(table)) {
      if (Array.isArray(column)) continue;
      const numbers = column as Uint8Array;
      const stride = name.endsWith('Address') ? 4 : 1;
      for (let i = 0; i < rows * stride; i++) {
        const known = VALUES[name]?.[i];
        numbers[i] = known ?? (numbers.BYTES_PER_ELEMENT === 1 ? 1 + (this.#next() % 100) : this.#next());
      }
    }
  }

  #interfaceTexts({ names, operationalStates, hardwareAddresses }: InterfaceTable): void {
    for (const texts of [names, operationalStates, hardwareAddresses]) this.#texts(texts);
  }

  #texts(texts: (string | undefined)[]): void {
    for (let row = 0; row < ROWS; row++) texts[row] = `text-${this.#next()}`;
  }

  #section(): Section {
    return this.#record(SECTION);
  }

  #next(): number {
    return ++this.#last;
  }
}
