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
    socktopColumns: vocabulary.socktopColumns,
    keys: new Map(),
    dns: true,
    alertBytesPerSecond: undefined,
    mouse: true,
    ascii: undefined,
    loopback: false,
  };
}
