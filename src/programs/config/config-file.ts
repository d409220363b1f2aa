import { join } from 'node:path';
import type { AlertRule } from '../../data/alerts/alert-rule.ts';
import { FILE_REASONS, toOpError } from '../../kit/errors/op-error.ts';
import { readWhole, utf8Of } from '../../kit/files/user-file.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import type { Recoloring } from '../../screen/style/palette.ts';
import { THEME_NAMES, type ThemeName } from '../../screen/style/theme.ts';

/** Content of config.yaml, with defaults for missing keys. */
export interface Config<Sort extends string, Column extends string, Action extends string> {
  readonly theme: ThemeName;
  /** Colours that override the theme. */
  readonly colors: Recoloring;
  readonly intervalMillis: number;
  readonly sort: Sort;
  /** Columns of sstop's process table in order, at least one; undefined: the usual ones. */
  readonly columns: readonly Column[] | undefined;
  /** Columns of socktop's process table, likewise. */
  readonly socktopColumns: readonly string[] | undefined;
  /** Chords that replace those of an action; an empty list unbinds it. */
  readonly keys: ReadonlyMap<Action, readonly string[]>;
  readonly dns: boolean;
  readonly sniff: boolean;
  /** Undefined: no alert. */
  readonly alertBytesPerSecond: number | undefined;
  /** Alert rules of a machine. */
  readonly alerts: readonly AlertRule[];
  readonly mouse: boolean;
  /** Undefined: by locale and terminal. */
  readonly ascii: boolean | undefined;
  readonly loopback: boolean;
}

/** The words that a program accepts, and its defaults. This folder does not depend on a program. */
export interface Vocabulary<Sort extends string, Column extends string, Action extends string> {
  readonly sorts: readonly Sort[];
  readonly columns: readonly Column[];
  readonly socktopColumns: readonly string[];
  readonly actions: readonly Action[];
  /** Parses an interval to milliseconds; undefined: invalid or out of range. */
  readonly parseInterval: (text: string) => number | undefined;
  /** Accepted intervals, for messages: `100ms to 10s, such as 500ms or 1s`. */
  readonly intervalHint: string;
  /** Whether two actions can occur on the same view and need different chords. */
  readonly areTogether: (one: Action, other: Action) => boolean;
  readonly defaults: {
    readonly intervalMillis: number;
    readonly sort: Sort;
  };
}

/** The configuration without a file. */
export function defaultConfig<Sort extends string, Column extends string, Action extends string>(
  vocabulary: Vocabulary<Sort, Column, Action>,
): Config<Sort, Column, Action> {
  return {
    theme: THEME_NAMES[0],
    colors: new Map(),
    ...vocabulary.defaults,
    columns: undefined,
    socktopColumns: undefined,
    keys: new Map(),
    dns: true,
    sniff: true,
    alertBytesPerSecond: undefined,
    alerts: [],
    mouse: true,
    ascii: undefined,
    loopback: false,
  };
}

/** The valid part of a configuration, and its problems. */
export interface ReadConfig<Sort extends string, Column extends string, Action extends string> {
  readonly config: Config<Sort, Column, Action>;
  readonly problems: readonly ConfigProblem[];
}

export interface ConfigProblem {
  readonly fileName: string;
  /** Line from 1; undefined: the whole file. */
  readonly place: { readonly line: number; readonly column: number } | undefined;
  /** Without a full stop at the end. */
  readonly message: string;
}

/** Formats a problem as one line without control characters: `config.yaml:3:9: unknown theme 'x'. ...`. */
export function problemText(problem: ConfigProblem): string {
  const { fileName, place, message } = problem;
  const where = place === undefined ? fileName : `${fileName}:${place.line}:${place.column}`;
  return sanitizeLine(`${where}: ${message}`);
}

/** Maximum length of a file: in characters, and in bytes before it is read. */
export const MAX_CONFIG_LENGTH = 256 * 1024;

const FILE = 'config.yaml';

/** Path of `config.yaml` in the configuration folder. */
export function configPath(folder: string): string {
  return join(folder, FILE);
}

/** Reads a configuration file. None is no problem; an unreadable one is one, with the defaults. Never rejects. */
export async function readConfig<Sort extends string, Column extends string, Action extends string>(
  path: string,
  vocabulary: Vocabulary<Sort, Column, Action>,
): Promise<ReadConfig<Sort, Column, Action>> {
  try {
    const text = utf8Of(readWhole(path, MAX_CONFIG_LENGTH));
    // Loaded only if there is a file, because the YAML parser is large.
    const { parseConfig } = await import('./config.ts');
    return parseConfig(text, path, vocabulary);
  } catch (thrown) {
    const { code } = toOpError('read', thrown);
    const config = defaultConfig(vocabulary);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { config, problems: [] };
    const message = `${REASONS[code] ?? `cannot be read (${code})`}; the file is ignored`;
    return { config, problems: [{ fileName: path, place: undefined, message }] };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ...FILE_REASONS,
  TOO_LONG: `longer than ${MAX_CONFIG_LENGTH / 1024} KiB`,
};
