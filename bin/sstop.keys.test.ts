import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { chordText, keymapOf } from '../src/programs/config/keymap.ts';
import { keymapFor, SSTOP_KEYMAP, type SstopAction } from '../src/programs/shared/keymaps.ts';
import { KILL_SIGNALS } from '../src/views/overlays/kill.ts';
import { Crowd } from './testing/crowd.ts';
import { ACTIONS, expectKey, expectNothing, type KeyCheck, type ViewChecks } from './testing/key-checks.ts';
import { writeRecording } from './testing/recording.ts';
import { isSame, type Shown, TableScreen } from './testing/table-screen.ts';
import { VIEW_CHECKS } from './testing/view-checks.ts';
import { startView, VIEWS, type ViewStart } from './testing/views.ts';

const KEYS = keymapOf(SSTOP_KEYMAP);
setDefaultTimeout(60_000);

const directory = mkdtempSync(`${tmpdir()}/sstop-keys-`);
let crowd: Crowd;

beforeAll(async () => {
  crowd = await Crowd.start();
  await writeRecording(crowd, `${directory}/day.gz`);
});

afterAll(async () => {
  await crowd.stop();
  rmSync(directory, { recursive: true });
});

function chordsThatDoNothing(checks: ViewChecks): readonly string[] {
  return ACTIONS.filter((action) => checks[action] === 'nothing').flatMap((action) => KEYS.chordsOf(action));
}

function actionsWithCheck(checks: ViewChecks): readonly (readonly [SstopAction, KeyCheck])[] {
  return ACTIONS.flatMap((action) => {
    const check = checks[action];
    return typeof check === 'string' ? [] : [[action, check] as const];
  });
}

describe.each(Object.entries(VIEW_CHECKS))('in the view %s', (name, checks) => {
  const view: ViewStart = VIEWS[name as keyof typeof VIEW_CHECKS];
  let screen: TableScreen;
  let home: Shown;

  beforeAll(async () => {
    screen = await startView(view, crowd, directory);
    home = screen.shown();
  });

  afterAll(() => screen.close());

  test.each(actionsWithCheck(checks))('%s', async (action, check) => {
    for (const chord of KEYS.chordsOf(action)) await expectKey(screen, check, chord, home);
  });

  test('keys without a meaning change nothing', async () => {
    await expectNothing(screen, chordsThatDoNothing(checks), home);
  });
});

test('every action of the keymap is in the table of every view', () => {
  for (const checks of Object.values(VIEW_CHECKS))
    expect(Object.keys(checks).sort()).toEqual([...ACTIONS].sort());
});

describe('out of every view', () => {
  const quits = Object.keys(VIEWS).flatMap((name) =>
    KEYS.chordsOf('quit').map((chord) => [name, chord] as const),
  );

  test.each(quits)('%s: %s', async (name, chord) => {
    const screen = await startView(VIEWS[name as keyof typeof VIEWS], crowd, directory);
    try {
      screen.press(chord);
      expect(await screen.pty.exited()).toBe(0);
      expect(screen.pty.text()).toContain('sstop ran');
    } finally {
      await screen.close();
    }
  });
});

