import { OwnerKind } from '../../../data/schema/network-columns.ts';
import type { SnapshotHeader } from '../../../data/schema/section-facts.ts';
import { counter, type ExpositionWriter, encodeLabels, type Family, gauge } from './exposition-writer.ts';
import { GroupColumns, type GroupLabelSets, GroupLabels, type HEALTH_COUNTERS } from './group-series.ts';
import { NetworkLedger } from './network-ledger.ts';
import { ProcessLedger } from './process-ledger.ts';

/** Names that have series of their own. */
const GROUPS_LIMIT = 256;

/**
 * Processes grouped by name, with counters that keep what exited processes used. They begin at 0 with the first sample:
 * had they begun with what processes had used by then, every start of the agent would look like a burst to a server.
 * What a process used after the last sample that saw it is not known, nor one that no sample saw.
 */
export class ProcessGroups {
  readonly labels: GroupLabels;
  readonly columns: GroupColumns;
  readonly processes: ProcessLedger;
  readonly network: NetworkLedger;

  constructor(limit = GROUPS_LIMIT) {
    this.labels = new GroupLabels(limit, (group) => this.columns.fold(group));
    this.columns = new GroupColumns(this.labels.capacity);
    this.processes = new ProcessLedger(this.labels, this.columns);
    this.network = new NetworkLedger(this.labels, this.columns);
  }
}

const NANOS_DECIMALS = 9;

const PROCESSES = gauge('namedprocess_namegroup_num_procs', 'Number of processes in this group.');
const THREADS = gauge('namedprocess_namegroup_num_threads', 'Number of threads in this group.');
const MEMORY = gauge('namedprocess_namegroup_memory_bytes', 'Bytes of memory in use by this group.', 'bytes');
const STATES = gauge(
  'namedprocess_namegroup_states',
  'Number of processes in states Running, Sleeping, Waiting, Zombie, or Other.',
);
const OLDEST = gauge(
  'namedprocess_namegroup_oldest_start_time_seconds',
  'Start time of the oldest process in the group, since the epoch (1970).',
  'seconds',
);
const CPU = counter(
  'namedprocess_namegroup_cpu_seconds_total',
  'CPU time of this group, user and system, since the agent began to count, exited processes included.',
  'seconds',
);
const RECEIVED = counter(
  'namedprocess_namegroup_network_receive_bytes_total',
  'Bytes received by this group over interfaces other than loopback, exited processes included.',
  'bytes',
);
const TRANSMITTED = counter(
  'namedprocess_namegroup_network_transmit_bytes_total',
  'Bytes sent by this group over interfaces other than loopback, exited processes included.',
  'bytes',
);
const READ = counter(
  'namedprocess_namegroup_read_bytes_total',
  'Bytes read from storage by this group since the agent began to count, exited processes included.',
  'bytes',
);
const WRITTEN = counter(
  'namedprocess_namegroup_write_bytes_total',
  'Bytes written to storage by this group since the agent began to count, exited processes included.',
  'bytes',
);
const groupCounter = (name: string, help: string): Family =>
  counter(`namedprocess_namegroup_${name}_total`, help);
/** In the order of the page. */
const HEALTH: readonly (readonly [column: (typeof HEALTH_COUNTERS)[number], family: Family])[] = [
  ['dataSegments', groupCounter('network_sent_segments', 'TCP segments with data sent by this group.')],
  ['retransmits', groupCounter('network_retransmitted_segments', 'TCP segments sent again by this group.')],
  ['refused', groupCounter('network_refused_connects', 'Connects of this group that were refused.')],
  ['timedOut', groupCounter('network_timed_out_connects', 'Connects of this group that got no reply.')],
  [
    'resets',
    groupCounter('network_reset_connections', 'Open connections of this group that the other end reset.'),
  ],
  [
    'drops',
    groupCounter(
      'network_drops',
      'Connections and datagrams of this group dropped because the queue of a listening socket was full.',
    ),
  ],
];
const UNATTRIBUTED_RECEIVED = counter(
  'socktop_network_unattributed_receive_bytes_total',
  'Bytes received over interfaces other than loopback by sockets without a known process.',
  'bytes',
);
const UNATTRIBUTED_TRANSMITTED = counter(
  'socktop_network_unattributed_transmit_bytes_total',
  'Bytes sent over interfaces other than loopback by sockets without a known process.',
  'bytes',
);

const UNATTRIBUTED = (['KERNEL', 'USER', 'CGROUP', 'CLOSED', 'UNKNOWN'] as const).map(
  (name) => [OwnerKind[name], encodeLabels('owner', name.toLowerCase())] as const,
);

/** Processes grouped by name, as in process-exporter; CPU time is not split by mode. */
export function writeProcessGroups(
  writer: ExpositionWriter,
  groups: ProcessGroups,
  { bootWallMillis, clockTicksPerSecond }: SnapshotHeader,
): void {
  const { columns } = groups;
  writeColumn(writer, groups, PROCESSES, columns.processes);
  writeColumn(writer, groups, THREADS, columns.threads);
  eachGroup(groups, (labels, group) => writer.sample(MEMORY, labels.resident, columns.residentBytes[group]));
  eachGroup(groups, ({ states }, group) => {
    const from = group * states.length;
    for (const [i, labels] of states.entries()) writer.sample(STATES, labels, columns.states[from + i]);
  });
  eachGroup(groups, (labels, group) => {
    const millis = bootWallMillis + (columns.oldestStartTicks[group]! * 1000) / clockTicksPerSecond;
    writer.scaled(OLDEST, labels.group, Math.round(millis), 3);
  });
  eachGroup(groups, (labels, group) =>
    writer.scaled(CPU, labels.group, Math.round(columns.cpuNanos[group]!), NANOS_DECIMALS),
  );
  writeKnown(writer, groups, READ, columns.readBytes);
  writeKnown(writer, groups, WRITTEN, columns.writtenBytes);
}

/** What none of the exporters has: network by the name of the process, and what has no process. */
export function writeNetworkGroups(writer: ExpositionWriter, groups: ProcessGroups): void {
  writeColumn(writer, groups, RECEIVED, groups.columns.rxBytes);
  writeColumn(writer, groups, TRANSMITTED, groups.columns.txBytes);
  for (const [column, family] of HEALTH) writeKnown(writer, groups, family, groups.columns[column]);
  for (const [kind, labels] of UNATTRIBUTED) {
    writer.sample(UNATTRIBUTED_RECEIVED, labels, groups.network.unattributedRxBytes[kind]);
  }
  for (const [kind, labels] of UNATTRIBUTED) {
    writer.sample(UNATTRIBUTED_TRANSMITTED, labels, groups.network.unattributedTxBytes[kind]);
  }
}

function writeColumn(
  writer: ExpositionWriter,
  groups: ProcessGroups,
  family: Family,
  column: Float64Array,
): void {
  eachGroup(groups, (labels, group) => writer.sample(family, labels.group, column[group]));
}

/** Without the groups of which nothing is known. */
function writeKnown(
  writer: ExpositionWriter,
  groups: ProcessGroups,
  family: Family,
  column: Float64Array,
): void {
  eachGroup(groups, (labels, group) => {
    if (!Number.isNaN(column[group]!)) writer.sample(family, labels.group, column[group]);
  });
}

/** Groups in use. */
function eachGroup({ labels }: ProcessGroups, write: (labels: GroupLabelSets, group: number) => void): void {
  for (let group = 0; group < labels.capacity; group++) {
    const sets = labels.labelsOf(group);
    if (sets !== undefined) write(sets, group);
  }
}
