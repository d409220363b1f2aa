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

/** `SS3 letter` of the numeric keypad in application mode: the character that is printed on the key. */
export const KEYPAD_CHARACTERS: ReadonlyMap<string, string> = new Map([
  [' ', ' '],
  ['I', '\t'],
  ['M', '\r'],
  ['X', '='],
  ['j', '*'],
  ['k', '+'],
  ['l', ','],
  ['m', '-'],
  ['n', '.'],
  ['o', '/'],
  ['p', '0'],
  ['q', '1'],
  ['r', '2'],
  ['s', '3'],
  ['t', '4'],
  ['u', '5'],
  ['v', '6'],
  ['w', '7'],
  ['x', '8'],
  ['y', '9'],
]);

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

/** The keys that kitty's protocol places into the private use area (U+E000 to U+F8FF); '' for all others there. */
export function kittyFunctionKey(code: number): string {
  if (code >= KITTY_F13 && code <= KITTY_F35) return `f${code - KITTY_F13 + 13}`;
  return KITTY_MOVE_NAMES[code - KITTY_KEYPAD_MOVES] ?? '';
}

/** The character code of a kitty keypad key, or -1. */
export function kittyKeypadCharacter(code: number): number {
  const index = code - KITTY_KEYPAD;
  return index >= 0 && index < KITTY_KEYPAD_CHARACTERS.length
    ? KITTY_KEYPAD_CHARACTERS.charCodeAt(index)
    : -1;
}
