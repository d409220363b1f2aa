import type { RemoteStatus } from '../data/sample/remote-status.ts';
import { cellWidth } from '../kit/text/cell-width.ts';
import type { Buffer } from '../screen/buffer/buffer.ts';
import type { Style } from '../screen/style/style.ts';
import type { Theme } from '../screen/style/theme.ts';

/** A piece of a status line. Pieces of low priority are left out first where the line is narrow. */
export interface Segment {
  readonly text: string;
  readonly style: Style;
  readonly priority: number;
}

const GAP = 2;
const MARGIN = 1;

/** The segments that fit into `width` cells beside each other, in order; the last one left is cut by the caller. */
function segmentsThatFit(segments: readonly Segment[], width: number): Segment[] {
  const kept = segments.filter((segment) => segment.text !== '');
  while (kept.length > 1 && lineWidth(kept) > width) {
    let least = kept.length - 1;
    for (let i = least - 1; i >= 0; i--) if (kept[i]!.priority < kept[least]!.priority) least = i;
    kept.splice(least, 1);
  }
  return withThoseThatFit(kept, segments, width);
}

/** Where a long one has gone, shorter ones that went before it may have room again. */
function withThoseThatFit(kept: readonly Segment[], segments: readonly Segment[], width: number): Segment[] {
  let fitting = [...kept];
  const gone = segments.filter((segment) => segment.text !== '' && !kept.includes(segment));
  for (const one of gone.sort((a, b) => b.priority - a.priority)) {
    const more = segments.filter((segment) => segment === one || fitting.includes(segment));
    if (lineWidth(more) <= width) fitting = more;
  }
  return fitting;
}

function lineWidth(segments: readonly Segment[]): number {
  let width = 0;
  for (const segment of segments) width += cellWidth(segment.text) + GAP;
  return Math.max(0, width - GAP);
}

/**
 * Draws one line: `left` from the left edge, `right` against the right one, a cell of margin on both sides. Where
 * both do not fit, the pieces of least priority go, whichever side they are on.
 */
export function renderSegments(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  left: readonly Segment[],
  right: readonly Segment[],
): void {
  const room = width - 2 * MARGIN;
  if (room <= 0) return;
  const kept = new Set(segmentsThatFit([...left, ...right], room));
  let at = x + MARGIN;
  for (const segment of left) {
    if (!kept.has(segment)) continue;
    at = buffer.put(at, y, segment.text, segment.style, x + width - MARGIN - at) + GAP;
  }
  const atRight = right.filter((segment) => kept.has(segment));
  let from = x + width - MARGIN - lineWidth(atRight);
  for (const segment of atRight) {
    from =
      buffer.put(Math.max(from, x + MARGIN), y, segment.text, segment.style, x + width - MARGIN - from) + GAP;
  }
}

/** Whether what goes to a machine and comes from it is encrypted: a letter says what a colour says. */
export function schemeSegment(
  { isEncrypted, isSsh = false }: RemoteStatus,
  theme: Theme,
  priority: number,
): Segment {
  const text = isSsh ? 'ssh' : isEncrypted ? 'wss' : 'ws';
  return { text, style: isEncrypted ? theme.good : theme.warning, priority };
}

/** `12 ms`; empty where it is not known. */
export function latencyText(link: RemoteStatus | undefined): string {
  if (link?.latencyMicros === undefined) return '';
  const millis = link.latencyMicros / 1000;
  return millis < 10 ? `${millis.toFixed(1)} ms` : `${Math.round(millis)} ms`;
}
