import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { InputEvent, KeyEvent, MouseEvent } from '../../screen/input/event.ts';
import { rect } from '../../screen/layout/rect.ts';
import { insertText, type TextInput, textInput, updateTextInput } from '../../screen/widgets/text-input.ts';
import { isMovement, WHEEL_LINES } from '../../views/list-screen.ts';
import type { KillTarget } from '../../views/overlays/kill.ts';
import { inputMessageOf, killOpened, noticed, updateScreen } from '../../views/screen-update.ts';
import { hostRowAt } from '../../views/system/hosts-table.ts';
import { fasterThan, slowerThan } from '../shared/interval.ts';
import type { SocktopAction } from '../shared/keymaps.ts';
import { hostChosen, hostOpened, hostsMoved, hostsScrolled, wentToHost } from './hosts-update.ts';
import { networkInput, networkLeft, networkOpened, networkUpdated } from './network-update.ts';
import { paneActed, paneLeft, paneOpened, panePressed, paneScrolled } from './pane-update.ts';
import {
  type Effect,
  hostOf,
  initialModel,
  type Message,
  type Model,
  type StartOptions,
  type Step,
  withHost,
} from './socktop-model.ts';
import { killTargetOf, LIST, reordered, searched, sortedByTraffic, trafficToggled } from './socktop-rows.ts';
import { helpOf, view } from './socktop-view.ts';

const PROCESSES_LEAST_MILLIS = 200;

/** The model after a message, and what the outside is to do. Pure but for the hosts' data, which the model owns. */
function update(model: Model, message: Message): Step {
  switch (message.kind) {
    case 'resized':
      return resized(model, message.width, message.height);
    case 'sampled':
      return { model: sampled(model, message) };
    case 'failed':
      return { model: withHost(model, { failure: message.message }, message.host) };
    case 'linked':
      return { model: linked(model, message) };
    case 'ticked':
      return { model: { ...model, nowMillis: message.nowMillis } };
    case 'played':
      return { model: { ...model, playback: message.playback } };
    case 'network':
      return networkUpdated(model, message.host, message.message);
    default:
      return updateScreen(model, message, PARTS);
  }
}

const PARTS = {
  helpOf: (model: Model) => helpOf(model),
  acted: (model: Model, action: SocktopAction): Step | undefined =>
    actedOnView(model, action) ?? actedOnRows(model, action) ?? actedOnScreen(model, action),
  ...{ typed, pasted, pointed },
  signalEffect: ({ current: host }: Model, { pid, startTicks }: KillTarget, signal: number): Effect => {
    return { kind: 'signal', host, pid, startTicks, signal };
  },
};

function resized(model: Model, width: number, height: number): Step {
  const next = LIST.reordered({ ...model, width, height });
  return networkUpdated(next, next.current, { kind: 'resized', width, height });
}

function sampled(model: Model, { host, snapshot }: Extract<Message, { kind: 'sampled' }>): Model {
  const { data } = model.hosts[host]!;
  // What was asked for before the pause comes too late for it.
  if (model.isPaused) return model;
  data.absorb(snapshot);
  const { wallMillis } = snapshot.header;
  const next = {
    ...model,
    nowMillis: Math.max(model.nowMillis, model.hosts[host]!.link === undefined ? wallMillis : 0),
  };
  return reordered(withHost(next, { failure: undefined }, host), host);
}

function linked(model: Model, { host, status, nowMillis }: Extract<Message, { kind: 'linked' }>): Model {
  const before = model.hosts[host]!.link;
  const wasLive = before?.phase === 'live';
  // What comes after a gap does not continue what was before it.
  if (wasLive && status.phase !== 'live') model.hosts[host]!.data.breakOff();
  const next = withHost({ ...model, nowMillis }, { link: status }, host);
  // An agent tells its version after it is there.
  const isNews = status.phase === 'live' && status.notice !== before?.notice && host === model.current;
  return isNews && status.notice !== undefined ? noticed(next, status.notice, true) : next;
}

function actedOnView(model: Model, action: SocktopAction): Step | undefined {
  if (model.view === 'hosts') {
    const step = hostsMoved(model, action);
    if (step !== undefined) return step;
  }
  if (model.view === 'process') {
    const step = paneActed(model, action);
    if (step !== undefined) return step;
  }
  if (isMovement(action)) return { model: LIST.moved(model, action) };
  switch (action) {
    case 'open':
      return paneOpened(model);
    case 'back':
      return escaped(model);
    case 'network':
      return model.view === 'network' ? networkLeft(model) : networkOpened(model);
    case 'host-next':
      return wentToHost(model, model.current + 1);
    case 'host-previous':
      return wentToHost(model, model.current - 1);
    default:
      return undefined;
  }
}

