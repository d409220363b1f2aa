import type { ToldSection } from '../../../data/codec/record-json.ts';
import type { InterfaceTable } from '../../../data/sample/interface-table.ts';
import type { ProcessDetailSection } from '../../../data/sample/process-detail-section.ts';
import { UNKNOWN_USER } from '../../../data/schema/column.ts';
import type { DisksSection } from '../../../data/schema/disks-section.ts';
import type { GpuSample } from '../../../data/schema/gpu-sample.ts';
import type { JournalSection } from '../../../data/schema/process-detail.ts';
import { toOpError } from '../../../kit/errors/op-error.ts';
import { errorReply } from '../../wire/error-reply.ts';
import {
  JOURNAL_PRIORITIES,
  type OriginalDisk,
  type OriginalFastMetrics,
  type OriginalGpu,
  type OriginalJournal,
  type OriginalNetwork,
  type OriginalProcess,
  type OriginalProcessDetail,
  originalDisks,
  originalDisksJson,
  originalJournal,
  originalMetricsJson,
  originalProcessesJson,
  originalProcessMetrics,
} from '../../wire/original-metrics.ts';
import {
  type Frame,
  jsonFrame,
  type OriginalRequest,
  originalFrame,
  parseOriginalRequest,
  protobufFrame,
} from '../../wire/original-protocol.ts';
import type { ProcessChanges } from '../../wire/process-changes.ts';
import type { MachineSample } from '../samples/machine-samples.ts';
import type { AnswerSource } from './answer-source.ts';

/** What is known of a client of the original protocol. */
export interface OriginalPeer {
  /** From then on its metrics list no processes: the original client would take those for all of them, and panic. */
  hasAskedProcesses: boolean;
}

export class OriginalAnswers {
  readonly #from: AnswerSource;

  constructor(from: AnswerSource) {
    this.#from = from;
  }

  /** The frame that answers a text frame; an error is an answer too. Never rejects. */
  async answer(text: string, peer: OriginalPeer): Promise<Frame> {
    let request: OriginalRequest | undefined;
    try {
      request = parseOriginalRequest(text);
      return await this.#answer(request, peer);
    } catch (thrown) {
      const { code, message } = toOpError('answer', thrown);
      const pid = request !== undefined && 'pid' in request ? request.pid : undefined;
      return originalFrame(errorReply, {
        // Clients of the original agent may know its words.
        error: code === 'ESRCH' && pid !== undefined ? `Process ${pid} not found` : message,
        ...{ request: request?.request, pid, code },
      });
    }
  }

  #answer(request: OriginalRequest, peer: OriginalPeer): Promise<Frame> {
    switch (request.request) {
      case 'get_metrics':
        return this.#metrics(peer.hasAskedProcesses);
      case 'get_disks':
        return this.#disks();
      case 'get_processes':
        peer.hasAskedProcesses = true;
        return this.#processes();
      case 'get_process_metrics':
        return this.#process(request.pid);
      default:
        return this.#journal(request.pid);
    }
  }

  #metrics(withoutProcesses: boolean): Promise<Frame> {
    const { samples } = this.#from;
    return samples.machine.cache.readRated(samples.maxAgeMicros('metrics'), (sample) => {
      const { replies } = sample;
      if (withoutProcesses) {
        replies.originalWithoutProcesses ??= this.#metricsFrame(sample, true);
        return replies.originalWithoutProcesses;
      }
      replies.original ??= this.#metricsFrame(sample, false);
      return replies.original;
    });
  }

  /** Of other samples what is fresh at the moment, as the original does it; their lists are written once. */
  #metricsFrame(sample: MachineSample, withoutProcesses: boolean): Frame {
    const { samples } = this.#from;
    const { disks, processes } = samples;
    const freshDisks =
      disks.cache.ageMicros() <= samples.maxAgeMicros('disks') ? disks.cache.latest : undefined;
    const isFresh = processes.cache.ageMicros() <= samples.maxAgeMicros('processes');
    const freshProcesses = isFresh ? processes.cache.latest : undefined;
    if (freshDisks !== undefined)
      freshDisks.replies.originalList ??= originalDisksJson(originalDisksOf(freshDisks.section));
    const isListed = freshProcesses?.section.sequence === processes.changes.sequence;
    if (freshProcesses !== undefined && isListed && !withoutProcesses) {
      freshProcesses.replies.originalList ??= originalProcessesJson(topProcessesOf(processes.changes));
    }
    const metrics = originalMetricsOf(sample, freshProcesses?.processCount);
    const disksJson = freshDisks?.replies.originalList ?? '[]';
    const topJson = withoutProcesses ? '[]' : (freshProcesses?.replies.originalList ?? '[]');
    return jsonFrame(originalMetricsJson(metrics, disksJson, topJson));
  }

  #disks(): Promise<Frame> {
    const { samples } = this.#from;
    return samples.disks.cache.read(samples.maxAgeMicros('disks'), ({ section, replies }) => {
      replies.original ??= originalFrame(originalDisks, originalDisksOf(section));
      return replies.original;
    });
  }

  #processes(): Promise<Frame> {
    const { processes } = this.#from.samples;
    const maxAge = this.#from.samples.maxAgeMicros('processes');
    processes.noteRowsWanted();
    return processes.cache.readRated(maxAge, ({ replies, processCount }) => {
      replies.original ??= protobufFrame(processes.originalEncoder.encode(processCount));
      return replies.original;
    });
  }

  async #process(pid: number): Promise<Frame> {
    const { details } = this.#from;
    const look = await details.lookRated(pid);
    const process = originalProcessOf(
      look,
      this.#from.machineShare(look.corePercent),
      (childPid, startTicks) => this.#from.shareOf(childPid, startTicks),
    );
    const cached_at = look.header.wallMillis / 1000;
    return originalFrame(originalProcessMetrics, { process, cached_at });
  }

  async #journal(pid: number): Promise<Frame> {
    const { header, section } = await this.#from.journal(pid);
    return originalFrame(originalJournal, originalJournalOf(section, header.wallMillis));
  }
}

