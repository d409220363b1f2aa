import type { SignalOutcome } from '../data/sample/platform.ts';
import type { HistoryMoment } from '../data/sample/snapshot.ts';
import { TOTALS_KINDS, TOTALS_PERIODS, type TotalsWish } from '../data/sample/totals-kind.ts';
import type { InputEvent, KeyEvent, MouseEvent } from '../screen/input/event.ts';
import { rect } from '../screen/layout/rect.ts';
import { insertText, type TextInput, updateTextInput } from '../screen/widgets/text-input.ts';
import { actOnHelp, type HelpGroup, pointAtHelp } from './overlays/help.ts';
import {
  type KillState,
  type KillStep,
  type KillTarget,
  killStateOf,
  pointAtKill,
  pressKeyInKill,
  withOutcome,
} from './overlays/kill.ts';
import {
  openTimeLine,
  pasteIntoTimeLine,
  pointAtTimeLine,
  pressKeyInTimeLine,
  type TimeLine,
  type TimeLineStep,
} from './overlays/time-line.ts';

/** Result of the last command, for the footer. The next key or click clears it. */
export interface Notice {
  readonly text: string;
  readonly isBad: boolean;
}

interface Noticing {
  readonly notice: Notice | undefined;
}

/** Returns the model with a note on the result of a key. */
export function withNotice<Model extends Noticing>(model: Model, text: string, isBad: boolean): Model {
  return { ...model, notice: { text, isBad } };
}

function withoutNotice<Model extends Noticing>(model: Model): Model {
  return model.notice === undefined ? model : { ...model, notice: undefined };
}

/** Switches the mouse on or off, with a notice, because nothing on the screen shows it. */
function withMouse<Model extends Noticing & { readonly isMouseOn: boolean }>(
  model: Model,
  isOn: boolean,
): {
  readonly model: Model;
  readonly effects: readonly [{ readonly kind: 'set-mouse'; readonly isOn: boolean }];
} {
  const text = isOn ? 'Mouse on.' : 'Mouse off: text can be selected.';
  return {
    model: withNotice({ ...model, isMouseOn: isOn }, text, false),
    effects: [{ kind: 'set-mouse', isOn }],
  };
}

/** User input as a message to a model. */
type InputMessage<Action extends string> =
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'typed'; readonly key: KeyEvent }
  | { readonly kind: 'pasted'; readonly text: string }
  | { readonly kind: 'pointer'; readonly event: MouseEvent };

/** The part of a model that decides what a key means. */
interface Keyed<Action extends string> {
  readonly keymap: { actionOf(chord: string): Action | undefined };
  /** The line being typed, if any. */
  readonly prompt: unknown;
  /** The overlays that take every key, if one is open. */
  readonly kill: unknown;
  readonly picker?: unknown;
  readonly timeLine?: { readonly input: TextInput | undefined } | undefined;
}

/** Keys with the same meaning while the time line is open. */
const TIME_LINE_ACTIONS: readonly string[] = ['timeline', 'now', 'pause', 'quit', 'redraw', 'suspend'];

/** The message for an input; undefined: none. */
export function inputMessageOf<Action extends string>(
  { keymap, prompt, kill, picker, timeLine }: Keyed<Action>,
  event: InputEvent,
): InputMessage<Action> | undefined {
  switch (event.kind) {
    case 'key': {
      if (prompt !== undefined || kill !== undefined || picker !== undefined) {
        return { kind: 'typed', key: event };
      }
      const action = keymap.actionOf(event.chord);
      const isOfViews = action === undefined || !TIME_LINE_ACTIONS.includes(action);
      const isTyped = timeLine !== undefined && (isOfViews || timeLine.input !== undefined);
      if (isTyped) return { kind: 'typed', key: event };
      return action === undefined ? undefined : { kind: 'action', action };
    }
    case 'paste':
      return { kind: 'pasted', text: event.text };
    case 'mouse':
      return { kind: 'pointer', event };
    case 'focus':
    case 'reply':
      return undefined;
  }
}

