import { MEASURE_MILLIS } from '../src/apps/cli/socktop-command.ts';
import type { RemoteSource } from '../src/remote/client/remote-source.ts';
import type { SocktopHost } from './socktop-host.ts';
import { runMeasure } from './socktop-measure.ts';
import { runSocktopScreen } from './socktop-screen.ts';
import type { SocktopSettings } from './socktop-settings.ts';
import { runSocktopStream } from './socktop-stream.ts';

/** Shows machines as it was asked for, on the screen or as a stream; resolves to the exit code. The hosts stay open. */
export function show(settings: SocktopSettings, hosts: readonly SocktopHost[]): Promise<number> {
  const [host] = hosts;
  if (settings.output === 'screen' || host === undefined) return runSocktopScreen(settings, hosts);
  return runSocktopStream(settings, host, undefined);
}

/** Measures what one agent costs. */
export function measure(settings: SocktopSettings, name: string, source: RemoteSource): Promise<number> {
  return runMeasure(settings, settings.durationMillis ?? MEASURE_MILLIS, name, source);
}
