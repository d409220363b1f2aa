import type { RecordedBytes } from '../../data/recording/recording-file.ts';
import type { PeriodTotals } from '../../data/recording/totals.ts';
import { readAllTotals } from '../../data/recording/totals-files.ts';
import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import type { Snapshot, Want } from '../../data/sample/snapshot.ts';
import type { TotalsPeriod } from '../../data/sample/totals-kind.ts';
import type { SnapshotHeader } from '../../data/schema/section-facts.ts';
import { type RemoteLink, type Source, withinDeadline } from '../../data/source/source.ts';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import type { Capabilities } from '../wire/v2-reply.ts';
import {
  type AgentLine,
  Connection,
  type ConnectionListener,
  type ConnectionTarget,
  type Protocol,
} from './agent-connection.ts';
import { type LaterRequest, OriginalSession } from './original-session.ts';
import { Backoff, Wakening } from './reconnection.ts';
import { type HistorySession, RemoteHistory } from './remote-history.ts';
import { Gathering, type Session, type SessionLine, unknownHeader } from './session.ts';
import { ShellMemory, type ShellReader, ShellSession } from './shell-session.ts';
import { isCertificateError } from './trust.ts';
import { V2Memory, V2Session } from './v2-session.ts';

interface RemoteOptions extends ConnectionTarget {
  /** Of this program. */
  readonly version: string;
  /** CLOCK_MONOTONIC or any clock that only grows. */
  readonly monotonicMicros: () => number;
  /** Opens a connection; default: a WebSocket. */
  readonly connect?: (listener: ConnectionListener) => AgentLine;
  /** For a connection that leads to a shell instead of an agent. */
  readonly shell?: () => Promise<ShellReader>;
}

