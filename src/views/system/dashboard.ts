import type { Buffer } from '../../screen/buffer/buffer.ts';
import { KeptCells } from '../../screen/buffer/kept-cells.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import { renderBlock } from '../../screen/widgets/block.ts';
import { glyphsFor } from '../../screen/widgets/glyphs.ts';
import { narrowRows, renderCoresPanel, renderCpuPanel, renderMemoryHistory } from './cpu-panel.ts';
import { renderDevicesPanel } from './devices-panel.ts';
import { renderGpuPanel } from './gpu-panel.ts';
import { renderMemoryPanel } from './memory-panel.ts';
import { renderFigures, renderResourceLines } from './resource-lines.ts';
import type { SystemData } from './system-data.ts';
import { putUsageLines, renderPanel, type SystemView } from './system-look.ts';

/** Forms of the dashboard: panels, one line per resource, or one line for all. */
type DashboardForm = 'panels' | 'lines' | 'line';

/** What the layout depends on besides the size. */
type DashboardNeeds = Readonly<ReturnType<typeof needsOf>>;

/** Areas of the dashboard; empty areas are not drawn. */
export interface DashboardLayout {
  readonly form: DashboardForm;
  readonly header: Rect;
  readonly cpu: Rect;
  /** Memory use over time. */
  readonly history: Rect;
  readonly cores: Rect;
  readonly memory: Rect;
  readonly pressure: Rect;
  readonly gpu: Rect;
  readonly devices: Rect;
  /** Resources as lines. */
  readonly lines: Rect;
  /** Around the table, including the border; empty without one. */
  readonly frame: Rect;
  readonly rule: Rect;
  readonly table: Rect;
  /** Beside the rows. */
  readonly scrollbar: Rect;
  readonly footer: Rect;
}

export const DASHBOARD_MIN_WIDTH = 40;
export const DASHBOARD_MIN_HEIGHT = 10;
const PANELS_MIN_WIDTH = 100;
const PANELS_MIN_HEIGHT = 30;
const LINES_MIN_WIDTH = 60;
const LINES_MIN_HEIGHT = 16;
const NOWHERE = rect(0, 0, 0, 0);
/** A layout of nothing, for the areas that a form does not have. */
const EMPTY: Omit<DashboardLayout, 'form'> = {
  ...{ header: NOWHERE, cpu: NOWHERE, history: NOWHERE, cores: NOWHERE, memory: NOWHERE, pressure: NOWHERE },
  ...{ gpu: NOWHERE, devices: NOWHERE, lines: NOWHERE, frame: NOWHERE, rule: NOWHERE, table: NOWHERE },
  ...{ scrollbar: NOWHERE, footer: NOWHERE },
};

/** The form for a screen of this size. */
export function dashboardForm(width: number, height: number, isCompact: boolean): DashboardForm {
  if (width >= PANELS_MIN_WIDTH && height >= PANELS_MIN_HEIGHT) return isCompact ? 'lines' : 'panels';
  if (width >= LINES_MIN_WIDTH && height >= LINES_MIN_HEIGHT) return isCompact ? 'line' : 'lines';
  return 'line';
}

/** Lays out a screen of this size, from 0x0 up. */
export function layoutDashboard(width: number, height: number, needs: DashboardNeeds): DashboardLayout {
  const form = dashboardForm(width, height, needs.isCompact);
  return form === 'panels' ? panels(width, height, needs) : lines(width, height, form, needs);
}

function lines(width: number, height: number, form: DashboardForm, needs: DashboardNeeds): DashboardLayout {
  const count = form === 'line' ? 1 : needs.hasSwap ? 5 : 4;
  const hasRule = form === 'lines';
  const top = Math.min(height, 1 + count + (hasRule ? 1 : 0));
  const tableHeight = height - top - 1;
  return {
    ...EMPTY,
    form,
    header: rect(0, 0, width, height > 0 ? 1 : 0),
    lines: rect(0, 1, width, Math.min(count, height - 2)),
    rule: rect(0, top - 1, width, hasRule ? 1 : 0),
    table: rect(0, top, width - 1, tableHeight),
    scrollbar: rect(width - 1, top + 1, width > 0 ? 1 : 0, tableHeight - 1),
    footer: rect(0, height - 1, width, height > 1 ? 1 : 0),
  };
}

