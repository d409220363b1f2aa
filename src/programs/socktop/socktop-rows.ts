import type { ProcessIdentity } from '../../data/query/machine-process-rows.ts';
import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { ProcessesWant, Snapshot } from '../../data/sample/snapshot.ts';
import { PROCESS_USAGE_RATES } from '../../data/schema/process-columns.ts';
import { ListScreen } from '../../views/list-screen.ts';
import type { ListSort } from '../../views/network/network-list.ts';
import { agentAlerts, type HostAlerts } from '../../views/overlays/alerts.ts';
import type { KillTarget } from '../../views/overlays/kill.ts';
import { withNotice } from '../../views/screen-update.ts';
import { type DashboardLayout, layoutDashboard, needsOf } from '../../views/system/dashboard.ts';
import { WAIT_COLUMN_IDS } from '../../views/system/machine-process-list.ts';
import { waitingOrder } from '../../views/system/system-header.ts';
import { chordText } from '../config/keymap.ts';
import {
  type HostModel,
  hostOf,
  type Model,
  rowsOf,
  type Step,
  tablesOf,
  withHost,
} from './socktop-model.ts';

/** Layout of the dashboard on the current screen. */
function layoutOf(model: Model): DashboardLayout {
  return layoutDashboard(model.width, model.height, needsOf(hostOf(model).data, model.isCompact));
}

/** List of a host's processes for keys and mouse; default: the current host. */
function processesOf(index?: number): ListScreen<Model, ProcessIdentity> {
  const host = (model: Model): HostModel => model.hosts[index ?? model.current]!;
  return new ListScreen({
    placeOf: host,
    withPlace: (model, change) => withHost(model, change, index),
    count: (model) => host(model).data.rows.count,
    sortKeys: (model) => model.list.sortKeys(host(model).hasTraffic),
    identityAt: (model, rank) => model.list.identityAt(host(model).data.rows, host(model).sort, rank),
    rankOf: (model, identity) => model.list.rankOf(host(model).data.rows, host(model).sort, identity),
    areasOf: layoutOf,
    hit: (model, table, x, y) => model.list.hit(table, host(model).data.rows, host(model), x, y),
    keepsCursor: () => false,
  });
}

/** The same for groups, identified by name. */
function sumsOf(index?: number): ListScreen<Model, string> {
  const host = (model: Model): HostModel => model.hosts[index ?? model.current]!;
  const sortOf = (model: Model): ListSort => host(model).grouped.sort;
  return new ListScreen({
    placeOf: (model) => host(model).grouped,
    withPlace: (model, change) => withHost(model, { grouped: { ...host(model).grouped, ...change } }, index),
    count: (model) => host(model).data.groups.count,
    sortKeys: (model) => model.groupList.sortKeys(host(model).data.groups.by, host(model).hasTraffic),
    identityAt: (model, rank) => model.groupList.nameAt(host(model).data.groups, sortOf(model), rank),
    rankOf: (model, name) => model.groupList.rankOf(host(model).data.groups, sortOf(model), name),
    areasOf: layoutOf,
    hit: (model, table, x, y) => {
      const { data, hasTraffic, grouped } = host(model);
      return model.groupList.hit(table, data.groups, { viewport: grouped.viewport, hasTraffic }, x, y);
    },
    keepsCursor: () => false,
  });
}

/** The same of control groups, which go by their paths. */
function controlGroupsOf(index?: number): ListScreen<Model, string> {
  const host = (model: Model): HostModel => model.hosts[index ?? model.current]!;
  const sortOf = (model: Model): ListSort => host(model).controlGroups.sort;
  return new ListScreen({
    placeOf: (model) => host(model).controlGroups,
    withPlace: (model, change) =>
      withHost(model, { controlGroups: { ...host(model).controlGroups, ...change } }, index),
    count: (model) => host(model).data.controlGroups.count,
    sortKeys: (model) => model.controlGroupList.sortKeys,
    identityAt: (model, rank) =>
      model.controlGroupList.pathAt(host(model).data.controlGroups, sortOf(model), rank),
    rankOf: (model, path) =>
      model.controlGroupList.rankOf(host(model).data.controlGroups, sortOf(model), path),
    areasOf: layoutOf,
    hit: (model, table, x, y) => {
      const { data, controlGroups } = host(model);
      return model.controlGroupList.hit(table, data.controlGroups, controlGroups, x, y);
    },
    keepsCursor: () => false,
  });
}

