import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { AgentProcess } from './testing/agent-process.ts';
import { NamedProcesses, SocktopScreen } from './testing/socktop-screen.ts';

setDefaultTimeout(60_000);

let named: NamedProcesses;

beforeAll(async () => {
  named = await NamedProcesses.start(30);
});

afterAll(() => named.stop());

async function onDashboard(rows = 24): Promise<SocktopScreen> {
  const screen = new SocktopScreen(['--local'], new RegExp(`${named.tag}-\\d\\d`), { columns: 130, rows });
  await screen.untilText(/Processes [1-9]/);
  screen.press('3', '/', ...named.tag, 'enter');
  await screen.until(() => screen.rows()[0] === `${named.tag}-00`, 'the named processes by PID');
  return screen;
}

test('a click on a header sorts by it, another the other way round', async () => {
  const screen = await onDashboard();
  try {
    screen.press('N');
    await screen.untilText(/W\/s +NET/);
    for (const [title, key] of [
      ['CPU %', 'cpu'],
      ['MEM %', 'memory'],
      [' MEM ', 'memory'],
      ['NAME', 'name'],
      ['USER', 'user'],
      ['THR', 'threads'],
      ['TIME', 'time'],
      ['R/s', 'read'],
      ['W/s', 'written'],
      ['NET', 'network'],
      ['PID', 'pid'],
    ] as const) {
      const head = screen.find(/PID USER/).y;
      const x = screen.pty.line(head).indexOf(title) + 1;
      screen.click(x, head);
      await screen.until(() => screen.footer.includes(`sort: ${key} `), `sorted by ${key}`);
    }
    const { x, y } = screen.find('PID USER');
    screen.click(x, y);
    // The cursor went along with its row, and the view with the cursor.
    screen.press('g');
    await screen.until(() => screen.rows()[0] === `${named.tag}-29`, 'the other way round');
  } finally {
    await screen.close();
  }
});

test('a click selects a row, another opens it; the pane has rows of its own', async () => {
  const screen = await onDashboard(36);
  try {
    const row = screen.find(`${named.tag}-03`);
    screen.click(row.x, row.y);
    await screen.until(() => screen.selected() === `${named.tag}-03`, 'the cursor on it');
    screen.click(row.x, row.y);
    await screen.untilText(new RegExp(`${named.tag}-03  PID \\d+`));
    await screen.until(() => screen.footer.includes('Tab next list'), 'the whole frame of the pane');
    screen.press('escape');
    await screen.until(() => screen.footer.includes('sort: pid'), 'the table again');
    screen.press('/', '\x15', ...String(named.pid), 'enter', 'g', 'enter');
    await screen.untilText(new RegExp(`PID ${named.pid} `));
    await screen.until(() => /Children 30(.*\n)+.*-02/.test(screen.pty.text()), 'its children');
    const child = screen.find(`${named.tag}-02`);
    screen.click(child.x, child.y);
    await screen.until(() => screen.selected() === `${named.tag}-02`, 'the cursor on a child');
    screen.mouse('wheel-down', child.x, child.y);
    await screen.until(() => screen.rows()[0] === `${named.tag}-03`, 'the children moved');
    const next = screen.find(`${named.tag}-05`);
    screen.click(next.x, next.y);
    await screen.until(() => screen.selected() === `${named.tag}-05`, 'the cursor on another child');
    screen.click(next.x, next.y);
    await screen.untilText(new RegExp(`${named.tag}-05  PID \\d+`));
  } finally {
    await screen.close();
  }
});

test('the wheel and the scrollbar move the table', async () => {
  const screen = await onDashboard();
  try {
    const { x, y } = screen.find(`${named.tag}-04`);
    screen.mouse('wheel-down', x, y);
    await screen.until(() => screen.rows()[0] === `${named.tag}-03`, 'three rows further');
    screen.mouse('wheel-up', x, y);
    await screen.until(() => screen.rows()[0] === `${named.tag}-00`, 'back');
    const thumb = screen.thumb()[0]!;
    screen.mouse('left', thumb.x, thumb.y);
    screen.mouse('drag', thumb.x, thumb.y + 30);
    await screen.until(() => screen.rows().at(-1) === `${named.tag}-29`, 'the end');
    screen.mouse('left', thumb.x, thumb.y + 30, true);
    screen.mouse('drag', thumb.x, thumb.y);
    screen.click(thumb.x, thumb.y);
    await screen.until(() => screen.rows()[0] === `${named.tag}-00`, 'a page back');
  } finally {
    await screen.close();
  }
});

describe('overlays', () => {
  test('a click beside the signals closes them, one on a signal chooses it, another sends it', async () => {
    const victim = Bun.spawn(['sleep', '1000'], { stdio: ['ignore', 'ignore', 'ignore'] });
    const screen = new SocktopScreen(['--local'], /sleep/, { columns: 130 });
    try {
      await screen.untilText(/Processes [1-9]/);
      screen.press('3', '/', ...String(victim.pid), 'enter', 'g', 't');
      await screen.untilText(new RegExp(`Kill ${victim.pid} sleep`));
      screen.click(2, 20);
      await screen.until(() => !screen.pty.text().includes('SIGKILL'), 'no overlay');
      screen.press('t');
      await screen.untilText(/SIGKILL/);
      const { x, y } = screen.find('SIGKILL');
      screen.click(x, y);
      await screen.until(
        () => screen.pty.line(y).includes('▸SIGKILL') || screen.pty.line(y).includes('▸ SIGKILL'),
        'chosen',
      );
      screen.click(x, y);
      await screen.untilText(/SIGKILL sent/);
      await victim.exited;
      expect(victim.signalCode).toBe('SIGKILL');
    } finally {
      victim.kill('SIGKILL');
      await screen.close();
    }
  });

  test('the wheel moves the help, a click closes it', async () => {
    const screen = await onDashboard();
    try {
      screen.press('?');
      await screen.untilText(/socktop keys/);
      const first = screen.pty.line(1);
      screen.mouse('wheel-down', 60, 10);
      await screen.until(() => screen.pty.line(1) !== first, 'further lines');
      screen.click(60, 10);
      await screen.until(() => !screen.pty.text().includes('socktop keys'), 'no help');
    } finally {
      await screen.close();
    }
  });
});

test('a click on a host puts the cursor on it, another opens it', async () => {
  const agent = await AgentProcess.start();
  const url = `ws://127.0.0.1:${agent.port}/ws`;
  const screen = new SocktopScreen([url, url, url], /127\.0\.0\.1/, { tellsLines: true });
  try {
    await screen.until(() => screen.rows().length === 3 && screen.selected() === screen.rows()[0], 'hosts');
    const y = Number(screen.rows()[2]!.split(' ')[0]);
    screen.click(5, y);
    await screen.until(() => screen.selected() === screen.rows()[2], 'the cursor on the third');
    screen.mouse('wheel-down', 5, y);
    screen.click(5, y);
    await screen.untilText(/Processes [1-9]/);
  } finally {
    await screen.close();
    await agent.close();
  }
});
