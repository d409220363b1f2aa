import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { databaseOf } from '../../src/data/names/country-database.fixture.ts';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';
import { SOCKTOP, SOCKTOP_AGENT, SSTOP } from '../testing/executables.ts';
import { linesOf } from '../testing/traffic.ts';
import {
  EVERYBODY,
  GATEWAY_ADDRESS,
  HOST_ADDRESS,
  HOST_NAME,
  type Part,
  PLAYERS,
  type Player,
  USERS,
  WORLD,
} from './screenshot-cast.ts';

const ACTOR_SOURCE = fileURLToPath(new URL('screenshot-actor.ts', import.meta.url));
const STAGE_VARIABLE = 'SSTOP_STAGE';
/** Where the kernel is told the PID before the next one of a PID namespace. */
const LAST_PID = '/proc/sys/kernel/ns_last_pid';
const GROUPS_MILLIS = 2000;
const INSTALLED = '/opt';
const FIRST_PID_OF_PROGRAMS = 13_400;
/** Joins a control group, becomes a user, then the actor under the name given: one process all along. */
const LAUNCH = `[ -z "$STAGE_GROUP" ] || echo 0 > "$STAGE_GROUP/cgroup.procs" || exit 1
exec setpriv --reuid "$STAGE_UID" --regid "$STAGE_UID" --clear-groups bash -c 'exec -a "$0" "$STAGE_ACTOR" "$@"' "$@"`;

/** What those on the stage must know of the world outside. */
export interface Stage {
  /** A folder of the stage's own; the programs' home and working directory. */
  readonly directory: string;
  readonly actor: string;
  /** Folder of the control group that is the root there; undefined: this machine gives none. */
  readonly group: string | undefined;
  /** Words that no picture may show: name and paths of this machine. */
  readonly secrets: readonly string[];
}

/** The stage that this process stands on; undefined: it is outside. */
export function stageHere(): Stage | undefined {
  const text = process.env[STAGE_VARIABLE];
  return text === undefined ? undefined : JSON.parse(text);
}

/**
 * Runs `script` with `args` again as the first process of a machine of its own: host name, network, processes, mounts
 * and control groups. Needs root. Returns its exit code; whatever ran there is ended and removed.
 */
