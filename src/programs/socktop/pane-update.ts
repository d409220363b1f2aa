import type { MouseEvent } from '../../screen/input/event.ts';
import { contains, rect } from '../../screen/layout/rect.ts';
import { scrollBy, type Viewport } from '../../screen/widgets/viewport.ts';
import { isMovement, moveViewport, WHEEL_LINES } from '../../views/list-screen.ts';
import { withNotice } from '../../views/screen-update.ts';
import { layoutPane, type PaneLayout, paneCount, paneRows } from '../../views/system/process-pane.ts';
import type { SocktopAction } from '../shared/keymaps.ts';
import {
  type HostModel,
  hostOf,
  type Model,
  PANE_LISTS,
  type PaneList,
  type PaneState,
  type Step,
  withHost,
} from './socktop-model.ts';

/** The cursor waits on the first row until rows arrive. */
const FIRST: Viewport = { offset: 0, selected: 0 };

/** Layout of the pane: the screen without header and footer. */
function paneLayoutOf(model: Model): PaneLayout {
  const area = rect(0, 1, model.width, model.height - 2);
  return layoutPane(area, hostOf(model).pane?.focus ?? 'threads');
}

/** Opens the pane of the selected process; without one, shows a notice. */
export function openPane(model: Model): Step {
  const { selection, data } = hostOf(model);
  const row = selection === undefined ? -1 : data.rows.rowOf(selection);
  if (selection === undefined || row < 0)
    return { model: withNotice(model, 'Select a process first.', true) };
  return openPaneOf(model, { ...selection, name: data.rows.names[row]! });
}

function openPaneOf(model: Model, target: PaneState['target']): Step {
  const from = model.view === 'process' ? hostOf(model).pane : undefined;
  hostOf(model).data.closeDetail();
  const pane: PaneState = {
    target,
    focus: 'threads',
    viewports: { threads: FIRST, children: FIRST, journal: FIRST },
    from,
  };
  return { model: { ...withHost(model, { pane }), view: 'process' }, effects: [{ kind: 'demand' }] };
}

/** Returns to the previous pane, or to the table. */
export function leavePane(model: Model): Step {
  const { pane, data } = hostOf(model);
  data.closeDetail();
  const left = withHost(model, { pane: pane?.from });
  const view = pane?.from === undefined ? 'dashboard' : 'process';
  return { model: { ...left, view }, effects: [{ kind: 'demand' }] };
}

/** The parent of the process in the pane; undefined: none or unknown. */
export function parentOf({ data }: HostModel): PaneState['target'] | undefined {
  return data.processOf(data.detail?.process.ppid ?? 0);
}

/** Handles a key on the pane; undefined: works as everywhere. */
export function actOnPane(model: Model, action: SocktopAction): Step | undefined {
  const { pane, data } = hostOf(model);
  if (pane === undefined) return undefined;
  const { focus } = pane;
  if (isMovement(action)) {
    if (paneCount(data, focus) === 0) return { model };
    const rows = paneRows(paneLayoutOf(model), focus);
    const viewport = moveViewport(pane.viewports[focus], action, paneCount(data, focus), rows);
    return { model: withViewport(model, pane, focus, viewport) };
  }
  switch (action) {
    case 'open': {
      const child =
        focus === 'children' ? data.detail?.children[pane.viewports.children.selected] : undefined;
      return child === undefined ? { model } : openPaneOf(model, child);
    }
    case 'parent': {
      const parent = parentOf(hostOf(model));
      if (parent !== undefined) return openPaneOf(model, parent);
      return { model: withNotice(model, 'The parent of this process is not in the list.', true) };
    }
    case 'host-next':
      return { model: moveFocus(model, pane, 1) };
    case 'host-previous':
      return { model: moveFocus(model, pane, -1) };
    default:
      return undefined;
  }
}

function moveFocus(model: Model, pane: PaneState, delta: number): Model {
  const count = PANE_LISTS.length;
  const focus = PANE_LISTS[(PANE_LISTS.indexOf(pane.focus) + delta + count) % count]!;
  return withHost(model, { pane: { ...pane, focus } });
}

function withViewport(model: Model, pane: PaneState, list: PaneList, viewport: Viewport): Model {
  return withHost(model, { pane: { ...pane, viewports: { ...pane.viewports, [list]: viewport } } });
}

/** Handles a mouse event on the pane. */
export function pointAtPane(model: Model, { action, button, x, y }: MouseEvent): Step {
  if (action === 'wheel-up' || action === 'wheel-down') {
    return scrollPane(model, x, y, action === 'wheel-up' ? -WHEEL_LINES : WHEEL_LINES);
  }
  if (action === 'press' && button === 'left') return pressPane(model, x, y);
  // Begun on another view.
  return { model: action === 'release' ? { ...model, grab: undefined } : model };
}

/** A press on a list focuses it and selects the row; on the selected child it opens the child's pane. */
function pressPane(model: Model, x: number, y: number): Step {
  const { pane, data } = hostOf(model);
  if (pane === undefined) return { model };
  const list = listAt(model, x, y);
  if (list === undefined) return { model };
  const area = paneLayoutOf(model).lists[list];
  const row = pane.viewports[list].offset + y - area.y - 1;
  const isRow = y > area.y && y < area.y + area.height - 1 && row < paneCount(data, list);
  const next = { ...pane, focus: list };
  if (!isRow) return { model: withHost(model, { pane: next }) };
  const child = list === 'children' ? data.detail?.children[row] : undefined;
  const isAgain = list === pane.focus && pane.viewports[list].selected === row;
  if (isAgain && child !== undefined) return openPaneOf(model, child);
  return { model: withViewport(model, next, list, { ...pane.viewports[list], selected: row }) };
}

/** Scrolls the list under the pointer. */
function scrollPane(model: Model, x: number, y: number, lines: number): Step {
  const { pane, data } = hostOf(model);
  if (pane === undefined) return { model };
  const list = listAt(model, x, y) ?? pane.focus;
  const rows = paneRows(paneLayoutOf(model), list);
  const viewport = scrollBy(pane.viewports[list], lines, paneCount(data, list), rows);
  return { model: withViewport(model, pane, list, viewport) };
}

function listAt(model: Model, x: number, y: number): PaneList | undefined {
  const { lists } = paneLayoutOf(model);
  return PANE_LISTS.find((list) => contains(lists[list], x, y));
}
