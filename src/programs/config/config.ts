import { join } from 'node:path';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { readWhole } from '../../kit/files/user-file.ts';
import { parseRate, RATE_HINT } from '../../kit/text/units.ts';
import { type Color, DEFAULT_COLOR, rgb } from '../../screen/style/color.ts';
import { PALETTE_ENTRIES, type PaletteEntry, type Recoloring } from '../../screen/style/palette.ts';
import { THEME_NAMES, type ThemeName } from '../../screen/style/theme.ts';
import { readKeys } from './configured-keys.ts';
import {
  type ConfigProblem,
  described,
  type Entry,
  MAX_CONFIG_LENGTH,
  quoted,
  type Value,
  YamlFile,
} from './yaml-file.ts';

/** Settings of config.yaml, with defaults. */
interface Config<Sort extends string, Column extends string, Action extends string> {
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
  /** Undefined: no alert. */
  readonly alertBytesPerSecond: number | undefined;
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
  /** Returns milliseconds; undefined: not an interval, or out of range. */
  readonly parseInterval: (text: string) => number | undefined;
  /** What parseInterval accepts, for messages: `100ms to 10s, such as 500ms or 1s`. */
  readonly intervalHint: string;
  /** Whether two actions are available on the same view and so need different chords; without it: always. */
  readonly areTogether?: (one: Action, other: Action) => boolean;
  readonly defaults: {
    readonly intervalMillis: number;
    readonly sort: Sort;
    readonly columns: readonly Column[];
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
    socktopColumns: vocabulary.socktopColumns,
    keys: new Map(),
    dns: true,
    alertBytesPerSecond: undefined,
    mouse: true,
    ascii: undefined,
    loopback: false,
  };
}

/** A configuration as far as it could be understood, and what could not. */
interface ReadConfig<Sort extends string, Column extends string, Action extends string> {
  readonly config: Config<Sort, Column, Action>;
  readonly problems: readonly ConfigProblem[];
}

/** The keys of the file, in the order of the documentation. */
export const CONFIG_KEYS = [
  'theme',
  'colors',
  'interval',
  'sort',
  'columns',
  'socktop-columns',
  'keys',
  'dns',
  'alert',
  'mouse',
  'ascii',
  'loopback',
] as const;

type ConfigKey = (typeof CONFIG_KEYS)[number];
type Draft<Sort extends string, Column extends string, Action extends string> = {
  -readonly [Name in keyof Config<Sort, Column, Action>]: Config<Sort, Column, Action>[Name];
};

/** Reads the text of config.yaml. Never throws: whatever is wrong is a problem with its place, and the rest applies. */
export function parseConfig<Sort extends string, Column extends string, Action extends string>(
  text: string,
  fileName: string,
  vocabulary: Vocabulary<Sort, Column, Action>,
): ReadConfig<Sort, Column, Action> {
  const file = new YamlFile(fileName);
  const config: Draft<Sort, Column, Action> = { ...defaultConfig(vocabulary) };
  const root = file.parse(text);
  if (root !== undefined && root.kind !== 'map') {
    if (!isNothing(root)) file.report(root.offset, `expected keys with values, found ${described(root)}`);
  } else if (root !== undefined) {
    for (const [key, value] of knownEntries(file, root.entries, CONFIG_KEYS, 'key')) {
      applyEntry(file, config, vocabulary, key, value);
    }
  }
  return { config, problems: file.problems };
}

/** Takes in one key; one that is wrong or empty leaves what was there. */
function applyEntry<Sort extends string, Column extends string, Action extends string>(
  file: YamlFile,
  config: Draft<Sort, Column, Action>,
  vocabulary: Vocabulary<Sort, Column, Action>,
  key: ConfigKey,
  value: Value,
): void {
  switch (key) {
    case 'theme':
      config.theme = wordOf(file, value, THEME_NAMES, 'theme') ?? config.theme;
      break;
    case 'colors':
      config.colors = colorsOf(file, value);
      break;
    case 'interval':
      config.intervalMillis = intervalOf(file, value, vocabulary) ?? config.intervalMillis;
      break;
    case 'sort':
      config.sort = wordOf(file, value, vocabulary.sorts, 'sort key') ?? config.sort;
      break;
    case 'columns':
      config.columns = columnsOf(file, value, vocabulary.columns) ?? config.columns;
      break;
    case 'socktop-columns':
      config.socktopColumns = columnsOf(file, value, vocabulary.socktopColumns) ?? config.socktopColumns;
      break;
    case 'keys':
      config.keys = keysOf(file, value, vocabulary);
      break;
    case 'alert':
      config.alertBytesPerSecond = alertOf(file, value);
      break;
    case 'ascii':
      config.ascii = isText(value, 'auto') ? undefined : booleanOf(file, value, 'true, false, auto');
      break;
    default:
      config[key] = booleanOf(file, value, 'true, false') ?? config[key];
  }
}

