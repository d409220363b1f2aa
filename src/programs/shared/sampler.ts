import type { ProcessesWant, Snapshot, Want } from '../../data/sample/snapshot.ts';
import type { AlertsSection } from '../../data/schema/alerts-section.ts';
import type { Source } from '../../data/source/source.ts';
import { type OpError, toOpError } from '../../kit/errors/op-error.ts';
import { FIRST_RATES_MILLIS, nextDue } from './interval.ts';
import type { NetworkFeed } from './network-feed.ts';

/** Sections to request from a machine, and their intervals; Infinity: never. */
export interface Demand {
  readonly metricsMillis: number;
  readonly processesMillis: number;
  readonly disksMillis: number;
  readonly detailMillis: number;
  readonly journalMillis: number;
  /** Network use, for the network views. */
  readonly networkMillis: number;
  /** Rules that the agent watches by; they come with the metrics, or without those with the network. */
  readonly alertsMillis: number;
  /** Request network use together with the processes. */
  readonly network: boolean;
  /** And what control groups wait for. */
  readonly controlGroups: boolean;
  /** PID of the process pane; 0: none. */
  readonly pid: number;
  ofProcesses(): ProcessesWant;
}

const NONE: ProcessesWant = { visiblePids: [] };
const NEVER = Number.POSITIVE_INFINITY;

/** Requests nothing. */
export const NO_DEMAND: Demand = {
  ...{ metricsMillis: NEVER, processesMillis: NEVER, disksMillis: NEVER },
  ...{ detailMillis: NEVER, journalMillis: NEVER, networkMillis: NEVER, alertsMillis: NEVER },
  ...{ network: false, controlGroups: false, pid: 0, ofProcesses: () => NONE },
};

/** Callbacks of the sampler, and one option. */
interface SamplerEvents {
  /**
   * A new sample, valid until this returns. Samples for the network views go to `network`. `isBehindNames`: metrics that
   * follow the first names at once, as the base of the next rates. They need no frame of their own.
   */
  sampled(snapshot: Snapshot, isBehindNames: boolean): void;
  /** Sampling failed; the sampler continues. */
  failed(message: string): void;
  readonly network: NetworkFeed;
  /** The first names of processes are asked for alone; default false. */
  readonly namesFirst?: boolean;
  /** How the agent's rules stand, where they came with the network. */
  alerts?(section: AlertsSection): void;
}

/** Rates need two samples: the second comes early. */
const FIRST_SAMPLES = 2;
/** Sections due within this time are requested now, in one request. */
const TOGETHER_MILLIS = 20;

/** Sections of one request. The journal and the network can be slow, so they have requests of their own. */
const LANES = ['metrics', 'processes', 'disks', 'detail'] as const;
type Lane = (typeof LANES)[number] | 'journal' | 'network' | 'alerts';
/** No request yet. */
const NOT_ASKED = Number.NEGATIVE_INFINITY;

/**
 * Requests from one source what the screen needs, each section at its own interval. All intervals share one time grid,
 * so that sections due at the same time need one request and one frame, over all hosts. The grid of the network views
 * starts when they are opened or their interval changes, and skips points while a collection runs.
 */