const SCREENS = {
  processes: { of: processesOf, current: processesOf() },
  sums: { of: sumsOf, current: sumsOf() },
  'control-groups': { of: controlGroupsOf, current: controlGroupsOf() },
} as const;

/** The table of the current host as it is now: of processes, of sums, or of control groups. */
export function tableOf(model: Model): ListScreen<Model, never> {
  return SCREENS[rowsOf(model, hostOf(model))].current as ListScreen<Model, never>;
}

/** Position in a host's table. */
export function placeOf(model: Model, host: HostModel): Pick<HostModel, 'sort' | 'viewport'> {
  return { processes: host, sums: host.grouped, 'control-groups': host.controlGroups }[rowsOf(model, host)];
}

/** Sort keys of the current host's table. */
export function sortKeysOf(model: Model): readonly string[] {
  const { hasTraffic, data } = hostOf(model);
  switch (rowsOf(model, hostOf(model))) {
    case 'control-groups':
      return model.controlGroupList.sortKeys;
    case 'sums':
      return model.groupList.sortKeys(data.groups.by, hasTraffic);
    default:
      return model.list.sortKeys(hasTraffic);
  }
}

/** Number of rows of a host's table. */
export function rowCountOf(model: Model, host: HostModel): number {
  const { rows: processes, groups: sums, controlGroups } = host.data;
  return { processes, sums, 'control-groups': controlGroups }[rowsOf(model, host)].count;
}

/** Returns the model after rows of a host changed; the cursors follow their rows. */
export function reorder(model: Model, index: number): Model {
  return SCREENS[rowsOf(model, model.hosts[index]!)].of(index).reorder(model);
}

/** Demand of the process section: data that costs an extra read, for the visible rows and for the search. */
export function wantedOfProcesses(model: Model): ProcessesWant {
  const { search, sort, groupBy } = hostOf(model);
  const isSearching = search !== '' || model.prompt !== undefined;
  return {
    ...(model.view !== 'dashboard' ? { visiblePids: [] } : wantedOfTable(model, sort)),
    ...(isSearching ? { allCommandLines: true } : {}),
    ...(groupBy === 'container' || groupBy === 'unit' ? { cgroups: true } : {}),
  };
}

/** Groups need their columns for all processes. */
function wantedOfTable(model: Model, sort: ListSort): ProcessesWant {
  const wanted = model.list.wantedColumns(sort);
  switch (rowsOf(model, hostOf(model))) {
    case 'control-groups':
      return { visiblePids: [] };
    case 'sums':
      return { visiblePids: [], columnsOfAll: wanted.columns };
    default:
      return { visiblePids: visiblePids(model), ...wanted };
  }
}

function visiblePids(model: Model): readonly number[] {
  const { data, sort, viewport } = hostOf(model);
  const window = new Int32Array(Math.max(0, SCREENS.processes.current.visibleRows(model)));
  const count = data.rows.window(model.list.sortOf(sort), viewport.offset, window.length, window);
  return Array.from(window.subarray(0, count), (row) => data.rows.pid[row]!);
}

/** Returns the model with another search for the current host. */
export function applySearch(model: Model, search: string): Model {
  hostOf(model).data.search(search);
  return tableOf(model).reorder(withHost(model, { search }));
}

/** The selected process, or that of the pane; undefined: none. */
export function killTargetOf(model: Model): KillTarget | undefined {
  const { pane, selection, data } = hostOf(model);
  if (model.view === 'process') return pane?.target;
  const isListed = model.view === 'dashboard' && rowsOf(model, hostOf(model)) === 'processes';
  if (!isListed || selection === undefined) return undefined;
  const row = data.rows.rowOf(selection);
  return row < 0 ? undefined : { ...selection, name: data.rows.names[row]! };
}

