import { OpError } from '../src/kit/errors/op-error.ts';
import { keepCertificate } from '../src/programs/config/known-certificates.ts';
import { RemoteSource } from '../src/remote/client/remote-source.ts';
import { isCertificateError, type PeerCertificate, readPeerCertificate } from '../src/remote/client/trust.ts';
import { type AgentTarget, trusting } from './agent-target.ts';
import { canAsk, confirm, tell } from './prompt.ts';
import { ENDED, LAST_SAMPLE_MILLIS, Stop } from './stop.ts';
import { VERSION } from './version.ts';

/** Said where a connection takes longer, so that nobody looks at an empty terminal. */
const SILENT_MILLIS = 700;
const LOOK_MILLIS = 5000;

/** A source, and why its first try failed; undefined: it is connected. */
export interface Contact {
  readonly source: RemoteSource;
  readonly error: OpError | undefined;
}

/** How the first try ended; undefined: there is a connection. It has as long as `--duration` has, if that is known. */
async function firstContact(source: RemoteSource, durationMillis?: number): Promise<OpError | undefined> {
  const stop = new Stop([]);
  stop.endAfter(durationMillis ?? Number.POSITIVE_INFINITY);
  try {
    const outcome = await stop.orEnd(source.firstContact, LAST_SAMPLE_MILLIS);
    if (outcome !== ENDED) return outcome;
    return new OpError({ op: 'connect', code: 'DEADLINE', message: 'no answer came within --duration' });
  } finally {
    stop.release();
  }
}

/**
 * Connects and waits for the outcome of the first try, no longer than `durationMillis`. An agent whose certificate nobody vouches for is offered to the
 * user with its fingerprint; on a yes its certificate is kept, and it alone is accepted from then on.
 */
export async function contact(
  target: AgentTarget,
  verifyHostname: boolean,
  durationMillis?: number,
): Promise<Contact> {
  const source = openAgent(target);
  const timer = setTimeout(() => tell(`Connecting to ${target.agent.hostName} ...`), SILENT_MILLIS);
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
  keepCertificate(keptCertificatePath, peer.pem);
  const trusted = openAgent(trusting(target, peer.pem, verifyHostname));
  return { source: trusted, error: await firstContact(trusted, durationMillis) };
}

/** Begins to connect, and waits for nothing. */
export function openAgent(target: AgentTarget): RemoteSource {
  return new RemoteSource({
    ...target,
    version: VERSION,
    monotonicMicros: () => performance.now() * 1000,
  });
}

function isAccepted({ agent }: AgentTarget, peer: PeerCertificate, path: string): boolean {
  tell(`Nobody vouches for the certificate of ${agent.hostName}, port ${agent.port}:`);
  const [first, ...others] = fingerprintLines(peer.fingerprint, process.stderr.columns);
  tell(`  SHA-256   ${first}`);
  for (const line of others) tell(`            ${line}`);
  tell(`  made for  ${peer.names.join(', ') || peer.subject}`);
  tell(`  valid     ${dayOf(peer.notBeforeMillis)} to ${dayOf(peer.notAfterMillis)}`);
  tell('Compare the fingerprint with the one that the agent prints when it starts.');
  tell('On a yes it is kept, and no other is accepted there:');
  tell(`  ${path}`);
  return confirm('Trust this certificate?', 'no');
}

const LABEL_WIDTH = 12;

/** In halves that can be compared line by line where the terminal would break it anywhere; undefined: no terminal. */
export function fingerprintLines(fingerprint: string, columns: number | undefined): readonly string[] {
  if (columns === undefined || LABEL_WIDTH + fingerprint.length <= columns) return [fingerprint];
  const half = (fingerprint.length + 1) / 2;
  return [fingerprint.slice(0, half - 1), fingerprint.slice(half)];
}

function dayOf(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10);
}
