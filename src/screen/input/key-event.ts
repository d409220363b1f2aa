import type { KeyEvent } from './event.ts';

/** xterm's modifier bits, which kitty extends: the parameter is 1 + their sum. */
export const Modifier = { SHIFT: 1, ALT: 2, CTRL: 4, SUPER: 8, HYPER: 16, META: 32 } as const;

const FOREIGN = Modifier.SUPER | Modifier.HYPER | Modifier.META;

/** A key that has a name and types nothing. */
export function namedKey(name: string, modifiers: number): KeyEvent {
  return { kind: 'key', name, chord: chordOf(name, modifiers) };
}

/** The same; undefined for a key without a name here. */
export function keyIfNamed(name: string | undefined, modifiers: number): KeyEvent | undefined {
  return name === undefined ? undefined : namedKey(name, modifiers);
}

/**
 * A key that stands for a character. Shift is spelled by the character itself (`K`, `?`), so the chord names it
 * only together with ctrl, where terminals that report it send the small letter. Types text unless a modifier
 * makes it a command. `undefined` for code points that no key stands for.
 */
export function characterKey(codePoint: number, modifiers: number): KeyEvent | undefined {
  const special = SPECIAL_CHARACTERS.get(codePoint);
  if (special !== undefined) return namedKey(special, modifiers);
  if (!isTypable(codePoint)) return undefined;
  const ctrl = (modifiers & Modifier.CTRL) !== 0;
  const shift = (modifiers & Modifier.SHIFT) !== 0;
  const isCommand = (modifiers & (Modifier.CTRL | Modifier.ALT | FOREIGN)) !== 0;
  let text = String.fromCodePoint(codePoint);
  // Without these two the same keys would have other chords in terminals that report both letter and shift.
  if (shift && !ctrl && isSmallAscii(codePoint)) text = text.toUpperCase();
  if (ctrl && isSmallAscii(codePoint + 0x20)) text = text.toLowerCase();
  const name = text === ' ' ? 'space' : text;
  const spelled = ctrl || name === 'space' ? modifiers : modifiers & ~Modifier.SHIFT;
  const key = { kind: 'key', name, chord: chordOf(name, spelled) } as const;
  return isCommand ? key : { ...key, text };
}

/** A C0 control or DEL as the key that sends it. */
export function controlKey(byte: number, modifiers: number): KeyEvent {
  switch (byte) {
    case 0x00:
      return namedKey('space', modifiers | Modifier.CTRL);
    case 0x08:
    case 0x7f:
      return namedKey('backspace', modifiers);
    case 0x09:
      return namedKey('tab', modifiers);
    case 0x0a:
    case 0x0d:
      return namedKey('enter', modifiers);
    case 0x1b:
      return namedKey('escape', modifiers);
    default: {
      const isLetter = byte <= 0x1a;
      return namedKey(String.fromCharCode(byte + (isLetter ? 0x60 : 0x40)), modifiers | Modifier.CTRL);
    }
  }
}

const SPECIAL_CHARACTERS = new Map([
  [0x08, 'backspace'],
  [0x09, 'tab'],
  [0x0a, 'enter'],
  [0x0d, 'enter'],
  [0x1b, 'escape'],
  [0x7f, 'backspace'],
]);

function isSmallAscii(codePoint: number): boolean {
  return codePoint >= 0x61 && codePoint <= 0x7a;
}

/** Not a control, a surrogate, a direction control or a line separator: nothing that a screen would have to refuse. */
function isTypable(codePoint: number): boolean {
  if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0) || codePoint > 0x10ffff) return false;
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return false;
  return !UNTYPABLE.test(String.fromCodePoint(codePoint));
}

const UNTYPABLE = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/;

function chordOf(name: string, modifiers: number): string {
  if (modifiers === 0) return name;
  let chord = '';
  if ((modifiers & Modifier.CTRL) !== 0) chord += 'ctrl+';
  if ((modifiers & Modifier.ALT) !== 0) chord += 'alt+';
  if ((modifiers & Modifier.SHIFT) !== 0) chord += 'shift+';
  if ((modifiers & FOREIGN) !== 0) chord += 'super+';
  return chord + name;
}

