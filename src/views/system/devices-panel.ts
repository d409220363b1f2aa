import type { FileSystem, FileSystemSilence } from '../../data/schema/disks-section.ts';
import { compactBytesText, partText, rateText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { bottomOf, type Rect, rect, rightOf } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { type Block, renderBlock, renderBlockDivider } from '../../screen/widgets/block.ts';
import { putSparkline, renderChart } from '../../screen/widgets/chart.ts';
import { percentOf } from './memory-panel.ts';
import { putUsageLine, type SystemView } from './system-look.ts';

/** How many lines each part of the panel gets. */
interface DevicesLayout {
  readonly disks: number;
  readonly chart: number;
  readonly interfaces: number;
}

const CHART_MIN = 1;

/** Shares `height` lines inside the border; three of them divide. Charts take what lists do not need. */
export function layoutDevices(height: number, fileSystems: number, interfaces: number): DevicesLayout {
  const room = height - 3;
  const disks = Math.max(1, Math.min(fileSystems, Math.floor(room * 0.34)));
  const listed = Math.max(0, Math.min(interfaces, Math.floor(room * 0.2)));
  const chart = Math.floor((room - disks - listed) / 2);
  if (chart < CHART_MIN) return { disks: Math.max(1, room - 2), chart: CHART_MIN, interfaces: 0 };
  const left = room - disks - listed - 2 * chart;
  return { disks: Math.min(Math.max(1, fileSystems), disks + left), chart, interfaces: listed };
}

/** Draws file systems, and the traffic of the network interfaces over time with their peaks. */
export function renderDevicesPanel(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data, theme } = view;
  const fileSystems = data.disks?.fileSystems ?? [];
  const links = data.rates.interfaces.interfaces.filter(({ isUp }) => isUp);
  const title = fileSystems.length > 0 ? `Disks ${fileSystems.length}` : 'Disks';
  const inside = renderBlock(area, buffer, headOf(view, title, theme.title, ''));
  if (inside.height < 6) {
    renderDisks(inside, buffer, view, fileSystems);
    return;
  }
  const layout = layoutDevices(inside.height, fileSystems.length, links.length);
  renderDisks({ ...inside, height: layout.disks }, buffer, view, fileSystems);
  let row = 1 + layout.disks;
  for (const direction of ['down', 'up'] as const) {
    renderTraffic(area, row, layout.chart, buffer, view, direction);
    row += 1 + layout.chart;
  }
  if (layout.interfaces === 0) return;
  renderBlockDivider(
    area,
    buffer,
    row,
    headOf(view, 'Interfaces', theme.title, pairWidthIn(inside.width) === PAIR_WIDTH ? 'now, peak' : 'now'),
  );
  const list = { ...inside, y: area.y + row + 1, height: layout.interfaces };
  renderInterfaces(list, buffer, view);
}

function headOf({ theme, ascii }: SystemView, title: string, titleStyle: Style, rightTitle: string): Block {
  return {
    title,
    rightTitle,
    borderStyle: theme.border,
    titleStyle,
    rightTitleStyle: theme.dim,
    ascii,
  };
}

const MOUNT_WIDTH = 12;
const DEVICE_WIDTH = 10;
const IO_WIDTH = 18;
const AMOUNT_WIDTH = 15;
/** What stands in the place of figures. */
const SILENCE_WORDS: Readonly<Record<FileSystemSilence, string>> = {
  'no-answer': 'not responding',
  automount: 'automount, not asked',
};

function renderDisks(
  inside: Rect,
  buffer: Buffer,
  view: SystemView,
  fileSystems: readonly FileSystem[],
): void {
  const { data, theme, ascii } = view;
  if (inside.height < 1) return;
  if (fileSystems.length === 0) {
    const reason = data.errors.find(({ op }) => op.includes('disks'))?.message;
    const text = reason ?? (data.disks === undefined ? 'no data yet' : 'no file systems on disks');
    buffer.put(inside.x + 1, inside.y, text, theme.dim, inside.width - 1);
    return;
  }
  const shown = fileSystems.slice(0, inside.height);
  for (const [row, fileSystem] of shown.entries()) {
    const y = inside.y + row;
    const isLast = row === inside.height - 1 && fileSystems.length > inside.height;
    if (isLast) {
      const more = `${fileSystems.length - row} more`;
      putAligned(buffer, inside.x + 1, y, inside.width - 2, 'left', more, theme.dim, ascii);
      return;
    }
    putFileSystem(buffer, inside.x + 1, y, inside.width - 2, fileSystem, view);
  }
}

