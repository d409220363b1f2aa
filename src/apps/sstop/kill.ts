import type { SignalOutcome } from '../../data/sample/platform.ts';
import { KILL_SIGNALS } from '../views/overlays/kill.ts';

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

/** The kernel's first process, or this program: lost by mistake, the session is too. */
export function needsConfirmation(pid: number, ownPid: number): boolean {
  return pid === 1 || pid === ownPid;
}

const OUTCOMES: Readonly<Record<SignalOutcome, string>> = {
  sent: 'sent.',
  gone: 'not sent: the process is gone.',
  'not-permitted': 'not sent: no permission.',
  'identity-changed': 'not sent: another process has this PID now.',
};

/** The line under the signals, and whether it is bad news. */
export function killNote(state: KillState): { readonly note: string; readonly isBad: boolean } {
  const signal = KILL_SIGNALS[state.selected]!.name;
  switch (state.stage) {
    case 'choosing':
      return { note: 'Enter sends, Esc closes', isBad: false };
    case 'confirming':
      return {
        note: `${state.pid === 1 ? 'PID 1' : 'sstop itself'}: Enter again sends ${signal}`,
        isBad: true,
      };
    case 'sending':
      return { note: `${signal} ...`, isBad: false };
    case 'done': {
      const outcome = state.outcome ?? 'gone';
      return { note: `${signal} ${OUTCOMES[outcome]}`, isBad: outcome !== 'sent' };
    }
  }
}

/** The state with the cursor `delta` signals further, stopping at the ends; a new choice starts anew. */
export function killMoved(state: KillState, delta: number): KillState {
  const selected = Math.max(0, Math.min(KILL_SIGNALS.length - 1, state.selected + delta));
  return { ...state, selected, stage: 'choosing', outcome: undefined };
}
