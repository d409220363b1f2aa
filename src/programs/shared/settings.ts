import type { FilterNames } from '../../data/query/filter/filter-context.ts';
import type { FilterExpression } from '../../data/query/filter/filter-expression.ts';
import type { SortKey } from '../../data/query/process-fields.ts';
import type { System } from '../../data/sample/platform.ts';
import { toOpError } from '../../kit/errors/op-error.ts';
import type { RateUnits } from '../../kit/text/format.ts';
import { isThemeName, type Theme, themeWith } from '../../screen/style/theme.ts';
import type { ProcessColumn } from '../../views/network/network-process-list.ts';
import {
  DEFAULT_INTERVAL_MILLIS,
  DEFAULT_SORT,
  parseInterval,
  type SstopOptions,
} from '../cli/sstop-options.ts';
import { type Config, configPath, problemText, readConfig, type Vocabulary } from '../config/config-file.ts';
import { type KeyGroup, type Keymap, keymapOf, rebound } from '../config/keymap.ts';
import { remember, remembered, statePath } from '../config/remembered.ts';
import { SOCKTOP_KEYMAP, type SocktopAction, SSTOP_KEYMAP, type SstopAction } from './keymaps.ts';
import { complain } from './messages.ts';

// Loaded for a filter, and for words of a file or an option: both lists take 0.7 ms.
const filters = () =>
  require('../../data/query/filter/parse-filter.ts') as typeof import('../../data/query/filter/parse-filter.ts');
const networkList = () =>
  require('../../views/network/network-process-list.ts') as typeof import('../../views/network/network-process-list.ts');
const machineList = () =>
  require('../../views/system/machine-process-list.ts') as typeof import('../../views/system/machine-process-list.ts');

/** What has a value whether or not it is among the options: by the configuration file, or by default. */
interface Configured
  extends Omit<Config<SortKey, ProcessColumn, AnyAction>, 'theme' | 'colors' | 'keys' | 'ascii'> {
  readonly keymap: Keymap<SstopAction>;
  readonly socktopKeymap: Keymap<SocktopAction>;
  readonly theme: Theme;
  readonly ascii: boolean;
  readonly units: RateUnits;
  /** File with the units and columns chosen by key. */
  readonly statePath: string;
}

/** Settings of sstop: command line, then configuration file, then defaults. */
export interface Settings
  extends Configured,
    Omit<SstopOptions, keyof Configured | 'doctor' | 'logPath' | 'totals'> {}

/** The file serves both programs; an action of both has one name. */
type AnyAction = SstopAction | SocktopAction;

function actionsOf<A extends string>(groups: readonly KeyGroup<A>[]): ReadonlySet<A> {
  return new Set(groups.flatMap((group) => group.bindings.map((binding) => binding.action)));
}

/** A program's keymap with the configured chords, without those of the other program's actions. */
function keymapWith<A extends AnyAction>(
  groups: readonly KeyGroup<A>[],
  keys: ReadonlyMap<AnyAction, readonly string[]>,
): Keymap<A> {
  if (keys.size === 0) return keymapOf(groups);
  const actions = actionsOf(groups);
  const isOwn = (action: AnyAction): action is A => (actions as ReadonlySet<string>).has(action);
  const own = new Map<A, readonly string[]>();
  for (const [action, chords] of keys) if (isOwn(action)) own.set(action, chords);
  return keymapOf(rebound(groups, own));
}

const PROGRAM_KEYMAPS: readonly (readonly KeyGroup<AnyAction>[])[] = [SSTOP_KEYMAP, SOCKTOP_KEYMAP];

/** The words of the configuration file. */
export const SSTOP_VOCABULARY: Vocabulary<SortKey, ProcessColumn, AnyAction> = {
  // All of them only where there is a file.
  get sorts() {
    return networkList().PROCESS_SORT_KEYS;
  },
  get columns() {
    return networkList().PROCESS_COLUMN_IDS;
  },
  get socktopColumns() {
    return machineList().MACHINE_COLUMN_IDS;
  },
  get actions() {
    return [...new Set(PROGRAM_KEYMAPS.flatMap((groups) => [...actionsOf(groups)]))];
  },
  areTogether: (one, other) =>
    PROGRAM_KEYMAPS.map(actionsOf).some((actions) => actions.has(one) && actions.has(other)),
  parseInterval,
  intervalHint: '100ms to 10s, such as 500ms or 1s',
  defaults: { intervalMillis: DEFAULT_INTERVAL_MILLIS, sort: DEFAULT_SORT },
};

