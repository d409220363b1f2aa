/** Sum of what is known: NaN (unknown) only if both are. */
export function knownSum(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : a + b;
}
