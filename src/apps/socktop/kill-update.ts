import { noticed } from '../views/notice.ts';
import { type KillStep, type KillTarget, killStateOf } from '../views/overlays/kill-state.ts';
import { hostOf, type Model, type Step } from './model.ts';

/** The model with the overlay open for the process under the cursor; a notice where there is none. */
export function killOpened(model: Model): Model {
  const { canSignal } = hostOf(model);
  if (!canSignal) return noticed(model, 'Signals can be sent on this machine only.', true);
  const target = targetOf(model);
  if (target === undefined) return noticed(model, 'Select a process first.', true);
  return { ...model, kill: killStateOf(target) };
}

function targetOf(model: Model): KillTarget | undefined {
  const { pane, selection, data } = hostOf(model);
  if (model.view === 'process') return pane?.target;
  if (model.view !== 'dashboard' || selection === undefined) return undefined;
  const row = data.rows.rowOf(selection);
  return row < 0 ? undefined : { ...selection, name: data.rows.names[row]! };
}

/** What an input to the open overlay leads to. */
export function killStepped(model: Model, { state, signal }: KillStep): Step {
  const next = { ...model, kill: state };
  if (state === undefined || signal === undefined) return { model: next };
  const { pid, startTicks } = state;
  return { model: next, effects: [{ kind: 'signal', host: model.current, pid, startTicks, signal }] };
}
