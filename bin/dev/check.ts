import { fileURLToPath } from 'node:url';
import { toOpError } from '../../src/kit/errors/op-error.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One tool of the check. `command` is run in the root; exit code 0 is a pass. */
interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const SHELL_SCRIPTS = [
  ...['.ci/run', '.githooks/pre-commit', 'packaging/install.sh', 'packaging/docker/rootfs.sh'],
  ...['postinst', 'postrm', 'prerm'].map((name) => `packaging/debian/socktop-agent.${name}`),
];

const CHECKS: readonly Check[] = [
  {
    name: 'format and lint',
    command: ['node_modules/.bin/biome', 'ci', '--colors=off', '--error-on-warnings', '.'],
  },
  { name: 'types', command: ['node_modules/.bin/tsc', '--pretty', 'false', '--project', '.'] },
  {
    name: 'rules of the house',
    command: [process.execPath, 'test', '--timeout=60000', './src/tidy.test.ts'],
  },
  {
    name: 'shell scripts',
    // bash -n reads its first argument alone.
    command: ['bash', '-c', 'for script; do bash -n "$script" || exit 1; done', 'bash', ...SHELL_SCRIPTS],
  },
];

/** Runs one check; resolves to its output where it failed, to undefined where it passed. */
async function failureOf(check: Check): Promise<string | undefined> {
  try {
    const child = Bun.spawn([...check.command], {
      cwd: ROOT,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    const code = await child.exited;
    if (code === 0) return undefined;
    return `${(await output).join('').trim()}\n(exit code ${code})`;
  } catch (thrown) {
    return `${toOpError(check.command[0] ?? '', thrown).message}: has "npm ci" been run?`;
  }
}

const failures = await Promise.all(CHECKS.map(failureOf));
for (const [at, failure] of failures.entries()) {
  if (failure !== undefined) process.stdout.write(`--- ${CHECKS[at]!.name}\n${failure}\n\n`);
}
const verdicts = CHECKS.map(({ name }, at) => `${name}: ${failures[at] === undefined ? 'ok' : 'FAILED'}`);
process.stdout.write(`${verdicts.join(', ')}\n`);
process.exit(failures.every((failure) => failure === undefined) ? 0 : 1);
