import type { MemorySample } from '../../data/schema/memory-sample.ts';
import { bytesText, compactBytesText, partText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { putUsageLine, renderPanel, type SystemView, type UsageLine } from './system-look.ts';

const LABEL_WIDTH = 6;
const AMOUNT_WIDTH = 15;

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
  const used = memoryLine(memory, view);
  const swap = swapLine(memory, view);
  const cache = cacheLine(memory, view);
  const lines = inside.height >= 3 ? [used, cache, swap] : [used, swap];
  for (const [row, line] of lines.slice(0, inside.height).entries()) {
    putUsageLine(buffer, inside.x + 1, inside.y + row, inside.width - 2, line, theme);
  }
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

export function memoryLine(memory: MemorySample, view: SystemView, label = 'used'): UsageLine {
  const { usedBytes, totalBytes } = memory;
  return {
    ...line(label, view),
    amount: partText(usedBytes, totalBytes),
    percent: percentOf(usedBytes, totalBytes),
    runsOut: true,
  };
}

export function swapLine(memory: MemorySample, view: SystemView, label = 'swap'): UsageLine {
  const { swapTotalBytes, swapUsedBytes = Number.NaN } = memory;
  const isNone = swapTotalBytes === 0;
  return {
    ...line(label, view),
    amount: isNone ? 'none' : partText(swapUsedBytes, swapTotalBytes ?? Number.NaN),
    percent: percentOf(swapUsedBytes, swapTotalBytes),
    runsOut: true,
  };
}

function cacheLine(memory: MemorySample, view: SystemView): UsageLine {
  const { cachedBytes, totalBytes } = memory;
  return {
    ...line('cache', view),
    amount: partText(cachedBytes ?? Number.NaN, totalBytes),
    percent: percentOf(cachedBytes, totalBytes),
    runsOut: false,
  };
}

function line(label: string, { theme }: SystemView): Omit<UsageLine, 'amount' | 'percent' | 'runsOut'> {
  return { label, labelStyle: theme.dim, labelWidth: LABEL_WIDTH, amountWidth: AMOUNT_WIDTH };
}
