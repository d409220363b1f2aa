import {
  type CommonAction,
  groupsOfMode,
  type KeyGroup,
  type Keymap as KeymapOf,
  MOVEMENT_BINDINGS,
  PLAYBACK_GROUP,
  SCREEN_BINDINGS,
} from '../config/keymap.ts';

export { chordText, keymapOf } from '../config/keymap.ts';

/** Everything a key can ask for. */
export type Action =
  | CommonAction
  | 'open'
  | 'back'
  | 'hosts'
  | 'listen'
  | 'groups'
  | 'sort-next'
  | 'sort-reverse'
  | 'sort-rate'
  | 'sort-download'
  | 'sort-upload'
  | 'sort-pid'
  | 'sort-name'
  | 'sort-connections'
  | 'filter'
  | 'cumulative'
  | 'tree'
  | 'follow'
  | 'alert'
  | 'kill'
  | 'export'
  | 'dns'
  | 'loopback'
  | 'interface-next';

type BindingGroup = KeyGroup<Action>;
export type Keymap = KeymapOf<Action>;

/** The keys as they are without a configuration file. */
export const KEYMAP: readonly BindingGroup[] = [
  {
    title: 'Navigation',
    bindings: [
      ...MOVEMENT_BINDINGS,
      { action: 'open', chords: ['enter'], description: 'Open the selected row', label: 'open' },
      { action: 'back', chords: ['escape'], description: 'Clear the filter, then go back', label: 'back' },
    ],
  },
  {
    title: 'Views',
    bindings: [
      { action: 'hosts', chords: ['h'], description: 'Remote hosts', label: 'hosts' },
      { action: 'listen', chords: ['l'], description: 'Listening ports', label: 'listen' },
      { action: 'groups', chords: ['D'], description: 'Containers and services', label: 'groups' },
    ],
  },
  {
    title: 'Rows',
    bindings: [
      { action: 'filter', chords: ['/'], description: 'Filter the rows', label: 'filter' },
      { action: 'sort-next', chords: ['s'], description: 'Sort by the next column', label: 'sort' },
      { action: 'sort-reverse', chords: ['r'], description: 'Reverse the order' },
      { action: 'sort-rate', chords: ['1'], description: 'Sort by rate' },
      { action: 'sort-download', chords: ['2'], description: 'Sort by download' },
      { action: 'sort-upload', chords: ['3'], description: 'Sort by upload' },
      { action: 'sort-pid', chords: ['4'], description: 'Sort by PID' },
      { action: 'sort-name', chords: ['5'], description: 'Sort by name' },
      { action: 'sort-connections', chords: ['6'], description: 'Sort by connections' },
      { action: 'cumulative', chords: ['c'], description: 'Bytes since start instead of rates' },
      { action: 'tree', chords: ['t'], description: 'Processes below their parents' },
      { action: 'follow', chords: ['F'], description: 'Follow the selected row' },
      { action: 'kill', chords: ['K'], description: 'Send the process a signal', label: 'kill' },
      { action: 'alert', chords: ['A'], description: 'Alert above a rate' },
      { action: 'dns', chords: ['d'], description: 'Names or addresses of hosts' },
      { action: 'loopback', chords: ['L'], description: 'Show or hide loopback', label: 'loopback' },
      { action: 'export', chords: ['e'], description: 'Write the rows to a CSV file' },
    ],
  },
  PLAYBACK_GROUP,
  {
    title: 'Everywhere',
    bindings: [
      {
        action: 'interface-next',
        chords: ['i', 'tab'],
        description: 'Next network interface',
        label: 'interface',
      },
      ...SCREEN_BINDINGS,
    ],
  },
];

/** What cannot be done to a recording. */
const LIVE_ACTIONS: ReadonlySet<Action> = new Set(['kill']);

/** The groups without the keys that mean nothing here: a live machine cannot be sought in, a recording not killed. */
export function groupsFor(groups: readonly BindingGroup[], isPlayback: boolean): readonly BindingGroup[] {
  return groupsOfMode(groups, isPlayback, LIVE_ACTIONS);
}
