import { GROUPINGS } from '../../data/sample/process-table.ts';
import { TOP } from '../../screen/widgets/viewport.ts';
import { withNotice } from '../../views/screen-update.ts';
import { listOf, type Model, stateOf, type ViewName, withState } from './sstop-model.ts';
import { applyFilter, relist } from './sstop-rows.ts';

/** Opens another view; Escape returns. */
export function goTo(model: Model, view: ViewName): Model {
  const back = model.back.filter((each) => each !== view && each !== model.view);
  return relist({ ...model, view, back: [...back, model.view], grab: undefined });
}

export function goBack(model: Model): Model {
  const view = model.back.at(-1) ?? 'processes';
  const detail = view === 'detail' ? model.detail : undefined;
  return relist({ ...model, view, back: model.back.slice(0, -1), detail, grab: undefined });
}

/** Groups by program, user, container, unit, then not at all. From the members of a row, returns to the rows. */
export function groupByNext(model: Model): Model {
  if (model.view === 'processes') {
    const { groupBy = GROUPINGS[0] } = model;
    if (isOnMembers(model)) return goTo({ ...withoutMembers(model), groupBy }, 'grouped');
    const next = withFilterOf(model, 'processes', 'grouped');
    return goTo({ ...next, groupBy, members: undefined }, 'grouped');
  }
  const next = GROUPINGS[GROUPINGS.indexOf(model.groupBy ?? GROUPINGS[0]) + 1];
  return next === undefined ? ungrouped(model) : relist(withState({ ...model, groupBy: next }, UNSELECTED));
}

const UNSELECTED = { selection: undefined, viewport: TOP };

/** Returns to one row per process. */
export function ungrouped(model: Model): Model {
  const back = model.back.filter((view) => view !== 'grouped' && view !== 'processes');
  const next = withFilterOf(model, 'grouped', 'processes');
  return relist({ ...next, view: 'processes', groupBy: undefined, back, grab: undefined });
}

/** Returns from the members of a row to the rows. */
export function leaveMembers(model: Model): Model {
  return goBack(withoutMembers(model));
}

/** Whether the process table shows the members of a row, with an unchanged filter. */
export function isOnMembers({ view, members, lists, back }: Model): boolean {
  return view === 'processes' && lists.processes.filterText === members && back.at(-1) === 'grouped';
}

/** Removes the filter that shows the members of a row. */
function withoutMembers(model: Model): Model {
  return withState({ ...model, members: undefined }, { filterText: '', filter: undefined }, 'processes');
}

function withFilterOf(model: Model, from: ViewName, to: ViewName): Model {
  const { filterText, filter } = model.lists[from];
  return withState(model, { filterText, filter }, to);
}

/** What a row of each view is called, for notices. */
const OPENED: Readonly<Record<Exclude<ViewName, 'detail'>, string>> = {
  processes: 'process',
  grouped: 'row',
  hosts: 'host',
  listen: 'port',
  groups: 'group',
  trouble: 'line',
};

/** Opens the selected row: a process, or those of a host or group, or the ports of the detail; else shows a notice. */
export function openSelected(model: Model): Model {
  if (model.view === 'detail') return openPorts(model);
  const { sort, viewport, selection, filterText } = stateOf(model);
  if (viewport.selected < 0 || selection === undefined) {
    return withNotice(model, `Select a ${OPENED[model.view]} first.`, true);
  }
  const { hosts, grouped, groups, listen, trouble } = model.workspace;
  switch (model.view) {
    case 'processes':
      return detailOf(model, selection.slot);
    case 'listen':
      return detailOf(model, listen.ownerAt(sort, viewport.selected));
    case 'trouble':
      return detailOf(model, trouble.ownerAt(sort, viewport.selected));
    case 'hosts': {
      const address = hosts.addressAt(sort, viewport.selected);
      return address === '' ? model : applyFilter(goTo(model, 'processes'), `host:${address}`);
    }
    case 'grouped': {
      const member = grouped.filterAt(sort, viewport.selected);
      // The rows already passed the filter, and a filter with alternatives cannot take another term.
      const text = filterText === '' || filterText.includes('|') ? member : `${filterText} ${member}`;
      return member === '' ? model : applyFilter({ ...goTo(model, 'processes'), members: text }, text);
    }
    case 'groups': {
      const text = groups.filterAt(sort, viewport.selected);
      return text === '' ? model : applyFilter(goTo(model, 'processes'), text);
    }
  }
}

/** Lists all listening ports of the process; the detail shows only the first ones. */
export function openPorts(model: Model): Model {
  const { listening } = model.workspace.detail;
  if (listening.length === 0) return withNotice(model, 'No listening port of this process is known.', true);
  return applyFilter(goTo(model, 'listen'), portsFilterOf(model));
}

/** Whether the ports of one process are listed, with an unchanged filter; Escape then returns to its detail. */
export function isOnPorts(model: Model): boolean {
  const { view, lists, back } = model;
  return view === 'listen' && back.at(-1) === 'detail' && lists.listen.filterText === portsFilterOf(model);
}

/** Returns from the ports of one process to its detail. */
export function leavePorts(model: Model): Model {
  return goBack(withState(model, { filterText: '', filter: undefined }, 'listen'));
}

function portsFilterOf({ workspace }: Model): string {
  return `pid:${workspace.detail.pid}`;
}

function detailOf(model: Model, owner: number): Model {
  const serial = model.shown?.section.owners.slots.serial[owner];
  if (owner < 0 || serial === undefined) return model;
  model.workspace.histories.follow(owner, serial);
  const fresh = withState(model, { ...UNSELECTED, filterText: '', filter: undefined }, 'detail');
  return goTo({ ...fresh, detail: { slot: owner, serial } }, 'detail');
}

/** Whether a click on the selected row opens it. */
export function canOpen(model: Model): boolean {
  return model.view !== 'detail' && listOf(model).count > 0;
}
