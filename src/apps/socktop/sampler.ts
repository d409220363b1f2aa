import type { Snapshot, Want } from '../../data/sample/snapshot.ts';
import type { Source } from '../../data/source/source.ts';
import { toOpError } from '../../kit/errors/op-error.ts';
import { FIRST_RATES_MILLIS, nextDue } from '../sstop/interval.ts';
import type { Demand } from './demand.ts';

/** Who is told of what the sampler finds. */
interface SamplerEvents {
  /** A new sample, borrowed: it may be read until this returns. */
  sampled(snapshot: Snapshot): void;
  /** Nothing could be collected this time; the sampler goes on. */
  failed(message: string): void;
}

/** Rates need two samples; those of the processes that are then seen to be at the top, two more. */
const FIRST_SAMPLES = 2;
/** What is due so soon is asked for now, in one request. */
const TOGETHER_MILLIS = 20;

type Lane = 'metrics' | 'processes' | 'disks' | 'detail' | 'journal';
/** Those that one request asks for together; the journal may take its time, so it goes beside them. */
const LANES: readonly Lane[] = ['metrics', 'processes', 'disks', 'detail'];

/**
 * Asks one source for what the screen needs, each section at its own interval. All intervals lie on one grid, so that
 * what is due at the same time is one request and one frame, over all hosts.
 */
export class HostSampler {
  readonly #source: Source;
  readonly #demandNow: () => Demand | undefined;
  readonly #events: SamplerEvents;
  /** When each was asked for last; performance.now(). */
  readonly #asked: Record<Lane, number> = {
    ...{ metrics: Number.NEGATIVE_INFINITY, processes: Number.NEGATIVE_INFINITY },
    ...{ disks: Number.NEGATIVE_INFINITY, detail: Number.NEGATIVE_INFINITY },
    journal: Number.NEGATIVE_INFINITY,
  };
  #pid = 0;
  #hasNetwork = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Since the first, or since the network is asked for. */
  #samples = 0;
  #isRunning = false;
  #isAsking = false;
  #isAskingJournal = false;

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
    clearTimeout(this.#timer);
  }

  /** What is wanted may have changed: what has become due by that is asked for at once. */
  wake(): void {
    clearTimeout(this.#timer);
    const demand = this.#isRunning ? this.#demandNow() : undefined;
    if (demand === undefined) return;
    if (demand.pid !== this.#pid) {
      this.#pid = demand.pid;
      this.#asked.detail = Number.NEGATIVE_INFINITY;
      this.#asked.journal = Number.NEGATIVE_INFINITY;
    }
    if (demand.network !== this.#hasNetwork) this.#beginNetwork(demand.network);
    this.#schedule(demand);
  }

  /** Its first rates come as soon as those of the machine did. */
  #beginNetwork(isAsked: boolean): void {
    this.#hasNetwork = isAsked;
    if (!isAsked) return;
    this.#samples = 0;
    this.#asked.processes = Number.NEGATIVE_INFINITY;
  }

  /** The fast sections at once: a recording was steered. */
  sampleNow(): void {
    this.#asked.metrics = Number.NEGATIVE_INFINITY;
    this.wake();
  }

  #schedule(demand: Demand): void {
    const lanes = this.#isAsking ? [] : [...LANES];
    if (!this.#isAskingJournal) lanes.push('journal');
    const due = Math.min(...lanes.map((lane) => this.#dueAt(lane, demand)));
    if (due === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, due - performance.now()));
  }

  /** The first point of the grid after it was asked for last; at once where it never was. */
  #dueAt(lane: Lane, demand: Demand): number {
    const interval = intervalOf(demand, lane);
    const asked = this.#asked[lane];
    if (interval === Number.POSITIVE_INFINITY) return interval;
    // What is not on everybody's mind does not hold up the first frame.
    if (asked === Number.NEGATIVE_INFINITY) return lane === 'disks' && this.#samples === 0 ? interval : 0;
    const due = nextDue(0, interval, asked + TOGETHER_MILLIS);
    const isSoon = this.#samples <= FIRST_SAMPLES && (lane === 'metrics' || lane === 'processes');
    return isSoon ? Math.min(due, asked + FIRST_RATES_MILLIS) : due;
  }

  #tick(): void {
    const demand = this.#isRunning ? this.#demandNow() : undefined;
    if (demand === undefined) return;
    const now = performance.now();
    const take = (lane: Lane): boolean => {
      if (this.#dueAt(lane, demand) > now + TOGETHER_MILLIS) return false;
      this.#asked[lane] = now;
      return true;
    };
    if (!this.#isAsking) {
      const [metrics, processes, disks, detail] = LANES.map(take);
      const want: Want = {
        ...(metrics === true ? { machine: true } : {}),
        ...(disks === true ? { disks: true } : {}),
        ...(processes === true ? { machineProcesses: demand.ofProcesses() } : {}),
        ...(processes === true && demand.network ? { network: true } : {}),
        ...(detail === true ? { processDetail: demand.pid } : {}),
      };
      if (Object.keys(want).length > 0) void this.#ask(want);
    }
    if (!this.#isAskingJournal && take('journal')) void this.#askJournal(demand.pid);
    this.#schedule(demand);
  }

  async #ask(want: Want): Promise<void> {
    this.#isAsking = true;
    const snapshot = await this.#sample(want);
    this.#isAsking = false;
    if (snapshot !== undefined) {
      this.#samples++;
      if (this.#isRunning) this.#events.sampled(snapshot);
    }
    this.wake();
  }

  async #askJournal(pid: number): Promise<void> {
    this.#isAskingJournal = true;
    const snapshot = await this.#sample({ journal: pid });
    this.#isAskingJournal = false;
    if (snapshot !== undefined && this.#isRunning) this.#events.sampled(snapshot);
    this.wake();
  }

  /** Undefined: a source that was closed has nobody waiting; one that is late or lost says so. */
  async #sample(want: Want): Promise<Snapshot | undefined> {
    try {
      return await this.#source.sample(want, Number.POSITIVE_INFINITY);
    } catch (thrown) {
      const { code, message } = toOpError('sample', thrown);
      if (this.#isRunning && code !== 'CLOSED') this.#events.failed(message);
      return undefined;
    }
  }
}

function intervalOf(demand: Demand, lane: Lane): number {
  switch (lane) {
    case 'metrics':
      return demand.metricsMillis;
    case 'processes':
      return demand.processesMillis;
    case 'disks':
      return demand.disksMillis;
    case 'detail':
      return demand.detailMillis;
    case 'journal':
      return demand.journalMillis;
  }
}