/** `CSI number ~` (VT220, xterm, linux, rxvt): the same keys have had several numbers. */
export const TILDE_KEYS: ReadonlyMap<number, string> = new Map([
  [1, 'home'],
  [2, 'insert'],
  [3, 'delete'],
  [4, 'end'],
  [5, 'pageup'],
  [6, 'pagedown'],
  [7, 'home'],
  [8, 'end'],
  [11, 'f1'],
  [12, 'f2'],
  [13, 'f3'],
  [14, 'f4'],
  [15, 'f5'],
  [17, 'f6'],
  [18, 'f7'],
  [19, 'f8'],
  [20, 'f9'],
  [21, 'f10'],
  [23, 'f11'],
  [24, 'f12'],
  [25, 'f13'],
  [26, 'f14'],
  [28, 'f15'],
  [29, 'f16'],
  [31, 'f17'],
  [32, 'f18'],
  [33, 'f19'],
  [34, 'f20'],
]);

/** `CSI letter` and `SS3 letter` alike (xterm in normal and application mode). */
export const LETTER_KEYS: ReadonlyMap<string, string> = new Map([
  ['A', 'up'],
  ['B', 'down'],
  ['C', 'right'],
  ['D', 'left'],
  ['E', 'begin'],
  ['F', 'end'],
  ['G', 'begin'],
  ['H', 'home'],
  ['P', 'f1'],
  ['Q', 'f2'],
  ['R', 'f3'],
  ['S', 'f4'],
]);

/** rxvt's arrows: `CSI a` with shift, `SS3 a` with ctrl. */
export const RXVT_ARROWS: ReadonlyMap<string, string> = new Map([
  ['a', 'up'],
  ['b', 'down'],
  ['c', 'right'],
  ['d', 'left'],
]);

/**
 * The key of `SS3 letter`, on the numeric keypad in application mode: the character that is printed on it. The letters
 * of `*` to `9` (j to y), of Tab (I) and of Enter (M) are 64 above it.
 */
export function keypadKey(letter: string, modifiers: number): KeyEvent | undefined {
  if (letter === ' ') return characterKey(0x20, modifiers);
  if (letter === 'X') return characterKey(0x3d, modifiers);
  return /^[IMj-y]$/.test(letter) ? characterKey(letter.charCodeAt(0) - 64, modifiers) : undefined;
}

/** `CSI [ letter` of the Linux console. */
export const LINUX_FUNCTION_KEYS: ReadonlyMap<string, string> = new Map([
  ['A', 'f1'],
  ['B', 'f2'],
  ['C', 'f3'],
  ['D', 'f4'],
  ['E', 'f5'],
]);

const KITTY_F13 = 57376;
const KITTY_F35 = 57398;
const KITTY_KEYPAD = 57399;
const KITTY_KEYPAD_CHARACTERS = '0123456789./*-+\r=,';
const KITTY_KEYPAD_MOVES = 57417;
const KITTY_MOVE_NAMES = [
  'left',
  'right',
  'up',
  'down',
  'pageup',
  'pagedown',
  'home',
  'end',
  'insert',
  'delete',
  'begin',
];

/** The key that kitty's protocol places at a code of the private use area (U+E000 to U+F8FF), undefined if none. */
export function kittyKey(code: number, modifiers: number): KeyEvent | undefined {
  const keypad = KITTY_KEYPAD_CHARACTERS[code - KITTY_KEYPAD];
  if (keypad !== undefined) return characterKey(keypad.charCodeAt(0), modifiers);
  if (code >= KITTY_F13 && code <= KITTY_F35) return namedKey(`f${code - KITTY_F13 + 13}`, modifiers);
  return keyIfNamed(KITTY_MOVE_NAMES[code - KITTY_KEYPAD_MOVES], modifiers);
}
