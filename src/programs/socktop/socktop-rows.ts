import type { ProcessIdentity } from '../../data/query/machine-process-rows.ts';
import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { ProcessesWant, Snapshot } from '../../data/sample/snapshot.ts';
import { ListScreen } from '../../views/list-screen.ts';
import type { ListSort } from '../../views/network/network-list.ts';
import type { HostAlerts } from '../../views/overlays/alerts.ts';
import type { KillTarget } from '../../views/overlays/kill.ts';
import { withNotice } from '../../views/screen-update.ts';
import { type DashboardLayout, layoutDashboard, needsOf } from '../../views/system/dashboard.ts';
import { WAIT_COLUMN_IDS } from '../../views/system/machine-process-list.ts';
import { waitingOrder } from '../../views/system/waiting.ts';
import { chordText } from '../config/keymap.ts';
import {
  type HostModel,
  hostOf,
  isGrouped,
  type Model,
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

const PROCESSES = processesOf();
const SUMS = sumsOf();

/** The current host's table: processes or groups. */
export function tableOf(model: Model): ListScreen<Model, never> {
  return (isGrouped(hostOf(model)) ? SUMS : PROCESSES) as ListScreen<Model, never>;
}

/** Position in a host's table. */
export function placeOf(host: HostModel): Pick<HostModel, 'sort' | 'viewport'> {
  return isGrouped(host) ? host.grouped : host;
}

/** Sort keys of the current host's table. */
export function sortKeysOf(model: Model): readonly string[] {
  const { hasTraffic, data } = hostOf(model);
  return isGrouped(hostOf(model))
    ? model.groupList.sortKeys(data.groups.by, hasTraffic)
    : model.list.sortKeys(hasTraffic);
}

/** Number of rows of a host's table. */
export function rowCountOf(host: HostModel): number {
  return isGrouped(host) ? host.data.groups.count : host.data.rows.count;
}

/** Returns the model after rows of a host changed; the cursors follow their rows. */
export function reorder(model: Model, index: number): Model {
  return isGrouped(model.hosts[index]!) ? sumsOf(index).reorder(model) : processesOf(index).reorder(model);
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
  return isGrouped(hostOf(model))
    ? { visiblePids: [], columnsOfAll: wanted.columns }
    : { visiblePids: visiblePids(model), ...wanted };
}

function visiblePids(model: Model): readonly number[] {
  const { data, sort, viewport } = hostOf(model);
  const window = new Int32Array(Math.max(0, PROCESSES.visibleRows(model)));
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
  if (model.view !== 'dashboard' || selection === undefined || isGrouped(hostOf(model))) return undefined;
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
  return hosts.map(({ name, data }) => ({ name: hosts.length > 1 ? name : '', alerts: data.alerts.alerts }));
}

/** The tables with what processes wait for, first those that wait for what the machine waits for; or the usual ones. */
export function toggleWaits(model: Model): Step {
  const { data, grouped } = hostOf(model);
  const isWaits = !model.isWaits;
  const key = isWaits ? waitingOrder(data.machine?.cpu.value) : 'cpu';
  const sort = { key, isReversed: false };
  const { list, groupList } = tablesOf(isWaits ? WAIT_COLUMN_IDS : model.columns);
  const next = withHost({ ...model, isWaits, list, groupList }, { sort, grouped: { ...grouped, sort } });
  return { model: tableOf(next).reorder(next), effects: [{ kind: 'demand' }] };
}

/** Where the kernel does not count waits for disks, an order by them says nothing: who writes most comes first then. */
export function orderByWhatIsKnown(model: Model, index: number, { machineProcesses }: Snapshot): Model {
  const { sort, grouped } = model.hosts[index]!;
  if (!model.isWaits || placeOf(model.hosts[index]!).sort.key !== 'block-delay') return model;
  if (machineProcesses === undefined || !isBlockDelayUncounted(machineProcesses)) return model;
  const written = { key: 'written', isReversed: false };
  const change = { sort: { ...sort, ...written }, grouped: { ...grouped, sort: written } };
  return withNotice(withHost(model, change, index), UNCOUNTED, true);
}

const UNCOUNTED =
  'DISK WAIT % is not counted (kernel.task_delayacct, see sstop --doctor): the greatest writers come first.';

/** Both are in the same file, which was read but contains only one. */
function isBlockDelayUncounted({ processes: { slots }, usage }: MachineProcesses): boolean {
  let isRead = false;
  for (let i = 0; i < slots.count; i++) {
    const slot = slots.rows[i]!;
    if (!Number.isNaN(usage.blockDelayNanos[slot] ?? Number.NaN)) return false;
    isRead ||= !Number.isNaN(usage.majorFaults[slot] ?? Number.NaN);
  }
  return isRead;
}
