import type { MouseEvent } from '../../screen/input/event.ts';
import { contains } from '../../screen/layout/rect.ts';
import { hitScrollbar, offsetForDrag, type ScrollPosition } from '../../screen/widgets/scrollbar.ts';
import { pageSelection, scrollBy, scrollTo, type Viewport } from '../../screen/widgets/viewport.ts';
import { WHEEL_LINES } from '../views/movement.ts';
import { helpPointed } from '../views/overlays/help-state.ts';
import { killPointed } from '../views/overlays/kill-state.ts';
import { hostRowAt } from '../views/system/hosts-table.ts';
import { helpOf } from './help.ts';
import { hostChosen, hostOpened, hostsScrolled } from './hosts-update.ts';
import { killStepped } from './kill-update.ts';
import { hostOf, type Model, type Step, withHost } from './model.ts';
import { paneOpened, panePressed, paneScrolled } from './pane-update.ts';
import { layoutOf, reordered, selectedAt, visibleRows } from './rows.ts';
import { screenRect } from './screen-rect.ts';

/** The model after a report of the mouse. */
export function pointed(model: Model, event: MouseEvent): Step {
  if (model.kill !== undefined) {
    return killStepped(model, killPointed(model.kill, event, screenRect(model), model.ownPid));
  }
  if (model.helpOffset !== undefined) {
    return { model: helpPointed(model, helpOf(model), event.action) };
  }
  switch (event.action) {
    case 'wheel-up':
      return scrolled(model, event, -WHEEL_LINES);
    case 'wheel-down':
      return scrolled(model, event, WHEEL_LINES);
    case 'press':
      return event.button === 'left' ? pressed(model, event.x, event.y) : { model };
    case 'drag':
      return { model: dragged(model, event.y) };
    case 'release':
      return { model: model.grab === undefined ? model : { ...model, grab: undefined } };
    case 'move':
      return { model };
  }
}

function scrolled(model: Model, { x, y }: MouseEvent, lines: number): Step {
  if (model.view === 'hosts') return hostsScrolled(model, lines);
  if (model.view === 'process') return paneScrolled(model, x, y, lines);
  const { viewport, data } = hostOf(model);
  return { model: moved(model, scrollBy(viewport, lines, data.rows.count, visibleRows(model))) };
}

/** Moves the view. The cursor goes along where it would leave the screen. */
function moved(model: Model, viewport: Viewport): Model {
  const now = hostOf(model).viewport;
  if (viewport.selected === now.selected) return viewport === now ? model : withHost(model, { viewport });
  return selectedAt(model, viewport);
}

function pressed(model: Model, x: number, y: number): Step {
  if (model.view === 'hosts') return pressedHost(model, x, y);
  if (model.view === 'process') return panePressed(model, x, y);
  const layout = layoutOf(model);
  const position = positionOf(model);
  const { viewport, sort, data, hasTraffic } = hostOf(model);
  const onBar = hitScrollbar(layout.scrollbar, position, x, y);
  if (onBar?.part === 'thumb') return { model: { ...model, grab: onBar.grab } };
  if (onBar !== undefined) {
    const direction = onBar.part === 'above' ? -1 : 1;
    return { model: moved(model, pageSelection(viewport, direction, position.count, position.visible)) };
  }
  if (!contains(layout.table, x, y)) return { model };
  const hit = model.list.hit(layout.table, data.rows, { sort, viewport, hasTraffic }, x, y);
  if (hit === undefined) return { model };
  if (hit.part === 'header') {
    const isReversed = hit.key === sort.key ? !sort.isReversed : false;
    return { model: reordered(withHost(model, { sort: { key: hit.key, isReversed } })) };
  }
  if (hit.row === viewport.selected) return paneOpened(model);
  return { model: selectedAt(model, { ...viewport, selected: hit.row }) };
}

/** A press on a host puts the cursor on it, on the one that has it opens it. */
function pressedHost(model: Model, x: number, y: number): Step {
  const row = hostRowAt(screenRect(model), model.hostsViewport.offset, model.hosts.length, x, y);
  if (row < 0) return { model };
  return row === model.hostsViewport.selected ? hostOpened(model) : hostChosen(model, row);
}

function positionOf(model: Model): ScrollPosition {
  const { data, viewport } = hostOf(model);
  return { count: data.rows.count, visible: visibleRows(model), offset: viewport.offset };
}

function dragged(model: Model, y: number): Model {
  if (model.grab === undefined || model.view !== 'dashboard') return model;
  const position = positionOf(model);
  const offset = offsetForDrag(layoutOf(model).scrollbar, position, model.grab, y);
  return moved(model, scrollTo(hostOf(model).viewport, offset, position.count, position.visible));
}
