import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { processCpuNanos } from '../../../platforms/linux/clock.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import type { Probe } from '../../harness.ts';

/** Our executable; `npm run build` makes it. */
export const OUR_AGENT = fileURLToPath(new URL('../../../dist/socktop-agent', import.meta.url));
const START_LIMIT_MILLIS = 15_000;
const NANOS_PER_MICRO = 1000;

/** The original agent: SOCKTOP_ORIGINAL_AGENT, else `socktop_agent` in PATH where that is not ours by its old name. */
export function findOriginalAgent(): string | undefined {
  const named = process.env['SOCKTOP_ORIGINAL_AGENT'] ?? Bun.which('socktop_agent');
  if (named === null || named === undefined || !existsSync(named)) return undefined;
  const said = Bun.spawnSync([named, '--version'], { stdout: 'pipe', stderr: 'ignore' }).stdout.toString();
  return said.startsWith('socktop_agent ') ? named : undefined;
}

/** A server that is measured from outside, by the CPU clock of its process. */
export class Peer {
  readonly port: number;
  readonly #child: Bun.Subprocess;

  private constructor(child: Bun.Subprocess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Resolves when `path` is answered on the port. Throws `START`. */
  static async start(command: readonly string[], port: number, path: string): Promise<Peer> {
    const environment = { PATH: process.env['PATH'] ?? '', HOME: '/dev/null' };
    const child = Bun.spawn([...command], { env: environment, stdio: ['ignore', 'ignore', 'ignore'] });
    const until = performance.now() + START_LIMIT_MILLIS;
    while (performance.now() < until && child.exitCode === null) {
      const isUp = await fetch(`http://127.0.0.1:${port}${path}`).then(
        (response) => response.ok,
        () => false,
      );
      if (isUp) return new Peer(child, port);
      await Bun.sleep(50);
    }
    child.kill('SIGKILL');
    throw new OpError({ op: `start ${command[0]}`, code: 'START', message: `${command[0]} does not answer` });
  }

  /** CPU of all its threads so far, microseconds. */
  cpuMicros(): number {
    return processCpuNanos(this.#child.pid) / NANOS_PER_MICRO;
  }

  residentBytes(): number {
    const text = Bun.spawnSync(['cat', `/proc/${this.#child.pid}/status`]).stdout.toString();
    return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1]) * 1024;
  }

  /** CPU that `work` costs it, by so many units of work. */
  probe(work: () => Promise<void>, units: number): Probe {
    return async () => {
      const before = this.cpuMicros();
      await work();
      return (this.cpuMicros() - before) / units;
    };
  }

  async close(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#child.exited;
  }
}

/** A port that was free a moment ago. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