/** Another machine, by its agent: a source that loses its connection and finds it again. */
export class RemoteSource implements Source, RemoteLink {
  /** How the first try ended; undefined: there is a connection. */
  readonly firstContact: Promise<OpError | undefined>;
  /** Since the source was opened. */
  readonly meter = new LinkMeter();
  readonly #options: RemoteOptions;
  readonly #gathering = new Gathering();
  readonly #memory = new V2Memory();
  readonly #unknownRequests = new Set<LaterRequest>();
  readonly #backoff = new Backoff();
  readonly #wakening: Wakening;
  readonly #first = Promise.withResolvers<OpError | undefined>();
  #status: RemoteStatus;
  #listener: () => void = () => undefined;
  #connection: AgentLine | undefined;
  #session: Session | undefined;
  /** A session without a reply so far. */
  #trial: OriginalSession | ShellSession | undefined;
  #shell: ShellMemory | undefined;
  #capabilities: Capabilities | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #liveMillis = 0;
  #wasLive = false;
  #connections = 0;
  #header: SnapshotHeader;
  #isClosed = false;
  /** The agent there is too old to be used by ssh. */
  #hasOldAgent = false;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.firstContact = this.#first.promise;
    this.#header = unknownHeader(options.agent.hostName, options.monotonicMicros());
    this.#wakening = new Wakening(() => this.retry());
    this.#status = {
      phase: 'connecting',
      hostName: options.agent.hostName,
      isEncrypted: options.agent.isEncrypted,
      isSsh: options.agent.ssh !== undefined,
      hasToken: options.token !== undefined,
      ...{ latencyMicros: undefined, protocol: undefined, notice: undefined },
      ...{ answeredMillis: undefined, nextTryMillis: undefined, reason: undefined },
    };
    this.#connect();
  }

  get status(): RemoteStatus {
    return this.#status;
  }

  /** Capabilities received after connecting; undefined: not received, or the original protocol. */
  get capabilities(): Capabilities | undefined {
    return this.#capabilities;
  }

  /** The history that the agent keeps, as it is now. Rejects with an OpError of one line where it can have none. */
  async openHistory(): Promise<RecordedBytes> {
    await this.firstContact;
    return RemoteHistory.open(this.#options.agent.hostName, () => this.#historySession());
  }

  /** Totals of the agent's history, the newest period first. OpError with one line, also where there are none. */
  async totals(period: TotalsPeriod): Promise<readonly PeriodTotals[]> {
    await this.firstContact;
    const session = this.#historySession();
    const all = await readAllTotals((...page) => session.totalsPage(...page), period).catch(tooOld);
    if (all.length > 0) return all;
    throw new OpError({ op: 'read totals', code: 'EMPTY', message: 'the agent has no totals yet' });
  }

  #historySession(): HistorySession {
    const session = this.#session;
    if (session instanceof V2Session) return session;
    const isLost = session === undefined;
    const missing = this.#hasOldAgent ? this.#tooOldAgent() : 'a history needs socktop-agent there';
    const without = session instanceof ShellSession ? missing : 'an original agent keeps no history';
    throw new OpError({
      op: 'read history',
      code: isLost ? 'LOST' : 'ENOTSUP',
      message: isLost ? (this.#status.reason ?? 'not connected') : without,
    });
  }

  /** CPU time that shells without an agent have used for this program; undefined: there was none. */
  get shellCpuSeconds(): number | undefined {
    return this.#shell?.cpuSeconds;
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  retry(): void {
    if (this.#isClosed || this.#connection !== undefined) return;
    this.#backoff.reset();
    this.#connect();
  }

  /** See `Source`. Without a connection it returns at once, without sections and with an error `LOST`. */
  async sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    const now = this.#options.monotonicMicros;
    if (this.#status.phase === 'connecting') await withinDeadline(this.firstContact, deadlineMicros, now);
    const session = this.#session;
    if (session === undefined) return this.#lostSnapshot();
    const gathered = await this.#gathering.gather(session, want, (parts) =>
      withinDeadline(parts, deadlineMicros, now),
    );
    if (gathered.header !== undefined) this.#header = gathered.header;
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    return { ...gathered.sections, header: this.#header, errors: gathered.errors };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    this.#wakening.stop();
    this.#shell?.source.close();
    this.#connection?.end(new OpError({ op: 'connection', code: 'CLOSED' }));
    this.#first.resolve(new OpError({ op: 'connect', code: 'CLOSED' }));
  }

  #connect(): void {
    clearTimeout(this.#retryTimer);
    this.#wakening.stop();
    this.#connections++;
    if (this.#status.nextTryMillis !== undefined) this.#change({ nextTryMillis: undefined });
    const listener: ConnectionListener = {
      opened: (protocol, hasOldAgent = false) => {
        this.#hasOldAgent = hasOldAgent;
        this.#opened(protocol);
      },
      received: (frame) => {
        this.meter.received(frame);
        (this.#session ?? this.#trial)?.received(frame);
      },
      closed: (error) => this.#ended(error),
      isWaiting: () => (this.#session ?? this.#trial)?.isWaiting === true,
    };
    this.#connection = this.#options.connect?.(listener) ?? new Connection(this.#options, listener);
  }

  #opened(protocol: Protocol): void {
    if (protocol === 'shell') {
      void this.#tryShell();
      return;
    }
    if (protocol === 'original') {
      const { hostName } = this.#options.agent;
      // It does not say whether it was restarted, so counters of different connections are not compared.
      const epoch = this.#connections;
      void this.#try(new OriginalSession(this.#line(), hostName, epoch, this.#unknownRequests));
      return;
    }
    const session = new V2Session(this.#line(), this.#memory);
    this.#live(session, protocol);
    void this.#askCapabilities(session);
  }

  /** The original agent checks the token only after it has accepted the connection, so a first reply is waited for. */
  async #try(session: OriginalSession): Promise<void> {
    this.#trial = session;
    try {
      await session.machine();
    } catch (thrown) {
      // An error is a reply; the connection itself reports when it closes.
      if (toOpError('try', thrown).code === 'LOST') return;
    }
    if (this.#trial !== session) return;
    this.#trial = undefined;
    this.#live(session, 'original');
  }

  /** Names our own version, which is certainly new enough. */
  #tooOldAgent(): string {
    return `the socktop-agent there is too old for ssh, which needs version ${this.#options.version}`;
  }

  /** A shell replied instead of an agent. */
  async #tryShell(): Promise<void> {
    try {
      const { shell } = this.#options;
      if (shell === undefined) {
        const message = this.#hasOldAgent ? this.#tooOldAgent() : AGENT_MISSING;
        throw new OpError({ op: 'connect', code: 'NO_SHELL', message });
      }
      this.#shell ??= new ShellMemory(await shell());
      const session = new ShellSession(this.#line(), this.#shell);
      this.#trial = session;
      await session.start();
      if (this.#trial !== session) return;
      this.#trial = undefined;
      this.#live(session, 'shell');
    } catch (thrown) {
      this.#connection?.end(toOpError('connect', thrown));
    }
  }

  async #askCapabilities(session: V2Session): Promise<void> {
    try {
      this.#capabilities = await session.capabilities();
      if (session !== this.#session) return;
      this.#change({ notice: versionNotice(this.#capabilities, this.#options.version) });
    } catch (thrown) {
      if (session !== this.#session) return;
      this.#change({
        notice: `cannot read the capabilities of the agent: ${toOpError('ask', thrown).message}`,
      });
    }
  }

  #live(session: Session, protocol: Protocol): void {
    this.#session = session;
    this.#wasLive = true;
    this.#liveMillis = performance.now();
    const notice = this.#hasOldAgent ? `${this.#tooOldAgent()}; using its shell` : NOTICES[protocol];
    this.#change({
      ...{ phase: 'live', protocol, notice },
      ...{ nextTryMillis: undefined, reason: undefined },
    });
    this.#first.resolve(undefined);
  }

  #line(): SessionLine {
    return {
      send: (text) => {
        this.meter.sent(text);
        return this.#connection?.send(text) ?? false;
      },
      answered: (latencyMicros) => {
        this.meter.answered(latencyMicros);
        this.#change({ latencyMicros, answeredMillis: Date.now() });
      },
      broken: (error) => this.#connection?.end(error),
      monotonicMicros: this.#options.monotonicMicros,
    };
  }

  /** The connection is gone, or never was. */
  #ended(cause: OpError): void {
    this.#connection = undefined;
    const session = this.#session;
    const error =
      this.#trial instanceof OriginalSession && cause.code.startsWith('CLOSED_')
        ? unanswered(cause, this.#status.hasToken)
        : cause;
    const lost = new OpError({ op: 'sample', code: 'LOST', message: error.message });
    this.#session = undefined;
    this.#trial?.lost(lost);
    this.#trial = undefined;
    if (session !== undefined) this.#backoff.ended(performance.now() - this.#liveMillis);
    session?.lost(lost);
    if (this.#isClosed) return;
    const delayMillis = isFinal(error.code, this.#wasLive) ? undefined : this.#backoff.nextMillis();
    if (delayMillis !== undefined) {
      this.#retryTimer = setTimeout(() => this.#connect(), delayMillis);
      this.#wakening.start();
    }
    this.#change({
      phase: 'lost',
      reason: error.message,
      nextTryMillis: delayMillis === undefined ? undefined : Date.now() + delayMillis,
    });
    this.#first.resolve(error);
  }

  #lostSnapshot(): Snapshot {
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    const { reason: message = 'not connected' } = this.#status;
    return { header: this.#header, errors: [{ op: 'connection', code: 'LOST', message }] };
  }

  #change(changes: Partial<RemoteStatus>): void {
    this.#status = { ...this.#status, ...changes };
    this.#listener();
  }
}

