import type { System } from '../../data/sample/platform.ts';
import type { Grouping } from '../../data/sample/process-table.ts';
import {
  METRICS_INTERVAL_MILLIS,
  PROCESSES_INTERVAL_MILLIS,
  type SocktopOptions,
} from '../cli/socktop-command.ts';
import type { SstopOptions } from '../cli/sstop-command.ts';
import { readSettings, type Settings } from '../shared/settings.ts';

/** Settings of socktop: command line, then profile, then configuration file, then defaults. */
export interface SocktopSettings {
  readonly output: SocktopOptions['output'];
  readonly once: boolean;
  readonly metricsIntervalMillis: number;
  readonly processesIntervalMillis: number;
  readonly durationMillis: number | undefined;
  readonly compact: boolean;
  readonly groupBy: Grouping | undefined;
  readonly measure: boolean;
  readonly recordPath: string | undefined;
  readonly playbackPath: string | undefined;
  readonly history: SocktopOptions['history'];
  readonly lookBack: SocktopOptions['lookBack'];
  /** sstop's settings from the same configuration file, for the network views and common options. */
  readonly network: Settings;
}

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
  const settings: SocktopSettings = {
    output: options.output,
    once: options.once,
    metricsIntervalMillis:
      options.metricsIntervalMillis ?? profile?.metricsIntervalMillis ?? METRICS_INTERVAL_MILLIS,
    processesIntervalMillis:
      options.processesIntervalMillis ?? profile?.processesIntervalMillis ?? PROCESSES_INTERVAL_MILLIS,
    durationMillis: options.durationMillis,
    compact: options.compact,
    groupBy: options.groupBy,
    measure: options.measure,
    recordPath: options.recordPath,
    playbackPath: options.playbackPath,
    history: options.history,
    lookBack: options.lookBack,
    network,
  };
  return { settings, problems };
}

/** Options of the network views, as on sstop's command line. */
function networkOptions(options: SocktopOptions): SstopOptions {
  return {
    output: options.output,
    once: options.once,
    doctor: false,
    intervalMillis: undefined,
    durationMillis: options.durationMillis,
    backend: 'auto',
    interfaceName: undefined,
    filter: '',
    sort: undefined,
    loopback: undefined,
    dns: undefined,
    sniff: options.sniff,
    units: options.units,
    geoipPath: undefined,
    recordPath: options.recordPath,
    playbackPath: options.playbackPath,
    history: options.history,
    lookBack: options.lookBack,
    logPath: undefined,
    totals: undefined,
    agent: undefined,
    theme: options.theme,
    color: options.color,
    ascii: options.ascii,
    mouse: options.mouse,
    groupBy: undefined,
  };
}
