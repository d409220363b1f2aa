import type { Tier } from '../../data/sample/network-sample.ts';
import type { TotalsKind, TotalsPeriod } from '../../data/sample/totals-kind.ts';
import { parseDurationMillis } from '../../kit/text/units.ts';
import {
  type AgentAccess,
  agentAccessOf,
  commonOptionsOf,
  type RawCommonOptions,
  USUAL_SCREEN_OPTIONS,
  type UsualOptions,
  usualRaw,
} from './options.ts';

const INTERVAL_MIN_MILLIS = 100;
const INTERVAL_MAX_MILLIS = 10_000;

/** Used if neither the command line nor the configuration sets it. */
export const DEFAULT_INTERVAL_MILLIS = 1000;
export const DEFAULT_SORT = 'rate';

/** A remote machine; exactly one of `url` and `profile` is set. */
export interface AgentOptions extends AgentAccess {
  /** May contain a token: print it only through `shownUrl`. */
  readonly url: string | undefined;
  readonly profile: string | undefined;
}

/** Options of sstop's command line. Undefined: not given, so the configuration or the default applies. */
export type SstopOptions = Readonly<ReturnType<typeof sstopOptionsOf>>;

/** As commander returns them. */
export interface RawSstopOptions extends RawCommonOptions {
  readonly doctor?: true;
  readonly interval?: number;
  readonly backend: Tier | 'auto';
  readonly interface?: string;
  readonly filter?: string;
  readonly sort?: string;
  readonly loopback?: boolean;
  readonly dns?: boolean;
  readonly sniff?: boolean;
  readonly geoip?: string;
  readonly log?: string;
  readonly profile?: string;
  /** True: no period was given. */
  readonly totals?: TotalsPeriod | true;
  readonly by?: TotalsKind;
}

export function sstopOptionsOf(raw: RawSstopOptions, url: string | undefined) {
  return {
    ...commonOptionsOf(raw),
    /** Print a report of what works here and exit; as JSON if `output` is json. */
    doctor: raw.doctor === true,
    intervalMillis: raw.interval,
    backend: raw.backend,
    interfaceName: raw.interface,
    filter: raw.filter ?? '',
    /** One of the vocabulary's keys. */
    sort: raw.sort,
    loopback: raw.loopback,
    dns: raw.dns,
    /** Learn names of remote hosts from packets. */
    sniff: raw.sniff,
    /** Country database in MaxMind format. */
    geoipPath: raw.geoip,
    /** Events are appended to this file, one per line. */
    logPath: raw.log,
    /** Print totals and exit. */
    totals:
      raw.totals === undefined
        ? undefined
        : { period: raw.totals === true ? 'day' : raw.totals, by: raw.by ?? 'program' },
    /** Undefined: this machine. */
    agent:
      url === undefined && raw.profile === undefined
        ? undefined
        : { url, profile: raw.profile, ...agentAccessOf(raw) },
  };
}

/** Milliseconds between samples; undefined: not accepted. */
export function parseInterval(text: string): number | undefined {
  const millis = parseDurationMillis(text);
  return millis !== undefined && millis >= INTERVAL_MIN_MILLIS && millis <= INTERVAL_MAX_MILLIS
    ? millis
    : undefined;
}

/** The options of a usual start of the screen, whose command line needs no parser; undefined: it does. */
export function usualSstopOptions(argv: readonly string[], tiers: readonly Tier[]): SstopOptions | undefined {
  const usual: UsualOptions<RawSstopOptions> = {
    ...USUAL_SCREEN_OPTIONS,
    '--loopback': { loopback: true },
    '--no-loopback': { loopback: false },
    '--dns': { dns: true },
    '--no-dns': { dns: false },
    '--backend': (text) => {
      const backend = tiers.find((tier) => tier === text);
      return backend && { backend };
    },
    '--interval': (text) => {
      const interval = parseInterval(text);
      return interval === undefined ? undefined : { interval };
    },
  };
  const raw = usualRaw(argv, usual);
  return raw && sstopOptionsOf({ color: 'auto', backend: 'auto', ...raw }, undefined);
}
