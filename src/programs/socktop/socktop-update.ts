import { otherUnits } from '../../kit/text/format.ts';
import type { InputEvent, KeyEvent, MouseEvent } from '../../screen/input/event.ts';
import { rect } from '../../screen/layout/rect.ts';
import { type TextInput, textInput } from '../../screen/widgets/text-input.ts';
import { isMovement } from '../../views/list-screen.ts';
import { actOnAlerts } from '../../views/overlays/alerts.ts';
import type { KillTarget } from '../../views/overlays/kill.ts';
import { inputMessageOf, openKill, updateScreen, withNotice } from '../../views/screen-update.ts';
import {
  type ColumnPicker,
  openColumnPicker,
  pickedColumns,
  pointAtColumns,
  pressKeyInColumns,
} from '../../views/system/column-picker.ts';
import { fasterThan, slowerThan } from '../shared/interval.ts';
import type { SocktopAction } from '../shared/keymaps.ts';
import { type FrameProgram, withPlayback } from '../shared/screen-frame.ts';
import type { Message as NetworkMessage } from '../sstop/sstop-model.ts';
import { groupByNext, leaveMembers, openControlGroup, openMembers, ungroup } from './groups-update.ts';
import { actOnHosts, goToHost, HOSTS, openHost, searchHosts } from './hosts-update.ts';
import { actOnPane, leavePane, openPane, pointAtPane } from './pane-update.ts';
import {
  type Effect,
  hostOf,
  initialModel,
  type Message,
  type Model,
  networkViews,
  rowsOf,
  type StartOptions,
  type Step,
  tablesOf,
  withHost,
  withUnits,
} from './socktop-model.ts';
import {
  alertsOf,
  applySearch,
  killTargetOf,
  nextWaits,
  orderByWhatIsKnown,
  reorder,
  sortByTraffic,
  tableIn,
  tableOf,
  toggleTraffic,
  withWaits,
} from './socktop-rows.ts';
import { footerActionAt, helpOf, view } from './socktop-view.ts';

const PROCESSES_LEAST_MILLIS = 200;

/** Returns the model after a message, and the effects. Pure except for the hosts' data, which the model owns. */
function update(model: Model, message: Message): Step {
  switch (message.kind) {
    case 'resized':
      return resize(model, message.width, message.height);
    case 'sampled':
      return { model: takeSample(model, message) };
    case 'failed':
      return { model: withHost(model, { failure: message.message }, message.host) };
    case 'linked':
      return { model: takeLink(model, message) };
    case 'ticked':
      return { model: { ...model, nowMillis: message.nowMillis } };
    case 'played':
      return { model: withPlayback(model, message.playback) };
    case 'network':
      return updateNetwork(model, message.host, message.message);
    case 'pointer': {
      const { action, button, x, y } = message.event;
      const isPress = action === 'press' && button === 'left';
      const asked = isPress ? footerActionAt(model, x, y) : undefined;
      return updateScreen(model, asked === undefined ? message : { kind: 'action', action: asked }, PARTS);
    }
    default:
      return updateScreen(model, message, PARTS);
  }
}

const PARTS = {
  helpOf: (model: Model) => helpOf(model),
  act: (model: Model, action: SocktopAction): Step | undefined =>
    actOnView(model, action) ?? actOnRows(model, action) ?? actOnScreen(model, action),
  ...{ acceptPrompt, cancelPrompt, editPrompt, pointAt, pressKeyInOverlay },
  signalEffect: ({ current: host }: Model, { pid, startTicks }: KillTarget, signal: number): Effect => {
    return { kind: 'signal', host, pid, startTicks, signal };
  },
};

function resize(model: Model, width: number, height: number): Step {
  const next = HOSTS.reorder(tableOf(model).reorder({ ...model, width, height }));
  return updateNetwork(next, next.current, { kind: 'resized', width, height });
}

/** Passes a message to the network views of a host, if they were opened. */
function updateNetwork(model: Model, index: number, message: NetworkMessage): Step {
  const isOpened = model.hosts[index]!.network !== undefined;
  return isOpened ? networkViews().updateNetwork(model, index, message) : { model };
}

function takeSample(model: Model, { host, snapshot }: Extract<Message, { kind: 'sampled' }>): Model {
  const { data } = model.hosts[host]!;
  // Replies to requests from before the pause are ignored.
  if (model.isPaused) return model;
  data.absorb(snapshot);
  const { wallMillis } = snapshot.header;
  const next = {
    ...model,
    nowMillis: Math.max(model.nowMillis, model.hosts[host]!.link === undefined ? wallMillis : 0),
  };
  const ordered = orderByWhatIsKnown(withHost(next, { failure: undefined }, host), host, snapshot);
  const taken = reorder(ordered, host);
  return taken.view === 'hosts' ? HOSTS.reorder(taken) : taken;
}

