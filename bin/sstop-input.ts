import { raisePrivileges } from '../platforms/index.ts';
import { RecordingSource } from '../src/data/export/recording-source.ts';
import { RecordingWriter } from '../src/data/export/recording-writer.ts';
import { type Names, openNames } from '../src/data/names/names.ts';
import type { Platform } from '../src/data/sample/platform.ts';
import { openLocalSource } from '../src/data/source/local-source.ts';
import { RecordedSource } from '../src/data/source/recorded-source.ts';
import type { Source } from '../src/data/source/source.ts';
import { complain } from './messages.ts';
import type { Settings } from './sstop-settings.ts';

/** How long a hung disk may hold up the end. */
const CLOSE_WAIT_MILLIS = 2000;

/** Where snapshots come from and who names what is in them. */
export interface SstopInput {
  readonly source: Source;
  readonly names: Names;
  /** Set where a recording is played. */
  readonly playback: RecordedSource | undefined;
  close(): Promise<void>;
}

/** Opens what the settings ask for. Rejects with an OpError that says in one line what cannot be had. */
export async function openInput(settings: Settings, platform: Platform): Promise<SstopInput> {
  const { geoipPath, recordPath, playbackPath } = settings;
  const opened = await openNames({
    isDnsOn: settings.dns,
    ...(geoipPath === undefined ? {} : { geoipPath }),
  });
  if (opened.problem !== undefined) complain('sstop', opened.problem.message);
  const { names } = opened;
  const clock = { monotonicMicros: () => platform.monotonicMicros() };
  const playback = playbackPath === undefined ? undefined : await RecordedSource.open(playbackPath, clock);
  const writer = recordPath === undefined ? undefined : await openWriter(recordPath, names);
  try {
    raisePrivileges();
    const inner = playback ?? openLocalSource(platform, { tier: settings.backend });
    const source = writer === undefined ? inner : new RecordingSource(inner, writer);
    return inputOf(source, names, playback, writer);
  } catch (thrown) {
    await writer?.close();
    throw thrown;
  }
}

function openWriter(path: string, names: Names): Promise<RecordingWriter> {
  return RecordingWriter.open(path, {
    failed: (error) => complain('sstop', error.message),
    hostName: (address) => names.host(address),
    serviceName: (port, protocol) => names.service(port, protocol),
    country: (address) => names.country(address),
  });
}

function inputOf(
  source: Source,
  names: Names,
  playback: RecordedSource | undefined,
  writer: RecordingWriter | undefined,
): SstopInput {
  return {
    source,
    names,
    playback,
    async close() {
      source.close();
      names.close();
      if (writer === undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, CLOSE_WAIT_MILLIS);
      await Promise.race([writer.close(), promise]);
      clearTimeout(timer);
      const { unrecordedCount } = writer.status;
      if (unrecordedCount > 0) complain('sstop', `${unrecordedCount} snapshots are not in the recording`);
    },
  };
}
