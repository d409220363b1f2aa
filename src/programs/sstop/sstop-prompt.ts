import { parseFilter } from '../../data/query/filter/parse-filter.ts';
import { compactBytesText } from '../../kit/text/format.ts';
import { parseRate, RATE_HINT } from '../../kit/text/units.ts';
import type { KeyEvent } from '../../screen/input/event.ts';
import { insertText, type TextInput, textInput, updateTextInput } from '../../screen/widgets/text-input.ts';
import { type Model, type Prompt, stateOf, withState } from './sstop-model.ts';
import { applyFilter } from './sstop-rows.ts';

const HISTORY_MAX = 50;

/** Opens the line at the bottom with what is in force now. */
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

/** A key while the line is open: it takes them all. */
export function typeKey(model: Model, key: KeyEvent): Model {
  const { prompt } = model;
  if (prompt === undefined) return model;
  switch (key.chord) {
    case 'enter':
      return accept(model, prompt);
    case 'escape':
    case 'ctrl+c': {
      const closed = { ...model, prompt: undefined };
      return prompt.kind === 'filter' ? restoreFilter(closed, prompt) : closed;
    }
    case 'up':
      return prompt.kind === 'filter' ? recall(model, prompt, prompt.historyIndex + 1) : model;
    case 'down':
      return prompt.kind === 'filter' ? recall(model, prompt, prompt.historyIndex - 1) : model;
    default: {
      const input = updateTextInput(prompt.input, key);
      return input === undefined || input === prompt.input ? model : edit(model, prompt, input);
    }
  }
}

/** The rows as they were before, and the cursor on its row whatever the filters on the way have left of them. */
function restoreFilter(model: Model, { before, selection }: Prompt): Model {
  return applyFilter(withState(model, { selection }), before);
}

export function paste(model: Model, text: string): Model {
  const { prompt } = model;
  return prompt === undefined ? model : edit(model, prompt, insertText(prompt.input, text));
}

/** Enter keeps what is typed, if it can be read. */
function accept(model: Model, prompt: Prompt): Model {
  if (prompt.error !== undefined) return model;
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

/** Filters apply while they are typed; what cannot be read is marked and changes nothing. */
function edit(model: Model, prompt: Prompt, input: TextInput): Model {
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

/** The arrows go through earlier filters; below the newest stands an empty line. */
function recall(model: Model, prompt: Prompt, index: number): Model {
  const historyIndex = Math.max(-1, Math.min(index, model.filterHistory.length - 1));
  if (historyIndex === prompt.historyIndex) return model;
  const input = textInput(model.filterHistory[historyIndex] ?? '');
  return edit(model, { ...prompt, historyIndex }, input);
}