/** Model of the screen of every program, without its views. */
interface ScreenModel {
  readonly width: number;
  readonly height: number;
  readonly notice: Notice | undefined;
  readonly kill: KillState | undefined;
  /** This program's PID: a signal to it needs confirmation. */
  readonly ownPid: number;
  /** First visible line of the help; undefined: closed. */
  readonly helpOffset: number | undefined;
  /** Shown by the help overlay instead of the keys. */
  readonly totals: ShownTotals | undefined;
  readonly isMouseOn: boolean;
  /** The line being typed at the bottom; undefined: closed. */
  readonly prompt: { readonly input: TextInput } | undefined;
  /** Set while a recording is played. */
  readonly playback:
    | { readonly progress: { readonly isPaused: boolean }; readonly wallMillis?: number }
    | undefined;
  readonly timeLine: TimeLine | undefined;
}

/** Totals of a history, as they stand over the screen. */
export interface ShownTotals {
  readonly wish: TotalsWish;
  readonly groups: readonly HelpGroup[];
}

/** What is shown first. */
const FIRST_TOTALS: TotalsWish = { period: 'day', by: 'program' };

/** Commands of time travel. */
export type TravelCommand =
  | { readonly kind: 'open' }
  | { readonly kind: 'go'; readonly wallMillis: number }
  | { readonly kind: 'now' }
  | { readonly kind: 'totals'; readonly wish: TotalsWish };

export type PlaybackCommand = 'slower' | 'faster' | 'back' | 'forward' | 'pause' | 'resume';

/** Messages of every screen. */
export type ScreenMessage<Action extends string> =
  | InputMessage<Action>
  | { readonly kind: 'signalled'; readonly outcome: SignalOutcome }
  /** Totals of the history, to show instead of the help. */
  | { readonly kind: 'totals'; readonly totals: ShownTotals }
  /** The history was opened, for the time line. */
  | { readonly kind: 'timeline'; readonly moments: readonly HistoryMoment[] }
  | { readonly kind: 'noticed'; readonly text: string; readonly isBad: boolean };

/** Effects that every screen requests. */
export type ScreenEffect =
  | { readonly kind: 'set-mouse'; readonly isOn: boolean }
  | { readonly kind: 'playback'; readonly command: PlaybackCommand }
  | { readonly kind: 'travel'; readonly command: TravelCommand }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'suspend' };

interface StepOf<Model, Effect> {
  readonly model: Model;
  readonly effects?: readonly Effect[];
  readonly quit?: boolean;
}

/** The program's own part in the update of its screen. */
interface ScreenParts<Model, Action, Effect> {
  helpOf(model: Model): readonly HelpGroup[];
  /** Handles an action of the program; undefined: not one of its own. Never called with `pause` for a recording. */
  act(model: Model, action: Action): StepOf<Model, Effect> | undefined;
  /** The line at the bottom: Enter closes it, Escape closes and undoes it; every change applies at once. */
  acceptPrompt(model: Model): Model;
  cancelPrompt(model: Model): Model;
  editPrompt(model: Model, input: TextInput): Model;
  /** Handles a key of an overlay of the program's own; undefined: none is open. */
  pressKeyInOverlay?(model: Model, key: KeyEvent): Model | undefined;
  /** Recalls an earlier (1) or later (-1) line. */
  recallPrompt?(model: Model, step: number): Model;
  /** Handles the mouse on the views, after the overlays. */
  pointAt(model: Model, event: MouseEvent): StepOf<Model, Effect>;
  signalEffect(model: Model, target: KillTarget, signal: number): Effect;
}

const PLAYBACK_COMMANDS: Readonly<Record<string, PlaybackCommand | undefined>> = {
  ...{ 'playback-slower': 'slower', 'playback-faster': 'faster' },
  ...{ 'seek-back': 'back', 'seek-forward': 'forward' },
};

