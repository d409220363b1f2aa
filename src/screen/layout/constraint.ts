import type { Rect } from './rect.ts';

/**
 * What one part of a split asks for, in cells along the split: a fixed length, a share of the whole in percent,
 * at least so much and a share of the rest, or a share of the rest by weight.
 */
export type Constraint =
  | { readonly kind: 'length'; readonly cells: number }
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'min'; readonly cells: number }
  | { readonly kind: 'fill'; readonly weight: number };

export function length(cells: number): Constraint {
  return { kind: 'length', cells };
}

export function percent(share: number): Constraint {
  return { kind: 'percent', percent: share };
}

export function min(cells: number): Constraint {
  return { kind: 'min', cells };
}

export function fill(weight = 1): Constraint {
  return { kind: 'fill', weight };
}

/**
 * Cuts an area into as many parts as there are constraints, side by side ('horizontal') or one below the other
 * ('vertical'). The parts touch and never leave the area; what the first ask for comes first when there is too
 * little, and without a `min` or `fill` the last cells belong to nobody. For layouts, once per resize.
 */
export function split(
  area: Rect,
  direction: 'horizontal' | 'vertical',
  constraints: readonly Constraint[],
): Rect[] {
  const sizes = sizesOf(direction === 'horizontal' ? area.width : area.height, constraints);
  let at = direction === 'horizontal' ? area.x : area.y;
  return sizes.map((size) => {
    const part =
      direction === 'horizontal'
        ? { x: at, y: area.y, width: size, height: area.height }
        : { x: area.x, y: at, width: area.width, height: size };
    at += size;
    return part;
  });
}

function sizesOf(total: number, constraints: readonly Constraint[]): number[] {
  let rest = Math.max(0, total);
  const sizes = constraints.map((constraint) => {
    const size = Math.min(Math.max(0, Math.floor(claimOf(constraint, total))), rest);
    rest -= size;
    return size;
  });
  shareRest(sizes, constraints, rest);
  return sizes;
}

function claimOf(constraint: Constraint, total: number): number {
  if (constraint.kind === 'fill') return 0;
  return constraint.kind === 'percent' ? (total * constraint.percent) / 100 : constraint.cells;
}

/** Each share is the difference of two rounded sums, so that the shares add up to the rest exactly. */
function shareRest(sizes: number[], constraints: readonly Constraint[], rest: number): void {
  const weights = constraints.map(weightOf);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  if (whole <= 0) return;
  let weightBefore = 0;
  weights.forEach((weight, i) => {
    const start = Math.round((rest * weightBefore) / whole);
    weightBefore += weight;
    sizes[i]! += Math.round((rest * weightBefore) / whole) - start;
  });
}

function weightOf(constraint: Constraint): number {
  if (constraint.kind === 'fill') return Math.max(0, constraint.weight);
  return constraint.kind === 'min' ? 1 : 0;
}
