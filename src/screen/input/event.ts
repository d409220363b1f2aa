/** A key, however the terminal spelled it. */
export interface KeyEvent {
  readonly kind: 'key';
  /** `a`, `K`, `?`, `space`, `enter`, `escape`, `up`, `pageup`, `f1`: a character is its own name, case included. */
  readonly name: string;
  /** The name with its modifiers in the order ctrl, alt, shift, super: `ctrl+d`, `shift+tab`, plain `K`. */
  readonly chord: string;
  /** What the key types into a text field; absent for keys that type nothing. */
  readonly text?: string;
}

export type MouseAction = 'press' | 'release' | 'drag' | 'move' | 'wheel-up' | 'wheel-down';
export type MouseButton = 'left' | 'middle' | 'right' | 'none';

/** A mouse report; `x` and `y` are cells from 0, always within the screen. */
export interface MouseEvent {
  readonly kind: 'mouse';
  readonly action: MouseAction;
  readonly button: MouseButton;
  readonly x: number;
  readonly y: number;
}

/**
 * Pasted text on one line: breaks and tabs became spaces, control characters are gone. It is cut where it was longer
 * than what is kept of a paste, or its end never came.
 */
export interface PasteEvent {
  readonly kind: 'paste';
  readonly text: string;
}

/** What the terminal answers about itself. */
export type TerminalAnswer =
  /** DA1, `CSI ? ... c`: the answer every terminal gives, so it ends a round of questions. */
  | { readonly reply: 'attributes' }
  /** DECRPM, `CSI ? mode ; state $ y`: 0 unknown, 1 set, 2 reset, 3 and 4 permanently so. */
  | { readonly reply: 'mode'; readonly mode: number; readonly state: number }
  /** XTVERSION, `DCS > | name ST`: printable ASCII. */
  | { readonly reply: 'version'; readonly name: string };

/** An answer as an event; never a key. */
export type TerminalReply = TerminalAnswer & { readonly kind: 'reply' };

/** Everything that can come out of a terminal's input. */
export type InputEvent = KeyEvent | MouseEvent | PasteEvent | TerminalReply;
