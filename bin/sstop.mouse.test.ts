import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { KILL_SIGNALS } from '../src/views/overlays/kill.ts';
import { Crowd } from './testing/crowd.ts';
import { writeRecording } from './testing/recording.ts';
import { isSame, isSameView, type Shown, type TableScreen } from './testing/table-screen.ts';
import { startView, VIEWS } from './testing/views.ts';

/** A column's title and the key that it sorts by; '' where there is no order by it. */
type Columns = readonly (readonly [title: string, key: string])[];

const PROCESS_COLUMNS: Columns = [
  ...([
    ['PID', 'pid'],
    ['USER', ''],
    ['PROCESS', 'name'],
    ['GRAPH', 'rate'],
    ['UPLOAD/s', 'upload'],
  ] as const),
  ...([
    ['DOWNLOAD/s', 'download'],
    ['CONNS', 'connections'],
    ['LISTEN', ''],
  ] as const),
];

const COLUMNS: Readonly<Record<keyof typeof VIEWS, Columns>> = {
  processes: PROCESS_COLUMNS,
  tree: PROCESS_COLUMNS,
  cumulative: [
    ...([
      ['PID', 'pid'],
      ['USER', ''],
      ['PROCESS', 'name'],
      ['GRAPH', 'total'],
      ['UP TOTAL', 'upload-total'],
    ] as const),
    ...([
      ['DN TOTAL', 'download-total'],
      ['CONNS', 'connections'],
      ['LISTEN', ''],
    ] as const),
  ],
  grouped: [
    ...([
      ['PROGRAM', 'name'],
      ['PROCS', 'processes'],
      ['GRAPH', 'rate'],
      ['UPLOAD/s', 'upload'],
    ] as const),
    ...([
      ['DOWNLOAD/s', 'download'],
      ['CONNS', 'connections'],
      ['LISTEN', 'listeners'],
    ] as const),
  ],
  detail: [
    ...([
      ['PROTO', ''],
      ['LOCAL', ''],
      ['REMOTE', 'remote'],
      ['STATE', 'state'],
      ['SVC', ''],
    ] as const),
    ...([
      ['AGE', 'age'],
      ['RTT', 'rtt'],
      ['RETR', ''],
      ['UP/s', 'upload'],
      ['DOWN/s', 'download'],
    ] as const),
  ],
  hosts: [
    ...([
      ['HOST', 'name'],
      ['COUNTRY', ''],
      ['UPLOAD/s', 'upload'],
      ['DOWNLOAD/s', 'download'],
    ] as const),
    ...([
      ['CONNS', 'connections'],
      ['PROCESSES', ''],
    ] as const),
  ],
  groups: [
    ...([
      ['GROUP', 'name'],
      ['TYPE', ''],
      ['PROCS', 'processes'],
      ['UPLOAD/s', 'upload'],
    ] as const),
    ...([
      ['DOWNLOAD/s', 'download'],
      ['CONNS', 'connections'],
    ] as const),
  ],
  listen: [
    ...([
      ['PROTO', 'protocol'],
      ['LOCAL ADDRESS', 'port'],
      ['SERVICE', ''],
      ['PID', 'pid'],
    ] as const),
    ...([
      ['PROCESS', 'process'],
      ['CONNS', 'connections'],
      ['COMMAND', ''],
    ] as const),
  ],
};

/** Where a second click on a row leads: the title then, or nowhere. */
const OPENS: Readonly<Record<keyof typeof VIEWS, string>> = {
  ...{ processes: 'Process', tree: 'Process', cumulative: 'Process', listen: 'Process' },
  ...{ hosts: 'sstop', groups: 'sstop', grouped: 'sstop', detail: '' },
};
const WHEEL_LINES = 3;

setDefaultTimeout(60_000);

const directory = mkdtempSync(`${tmpdir()}/sstop-mouse-`);
let crowd: Crowd;

beforeAll(async () => {
  crowd = await Crowd.start();
  await writeRecording(crowd, `${directory}/day.gz`);
});

afterAll(async () => {
  await crowd.stop();
  rmSync(directory, { recursive: true });
});

