import type { FileSystem, FileSystemSilence } from '../../data/schema/disks-section.ts';
import { cellWidth } from '../../kit/text/cell-width.ts';
import { compactBytesText, compactRateText, partText, rateText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { KeptCells } from '../../screen/buffer/kept-cells.ts';
import { bottomOf, type Rect, rect, rightOf } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import { putAligned, putMiddle } from '../../screen/widgets/aligned-text.ts';
import { renderBlock, renderBlockDivider } from '../../screen/widgets/block.ts';
import { coverageText, putSparkline, renderChart } from '../../screen/widgets/chart.ts';
import { maximumOf } from '../../screen/widgets/levels.ts';
import { percentOf } from './memory-panel.ts';
import { putUsageLine, renderReadsAndWrites, type SystemView } from './system-look.ts';

/** Lines of each part of the panel. */
interface DevicesLayout {
  readonly disks: number;
  /** Disks with their I/O; 0: disk I/O is not shown. */
  readonly devices: number;
  /** Of the disk I/O chart, and of the chart of each network direction. */
  readonly chart: number;
  readonly interfaces: number;
}

/** From this height on, disk I/O has its own part. */
const IO_FROM_HEIGHT = 12;
const CHART_MIN = 1;

/** Divides `height` lines inside the border, including the titles in between. Charts use what lists do not need. */
export function layoutDevices(
  height: number,
  fileSystems: number,
  interfaces: number,
  devices: number,
): DevicesLayout {
  const hasIo = height >= IO_FROM_HEIGHT && devices > 0;
  const charts = hasIo ? 3 : 2;
  const room = height - charts - 1;
  const disks = Math.max(1, Math.min(fileSystems, Math.floor(room * 0.3)));
  const listed = Math.max(0, Math.min(interfaces, Math.floor(room * 0.2)));
  const busy = hasIo ? Math.min(devices, Math.max(1, Math.floor(room * 0.12))) : 0;
  const chart = Math.floor((room - disks - listed - busy) / charts);
  if (chart < CHART_MIN) {
    return { disks: Math.max(1, height - 4), devices: 0, chart: CHART_MIN, interfaces: 0 };
  }
  const left = room - disks - listed - busy - charts * chart;
  return {
    disks: Math.min(Math.max(1, fileSystems), disks + left),
    devices: busy,
    chart,
    interfaces: listed,
  };
}

const keptDisks = new KeptCells();
const keptDiskIo = new KeptCells();

/** Draws file systems, disk I/O and network traffic over time. */
export function renderDevicesPanel(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data, theme } = view;
  const fileSystems = data.disks?.fileSystems ?? [];
  const links = data.rates.interfaces.interfaces.filter(({ isUp }) => isUp);
  const devices = data.rates.disks.busiest;
  const title = fileSystems.length > 0 ? `Disks ${fileSystems.length}` : 'Disks';
  const inside = renderBlock(area, buffer, { title, rightTitle: '', theme });
  if (inside.height < 6) {
    renderDisks(inside, buffer, view, fileSystems);
    return;
  }
  const layout = layoutDevices(inside.height, fileSystems.length, links.length, devices.length);
  const disks = { ...inside, height: layout.disks };
  // Disks are asked less often than all else.
  const errors = fileSystems.length === 0 ? data.errors : undefined;
  const from = [data.disks, data.disks?.sequence, errors, theme, buffer.isAscii];
  keptDisks.render(disks, buffer, from, () => renderDisks(disks, buffer, view, fileSystems));
  let row = 1 + layout.disks;
  if (layout.devices > 0) {
    const height = 1 + layout.devices + layout.chart;
    const { reads, age } = data.rates.disks;
    keptDiskIo.render(
      rect(area.x, area.y + row, area.width, height),
      buffer,
      // The place of the newest sample: how many are kept no longer changes once the history is full.
      [data.disks, devices, layout.chart, reads.newest, age.seconds, theme, buffer.isAscii],
      () => renderDiskIo(area, row, layout, buffer, view),
    );
    row += height;
  }
  for (const direction of ['down', 'up'] as const) {
    renderTraffic(area, row, layout.chart, buffer, view, direction);
    row += 1 + layout.chart;
  }
  if (layout.interfaces === 0) return;
  const more = links.length - layout.interfaces;
  const columns = pairWidthIn(inside.width) === PAIR_WIDTH ? 'now, peak' : 'now';
  const note = more > 0 ? `${more} more  ${columns}` : columns;
  renderBlockDivider(area, buffer, row, { title: 'Interfaces', rightTitle: note, theme });
  const list = { ...inside, y: area.y + row + 1, height: layout.interfaces };
  renderInterfaces(list, buffer, view);
}

