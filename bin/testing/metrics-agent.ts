import { OpError } from '../../src/kit/errors/op-error.ts';
import type { MetricsFormat } from '../../src/remote/agent/metrics/negotiate.ts';
import { AgentProcess } from './agent-process.ts';

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
  readonly #agent: AgentProcess;

  private constructor(agent: AgentProcess) {
    this.#agent = agent;
  }

  /** Resolves when it has said its port; rejects with what it said instead. */
  static async start(...args: readonly string[]): Promise<MetricsAgent> {
    return new MetricsAgent(
      await AgentProcess.start({ args, environment: { SOCKTOP_TOKEN: TOKEN, ...FRESH } }),
    );
  }

  get port(): number {
    return this.#agent.port;
  }

  get pid(): number {
    return this.#agent.pid;
  }

  async fetch(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#agent.fetch(path, headers);
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
    await this.#agent.close();
  }
}
