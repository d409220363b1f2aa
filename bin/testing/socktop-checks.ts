import type { SocktopAction } from '../../src/programs/shared/keymaps.ts';
import type { SocktopScreen } from './socktop-screen.ts';

/** What a key must do on a view, what comes before it, and what undoes it. */
export interface SocktopCheck {
  readonly from?: readonly string[];
  readonly fromUntil?: (screen: SocktopScreen) => boolean;
  readonly shows: (screen: SocktopScreen) => boolean;
  readonly back?: readonly string[];
}

/** Every action of the keymap: a check, or that it changes nothing. */
export type SocktopChecks = Readonly<Record<SocktopAction, SocktopCheck | 'nothing' | 'quits'>>;

function text(pattern: RegExp, ...back: readonly string[]): SocktopCheck {
  return { shows: (screen) => pattern.test(screen.pty.text()), back };
}

function sorted(key: string, ...back: readonly string[]): SocktopCheck {
  return { shows: ({ footer }) => footer.includes(`sort: ${key}  `), back };
}

const AT_END: Pick<SocktopCheck, 'from' | 'fromUntil'> = {
  from: ['G'],
  fromUntil: (screen) => screen.selected() !== '' && screen.selected() === screen.rows().at(-1),
};
const FIRST: SocktopCheck['shows'] = (screen) => screen.selected() === screen.rows()[0];
const LAST: SocktopCheck['shows'] = (screen) => screen.selected() === screen.rows().at(-1);
/** The first of the named processes is no longer on screen; the cursor is. */
const IS_SCROLLED: SocktopCheck['shows'] = (screen) =>
  !/-00$/.test(screen.rows()[0] ?? '') && screen.selected() !== '';
/** The cursor is on one of the thirty named processes, and not on the last. */
const IS_ABOVE_LAST: SocktopCheck['shows'] = (screen) => /-(?!29)\d\d$/.test(screen.selected());
const SECOND: SocktopCheck['shows'] = (screen) => screen.selected() === screen.rows()[1];

const EVERYWHERE = {
  pause: text(/PAUSED/, 'space'),
  // The note of the key that switches it back goes with the next key: back to the first row.
  mouse: {
    shows: ({ pty, footer }) => pty.mouseTracking === 'none' && footer === 'Mouse off: text can be selected.',
    back: ['m', 'g'],
  },
  help: text(/socktop keys/, '?'),
  alerts: text(/Alerts: none/, 'A'),
  // What it does to a screen that something else wrote on is the loop's, and tried with sstop.
  redraw: 'nothing',
  suspend: { shows: ({ pty }) => pty.transcript.includes('\x1b[?1049l') && pty.isAlternateScreen },
  quit: 'quits',
  retry: 'nothing',
  // Of a recording: tried with one.
  ...{ 'playback-slower': 'nothing', 'playback-faster': 'nothing', 'seek-back': 'nothing' },
  'seek-forward': 'nothing',
  now: 'nothing',
  timeline: text(/[Nn]o history/, 'g'),
  totals: text(/[Nn]o history/, 'g'),
} as const satisfies Partial<SocktopChecks>;

const INTERVALS = {
  faster: { shows: ({ header }) => header.includes('metrics 200 ms · processes 800 ms'), back: ['-'] },
  slower: { shows: ({ header }) => header.includes('metrics 1 s · processes 4 s'), back: ['+'] },
} as const satisfies Partial<SocktopChecks>;

const NO_TABLE = {
  ...{ search: 'nothing', 'sort-next': 'nothing', 'sort-reverse': 'nothing', 'sort-cpu': 'nothing' },
  ...{ 'sort-memory': 'nothing', 'sort-pid': 'nothing', 'sort-name': 'nothing', 'sort-user': 'nothing' },
  ...{ 'sort-threads': 'nothing', 'sort-time': 'nothing', 'sort-network': 'nothing', traffic: 'nothing' },
  'group-by': 'nothing',
  waits: 'nothing',
  columns: 'nothing',
  compact: 'nothing',
} as const satisfies Partial<SocktopChecks>;

const ROWS = {
  down: { shows: SECOND, back: ['g'] },
  up: { from: ['j'], fromUntil: SECOND, shows: FIRST },
  'page-down': { shows: (screen) => LAST(screen) || IS_SCROLLED(screen), back: ['g'] },
  'page-up': { ...AT_END, shows: (screen) => FIRST(screen) || IS_ABOVE_LAST(screen), back: ['g'] },
  top: { ...AT_END, shows: FIRST },
  bottom: { shows: (screen) => AT_END.fromUntil!(screen), back: ['g'] },
} as const satisfies Partial<SocktopChecks>;

