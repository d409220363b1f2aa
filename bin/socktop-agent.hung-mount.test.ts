import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from './testing/agent-process.ts';
import { FIXTURES, SOCKTOP } from './testing/executables.ts';
import { linesOf } from './testing/traffic.ts';

/** A disk of ntfs-3g (type fuseblk) whose daemon takes no requests, in a mount namespace of its own. */

const canTry =
  process.geteuid?.() === 0 && ['unshare', 'nsenter', 'losetup'].every((tool) => Bun.which(tool) !== null);
const FIGURES = /^node_filesystem_size_bytes\{.*mountpoint="([^"]*)"/gm;

let folder = '';
let point = '';
let loop = '';
/** Keeps the namespace: where the daemon's end took it along, the kernel would wait for the daemon's own goodbye. */
let keeper: Bun.Subprocess<'pipe', 'pipe', 'inherit'> | undefined;
let daemon: Bun.Subprocess<'pipe', 'pipe', 'inherit'> | undefined;
let said: AsyncIterableIterator<string> | undefined;

beforeAll(async () => {
  if (!canTry) return;
  folder = mkdtempSync(join(tmpdir(), 'hung-'));
  point = join(folder, 'disk');
  mkdirSync(point);
  const image = join(folder, 'image');
  writeFileSync(image, '');
  truncateSync(image, 8 << 20);
  loop = (await outputOf('losetup', '--find', '--show', image)).trim();
  const nodes = [`null c 1 3`, 'urandom c 1 9', 'fuse c 10 229', `sdzz b 7 ${loop.replace('/dev/loop', '')}`];
  const setUp = ['mount -t tmpfs none /dev -o mode=755', ...nodes.map((node) => `mknod /dev/${node}`)];
  const script = [...setUp, 'echo ready', 'exec cat'].join(' && ');
  keeper = Bun.spawn(['unshare', '--mount', '--propagation=private', 'sh', '-c', script], {
    ...{ stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' },
  });
  expect((await linesOf(keeper.stdout)[Symbol.asyncIterator]().next()).value).toBe('ready');
  const fixture = [process.execPath, `${FIXTURES}/hung-mount.fixture.ts`, point, 'fuseblk', '/dev/sdzz'];
  daemon = Bun.spawn([...inside(), ...fixture], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
  said = linesOf(daemon.stdout)[Symbol.asyncIterator]();
  expect((await said.next()).value).toBe('mounted');
});

afterAll(async () => {
  daemon?.kill('SIGKILL');
  await daemon?.exited;
  keeper?.kill('SIGKILL');
  await keeper?.exited;
  if (loop !== '') await outputOf('losetup', '--detach', loop);
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

async function outputOf(...command: string[]): Promise<string> {
  return new Response(Bun.spawn(command, { stderr: 'inherit' }).stdout).text();
}

const inside = (): string[] => ['nsenter', `--mount=/proc/${keeper!.pid}/ns/mnt`, '--'];

async function pageOf(agent: AgentProcess): Promise<{ page: string; points: string[] }> {
  const page = await (await agent.fetch('/metrics')).text();
  return { page, points: [...page.matchAll(FIGURES)].map(([, name]) => name!) };
}

/** State letters of the processes that the agent has started. */
function statesOfChildren(pid: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, state, parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'latin1'))!;
        return Number(parent) === pid ? [state!] : [];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

describe.skipIf(!canTry)('a disk that does not answer (needs root, unshare, nsenter, losetup)', () => {
  test('socktop shows its row without figures, and ends', async () => {
    const child = Bun.spawn([...inside(), SOCKTOP, '--local', '--json', '--once'], { stderr: 'pipe' });
    const line = JSON.parse((await new Response(child.stdout).text()).split('\n')[0]!);
    const [hung] = line.disks.filter((disk: { mount_point: string }) => disk.mount_point === point);
    expect(hung).toMatchObject({ silence: 'no-answer', total_bytes: null, used_bytes: null });
    const [root] = line.disks.filter((disk: { mount_point: string }) => disk.mount_point === '/');
    expect(root.total_bytes).toBeGreaterThan(0);
    expect(root.silence).toBeUndefined();
    expect(await child.exited).toBe(0);
  });

  test('the agent answers, waits with one process, shows figures when the disk answers again, and ends', async () => {
    const agent = await AgentProcess.start({
      environment: { SOCKTOP_AGENT_DISKS_TTL_MS: '100' },
      prefix: inside(),
    });
    for (let i = 0; i < 3; i++) {
      const { page, points } = await pageOf(agent);
      expect(points).toContain('/');
      expect(points).not.toContain(point);
      expect(page).toMatch(
        new RegExp(`^node_filesystem_device_error\\{.*mountpoint="${point}".*\\} 1$`, 'm'),
      );
    }
    const states = statesOfChildren(agent.pid);
    expect(states.filter((state) => state === 'D')).toHaveLength(1);
    expect(states.length).toBeLessThanOrEqual(2);
    const before = performance.now();
    expect((await agent.fetch('/healthz')).status).toBe(200);
    // On a busy machine, too; who waited for the disk would wait for good.
    expect(performance.now() - before).toBeLessThan(5000);

    const stopping = await AgentProcess.start({ prefix: inside() });
    await pageOf(stopping);
    expect(await stopping.close()).toBe(0);

    daemon!.stdin.write('answer\n');
    void daemon!.stdin.flush();
    expect((await said!.next()).value).toBe('answers');
    while (!(await pageOf(agent)).points.includes(point));
    const { page } = await pageOf(agent);
    expect(page).toMatch(
      new RegExp(`^node_filesystem_size_bytes\\{.*mountpoint="${point}".*\\} 4194304$`, 'm'),
    );
    expect(await agent.close()).toBe(0);
  });
});
