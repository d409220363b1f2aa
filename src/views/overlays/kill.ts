import { constants } from 'node:os';
import type { SignalOutcome } from '../../data/sample/platform.ts';
import { wrappedText } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { MouseEvent } from '../../screen/input/event.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { popupArea, renderPopup } from '../../screen/widgets/block.ts';
import { glyphsFor } from '../../screen/widgets/glyphs.ts';

/** A signal that the overlay offers. */
interface KillSignal {
  readonly name: string;
  readonly number: number;
  readonly meaning: string;
}

const { signals } = constants;
/** With this system's numbers (signal.h), in display order. */
export const KILL_SIGNALS: readonly KillSignal[] = [
  { name: 'SIGTERM', number: signals.SIGTERM, meaning: 'asks it to exit' },
  { name: 'SIGKILL', number: signals.SIGKILL, meaning: 'kills it immediately' },
  { name: 'SIGINT', number: signals.SIGINT, meaning: 'interrupt, like Ctrl-C' },
  { name: 'SIGHUP', number: signals.SIGHUP, meaning: 'hang-up; servers reload' },
  { name: 'SIGSTOP', number: signals.SIGSTOP, meaning: 'pauses it' },
  { name: 'SIGCONT', number: signals.SIGCONT, meaning: 'resumes it' },
  { name: 'SIGUSR1', number: signals.SIGUSR1, meaning: 'defined by the program' },
  { name: 'SIGUSR2', number: signals.SIGUSR2, meaning: 'defined by the program' },
];

interface KillView {
  readonly pid: number;
  readonly name: string;
  /** Index into KILL_SIGNALS. */
  readonly selected: number;
  /** Line below the list: a question or a result. */
  readonly note: string;
  readonly isBad: boolean;
  readonly theme: Theme;
}

const WIDTH = 58;
const NOTE_LINES = 2;
const HEIGHT = KILL_SIGNALS.length + 1 + NOTE_LINES;

/** Draws the list of signals in the middle of the screen. On a low screen the list scrolls and the note stays. */
export function renderKill(screen: Rect, buffer: Buffer, view: KillView): void {
  const { theme } = view;
  const shown = signalsIn(popupArea(screen, WIDTH, HEIGHT).height - 2, view.selected);
  const isLast = shown.first + shown.count === KILL_SIGNALS.length;
  const inside = renderPopup(screen, buffer, {
    title: `Kill ${view.pid} ${view.name}`,
    rightTitle: isLast ? '' : buffer.isAscii ? 'more below' : '↓ more',
    theme,
    width: WIDTH,
    height: HEIGHT,
  });
  const { first, count } = shown;
  for (let row = 0; row < count; row++) renderSignal(inside, row, first + row, buffer, view);
  const lines = wrappedText(view.note, inside.width - 2).slice(0, NOTE_LINES);
  // With a blank line between if one is free.
  const noteY = inside.y + Math.min(count + 1, inside.height - lines.length);
  const style = view.isBad ? theme.bad : theme.text;
  for (const [i, line] of lines.entries()) {
    buffer.put(inside.x + 1, noteY + i, line, style, inside.width - 2);
  }
}

function renderSignal(inside: Rect, row: number, index: number, buffer: Buffer, view: KillView): void {
  const { theme } = view;
  const signal = KILL_SIGNALS[index]!;
  const y = inside.y + row;
  buffer.put(inside.x + 2, y, signal.name, theme.bold, inside.width - 2);
  buffer.put(inside.x + 10, y, String(signal.number).padStart(2), theme.dim, inside.width - 10);
  buffer.put(inside.x + 14, y, signal.meaning, theme.dim, inside.width - 14);
  if (index !== view.selected) return;
  buffer.restyle(rect(inside.x, y, inside.width, 1), theme.selection);
  buffer.putCodePoint(inside.x, y, glyphsFor(buffer.isAscii).marker, theme.accent);
}

/** The visible signals: as many as leave room for the note, including the selected one. */
function signalsIn(height: number, selected: number): { readonly first: number; readonly count: number } {
  const count = Math.max(1, Math.min(KILL_SIGNALS.length, height - NOTE_LINES));
  return { first: Math.max(0, Math.min(selected - count + 1, KILL_SIGNALS.length - count)), count };
}

/** Index of the signal at (x, y); -1: none. */
function hitKill(screen: Rect, selected: number, x: number, y: number): number {
  const area = popupArea(screen, WIDTH, HEIGHT);
  const { first, count } = signalsIn(area.height - 2, selected);
  const row = y - area.y - 1;
  const isInside = x > area.x && x < area.x + area.width - 1;
  return isInside && row >= 0 && row < count ? first + row : -1;
}