/** Processes that have no socket use no network. */
const HAS_NET: SocktopCheck['shows'] = ({ pty }) => /W\/s +NET.*\n(.* - .*\n)+/.test(pty.text());

/** The dashboard, sorted by PID and searched for `tag`, the cursor on its first row. */
export function dashboardChecks(tag: string): SocktopChecks {
  const mark = (screen: SocktopScreen): string => /[▴▾]/.exec(screen.pty.text())?.[0] ?? '';
  return {
    ...EVERYWHERE,
    ...INTERVALS,
    ...ROWS,
    open: text(/PID \d+ .*started(.*\n)*.*Threads/, 'escape'),
    back: { shows: ({ footer }) => !footer.includes('search: '), back: ['/', ...tag, 'enter', 'g'] },
    parent: text(/Open a process first/, 'g'),
    network: text(/^ sstop /m, 'escape'),
    ...{ 'host-next': 'nothing', 'host-previous': 'nothing' },
    search: text(/^ \/ .*\d+ of \d+ *$/m, 'escape'),
    'sort-next': sorted('name', '3'),
    'sort-reverse': { shows: (screen) => mark(screen) === '▾', back: ['R'] },
    'sort-cpu': sorted('cpu', '3'),
    'sort-memory': sorted('memory', '3'),
    'sort-pid': { ...sorted('pid'), from: ['1'], fromUntil: ({ footer }) => footer.includes('sort: cpu') },
    'sort-name': sorted('name', '3'),
    'sort-user': sorted('user', '3'),
    'sort-threads': sorted('threads', '3'),
    'sort-time': sorted('time', '3'),
    'sort-network': { ...sorted('network', 'N', '3'), from: ['N'], fromUntil: HAS_NET },
    traffic: { shows: HAS_NET, back: ['N'] },
    waits: text(/waiting for (.*\n)*.*CPU WAIT %/, 'W', 'W', '3'),
    'group-by': text(/Processes [\d,]+ of [\d,]+ by program/, 'p', 'p', 'p', 'p'),
    'per-core': text(/CPU % of one core/, 'I'),
    columns: text(/Columns ─.*\n.*\[x\] PID/, 'escape'),
    units: text(/ [kMG]?bit\/s /, 'b'),
    kill: text(new RegExp(`Kill \\d+ ${tag}`), 'escape'),
    compact: text(/ MEM \d+(\.\d)?%/, 'c'),
  };
}

const ON_CHILDREN: SocktopCheck['shows'] = ({ footer }) => footer.includes('Enter open');

/** The pane of a process with many children, the first of them chosen. */
export const PANE_CHECKS: SocktopChecks = {
  ...EVERYWHERE,
  ...INTERVALS,
  ...NO_TABLE,
  ...ROWS,
  open: text(/Children 0 /, 'escape'),
  back: text(/sort: pid/, 'enter', 'tab', 'g'),
  // The parent has its threads in focus.
  parent: { shows: (screen) => !ON_CHILDREN(screen), back: ['escape'] },
  network: text(/^ sstop /m, 'n'),
  'host-next': { shows: (screen) => !ON_CHILDREN(screen), back: ['shift+tab'] },
  'host-previous': { shows: (screen) => !ON_CHILDREN(screen), back: ['tab'] },
  'per-core': text(/CPU .* % of a core/, 'I'),
  units: text(/Network rates in bits: the dashboard/, 'b', 'g'),
  kill: text(/Kill \d+ /, 'escape'),
};

/** As often `s` leads from an order of the hosts back to the one they were given in. */
function hostsSorted(key: string, steps: number): SocktopCheck {
  return sorted(key, ...Array.from({ length: steps }, () => 's'));
}

/** The table of several hosts, the first chosen. */
export const HOSTS_CHECKS: SocktopChecks = {
  ...EVERYWHERE,
  ...NO_TABLE,
  ...ROWS,
  open: text(/Processes \d+/, 'escape'),
  back: 'quits',
  parent: text(/Open a process first/, 'g'),
  network: text(/^ sstop /m, 'n'),
  'host-next': { shows: SECOND, back: ['g'] },
  units: text(/DN b\/s +UP b\/s/, 'b'),
  'host-previous': { shows: LAST, back: ['g'] },
  search: text(/^ \/ .*\d+ of \d+ *$/m, 'escape'),
  ...{ 'sort-next': hostsSorted('host', 8), 'sort-reverse': { shows: LAST, back: ['R'] } },
  ...{ 'sort-cpu': hostsSorted('cpu', 7), 'sort-memory': hostsSorted('memory', 6) },
  ...{ 'sort-name': hostsSorted('host', 8), 'sort-network': hostsSorted('down', 5) },
  ...{ 'per-core': 'nothing', kill: text(/only on this machine/, 'g'), faster: 'nothing', slower: 'nothing' },
};
