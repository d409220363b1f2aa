/**
 * Makes docs/screenshots from the program's own screen: `npm run bun bin/dev/screenshots.ts`, with names of pictures
 * only those. The executable runs on a real terminal emulator, on a machine made up of namespaces with real traffic.
 * With `-- --sizes --out FOLDER` it makes pictures of every view at four sizes in that folder instead, with names of
 * tours only theirs.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';
import { PtyProgram } from '../testing/pty.ts';
import { build } from './build.ts';
import { animatedSvg, type Frame } from './screen-animation.ts';
import { pictureOf, screenSvg } from './screen-svg.ts';
import {
  countryDatabase,
  enterStage,
  installedAt,
  type Stage,
  setStage,
  stageHere,
} from './screenshot-stage.ts';
import { TOUR_NAMES, takeTours } from './screenshot-tours.ts';

const SCRIPT = fileURLToPath(import.meta.url);
const FOLDER = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
/** Until the graph of a minute is full. */
const WARM_UP_MILLIS = 63_000;
/** Longer than the program waits for the rest of a key, shorter than a reader's patience. */
const KEY_MILLIS = 150;
/** Until what a key did has been drawn. */
const SETTLE_MILLIS = 350;
const DEMO_LIMIT_BYTES = 1.5e6;
const ESCAPE = '\x1b';
const ENTER = '\r';

/**
 * A picture: the keys that lead to it, one after another, as soon as there is traffic, and what it must show when the
 * graphs are full.
 */
interface Shot {
  readonly name: string;
  readonly title: string;
  readonly size: readonly [columns: number, rows: number];
  readonly keys: readonly string[];
  readonly waitFor: RegExp;
  readonly arguments?: readonly string[];
  /** Default sstop. */
  readonly program?: 'socktop';
}

const WIDE = [110, 20] as const;
/** The program's own, before anybody talks. */
const FIRST_SCREEN = /First sample|No process|\d+ processes|Processes \d|\d hosts/;

/** The cursor on a process that has its place in every order: found, then among all again. */
const ON_NGINX = ['/nginx', ENTER, 'g', ESCAPE] as const;

const SHOTS: readonly Shot[] = [
  {
    name: 'detail',
    title: 'One process',
    size: [110, 26],
    keys: ['/nginx', ENTER, 'j', ENTER],
    waitFor: /REMOTE/,
  },
  { name: 'hosts', title: 'Remote hosts', size: WIDE, keys: ['h', 'j'], waitFor: /mirror\.example\.org/ },
  { name: 'listen', title: 'Listening ports', size: WIDE, keys: ['l', 'j'], waitFor: /LOCAL ADDRESS/ },
  {
    name: 'groups',
    title: 'Containers and services',
    size: WIDE,
    keys: ['D', 'j'],
    waitFor: /nginx\.service/,
  },
  { name: 'filter', title: 'A filter', size: WIDE, keys: ['/conns>1 !user:root'], waitFor: /\d+ of \d+/ },
  { name: 'kill', title: 'Signals', size: WIDE, keys: ['j', 'j', 'K'], waitFor: /SIGTERM/ },
  { name: 'help', title: 'Every key', size: [100, 56], keys: ['?'], waitFor: /sstop keys/ },
  {
    name: 'light',
    title: 'The light theme',
    size: WIDE,
    keys: ['j', 'j'],
    waitFor: /nginx/,
    arguments: ['--theme', 'tokyo-night-light'],
  },
  {
    ...{ name: 'socktop', title: 'The dashboard', size: [132, 40], keys: ON_NGINX, program: 'socktop' },
    ...{ waitFor: /Processes \d+(.*\n)+.*nginx/, arguments: ['--local'] },
  },
  {
    ...{ name: 'socktop-process', title: 'One process', size: [132, 36], program: 'socktop' },
    ...{ keys: ['/nginx', ENTER, 'g', ENTER], waitFor: /PID 1204 .*(.*\n)+.*Threads \d/ },
    arguments: ['--local'],
  },
  {
    ...{
      name: 'socktop-compact',
      title: 'On a small screen',
      size: [80, 24],
      keys: ON_NGINX,
      program: 'socktop',
    },
    ...{ waitFor: /Processes \d+(.*\n)+.*nginx/, arguments: ['--local'] },
  },
  {
    ...{ name: 'socktop-hosts', title: 'Several hosts', size: [120, 12], keys: ['j'], program: 'socktop' },
    ...{ waitFor: /web-1 .* ms(.*\n)+.*web-2 .* ms(.*\n)+.*pi-3 .*refused/ },
    arguments: ['-P', 'web-1', '-P', 'web-2', '-P', 'db-1', '-P', 'pi-3'],
  },
];