/** Reads the configuration file; each error is one line in `problems`, and the rest applies. */
export async function readSettings(
  options: SstopOptions,
  environment: Readonly<Record<string, string | undefined>>,
  system: System,
): Promise<{ readonly settings: Settings; readonly problems: readonly string[] }> {
  const path = configPath(system.configFolder(environment));
  const { config, problems } = await readConfig(path, SSTOP_VOCABULARY);
  const { theme: _theme, colors, keys, ascii, ...configured } = config;
  const { theme: themeName = config.theme } = options;
  const { doctor: _doctor, logPath: _logPath, totals: _totals, ...asked } = options;
  const chosenPath = statePath(system.stateFolder(environment));
  const chosen = remembered(chosenPath, SSTOP_VOCABULARY);
  const settings: Settings = {
    ...asked,
    ...configured,
    units: options.units ?? chosen.units ?? 'bytes',
    statePath: chosenPath,
    intervalMillis: options.intervalMillis ?? config.intervalMillis,
    sort: sortOf(options) ?? config.sort,
    loopback: options.loopback ?? config.loopback,
    dns: options.dns ?? config.dns,
    // A history contains names only if they are requested.
    sniff: options.sniff ?? (options.history === undefined && config.sniff),
    socktopColumns: config.socktopColumns ?? chosen.socktopColumns,
    keymap: keymapWith(SSTOP_KEYMAP, keys),
    socktopKeymap: keymapWith(SOCKTOP_KEYMAP, keys),
    theme: themeWith(isThemeName(themeName) ? themeName : config.theme, colors),
    ascii: options.ascii ?? ascii ?? isAsciiTerminal(system.terminalEnvironment(environment)),
    mouse: options.mouse ?? config.mouse,
  };
  return { settings, problems: problems.map(problemText) };
}

/** Saves choices made by keys for the next start. Returns an error in one line, or undefined. */
export function saveChosen(
  { statePath: path }: Pick<Settings, 'statePath'>,
  {
    units,
    columns,
  }: { readonly units?: RateUnits | undefined; readonly columns?: readonly string[] | undefined },
): string | undefined {
  if (units === undefined && columns === undefined) return undefined;
  try {
    remember(path, {
      ...(units === undefined ? {} : { units }),
      ...(columns === undefined ? {} : { 'socktop-columns': columns }),
    });
    return undefined;
  } catch (thrown) {
    return `units and columns are not remembered: ${toOpError(`write ${path}`, thrown).message}`;
  }
}

/** The sort key of the command line, which was checked; undefined: none. */
function sortOf({ sort }: SstopOptions): SortKey | undefined {
  return sort === undefined ? undefined : SSTOP_VOCABULARY.sorts.find((key) => key === sort);
}

/**
 * Whether only ASCII is safe: the locale is not UTF-8 (POSIX: LC_ALL, then LC_CTYPE, then LANG), or the Linux console,
 * whose font lacks blocks and braille.
 */
function isAsciiTerminal(environment: Readonly<Record<string, string | undefined>>): boolean {
  if (environment['TERM'] === 'linux') return true;
  const chosen = [environment['LC_ALL'], environment['LC_CTYPE'], environment['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return !/utf-?8/i.test(chosen ?? '');
}

/** The filter of the command line; undefined: invalid, and the error was printed. */
export function readFilterOption(
  { filter }: Pick<Settings, 'filter'>,
  names: FilterNames,
): FilterExpression | undefined {
  const parsed = filters().parseFilter(filter, names);
  if (!('error' in parsed)) return parsed.filter;
  complain('sstop', `option '--filter <expression>': ${parsed.error.message}`);
  return undefined;
}
