import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { ProcessesWant, Snapshot } from '../../data/sample/snapshot.ts';
import { PROCESS_USAGE_RATES } from '../../data/schema/process-columns.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { type ListPlace, ListScreen } from '../../views/list-screen.ts';
import type { ListSort } from '../../views/network/network-list.ts';
import { agentAlerts, type HostAlerts } from '../../views/overlays/alerts.ts';
import type { KillTarget } from '../../views/overlays/kill.ts';
import { withNotice } from '../../views/screen-update.ts';
import { type DashboardLayout, layoutDashboard, needsOf } from '../../views/system/dashboard.ts';
import {
  type MachineListLook,
  type MachineRows,
  type ShownList,
  WAIT_COLUMN_IDS,
} from '../../views/system/machine-process-list.ts';
import type { SystemData } from '../../views/system/system-data.ts';
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

/** Where one of the tables is in the model. */
interface HostTable<Identity, Rows extends MachineRows<Identity>> {
  list(model: Model): ShownList<Identity, Rows>;
  rows(data: SystemData): Rows;
  placeOf(host: HostModel): ListPlace<Identity>;
  moved(host: HostModel, change: Partial<ListPlace<Identity>>): Partial<HostModel>;
}

/** A table for keys and mouse, `of` a host by its index or of the `current` one, and for the screen. */
function hostTable<Identity, Rows extends MachineRows<Identity>>(table: HostTable<Identity, Rows>) {
  const { list, rows, placeOf, moved } = table;
  const of = (index?: number): ListScreen<Model, Identity> => {
    const host = (model: Model): HostModel => model.hosts[index ?? model.current]!;
    const rowsIn = (model: Model): Rows => rows(host(model).data);
    const sortOf = (model: Model): ListSort => placeOf(host(model)).sort;
    return new ListScreen({
      placeOf: (model) => placeOf(host(model)),
      withPlace: (model, change) => withHost(model, moved(host(model), change), index),
      count: (model) => rowsIn(model).count,
      sortKeys: (model) => list(model).sortKeys(rowsIn(model), host(model).hasTraffic),
      identityAt: (model, rank) => list(model).identityAt(rowsIn(model), sortOf(model), rank),
      rankOf: (model, identity) => list(model).rankOf(rowsIn(model), sortOf(model), identity),
      areasOf: layoutOf,
      hit: (model, area, x, y) => {
        const { viewport } = placeOf(host(model));
        return list(model).hit(area, rowsIn(model), { viewport, hasTraffic: host(model).hasTraffic }, x, y);
      },
      keepsCursor: () => false,
    });
  };
  return {
    ...{ of, current: of(), placeOf },
    rowCount: ({ data }: HostModel): number => rows(data).count,
    render: (model: Model, { data }: HostModel, area: Rect, buffer: Buffer, look: MachineListLook): void =>
      list(model).render(area, buffer, rows(data), look),
  };
}

const TABLES = {
  processes: hostTable({
    list: ({ list }) => list,
    rows: ({ rows }) => rows,
    placeOf: (host) => host,
    moved: (_host, change) => change,
  }),
  sums: hostTable({
    list: ({ groupList }) => groupList,
    rows: ({ groups }) => groups,
    placeOf: ({ grouped }) => grouped,
    moved: ({ grouped }, change) => ({ grouped: { ...grouped, ...change } }),
  }),
  'control-groups': hostTable({
    list: ({ controlGroupList }) => controlGroupList,
    rows: (data) => data.controlGroups,
    placeOf: (host) => host.controlGroups,
    moved: ({ controlGroups }, change) => ({ controlGroups: { ...controlGroups, ...change } }),
  }),
} as const;

/** The table of a host as it is now: of processes, of sums, or of control groups. */
export function tableIn(model: Model, host: HostModel): (typeof TABLES)[keyof typeof TABLES] {
  return TABLES[rowsOf(model, host)];
}

/** That of the current host, for keys and mouse. */
export function tableOf(model: Model): ListScreen<Model, never> {
  return tableIn(model, hostOf(model)).current as ListScreen<Model, never>;
}

/** Returns the model after rows of a host changed; the cursors follow their rows. */
export function reorder(model: Model, index: number): Model {
  return tableIn(model, model.hosts[index]!).of(index).reorder(model);
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
  const window = new Int32Array(Math.max(0, TABLES.processes.current.visibleRows(model)));
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
  const { key } = tableIn(model, model.hosts[index]!).placeOf(model.hosts[index]!).sort;
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
