import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import type { Snapshot, Want } from '../../data/sample/snapshot.ts';
import type { Source } from '../../data/source/source.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { bytesText, rateText } from '../../kit/text/format.ts';
import { DISKS_MILLIS, nextDue } from '../shared/interval.ts';
import { EXIT_OK, exitCodeOfSignal } from '../shared/messages.ts';
import { ENDED, LAST_SAMPLE_MILLIS, Stop } from '../shared/stop.ts';
import { StandardOutput } from '../shared/stream.ts';
import type { SocktopSettings } from './socktop-settings.ts';

const AGENT_NAME = /^socktop[-_]agent/;

/** An agent and the statistics of its connection. */
interface MeasuredSource extends Source {
  readonly status: RemoteStatus;
  /** Name reported by the agent; undefined: none. */
  readonly capabilities: { readonly pid?: number | undefined } | undefined;
  /** Cost of the remote shell that is used instead of an agent; undefined: there is an agent. */
  readonly shellCpuSeconds: number | undefined;
  readonly meter: {
    readonly requests: number;
    readonly sentBytes: number;
    readonly receivedBytes: number;
    /** The latency within which this share of replies arrived, 0 to 1; NaN: no replies. */
    latencyMicros(share: number): number;
  };
}

/** CPU time and memory of a process; of the agent NaN where it is not in the process list. */
interface ProcessUse {
  readonly cpuNanos: number;
  readonly residentBytes: number;
}

/** Candidates for the agent's process, by PID and start time. */
type Agents = ReadonlyMap<string, ProcessUse>;

/** Result of polling an agent. */
interface Measure {
  readonly seconds: number;
  readonly agent: ProcessUse;
  /** Number of samples that failed. */
  readonly failures: number;
}

/** Polls an agent as the screen does and prints its CPU, bytes on the wire and latency. OpError if it cannot. */
export async function runMeasure(
  settings: SocktopSettings,
  durationMillis: number,
  name: string,
  source: MeasuredSource,
): Promise<number> {
  const stop = new Stop(['SIGINT', 'SIGTERM', 'SIGHUP']);
  try {
    const measure = await new Poll(settings, source, stop).run(durationMillis);
    const print = settings.output === 'json' ? printJson : printText;
    if (measure !== undefined) {
      await new StandardOutput(stop).write(print(settings, name, source, measure));
    }
    if (stop.signal !== undefined) return exitCodeOfSignal(stop.signal);
    if (measure === undefined) throw failureOf({ errors: [] });
    return EXIT_OK;
  } finally {
    stop.release();
  }
}

class Poll {
  readonly #settings: SocktopSettings;
  readonly #source: MeasuredSource;
  readonly #stop: Stop;
  #failures = 0;

  constructor(settings: SocktopSettings, source: MeasuredSource, stop: Stop) {
    this.#settings = settings;
    this.#source = source;
    this.#stop = stop;
  }

  /** Undefined: not even the first sample arrived. */
  async run(durationMillis: number): Promise<Measure | undefined> {
    const { metricsIntervalMillis, processesIntervalMillis } = this.#settings;
    this.#stop.endAfter(durationMillis);
    const first = await this.#sample({ machine: true, disks: true, machineProcesses: { visiblePids: [] } });
    if (first === ENDED) return undefined;
    if (first.machine === undefined) throw failureOf(first);
    const before = this.#agentsIn(first);
    const shellSeconds = this.#source.shellCpuSeconds;
    let after = before;
    const start = performance.now();
    this.#stop.endAfter(durationMillis);
    let [processesMillis, disksMillis] = [start, start];
    for (;;) {
      const due = Math.min(nextDue(start, metricsIntervalMillis, performance.now()), start + durationMillis);
      await this.#stop.sleep(due - performance.now());
      const now = performance.now();
      const isLast = this.#stop.isWished || now >= start + durationMillis;
      const processes = isLast || now - processesMillis >= processesIntervalMillis;
      const disks = now - disksMillis >= DISKS_MILLIS;
      if (processes) processesMillis = now;
      if (disks) disksMillis = now;
      const snapshot = await this.#sample({
        ...{ machine: true, disks },
        ...(processes ? { machineProcesses: { visiblePids: [] } } : {}),
      });
      if (snapshot === ENDED) break;
      if (snapshot.machineProcesses !== undefined) after = this.#agentsIn(snapshot);
      if (isLast) break;
    }
    const seconds = (performance.now() - start) / 1000;
    return {
      seconds,
      agent:
        shellSeconds === undefined
          ? growthOf(before, after, this.#source.capabilities?.pid)
          : { cpuNanos: (this.#source.shellCpuSeconds! - shellSeconds) * 1e9, residentBytes: Number.NaN },
      failures: this.#failures,
    };
  }

  #agentsIn({ machineProcesses }: Snapshot): Agents {
    const agents = new Map<string, ProcessUse>();
    if (machineProcesses === undefined) return agents;
    const { slots, pid, startTicks, names, cpuNanos, rssBytes } = machineProcesses.processes;
    const agentPid = this.#source.capabilities?.pid;
    for (const slot of slots.rows.subarray(0, slots.count)) {
      if (pid[slot] !== agentPid && !AGENT_NAME.test(names[slot] ?? '')) continue;
      agents.set(`${pid[slot]} ${startTicks[slot]}`, {
        cpuNanos: cpuNanos[slot]!,
        residentBytes: rssBytes[slot]!,
      });
    }
    return agents;
  }

  async #sample(want: Want): Promise<Snapshot | typeof ENDED> {
    const sampling = this.#source.sample(want, Number.POSITIVE_INFINITY);
    const snapshot = await this.#stop.orEnd(sampling, LAST_SAMPLE_MILLIS);
    if (snapshot === ENDED || snapshot.machine === undefined) this.#failures++;
    return snapshot;
  }
}

