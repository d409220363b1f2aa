import type { Grouping } from '../../data/sample/process-table.ts';
import type { RateUnits } from '../../kit/text/format.ts';
import type { ShellName } from './completion.ts';

/** Result of parsing a command line: run with options, or print `text` and exit with `exitCode`. */
export type Invocation<Options> =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: 0 | 2 };

export const COLOR_NAMES = ['auto', 'truecolor', '256', '16', 'never'] as const;

/** Facts that the command lines of sstop and socktop get from elsewhere. */
export interface ScreenVocabulary {
  readonly version: string;
  /** The default first. */
  readonly themeNames: readonly string[];
}

/** Options that sstop and socktop share. Undefined: not given. */
export type CommonOptions = Readonly<ReturnType<typeof commonOptionsOf>>;

/** Options for connecting to an agent: trust and token. */
export interface AgentAccess {
  /** PEM file with the trusted certificates. */
  readonly tlsCaPath: string | undefined;
  readonly verifyHostname: boolean;
  readonly tokenFile: string | undefined;
  /** Over ssh: the folder there with the history; undefined: the agent's own place, or none is asked for. */
  readonly historyFolder?: string | undefined;
}

/** Options as commander returns them. */
export interface RawCommonOptions extends RawHistoryOptions, RawLookBack {
  readonly json?: true;
  readonly csv?: true;
  readonly once?: true;
  readonly duration?: number;
  readonly record?: string;
  readonly playback?: string;
  readonly theme?: string;
  readonly color: (typeof COLOR_NAMES)[number] | false;
  readonly ascii?: boolean;
  readonly mouse?: boolean;
  readonly units?: RateUnits;
  readonly group?: Grouping;
  readonly tlsCa?: string;
  readonly verifyHostname?: true;
  readonly tokenFile?: string;
  readonly completions?: ShellName;
}

/** Options that need no parser: what each gives, or what it makes of the word behind it (undefined: not accepted). */
export type UsualOptions<Raw> = Readonly<
  Record<string, Partial<Raw> | ((text: string) => Partial<Raw> | undefined)>
>;

/** Of sstop and socktop. */
export const USUAL_SCREEN_OPTIONS: UsualOptions<RawCommonOptions & { readonly sniff?: boolean }> = {
  '--sniff': { sniff: true },
  '--no-sniff': { sniff: false },
  '--ascii': { ascii: true },
  '--no-ascii': { ascii: false },
  '--mouse': { mouse: true },
  '--no-mouse': { mouse: false },
};

/** What commander makes of usual options alone, without loading it (2 ms); undefined: there is something else. */
export function usualRaw<Raw>(argv: readonly string[], usual: UsualOptions<Raw>): Partial<Raw> | undefined {
  let raw: Partial<Raw> = {};
  for (let at = 0; at < argv.length; at++) {
    const name = argv[at]!;
    const known = Object.hasOwn(usual, name) ? usual[name] : undefined;
    const given = typeof known === 'function' ? known(argv[++at] ?? '') : known;
    if (given === undefined) return undefined;
    raw = { ...raw, ...given };
  }
  return raw;
}

export function agentAccessOf(raw: RawCommonOptions): AgentAccess {
  return {
    tlsCaPath: raw.tlsCa,
    verifyHostname: raw.verifyHostname === true,
    tokenFile: raw.tokenFile,
    historyFolder: raw.history,
  };
}

export function commonOptionsOf(raw: RawCommonOptions) {
  const once = raw.once === true;
  const streamed = raw.json === true ? ('json' as const) : raw.csv === true ? ('csv' as const) : undefined;
  return {
    output: streamed ?? (once ? ('table' as const) : ('screen' as const)),
    /** One snapshot with rates, then exit. */
    once,
    /** Undefined: until stopped. */
    durationMillis: raw.duration,
    recordPath: raw.record,
    playbackPath: raw.playback,
    /** A history to write, or to look back in. */
    history: historyOptionsOf(raw),
    /** Undefined: the present is shown. */
    lookBack: lookBackOf(raw),
    /** One of the vocabulary's names. */
    theme: raw.theme,
    color: raw.color === false ? ('never' as const) : raw.color,
    ascii: raw.ascii,
    mouse: raw.mouse,
    units: raw.units,
    /** Undefined: one row per process. */
    groupBy: raw.group,
  };
}

/** A history to write: its folder and limits. */
export type HistoryOptions = Readonly<NonNullable<ReturnType<typeof historyOptionsOf>>>;

/** As commander returns them. */
export interface RawHistoryOptions {
  readonly history?: string;
  readonly historySize?: number;
  readonly historyAge?: number;
  readonly historyInterval?: number;
}

const HISTORY_SIZE_BYTES = 256 << 20;
const HISTORY_AGE_MILLIS = 7 * 86_400_000;
const HISTORY_INTERVAL_MILLIS = 10_000;

/** Undefined: no history. */
export function historyOptionsOf(raw: RawHistoryOptions) {
  if (raw.history === undefined) return undefined;
  return {
    path: raw.history,
    sizeBytes: raw.historySize ?? HISTORY_SIZE_BYTES,
    ageMillis: raw.historyAge ?? HISTORY_AGE_MILLIS,
    intervalMillis: raw.historyInterval ?? HISTORY_INTERVAL_MILLIS,
  };
}

/** A look back in a history, times in milliseconds since 1970. */
export interface LookBack {
  readonly atMillis: number;
  /** Undefined: until the end of the history. */
  readonly untilMillis: number | undefined;
  /** Print who used the most between the two times, instead of the data. */
  readonly top: boolean;
}

/** As commander returns them. */
export interface RawLookBack {
  readonly at?: number;
  readonly until?: number;
  readonly top?: true;
}

function lookBackOf({ at, until, top }: RawLookBack): LookBack | undefined {
  if (at === undefined) return undefined;
  return { atMillis: at, untilMillis: until, top: top === true };
}
