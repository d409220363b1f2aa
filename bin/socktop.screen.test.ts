import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { AgentProcess, keptPort } from './testing/agent-process.ts';
import { SocktopScreen } from './testing/socktop-screen.ts';

setDefaultTimeout(60_000);

const ANYTHING = /\S+/;
const SETTLE_MILLIS = 250;
const directory = mkdtempSync(`${tmpdir()}/socktop-screen-`);

afterAll(() => rmSync(directory, { recursive: true }));

/** Until nothing has been written for a while: what was asked for before a pause may come late. */
async function untilQuiet({ pty }: SocktopScreen): Promise<void> {
  for (let bytes = -1; bytes !== pty.outputBytes; await Bun.sleep(SETTLE_MILLIS)) bytes = pty.outputBytes;
}

/** Whether the screen is what a fresh painting of it would be: nothing left behind, nothing missing. */
async function expectWhole(screen: SocktopScreen): Promise<void> {
  screen.press('space');
  await screen.untilText(/PAUSED/);
  await untilQuiet(screen);
  const before = screen.pty.text();
  const bytes = screen.pty.outputBytes;
  screen.press('ctrl+l');
  const isWhole = (): boolean => screen.pty.outputBytes > bytes + 300 && screen.pty.text() === before;
  await screen.until(isWhole, `the screen painted anew as it was:\n${before}`);
  screen.press('space');
}

/** This process sends to itself until it is told to stop. */
function sendToMyself(): () => void {
  const data = (socket: { write(bytes: Uint8Array): number }): void =>
    void socket.write(new Uint8Array(4096));
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const sender = Bun.connect({ hostname: '127.0.0.1', port: listener.port, socket: { data() {} } });
  const timer = setInterval(() => void sender.then(data), 20);
  return () => {
    clearInterval(timer);
    void sender.then((socket) => socket.end());
    listener.stop(true);
  };
}

describe('network use of processes', () => {
  test('here and through an agent, while N asks for it', async () => {
    mkdirSync(`${directory}/socktop`);
    writeFileSync(`${directory}/socktop/config.yaml`, 'loopback: true\n');
    const agent = await AgentProcess.start();
    const stop = sendToMyself();
    try {
      for (const where of ['--local', `ws://127.0.0.1:${agent.port}/ws`]) {
        const environment = { XDG_CONFIG_HOME: directory };
        const screen = new SocktopScreen([where], ANYTHING, { columns: 130, environment });
        try {
          await screen.untilText(/Processes [1-9]/);
          screen.press('/', ...String(process.pid), 'enter', 'N');
          // Up and down, each some 200 KB/s, under its head and before the memory.
          const row = new RegExp(`W/s +NET(.*\\n)+[ ▸]+${process.pid} .* \\d\\d[\\d.]*K +[\\d.]+ [MG]B `);
          await screen.untilText(row);
          screen.press('N');
          await screen.until(() => !/W\/s +NET/.test(screen.pty.text()), 'the table without the column');
        } finally {
          await screen.close();
        }
      }
    } finally {
      stop();
      await agent.close();
    }
  });
});