const CPU_SHARE = 0.24;
const CPU_MOST_SHARE = 0.36;
const HISTORY_FROM_WIDTH = 72;
const HISTORY_SHARE = 0.4;
const CPU_MIN_HEIGHT = 7;
const CPU_MAX_HEIGHT = 16;
const TALL_FROM_HEIGHT = 36;
const DEVICES_SHARE = 0.32;
const DEVICES_MIN_WIDTH = 38;
const DEVICES_MAX_WIDTH = 72;

function panels(width: number, height: number, needs: DashboardNeeds): DashboardLayout {
  const inner = height - 2;
  const usualHeight = Math.max(CPU_MIN_HEIGHT, Math.min(CPU_MAX_HEIGHT, Math.round(inner * CPU_SHARE)));
  const memoryHeight = height >= TALL_FROM_HEIGHT ? 5 : 4;
  const coresWidth = coresWidthOf(width, usualHeight - 2, needs.cores);
  const cpuHeight = cpuHeightOf(usualHeight, inner, coresWidth, needs.cores);
  const cpuWidth = width - coresWidth;
  const historyWidth = cpuWidth >= HISTORY_FROM_WIDTH ? Math.round(cpuWidth * HISTORY_SHARE) : 0;
  const memoryY = 1 + cpuHeight;
  const bottomY = memoryY + memoryHeight;
  const bottomHeight = height - 1 - bottomY;
  const wanted = Math.round(width * DEVICES_SHARE);
  const devicesWidth = Math.max(DEVICES_MIN_WIDTH, Math.min(DEVICES_MAX_WIDTH, wanted));
  const frame = rect(devicesWidth, bottomY, width - devicesWidth, bottomHeight);
  return {
    ...EMPTY,
    form: 'panels',
    header: rect(0, 0, width, 1),
    cpu: rect(0, 1, cpuWidth - historyWidth, cpuHeight),
    history: rect(cpuWidth - historyWidth, 1, historyWidth, cpuHeight),
    cores: rect(width - coresWidth, 1, coresWidth, cpuHeight),
    ...memoryRow(rect(0, memoryY, width, memoryHeight), needs),
    devices: rect(0, bottomY, devicesWidth, bottomHeight),
    frame,
    table: rect(frame.x + 1, frame.y + 1, frame.width - 3, frame.height - 2),
    scrollbar: rect(frame.x + frame.width - 2, frame.y + 2, 1, frame.height - 3),
    footer: rect(0, height - 1, width, 1),
  };
}

/** Many cores get more lines if each then has a history; a heat map needs no more. */
function cpuHeightOf(usual: number, inner: number, coresWidth: number, cores: number): number {
  const needed = narrowRows(coresWidth - 2, cores) + 2;
  return needed > usual && needed <= Math.round(inner * CPU_MOST_SHARE) ? needed : usual;
}

/** A few cores use a quarter of the width; many use up to half of it before they shrink. */
function coresWidthOf(width: number, rows: number, cores: number): number {
  const least = Math.max(34, Math.round(width * 0.24));
  const most = Math.round(width * 0.46);
  const columns = Math.ceil(cores / Math.max(1, rows));
  const wanted = columns <= 1 ? least : columns * 26 + 2;
  return wanted <= most ? Math.max(least, wanted) : most;
}

function memoryRow(
  area: Rect,
  { gpus, hasPressure }: DashboardNeeds,
): Partial<Pick<DashboardLayout, 'memory' | 'pressure' | 'gpu'>> {
  const { x, y, width, height } = area;
  const hasThree = gpus > 0 && hasPressure && width >= 150;
  if (hasThree) {
    const third = Math.floor(width / 3);
    return {
      memory: rect(x, y, third, height),
      pressure: rect(x + third, y, third, height),
      gpu: rect(x + 2 * third, y, width - 2 * third, height),
    };
  }
  if (gpus === 0 && !hasPressure) return { memory: area };
  const half = Math.round(width * 0.54);
  const right = rect(x + half, y, width - half, height);
  const memory = rect(x, y, half, height);
  return gpus > 0 ? { memory, gpu: right } : { memory, pressure: right };
}