function actedOnRows(model: Model, action: SocktopAction): Step | undefined {
  const key = model.list.sortKeys(hostOf(model).hasTraffic).find((one) => action === `sort-${one}`);
  if (key !== undefined) return { model: isOnTable(model) ? LIST.sortedBy(model, key) : model };
  switch (action) {
    case 'sort-next':
      return { model: isOnTable(model) ? LIST.sortedByNext(model) : model };
    case 'sort-reverse':
      return { model: isOnTable(model) ? LIST.reversed(model) : model };
    case 'sort-network':
      return { model: isOnTable(model) ? sortedByTraffic(model) : model };
    case 'traffic':
      return isOnTable(model) ? trafficToggled(model) : { model };
    case 'search':
      return { model: isOnTable(model) ? promptOpened(model) : model };
    case 'per-core':
      return { model: { ...model, isPerCore: !model.isPerCore } };
    case 'kill':
      return { model: killOpened(model, hostOf(model).canSignal, killTargetOf(model)) };
    default:
      return undefined;
  }
}

function isOnTable(model: Model): boolean {
  return model.view === 'dashboard';
}

function actedOnScreen(model: Model, action: SocktopAction): Step | undefined {
  switch (action) {
    case 'compact':
      if (!isOnTable(model)) return { model };
      return {
        model: LIST.reordered({ ...model, isCompact: !model.isCompact }),
        effects: [{ kind: 'demand' }],
      };
    case 'retry':
      return { model, effects: [{ kind: 'retry', host: model.current }] };
    case 'faster':
      return withInterval(model, fasterThan(model.metricsIntervalMillis));
    case 'slower':
      return withInterval(model, slowerThan(model.metricsIntervalMillis));
    case 'pause':
      return paused(model);
    default:
      return undefined;
  }
}

/** Escape takes away one thing at a time: the search, the view; at the outermost it quits. */
function escaped(model: Model): Step {
  if (model.view === 'network') return networkLeft(model);
  if (model.view === 'process') return paneLeft(model);
  if (model.view === 'dashboard' && hostOf(model).search !== '') return { model: searched(model, '') };
  if (model.view === 'dashboard' && model.hosts.length > 1) {
    return { model: { ...model, view: 'hosts' }, effects: [{ kind: 'demand' }] };
  }
  return { model, quit: true };
}

/** The interval of processes goes along, in proportion. */
function withInterval(model: Model, metricsIntervalMillis: number): Step {
  if (metricsIntervalMillis === model.metricsIntervalMillis) return { model };
  const ratio = model.processesIntervalMillis / model.metricsIntervalMillis;
  const processesIntervalMillis = Math.max(PROCESSES_LEAST_MILLIS, Math.round(metricsIntervalMillis * ratio));
  return {
    model: { ...model, metricsIntervalMillis, processesIntervalMillis },
    effects: [{ kind: 'demand' }],
  };
}

/** Nothing is asked while the screen stands still; what comes after does not continue what was before. */
function paused(model: Model): Step {
  if (model.isPaused) for (const { data } of model.hosts) data.breakOff();
  return { model: { ...model, isPaused: !model.isPaused }, effects: [{ kind: 'demand' }] };
}

/** The parts that the screen's loop runs. */
export interface SocktopProgram {
  readonly initial: Model;
  update(model: Model, message: Message): Step;
  view(model: Model, buffer: Buffer): void;
  input(model: Model, event: InputEvent): Message | undefined;
  resized(model: Model, width: number, height: number): Message;
}

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
  return model.view === 'network' ? networkInput(model, event) : inputMessageOf(model, event);
}

/** The model after a report of the mouse on the current view. */
function pointed(model: Model, event: MouseEvent): Step {
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

/** Opens the line at the bottom with the search in force now. */
function promptOpened(model: Model): Model {
  const { search } = hostOf(model);
  return { ...model, prompt: { input: textInput(search), before: search } };
}

/** A key while the line is open: it takes them all. */
function typed(model: Model, key: KeyEvent): Model {
  const { prompt } = model;
  if (prompt === undefined) return model;
  switch (key.chord) {
    case 'enter':
      return { ...model, prompt: undefined };
    case 'escape':
    case 'ctrl+c':
      return searched({ ...model, prompt: undefined }, prompt.before);
    default: {
      const input = updateTextInput(prompt.input, key);
      return input === undefined || input === prompt.input ? model : edited(model, input);
    }
  }
}

function pasted(model: Model, text: string): Model {
  const { prompt } = model;
  return prompt === undefined ? model : edited(model, insertText(prompt.input, text));
}

/** The search applies while it is typed. */
function edited(model: Model, input: TextInput): Model {
  if (model.prompt === undefined) return model;
  return searched({ ...model, prompt: { ...model.prompt, input } }, input.text);
}
