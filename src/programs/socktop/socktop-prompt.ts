import type { KeyEvent } from '../../screen/input/event.ts';
import { insertText, type TextInput, textInput, updateTextInput } from '../../screen/widgets/text-input.ts';
import { hostOf, type Model } from './socktop-model.ts';
import { searched } from './socktop-rows.ts';

/** Opens the line at the bottom with the search in force now. */
export function promptOpened(model: Model): Model {
  const { search } = hostOf(model);
  return { ...model, prompt: { input: textInput(search), before: search } };
}

/** A key while the line is open: it takes them all. */
export function typed(model: Model, key: KeyEvent): Model {
  const { prompt } = model;
  if (prompt === undefined) return model;
  switch (key.chord) {
    case 'enter':
      return { ...model, prompt: undefined };
    case 'escape':
    case 'ctrl+c':
      return searched({ ...model, prompt: undefined }, prompt.before);
    default: {
      const input = updateTextInput(prompt.input, key);
      return input === undefined || input === prompt.input ? model : edited(model, input);
    }
  }
}

export function pasted(model: Model, text: string): Model {
  const { prompt } = model;
  return prompt === undefined ? model : edited(model, insertText(prompt.input, text));
}

/** The search applies while it is typed. */
function edited(model: Model, input: TextInput): Model {
  if (model.prompt === undefined) return model;
  return searched({ ...model, prompt: { ...model.prompt, input } }, input.text);
}
