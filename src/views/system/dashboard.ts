import type { Buffer } from '../../screen/buffer/buffer.ts';
import { renderBlock } from '../../screen/widgets/block.ts';
import { glyphsFor } from '../../screen/widgets/glyphs.ts';
import { renderCoresPanel } from './cores-panel.ts';
import { renderCpuPanel } from './cpu-panel.ts';
import type { DashboardLayout, DashboardNeeds } from './dashboard-layout.ts';
import { renderDevicesPanel } from './devices-panel.ts';
import { renderGpuPanel } from './gpu-panel.ts';
import { renderMemoryPanel } from './memory-panel.ts';
import { hasPressure, renderPressurePanel } from './pressure-panel.ts';
import { renderFigures, renderResourceLines } from './resource-lines.ts';
import type { SystemData } from './system-data.ts';
import type { SystemView } from './system-look.ts';

/** What the layout depends on in a machine. */
export function needsOf(data: SystemData, isCompact: boolean): DashboardNeeds {
  const { machine } = data;
  return {
    isCompact,
    cores: Math.max(1, data.rates.cpu.usage.count - 1),
    gpus: machine?.gpus.value?.length ?? 0,
    hasPressure: hasPressure(data),
    hasSwap: machine?.memory.value?.swapTotalBytes !== 0,
  };
}

/** What stands in the frame of the process table. */
interface FrameTitles {
  readonly title: string;
  readonly rightTitle: string;
}

/** Draws everything but header, rows and footer. */
export function renderDashboard(
  layout: DashboardLayout,
  buffer: Buffer,
  view: SystemView,
  titles: FrameTitles,
): void {
  const { theme, ascii, data } = view;
  switch (layout.form) {
    case 'line':
      renderFigures(layout.lines, buffer, view);
      return;
    case 'lines':
      renderResourceLines(layout.lines, buffer, view, needsOf(data, false).hasSwap);
      buffer.fill(layout.rule, theme.border, glyphsFor(ascii).horizontal);
      putRuleTitle(layout, buffer, view, titles);
      return;
    case 'panels':
      renderCpuPanel(layout.cpu, buffer, view);
      renderCoresPanel(layout.cores, buffer, view);
      renderMemoryPanel(layout.memory, buffer, view);
      if (layout.pressure.width > 0) renderPressurePanel(layout.pressure, buffer, view);
      if (layout.gpu.width > 0) renderGpuPanel(layout.gpu, buffer, view, data.machine?.gpus.value ?? []);
      renderDevicesPanel(layout.devices, buffer, view);
      renderBlock(layout.frame, buffer, {
        ...titles,
        borderStyle: theme.border,
        titleStyle: theme.title,
        rightTitleStyle: theme.dim,
        ascii,
      });
      return;
  }
}

function putRuleTitle(
  { rule }: DashboardLayout,
  buffer: Buffer,
  { theme }: SystemView,
  { title, rightTitle }: FrameTitles,
): void {
  const end = buffer.put(rule.x + 1, rule.y, ` ${title} `, theme.title, rule.width - 2);
  const x = rule.x + rule.width - rightTitle.length - 3;
  if (rightTitle !== '' && x > end) buffer.put(x, rule.y, ` ${rightTitle} `, theme.dim);
}