describe('of this machine', () => {
  test('the network views know the names that need no asking', async () => {
    // Nobody else's address: that of others may have a name that a program asked for.
    const hostname = '127.0.77.1';
    const listener = Bun.listen({ hostname, port: 0, socket: { data() {} } });
    const client = await Bun.connect({ hostname, port: listener.port, socket: { data() {} } });
    const screen = new SocktopScreen(['--local'], ANYTHING, { columns: 120, rows: 60 });
    try {
      await screen.untilText(/Processes [1-9]/);
      screen.press('n');
      await screen.untilText(/^ sstop (.*\n)*.*PID USER +PROCESS/m);
      screen.press('L', 'h');
      await screen.untilText(/HOST\S? .*COUNTRY(.*\n)*.*127\.0\.77\.1 +loopback/);
    } finally {
      await screen.close();
      client.end();
      listener.stop(true);
    }
  });

  test.each([
    [200, 60, /╭ CPU .*╭ Cores \d+(.*\n)+╭ Memory .*(.*\n)+╭ Disks .*╭ Processes \d+(.*\n)+├ Download/],
    [100, 30, /╭ CPU .*╭ Cores \d+(.*\n)+╭ Disks .*╭ Processes \d+/],
    [80, 24, /^ CPU .*\n Memory .*\n( Swap .*\n)? Net .*\n Disks .*\n─ Processes \d+/m],
    [40, 10, /^ CPU .*MEM.*\n.*PID NAME/m],
    [39, 10, /Too small/],
  ] as const)('at %i x %i', async (columns, rows, pattern) => {
    const screen = new SocktopScreen(['--local'], ANYTHING, { columns, rows });
    try {
      await screen.untilText(pattern);
      if (columns >= 40) await expectWhole(screen);
    } finally {
      await screen.close();
    }
  });

  test('compact by its option, and in ASCII alone', async () => {
    const screen = new SocktopScreen(['--local', '--compact', '--ascii'], ANYTHING, {
      columns: 160,
      rows: 45,
    });
    try {
      await screen.untilText(/^ Memory [=.]+ .*\n(.*\n)+- Processes \d+/m);
      screen.press('c');
      await screen.untilText(/\+ CPU .*\+ Cores/);
      for (const line of screen.pty.lines()) expect(line).toMatch(/^[ -~]*$/);
    } finally {
      await screen.close();
    }
  });

  test('writes nothing while nothing changes, and survives a storm of sizes', async () => {
    const screen = new SocktopScreen(['--local', '--no-mouse'], ANYTHING, { columns: 120, rows: 40 });
    try {
      await screen.untilText(/Processes \d+/);
      expect(screen.pty.mouseTracking).toBe('none');
      screen.press('space');
      await screen.untilText(/PAUSED/);
      await untilQuiet(screen);
      const before = screen.pty.outputBytes;
      await Bun.sleep(1200);
      expect(screen.pty.outputBytes).toBe(before);
      screen.press('space');
      for (let i = 0; i < 60; i++) screen.pty.resize(1 + ((i * 37) % 200), 1 + ((i * 17) % 60));
      screen.pty.resize(120, 40);
      await screen.until(() => /╰─.*─╯$/.test(screen.pty.line(38)), 'the last size');
      await expectWhole(screen);
    } finally {
      await screen.close();
    }
  });

  test('names of processes cannot steer the terminal', async () => {
    const hostile = '\x1b]0;x\x07\x9b31m';
    copyFileSync('/bin/sleep', `${directory}/${hostile}`);
    const victim = Bun.spawn([`${directory}/${hostile}`, '1000'], { stdio: ['ignore', 'ignore', 'ignore'] });
    const screen = new SocktopScreen(['--local'], ANYTHING, { columns: 130 });
    try {
      await screen.untilText(/Processes [1-9]/);
      const mark = screen.pty.transcript.length;
      screen.press('/', ...String(victim.pid), 'enter');
      await screen.untilText(new RegExp(`${victim.pid} root.*·`));
      expect(screen.pty.transcript.slice(mark)).not.toContain('\x07');
      expect(screen.pty.transcript.slice(mark)).not.toContain('\x1b]0');
    } finally {
      victim.kill('SIGKILL');
      await screen.close();
    }
  });
});