const TOP_PROCESSES = 50;

/** Letters of /proc/PID/stat by the words that the original agent has for them. */
const STATE_WORDS: Readonly<Record<string, string>> = {
  R: 'Running',
  S: 'Sleeping',
  D: 'Disk Sleep',
  Z: 'Zombie',
  T: 'Stopped',
  t: 'Tracing Stop',
  X: 'Dead',
  x: 'Dead',
  K: 'Wakekill',
  W: 'Waking',
  P: 'Parked',
  I: 'Idle',
};

const MICROS_PER_SECOND = 1e6;
const NANOS_PER_MICRO = 1000;

/** Encodes the machine for the original protocol; `processCount` is known if a process sample is fresh. */
function originalMetricsOf(
  { header, section, cpu }: MachineSample,
  processCount: number | undefined,
): OriginalFastMetrics {
  const { memory, networks, sensors, gpus } = section;
  return {
    sampled_at_ms: Math.round(header.wallMillis),
    cpu_total: cpu.total,
    cpu_per_core: Array.from(cpu.percent.subarray(1, cpu.count)),
    mem_total: memory.value?.totalBytes,
    mem_used: memory.value?.usedBytes,
    swap_total: memory.value?.swapTotalBytes,
    swap_used: memory.value?.swapUsedBytes,
    hostname: header.hostName,
    cpu_temp_c: sensors.value?.cpu?.celsius,
    networks: networks.value === undefined ? [] : originalNetworksOf(networks.value),
    gpus: gpus.value === undefined || gpus.value.length === 0 ? undefined : gpus.value.map(originalGpuOf),
    process_count: processCount,
  };
}

/** Encodes file systems, each once, for the original protocol. */
function originalDisksOf({ fileSystems }: DisksSection): OriginalDisk[] {
  // The original agent lists what has figures.
  const asked = fileSystems.filter(({ silence }) => silence !== 'not-asked');
  return asked.map((fileSystem) => ({
    name: fileSystem.name,
    total: fileSystem.totalBytes,
    available: fileSystem.availableBytes,
    temperature: fileSystem.device?.temperatureCelsius,
    is_partition: fileSystem.isPartition,
  }));
}

/** The first by CPU, then by memory. */
function topProcessesOf({ list, cpuPercent }: ProcessChanges): OriginalProcess[] {
  const { pid, names, rssBytes, slots } = list.processes;
  const { rows, count } = slots;
  const byUse = rows
    .slice(0, count)
    .sort((a, b) => (cpuPercent[b]! || 0) - (cpuPercent[a]! || 0) || rssBytes[b]! - rssBytes[a]! || 0);
  return Array.from(byUse.subarray(0, TOP_PROCESSES), (slot) => ({
    pid: pid[slot],
    name: names[slot]!,
    cpu_usage: cpuPercent[slot],
    mem_bytes: rssBytes[slot],
  }));
}

function originalNetworksOf(table: InterfaceTable): OriginalNetwork[] {
  return Array.from(table.slots.rows.subarray(0, table.slots.count), (slot) => ({
    name: table.names[slot] ?? '',
    received: table.rxBytes[slot],
    transmitted: table.txBytes[slot],
  }));
}

function originalGpuOf(gpu: GpuSample): OriginalGpu {
  return {
    name: gpu.name,
    vendor: gpu.vendor,
    utilization_gpu_pct: gpu.utilizationPercent,
    mem_used_bytes: gpu.memoryUsedBytes,
    mem_total_bytes: gpu.memoryTotalBytes,
    temp_c: gpu.temperatureCelsius,
  };
}

