import type { ProcessesWant } from '../../data/sample/snapshot.ts';
import { DISKS_MILLIS } from '../sstop/interval.ts';
import type { Model } from './model.ts';
import { wantedOfProcesses } from './rows.ts';

/** A machine that is one row of the table of hosts is asked this seldom. */
const SUMMARY_METRICS_MILLIS = 2000;
const SUMMARY_PROCESSES_MILLIS = 5000;
const JOURNAL_MILLIS = 5000;
/** One process in depth is asked no more often. */
const DETAIL_LEAST_MILLIS = 1000;

/** What is to be asked of a machine, and how often; Infinity: not at all. */
export interface Demand {
  readonly metricsMillis: number;
  readonly processesMillis: number;
  readonly disksMillis: number;
  readonly detailMillis: number;
  readonly journalMillis: number;
  /** Who uses the network is asked for together with the processes. */
  readonly network: boolean;
  /** The process in depth; 0 none. */
  readonly pid: number;
  ofProcesses(): ProcessesWant;
}

const NONE: ProcessesWant = { visiblePids: [] };
const NEVER = Number.POSITIVE_INFINITY;

/** What the screen needs of a host; undefined: nothing, while it is paused. */
export function demandOf(model: Model, index: number): Demand | undefined {
  if (model.isPaused) return undefined;
  const isShown = model.view !== 'hosts' && index === model.current;
  const rest = {
    detailMillis: NEVER,
    journalMillis: NEVER,
    disksMillis: NEVER,
    network: false,
    pid: 0,
    ofProcesses: () => NONE,
  };
  if (!isShown) {
    return { ...rest, metricsMillis: SUMMARY_METRICS_MILLIS, processesMillis: SUMMARY_PROCESSES_MILLIS };
  }
  const { metricsIntervalMillis: metricsMillis, processesIntervalMillis } = model;
  if (model.view === 'network') return { ...rest, metricsMillis, processesMillis: NEVER };
  const usual = {
    ...rest,
    metricsMillis,
    processesMillis: processesIntervalMillis,
    disksMillis: DISKS_MILLIS,
    ofProcesses: () => wantedOfProcesses(model),
  };
  const pane = model.view === 'process' ? model.hosts[index]!.pane : undefined;
  if (pane === undefined) {
    return { ...usual, network: model.hosts[index]!.hasTraffic };
  }
  return {
    ...usual,
    detailMillis: Math.max(DETAIL_LEAST_MILLIS, metricsMillis),
    journalMillis: JOURNAL_MILLIS,
    pid: pane.target.pid,
  };
}
