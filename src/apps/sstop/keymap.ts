/** Everything a key can ask of the process table. */
export type Action =
  | 'down'
  | 'up'
  | 'page-down'
  | 'page-up'
  | 'top'
  | 'bottom'
  | 'sort-next'
  | 'sort-reverse'
  | 'sort-rate'
  | 'sort-download'
  | 'sort-upload'
  | 'sort-pid'
  | 'sort-name'
  | 'sort-connections'
  | 'filter'
  | 'clear'
  | 'loopback'
  | 'interface-next'
  | 'faster'
  | 'slower'
  | 'pause'
  | 'mouse'
  | 'help'
  | 'suspend'
  | 'redraw'
  | 'quit';

/** One line of the help overlay: what its chords do, and the short label for the footer. */
export interface Binding {
  readonly action: Action;
  /** As in KeyEvent.chord; the first ones are shown. */
  readonly chords: readonly string[];
  readonly description: string;
  /** With a label the binding appears in the footer, in this order. */
  readonly label?: string;
}

export interface BindingGroup {
  readonly title: string;
  readonly bindings: readonly Binding[];
}

/** The one list of keys: input, footer and help overlay all read it. */
export const KEYMAP: readonly BindingGroup[] = [
  {
    title: 'Navigation',
    bindings: [
      { action: 'down', chords: ['j', 'down'], description: 'Move down' },
      { action: 'up', chords: ['k', 'up'], description: 'Move up' },
      { action: 'page-down', chords: ['pagedown', 'ctrl+d'], description: 'Page down' },
      { action: 'page-up', chords: ['pageup', 'ctrl+u'], description: 'Page up' },
      { action: 'top', chords: ['g', 'home'], description: 'Jump to the top' },
      { action: 'bottom', chords: ['G', 'end'], description: 'Jump to the bottom' },
    ],
  },
  {
    title: 'Processes',
    bindings: [
      {
        action: 'filter',
        chords: ['/'],
        description: 'Filter by name, command line or PID',
        label: 'filter',
      },
      { action: 'clear', chords: ['escape'], description: 'Clear the filter' },
      { action: 'sort-next', chords: ['s'], description: 'Sort by the next column', label: 'sort' },
      { action: 'sort-reverse', chords: ['r'], description: 'Reverse the order' },
      { action: 'sort-rate', chords: ['1'], description: 'Sort by rate' },
      { action: 'sort-download', chords: ['2'], description: 'Sort by download' },
      { action: 'sort-upload', chords: ['3'], description: 'Sort by upload' },
      { action: 'sort-pid', chords: ['4'], description: 'Sort by PID' },
      { action: 'sort-name', chords: ['5'], description: 'Sort by name' },
      { action: 'sort-connections', chords: ['6'], description: 'Sort by connections' },
      { action: 'loopback', chords: ['L'], description: 'Show or hide loopback', label: 'loopback' },
    ],
  },
  {
    title: 'Everywhere',
    bindings: [
      {
        action: 'interface-next',
        chords: ['i', 'tab'],
        description: 'Next network interface',
        label: 'interface',
      },
      { action: 'pause', chords: ['space'], description: 'Pause or resume the screen', label: 'pause' },
      { action: 'faster', chords: ['+', '='], description: 'Refresh faster' },
      { action: 'slower', chords: ['-'], description: 'Refresh slower' },
      { action: 'mouse', chords: ['m'], description: 'Mouse on or off (off: select text)' },
      { action: 'redraw', chords: ['ctrl+l'], description: 'Draw the screen anew' },
      { action: 'suspend', chords: ['ctrl+z'], description: 'Suspend; fg brings it back' },
      { action: 'help', chords: ['?'], description: 'This help', label: 'help' },
      { action: 'quit', chords: ['q', 'ctrl+c'], description: 'Quit', label: 'quit' },
    ],
  },
];

const ACTION_BY_CHORD: ReadonlyMap<string, Action> = new Map(
  KEYMAP.flatMap((group) =>
    group.bindings.flatMap((binding) => binding.chords.map((chord) => [chord, binding.action] as const)),
  ),
);

/** The action of a chord on the process table, or undefined. */
export function actionOf(chord: string): Action | undefined {
  return ACTION_BY_CHORD.get(chord);
}

const CHORD_NAMES: Readonly<Record<string, string>> = {
  up: '↑',
  down: '↓',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
  escape: 'Esc',
  enter: 'Enter',
  space: 'Space',
  tab: 'Tab',
};

const ASCII_CHORD_NAMES: Readonly<Record<string, string>> = { up: 'Up', down: 'Down' };

/** How a chord is written for people: `↓`, `PgDn`, `Ctrl+D`. */
export function chordText(chord: string, isAscii: boolean): string {
  if (chord.startsWith('ctrl+')) return `Ctrl+${chord.slice(5).toUpperCase()}`;
  return (isAscii ? ASCII_CHORD_NAMES[chord] : undefined) ?? CHORD_NAMES[chord] ?? chord;
}