function takeLink(model: Model, { host, status, nowMillis }: Extract<Message, { kind: 'linked' }>): Model {
  const before = model.hosts[host]!.link;
  // The first sample of a new connection does not continue the last one of the old, which may come after its end.
  if (before?.phase === 'lost' && status.phase === 'live') model.hosts[host]!.data.breakOff();
  const next = withHost({ ...model, nowMillis }, { link: status }, host);
  // The version of the agent arrives after the connection.
  const isNews = status.phase === 'live' && status.notice !== before?.notice && host === model.current;
  return isNews && status.notice !== undefined ? withNotice(next, status.notice, true) : next;
}

function actOnView(model: Model, action: SocktopAction): Step | undefined {
  const listed = actOnAlerts(model, alertsOf(model), action);
  if (listed !== undefined) return { model: listed };
  if (model.view === 'hosts') {
    const step = actOnHosts(model, action);
    if (step !== undefined) return step;
  }
  if (model.view === 'process') {
    const step = actOnPane(model, action);
    if (step !== undefined) return step;
  }
  if (isMovement(action)) return { model: tableOf(model).move(model, action) };
  switch (action) {
    case 'open':
      return openRow(model);
    case 'parent':
      return { model: withNotice(model, 'Open a process first: then this key opens its parent.', true) };
    case 'back':
      return clearOrGoBack(model);
    case 'network':
      return model.view === 'network'
        ? networkViews().leaveNetwork(model)
        : networkViews().openNetwork(model);
    case 'host-next':
      return goToHost(model, 1);
    case 'host-previous':
      return goToHost(model, -1);
    default:
      return undefined;
  }
}

function actOnRows(model: Model, action: SocktopAction): Step | undefined {
  const key = tableOf(model)
    .sortKeys(model)
    .find((one) => action === `sort-${one}`);
  if (key !== undefined) return { model: isOnTable(model) ? tableOf(model).sortBy(model, key) : model };
  switch (action) {
    case 'sort-next':
      return { model: isOnTable(model) ? tableOf(model).sortByNext(model) : model };
    case 'sort-reverse':
      return { model: isOnTable(model) ? tableOf(model).reverse(model) : model };
    case 'sort-network':
      return { model: isOnTable(model) ? sortByTraffic(model) : model };
    case 'columns':
      return { model: isOnTable(model) ? openColumns(model) : model };
    case 'group-by':
      return isOnTable(model) ? groupByNext(withoutControlGroups(model)) : { model };
    case 'waits':
      return isOnTable(model) ? nextWaits(model) : { model };
    case 'traffic':
      return isOnTable(model) ? toggleTraffic(model) : { model };
    case 'search':
      return {
        model: isOnTable(model) || model.view === 'hosts' ? openPrompt(withoutControlGroups(model)) : model,
      };
    case 'per-core':
      return { model: { ...model, isPerCore: !model.isPerCore } };
    case 'kill':
      return { model: openKill(model, hostOf(model).canSignal, killTargetOf(model)) };
    default:
      return undefined;
  }
}

/** Searches and sums are of processes. */
function withoutControlGroups(model: Model): Model {
  return model.waits === 'control-groups' ? withWaits(model, 'processes').model : model;
}

function isOnTable(model: Model): boolean {
  return model.view === 'dashboard';
}

function actOnScreen(model: Model, action: SocktopAction): Step | undefined {
  switch (action) {
    case 'compact':
      if (!isOnTable(model)) return { model };
      return {
        model: tableOf(model).reorder({ ...model, isCompact: !model.isCompact }),
        effects: [{ kind: 'demand' }],
      };
    case 'retry':
      return { model, effects: [{ kind: 'retry', host: model.current }] };
    case 'faster':
      return withInterval(model, fasterThan(model.metricsIntervalMillis));
    case 'slower':
      return withInterval(model, slowerThan(model.metricsIntervalMillis));
    case 'units': {
      const units = otherUnits(model.units);
      const next = withUnits(model, units);
      const text = `Network rates in ${units}: the dashboard shows them.`;
      return {
        model: model.view === 'process' ? withNotice(next, text, false) : next,
        effects: [{ kind: 'remember-units', units }],
      };
    }
    case 'pause':
      return togglePause(model);
    default:
      return undefined;
  }
}

/** The pane of the process under the cursor, or the processes of the row that sums them or of the control group. */
function openRow(model: Model): Step {
  switch (rowsOf(model, hostOf(model))) {
    case 'control-groups':
      return openControlGroup(model);
    case 'sums':
      return openMembers(model);
    default:
      return openPane(model);
  }
}

/** Escape undoes one thing at a time: the search, then the view; in the outermost view it quits. */
function clearOrGoBack(model: Model): Step {
  if (model.view === 'network') return networkViews().leaveNetwork(model);
  if (model.view === 'process') return leavePane(model);
  if (model.view === 'hosts') {
    return model.hostsSearch === '' ? { model, quit: true } : { model: searchHosts(model, '') };
  }
  const { members, search, groupBy } = hostOf(model);
  if (model.waits === 'control-groups') return withWaits(model, undefined);
  if (members?.search === search) return leaveMembers(model);
  if (search !== '') return { model: applySearch(model, '') };
  if (members !== undefined) return leaveMembers(model);
  if (groupBy !== undefined) return ungroup(model);
  if (model.waits !== undefined) return withWaits(model, undefined);
  if (model.hosts.length === 1) return { model, quit: true };
  return { model: HOSTS.reorder({ ...model, view: 'hosts' }), effects: [{ kind: 'demand' }] };
}

