import { afterAll, afterEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { FIXTURES, SSTOP, SSTOP_TEST_BUILD } from './testing/executables.ts';
import { FRESH_LOCAL_FLAGS, PtyProgram } from './testing/pty.ts';
import { streamLines } from './testing/streamed.ts';
import { linesOf } from './testing/traffic.ts';

const SIZES = [
  [200, 60],
  [80, 24],
  [40, 10],
] as const;
/** The table with the row of a process. */
const TABLE = /PID .*PROCESS[^\n]*\n(.*\n)*?.{1,3} *\d+ /;
const HEADER = /PID .*PROCESS/;

/** So that there is a row of a process, this one's, to look at. */
const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });

let program: PtyProgram | undefined;

afterAll(() => listener.stop(true));

afterEach(async () => {
  await program?.close();
  program = undefined;
});

function start(
  arguments_: readonly string[] = [],
  size: readonly [number, number] = [80, 24],
  environment: Readonly<Record<string, string | undefined>> = {},
  executable = SSTOP,
): PtyProgram {
  program = new PtyProgram([executable, '--loopback', ...arguments_], {
    columns: size[0],
    rows: size[1],
    environment: { COLORTERM: 'truecolor', ...environment },
  });
  return program;
}

/** Everything that a program must give back when it leaves. */
function expectRestored(pty: PtyProgram): void {
  expect(pty.isAlternateScreen).toBe(false);
  expect(pty.isCursorVisible).toBe(true);
  expect(pty.mouseTracking).toBe('none');
  expect(pty.mode(2004) ?? false).toBe(false);
  expect(pty.mode(2026) ?? false).toBe(false);
  expect(pty.localFlags).toBe(FRESH_LOCAL_FLAGS);
}

/** Column of each header's last letter must be that of the cells below: numbers are right-aligned. */
function expectAligned(lines: readonly string[]): void {
  const header = lines.findIndex((line) => HEADER.test(line));
  const pidEnd = lines[header]!.indexOf('PID') + 'PID'.length;
  const rows = lines.slice(header + 1).filter((line) => /^\s?[▸ ]\s*\d+ /.test(line));
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) {
    expect(row.slice(0, pidEnd)).toMatch(/\d$/);
    expect(row[pidEnd] ?? ' ').toBe(' ');
  }
}

describe.each(SIZES)('at %dx%d', (columns, rows) => {
  test('the table lines up, fits, and q gives the terminal back with exit code 0', async () => {
    const pty = start([], [columns, rows]);
    await pty.waitFor(TABLE);
    await pty.waitFor(/ ▲ .* ▼ /);
    const lines = pty.lines();
    expect(lines.length).toBe(rows);
    expectAligned(lines);
    expect(lines.at(-1)).toContain('help');
    expect(pty.isAlternateScreen).toBe(true);
    pty.key('q');
    expect(await pty.exited()).toBe(0);
    expectRestored(pty);
    expect(pty.text()).toMatch(/sstop ran .* up, .* down/);
  });
});

test('below 40x10 it says so, and comes back when the window grows', async () => {
  const pty = start([], [30, 8]);
  await pty.waitFor(/Needs 40x10/);
  pty.resize(80, 24);
  await pty.waitFor(TABLE);
});

