import { clusterWidth } from './cluster-width.ts';
import { withoutRefused } from './refused.ts';

/** Longer clusters (piled-up marks) are cut, so that a cell's bytes are bounded. UTF-16 code units. */
export const MAX_CLUSTER_UNITS = 32;

/** Made when it is first needed: most screens never do. */
let segmenter: Intl.Segmenter | undefined;

/**
 * Visits what is drawn as one glyph, in order, with its columns (0, 1 or 2): grapheme clusters, of which those
 * wider than two columns (conjuncts of several letters) are cut between the letters. Refused characters are
 * replaced first, so that the widths add up to `cellWidth`.
 */
export function forEachCluster(text: string, visit: (cluster: string, width: number) => void): void {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(withoutRefused(text))) {
    if (segment.length <= MAX_CLUSTER_UNITS) visitPieces(segment, visit);
    else forEachChunk(segment, (chunk) => visitPieces(chunk, visit));
  }
}

function forEachChunk(cluster: string, visit: (chunk: string) => void): void {
  let from = 0;
  while (from < cluster.length) {
    let to = Math.min(from + MAX_CLUSTER_UNITS, cluster.length);
    const last = cluster.charCodeAt(to - 1);
    if (to < cluster.length && last >= 0xd800 && last <= 0xdbff) to--;
    visit(cluster.slice(from, to));
    from = to;
  }
}

/** Cuts where the width of what is before grows past two columns more than at the last cut. */
function visitPieces(cluster: string, visit: (cluster: string, width: number) => void): void {
  const total = clusterWidth(cluster);
  if (total <= 2) {
    visit(cluster, total);
    return;
  }
  let pieceStart = 0;
  let columnsBefore = 0;
  let columns = 0;
  let at = 0;
  for (const character of cluster) {
    at += character.length;
    const next = Math.max(columns, clusterWidth(cluster.slice(0, at)));
    if (next - columnsBefore > 2) {
      // A character may give columns to what is before it, so the rest may still be wider than two.
      const columnsHere = Math.max(columns, next - 2);
      const cut = at - character.length;
      visit(cluster.slice(pieceStart, cut), columnsHere - columnsBefore);
      pieceStart = cut;
      columnsBefore = columnsHere;
    }
    columns = next;
  }
  visit(cluster.slice(pieceStart), columns - columnsBefore);
}
