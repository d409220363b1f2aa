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
import { DetailRates } from '../../data/rates/detail-rates.ts';
import { MachineRates } from '../../data/rates/machine-rates.ts';
import { ProcessRates } from '../../data/rates/process-rates.ts';
import type { Grouping } from '../../data/sample/grouping.ts';
import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { MachineSection } from '../../data/sample/machine-section.ts';
import type { ProcessDetailSection } from '../../data/sample/process-detail-section.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import type { AlertState } from '../../data/schema/alerts-section.ts';
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
  /** Share of one core, percent, as the list of all has it; NaN unknown. */
  readonly corePercent: number;
  /** '' unknown. */
  readonly commandLine: string;
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
   * Why there is no more of the process in depth, until there is: between two answers most samples do not ask for it.
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

  /** Rules about this machine, and how they stand. */
  readonly alerts: AlertMonitor;
  /** Those that its agent watches by, as it said last; empty: none. */
  agentAlerts: readonly AlertState[] = [];

  /** `includeLoopback`: whether what the machine sends to itself is network use of its processes. */
  constructor(userOf: UserNames, includeLoopback = false, rules: readonly AlertRule[] = []) {
    this.#userOf = userOf;
    this.alerts = new AlertMonitor(rules, this.rates, this.processRates);
    this.#scope = { interfaceIndex: undefined, includeLoopback };
  }

  /** Takes a sample, borrowed: nothing of its tables is kept. */
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
    // The journal is requested separately: its result says nothing about the rest.
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

  /** Whether network use of processes is taken from samples that contain it. */
  countTraffic(isOn: boolean): void {
    this.#traffic = isOn ? new ProcessTraffic() : undefined;
    this.isTrafficTold = false;
    this.trafficError = undefined;
    this.rows.network.fill(Number.NaN);
    this.#sum();
  }

  /** Lists the processes that a search finds: see MachineProcessRows. */
  search(text: string): void {
    this.rows.search(text);
    this.#sum();
  }

  /** Lists the processes of `member` alone; without it sums by `groupBy` are kept, undefined: none. */
  group(groupBy: Grouping | undefined, member: Member | undefined): void {
    this.#groupBy = member === undefined ? groupBy : undefined;
    this.rows.restrict(member);
    this.#sum();
  }

  #sum(): void {
    if (this.#groupBy !== undefined) this.groups.build(this.rows, this.#groupBy);
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
    this.#controlGroupRates.rebase();
    this.alerts.rebase();
    // Another agent, or another time.
    this.agentAlerts = [];
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
    this.trafficError = network.counted === 'none' ? 'bytes are not counted on this machine' : undefined;
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

  /** A process in the list of all, by its PID alone. */
  processOf(pid: number): (ProcessIdentity & { readonly name: string }) | undefined {
    const { rows } = this;
    const row = rows.pid.subarray(0, rows.unfilteredCount).indexOf(pid);
    return row < 0 ? undefined : { ...rows.identityOf(row), name: rows.names[row]! };
  }
}

/** However it was asked: `collect control groups`, `get_control_groups`. */
const CONTROL_GROUPS_OP = /control.?groups/i;

/** An empty sample of a source that has lost its connection: what is shown stays. */
function isLost({ header: _header, errors, ...sections }: Snapshot): boolean {
  return (
    errors.some(({ code }) => code === 'LOST') && Object.values(sections).every((one) => one === undefined)
  );
}

/** No other part asks for one process by its PID; the journal, which does, does without it. */
function isOfDetail({ op, code }: SectionError): boolean {
  return code === 'ESRCH' || op === 'collect process' || op === 'collect processDetail';
}

/** Why a sample lacks the requested network section. */
function networkErrorOf({ errors }: Snapshot): string | undefined {
  return errors.find(({ op }) => op.includes('network'))?.message;
}
