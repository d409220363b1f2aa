import { OwnerKind } from '../../data/sample/network-section.ts';
import type { SignalOutcome } from '../../data/sample/platform.ts';
import { noticed } from '../views/notice.ts';
import { type KillStep, type KillTarget, killDone, killStateOf } from '../views/overlays/kill-state.ts';
import type { Model, Step } from './model.ts';
import { stateOf } from './model.ts';

/** The model with the overlay open for the process under the cursor; a notice where there is none. */
export function killOpened(model: Model): Model {
  if (!model.canSignal) return noticed(model, 'Signals can be sent on this machine only.', true);
  const target = targetOf(model);
  if (target === undefined) return noticed(model, 'Select a process first.', true);
  return { ...model, kill: killStateOf(target) };
}

function targetOf(model: Model): KillTarget | undefined {
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

/** What an input to the open overlay leads to. */
export function killStepped(model: Model, { state, signal }: KillStep): Step {
  const next = { ...model, kill: state };
  if (state === undefined || signal === undefined) return { model: next };
  const { pid, startTicks } = state;
  return { model: next, effects: [{ kind: 'signal', pid, startTicks, signal }] };
}

export function killSignalled(model: Model, outcome: SignalOutcome): Model {
  if (model.kill === undefined) return model;
  return { ...model, kill: killDone(model.kill, outcome) };
}