const NAMES = Object.keys(VIEWS) as (keyof typeof VIEWS)[];

describe.each(NAMES)('in the view %s', (name) => {
  let screen: TableScreen;
  let home: Shown;
  let right: number;

  beforeAll(async () => {
    screen = await startView(VIEWS[name], crowd, directory);
    home = screen.shown();
    right = screen.pty.emulator.cols - 1;
  });
  afterAll(() => screen.close());

  async function backHome(): Promise<void> {
    screen.press('g');
    await screen.until((shown) => isSame(shown, home), 'the view as it was');
  }

  test('a click selects a row, on any of its cells', async () => {
    for (const x of [0, 40, right - 1]) {
      const row = home.rows[2]!;
      screen.click(x, screen.yOf(row));
      await screen.until(({ selected }) => selected === row, `the row clicked at ${x}`);
      await backHome();
    }
  });

  test('the other buttons do nothing', async () => {
    const y = screen.yOf(home.rows[2]!);
    for (const button of ['middle', 'right'] as const) screen.mouse(button, 5, y);
    screen.press('F');
    await screen.until(({ isFollowing }) => isFollowing, 'a key after the buttons');
    expect(screen.shown().selected).toBe(home.selected);
    screen.press('F');
    await backHome();
  });

  test('a click on the selected row opens it', async () => {
    const row = home.rows[1]!;
    screen.click(5, screen.yOf(row));
    await screen.until(({ selected }) => selected === row, 'the selected row');
    screen.click(5, screen.yOf(row));
    const title = OPENS[name];
    if (title !== '') {
      const isOpen = ({ footer }: Shown) => name !== 'grouped' || footer.includes('program=');
      await screen.until((shown) => shown.title === title && isOpen(shown), title);
      // From a process or the members of a row back; a host or group led to the process table, and its own key leads back.
      screen.press(name === 'hosts' ? 'h' : name === 'groups' ? 'D' : 'escape');
    }
    await screen.until(
      (shown) => isSameView(shown, home) && shown.selected === row,
      'the view with the row selected',
    );
    await backHome();
  });

  test('the wheel scrolls, and takes the cursor along where it must', async () => {
    screen.mouse('wheel-down', 20, screen.headY() + 3);
    await screen.until(({ rows }) => rows[0] === home.rows[WHEEL_LINES], 'three lines further down');
    expect(screen.shown().selected).toBe(home.rows[WHEEL_LINES]!);
    screen.mouse('wheel-up', 20, screen.headY() + 3);
    await screen.until(({ rows }) => rows[0] === home.rows[0], 'the first line');
    await backHome();
  });

  test('a press below or above the thumb moves by a page', async () => {
    screen.click(right, home.thumb.at(-1)! + 1);
    await screen.until(
      ({ thumb, selected }) => thumb[0]! > home.thumb[0]! && selected === home.rows.at(-1),
      'a page on',
    );
    const { thumb } = screen.shown();
    screen.click(right, thumb[0]! - 1);
    await screen.until((shown) => isSame(shown, home), 'a page back');
  });

  test('the thumb is dragged to the end and back; let go, it stays', async () => {
    // Above the footer, and above the rule where one says what is hidden.
    const above = screen.pty.emulator.rows - 2;
    const bottom = screen.pty.line(above).startsWith('─') ? above - 1 : above;
    const top = home.thumb[0]!;
    screen.mouse('left', right, top);
    screen.mouse('drag', right, bottom + 5);
    await screen.until(({ thumb }) => thumb.at(-1) === bottom, 'the thumb at the bottom');
    expect(screen.shown().rows[0]).not.toBe(home.rows[0]!);
    // Away from the bar the drag goes on.
    screen.mouse('drag', 10, top);
    await screen.until(({ rows }) => rows[0] === home.rows[0], 'the thumb at the top');
    screen.mouse('left', 10, top, true);
    screen.mouse('drag', right, bottom);
    await backHome();
    expect(screen.shown().thumb).toEqual([...home.thumb]);
  });

  test('a click on a header sorts, another reverses', async () => {
    for (const [title, key] of COLUMNS[name]) {
      const click = () => {
        const at = new RegExp(`(?<![\\w/])${title}(?![\\w/])`).exec(screen.pty.line(screen.headY()));
        expect(at?.[0]).toBe(title);
        screen.click(at!.index, screen.headY());
      };
      const before = screen.shown();
      click();
      if (key === '') {
        screen.press('F');
        await screen.until(({ isFollowing }) => isFollowing, 'a key after the click');
        expect(screen.shown().head).toBe(before.head);
        screen.press('F');
        await screen.until(({ isFollowing }) => !isFollowing, 'no following');
        continue;
      }
      const isSorted = ({ footer }: Shown) => footer.includes(`sort: ${key} `);
      if (isSorted(before)) await screen.until(({ head }) => head !== before.head, `${title} reversed`);
      else await screen.until(isSorted, `sorted by ${title}`);
      const { head } = screen.shown();
      click();
      const turned = head.replaceAll(/[▴▾]/g, (mark) => (mark === '▴' ? '▾' : '▴'));
      expect(turned).not.toBe(head);
      await screen.until((shown) => isSorted(shown) && shown.head === turned, `${title} the other way round`);
    }
  });
});

