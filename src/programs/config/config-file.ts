import { join } from 'node:path';
import type { AlertRule } from '../../data/alerts/alert-rule.ts';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { readWhole } from '../../kit/files/user-file.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import type { Recoloring } from '../../screen/style/palette.ts';
import { THEME_NAMES, type ThemeName } from '../../screen/style/theme.ts';

/** What config.yaml asks for, with the default where it is silent. */
export interface Config<Sort extends string, Column extends string, Action extends string> {
  readonly theme: ThemeName;
  /** Colours that go before the theme's. */
  readonly colors: Recoloring;
  readonly intervalMillis: number;
  readonly sort: Sort;
  /** Columns of the process table in their order, at least one. */
  readonly columns: readonly Column[];
  /** The same of socktop. */
  readonly socktopColumns: readonly string[];
  /** Chords in place of an action's own; an empty list unbinds it. */
  readonly keys: ReadonlyMap<Action, readonly string[]>;
  readonly dns: boolean;
  readonly sniff: boolean;
  /** Undefined: no alert. */
  readonly alertBytesPerSecond: number | undefined;
  /** Rules about a machine; empty: none. */
  readonly alerts: readonly AlertRule[];
  readonly mouse: boolean;
  /** Undefined: by locale and terminal. */
  readonly ascii: boolean | undefined;
  readonly loopback: boolean;
}

/** The words that a program knows, and its defaults: this folder knows no program. */
export interface Vocabulary<Sort extends string, Column extends string, Action extends string> {
  readonly sorts: readonly Sort[];
  readonly columns: readonly Column[];
  readonly socktopColumns: readonly string[];
  readonly actions: readonly Action[];
  /** Milliseconds; undefined for what is no interval or out of bounds. */
  readonly parseInterval: (text: string) => number | undefined;
  /** What parseInterval accepts, for messages: `100ms to 10s, such as 500ms or 1s`. */
  readonly intervalHint: string;
  /** Whether two actions can be asked for on the same view, so that they need different chords; without it all can. */
  readonly areTogether?: (one: Action, other: Action) => boolean;
  readonly defaults: {
    readonly intervalMillis: number;
    readonly sort: Sort;
    readonly columns: readonly Column[];
    readonly socktopColumns: readonly string[];
  };
}

/** The configuration of somebody who has no file. */
export function defaultConfig<Sort extends string, Column extends string, Action extends string>(
  vocabulary: Vocabulary<Sort, Column, Action>,
): Config<Sort, Column, Action> {
  return {
    theme: THEME_NAMES[0],
    colors: new Map(),
    ...vocabulary.defaults,
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

/** A configuration as far as it could be understood, and what could not. */
export interface ReadConfig<Sort extends string, Column extends string, Action extends string> {
  readonly config: Config<Sort, Column, Action>;
  readonly problems: readonly ConfigProblem[];
}

/** Something in a configuration file that does not apply. */
export interface ConfigProblem {
  readonly fileName: string;
  /** From 1; undefined: it is about the whole file. */
  readonly place: { readonly line: number; readonly column: number } | undefined;
  /** Without a full stop at its end. */
  readonly message: string;
}

/** One line for people, without anything that a terminal would obey: `config.yaml:3:9: unknown theme 'x'. ...`. */
export function problemText(problem: ConfigProblem): string {
  const { fileName, place, message } = problem;
  const where = place === undefined ? fileName : `${fileName}:${place.line}:${place.column}`;
  return sanitizeLine(`${where}: ${message}`);
}

/** A longer file is no configuration: characters, and bytes before they are read. */
export const MAX_CONFIG_LENGTH = 256 * 1024;

const FILE = 'config.yaml';

/** `config.yaml` in the folder of the configuration. */
export function configPath(folder: string): string {
  return join(folder, FILE);
}

/**
 * Reads a configuration file, and only reads it. No file is no problem; one that cannot be read is one problem, and
 * the defaults apply. Never rejects.
 */
export async function readConfig<Sort extends string, Column extends string, Action extends string>(
  path: string,
  vocabulary: Vocabulary<Sort, Column, Action>,
): Promise<ReadConfig<Sort, Column, Action>> {
  try {
    const text = decoded(readWhole(path, MAX_CONFIG_LENGTH));
    // The language of the file is much code, which nobody needs who has no file.
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
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a directory, not a file',
  ELOOP: 'is a symbolic link loop',
  NOT_A_FILE: 'is not a regular file',
  TOO_LONG: `longer than ${MAX_CONFIG_LENGTH / 1024} KiB`,
  NOT_UTF8: 'is not UTF-8 text',
};

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new OpError({ op: 'decode', code: 'NOT_UTF8', cause });
  }
}
