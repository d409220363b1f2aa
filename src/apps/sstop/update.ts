import { SORT_KEYS, type SortKey } from '../../data/query/sort.ts';
import type { KeyEvent } from '../../screen/input/event.ts';
import { insertText, textInput, updateTextInput } from '../../screen/widgets/text-input.ts';
import {
  maxOffset,
  moveSelection,
  pageSelection,
  selectRow,
  type Viewport,
} from '../../screen/widgets/viewport.ts';
import { frozen, type NetworkData } from '../views/network/network-data.ts';
import { helpOffsetMax } from '../views/overlays/help.ts';
import { helpGroups } from './help-groups.ts';
import { interfaceNamed, nextInterface } from './interfaces.ts';
import { fasterThan, slowerThan } from './interval.ts';
import type { Action } from './keymap.ts';
import type { Message, Model, Step } from './model.ts';
import { pointed } from './pointer.ts';
import { relisted, reordered, selectedAt, visibleRows } from './rows.ts';

/** The model after a message, and what the outside is to do. Pure but for the listing, which the model owns. */
export function update(model: Model, message: Message): Step {
  switch (message.kind) {
    case 'resized':
      return { model: reordered({ ...model, width: message.width, height: message.height }) };
    case 'sampled':
      return { model: sampled(model, message.data) };
    case 'failed':
      return { model: { ...model, failure: message.message } };
    case 'action':
      return acted(model, message.action);
    case 'typed':
      return { model: typed(model, message.key) };
    case 'pasted':
      return { model: pasted(model, message.text) };
    case 'pointer':
      return { model: pointed(model, message.event) };
  }
}

function sampled(model: Model, data: NetworkData): Model {
  const live = { ...model, live: data, failure: undefined };
  // Paused while a collection was under way: its sample is the first that can be copied whole.
  const isFrozen = model.pausedAtMillis !== undefined && model.shown !== model.live;
  if (isFrozen) return live;
  const shown = model.pausedAtMillis === undefined ? data : frozen(data);
  return relisted(withWantedInterface({ ...live, shown }));
}

/** The interface named on the command line is chosen as soon as it is there. */
function withWantedInterface(model: Model): Model {
  if (model.wantedInterface === undefined || model.shown === undefined) return model;
  const interfaceIndex = interfaceNamed(model.shown.section.interfaces, model.wantedInterface);
  if (interfaceIndex === undefined) return model;
  return { ...model, wantedInterface: undefined, scope: { ...model.scope, interfaceIndex } };
}

function acted(model: Model, action: Action): Step {
  if (model.helpOffset !== undefined) {
    const step = actedOnHelp(model, model.helpOffset, action);
    if (step !== undefined) return step;
  }
  switch (action) {
    case 'down':
    case 'up':
    case 'page-down':
    case 'page-up':
    case 'top':
    case 'bottom':
      return { model: selectedAt(model, movedBy(model, action)) };
    case 'sort-next':
      return { model: sortedBy(model, nextSort(model.sort.key)) };
    case 'sort-reverse':
      return { model: reordered({ ...model, sort: { ...model.sort, isReversed: !model.sort.isReversed } }) };
    case 'sort-rate':
    case 'sort-download':
    case 'sort-upload':
    case 'sort-pid':
    case 'sort-name':
    case 'sort-connections':
      return { model: sortedBy(model, SORT_OF_ACTION[action]) };
    case 'filter':
      return { model: { ...model, prompt: { input: textInput(model.filter), before: model.filter } } };
    case 'clear':
      return { model: cleared(model) };
    case 'loopback':
      return { model: withLoopback(model) };
    case 'interface-next':
      return { model: withNextInterface(model) };
    case 'faster':
      return withInterval(model, fasterThan(model.intervalMillis));
    case 'slower':
      return withInterval(model, slowerThan(model.intervalMillis));
    case 'pause':
      return { model: model.pausedAtMillis === undefined ? paused(model) : resumed(model) };
    case 'mouse':
      return {
        model: { ...model, isMouseOn: !model.isMouseOn },
        effects: [{ kind: 'set-mouse', isOn: !model.isMouseOn }],
      };
    case 'help':
      return { model: { ...model, helpOffset: model.helpOffset === undefined ? 0 : undefined } };
    case 'redraw':
      return { model, effects: [{ kind: 'redraw' }] };
    case 'suspend':
      return { model, effects: [{ kind: 'suspend' }] };
    case 'quit':
      return { model, quit: true };
  }
}

