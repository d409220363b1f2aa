import { loadShell, system } from '../platforms/index.ts';
import { startSshProgram } from '../platforms/ssh-program.ts';
import { FILE_REASONS, OpError, toOpError } from '../src/kit/errors/op-error.ts';
import { readText } from '../src/kit/files/user-file.ts';
import type { AgentAccess } from '../src/programs/cli/options.ts';
import type { AgentOptions } from '../src/programs/cli/sstop-options.ts';
import { writeWhole } from '../src/programs/config/atomic-file.ts';
import {
  knownCertificatePath,
  readKnownCertificate,
  readTokenFile,
  usableToken,
} from '../src/programs/config/credentials.ts';
import { loadProfile, profilesPath } from '../src/programs/config/profiles.ts';
import { canAsk, confirm, tell } from '../src/programs/shared/messages.ts';
import { ENDED, LAST_SAMPLE_MILLIS, Stop } from '../src/programs/shared/stop.ts';
import type { ConnectionListener, ConnectionTarget } from '../src/remote/client/agent-connection.ts';
import {
  type AgentUrl,
  encrypted,
  parseAgentUrl,
  type SshDestination,
  sshHistoryFolder,
} from '../src/remote/client/agent-url.ts';
import { RemoteSource } from '../src/remote/client/remote-source.ts';
import type { ShellReader } from '../src/remote/client/shell-session.ts';
import { SshConnection } from '../src/remote/client/ssh-connection.ts';
import {
  isCertificateError,
  PEM_LIMIT_BYTES,
  type PeerCertificate,
  type PinnedCertificates,
  parsePinned,
  readPeerCertificate,
  type Trust,
} from '../src/remote/client/trust.ts';
import { VERSION } from './executable.ts';

/** What the user says of an agent, by options or by a profile. */
export interface AgentWish extends AgentAccess {
  readonly url: string;
}

/** Options go before the profile. */
export function wishOf(url: string, options: AgentAccess, profile: AgentAccess | undefined): AgentWish {
  return {
    url,
    tlsCaPath: options.tlsCaPath ?? profile?.tlsCaPath,
    verifyHostname: options.verifyHostname || profile?.verifyHostname === true,
    tokenFile: options.tokenFile ?? profile?.tokenFile,
    historyFolder: options.historyFolder,
  };
}