export class Sampler {
  readonly #source: Source;
  readonly #demandNow: () => Demand | undefined;
  readonly #events: SamplerEvents;
  /** Time of the last request of each section; performance.now(). */
  readonly #asked: Record<Lane, number> = {
    ...{ metrics: NOT_ASKED, processes: NOT_ASKED, disks: NOT_ASKED, detail: NOT_ASKED },
    ...{ journal: NOT_ASKED, network: NOT_ASKED, alerts: NOT_ASKED },
  };
  #pid = 0;
  #hasNetwork = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn: ReturnType<typeof setImmediate> | undefined;
  /** Samples since the first request, or since the network was first requested. */
  #samples = 0;
  /** The first names are there, and nothing else is. */
  #hasNamesAlone = false;
  #isRunning = false;
  #isAsking = false;
  #isAskingJournal = false;
  #isAskingNetwork = false;
  #networkMillis = NEVER;
  /** Start of the network views' grid, and time of their last sample. */
  #networkBegan = 0;
  #networkTaken = 0;
  /** Samples of one counting, by the epoch of the last one, and whether that counted anything. */
  #networkSamples = 0;
  #networkEpoch = 0;
  #isCounting = false;

  constructor(source: Source, demand: () => Demand | undefined, events: SamplerEvents) {
    this.#source = source;
    this.#demandNow = demand;
    this.#events = events;
  }

  start(): void {
    this.#isRunning = true;
    this.wake();
  }

  stop(): void {
    this.#isRunning = false;
    this.#cancel();
  }

  /** Call when the demand may have changed: requests at once what is due. */
  wake(): void {
    this.#cancel();
    const demand = this.#isRunning ? this.#demandNow() : undefined;
    if (demand === undefined) return;
    if (demand.pid !== this.#pid) {
      this.#pid = demand.pid;
      this.#asked.detail = Number.NEGATIVE_INFINITY;
      this.#asked.journal = Number.NEGATIVE_INFINITY;
    }
    if (demand.network !== this.#hasNetwork) this.#beginNetwork(demand.network);
    if (demand.networkMillis !== this.#networkMillis) this.#beginViews(demand.networkMillis);
    this.#schedule(demand);
  }

  /** Starts the grid of the network views now: their first sample comes at once, later ones an interval from now. */
  #beginViews(intervalMillis: number): void {
    if (this.#networkMillis === NEVER) this.#asked.network = Number.NEGATIVE_INFINITY;
    this.#networkMillis = intervalMillis;
    this.#networkBegan = performance.now();
  }

  /** Its first rates arrive as early as those of the machine. */
  #beginNetwork(isAsked: boolean): void {
    this.#hasNetwork = isAsked;
    if (!isAsked) return;
    this.#samples = 0;
    this.#asked.processes = Number.NEGATIVE_INFINITY;
  }

  /** Requests the fast sections at once, unless a request is pending: for a changed playback position. */
  sampleNow(): void {
    this.#asked.metrics = Number.NEGATIVE_INFINITY;
    if (!this.#isAskingNetwork) this.#asked.network = Number.NEGATIVE_INFINITY;
    this.wake();
  }

  #schedule(demand: Demand): void {
    const lanes: Lane[] = this.#isAsking ? [] : [...LANES];
    if (!this.#isAskingJournal) lanes.push('journal');
    if (!this.#isAskingNetwork) lanes.push('network');
    const due = Math.min(...lanes.map((lane) => this.#dueAt(lane, demand)));
    if (due === NEVER) return;
    const wait = due - performance.now();
    // The shortest timer takes a millisecond.
    if (wait > 0) this.#timer = setTimeout(() => this.#tick(), wait);
    else this.#turn = setImmediate(() => this.#tick());
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }

  /** The first grid point after the last request; now if never requested. */
  #dueAt(lane: Lane, demand: Demand): number {
    const interval = demand[`${lane}Millis`];
    const asked = this.#asked[lane];
    if (interval === NEVER) return interval;
    if (asked === Number.NEGATIVE_INFINITY) return lane === 'disks' ? this.#firstDisksDueAt(demand) : 0;
    if (lane === 'network') return this.#viewsDueAt(interval);
    const isFast = lane === 'metrics' || lane === 'processes';
    // The early sample replaces a grid point that follows it closely.
    const isEarly = isFast && this.#samples === FIRST_SAMPLES;
    const due = nextDue(0, interval, asked + (isEarly ? interval / 2 : TOGETHER_MILLIS));
    const isSoon = isFast && this.#samples < FIRST_SAMPLES;
    return isSoon ? Math.min(due, asked + FIRST_RATES_MILLIS) : due;
  }

  /** The first names of processes come before anything else is read, and the first metrics right behind them. */
  #waitsForNames(lane: Lane, demand: Demand): boolean {
    return (
      lane === 'metrics' &&
      this.#events.namesFirst === true &&
      demand.processesMillis !== NEVER &&
      this.#asked.processes === Number.NEGATIVE_INFINITY
    );
  }

  /** Disks matter less than the first frame: they come with the first rates. */
  #firstDisksDueAt(demand: Demand): number {
    if (demand.metricsMillis === NEVER) return 0;
    return this.#samples === 0 ? NEVER : this.#dueAt('metrics', demand);
  }

  #viewsDueAt(interval: number): number {
    // After a mere list counting begins as soon as the list is on the screen.
    const soonMillis = this.#isCounting ? FIRST_RATES_MILLIS : TOGETHER_MILLIS;
    if (this.#networkSamples === 1 && interval > soonMillis) return this.#networkTaken + soonMillis;
    const asked = this.#asked.network + TOGETHER_MILLIS;
    return nextDue(this.#networkBegan, interval, Math.max(this.#networkBegan, this.#networkTaken, asked));
  }

  #tick(): void {
    const demand = this.#isRunning ? this.#demandNow() : undefined;
    if (demand === undefined) return;
    const now = performance.now();
    const isDue = (lane: Lane): boolean => this.#dueAt(lane, demand) <= now + TOGETHER_MILLIS;
    const take = (lane: Lane): boolean => {
      if (!isDue(lane)) return false;
      this.#asked[lane] = now;
      return true;
    };
    if (!this.#isAsking) {
      // The first disks are due by the metrics: all are judged before one is marked.
      const due = LANES.map((lane) => isDue(lane) && !this.#waitsForNames(lane, demand));
      for (const [at, lane] of LANES.entries()) if (due[at] === true) this.#asked[lane] = now;
      const [metrics, processes, disks, detail] = due;
      const want: Want = {
        ...(metrics === true ? { machine: true } : {}),
        ...(disks === true ? { disks: true } : {}),
        ...(processes === true ? { machineProcesses: demand.ofProcesses() } : {}),
        ...(processes === true && demand.network ? { network: true } : {}),
        ...(processes === true && demand.controlGroups ? { controlGroups: true } : {}),
        ...(detail === true ? { processDetail: demand.pid } : {}),
        ...(metrics === true && take('alerts') ? { alerts: true } : {}),
      };
      if (Object.keys(want).length > 0) void this.#ask(want);
    }
    if (!this.#isAskingJournal && take('journal')) void this.#askJournal(demand.pid);
    if (!this.#isAskingNetwork && take('network')) {
      const alerts = demand.metricsMillis === NEVER && take('alerts');
      void this.#askNetwork({ network: true, ...(alerts ? { alerts } : {}) });
    }
    this.#schedule(demand);
  }

  async #ask(want: Want): Promise<void> {
    this.#isAsking = true;
    const snapshot = await this.#sample(want, ({ message }) => this.#events.failed(message));
    this.#isAsking = false;
    if (snapshot !== undefined) {
      const isBehindNames = this.#hasNamesAlone && want.machineProcesses === undefined;
      this.#hasNamesAlone = this.#samples === 0 && this.#asked.metrics === Number.NEGATIVE_INFINITY;
      // Both are the first sample.
      if (!this.#hasNamesAlone) this.#samples++;
      if (this.#isRunning) this.#events.sampled(snapshot, isBehindNames);
    }
    this.wake();
  }

  async #askJournal(pid: number): Promise<void> {
    this.#isAskingJournal = true;
    const snapshot = await this.#sample({ journal: pid }, ({ message }) => this.#events.failed(message));
    this.#isAskingJournal = false;
    if (snapshot !== undefined && this.#isRunning) this.#events.sampled(snapshot, false);
    this.wake();
  }

  async #askNetwork(want: Want): Promise<void> {
    const { network } = this.#events;
    this.#isAskingNetwork = true;
    network.begin();
    const snapshot = await this.#sample(want, (error) => network.fail(error));
    if (snapshot !== undefined && this.#isRunning) {
      this.#countSample(snapshot);
      if (snapshot.alerts !== undefined) this.#events.alerts?.(snapshot.alerts);
      await network.take(snapshot, () => this.#isRunning);
    }
    this.#networkTaken = performance.now();
    this.#isAskingNetwork = false;
    this.wake();
  }

  #countSample({ header: { epoch }, network }: Snapshot): void {
    if (network === undefined) return;
    this.#networkSamples = epoch === this.#networkEpoch ? this.#networkSamples + 1 : 1;
    this.#networkEpoch = epoch;
    this.#isCounting = network.counted !== 'none';
  }

  /** Undefined: the source was closed. A late or lost source reports an error. */
  async #sample(want: Want, failed: (error: OpError) => void): Promise<Snapshot | undefined> {
    try {
      return await this.#source.sample(want, NEVER);
    } catch (thrown) {
      const error = toOpError('sample', thrown);
      if (this.#isRunning && error.code !== 'CLOSED') failed(error);
      return undefined;
    }
  }
}
