import { type Names, openNames } from '../../data/names/names.ts';
import type { PlaybackOptions, RecordedSource } from '../../data/recording/recorded-source.ts';
import { RecordingSource } from '../../data/recording/recording-source.ts';
import type { RecordingWriter } from '../../data/recording/recording-writer.ts';
import type { NameFiles, Platform } from '../../data/sample/platform.ts';
import { LocalSource } from '../../data/source/local-source.ts';
import type { RemoteLink, Source } from '../../data/source/source.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import type { HistoryOptions } from '../cli/options.ts';
import type { AgentOptions } from '../cli/sstop-options.ts';
import type { EventLog } from '../shared/event-log.ts';
import type { KeptHistory } from '../shared/kept-history.ts';
import { complain } from '../shared/messages.ts';
import {
  goBack,
  type HistoryAgent,
  type HistoryPlace,
  historyIn,
  historyOf,
  TimeTravel,
} from '../shared/past.ts';
import { endRecording } from '../shared/recordings.ts';
import type { Settings } from '../shared/settings.ts';
import { LoggedSource } from './log-events.ts';

/** Access to this machine and to agents, provided by the entry point. */
interface InputOutside {
  /** This machine; undefined: not monitored. */
  readonly platform: Platform | undefined;
  readonly nameFiles: NameFiles;
  /** Restores the privileges for collecting, after all files named by the user are open. */
  raisePrivileges(): void;
  /** Connects to an agent. Rejects with an OpError with a one-line message. */
  connectAgent(options: AgentOptions, durationMillis: number | undefined): Promise<RemoteMachine>;
  /** Locks an open file for this program; false: another one has it. */
  lock(descriptor: number): Promise<boolean>;
}

/** Connects to another machine. */
type RemoteMachine = Source & RemoteLink & HistoryAgent;

/**
 * Opens the input of the settings and loads only the code it needs. Rejects with an OpError with a one-line message.
 */
export async function openInput(
  settings: Settings,
  { platform, nameFiles, raisePrivileges, connectAgent, lock }: InputOutside,
  log: EventLog,
): Promise<SstopInput> {
  const { geoipPath, recordPath, playbackPath, history, lookBack } = settings;
  const opened = await openNames({ ...nameFiles, isDnsOn: settings.dns, geoipPath });
  const problems = new Problems(log, lock);
  if (opened.problem !== undefined) problems.tell('country-database', opened.problem.message);
  const { names } = opened;
  const clock = { monotonicMicros: () => platform?.monotonicMicros() ?? performance.now() * 1000 };
  const playback = playbackPath === undefined ? undefined : await openPlayback(playbackPath, clock);
  const writer = recordPath === undefined ? undefined : await openWriter(recordPath, names, problems);
  const isKept = history !== undefined && lookBack === undefined && settings.agent === undefined;
  const kept = isKept ? await keepHistory(history, problems) : undefined;
  try {
    const remote =
      settings.agent === undefined ? undefined : await connectAgent(settings.agent, settings.durationMillis);
    const place = placeOf(settings, remote);
    // Errors of the history are reported before the screen opens.
    const past = lookBack === undefined ? undefined : await place?.open();
    raisePrivileges();
    const live = remote ?? (platform === undefined ? undefined : await openLocal(platform, settings));
    if (live instanceof LocalSource) kept?.start(live);
    const travel = place && new TimeTravel({ live, history: place, ...(past && { past }) });
    if (lookBack !== undefined && travel !== undefined) await goBack(travel, lookBack.atMillis, 'sstop');
    const inner = playback ?? travel ?? live;
    if (inner === undefined) throw new OpError({ op: 'open', code: 'ENOTSUP' });
    const source = new LoggedSource(inner, log);
    if (writer !== undefined) log.event('info', 'recording-opened', { file: recordPath });
    return new SstopInput({ source, names, playback, travel, kept, link: remote, writer, problems });
  } catch (thrown) {
    await writer?.close();
    await kept?.close();
    throw thrown;
  }
}

/**
 * For a screen, collecting starts after the first frame. A tier chosen by the user is opened at once, to fail early.
 */
