import type { RemoteStatus } from '../data/sample/remote-status.ts';
import { Buffer } from '../screen/buffer/buffer.ts';
import { attributesAt, backgroundAt, foregroundAt, linesOf } from '../screen/buffer/buffer-look.fixture.ts';
import { InputParser } from '../screen/input/input-parser.ts';
import { type Color, hasChannels, hexOf } from '../screen/style/style.ts';
import { TOKYO_NIGHT } from '../screen/style/theme.ts';
import { USUAL_PROCESS_COLUMN_IDS } from '../views/network/network-process-list.ts';
import { keymapOf } from './config/keymap.ts';
import { FIRST_PID, GOLDEN_USERS, GoldenMachine } from './golden-machine.fixture.ts';
import { GOLDEN_NAMES, GoldenNetwork } from './golden-network.fixture.ts';
import { SSTOP_KEYMAP } from './shared/keymaps.ts';
import type { PlaybackState } from './shared/recordings.ts';
import { LOCAL, SocktopBench } from './socktop/bench.fixture.ts';
import { sstopProgram } from './sstop/sstop-update.ts';

/** Columns and lines of the screens that are kept. */
export const GOLDEN_SIZES = [
  [200, 60],
  [110, 30],
  [80, 24],
  [40, 10],
] as const;

/** A view by its name, and what is typed to come to it. */
export interface GoldenView {
  readonly name: string;
  readonly keys: readonly string[];
  readonly ascii?: boolean;
  readonly link?: RemoteStatus;
  readonly playback?: PlaybackState;
  /** More than this one machine. */
  readonly hosts?: number;
}

const ESCAPE = '\x1b';
const ENTER = '\r';
const NOW_MILLIS = 1_700_000_000_000;
const LIVE: RemoteStatus = {
  ...{ phase: 'live', hostName: 'far-1', isEncrypted: true, hasToken: true, latencyMicros: 12_345 },
  ...{ protocol: 'socktop.v2' },
  answeredMillis: NOW_MILLIS - 12_000,
  ...{ nextTryMillis: undefined, reason: undefined },
};
const LOST: RemoteStatus = {
  ...{ ...LIVE, phase: 'lost', nextTryMillis: NOW_MILLIS + 4000 },
  reason: 'connection refused',
};
const PLAYBACK: PlaybackState = {
  fileName: 'day.gz',
  progress: {
    ...{ positionMillis: 61_000, durationMillis: 3_600_000, isDurationExact: true, speed: 2 },
    ...{ isPaused: false, isAtEnd: false, isSeeking: false, endsEarly: false, damage: undefined },
  },
};

/** Every view of sstop, and every overlay. */
export const SSTOP_VIEWS: readonly GoldenView[] = [
  { name: 'processes', keys: [] },
  { name: 'processes-ascii', keys: [], ascii: true },
  { name: 'processes-loopback', keys: ['L', 's', 'R'] },
  { name: 'processes-filter', keys: ['/worker', ENTER] },
  { name: 'processes-paused', keys: [' '] },
  { name: 'cumulative', keys: ['c'] },
  { name: 'tree', keys: ['t', 'j'] },
  { name: 'tree-folded', keys: ['t', 'g', 'z'] },
  { name: 'grouped', keys: ['p', 'j'] },
  { name: 'grouped-user', keys: ['pp', 'c'] },
  { name: 'grouped-members', keys: ['L', 'pp', 'g', ENTER] },
  { name: 'interface', keys: ['\t'] },
  { name: 'interface-picker', keys: ['i', 'e'] },
  { name: 'bits', keys: ['b'] },
  { name: 'chart', keys: ['/nginx', ENTER, 'L'] },
  { name: 'detail', keys: ['4', 'g', 'jjjjj', ENTER] },
  { name: 'detail-foreign', keys: ['4', 'g', 'jjjjjjjjj', ENTER] },
  { name: 'hosts', keys: ['h', 'j'] },
  { name: 'listen', keys: ['L', 'l', 'j'] },
  { name: 'groups', keys: ['D', 'j'] },
  { name: 'trouble', keys: ['X', 'j'] },
  { name: 'help', keys: ['?'] },
  { name: 'kill', keys: ['j', 'K', 'j'] },
  { name: 'filter-prompt', keys: ['/port:443 up>1K'] },
  { name: 'filter-error', keys: ['/up>'] },
  { name: 'alert-prompt', keys: ['A1M'] },
  { name: 'playback', keys: [], playback: PLAYBACK },
  { name: 'remote-live', keys: [], link: LIVE },
  { name: 'remote-lost', keys: ['h'], link: LOST },
];

/** Every view of socktop, and every overlay. */
export const SOCKTOP_VIEWS: readonly GoldenView[] = [
  { name: 'dashboard', keys: [] },
  { name: 'dashboard-ascii', keys: ['j'], ascii: true },
  { name: 'dashboard-compact', keys: ['c', 'jj'] },
  { name: 'dashboard-per-core', keys: ['I', '2'] },
  { name: 'dashboard-paused', keys: [' '] },
  { name: 'dashboard-traffic', keys: ['N', '8'] },
  { name: 'dashboard-grouped', keys: ['p', 'j'] },
  { name: 'dashboard-members', keys: ['pp', 'j', ENTER] },
  { name: 'dashboard-bits', keys: ['b', 'N'] },
  { name: 'columns', keys: ['C', 'jj ', '\x1b[C'] },
  { name: 'search', keys: ['/service'] },
  { name: 'search-user', keys: ['/alice', ENTER] },
  { name: 'kill', keys: ['jj', 't'] },
  { name: 'help', keys: ['?'] },
  { name: 'process', keys: ['3', 'g', ENTER] },
  { name: 'process-children', keys: ['3', 'g', ENTER, '\t', 'j'] },
  { name: 'process-journal', keys: ['3', 'g', ENTER, '\t', '\t', 'j'] },
  { name: 'network', keys: ['n'] },
  { name: 'network-hosts', keys: ['n', 'h'] },
  { name: 'playback', keys: [], playback: PLAYBACK },
  { name: 'remote-live', keys: [], link: LIVE },
  { name: 'remote-lost', keys: [], link: LOST },
  { name: 'hosts', keys: [], hosts: 4 },
  { name: 'hosts-opened', keys: ['j', ENTER], hosts: 4 },
  { name: 'hosts-back', keys: ['j', ENTER, ESCAPE], hosts: 4 },
];

