import { AlertMonitor } from '../../data/alerts/alert-monitor.ts';
import type { AlertRule } from '../../data/alerts/alert-rule.ts';
import { ControlGroupRows } from '../../data/query/control-group-rows.ts';
import { MachineGroupRows } from '../../data/query/machine-group-rows.ts';
import {
  MachineProcessRows,
  type Member,
  type ProcessIdentity,
  type UserNames,
} from '../../data/query/machine-process-rows.ts';
import { ProcessTraffic } from '../../data/query/owner-rates.ts';
import type { Scope } from '../../data/query/scope.ts';
import { ControlGroupsRates } from '../../data/rates/control-group-rates.ts';
import { MachineRates } from '../../data/rates/machine-rates.ts';
import { DetailRates, ProcessRates } from '../../data/rates/process-rates.ts';
import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { MachineSection } from '../../data/sample/machine-section.ts';
import type { ProcessDetailSection } from '../../data/sample/process-detail-section.ts';
import type { Grouping } from '../../data/sample/process-table.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import type { AlertState } from '../../data/schema/alerts-section.ts';
import type { DisksSection } from '../../data/schema/disks-section.ts';
import type { JournalSection, ProcessDetail, ThreadSample } from '../../data/schema/process-detail.ts';
import type { SectionError, SnapshotHeader } from '../../data/schema/section-facts.ts';

export interface ChildProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly name: string;
  readonly residentBytes: number;
  /** Share of one core, percent, from the process list; NaN unknown. */
  readonly corePercent: number;
  /** '': unknown. */
  readonly commandLine: string;
}

/** Details of one process, as shown. */
interface DetailData {
  readonly process: ProcessDetail;
  readonly threads: readonly ThreadSample[];
  readonly children: readonly ChildProcess[];
  readonly parentName: string | undefined;
  readonly errors: readonly SectionError[];
}

/**
 * Everything shown of one machine, copied from each sample so that frames never read a table that is being written.
 * Sections that a sample lacks stay as they were.
 */
export class SystemData {
  readonly rates = new MachineRates();
  readonly processRates = new ProcessRates();
  readonly detailRates = new DetailRates();
  readonly rows = new MachineProcessRows();
  /** Sums over the listed processes, while the table shows them. */
  readonly groups = new MachineGroupRows();
  /** Empty until they are asked for. */
  readonly controlGroups = new ControlGroupRows();
  /** What stands where no control group is listed. */
  controlGroupsText = 'Reading control groups';
  readonly #controlGroupRates = new ControlGroupsRates();
  header: SnapshotHeader | undefined;
  machine: MachineSection | undefined;
  disks: DisksSection | undefined;
  detail: DetailData | undefined;
  /**
   * Why the process details are missing. Kept until there are new ones, because most samples in between do not request
   * them.
   */
  detailError: SectionError | undefined;
  journal: JournalSection | undefined;
  /** Why there is no journal. */
  journalError: string | undefined;
  /** Of the last sample. */
  errors: readonly SectionError[] = [];
  coreCount = 0;
  hasProcesses = false;
  /** Why the network use of processes is unknown; undefined: known, or no reason given. */
  trafficError: string | undefined;
  /** A sample with network data arrived since it was last requested. */
  isTrafficTold = false;
  readonly #userOf: UserNames;
  readonly #scope: Scope;
  /** Undefined: not requested. */
  #traffic: ProcessTraffic | undefined;
  #groupBy: Grouping | undefined;
  #isBroken = false;

  /** Alert rules of this machine, and their state. */
  readonly alerts: AlertMonitor;
  /** Those that its agent watches by, as it said last; empty: none. */
  agentAlerts: readonly AlertState[] = [];

  /** `includeLoopback`: whether loopback traffic counts as network use of processes. */
  constructor(userOf: UserNames, includeLoopback = false, rules: readonly AlertRule[] = []) {
    this.#userOf = userOf;
    this.alerts = new AlertMonitor(rules, this.rates, this.processRates);
    this.#scope = { interfaceIndex: undefined, includeLoopback };
  }

