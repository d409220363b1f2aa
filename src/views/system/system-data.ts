import { MachineProcessRows, type UserNames } from '../../data/query/machine-process-rows.ts';
import { ProcessTraffic } from '../../data/query/owner-rates.ts';
import type { Scope } from '../../data/query/scope.ts';
import { DetailRates } from '../../data/rates/detail-rates.ts';
import { MachineRates } from '../../data/rates/machine-rates.ts';
import { ProcessRates } from '../../data/rates/process-rates.ts';
import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { MachineSection } from '../../data/sample/machine-section.ts';
import type { ProcessDetailSection } from '../../data/sample/process-detail-section.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import type { DisksSection } from '../../data/schema/disks-section.ts';
import type { JournalSection } from '../../data/schema/journal-section.ts';
import type { ProcessDetail, ThreadSample } from '../../data/schema/process-detail.ts';
import type { SectionError, SnapshotHeader } from '../../data/schema/section-facts.ts';

/** A child of the process in depth. */
export interface ChildProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly name: string;
  readonly residentBytes: number;
}

/** One process in depth as it is shown. */
interface DetailData {
  readonly process: ProcessDetail;
  readonly threads: readonly ThreadSample[];
  readonly children: readonly ChildProcess[];
  readonly parentName: string | undefined;
  readonly errors: readonly SectionError[];
}

/**
 * Everything shown of one machine, taken over from its samples as they come, so that frames in between read nothing
 * that is being written. Whatever a sample lacks stays as it was.
 */
export class SystemData {
  readonly rates = new MachineRates();
  readonly processRates = new ProcessRates();
  readonly detailRates = new DetailRates();
  readonly rows = new MachineProcessRows();
  header: SnapshotHeader | undefined;
  machine: MachineSection | undefined;
  disks: DisksSection | undefined;
  detail: DetailData | undefined;
  /** Why there is no more of the process in depth, until there is: between two answers most samples do not ask for it. */
  detailError: SectionError | undefined;
  journal: JournalSection | undefined;
  /** Why there is no journal. */
  journalError: string | undefined;
  /** Of the last sample. */
  errors: readonly SectionError[] = [];
  coreCount = 0;
  hasProcesses = false;
  /** Why the network use of the processes is unknown; undefined: it is not, or nobody has said. */
  trafficError: string | undefined;
  /** A sample has told of the network since its use was last asked for. */
  isTrafficTold = false;
  readonly #userOf: UserNames;
  readonly #scope: Scope;
  /** Undefined: nobody wants to know. */
  #traffic: ProcessTraffic | undefined;
  #isBroken = false;

  /** `includeLoopback`: whether what the machine sends to itself is network use of its processes. */
  constructor(userOf: UserNames, includeLoopback = false) {
    this.#userOf = userOf;
    this.#scope = { interfaceIndex: undefined, includeLoopback };
  }

  /** Takes a sample, borrowed: nothing of its tables is kept. */
  absorb(snapshot: Snapshot): void {
    const { header, machine, disks, machineProcesses, processDetail, journal } = snapshot;
    if (this.#isBroken || (this.header !== undefined && this.#isAnother(header))) this.#rebase();
    this.header = header;
    const journalError = snapshot.errors.find(({ op }) => op.includes('journal'));
    this.journalError = journalError?.message ?? (journal === undefined ? this.journalError : undefined);
    // The journal is asked for by itself: what came of it says nothing of the rest.
    if (journal === undefined && journalError === undefined) this.errors = snapshot.errors;
    if (machine !== undefined) {
      this.rates.update(machine);
      this.machine = machine;
    }
    if (disks !== undefined) {
      this.rates.updateDisks(disks);
      this.disks = disks;
    }
    if (machineProcesses !== undefined) this.#takeProcesses(snapshot, machineProcesses);
    this.detailError = snapshot.errors.find(isOfDetail) ?? this.detailError;
    if (processDetail !== undefined) this.#takeDetail(processDetail, header.clockTicksPerSecond);
    if (journal !== undefined) this.journal = journal;
  }

  /** Whether the network use of processes is taken from the samples, where they tell of it. */
  countTraffic(isOn: boolean): void {
    this.#traffic = isOn ? new ProcessTraffic() : undefined;
    this.isTrafficTold = false;
    this.trafficError = undefined;
    this.rows.network.fill(Number.NaN);
  }

  /** What comes next does not continue what was: a pause, a lost connection. Until then all stays as it is. */
  breakOff(): void {
    this.#isBroken = true;
  }

  /** The process in depth is another one, or none. */
  closeDetail(): void {
    this.detail = undefined;
    this.detailError = undefined;
    this.journal = undefined;
    this.journalError = undefined;
    this.detailRates.clear();
  }

  userOf(uid: number): string {
    return this.#userOf(uid) ?? String(uid);
  }

  #rebase(): void {
    this.#isBroken = false;
    this.rates.rebase();
    this.processRates.rebase();
    this.detailRates.rebase();
    if (this.#traffic !== undefined) this.#traffic = new ProcessTraffic();
  }

  #takeProcesses(snapshot: Snapshot, section: MachineProcesses): void {
    const isNew = this.processRates.update(section);
    const traffic = this.#trafficOf(snapshot);
    this.coreCount = section.coreCount;
    this.hasProcesses = true;
    // A recording gives a list again until the next one is due: without the network it says nothing new.
    if (isNew || traffic !== undefined) {
      this.rows.build(section, this.processRates, this.#userOf, traffic);
      if (traffic === undefined) this.trafficError = this.#traffic && networkErrorOf(snapshot);
    }
  }

  /** With a sample of the network taken; undefined where there is none, or nobody wants to know. */
  #trafficOf({ network, header }: Snapshot): ProcessTraffic | undefined {
    if (network === undefined || this.#traffic === undefined) return undefined;
    this.#traffic.update(network, header, this.#scope);
    this.isTrafficTold = true;
    this.trafficError = network.counted === 'none' ? 'sockets are listed here, bytes not counted' : undefined;
    return this.#traffic;
  }

  #isAnother(header: SnapshotHeader): boolean {
    return this.header?.epoch !== header.epoch || this.header.bootId !== header.bootId;
  }

  #takeDetail(section: ProcessDetailSection, ticksPerSecond: number): void {
    const { process, threads, children, errors } = section;
    this.detailRates.update(section, ticksPerSecond);
    this.detailError = undefined;
    this.detail = {
      process,
      threads,
      children: Array.from(children.slots.rows.subarray(0, children.slots.count), (slot) => ({
        pid: children.pid[slot]!,
        startTicks: children.startTicks[slot]!,
        name: children.names[slot]!,
        residentBytes: children.rssBytes[slot]!,
      })),
      parentName: this.#nameOf(process.ppid),
      errors,
    };
  }

  /** Of a process in the list of all. */
  #nameOf(pid: number): string | undefined {
    const { rows } = this;
    const row = rows.pid.subarray(0, rows.unfilteredCount).indexOf(pid);
    return row < 0 ? undefined : rows.names[row];
  }
}

/** No other part asks for one process by its PID; the journal, which does, does without it. */
function isOfDetail({ op, code }: SectionError): boolean {
  return code === 'ESRCH' || op === 'collect process' || op === 'collect processDetail';
}

/** Why a sample that was asked for the network lacks it. */
function networkErrorOf({ errors }: Snapshot): string | undefined {
  return errors.find(({ op }) => op.includes('network'))?.message;
}