/** A share of the whole machine, percent, by pid and start ticks; NaN unknown. */
type ShareOf = (pid: number, startTicks: number) => number;

/** Encodes one process for the original protocol. `cpuUsage`: share of the whole machine, percent; NaN: unknown. */
function originalProcessOf(
  { header, section: { process, threads, children, childFacts = [] } }: ToldSection<ProcessDetailSection>,
  cpuUsage: number,
  shareOf: ShareOf,
): OriginalProcessDetail {
  const { bootWallMillis, clockTicksPerSecond } = header;
  const micros = (ticks = Number.NaN): number => (ticks * MICROS_PER_SECOND) / clockTicksPerSecond;
  const startOf = (ticks = Number.NaN): number => bootWallMillis / 1000 + ticks / clockTicksPerSecond;
  const factsByPid = new Map(childFacts.map((facts) => [facts.pid, facts]));
  return {
    pid: process.pid,
    name: process.name,
    command: process.commandLine ?? '',
    cpu_usage: cpuUsage,
    mem_bytes: process.residentBytes,
    virtual_mem_bytes: process.virtualBytes,
    shared_mem_bytes: process.sharedBytes,
    thread_count: process.threadCount,
    fd_count: process.descriptorCount,
    status: stateWord(process.state),
    parent_pid: process.ppid === 0 ? undefined : process.ppid,
    user_id: process.effectiveUid,
    group_id: process.effectiveGid,
    start_time: startOf(process.startTicks),
    cpu_time_user: micros(process.userTicks),
    cpu_time_system: micros(process.systemTicks),
    read_bytes: process.readBytes,
    write_bytes: process.writtenBytes,
    working_directory: process.workingDirectory,
    executable_path: process.executablePath,
    threads: threads.map((thread) => ({
      tid: thread.tid,
      name: thread.name,
      cpu_time_user: micros(thread.userTicks),
      cpu_time_system: micros(thread.systemTicks),
      status: stateWord(thread.state),
    })),
    child_processes: Array.from(children.slots.rows.subarray(0, children.slots.count), (slot) => ({
      ...UNKNOWN_CHILD,
      pid: children.pid[slot],
      name: children.names[slot]!,
      command: factsByPid.get(children.pid[slot]!)?.commandLine ?? '',
      virtual_mem_bytes: factsByPid.get(children.pid[slot]!)?.virtualBytes,
      group_id: factsByPid.get(children.pid[slot]!)?.effectiveGid,
      cpu_usage: shareOf(children.pid[slot]!, children.startTicks[slot]!),
      mem_bytes: children.rssBytes[slot],
      thread_count: children.threads[slot],
      status: stateWord(children.state[slot]),
      parent_pid: process.pid,
      user_id: children.uid[slot] === UNKNOWN_USER ? undefined : children.uid[slot]! >>> 0,
      start_time: startOf(children.startTicks[slot]),
      // The table has one time for both modes; the original client adds them up.
      cpu_time_user: children.cpuNanos[slot]! / NANOS_PER_MICRO,
    })),
  };
}

const UNKNOWN_CHILD: OriginalProcessDetail = {
  ...{ pid: undefined, name: '', command: '', cpu_usage: undefined, mem_bytes: undefined },
  ...{ virtual_mem_bytes: undefined, shared_mem_bytes: undefined, thread_count: undefined },
  ...{ fd_count: undefined, status: '', parent_pid: undefined, user_id: undefined, group_id: undefined },
  ...{ start_time: undefined, cpu_time_user: undefined, cpu_time_system: undefined },
  ...{ read_bytes: undefined, write_bytes: undefined, working_directory: undefined },
  ...{ executable_path: undefined, child_processes: [], threads: [] },
};

/** Encodes a journal for the original protocol. */
function originalJournalOf(
  { entries, isTruncated, notice }: JournalSection,
  wallMillis: number,
): OriginalJournal {
  return {
    entries: entries.map((entry) => ({
      timestamp: new Date(Math.floor(entry.realtimeMicros / 1000)).toISOString(),
      timestamp_us: entry.realtimeMicros,
      priority: entry.priority === undefined ? undefined : JOURNAL_PRIORITIES[entry.priority],
      message: entry.message,
      unit: entry.unit,
      pid: entry.pid,
      comm: entry.comm ?? entry.identifier,
      uid: entry.uid,
      gid: entry.gid,
    })),
    total_count: entries.length,
    truncated: isTruncated,
    notice,
    cached_at: wallMillis / 1000,
  };
}

function stateWord(state = 0): string {
  return STATE_WORDS[String.fromCharCode(state)] ?? 'Unknown';
}
