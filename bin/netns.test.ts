import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { SSTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';

setDefaultTimeout(60_000);

/** Two network namespaces that a cable joins, and nothing leads out of. */
const BLUE = `sstop-blue-${process.pid}`;
const RED = `sstop-red-${process.pid}`;
const SERVER = `Bun.listen({ hostname: '10.99.0.1', port: 5001, socket: { data() {} } }); console.log('up');`;
const CLIENT = `const s = await Bun.connect({ hostname: '10.99.0.1', port: 5001, socket: { data() {} } });
setInterval(() => s.write('x'.repeat(5000)), 20); console.log('up');`;

const canTry = process.geteuid?.() === 0 && Bun.which('ip') !== null;
const children: Bun.Subprocess<'ignore', 'pipe'>[] = [];

function run(line: string): void {
  const { exitCode, stderr } = Bun.spawnSync(line.split(' '));
  expect([line, exitCode, stderr.toString()]).toEqual([line, 0, '']);
}

async function startIn(namespace: string, code: string): Promise<void> {
  const command = ['ip', 'netns', 'exec', namespace, process.execPath, '-e', code];
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe' });
  children.push(child);
  await child.stdout.getReader().read();
}

beforeAll(async () => {
  if (!canTry) return;
  for (const name of [BLUE, RED]) run(`ip netns add ${name}`);
  run(`ip link add ends netns ${BLUE} type veth peer name ends netns ${RED}`);
  for (const [name, address] of [
    [BLUE, '10.99.0.1'],
    [RED, '10.99.0.2'],
  ] as const) {
    run(`ip -n ${name} addr add ${address}/24 dev ends`);
    run(`ip -n ${name} link set ends up`);
  }
  await startIn(BLUE, SERVER);
  await startIn(RED, CLIENT);
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map(({ exited }) => exited));
  if (canTry) for (const name of [BLUE, RED]) Bun.spawnSync(['ip', 'netns', 'del', name]);
});

/** Only the tier ebpf hears of sockets of other namespaces. */
async function tierOf(): Promise<string> {
  const child = Bun.spawn([SSTOP, '--once', '--json'], { stdin: 'ignore', stdout: 'pipe' });
  return (JSON.parse(await new Response(child.stdout).text()) as { backend: string }).backend;
}

describe.skipIf(!canTry)('rows of other network namespaces (needs root and ip)', () => {
  test('have their name, no figure of listeners, and traffic that the totals say they do not cover', async () => {
    if ((await tierOf()) !== 'ebpf') {
      console.warn('skipped: without the tier ebpf no other network namespace is seen');
      return;
    }
    const pty = new PtyProgram([SSTOP, '--interval', '500ms'], { columns: 160, rows: 100 });
    try {
      // Others may have network namespaces too: more rows, a scrollbar, and megabytes.
      await pty.waitFor(new RegExp(` @${BLUE} .* - *▐?$`, 'm'));
      await pty.waitFor(new RegExp(` @${RED} .* - *▐?$`, 'm'));
      await pty.waitFor(/uplinks {2}▲ .*\n(?:.*\n)*? .*other netns +▲ +[\d.]+[KM] +▼ +[\d.]+[KM]/);
      pty.key('q');
      expect(await pty.exited()).toBe(0);
    } finally {
      pty.process.kill('SIGKILL');
    }
  });

  test('are marked in exports too, which may not read their name', async () => {
    const child = Bun.spawn([SSTOP, '--once', '--json'], { stdin: 'ignore', stdout: 'pipe' });
    const { backend, processes } = JSON.parse(await new Response(child.stdout).text()) as {
      backend: string;
      processes: { pid: number | null; up_rate: number; network_namespace: string | null }[];
    };
    if (backend !== 'ebpf') {
      console.warn('skipped: without the tier ebpf no other network namespace is seen');
      return;
    }
    const ours = processes.filter(({ pid }) => children.some((child) => child.pid === pid));
    expect(ours).toHaveLength(2);
    for (const { network_namespace } of ours) expect(['netns', BLUE, RED]).toContain(network_namespace!);
  });
});
