import type { KeyHint } from '../../screen/widgets/key-hints.ts';
import type { NetworkData } from '../../views/network/network-data.ts';
import { ownerNote } from '../../views/network/owner-note.ts';
import { durationLabel } from '../shared/interval.ts';
import { type Action, chordText } from '../shared/keymaps.ts';
import { type Model, stateOf, type ViewName } from './sstop-model.ts';

/** The keys that matter now, most important first; what does not fit is dropped from the right. */
const HINTS: Readonly<Record<ViewName, readonly Action[]>> = {
  processes: [
    ...(['help', 'filter', 'sort-next', 'open', 'hosts', 'listen', 'groups', 'kill'] as const),
    ...(['pause', 'quit', 'interface-next', 'loopback'] as const),
  ],
  hosts: ['help', 'back', 'open', 'filter', 'sort-next', 'dns', 'pause', 'quit'],
  listen: ['help', 'back', 'open', 'filter', 'sort-next', 'kill', 'pause', 'quit'],
  groups: ['help', 'back', 'open', 'filter', 'sort-next', 'pause', 'quit'],
  detail: ['help', 'back', 'sort-next', 'dns', 'kill', 'filter', 'pause', 'quit'],
};

/** What the user should know now, instead of the keys. */
export function footerNote(model: Model): { readonly text: string; readonly isBad: boolean } | undefined {
  if (model.notice !== undefined) return model.notice;
  if (model.failure !== undefined) return { text: model.failure, isBad: true };
  const { shown } = model;
  if (shown === undefined) return undefined;
  const { wantedInterface } = model;
  if (wantedInterface !== undefined) {
    const text = `There is no interface '${wantedInterface}' yet: all are shown until then, i chooses one.`;
    return { text, isBad: true };
  }
  const { selection, viewport } = stateOf(model);
  const isSelected = model.view === 'processes' && selection !== undefined && viewport.selected >= 0;
  const text =
    (isSelected ? ownerNote(shown.section, selection.slot) : undefined) ?? shown.section.errors[0]?.message;
  return text === undefined ? undefined : { text, isBad: true };
}

export function footerHints(model: Model): readonly KeyHint[] {
  const bindings = model.keymap.groups.flatMap((group) => group.bindings);
  const hints = HINTS[model.view].flatMap((action): KeyHint[] => {
    // Elsewhere the key only says that it does nothing.
    if (action === 'kill' && !model.canSignal) return [];
    const binding = bindings.find((each) => each.action === action);
    if (binding === undefined) return [];
    const label = labelOf(model, action) ?? binding.label ?? action;
    return [{ key: chordText(binding.chords[0]!, model.ascii), label }];
  });
  return [...hints, { key: '+/-', label: durationLabel(model.intervalMillis) }];
}

/** What the label says of the present state, where there is something to say. */
function labelOf(model: Model, action: Action): string | undefined {
  const { filterText, sort } = stateOf(model);
  switch (action) {
    case 'filter':
      return filterText === '' ? undefined : `filter: ${filterText}`;
    case 'sort-next':
      return `sort: ${sort.key}`;
    case 'loopback':
      return model.scope.includeLoopback ? 'hide loopback' : undefined;
    case 'dns':
      return model.isDnsOn ? 'addresses' : 'names';
    case 'interface-next':
      return interfaceName(model.shown, model.scope.interfaceIndex);
    case 'pause':
      return model.pausedAtMillis === undefined && model.playback?.progress.isPaused !== true
        ? undefined
        : 'resume';
    case 'back':
      return filterText === '' ? undefined : 'clear filter';
    default:
      return undefined;
  }
}

function interfaceName(data: NetworkData | undefined, index: number | undefined): string | undefined {
  if (data === undefined || index === undefined) return undefined;
  const { interfaces } = data.section;
  const slot = interfaces.slots.find(index, 0, 0, 0);
  return slot < 0 ? undefined : interfaces.names[slot];
}
