import { platformName } from '../platforms/index.ts';
import type { Platform } from '../src/data/sample/platform.ts';
import { OpError, toOpError } from '../src/kit/errors/op-error.ts';
import {
  AGENT_DISKS_TTL_MILLIS,
  AGENT_METRICS_TTL_MILLIS,
  AGENT_PROCESSES_TTL_MILLIS,
} from '../src/programs/cli/agent-command.ts';
import { type RunningAgent, startAgent } from '../src/remote/agent/agent.ts';
import { VERSION } from './executable.ts';

const DEMO_PORT = 3231;
export const DEMO_URL = `ws://127.0.0.1:${DEMO_PORT}/ws`;

/** An agent inside this process: nothing of it is left when the process ends, however that happens. */
export class DemoAgent {
  readonly #agent: RunningAgent;

  /** Listens on this machine's own address alone. Throws OpError whose message says in one line why it cannot. */
  constructor(platform: Platform) {
    const settings = {
      ...{ port: DEMO_PORT, bindAddress: '127.0.0.1', tls: undefined, token: undefined },
      ...{ gpus: true, temperatures: true, networkMetrics: false, sniff: false },
      metricsTtlMillis: AGENT_METRICS_TTL_MILLIS,
      processesTtlMillis: AGENT_PROCESSES_TTL_MILLIS,
      disksTtlMillis: AGENT_DISKS_TTL_MILLIS,
      ...{ version: VERSION, platformName },
    };
    try {
      this.#agent = startAgent(settings, platform, { event: () => undefined });
    } catch (thrown) {
      const error = toOpError('demo', thrown);
      if (error.code !== 'EADDRINUSE') throw error;
      const message = `port ${DEMO_PORT} is in use, perhaps by another demo; try socktop ${DEMO_URL}`;
      throw new OpError({ op: 'demo', code: error.code, message, cause: thrown });
    }
  }

  /** Stops it and says so there. */
  async stop(output: NodeJS.WriteStream): Promise<void> {
    await this.#agent.stop();
    output.write(`Stopped demo agent on port ${DEMO_PORT}\n`);
  }
}
