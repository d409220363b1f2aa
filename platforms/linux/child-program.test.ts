import { describe, expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { startChild } from './child-program.ts';

const FIXTURE = fileURLToPath(new URL('child-program.fixture.ts', import.meta.url));
const NONE = '0000000000000000';
const isRoot = process.geteuid?.() === 0;

/** The capability sets and the variables that the fixture's children had. */
function run(prefix: readonly string[]): { sets: Record<string, string>; variables: string[] } {
  const child = Bun.spawnSync([...prefix, process.execPath, FIXTURE], {
    env: { PATH: '/nowhere', LD_LIBRARY_PATH: '/nowhere', SOCKTOP_TOKEN: 'secret' },
  });
  expect([child.exitCode, child.stderr.toString()]).toEqual([0, '']);
  const text = child.stdout.toString();
  return {
    sets: Object.fromEntries(
      [...text.matchAll(/^(Cap\w+):\t(\w+)$/gm)].map(([, name, bits]) => [name, bits]),
    ),
    variables: text.split('\n').filter((line) => /^\w+=/.test(line)),
  };
}

describe('a child', () => {
  test('has an environment of its own', () => {
    expect(run([]).variables.sort()).toEqual(['ADDED=yes', 'LC_ALL=C.UTF-8', 'PATH=/usr/bin:/bin']);
  });

  test.skipIf(!isRoot)('of root has no capability (needs root)', () => {
    const { sets } = run([]);
    expect(sets).toEqual({ CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapBnd: NONE, CapAmb: NONE });
  });

  test.skipIf(!isRoot)('of a service with ambient capabilities has none (needs root)', () => {
    const user = [Bun.which('setpriv') ?? '', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const given = ['--inh-caps=+sys_ptrace,+net_raw', '--ambient-caps=+sys_ptrace,+net_raw'];
    const { sets } = run([...user, ...given]);
    expect(sets).toMatchObject({ CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapAmb: NONE });
  });

  test('is named by absolute paths, of which one exists', () => {
    const codeOf = (paths: readonly string[]): string => {
      try {
        startChild(paths, []);
        return 'none';
      } catch (thrown) {
        return thrown instanceof OpError ? thrown.code : String(thrown);
      }
    };
    expect(codeOf(['cat'])).toBe('EINVAL');
    expect(codeOf(['/nowhere/cat'])).toBe('ENOENT');
  });
});
