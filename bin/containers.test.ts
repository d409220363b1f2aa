import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from './testing/agent-process.ts';
import { FIXTURES, SOCKTOP, SSTOP } from './testing/executables.ts';

setDefaultTimeout(60_000);

/**
 * A control group of containerd's name, with a process in it, and the file that containerd would keep of it; its own
 * names, for this test may run twice on a machine.
 */
const SERVER = `api-${process.pid}`;
const ID = `c0ffee${process.pid.toString(16).padStart(8, '0')}`.padEnd(64, '7');
const SHORT_ID = ID.slice(0, 12);
const NAME = `shop/${SERVER}/api`;
const CONFIG = {
  annotations: {
    'io.kubernetes.cri.container-name': 'api',
    'io.kubernetes.cri.sandbox-name': SERVER,
    'io.kubernetes.cri.sandbox-namespace': 'shop',
  },
};
/** In a mount namespace with a /run of its own. */
const SET_UP = `mount -t tmpfs tmpfs /run
folder=/run/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}
mkdir -p $folder
cp "$0" $folder/config.json
exec "$@"`;

const unified = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(
  readFileSync('/proc/self/mountinfo', 'utf8'),
)?.[1];
const canTry = process.geteuid?.() === 0 && Bun.which('unshare') !== null && unified !== undefined;
const outer = `${unified}/sstop-test-${process.pid}`;
const inner = `${outer}/cri-containerd-${ID}.scope`;

let folder = '';
let prefix: string[] = [];
let listener: Bun.Subprocess<'ignore', 'pipe'> | undefined;

beforeAll(async () => {
  if (!canTry) return;
  folder = mkdtempSync(join(tmpdir(), 'containers-'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(CONFIG));
  prefix = ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', SET_UP, `${folder}/config.json`];
  mkdirSync(inner, { recursive: true });
  const name = Buffer.from(SERVER).toString('hex');
  const command = [process.execPath, `${FIXTURES}/named-listener.fixture.ts`, name];
  listener = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe' });
  await listener.stdout.getReader().read();
  writeFileSync(`${inner}/cgroup.procs`, String(listener.pid));
});

afterAll(async () => {
  listener?.kill('SIGKILL');
  await listener?.exited;
  if (!canTry) return;
  rmdirSync(inner);
  rmdirSync(outer);
  rmSync(folder, { recursive: true });
});

async function outputOf(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text;
}

/** The same once it has what is looked up beside, for as long as that takes on a busy machine. */
async function outputWith(pattern: RegExp, command: readonly string[]): Promise<string> {
  for (;;) {
    const text = await outputOf(command);
    if (pattern.test(text)) return text;
  }
}

describe.skipIf(!canTry)('names of containers (needs root, unshare and cgroup v2)', () => {
  test('of this machine', async () => {
    const ofServer = ['--once', '--json', '--filter', `program=${SERVER}`];
    // A name that comes between the two samples of a run makes two groups of one.
    const isNamed = new RegExp(`^(?!.*"group":"${SHORT_ID}").*"container_name":"`);
    const json = await outputWith(isNamed, [...prefix, SSTOP, ...ofServer]);
    const { processes, groups } = JSON.parse(json) as Record<string, Record<string, unknown>[]>;
    expect(processes?.[0]).toMatchObject({ pid: listener?.pid, container_id: ID, container_name: NAME });
    expect(groups?.map(({ group, type }) => [group, type])).toEqual([[NAME, 'container']]);
    const byContainer = ['--local', '--once', '--group', 'container'];
    await outputWith(new RegExp(`^${NAME} +1 `, 'm'), [...prefix, SOCKTOP, ...byContainer]);
  });

  test('of another machine: its agent reads them', async () => {
    const agent = await AgentProcess.start({ prefix });
    const url = `ws://127.0.0.1:${agent.port}/ws`;
    try {
      const byContainer = ['--once', '--csv', '--group', 'container', url];
      await outputWith(new RegExp(`^[^,]+,${NAME},container,1,`, 'm'), [SSTOP, ...byContainer]);
      await outputWith(new RegExp(`^[^,]+,${NAME},1,`, 'm'), [SOCKTOP, ...byContainer]);
    } finally {
      await agent.close();
    }
  });

  test('an id where the files cannot be read', async () => {
    const table = await outputOf([SSTOP, '--once', '--group', 'container', '--filter', `program=${SERVER}`]);
    expect(table).toMatch(new RegExp(`^${SHORT_ID} +1 `, 'm'));
  });
});