describe('the help', () => {
  /** Keys and description of each line between the borders. */
  function helpLines(screen: TableScreen): readonly (readonly string[])[] {
    const inside = screen.pty.lines().flatMap((line) => /│(.*)│/.exec(line)?.[1]?.trim() ?? []);
    return inside.map((line) => line.split(/ {2,}/)).filter(({ length }) => length === 2);
  }

  test.each([
    ['live', []],
    ['playback', ['--playback', 'day.gz']],
  ] as const)('lists exactly the keys that work: %s', async (mode, arguments_) => {
    const screen = new TableScreen(['--loopback', ...arguments_], { directory, rows: 80 });
    try {
      await screen.untilText(/PID .*PROCESS/);
      screen.press('?');
      await screen.untilText(/sstop keys(.*\n)*.*Move the scrollbar/);
      const expected = keymapFor(
        KEYS,
        'sstop',
        mode === 'playback' ? 'recording' : 'live',
        true,
      ).groups.flatMap(({ bindings }) => {
        return bindings.map(({ chords, description }) => {
          return [chords.map((chord) => chordText(chord, false)).join(' · '), description];
        });
      });
      const shown = helpLines(screen).filter(
        ([keys]) => !['click', 'on a title', 'wheel', 'drag'].includes(keys!),
      );
      expect(shown).toEqual(expected);
    } finally {
      await screen.close();
    }
  });

  test('scrolls and closes by its keys, and any other key closes it and acts on the view', async () => {
    const screen = await startView(VIEWS.processes, crowd, directory);
    const line = (y: number) => screen.pty.lines()[y]!.split('│')[1]!.replace('▐', '').trim();
    try {
      const home = screen.shown();
      screen.press('?');
      await screen.untilText(/sstop keys/);
      const [first, second] = [line(1), line(2)];
      for (const [action, back] of [
        ['down', 'k'],
        ['page-down', 'g'],
        ['bottom', 'g'],
      ] as const) {
        for (const chord of KEYS.chordsOf(action)) {
          screen.press(chord);
          await screen.until(
            () => (action === 'down' ? line(1) === second : line(1) !== first),
            `help after ${chord}`,
          );
          if (action === 'bottom') expect(screen.pty.text()).toContain('Move the scrollbar');
          screen.press(back);
          await screen.until(() => line(1) === first, `the first line of help after ${back}`);
        }
      }
      for (const action of ['up', 'page-up', 'top'] as const) {
        for (const chord of KEYS.chordsOf(action)) {
          screen.press(action === 'up' ? 'j' : 'G');
          await screen.until(() => line(1) !== first, 'help further down');
          const before = line(1);
          screen.press(chord);
          await screen.until(() => line(1) !== before, `help after ${chord}`);
          screen.press('g');
          await screen.until(() => line(1) === first, 'the top of help');
        }
      }
      screen.press('6');
      await screen.until(
        ({ footer }) => footer.includes('sort: connections') && !screen.pty.text().includes('sstop keys'),
        'the view, sorted',
      );
      screen.press('4', '?');
      await screen.untilText(/sstop keys/);
      screen.press('escape');
      await screen.until((shown) => isSame(shown, home), 'closed help');
    } finally {
      await screen.close();
    }
  });
});

describe('the overlay of signals', () => {
  let screen: TableScreen;
  const chosen = () => /[│]▸ +(SIG\w+)/.exec(screen.pty.text())?.[1];
  const choice = (name: string | undefined) => screen.until(() => chosen() === name, `${name} chosen`);

  beforeAll(async () => {
    screen = await startView(VIEWS.processes, crowd, directory);
  });
  afterAll(() => screen.close());

  test('moves, sends, and closes', async () => {
    for (const [down, up] of [
      ['j', 'k'],
      ['down', 'up'],
    ] as const) {
      screen.press('K');
      await choice('SIGTERM');
      for (const { name } of KILL_SIGNALS.slice(1)) {
        screen.press(down);
        await choice(name);
      }
      for (const { name } of KILL_SIGNALS.slice(0, -1).toReversed()) {
        screen.press(up);
        await choice(name);
      }
      screen.press('q');
      await choice(undefined);
    }
    screen.press('K', ...Array<string>(5).fill('j'));
    await choice('SIGCONT');
    // Keys of the view behind are not its own.
    screen.press('h', '/', 'enter');
    await screen.untilText(/SIGCONT sent\./);
    screen.press('enter');
    await choice(undefined);
    expect(screen.shown().title).toBe('sstop');
  });

  test.each(['escape', 'q', 'ctrl+c'])('%s closes it', async (chord) => {
    screen.press('K');
    await choice('SIGTERM');
    screen.press(chord);
    await choice(undefined);
    expect(screen.shown().title).toBe('sstop');
  });
});

