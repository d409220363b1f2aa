import type { RemoteStatus } from '../data/sample/remote-status.ts';
import { cellWidth } from '../kit/text/cell-width.ts';
import type { Buffer } from '../screen/buffer/buffer.ts';
import type { Rect } from '../screen/layout/rect.ts';
import type { Style } from '../screen/style/style.ts';
import type { Theme } from '../screen/style/theme.ts';

/** A piece of a status line. Pieces of low priority are left out first where the line is narrow. */
export interface Segment {
  readonly text: string;
  readonly style: Style;
  readonly priority: number;
}

export function segment(text: string, style: Style, priority: number): Segment {
  return { text, style, priority };
}

const GAP = 2;
const MARGIN = 1;

/** The segments that fit into `width` cells side by side, in order. The caller truncates the last one. */
function segmentsThatFit(segments: readonly Segment[], width: number): Segment[] {
  const kept = segments.filter((segment) => segment.text !== '');
  if (lineWidth(kept) <= width) return kept;
  while (kept.length > 1 && lineWidth(kept) > width) {
    let least = kept.length - 1;
    for (let i = least - 1; i >= 0; i--) if (kept[i]!.priority < kept[least]!.priority) least = i;
    kept.splice(least, 1);
  }
  return withThoseThatFit(kept, segments, width);
}

/** After a long segment was dropped, shorter ones dropped before it may fit again. */
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

/** Draws one line, a cell free at either side. The lowest priorities are dropped first, on either side. */
export function renderSegments(
  { x, y, width, height }: Rect,
  buffer: Buffer,
  left: readonly Segment[],
  right: readonly Segment[] = [],
): void {
  const room = width - 2 * MARGIN;
  if (room <= 0 || height < 1) return;
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

/** Says whether the connection is encrypted, by text and colour. */
export function schemeSegment(
  { isEncrypted, isSsh = false }: RemoteStatus,
  theme: Theme,
  priority: number,
): Segment {
  const text = isSsh ? 'ssh' : isEncrypted ? 'wss' : 'ws';
  return segment(text, isEncrypted ? theme.good : theme.warning, priority);
}

/** `12 ms`; empty if unknown. */
export function latencyText(link: RemoteStatus | undefined): string {
  if (link?.latencyMicros === undefined) return '';
  const millis = link.latencyMicros / 1000;
  return millis < 10 ? `${millis.toFixed(1)} ms` : `${Math.round(millis)} ms`;
}
