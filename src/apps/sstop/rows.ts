import { parseFilter } from '../../data/query/filter/parse-filter.ts';
import type { Slice } from '../../data/sample/slice.ts';
import { tableRowsIn } from '../../screen/widgets/table.ts';
import { followRow, type Viewport } from '../../screen/widgets/viewport.ts';
import { layoutDetail } from '../views/network/detail.ts';
import type { NetworkData } from '../views/network/network-data.ts';
import type { ListInput } from '../views/network/network-list.ts';
import { listOf, type Model, stateOf, withState } from './model.ts';
import { layoutScreen, type ScreenLayout } from './screen-layout.ts';

/** The screen's areas, with those of the table in its place in the current view. */
export function layoutOf(model: Model): ScreenLayout {
  const layout = layoutScreen(model.width, model.height);
  if (model.view !== 'detail') return layout;
  const { connections } = layoutDetail(layout.table);
  const scrollbar = {
    ...layout.scrollbar,
    y: connections.y + 1,
    height: Math.max(0, connections.height - 1),
  };
  return { ...layout, table: connections, scrollbar };
}

/** How many rows of the table are on screen. */
export function visibleRows(model: Model): number {
  return tableRowsIn(layoutOf(model).table);
}

/**
 * The model with its rows listed anew, after anything changed that they depend on. While a collection writes to
 * the tables the rows stay as they are: the sample that ends it lists them.
 */
export function relisted(model: Model): Model {
  const { shown, detail } = model;
  if (shown === undefined) return model;
  if (shown.isStable) {
    listOf(model).rebuild(inputOf(model, shown));
    if (detail !== undefined) model.workspace.detail.take(shown, model.scope, detail.slot, detail.serial);
  }
  return reordered(model);
}

/** Lists the processes of the first sample in slices, so that the step that shows them is a short one. */
export async function prepared(model: Model, data: NetworkData, slice: Slice): Promise<void> {
  await model.workspace.processes.prepare(inputOf(model, data), slice);
}

function inputOf(model: Model, data: NetworkData): ListInput {
  return {
    data,
    scope: model.scope,
    filter: stateOf(model).filter,
    names: model.names,
    isCumulative: model.isCumulative,
    isTree: model.isTree,
    owner: model.detail?.slot ?? -1,
  };
}

/** The model after the order of the same rows changed: the cursor follows its row. */
export function reordered(model: Model): Model {
  const { selection, sort, viewport } = stateOf(model);
  const list = listOf(model);
  const rank = selection === undefined ? -1 : list.rankOf(sort, selection);
  if (rank < 0 && viewport.selected >= 0) {
    if (list.count === 0) return withState(model, { viewport: { offset: 0, selected: -1 } });
    return selectedAt(model, reselected(model, viewport));
  }
  const followed = followRow(viewport, rank, list.count, visibleRows(model));
  return followed === viewport ? model : withState(model, { viewport: followed });
}

/** The row that was selected is gone: its place keeps the cursor; where no row is left, it comes back with its own. */
function reselected(model: Model, viewport: Viewport): Viewport {
  const { count } = listOf(model);
  return followRow(viewport, Math.min(viewport.selected, count - 1), count, visibleRows(model));
}

/** The model with the cursor where the viewport says, remembering whose row that is. */
export function selectedAt(model: Model, viewport: Viewport): Model {
  const selection = listOf(model).identityAt(stateOf(model).sort, viewport.selected);
  if (selection === undefined)
    return withState(model, { viewport: { ...viewport, selected: -1 }, selection });
  return withState(model, { viewport, selection });
}

/** The model with another filter for the current view; a text that cannot be read leaves the old one in force. */
export function filtered(model: Model, filterText: string): Model {
  const parsed = parseFilter(filterText, model.names, model.workspace.filterCaches);
  const filter = 'error' in parsed ? stateOf(model).filter : parsed.filter;
  return relisted(withState(model, { filterText, filter: filterText.trim() === '' ? undefined : filter }));
}
