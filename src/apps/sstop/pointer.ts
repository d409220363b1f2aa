import type { MouseEvent } from '../../screen/input/event.ts';
import { contains } from '../../screen/layout/rect.ts';
import { hitScrollbar, offsetForDrag, type ScrollPosition } from '../../screen/widgets/scrollbar.ts';
import { pageSelection, scrollBy, scrollTo, type Viewport } from '../../screen/widgets/viewport.ts';
import { hitProcessTable, sortOfColumn } from '../views/network/process-table.ts';
import { helpOffsetMax } from '../views/overlays/help.ts';
import { helpGroups } from './help-groups.ts';
import type { Model } from './model.ts';
import { reordered, selectedAt, visibleRows } from './rows.ts';
import { layoutScreen, type ScreenLayout } from './screen-layout.ts';

const WHEEL_LINES = 3;

/** The model after a report of the mouse. */
export function pointed(model: Model, event: MouseEvent): Model {
  if (model.helpOffset !== undefined) return pointedAtHelp(model, model.helpOffset, event);
  const layout = layoutScreen(model.width, model.height);
  if (layout.isTooSmall) return model;
  switch (event.action) {
    case 'wheel-up':
      return scrolled(model, -WHEEL_LINES);
    case 'wheel-down':
      return scrolled(model, WHEEL_LINES);
    case 'press':
      return event.button === 'left' ? pressed(model, layout, event.x, event.y) : model;
    case 'drag':
      return dragged(model, layout, event.y);
    case 'release':
      return model.grab === undefined ? model : { ...model, grab: undefined };
    case 'move':
      return model;
  }
}

function pointedAtHelp(model: Model, offset: number, event: MouseEvent): Model {
  if (event.action === 'press') return { ...model, helpOffset: undefined };
  const lines = event.action === 'wheel-up' ? -WHEEL_LINES : event.action === 'wheel-down' ? WHEEL_LINES : 0;
  const last = helpOffsetMax(helpGroups(model.ascii), model.height);
  return { ...model, helpOffset: Math.max(0, Math.min(offset + lines, last)) };
}

function positionOf(model: Model): ScrollPosition {
  return { count: model.listing.rows.count, visible: visibleRows(model), offset: model.viewport.offset };
}

/** Moves the view; the cursor goes along only where it would leave the screen. */
function moved(model: Model, viewport: Viewport): Model {
  if (viewport.selected !== model.viewport.selected) return selectedAt(model, viewport);
  return viewport === model.viewport ? model : { ...model, viewport };
}

function scrolled(model: Model, lines: number): Model {
  const { count, visible } = positionOf(model);
  return moved(model, scrollBy(model.viewport, lines, count, visible));
}

function pressed(model: Model, layout: ScreenLayout, x: number, y: number): Model {
  const position = positionOf(model);
  const onBar = hitScrollbar(layout.scrollbar, position, x, y);
  if (onBar?.part === 'thumb') return { ...model, grab: onBar.grab };
  if (onBar !== undefined) {
    const direction = onBar.part === 'above' ? -1 : 1;
    return moved(model, pageSelection(model.viewport, direction, position.count, position.visible));
  }
  if (!contains(layout.table, x, y)) return model;
  const hit = hitProcessTable(layout.table, position.count, model.viewport.offset, model.sort, x, y);
  if (hit === undefined) return model;
  if (hit.part === 'row') return selectedAt(model, { ...model.viewport, selected: hit.row });
  const key = sortOfColumn(hit.column);
  if (key === undefined) return model;
  const isReversed = key === model.sort.key ? !model.sort.isReversed : false;
  return reordered({ ...model, sort: { key, isReversed } });
}

function dragged(model: Model, layout: ScreenLayout, y: number): Model {
  if (model.grab === undefined) return model;
  const position = positionOf(model);
  const offset = offsetForDrag(layout.scrollbar, position, model.grab, y);
  return moved(model, scrollTo(model.viewport, offset, position.count, position.visible));
}
