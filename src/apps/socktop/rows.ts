import type { ProcessesWant } from '../../data/sample/snapshot.ts';
import { tableRowsIn } from '../../screen/widgets/table.ts';
import { followRow, type Viewport } from '../../screen/widgets/viewport.ts';
import { needsOf } from '../views/system/dashboard.ts';
import { type DashboardLayout, layoutDashboard } from '../views/system/dashboard-layout.ts';
import { type HostModel, hostOf, type Model, withHost } from './model.ts';

/** The dashboard's places on the screen as it is. */
export function layoutOf(model: Model): DashboardLayout {
  return layoutDashboard(model.width, model.height, needsOf(hostOf(model).data, model.isCompact));
}

/** How many processes are on screen. */
export function visibleRows(model: Model): number {
  return tableRowsIn(layoutOf(model).table);
}

/** What is wanted of the processes: what costs a read of its own for those on screen, and what a search looks into. */
export function wantedOfProcesses(model: Model): ProcessesWant {
  const visible = model.view === 'dashboard' ? visiblePids(model) : [];
  const isSearching = hostOf(model).search !== '' || model.prompt !== undefined;
  return { visiblePids: visible, ...(isSearching ? { allCommandLines: true } : {}) };
}

function visiblePids(model: Model): readonly number[] {
  const { data, sort, viewport } = hostOf(model);
  const window = new Int32Array(Math.max(0, visibleRows(model)));
  const count = data.rows.window(model.list.sortOf(sort), viewport.offset, window.length, window);
  return Array.from(window.subarray(0, count), (row) => data.rows.pid[row]!);
}

/** The model after rows or their order changed: the cursor follows its process; where that is gone, its place keeps it. */
export function reordered(model: Model, index: number = model.current): Model {
  const host = model.hosts[index]!;
  const { data, selection, sort, viewport } = host;
  const { count } = data.rows;
  const height = visibleRows(model);
  const rank = selection === undefined ? -1 : model.list.rankOf(data.rows, sort, selection);
  if (rank < 0 && viewport.selected >= 0 && count > 0) {
    const place = followRow(viewport, Math.min(viewport.selected, count - 1), count, height);
    return selectedAt(model, place, index);
  }
  const followed = followRow(viewport, rank, count, height);
  return followed === viewport ? model : withHost(model, { viewport: followed }, index);
}

/** The model with the current host's processes in another order. */
export function sortedBy(model: Model, key: string, isReversed: boolean): Model {
  return reordered(withHost(model, { sort: { key, isReversed } }));
}

/** The model with the cursor where the viewport says, remembering which process that is. */
export function selectedAt(model: Model, viewport: Viewport, index: number = model.current): Model {
  const host: HostModel = model.hosts[index]!;
  const selection = model.list.identityAt(host.data.rows, host.sort, viewport.selected);
  const settled = selection === undefined ? { ...viewport, selected: -1 } : viewport;
  return withHost(model, { viewport: settled, selection }, index);
}

/** The model with another search for the current host. */
export function searched(model: Model, search: string): Model {
  hostOf(model).data.rows.search(search);
  return reordered(withHost(model, { search }));
}