describe('over the overlays', () => {
  let screen: TableScreen;
  let home: Shown;
  const chosen = () => /│▸ +(SIG\w+)/.exec(screen.pty.text())?.[1];
  const yOfSignal = (signal: string) => screen.pty.lines().findIndex((line) => line.includes(`${signal} `));
  const xOfSignals = () => screen.pty.lines()[yOfSignal('SIGCONT')]!.indexOf('SIGCONT');

  beforeAll(async () => {
    screen = await startView(VIEWS.processes, crowd, directory);
    home = screen.shown();
  });
  afterAll(() => screen.close());

  async function openKill(): Promise<void> {
    screen.press('K');
    await screen.until(() => chosen() === 'SIGTERM', 'the overlay of signals');
  }

  test('a click chooses each signal, on the chosen one sends it, beside the overlay closes it', async () => {
    await openKill();
    for (const { name } of [...KILL_SIGNALS.slice(1), KILL_SIGNALS[5]!]) {
      screen.click(xOfSignals(), yOfSignal(name));
      await screen.until(() => chosen() === name, `${name} chosen`);
    }
    screen.click(xOfSignals(), yOfSignal('SIGCONT'));
    await screen.untilText(/SIGCONT sent\./);
    screen.click(2, 5);
    await screen.until((shown) => isSame(shown, home), 'the closed overlay');
  });

  test('the wheel and the other buttons do nothing to it', async () => {
    await openKill();
    screen.mouse('wheel-down', 2, 5);
    screen.mouse('right', 2, 5);
    screen.press('j');
    await screen.until(() => chosen() === 'SIGKILL', 'the open overlay');
    screen.click(2, 5);
    await screen.until((shown) => isSame(shown, home), 'the closed overlay, and nothing scrolled');
  });

  test('the wheel scrolls the help, a click closes it, inside and beside', async () => {
    const first = () => screen.pty.lines()[1]!.split('│')[1]?.replace('▐', '').trim();
    for (const x of [2, 100]) {
      screen.press('?');
      await screen.until(() => first()?.startsWith('Navigation') === true, 'the help');
      screen.mouse('wheel-down', x, 5);
      await screen.until(() => first()?.startsWith('PgDn') === true, 'the help three lines on');
      screen.mouse('wheel-up', x, 5);
      await screen.until(() => first()?.startsWith('Navigation') === true, 'the top of the help');
      screen.click(x, 5);
      await screen.until((shown) => isSame(shown, home), 'the closed help');
    }
  });
});

test('with the mouse off nothing is asked of the terminal; m turns it on', async () => {
  const screen = await startView(VIEWS.processes, crowd, directory, ['--no-mouse']);
  try {
    expect(screen.shown().mouse).toBe('none');
    screen.press('m');
    await screen.until(({ mouse }) => mouse === 'drag', 'the mouse');
  } finally {
    await screen.close();
  }
});
