import type { NetworkSection } from '../../../data/sample/network-section.ts';
import type { Snapshot } from '../../../data/sample/snapshot.ts';
import type { Part, Section, SnapshotHeader } from '../../../data/schema/section-facts.ts';
import { counter, ExpositionWriter, encodeLabels, gauge, info, NO_LABELS } from './exposition-writer.ts';
import {
  CpuMetrics,
  writeDisks,
  writeGpus,
  writeInterfaces,
  writeMemory,
  writeSensors,
} from './machine-metrics.ts';
import type { MetricsFormat } from './negotiate.ts';
import { ProcessGroups, writeNetworkGroups, writeProcessGroups } from './process-groups.ts';

const MILLIS_DECIMALS = 3;
const MICROS_DECIMALS = 6;

const TIME = gauge('node_time_seconds', 'System time in seconds since epoch (1970).', 'seconds');
const BOOT = gauge('node_boot_time_seconds', 'Node boot time, in unixtime.', 'seconds');
const BUILD = info('socktop_agent_build_info', 'Version of the agent, value is always 1.');
const ACCOUNTING = info(
  'socktop_agent_network_info',
  'Network accounting: the tier, and which bytes it counts.',
);
const ALERT = gauge('socktop_alert_firing', 'Whether the alert of this rule is firing.');
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
  /** By the names of their rules, which are unique. */
  readonly alerts?: readonly { readonly name: string; readonly isFiring: boolean }[];
}

/** What `/metrics` shows. One for the agent's life: it holds what exited processes had, so that no counter falls. */
export class MetricsPage {
  readonly #writer = new ExpositionWriter();
  readonly #cpu = new CpuMetrics();
  readonly #groups: ProcessGroups;
  readonly #collections = new CollectionMetrics();

  constructor(groups = new ProcessGroups()) {
    this.#groups = groups;
  }

  /** Takes what others have collected between two scrapes: less is lost of processes that exit. Each sample once. */
  absorb({ header, machineProcesses, network }: Snapshot): void {
    if (machineProcesses !== undefined) this.#groups.processes.absorb(machineProcesses);
    if (network !== undefined) this.#groups.network.absorb(network, header);
  }

  /** The page as bytes of its own. Synchronous: the sections are borrowed. */
  encode(
    { snapshot, isNetworkWanted, agent, alerts = [] }: MetricsRequest,
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
    for (const { name, isFiring } of alerts) {
      writer.sample(ALERT, encodeLabels('rule', name), isFiring ? 1 : 0);
    }
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

const DURATION = gauge('socktop_agent_collection_duration_seconds', 'Duration of the collection.', 'seconds');
const SUCCESS = gauge(
  'socktop_agent_collection_success',
  'Whether the collection succeeded without an error.',
);
const AGE = gauge('socktop_agent_collection_age_seconds', 'Age of the values.', 'seconds');
const ERRORS = counter(
  'socktop_agent_collection_errors_total',
  'Errors of collections since the agent started.',
);
const LEFT_OUT = gauge(
  'socktop_agent_collection_rows_left_out',
  'Rows without series: beyond the limit, or with a duplicate name.',
);

class Collection {
  readonly labels: Uint8Array;
  isWanted = false;
  /** NaN: there are no values. */
  durationMicros = Number.NaN;
  monotonicMicros = Number.NaN;
  isGood = false;
  errors = 0;
  /** Of its tables; undefined: it has none that could be too long. */
  rowsLeftOut: number | undefined;
  #countedMicros = Number.NaN;

  constructor(name: string) {
    this.labels = encodeLabels('section', name);
  }

  part(part: Part<unknown> | undefined): void {
    if (part === undefined) this.#missing();
    else if (part.value === undefined && part.error === undefined) this.isWanted = false;
    else this.#note(part.durationMicros, part.monotonicMicros, part.error === undefined ? 0 : 1);
  }

  section(section: Section | undefined): void {
    if (section === undefined) this.#missing();
    else this.#note(section.durationMicros, section.monotonicMicros, section.errors.length);
  }

  #note(durationMicros: number, monotonicMicros: number, errors: number): void {
    this.isWanted = true;
    this.durationMicros = durationMicros;
    this.monotonicMicros = monotonicMicros;
    this.isGood = errors === 0;
    // A sample that answers several scrapes failed but once.
    if (monotonicMicros !== this.#countedMicros) this.errors += errors;
    this.#countedMicros = monotonicMicros;
  }

  #missing(): void {
    this.isWanted = true;
    this.durationMicros = Number.NaN;
    this.monotonicMicros = Number.NaN;
    this.isGood = false;
    this.errors++;
    this.rowsLeftOut = undefined;
  }
}

/** How each went of what is collected on its own, and may fail on its own. In the order of the page. */
class CollectionMetrics {
  readonly cpu = new Collection('cpu');
  readonly memory = new Collection('memory');
  readonly interfaces = new Collection('interfaces');
  readonly sensors = new Collection('sensors');
  readonly gpus = new Collection('gpus');
  readonly disks = new Collection('disks');
  readonly processes = new Collection('processes');
  readonly network = new Collection('network');

  /** Machine, disks and processes are on every page: where one of them is missing, its collection has failed. */
  note({ machine, disks, machineProcesses, network }: Snapshot, isNetworkWanted: boolean): void {
    this.cpu.part(machine?.cpu);
    this.memory.part(machine?.memory);
    this.interfaces.part(machine?.networks);
    // Without a machine section it is unknown whether these are switched off.
    if (machine !== undefined) {
      this.sensors.part(machine.sensors);
      this.gpus.part(machine.gpus);
    }
    this.disks.section(disks);
    this.processes.section(machineProcesses);
    if (isNetworkWanted) this.network.section(network);
    else this.network.isWanted = false;
  }

  write(writer: ExpositionWriter, nowMicros: number): void {
    const all: readonly Collection[] = Object.values(this);
    const wanted = all.filter(({ isWanted }) => isWanted);
    for (const { labels, durationMicros } of wanted) {
      writer.scaled(DURATION, labels, Math.round(durationMicros), MICROS_DECIMALS);
    }
    for (const { labels, monotonicMicros } of wanted) {
      const ageMicros = Math.max(0, Math.round(nowMicros - monotonicMicros));
      writer.scaled(AGE, labels, ageMicros, MICROS_DECIMALS);
    }
    for (const { labels, isGood } of wanted) writer.sample(SUCCESS, labels, isGood ? 1 : 0);
    for (const { labels, errors } of wanted) writer.sample(ERRORS, labels, errors);
    for (const { labels, rowsLeftOut } of wanted) writer.sample(LEFT_OUT, labels, rowsLeftOut);
  }
}