describe('ways out', () => {
  test('Ctrl-C in the screen leaves with 0 and the summary', async () => {
    const pty = start();
    await pty.waitFor(TABLE);
    pty.key('\x03');
    expect(await pty.exited()).toBe(0);
    expectRestored(pty);
    expect(pty.text()).toContain('sstop ran');
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('%s gives the terminal back and ends with %d', async (signal, code) => {
    const pty = start();
    await pty.waitFor(TABLE);
    pty.signal(signal);
    expect(await pty.exited()).toBe(code);
    expectRestored(pty);
  });

  test('an exception in a view gives the terminal back, is told in one line, and ends with 1', async () => {
    const pty = start([], [80, 24], { SSTOP_FAULT: 'view' }, SSTOP_TEST_BUILD);
    await pty.waitFor(TABLE);
    pty.key('?');
    expect(await pty.exited()).toBe(1);
    expectRestored(pty);
    expect(pty.text()).toContain('sstop: internal error: view: INJECTED');
  });

  test('the release build holds no fault injection', async () => {
    const pty = start([], [80, 24], { SSTOP_FAULT: 'view' });
    await pty.waitFor(TABLE);
    pty.key('?');
    await pty.waitFor(/sstop keys/);
  });

  test('a terminal that vanishes ends it', async () => {
    const pty = start();
    await pty.waitFor(TABLE);
    pty.hangUp();
    expect(await pty.process.exited).toBe(129);
  });

  test('--duration ends it by itself', async () => {
    const pty = start(['--duration', '2s']);
    expect(await pty.exited()).toBe(0);
    expect(pty.text()).toContain('sstop ran');
  });
});

test('Ctrl-Z stops it with the terminal given back, and fg brings it back', async () => {
  // A shell with job control, since stopping and continuing is between it and the program.
  program = new PtyProgram(['bash', '--norc', '--noprofile', '-i'], {
    columns: 100,
    rows: 24,
    environment: { PS1: 'ready> ', COLORTERM: 'truecolor' },
  });
  const pty = program;
  await pty.waitFor(/ready> /);
  pty.key(`${SSTOP} --loopback\r`);
  await pty.waitFor(TABLE);
  pty.key('\x1a');
  await pty.waitFor(/Stopped/);
  expect(pty.isAlternateScreen).toBe(false);
  expect(pty.isCursorVisible).toBe(true);
  pty.key('fg\r');
  await pty.waitUntil(() => pty.isAlternateScreen && TABLE.test(pty.text()), 'the table after fg');
  pty.key('q');
  await pty.waitFor(/sstop ran(.|\n)*ready> /);
  pty.key('echo $?; exit\r');
  expect(await pty.exited()).toBe(0);
});

test('help lists every key; the filter narrows live and Escape restores; sorting and pause show', async () => {
  const pty = start([], [100, 60]);
  await pty.waitFor(TABLE);
  pty.key('?');
  for (const text of ['Move down', 'Filter the rows', 'Next interface', 'Pause', 'Quit', 'click']) {
    await pty.waitFor(new RegExp(text));
  }
  pty.key('\x1b');
  await pty.waitUntil(() => !pty.text().includes('sstop keys'), 'closed help');
  pty.key('/zzznothing');
  await pty.waitFor(/0 of \d+/);
  pty.key('\x1b');
  await pty.waitUntil(() => !pty.text().includes('zzznothing'), 'restored rows');
  pty.key('4');
  await pty.waitFor(/▴PID/);
  pty.key(' ');
  await pty.waitFor(/PAUSED \d\d:\d\d:\d\d/);
  pty.key(' ');
  await pty.waitUntil(() => !pty.text().includes('PAUSED'), 'resumed screen');
});

test('a click selects, a click on a header sorts, again reverses', async () => {
  const pty = start([], [100, 24]);
  await pty.waitFor(/\d processes/);
  const headY = () => pty.lines().findIndex((line) => HEADER.test(line));
  const click = (column: number, row: number) => {
    pty.key(`\x1b[<0;${column + 1};${row + 1}M\x1b[<0;${column + 1};${row + 1}m`);
  };
  // Looked for each time: columns grow with what is in them.
  const clickTitle = () => click(pty.line(headY()).indexOf('PROCESS'), headY());
  clickTitle();
  await pty.waitFor(/PROCESS▴/);
  clickTitle();
  await pty.waitFor(/PROCESS▾/);
  click(0, headY() + 1);
  await pty.waitUntil(() => pty.line(headY() + 1).startsWith('▸'), 'selected row');
});

test('without colour and with ASCII alone nothing else is written', async () => {
  const pty = start(['--color', 'never', '--ascii']);
  await pty.waitFor(TABLE);
  await pty.waitFor(/help/);
  const shown = pty.text();
  expect(shown).toMatch(/^[\x00-\x7f]*$/);
  expect(pty.transcript).not.toMatch(/\x1b\[[\d;]*(3[0-7]|38|48|4[0-7])[;m]/);
});

describe('hostile process names', () => {
  const NAMES = [
    ['escape sequence', '\x1b[31mred\x07'],
    ['newline', 'two\nlines'],
    ['CJK', '网络监视器'],
    ['emoji', 'a👩‍🚀b'],
    ['bidirectional control', 'ab\u202ecd'],
  ] as const;

  test.each([...NAMES, ['invalid UTF-8', Uint8Array.of(0x61, 0xff, 0xfe, 0x80, 0x62)]] as const)(
    '%s is shown harmlessly and aligned',
    async (_what, name) => {
      const hex = (typeof name === 'string' ? new TextEncoder().encode(name) : name).toHex();
      const fixture = Bun.spawn([process.execPath, `${FIXTURES}/named-listener.fixture.ts`, hex], {
        stdout: 'pipe',
      });
      try {
        const pid = (await linesOf(fixture.stdout).next()).value;
        // Alone, for a busy machine has more rows than the screen.
        const pty = start(['--filter', `pid:${pid}`], [100, 24]);
        // To the end of the row: a frame may be half on the screen.
        await pty.waitFor(new RegExp(`\\b${pid} .* 1 *▐?$`, 'm'));
        expectAligned(pty.lines());
        const y = pty.lines().findIndex((line) => line.includes(` ${pid} `));
        const header = pty.lines().findIndex((line) => HEADER.test(line));
        const listenEnd = pty.lines()[header]!.indexOf('LISTEN') + 'LISTEN'.length - 1;
        expect(pty.cell(listenEnd, y).text).toBe('1');
        expect(pty.transcript).not.toContain('\x1b[31mred');
        expect(pty.transcript).not.toContain('\x07');
        pty.key('q');
        expect(await pty.exited()).toBe(0);
        expect(pty.transcript).not.toContain('\x07');
      } finally {
        fixture.kill();
        await fixture.exited;
      }
    },
  );
});

describe('kill', () => {
  test('the selected process gets the signal, and the result is shown', async () => {
    const fixture = Bun.spawn([process.execPath, `${FIXTURES}/named-listener.fixture.ts`, '76696374696d'], {
      stdout: 'pipe',
    });
    try {
      const pid = (await linesOf(fixture.stdout).next()).value;
      const pty = start(['--filter', `pid:${pid}`], [100, 24]);
      await pty.waitFor(new RegExp(`\\b${pid} .* victim`));
      pty.key('j');
      pty.key('K');
      await pty.waitFor(new RegExp(`Kill ${pid} victim`));
      pty.key('\r');
      await pty.waitFor(/SIGTERM sent/);
      expect(await fixture.exited).toBe(143);
      expect(fixture.signalCode).toBe('SIGTERM');
    } finally {
      fixture.kill('SIGKILL');
      await fixture.exited;
    }
  });
});

test('every view opens, fits and closes again', async () => {
  const pty = start([], [80, 24]);
  await pty.waitFor(TABLE);
  for (const [key, title] of [
    ['h', /Remote hosts/],
    ['l', /Listening ports.*\n(.*\n)*.*PROTO {2}LOCAL ADDRESS/],
    ['D', /Groups.*\n(.*\n)*.*GROUP/],
  ] as const) {
    pty.key(key);
    await pty.waitFor(title);
    await pty.waitUntil(() => pty.lines().at(-1)!.includes('Esc'), 'the way back in the footer');
    pty.key('\x1b');
    await pty.waitFor(TABLE);
  }
  pty.key('j');
  pty.key('\r');
  await pty.waitFor(/Process .*\n(.*\n)*.*PROTO/);
  pty.key('\x1b');
  await pty.waitFor(TABLE);
});

test('an error in a filter is shown in the prompt with what is accepted', async () => {
  const pty = start([], [152, 24]);
  await pty.waitFor(TABLE);
  pty.key('/colour:red');
  await pty.waitFor(/unknown key "colour": port host proto.* quotes *\n \/ colour:red/);
  pty.resize(60, 24);
  await pty.waitFor(/unknown key "colour": port host proto[\s\S]* quotes *\n \/ colour:red/);
});

test('e writes the rows to a file in the working directory and names it', async () => {
  const directory = mkdtempSync(`${tmpdir()}/sstop-export-`);
  try {
    program = new PtyProgram([SSTOP, '--loopback'], { columns: 100, rows: 24, directory });
    await program.waitFor(TABLE);
    program.key('e');
    await program.waitFor(/Wrote .*sstop-\d{8}-\d{6}\.csv/);
    const [file] = readdirSync(directory);
    expect(readFileSync(`${directory}/${file}`, 'utf8')).toMatch(/^timestamp,pid,process/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a recording is played on the screen with its progress', async () => {
  const directory = mkdtempSync(`${tmpdir()}/sstop-record-`);
  try {
    const file = `${directory}/day.gz`;
    await streamLines(6, ['--json', '--loopback', '--record', file]);
    const pty = start(['--playback', file], [100, 24]);
    await pty.waitFor(/day\.gz/);
    await pty.waitFor(TABLE);
    pty.key('\x1b[C');
    await pty.waitFor(/2x/);
    pty.key('?');
    expect(await pty.waitFor(/sstop keys/)).not.toContain('signal');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a filter that cannot be read is a wrong argument on the screen too, not one that holds nothing back', async () => {
  const pty = start(['--filter', 'port:abc'], [100, 24]);
  expect(await pty.exited()).toBe(2);
  expect(pty.text()).toMatch(/^sstop: option '--filter <expression>': port takes/);
});

test('an interface that is not there is told of, and i chooses another', async () => {
  const pty = start(['--interface', 'nowhere0'], [100, 24]);
  await pty.waitFor(/No interface 'nowhere0' yet/);
  pty.key('i');
  await pty.waitFor(/▸all/);
  pty.key('lo\r');
  await pty.waitFor(/ only lo /);
  await pty.waitUntil(() => !pty.text().includes('nowhere0'), 'no word of it any more');
});
