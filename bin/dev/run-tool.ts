import { OpError } from '../../src/kit/errors/op-error.ts';

/** Runs a tool to its end and returns what it printed. Throws `code` with the tool's words. */
export function outputOf(argv: readonly string[], code: string, cwd?: string): string {
  const done = Bun.spawnSync([...argv], {
    ...(cwd === undefined ? {} : { cwd }),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  if (done.success) return done.stdout.toString();
  const message = `${argv.join(' ')}: ${done.stderr.toString().trim() || `exit ${done.exitCode}`}`;
  throw new OpError({ op: argv[0] ?? '', code, message });
}
