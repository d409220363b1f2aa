import {
  characterKey,
  controlKey,
  LETTER_KEYS,
  Modifier,
  namedKey,
  TILDE_KEYS,
} from '../../screen/input/key-event.ts';

/** A chord as in KeyEvent, or why the text is not one. */
type ChordReading = { readonly chord: string } | { readonly refusal: string };

/** Always quits; a configuration cannot reassign it. */
export const QUIT_CHORD = 'ctrl+c';

const FUNCTION_KEYS = 35;

const NAMES: ReadonlySet<string> = new Set([
  ...TILDE_KEYS.values(),
  ...LETTER_KEYS.values(),
  ...Array.from({ length: FUNCTION_KEYS }, (_, index) => `f${index + 1}`),
  ...['enter', 'tab', 'backspace', 'escape', 'space'],
]);

/** Alternative names of keys, including those in the program's help. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['esc', 'escape'],
  ['return', 'enter'],
  ['pgup', 'pageup'],
  ['pgdn', 'pagedown'],
  ['ins', 'insert'],
  ['del', 'delete'],
  ['↑', 'up'],
  ['↓', 'down'],
  ['←', 'left'],
  ['→', 'right'],
]);

const MODIFIERS: ReadonlyMap<string, number> = new Map([
  ['ctrl', Modifier.CTRL],
  ['alt', Modifier.ALT],
  ['shift', Modifier.SHIFT],
  ['super', Modifier.SUPER],
]);

const ACCEPTED =
  'Accepted: a character such as K or ?, or a name such as space, enter, up, pageup or f1, optionally after ctrl+, alt+ or shift+';

/**
 * Parses a chord: `ctrl+d`, `shift+tab`, `K`, `space`. Modifiers and names in any case and order. Chords that terminals
 * cannot send are refused.
 */
export function readChord(text: string): ChordReading {
  // The last plus may be the key itself: `+`, `alt++`.
  const at = text.length < 2 ? -1 : text.lastIndexOf('+', text.length - 2);
  const key = text.slice(at + 1);
  let modifiers = 0;
  for (const word of at <= 0 ? [] : text.slice(0, at).split('+')) {
    const modifier = MODIFIERS.get(word.toLowerCase());
    if (modifier === undefined || (modifiers & modifier) !== 0) return { refusal: ACCEPTED };
    modifiers |= modifier;
  }
  if (at === 0) return { refusal: ACCEPTED };
  const lower = key.toLowerCase();
  const name = OTHER_NAMES.get(lower) ?? lower;
  if (NAMES.has(name)) return { chord: namedKey(name, modifiers).chord };
  const codePoint = key.codePointAt(0);
  if (codePoint === undefined || key.length !== String.fromCodePoint(codePoint).length) {
    return { refusal: ACCEPTED };
  }
  return readCharacter(codePoint, modifiers);
}

function readCharacter(codePoint: number, modifiers: number): ChordReading {
  const isCtrl = (modifiers & Modifier.CTRL) !== 0;
  const isShift = (modifiers & Modifier.SHIFT) !== 0;
  if (isShift && !isCtrl && !isAsciiLetter(codePoint)) {
    return { refusal: 'Use the shifted character itself, such as K or ?' };
  }
  if (isCtrl && !isShift && isControl(codePoint)) return readControl(codePoint, modifiers);
  const key = codePoint < 0x20 || codePoint === 0x7f ? undefined : characterKey(codePoint, modifiers);
  return key === undefined ? { refusal: ACCEPTED } : { chord: key.chord };
}

/** With ctrl, these characters are sent as control bytes, some of which are also sent by other keys. */
function readControl(codePoint: number, modifiers: number): ChordReading {
  const byte = codePoint === 0x3f ? 0x7f : codePoint & 0x1f;
  const { name, chord } = controlKey(byte, modifiers & ~Modifier.CTRL);
  const isOtherKey = name.length > 1 && name !== 'space';
  return isOtherKey ? { refusal: `Terminals send it as '${chord}'` } : { chord };
}

function isControl(codePoint: number): boolean {
  return (codePoint >= 0x3f && codePoint <= 0x5f) || isAsciiLetter(codePoint);
}

function isAsciiLetter(codePoint: number): boolean {
  const small = codePoint | 0x20;
  return small >= 0x61 && small <= 0x7a;
}
