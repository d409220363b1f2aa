import { interfaceBeside, interfaceNamed, movedScope } from '../../data/query/scope.ts';
import { otherUnits } from '../../kit/text/format.ts';
import { durationText } from '../../kit/text/units.ts';
import type { KeyEvent, MouseEvent } from '../../screen/input/event.ts';
import { contains, rect } from '../../screen/layout/rect.ts';
import { isMovement } from '../../views/list-screen.ts';
import { layoutDetail } from '../../views/network/detail.ts';
import {
  nextInPicker,
  openPicker,
  type PickerStep,
  pointAtPicker,
  pressKeyInPicker,
} from '../../views/network/interface-picker.ts';
import { frozen, type NetworkData } from '../../views/network/network-list.ts';
import { actOnAlerts } from '../../views/overlays/alerts.ts';
import type { KillTarget } from '../../views/overlays/kill.ts';
import { inputMessageOf, openKill, updateScreen, withNotice } from '../../views/screen-update.ts';
import { fasterThan, slowerThan } from '../shared/interval.ts';
import type { SstopAction } from '../shared/keymaps.ts';
import { type FrameProgram, helpGroups, withPlayback } from '../shared/screen-frame.ts';
import {
  canOpen,
  goBack,
  goTo,
  groupByNext,
  isOnMembers,
  isOnPorts,
  leaveMembers,
  leavePorts,
  openPorts,
  openSelected,
  ungrouped,
} from './navigation.ts';
import {
  alertsOf,
  type Effect,
  initialModel,
  listOf,
  type Message,
  type Model,
  type StartOptions,
  type Step,
  stateOf,
  withState,
} from './sstop-model.ts';
import { acceptPrompt, cancelPrompt, editPrompt, openPrompt, recallPrompt } from './sstop-prompt.ts';
import { applyFilter, fullLayoutOf, killTargetOf, LIST, layoutOf, relist, resized } from './sstop-rows.ts';
import { view } from './sstop-view.ts';

/** Returns the model after a message, and the effects. Pure except for the workspace, which the model owns. */
export function update(model: Model, message: Message): Step {
  switch (message.kind) {
    case 'resized':
      return { model: resized(model, message.width, message.height) };
    case 'sampled':
      return dueExport(takeSample(model, message.data));
    case 'failed':
      return dueExport({ model: { ...model, failure: message.message } });
    case 'played':
      return { model: withPlayback(model, message.playback) };
    case 'linked':
      return { model: { ...model, link: message.link } };
    case 'alerts':
      return { model: { ...model, agentAlerts: message.alerts } };
    case 'settled':
      model.workspace.alerts.settle(message.round);
      return { model: { ...model } };
    default:
      return updateScreen(model, message, PARTS);
  }
}

const PARTS = {
  helpOf: (model: Model) => helpGroups(model.keymap, model.ascii),
  act: (model: Model, action: SstopAction): Step | undefined =>
    actOnView(model, action) ?? actOnRows(model, action) ?? actOnScreen(model, action),
  ...{ acceptPrompt, cancelPrompt, editPrompt, recallPrompt, pointAt, pressKeyInOverlay },
  signalEffect: (_: Model, { pid, startTicks }: KillTarget, signal: number): Effect => {
    return { kind: 'signal', pid, startTicks, signal };
  },
};

/** Adds the export that waited for this sample. */
function dueExport({ model, effects = [] }: Step): Step {
  if (!model.isExportDue) return { model, effects };
  return { model: { ...model, isExportDue: false }, effects: [...effects, { kind: 'export' }] };
}

function takeSample(model: Model, data: NetworkData): Step {
  const { workspace } = model;
  const { alerts, histories } = workspace;
  histories.update(data.section, data.rates, model.scope);
  workspace.watch?.take(data.header, data.section, data.rates);
  const crossings = alerts.update(data.section, data.rates, model.scope);
  const effects: readonly Effect[] = crossings > 0 ? [{ kind: 'alarm', round: alerts.round }] : [];
  const live = { ...model, live: data, failure: undefined };
  // Paused during a collection: its sample is the first one that can be copied completely.
  const isFrozen = model.pausedAtMillis !== undefined && model.shown !== model.live;
  if (isFrozen) return { model: live, effects };
  const shown = model.pausedAtMillis === undefined ? data : frozen(data);
  const isFirst = model.shown === undefined;
  const listed = relist(withWantedInterface({ ...live, shown }));
  // The filter of the command line is read like one that was typed.
  const { filterText, filter } = stateOf(listed);
  const isUnread = isFirst && filterText !== '' && filter === undefined;
  const next = isUnread ? applyFilter(listed, filterText) : listed;
  return { model: next, effects };
}

