import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { type CommandName, type CommandOptions, Commands } from './commands.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mac-commands-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function program(name: CommandName, script: string): void {
  writeFileSync(`${folder}/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(`${folder}/${name}`, 0o755);
}

const run = (name: CommandName, options: CommandOptions = {}, ...args: string[]): Promise<string> =>
  new Commands({ folder, ...options }).run(name, args);

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (thrown) {
    if (thrown instanceof OpError) return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
}

describe('a program of the system', () => {
  test('finds the C locale, UTC and nothing of this program’s environment', async () => {
    program('ps', 'env; echo "$@"; pwd');
    process.env['SOCKTOP_TOKEN'] = 'secret';
    const said = (await run('ps', {}, '-a', 'x')).trim().split('\n');
    delete process.env['SOCKTOP_TOKEN'];
    expect(said.filter((line) => !/^(PWD|SHLVL|_|OLDPWD)=/.test(line)).sort()).toEqual([
      ...['-a x', '/', 'LC_ALL=C', 'PATH=/usr/bin:/bin:/usr/sbin:/sbin', 'TZ=UTC'],
    ]);
  });

  test('is at its own path, whatever PATH says', async () => {
    expect(await refusal(new Commands({ folder: '' }).run('vm_stat', []))).toBe(
      'ENOENT: /usr/bin/vm_stat not found',
    );
    expect(new Commands({ folder: '' }).has('nettop')).toBe(false);
  });

  test('that fails says why', async () => {
    program('df', 'echo "df: no such thing" >&2; exit 3');
    expect(await refusal(run('df'))).toBe('EXIT: /bin/df failed: df: no such thing');
    program('df', 'exit 3');
    expect(await refusal(run('df'))).toBe('EXIT: /bin/df exited with code 3');
  });

  test('lsof may end with 1 where it has said something', async () => {
    program('lsof', 'echo p1; exit 1');
    expect(await run('lsof')).toBe('p1\n');
    program('lsof', 'exit 1');
    expect(await refusal(run('lsof'))).toBe('EXIT: /usr/sbin/lsof exited with code 1');
  });

  test('that hangs is killed at the deadline, and the event loop goes on meanwhile', async () => {
    program('mount', 'echo half; exec sleep 100');
    let turns = 0;
    const ticking = setInterval(() => turns++, 5);
    const started = performance.now();
    expect(await refusal(run('mount', { deadlineMillis: 200 }))).toBe('DEADLINE: /sbin/mount timed out');
    clearInterval(ticking);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(turns).toBeGreaterThan(3);
  });

  test('that says too much is stopped', async () => {
    program('netstat', 'yes');
    expect(await refusal(run('netstat', { outputLimitBytes: 10_000 }))).toBe(
      'TOO_LONG: /usr/sbin/netstat printed too much',
    );
  });

  test('that goes on has a terminal of its own, so that its lines come when they are said; its end is told', async () => {
    program('nettop', 'test -t 1 && printf "one\\ntw"; sleep 0.05; printf "o\\nrest"');
    const lines: string[] = [];
    const ended = Promise.withResolvers<void>();
    const followed = new Commands({ folder }).follow('nettop', [], (line) => {
      lines.push(line);
      if (line === '') ended.resolve();
    });
    await ended.promise;
    expect([lines, followed.failure?.message]).toEqual([['one', 'two', ''], '/usr/bin/nettop has exited']);
    followed.close();
  });

  test('that is closed is gone', async () => {
    program('nettop', 'echo $$; exec sleep 1000');
    const told = Promise.withResolvers<string>();
    const followed = new Commands({ folder }).follow('nettop', [], told.resolve);
    const pid = Number(await told.promise);
    followed.close();
    expect(followed.failure?.code).toBe('CLOSED');
    for (let i = 0; i < 500 && isAlive(pid); i++) await Bun.sleep(10);
    expect(isAlive(pid)).toBe(false);
  });

  test('that never ends a line is stopped', async () => {
    program('nettop', 'yes | tr -d "\\n"');
    const ended = Promise.withResolvers<void>();
    const followed = new Commands({ folder }).follow('nettop', [], () => ended.resolve());
    await ended.promise;
    expect(followed.failure?.code).toBe('TOO_LONG');
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    if (thrown instanceof Error) return false;
    throw thrown;
  }
}
