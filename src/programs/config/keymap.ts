import {
  characterKey,
  controlKey,
  LETTER_KEYS,
  Modifier,
  namedKey,
  TILDE_KEYS,
} from '../../screen/input/key-event.ts';

/** An action with its chords, its description for the help, and a short label for the footer. */
export interface KeyBinding<Action extends string> {
  readonly action: Action;
  /** As in KeyEvent.chord; the first ones are displayed. */
  readonly chords: readonly string[];
  readonly description: string;
  /** With a label, the binding appears in the footer. */
  readonly label?: string;
}

export interface KeyGroup<Action extends string> {
  readonly title: string;
  readonly bindings: readonly KeyBinding<Action>[];
}

/** Movement keys of every list. */
export const MOVEMENT_BINDINGS = [
  { action: 'down', chords: ['j', 'down'], description: 'Move down' },
  { action: 'up', chords: ['k', 'up'], description: 'Move up' },
  { action: 'page-down', chords: ['pagedown', 'ctrl+d'], description: 'Page down' },
  { action: 'page-up', chords: ['pageup', 'ctrl+u'], description: 'Page up' },
  { action: 'top', chords: ['g', 'home'], description: 'Jump to the top' },
  { action: 'bottom', chords: ['G', 'end'], description: 'Jump to the bottom' },
] as const;

/** Keys of every screen of this project. */
export const SCREEN_BINDINGS = [
  { action: 'pause', chords: ['space'], description: 'Pause or resume the screen', label: 'pause' },
  { action: 'faster', chords: ['+', '='], description: 'Refresh faster' },
  { action: 'slower', chords: ['-'], description: 'Refresh slower' },
  { action: 'mouse', chords: ['m'], description: 'Toggle the mouse (off: select text)' },
  { action: 'redraw', chords: ['ctrl+l'], description: 'Redraw the screen' },
  { action: 'suspend', chords: ['ctrl+z'], description: 'Suspend; resume with fg' },
  { action: 'help', chords: ['?', 'f1'], description: 'This help', label: 'help' },
  { action: 'quit', chords: ['q', 'ctrl+c'], description: 'Quit', label: 'quit' },
] as const;

/** Keys of playback: speed and position. */
export const PLAYBACK_GROUP = {
  title: 'Playback',
  bindings: [
    { action: 'playback-slower', chords: ['left'], description: 'Play slower', label: 'slower' },
    { action: 'playback-faster', chords: ['right'], description: 'Play faster', label: 'faster' },
    { action: 'seek-back', chords: ['['], description: 'Ten seconds back', label: '10 s back' },
    { action: 'seek-forward', chords: [']'], description: 'Ten seconds forward', label: '10 s forward' },
  ],
} as const;

/** Keys of time travel, if there is a history. */
export const HISTORY_GROUP = {
  title: 'History',
  bindings: [
    { action: 'timeline', chords: ['H'], description: 'Time line: go back in time', label: 'history' },
    { action: 'now', chords: ['0'], description: 'Return to now', label: 'now' },
    { action: 'totals', chords: ['T'], description: 'Bytes by day and program' },
  ],
} as const;

/** Returns the groups without some actions; empty groups are removed. */
export function groupsWithout<Action extends string>(
  groups: readonly KeyGroup<Action>[],
  refused: ReadonlySet<string>,
): readonly KeyGroup<Action>[] {
  return groups
    .map(({ title, bindings }) => ({
      title,
      bindings: bindings.filter(({ action }) => !refused.has(action)),
    }))
    .filter(({ bindings }) => bindings.length > 0);
}

/** The keys in force, used by input, footer and help overlay. */
export interface Keymap<Action extends string> {
  readonly groups: readonly KeyGroup<Action>[];
  /** The action of a chord, or undefined. */
  actionOf(chord: string): Action | undefined;
  /** The binding of an action; undefined: none. */
  bindingOf(action: Action): KeyBinding<Action> | undefined;
  /** The chords of an action, the displayed one first. */
  chordsOf(action: Action): readonly string[];
}

