import type { MemorySample } from '../../data/schema/memory-sample.ts';
import { bytesText, compactBytesText, partText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { putUsageLines, renderPanel, type SystemView, type UsageLine } from './system-look.ts';

/** Share of `part` in `whole`, percent; NaN if either is unknown. */
export function percentOf(part: number | undefined, whole: number | undefined): number {
  if (part === undefined || whole === undefined || !(whole > 0)) return Number.NaN;
  return (part / whole) * 100;
}

/** Draws memory and swap, and the cache if there is a third line. */
export function renderMemoryPanel(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data, theme } = view;
  const memory = data.machine?.memory.value;
  const inside = renderPanel(area, buffer, view, 'Memory', noteOf(memory));
  if (memory === undefined) {
    const reason = data.machine?.memory.error?.message ?? 'no data yet';
    if (inside.height > 0) buffer.put(inside.x + 1, inside.y, reason, theme.dim, inside.width - 1);
    return;
  }
  const cache = inside.height >= 3 ? [cacheLine(memory)] : [];
  putUsageLines(inside, buffer, [memoryLine(memory), ...cache, swapLine(memory)], theme);
}

/** The limit of the control group; otherwise compressed memory (zram, zswap); otherwise the ZFS cache. */
function noteOf(memory: MemorySample | undefined): string {
  if (memory === undefined) return '';
  const { groupLimitBytes, groupUsedBytes } = memory;
  if (groupLimitBytes !== undefined && groupUsedBytes !== undefined) {
    return `${bytesText(groupUsedBytes)} of ${bytesText(groupLimitBytes)} limit`;
  }
  const { zswapStoredBytes, zswapPoolBytes, zramStoredBytes, zramPoolBytes, reclaimableArcBytes } = memory;
  if ((zramStoredBytes ?? 0) > 0) return `zram ${partText(zramPoolBytes ?? Number.NaN, zramStoredBytes!)}`;
  if ((zswapStoredBytes ?? 0) > 0)
    return `zswap ${partText(zswapPoolBytes ?? Number.NaN, zswapStoredBytes!)}`;
  if ((reclaimableArcBytes ?? 0) > 0) return `ZFS cache ${compactBytesText(reclaimableArcBytes!)}`;
  return '';
}

const WIDTHS = { labelWidth: 6, amountWidth: 15 };

export function memoryLine({ usedBytes, totalBytes }: MemorySample, label = 'used'): UsageLine {
  const amount = partText(usedBytes, totalBytes);
  return { ...WIDTHS, label, amount, percent: percentOf(usedBytes, totalBytes), runsOut: true };
}

export function swapLine(memory: MemorySample, label = 'swap'): UsageLine {
  const { swapTotalBytes, swapUsedBytes = Number.NaN } = memory;
  const amount = swapTotalBytes === 0 ? 'none' : partText(swapUsedBytes, swapTotalBytes ?? Number.NaN);
  return { ...WIDTHS, label, amount, percent: percentOf(swapUsedBytes, swapTotalBytes), runsOut: true };
}

function cacheLine({ cachedBytes, totalBytes }: MemorySample): UsageLine {
  const amount = partText(cachedBytes ?? Number.NaN, totalBytes);
  return { ...WIDTHS, label: 'cache', amount, percent: percentOf(cachedBytes, totalBytes), runsOut: false };
}
