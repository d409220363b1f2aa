/** Values that need no quotes. */
const PLAIN_VALUE = /^[\w.@:-]+$/;

/** A filter for what belongs to the control group of this very name; empty: to none that is known. */
export function groupFilterText(name: string): string {
  const text = name.toLowerCase();
  return `group=${PLAIN_VALUE.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`}`;
}
