import {
  type MachineProcessExport,
  MachineProcessRows,
  type UserNames,
} from '../query/machine-process-rows.ts';
import { MachineRates } from '../rates/machine-rates.ts';
import { ProcessRates } from '../rates/process-rates.ts';
import { RateColumns } from '../rates/rate-columns.ts';
import type { InterfaceTable } from '../sample/interface-table.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import type { MachineSection } from '../sample/machine-section.ts';
import type { SectionError, Snapshot, SnapshotHeader } from '../sample/snapshot.ts';
import type { DisksSection } from '../schema/disks-section.ts';

/** Rows whose reading and writing is asked for: what each costs is a file. */
const ASKED_PIDS = 256;

/** A machine as its exports have it: the newest of each section, with unsmoothed rates. Sections are borrowed. */
export class SystemExport implements MachineProcessExport {
  readonly rates = new MachineRates();
  readonly processRates = new ProcessRates();
  readonly rows = new MachineProcessRows();
  /** Of interfaces, as measured. */
  readonly links = new RateColumns('from-first-value');
  header: SnapshotHeader | undefined;
  machine: MachineSection | undefined;
  disks: DisksSection | undefined;
  processes: MachineProcesses | undefined;
  /** Of the last sample. */
  errors: readonly SectionError[] = [];
  /** Between the last two samples of the machine; NaN before the second. */
  intervalSeconds = Number.NaN;
  readonly #userOf: UserNames;
  #processSampleCount = 0;
  #linksMicros = Number.NaN;

  constructor(userOf: UserNames) {
    this.#userOf = userOf;
  }

  /** Whether there is anything to tell. */
  get hasData(): boolean {
    return this.machine !== undefined || this.processes !== undefined;
  }

  /** Whether all there is to tell has come twice. */
  get hasRates(): boolean {
    const isMachineRated = this.machine === undefined || !Number.isNaN(this.intervalSeconds);
    const areProcessesRated = this.processes === undefined || this.#processSampleCount > 1;
    return this.hasData && isMachineRated && areProcessesRated;
  }

  absorb(snapshot: Snapshot): void {
    const { header, machine, disks, machineProcesses } = snapshot;
    if (this.header !== undefined && this.header.epoch !== header.epoch) this.#rebase();
    this.header = header;
    this.errors = [...snapshot.errors, ...(machine?.errors ?? [])];
    if (machine !== undefined) this.#takeMachine(machine);
    if (disks !== undefined) {
      this.rates.updateDisks(disks);
      this.disks = disks;
    }
    if (machineProcesses !== undefined) {
      if (this.processRates.update(machineProcesses)) this.#processSampleCount++;
      this.processes = machineProcesses;
      this.rows.build(machineProcesses, this.processRates, this.#userOf);
    }
  }

  /** Processes whose costly figures the next sample should have: those that use most of the CPU. */
  visiblePids(): number[] {
    const out = new Int32Array(ASKED_PIDS);
    const count = this.rows.window({ key: 'cpu', isReversed: false }, 0, ASKED_PIDS, out);
    return Array.from(out.subarray(0, count), (row) => this.rows.pid[row]!);
  }

  /** Bytes a second from storage, not smoothed; NaN unknown. */
  readOf(row: number): number {
    return this.processRates.io.rawRx[this.#slotOf(row)] ?? Number.NaN;
  }

  /** The same to storage. */
  writtenOf(row: number): number {
    return this.processRates.io.rawTx[this.#slotOf(row)] ?? Number.NaN;
  }

  #slotOf(row: number): number {
    return this.processes?.processes.find(this.rows.pid[row]!) ?? -1;
  }

  /** Slots of the interfaces, uplinks first. */
  interfaceSlots(table: InterfaceTable): readonly number[] {
    const slots = [...table.slots.rows.subarray(0, table.slots.count)];
    return slots.sort((a, b) => table.isUplink[b]! - table.isUplink[a]! || table.index[a]! - table.index[b]!);
  }

  #takeMachine(machine: MachineSection): void {
    if (machine.sequence === this.machine?.sequence) return;
    const before = this.machine?.monotonicMicros ?? Number.NaN;
    this.intervalSeconds = (machine.monotonicMicros - before) / 1e6;
    this.rates.update(machine);
    this.machine = machine;
    const { value: table, monotonicMicros } = machine.networks;
    if (table === undefined) return;
    const { capacity, rows, count, serial } = table.slots;
    this.links.begin(capacity, (monotonicMicros - this.#linksMicros) / 1e6);
    this.#linksMicros = monotonicMicros;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      this.links.record(slot, serial[slot]!, table.txBytes[slot]!, table.rxBytes[slot]!);
    }
  }

  #rebase(): void {
    this.rates.rebase();
    this.processRates.rebase();
    this.#processSampleCount = 0;
    this.#linksMicros = Number.NaN;
    this.machine = undefined;
  }
}
