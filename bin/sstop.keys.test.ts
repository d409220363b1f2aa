import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type Action, KEYMAP, keymapOf } from '../src/apps/sstop/keymap.ts';
import { Crowd } from './testing/crowd.ts';
import {
  ACTIONS,
  COMMON,
  expectKey,
  expectNothing,
  type KeyCheck,
  REVERSED,
  sorted,
  texted,
  titled,
  type ViewChecks,
} from './testing/key-checks.ts';
import type { Shown, TableScreen } from './testing/table-screen.ts';
import { LIVE_VIEWS, startView, type ViewStart } from './testing/views.ts';

const KEYS = keymapOf(KEYMAP);
const directory = mkdtempSync(`${tmpdir()}/sstop-keys-`);
let crowd: Crowd;

beforeAll(async () => {
  crowd = await Crowd.start();
});

afterAll(async () => {
  await crowd.stop();
  rmSync(directory, { recursive: true });
});

const KILL = texted(/Kill \d+ c\w+-\d\d/, 'escape');
const NO_PROCESS = texted(/Select a process first/, 'g');
/** The filter goes; typed again, it is back. */
const FILTER_CLEARED: KeyCheck = {
  shows: (screen) => !screen.shown().footer.includes('filter: '),
  get back() {
    return ['/', crowd.tag, 'enter'];
  },
};
/** Seen where names are: in the hosts. */
const DNS_ELSEWHERE: KeyCheck = {
  shows: () => true,
  back: [],
};

const PROCESSES: ViewChecks = {
  ...COMMON,
  open: texted(/ Process .*\n(.*\n)*.*Listening .*\n.*LOCAL .*REMOTE/, 'escape'),
  back: FILTER_CLEARED,
  'sort-next': sorted('PROCESS', 'name', '4'),
  'sort-reverse': REVERSED,
  'sort-rate': sorted('GRAPH', 'rate', '4'),
  'sort-download': sorted('DOWNLOAD/s', 'download', '4'),
  'sort-upload': sorted('UPLOAD/s', 'upload', '4'),
  'sort-pid': {
    ...sorted('PID', 'pid'),
    from: { chords: ['6'], until: ({ footer }) => footer.includes('sort: conn') },
  },
  'sort-name': sorted('PROCESS', 'name', '4'),
  'sort-connections': sorted('CONNS', 'connections', '4'),
  cumulative: texted(/UP TOTAL +DN TOTAL/, 'c'),
  tree: texted(/└─c\w+-12/, 't'),
  kill: KILL,
  dns: DNS_ELSEWHERE,
};

const CHECKS: Readonly<Record<keyof typeof LIVE_VIEWS, ViewChecks>> = {
  processes: PROCESSES,
  tree: { ...PROCESSES, tree: { shows: (screen) => !screen.pty.text().includes('├─'), back: ['t'] } },
  cumulative: {
    ...PROCESSES,
    'sort-rate': sorted('GRAPH', 'total', '4'),
    'sort-download': sorted('DN TOTAL', 'download-total', '4'),
    'sort-upload': sorted('UP TOTAL', 'upload-total', '4'),
    cumulative: texted(/UPLOAD\/s +DOWNLOAD\/s/, 'c'),
  },
  detail: {
    ...COMMON,
    open: 'nothing',
    back: titled('sstop', 'enter'),
    'sort-next': sorted('DOWN/s', 'download', '1'),
    'sort-reverse': REVERSED,
    'sort-rate': {
      ...sorted('DOWN/s', 'rate'),
      from: { chords: ['3'], until: ({ footer }) => footer.includes('upload') },
    },
    'sort-download': sorted('DOWN/s', 'download', '1'),
    'sort-upload': sorted('UP/s', 'upload', '1'),
    'sort-pid': 'nothing',
    'sort-name': sorted('REMOTE', 'remote', '1'),
    'sort-connections': 'nothing',
    cumulative: 'nothing',
    tree: 'nothing',
    kill: KILL,
  },
  hosts: {
    ...COMMON,
    hosts: titled('sstop', 'h'),
    open: { shows: (screen) => /filter: host:127/.test(screen.shown().footer), back: ['h'] },
    back: FILTER_CLEARED,
    'sort-next': sorted('DOWNLOAD/s', 'rate', '5'),
    'sort-reverse': REVERSED,
    'sort-rate': sorted('DOWNLOAD/s', 'rate', '5'),
    'sort-download': sorted('DOWNLOAD/s', 'download', '5'),
    'sort-upload': sorted('UPLOAD/s', 'upload', '5'),
    'sort-pid': 'nothing',
    'sort-name': {
      ...sorted('HOST', 'name'),
      from: { chords: ['1'], until: ({ footer }) => footer.includes('sort: rate') },
    },
    'sort-connections': sorted('CONNS', 'connections', '5'),
    cumulative: 'nothing',
    tree: 'nothing',
    kill: NO_PROCESS,
  },
  listen: {
    ...COMMON,
    listen: titled('sstop', 'l'),
    open: titled('Process', 'escape'),
    back: FILTER_CLEARED,
    'sort-next': sorted('PROCESS', 'process', 's', 's', 's', 's'),
    'sort-reverse': REVERSED,
    'sort-rate': 'nothing',
    'sort-download': 'nothing',
    'sort-upload': 'nothing',
    'sort-pid': sorted('PID', 'pid', 's', 's', 's'),
    'sort-name': sorted('PROCESS', 'process', 's', 's', 's', 's'),
    'sort-connections': sorted('CONNS', 'connections', 's'),
    cumulative: 'nothing',
    tree: 'nothing',
    kill: KILL,
    dns: DNS_ELSEWHERE,
  },
};

function chordsThatDoNothing(checks: ViewChecks): readonly string[] {
  return ACTIONS.filter((action) => checks[action] === 'nothing').flatMap((action) => KEYS.chordsOf(action));
}

function actionsWithCheck(checks: ViewChecks): readonly (readonly [Action, KeyCheck])[] {
  return ACTIONS.flatMap((action) => {
    const check = checks[action];
    return typeof check === 'string' ? [] : [[action, check] as const];
  });
}

describe.each(Object.entries(CHECKS))('in the view %s', (name, checks) => {
  const view: ViewStart = LIVE_VIEWS[name as keyof typeof LIVE_VIEWS];
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
  for (const checks of Object.values(CHECKS)) expect(Object.keys(checks).sort()).toEqual([...ACTIONS].sort());
});
