import { GROUPINGS, type Grouping } from '../../data/sample/process-table.ts';
import { TOP } from '../../screen/widgets/viewport.ts';
import { withNotice } from '../../views/screen-update.ts';
import { type HostModel, hostOf, type Model, type Step, withHost } from './socktop-model.ts';
import { tableOf, withWaits } from './socktop-rows.ts';

/** Groups by program, user, container, unit, then not at all. From the processes of a row, returns to that row. */
export function groupByNext(model: Model): Step {
  const { groupBy, members } = hostOf(model);
  if (groupBy === undefined) return grouped(model, GROUPINGS[0]);
  if (members !== undefined) return leaveMembers(model);
  return grouped(model, groupingAfter(groupBy));
}

/** The next grouping; undefined: one row per process. */
export function groupingAfter(groupBy: Grouping): Grouping | undefined {
  return GROUPINGS[GROUPINGS.indexOf(groupBy) + 1];
}

/** Returns to one row per process. */
export function ungroup(model: Model): Step {
  return grouped(model, undefined);
}

/** Shows the processes of the selected row. */
export function openMembers(model: Model): Step {
  const { groupBy: by, grouped, search } = hostOf(model);
  const { selection: name, viewport } = grouped;
  if (by === undefined || name === undefined || viewport.selected < 0)
    return { model: withNotice(model, 'Select a row first.', true) };
  return regrouped(model, { members: { by, name, search }, viewport: TOP });
}

/** Lists the processes of the control group under the cursor. */
export function openControlGroup(model: Model): Step {
  const { data, controlGroups, search } = hostOf(model);
  const { selection: path, viewport } = controlGroups;
  if (path === undefined || viewport.selected < 0)
    return { model: withNotice(model, 'Select a row first.', true) };
  const member = data.controlGroups.memberAt(data.controlGroups.rowOf(path));
  if (member === undefined)
    return { model: withNotice(model, 'Only processes of containers and units are listed.', true) };
  const { model: shown } = withWaits(model, 'processes');
  const members = { ...member, search };
  return regrouped(shown, { groupBy: member.by, members, viewport: TOP, selection: undefined });
}

/** Returns from the processes of a row to the rows. */
export function leaveMembers(model: Model): Step {
  return regrouped(model, { members: undefined });
}

function grouped(model: Model, groupBy: Grouping | undefined): Step {
  const { sort } = hostOf(model).grouped;
  return regrouped(model, {
    ...{ groupBy, members: undefined },
    grouped: { sort, selection: undefined, viewport: TOP },
  });
}

function regrouped(model: Model, change: Partial<HostModel>): Step {
  const next = withHost(model, change);
  const { data, groupBy, members } = hostOf(next);
  data.group(groupBy, members);
  return { model: tableOf(next).reorder(next), effects: [{ kind: 'demand' }] };
}
