import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import { PtyProgram } from '../testing/pty.ts';
import { screenSvg } from './screen-svg.ts';
import { countryDatabase, installedAt, type Stage, setStage } from './screenshot-stage.ts';

/** The sizes that every view is looked at in, the first one first. */
const SIZES = [
  [200, 60],
  [110, 30],
  [80, 24],
  [40, 10],
] as const;
/** Until graphs have a shape. */
const WARM_UP_MILLIS = 63_000;
const KEY_MILLIS = 150;
/** Escape and the next key must not be read together: that is another key. */
const ESCAPE_MILLIS = 600;
/** Until a program has drawn itself anew, with a sample. */
const SETTLE_MILLIS = 450;
const ESCAPE = '\x1b';
const ENTER = '\r';
const UID = '1000';

/** A view: the keys that lead there from the first one, what it shows, and the keys back. */
interface Stop {
  readonly name: string;
  readonly keys: readonly string[];
  readonly waitFor: RegExp;
  readonly back: readonly string[];
}

/** A program that is started once and led through its views. */
interface Tour {
  readonly name: string;
  readonly command: (stage: Stage) => readonly string[];
  /** What shows that it runs. */
  readonly begins: RegExp;
  readonly stops: readonly Stop[];
}

const LISTS: readonly Stop[] = [
  stop('processes', [], /PROCESS/, []),
  stop('tree', ['t'], /sum of|tree/, ['t']),
  stop('grouped', ['p'], /by program/, [ESCAPE]),
  stop('hosts', ['h', 'j'], /Remote hosts/, [ESCAPE]),
  stop('listen', ['l', 'j'], /Listening ports/, [ESCAPE]),
  stop('groups', ['D', 'j'], /Groups/, [ESCAPE]),
  stop('trouble', ['X'], /Network trouble/, [ESCAPE]),
  stop('detail', ['/nginx', ENTER, 'g', ENTER], /REMOTE/, [ESCAPE, ESCAPE]),
];
/** nginx belongs to another user. */
const OWN_DETAIL = stop('own-detail', ['/curl', ENTER, 'g', ENTER], /REMOTE/, [ESCAPE, ESCAPE]);
const SSTOP_STOPS: readonly Stop[] = [
  ...LISTS,
  stop('loopback', ['L'], /loopback/, ['L']),
  stop('cumulative', ['c'], /TOTAL/, ['c']),
  stop('bits', ['b'], /bit\/s|b\/s/, ['b']),
  stop('paused', [' '], /PAUSED/, [' ']),
  stop('help', ['?'], /sstop keys/, [ESCAPE]),
  stop('interfaces', ['i'], /Interface/, [ESCAPE]),
  stop('filter', ['/conns>1 !user:root'], /of \d+/, [ESCAPE, ESCAPE]),
  stop('filter-error', ['/nginx port:https'], /takes numbers|port/, [ESCAPE, ESCAPE]),
  stop('kill', ['g', 'j', 'K'], /SIGTERM/, [ESCAPE]),
  stop('alert', ['A'], /alert above/, [ESCAPE]),
  stop('timeline', ['H'], /Pressure/, [ESCAPE]),
  stop('totals', ['T'], /Totals|history/i, [ESCAPE]),
];
const SOCKTOP_STOPS: readonly Stop[] = [
  stop('dashboard', [], /Processes \d/, []),
  stop('pane', ['/nginx', ENTER, 'g', ENTER], /Threads/, [ESCAPE, ESCAPE]),
  stop('grouped', ['p'], /by program/, [ESCAPE]),
  stop('search', ['/ng'], /ng/, [ESCAPE]),
  stop('waits', ['W'], /WAIT/, [ESCAPE]),
  stop('control-groups', ['W', 'W'], /CONTROL GROUP/, [ESCAPE]),
  stop('alerts', ['A'], /Alerts/, [ESCAPE]),
  stop('columns', ['C'], /Space/, [ESCAPE]),
  stop('compact', ['c'], /Processes \d/, ['c']),
  stop('help', ['?'], /socktop keys/, [ESCAPE]),
  stop('kill', ['g', 'j', 't'], /SIGTERM/, [ESCAPE]),
  stop('paused', [' '], /PAUSED/, [' ']),
  stop('network', ['n'], /PROCESS/, ['n']),
  stop('timeline', ['H'], /zoom/, [ESCAPE]),
];
/** What an ordinary user sees otherwise. */
const USER_STOPS = [
  'processes',
  'tree',
  'hosts',
  'listen',
  'groups',
  'own-detail',
  'dashboard',
  'pane',
  'network',
];

const AGENT_PORTS = [3001, 3002, 3009] as const;