export async function enterStage(script: string, args: readonly string[]): Promise<number> {
  if (process.getuid?.() !== 0) {
    throw new OpError({
      op: 'make namespaces',
      code: 'EPERM',
      message: 'pictures need root: namespaces and users',
    });
  }
  const directory = mkdtempSync(join(tmpdir(), 'sstop-stage-'));
  chmodSync(directory, 0o755);
  const group = makeGroup();
  try {
    const actor = compileActor(directory);
    const secrets = [hostname(), dirname(dirname(dirname(script))), directory, process.env['HOME'] ?? ''];
    const stage: Stage = { directory, actor, group, secrets: secrets.filter((secret) => secret.length > 1) };
    const unshare = [
      'unshare',
      '--net',
      '--uts',
      '--ipc',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      '--cgroup',
    ];
    const join = '[ -z "$0" ] || echo 0 > "$0/cgroup.procs"; exec "$@"';
    const command = ['bash', '-c', join, group ?? '', ...unshare, process.execPath, script, ...args];
    const child = Bun.spawn(command, {
      env: { ...process.env, [STAGE_VARIABLE]: JSON.stringify(stage) },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    // What would end this ends the stage (unshare heeds nothing less), so that the cleaning up is still done.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => child.kill('SIGKILL'));
    return await child.exited;
  } finally {
    if (group !== undefined) await removeGroups(group);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Sets the stage from within, everybody waiting for the cue. It stands until this process ends. */
export async function setStage(stage: Stage): Promise<Play> {
  run('hostname', HOST_NAME);
  replaceFiles(stage);
  installPrograms(stage);
  const world = await startWorld(stage);
  wire(world.pid);
  hide(stage, world.pid);
  // Programs of the machine may listen on any port whoever they are.
  writeFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', '0');
  const players = await Promise.all(PLAYERS.map((player) => startPlayer(stage, player)));
  nextPid(FIRST_PID_OF_PROGRAMS);
  return new Play([world, ...players]);
}

/** Everybody on the stage and in the world around it. */
class Play {
  readonly #actors: readonly Actor[];

  constructor(actors: readonly Actor[]) {
    this.#actors = actors;
  }

  /** The traffic begins. */
  async begin(): Promise<void> {
    for (const { stdin } of this.#actors) {
      stdin.write('\n');
      await stdin.flush();
    }
  }
}

/** Path of the database with the countries of the world outside, for --geoip. */
export function countryDatabase({ directory }: Stage): string {
  return join(directory, 'countries.mmdb');
}

function compileActor(directory: string): string {
  const actor = join(directory, 'actor');
  run(process.execPath, 'build', '--compile', '--minify', ACTOR_SOURCE, '--outfile', actor);
  chmodSync(actor, 0o755);
  return actor;
}

/** A control group below this process's own, for the unified hierarchy. */
function makeGroup(): string | undefined {
  const mount = /^\S+ \S+ \S+ \S+ (\S+) .*- cgroup2 /m.exec(
    readFileSync('/proc/self/mountinfo', 'utf8'),
  )?.[1];
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (mount === undefined || own === undefined) return undefined;
  const group = join(mount, own, `sstop-stage-${process.pid}`);
  try {
    mkdirSync(group);
    for (const { group: name } of PLAYERS) mkdirSync(join(group, name), { recursive: true });
    return group;
  } catch (thrown) {
    process.stderr.write(`no control groups in the pictures: ${String(thrown)}\n`);
    return undefined;
  }
}

/** Processes that have just been ended keep their group for a moment. */
async function removeGroups(group: string): Promise<void> {
  const below = PLAYERS.flatMap(({ group: name }) => {
    const parts = name.split('/');
    return parts.map((_, at) => join(group, ...parts.slice(0, parts.length - at)));
  });
  const deepestFirst = [...new Set([...below, group])].sort((a, b) => b.length - a.length);
  const deadline = performance.now() + GROUPS_MILLIS;
  for (const folder of deepestFirst) {
    while (existsSync(folder) && !isRemoved(folder, performance.now() > deadline)) await Bun.sleep(20);
  }
}

function isRemoved(folder: string, isLastTry: boolean): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (thrown) {
    if (isLastTry) throw toOpError(`remove ${folder}`, thrown);
    return false;
  }
}

/** Users, hosts and name servers of the pictures' machine, in place of this one's. */
function replaceFiles(stage: Stage): void {
  const { directory } = stage;
  const users = Array.from(USERS, ([name, uid]) => `${name}:x:${uid}:${uid}::/:/bin/sh\n`);
  const hosts = WORLD.map(({ address, name }) => `${address} ${name}\n`);
  const files = { passwd: users, hosts, 'resolv.conf': ['nameserver 127.0.0.1\n'] };
  for (const [name, lines] of Object.entries(files)) {
    const path = join(directory, name);
    writeFileSync(path, lines.join(''));
    if (existsSync(`/etc/${name}`)) run('mount', '--bind', path, `/etc/${name}`);
  }
  const known = WORLD.filter(({ country }) => country !== '');
  const networks = known.map(
    ({ address, country }) => [`${address}/32`, { country: { iso_code: country } }] as const,
  );
  writeFileSync(countryDatabase(stage), databaseOf({ networks }));
}

/** Where a program of the pictures' machine is started from: paths of processes are shown, and must say nothing of this one. */
export function installedAt(name: string): string {
  return join(INSTALLED, name);
}

function installPrograms({ actor }: Stage): void {
  run('mount', '-t', 'tmpfs', 'tmpfs', INSTALLED);
  const programs = { ...Object.fromEntries(PLAYERS.map(({ name }) => [name, actor])), sstop: SSTOP };
  for (const [name, path] of Object.entries({
    ...programs,
    socktop: SOCKTOP,
    'socktop-agent': SOCKTOP_AGENT,
  })) {
    writeFileSync(installedAt(name), '');
    run('mount', '--bind', path, installedAt(name));
  }
  writeFileSync('/proc/self/comm', 'systemd');
}

/** eth0 here, its other end and all addresses of the world in the namespace of `worldPid`. */
function wire(worldPid: number): void {
  run('ip', 'link', 'set', 'lo', 'up');
  run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'world0');
  run('ip', 'link', 'set', 'world0', 'netns', String(worldPid));
  const inWorld = ['nsenter', `--net=/proc/${worldPid}/ns/net`, 'ip'] as const;
  run(...inWorld, 'link', 'set', 'lo', 'up');
  run(...inWorld, 'link', 'set', 'world0', 'up');
  run(...inWorld, 'address', 'add', `${GATEWAY_ADDRESS}/24`, 'dev', 'world0');
  for (const { address } of WORLD) run(...inWorld, 'address', 'add', `${address}/32`, 'dev', 'world0');
  run('ip', 'address', 'add', `${HOST_ADDRESS}/24`, 'dev', 'eth0');
  run('ip', 'link', 'set', 'eth0', 'up');
  run('ip', 'route', 'add', 'default', 'via', GATEWAY_ADDRESS);
}

/** The world is no process of the pictures' machine: what the kernel tells of it is covered. */
function hide({ directory }: Stage, pid: number): void {
  const nothing = join(directory, 'nothing');
  mkdirSync(nothing, { recursive: true });
  run('mount', '--bind', nothing, `/proc/${pid}`);
}

type Actor = Bun.Subprocess<'pipe', 'pipe', 'inherit'>;

function startWorld({ actor }: Stage): Promise<Actor> {
  return startActor(['unshare', '--net', actor], EVERYBODY, {});
}

function startPlayer({ group }: Stage, player: Player): Promise<Actor> {
  nextPid(player.pid);
  return startActor(['bash', '-c', LAUNCH, 'launch', ...player.command], player, {
    STAGE_ACTOR: installedAt(player.name),
    STAGE_UID: String(player.uid),
    STAGE_GROUP: group === undefined ? '' : join(group, player.group),
  });
}

/** Resolves once it waits for its cue. */
async function startActor(
  command: string[],
  { name, listeners, calls }: Part,
  variables: Readonly<Record<string, string>>,
): Promise<Actor> {
  const part: Part = { name, listeners, calls };
  const actor: Actor = Bun.spawn(command, {
    env: { PATH: process.env['PATH'], STAGE_PART: JSON.stringify(part), ...variables },
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
  });
  const { done } = await linesOf(actor.stdout).next();
  if (done === true) throw new OpError({ op: `start ${name}`, code: 'EXITED' });
  return actor;
}

function nextPid(pid: number): void {
  writeFileSync(LAST_PID, String(pid - 1));
}

function run(...command: string[]): void {
  const { success, stderr } = Bun.spawnSync(command, { stdout: 'ignore', stderr: 'pipe' });
  if (success) return;
  const message = `${command.slice(0, 4).join(' ')}: ${stderr.toString().trim()}`;
  throw new OpError({ op: command[0] ?? '', code: 'FAILED', message });
}
