import {
  type CommonAction,
  groupsOfMode,
  type KeyGroup,
  type Keymap as KeymapOf,
  MOVEMENT_BINDINGS,
  PLAYBACK_GROUP,
  SCREEN_BINDINGS,
} from '../config/keymap.ts';

/** Everything a key can ask for on socktop's own views; the network views have sstop's keys. */
export type Action =
  | CommonAction
  | 'open'
  | 'back'
  | 'network'
  | 'host-next'
  | 'host-previous'
  | 'search'
  | 'sort-next'
  | 'sort-reverse'
  | 'sort-cpu'
  | 'sort-memory'
  | 'sort-pid'
  | 'sort-name'
  | 'sort-user'
  | 'sort-threads'
  | 'sort-time'
  | 'sort-network'
  | 'traffic'
  | 'per-core'
  | 'kill'
  | 'retry'
  | 'compact';

type BindingGroup = KeyGroup<Action>;
export type Keymap = KeymapOf<Action>;

/** The keys as they are. */
export const SOCKTOP_KEYMAP: readonly BindingGroup[] = [
  {
    title: 'Navigation',
    bindings: [
      ...MOVEMENT_BINDINGS,
      { action: 'open', chords: ['enter'], description: 'Open the selected row', label: 'details' },
      {
        action: 'back',
        chords: ['escape'],
        description: 'Clear the search, go back, then quit',
        label: 'back',
      },
      {
        action: 'host-next',
        chords: ['tab'],
        description: 'Next host, or next list of a process',
        label: 'next host',
      },
      { action: 'host-previous', chords: ['shift+tab'], description: 'The one before' },
      { action: 'network', chords: ['n'], description: "Network views, with sstop's keys", label: 'network' },
    ],
  },
  {
    title: 'Processes',
    bindings: [
      { action: 'search', chords: ['/'], description: 'Search by name, user, PID, command', label: 'search' },
      { action: 'sort-next', chords: ['s'], description: 'Sort by the next column', label: 'sort' },
      { action: 'sort-reverse', chords: ['R'], description: 'Reverse the order' },
      { action: 'sort-cpu', chords: ['1'], description: 'Sort by CPU' },
      { action: 'sort-memory', chords: ['2'], description: 'Sort by memory' },
      { action: 'sort-pid', chords: ['3'], description: 'Sort by PID' },
      { action: 'sort-name', chords: ['4'], description: 'Sort by name' },
      { action: 'sort-user', chords: ['5'], description: 'Sort by user' },
      { action: 'sort-threads', chords: ['6'], description: 'Sort by threads' },
      { action: 'sort-time', chords: ['7'], description: 'Sort by CPU time' },
      { action: 'sort-network', chords: ['8'], description: 'Sort by network use, while it is shown' },
      {
        action: 'traffic',
        chords: ['N'],
        description: 'Count the network use of each process',
        label: 'NET',
      },
      { action: 'per-core', chords: ['I'], description: 'CPU share of one core or the machine' },
      {
        action: 'kill',
        chords: ['t'],
        description: 'Send the process a signal (local only)',
        label: 'kill',
      },
    ],
  },
  PLAYBACK_GROUP,
  {
    title: 'Everywhere',
    bindings: [
      { action: 'compact', chords: ['c'], description: 'Compact or full layout', label: 'compact' },
      { action: 'retry', chords: ['r'], description: 'Connect again at once' },
      ...SCREEN_BINDINGS,
    ],
  },
];

/** What cannot be done to a recording. */
const LIVE_ACTIONS: ReadonlySet<Action> = new Set(['kill', 'faster', 'slower', 'retry', 'network']);

/** The groups without the keys that mean nothing here: a live machine cannot be sought in, a recording not killed. */
export function socktopGroupsFor(
  groups: readonly BindingGroup[],
  isPlayback: boolean,
): readonly BindingGroup[] {
  return groupsOfMode(groups, isPlayback, LIVE_ACTIONS);
}
