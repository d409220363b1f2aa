import type { MouseEvent } from '../../screen/input/event.ts';
import { contains } from '../../screen/layout/rect.ts';
import { hitScrollbar, offsetForDrag, type ScrollPosition } from '../../screen/widgets/scrollbar.ts';
import { clampOffset, pageSelection, scrollTo, type Viewport } from '../../screen/widgets/viewport.ts';
import { WHEEL_LINES } from '../views/movement.ts';
import { helpPointed } from '../views/overlays/help-state.ts';
import { killPointed } from '../views/overlays/kill-state.ts';
import { helpGroups } from './help-groups.ts';
import { killStepped } from './kill-update.ts';
import { lookOf } from './look.ts';
import { listOf, type Model, type Step, stateOf, withState } from './model.ts';
import { canOpen, wentInto } from './navigation.ts';
import { layoutOf, reordered, selectedAt, visibleRows } from './rows.ts';
import type { ScreenLayout } from './screen-layout.ts';

/** The model after a report of the mouse. */
export function pointed(model: Model, event: MouseEvent): Step {
  if (model.kill !== undefined) {
    const { screen } = layoutOf(model);
    return killStepped(model, killPointed(model.kill, event, screen, model.ownPid));
  }
  if (model.helpOffset !== undefined) {
    return { model: helpPointed(model, helpGroups(model.keymap, model.ascii), event.action) };
  }
  const layout = layoutOf(model);
  if (layout.isTooSmall) return { model };
  switch (event.action) {
    case 'wheel-up':
      return { model: scrolled(model, -WHEEL_LINES) };
    case 'wheel-down':
      return { model: scrolled(model, WHEEL_LINES) };
    case 'press':
      return { model: event.button === 'left' ? chosen(pressed(model, layout, event.x, event.y)) : model };
    case 'drag':
      return { model: dragged(model, layout, event.y) };
    case 'release':
      return { model: model.grab === undefined ? model : { ...model, grab: undefined } };
    case 'move':
      return { model };
  }
}

/** A row chosen while a filter is typed is the one that the cursor comes back to. */
function chosen(model: Model): Model {
  const { prompt } = model;
  const { selection } = stateOf(model);
  if (prompt === undefined || selection === prompt.selection) return model;
  return { ...model, prompt: { ...prompt, selection } };
}

function positionOf(model: Model): ScrollPosition {
  return { count: listOf(model).count, visible: visibleRows(model), offset: stateOf(model).viewport.offset };
}

/** Moves the view. The cursor goes along where it would leave the screen, unless the view follows it back. */
function moved(model: Model, viewport: Viewport): Model {
  const now = stateOf(model).viewport;
  if (viewport.selected === now.selected) return viewport === now ? model : withState(model, { viewport });
  if (model.isFollowing) return withState(model, { viewport: { ...now, offset: viewport.offset } });
  return selectedAt(model, viewport);
}

function scrolled(model: Model, lines: number): Model {
  const { count, visible, offset } = positionOf(model);
  const next = clampOffset(offset + lines, count, visible);
  return moved(model, scrollTo(stateOf(model).viewport, next, count, visible));
}

function pressed(model: Model, layout: ScreenLayout, x: number, y: number): Model {
  const position = positionOf(model);
  const { viewport, sort } = stateOf(model);
  const onBar = hitScrollbar(layout.scrollbar, position, x, y);
  if (onBar?.part === 'thumb') return { ...model, grab: onBar.grab };
  if (onBar !== undefined) {
    const direction = onBar.part === 'above' ? -1 : 1;
    return moved(model, pageSelection(viewport, direction, position.count, position.visible));
  }
  if (!contains(layout.table, x, y)) return model;
  const hit = listOf(model).hit(layout.table, lookOf(model), x, y);
  if (hit === undefined) return model;
  if (hit.part === 'header') {
    const isReversed = hit.key === sort.key ? !sort.isReversed : false;
    return reordered(withState(model, { sort: { key: hit.key, isReversed } }));
  }
  // What is typed so far stays in force, as by Enter.
  if (hit.row === viewport.selected && canOpen(model)) return wentInto({ ...model, prompt: undefined });
  return selectedAt(model, { ...viewport, selected: hit.row });
}

function dragged(model: Model, layout: ScreenLayout, y: number): Model {
  if (model.grab === undefined) return model;
  const position = positionOf(model);
  const offset = offsetForDrag(layout.scrollbar, position, model.grab, y);
  return moved(model, scrollTo(stateOf(model).viewport, offset, position.count, position.visible));
}
