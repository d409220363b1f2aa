import { type Alert, AlertMonitor } from '../../../data/alerts/alert-monitor.ts';
import type { AlertRule } from '../../../data/alerts/alert-rule.ts';
import { MachineRates } from '../../../data/rates/machine-rates.ts';
import { ProcessRates } from '../../../data/rates/process-rates.ts';
import type { Snapshot } from '../../../data/sample/snapshot.ts';
import type { AlertsSection } from '../../../data/schema/alerts-section.ts';
import { toOpError } from '../../../kit/errors/op-error.ts';
import type { AgentSamples } from '../samples/agent-samples.ts';
import { REQUEST_LEASE_MILLIS } from '../samples/network-lease.ts';
import type { AgentLog } from '../server/agent-log.ts';
import { AlertDeliveries, type DeliveryOptions, factsOf } from './alert-deliveries.ts';

/** What an agent watches for. */
export interface AlertOptions extends DeliveryOptions {
  readonly rules: readonly AlertRule[];
  /** Called when an alert fires: the time after it is to be recorded closely. */
  readonly onFire?: () => void;
}

const SHORTEST_MILLIS = 1000;
const LONGEST_MILLIS = 10_000;
/** A rule without a duration is to fire soon. */
const USUAL_HOLD_MILLIS = 10_000;
const SAMPLES_PER_HOLD = 5;
/** Of a sample that others have asked for. */
const SAMPLE_AGE_MICROS = 900_000;

/** How often the agent samples for these rules: five times within the shortest duration, every 1 to 10 s. */
export function watchMillis(rules: readonly AlertRule[]): number {
  const shortest = Math.min(...rules.map(({ holdMillis }) => holdMillis || USUAL_HOLD_MILLIS));
  return Math.min(LONGEST_MILLIS, Math.max(SHORTEST_MILLIS, shortest / SAMPLES_PER_HOLD));
}

/** Judges the rules of an agent at their own interval, whether or not a client is there. */
export class AlertWatch {
  readonly #samples: AgentSamples;
  readonly #options: AlertOptions;
  readonly #log: AgentLog;
  readonly #deliveries: AlertDeliveries;
  readonly #rates = new MachineRates();
  readonly #processRates = new ProcessRates();
  readonly #monitor: AlertMonitor;
  readonly #intervalMillis: number;
  /** What failed last, by section. */
  readonly #failures = new Map<string, string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #judgments = 0;
  #judgedMicros = 0;
  #isClosed = false;

  /** Samples from now on. */
  constructor(samples: AgentSamples, options: AlertOptions, log: AgentLog) {
    this.#samples = samples;
    this.#options = options;
    this.#log = log;
    this.#deliveries = new AlertDeliveries(options, log);
    this.#monitor = new AlertMonitor(options.rules, this.#rates, this.#processRates);
    this.#intervalMillis = watchMillis(options.rules);
    void this.#watch();
  }

  /** Every rule in the order of the file. */
  get alerts(): readonly Alert[] {
    return this.#monitor.alerts;
  }

  /** How every rule stands, for clients: as of the last judgment, also where the next one is under way. */
  get section(): AlertsSection {
    const facts = { sequence: this.#judgments, monotonicMicros: this.#judgedMicros, durationMicros: 0 };
    return { ...facts, errors: [], alerts: this.#monitor.alerts };
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#deliveries.close();
  }

  async #watch(): Promise<void> {
    const begun = performance.now();
    await this.#sample();
    if (this.#isClosed) return;
    this.#judge();
    const millis = this.#monitor.isUrgent ? SHORTEST_MILLIS : this.#intervalMillis;
    this.#timer = setTimeout(() => void this.#watch(), Math.max(0, begun + millis - performance.now()));
  }

  /** Each section is taken while it is whole: the next collection may change it. One that fails is missing. */
  async #sample(): Promise<void> {
    const { machine, disks, processes, network, source } = this.#samples;
    const { want } = this.#monitor;
    const absorb = (sections: Partial<Snapshot>): void => {
      this.#monitor.absorb({ header: source.header(source.nowMicros()), errors: [], ...sections });
    };
    await this.#orNone('machine', () =>
      machine.cache.read(SAMPLE_AGE_MICROS, ({ section }) => {
        this.#rates.update(section);
        absorb({ machine: section });
      }),
    );
    if (want.disks) {
      await this.#orNone('disks', () =>
        disks.cache.read(SAMPLE_AGE_MICROS, ({ section }) => {
          this.#rates.updateDisks(section);
          absorb({ disks: section });
        }),
      );
    }
    if (want.network) {
      await this.#orNone('network', () =>
        network.read(SAMPLE_AGE_MICROS, REQUEST_LEASE_MILLIS, ({ section, header }) => {
          this.#monitor.absorb({ header, errors: [], network: section });
        }),
      );
    }
    if (want.processes === undefined) return;
    if ((want.processes.columnsOfAll ?? []).length > 0) processes.noteStorageWanted();
    await this.#orNone('processes', () =>
      processes.cache.read(SAMPLE_AGE_MICROS, ({ collected, header }) => {
        this.#processRates.update(collected, header);
        absorb({ machineProcesses: collected });
      }),
    );
  }

  /** A failure is logged once, until it is another one or has gone. */
  async #orNone(name: string, read: () => Promise<void>): Promise<void> {
    try {
      await read();
      this.#failures.delete(name);
    } catch (thrown) {
      const { op, code, message } = toOpError('collect', thrown);
      if (this.#isClosed || this.#failures.get(name) === message) return;
      this.#failures.set(name, message);
      this.#log.event('warning', 'collection-failed', { op, code, message });
    }
  }

  #judge(): void {
    const { source } = this.#samples;
    this.#judgments++;
    this.#judgedMicros = source.nowMicros();
    for (const alert of this.#monitor.evaluate(this.#judgedMicros, Date.now())) {
      const facts = factsOf(alert, source.header(source.nowMicros()).hostName);
      const level = alert.isFiring ? 'warning' : 'info';
      this.#log.event(level, `alert-${facts.state}`, { rule: facts.name, text: facts.text });
      if (alert.isFiring) this.#options.onFire?.();
      this.#deliveries.push(facts);
    }
  }
}
