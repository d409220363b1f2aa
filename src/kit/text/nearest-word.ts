/** Edits beyond which two words have nothing to do with each other. */
const EDITS_MOST = 2;
const LONGEST = 40;

/** Of the accepted words the one that was probably meant, at most two typing errors away; undefined: none. */
export function nearestWord(word: string, accepted: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const most = Math.min(EDITS_MOST, Math.floor(word.length / 2));
  let nearest: string | undefined;
  let least = most + 1;
  for (const each of accepted) {
    const edits = editsBetween(word, each);
    if (edits >= least) continue;
    least = edits;
    nearest = each;
  }
  return nearest;
}

/** `: did you mean WORD?` behind a word that is not accepted; empty where none is near. Case does not matter. */
export function suggestion(word: string, accepted: readonly string[]): string {
  const nearest = nearestWord(word.toLowerCase(), accepted);
  return nearest === undefined ? '' : `: did you mean ${nearest}?`;
}

/** Levenshtein's distance: how many characters are to be inserted, removed or replaced. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 0; i < one.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const replaced = row[j]! + (one[i] === other[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
