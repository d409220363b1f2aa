import type { MouseEvent } from '../../screen/input/event.ts';
import { canOpen, wentInto } from './navigation.ts';
import { type Model, type Step, stateOf } from './sstop-model.ts';
import { LIST, layoutOf } from './sstop-rows.ts';

/** The model after a report of the mouse on the current view. */
export function pointed(model: Model, event: MouseEvent): Step {
  if (layoutOf(model).isTooSmall) return { model };
  const step = LIST.pointed(model, event, opened);
  const isPress = event.action === 'press' && event.button === 'left';
  return isPress ? { ...step, model: chosen(step.model) } : step;
}

/** What is typed so far stays in force, as by Enter. */
function opened(model: Model): Step | undefined {
  return canOpen(model) ? { model: wentInto({ ...model, prompt: undefined }) } : undefined;
}

/** A row chosen while a filter is typed is the one that the cursor comes back to. */
function chosen(model: Model): Model {
  const { prompt } = model;
  const { selection } = stateOf(model);
  if (prompt === undefined || selection === prompt.selection) return model;
  return { ...model, prompt: { ...prompt, selection } };
}
