import { parseFilter } from '../../data/query/filter/parse-filter.ts';
import type { Slice } from '../../data/sample/slice.ts';
import { OwnerKind } from '../../data/schema/network-columns.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import { tableRowsIn } from '../../screen/widgets/table.ts';
import { ListScreen } from '../../views/list-screen.ts';
import { layoutDetail } from '../../views/network/detail.ts';
import { hasHiddenProcesses } from '../../views/network/header.ts';
import type {
  Identity,
  ListInput,
  ListLook,
  ListSort,
  NetworkData,
} from '../../views/network/network-list.ts';
import { chartHeightFor } from '../../views/network/total-chart.ts';
import type { KillTarget } from '../../views/overlays/kill.ts';
import { listOf, type Model, stateOf, withState } from './sstop-model.ts';

export const SCREEN_MIN_WIDTH = 40;
export const SCREEN_MIN_HEIGHT = 10;

/** Screens lower than this give the line to the rows. */
const SPARKLINE_FROM_HEIGHT = 14;
const RULES_FROM_HEIGHT = 18;

/** Areas of the screen; empty areas are not drawn. */
export interface ScreenLayout {
  readonly isTooSmall: boolean;
  readonly header: Rect;
  readonly sparkline: Rect;
  readonly topRule: Rect;
  /** Column titles and rows, without the scrollbar. */
  readonly table: Rect;
  /** Beside the rows. */
  readonly scrollbar: Rect;
  readonly bottomRule: Rect;
  readonly footer: Rect;
}

/**
 * Lays out a screen of this size, from 0x0 up. The chart of the totals has `chartHeight` lines. Low screens have no line
 * for it unless a recording is played, and no lower rule unless it has a note.
 */
export function layoutScreen(
  width: number,
  height: number,
  chartHeight = 1,
  hasNote = false,
  isPlayed = false,
): ScreenLayout {
  const hasSparkline = height >= (isPlayed ? SCREEN_MIN_HEIGHT : SPARKLINE_FROM_HEIGHT);
  const hasRules = height >= RULES_FROM_HEIGHT;
  const line = (y: number, isThere: boolean) => rect(0, y, width, isThere ? 1 : 0);
  const header = line(0, height > 0);
  const sparkline = rect(0, 1, width, hasSparkline ? chartHeight : 0);
  const topRule = line(1 + sparkline.height, hasRules);
  const footer = line(height - 1, height > 1);
  const hasBottomRule = hasRules || (hasNote && height >= SCREEN_MIN_HEIGHT);
  const bottomRule = line(height - 1 - footer.height, hasBottomRule);
  const top = header.height + sparkline.height + topRule.height;
  const tableHeight = height - top - bottomRule.height - footer.height;
  return {
    isTooSmall: width < SCREEN_MIN_WIDTH || height < SCREEN_MIN_HEIGHT,
    header,
    sparkline,
    topRule,
    // A blank cell keeps the scrollbar away from the figures.
    table: rect(0, top, width - 2, tableHeight),
    scrollbar: rect(width - 1, top + 1, width > 0 ? 1 : 0, tableHeight - 1),
    bottomRule,
    footer,
  };
}

/** Layout of the screen, with the table of the current view. */
export function layoutOf(model: Model): ScreenLayout {
  const layout = fullLayoutOf(model);
  if (model.view !== 'detail') return layout;
  const { connections } = layoutDetail(layout.table);
  const scrollbar = {
    ...layout.scrollbar,
    y: connections.y + 1,
    height: Math.max(0, connections.height - 1),
  };
  return { ...layout, table: connections, scrollbar };
}

/** Layout of the screen without the areas inside a view. */
export function fullLayoutOf(model: Model): ScreenLayout {
  const { width, height, chartHeight, playback } = model;
  return layoutScreen(width, height, chartHeight, hidesProcesses(model), playback !== undefined);
}

/**
 * Whether sockets of other users exist whose processes cannot be seen. For an agent or recording, a group alone does
 * not count: an agent run by root has such rows too, for processes of other namespaces.
 */
export function hidesProcesses({ shown, hiddenAdvice, link, playback }: Model): boolean {
  if (shown === undefined || hiddenAdvice === undefined) return false;
  return hasHiddenProcesses(shown.section, link === undefined && playback === undefined);
}

