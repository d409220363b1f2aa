import type { System } from '../../data/sample/platform.ts';
import {
  METRICS_INTERVAL_MILLIS,
  PROCESSES_INTERVAL_MILLIS,
  type SocktopOptions,
} from '../cli/socktop-options.ts';
import type { SstopOptions } from '../cli/sstop-options.ts';
import { readSettings, type Settings } from '../shared/settings.ts';

/** Settings of socktop: command line, then profile, then configuration file, then defaults. */
export interface SocktopSettings extends Kept {
  readonly metricsIntervalMillis: number;
  readonly processesIntervalMillis: number;
  /** sstop's settings from the same configuration file, for the network views and common options. */
  readonly network: Settings;
}

/** Options that are settings as they are. */
type Kept = Pick<
  SocktopOptions,
  | ('output' | 'once' | 'durationMillis' | 'compact' | 'groupBy' | 'sort' | 'measure')
  | ('recordPath' | 'playbackPath' | 'history' | 'lookBack')
>;

/** Intervals of a profile. */
export interface Intervals {
  readonly metricsIntervalMillis: number | undefined;
  readonly processesIntervalMillis: number | undefined;
}

/** Reads the configuration file; each error is one line in `problems`, and the rest applies. */
export async function readSocktopSettings(
  options: SocktopOptions,
  profile: Intervals | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  system: System,
): Promise<{ readonly settings: SocktopSettings; readonly problems: readonly string[] }> {
  const { settings: network, problems } = await readSettings(networkOptions(options), environment, system);
  const { output, once, durationMillis, compact, groupBy, sort, measure } = options;
  const { recordPath, playbackPath, history, lookBack } = options;
  const settings: SocktopSettings = {
    ...{ output, once, durationMillis, compact, groupBy, sort, measure },
    ...{ recordPath, playbackPath, history, lookBack },
    metricsIntervalMillis:
      options.metricsIntervalMillis ?? profile?.metricsIntervalMillis ?? METRICS_INTERVAL_MILLIS,
    processesIntervalMillis:
      options.processesIntervalMillis ?? profile?.processesIntervalMillis ?? PROCESSES_INTERVAL_MILLIS,
    network,
  };
  return { settings, problems };
}

/** Options of the network views, as on sstop's command line. */
function networkOptions(options: SocktopOptions): SstopOptions {
  return {
    ...options,
    doctor: false,
    intervalMillis: undefined,
    backend: 'auto',
    interfaceName: undefined,
    filter: '',
    sort: undefined,
    loopback: undefined,
    dns: undefined,
    geoipPath: undefined,
    logPath: undefined,
    totals: undefined,
    agent: undefined,
    groupBy: undefined,
  };
}
