import { FIXTURES } from './executables.ts';

/** What a traffic fixture says of itself when it ends; payload bytes. */
export interface TrafficReport {
  readonly pid: number;
  readonly connections: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Why private network namespaces cannot be had here, or undefined. */
export function namespaceObstacle(): string | undefined {
  const tried = Bun.spawnSync(['unshare', '--net', 'ip', 'link', 'set', 'lo', 'up'], {
    stdout: 'ignore',
    stderr: 'ignore',
  });
  return tried.success ? undefined : 'needs unshare(1), ip(8) and the right to make a network namespace';
}

/** Lines of a process, one at a time. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 1);
    }
  }
}

/** A traffic fixture under way. */
export class Traffic {
  readonly process: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  readonly lines: AsyncGenerator<string>;

  constructor(...argv: readonly (string | number)[]) {
    this.process = Bun.spawn([process.execPath, `${FIXTURES}/traffic.fixture.ts`, ...argv.map(String)], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
    });
    this.lines = linesOf(this.process.stdout);
  }

  async nextLine(): Promise<string> {
    const { value } = await this.lines.next();
    return value ?? '';
  }

  /** Lets it end. */
  async report(): Promise<TrafficReport> {
    void this.process.stdin.end();
    const report: TrafficReport = JSON.parse(await this.nextLine());
    await this.process.exited;
    return report;
  }
}
