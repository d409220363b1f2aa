import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { InputEvent } from '../../screen/input/event.ts';
import { isMovement } from '../../views/list-screen.ts';
import { timeLineArea } from '../../views/overlays/time-line.ts';
import { inputMessageOf } from '../../views/screen-update.ts';
import {
  initialModel as initialNetwork,
  type Message as NetworkMessage,
  type Model as NetworkModel,
  stateOf,
} from '../sstop/sstop-model.ts';
import { update as updateSstop } from '../sstop/sstop-update.ts';
import { view as viewSstop } from '../sstop/sstop-view.ts';
import {
  type Effect,
  hostOf,
  type Message,
  type Model,
  type Step,
  withHost,
  withUnits,
} from './socktop-model.ts';
import { alertsOf } from './socktop-rows.ts';

/** Opens the network views of the current host, or returns to them. */
export function openNetwork(model: Model): Step {
  const host = hostOf(model);
  const network =
    host.network ??
    initialNetwork({
      ...model.networkOptions,
      canSignal: host.canSignal,
      ascii: model.ascii,
      theme: model.theme,
    });
  const networkFrom = model.view === 'network' ? model.networkFrom : model.view;
  // Both programs share the mouse of the terminal.
  const opened = withHost(
    { ...model, view: 'network', networkFrom, notice: undefined },
    { network: { ...network, isMouseOn: model.isMouseOn } },
  );
  const { width, height } = model;
  const sized = updateNetwork(opened, model.current, { kind: 'resized', width, height });
  return { ...sized, effects: [...(sized.effects ?? []), { kind: 'demand' }] };
}

export function leaveNetwork(model: Model): Step {
  return { model: { ...model, view: model.networkFrom }, effects: [{ kind: 'demand' }] };
}

/** Draws the network views of the current host. */
export function viewNetwork(model: Model, network: NetworkModel, buffer: Buffer): void {
  viewSstop({ ...networkInTime(model, network), link: hostOf(model).link }, buffer);
}

/** The network views at the screen's time, with its keys and overlays. */
export function networkInTime(model: Model, network: NetworkModel): NetworkModel {
  const { playback, timeLine, totals, helpOffset, alertsOffset } = model;
  const { pastKeymap } = model.networkOptions;
  const keymap = playback === undefined ? network.keymap : (pastKeymap ?? network.keymap);
  // Of this screen's own overlays only the totals lie over these views.
  const isOver = totals !== undefined && helpOffset !== undefined;
  return {
    ...{ ...network, playback, timeLine, keymap, ...(isOver ? { totals, helpOffset } : {}) },
    ...{ givenAlerts: alertsOf(model), alertsOffset },
  };
}

/** socktop's own keys on the network views: time travel. */
const TIME_ACTIONS: readonly string[] = [
  ...['timeline', 'totals', 'now', 'playback-slower', 'playback-faster', 'seek-back', 'seek-forward'],
];

/** Message for an input on the network views: sstop's, except that Escape in the outermost view closes them. */
export function networkMessageOf(model: Model, event: InputEvent): Message | undefined {
  const shown = hostOf(model).network;
  if (shown === undefined) return undefined;
  const network = networkInTime(model, shown);
  const isTotals = model.totals !== undefined && model.helpOffset !== undefined;
  if (isTotals || (model.timeLine !== undefined && isOfTimeLine(model, event))) {
    return inputMessageOf(model, event);
  }
  const message = inputMessageOf(network, event);
  const isFree = network.prompt === undefined && network.kill === undefined;
  if (event.kind === 'mouse' && isFree && model.alertsOffset !== undefined)
    return inputMessageOf(model, event);
  if (event.kind === 'key' && isFree) {
    const isOutermost =
      network.helpOffset === undefined && network.back.length === 0 && stateOf(network).filterText === '';
    const asked = message?.kind === 'action' ? message.action : undefined;
    const isOfAlerts = model.alertsOffset !== undefined && asked !== undefined;
    if (asked === 'alerts' || (isOfAlerts && (asked === 'back' || isMovement(asked)))) {
      return { kind: 'action', action: asked };
    }
    if (asked === 'back' && isOutermost) return { kind: 'action', action: 'back' };
    const own = model.keymap.actionOf(event.chord);
    const isOfTime = own === 'pause' ? model.playback !== undefined : own && TIME_ACTIONS.includes(own);
    if (isOfTime === true && own !== undefined) return { kind: 'action', action: own };
    if (message === undefined && model.keymap.actionOf(event.chord) === 'network') {
      return { kind: 'action', action: 'network' };
    }
  }
  return message === undefined ? undefined : { kind: 'network', host: model.current, message };
}

function isOfTimeLine(model: Model, event: InputEvent): boolean {
  return event.kind !== 'mouse' || event.y >= timeLineArea(model).y;
}

/** Passes a message to the network views of a host, if it has any. */
export function updateNetwork(model: Model, index: number, message: NetworkMessage): Step {
  const { network } = model.hosts[index]!;
  if (network === undefined) return { model };
  const step = updateSstop(network, message);
  const isShown = model.view === 'network' && index === model.current;
  const effects = (step.effects ?? []).map((effect): Effect => ({ kind: 'network', host: index, effect }));
  const { units } = step.model;
  return {
    model: withHost(
      isShown ? withUnits({ ...model, isMouseOn: step.model.isMouseOn }, units) : model,
      { network: step.model },
      index,
    ),
    effects,
    ...(step.quit === true ? { quit: true } : {}),
  };
}