/** The interval of processes changes in proportion. */
function withInterval(model: Model, metricsIntervalMillis: number): Step {
  if (metricsIntervalMillis === model.metricsIntervalMillis) return { model };
  const ratio = model.processesIntervalMillis / model.metricsIntervalMillis;
  const processesIntervalMillis = Math.max(PROCESSES_LEAST_MILLIS, Math.round(metricsIntervalMillis * ratio));
  return {
    model: { ...model, metricsIntervalMillis, processesIntervalMillis },
    effects: [{ kind: 'demand' }],
  };
}

/** A paused screen requests nothing; after the pause rates start again. */
function togglePause(model: Model): Step {
  if (model.isPaused) for (const { data } of model.hosts) data.breakOff();
  return { model: { ...model, isPaused: !model.isPaused }, effects: [{ kind: 'demand' }] };
}

/** Parts of the screen's loop. */
export type SocktopProgram = FrameProgram<Model, Message, Effect>;

/** socktop's screen as a program for the loop. */
export function socktopProgram(options: StartOptions): SocktopProgram {
  return {
    initial: initialModel(options),
    update,
    view,
    input: messageOf,
    resized: (_model, width, height) => ({ kind: 'resized', width, height }),
  };
}

function messageOf(model: Model, event: InputEvent): Message | undefined {
  return model.view === 'network'
    ? networkViews().networkMessageOf(model, event)
    : inputMessageOf(model, event);
}

function pressKeyInOverlay(model: Model, key: KeyEvent): Model | undefined {
  return model.picker === undefined ? undefined : withPicker(model, pressKeyInColumns(model.picker, key));
}

/** The picker changes the usual table. */
function openColumns(model: Model): Model {
  const usual = model.waits === undefined ? model : withWaits(model, undefined).model;
  return { ...usual, picker: openColumnPicker(usual.columns) };
}

/** Returns the model after a step of the picker: its columns are shown at once and stay when it closes. */
function withPicker(model: Model, picker: ColumnPicker | undefined): Model {
  if (picker === undefined || picker === model.picker) return { ...model, picker };
  const columns = pickedColumns(picker);
  const isSame = columns.join() === model.columns.filter((id) => id !== 'network').join();
  if (isSame) return { ...model, picker };
  const next = { ...model, ...tablesOf(columns), picker };
  // A hidden optional column is not a sort key.
  const { sort, data } = hostOf(next);
  const isKnown = next.list.sortKeys(data.rows, true).some((key) => key === sort.key);
  return tableOf(next).reorder(isKnown ? next : withHost(next, { sort: { key: 'cpu', isReversed: false } }));
}

/** Handles a mouse event on the current view. */
function pointAt(model: Model, event: MouseEvent): Step {
  if (model.alertsOffset !== undefined) {
    return { model: event.action === 'press' ? { ...model, alertsOffset: undefined } : model };
  }
  if (model.picker !== undefined) {
    const screen = rect(0, 0, model.width, model.height);
    return { model: withPicker(model, pointAtColumns(model.picker, event, screen)) };
  }
  if (model.view === 'dashboard') return tableOf(model).pointAt(model, event, openRow);
  if (model.view === 'hosts') return HOSTS.pointAt(model, event, openHost);
  return pointAtPane(model, event);
}

/** Opens the search prompt; a new search starts with all rows. */
function openPrompt(model: Model): Model {
  const search = model.view === 'hosts' ? model.hostsSearch : hostOf(model).search;
  return withSearch({ ...model, prompt: { input: textInput(''), before: search } }, '');
}

/** Selects the first match, so that Enter opens it. */
function acceptPrompt(model: Model): Model {
  const closed = { ...model, prompt: undefined };
  if (model.view === 'hosts') return closed;
  const host = hostOf(model);
  if (host.search === '') return closed;
  const viewport = { offset: 0, selected: 0 };
  // If rows have not arrived yet, the cursor waits on the first.
  if (tableIn(model, host).rowCount(host) > 0) return tableOf(closed).selectAt(closed, viewport);
  const place = { viewport, selection: undefined };
  const { grouped } = hostOf(closed);
  const isSummed = rowsOf(closed, hostOf(closed)) === 'sums';
  return withHost(closed, isSummed ? { grouped: { ...grouped, ...place } } : place);
}

function cancelPrompt(model: Model): Model {
  return withSearch({ ...model, prompt: undefined }, model.prompt?.before ?? '');
}

/** The search applies while typing. */
function editPrompt(model: Model, input: TextInput): Model {
  if (model.prompt === undefined) return model;
  return withSearch({ ...model, prompt: { ...model.prompt, input } }, input.text);
}

/** Searches hosts or processes, depending on the view. */
function withSearch(model: Model, search: string): Model {
  return model.view === 'hosts' ? searchHosts(model, search) : applySearch(model, search);
}