/** Switches the network use of the current host's processes on or off; it is requested only while on. */
export function toggleTraffic(model: Model): Step {
  const { data, sort, grouped, hasTraffic } = hostOf(model);
  data.countTraffic(!hasTraffic);
  const kept = (of: ListSort): ListSort =>
    hasTraffic && of.key === 'network' ? { key: 'cpu', isReversed: false } : of;
  const next = withHost(model, {
    hasTraffic: !hasTraffic,
    sort: kept(sort),
    grouped: { ...grouped, sort: kept(grouped.sort) },
  });
  return { model: tableOf(next).reorder(next), effects: [{ kind: 'demand' }] };
}

/** Sorts by network use; shows a notice if it is off. */
export function sortByTraffic(model: Model): Model {
  if (hostOf(model).hasTraffic) return tableOf(model).sortBy(model, 'network');
  const key = chordText(model.keymap.chordsOf('traffic')[0] ?? '', model.ascii);
  return withNotice(model, `Network use is not counted: press ${key} to show it.`, true);
}

/** Alert rules with their state: of the current host, or of all hosts in the hosts table. */
export function alertsOf(model: Model): readonly HostAlerts[] {
  const hosts = model.view === 'hosts' ? model.hosts : [hostOf(model)];
  return hosts.flatMap(({ name, data }) => [
    { name: hosts.length > 1 ? name : '', alerts: data.alerts.alerts },
    ...agentAlerts(name, data.agentAlerts),
  ]);
}

const WAITS_AFTER = { processes: 'control-groups', 'control-groups': undefined } as const;

/** What processes wait for; from there what control groups wait for, and then the usual tables. */
export function nextWaits(model: Model): Step {
  return withWaits(model, model.waits === undefined ? 'processes' : WAITS_AFTER[model.waits]);
}

/** Those that wait for what the machine waits for come first. */
export function withWaits(model: Model, waits: Model['waits']): Step {
  const { data, grouped } = hostOf(model);
  const key = waits === undefined ? 'cpu' : waitingOrder(data.machine?.cpu.value);
  const sort = { key, isReversed: false };
  const { list, groupList } = tablesOf(waits === undefined ? model.columns : WAIT_COLUMN_IDS);
  const next = withHost({ ...model, waits, list, groupList }, { sort, grouped: { ...grouped, sort } });
  return { model: tableOf(next).reorder(next), effects: [{ kind: 'demand' }] };
}

/** What comes first in the place of waits that are not counted. */
const INSTEAD = {
  'block-delay': {
    order: 'written',
    text: 'DISK WAIT % is not counted (kernel.task_delayacct, see sstop --doctor): the greatest writers come first.',
  },
  'memory-delay': {
    order: 'major-faults',
    text: 'MEM WAIT % is not counted (see sstop --doctor): who reads most pages back in comes first.',
  },
} as const;

/** Where the kernel does not count waits for disks or for memory, an order by them says nothing. */
export function orderByWhatIsKnown(model: Model, index: number, { machineProcesses }: Snapshot): Model {
  const { sort, grouped } = model.hosts[index]!;
  const { key } = placeOf(model, model.hosts[index]!).sort;
  const isOrdered = model.waits !== undefined && (key === 'block-delay' || key === 'memory-delay');
  if (!isOrdered || machineProcesses === undefined || !isUncounted(machineProcesses, key)) return model;
  const { order, text } = INSTEAD[key];
  const other = { key: order, isReversed: false };
  const change = { sort: { ...sort, ...other }, grouped: { ...grouped, sort: other } };
  return withNotice(withHost(model, change, index), text, true);
}

/** The sample was to have both, and has but one of them. */
function isUncounted({ processes: { slots }, usage }: MachineProcesses, key: keyof typeof INSTEAD): boolean {
  const delays = usage[PROCESS_USAGE_RATES[key].counter];
  let isRead = false;
  for (let i = 0; i < slots.count; i++) {
    const slot = slots.rows[i]!;
    if (!Number.isNaN(delays[slot] ?? Number.NaN)) return false;
    isRead ||= !Number.isNaN(usage.majorFaults[slot] ?? Number.NaN);
  }
  return isRead;
}
