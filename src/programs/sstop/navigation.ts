import { withNotice } from '../../views/screen-update.ts';
import { listOf, type Model, stateOf, type ViewName, withState } from './sstop-model.ts';
import { applyFilter, relist } from './sstop-rows.ts';

/** The model in another view; Escape leads back to where one was. */
export function goTo(model: Model, view: ViewName): Model {
  const back = model.back.filter((each) => each !== view && each !== model.view);
  return relist({ ...model, view, back: [...back, model.view], grab: undefined });
}

export function goBack(model: Model): Model {
  const view = model.back.at(-1) ?? 'processes';
  const detail = view === 'detail' ? model.detail : undefined;
  return relist({ ...model, view, back: model.back.slice(0, -1), detail, grab: undefined });
}

/** What is to be selected before it can be opened. */
const OPENED: Readonly<Record<Exclude<ViewName, 'detail'>, string>> = {
  processes: 'process',
  hosts: 'host',
  listen: 'port',
  groups: 'group',
};

/**
 * Opens what the cursor is on: a process its detail; a host or a group the processes that belong to it. A notice
 * where it is on nothing.
 */
export function openSelected(model: Model): Model {
  if (model.view === 'detail') return model;
  const { sort, viewport, selection } = stateOf(model);
  if (viewport.selected < 0 || selection === undefined) {
    return withNotice(model, `Select a ${OPENED[model.view]} first.`, true);
  }
  const { hosts, groups, listen } = model.workspace;
  switch (model.view) {
    case 'processes':
      return detailOf(model, selection.slot);
    case 'listen':
      return detailOf(model, listen.ownerAt(sort, viewport.selected));
    case 'hosts': {
      const address = hosts.addressAt(sort, viewport.selected);
      return address === '' ? model : applyFilter(goTo(model, 'processes'), `host:${address}`);
    }
    case 'groups': {
      const text = groups.filterAt(sort, viewport.selected);
      return text === '' ? model : applyFilter(goTo(model, 'processes'), text);
    }
  }
}

function detailOf(model: Model, owner: number): Model {
  const serial = model.shown?.section.owners.slots.serial[owner];
  if (owner < 0 || serial === undefined) return model;
  model.workspace.histories.follow(owner, serial);
  const fresh = withState(
    model,
    { selection: undefined, viewport: { offset: 0, selected: -1 }, filterText: '' },
    'detail',
  );
  return goTo(
    { ...withState(fresh, { filter: undefined }, 'detail'), detail: { slot: owner, serial } },
    'detail',
  );
}

/** Whether a click on a row that is selected already opens it: there is something behind it. */
export function canOpen(model: Model): boolean {
  return model.view !== 'detail' && listOf(model).count > 0;
}
