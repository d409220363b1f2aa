import { QUIT_CHORD, readChord } from './chord.ts';
import { described, quoted, type Value, type YamlFile } from './yaml-file.ts';

/** Limit of chords per action. */
const MAX_CHORDS = 8;

/** The chords of each action: one, a list, or `none`. Refused chords are reported, the others apply. */
export function readKeys<Action extends string>(
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