/** State of the kill overlay: process, signal and progress. */
export interface KillState {
  readonly pid: number;
  /** Identifies the process together with the PID; compared again when the signal is sent. */
  readonly startTicks: number;
  readonly name: string;
  readonly selected: number;
  readonly stage: 'choosing' | 'confirming' | 'sending' | 'done';
  readonly outcome: SignalOutcome | undefined;
}

export type KillTarget = Pick<KillState, 'pid' | 'startTicks' | 'name'>;

/** Result of an input: `kill` undefined closes the overlay; a signal number is to be sent. */
export interface KillStep {
  readonly state: KillState | undefined;
  readonly signal?: number;
}

/** Opens the overlay. */
export function killStateOf({ pid, startTicks, name }: KillTarget): KillState {
  return { pid, startTicks, name, selected: 0, stage: 'choosing', outcome: undefined };
}

/** Handles a key; the open overlay takes all keys. `ownPid` is this program's PID. */
export function pressKeyInKill(state: KillState, chord: string, ownPid: number): KillStep {
  switch (chord) {
    case 'escape':
    case 'q':
    case 'ctrl+c':
      return { state: undefined };
    case 'down':
    case 'j':
      return { state: moveKill(state, 1) };
    case 'up':
    case 'k':
      return { state: moveKill(state, -1) };
    case 'enter':
      return confirmKill(state, ownPid);
    default:
      return { state };
  }
}

/** Handles the mouse: a press on a signal selects it, on the selected one sends it, outside closes the overlay. */
export function pointAtKill(state: KillState, event: MouseEvent, screen: Rect, ownPid: number): KillStep {
  if (event.action !== 'press' || event.button !== 'left') return { state };
  const index = hitKill(screen, state.selected, event.x, event.y);
  if (index < 0) return { state: undefined };
  if (index === state.selected && state.stage !== 'done') return confirmKill(state, ownPid);
  return { state: { ...state, selected: index, stage: 'choosing', outcome: undefined } };
}

/** The overlay after the signal was sent or refused. */
export function withOutcome(state: KillState, outcome: SignalOutcome): KillState {
  return { ...state, stage: 'done', outcome };
}

const OUTCOMES: Readonly<Record<SignalOutcome, string>> = {
  sent: 'sent.',
  gone: 'not sent: the process has exited.',
  'not-permitted': 'not sent: permission denied.',
  'identity-changed': 'not sent: the PID was reused.',
};

/** The line below the signals, and whether it is an error; `program` is this program's name. */
export function killNote(
  state: KillState,
  program: string,
): { readonly note: string; readonly isBad: boolean } {
  const signal = KILL_SIGNALS[state.selected]!.name;
  switch (state.stage) {
    case 'choosing':
      return { note: 'Enter sends, Esc closes', isBad: false };
    case 'confirming': {
      const whom = state.pid === 1 ? 'PID 1' : `${program} itself`;
      return { note: `${whom}: Enter again sends ${signal}`, isBad: true };
    }
    case 'sending':
      return { note: `${signal} ...`, isBad: false };
    case 'done': {
      const outcome = state.outcome ?? 'gone';
      return { note: `${signal} ${OUTCOMES[outcome]}`, isBad: outcome !== 'sent' };
    }
  }
}

/** Asks for confirmation if needed, sends the signal, or closes the overlay afterwards. */
function confirmKill(state: KillState, ownPid: number): KillStep {
  switch (state.stage) {
    case 'choosing':
      return needsConfirmation(state.pid, ownPid)
        ? { state: { ...state, stage: 'confirming' } }
        : sending(state);
    case 'confirming':
      return sending(state);
    case 'sending':
      return { state };
    case 'done':
      return { state: undefined };
  }
}

function sending(state: KillState): KillStep {
  return { state: { ...state, stage: 'sending' }, signal: KILL_SIGNALS[state.selected]!.number };
}

/** Process 1 or this program itself: a mistake would end the session. */
function needsConfirmation(pid: number, ownPid: number): boolean {
  return pid === 1 || pid === ownPid;
}

/** Moves the cursor by `delta` signals, clamped; a new choice resets the confirmation. */
function moveKill(state: KillState, delta: number): KillState {
  const selected = Math.max(0, Math.min(KILL_SIGNALS.length - 1, state.selected + delta));
  return { ...state, selected, stage: 'choosing', outcome: undefined };
}