/** An agent that can be connected to, and where its certificate would be kept. */
export interface AgentTarget extends ConnectionTarget {
  /** File for a certificate that the user accepts; undefined if a certificate was given, or without TLS. */
  readonly keptCertificatePath: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the files that are named. Throws OpError whose message says in one line what the user has to change. */
export function agentTarget(wish: AgentWish, environment: Environment): AgentTarget {
  const asked = parseAgentUrl(wish.url);
  if (asked.ssh !== undefined) return sshTarget(asked, asked.ssh, wish);
  if (wish.historyFolder !== undefined) {
    const message = 'an agent keeps its own history: remove --history, or name a machine by ssh://';
    throw new OpError({ op: 'parse URL', code: 'BAD_URL', message });
  }
  const named = wish.tlsCaPath === undefined ? undefined : readNamed(wish.tlsCaPath);
  // A certificate was named, so TLS is meant.
  const agent = named === undefined ? asked : encrypted(asked);
  const keptPath =
    named === undefined && agent.isEncrypted && agent.ssh === undefined
      ? knownCertificatePath(system.configFolder(environment), agent.hostName, agent.port)
      : undefined;
  const certificates = named ?? (keptPath === undefined ? undefined : readKept(keptPath));
  const { verifyHostname } = wish;
  const trust: Trust =
    certificates === undefined ? { kind: 'system' } : { kind: 'pinned', certificates, verifyHostname };
  const keptCertificatePath = certificates === undefined ? keptPath : undefined;
  return { ...withToken(agent, wish, environment), trust, keptCertificatePath };
}

/** Trust and login are up to ssh. */
function sshTarget(
  asked: AgentUrl,
  destination: SshDestination,
  { tlsCaPath, verifyHostname, tokenFile, historyFolder }: AgentWish,
): AgentTarget {
  const given: readonly [string, boolean][] = [
    ['--tls-ca', tlsCaPath !== undefined],
    ['--verify-hostname', verifyHostname],
    ['--token-file', tokenFile !== undefined],
  ];
  const needless = given.find(([, isGiven]) => isGiven)?.[0];
  if (needless !== undefined) {
    const message = `${needless} is for ws:// and wss:// URLs; ssh:// uses the keys and known hosts of ssh`;
    throw new OpError({ op: 'parse URL', code: 'BAD_URL', message });
  }
  const trust: Trust = { kind: 'system' };
  const named = historyFolder === undefined ? {} : { historyFolder: sshHistoryFolder(historyFolder) };
  const agent = { ...asked, ssh: { ...destination, ...named } };
  return { agent, trust, token: undefined, hasTokenInUrl: false, keptCertificatePath: undefined };
}

/** The same agent with the certificate that the user accepted. */
function trusting(target: AgentTarget, pem: string, verifyHostname: boolean): AgentTarget {
  const trust: Trust = { kind: 'pinned', certificates: parsePinned(pem), verifyHostname };
  return { ...target, trust, keptCertificatePath: undefined };
}

/** Precedence: file, URL, environment. */
function withToken(
  agent: AgentUrl,
  { tokenFile }: AgentWish,
  environment: Environment,
): Pick<ConnectionTarget, 'agent' | 'token' | 'hasTokenInUrl'> {
  if (tokenFile !== undefined) return { agent, token: readTokenFile(tokenFile), hasTokenInUrl: false };
  if (agent.token !== undefined) {
    const token = usableToken(agent.token, "the URL's token (with % and + decoded)");
    return { agent, token, hasTokenInUrl: true };
  }
  const named = environment['SOCKTOP_TOKEN'] ?? '';
  const token = named === '' ? undefined : usableToken(named, 'SOCKTOP_TOKEN');
  return { agent, token, hasTokenInUrl: false };
}

/** Whether the error is a usage error: an unusable URL, profile, certificate or token. */
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

const REASONS: Readonly<Record<string, string>> = { ...FILE_REASONS, TOO_LONG: 'file too long' };

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
  const message = `${what} cannot be used: ${why}`;
  return new OpError({ op: 'read certificate', code: error.code, message, cause: error });
}

/** A connection that takes longer than this prints a progress line. */
const SILENT_MILLIS = 700;
const LOOK_MILLIS = 5000;

/** A source, and the error of its first try; undefined: connected. */
export interface Contact {
  readonly source: RemoteSource;
  readonly error: OpError | undefined;
}

/** Returns the error of the first try; undefined: connected. The timeout is `--duration`, if given. */
async function firstContact(source: RemoteSource, durationMillis?: number): Promise<OpError | undefined> {
  const stop = new Stop([]);
  stop.endAfter(durationMillis ?? Number.POSITIVE_INFINITY);
  try {
    const outcome = await stop.orEnd(source.firstContact, LAST_SAMPLE_MILLIS);
    if (outcome !== ENDED) return outcome;
    return new OpError({ op: 'connect', code: 'DEADLINE', message: 'no reply within --duration' });
  } finally {
    stop.release();
  }
}

/**
 * Connects and waits for the result of the first try, at most `durationMillis`. If no trusted authority signed the
 * certificate of the agent, shows its fingerprint and asks the user; an accepted certificate is saved and pinned.
 */
