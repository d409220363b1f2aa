import type { Pressure } from '../../data/schema/cpu-sample.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { renderBlock } from '../../screen/widgets/block.ts';
import type { SystemData } from './system-data.ts';
import type { SystemView } from './system-look.ts';
import { putUsageLine } from './usage-line.ts';

/** Whether the kernel measures how long tasks wait. */
export function hasPressure(data: SystemData): boolean {
  const cpu = data.machine?.cpu.value;
  return cpu?.cpuPressure !== undefined || cpu?.memoryPressure !== undefined || cpu?.ioPressure !== undefined;
}

/** Draws the share of the last ten seconds in which some task waited for processor, memory or storage. */
export function renderPressurePanel(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data, theme, ascii } = view;
  const inside = renderBlock(area, buffer, {
    title: 'Waiting',
    rightTitle: 'tasks held up, 10 s',
    borderStyle: theme.border,
    titleStyle: theme.title,
    rightTitleStyle: theme.dim,
    ascii,
  });
  const cpu = data.machine?.cpu.value;
  const lines: readonly (readonly [label: string, pressure: Pressure | undefined])[] = [
    ['cpu', cpu?.cpuPressure],
    ['I/O', cpu?.ioPressure],
    ['memory', cpu?.memoryPressure],
  ];
  for (const [row, [label, pressure]] of lines.slice(0, inside.height).entries()) {
    const shared = { labelStyle: theme.dim, labelWidth: 6, amount: '', amountWidth: 0, runsOut: true };
    const percent = pressure?.some?.avg10 ?? Number.NaN;
    const line = { ...shared, label, percent };
    putUsageLine(buffer, inside.x + 1, inside.y + row, inside.width - 2, line, theme, ascii);
  }
}
