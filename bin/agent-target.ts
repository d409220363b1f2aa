import { system } from '../platforms/index.ts';
import { OpError, toOpError } from '../src/kit/errors/op-error.ts';
import { readText } from '../src/kit/files/user-file.ts';
import { knownCertificatePath, readKnownCertificate } from '../src/programs/config/known-certificates.ts';
import type { ConnectionTarget } from '../src/remote/client/agent-connection.ts';
import { type AgentUrl, encrypted, parseAgentUrl } from '../src/remote/client/agent-url.ts';
import {
  PEM_LIMIT_BYTES,
  type PinnedCertificates,
  parsePinned,
  type Trust,
} from '../src/remote/client/trust.ts';
import { readTokenFile, tokenFault } from './token-file.ts';

/** What the user says of an agent, by options or by a profile. */
export interface AgentWish {
  readonly url: string;
  readonly tlsCaPath: string | undefined;
  readonly verifyHostname: boolean;
  readonly tokenFile: string | undefined;
}

/** An agent that can be connected to, and where its certificate would be kept. */
export interface AgentTarget extends ConnectionTarget {
  /** Where a certificate that the user says yes to is kept; undefined where one was named, or there is none. */
  readonly keptCertificatePath: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the files that are named. Throws OpError whose message says in one line what the user has to change. */
export function agentTarget(wish: AgentWish, environment: Environment): AgentTarget {
  const asked = parseAgentUrl(wish.url);
  const named = wish.tlsCaPath === undefined ? undefined : readNamed(wish.tlsCaPath);
  // A certificate was named, so TLS is meant.
  const agent = named === undefined ? asked : encrypted(asked);
  const keptPath =
    named === undefined && agent.isEncrypted
      ? knownCertificatePath(system.configFolder(environment), agent.hostName, agent.port)
      : undefined;
  const certificates = named ?? (keptPath === undefined ? undefined : readKept(keptPath));
  const { verifyHostname } = wish;
  const trust: Trust =
    certificates === undefined ? { kind: 'system' } : { kind: 'pinned', certificates, verifyHostname };
  const keptCertificatePath = certificates === undefined ? keptPath : undefined;
  return { ...withToken(agent, wish, environment), trust, keptCertificatePath };
}

/** The same agent, whose certificate the user has said yes to. */
export function trusting(target: AgentTarget, pem: string, verifyHostname: boolean): AgentTarget {
  return {
    ...target,
    trust: { kind: 'pinned', certificates: parsePinned(pem), verifyHostname },
    keptCertificatePath: undefined,
  };
}

/** A file goes before the URL, and the URL before the environment. */
function withToken(
  agent: AgentUrl,
  { tokenFile }: AgentWish,
  environment: Environment,
): Pick<ConnectionTarget, 'agent' | 'token' | 'hasTokenInUrl'> {
  if (tokenFile !== undefined) return { agent, token: readTokenFile(tokenFile), hasTokenInUrl: false };
  if (agent.token !== undefined) {
    const token = usable(agent.token, "the URL's token, its % and + decoded,");
    return { agent, token, hasTokenInUrl: true };
  }
  const token = environment['SOCKTOP_TOKEN'] ?? '';
  return { agent, token: token === '' ? undefined : usable(token, 'SOCKTOP_TOKEN'), hasTokenInUrl: false };
}

function usable(token: string, origin: string): string {
  const fault = tokenFault(token);
  if (fault === undefined) return token;
  throw new OpError({ op: 'token', code: 'BAD_VALUE', message: `${origin} holds ${fault}` });
}

/** Whether the user has to say something else: a URL, profile, certificate or token that cannot be used. */
export function isAgentNamedWrong({ op }: OpError): boolean {
  return ['parse URL', 'profile', 'read profiles', 'read certificate', 'token file', 'token'].includes(op);
}

function readNamed(path: string): PinnedCertificates {
  try {
    return parsePinned(readText(path, PEM_LIMIT_BYTES));
  } catch (thrown) {
    throw unusable(`option '--tls-ca <file>': '${path}'`, thrown);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission to read it denied',
  EISDIR: 'it is a folder',
  TOO_LONG: 'it is too long',
  NOT_A_FILE: 'not a regular file',
};

function readKept(path: string): PinnedCertificates | undefined {
  try {
    const pem = readKnownCertificate(path, PEM_LIMIT_BYTES);
    return pem === undefined ? undefined : parsePinned(pem);
  } catch (thrown) {
    throw unusable(path, thrown);
  }
}

function unusable(what: string, thrown: unknown): OpError {
  const error = toOpError('read certificate', thrown);
  const isOwn = error.op === 'read certificate' && thrown instanceof OpError;
  const why = isOwn ? error.message : (REASONS[error.code] ?? error.code);
  return new OpError({
    op: 'read certificate',
    code: error.code,
    message: `${what} cannot be used: ${why}`,
    cause: error,
  });
}