/** Selects the interface of the command line once it exists. */
function withWantedInterface(model: Model): Model {
  if (model.shown === undefined) return model;
  if (model.wantedInterface === undefined) return withMovedInterface(model, model.shown);
  const interfaceIndex = interfaceNamed(model.shown.section.interfaces, model.wantedInterface);
  if (interfaceIndex === undefined) return model;
  return { ...model, wantedInterface: undefined, scope: { ...model.scope, interfaceIndex } };
}

/** A recreated interface has another index. */
function withMovedInterface(model: Model, { section, rates }: NonNullable<Model['shown']>): Model {
  const index = model.scope.interfaceIndex;
  if (index === undefined || section.interfaces.slots.find(index, 0, 0, 0) >= 0) return model;
  const name = rates.totalsOf(index)?.name;
  if (name === undefined) return model;
  const scope = movedScope(model.scope, interfaceNamed(section.interfaces, name));
  return scope === model.scope ? model : { ...model, scope };
}

function actOnView(model: Model, action: SstopAction): Step | undefined {
  const listed = actOnAlerts(model, alertsOf(model), action);
  if (listed !== undefined) return { model: listed };
  if (isMovement(action)) return { model: LIST.move(model, action) };
  switch (action) {
    case 'open':
      return { model: openSelected(model) };
    case 'back':
      return { model: clearOrGoBack(model) };
    case 'hosts':
    case 'listen':
    case 'groups':
    case 'trouble':
      return { model: model.view === action ? goBack(model) : goTo(model, action) };
    default:
      return undefined;
  }
}

function actOnRows(model: Model, action: SstopAction): Step | undefined {
  switch (action) {
    case 'sort-next':
      return { model: LIST.sortByNext(model) };
    case 'sort-reverse':
      return { model: LIST.reverse(model) };
    case 'sort-rate':
    case 'sort-download':
    case 'sort-upload':
    case 'sort-pid':
    case 'sort-name':
    case 'sort-connections':
      return { model: sortedBy(model, action.slice('sort-'.length)) };
    case 'filter':
    case 'alert':
      return { model: openPrompt(model, action) };
    // Only in the process table; in other views they would change something invisible.
    case 'cumulative':
      return { model: inProcessTable(model, toggleCumulative) };
    case 'group-by':
      return { model: inProcessTable(model, groupByNext) };
    case 'tree':
      return { model: ofProcesses(model, (at) => relist({ ...at, isTree: !at.isTree })) };
    case 'fold':
      return { model: ofProcesses(model, toggleFold) };
    case 'follow':
      return { model: toggleFollow(model) };
    case 'kill':
      return { model: openKillOf(model) };
    case 'export':
      // While a sample is taken, its tables are being written: the export waits for it.
      return model.shown?.isStable === true
        ? { model, effects: [{ kind: 'export' }] }
        : { model: { ...model, isExportDue: true } };
    case 'dns':
      return {
        model: withDns(model, !model.isDnsOn),
        effects: [{ kind: 'set-dns', isOn: !model.isDnsOn }],
      };
    case 'loopback':
      return { model: toggleLoopback(model) };
    case 'units': {
      const units = otherUnits(model.units);
      return { model: { ...model, units }, effects: [{ kind: 'remember-units', units }] };
    }
    default:
      return undefined;
  }
}

function actOnScreen(model: Model, action: SstopAction): Step | undefined {
  switch (action) {
    case 'interface':
      return { model: choosingInterface(model) };
    case 'interface-next':
      return { model: withInterfaceBeside(model, 1) };
    case 'interface-previous':
      return { model: withInterfaceBeside(model, -1) };
    case 'faster':
      return withInterval(model, fasterThan(model.intervalMillis), 'shortest');
    case 'slower':
      return withInterval(model, slowerThan(model.intervalMillis), 'longest');
    case 'pause':
      return { model: model.pausedAtMillis === undefined ? pause(model) : resume(model) };
    default:
      return undefined;
  }
}

/** The oldest folds are dropped. */
const FOLDED_MAX = 256;

/** The sort key for names in a list, if it is not `name`. */
const NAME_KEYS: readonly string[] = ['process', 'remote'];

/** In cumulative mode, keys of rates sort by totals. */
const TOTAL_OF_RATE: Readonly<Record<string, string>> = {
  rate: 'total',
  download: 'download-total',
  upload: 'upload-total',
};

/** Opens the signal overlay for the selected process; on any other row, shows a notice. */
function openKillOf(model: Model): Model {
  const target = killTargetOf(model);
  const isOnRow = model.view === 'detail' || stateOf(model).viewport.selected >= 0;
  if (target !== undefined || !model.canSignal || !isOnRow) return openKill(model, model.canSignal, target);
  return withNotice(model, model.view === 'detail' ? 'The process has exited.' : NOT_ONE[model.view], true);
}