export async function connectAsking(
  target: AgentTarget,
  verifyHostname: boolean,
  durationMillis?: number,
): Promise<Contact> {
  const mayAsk = canAsk();
  const source = openAgent(target, mayAsk);
  // A prompt of ssh would share this line.
  const isSilent = target.agent.ssh !== undefined && mayAsk;
  const timer = isSilent
    ? undefined
    : setTimeout(() => tell(`Connecting to ${target.agent.hostName} ...`), SILENT_MILLIS);
  const error = await firstContact(source, durationMillis);
  clearTimeout(timer);
  const { keptCertificatePath } = target;
  const isOffered =
    error !== undefined && isCertificateError(error.code) && keptCertificatePath !== undefined && canAsk();
  if (!isOffered) return { source, error };
  const peer = await readPeerCertificate(target.agent, LOOK_MILLIS).catch(() => undefined);
  const isValid = peer !== undefined && peer.notAfterMillis > Date.now() && peer.notBeforeMillis < Date.now();
  if (!isValid || !isAccepted(target, peer, keptCertificatePath)) return { source, error };
  source.close();
  writeWhole(keptCertificatePath, peer.pem);
  const trusted = openAgent(trusting(target, peer.pem, verifyHostname), false);
  return { source: trusted, error: await firstContact(trusted, durationMillis) };
}

/**
 * Begins to connect, and waits for nothing. `mayAsk`: no screen is open until the first try has ended, so that ssh may
 * have its questions answered at the terminal.
 */
export function openAgent(target: AgentTarget, mayAsk: boolean): RemoteSource {
  const { ssh } = target.agent;
  let tries = 0;
  const connect = (destination: SshDestination) => (listener: ConnectionListener) =>
    new SshConnection(destination, listener, {
      ...{ start: startSshProgram, tell },
      mayAsk: tries++ === 0 && mayAsk,
    });
  return new RemoteSource({
    ...target,
    version: VERSION,
    monotonicMicros: () => performance.now() * 1000,
    ...(ssh === undefined ? {} : { connect: connect(ssh), shell: openShellReader }),
  });
}

async function openShellReader(): Promise<ShellReader> {
  const { ShellPlatform } = await loadShell();
  return { open: () => new ShellPlatform(), script: (mark) => ShellPlatform.script(mark) };
}

/** The agent that the options name, connected. Rejects with an OpError that says in one line why it is not. */
export async function connectAgent(options: AgentOptions, durationMillis?: number): Promise<RemoteSource> {
  const path = profilesPath(system.configFolder(process.env));
  const profile = options.profile === undefined ? undefined : loadProfile(options.profile, path);
  const wish = wishOf(options.url ?? profile?.url ?? '', options, profile);
  const target = agentTarget(wish, process.env);
  const { source, error } = await connectAsking(target, wish.verifyHostname, durationMillis);
  if (error === undefined) return source;
  source.close();
  throw new OpError({ op: error.op, code: error.code, message: `${target.agent.url}: ${error.message}` });
}

function isAccepted({ agent }: AgentTarget, peer: PeerCertificate, path: string): boolean {
  tell(`No trusted authority signed the certificate of ${agent.hostName}, port ${agent.port}:`);
  const [first, ...others] = fingerprintLines(peer.fingerprint, process.stderr.columns);
  tell(`  SHA-256   ${first}`);
  for (const line of others) tell(`            ${line}`);
  tell(`  names     ${peer.names.join(', ') || peer.subject}`);
  tell(`  valid     ${dayOf(peer.notBeforeMillis)} to ${dayOf(peer.notAfterMillis)}`);
  tell('Compare the fingerprint with the one that the agent prints at start.');
  tell('If you trust it, it is saved here, and only this certificate is accepted for the host:');
  tell(`  ${path}`);
  return confirm('Trust this certificate?', 'no');
}

const LABEL_WIDTH = 12;

/**
 * Splits a fingerprint into halves if it does not fit the terminal, to compare line by line. `columns` undefined: no
 * terminal.
 */
export function fingerprintLines(fingerprint: string, columns: number | undefined): readonly string[] {
  if (columns === undefined || LABEL_WIDTH + fingerprint.length <= columns) return [fingerprint];
  const half = (fingerprint.length + 1) / 2;
  return [fingerprint.slice(0, half - 1), fingerprint.slice(half)];
}

function dayOf(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10);
}