/** CPU used by the agent: its process by PID, otherwise all processes of its name that were there throughout. */
function growthOf(before: Agents, after: Agents, pid: number | undefined): ProcessUse {
  const use = { cpuNanos: Number.NaN, residentBytes: Number.NaN };
  for (const [key, { cpuNanos, residentBytes }] of after) {
    const was = before.get(key);
    if (was === undefined || (pid !== undefined && !key.startsWith(`${pid} `))) continue;
    use.cpuNanos = (use.cpuNanos || 0) + cpuNanos - was.cpuNanos;
    use.residentBytes = (use.residentBytes || 0) + residentBytes;
  }
  return use;
}

function printText(
  { metricsIntervalMillis, processesIntervalMillis }: SocktopSettings,
  name: string,
  { meter, status }: MeasuredSource,
  { seconds, agent, failures }: Measure,
): string {
  const percent = agent.cpuNanos / 1e7 / seconds;
  const millis = (share: number): string => `${(meter.latencyMicros(share) / 1000).toFixed(1)} ms`;
  const { requests, sentBytes, receivedBytes } = meter;
  const memory = Number.isNaN(agent.residentBytes) ? '' : `, ${bytesText(agent.residentBytes)} of memory`;
  const lines = [
    `${name}, ${status.protocol}, polled for ${seconds.toFixed(1)} s: metrics every ${metricsIntervalMillis} ms, processes every ${processesIntervalMillis} ms`,
    Number.isNaN(percent)
      ? 'agent    not found in the process list'
      : `${status.protocol === 'shell' ? 'shell' : 'agent'}    ${percent.toFixed(2)} % of one core (${(agent.cpuNanos / 1e9).toFixed(2)} s of CPU)${memory}`,
    `wire     ${requests} requests, ${bytesText(sentBytes)} sent, ${bytesText(receivedBytes)} received, ${rateText(receivedBytes / seconds)}`,
    `latency  median ${millis(0.5)}, 95 % within ${millis(0.95)}, longest ${millis(1)}`,
    ...(failures > 0 ? [`failures ${failures}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function printJson(
  { metricsIntervalMillis, processesIntervalMillis }: SocktopSettings,
  name: string,
  { meter, status }: MeasuredSource,
  { seconds, agent, failures }: Measure,
): string {
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return `${JSON.stringify({
    ...{ schema: 1, name, protocol: status.protocol ?? null, seconds },
    metrics_interval_ms: metricsIntervalMillis,
    processes_interval_ms: processesIntervalMillis,
    agent_cpu_seconds: known(agent.cpuNanos / 1e9),
    agent_cpu_percent: known(agent.cpuNanos / 1e7 / seconds),
    agent_memory_bytes: known(agent.residentBytes),
    ...{ requests: meter.requests, sent_bytes: meter.sentBytes, received_bytes: meter.receivedBytes },
    latency_ms: {
      median: known(meter.latencyMicros(0.5) / 1000),
      p95: known(meter.latencyMicros(0.95) / 1000),
      longest: known(meter.latencyMicros(1) / 1000),
    },
    failures,
  })}\n`;
}

function failureOf({ errors }: Pick<Snapshot, 'errors'>): OpError {
  const { op, code, message } = errors[0] ?? { op: 'measure', code: 'EMPTY', message: 'no data received' };
  return new OpError({ op, code, message });
}