const MOUNT_MIN_WIDTH = 12;
const DEVICE_WIDTH = 10;
const AMOUNT_WIDTH = 15;
/** Room for amount, percentage and a useful bar. */
const USAGE_WIDTH = AMOUNT_WIDTH + 7 + 9 + 3;
/** Shown instead of figures. */
const SILENCE_WORDS: Readonly<Record<FileSystemSilence, string>> = {
  'no-answer': 'not responding',
  automount: 'automount, not asked',
  'not-asked': 'not asked',
};

function renderDisks(
  inside: Rect,
  buffer: Buffer,
  view: SystemView,
  fileSystems: readonly FileSystem[],
): void {
  const { data, theme } = view;
  if (inside.height < 1) return;
  if (fileSystems.length === 0) {
    const reason = data.errors.find(({ op }) => op.includes('disks'))?.message;
    const text = reason ?? (data.disks === undefined ? 'no data yet' : 'no file systems on disks');
    buffer.put(inside.x + 1, inside.y, text, theme.dim, inside.width - 1);
    return;
  }
  const shown = fileSystems.slice(0, inside.height);
  const longest = Math.max(...shown.map(({ mountPoint, name }) => cellWidth(mountPoint || name)));
  const spare = inside.width - 2 - USAGE_WIDTH;
  const mountWidth = Math.max(MOUNT_MIN_WIDTH, Math.min(longest, spare));
  const hasDevice = spare - mountWidth > DEVICE_WIDTH;
  for (const [row, fileSystem] of shown.entries()) {
    const y = inside.y + row;
    const isLast = row === inside.height - 1 && fileSystems.length > inside.height;
    if (isLast) {
      const more = `${fileSystems.length - row} more`;
      putAligned(buffer, inside.x + 1, y, inside.width - 2, 'left', more, theme.dim);
      return;
    }
    putFileSystem(buffer, inside.x + 1, y, inside.width - 2, mountWidth, hasDevice, fileSystem, view);
  }
}

function putFileSystem(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  mountWidth: number,
  hasDevice: boolean,
  fileSystem: FileSystem,
  view: SystemView,
): void {
  const { theme } = view;
  const { mountPoint, name, usedBytes, totalBytes, availableBytes } = fileSystem;
  putMiddle(buffer, x, y, mountWidth, mountPoint || name, theme.text);
  if (hasDevice) putAligned(buffer, x + mountWidth + 1, y, DEVICE_WIDTH, 'left', name, theme.dim);
  const taken = mountWidth + 1 + (hasDevice ? DEVICE_WIDTH + 1 : 0);
  const from = x + taken;
  const room = width - taken;
  const reason = fileSystem.silence;
  if (reason !== undefined) {
    const style = reason === 'no-answer' ? theme.warning : theme.dim;
    putAligned(buffer, from, y, room, 'right', SILENCE_WORDS[reason], style);
    return;
  }
  // As in df: relative to what users can use, so that 100 % is full.
  const whole =
    usedBytes === undefined || availableBytes === undefined ? totalBytes : usedBytes + availableBytes;
  const line = {
    ...{ label: '', labelWidth: -1, amountWidth: AMOUNT_WIDTH },
    amount: partText(usedBytes ?? Number.NaN, totalBytes ?? Number.NaN),
    percent: percentOf(usedBytes, whole),
    runsOut: !fileSystem.isReadOnly,
  };
  putUsageLine(buffer, from, y, room, line, theme);
}

/** Draws reads and writes of all disks over time, and the busiest disks. */
function renderDiskIo(
  area: Rect,
  row: number,
  { chart, devices }: DevicesLayout,
  buffer: Buffer,
  view: SystemView,
): void {
  const { data, theme } = view;
  const { disks } = data.rates;
  const width = area.width - 2;
  const half = (width - 1) >> 1;
  const shown = half * (buffer.isAscii ? 1 : 2);
  const title = `Disk I/O  R ${compactBytesText(disks.reads.last)}  W ${compactBytesText(disks.writes.last)}`;
  const note = coverageText(disks.reads, shown, disks.age.seconds);
  renderBlockDivider(area, buffer, row, { title, rightTitle: note, theme });
  const y = area.y + row + 1;
  const maximum = Math.max(maximumOf(disks.reads, shown), maximumOf(disks.writes, shown));
  const charts = rect(area.x + 1, y, width, chart);
  renderReadsAndWrites(charts, buffer, [disks.reads, disks.writes], maximum, theme);
  const right = area.x + area.width - 2;
  for (const [at, { name, read, written }] of disks.busiest.slice(0, devices).entries()) {
    const line = y + chart + at;
    const isLast = at === devices - 1 && disks.busiest.length > devices;
    const label = isLast ? `${name}  (${disks.busiest.length - devices} more)` : name;
    putAligned(buffer, area.x + 2, line, width - 2 * IO_WIDTH - 4, 'left', label, theme.text);
    putIo(buffer, right - 2 * IO_WIDTH - 2, line, 'R', read, view);
    putIo(buffer, right - IO_WIDTH, line, 'W', written, view);
  }
}

