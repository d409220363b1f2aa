import { system } from '../platforms/index.ts';
import type { SortKey } from '../src/data/query/process-fields.ts';
import type { COLOR_NAMES } from '../src/programs/cli/common-options.ts';
import { parseDurationMillis } from '../src/programs/cli/duration.ts';
import {
  type AgentOptions,
  DEFAULT_INTERVAL_MILLIS,
  INTERVAL_MAX_MILLIS,
  INTERVAL_MIN_MILLIS,
  type SstopOptions,
} from '../src/programs/cli/sstop-command.ts';
import type { Vocabulary } from '../src/programs/config/config.ts';
import { problemText } from '../src/programs/config/config-problem.ts';
import {
  type KeyBinding,
  type KeyGroup,
  type Keymap as KeymapOf,
  keymapOf,
} from '../src/programs/config/keymap.ts';
import { configPath, readConfig } from '../src/programs/config/read-config.ts';
import { rebound } from '../src/programs/config/rebound.ts';
import {
  SOCKTOP_KEYMAP,
  type Action as SocktopAction,
  type Keymap as SocktopKeymap,
} from '../src/programs/socktop/socktop-keymap.ts';
import { type Action, KEYMAP, type Keymap } from '../src/programs/sstop/sstop-keymap.ts';
import type { Theme } from '../src/screen/style/theme.ts';
import { isThemeName, themeWith } from '../src/screen/style/theme.ts';
import {
  PROCESS_COLUMN_IDS,
  PROCESS_SORT_KEYS,
  type ProcessColumn,
} from '../src/views/network/network-process-list.ts';
import { MACHINE_COLUMN_IDS } from '../src/views/system/machine-process-list.ts';
import { isAsciiTerminal } from './locale.ts';

/** What the program does: the command line, else the configuration file, else the defaults. */
export interface Settings {
  readonly output: SstopOptions['output'];
  readonly once: boolean;
  readonly intervalMillis: number;
  readonly durationMillis: number | undefined;
  readonly backend: SstopOptions['backend'];
  readonly interfaceName: string | undefined;
  readonly filter: string;
  readonly sort: SortKey;
  readonly loopback: boolean;
  readonly dns: boolean;
  readonly geoipPath: string | undefined;
  readonly recordPath: string | undefined;
  readonly playbackPath: string | undefined;
  readonly alertBytesPerSecond: number | undefined;
  readonly columns: readonly ProcessColumn[];
  readonly keymap: Keymap;
  /** Of the other program, from the same file. */
  readonly socktopColumns: readonly string[];
  readonly socktopKeymap: SocktopKeymap;
  readonly theme: Theme;
  readonly color: (typeof COLOR_NAMES)[number];
  readonly ascii: boolean;
  readonly mouse: boolean;
  /** Undefined: this machine, or a recording. */
  readonly agent: AgentOptions | undefined;
}

function parseInterval(text: string): number | undefined {
  const millis = parseDurationMillis(text);
  return millis !== undefined && millis >= INTERVAL_MIN_MILLIS && millis <= INTERVAL_MAX_MILLIS
    ? millis
    : undefined;
}

/** The file is for both programs; an action that both have is one word. */
type AnyAction = Action | SocktopAction;
const SSTOP_ACTIONS = actionsOf<AnyAction>(KEYMAP);
const SOCKTOP_ACTIONS = actionsOf<AnyAction>(SOCKTOP_KEYMAP);

function actionsOf<A extends string>(groups: readonly KeyGroup<A>[]): ReadonlySet<A> {
  return new Set(groups.flatMap((group) => group.bindings.map((binding) => binding.action)));
}

/** A program's keymap with the chords of the configuration, those of the other program's own actions left aside. */
function keymapWith<A extends AnyAction>(
  groups: readonly KeyGroup<A>[],
  keys: ReadonlyMap<AnyAction, readonly string[]>,
): KeymapOf<A> {
  const actions = actionsOf(groups);
  const isOwn = (action: AnyAction): action is A => (actions as ReadonlySet<string>).has(action);
  const own = new Map<A, readonly string[]>();
  for (const [action, chords] of keys) if (isOwn(action)) own.set(action, chords);
  return keymapOf(rebound<A, KeyBinding<A>, KeyGroup<A>>(groups, own));
}

/** The words of the configuration file. */
export const SSTOP_VOCABULARY: Vocabulary<SortKey, ProcessColumn, AnyAction> = {
  sorts: PROCESS_SORT_KEYS,
  columns: PROCESS_COLUMN_IDS,
  socktopColumns: MACHINE_COLUMN_IDS,
  actions: [...new Set<AnyAction>([...SSTOP_ACTIONS, ...SOCKTOP_ACTIONS])],
  areTogether: (one, other) =>
    [SSTOP_ACTIONS, SOCKTOP_ACTIONS].some((actions) => actions.has(one) && actions.has(other)),
  parseInterval,
  intervalHint: '100ms to 10s, such as 500ms or 1s',
  defaults: {
    intervalMillis: DEFAULT_INTERVAL_MILLIS,
    sort: PROCESS_SORT_KEYS[0]!,
    columns: PROCESS_COLUMN_IDS,
  },
};

/** Reads the configuration file; what is wrong in it is one line each in `problems`, and the rest holds. */
export function readSettings(
  options: SstopOptions,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly settings: Settings; readonly problems: readonly string[] } {
  const { config, problems } = readConfig(configPath(system.configFolder(environment)), SSTOP_VOCABULARY);
  const { theme: themeName = config.theme } = options;
  const { doctor: _doctor, logPath: _logPath, ...asked } = options;
  const settings: Settings = {
    ...asked,
    intervalMillis: options.intervalMillis ?? config.intervalMillis,
    sort: PROCESS_SORT_KEYS.find((key) => key === options.sort) ?? config.sort,
    loopback: options.loopback ?? config.loopback,
    dns: options.dns ?? config.dns,
    alertBytesPerSecond: config.alertBytesPerSecond,
    columns: config.columns,
    socktopColumns: config.socktopColumns,
    keymap: keymapWith(KEYMAP, config.keys),
    socktopKeymap: keymapWith(SOCKTOP_KEYMAP, config.keys),
    theme: themeWith(isThemeName(themeName) ? themeName : config.theme, config.colors),
    ascii: options.ascii ?? config.ascii ?? isAsciiTerminal(system.terminalEnvironment(environment)),
    mouse: options.mouse ?? config.mouse,
  };
  return { settings, problems: problems.map(problemText) };
}
