import {
  COMMON,
  type KeyCheck,
  REVERSED,
  sorted,
  sortedBySum,
  texted,
  titled,
  type ViewChecks,
} from './key-checks.ts';
import type { VIEWS } from './views.ts';

const KILL = texted(/Kill \d+ c\w+-\d\d/, 'escape');
const NO_SINGLE_PROCESS = texted(/This row is not a single process/, 'g');
const OWN_INTERVAL = /A recording has its own interval/;
const RATES = ['UPLOAD/s', 'DOWNLOAD/s'];
/** The filter goes; typed again, it is back. */
const FILTER_CLEARED: KeyCheck = {
  shows: (screen) => !screen.shown().footer.includes('filter: '),
  back: ({ footer }) => ['/', /filter: (.+?) {2}/.exec(footer)?.[1] ?? '', 'enter'],
};
/** It holds for all views, and is told where names are. */
const DNS_ELSEWHERE: KeyCheck = {
  shows: () => true,
  after: async (screen) => {
    screen.press('h');
    await screen.until(({ footer }) => footer.includes('d addresses'), 'names of hosts');
    screen.press('d');
    await screen.until(({ footer }) => footer.includes('d names'), 'addresses of hosts');
  },
  back: ['h'],
};

/** Those who listen stay, without their connections. */
const NO_LOOPBACK: KeyCheck = {
  shows: (screen) =>
    /-00 .* 0 +\d+ *▐?$/m.test(screen.pty.text()) && screen.shown().footer.includes('L loopback'),
  back: ['L'],
};

/** Who listens does so on loopback too; the process table tells. */
const LOOPBACK_ELSEWHERE: KeyCheck = {
  shows: () => true,
  after: async (screen) => {
    screen.press('l');
    await screen.until(({ footer }) => footer.includes('L loopback'), 'loopback hidden');
    screen.press('L');
    await screen.until(({ footer }) => footer.includes('L hide loopback'), 'loopback shown');
  },
  back: ['l'],
};

/** A playback's line stands where interfaces are otherwise; the process table tells. */
const INTERFACE_ELSEWHERE: KeyCheck = {
  shows: () => true,
  after: async (screen) => {
    screen.press('D');
    await screen.until(({ footer }) => footer.includes('i lo '), 'the interface lo');
    let { footer } = screen.shown();
    while (!footer.includes('i interface')) {
      const before = footer;
      screen.press('tab');
      await screen.until((shown) => shown.footer !== before, 'the next interface');
      ({ footer } = screen.shown());
    }
  },
  back: ['D'],
};

/** The same round, begun at its other end. */
const INTERFACE_BEFORE: KeyCheck = {
  ...INTERFACE_ELSEWHERE,
  after: async (screen) => {
    await screen.until(({ footer }) => !footer.includes('i interface'), 'an interface');
    screen.press('tab');
    await screen.until(({ footer }) => footer.includes('i interface'), 'all interfaces');
  },
  back: [],
};

const PROCESSES: ViewChecks = {
  ...COMMON,
  open: texted(/ Process .*\n(.*\n)*.*Listening .*\n.*LOCAL .*REMOTE/, 'escape'),
  back: FILTER_CLEARED,
  'sort-next': sorted('PROCESS', 'name', '4'),
  'sort-reverse': REVERSED,
  'sort-rate': sortedBySum(RATES, 'rate', '4'),
  'sort-download': sorted('DOWNLOAD/s', 'download', '4'),
  'sort-upload': sorted('UPLOAD/s', 'upload', '4'),
  'sort-pid': {
    ...sorted('PID', 'pid'),
    from: { chords: ['6'], until: ({ footer }) => footer.includes('sort: conn') },
  },
  'sort-name': sorted('PROCESS', 'name', '4'),
  'sort-connections': sorted('CONNS', 'connections', '4'),
  cumulative: texted(/UP TOTAL +DN TOTAL/, 'c'),
  'group-by': texted(/PROGRAM\S? .*PROCS/, 'p', 'p', 'p', 'p'),
  tree: texted(/├─c\w+-\d\d/, 't'),
  fold: 'nothing',
  kill: KILL,
  dns: DNS_ELSEWHERE,
  loopback: NO_LOOPBACK,
};

