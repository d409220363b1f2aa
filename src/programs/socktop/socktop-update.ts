import { isMovement } from '../../views/movement.ts';
import { noticed } from '../../views/notice.ts';
import type { KillTarget } from '../../views/overlays/kill-state.ts';
import { killOpened, updateScreen } from '../../views/screen-update.ts';
import { fasterThan, slowerThan } from '../shared/interval.ts';
import type { Action } from '../shared/socktop-keymap.ts';
import { hostsMoved, wentToHost } from './hosts-update.ts';
import { networkLeft, networkOpened, networkUpdated } from './network-update.ts';
import { paneActed, paneLeft, paneOpened } from './pane-update.ts';
import { helpOf } from './socktop-help.ts';
import { type Effect, hostOf, type Message, type Model, type Step, withHost } from './socktop-model.ts';
import { pointed } from './socktop-pointer.ts';
import { pasted, promptOpened, typed } from './socktop-prompt.ts';
import { killTargetOf, LIST, reordered, searched } from './socktop-rows.ts';
import { sortedByTraffic, trafficToggled } from './traffic-update.ts';

const PROCESSES_LEAST_MILLIS = 200;

/** The model after a message, and what the outside is to do. Pure but for the hosts' data, which the model owns. */
export function update(model: Model, message: Message): Step {
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
  acted: (model: Model, action: Action): Step | undefined =>
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

function actedOnView(model: Model, action: Action): Step | undefined {
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

function actedOnRows(model: Model, action: Action): Step | undefined {
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

function actedOnScreen(model: Model, action: Action): Step | undefined {
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
