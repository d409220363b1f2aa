import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { keymapOf } from '../src/programs/config/keymap.ts';
import { SOCKTOP_KEYMAP, type SocktopAction } from '../src/programs/shared/keymaps.ts';
import { AgentProcess } from './testing/agent-process.ts';
import { dashboardChecks, HOSTS_CHECKS, PANE_CHECKS, type SocktopChecks } from './testing/socktop-checks.ts';
import { NamedProcesses, SocktopScreen } from './testing/socktop-screen.ts';

const KEYS = keymapOf(SOCKTOP_KEYMAP);
const ACTIONS = SOCKTOP_KEYMAP.flatMap(({ bindings }) => bindings.map(({ action }) => action));
const PROCESSES = 30;
const SETTLE_MILLIS = 300;
setDefaultTimeout(120_000);

let named: NamedProcesses;
const agents: AgentProcess[] = [];

beforeAll(async () => {
  named = await NamedProcesses.start(PROCESSES);
  for (let i = 0; i < 2; i++) agents.push(await AgentProcess.start());
});

afterAll(async () => {
  await named.stop();
  for (const agent of agents) await agent.close();
});

/** What stays the same while nobody presses a key. */
function frame(screen: SocktopScreen): string {
  // How many processes the machine has is no business of the keys.
  const footer = screen.footer.replace(/ of \d+$/, '');
  return JSON.stringify([screen.rows(), screen.selected(), footer, screen.pty.mouseTracking]);
}

/** The same once it has stood still: a frame may be half on the screen. */
async function settledFrame(screen: SocktopScreen): Promise<string> {
  for (let before = ''; ; ) {
    const now = frame(screen);
    if (now === before) return now;
    before = now;
    await Bun.sleep(SETTLE_MILLIS);
  }
}

/** Every chord of every action in a view: what it does, and that all is as before when it is undone. */
async function expectKeys(screen: SocktopScreen, checks: SocktopChecks): Promise<void> {
  const home = await settledFrame(screen);
  const isHome = (): boolean => frame(screen) === home;
  const idle: string[] = [];
  for (const action of ACTIONS) {
    const check = checks[action];
    if (check === 'nothing') idle.push(...KEYS.chordsOf(action));
    if (typeof check === 'string') continue;
    for (const chord of KEYS.chordsOf(action)) {
      if (check.from !== undefined) {
        screen.press(...check.from);
        await screen.until(() => check.fromUntil?.(screen) ?? true, `what is to be there before ${chord}`);
      }
      screen.press(chord);
      await screen.until(() => check.shows(screen), `what ${chord} (${action}) does`);
      screen.press(...(check.back ?? []));
      // What follows an escape at once is one chord with it.
      if (check.back?.at(-1) === 'escape' || chord === 'escape') await Bun.sleep(SETTLE_MILLIS);
      await screen.until(isHome, `the view as it was after ${chord} (${action}): ${home}`);
    }
  }
  screen.press(...idle, '?');
  await screen.untilText(/socktop keys/);
  screen.press('?');
  await screen.until(isHome, `the view as it was after ${idle.join(' ')}`);
}

async function onDashboard(arguments_: readonly string[] = []): Promise<SocktopScreen> {
  const screen = new SocktopScreen(['--local', ...arguments_], new RegExp(`${named.tag}-\\d\\d`));
  await screen.untilText(/Processes [1-9]/);
  screen.press('3', '/', ...named.tag, 'enter', 'g');
  await screen.until(
    () => screen.selected() !== '' && screen.selected() === screen.rows()[0],
    'a selected row',
  );
  return screen;
}

/** The pane of the shell whose children the named processes are. */
async function onPane(): Promise<SocktopScreen> {
  const screen = new SocktopScreen(['--local'], new RegExp(`${named.tag}-\\d\\d`), { rows: 36 });
  await screen.untilText(/Processes [1-9]/);
  screen.press('3', '/', ...String(named.pid), 'enter', 'g', 'enter');
  await screen.untilText(new RegExp(`PID ${named.pid} `));
  screen.press('tab');
  await screen.until(() => screen.rows().length > 3, 'children');
  screen.press('g');
  await screen.until(
    () => screen.selected() !== '' && screen.footer.includes('Enter open'),
    'a selected child',
  );
  return screen;
}

async function onHosts(): Promise<SocktopScreen> {
  const urls = agents.map(({ port }) => `ws://127.0.0.1:${port}/ws`);
  const screen = new SocktopScreen([...urls, ...urls], /127\.0\.0\.1/, { tellsLines: true });
  await screen.until(() => /4 hosts(.*\n)+(.* ms *\n){4}/.test(screen.pty.text()), 'four hosts with latency');
  return screen;
}

test('every action is in the table of every view', () => {
  for (const checks of [dashboardChecks('x'), PANE_CHECKS, HOSTS_CHECKS]) {
    expect(Object.keys(checks).sort()).toEqual([...ACTIONS].sort());
  }
});

describe('keys', () => {
  test('on the dashboard', async () => {
    const screen = await onDashboard();
    try {
      await expectKeys(screen, dashboardChecks(named.tag));
    } finally {
      await screen.close();
    }
  });

  test('on the process pane', async () => {
    const screen = await onPane();
    try {
      await expectKeys(screen, PANE_CHECKS);
    } finally {
      await screen.close();
    }
  });

  test('on the table of hosts', async () => {
    const screen = await onHosts();
    try {
      await expectKeys(screen, HOSTS_CHECKS);
    } finally {
      await screen.close();
    }
  });
});

describe('out of', () => {
  const quits: readonly (readonly [string, SocktopAction, () => Promise<SocktopScreen>])[] = [
    ['the dashboard', 'quit', () => onDashboard()],
    ['the process pane', 'quit', onPane],
    ['the table of hosts', 'quit', onHosts],
    ['the table of hosts', 'back', onHosts],
  ];

  test.each(quits)('%s by %s', async (_view, action, open) => {
    for (const chord of KEYS.chordsOf(action)) {
      const screen = await open();
      try {
        screen.press(chord);
        expect(await screen.pty.exited()).toBe(0);
        expect([screen.pty.isAlternateScreen, screen.pty.mouseTracking]).toEqual([false, 'none']);
      } finally {
        await screen.close();
      }
    }
  });

  test('the network views by q, and the dashboard by a second Escape', async () => {
    for (const keys of [
      ['n', 'q'],
      ['escape', 'escape'],
    ]) {
      const screen = await onDashboard();
      try {
        for (const key of keys) {
          const before = screen.footer;
          screen.press(key);
          if (key !== keys.at(-1)) await screen.until(() => screen.footer !== before, `what ${key} does`);
        }
        expect(await screen.pty.exited()).toBe(0);
      } finally {
        await screen.close();
      }
    }
  });
});