/** Handles a message of every screen. Keys and mouse go to overlays first, then to the views. */
export function updateScreen<Model extends ScreenModel, Action extends string, Effect>(
  model: Model,
  message: ScreenMessage<Action>,
  parts: ScreenParts<Model, Action, Effect>,
): StepOf<Model, Effect | ScreenEffect> {
  switch (message.kind) {
    case 'action':
      return act(withoutNotice(model), message.action, parts);
    case 'typed': {
      if (model.timeLine !== undefined && model.kill === undefined && model.prompt === undefined) {
        return applyTimeLine(model, pressKeyInTimeLine(model.timeLine, message.key, model.width));
      }
      const inOverlay = parts.pressKeyInOverlay?.(model, message.key);
      if (inOverlay !== undefined) return { model: inOverlay };
      return model.kill === undefined
        ? { model: typeKey(model, message.key, parts) }
        : applyKillStep(model, pressKeyInKill(model.kill, message.key.chord, model.ownPid), parts);
    }
    case 'pasted':
      if (model.timeLine !== undefined) {
        return { model: { ...model, timeLine: pasteIntoTimeLine(model.timeLine, message.text) } };
      }
      if (model.prompt === undefined) return { model };
      return { model: parts.editPrompt(model, insertText(model.prompt.input, message.text)) };
    case 'pointer':
      return pointAt(message.event.action === 'press' ? withoutNotice(model) : model, message.event, parts);
    case 'signalled':
      if (model.kill === undefined) return { model };
      return { model: { ...model, kill: withOutcome(model.kill, message.outcome) } };
    case 'totals':
      return { model: { ...model, totals: message.totals, helpOffset: 0, timeLine: undefined } };
    case 'timeline': {
      const timeLine = openTimeLine(message.moments, model.playback?.wallMillis ?? Number.NaN);
      return { model: timeLine === undefined ? withNotice(model, NO_MOMENTS, true) : { ...model, timeLine } };
    }
    case 'noticed':
      return { model: withNotice(model, message.text, message.isBad) };
  }
}

const NO_MOMENTS = 'The history has no sample yet.';

function applyTimeLine<Model extends ScreenModel, Effect>(
  model: Model,
  { timeLine, goTo }: TimeLineStep,
): StepOf<Model, Effect | ScreenEffect> {
  const next = { ...model, timeLine };
  if (goTo === undefined) return { model: next };
  return { model: next, effects: [{ kind: 'travel', command: { kind: 'go', wallMillis: goTo } }] };
}

/** Handles a key while the line at the bottom is open; it takes all keys. */
function typeKey<Model extends ScreenModel, Action extends string, Effect>(
  model: Model,
  key: KeyEvent,
  parts: ScreenParts<Model, Action, Effect>,
): Model {
  const { prompt } = model;
  if (prompt === undefined) return model;
  switch (key.chord) {
    case 'enter':
      return parts.acceptPrompt(model);
    case 'escape':
    case 'ctrl+c':
      return parts.cancelPrompt(model);
    case 'up':
      return parts.recallPrompt?.(model, 1) ?? model;
    case 'down':
      return parts.recallPrompt?.(model, -1) ?? model;
    default: {
      const input = updateTextInput(prompt.input, key);
      return input === undefined || input === prompt.input ? model : parts.editPrompt(model, input);
    }
  }
}

/** Opens the signal overlay for a process, or shows why that is not possible. */
export function openKill<Model extends ScreenModel>(
  model: Model,
  canSignal: boolean,
  target: KillTarget | undefined,
): Model {
  if (!canSignal) return withNotice(model, 'Signals can be sent only on this machine.', true);
  if (target === undefined) return withNotice(model, 'Select a process first.', true);
  return { ...model, kill: killStateOf(target) };
}

/** Actions that leave the help open, or close it themselves. All others close it, so that what they do is seen. */
const KEEPS_HELP: ReadonlySet<string> = new Set(['help', 'totals', 'redraw', 'suspend']);