test('a host that is lost stays on screen in grey with its age, and comes back', async () => {
  const port = keptPort();
  const agent = await AgentProcess.start({ args: ['--port', String(port)] });
  const screen = new SocktopScreen([`ws://127.0.0.1:${port}/ws`], ANYTHING, { columns: 130, rows: 36 });
  let second: AgentProcess | undefined;
  try {
    await screen.untilText(/^ 127\.0\.0\.1 {2}ws .* ms(.*\n)+.*Processes \d+/m);
    const { x, y } = screen.find('Processes');
    const live = screen.pty.cell(x, y).foreground;
    await screen.untilText(/CPU [\d.]+ %/);
    await agent.close();
    await screen.untilText(/✖ lost, data \d+ s old, next try in \d+ s {2}r now/);
    expect(screen.pty.cell(x, y)).toMatchObject({ text: 'P' });
    expect(screen.pty.text()).toMatch(/CPU [\d.]+ %/);
    await screen.until(() => screen.pty.cell(x, y).foreground !== live, 'grey');
    const [, age] = /data (\d+) s old/.exec(screen.header) ?? [];
    await screen.until(
      () => Number(/data (\d+) s old/.exec(screen.header)?.[1]) > Number(age),
      'its age growing',
    );
    second = await AgentProcess.start({ args: ['--port', String(port)] });
    screen.press('r');
    await screen.untilText(/^ 127\.0\.0\.1 {2}ws .* ms/m);
    await screen.until(() => screen.pty.cell(x, y).foreground === live, 'its colours');
  } finally {
    await screen.close();
    await agent.close();
    await second?.close();
  }
});

test('a host that is down does not hold up the others', async () => {
  const agent = await AgentProcess.start();
  const urls = [`ws://127.0.0.1:${agent.port}/ws`, 'ws://127.0.0.1:9/ws', `ws://127.0.0.1:${agent.port}/ws`];
  const screen = new SocktopScreen(urls, ANYTHING, { columns: 130 });
  try {
    const row = '.* [\\d.]+ .* ms *';
    await screen.untilText(
      new RegExp(`HOST .*\\n.*127${row}\\n.* ✖ .*refused.*, next try in \\d+ s.*\\n.*127${row}`),
    );
    expect(screen.header).toContain('1 lost');
  } finally {
    await screen.close();
    await agent.close();
  }
});

test('a recording is played, steered and says where it is', async () => {
  const file = `${directory}/day.gz`;
  const recorder = new SocktopScreen(['--local', '--record', file], ANYTHING);
  try {
    await recorder.untilText(/Processes [1-9]/);
    // Of samples, however long the start took.
    await Bun.sleep(2500);
    recorder.press('q');
    expect(await recorder.pty.exited()).toBe(0);
  } finally {
    await recorder.close();
  }
  const screen = new SocktopScreen(['--playback', file], ANYTHING, { columns: 130, rows: 36 });
  try {
    await screen.untilText(/Processes \d(.*\n)+.* 0:0\d \/ 0:0\d {2}1x .*day\.gz/);
    screen.press('space');
    await screen.untilText(/1x {2}(paused|end) /);
    screen.press('right');
    await screen.untilText(/ 2x /);
    screen.press('left', 'left');
    await screen.untilText(/ 1\/2x /);
    screen.press('[');
    await screen.untilText(/ 0:00 \/ /);
    screen.press(']');
    await screen.untilText(/ 0:0[1-9] \/ /);
    screen.press('g', 'enter');
    await screen.untilText(/not in the recording/);
    screen.press('escape');
    // What follows an escape at once is one chord with it.
    await screen.until(() => !screen.pty.text().includes('not in the recording'), 'the closed prompt');
    screen.press('?');
    await screen.untilText(/Ten seconds back/);
    expect(screen.pty.text()).not.toContain('Send a signal to the process');
  } finally {
    await screen.close();
  }
});

test('one host that is down at the start shows its state, and is tried again until it is there', async () => {
  const port = keptPort();
  const screen = new SocktopScreen([`ws://127.0.0.1:${port}/ws`], ANYTHING, { columns: 110, rows: 30 });
  let agent: AgentProcess | undefined;
  try {
    await screen.untilText(/✖ connection refused.*, next try in \d+ s {2}r now/);
    agent = await AgentProcess.start({ args: ['--port', String(port)] });
    screen.press('r');
    await screen.untilText(/Processes \d+/);
    screen.press('q');
    expect(await screen.pty.exited()).toBe(0);
  } finally {
    await screen.close();
    await agent?.close();
  }
});