const NOTICES: Readonly<Record<Protocol, string | undefined>> = {
  'socktop.v2': undefined,
  original: 'original agent: no users, states and threads of processes, no load, uptime and network use',
  shell:
    'no agent there, using its shell; for sensors, GPUs and journals: scp socktop-agent HOST:.local/bin/',
};
const AGENT_MISSING = 'no socktop-agent there; scp socktop-agent HOST:.local/bin/ installs it';

function tooOld(thrown: unknown): never {
  const error = toOpError('read totals', thrown);
  if (error.code !== 'BAD_REQUEST') throw error;
  throw new OpError({ op: error.op, code: error.code, message: 'the agent is too old to serve totals' });
}

function unanswered({ op, code }: OpError, hasToken: boolean): OpError {
  const message = `the agent closed the connection without a reply; it may need ${hasToken ? 'another' : 'a'} token`;
  return new OpError({ op, code, message });
}

const FINAL = ['HTTP_401', 'HTTP_403', 'SSH_DENIED', 'NO_SSH'];
const FINAL_AT_FIRST = ['HTTP_404', 'HTTP_400', 'HTTP_200', 'NO_SHELL'];

/** Whether retrying is useless until the user changes something. */
function isFinal(code: string, wasLive: boolean): boolean {
  if (isCertificateError(code) || FINAL.includes(code)) return true;
  return !wasLive && FINAL_AT_FIRST.includes(code);
}

const LATENCIES_LIMIT = 4096;

/** Counts what was exchanged with an agent. Bytes are those of messages, without the frames of WebSocket and TLS. */
class LinkMeter {
  requests = 0;
  sentBytes = 0;
  receivedBytes = 0;
  /** The newest, microseconds. */
  readonly #latencies = new Float64Array(LATENCIES_LIMIT);
  #answers = 0;

  sent(text: string): void {
    this.requests++;
    this.sentBytes += text.length;
  }

  received(frame: string | Uint8Array): void {
    this.receivedBytes += frame.length;
  }

  answered(latencyMicros: number): void {
    this.#latencies[this.#answers++ % LATENCIES_LIMIT] = latencyMicros;
  }

  /** The latency that this share of the answers (0 to 1) did not exceed, microseconds; NaN before any. */
  latencyMicros(share: number): number {
    const count = Math.min(this.#answers, LATENCIES_LIMIT);
    if (count === 0) return Number.NaN;
    const sorted = this.#latencies.slice(0, count).sort();
    return sorted[Math.min(count - 1, Math.floor(share * count))]!;
  }
}

/** One line about versions that differ, or the agent's own notice; undefined: nothing to say. */
export function versionNotice({ version, notice }: Capabilities, ownVersion: string): string | undefined {
  if (notice !== undefined && notice !== '') return notice;
  if (version === ownVersion) return undefined;
  const order = compareVersions(version, ownVersion);
  if (order === undefined) return `the agent is version ${version || 'unknown'}, this program ${ownVersion}`;
  const [older, newer] = order < 0 ? ['agent', 'this program'] : ['program', 'the agent'];
  return order < 0
    ? `the ${older} is version ${version}, older than ${newer} (${ownVersion}): missing data is shown as -`
    : `this ${older} is version ${ownVersion}, older than ${newer} (${version}): some data is not shown`;
}

/** Below 0: `one` is older; undefined: one of them is no version. */
function compareVersions(one: string, other: string): number | undefined {
  const left = numbersOf(one);
  const right = numbersOf(other);
  if (left === undefined || right === undefined) return undefined;
  for (const [at, number] of left.entries()) {
    if (number !== right[at]) return number - right[at]!;
  }
  return undefined;
}

function numbersOf(version: string): readonly number[] | undefined {
  const match = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})/.exec(version);
  return match === null ? undefined : match.slice(1).map(Number);
}
