import type { ListLook } from '../views/network/network-list.ts';
import { type Model, stateOf } from './model.ts';

/** How the current list is drawn. */
export function lookOf(model: Model): ListLook {
  const { sort, viewport } = stateOf(model);
  const { alerts } = model.workspace;
  return {
    sort,
    viewport,
    theme: model.theme,
    ascii: model.ascii,
    alarmOf: (owner) => {
      const serial = model.shown?.section.owners.slots.serial[owner] ?? 0;
      if (!alerts.isInAlarm(owner, serial)) return 'none';
      return alerts.isFlashing(owner, serial) ? 'new' : 'on';
    },
  };
}
