import { OwnerKind } from '../../../data/sample/network-section.ts';
import type { SnapshotHeader } from '../../../data/sample/snapshot.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { counter, type Family, gauge } from './family.ts';
import { GROUP_STATES } from './group-labels.ts';
import { encodeLabels } from './labels.ts';
import type { ProcessGroups } from './process-groups.ts';

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
const UNATTRIBUTED_RECEIVED = counter(
  'socktop_network_unattributed_receive_bytes_total',
  'Bytes received over interfaces other than loopback by sockets that no process is known for.',
  'bytes',
);
const UNATTRIBUTED_TRANSMITTED = counter(
  'socktop_network_unattributed_transmit_bytes_total',
  'Bytes sent over interfaces other than loopback by sockets that no process is known for.',
  'bytes',
);

const UNATTRIBUTED: readonly (readonly [kind: number, labels: Uint8Array])[] = [
  [OwnerKind.KERNEL, encodeLabels('owner', 'kernel')],
  [OwnerKind.USER, encodeLabels('owner', 'user')],
  [OwnerKind.CGROUP, encodeLabels('owner', 'cgroup')],
  [OwnerKind.CLOSED, encodeLabels('owner', 'closed')],
  [OwnerKind.UNKNOWN, encodeLabels('owner', 'unknown')],
];

/** Processes by name, as process-exporter has them; CPU time is not told apart by mode. */
export function writeProcessGroups(
  writer: ExpositionWriter,
  groups: ProcessGroups,
  { bootWallMillis, clockTicksPerSecond }: SnapshotHeader,
): void {
  const { columns } = groups;
  writeColumn(writer, groups, PROCESSES, columns.processes);
  writeColumn(writer, groups, THREADS, columns.threads);
  for (let group = 0; group < groups.labels.capacity; group++) {
    const labels = groups.labels.labelsOf(group);
    if (labels !== undefined) writer.sample(MEMORY, labels.resident, columns.residentBytes[group]);
  }
  for (let group = 0; group < groups.labels.capacity; group++) {
    const labels = groups.labels.labelsOf(group);
    if (labels === undefined) continue;
    const from = group * GROUP_STATES.length;
    for (let i = 0; i < GROUP_STATES.length; i++) {
      writer.sample(STATES, labels.states[i]!, columns.states[from + i]);
    }
  }
  for (let group = 0; group < groups.labels.capacity; group++) {
    const labels = groups.labels.labelsOf(group);
    if (labels === undefined) continue;
    const millis = bootWallMillis + (columns.oldestStartTicks[group]! * 1000) / clockTicksPerSecond;
    writer.scaled(OLDEST, labels.group, Math.round(millis), 3);
  }
  for (let group = 0; group < groups.labels.capacity; group++) {
    const labels = groups.labels.labelsOf(group);
    if (labels === undefined) continue;
    writer.scaled(CPU, labels.group, Math.round(columns.cpuNanos[group]!), NANOS_DECIMALS);
  }
}

/** What none of the exporters has: network by the name of the process, and what has no process. */
export function writeNetworkGroups(writer: ExpositionWriter, groups: ProcessGroups): void {
  writeColumn(writer, groups, RECEIVED, groups.columns.rxBytes);
  writeColumn(writer, groups, TRANSMITTED, groups.columns.txBytes);
  for (const [kind, labels] of UNATTRIBUTED) {
    writer.sample(UNATTRIBUTED_RECEIVED, labels, groups.unattributedRxBytes[kind]);
  }
  for (const [kind, labels] of UNATTRIBUTED) {
    writer.sample(UNATTRIBUTED_TRANSMITTED, labels, groups.unattributedTxBytes[kind]);
  }
}

function writeColumn(
  writer: ExpositionWriter,
  { labels }: ProcessGroups,
  family: Family,
  column: Float64Array,
): void {
  for (let group = 0; group < labels.capacity; group++) {
    const sets = labels.labelsOf(group);
    if (sets !== undefined) writer.sample(family, sets.group, column[group]);
  }
}
