import type { KeyHint } from '../../screen/widgets/key-hints.ts';
import { chordText } from '../config/keymap.ts';
import type { Action } from '../shared/socktop-keymap.ts';
import { hostOf, type Model, type ViewName } from './socktop-model.ts';

/** The keys that matter now, most important first; what does not fit is dropped from the right. */
const HINTS: Readonly<Record<Exclude<ViewName, 'network'>, readonly Action[]>> = {
  hosts: ['help', 'open', 'pause', 'quit'],
  dashboard: [
    ...(['help', 'search', 'open', 'network', 'kill', 'sort-next', 'compact', 'host-next'] as const),
    ...(['back', 'pause', 'quit', 'traffic'] as const),
  ],
  process: ['help', 'back', 'host-next', 'open', 'kill', 'pause', 'quit'],
};

/** What the user should know now, instead of the keys. */
export function footerNote(model: Model): { readonly text: string; readonly isBad: boolean } | undefined {
  if (model.notice !== undefined) return model.notice;
  if (model.view === 'hosts') return undefined;
  const { failure, link } = hostOf(model);
  if (link !== undefined && link.phase !== 'live') return undefined;
  if (failure !== undefined) return { text: failure, isBad: true };
  return model.view === 'dashboard' ? trafficNote(model) : undefined;
}

/** Why nothing is in the column of network use. */
function trafficNote(model: Model): { readonly text: string; readonly isBad: boolean } | undefined {
  const { hasTraffic, data } = hostOf(model);
  if (!hasTraffic) return undefined;
  const isUnrecorded = model.playback !== undefined && !data.isTrafficTold;
  const reason = isUnrecorded ? 'the recording has not told who uses the network so far' : data.trafficError;
  return reason === undefined ? undefined : { text: `NET: ${reason}`, isBad: true };
}

export function footerHints(model: Model): readonly KeyHint[] {
  if (model.view === 'network') return [];
  const bindings = model.keymap.groups.flatMap((group) => group.bindings);
  return HINTS[model.view].flatMap((action): KeyHint[] => {
    const binding = bindings.find((each) => each.action === action);
    const label = labelOf(model, action);
    if (binding === undefined || label === null) return [];
    return [{ key: chordText(binding.chords[0]!, model.ascii), label: label ?? binding.label ?? action }];
  });
}

/** What the label says of the present state; undefined: nothing but what the key does; null: the key does nothing. */
function labelOf(model: Model, action: Action): string | undefined | null {
  const host = hostOf(model);
  switch (action) {
    case 'search':
      return host.search === '' ? undefined : `search: ${host.search}`;
    case 'sort-next':
      return `sort: ${host.sort.key}`;
    case 'back':
      if (model.view === 'process') return undefined;
      return host.search !== '' ? 'clear search' : model.hosts.length > 1 ? 'hosts' : null;
    case 'host-next':
      if (model.view === 'process') return 'next list';
      return model.hosts.length > 1 ? undefined : null;
    case 'open':
      if (model.view === 'hosts') return 'open';
      return model.view === 'process' ? (host.pane?.focus === 'children' ? 'open' : null) : undefined;
    case 'kill':
      return host.canSignal ? undefined : null;
    case 'traffic':
      return host.hasTraffic ? 'NET off' : undefined;
    case 'compact':
      return model.isCompact ? 'full' : undefined;
    case 'pause':
      return model.isPaused ? 'resume' : undefined;
    default:
      return undefined;
  }
}
