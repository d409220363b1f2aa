import type { InputEvent, KeyEvent, MouseAction, MouseButton, MouseEvent, TerminalReply } from './event.ts';
import {
  characterKey,
  keyIfNamed,
  keypadKey,
  kittyKey,
  LETTER_KEYS,
  LINUX_FUNCTION_KEYS,
  Modifier,
  namedKey,
  RXVT_ARROWS,
  TILDE_KEYS,
} from './key-event.ts';

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
  return letterKey(final, modifiers, Modifier.CTRL) ?? keypadKey(final, modifiers);
}

/** The key of a letter; rxvt's arrows are small ones, which stand for another modifier beside. */
function letterKey(letter: string, modifiers: number, rxvtModifier: number): KeyEvent | undefined {
  const arrow = RXVT_ARROWS.get(letter);
  if (arrow !== undefined) return namedKey(arrow, modifiers | rxvtModifier);
  return keyIfNamed(LETTER_KEYS.get(letter), modifiers);
}

/** The key of the Linux console's `CSI [ letter`. */
export function linuxConsoleEvent(final: string, modifiers: number): InputEvent | undefined {
  return keyIfNamed(LINUX_FUNCTION_KEYS.get(final), modifiers);
}

/**
 * rxvt ends a shifted key with `$`, which is an intermediate byte to everybody else: `CSI 3 $` is whole, while
 * DECRPM's `CSI ? 2026 ; 2 $ y` goes on.
 */
export function rxvtShiftedKey(sequence: ControlSequence, modifiers: number): InputEvent | undefined {
  if (sequence.intermediate !== DOLLAR || sequence.prefix !== 0 || sequence.count !== 1) return undefined;
  return keyIfNamed(TILDE_KEYS.get(sequence.value(0, 0)), modifiers | Modifier.SHIFT);
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
    default:
      return letterKey(final, modifiers, Modifier.SHIFT);
  }
}

function tildeKey(sequence: ControlSequence, modifiers: number, outer: number): InputEvent | undefined {
  const number = sequence.value(0, 0);
  if (number === MODIFY_OTHER_KEYS && sequence.count >= 3) {
    return characterKey(sequence.value(2, 0), modifiersAt(sequence, 1) | outer);
  }
  return keyIfNamed(TILDE_KEYS.get(number), modifiers);
}