function putFileSystem(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  fileSystem: FileSystem,
  view: SystemView,
): void {
  const { data, theme, ascii } = view;
  const { mountPoint, name, usedBytes, totalBytes, availableBytes, device } = fileSystem;
  let from = x;
  let room = width;
  if (width >= MOUNT_WIDTH + DEVICE_WIDTH + AMOUNT_WIDTH + 16) {
    putAligned(buffer, from + MOUNT_WIDTH + 1, y, DEVICE_WIDTH, 'left', name, theme.dim, ascii);
    putAligned(buffer, from, y, MOUNT_WIDTH, 'left', mountPoint || name, theme.text, ascii);
    from += MOUNT_WIDTH + DEVICE_WIDTH + 2;
    room -= MOUNT_WIDTH + DEVICE_WIDTH + 2;
  } else {
    putAligned(buffer, from, y, MOUNT_WIDTH, 'left', mountPoint || name, theme.text, ascii);
    from += MOUNT_WIDTH + 1;
    room -= MOUNT_WIDTH + 1;
  }
  if (room >= IO_WIDTH + AMOUNT_WIDTH + 14 && device !== undefined) {
    const { read, written } = data.rates.disks.rateOf(device.name);
    const io = `R ${compactBytesText(read).padStart(6)}  W ${compactBytesText(written).padStart(6)}`;
    putAligned(buffer, from + room - IO_WIDTH, y, IO_WIDTH, 'right', io, theme.dim, ascii);
    room -= IO_WIDTH + 1;
  }
  const reason = fileSystem.silence;
  if (reason !== undefined) {
    putAligned(buffer, from, y, room, 'right', SILENCE_WORDS[reason], theme.warning, ascii);
    return;
  }
  // As df has it: of what users can have, so that 100 % is full.
  const whole =
    usedBytes === undefined || availableBytes === undefined ? totalBytes : usedBytes + availableBytes;
  const line = {
    ...{ label: '', labelStyle: theme.dim, labelWidth: -1, amountWidth: AMOUNT_WIDTH },
    amount: partText(usedBytes ?? Number.NaN, totalBytes ?? Number.NaN),
    percent: percentOf(usedBytes, whole),
    runsOut: !fileSystem.isReadOnly,
  };
  putUsageLine(buffer, from, y, room, line, theme, ascii);
}

function renderTraffic(
  area: Rect,
  row: number,
  height: number,
  buffer: Buffer,
  view: SystemView,
  direction: 'up' | 'down',
): void {
  const { data, theme, ascii } = view;
  const { interfaces } = data.rates;
  const isUp = direction === 'up';
  const rate = isUp ? interfaces.upload : interfaces.download;
  const peak = isUp ? interfaces.uploadPeak : interfaces.downloadPeak;
  const style = isUp ? theme.upload : theme.download;
  const title = `${isUp ? 'Upload' : 'Download'} ${rateText(rate)}`;
  renderBlockDivider(area, buffer, row, headOf(view, title, style, `peak ${rateText(peak)}`));
  renderChart(rect(area.x + 1, area.y + row + 1, area.width - 2, height), buffer, {
    samples: isUp ? interfaces.uploads : interfaces.downloads,
    maximum: Number.NaN,
    cells: 'braille',
    ramp: isUp ? theme.uploadRamp : theme.downloadRamp,
    label: '',
    labelStyle: theme.dim,
    ascii,
  });
}

const RATE_WIDTH = 6;
const PAIR_WIDTH = 2 + RATE_WIDTH + 1 + RATE_WIDTH;
/** Room for the name of an interface. */
const NAME_WIDTH = 6;
/** Columns of an interface's traffic history: preferred and minimum. */
const SPARK_WIDTH = 20;
const SPARK_LEAST_WIDTH = 4;

function renderInterfaces(inside: Rect, buffer: Buffer, view: SystemView): void {
  const { data, theme, ascii } = view;
  const links = data.rates.interfaces.interfaces.filter(({ isUp }) => isUp).slice(0, inside.height);
  const right = rightOf(inside) - 1;
  const pairWidth = pairWidthIn(inside.width);
  const nameWidth = Math.max(0, inside.width - 2 * (pairWidth + 2) - 2);
  for (const [row, link] of links.entries()) {
    const y = inside.y + row;
    if (y >= bottomOf(inside)) return;
    const sparkWidth = Math.min(SPARK_WIDTH, nameWidth - NAME_WIDTH - 2);
    const isSparked = sparkWidth >= SPARK_LEAST_WIDTH;
    const textWidth = isSparked ? nameWidth - sparkWidth - 1 : nameWidth;
    putAligned(buffer, inside.x + 1, y, textWidth, 'left', link.name, theme.text, ascii);
    if (isSparked) {
      const x = inside.x + 2 + textWidth;
      putSparkline(buffer, x, y, sparkWidth, 1, link.traffic, Number.NaN, theme.graphRamp, ascii);
    }
    const down = [link.download, link.downloadPeak] as const;
    putPair(buffer, right - 2 * pairWidth - 2, y, pairWidth, '▼', down, theme.download, view);
    putPair(buffer, right - pairWidth, y, pairWidth, '▲', [link.upload, link.uploadPeak], theme.upload, view);
  }
}

/** Sign, rate and, where the name keeps room beside it, the peak. */
function pairWidthIn(width: number): number {
  return width >= NAME_WIDTH + 2 * (PAIR_WIDTH + 2) + 2 ? PAIR_WIDTH : PAIR_WIDTH - RATE_WIDTH - 1;
}

function putPair(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  sign: string,
  [rate, peak]: readonly [rate: number, peak: number],
  style: Style,
  { theme, ascii }: SystemView,
): void {
  buffer.put(x, y, ascii ? (sign === '▲' ? '^' : 'v') : sign, style);
  const now = compactBytesText(rate);
  putAligned(buffer, x + 2, y, RATE_WIDTH, 'right', now, rate > 0 ? style : theme.dim, ascii);
  if (width < PAIR_WIDTH) return;
  putAligned(buffer, x + 3 + RATE_WIDTH, y, RATE_WIDTH, 'right', compactBytesText(peak), theme.dim, ascii);
}