/** Why a row cannot be signalled. */
const NOT_A_PROCESS = 'This row is not a process.';
const NO_SINGLE_PROCESS = 'This row is not a single process: Enter shows its processes.';
const NOT_ONE: Readonly<Record<Exclude<Model['view'], 'detail'>, string>> = {
  ...{ processes: NOT_A_PROCESS, listen: NOT_A_PROCESS, trouble: NOT_A_PROCESS },
  ...{ grouped: NO_SINGLE_PROCESS, hosts: NO_SINGLE_PROCESS, groups: NO_SINGLE_PROCESS },
};

/** Sorts by a key if the current list has it. */
function sortedBy(model: Model, wanted: string): Model {
  const { sortKeys } = listOf(model);
  const standsFor = (key: string) => {
    return key === wanted || key === TOTAL_OF_RATE[wanted] || (wanted === 'name' && NAME_KEYS.includes(key));
  };
  const key = sortKeys.find(standsFor);
  return key === undefined
    ? withNotice(model, `This list cannot be sorted by ${wanted}.`, false)
    : LIST.sortBy(model, key);
}

/** Modes that only the process table with single rows has. */
function ofProcesses(model: Model, change: (model: Model) => Model): Model {
  if (model.view !== 'grouped') return inProcessTable(model, change);
  return withNotice(model, 'The tree does not work while rows are summed: Esc shows processes.', false);
}

/** Modes that only the process table has; elsewhere a notice says so. */
function inProcessTable(model: Model, change: (model: Model) => Model): Model {
  if (model.view === 'processes' || model.view === 'grouped') return change(model);
  return withNotice(model, 'Only in the process table: Esc returns to it.', false);
}

/** Folds or unfolds the selected branch. */
function toggleFold(model: Model): Model {
  const { sort, selection, viewport } = stateOf(model);
  if (!model.isTree) return withNotice(model, 'Works only in the tree: t shows it.', false);
  const isBranch = model.workspace.processes.hasBranch(sort, viewport.selected);
  if (selection === undefined || !isBranch) {
    return withNotice(model, 'Select a process with children.', false);
  }
  const others = model.folded.filter(
    ({ slot, serial }) => slot !== selection.slot || serial !== selection.serial,
  );
  const isFolded = others.length < model.folded.length;
  return relist({ ...model, folded: isFolded ? others : [...others.slice(1 - FOLDED_MAX), selection] });
}

function toggleFollow(model: Model): Model {
  if (!model.isFollowing && stateOf(model).selection === undefined) {
    return withNotice({ ...model, isFollowing: true }, 'Following the row that you select next.', false);
  }
  return { ...model, isFollowing: !model.isFollowing };
}

/** Names are shown only in the lists of hosts and connections; elsewhere a notice says that they are on. */
function withDns(model: Model, isDnsOn: boolean): Model {
  const next = { ...model, isDnsOn };
  if (model.view === 'hosts' || model.view === 'detail') return next;
  return withNotice(next, `DNS names ${isDnsOn ? 'on' : 'off'}: hosts (h) and details show them.`, false);
}

function toggleLoopback(model: Model): Model {
  const { scope } = model;
  const next = relist({ ...model, scope: { ...scope, includeLoopback: !scope.includeLoopback } });
  if (scope.interfaceIndex === undefined) return next;
  return withNotice(next, 'Loopback has no effect while one interface is shown: i selects all.', false);
}

function toggleCumulative(model: Model): Model {
  const isCumulative = !model.isCumulative;
  // At once, even while a collection keeps the rows as they are, because the next key may sort by a new column.
  model.workspace.processes.isCumulative = isCumulative;
  return relist(withTotalSort(withTotalSort({ ...model, isCumulative }, 'processes'), 'grouped'));
}

/** Sorting by rates becomes sorting by totals, and vice versa. */
function withTotalSort(model: Model, view: 'processes' | 'grouped'): Model {
  const { sort } = model.lists[view];
  const [from, to] = model.isCumulative ? [0, 1] : [1, 0];
  const key = Object.entries(TOTAL_OF_RATE).find((pair) => pair[from] === sort.key)?.[to] ?? sort.key;
  return withState(model, { sort: { ...sort, key } }, view);
}

/** Escape undoes one thing at a time: the filter, the view, the selection. */
function clearOrGoBack(model: Model): Model {
  const { filterText, viewport } = stateOf(model);
  const { view, back } = model;
  if (isOnMembers(model)) return leaveMembers(model);
  if (isOnPorts(model)) return leavePorts(model);
  if (filterText !== '') return applyFilter(model, '');
  if (view === 'grouped' && (back.at(-1) ?? 'processes') === 'processes') return ungrouped(model);
  if (back.length > 0) return goBack(model);
  return withState(model, { selection: undefined, viewport: { ...viewport, selected: -1 } });
}

