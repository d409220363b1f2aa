import type { InputEvent, KeyEvent, MouseEvent } from '../screen/input/event.ts';

/** What a user does, as a message to a model. */
export type InputMessage<Action extends string> =
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'typed'; readonly key: KeyEvent }
  | { readonly kind: 'pasted'; readonly text: string }
  | { readonly kind: 'pointer'; readonly event: MouseEvent };

/** What of a model decides what a key means. */
interface Keyed<Action extends string> {
  readonly keymap: { actionOf(chord: string): Action | undefined };
  /** What is being typed into, if anything. */
  readonly prompt: unknown;
  /** The overlay that takes every key, if it is open. */
  readonly kill: unknown;
}

/** The message that an input stands for, if any. */
export function inputMessageOf<Action extends string>(
  { keymap, prompt, kill }: Keyed<Action>,
  event: InputEvent,
): InputMessage<Action> | undefined {
  switch (event.kind) {
    case 'key': {
      if (prompt !== undefined || kill !== undefined) return { kind: 'typed', key: event };
      const action = keymap.actionOf(event.chord);
      return action === undefined ? undefined : { kind: 'action', action };
    }
    case 'paste':
      return { kind: 'pasted', text: event.text };
    case 'mouse':
      return { kind: 'pointer', event };
    case 'focus':
    case 'reply':
      return undefined;
  }
}
