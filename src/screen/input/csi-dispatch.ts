import type { ControlSequence } from './control-sequence.ts';
import type { InputEvent } from './event.ts';
import { characterKey, Modifier, namedKey } from './key-event.ts';
import {
  KEYPAD_CHARACTERS,
  kittyFunctionKey,
  kittyKeypadCharacter,
  LETTER_KEYS,
  LINUX_FUNCTION_KEYS,
  RXVT_ARROWS,
  TILDE_KEYS,
} from './key-names.ts';
import { mouseEvent } from './mouse.ts';

const LESS_THAN = 0x3c;
const QUESTION_MARK = 0x3f;
const DOLLAR = 0x24;
const KITTY_RELEASE = 3;
const MODIFY_OTHER_KEYS = 27;
const PRIVATE_USE_FIRST = 0xe000;
const PRIVATE_USE_LAST = 0xf8ff;
/** Modifier bits that mean something; caps lock (64) and num lock (128) do not. */
const MODIFIER_MASK = 63;

/** What surrounds a sequence: modifiers from an ESC before it, and the screen that a mouse report is clamped to. */
interface SequenceContext {
  readonly modifiers: number;
  readonly width: number;
  readonly height: number;
}

/** The event of a whole `CSI` sequence, undefined for those that mean nothing here. */
export function csiEvent(
  sequence: ControlSequence,
  final: string,
  context: SequenceContext,
): InputEvent | undefined {
  if (sequence.isOverlong) return undefined;
  if (sequence.prefix === LESS_THAN) return mouseOf(sequence, final, context);
  if (sequence.prefix === QUESTION_MARK) return replyOf(sequence, final);
  if (sequence.prefix !== 0 || sequence.intermediate !== 0) return undefined;
  if (sequence.count === 0 && (final === 'I' || final === 'O')) {
    return { kind: 'focus', focused: final === 'I' };
  }
  if (sequence.sub(1, 1) === KITTY_RELEASE) return undefined;
  return keyOf(sequence, final, context.modifiers);
}

/** The key of `SS3 modifier? letter`: application cursor keys and keypad. */
export function ss3Event(
  sequence: ControlSequence,
  final: string,
  context: SequenceContext,
): InputEvent | undefined {
  // konsole's old `SS3 5 P` and `SS3 1 ; 5 P` alike: the modifier stands last.
  const modifiers = modifiersAt(sequence, Math.max(sequence.count - 1, 0)) | context.modifiers;
  const letter = LETTER_KEYS.get(final);
  if (letter !== undefined) return namedKey(letter, modifiers);
  const arrow = RXVT_ARROWS.get(final);
  if (arrow !== undefined) return namedKey(arrow, modifiers | Modifier.CTRL);
  const keypad = KEYPAD_CHARACTERS.get(final);
  return keypad === undefined ? undefined : characterKey(keypad.charCodeAt(0), modifiers);
}

/** The key of the Linux console's `CSI [ letter`. */
export function linuxConsoleEvent(final: string, modifiers: number): InputEvent | undefined {
  const name = LINUX_FUNCTION_KEYS.get(final);
  return name === undefined ? undefined : namedKey(name, modifiers);
}

/**
 * rxvt ends a shifted key with `$`, which is an intermediate byte to everybody else: `CSI 3 $` is whole, while
 * DECRPM's `CSI ? 2026 ; 2 $ y` goes on.
 */
export function rxvtShiftedKey(sequence: ControlSequence, modifiers: number): InputEvent | undefined {
  if (sequence.intermediate !== DOLLAR || sequence.prefix !== 0 || sequence.count !== 1) return undefined;
  const name = TILDE_KEYS.get(sequence.value(0, 0));
  return name === undefined ? undefined : namedKey(name, modifiers | Modifier.SHIFT);
}

function keyOf(sequence: ControlSequence, final: string, outer: number): InputEvent | undefined {
  const modifiers = modifiersAt(sequence, 1) | outer;
  switch (final) {
    case '~':
      return tildeKey(sequence, modifiers, outer);
    case '^':
      return tildeKey(sequence, modifiers | Modifier.CTRL, outer);
    case '@':
      return tildeKey(sequence, modifiers | Modifier.CTRL | Modifier.SHIFT, outer);
    case 'Z':
      return namedKey('tab', modifiers | Modifier.SHIFT);
    case 'u':
      return codePointKey(sequence, modifiers);
    case 'R':
      // A cursor position report has the same shape; F3 has 1 for its row.
      return sequence.value(0, 1) === 1 ? namedKey('f3', modifiers) : undefined;
    default: {
      const arrow = RXVT_ARROWS.get(final);
      if (arrow !== undefined) return namedKey(arrow, modifiers | Modifier.SHIFT);
      const letter = LETTER_KEYS.get(final);
      return letter === undefined ? undefined : namedKey(letter, modifiers);
    }
  }
}

function tildeKey(sequence: ControlSequence, modifiers: number, outer: number): InputEvent | undefined {
  const number = sequence.value(0, 0);
  if (number === MODIFY_OTHER_KEYS && sequence.count >= 3) {
    return characterKey(sequence.value(2, 0), modifiersAt(sequence, 1) | outer);
  }
  const name = TILDE_KEYS.get(number);
  return name === undefined ? undefined : namedKey(name, modifiers);
}

/** kitty's `CSI code ; modifiers ; text u`. */
function codePointKey(sequence: ControlSequence, modifiers: number): InputEvent | undefined {
  const code = sequence.value(0, 0);
  if (code >= PRIVATE_USE_FIRST && code <= PRIVATE_USE_LAST) {
    const character = kittyKeypadCharacter(code);
    if (character >= 0) return characterKey(character, modifiers);
    const name = kittyFunctionKey(code);
    return name === '' ? undefined : namedKey(name, modifiers);
  }
  const isPlain = (modifiers & ~Modifier.SHIFT) === 0;
  // With the text beside it the layout has spoken already; shift is spent.
  const text = isPlain ? sequence.value(2, 0) : 0;
  return text > 0x1f ? characterKey(text, 0) : characterKey(code, modifiers);
}

function mouseOf(sequence: ControlSequence, final: string, context: SequenceContext): InputEvent | undefined {
  if ((final !== 'M' && final !== 'm') || sequence.count < 3) return undefined;
  return mouseEvent({
    code: sequence.value(0, 0),
    column: sequence.value(1, 1),
    row: sequence.value(2, 1),
    isRelease: final === 'm',
    width: context.width,
    height: context.height,
  });
}

function replyOf(sequence: ControlSequence, final: string): InputEvent | undefined {
  if (final === 'c') return { kind: 'reply', reply: 'attributes' };
  if (final !== 'y' || sequence.intermediate !== DOLLAR || sequence.count !== 2) return undefined;
  return { kind: 'reply', reply: 'mode', mode: sequence.value(0, 0), state: sequence.value(1, 0) };
}

function modifiersAt(sequence: ControlSequence, index: number): number {
  return Math.max(sequence.value(index, 1) - 1, 0) & MODIFIER_MASK;
}
