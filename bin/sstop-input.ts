import { raisePrivileges, system } from '../platforms/index.ts';
import { type Names, openNames } from '../src/data/names/names.ts';
import type { PlaybackOptions, RecordedSource } from '../src/data/recording/recorded-source.ts';
import { RecordingSource } from '../src/data/recording/recording-source.ts';
import type { RecordingWriter } from '../src/data/recording/recording-writer.ts';
import type { Platform } from '../src/data/sample/platform.ts';
import { LocalSource } from '../src/data/source/local-source.ts';
import type { RemoteLink, Source } from '../src/data/source/source.ts';
import { OpError } from '../src/kit/errors/op-error.ts';
import type { AgentOptions } from '../src/programs/cli/sstop-command.ts';
import type { RemoteSource } from '../src/remote/client/remote-source.ts';
import { complain } from './messages.ts';
import { endRecording } from './recording-end.ts';
import type { EventLog } from './sstop-log.ts';
import { LoggedSource } from './sstop-log-source.ts';
import type { Settings } from './sstop-settings.ts';

/** Where snapshots come from and who names what is in them. */
export interface SstopInput {
  readonly source: Source;
  readonly names: Names;
  /** Set where a recording is played. */
  readonly playback: RecordedSource | undefined;
  /** Set where the snapshots are another machine's. */
  readonly link: RemoteLink | undefined;
  /** What happens to the program itself. */
  readonly log: EventLog;
  /** Told in one line of what goes wrong beside the snapshots; until somebody listens, standard error is. */
  set onProblem(listener: (message: string) => void);
  /** Resolves to whether all is well with what was to be recorded; what is not was told. */
  close(): Promise<boolean>;
}

/**
 * Opens what the settings ask for, and loads the code of nothing else. Rejects with an OpError that says in one line
 * what cannot be had.
 */
export async function openInput(
  settings: Settings,
  platform: Platform | undefined,
  log: EventLog,
): Promise<SstopInput> {
  const { geoipPath, recordPath, playbackPath } = settings;
  const opened = await openNames({
    ...system.nameFiles,
    isDnsOn: settings.dns,
    ...(geoipPath === undefined ? {} : { geoipPath }),
  });
  const problems = new Problems(log);
  if (opened.problem !== undefined) problems.tell('country-database', opened.problem.message);
  const { names } = opened;
  const clock = { monotonicMicros: () => platform?.monotonicMicros() ?? performance.now() * 1000 };
  const playback = playbackPath === undefined ? undefined : await openPlayback(playbackPath, clock);
  const writer = recordPath === undefined ? undefined : await openWriter(recordPath, names, problems);
  try {
    const remote =
      settings.agent === undefined
        ? undefined
        : await connectedAgent(settings.agent, settings.durationMillis);
    raisePrivileges();
    const inner = playback ?? remote ?? openLocal(platform, settings);
    const source = new LoggedSource(inner, log);
    if (writer !== undefined) log.event('info', 'recording-opened', { file: recordPath });
    return new OpenInput({ source, names, playback, link: remote, writer, problems });
  } catch (thrown) {
    await writer?.close();
    throw thrown;
  }
}

/** A screen is painted first. A tier that was asked for by name is tried at once: where it cannot run, none starts. */
function openLocal(platform: Platform | undefined, { backend, output }: Settings): Source {
  if (platform === undefined) throw new OpError({ op: 'open', code: 'ENOTSUP' });
  const source = new LocalSource(platform, { tier: backend });
  if (output !== 'screen' || backend !== 'auto') source.openNetwork();
  return source;
}

async function openPlayback(path: string, clock: PlaybackOptions): Promise<RecordedSource> {
  const { RecordedSource } = await import('../src/data/recording/recorded-source.ts');
  return RecordedSource.open(path, clock);
}

async function connectedAgent(options: AgentOptions, durationMillis?: number): Promise<RemoteSource> {
  const { openAgent } = await import('./sstop-agent.ts');
  return openAgent(options, durationMillis);
}

/** What goes wrong beside the snapshots: to the log, and to whoever listens. */
class Problems {
  readonly log: EventLog;
  listener = (message: string): void => complain('sstop', message);

  constructor(log: EventLog) {
    this.log = log;
  }

  tell(event: string, message: string): void {
    this.log.event('warning', event, { message });
    this.listener(message);
  }
}

async function openWriter(path: string, names: Names, problems: Problems): Promise<RecordingWriter> {
  const { RecordingWriter } = await import('../src/data/recording/recording-writer.ts');
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
  readonly link: RemoteLink | undefined;
  readonly writer: RecordingWriter | undefined;
  readonly problems: Problems;
}

class OpenInput implements SstopInput {
  readonly source: Source;
  readonly names: Names;
  readonly playback: RecordedSource | undefined;
  readonly link: RemoteLink | undefined;
  readonly #parts: InputParts;

  constructor(parts: InputParts) {
    const { source, writer } = parts;
    this.source = writer === undefined ? source : new RecordingSource(source, writer);
    this.names = parts.names;
    this.playback = parts.playback;
    this.link = parts.link;
    this.#parts = parts;
  }

  get log(): EventLog {
    return this.#parts.problems.log;
  }

  set onProblem(listener: (message: string) => void) {
    this.#parts.problems.listener = listener;
  }

  async close(): Promise<boolean> {
    const { writer } = this.#parts;
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
