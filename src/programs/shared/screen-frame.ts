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

/** How a screen starts, by the configuration and the terminal. */
export interface FrameOptions<Action extends string> {
  readonly mouse: boolean;
  readonly ownPid: number;
  readonly ascii: boolean;
  readonly theme: Theme;
  readonly keymap: Keymap<Action>;
  /** In force while the past is shown; undefined: there is none. */
  readonly pastKeymap?: Keymap<Action> | undefined;
}

/** What the models of both screens have beside their views. */
export interface FrameModel<Action extends string> extends Omit<FrameOptions<Action>, 'mouse'> {
  readonly width: number;
  readonly height: number;
  readonly kill: KillState | undefined;
  /** First line of the help shown; undefined: it is closed. */
  readonly helpOffset: number | undefined;
  /** The cell of the scrollbar's thumb that the pointer holds. */
  readonly grab: number | undefined;
  readonly isMouseOn: boolean;
  /** Set where a recording is played, or the past is shown. */
  readonly playback: PlaybackState | undefined;
  /** The keys for what is now. */
  readonly liveKeymap: Keymap<Action>;
  readonly timeLine: TimeLine | undefined;
  /** What the help shows in place of the keys. */
  readonly totals: ShownTotals | undefined;
  readonly notice: Notice | undefined;
}

/** A screen for the loop; its size is always of interest to it. */
export interface FrameProgram<Model, Message, Effect> extends Program<Model, Message, Effect> {
  resized(model: Model, width: number, height: number): Message;
}

/** Before the first size of the screen is known. */
export function initialFrame<Action extends string>(options: FrameOptions<Action>): FrameModel<Action> {
  const { mouse, ownPid, ascii, theme, keymap, pastKeymap } = options;
  return {
    ...{
      width: 0,
      height: 0,
      isMouseOn: mouse,
      ownPid,
      ascii,
      theme,
      keymap,
      liveKeymap: keymap,
      pastKeymap,
    },
    ...{ timeLine: undefined, totals: undefined },
    ...{ kill: undefined, helpOffset: undefined, grab: undefined, playback: undefined, notice: undefined },
  };
}

/** The model at another place of a recording or history; undefined: at now. */
export function withPlayback<Action extends string, Model extends FrameModel<Action>>(
  model: Model,
  playback: PlaybackState | undefined,
): Model {
  const { liveKeymap, pastKeymap, timeLine } = model;
  const keymap = playback === undefined ? liveKeymap : (pastKeymap ?? liveKeymap);
  // While it stands, the cursor is where the user has put it.
  const isPlaying = playback !== undefined && !playback.progress.isPaused;
  const followed =
    timeLine && isPlaying ? followedTimeLine(timeLine, playback.wallMillis ?? Number.NaN) : timeLine;
  return { ...model, playback, keymap, timeLine: followed };
}

type FramedModel = Pick<
  FrameModel<never>,
  'helpOffset' | 'kill' | 'theme' | 'ascii' | 'timeLine' | 'totals'
> & { readonly keymap: { chordsOf(action: never): readonly string[] } };

/** A program's screen, but for what both programs have. */
interface ScreenFrame<Model> {
  readonly program: string;
  readonly minWidth: number;
  readonly minHeight: number;
  /** Paints views and footer. */
  paint(model: Model, buffer: Buffer): void;
  helpOf(model: Model): readonly HelpGroup[];
}

/** Paints the whole screen: the views, and the overlays over them. */
export function paintScreen<Model extends FramedModel>(
  model: Model,
  buffer: Buffer,
  frame: ScreenFrame<Model>,
): void {
  buffer.clear(model.theme.base);
  if (buffer.width < frame.minWidth || buffer.height < frame.minHeight) {
    renderTooSmall(model, buffer, frame);
  } else {
    frame.paint(model, buffer);
    renderOverlays(model, buffer, frame);
  }
  // Names may hold anything; what is drawn around them is ASCII by itself.
  if (model.ascii) buffer.restrictToAscii();
}