/** The entries whose keys are known, each key once; the others are reported. */
function knownEntries<Known extends string>(
  file: YamlFile,
  entries: readonly Entry[],
  known: readonly Known[],
  what: string,
): (readonly [Known, Value])[] {
  const lines = new Map<Known, number>();
  return entries.flatMap(({ key, value }) => {
    const name = wordOf(file, key, known, what);
    if (name === undefined) return [];
    const firstLine = lines.get(name);
    if (firstLine !== undefined) {
      file.report(key.offset, `duplicate key ${quoted(name)}: the one in line ${firstLine} applies`);
      return [];
    }
    lines.set(name, file.lineOf(key.offset));
    return [[name, value] as const];
  });
}

function wordOf<Word extends string>(
  file: YamlFile,
  value: Value,
  accepted: readonly Word[],
  what: string,
): Word | undefined {
  const word = value.kind === 'text' ? accepted.find((one) => one === value.text) : undefined;
  if (word === undefined) {
    const found =
      value.kind === 'text' && value.text !== '' ? `unknown ${what} ${quoted(value.text)}` : undefined;
    file.report(
      value.offset,
      `${found ?? `expected ${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}, found ${described(value)}`}. Accepted: ${accepted.join(', ')}`,
    );
  }
  return word;
}

function booleanOf(file: YamlFile, value: Value, accepted: string): boolean | undefined {
  if (isText(value, 'true')) return true;
  if (isText(value, 'false')) return false;
  file.report(value.offset, `found ${described(value)}. Accepted: ${accepted}`);
  return undefined;
}

function intervalOf(
  file: YamlFile,
  value: Value,
  vocabulary: Pick<Vocabulary<string, string, string>, 'parseInterval' | 'intervalHint'>,
): number | undefined {
  const millis = value.kind === 'text' ? vocabulary.parseInterval(value.text) : undefined;
  if (millis === undefined) {
    file.report(value.offset, `invalid interval ${described(value)}. Accepted: ${vocabulary.intervalHint}`);
  }
  return millis;
}

function alertOf(file: YamlFile, value: Value): number | undefined {
  if (isText(value, 'none')) return undefined;
  const rate = value.kind === 'text' ? parseRate(value.text) : undefined;
  if (rate === undefined)
    file.report(value.offset, `invalid rate ${described(value)}. Accepted: ${RATE_HINT}, none`);
  return rate;
}

function columnsOf<Column extends string>(
  file: YamlFile,
  value: Value,
  accepted: readonly Column[],
): readonly Column[] | undefined {
  if (value.kind !== 'list') {
    file.report(
      value.offset,
      `expected a list such as [${accepted.slice(0, 2).join(', ')}], found ${described(value)}`,
    );
    return undefined;
  }
  const columns = new Set<Column>();
  for (const item of value.items) {
    const column = wordOf(file, item, accepted, 'column');
    if (column === undefined) continue;
    if (columns.has(column)) file.report(item.offset, `duplicate column ${quoted(column)}`);
    columns.add(column);
  }
  if (columns.size > 0) return [...columns];
  file.report(value.offset, 'no valid columns: using the defaults');
  return undefined;
}

function colorsOf(file: YamlFile, value: Value): ReadonlyMap<PaletteEntry, Color> {
  const colors = new Map<PaletteEntry, Color>();
  for (const [name, text] of knownEntries(file, mapOf(file, value), PALETTE_ENTRIES, 'colour')) {
    const color = colorOf(file, text);
    if (color !== undefined) colors.set(name, color);
  }
  return colors;
}

function colorOf(file: YamlFile, value: Value): Color | undefined {
  if (isText(value, 'default')) return DEFAULT_COLOR;
  const match = value.kind === 'text' ? /^#([0-9a-f]{6})$/i.exec(value.text) : null;
  if (match !== null) return rgb(Number.parseInt(match[1]!, 16));
  const hint = isNothing(value) ? ' (in quotes, because # starts a comment)' : '';
  file.report(value.offset, `invalid colour ${described(value)}. Accepted: '#rrggbb'${hint}, default`);
  return undefined;
}

function keysOf<Action extends string>(
  file: YamlFile,
  value: Value,
  vocabulary: Vocabulary<string, string, Action>,
): ReadonlyMap<Action, readonly string[]> {
  const entries = knownEntries(file, mapOf(file, value), vocabulary.actions, 'action');
  return readKeys(file, entries, vocabulary.areTogether ?? (() => true));
}

function mapOf(file: YamlFile, value: Value): readonly Entry[] {
  if (value.kind === 'map') return value.entries;
  if (!isNothing(value)) file.report(value.offset, `expected names with values, found ${described(value)}`);
  return [];
}

function isText(value: Value, text: string): boolean {
  return value.kind === 'text' && value.text === text;
}

function isNothing(value: Value): boolean {
  return isText(value, '');
}

const FILE = 'config.yaml';

/** `config.yaml` in the folder of the configuration. */
export function configPath(folder: string): string {
  return join(folder, FILE);
}

/**
 * Reads a configuration file, and only reads it. No file is no problem; one that cannot be read is one problem, and
 * the defaults apply. Never throws.
 */
export function readConfig<Sort extends string, Column extends string, Action extends string>(
  path: string,
  vocabulary: Vocabulary<Sort, Column, Action>,
): ReadConfig<Sort, Column, Action> {
  try {
    return parseConfig(decoded(readWhole(path, MAX_CONFIG_LENGTH)), path, vocabulary);
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
