import type { Platform } from '../../../data/sample/platform.ts';
import { LocalSource } from '../../../data/source/local-source.ts';
import { ControlGroupSamples, DisksSamples, MachineSamples } from './machine-samples.ts';
import { NetworkAccounting } from './network-lease.ts';
import { ProcessSamples } from './process-samples.ts';

/** Up to which age samples answer, milliseconds. */
interface SampleAges {
  readonly metricsTtlMillis: number;
  readonly processesTtlMillis: number;
  readonly disksTtlMillis: number;
}

export interface SampleOptions extends SampleAges {
  readonly gpus: boolean;
  readonly temperatures: boolean;
  /** Learn names of remote hosts from packets. */
  readonly sniff: boolean;
  /** See `MachineOptions`. */
  readonly mayLoadPrograms?: boolean;
}

/** Minimum sample intervals, so that no client can keep a core busy. */
const FASTEST_MILLIS = { metrics: 50, processes: 100, disks: 200, network: 100 } as const;
const NETWORK_TTL_MILLIS = 500;

/** Everything that the agent collects, each kind with its cache. */
export class AgentSamples {
  readonly source: LocalSource;
  readonly machine: MachineSamples;
  readonly disks: DisksSamples;
  readonly controlGroups: ControlGroupSamples;
  readonly processes: ProcessSamples;
  readonly network: NetworkAccounting;
  readonly #ages: SampleAges;

  constructor(platform: Platform, options: SampleOptions) {
    this.#ages = options;
    const { gpus, temperatures, sniff, mayLoadPrograms = false } = options;
    this.source = new LocalSource(platform, { tier: 'auto', gpus, temperatures, sniff, mayLoadPrograms });
    this.machine = new MachineSamples(this.source);
    this.disks = new DisksSamples(this.source);
    this.controlGroups = new ControlGroupSamples(this.source);
    this.processes = new ProcessSamples(this.source);
    this.network = new NetworkAccounting(this.source);
  }

  /** The oldest age that will do for a request, microseconds; undefined: as the agent sees fit. */
  maxAgeMicros(kind: 'metrics' | 'processes' | 'disks' | 'network', askedMillis?: number): number {
    const usual = kind === 'network' ? NETWORK_TTL_MILLIS : this.#ages[`${kind}TtlMillis`];
    const fastest = Math.min(usual, FASTEST_MILLIS[kind]);
    return Math.max(fastest, askedMillis ?? usual) * 1000;
  }

  close(): void {
    this.network.close();
    this.source.close();
  }
}
