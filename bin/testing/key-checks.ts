import { SSTOP_KEYMAP, type SstopAction } from '../../src/programs/shared/keymaps.ts';
import { isSame, isSameView, type Shown, type TableScreen } from './table-screen.ts';

const HELP = /sstop keys/;
const SCRIBBLE = 'what another program left behind';
const MOUSE_OFF = 'Mouse off: text can be selected.';
const ROUND_MAX = 64;

/** What a key must do in a view, seen on the screen, and how everything is as before again. */
export interface KeyCheck {
  /** Pressed first, until the screen is so. */
  readonly from?: { readonly chords: readonly string[]; readonly until: (shown: Shown) => boolean };
  /** Done first, to what is on the screen. */
  readonly prepare?: (screen: TableScreen) => Promise<void>;
  /** Whether the key has done its work; `was` is the screen before it, `home` that before `from`. */
  readonly shows: (screen: TableScreen, was: Shown, home: Shown) => boolean;
  /** What there is to be seen elsewhere. */
  readonly after?: (screen: TableScreen) => Promise<void>;
  /** What brings the view back; the cursor is then led to the first row. */
  readonly back?: readonly string[] | ((home: Shown) => readonly string[]);
  /** Whether `back` is pressed until the screen is that of the view. */
  readonly isBackRepeated?: boolean;
}

/** What each action does in one view; the ones left without a check must change nothing there. */
export type ViewChecks = Readonly<Record<SstopAction, KeyCheck | 'nothing' | 'quits'>>;

export const ACTIONS: readonly SstopAction[] = SSTOP_KEYMAP.flatMap(({ bindings }) =>
  bindings.map(({ action }) => action),
);

const isAtEnd = ({ rows, selected }: Shown) => rows.length > 1 && selected === rows.at(-1);
const FROM_BOTTOM: NonNullable<KeyCheck['from']> = { chords: ['G'], until: isAtEnd };

export function titled(title: string, ...back: readonly string[]): KeyCheck {
  return { shows: (screen) => screen.shown().title === title, back };
}

export function texted(pattern: RegExp, ...back: readonly string[]): KeyCheck {
  return { shows: (screen) => pattern.test(screen.pty.text()), back };
}

/** The head marks the column and no other, the footer names the key. */
export function sorted(column: string, key: string, ...back: readonly string[]): KeyCheck {
  return sortedBySum([column], key, ...back);
}

/** The head marks all the columns whose sum is the order. */
export function sortedBySum(columns: readonly string[], key: string, ...back: readonly string[]): KeyCheck {
  return {
    shows: (screen) => {
      const { head, footer } = screen.shown();
      const isMarked = (column: string) =>
        new RegExp(`(?<!\\S)([▴▾]${column}|${column}[▴▾])(?!\\S)`).test(head);
      const count = head.match(/[▴▾]/g)?.length;
      return count === columns.length && columns.every(isMarked) && footer.includes(`sort: ${key}  `);
    },
    back,
  };
}

export const REVERSED: KeyCheck = {
  shows: (screen, was) => {
    const turned = was.head.replaceAll(/[▴▾]/g, (mark) => (mark === '▴' ? '▾' : '▴'));
    return screen.shown().head === turned;
  },
  back: ['r'],
};

