import {
  agentAccessOf,
  commonOptionsOf,
  type RawCommonOptions,
  USUAL_SCREEN_OPTIONS,
  type UsualOptions,
  usualRaw,
} from './options.ts';

/** Defaults if neither the command line nor a profile sets them. */
export const METRICS_INTERVAL_MILLIS = 500;
export const PROCESSES_INTERVAL_MILLIS = 2000;
/** Smaller values are raised to these. */
export const METRICS_INTERVAL_MIN_MILLIS = 100;
export const PROCESSES_INTERVAL_MIN_MILLIS = 200;
/** One day: setTimeout takes only 32 bits of milliseconds. */
export const INTERVAL_MAX_MILLIS = 86_400_000;
/** Default duration of --measure. */
export const MEASURE_MILLIS = 60_000;

/** Options of socktop's command line. Undefined: not given. */
export type SocktopOptions = Readonly<ReturnType<typeof socktopOptionsOf>>;

/** As commander returns them. */
export interface RawSocktopOptions extends RawCommonOptions {
  readonly profile?: readonly string[];
  readonly save?: true;
  readonly demo?: true;
  readonly local?: true;
  readonly compact?: true;
  readonly sort?: string;
  readonly sniff?: boolean;
  readonly metricsIntervalMs?: number;
  readonly processesIntervalMs?: number;
  readonly measure?: true;
  readonly dryRun?: true;
}

export function socktopOptionsOf(raw: RawSocktopOptions, urls: readonly string[]) {
  return {
    ...commonOptionsOf(raw),
    ...agentAccessOf(raw),
    /** URLs of agents, in order. They may contain tokens: print them only through `shownUrl`. */
    urls,
    /** Names of profiles, in order. */
    profiles: raw.profile ?? [],
    /** Overwrite a profile without asking. */
    save: raw.save === true,
    /** Run an agent in this process, on a fixed local port. */
    demo: raw.demo === true,
    /** This machine, without an agent. */
    local: raw.local === true,
    compact: raw.compact === true,
    /** Order of processes; undefined: by CPU. */
    sort: raw.sort,
    /** Learn names of remote hosts from packets of this machine. */
    sniff: raw.sniff,
    metricsIntervalMillis: raw.metricsIntervalMs,
    processesIntervalMillis: raw.processesIntervalMs,
    /** Poll one agent and report the cost. */
    measure: raw.measure === true,
    /** Resolve the connection, but do not connect. */
    dryRun: raw.dryRun === true,
  };
}

/** Milliseconds, raised to the least; undefined: not accepted. */
export function parseMillis(text: string, least: number): number | undefined {
  const millis = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return millis <= INTERVAL_MAX_MILLIS ? Math.max(least, millis) : undefined;
}

const USUAL: UsualOptions<RawSocktopOptions> = {
  ...USUAL_SCREEN_OPTIONS,
  '--local': { local: true },
  '--compact': { compact: true },
  '--metrics-interval-ms': (text) => {
    const metricsIntervalMs = parseMillis(text, METRICS_INTERVAL_MIN_MILLIS);
    return metricsIntervalMs === undefined ? undefined : { metricsIntervalMs };
  },
  '--processes-interval-ms': (text) => {
    const processesIntervalMs = parseMillis(text, PROCESSES_INTERVAL_MIN_MILLIS);
    return processesIntervalMs === undefined ? undefined : { processesIntervalMs };
  },
};

/** The options of a usual start on this machine, whose command line needs no parser; undefined: it does. */
export function usualSocktopOptions(argv: readonly string[]): SocktopOptions | undefined {
  const raw = usualRaw(argv, USUAL);
  return raw?.local === true ? socktopOptionsOf({ color: 'auto', ...raw }, []) : undefined;
}
