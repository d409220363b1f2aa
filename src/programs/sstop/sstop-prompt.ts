import { parseFilter } from '../../data/query/filter/parse-filter.ts';
import { compactBytesText } from '../../kit/text/format.ts';
import { parseRate, RATE_HINT } from '../../kit/text/units.ts';
import { type TextInput, textInput } from '../../screen/widgets/text-input.ts';
import { type Model, type Prompt, stateOf, withState } from './sstop-model.ts';
import { applyFilter } from './sstop-rows.ts';

const HISTORY_MAX = 50;

/** Opens the prompt with the current value. */
export function openPrompt(model: Model, kind: Prompt['kind']): Model {
  const rate = model.alertBytesPerSecond;
  const text =
    kind === 'filter' ? stateOf(model).filterText : rate === undefined ? '' : compactBytesText(rate);
  const { selection } = stateOf(model);
  const input = textInput(text);
  return {
    ...model,
    prompt: { kind, input, before: text, selection, error: undefined, historyIndex: -1 },
  };
}

/** Restores the rows and the selected row, whatever the filters typed in between. */
export function cancelPrompt(model: Model): Model {
  const { prompt } = model;
  const closed = { ...model, prompt: undefined };
  if (prompt?.kind !== 'filter') return closed;
  return applyFilter(withState(closed, { selection: prompt.selection }), prompt.before);
}

/** Enter keeps the typed text if it is valid. */
export function acceptPrompt(model: Model): Model {
  const { prompt } = model;
  if (prompt === undefined || prompt.error !== undefined) return model;
  const { text } = prompt.input;
  if (prompt.kind === 'alert') {
    const alertBytesPerSecond = text.trim() === '' ? undefined : parseRate(text.trim());
    model.workspace.alerts.setThreshold(alertBytesPerSecond);
    return { ...model, prompt: undefined, alertBytesPerSecond };
  }
  const earlier = model.filterHistory.filter((each) => each !== text);
  const filterHistory = text.trim() === '' ? earlier : [text, ...earlier].slice(0, HISTORY_MAX);
  return { ...model, prompt: undefined, filterHistory };
}

/** Filters apply while typing; an invalid one is marked and changes nothing. */
export function editPrompt(model: Model, input: TextInput): Model {
  const { prompt } = model;
  if (prompt === undefined) return model;
  const error = errorOf(model, prompt.kind, input.text);
  const next = { ...model, prompt: { ...prompt, input, error } };
  if (prompt.kind !== 'filter' || error !== undefined) return next;
  return applyFilter(withState(next, { selection: prompt.selection }), input.text);
}

function errorOf(model: Model, kind: Prompt['kind'], text: string): Prompt['error'] {
  if (kind === 'filter') {
    const parsed = parseFilter(text, model.names);
    return 'error' in parsed ? parsed.error : undefined;
  }
  if (text.trim() === '' || parseRate(text.trim()) !== undefined) return undefined;
  return { from: 0, to: text.length, message: `accepted: ${RATE_HINT}` };
}

/** Arrow keys recall earlier filters; after the newest comes an empty line. */
export function recallPrompt(model: Model, step: number): Model {
  const { prompt, filterHistory } = model;
  if (prompt?.kind !== 'filter') return model;
  const historyIndex = Math.max(-1, Math.min(prompt.historyIndex + step, filterHistory.length - 1));
  if (historyIndex === prompt.historyIndex) return model;
  const input = textInput(filterHistory[historyIndex] ?? '');
  return editPrompt({ ...model, prompt: { ...prompt, historyIndex } }, input);
}
