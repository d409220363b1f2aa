/** What came of the last command, for the footer; the next key or click takes it away. */
export interface Notice {
  readonly text: string;
  readonly isBad: boolean;
}

interface Noticing {
  readonly notice: Notice | undefined;
}

/** The model with a word on what came of a key. */
export function noticed<Model extends Noticing>(model: Model, text: string, isBad: boolean): Model {
  return { ...model, notice: { text, isBad } };
}

export function unnoticed<Model extends Noticing>(model: Model): Model {
  return model.notice === undefined ? model : { ...model, notice: undefined };
}

/** The model with the mouse on or off: told, since nothing on the screen looks different. */
export function withMouse<Model extends Noticing & { readonly isMouseOn: boolean }>(
  model: Model,
  isOn: boolean,
): {
  readonly model: Model;
  readonly effects: readonly [{ readonly kind: 'set-mouse'; readonly isOn: boolean }];
} {
  const text = isOn ? 'Mouse on.' : 'Mouse off: text can be selected.';
  return {
    model: noticed({ ...model, isMouseOn: isOn }, text, false),
    effects: [{ kind: 'set-mouse', isOn }],
  };
}