const IO_WIDTH = 8;

function putIo(buffer: Buffer, x: number, y: number, letter: string, rate: number, view: SystemView): void {
  const { theme } = view;
  buffer.put(x, y, letter, theme.dim);
  const style = rate > 0 ? theme.text : theme.dim;
  putAligned(buffer, x + 2, y, IO_WIDTH - 2, 'right', compactBytesText(rate), style);
}

function renderTraffic(
  area: Rect,
  row: number,
  height: number,
  buffer: Buffer,
  view: SystemView,
  direction: 'up' | 'down',
): void {
  const { data, units, theme } = view;
  const { interfaces } = data.rates;
  const isUp = direction === 'up';
  const rate = isUp ? interfaces.upload : interfaces.download;
  const peak = isUp ? interfaces.uploadPeak : interfaces.downloadPeak;
  const samples = isUp ? interfaces.uploads : interfaces.downloads;
  const titleStyle = isUp ? theme.upload : theme.download;
  const title = `${isUp ? 'Upload' : 'Download'}${countedText(interfaces.counted, buffer.isAscii)} ${rateText(rate, units)}`;
  const width = area.width - 2;
  const span = coverageText(samples, width * (buffer.isAscii ? 1 : 2), data.rates.age.seconds);
  const peakText = `peak ${rateText(peak, units)}`;
  const whole = span === '' ? peakText : `${peakText}, ${span}`;
  // Corners, spaces, and a gap between the two titles.
  const hasRoom = cellWidth(title) + cellWidth(whole) + 7 <= area.width;
  const rightTitle = hasRoom ? whole : peakText;
  renderBlockDivider(area, buffer, row, { title, rightTitle, theme, titleStyle });
  const ramp = isUp ? theme.uploadRamp : theme.downloadRamp;
  const chart = rect(area.x + 1, area.y + row + 1, width, height);
  renderChart(chart, buffer, { samples, maximum: Number.NaN, ramp, theme });
}

/** ` · eth0`, ` · 3 interfaces`: what the sum covers. */
function countedText(names: readonly string[], ascii: boolean): string {
  const [first] = names;
  if (first === undefined) return '';
  const dot = ascii ? '-' : '·';
  return ` ${dot} ${names.length === 1 ? first : `${names.length} interfaces`} `;
}

const RATE_WIDTH = 6;
const PAIR_WIDTH = 2 + RATE_WIDTH + 1 + RATE_WIDTH;
const NAME_WIDTH = 6;
/** Columns of an interface's traffic history: preferred and minimum. */
const SPARK_WIDTH = 20;
const SPARK_LEAST_WIDTH = 4;

function renderInterfaces(inside: Rect, buffer: Buffer, view: SystemView): void {
  const { data, theme } = view;
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
    // Interfaces that the sums leave out are dim.
    const { isUplink } = link;
    const nameStyle = isUplink ? theme.text : theme.dim;
    putAligned(buffer, inside.x + 1, y, textWidth, 'left', link.name, nameStyle);
    if (isSparked) {
      const x = inside.x + 2 + textWidth;
      putSparkline(buffer, x, y, sparkWidth, 1, link.traffic, Number.NaN, theme.graphRamp);
    }
    const down = [link.download, link.downloadPeak] as const;
    const downStyle = isUplink ? theme.download : theme.dim;
    const upStyle = isUplink ? theme.upload : theme.dim;
    putPair(buffer, right - 2 * pairWidth - 2, y, pairWidth, '▼', down, downStyle, view);
    putPair(buffer, right - pairWidth, y, pairWidth, '▲', [link.upload, link.uploadPeak], upStyle, view);
  }
}

/** Sign, rate and, if the name keeps its room, the peak. */
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
  { units = 'bytes', theme }: SystemView,
): void {
  if (buffer.isAscii) buffer.put(x - 1, y, sign === '▲' ? 'up' : 'dn', style);
  else buffer.put(x, y, sign, style);
  const now = compactRateText(rate, units);
  putAligned(buffer, x + 2, y, RATE_WIDTH, 'right', now, rate > 0 ? style : theme.dim);
  if (width < PAIR_WIDTH) return;
  putAligned(buffer, x + 3 + RATE_WIDTH, y, RATE_WIDTH, 'right', compactRateText(peak, units), theme.dim);
}
