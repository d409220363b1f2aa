import { fileURLToPath } from 'node:url';
import { readFirstLocalPort } from '../../platforms/linux/proc/local-port-range.ts';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';
import { linesOf } from './traffic.ts';

/** Below the ports that the kernel gives out by itself. */
const KEPT_PORTS = 10_000;

/**
 * A free port of loopback for an agent that ends and comes back on it: the kernel gives it to nobody meanwhile, neither
 * to a listener of another test nor to a connection, which would hold it for a minute after its end.
 */
export function keptPort(): number {
  const first = readFirstLocalPort('/proc');
  for (;;) {
    const port = first - 1 - Math.floor(Math.random() * KEPT_PORTS);
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data: () => undefined } }).stop(true);
      return port;
    } catch (thrown) {
      if (toOpError('listen', thrown).code !== 'EADDRINUSE') throw thrown;
    }
  }
}

export const AGENT = fileURLToPath(new URL('../../dist/socktop-agent', import.meta.url));

export interface AgentProcessOptions {
  readonly args?: readonly string[];
  /** On top of the test's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Before the executable: `unshare ...`, `setpriv ...`. */
  readonly prefix?: readonly string[];
  /** Default the one that was built. */
  readonly executable?: string;
}

/** The agent's executable on a free port of loopback. */
export class AgentProcess {
  readonly port: number;
  /** What it has said so far, on either stream. */
  readonly lines: readonly string[];
  readonly #child: Bun.Subprocess;

  private constructor(child: Bun.Subprocess, port: number, lines: readonly string[]) {
    this.#child = child;
    this.port = port;
    this.lines = lines;
  }

  /** Resolves when it has said its port; rejects with what it said instead. */
  static async start({
    args = [],
    environment = {},
    prefix = [],
    executable = AGENT,
  }: AgentProcessOptions = {}): Promise<AgentProcess> {
    const child = Bun.spawn([...prefix, executable, '--port', '0', '--bind', '127.0.0.1', ...args], {
      env: { ...process.env, ...environment },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const said: string[] = [];
    const port = await Promise.any([portIn(child.stdout, said), portIn(child.stderr, said)]).catch(() => {
      child.kill('SIGKILL');
      throw new OpError({ op: 'start agent', code: 'NO_PORT', message: said.join('\n') });
    });
    return new AgentProcess(child, port, said);
  }

  /** Of what was started: of the prefix, where there is one that does not execute the agent in its place. */
  get pid(): number {
    return this.#child.pid;
  }

  async fetch(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, { headers });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to end; resolves to its exit code. */
  async close(): Promise<number> {
    this.#child.kill('SIGTERM');
    return this.#child.exited;
  }
}

/** The port behind the address in the first line that has one. The stream is read to its end all the same. */
function portIn(stream: ReadableStream<Uint8Array>, said: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const read = async (): Promise<void> => {
      for await (const line of linesOf(stream)) {
        said.push(line);
        const port = /listening on wss?:\/\/\S+:(\d+)\/ws/.exec(line)?.[1];
        if (port !== undefined) resolve(Number(port));
      }
      reject(new OpError({ op: 'start agent', code: 'NO_PORT' }));
    };
    read().catch(reject);
  });
}
