import { fileURLToPath } from 'node:url';
import { OpError } from '../../src/kit/errors/op-error.ts';
import type { MetricsFormat } from '../../src/remote/agent/metrics/negotiate.ts';
import { linesOf } from './traffic.ts';

const AGENT = fileURLToPath(new URL('../../dist/socktop-agent', import.meta.url));
const TOKEN = 'metrics-test-token';

/** Every scrape a fresh sample: no test waits for one to age. */
const FRESH = {
  SOCKTOP_AGENT_METRICS_TTL_MS: '1',
  SOCKTOP_AGENT_PROCESSES_TTL_MS: '1',
  SOCKTOP_AGENT_DISKS_TTL_MS: '1',
};

const ACCEPT: Record<MetricsFormat, string> = {
  text: 'text/plain;version=0.0.4',
  openmetrics: 'application/openmetrics-text;version=1.0.0',
};

/** A page of /metrics, and the Content-Type that it came with. */
export interface ScrapedPage {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** The agent's executable on a free port of loopback, with a token. */
export class MetricsAgent {
  readonly token = TOKEN;
  readonly port: number;
  readonly #child: Bun.Subprocess;

  private constructor(child: Bun.Subprocess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Resolves when it has said its port; rejects with what it said instead. */
  static async start(...args: readonly string[]): Promise<MetricsAgent> {
    const child = Bun.spawn([AGENT, '--port', '0', '--bind', '127.0.0.1', ...args], {
      env: { ...process.env, SOCKTOP_TOKEN: TOKEN, ...FRESH },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const said: string[] = [];
    const port = await Promise.any([portIn(child.stdout, said), portIn(child.stderr, said)]).catch(() => {
      child.kill('SIGKILL');
      throw new OpError({ op: 'start agent', code: 'NO_PORT', message: said.join('\n') });
    });
    return new MetricsAgent(child, port);
  }

  get pid(): number {
    return this.#child.pid;
  }

  async fetch(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, { headers });
  }

  /** With the token. */
  async page(format: MetricsFormat): Promise<ScrapedPage> {
    const response = await this.fetch('/metrics', {
      accept: ACCEPT[format],
      authorization: `Bearer ${TOKEN}`,
    });
    if (!response.ok) throw new OpError({ op: 'scrape', code: String(response.status) });
    return { contentType: response.headers.get('content-type') ?? '', bytes: await response.bytes() };
  }

  async close(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#child.exited;
  }
}

/** The port behind the address in the first line that has one. The stream is read to its end all the same. */
function portIn(stream: ReadableStream<Uint8Array>, said: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const read = async (): Promise<void> => {
      for await (const line of linesOf(stream)) {
        said.push(line);
        const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
        if (port !== undefined) resolve(Number(port));
      }
      reject(new OpError({ op: 'start agent', code: 'NO_PORT' }));
    };
    read().catch(reject);
  });
}