  /** Copies a sample; keeps no reference to its tables. */
  absorb(snapshot: Snapshot): void {
    const { header, machine, disks, machineProcesses, processDetail, journal } = snapshot;
    if (isLost(snapshot)) {
      this.errors = snapshot.errors;
      return;
    }
    if (this.#isBroken || (this.header !== undefined && this.#isAnother(header))) this.#rebase();
    this.header = header;
    const journalError = snapshot.errors.find(({ op }) => op.includes('journal'));
    this.journalError = journalError?.message ?? (journal === undefined ? this.journalError : undefined);
    // The journal is requested separately; its result says nothing about the rest.
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
    this.#takeControlGroups(snapshot);
    this.detailError = snapshot.errors.find(isOfDetail) ?? this.detailError;
    if (processDetail !== undefined) this.#takeDetail(processDetail, header.clockTicksPerSecond);
    if (journal !== undefined) this.journal = journal;
    if (snapshot.alerts !== undefined) this.agentAlerts = snapshot.alerts.alerts;
    this.alerts.absorb(snapshot);
    this.alerts.evaluate(header.monotonicMicros, header.wallMillis);
  }

  /** Switches the network use of processes on or off. */
  countTraffic(isOn: boolean): void {
    this.#traffic = isOn ? new ProcessTraffic() : undefined;
    this.isTrafficTold = false;
    this.trafficError = undefined;
    this.rows.forgetTraffic();
    this.#sum();
  }

  /** Lists the processes that match a search: see MachineProcessRows. */
  search(text: string): void {
    this.rows.search(text);
    this.#sum();
  }

  /** Lists only the processes of `member`. Without it, sums by `groupBy` are kept; undefined: none. */
  group(groupBy: Grouping | undefined, member: Member | undefined): void {
    this.#groupBy = member === undefined ? groupBy : undefined;
    this.rows.restrict(member);
    this.#sum();
  }

  #sum(): void {
    if (this.#groupBy !== undefined) this.groups.build(this.rows, this.#groupBy);
  }

  /** The next sample does not continue the last one (pause, lost connection). Until then everything stays as it is. */
  breakOff(): void {
    this.#isBroken = true;
  }

  /** Another process, or none, is shown in detail. */
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
    this.#controlGroupRates.rebase();
    this.alerts.rebase();
    // Another agent, or another time.
    this.agentAlerts = [];
    if (this.#traffic !== undefined) this.#traffic = new ProcessTraffic();
  }

  #takeProcesses(snapshot: Snapshot, section: MachineProcesses): void {
    const isNew = this.processRates.update(section, snapshot.header);
    const traffic = this.#trafficOf(snapshot);
    this.coreCount = section.coreCount;
    this.hasProcesses = true;
    // A recording repeats a list until the next one is due; without network data it contains nothing new.
    if (isNew || traffic !== undefined) {
      this.rows.build(section, this.processRates, this.#userOf, traffic);
      this.#sum();
      if (traffic === undefined) this.trafficError = this.#traffic && networkErrorOf(snapshot);
    }
  }

  #takeControlGroups({ controlGroups, errors }: Snapshot): void {
    const error = errors.find(({ op }) => CONTROL_GROUPS_OP.test(op));
    if (error !== undefined) this.controlGroupsText = error.message;
    if (controlGroups === undefined || !this.#controlGroupRates.update(controlGroups)) return;
    this.controlGroupsText = 'No control group has processes or a limit.';
    this.controlGroups.build(controlGroups.groups, this.#controlGroupRates);
  }

  /** Absorbs a network sample; undefined: no sample, or not requested. */
  #trafficOf({ network, header }: Snapshot): ProcessTraffic | undefined {
    if (network === undefined || this.#traffic === undefined) return undefined;
    this.#traffic.update(network, header, this.#scope);
    this.isTrafficTold = true;
    const uncounted = network.errors.find(({ op }) => op === 'collect sockets')?.message;
    this.trafficError =
      network.counted === 'none' ? (uncounted ?? 'bytes are not counted on this machine') : undefined;
    return this.#traffic;
  }

  #isAnother(header: SnapshotHeader): boolean {
    return this.header?.epoch !== header.epoch || this.header.bootId !== header.bootId;
  }

  #takeDetail(section: ProcessDetailSection, ticksPerSecond: number): void {
    const { process, threads, children, childFacts = [], errors } = section;
    const commandLines = new Map(childFacts.map(({ pid, commandLine = '' }) => [pid, commandLine]));
    this.detailRates.update(section, ticksPerSecond);
    this.detailError = undefined;
    this.detail = {
      process,
      threads,
      children: Array.from(children.slots.rows.subarray(0, children.slots.count), (slot) => {
        const identity = { pid: children.pid[slot]!, startTicks: children.startTicks[slot]! };
        const row = this.rows.rowOf(identity);
        return {
          ...{ ...identity, name: children.names[slot]!, residentBytes: children.rssBytes[slot]! },
          corePercent: row < 0 ? Number.NaN : this.rows.corePercent[row]!,
          commandLine: commandLines.get(identity.pid) ?? '',
        };
      }),
      parentName: this.processOf(process.ppid)?.name,
      errors,
    };
  }

  /** A process of the full list, by PID. */
  processOf(pid: number): (ProcessIdentity & { readonly name: string }) | undefined {
    const { rows } = this;
    const row = rows.pid.subarray(0, rows.unfilteredCount).indexOf(pid);
    return row < 0 ? undefined : { ...rows.identityOf(row), name: rows.names[row]! };
  }
}

/** However it was asked: `collect control groups`, `get_control_groups`. */
const CONTROL_GROUPS_OP = /control.?groups/i;

/** Whether this is the empty sample of a source that lost its connection; the screen then stays as it is. */
function isLost({ header: _header, errors, ...sections }: Snapshot): boolean {
  return (
    errors.some(({ code }) => code === 'LOST') && Object.values(sections).every((one) => one === undefined)
  );
}

/** Only the process details are requested by PID; the journal reports errors of its own. */
function isOfDetail({ op, code }: SectionError): boolean {
  return code === 'ESRCH' || op === 'collect process' || op === 'collect processDetail';
}

/** Why a sample lacks the requested network section. */
function networkErrorOf({ errors }: Snapshot): string | undefined {
  return errors.find(({ op }) => op.includes('network'))?.message;
}
