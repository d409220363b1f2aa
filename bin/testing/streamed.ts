import { SSTOP } from './executables.ts';

/** What a program printed until it was ended. */
export interface Streamed {
  /** That of SIGTERM where all went well. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a client complained of, without the line that says that connecting takes its time: a busy machine's. */
export function withoutProgress(complaint: string): string {
  return complaint.replace(/^Connecting to .*\n/, '');
}

/**
 * Runs a stream of sstop until it has printed so many lines, and ends it with SIGTERM: however long its samples take
 * on a busy machine, on which a short `--duration` may end before the first one. A recording leaves out what comes while
 * it is busy: it has fewer snapshots than there are lines.
 */
export function streamLines(
  count: number,
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Streamed> {
  return streamUntil((stdout) => stdout.split('\n').length > count, argv, environment);
}

/** The same until what it has printed is enough. */
export async function streamUntil(
  isEnough: (stdout: string) => boolean,
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Streamed> {
  const child = Bun.spawn([SSTOP, '--interval', '100ms', ...argv], {
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', env: { ...process.env, ...environment } },
  });
  const complaint = new Response(child.stderr).text();
  const decoder = new TextDecoder();
  let stdout = '';
  for await (const chunk of child.stdout) {
    stdout += decoder.decode(chunk, { stream: true });
    if (isEnough(stdout)) child.kill('SIGTERM');
  }
  return { code: await child.exited, stdout, stderr: withoutProgress(await complaint) };
}
