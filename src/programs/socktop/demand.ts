import type { ProcessesWant } from '../../data/sample/snapshot.ts';
import { ALERTS_MILLIS, DISKS_MILLIS } from '../shared/interval.ts';
import { type Demand, NO_DEMAND } from '../shared/sampler.ts';
import type { Model } from './socktop-model.ts';
import { wantedOfProcesses } from './socktop-rows.ts';

/** Interval for a machine that is only a row in the hosts table. */
const SUMMARY_METRICS_MILLIS = 2000;
const SUMMARY_PROCESSES_MILLIS = 5000;
const JOURNAL_MILLIS = 5000;
/** Minimum interval of the process pane. */
const DETAIL_LEAST_MILLIS = 1000;

/** Sections that the screen needs of a host; undefined: none while paused. The network views are paused separately. */
export function demandOf(model: Model, index: number): Demand | undefined {
  const isShown = model.view !== 'hosts' && index === model.current;
  const views = isShown && model.view === 'network' ? model.hosts[index]!.network : undefined;
  const ofViews = { ...NO_DEMAND, networkMillis: views?.intervalMillis ?? NO_DEMAND.networkMillis };
  if (model.isPaused) return views === undefined ? undefined : ofViews;
  const hasAgent = model.hosts[index]!.link !== undefined;
  const rest = { ...ofViews, alertsMillis: hasAgent ? ALERTS_MILLIS : NO_DEMAND.alertsMillis };
  const { want } = model.hosts[index]!.data.alerts;
  if (!isShown) {
    return {
      ...rest,
      ...{ metricsMillis: SUMMARY_METRICS_MILLIS, processesMillis: SUMMARY_PROCESSES_MILLIS },
      disksMillis: want.disks ? DISKS_MILLIS : NO_DEMAND.disksMillis,
      ...{ network: want.network, ofProcesses: () => want.processes ?? NO_DEMAND.ofProcesses() },
    };
  }
  const { metricsIntervalMillis: metricsMillis, processesIntervalMillis } = model;
  if (model.view === 'network') return { ...rest, metricsMillis };
  const usual = {
    ...rest,
    metricsMillis,
    processesMillis: processesIntervalMillis,
    disksMillis: DISKS_MILLIS,
    controlGroups: model.waits !== undefined && model.view === 'dashboard',
    ofProcesses: () => withAlerts(wantedOfProcesses(model), want.processes),
  };
  const pane = model.view === 'process' ? model.hosts[index]!.pane : undefined;
  if (pane === undefined) {
    return { ...usual, network: model.hosts[index]!.hasTraffic || want.network };
  }
  return {
    ...usual,
    detailMillis: Math.max(DETAIL_LEAST_MILLIS, metricsMillis),
    journalMillis: JOURNAL_MILLIS,
    pid: pane.target.pid,
  };
}

/** Alert rules also need the sections that name their culprits. */
function withAlerts(wanted: ProcessesWant, ofAlerts: ProcessesWant | undefined): ProcessesWant {
  const { columnsOfAll = [] } = ofAlerts ?? {};
  if (columnsOfAll.length === 0) return wanted;
  return { ...wanted, columnsOfAll: [...new Set([...(wanted.columnsOfAll ?? []), ...columnsOfAll])] };
}
