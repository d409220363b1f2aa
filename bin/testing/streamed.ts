import { SSTOP } from './executables.ts';

/** What a program printed until it was ended. */
export interface Streamed {
  readonly code: number;
  readonly stdout: string;
}

/**
 * Runs a stream of sstop until it has printed so many lines, and ends it with SIGTERM: however long its samples take
 * on a busy machine, on which a short `--duration` may end before the first one.
 */
export async function streamLines(count: number, ...argv: readonly string[]): Promise<Streamed> {
  const child = Bun.spawn([SSTOP, '--interval', '100ms', ...argv], {
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' },
  });
  const decoder = new TextDecoder();
  let stdout = '';
  for await (const chunk of child.stdout) {
    stdout += decoder.decode(chunk, { stream: true });
    if (stdout.split('\n').length > count) child.kill('SIGTERM');
  }
  return { code: await child.exited, stdout };
}
