import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Program } from '../../screen/loop/program.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { type KeyHint, renderKeyHints } from '../../screen/widgets/key-hints.ts';
import { renderScrollbar, type ScrollPosition } from '../../screen/widgets/viewport.ts';
import { type HelpGroup, renderHelp } from '../../views/overlays/help.ts';
import { type KillState, killNote, renderKill } from '../../views/overlays/kill.ts';
import { type PromptLine, renderPromptLine } from '../../views/overlays/prompt-line.ts';
import { followedTimeLine, renderTimeLine, type TimeLine } from '../../views/overlays/time-line.ts';
import type { Notice, ShownTotals } from '../../views/screen-update.ts';
import { chordText, type Keymap, keyLines } from '../config/keymap.ts';
import type { PlaybackState } from './recordings.ts';

/** Start options of a screen, from configuration and terminal. */
export interface FrameOptions<Action extends string> {
  readonly mouse: boolean;
  readonly ownPid: number;
  readonly ascii: boolean;
  readonly theme: Theme;
  readonly keymap: Keymap<Action>;
  /** Keymap while the past is shown; undefined: there is no past. */
  readonly pastKeymap?: Keymap<Action> | undefined;
}

/** Common part of both screens' models. */
export interface FrameModel<Action extends string> extends Omit<FrameOptions<Action>, 'mouse'> {
  readonly width: number;
  readonly height: number;
  readonly kill: KillState | undefined;
  /** First visible line of the help; undefined: closed. */
  readonly helpOffset: number | undefined;
  /** Offset of the pointer within the scrollbar's thumb while it is dragged. */
  readonly grab: number | undefined;
  readonly isMouseOn: boolean;
  /** Set while a recording is played or the past is shown. */
  readonly playback: PlaybackState | undefined;
  /** Keymap for the present. */
  readonly liveKeymap: Keymap<Action>;
  readonly timeLine: TimeLine | undefined;
  /** Shown by the help overlay instead of the keys. */
  readonly totals: ShownTotals | undefined;
  readonly notice: Notice | undefined;
}

/** A program for the loop that is always told its size. */
export interface FrameProgram<Model, Message, Effect> extends Program<Model, Message, Effect> {
  resized(model: Model, width: number, height: number): Message;
}

/** Initial model, before the size of the screen is known. */
export function initialFrame<Action extends string>(options: FrameOptions<Action>): FrameModel<Action> {
  const { mouse, ownPid, ascii, theme, keymap, pastKeymap } = options;
  return {
    ...{ width: 0, height: 0, isMouseOn: mouse, ownPid, ascii, theme },
    ...{ keymap, liveKeymap: keymap, pastKeymap },
    ...{ timeLine: undefined, totals: undefined },
    ...{ kill: undefined, helpOffset: undefined, grab: undefined, playback: undefined, notice: undefined },
  };
}

/** The model at another position of a recording or history; undefined: the present. */
export function withPlayback<Action extends string, Model extends FrameModel<Action>>(
  model: Model,
  playback: PlaybackState | undefined,
): Model {
  const { liveKeymap, pastKeymap, timeLine } = model;
  const keymap = playback === undefined ? liveKeymap : (pastKeymap ?? liveKeymap);
  // While playback is paused, the cursor stays where the user put it.
  const isPlaying = playback !== undefined && !playback.progress.isPaused;
  const followed =
    timeLine && isPlaying ? followedTimeLine(timeLine, playback.wallMillis ?? Number.NaN) : timeLine;
  return { ...model, playback, keymap, timeLine: followed };
}

type FramedModel = Pick<
  FrameModel<never>,
  'helpOffset' | 'kill' | 'theme' | 'ascii' | 'timeLine' | 'totals'
> & { readonly keymap: { chordsOf(action: never): readonly string[] } };

/** The program's own part of its screen. */
interface ScreenFrame<Model> {
  readonly program: string;
  readonly minWidth: number;
  readonly minHeight: number;
  /** Draws views and footer. */
  paint(model: Model, buffer: Buffer): void;
  helpOf(model: Model): readonly HelpGroup[];
}

/** Draws the whole screen: the views, then the overlays. */
export function paintScreen<Model extends FramedModel>(
  model: Model,
  buffer: Buffer,
  frame: ScreenFrame<Model>,
): void {
  buffer.clear(model.theme.base);
  buffer.isAscii = model.ascii;
  if (buffer.width < frame.minWidth || buffer.height < frame.minHeight) {
    renderTooSmall(model, buffer, frame);
  } else {
    frame.paint(model, buffer);
    renderOverlays(model, buffer, frame);
  }
  // Names may contain anything; everything else is already ASCII.
  if (model.ascii) buffer.restrictToAscii();
}

