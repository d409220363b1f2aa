import { fileURLToPath } from 'node:url';
import { keptPort } from './agent-process.ts';
import { linesOf } from './traffic.ts';

const OURS = fileURLToPath(new URL('../../dist/', import.meta.url));

/**
 * The original programs (`cargo install socktop socktop_agent`), by SOCKTOP_ORIGINAL_CLIENT and SOCKTOP_ORIGINAL_AGENT,
 * or on PATH; undefined: not installed, or what is there under their names is ours.
 */
export const ORIGINAL_CLIENT = original(
  'SOCKTOP_ORIGINAL_CLIENT',
  'socktop',
  '--help',
  '--tls-ca CERT_PEM|-t',
);
export const ORIGINAL_AGENT = original(
  'SOCKTOP_ORIGINAL_AGENT',
  'socktop_agent',
  '--version',
  'socktop_agent 1',
);

function original(variable: string, name: string, question: string, answer: string): string | undefined {
  const path = process.env[variable] ?? Bun.which(name);
  if (path === null || path === undefined || path.startsWith(OURS)) return undefined;
  const run = Bun.spawnSync([path, question], { stdin: 'ignore', timeout: 10_000 });
  return `${run.stdout}${run.stderr}`.includes(answer) ? path : undefined;
}

/** The original agent on a port of its own; it knows no port 0, and binds every address. */
export class OriginalAgent {
  readonly port: number;
  readonly #child: Bun.Subprocess;

  private constructor(child: Bun.Subprocess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Resolves when it listens. */
  static async start(
    path: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<OriginalAgent> {
    const port = keptPort();
    const child = Bun.spawn([path, '--port', String(port), ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...environment },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const listens = Promise.withResolvers<void>();
    const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
      for await (const line of linesOf(stream)) if (line.includes('istening')) listens.resolve();
    };
    void read(child.stdout);
    void read(child.stderr);
    await listens.promise;
    // It says so before it does.
    while (!(await accepts(port))) await Bun.sleep(20);
    return new OriginalAgent(child, port);
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data: () => undefined } });
    socket.end();
    return true;
  } catch (thrown) {
    if (thrown instanceof Error) return false;
    throw thrown;
  }
}
