import { currentPlatform, platformName, raisePrivileges } from '../platforms/index.ts';
import { OpError, toOpError } from '../src/kit/errors/op-error.ts';
import { MEASURE_MILLIS } from '../src/programs/cli/socktop-options.ts';
import { canAsk, complain, EXIT_FAILURE, exitCodeOfSignal } from '../src/programs/shared/messages.ts';
import { historyOf } from '../src/programs/shared/past.ts';
import { Stop } from '../src/programs/shared/stop.ts';
import type { SocktopHost } from '../src/programs/socktop/socktop-host.ts';
import type { SocktopSettings } from '../src/programs/socktop/socktop-settings.ts';
import type { RunningAgent } from '../src/remote/agent/agent.ts';
import { agentTarget, type Contact, connectAsking, openAgent } from './agent-connect.ts';
import { VERSION } from './executable.ts';
import type { NamedAgent } from './socktop-hosts.ts';
import { show, withPast } from './socktop-show.ts';

const DEMO_PORT = 3231;
const DEMO_URL = `ws://127.0.0.1:${DEMO_PORT}/ws`;

/** Shows an agent inside this process; resolves to the exit code. Rejects with OpError where it cannot listen. */
export async function runDemo(settings: SocktopSettings): Promise<number> {
  // Until the screen has its own handlers, no signal may end the program silently.
  const stop = new Stop(['SIGINT', 'SIGTERM', 'SIGHUP']);
  const demo = await startDemo();
  try {
    const wish = { url: DEMO_URL, tlsCaPath: undefined, verifyHostname: false, tokenFile: undefined };
    const target = agentTarget(wish, {});
    const code = await runAgents(settings, [{ name: 'demo', wish, target }], stop);
    return stop.signal === undefined ? code : exitCodeOfSignal(stop.signal);
  } finally {
    await demo.stop();
    // Standard output may be a stream of figures.
    const output = settings.output === 'screen' ? process.stdout : process.stderr;
    output.write(`Stopped demo agent on port ${DEMO_PORT}\n`);
    stop.release();
  }
}

/** It listens on this machine's own address alone, and nothing of it is left when this process ends, however that is. */
async function startDemo(): Promise<RunningAgent> {
  const [{ startAgent }, usual] = await Promise.all([
    import('../src/remote/agent/agent.ts'),
    import('../src/programs/cli/agent-command.ts'),
  ]);
  raisePrivileges();
  const platform = await currentPlatform();
  const settings = {
    ...{ port: DEMO_PORT, bindAddress: '127.0.0.1', tls: undefined, token: undefined },
    ...{ gpus: true, temperatures: true, networkMetrics: false, sniff: false },
    metricsTtlMillis: usual.AGENT_METRICS_TTL_MILLIS,
    processesTtlMillis: usual.AGENT_PROCESSES_TTL_MILLIS,
    disksTtlMillis: usual.AGENT_DISKS_TTL_MILLIS,
    ...{ version: VERSION, platformName },
  };
  try {
    return startAgent(settings, platform, { event: () => undefined });
  } catch (thrown) {
    const error = toOpError('demo', thrown);
    if (error.code !== 'EADDRINUSE') throw error;
    const message = `port ${DEMO_PORT} is in use, perhaps by another demo; try socktop ${DEMO_URL}`;
    throw new OpError({ op: 'demo', code: error.code, message, cause: thrown });
  }
}

/**
 * Shows or measures agents; resolves to the exit code.
 *
 * @param demo the agent is this process's own, and a signal may have come before there is a screen to take it
 */
export async function runAgents(
  settings: SocktopSettings,
  agents: readonly NamedAgent[],
  demo?: Stop,
): Promise<number> {
  const hosts: SocktopHost[] = [];
  try {
    const contacts = await contactAll(agents, settings.durationMillis);
    for (const [at, { source, error }] of contacts.entries()) {
      const { name } = agents[at]!;
      const host = { name, link: source, signaller: undefined };
      // What is recorded is what is now.
      const canLookBack = error === undefined || settings.lookBack === undefined;
      const hasPast = settings.recordPath === undefined && !settings.measure && canLookBack;
      hosts.push(hasPast ? await withPast(host, source, historyOf(source), settings) : { ...host, source });
      // The screen shows the state of a host that is down, and retries. A stream needs a connection, and so does
      // whatever trying again would not help: a wrong token, a certificate. ssh asks only before there is a screen.
      const isRetried =
        settings.output === 'screen' &&
        !settings.measure &&
        source.status.nextTryMillis !== undefined &&
        agents[at]!.target.agent.ssh === undefined;
      if (error !== undefined && agents.length === 1 && !isRetried) {
        complain('socktop', `${agents[at]!.target.agent.url}: ${error.message}`);
        return EXIT_FAILURE;
      }
    }
    if (demo?.signal !== undefined) return exitCodeOfSignal(demo.signal);
    if (settings.measure) {
      const { runMeasure } = await import('../src/programs/socktop/measure.ts');
      const durationMillis = settings.durationMillis ?? MEASURE_MILLIS;
      return await runMeasure(settings, durationMillis, hosts[0]!.name, contacts[0]!.source);
    }
    return await show(settings, hosts, demo !== undefined);
  } finally {
    for (const { source } of hosts) source.close();
  }
}

/**
 * One is waited for. Of several only those are about which there may be a question, one after another, so that
 * questions do not mix: one that is down must not keep the others from the screen. Those by ssh are all tried at once
 * without questions first.
 */
async function contactAll(
  agents: readonly NamedAgent[],
  durationMillis: number | undefined,
): Promise<readonly Contact[]> {
  if (agents.length === 1) {
    const { target, wish } = agents[0]!;
    return [await connectAsking(target, wish.verifyHostname, durationMillis)];
  }
  const quiet = agents.map(({ target }) =>
    target.keptCertificatePath === undefined ? openAgent(target, false) : undefined,
  );
  const contacts: Contact[] = [];
  for (const [at, { target, wish }] of agents.entries()) {
    const source = quiet[at];
    const isQuestion =
      source === undefined ||
      (target.agent.ssh !== undefined && (await source.firstContact)?.code === 'SSH_DENIED' && canAsk());
    if (isQuestion) {
      source?.close();
      contacts.push(await connectAsking(target, wish.verifyHostname, durationMillis));
    } else {
      contacts.push({ source, error: undefined });
    }
  }
  return contacts;
}