/** kitty's `CSI code ; modifiers ; text u`. */
function codePointKey(sequence: ControlSequence, modifiers: number): InputEvent | undefined {
  const code = sequence.value(0, 0);
  if (code >= PRIVATE_USE_FIRST && code <= PRIVATE_USE_LAST) return kittyKey(code, modifiers);
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

const MAX_PARAMETERS = 16;
const MAX_VALUE = 1_000_000;
/** Longer than any sequence that a terminal sends. */
const MAX_BYTES = 64;

/**
 * The parameters of one control sequence (ECMA-48 5.4), gathered byte by byte and reused for the next one:
 * `CSI prefix? parameters intermediate? final`, a parameter being `value:sub`.
 */
export class ControlSequence {
  /** `<`, `=`, `>` or `?`; 0: none. */
  prefix = 0;
  /** The last byte of 0x20 to 0x2f; 0: none. */
  intermediate = 0;
  /** How many parameters were there, empty ones too; 0 for a sequence without any. */
  count = 0;
  readonly #values = new Int32Array(MAX_PARAMETERS);
  readonly #subs = new Int32Array(MAX_PARAMETERS);
  #subIndex = 0;
  #length = 0;

  clear(): void {
    this.prefix = 0;
    this.intermediate = 0;
    this.count = 0;
    this.#subIndex = 0;
    this.#length = 0;
  }

  /** Takes a byte of 0x20 to 0x3f. A sequence that is too long is remembered as such. */
  push(byte: number): void {
    this.#length++;
    if (this.isOverlong) return;
    if (byte < 0x30) this.intermediate = byte;
    else if (byte >= 0x3c) this.prefix = this.#length === 1 ? byte : this.prefix;
    else this.#pushParameter(byte);
  }

  get isOverlong(): boolean {
    return this.#length > MAX_BYTES || this.count > MAX_PARAMETERS;
  }

  /** Nothing but the final byte came. */
  get isBare(): boolean {
    return this.#length === 0;
  }

  /** Whether this final byte makes it `CSI 200 ~`. */
  isPasteStart(final: number): boolean {
    return final === 0x7e && this.prefix === 0 && this.count === 1 && this.#values[0] === 200;
  }

  /** The parameter's value, or `fallback` where it is absent or empty. */
  value(index: number, fallback: number): number {
    const value = index < this.count ? this.#values[index]! : -1;
    return value < 0 ? fallback : value;
  }

  /** The parameter's second part, behind a colon, or `fallback`. */
  sub(index: number, fallback: number): number {
    const value = index < this.count ? this.#subs[index]! : -1;
    return value < 0 ? fallback : value;
  }

  #pushParameter(byte: number): void {
    if (this.count === 0) this.#begin();
    if (byte === 0x3b) {
      this.#begin();
    } else if (byte === 0x3a) {
      this.#subIndex++;
    } else if (this.#subIndex < 2 && this.count <= MAX_PARAMETERS) {
      const into = this.#subIndex === 0 ? this.#values : this.#subs;
      const at = this.count - 1;
      into[at] = Math.min(Math.max(into[at]!, 0) * 10 + (byte - 0x30), MAX_VALUE);
    }
  }

  #begin(): void {
    this.#subIndex = 0;
    this.count++;
    if (this.count > MAX_PARAMETERS) return;
    this.#values[this.count - 1] = -1;
    this.#subs[this.count - 1] = -1;
  }
}

const MOTION = 32;
const WHEEL = 64;
const EXTRA_BUTTONS = 128;
const BUTTONS: readonly MouseButton[] = ['left', 'middle', 'right', 'none'];

/** What a mouse report says, and the screen its coordinates are clamped to. */
interface MouseReport {
  /** xterm's button word: 2 bits of button, then shift, alt, ctrl, motion, wheel, extra buttons. */
  readonly code: number;
  /** Cells from 1, as the terminal counts them. */
  readonly column: number;
  readonly row: number;
  readonly isRelease: boolean;
  readonly width: number;
  readonly height: number;
}

/** The event of an xterm mouse report (ctlseqs, "Mouse Tracking"); undefined for buttons that nothing uses. */
export function mouseEvent(report: MouseReport): MouseEvent | undefined {
  const { code } = report;
  if (code >= EXTRA_BUTTONS) return undefined;
  const action = actionOf(code, report.isRelease);
  if (action === undefined) return undefined;
  return {
    kind: 'mouse',
    action,
    button: (code & WHEEL) !== 0 ? 'none' : BUTTONS[code & 3]!,
    x: clamp(report.column - 1, report.width),
    y: clamp(report.row - 1, report.height),
  };
}

function actionOf(code: number, isRelease: boolean): MouseAction | undefined {
  if ((code & WHEEL) !== 0) {
    if ((code & 2) !== 0 || isRelease) return undefined;
    return (code & 1) !== 0 ? 'wheel-down' : 'wheel-up';
  }
  if (isRelease) return 'release';
  if ((code & MOTION) !== 0) return (code & 3) === 3 ? 'move' : 'drag';
  return (code & 3) === 3 ? 'release' : 'press';
}

function clamp(value: number, size: number): number {
  return Math.max(0, Math.min(value, size - 1));
}

/** What of a terminal's name is kept. */
const MAX_NAME_LENGTH = 64;

/** The reply in a device control string (`>|kitty(0.32.2)`), undefined for any other. */
export function deviceControlReply(text: string): TerminalReply | undefined {
  if (!text.startsWith('>|')) return undefined;
  const name = text.slice(2, 2 + MAX_NAME_LENGTH).replace(/[^\x20-\x7e]/g, '');
  return { kind: 'reply', reply: 'version', name };
}
