import type { KeyEvent } from './event.ts';

/** xterm's modifier bits, which kitty extends: the parameter is 1 + their sum. */
export const Modifier = { SHIFT: 1, ALT: 2, CTRL: 4, SUPER: 8, HYPER: 16, META: 32 } as const;

const FOREIGN = Modifier.SUPER | Modifier.HYPER | Modifier.META;

/** A key that has a name and types nothing. */
export function namedKey(name: string, modifiers: number): KeyEvent {
  const ctrl = (modifiers & Modifier.CTRL) !== 0;
  const alt = (modifiers & Modifier.ALT) !== 0;
  const shift = (modifiers & Modifier.SHIFT) !== 0;
  return { kind: 'key', name, ctrl, alt, shift, chord: chordOf(name, modifiers) };
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
  const alt = (modifiers & Modifier.ALT) !== 0;
  const ctrl = (modifiers & Modifier.CTRL) !== 0;
  const shift = (modifiers & Modifier.SHIFT) !== 0;
  const isCommand = (modifiers & (Modifier.CTRL | Modifier.ALT | FOREIGN)) !== 0;
  let text = String.fromCodePoint(codePoint);
  // Without these two the same keys would have other chords in terminals that report both letter and shift.
  if (shift && !ctrl && isSmallAscii(codePoint)) text = text.toUpperCase();
  if (ctrl && isSmallAscii(codePoint + 0x20)) text = text.toLowerCase();
  const name = text === ' ' ? 'space' : text;
  const spelled = ctrl || name === 'space' ? modifiers : modifiers & ~Modifier.SHIFT;
  const key = { kind: 'key', name, ctrl, alt, shift, chord: chordOf(name, spelled) } as const;
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