const TOURS: readonly Tour[] = [
  {
    name: 'sstop',
    command: (stage) => [
      ...[installedAt('sstop'), '--geoip', countryDatabase(stage)],
      ...['--history', join(stage.directory, 'history'), '--sniff'],
    ],
    begins: /\d+ processes/,
    stops: SSTOP_STOPS,
  },
  {
    name: 'sstop-user',
    command: () => asUser([installedAt('sstop')]),
    begins: /\d+ processes/,
    stops: [...SSTOP_STOPS, OWN_DETAIL].filter(({ name }) => USER_STOPS.includes(name)),
  },
  {
    name: 'sstop-playback',
    command: ({ directory }) => [installedAt('sstop'), '--playback', recordingIn(directory)],
    begins: /PROCESS/,
    stops: LISTS.filter(({ name }) => ['processes', 'hosts', 'detail'].includes(name)),
  },
  {
    name: 'socktop',
    command: ({ directory }) => [
      ...[installedAt('socktop'), '--local', '--history', join(directory, 'machine-history')],
    ],
    begins: /Processes \d/,
    stops: SOCKTOP_STOPS,
  },
  {
    name: 'socktop-user',
    command: () => asUser([installedAt('socktop'), '--local']),
    begins: /Processes \d/,
    stops: SOCKTOP_STOPS.filter(({ name }) => USER_STOPS.includes(name)),
  },
  {
    name: 'socktop-demo',
    command: () => [installedAt('socktop'), '--demo'],
    begins: /Processes \d/,
    stops: SOCKTOP_STOPS.slice(0, 1),
  },
  {
    // The last port has nobody behind it; the agent of the second ends before its pictures.
    name: 'socktop-hosts',
    command: () => [installedAt('socktop'), ...AGENT_PORTS.map((port) => `ws://127.0.0.1:${port}/ws`)],
    begins: /\d hosts/,
    stops: [
      stop('hosts', ['j'], /refused/, []),
      stop('one', ['g', ENTER], /Processes \d/, [ESCAPE]),
      stop('lost', ['j', ENTER], /lost/, [ESCAPE]),
    ],
  },
];

export const TOUR_NAMES = TOURS.map(({ name }) => name);

function stop(name: string, keys: readonly string[], waitFor: RegExp, back: readonly string[]): Stop {
  return { name, keys, waitFor, back };
}

function asUser(command: readonly string[]): readonly string[] {
  return ['setpriv', '--reuid', UID, '--regid', UID, '--clear-groups', ...command];
}

function recordingIn(directory: string): string {
  return join(directory, 'tour.gz');
}

/** Leads each program through its views and writes `TOUR-VIEW-COLUMNSxROWS.svg`. Returns the exit code. */
export async function takeTours(stage: Stage, folder: string, names: readonly string[]): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const play = await setStage(stage);
  const tours = TOURS.filter(({ name }) => names.includes(name));
  const agents = names.includes('socktop-hosts') ? AGENT_PORTS.slice(0, 2).map(startAgent) : [];
  const started = tours
    .filter(({ name }) => name !== 'sstop-playback')
    .map((tour) => ({ tour, program: start(tour, stage) }));
  await play.begin();
  const recorded = names.includes('sstop-playback') ? record(stage) : undefined;
  await Promise.all(started.map(({ tour, program }) => program.waitFor(tour.begins)));
  await Bun.sleep(WARM_UP_MILLIS);
  await recorded;
  for (const tour of tours)
    if (tour.name === 'sstop-playback') started.push({ tour, program: start(tour, stage) });
  let failed = 0;
  for (const { tour, program } of started) {
    await program.waitFor(tour.begins);
    for (const each of tour.stops) {
      if (each.name === 'lost') agents[1]?.kill();
      failed += (await takeStop(program, each, `${folder}/${tour.name}-${each.name}`)) ? 0 : 1;
    }
    await program.close();
  }
  for (const agent of agents) agent.kill();
  return failed === 0 ? 0 : 1;
}

function start({ command }: Tour, stage: Stage): PtyProgram {
  const { directory } = stage;
  const [[columns, rows]] = SIZES;
  return new PtyProgram(command(stage), {
    columns,
    rows,
    environment: { HOME: directory, XDG_CONFIG_HOME: directory, COLORTERM: 'truecolor' },
    directory,
  });
}

/** Half a minute of the stage's network. */
async function record({ directory }: Stage): Promise<void> {
  const command = [installedAt('sstop'), '--json', '--duration', '40s', '--record', recordingIn(directory)];
  await Bun.spawn(command, { stdout: 'ignore', stderr: 'inherit', env: { HOME: directory } }).exited;
}

function startAgent(port: number): Bun.Subprocess {
  const command = [installedAt('socktop-agent'), '--bind', '127.0.0.1', '--port', String(port)];
  return Bun.spawn(command, { cwd: '/', stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' });
}

/** One view at all sizes, and back. False: it did not show what it should; then its pictures show what it did show. */
async function takeStop(
  program: PtyProgram,
  { name, keys, waitFor, back }: Stop,
  path: string,
): Promise<boolean> {
  await type(program, keys);
  const problem = await program.waitFor(waitFor).then(
    () => undefined,
    (thrown: unknown) => toOpError('wait', thrown).message,
  );
  if (problem !== undefined) process.stderr.write(`${name}: ${problem}\n`);
  for (const [columns, rows] of SIZES) {
    program.resize(columns, rows);
    await Bun.sleep(SETTLE_MILLIS);
    writeFileSync(`${path}-${columns}x${rows}.svg`, screenSvg(program.emulator, name));
  }
  const [[columns, rows]] = SIZES;
  program.resize(columns, rows);
  await type(program, back);
  process.stdout.write(`${path}\n`);
  return problem === undefined;
}

async function type(program: PtyProgram, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    program.key(key);
    await Bun.sleep(key === ESCAPE ? ESCAPE_MILLIS : KEY_MILLIS);
  }
}