describe('the prompts', () => {
  let screen: TableScreen;
  let home: Shown;
  const typed = () => /^\/ (.*?) +\d+ of \d+$/.exec(screen.shown().footer)?.[1];
  const typing = (text: string) => screen.until(() => typed() === text, `the text "${text}"`);
  const closed = (what: string) => screen.until((shown) => isSame(shown, home), what);

  beforeAll(async () => {
    screen = await startView(VIEWS.processes, crowd, directory);
    home = screen.shown();
  });
  afterAll(() => screen.close());

  // What is typed, keys, and what stands there once an X is typed where the cursor is.
  test.each([
    ['ab cd', ['left'], 'ab cXd'],
    ['ab cd', ['ctrl+b'], 'ab cXd'],
    ['ab cd', ['left', 'left', 'right'], 'ab cXd'],
    ['ab cd', ['left', 'left', 'ctrl+f'], 'ab cXd'],
    ['ab cd', ['home'], 'Xab cd'],
    ['ab cd', ['ctrl+a'], 'Xab cd'],
    ['ab cd', ['home', 'end'], 'ab cdX'],
    ['ab cd', ['home', 'ctrl+e'], 'ab cdX'],
    ['ab cd', ['ctrl+left'], 'ab Xcd'],
    ['ab cd', ['alt+left'], 'ab Xcd'],
    ['ab cd', ['alt+b'], 'ab Xcd'],
    ['ab cd', ['home', 'ctrl+right'], 'abX cd'],
    ['ab cd', ['home', 'alt+right'], 'abX cd'],
    ['ab cd', ['home', 'alt+f'], 'abX cd'],
    ['ab cd', ['backspace'], 'ab cX'],
    ['ab cd', ['ctrl+h'], 'ab cX'],
    ['ab cd', ['left', 'delete'], 'ab cX'],
    ['ab cd', ['left', 'ctrl+d'], 'ab cX'],
    ['ab cd', ['ctrl+w'], 'ab X'],
    ['ab cd', ['alt+backspace'], 'ab X'],
    ['ab cd', ['home', 'alt+d'], 'X cd'],
    ['ab cd', ['home', 'ctrl+delete'], 'X cd'],
    ['ab cd', ['left', 'ctrl+u'], 'Xd'],
    ['ab cd', ['home', 'ctrl+k'], 'X'],
    ['ab q?', [], 'ab q?X'],
  ] as const)('%s, %p: %s', async (text, chords, expected) => {
    screen.press('/', 'ctrl+u', text, ...chords, 'X');
    await typing(expected);
    screen.press('escape');
    await closed('the filter as it was');
  });

  test('the arrows go through earlier filters, Enter keeps, Escape and Ctrl-C restore', async () => {
    const filters = [crowd.nameOf(3), crowd.nameOf(4)];
    for (const filter of filters) {
      screen.press('/', 'ctrl+u', filter, 'enter');
      await screen.until(
        ({ rows, footer }) => rows.length === 1 && footer.includes(`filter: ${filter}`),
        filter,
      );
    }
    screen.press('/', 'up');
    await typing(filters[1]!);
    screen.press('up');
    await typing(filters[0]!);
    screen.press('down');
    await typing(filters[1]!);
    screen.press('ctrl+u', VIEWS.processes.filter(crowd), 'enter', 'g');
    await closed('the filter as it was');
    for (const chord of ['escape', 'ctrl+c']) {
      screen.press('/', 'zzz');
      await screen.until(({ rows }) => rows.length === 0, 'no rows');
      screen.press(chord);
      await closed(`the rows after ${chord}, the cursor where it was`);
    }
  });

  test('an alert is set, refused, changed and cleared', async () => {
    // Others on this machine may be over it as well.
    const isAlerting = () => / \d+ alerts? /.test(screen.pty.lines()[0]!);
    screen.markWritten();
    screen.press('A', '1K', 'enter');
    await screen.until(isAlerting, 'the alert');
    await screen.until(() => screen.written().includes('\x07'), 'the bell');
    screen.press('A', 'zzz', 'enter');
    await screen.untilText(/alert above .*zzz.*accepted:/);
    screen.press('ctrl+u', '1T', 'enter');
    await screen.until(() => !isAlerting() && screen.shown().footer === home.footer, 'an alert too high');
    for (const chord of ['escape', 'ctrl+c']) {
      screen.press('A');
      await screen.untilText(/alert above +1\S*T/);
      screen.press(chord);
      await closed('the closed prompt');
    }
    screen.press('A', 'ctrl+u', '1K', 'enter');
    await screen.until(isAlerting, 'the alert again');
    screen.press('A', 'ctrl+u', 'enter');
    await screen.until(() => !isAlerting(), 'no alert');
  });
});