/**
 * The pictures that are taken at once, on one stage. Those of socktop show which programs run: each of them is taken
 * where only one does.
 */
const ACTS: readonly (readonly string[])[] = [
  [...SHOTS.filter(({ program }) => program === undefined).map(({ name }) => name), 'demo'],
  ...SHOTS.filter(({ program }) => program !== undefined).map(({ name }) => [name]),
];

/** Agents on the stage, by the names of their profiles; nobody listens for the last one. */
const AGENT_PORTS = { 'web-1': 3001, 'web-2': 3002, 'db-1': 3003, 'pi-3': 3009 } as const;
const AGENTS = ['web-1', 'web-2', 'db-1'] as const;

/** Profiles of the agents, and the agents themselves; the last of them is not there. */
function startAgents({ directory }: Stage): readonly Bun.Subprocess[] {
  const profiles = Object.entries(AGENT_PORTS).map(([name, port]) => [
    name,
    { url: `ws://127.0.0.1:${port}/ws` },
  ]);
  mkdirSync(`${directory}/socktop`, { recursive: true });
  writeFileSync(
    `${directory}/socktop/profiles.json`,
    JSON.stringify({ profiles: Object.fromEntries(profiles), version: 0 }),
  );
  return AGENTS.map((name) =>
    Bun.spawn([installedAt('socktop-agent'), '--bind', '127.0.0.1', '--port', String(AGENT_PORTS[name])], {
      ...{ cwd: '/', env: { HOME: directory }, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' },
    }),
  );
}

/** A piece of the film: a key, what it must lead to, and how long that stands. */
interface Scene {
  readonly keys: string;
  readonly waitFor: RegExp;
  /** Pictures taken one after another. */
  readonly frames: number;
  readonly millis: number;
}

const DEMO_SIZE = [100, 24] as const;
const DEMO: readonly Scene[] = [
  scene('', /nginx/, 4, 1000),
  scene('j', /nginx/, 1, 500),
  scene('j', /nginx/, 1, 500),
  scene('/n', /\/ ?n/, 1, 450),
  scene('gi', /ngi/, 1, 450),
  scene('nx', /nginx/, 1, 600),
  scene(ENTER, /nginx/, 1, 500),
  scene(ENTER, /REMOTE/, 6, 1000),
  scene(ESCAPE, /PROCESS/, 0, 0),
  scene(ESCAPE, /curl/, 1, 600),
  scene('h', /COUNTRY/, 2, 1000),
  scene(ESCAPE, /PROCESS/, 0, 0),
  scene('l', /LOCAL ADDRESS/, 1, 1500),
  scene(ESCAPE, /PROCESS/, 0, 0),
  scene('D', /nginx\.service/, 2, 1000),
  scene(ESCAPE, /PROCESS/, 1, 600),
];

function scene(keys: string, waitFor: RegExp, frames: number, millis: number): Scene {
  return { keys, waitFor, frames, millis };
}

function start(
  stage: Stage,
  [columns, rows]: readonly [number, number],
  extra: readonly string[],
  program: 'sstop' | 'socktop' = 'sstop',
): PtyProgram {
  const countries = program === 'sstop' ? ['--geoip', countryDatabase(stage)] : [];
  return new PtyProgram([installedAt(program), ...countries, ...extra], {
    columns,
    rows,
    environment: { HOME: stage.directory, XDG_CONFIG_HOME: stage.directory, COLORTERM: 'truecolor' },
    directory: stage.directory,
  });
}

async function type(program: PtyProgram, keys: string): Promise<void> {
  program.key(keys);
  await Bun.sleep(KEY_MILLIS);
}

async function takeShot(program: PtyProgram, shot: Shot, stage: Stage): Promise<void> {
  await program.waitFor(shot.waitFor);
  refuseSecrets(program, stage);
  write(shot.name, screenSvg(program.emulator, `${shot.program ?? 'sstop'}: ${shot.title}`));
}

async function takeDemo(program: PtyProgram, stage: Stage): Promise<void> {
  const frames: Frame[] = [];
  for (const { keys, waitFor, frames: count, millis } of DEMO) {
    if (keys !== '') await type(program, keys);
    await program.waitFor(waitFor);
    for (let n = 0; n < count; n++) {
      await Bun.sleep(n === 0 ? SETTLE_MILLIS : millis);
      refuseSecrets(program, stage);
      frames.push({ picture: pictureOf(program.emulator), millis });
    }
  }
  const svg = animatedSvg(frames, 'sstop: processes, filter, detail, hosts, ports and groups');
  if (svg.length > DEMO_LIMIT_BYTES) {
    throw new OpError({ op: 'film', code: 'TOO_LARGE', message: `the film has ${svg.length} bytes` });
  }
  write('demo', svg);
}

/** A picture goes to everybody: nothing of the machine that made it may be in it. */
function refuseSecrets(program: PtyProgram, { secrets }: Stage): void {
  const text = program.text();
  const found = secrets.find((secret) => new RegExp(`(?<!\\w)${RegExp.escape(secret)}(?!\\w)`).test(text));
  if (found === undefined) return;
  throw new OpError({ op: 'take picture', code: 'SECRET', message: `"${found}" is on the screen:\n${text}` });
}

function write(name: string, svg: string): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}${name}.svg`, svg);
  process.stdout.write(`docs/screenshots/${name}.svg ${(svg.length / 1000).toFixed(0)} kB\n`);
}

/** A picture or film that is being made. */
interface Take {
  readonly name: string;
  readonly program: PtyProgram;
  readonly keys: readonly string[];
  /** It looks at agents. */
  readonly hasAgents: boolean;
  take(): Promise<void>;
}

function takesOf(stage: Stage, wanted: (name: string) => boolean): Take[] {
  const takes = SHOTS.filter(({ name }) => wanted(name)).map((shot): Take => {
    const program = start(stage, shot.size, shot.arguments ?? [], shot.program);
    const hasAgents = shot.arguments?.includes('-P') === true;
    return {
      name: shot.name,
      program,
      keys: shot.keys,
      hasAgents,
      take: () => takeShot(program, shot, stage),
    };
  });
  if (!wanted('demo')) return takes;
  const program = start(stage, DEMO_SIZE, []);
  return [
    ...takes,
    { name: 'demo', program, keys: [], hasAgents: false, take: () => takeDemo(program, stage) },
  ];
}

/**
 * All programs run side by side, so that the wait for full graphs is one, and from before the traffic, so that they
 * know how old everything is. Returns how many pictures failed.
 */
async function playOn(stage: Stage, wanted: (name: string) => boolean): Promise<number> {
  const play = await setStage(stage);
  const takes = takesOf(stage, wanted);
  const agents = takes.some(({ hasAgents }) => hasAgents) ? startAgents(stage) : [];
  await Promise.all(takes.map(({ program }) => program.waitFor(FIRST_SCREEN)));
  await play.begin();
  await Promise.all(
    takes.map(async ({ program, keys }) => {
      await program.waitFor(/nginx|\d hosts/);
      for (const key of keys) await type(program, key);
    }),
  );
  await Bun.sleep(WARM_UP_MILLIS);
  let failed = 0;
  for (const { name, program, take } of takes) {
    try {
      await take();
    } catch (thrown) {
      failed++;
      process.stderr.write(`${name}: ${toOpError('take picture', thrown).message}\n`);
    }
    await program.close();
  }
  for (const agent of agents) agent.kill();
  return failed;
}

async function main(args: readonly string[]): Promise<number> {
  const at = args.indexOf('--out');
  const out = at < 0 ? undefined : resolve(args[at + 1] ?? '.');
  const names = args.filter((arg, place) => !arg.startsWith('--') && (at < 0 || place !== at + 1));
  if (args.includes('--sizes')) return takeSizes(names, out, args.includes('--no-build'));
  const known = ACTS.flat();
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    process.stderr.write(`screenshots: no picture '${unknown}'. Accepted: ${known.join(', ')}\n`);
    return 2;
  }
  const stage = stageHere();
  if (stage !== undefined) {
    return (await playOn(stage, (name) => names.includes(name))) === 0 ? 0 : 1;
  }
  if (!args.includes('--no-build')) build('release');
  for (const act of ACTS) {
    const wanted = act.filter((name) => names.length === 0 || names.includes(name));
    const code = wanted.length === 0 ? 0 : await enterStage(SCRIPT, wanted);
    if (code !== 0) return code;
  }
  return 0;
}

/** Every view at four sizes, tour by tour. */
async function takeSizes(
  names: readonly string[],
  out: string | undefined,
  isBuilt: boolean,
): Promise<number> {
  const unknown = names.find((name) => !TOUR_NAMES.includes(name));
  if (unknown !== undefined || out === undefined) {
    const problem = unknown === undefined ? '--sizes needs --out FOLDER' : `no tour '${unknown}'`;
    process.stderr.write(`screenshots: ${problem}. Tours: ${TOUR_NAMES.join(', ')}\n`);
    return 2;
  }
  const stage = stageHere();
  if (stage !== undefined) return takeTours(stage, out, names);
  if (!isBuilt) build('release');
  return enterStage(SCRIPT, ['--sizes', '--out', out, ...(names.length === 0 ? TOUR_NAMES : names)]);
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (thrown) {
  process.stderr.write(`screenshots: ${toOpError('run', thrown).message}\n`);
  process.exit(1);
}
