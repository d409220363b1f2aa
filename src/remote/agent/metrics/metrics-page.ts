import type { NetworkSection } from '../../../data/sample/network-section.ts';
import type { Snapshot, SnapshotHeader } from '../../../data/sample/snapshot.ts';
import { CollectionMetrics } from './collection-metrics.ts';
import { CpuMetrics } from './cpu-metrics.ts';
import { writeDisks } from './disk-metrics.ts';
import { ExpositionWriter } from './exposition-writer.ts';
import { counter, gauge, info } from './family.ts';
import { writeGpus } from './gpu-metrics.ts';
import { writeNetworkGroups, writeProcessGroups } from './group-metrics.ts';
import { writeInterfaces } from './interface-metrics.ts';
import { encodeLabels, NO_LABELS } from './labels.ts';
import { writeMemory } from './memory-metrics.ts';
import type { MetricsFormat } from './negotiate.ts';
import { ProcessGroups } from './process-groups.ts';
import { writeSensors } from './sensor-metrics.ts';

const MILLIS_DECIMALS = 3;
const MICROS_DECIMALS = 6;

const TIME = gauge('node_time_seconds', 'System time in seconds since epoch (1970).', 'seconds');
const BOOT = gauge('node_boot_time_seconds', 'Node boot time, in unixtime.', 'seconds');
const BUILD = info('socktop_agent_build_info', 'The agent that answers, value is always 1.');
const ACCOUNTING = info(
  'socktop_agent_network_info',
  'How network is counted by process: the tier, and what a byte is on it.',
);
const CLIENTS = gauge('socktop_agent_clients', 'Clients connected by WebSocket.');
const OWN_CPU = counter(
  'process_cpu_seconds_total',
  'Total user and system CPU time spent in seconds, of the agent.',
  'seconds',
);
const OWN_MEMORY = gauge(
  'process_resident_memory_bytes',
  'Resident memory size in bytes, of the agent.',
  'bytes',
);
const OWN_START = gauge(
  'process_start_time_seconds',
  'Start time of the agent since unix epoch in seconds.',
  'seconds',
);

/** What the agent says of itself; missing is left out. */
interface AgentFacts {
  readonly version: string;
  readonly clientCount?: number;
  readonly cpuMicros?: number;
  readonly residentBytes?: number;
  readonly startWallMillis?: number;
}

export interface MetricsRequest {
  /** Sections that are missing are left out, and their collection counts as failed. */
  readonly snapshot: Snapshot;
  /** Whether per-process network is switched on: without it `snapshot.network` is not shown. */
  readonly isNetworkWanted: boolean;
  readonly agent: AgentFacts;
}

/**
 * What `/metrics` shows. One for the agent's life: it holds the counters of processes that have exited, so that none
 * of its counters falls while the agent runs.
 */
export class MetricsPage {
  readonly #writer = new ExpositionWriter();
  readonly #cpu = new CpuMetrics();
  readonly #groups: ProcessGroups;
  readonly #collections = new CollectionMetrics();

  constructor(groups = new ProcessGroups()) {
    this.#groups = groups;
  }

  /**
   * Takes what other requests have collected between two scrapes, so that less is lost of processes that exit. Cheap;
   * samples that were taken before are ignored.
   */
  absorb({ header, machineProcesses, network }: Snapshot): void {
    if (machineProcesses !== undefined) this.#groups.absorbProcesses(machineProcesses);
    if (network !== undefined) this.#groups.absorbNetwork(network, header);
  }

  /** The page as bytes of its own. Synchronous: the sections are borrowed. */
  encode(
    { snapshot, isNetworkWanted, agent }: MetricsRequest,
    format: MetricsFormat,
  ): Uint8Array<ArrayBuffer> {
    const { header, machine, disks, machineProcesses } = snapshot;
    const network = isNetworkWanted ? snapshot.network : undefined;
    const writer = this.#writer;
    const collections = this.#collections;
    this.absorb({
      header,
      errors: [],
      ...(machineProcesses && { machineProcesses }),
      ...(network && { network }),
    });
    collections.note(snapshot, isNetworkWanted);
    writer.begin(format);
    writeTimes(writer, header);
    const { cpu, memory, networks, sensors, gpus } = machine ?? {};
    if (cpu?.value !== undefined) this.#cpu.write(writer, cpu.value);
    if (memory?.value !== undefined) writeMemory(writer, memory.value);
    if (disks !== undefined) collections.disks.rowsLeftOut = writeDisks(writer, disks);
    if (networks?.value !== undefined) {
      collections.interfaces.rowsLeftOut = writeInterfaces(writer, networks.value);
    }
    if (sensors?.value !== undefined) collections.sensors.rowsLeftOut = writeSensors(writer, sensors.value);
    if (gpus?.value !== undefined) collections.gpus.rowsLeftOut = writeGpus(writer, gpus.value);
    if (machineProcesses !== undefined) writeProcessGroups(writer, this.#groups, header);
    if (network !== undefined) this.#writeNetwork(network);
    collections.write(writer, header.monotonicMicros);
    writeAgent(writer, agent);
    return writer.finish();
  }

  #writeNetwork({ tier, counted }: NetworkSection): void {
    this.#writer.sample(ACCOUNTING, encodeLabels('counted', counted, 'tier', tier), 1);
    if (counted !== 'none') writeNetworkGroups(this.#writer, this.#groups);
  }
}

function writeTimes(writer: ExpositionWriter, { wallMillis, bootWallMillis }: SnapshotHeader): void {
  writer.scaled(TIME, NO_LABELS, Math.round(wallMillis), MILLIS_DECIMALS);
  writer.scaled(BOOT, NO_LABELS, Math.round(bootWallMillis), MILLIS_DECIMALS);
}

function writeAgent(writer: ExpositionWriter, agent: AgentFacts): void {
  writer.sample(BUILD, encodeLabels('version', agent.version), 1);
  writer.sample(CLIENTS, NO_LABELS, agent.clientCount);
  writer.scaled(OWN_CPU, NO_LABELS, agent.cpuMicros, MICROS_DECIMALS);
  writer.sample(OWN_MEMORY, NO_LABELS, agent.residentBytes);
  writer.scaled(OWN_START, NO_LABELS, agent.startWallMillis, MILLIS_DECIMALS);
}
