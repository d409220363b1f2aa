import type { Alert } from '../../../data/alerts/alert-monitor.ts';
import type { NetworkSection } from '../../../data/sample/network-section.ts';
import type { Snapshot } from '../../../data/sample/snapshot.ts';
import type { SnapshotHeader } from '../../../data/schema/section-facts.ts';
import { toOpError } from '../../../kit/errors/op-error.ts';
import { MetricsPage } from '../metrics/metrics-page.ts';
import type { MetricsFormat } from '../metrics/negotiate.ts';
import type { AgentSamples } from '../samples/agent-samples.ts';
import type { DisksSample, MachineSample } from '../samples/machine-samples.ts';
import { SCRAPE_LEASE_MILLIS } from '../samples/network-lease.ts';
import type { ProcessSample } from '../samples/process-samples.ts';
import type { AgentLog } from './agent-log.ts';
import type { SendBudget } from './client-limits.ts';

interface MetricsOptions {
  readonly version: string;
  readonly isNetworkWanted: boolean;
  readonly clientCount: () => number;
  readonly alerts?: () => readonly Alert[];
  readonly log: AgentLog;
  readonly budget: SendBudget;
}

interface Collected {
  readonly machine: MachineSample | undefined;
  readonly disks: DisksSample | undefined;
  readonly processes: ProcessSample | undefined;
}

/** A page shared by all requests while it is fresh, counted from the start of its rendering. */
interface KeptPage {
  readonly begunMicros: number;
  readonly page: Promise<Blob>;
}

/** The page for a Prometheus server. Nothing is kept for it before the first scrape. */
export class MetricsAnswers {
  readonly #samples: AgentSamples;
  readonly #options: MetricsOptions;
  /** When the agent started, since the boot: the clock may be set later. */
  readonly #startMillis: number;
  #page: MetricsPage | undefined;
  readonly #kept = new Map<MetricsFormat, KeptPage>();
  #pageBytes = 0;

  constructor(samples: AgentSamples, options: MetricsOptions) {
    this.#samples = samples;
    this.#options = options;
    this.#startMillis = Date.now() - this.#header().bootWallMillis;
  }

  /**
   * Returns one page for all requests within the minimum sample interval; its bytes are shared by all responses.
   * `pendingCount` is how many responses others have not read: each may hold a page of its own. Undefined where those
   * and one more could be more than may wait.
   */
  page(format: MetricsFormat, pendingCount: number): Promise<Blob> | undefined {
    const kept = this.#kept.get(format);
    const begunMicros = this.#samples.source.nowMicros();
    const isFresh =
      kept !== undefined && begunMicros - kept.begunMicros <= this.#samples.maxAgeMicros('metrics', 0);
    if (isFresh) return kept.page;
    if (!this.#options.budget.hasRoomFor(pendingCount * this.#pageBytes)) return undefined;
    const page = this.#make(format);
    this.#kept.set(format, { begunMicros, page });
    return page;
  }

  async #make(format: MetricsFormat): Promise<Blob> {
    const bytes = await this.#bytes(format);
    this.#pageBytes = bytes.length;
    return new Blob([bytes]);
  }

  /** A section that cannot be had is missing on the page, which says so. */
  async #bytes(format: MetricsFormat): Promise<Uint8Array<ArrayBuffer>> {
    const { machine, disks, processes, network } = this.#samples;
    const page = this.#openPage();
    processes.noteStorageWanted();
    const [machineSample, disksSample, processSample] = await Promise.all([
      this.#orNone(machine.cache.read(this.#samples.maxAgeMicros('metrics'), itself)),
      this.#orNone(disks.cache.read(this.#samples.maxAgeMicros('disks'), itself)),
      this.#orNone(processes.cache.read(this.#samples.maxAgeMicros('processes'), itself)),
    ]);
    const collected = { machine: machineSample, disks: disksSample, processes: processSample };
    const encode = (section: NetworkSection | undefined): Uint8Array<ArrayBuffer> =>
      page.encode(
        {
          snapshot: this.#snapshot(collected, section),
          isNetworkWanted: this.#options.isNetworkWanted,
          agent: this.#facts(),
          alerts: (this.#options.alerts?.() ?? []).map(({ rule, isFiring }) => ({
            name: rule.name,
            isFiring,
          })),
        },
        format,
      );
    if (!this.#options.isNetworkWanted) return encode(undefined);
    // The sections are borrowed: the page is made while that of the network is whole.
    const maxAge = this.#samples.maxAgeMicros('network');
    const whole = network.read(maxAge, SCRAPE_LEASE_MILLIS, ({ section }) => encode(section));
    return (await this.#orNone(whole)) ?? encode(undefined);
  }

  /** From the first scrape on the page hears of every sample, so that less is lost of processes that exit. */
  #openPage(): MetricsPage {
    if (this.#page !== undefined) return this.#page;
    const page = new MetricsPage();
    const { processes, network } = this.#samples;
    processes.onSample = (machineProcesses, header) => page.absorb({ header, machineProcesses, errors: [] });
    if (this.#options.isNetworkWanted) {
      network.listen((section, header) => page.absorb({ header, network: section, errors: [] }));
    }
    this.#page = page;
    return page;
  }

  async #orNone<T>(reading: Promise<T>): Promise<T | undefined> {
    try {
      return await reading;
    } catch (thrown) {
      const { op, code, message } = toOpError('collect', thrown);
      this.#options.log.event('warning', 'collection-failed', { op, code, message });
      return undefined;
    }
  }

  #snapshot({ machine, disks, processes }: Collected, network: NetworkSection | undefined): Snapshot {
    return {
      header: this.#header(),
      ...(machine && { machine: machine.section }),
      ...(disks && { disks: disks.section }),
      ...(processes && { machineProcesses: processes.collected }),
      ...(network && { network }),
      errors: [],
    };
  }

  #header(): SnapshotHeader {
    return this.#samples.source.header(this.#samples.source.nowMicros());
  }

  #facts() {
    const { user, system } = process.cpuUsage();
    return {
      version: this.#options.version,
      clientCount: this.#options.clientCount(),
      cpuMicros: user + system,
      residentBytes: process.memoryUsage.rss(),
      startWallMillis: Math.round(this.#header().bootWallMillis + this.#startMillis),
    };
  }
}

function itself<T>(sample: T): T {
  return sample;
}
