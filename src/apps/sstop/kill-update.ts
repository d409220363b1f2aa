import { OwnerKind } from '../../data/sample/network-section.ts';
import type { SignalOutcome } from '../../data/sample/platform.ts';
import type { KeyEvent } from '../../screen/input/event.ts';
import { KILL_SIGNALS } from '../views/overlays/kill.ts';
import { type KillState, killMoved, needsConfirmation } from './kill.ts';
import type { Model, Step } from './model.ts';
import { stateOf } from './model.ts';

/** The model with the overlay open for the process under the cursor; a notice where there is none. */
export function killOpened(model: Model): Model {
  if (!model.canSignal) return noticed(model, 'Signals can be sent on this machine only.');
  const target = targetOf(model);
  if (target === undefined) return noticed(model, 'Select a process first.');
  return { ...model, kill: { ...target, selected: 0, stage: 'choosing', outcome: undefined } };
}

function noticed(model: Model, text: string): Model {
  return { ...model, notice: { text, isBad: true } };
}

type Target = Pick<KillState, 'pid' | 'startTicks' | 'name'>;

function targetOf(model: Model): Target | undefined {
  if (model.view === 'detail') {
    const { pid, startTicks, name, hasExited } = model.workspace.detail;
    return pid > 0 && !hasExited ? { pid, startTicks, name } : undefined;
  }
  const { selection, viewport, sort } = stateOf(model);
  if (model.shown === undefined || selection === undefined || viewport.selected < 0) return undefined;
  const { owners } = model.shown.section;
  const owner = ownerOf(model, selection.slot, () => model.workspace.listen.ownerAt(sort, viewport.selected));
  if (owner < 0 || owners.kind[owner] !== OwnerKind.PROCESS || owners.pid[owner]! <= 0) return undefined;
  return { pid: owners.pid[owner]!, startTicks: owners.startTicks[owner]!, name: owners.names[owner]! };
}

function ownerOf(model: Model, slot: number, listening: () => number): number {
  if (model.view === 'processes') return slot;
  return model.view === 'listen' ? listening() : -1;
}

/** Keys while the overlay is open: it takes them all. */
export function killKeyed(model: Model, key: KeyEvent): Step {
  const { kill } = model;
  if (kill === undefined) return { model };
  switch (key.chord) {
    case 'escape':
    case 'q':
    case 'ctrl+c':
      return { model: { ...model, kill: undefined } };
    case 'down':
    case 'j':
      return { model: { ...model, kill: killMoved(kill, 1) } };
    case 'up':
    case 'k':
      return { model: { ...model, kill: killMoved(kill, -1) } };
    case 'enter':
      return killEntered(model, kill);
    default:
      return { model };
  }
}

/** Enter: asks once more where that is due, sends, or closes what is done. */
export function killEntered(model: Model, kill: KillState): Step {
  switch (kill.stage) {
    case 'choosing':
      return needsConfirmation(kill.pid, model.ownPid)
        ? { model: { ...model, kill: { ...kill, stage: 'confirming' } } }
        : sending(model, kill);
    case 'confirming':
      return sending(model, kill);
    case 'sending':
      return { model };
    case 'done':
      return { model: { ...model, kill: undefined } };
  }
}

function sending(model: Model, kill: KillState): Step {
  const { pid, startTicks } = kill;
  const signal = KILL_SIGNALS[kill.selected]!.number;
  return {
    model: { ...model, kill: { ...kill, stage: 'sending' } },
    effects: [{ kind: 'signal', pid, startTicks, signal }],
  };
}

export function killSignalled(model: Model, outcome: SignalOutcome): Model {
  if (model.kill === undefined) return model;
  return { ...model, kill: { ...model.kill, stage: 'done', outcome } };
}
