import type { MouseEvent } from '../../screen/input/event.ts';
import { rect } from '../../screen/layout/rect.ts';
import { WHEEL_LINES } from '../../views/movement.ts';
import { hostRowAt } from '../../views/system/hosts-table.ts';
import { hostChosen, hostOpened, hostsScrolled } from './hosts-update.ts';
import { paneOpened, panePressed, paneScrolled } from './pane-update.ts';
import type { Model, Step } from './socktop-model.ts';
import { LIST } from './socktop-rows.ts';

/** The model after a report of the mouse on the current view. */
export function pointed(model: Model, event: MouseEvent): Step {
  if (model.view === 'dashboard') return LIST.pointed(model, event, paneOpened);
  switch (event.action) {
    case 'wheel-up':
      return scrolled(model, event, -WHEEL_LINES);
    case 'wheel-down':
      return scrolled(model, event, WHEEL_LINES);
    case 'press':
      return event.button === 'left' ? pressed(model, event) : { model };
    case 'release':
      return { model: model.grab === undefined ? model : { ...model, grab: undefined } };
    default:
      return { model };
  }
}

function scrolled(model: Model, { x, y }: MouseEvent, lines: number): Step {
  return model.view === 'hosts' ? hostsScrolled(model, lines) : paneScrolled(model, x, y, lines);
}

function pressed(model: Model, { x, y }: MouseEvent): Step {
  return model.view === 'hosts' ? pressedHost(model, x, y) : panePressed(model, x, y);
}

/** A press on a host puts the cursor on it, on the one that has it opens it. */
function pressedHost(model: Model, x: number, y: number): Step {
  const screen = rect(0, 0, model.width, model.height);
  const row = hostRowAt(screen, model.hostsViewport.offset, model.hosts.length, x, y);
  if (row < 0) return { model };
  return row === model.hostsViewport.selected ? hostOpened(model) : hostChosen(model, row);
}