const SORT_OF_ACTION = {
  'sort-rate': 'rate',
  'sort-download': 'download',
  'sort-upload': 'upload',
  'sort-pid': 'pid',
  'sort-name': 'name',
  'sort-connections': 'connections',
} as const satisfies Partial<Record<Action, SortKey>>;

/** The round of the `s` key: the seed's six modes. */
const SORT_ROUND: readonly SortKey[] = SORT_KEYS.filter((key) =>
  Object.values<SortKey>(SORT_OF_ACTION).includes(key),
);

function nextSort(key: SortKey): SortKey {
  return SORT_ROUND[(SORT_ROUND.indexOf(key) + 1) % SORT_ROUND.length]!;
}

function sortedBy(model: Model, key: SortKey): Model {
  return reordered({ ...model, sort: { key, isReversed: false } });
}

function movedBy(model: Model, action: Action): Viewport {
  const { viewport } = model;
  const { count } = model.listing.rows;
  const height = visibleRows(model);
  switch (action) {
    case 'down':
      return moveSelection(viewport, 1, count, height);
    case 'up':
      return moveSelection(viewport, -1, count, height);
    case 'page-down':
      return pageSelection(viewport, 1, count, height);
    case 'page-up':
      return pageSelection(viewport, -1, count, height);
    case 'top':
      return selectRow(viewport, 0, count, height);
    default:
      return selectRow(viewport, maxOffset(count, 0) - 1, count, height);
  }
}

/** Keys that the open help takes for itself; the others act as ever. */
function actedOnHelp(model: Model, offset: number, action: Action): Step | undefined {
  const last = helpOffsetMax(helpGroups(model.ascii), model.height);
  const page = Math.max(1, model.height - 3);
  const scrolled = (to: number) => ({ model: { ...model, helpOffset: Math.max(0, Math.min(to, last)) } });
  switch (action) {
    case 'down':
      return scrolled(offset + 1);
    case 'up':
      return scrolled(offset - 1);
    case 'page-down':
      return scrolled(offset + page);
    case 'page-up':
      return scrolled(offset - page);
    case 'top':
      return scrolled(0);
    case 'bottom':
      return scrolled(last);
    case 'clear':
      return { model: { ...model, helpOffset: undefined } };
    default:
      return undefined;
  }
}

function filtered(model: Model, filter: string): Model {
  return relisted({ ...model, filter });
}

/** Escape takes away one thing at a time: the filter, then the cursor. */
function cleared(model: Model): Model {
  if (model.filter !== '') return filtered(model, '');
  return { ...model, selection: undefined, viewport: { ...model.viewport, selected: -1 } };
}

function typed(model: Model, key: KeyEvent): Model {
  const { prompt } = model;
  if (prompt === undefined) return model;
  if (key.chord === 'enter') return { ...model, prompt: undefined };
  if (key.chord === 'escape' || key.chord === 'ctrl+c') {
    return filtered({ ...model, prompt: undefined }, prompt.before);
  }
  const input = updateTextInput(prompt.input, key);
  if (input === undefined || input === prompt.input) return model;
  return filtered({ ...model, prompt: { ...prompt, input } }, input.text);
}

function pasted(model: Model, text: string): Model {
  if (model.prompt === undefined) return model;
  const input = insertText(model.prompt.input, text);
  return filtered({ ...model, prompt: { ...model.prompt, input } }, input.text);
}

function withLoopback(model: Model): Model {
  const { scope } = model;
  return relisted({ ...model, scope: { ...scope, includeLoopback: !scope.includeLoopback } });
}

function withNextInterface(model: Model): Model {
  if (model.shown === undefined) return model;
  const interfaceIndex = nextInterface(model.shown.section.interfaces, model.scope.interfaceIndex);
  return relisted({ ...model, wantedInterface: undefined, scope: { ...model.scope, interfaceIndex } });
}

function withInterval(model: Model, intervalMillis: number): Step {
  if (intervalMillis === model.intervalMillis) return { model };
  return { model: { ...model, intervalMillis }, effects: [{ kind: 'set-interval', intervalMillis }] };
}

function paused(model: Model): Model {
  const { live } = model;
  if (live === undefined) return model;
  const held = { ...model, pausedAtMillis: live.header.wallMillis };
  return live.isStable ? relisted({ ...held, shown: frozen(live) }) : held;
}

function resumed(model: Model): Model {
  return relisted({ ...model, pausedAtMillis: undefined, shown: model.live });
}