function renderTooSmall<Model extends FramedModel>(
  { theme }: Model,
  buffer: Buffer,
  { minWidth, minHeight }: ScreenFrame<Model>,
): void {
  const size = `Now ${buffer.width}x${buffer.height}.`;
  const lines = ['Too small.', size, `Needs ${minWidth}x${minHeight}.`];
  for (const [y, line] of lines.entries()) buffer.put(0, y, line, theme.warning);
}

function renderOverlays<Model extends FramedModel>(
  model: Model,
  buffer: Buffer,
  { program, helpOf }: ScreenFrame<Model>,
): void {
  const { helpOffset: offset, kill, theme, timeLine, totals } = model;
  if (timeLine !== undefined) renderTimeLine(buffer.area, buffer, { timeLine, theme });
  if (offset !== undefined) {
    const title = totals === undefined ? `${program} keys` : totalsTitle(model, totals);
    const help = { title, groups: totals?.groups ?? helpOf(model), offset };
    renderHelp(buffer.area, buffer, { ...help, theme });
  }
  if (kill !== undefined) {
    const { pid, name, selected } = kill;
    renderKill(buffer.area, buffer, { pid, name, selected, ...killNote(kill, program), theme });
  }
}

/** `Totals by day (Tab) and program (p)`, with the keys that show others. */
function totalsTitle({ keymap, ascii }: FramedModel, { wish }: ShownTotals): string {
  const keyOf = (...actions: readonly string[]): string => {
    const [chord] = actions.flatMap((action) => keymap.chordsOf(action as never));
    return chord === undefined ? '' : ` (${chordText(chord, ascii)})`;
  };
  const period = `${wish.period}${keyOf('interface-next', 'host-next')}`;
  return `Totals by ${period} and ${wish.by}${keyOf('group-by')}`;
}

/** Content of the last line: the first of these that is set. */
interface Footer {
  /** The line being typed. */
  readonly prompt: Omit<PromptLine, 'theme'> | undefined;
  /** A notice, instead of the keys. */
  readonly note: Notice | undefined;
  /** The most important keys, in order. */
  readonly hints: () => readonly KeyHint[];
}

export function renderFooter(
  area: Rect,
  buffer: Buffer,
  { theme }: Pick<FramedModel, 'theme'>,
  { prompt, note, hints }: Footer,
): void {
  if (area.height < 1) return;
  if (prompt !== undefined) renderPromptLine(area, buffer, { ...prompt, theme });
  else if (note === undefined) renderKeyHints(area, buffer, hints(), theme);
  else {
    buffer.put(area.x + 1, area.y, note.text, note.isBad ? theme.warning : theme.good, area.width - 2);
  }
}

/** A clickable hint of the footer. */
export interface ActionHint<Action extends string> extends KeyHint {
  readonly action: Action;
}

/**
 * Key hints for the footer; those that do not fit are dropped from the right. `labelOf` returns a label for the current
 * state; undefined: the default label; null: the key has no effect now.
 */
export function keyHintsOf<Action extends string>(
  keymap: Keymap<Action>,
  actions: readonly Action[],
  labelOf: (action: Action) => string | undefined | null,
  isAscii: boolean,
): readonly ActionHint<Action>[] {
  const hints: ActionHint<Action>[] = [];
  for (const action of actions) {
    const binding = keymap.bindingOf(action);
    const label = labelOf(action);
    if (binding === undefined || label === null) continue;
    hints.push({
      action,
      key: chordText(binding.chords[0]!, isAscii),
      label: label ?? binding.label ?? action,
    });
  }
  return hints;
}

/** Draws the scrollbar if not all rows are visible. */
export function renderRowsScrollbar(
  area: Rect,
  buffer: Buffer,
  { theme }: FramedModel,
  position: ScrollPosition,
): void {
  if (position.count > position.visible) renderScrollbar(area, buffer, position, theme);
}

const MOUSE: HelpGroup = {
  title: 'Mouse',
  lines: [
    { keys: 'click', description: 'Select a row; again: open it' },
    { keys: 'on a title', description: 'Sort; again: reverse' },
    { keys: 'wheel', description: 'Scroll' },
    { keys: 'drag', description: 'Move the scrollbar' },
  ],
};

/** Content of the help overlay, generated from the keymap. */
export function helpGroups<Action extends string>(
  keymap: Keymap<Action>,
  isAscii: boolean,
): readonly HelpGroup[] {
  return [...keyLines(keymap, isAscii), MOUSE];
}