/** The checks of the actions that work the same in every view. */
export const COMMON = {
  now: 'nothing',
  timeline: texted(/No history: start this program/, 'g'),
  totals: texted(/No history: start this program/, 'g'),
  alerts: texted(/Alerts: none/, 'a'),
  down: { shows: (screen, was) => screen.shown().selected === was.rows[1] },
  up: {
    from: { chords: ['j'], until: ({ rows, selected }) => selected === rows[1] },
    shows: (screen, was) => screen.shown().selected === was.rows[0],
  },
  'page-down': {
    shows: (screen, was) => screen.shown().selected === was.rows.at(-1) && was.rows.length > 3,
  },
  'page-up': {
    from: FROM_BOTTOM,
    shows: (screen, was) => screen.shown().selected === was.rows[0],
  },
  top: { from: FROM_BOTTOM, shows: (screen, _was, home) => screen.shown().selected === home.rows[0] },
  bottom: {
    shows: (screen, was) => {
      const shown = screen.shown();
      return isAtEnd(shown) && shown.thumb.at(-1)! > was.thumb.at(-1)! && shown.rows[0] !== was.rows[0];
    },
  },
  filter: { shows: (screen) => /^\/ .*\d+ of \d+$/.test(screen.shown().footer), back: ['escape'] },
  alert: texted(/alert above .*per second: 10M bytes/, 'escape'),
  follow: { shows: (screen) => screen.shown().isFollowing, back: ['F'] },
  export: texted(/Wrote .*sstop-\d{8}-\d{6}.*\.csv/, 'g'),
  interface: texted(/Interface ─.*\n(.*\n)*.*│▸all /, 'enter'),
  'interface-next': {
    shows: (screen, was) => was.interfaceName === '' && screen.shown().interfaceName === 'lo',
    back: ['tab'],
    isBackRepeated: true,
  },
  'interface-previous': {
    shows: (screen, was) => was.interfaceName === '' && screen.shown().interfaceName !== '',
    back: ['tab'],
    isBackRepeated: true,
  },
  units: {
    shows: (screen) => /bit\/s/.test(`${screen.pty.line(0)} ${screen.shown().head}`),
    back: ['b'],
  },
  fold: 'nothing',
  'group-by': 'nothing',
  pause: { shows: (screen) => screen.shown().isPaused, back: ['space'] },
  faster: { shows: (screen) => screen.shown().footer.endsWith('+/- 200ms'), back: ['-'] },
  slower: { shows: (screen) => screen.shown().footer.endsWith('+/- 1s'), back: ['+'] },
  help: texted(/sstop keys/, '?'),
  quit: 'quits',
  'playback-slower': 'nothing',
  'playback-faster': 'nothing',
  'seek-back': 'nothing',
  'seek-forward': 'nothing',
  hosts: titled('Remote hosts', 'h'),
  listen: titled('Listening ports', 'l'),
  groups: titled('Groups', 'D'),
  trouble: titled('Network trouble', 'X'),
  loopback: { shows: (screen) => screen.shown().rows.length === 0, back: ['L'] },
  dns: {
    shows: (screen, was) => was.footer.includes('d names') && screen.shown().footer.includes('d addresses'),
    back: ['d'],
  },
  mouse: {
    shows: (screen) => screen.shown().mouse === 'none' && screen.shown().footer === MOUSE_OFF,
    after: async (screen) => {
      screen.press('m');
      await screen.until(
        ({ mouse, footer }) => mouse !== 'none' && footer === 'Mouse on.',
        'the mouse again',
      );
    },
    back: ['g'],
  },
  redraw: {
    prepare: (screen) => screen.scribble(SCRIBBLE),
    shows: (screen, _was, home) => !screen.pty.text().includes(SCRIBBLE) && isSame(screen.shown(), home),
  },
  suspend: {
    // Nobody is there to continue a job without a shell: it comes back by itself.
    shows: (screen) =>
      /\x1b\[\?1049l[\s\S]*\x1b\[\?1049h/.test(screen.written()) && screen.shown().rows.length > 0,
  },
} as const satisfies Partial<ViewChecks>;

/** Presses a chord and sees to it that it does what it should, and that all is as before afterwards. */
export async function expectKey(
  screen: TableScreen,
  check: KeyCheck,
  chord: string,
  home: Shown,
): Promise<void> {
  if (check.from !== undefined) {
    screen.press(...check.from.chords);
    await screen.until(check.from.until, `what is to be there before ${chord}`);
  }
  await check.prepare?.(screen);
  const was = screen.shown();
  screen.markWritten();
  screen.press(chord);
  await screen.until(() => check.shows(screen, was, home), `what ${chord} does`);
  await check.after?.(screen);
  await expectBack(screen, check, home);
}

async function expectBack(screen: TableScreen, check: KeyCheck, home: Shown): Promise<void> {
  const back = typeof check.back === 'function' ? check.back(home) : (check.back ?? []);
  screen.press(...back);
  for (let tries = 0; check.isBackRepeated === true && tries < ROUND_MAX; tries++) {
    const { interfaceName } = screen.shown();
    if (interfaceName === home.interfaceName) break;
    await screen.until((shown) => shown.interfaceName !== interfaceName, 'the next of the round');
    if (screen.shown().interfaceName !== home.interfaceName) screen.press(...back);
  }
  await screen.until((shown) => isSameView(shown, home), `the view as it was, after ${back.join(' ')}`);
  if (isSame(screen.shown(), home)) return;
  screen.press('g');
  await screen.until((shown) => isSame(shown, home), `the first row again, and ${JSON.stringify(home)}`);
}

/** Presses keys that mean nothing in a view: they change nothing on it. */
export async function expectNothing(
  screen: TableScreen,
  chords: readonly string[],
  home: Shown,
): Promise<void> {
  screen.press(...chords, '?');
  await screen.untilText(HELP);
  screen.press('?');
  await screen.until((shown) => isSame(shown, home), `the view as it was, after ${chords.join(' ')}`);
}