/** Builds the keymap of its groups. Its indexes are made when first asked: most keymaps of a start never are. */
export function keymapOf<Action extends string>(groups: readonly KeyGroup<Action>[]): Keymap<Action> {
  let byChord: ReadonlyMap<string, Action> | undefined;
  let byAction: ReadonlyMap<Action, KeyBinding<Action>> | undefined;
  const bindingOf = (action: Action): KeyBinding<Action> | undefined => {
    byAction ??= new Map(
      groups.flatMap(({ bindings }) => bindings.map((each) => [each.action, each] as const)),
    );
    return byAction.get(action);
  };
  return {
    groups,
    actionOf: (chord) => {
      byChord ??= new Map(
        groups.flatMap(({ bindings }) =>
          bindings.flatMap(({ chords, action }) => chords.map((each) => [each, action] as const)),
        ),
      );
      return byChord.get(chord);
    },
    bindingOf,
    chordsOf: (action) => bindingOf(action)?.chords ?? [],
  };
}

const CHORD_NAMES: Readonly<Record<string, string>> = {
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
  escape: 'Esc',
  enter: 'Enter',
  space: 'Space',
  tab: 'Tab',
  'shift+tab': 'Shift+Tab',
};

const ASCII_CHORD_NAMES: Readonly<Record<string, string>> = {
  up: 'Up',
  down: 'Down',
  left: 'Left',
  right: 'Right',
};

const FUNCTION_KEY = /^f\d+$/;

/** Display form of a chord: `↓`, `PgDn`, `Ctrl+D`, `F1`. */
export function chordText(chord: string, isAscii: boolean): string {
  if (chord.startsWith('ctrl+')) return `Ctrl+${chord.slice(5).toUpperCase()}`;
  if (FUNCTION_KEY.test(chord)) return chord.toUpperCase();
  return (isAscii ? ASCII_CHORD_NAMES[chord] : undefined) ?? CHORD_NAMES[chord] ?? chord;
}

/** A line of help: keys in display form, and their description. */
interface KeyLine {
  readonly keys: string;
  readonly description: string;
}

/** The keymap as lines of help, group by group. */
export function keyLines<Action extends string>(
  keymap: Keymap<Action>,
  isAscii: boolean,
): readonly { readonly title: string; readonly lines: readonly KeyLine[] }[] {
  return keymap.groups.map((group) => ({
    title: group.title,
    lines: group.bindings.map((binding) => ({
      keys: binding.chords.map((chord) => chordText(chord, isAscii)).join(isAscii ? ' / ' : ' · '),
      description: binding.description,
    })),
  }));
}

/**
 * Applies the chords of a configuration to a keymap. A chord assigned to one action is removed from the others.
 * Bindings and groups without chords are removed, so that help and footer show only what works. The chord that always
 * quits is kept.
 */
export function rebound<Action extends string>(
  groups: readonly KeyGroup<Action>[],
  keys: ReadonlyMap<Action, readonly string[]>,
): readonly KeyGroup<Action>[] {
  if (keys.size === 0) return groups;
  const isTaken = (chord: string, action: Action): boolean => {
    for (const [other, chords] of keys) {
      if (other !== action && chords.includes(chord)) return true;
    }
    return false;
  };
  return groups
    .map((group) => ({
      ...group,
      bindings: group.bindings
        .map((binding) => ({ ...binding, chords: reboundChords(binding, keys.get(binding.action), isTaken) }))
        .filter(({ chords }) => chords.length > 0),
    }))
    .filter(({ bindings }) => bindings.length > 0);
}

function reboundChords<Action extends string>(
  binding: KeyBinding<Action>,
  own: readonly string[] | undefined,
  isTaken: (chord: string, action: Action) => boolean,
): readonly string[] {
  const { action, chords } = binding;
  if (own === undefined) return chords.filter((chord) => !isTaken(chord, action));
  return chords.includes(QUIT_CHORD) ? [...own, QUIT_CHORD] : own;
}

/** A chord as in KeyEvent, or why the text is not one. */
type ChordReading = { readonly chord: string } | { readonly refusal: string };

/** Always quits; a configuration cannot reassign it. */
export const QUIT_CHORD = 'ctrl+c';

const FUNCTION_KEYS = 35;

/** Names of keys in chords. Made when a configuration has chords. */
function keyNames(): ReadonlySet<string> {
  return new Set([
    ...TILDE_KEYS.values(),
    ...LETTER_KEYS.values(),
    ...Array.from({ length: FUNCTION_KEYS }, (_, index) => `f${index + 1}`),
    ...['enter', 'tab', 'backspace', 'escape', 'space'],
  ]);
}

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
  if (keyNames().has(name)) return { chord: namedKey(name, modifiers).chord };
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
