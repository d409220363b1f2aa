import { rect } from '../../screen/layout/rect.ts';
import { selectRow } from '../../screen/widgets/viewport.ts';
import { isMovement, ListScreen } from '../../views/list-screen.ts';
import {
  HOST_SORT_KEYS,
  type HostSortKey,
  hitHosts,
  hostsArea,
  hostsScrollbar,
} from '../../views/system/hosts-table.ts';
import type { SocktopAction } from '../shared/keymaps.ts';
import { hostRows, type Model, type Step } from './socktop-model.ts';
import { tableOf } from './socktop-rows.ts';

/** The hosts table, for keys and mouse. The selected host is the current one. */
export const HOSTS = new ListScreen<Model, number>({
  placeOf: ({ hostsSort, hostsViewport, current }) => ({
    ...{ sort: hostsSort, viewport: hostsViewport, selection: current },
  }),
  withPlace: (model, { sort, viewport = model.hostsViewport, selection }) => ({
    ...model,
    hostsSort: sort === undefined ? model.hostsSort : { ...sort, key: sort.key as HostSortKey },
    // Where a search finds nothing, the cursor waits on the first row.
    hostsViewport: { ...viewport, selected: Math.max(0, viewport.selected) },
    current: selection ?? model.current,
  }),
  count: (model) => hostRows(model).length,
  sortKeys: () => HOST_SORT_KEYS,
  identityAt: (model, rank) => hostRows(model)[rank],
  rankOf: (model, host) => hostRows(model).indexOf(host),
  areasOf: ({ width, height }) => {
    const screen = rect(0, 0, width, height);
    return { table: hostsArea(screen), scrollbar: hostsScrollbar(screen) };
  },
  hit: (model, area, x, y) => hitHosts(area, hostRows(model).length, model.hostsViewport.offset, x, y),
  keepsCursor: () => false,
});

const SORT_KEYS: Partial<Record<SocktopAction, HostSortKey>> = {
  ...({ 'sort-cpu': 'cpu', 'sort-memory': 'memory', 'sort-name': 'host', 'sort-network': 'down' } as const),
};

/** Handles a key on the hosts table; undefined: works as everywhere. */
export function actOnHosts(model: Model, action: SocktopAction): Step | undefined {
  if (action === 'open') return hostRows(model).length === 0 ? { model } : openHost(model);
  if (action === 'sort-next') return { model: HOSTS.sortByNext(model) };
  if (action === 'sort-reverse') return { model: HOSTS.reverse(model) };
  const key = SORT_KEYS[action];
  if (key !== undefined) return { model: HOSTS.sortBy(model, key) };
  return isMovement(action) ? { model: HOSTS.move(model, action) } : undefined;
}

/** Returns the model with another search for hosts. */
export function searchHosts(model: Model, hostsSearch: string): Model {
  return HOSTS.reorder({ ...model, hostsSearch });
}

/** Opens the dashboard of the selected host. */
export function openHost(model: Model): Step {
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
  const next = (rows.indexOf(model.current) + delta + count) % count;
  const viewport = selectRow(model.hostsViewport, next, count, HOSTS.visibleRows(model));
  const chosen = HOSTS.selectAt(model, viewport);
  return model.view === 'hosts' ? { model: chosen } : openHost(chosen);
}
