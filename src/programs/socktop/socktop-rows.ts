import type { ProcessIdentity } from '../../data/query/machine-process-rows.ts';
import type { ProcessesWant } from '../../data/sample/snapshot.ts';
import { ListScreen } from '../../views/list-screen.ts';
import type { KillTarget } from '../../views/overlays/kill.ts';
import { withNotice } from '../../views/screen-update.ts';
import { type DashboardLayout, layoutDashboard, needsOf } from '../../views/system/dashboard.ts';
import { chordText } from '../config/keymap.ts';
import { type HostModel, hostOf, type Model, type Step, withHost } from './socktop-model.ts';

/** The dashboard's places on the screen as it is. */
function layoutOf(model: Model): DashboardLayout {
  return layoutDashboard(model.width, model.height, needsOf(hostOf(model).data, model.isCompact));
}

/** The table of a host's processes under the keys and the mouse; the current one's where none is named. */
function listOf(index?: number): ListScreen<Model, ProcessIdentity> {
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

export const LIST = listOf();

/** The model after rows of a host changed: the cursor follows its process. */
export function reorder(model: Model, index: number): Model {
  return listOf(index).reorder(model);
}

/** What is wanted of the processes: what costs a read of its own for those on screen, and what a search looks into. */
export function wantedOfProcesses(model: Model): ProcessesWant {
  const { search, sort } = hostOf(model);
  const isSearching = search !== '' || model.prompt !== undefined;
  return {
    ...(model.view === 'dashboard'
      ? { visiblePids: visiblePids(model), ...model.list.wantedColumns(sort) }
      : { visiblePids: [] }),
    ...(isSearching ? { allCommandLines: true } : {}),
  };
}

function visiblePids(model: Model): readonly number[] {
  const { data, sort, viewport } = hostOf(model);
  const window = new Int32Array(Math.max(0, LIST.visibleRows(model)));
  const count = data.rows.window(model.list.sortOf(sort), viewport.offset, window.length, window);
  return Array.from(window.subarray(0, count), (row) => data.rows.pid[row]!);
}

/** The model with another search for the current host. */
export function applySearch(model: Model, search: string): Model {
  hostOf(model).data.rows.search(search);
  return LIST.reorder(withHost(model, { search }));
}

/** The process under the cursor, or that of the pane; undefined where there is none. */
export function killTargetOf(model: Model): KillTarget | undefined {
  const { pane, selection, data } = hostOf(model);
  if (model.view === 'process') return pane?.target;
  if (model.view !== 'dashboard' || selection === undefined) return undefined;
  const row = data.rows.rowOf(selection);
  return row < 0 ? undefined : { ...selection, name: data.rows.names[row]! };
}

/** The model with the network use of the current host's processes shown, or no longer; it is asked for only then. */
export function toggleTraffic(model: Model): Step {
  const { data, sort, hasTraffic } = hostOf(model);
  data.countTraffic(!hasTraffic);
  const isOrphaned = hasTraffic && sort.key === 'network';
  const next = withHost(model, {
    hasTraffic: !hasTraffic,
    sort: isOrphaned ? { key: 'cpu', isReversed: false } : sort,
  });
  return { model: LIST.reorder(next), effects: [{ kind: 'demand' }] };
}

/** The processes that use the network most first; a notice where that is not shown. */
export function sortByTraffic(model: Model): Model {
  if (hostOf(model).hasTraffic) return LIST.sortBy(model, 'network');
  const key = chordText(model.keymap.chordsOf('traffic')[0] ?? '', model.ascii);
  return withNotice(model, `Network use is not counted now: ${key} shows it.`, true);
}