async function openLocal(
  platform: Platform,
  { backend, output, sniff, history, recordPath }: Settings,
): Promise<LocalSource> {
  const source = new LocalSource(platform, {
    ...{ tier: backend, sniff, mayLoadPrograms: history !== undefined },
    listsFirst: output === 'screen' && recordPath === undefined && history === undefined,
  });
  if (output !== 'screen' || backend !== 'auto') await source.openNetwork();
  return source;
}

async function openPlayback(path: string, clock: PlaybackOptions): Promise<RecordedSource> {
  const { RecordedSource } = await import('../../data/recording/recorded-source.ts');
  return RecordedSource.open(path, clock);
}

/** Where the history of what is shown is; undefined: it has none. */
function placeOf(
  { history, playbackPath, recordPath }: Settings,
  remote: RemoteMachine | undefined,
): HistoryPlace | undefined {
  // Only the present is recorded.
  if (recordPath !== undefined) return undefined;
  if (remote !== undefined) return historyOf(remote);
  return history === undefined || playbackPath !== undefined ? undefined : historyIn(history.path);
}

async function keepHistory(options: HistoryOptions, problems: Problems): Promise<KeptHistory> {
  const { KeptHistory } = await import('../shared/kept-history.ts');
  return KeptHistory.open(options, problems.lock, ({ message }) => problems.tell('history-ended', message));
}

/** Errors outside of snapshots: written to the log, and passed to listeners. */
class Problems {
  readonly log: EventLog;
  readonly lock: InputOutside['lock'];
  listener = (message: string): void => complain('sstop', message);

  constructor(log: EventLog, lock: InputOutside['lock']) {
    this.log = log;
    this.lock = lock;
  }

  tell(event: string, message: string): void {
    this.log.event('warning', event, { message });
    this.listener(message);
  }
}

async function openWriter(path: string, names: Names, problems: Problems): Promise<RecordingWriter> {
  const { RecordingWriter } = await import('../../data/recording/recording-writer.ts');
  return RecordingWriter.open(path, {
    failed: (error) => problems.tell('recording-failed', error.message),
    hostName: (address) => names.host(address),
    serviceName: (port, protocol) => names.service(port, protocol),
    country: (address) => names.country(address),
  });
}

interface InputParts {
  readonly source: LoggedSource;
  readonly names: Names;
  readonly playback: RecordedSource | undefined;
  readonly travel: TimeTravel | undefined;
  readonly kept: KeptHistory | undefined;
  readonly link: RemoteLink | undefined;
  readonly writer: RecordingWriter | undefined;
  readonly problems: Problems;
}

/** Where snapshots come from and who names what is in them. */
export class SstopInput {
  readonly source: Source;
  readonly names: Names;
  /** Set if a recording is played. */
  readonly playback: RecordedSource | undefined;
  /** Set where what is shown has a history. */
  readonly travel: TimeTravel | undefined;
  /** Set for a remote machine. */
  readonly link: RemoteLink | undefined;
  readonly #parts: InputParts;

  constructor(parts: InputParts) {
    const { source, writer } = parts;
    this.source = writer === undefined ? source : new RecordingSource(source, writer);
    this.names = parts.names;
    this.playback = parts.playback;
    this.travel = parts.travel;
    this.link = parts.link;
    this.#parts = parts;
  }

  /** Log of the program's own events. */
  get log(): EventLog {
    return this.#parts.problems.log;
  }

  /** Called with one line per error outside of snapshots; without a listener they go to standard error. */
  set onProblem(listener: (message: string) => void) {
    this.#parts.problems.listener = listener;
  }

  /** Resolves to whether the recording is complete; errors were printed. */
  async close(): Promise<boolean> {
    const { writer, kept } = this.#parts;
    await kept?.close();
    this.source.close();
    this.names.close();
    if (writer === undefined) return true;
    const isWhole = await endRecording('sstop', writer);
    const { snapshotCount, unrecordedCount, fileBytes, error } = writer.status;
    this.log.event('info', 'recording-ended', {
      snapshots: snapshotCount,
      unrecorded: unrecordedCount,
      bytes: fileBytes,
      code: error?.code,
    });
    return isWhole;
  }
}