function renderTooSmall<Model extends FramedModel>(
  { theme }: Model,
  buffer: Buffer,
  { minWidth, minHeight }: ScreenFrame<Model>,
): void {
  const size = `${buffer.width}x${buffer.height}, but`;
  const lines = ['Too small.', size, `Needs ${minWidth}x${minHeight}.`];
  for (const [y, line] of lines.entries()) buffer.put(0, y, line, theme.warning);
}

function renderOverlays<Model extends FramedModel>(
  model: Model,
  buffer: Buffer,
  { program, helpOf }: ScreenFrame<Model>,
): void {
  const { helpOffset: offset, kill, theme, ascii, timeLine, totals } = model;
  if (timeLine !== undefined) renderTimeLine(buffer.area, buffer, { timeLine, theme, ascii });
  if (offset !== undefined) {
    const title = totals === undefined ? `${program} keys` : totalsTitle(model, totals);
    const help = { title, groups: totals?.groups ?? helpOf(model), offset };
    renderHelp(buffer.area, buffer, { ...help, theme, ascii });
  }
  if (kill !== undefined) {
    const { pid, name, selected } = kill;
    renderKill(buffer.area, buffer, { pid, name, selected, ...killNote(kill, program), theme, ascii });
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

/** What the last line of a screen may show: the first of these that is there. */
interface Footer {
  /** The line that is being typed. */
  readonly prompt: Omit<PromptLine, 'theme' | 'ascii'> | undefined;
  /** What the user should know now, instead of the keys. */
  readonly note: Notice | undefined;
  /** The keys that matter now, most important first. */
  readonly hints: () => readonly KeyHint[];
}

export function renderFooter(
  area: Rect,
  buffer: Buffer,
  { theme, ascii }: Pick<FramedModel, 'theme' | 'ascii'>,
  { prompt, note, hints }: Footer,
): void {
  if (area.height < 1) return;
  if (prompt !== undefined) renderPromptLine(area, buffer, { ...prompt, theme, ascii });
  else if (note === undefined) {
    renderKeyHints(area, buffer, hints(), { key: theme.key, label: theme.dim, ground: theme.base });
  } else {
    buffer.put(area.x + 1, area.y, note.text, note.isBad ? theme.warning : theme.good, area.width - 2);
  }
}

/** A hint of the footer that can be clicked. */
export interface ActionHint<Action extends string> extends KeyHint {
  readonly action: Action;
}

/**
 * The keys of actions for the footer; what does not fit is dropped from the right. `labelOf` says what the label tells
 * of the present state; undefined: only what the key does; null: it does nothing now.
 */
export function keyHintsOf<Action extends string>(
  keymap: Keymap<Action>,
  actions: readonly Action[],
  labelOf: (action: Action) => string | undefined | null,
  isAscii: boolean,
): readonly ActionHint<Action>[] {
  const bindings = keymap.groups.flatMap((group) => group.bindings);
  return actions.flatMap((action): ActionHint<Action>[] => {
    const binding = bindings.find((each) => each.action === action);
    const label = labelOf(action);
    if (binding === undefined || label === null) return [];
    return [{ action, key: chordText(binding.chords[0]!, isAscii), label: label ?? binding.label ?? action }];
  });
}

/** The scrollbar beside rows that are not all on screen. */
export function renderRowsScrollbar(
  area: Rect,
  buffer: Buffer,
  { theme, ascii }: FramedModel,
  position: ScrollPosition,
): void {
  const styles = { thumb: theme.scrollbarThumb, track: theme.scrollbarTrack };
  if (position.count > position.visible) renderScrollbar(area, buffer, position, styles, ascii);
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

/** The help overlay's text, made from the keymap itself. */
export function helpGroups<Action extends string>(
  keymap: Keymap<Action>,
  isAscii: boolean,
): readonly HelpGroup[] {
  return [...keyLines(keymap, isAscii), MOUSE];
}
