import {
  type AgentAccess,
  agentAccessOf,
  type CommonOptions,
  commonOptionsOf,
  type RawCommonOptions,
} from './options.ts';

/** Defaults if neither the command line nor a profile sets them. */
export const METRICS_INTERVAL_MILLIS = 500;
export const PROCESSES_INTERVAL_MILLIS = 2000;
/** Default duration of --measure. */
export const MEASURE_MILLIS = 60_000;

/** Options of socktop's command line. Undefined: not given. */
export interface SocktopOptions extends CommonOptions, AgentAccess {
  /** URLs of agents, in order. They may contain tokens: print them only through `shownUrl`. */
  readonly urls: readonly string[];
  /** Names of profiles, in order. */
  readonly profiles: readonly string[];
  /** Overwrite a profile without asking. */
  readonly save: boolean;
  /** Run an agent in this process, on a fixed local port. */
  readonly demo: boolean;
  /** This machine, without an agent. */
  readonly local: boolean;
  readonly compact: boolean;
  /** Learn names of remote hosts from packets of this machine. */
  readonly sniff: boolean | undefined;
  readonly metricsIntervalMillis: number | undefined;
  readonly processesIntervalMillis: number | undefined;
  /** Poll one agent and report the cost. */
  readonly measure: boolean;
  /** Resolve the connection, but do not connect. */
  readonly dryRun: boolean;
}

/** As commander returns them. */
export interface RawSocktopOptions extends RawCommonOptions {
  readonly profile?: readonly string[];
  readonly save?: true;
  readonly demo?: true;
  readonly local?: true;
  readonly compact?: true;
  readonly sniff?: boolean;
  readonly metricsIntervalMs?: number;
  readonly processesIntervalMs?: number;
  readonly measure?: true;
  readonly dryRun?: true;
}

export function socktopOptionsOf(raw: RawSocktopOptions, urls: readonly string[]): SocktopOptions {
  return {
    ...commonOptionsOf(raw),
    ...agentAccessOf(raw),
    urls,
    profiles: raw.profile ?? [],
    save: raw.save === true,
    demo: raw.demo === true,
    local: raw.local === true,
    compact: raw.compact === true,
    sniff: raw.sniff,
    metricsIntervalMillis: raw.metricsIntervalMs,
    processesIntervalMillis: raw.processesIntervalMs,
    measure: raw.measure === true,
    dryRun: raw.dryRun === true,
  };
}

/** The options of a usual start, whose command line needs no parser; undefined: it does. */
export function usualSocktopOptions(argv: readonly string[]): SocktopOptions | undefined {
  if (argv.length !== 1 || argv[0] !== '--local') return undefined;
  return socktopOptionsOf({ color: 'auto', local: true }, []);
}
