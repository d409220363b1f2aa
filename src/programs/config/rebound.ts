import { FIXED_CHORD } from './chord.ts';

/** A line of a keymap, as far as its chords go. */
interface Rebindable<Action extends string> {
  readonly action: Action;
  readonly chords: readonly string[];
}

/**
 * A keymap with the chords of a configuration. A chord that was given to one action is taken from the others that
 * can be asked for beside it; bindings and groups that have none left are left out, so that help and footer show
 * what works. The chord that always quits stays where it is.
 */
export function rebound<
  Action extends string,
  Binding extends Rebindable<Action>,
  Group extends { readonly bindings: readonly Binding[] },
>(
  groups: readonly Group[],
  keys: ReadonlyMap<Action, readonly string[]>,
  areTogether: (one: Action, other: Action) => boolean = () => true,
): readonly Group[] {
  if (keys.size === 0) return groups;
  const isTaken = (chord: string, action: Action): boolean => {
    for (const [other, chords] of keys) {
      if (other !== action && chords.includes(chord) && areTogether(action, other)) return true;
    }
    return false;
  };
  return groups
    .map((group) => ({
      ...group,
      bindings: group.bindings
        .map((binding) => ({ ...binding, chords: chordsOf(binding, keys.get(binding.action), isTaken) }))
        .filter(({ chords }) => chords.length > 0),
    }))
    .filter(({ bindings }) => bindings.length > 0);
}

function chordsOf<Action extends string>(
  binding: Rebindable<Action>,
  own: readonly string[] | undefined,
  isTaken: (chord: string, action: Action) => boolean,
): readonly string[] {
  const { action, chords } = binding;
  if (own === undefined) return chords.filter((chord) => !isTaken(chord, action));
  return chords.includes(FIXED_CHORD) ? [...own, FIXED_CHORD] : own;
}
