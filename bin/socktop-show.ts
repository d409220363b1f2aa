import { basename } from 'node:path';
import { lowerPrivileges, raisePrivileges } from '../platforms/index.ts';
import { MEASURE_MILLIS } from '../src/apps/cli/socktop-command.ts';
import { RecordedSource } from '../src/data/source/recorded-source.ts';
import type { RemoteSource } from '../src/remote/client/remote-source.ts';
import { RecordedHost } from './recorded-host.ts';
import { MachineSectionReader } from './section-recording.ts';
import type { SocktopHost } from './socktop-host.ts';
import { runMeasure } from './socktop-measure.ts';
import { runSocktopScreen } from './socktop-screen.ts';
import type { SocktopSettings } from './socktop-settings.ts';
import { runSocktopStream } from './socktop-stream.ts';

/**
 * Shows machines as it was asked for, on the screen or as a stream; resolves to the exit code. The hosts stay open.
 * `isCollectedHere`: this process collects, so it keeps the privileges that it was given.
 */
export async function show(
  settings: SocktopSettings,
  hosts: readonly SocktopHost[],
  isCollectedHere: boolean,
): Promise<number> {
  const [host] = hosts;
  const { recordPath } = settings;
  if (recordPath === undefined || host === undefined) return shown(settings, hosts);
  // The user's own rights make the file that the user names, whatever collecting needs.
  lowerPrivileges();
  const recorded = await RecordedHost.open(recordPath, host);
  if (isCollectedHere) raisePrivileges();
  try {
    return await shown(settings, [recorded.host]);
  } finally {
    await recorded.close();
  }
}

/** Shows a recording. Rejects with an OpError of one line where it cannot be read. */
export async function showRecording(settings: SocktopSettings, path: string): Promise<number> {
  const source = await RecordedSource.open(path, {
    monotonicMicros: () => performance.now() * 1000,
    sections: new MachineSectionReader(),
  });
  try {
    const host = { name: basename(path), source, link: undefined, signaller: undefined };
    return await shown(settings, [host], source);
  } finally {
    source.close();
  }
}

function shown(
  settings: SocktopSettings,
  hosts: readonly SocktopHost[],
  playback?: RecordedSource,
): Promise<number> {
  const [host] = hosts;
  if (settings.output === 'screen' || host === undefined) return runSocktopScreen(settings, hosts, playback);
  return runSocktopStream(settings, host, playback);
}

/** Measures what one agent costs. */
export function measure(settings: SocktopSettings, name: string, source: RemoteSource): Promise<number> {
  return runMeasure(settings, settings.durationMillis ?? MEASURE_MILLIS, name, source);
}