/** What every key does in every view. */
export const VIEW_CHECKS: Readonly<Record<keyof typeof VIEWS, ViewChecks>> = {
  processes: PROCESSES,
  tree: {
    ...PROCESSES,
    tree: { shows: (screen) => !screen.pty.text().includes('├─'), back: ['t'] },
    fold: { shows: (screen) => /\(\+\d+ folded\)/.test(screen.pty.text()), back: ['z'] },
    // The first row is an ancestor's.
    kill: texted(/Kill \d+ \S+/, 'escape'),
    open: texted(/ Process .*\n(.*\n)*.*LOCAL .*REMOTE/, 'escape'),
  },
  cumulative: {
    ...PROCESSES,
    'sort-rate': sortedBySum(['UP TOTAL', 'DN TOTAL'], 'total', '4'),
    'sort-download': sorted('DN TOTAL', 'download-total', '4'),
    'sort-upload': sorted('UP TOTAL', 'upload-total', '4'),
    cumulative: texted(/UPLOAD\/s +DOWNLOAD\/s/, 'c'),
  },
  grouped: {
    ...PROCESSES,
    // One process has the name.
    open: { shows: (screen) => /filter: .*program=c/.test(screen.shown().footer), back: ['escape'] },
    back: FILTER_CLEARED,
    'sort-next': sorted('LISTEN', 'listeners', '5'),
    'sort-rate': sortedBySum(RATES, 'rate', '5'),
    'sort-download': sorted('DOWNLOAD/s', 'download', '5'),
    'sort-upload': sorted('UPLOAD/s', 'upload', '5'),
    'sort-pid': 'nothing',
    'sort-name': {
      ...sorted('PROGRAM', 'name'),
      from: { chords: ['1'], until: ({ footer }) => footer.includes('sort: rate') },
    },
    'sort-connections': sorted('CONNS', 'connections', '5'),
    'group-by': texted(/USER\S? .*PROCS/, 'p', 'p', 'p', 'p'),
    tree: 'nothing',
    kill: NO_SINGLE_PROCESS,
  },
  detail: {
    ...COMMON,
    open: titled('Listening ports', 'escape'),
    back: titled('sstop', 'enter'),
    'sort-next': sorted('RTT', 'rtt', '5'),
    'sort-reverse': REVERSED,
    'sort-rate': sortedBySum(['UP/s', 'DOWN/s'], 'rate', '5'),
    'sort-download': sorted('DOWN/s', 'download', '5'),
    'sort-upload': sorted('UP/s', 'upload', '5'),
    'sort-pid': 'nothing',
    'sort-name': {
      ...sorted('REMOTE', 'remote'),
      from: { chords: ['1'], until: ({ footer }) => footer.includes('sort: rate') },
    },
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
    'sort-next': sorted('RTT', 'rtt', '5'),
    'sort-reverse': REVERSED,
    'sort-rate': sortedBySum(RATES, 'rate', '5'),
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
    kill: NO_SINGLE_PROCESS,
  },
  listen: {
    ...COMMON,
    listen: titled('sstop', 'l'),
    loopback: LOOPBACK_ELSEWHERE,
    open: titled('Process', 'escape'),
    back: FILTER_CLEARED,
    'sort-next': sorted('PROCESS', 'process', ...Array<string>(6).fill('s')),
    'sort-reverse': REVERSED,
    'sort-rate': 'nothing',
    'sort-download': 'nothing',
    'sort-upload': 'nothing',
    'sort-pid': sorted('PID', 'pid', ...Array<string>(5).fill('s')),
    'sort-name': sorted('PROCESS', 'process', ...Array<string>(6).fill('s')),
    'sort-connections': sorted('CONNS', 'connections', 's', 's', 's'),
    cumulative: 'nothing',
    tree: 'nothing',
    kill: KILL,
    dns: DNS_ELSEWHERE,
  },
  groups: {
    ...COMMON,
    'interface-next': INTERFACE_ELSEWHERE,
    'interface-previous': INTERFACE_BEFORE,
    loopback: { shows: (screen) => /crowd-00\.service .* 0 *▐?$/m.test(screen.pty.text()), back: ['L'] },
    groups: titled('sstop', 'D'),
    open: { shows: (screen) => /filter: group=crowd/.test(screen.shown().footer), back: ['D'] },
    back: FILTER_CLEARED,
    'sort-next': sortedBySum(RATES, 'rate', ...Array<string>(5).fill('s')),
    'sort-reverse': REVERSED,
    'sort-rate': sortedBySum(RATES, 'rate', '5'),
    'sort-download': sorted('DOWNLOAD/s', 'download', '5'),
    'sort-upload': sorted('UPLOAD/s', 'upload', '5'),
    'sort-pid': 'nothing',
    'sort-name': {
      ...sorted('GROUP', 'name'),
      from: { chords: ['1'], until: ({ footer }) => footer.includes('sort: rate') },
    },
    'sort-connections': sorted('CONNS', 'connections', '5'),
    cumulative: 'nothing',
    tree: 'nothing',
    kill: 'nothing',
    ...{ timeline: 'nothing', totals: 'nothing' },
    dns: 'nothing',
    pause: {
      shows: (screen) =>
        / 1x +\S+\.gz/.test(screen.pty.text()) && screen.shown().footer.includes('Space pause'),
      back: ['space'],
    },
    ...{ faster: texted(OWN_INTERVAL, 'g'), slower: texted(OWN_INTERVAL, 'g') },
    'playback-faster': { shows: (screen) => / 2x +paused/.test(screen.pty.text()), back: ['left'] },
    'playback-slower': { shows: (screen) => / 1\/2x +paused/.test(screen.pty.text()), back: ['right'] },
    'seek-forward': { shows: (screen) => /0:1\d \/ /.test(screen.pty.text()), back: ['['] },
    'seek-back': {
      from: { chords: [']'], until: ({ second }) => /0:1\d \/ /.test(second) },
      shows: (screen) => /0:0\d \/ /.test(screen.pty.text()),
    },
  },
};
