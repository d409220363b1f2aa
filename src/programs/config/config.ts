import { parseRate, RATE_HINT } from '../../kit/text/units.ts';
import { PALETTE_ENTRIES, type PaletteEntry } from '../../screen/style/palette.ts';
import { type Color, DEFAULT_COLOR, rgb } from '../../screen/style/style.ts';
import { THEME_NAMES } from '../../screen/style/theme.ts';
import { alertRulesOf, knownEntries, mapOf, wordOf } from './config-entries.ts';
import { type Config, defaultConfig, type ReadConfig, type Vocabulary } from './config-file.ts';
import { QUIT_CHORD, readChord } from './keymap.ts';
import { described, isNothing, quoted, type Value, YamlFile } from './yaml-file.ts';

/** Keys of the file, in the order of the documentation. */
export const CONFIG_KEYS = [
  'theme',
  'colors',
  'interval',
  'sort',
  'columns',
  'socktop-columns',
  'keys',
  'dns',
  'sniff',
  'alert',
  'alerts',
  'mouse',
  'ascii',
  'loopback',
] as const;

type ConfigKey = (typeof CONFIG_KEYS)[number];
type Draft<Sort extends string, Column extends string, Action extends string> = {
  -readonly [Name in keyof Config<Sort, Column, Action>]: Config<Sort, Column, Action>[Name];
};

/** Parses the text of config.yaml. Never throws: each error is a problem with its position, and the rest applies. */
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

/** Applies one key; an invalid or empty value changes nothing. */
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
    case 'alerts':
      config.alerts = alertRulesOf(file, value);
      break;
    case 'ascii':
      config.ascii = isText(value, 'auto') ? undefined : booleanOf(file, value, 'true, false, auto');
      break;
    default:
      config[key] = booleanOf(file, value, 'true, false') ?? config[key];
  }
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
  return readKeys(file, entries, vocabulary.areTogether);
}

function isText(value: Value, text: string): boolean {
  return value.kind === 'text' && value.text === text;
}

/** Limit of chords per action. */
const MAX_CHORDS = 8;

/** The chords of each action: one, a list, or `none`. Refused chords are reported, the others apply. */
function readKeys<Action extends string>(
  file: YamlFile,
  entries: readonly (readonly [Action, Value])[],
  areTogether: (one: Action, other: Action) => boolean,
): ReadonlyMap<Action, readonly string[]> {
  const keys = new Map<Action, readonly string[]>();
  for (const [action, value] of entries) {
    const ownerOf = (chord: string): Action | undefined => {
      for (const [other, chords] of keys) {
        if (chords.includes(chord) && areTogether(action, other)) return other;
      }
      return undefined;
    };
    const chords = chordsOf(file, value, ownerOf);
    if (chords !== undefined) keys.set(action, chords);
  }
  return keys;
}

/** Undefined if no chord is usable; the action then keeps its default. */
function chordsOf(
  file: YamlFile,
  value: Value,
  takenBy: (chord: string) => string | undefined,
): readonly string[] | undefined {
  if (value.kind === 'text' && value.text === 'none') return [];
  const items = value.kind === 'list' ? value.items : [value];
  const chords = new Set<string>();
  for (const item of items.slice(0, MAX_CHORDS)) {
    const chord = chordOf(file, item, takenBy);
    if (chord !== undefined) chords.add(chord);
  }
  const excess = items[MAX_CHORDS];
  if (excess !== undefined) file.report(excess.offset, `more than ${MAX_CHORDS} chords for an action`);
  return chords.size > 0 || items.length === 0 ? [...chords] : undefined;
}

function chordOf(
  file: YamlFile,
  value: Value,
  takenBy: (chord: string) => string | undefined,
): string | undefined {
  if (value.kind !== 'text' || value.text === '') {
    file.report(value.offset, `expected a chord or none, found ${described(value)}`);
    return undefined;
  }
  const reading = readChord(value.text);
  if ('refusal' in reading) {
    file.report(value.offset, `invalid chord ${quoted(value.text)}. ${reading.refusal}`);
    return undefined;
  }
  const { chord } = reading;
  if (chord === QUIT_CHORD) {
    file.report(value.offset, `${quoted(chord)} always quits and cannot be reassigned`);
    return undefined;
  }
  const other = takenBy(chord);
  if (other === undefined) return chord;
  file.report(value.offset, `${quoted(chord)} is already assigned to ${quoted(other)}`);
  return undefined;
}