/** Returns the model with a chart of the totals that uses the free lines. */
function withChart(model: Model): Model {
  const chartHeight = chartHeightOf(model);
  return chartHeight === model.chartHeight ? model : { ...model, chartHeight };
}

function chartHeightOf(model: Model): number {
  // The rows are unknown before the first sample; a chart that shrinks a moment later would move them.
  if (model.shown === undefined) return 1;
  if (model.view === 'detail' || model.playback !== undefined) return 1;
  const { table, sparkline } = fullLayoutOf(model);
  if (sparkline.height === 0) return 1;
  return chartHeightFor(tableRowsIn(table) - listOf(model).count, model.chartHeight);
}

export function lookOf(model: Model): ListLook {
  const { sort, viewport } = stateOf(model);
  const { alerts } = model.workspace;
  return {
    sort,
    viewport,
    theme: model.theme,
    units: model.units,
    alarmOf: (owner) => {
      const serial = model.shown?.section.owners.slots.serial[owner] ?? 0;
      if (!alerts.isInAlarm(owner, serial)) return 'none';
      return alerts.isFlashing(owner, serial) ? 'new' : 'on';
    },
  };
}

/** The current view's list for keys and mouse. */
export const LIST = new ListScreen<Model, Identity>({
  placeOf: stateOf,
  withPlace: withState,
  count: (model) => listOf(model).count,
  sortKeys: (model) => listOf(model).sortKeys,
  identityAt: (model, rank) => listOf(model).identityAt(stateOf(model).sort, rank),
  rankOf: (model, identity) => listOf(model).rankOf(stateOf(model).sort, identity),
  areasOf: layoutOf,
  hit: (model, table, x, y) => listOf(model).hit(table, lookOf(model), x, y),
  keepsCursor: (model) => model.isFollowing,
});

/** Rebuilds the rows after a change; while a collection writes to the tables they stay until the next sample. */
export function relist(model: Model): Model {
  const { shown, detail } = model;
  if (shown === undefined) return model;
  if (shown.isStable) {
    listOf(model).rebuild(inputOf(model, shown));
    if (detail !== undefined) model.workspace.detail.take(shown, model.scope, detail.slot, detail.serial);
  }
  return LIST.reorder(withChart(model));
}

/** Returns the model on a screen of another size. */
export function resized(model: Model, width: number, height: number): Model {
  return LIST.reorder(withChart({ ...model, width, height }));
}

/** Builds the list of the first sample in slices, so that the step that shows it is short. */
export async function prepareList(model: Model, data: NetworkData, slice: Slice): Promise<void> {
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
    groupBy: model.view === 'grouped' ? model.groupBy : undefined,
    folded: model.folded,
    owner: model.detail?.slot ?? -1,
  };
}

/** Returns the model with another filter for the current view; an invalid text keeps the old filter. */
export function applyFilter(model: Model, filterText: string): Model {
  const parsed = parseFilter(filterText, model.names, model.workspace.filterCaches);
  const filter = 'error' in parsed ? stateOf(model).filter : parsed.filter;
  return relist(withState(model, { filterText, filter: filterText.trim() === '' ? undefined : filter }));
}

/** The selected process; undefined: none. */
export function killTargetOf(model: Model): KillTarget | undefined {
  if (model.view === 'detail') {
    const { pid, startTicks, name, hasExited } = model.workspace.detail;
    return pid > 0 && !hasExited ? { pid, startTicks, name } : undefined;
  }
  const { selection, viewport, sort } = stateOf(model);
  if (model.shown === undefined || selection === undefined || viewport.selected < 0) return undefined;
  const { owners } = model.shown.section;
  const owner = ownerOf(model, selection.slot, viewport.selected, sort);
  if (owner < 0 || owners.kind[owner] !== OwnerKind.PROCESS || owners.pid[owner]! <= 0) return undefined;
  return { pid: owners.pid[owner]!, startTicks: owners.startTicks[owner]!, name: owners.names[owner]! };
}

function ownerOf({ view, workspace }: Model, slot: number, rank: number, sort: ListSort): number {
  switch (view) {
    case 'processes':
      return slot;
    case 'listen':
    case 'trouble':
      return workspace[view].ownerAt(sort, rank);
    default:
      return -1;
  }
}
