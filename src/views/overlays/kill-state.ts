import type { SignalOutcome } from '../../data/sample/platform.ts';
import type { MouseEvent } from '../../screen/input/event.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { hitKill, KILL_SIGNALS } from './kill.ts';

/** The kill overlay: whom, with what, and how far it got. */
export interface KillState {
  readonly pid: number;
  /** With the pid the process's identity: compared again at the moment of sending. */
  readonly startTicks: number;
  readonly name: string;
  readonly selected: number;
  readonly stage: 'choosing' | 'confirming' | 'sending' | 'done';
  readonly outcome: SignalOutcome | undefined;
}

export type KillTarget = Pick<KillState, 'pid' | 'startTicks' | 'name'>;

/** What an input makes of the overlay: undefined closes it, and a signal number is to be sent. */
export interface KillStep {
  readonly state: KillState | undefined;
  readonly signal?: number;
}

/** The overlay as it opens. */
export function killStateOf({ pid, startTicks, name }: KillTarget): KillState {
  return { pid, startTicks, name, selected: 0, stage: 'choosing', outcome: undefined };
}

/** A key while the overlay is open: it takes them all. `ownPid` is this program's. */
export function killKeyed(state: KillState, chord: string, ownPid: number): KillStep {
  switch (chord) {
    case 'escape':
    case 'q':
    case 'ctrl+c':
      return { state: undefined };
    case 'down':
    case 'j':
      return { state: killMoved(state, 1) };
    case 'up':
    case 'k':
      return { state: killMoved(state, -1) };
    case 'enter':
      return killEntered(state, ownPid);
    default:
      return { state };
  }
}

/** A press on a signal chooses it, on the chosen one sends it, beside the overlay closes it. */
export function killPointed(state: KillState, event: MouseEvent, screen: Rect, ownPid: number): KillStep {
  if (event.action !== 'press' || event.button !== 'left') return { state };
  const index = hitKill(screen, state.selected, event.x, event.y);
  if (index < 0) return { state: undefined };
  if (index === state.selected && state.stage !== 'done') return killEntered(state, ownPid);
  return { state: { ...state, selected: index, stage: 'choosing', outcome: undefined } };
}

/** The overlay once the signal was sent, or not. */
export function killDone(state: KillState, outcome: SignalOutcome): KillState {
  return { ...state, stage: 'done', outcome };
}

const OUTCOMES: Readonly<Record<SignalOutcome, string>> = {
  sent: 'sent.',
  gone: 'not sent: the process is gone.',
  'not-permitted': 'not sent: no permission.',
  'identity-changed': 'not sent: another process has this PID now.',
};

/** The line under the signals, and whether it is bad news; `program` is what this program is called. */
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

/** Asks once more where that is due, sends, or closes what is done. */
function killEntered(state: KillState, ownPid: number): KillStep {
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

/** The kernel's first process, or this program: lost by mistake, the session is too. */
function needsConfirmation(pid: number, ownPid: number): boolean {
  return pid === 1 || pid === ownPid;
}

/** The cursor `delta` signals further, stopping at the ends; a new choice starts anew. */
function killMoved(state: KillState, delta: number): KillState {
  const selected = Math.max(0, Math.min(KILL_SIGNALS.length - 1, state.selected + delta));
  return { ...state, selected, stage: 'choosing', outcome: undefined };
}
