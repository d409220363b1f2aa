import { OpError } from '../src/kit/errors/op-error.ts';
import type { AgentOptions } from '../src/programs/cli/sstop-command.ts';
import type { RemoteSource } from '../src/remote/client/remote-source.ts';
import { contact } from './agent-connect.ts';
import { agentTarget } from './agent-target.ts';
import { loadProfile } from './socktop-profiles.ts';

/** The agent that the options name, connected. Rejects with an OpError that says in one line why it is not. */
export async function openAgent(options: AgentOptions, durationMillis?: number): Promise<RemoteSource> {
  const profile = options.profile === undefined ? undefined : loadProfile(options.profile, process.env);
  const verifyHostname = options.verifyHostname || profile?.verifyHostname === true;
  const target = agentTarget(
    {
      url: options.url ?? profile?.url ?? '',
      tlsCaPath: options.tlsCaPath ?? profile?.tlsCaPath,
      ...{ verifyHostname, tokenFile: options.tokenFile ?? profile?.tokenFile },
    },
    process.env,
  );
  const { source, error } = await contact(target, verifyHostname, durationMillis);
  if (error === undefined) return source;
  source.close();
  throw new OpError({ op: error.op, code: error.code, message: `${target.agent.url}: ${error.message}` });
}
