import {
  groupsWithout,
  HISTORY_GROUP,
  type KeyGroup,
  type Keymap,
  keymapOf,
  MOVEMENT_BINDINGS,
  PLAYBACK_GROUP,
  SCREEN_BINDINGS,
} from '../config/keymap.ts';

const SSTOP_GROUPS = [
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
      { action: 'trouble', chords: ['X'], description: 'Network trouble', label: 'trouble' },
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
      { action: 'cumulative', chords: ['c'], description: 'Toggle rates and bytes since start' },
      {
        action: 'group-by',
        chords: ['p'],
        description: 'Sum by program, user, container, unit',
        label: 'group',
      },
      { action: 'tree', chords: ['t'], description: 'Process tree' },
      { action: 'fold', chords: ['z'], description: 'Fold or unfold a branch of the tree' },
      { action: 'follow', chords: ['F'], description: 'Follow the selected row' },
      { action: 'kill', chords: ['K'], description: 'Send a signal to the process', label: 'kill' },
      { action: 'alert', chords: ['A'], description: 'Alert above a rate' },
      { action: 'dns', chords: ['d'], description: 'Toggle DNS names' },
      { action: 'loopback', chords: ['L'], description: 'Toggle loopback', label: 'loopback' },
      { action: 'export', chords: ['e'], description: 'Export the rows to a CSV file' },
    ],
  },
  PLAYBACK_GROUP,
  HISTORY_GROUP,
  {
    title: 'Everywhere',
    bindings: [
      { action: 'alerts', chords: ['a'], description: 'Alerts and who causes them', label: 'alerts' },
      { action: 'interface', chords: ['i'], description: 'Choose an interface', label: 'interface' },
      { action: 'interface-next', chords: ['tab'], description: 'Next interface' },
      { action: 'interface-previous', chords: ['shift+tab'], description: 'Previous interface' },
      { action: 'units', chords: ['b'], description: 'Rates in bytes or bits', label: 'bits' },
      ...SCREEN_BINDINGS,
    ],
  },
] as const;

const SOCKTOP_GROUPS = [
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
        description: 'Next host, or next list in a process',
        label: 'next host',
      },
      { action: 'host-previous', chords: ['shift+tab'], description: 'Previous host or list' },
      { action: 'parent', chords: ['P'], description: 'Parent process', label: 'parent' },
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
        action: 'group-by',
        chords: ['p'],
        description: 'Sum by program, user, container, unit',
        label: 'group',
      },
      { action: 'traffic', chords: ['N'], description: 'Toggle the NET column', label: 'NET' },
      { action: 'waits', chords: ['W'], description: 'What processes and cgroups wait for', label: 'waits' },
      { action: 'columns', chords: ['C'], description: 'Choose and order the columns' },
      { action: 'per-core', chords: ['I'], description: 'CPU % of one core or of the machine' },
      {
        action: 'kill',
        chords: ['t', 'K'],
        description: 'Send a signal to the process (local)',
        label: 'kill',
      },
    ],
  },
  PLAYBACK_GROUP,
  HISTORY_GROUP,
  {
    title: 'Everywhere',
    bindings: [
      { action: 'compact', chords: ['c'], description: 'Toggle the compact layout', label: 'compact' },
      { action: 'alerts', chords: ['A'], description: 'Alerts and who causes them', label: 'alerts' },
      { action: 'retry', chords: ['r'], description: 'Reconnect now' },
      { action: 'units', chords: ['b'], description: 'Network rates in bytes or bits' },
      ...SCREEN_BINDINGS,
    ],
  },
] as const;

/** Actions of sstop's views. */
export type SstopAction = (typeof SSTOP_GROUPS)[number]['bindings'][number]['action'];

/** Actions of socktop's own views; its network views use sstop's keys. */
export type SocktopAction = (typeof SOCKTOP_GROUPS)[number]['bindings'][number]['action'];

/** Default keymaps. */
export const SSTOP_KEYMAP: readonly KeyGroup<SstopAction>[] = SSTOP_GROUPS;
export const SOCKTOP_KEYMAP: readonly KeyGroup<SocktopAction>[] = SOCKTOP_GROUPS;

/** Actions that do not work with a recording. */
const LIVE_ACTIONS = {
  sstop: ['kill'],
  socktop: ['kill', 'faster', 'slower', 'retry', 'network'],
} as const;

const PLAYBACK_ACTIONS = PLAYBACK_GROUP.bindings.map(({ action }) => action);
const HISTORY_ACTIONS = HISTORY_GROUP.bindings.map(({ action }) => action);

/** What a screen shows: a live machine, its history, or a recording. */
export type ShownTime = 'live' | 'past' | 'recording';

const USELESS: Readonly<Record<ShownTime, (program: keyof typeof LIVE_ACTIONS) => readonly string[]>> = {
  // Without a history, these keys explain how to keep one.
  live: () => [...PLAYBACK_ACTIONS, 'now'],
  // All views work in the past too.
  past: (program) => LIVE_ACTIONS[program].filter((action) => action !== 'network'),
  recording: (program) => [...LIVE_ACTIONS[program], ...HISTORY_ACTIONS],
};

/** The keymap of a screen without the keys that have no effect there. */
export function keymapFor<Action extends string>(
  { groups }: Keymap<Action>,
  program: keyof typeof LIVE_ACTIONS,
  shown: ShownTime,
  hasJobControl: boolean,
): Keymap<Action> {
  const useless = USELESS[shown](program);
  return keymapOf(groupsWithout(groups, new Set([...useless, ...(hasJobControl ? [] : ['suspend'])])));
}