/** Layout needs of a machine. */
export function needsOf(data: SystemData, isCompact: boolean) {
  const { machine } = data;
  return {
    /** Use the next smaller form than the size allows. */
    isCompact,
    cores: Math.max(1, data.rates.cpu.usage.count - 1),
    gpus: machine?.gpus.value?.length ?? 0,
    hasPressure: hasPressure(data),
    hasSwap: machine?.memory.value?.swapTotalBytes !== 0,
  };
}

/** Titles in the frame of the process table. */
export interface FrameTitles {
  readonly title: string;
  readonly rightTitle: string;
  /** The right one says what is wrong. */
  readonly isWarning?: boolean;
}

/** Draws everything except header, rows and footer. */
export function renderDashboard(
  layout: DashboardLayout,
  buffer: Buffer,
  view: SystemView,
  titles: FrameTitles,
): void {
  const { theme, data } = view;
  switch (layout.form) {
    case 'line':
      renderFigures(layout.lines, buffer, view);
      return;
    case 'lines':
      renderResourceLines(layout.lines, buffer, view, needsOf(data, false).hasSwap);
      buffer.fill(layout.rule, theme.border, glyphsFor(buffer.isAscii).horizontal);
      putRuleTitle(layout, buffer, view, titles);
      return;
    case 'panels':
      renderCpuPanel(layout.cpu, buffer, view);
      if (layout.history.width > 0) renderMemoryHistory(layout.history, buffer, view);
      renderCoresPanel(layout.cores, buffer, view);
      renderMemoryPanel(layout.memory, buffer, view);
      if (layout.pressure.width > 0) renderPressurePanel(layout.pressure, buffer, view);
      if (layout.gpu.width > 0) renderGpuPanel(layout.gpu, buffer, view, data.machine?.gpus.value ?? []);
      renderDevicesPanel(layout.devices, buffer, view);
      renderBlock(layout.frame, buffer, {
        ...{ ...titles, theme },
        rightTitleStyle: titles.isWarning === true ? theme.warning : theme.dim,
      });
      return;
  }
}

function putRuleTitle(
  { rule }: DashboardLayout,
  buffer: Buffer,
  { theme }: SystemView,
  { title, rightTitle, isWarning }: FrameTitles,
): void {
  const end = buffer.put(rule.x + 1, rule.y, ` ${title} `, theme.title, rule.width - 2);
  const x = rule.x + rule.width - rightTitle.length - 3;
  if (rightTitle !== '' && x > end)
    buffer.put(x, rule.y, ` ${rightTitle} `, isWarning === true ? theme.warning : theme.dim);
}

/** Whether the kernel reports pressure (PSI). */
function hasPressure(data: SystemData): boolean {
  const cpu = data.machine?.cpu.value;
  return cpu?.cpuPressure !== undefined || cpu?.memoryPressure !== undefined || cpu?.ioPressure !== undefined;
}

const keptPressure = new KeptCells();

/** Draws the share of the last ten seconds in which some task waited for CPU, memory or storage. */
function renderPressurePanel(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data, theme } = view;
  const cpu = data.machine?.cpu.value;
  const pressures = [cpu?.cpuPressure, cpu?.ioPressure, cpu?.memoryPressure];
  const percents = pressures.map((pressure) => pressure?.some?.avg10 ?? Number.NaN);
  // The kernel computes them every two seconds.
  keptPressure.render(area, buffer, [...percents, theme, buffer.isAscii], () => {
    const inside = renderPanel(area, buffer, view, 'Pressure (PSI, 10 s)', 'tasks waiting');
    const shared = { labelWidth: 6, amount: '', amountWidth: 0, runsOut: true };
    const shown = percents.map((percent, at) => ({ ...shared, label: PRESSURE_LABELS[at]!, percent }));
    putUsageLines(inside, buffer, shown, theme);
  });
}

const PRESSURE_LABELS = ['cpu', 'I/O', 'memory'] as const;
