import { OpError } from '../../src/kit/errors/op-error.ts';
import { SOCKTOP_AGENT } from './executables.ts';
import { linesOf } from './traffic.ts';

export interface AgentStart {
  readonly port?: number;
  readonly token?: string;
  /** Beside the port and the address. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The agent's executable on this machine's own address. */
export class RunningAgent {
  readonly port: number;
  /** What it said before it listened, a line each. */
  readonly said: readonly string[];
  readonly child: Bun.Subprocess;

  private constructor(child: Bun.Subprocess, port: number, said: readonly string[]) {
    this.child = child;
    this.port = port;
    this.said = said;
  }

  /** Resolves when it listens; rejects with what it said instead. */
  static async start({
    port = 0,
    token,
    args = [],
    environment = {},
  }: AgentStart = {}): Promise<RunningAgent> {
    const child = Bun.spawn([SOCKTOP_AGENT, '--port', String(port), '--bind', '127.0.0.1', ...args], {
      env: {
        ...{ PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' },
        ...(token === undefined ? {} : { SOCKTOP_TOKEN: token }),
        ...environment,
      },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const said: string[] = [];
    const lines = linesOf(child.stdout);
    // Never broken off: a closed pipe would be an error of the agent's.
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      said.push(next.value);
      const found = /listening on \S+:(\d+)\/ws/.exec(next.value)?.[1];
      if (found === undefined) continue;
      void drained(lines);
      void drained(linesOf(child.stderr));
      return new RunningAgent(child, Number(found), said);
    }
    const complaint = await new Response(child.stderr).text();
    throw new OpError({ op: 'start agent', code: 'NO_PORT', message: `${said.join('\n')}${complaint}` });
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** Ends it as nobody can refuse. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child.exited;
  }
}

async function drained(lines: AsyncGenerator<string>): Promise<void> {
  while ((await lines.next()).done !== true);
}
