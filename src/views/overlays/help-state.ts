import type { MouseEvent } from '../../screen/input/event.ts';
import { isMovement, movedOffset, WHEEL_LINES } from '../movement.ts';
import { helpOffsetMax } from './help.ts';
import type { HelpGroup } from './help-columns.ts';

/** A screen that help may lie over. */
interface Helped {
  readonly width: number;
  readonly height: number;
  /** First line shown; undefined: it is closed. */
  readonly helpOffset: number | undefined;
}

/** Keys that the open help takes for itself; undefined for the others, which act as ever. */
export function helpActed<Model extends Helped>(
  model: Model,
  groups: readonly HelpGroup[],
  action: string,
): Model | undefined {
  if (model.helpOffset === undefined) return undefined;
  if (action === 'back') return { ...model, helpOffset: undefined };
  if (!isMovement(action)) return undefined;
  const last = helpOffsetMax(groups, model);
  return { ...model, helpOffset: movedOffset(model.helpOffset, action, last, model.height - 3) };
}

/** The wheel scrolls the open help, a press closes it. */
export function helpPointed<Model extends Helped>(
  model: Model,
  groups: readonly HelpGroup[],
  action: MouseEvent['action'],
): Model {
  if (action === 'press') return { ...model, helpOffset: undefined };
  const lines = action === 'wheel-up' ? -WHEEL_LINES : action === 'wheel-down' ? WHEEL_LINES : 0;
  const last = helpOffsetMax(groups, model);
  return { ...model, helpOffset: Math.max(0, Math.min((model.helpOffset ?? 0) + lines, last)) };
}
