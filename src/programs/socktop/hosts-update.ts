import { followRow, scrollBy } from '../../screen/widgets/viewport.ts';
import { isMovement, moveViewport } from '../../views/list-screen.ts';
import type { SocktopAction } from '../shared/keymaps.ts';
import type { Model, Step } from './socktop-model.ts';
import { LIST } from './socktop-rows.ts';

/** Header, column heads and footer are no rows. */
const OTHER_LINES = 3;

/** How many hosts are on screen. */
function visibleHosts(model: Model): number {
  return Math.max(0, model.height - OTHER_LINES);
}

/** What a key does on the table of hosts; undefined: the same as everywhere. */
export function moveInHosts(model: Model, action: SocktopAction): Step | undefined {
  if (action === 'open') return openHost(model);
  if (!isMovement(action)) return undefined;
  const { hostsViewport, hosts } = model;
  return chooseHost(model, moveViewport(hostsViewport, action, hosts.length, visibleHosts(model)).selected);
}

/** The cursor on a host of the table. */
export function chooseHost(model: Model, index: number): Step {
  const count = model.hosts.length;
  const current = Math.max(0, Math.min(index, count - 1));
  const hostsViewport = followRow(model.hostsViewport, current, count, visibleHosts(model));
  return { model: { ...model, hostsViewport, current } };
}

/** The table's rows moved by so many lines; the cursor stays where it is as long as it is seen. */
export function scrollHosts(model: Model, lines: number): Step {
  const count = model.hosts.length;
  const hostsViewport = scrollBy(model.hostsViewport, lines, count, visibleHosts(model));
  return { model: { ...model, hostsViewport, current: Math.max(0, hostsViewport.selected) } };
}

/** The dashboard of the host under the cursor. */
export function openHost(model: Model): Step {
  return {
    model: LIST.reorder({ ...model, view: 'dashboard', grab: undefined }),
    effects: [{ kind: 'demand' }],
  };
}

/** The next host in the round; the view stays, but that a process pane is of one host alone. */
export function goToHost(model: Model, index: number): Step {
  const count = model.hosts.length;
  if (count < 2) return { model };
  const chosen = chooseHost(model, (index + count) % count).model;
  if (model.view === 'hosts') return { model: chosen };
  return openHost(chosen);
}
