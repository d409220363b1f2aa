import { testPlatform } from '../../../platforms/linux/guarded/helper-start.fixture.ts';
import { type RunningAgent, startAgent } from '../agent/agent.ts';
import type { AlertOptions } from '../agent/alerts/alert-watch.ts';
import type { CertificatePair } from '../agent/certificate.ts';
import { encrypted, parseAgentUrl } from './agent-url.ts';
import { RemoteSource } from './remote-source.ts';
import { parsePinned } from './trust.ts';

export const VERSION = '1.2.3';

export interface TestAgent {
  readonly port?: number;
  readonly token?: string;
  readonly pair?: CertificatePair;
  readonly alerts?: AlertOptions;
}

/** A real agent of this machine, on this machine's own address. */
export function agentHere({ port = 0, token, pair, alerts }: TestAgent = {}): RunningAgent {
  return startAgent(
    {
      ...{ port, bindAddress: '127.0.0.1', token, tls: pair, networkMetrics: false },
      ...{ gpus: true, temperatures: true, sniff: false, version: VERSION, platformName: process.platform },
      ...{ metricsTtlMillis: 250, processesTtlMillis: 1500, disksTtlMillis: 1000, alerts },
    },
    testPlatform(),
    { event: () => undefined },
  );
}

/** A source for what listens there. */
export function sourceOf(port: number, { token, pair }: TestAgent = {}): RemoteSource {
  const agent = parseAgentUrl(`ws://127.0.0.1:${port}/ws`);
  return new RemoteSource({
    agent: pair === undefined ? agent : encrypted(agent),
    trust:
      pair === undefined
        ? { kind: 'system' }
        : { kind: 'pinned', certificates: parsePinned(pair.certificatePem), verifyHostname: false },
    ...{ token, hasTokenInUrl: false, version: VERSION },
    monotonicMicros: nowMicros,
  });
}

export function nowMicros(): number {
  return performance.now() * 1000;
}

/** Resolves once the check holds, which is asked after every change of the source. */
export async function until(source: RemoteSource, check: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  source.onChange(() => {
    if (check()) resolve();
  });
  if (check()) resolve();
  await promise;
  source.onChange(() => undefined);
}