function act<Model extends ScreenModel, Action extends string, Effect>(
  model: Model,
  action: Action,
  parts: ScreenParts<Model, Action, Effect>,
): StepOf<Model, Effect | ScreenEffect> {
  if (model.helpOffset !== undefined) {
    const helped = actOnHelp(model, helpOf(model, parts), action);
    if (helped !== undefined) return { model: helped };
    const wish = model.totals && otherTotals(model.totals.wish, action);
    if (wish !== undefined)
      return { model, effects: [{ kind: 'travel', command: { kind: 'totals', wish } }] };
    if (!KEEPS_HELP.has(action)) return act({ ...model, helpOffset: undefined }, action, parts);
  }
  // A recording is paused itself; a live machine continues behind a frozen screen.
  if (action === 'pause' && model.playback !== undefined) {
    const command = model.playback.progress.isPaused ? 'resume' : 'pause';
    return { model, effects: [{ kind: 'playback', command }] };
  }
  return parts.act(model, action) ?? actAnywhere(model, action);
}

function actAnywhere<Model extends ScreenModel>(model: Model, action: string): StepOf<Model, ScreenEffect> {
  const command = PLAYBACK_COMMANDS[action];
  if (command !== undefined) return { model, effects: [{ kind: 'playback', command }] };
  switch (action) {
    case 'mouse':
      return withMouse(model, !model.isMouseOn);
    case 'help':
      return {
        model: { ...model, totals: undefined, helpOffset: model.helpOffset === undefined ? 0 : undefined },
      };
    case 'timeline':
      if (model.timeLine !== undefined) return { model: { ...model, timeLine: undefined } };
      return { model, effects: [{ kind: 'travel', command: { kind: 'open' } }] };
    case 'totals':
      if (model.helpOffset !== undefined) return { model: { ...model, helpOffset: undefined } };
      return { model, effects: [{ kind: 'travel', command: { kind: 'totals', wish: FIRST_TOTALS } }] };
    case 'now':
      return {
        model: { ...model, timeLine: undefined },
        effects: [{ kind: 'travel', command: { kind: 'now' } }],
      };
    case 'redraw':
    case 'suspend':
      return { model, effects: [{ kind: action }] };
    default:
      return { model, quit: true };
  }
}

function pointAt<Model extends ScreenModel, Action, Effect>(
  model: Model,
  event: MouseEvent,
  parts: ScreenParts<Model, Action, Effect>,
): StepOf<Model, Effect | ScreenEffect> {
  if (model.kill !== undefined) {
    const screen = rect(0, 0, model.width, model.height);
    return applyKillStep(model, pointAtKill(model.kill, event, screen, model.ownPid), parts);
  }
  if (model.helpOffset === undefined) {
    const step = model.timeLine && pointAtTimeLine(model.timeLine, event, model);
    return step === undefined ? parts.pointAt(model, event) : applyTimeLine(model, step);
  }
  return { model: pointAtHelp(model, helpOf(model, parts), event.action) };
}

function helpOf<Model extends ScreenModel, Action, Effect>(
  model: Model,
  parts: ScreenParts<Model, Action, Effect>,
): readonly HelpGroup[] {
  return model.totals?.groups ?? parts.helpOf(model);
}

/** What keys of both programs mean while totals are shown: the next period, and what the next sums are by. */
function otherTotals({ period, by }: TotalsWish, action: string): TotalsWish | undefined {
  switch (action) {
    case 'interface-next':
    case 'host-next':
      return { period: after(TOTALS_PERIODS, period), by };
    case 'group-by':
      return { period, by: after(TOTALS_KINDS, by) };
    default:
      return undefined;
  }
}

function after<T>(all: readonly T[], one: T): T {
  return all[(all.indexOf(one) + 1) % all.length]!;
}

function applyKillStep<Model extends ScreenModel, Action, Effect>(
  model: Model,
  { state, signal }: KillStep,
  parts: ScreenParts<Model, Action, Effect>,
): StepOf<Model, Effect> {
  const next = { ...model, kill: state };
  if (state === undefined || signal === undefined) return { model: next };
  return { model: next, effects: [parts.signalEffect(model, state, signal)] };
}