/** A view of sstop over the made-up machine, at every size. */
export function sstopScreens({ keys, ascii = false, link, playback }: GoldenView): Buffer[] {
  const network = new GoldenNetwork();
  return GOLDEN_SIZES.map(([width, height]) => {
    const program = sstopProgram({
      ...{ sort: 'rate', filter: '', loopback: false, interfaceName: undefined, intervalMillis: 1000 },
      ...{ mouse: true, dns: true, alertBytesPerSecond: undefined, columns: USUAL_PROCESS_COLUMN_IDS },
      ...{
        machineName: undefined,
        canSignal: true,
        ownPid: 1_000_000,
        ascii,
        theme: TOKYO_NIGHT,
        keymap: keymapOf(SSTOP_KEYMAP),
      },
      ...{ names: GOLDEN_NAMES, hiddenAdvice: 'sudo sstop', units: 'bytes' },
    });
    let model = program.initial;
    const send = (message: Parameters<typeof program.update>[1]): void => {
      model = program.update(model, message).model;
    };
    const parser = new InputParser((event) => {
      const message = program.input(model, event);
      if (message !== undefined) send(message);
    });
    parser.resize(width, height);
    send(program.resized(model, width, height));
    if (link !== undefined) send({ kind: 'linked', link });
    send({ kind: 'sampled', data: network.data });
    if (playback !== undefined) send({ kind: 'played', playback });
    for (const text of keys) {
      parser.feed(new TextEncoder().encode(text), 0);
      parser.expire(1e9);
    }
    const buffer = new Buffer(width, height);
    program.view(model, buffer);
    return buffer;
  });
}

/** A view of socktop over made-up machines, at every size. */
export function socktopScreens({ keys, ascii = false, link, playback, hosts = 1 }: GoldenView): Buffer[] {
  return GOLDEN_SIZES.map(([width, height]) => {
    const machine = new GoldenMachine();
    const network = new GoldenNetwork();
    const userOf = (uid: number) => GOLDEN_USERS[uid];
    const links = [LIVE, LOST, { ...LIVE, phase: 'connecting' as const }, LIVE];
    const local = { ...LOCAL, userOf, link, canSignal: link === undefined };
    const several = links.slice(0, hosts).map((link, i) => ({ ...local, name: `web-${i + 1}`, link }));
    const bench = new SocktopBench({ hosts: hosts === 1 ? [local] : several, ascii }, machine.world);
    bench.resize(width, height);
    const sample = (): void => {
      machine.step();
      const snapshot = { ...machine.snapshot(), network: network.step().section };
      for (let host = 0; host < hosts; host++) {
        if (host !== 2) bench.send({ kind: 'sampled', host, snapshot });
      }
    };
    for (let i = 0; i < 10; i++) sample();
    if (playback !== undefined) bench.send({ kind: 'played', playback });
    for (const text of keys) bench.type(text);
    for (let i = 0; i < 2; i++) {
      sample();
      const snapshot = machine.detail(FIRST_PID);
      bench.send({ kind: 'sampled', host: bench.model.current, snapshot });
    }
    bench.send({
      ...{ kind: 'network', host: bench.model.current },
      message: { kind: 'sampled', data: network.data },
    });
    return bench.screen();
  });
}

/**
 * Screens as text. A line of a screen stands after `|`, without its trailing spaces. Below the lines of a screen, one
 * line for each of them says its styles as `NAMExCOLUMNS`, and the names are explained at the end: attributes (from
 * bit 25 on) and foreground, then background, each colour as `1rrggbb` or as the number of one of the terminal's own.
 */
export function goldenText(screens: readonly Buffer[]): string {
  const names = new Map<string, string>();
  const text = screens.map((screen) => screenText(screen, names)).join('');
  const legend = Array.from(names, ([look, name]) => `${name} = ${look}\n`).join('');
  return `${text}styles\n${legend}`;
}

function screenText(screen: Buffer, names: Map<string, string>): string {
  const lines = linesOf(screen).map((line) => `|${line.trimEnd()}\n`);
  const styles = Array.from({ length: screen.height }, (_, y) => `${stylesOf(screen, y, names)}\n`);
  return `${screen.width}x${screen.height}\n${lines.join('')}${styles.join('')}\n`;
}

function stylesOf(screen: Buffer, y: number, names: Map<string, string>): string {
  const runs: { name: string; columns: number }[] = [];
  for (let x = 0; x < screen.width; x++) {
    const foreground = shown(foregroundAt(screen, x, y)) | (attributesAt(screen, x, y) << 25);
    const look = `${foreground.toString(16)} ${shown(backgroundAt(screen, x, y)).toString(16)}`;
    const name = names.get(look) ?? `s${names.size}`;
    names.set(look, name);
    const last = runs.at(-1);
    if (last?.name === name) last.columns++;
    else runs.push({ name, columns: 1 });
  }
  return runs.map(({ name, columns }) => `${name}x${columns}`).join(' ');
}

function shown(color: Color): number {
  return hasChannels(color) ? 0x1000000 | hexOf(color) : color;
}
