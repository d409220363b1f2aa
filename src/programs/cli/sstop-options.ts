import type { Tier } from '../../data/sample/network-sample.ts';
import type { TotalsKind, TotalsPeriod, TotalsWish } from '../../data/sample/totals-kind.ts';
import {
  type AgentAccess,
  agentAccessOf,
  type CommonOptions,
  commonOptionsOf,
  type RawCommonOptions,
} from './options.ts';

export const INTERVAL_MIN_MILLIS = 100;
export const INTERVAL_MAX_MILLIS = 10_000;

/** Used if neither the command line nor the configuration sets it. */
export const DEFAULT_INTERVAL_MILLIS = 1000;

/** A remote machine; exactly one of `url` and `profile` is set. */
export interface AgentOptions extends AgentAccess {
  /** May contain a token: print it only through `shownUrl`. */
  readonly url: string | undefined;
  readonly profile: string | undefined;
}

/** Options of sstop's command line. Undefined: not given, so the configuration or the default applies. */
export interface SstopOptions extends CommonOptions {
  /** Print a report of what works here and exit; as JSON if `output` is json. */
  readonly doctor: boolean;
  readonly intervalMillis: number | undefined;
  readonly backend: Tier | 'auto';
  readonly interfaceName: string | undefined;
  readonly filter: string;
  /** One of the vocabulary's keys. */
  readonly sort: string | undefined;
  readonly loopback: boolean | undefined;
  readonly dns: boolean | undefined;
  /** Learn names of remote hosts from packets. */
  readonly sniff: boolean | undefined;
  /** Country database in MaxMind format. */
  readonly geoipPath: string | undefined;
  /** Events are appended to this file, one per line. */
  readonly logPath: string | undefined;
  /** Undefined: this machine. */
  readonly agent: AgentOptions | undefined;
  /** Print totals and exit. */
  readonly totals: TotalsWish | undefined;
}

/** As commander returns them. */
export interface RawSstopOptions extends RawCommonOptions {
  readonly doctor?: true;
  readonly interval?: number;
  readonly backend: SstopOptions['backend'];
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

export function sstopOptionsOf(raw: RawSstopOptions, url: string | undefined): SstopOptions {
  return {
    ...commonOptionsOf(raw),
    doctor: raw.doctor === true,
    intervalMillis: raw.interval,
    backend: raw.backend,
    interfaceName: raw.interface,
    filter: raw.filter ?? '',
    sort: raw.sort,
    loopback: raw.loopback,
    dns: raw.dns,
    sniff: raw.sniff,
    geoipPath: raw.geoip,
    logPath: raw.log,
    totals:
      raw.totals === undefined
        ? undefined
        : { period: raw.totals === true ? 'day' : raw.totals, by: raw.by ?? 'program' },
    agent:
      url === undefined && raw.profile === undefined
        ? undefined
        : { url, profile: raw.profile, ...agentAccessOf(raw) },
  };
}

/** The options of a usual start, whose command line needs no parser; undefined: it does. */
export function usualSstopOptions(argv: readonly string[]): SstopOptions | undefined {
  return argv.length === 0 ? sstopOptionsOf({ color: 'auto', backend: 'auto' }, undefined) : undefined;
}
