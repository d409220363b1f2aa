import { agentAccessOf, commonOptionsOf, type RawCommonOptions } from './options.ts';

/** Defaults if neither the command line nor a profile sets them. */
export const METRICS_INTERVAL_MILLIS = 500;
export const PROCESSES_INTERVAL_MILLIS = 2000;
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

/** The options of a usual start, whose command line needs no parser; undefined: it does. */
export function usualSocktopOptions(argv: readonly string[]): SocktopOptions | undefined {
  if (argv.length !== 1 || argv[0] !== '--local') return undefined;
  return socktopOptionsOf({ color: 'auto', local: true }, []);
}
