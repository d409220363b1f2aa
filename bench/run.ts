import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { toOpError } from '../src/kit/errors/op-error.ts';
import { buildFloors } from './build-floors.ts';
import type { BenchRow, BenchTable } from './harness.ts';
import { barsTable, benchTable, meetsBar } from './report.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const RESULTS = `${ROOT}.cache/bench/`;
/** Before a child's table on its standard output. */
const MARK = '\u0001table ';
const NOBODY = '65534';

/** All that a bench run leaves in .cache/bench. */
interface BenchRecord {
  readonly bench: string;
  readonly machine: string;
  readonly isolation: string;
  readonly title: string;
  readonly rows: readonly BenchRow[];
}

/** How each bench is started: a command before ours, and what it gives. */
interface Isolation {
  readonly prefix: readonly string[];
  readonly describe: string;
}

/**
 * Private network, process and mount namespaces, so that the loads alone are seen, and no privilege in them where
 * one can be dropped. Falls back to the machine as it is.
 */
function findIsolation(): Isolation {
  const drop = ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', '--inh-caps=-all'];
  const isRoot = process.geteuid?.() === 0;
  const unshare = [
    'unshare',
    ...(isRoot ? [] : ['--map-root-user']),
    ...['--net', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc'],
    // The shell stays: as the first process of its namespace it collects the dead whose parents have gone.
    ...['--', 'sh', '-c', 'ip link set lo up && "$@"; exit $?', 'sh'],
  ];
  const readable = ['test', '-r', `${ROOT}package.json`];
  const choices: Isolation[] = [
    { prefix: isRoot ? [...unshare, ...drop] : unshare, describe: 'private namespaces, unprivileged' },
    { prefix: unshare, describe: 'private namespaces, root' },
    { prefix: [], describe: 'the machine as it is' },
  ];
  const hasTools = ['unshare', 'setpriv', 'ip'].every((tool) => Bun.which(tool) !== null);
  const works = ({ prefix }: Isolation): boolean =>
    prefix.length === 0 ||
    (hasTools && Bun.spawnSync([...prefix, ...readable], { stdout: 'ignore', stderr: 'ignore' }).success);
  return choices.find(works) ?? choices[2]!;
}

function findBenches(wanted: readonly string[]): string[] {
  const all = readdirSync(`${ROOT}bench`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.bench.ts'))
    .sort();
  if (wanted.length === 0) return all;
  return all.filter((path) => wanted.some((name) => path.includes(name)));
}

/** They make networks of their own and load programs into the kernel: on the machine as it is. */
const ON_THE_MACHINE = ['accuracy/', 'platforms/linux/processes/processes-bpf', 'platforms/linux/packet/'];
const MACHINE: Isolation = { prefix: [], describe: 'the machine as it is' };

/** Runs one bench in a process of its own, so that no bench inherits another's heap and compiled code. */
async function runApart(path: string, isolation: Isolation): Promise<BenchTable | undefined> {
  const command = [...isolation.prefix, process.execPath, `${ROOT}bench/run.ts`, '--inside', path];
  const child = Bun.spawn(command, { cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) return undefined;
  const at = output.lastIndexOf(MARK);
  if (at < 0) return undefined;
  process.stdout.write(output.slice(0, at));
  return JSON.parse(output.slice(at + MARK.length));
}

/** In the bench's own process. */
async function runInside(path: string): Promise<void> {
  const bench: { run(): Promise<BenchTable> } = await import(`./${path}`);
  process.stdout.write(`${MARK}${JSON.stringify(await bench.run())}\n`);
}

function machine(): string {
  const processors = cpus();
  return `${processors[0]?.model.trim() ?? process.arch}, ${processors.length} cores, ${process.platform} ${release()}, Bun ${Bun.version}`;
}

async function runAll(wanted: readonly string[]): Promise<number> {
  const paths = findBenches(wanted);
  if (paths.length === 0) {
    process.stderr.write(`no bench is called ${wanted.join(' or ')}\n`);
    return 2;
  }
  buildFloors();
  mkdirSync(RESULTS, { recursive: true });
  const isolation = findIsolation();
  process.stdout.write(`${machine()}; ${isolation.describe}\n`);
  const records: BenchRecord[] = [];
  const broken: string[] = [];
  for (const path of paths) {
    const here = ON_THE_MACHINE.some((folder) => path.startsWith(folder)) ? MACHINE : isolation;
    const table = await runApart(path, here);
    if (table === undefined) {
      broken.push(path);
      process.stdout.write(`\n${path}: failed\n`);
      continue;
    }
    const record = { bench: path, machine: machine(), isolation: here.describe, ...table };
    writeFileSync(`${RESULTS}${path.replaceAll('/', '-')}.json`, `${JSON.stringify(record, null, 2)}\n`);
    records.push(record);
    process.stdout.write(`\n${path}\n${benchTable(table)}`);
  }
  const rows = records.flatMap((record) => record.rows);
  process.stdout.write(`\n${barsTable(rows, broken)}`);
  return rows.every(meetsBar) && broken.length === 0 ? 0 : 1;
}

const args = process.argv.slice(2);
try {
  if (args[0] === '--inside') await runInside(args[1] ?? '');
  else process.exitCode = await runAll(args);
} catch (thrown) {
  process.stderr.write(`${toOpError('bench', thrown).message}\n`);
  process.exitCode = 1;
}
