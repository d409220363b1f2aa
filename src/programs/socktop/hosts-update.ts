import { rect } from '../../screen/layout/rect.ts';
import { followRow, scrollBy } from '../../screen/widgets/viewport.ts';
import { isMovement, moveViewport } from '../../views/list-screen.ts';
import { HOST_SORT_KEYS, type HostSortKey, hostRowAt, hostSortAt } from '../../views/system/hosts-table.ts';
import type { SocktopAction } from '../shared/keymaps.ts';
import { hostRows, type Model, type Step } from './socktop-model.ts';
import { tableOf } from './socktop-rows.ts';

/** Lines without rows: header, column titles and footer. */
const OTHER_LINES = 3;

export function visibleHosts(model: Model): number {
  return Math.max(0, model.height - OTHER_LINES);
}

/** Handles a key on the hosts table; undefined: works as everywhere. */
export function actOnHosts(model: Model, action: SocktopAction): Step | undefined {
  switch (action) {
    case 'open':
      return hostRows(model).length === 0 ? { model } : openHost(model);
    case 'sort-next': {
      const next = (HOST_SORT_KEYS.indexOf(model.hostsSort.key) + 1) % HOST_SORT_KEYS.length;
      return { model: sortHosts(model, HOST_SORT_KEYS[next]!) };
    }
    case 'sort-reverse':
      return { model: sortHosts(model, model.hostsSort.key, !model.hostsSort.isReversed) };
    case 'sort-cpu':
    case 'sort-memory':
      return { model: sortHosts(model, action === 'sort-cpu' ? 'cpu' : 'memory') };
    case 'sort-name':
      return { model: sortHosts(model, 'host') };
    case 'sort-network':
      return { model: sortHosts(model, 'down') };
  }
  if (!isMovement(action)) return undefined;
  const { hostsViewport } = model;
  const count = hostRows(model).length;
  return chooseRow(model, moveViewport(hostsViewport, action, count, visibleHosts(model)).selected);
}

function sortHosts(model: Model, key: HostSortKey, isReversed = false): Model {
  return reorderHosts({ ...model, hostsSort: { key, isReversed } });
}

/** Returns the model with another search for hosts. */
export function searchHosts(model: Model, hostsSearch: string): Model {
  return reorderHosts({ ...model, hostsSearch });
}

/** The cursor follows its host; if it is not listed any more, the cursor moves to the nearest row. */
export function reorderHosts(model: Model): Model {
  const rows = hostRows(model);
  const row = rows.indexOf(model.current);
  const wanted = row < 0 ? Math.max(0, Math.min(model.hostsViewport.selected, rows.length - 1)) : row;
  const hostsViewport = followRow(model.hostsViewport, wanted, rows.length, visibleHosts(model));
  return { ...model, hostsViewport, current: rows[wanted] ?? model.current };
}

/** The cursor on a row of the table. */
function chooseRow(model: Model, row: number): Step {
  const rows = hostRows(model);
  const chosen = Math.max(0, Math.min(row, rows.length - 1));
  const hostsViewport = followRow(model.hostsViewport, chosen, rows.length, visibleHosts(model));
  return { model: { ...model, hostsViewport, current: rows[chosen] ?? model.current } };
}

/** Scrolls the table; the cursor stays while it is visible. */
export function scrollHosts(model: Model, lines: number): Step {
  const rows = hostRows(model);
  const hostsViewport = scrollBy(model.hostsViewport, lines, rows.length, visibleHosts(model));
  return { model: { ...model, hostsViewport, current: rows[hostsViewport.selected] ?? model.current } };
}

/** Handles a press: on a title it sorts, on a host it selects, on the selected host it opens the dashboard. */
export function pressHosts(model: Model, x: number, y: number): Step {
  const screen = rect(0, 0, model.width, model.height);
  const { hostsViewport, hostsSort } = model;
  const key = hostSortAt(screen, x, y);
  if (key !== undefined) {
    return { model: sortHosts(model, key, key === hostsSort.key && !hostsSort.isReversed) };
  }
  const row = hostRowAt(screen, hostsViewport.offset, hostRows(model).length, x, y);
  if (row < 0) return { model };
  return row === hostsViewport.selected ? openHost(model) : chooseRow(model, row);
}

/** Opens the dashboard of the selected host. */
function openHost(model: Model): Step {
  return {
    model: tableOf(model).reorder({ ...model, view: 'dashboard', grab: undefined }),
    effects: [{ kind: 'demand' }],
  };
}

/** Switches to the next listed host. The view stays, except for the process pane. */
export function goToHost(model: Model, delta: 1 | -1): Step {
  const rows = hostRows(model);
  const count = rows.length;
  if (count < 2) return { model };
  const chosen = chooseRow(model, (rows.indexOf(model.current) + delta + count) % count).model;
  if (model.view === 'hosts') return { model: chosen };
  return openHost(chosen);
}