function withInterfaceBeside(model: Model, step: 1 | -1): Model {
  if (model.shown === undefined) return model;
  const interfaceIndex = interfaceBeside(model.shown.section.interfaces, model.scope.interfaceIndex, step);
  if (interfaceIndex === model.scope.interfaceIndex) {
    return withNotice(model, 'There is no other interface.', false);
  }
  return withInterface(model, interfaceIndex);
}

function choosingInterface(model: Model): Model {
  if (model.shown === undefined) return model;
  return { ...model, picker: openPicker(model.shown.section.interfaces, model.scope.interfaceIndex) };
}

function pressKeyInOverlay(model: Model, key: KeyEvent): Model | undefined {
  if (model.picker === undefined || model.shown === undefined) return undefined;
  const { picker } = model;
  const { interfaces } = model.shown.section;
  // The key that opens the list goes round it, until a name is typed.
  const isRound = picker.typed === '' && model.keymap.actionOf(key.chord) === 'interface';
  return afterPicker(
    model,
    isRound ? { picker: nextInPicker(picker, interfaces) } : pressKeyInPicker(picker, key, interfaces),
  );
}

function afterPicker(model: Model, { picker, chosen }: PickerStep): Model {
  const next = { ...model, picker };
  return chosen === undefined ? next : withInterface(next, chosen.interfaceIndex);
}

function withInterface(model: Model, interfaceIndex: number | undefined): Model {
  return relist({
    ...model,
    wantedInterface: undefined,
    scope: { ...model.scope, interfaceIndex, formerIndexes: [] },
  });
}

function withInterval(model: Model, intervalMillis: number, limit: 'shortest' | 'longest'): Step {
  if (model.playback !== undefined) {
    return { model: withNotice(model, 'A recording has its own interval: arrows change the speed.', false) };
  }
  if (intervalMillis === model.intervalMillis) {
    const text = `${durationText(intervalMillis)} is the ${limit} interval.`;
    return { model: withNotice(model, text, false) };
  }
  return { model: { ...model, intervalMillis }, effects: [{ kind: 'set-interval', intervalMillis }] };
}

function pause(model: Model): Model {
  const { live } = model;
  if (live === undefined) return model;
  const held = { ...model, pausedAtMillis: live.header.wallMillis };
  model.workspace.histories.hold();
  return live.isStable ? relist({ ...held, shown: frozen(live) }) : held;
}

function resume(model: Model): Model {
  model.workspace.histories.release();
  return relist({ ...model, pausedAtMillis: undefined, shown: model.live });
}

/** Handles a mouse event on the current view. */
function pointAt(model: Model, event: MouseEvent): Step {
  if (model.alertsOffset !== undefined) {
    return { model: event.action === 'press' ? { ...model, alertsOffset: undefined } : model };
  }
  if (model.picker !== undefined && model.shown !== undefined) {
    const screen = rect(0, 0, model.width, model.height);
    return {
      model: afterPicker(model, pointAtPicker(model.picker, event, screen, model.shown.section.interfaces)),
    };
  }
  if (layoutOf(model).isTooSmall) return { model };
  if (isOnPortsLine(model, event)) return { model: openPorts(model) };
  const step = LIST.pointAt(model, event, openRow);
  const isPress = event.action === 'press' && event.button === 'left';
  return isPress ? { ...step, model: rememberRow(step.model) } : step;
}

/** Whether a press hits the line of ports in the detail, if there are any. */
function isOnPortsLine(model: Model, { action, button, x, y }: MouseEvent): boolean {
  if (model.view !== 'detail' || action !== 'press' || button !== 'left') return false;
  const { listening } = layoutDetail(fullLayoutOf(model).table);
  return model.workspace.detail.listening.length > 0 && contains(listening, x, y);
}

/** Keeps the typed text, as Enter does. */
function openRow(model: Model): Step | undefined {
  return canOpen(model) ? { model: openSelected({ ...model, prompt: undefined }) } : undefined;
}

/** A row selected while typing a filter is the one that Escape restores. */
function rememberRow(model: Model): Model {
  const { prompt } = model;
  const { selection } = stateOf(model);
  if (prompt === undefined || selection === prompt.selection) return model;
  return { ...model, prompt: { ...prompt, selection } };
}

/** Parts of the screen's loop. */
export type SstopProgram = FrameProgram<Model, Message, Effect>;

/** sstop's screen as a program for the loop. */
export function sstopProgram(options: StartOptions): SstopProgram {
  return {
    initial: initialModel(options),
    update,
    view,
    input: inputMessageOf,
    resized: (_model, width, height) => ({ kind: 'resized', width, height }),
  };
}
