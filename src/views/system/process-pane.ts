import type { JournalEntry, ThreadSample } from '../../data/schema/process-detail.ts';
import { cellWidth } from '../../kit/text/cell-width.ts';
import { commandTail } from '../../kit/text/command-text.ts';
import {
  ageText,
  bytesText,
  clockText,
  compactBytesText,
  rateText,
  tenthsText,
} from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { bottomOf, isEmpty, type Rect, rect } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { blockInside, renderBlock } from '../../screen/widgets/block.ts';
import { renderChart } from '../../screen/widgets/chart.ts';
import { maximumOf, type Ramp, type Samples } from '../../screen/widgets/levels.ts';
import { renderList } from '../../screen/widgets/list.ts';
import type { Viewport } from '../../screen/widgets/viewport.ts';
import { renderSegments, type Segment, segment } from '../segments.ts';
import { type Fact, processFacts } from './process-facts.ts';
import type { ChildProcess, SystemData } from './system-data.ts';
import { renderPanel, renderReadsAndWrites, type SystemView } from './system-look.ts';

/** Lists of the pane, in order. */
type PaneListName = 'threads' | 'children' | 'journal';

interface ProcessPane extends SystemView {
  readonly pid: number;
  readonly name: string;
  /** Clock ticks since boot; NaN: unknown. */
  readonly startTicks: number;
  readonly isPerCore: boolean;
  /** Recordings contain the process table but no details of single processes. */
  readonly isRecorded: boolean;
  readonly focus: PaneListName;
  readonly viewports: Readonly<Record<PaneListName, Viewport>>;
}

/** Areas of the pane; a hidden list has no cells. */
export interface PaneLayout {
  readonly title: Rect;
  readonly command: Rect;
  readonly cpu: Rect;
  readonly memory: Rect;
  /** Disk I/O; empty if the pane is narrow. */
  readonly io: Rect;
  readonly facts: Rect;
  readonly lists: Readonly<Record<PaneListName, Rect>>;
}

const CHARTS_FROM_HEIGHT = 20;
const FACTS_COLUMN = 40;
/** Number of paired facts; the paths follow. */
const PAIRS = 12;
const PATHS = 3;
const THREE_CHARTS_FROM_WIDTH = 90;
const BESIDE_FROM_WIDTH = 110;
const LISTS_MIN_HEIGHT = 5;
/** Room for a thread's ID, its name of 15 characters, state and CPU, between borders. */
const THREADS_MIN_WIDTH = 36;
/** Room for a child's PID, the beginning of its name, CPU and memory. */
const CHILDREN_MIN_WIDTH = 38;
const NOWHERE = rect(0, 0, 0, 0);

/** Lays out the pane. If it is narrow, only the focused list is shown. */
export function layoutPane(area: Rect, focus: PaneListName): PaneLayout {
  const { x, y, width, height } = area;
  const columns = Math.max(1, Math.floor(width / FACTS_COLUMN));
  const chartHeight = height >= CHARTS_FROM_HEIGHT ? Math.max(6, Math.min(14, Math.floor(height * 0.26))) : 0;
  const wanted = Math.ceil(PAIRS / columns) + PATHS;
  const room = height - 2 - chartHeight - LISTS_MIN_HEIGHT;
  const factsHeight = Math.max(0, Math.min(wanted, room));
  const listsY = y + 2 + chartHeight + factsHeight;
  const charts = width >= THREE_CHARTS_FROM_WIDTH ? 3 : 2;
  const chartWidth = Math.floor(width / charts);
  const last = x + (charts - 1) * chartWidth;
  const lastWidth = width - (charts - 1) * chartWidth;
  return {
    title: rect(x, y, width, height > 0 ? 1 : 0),
    command: rect(x, y + 1, width, height > 1 ? 1 : 0),
    cpu: rect(x, y + 2, chartWidth, chartHeight),
    memory: rect(x + chartWidth, y + 2, charts === 2 ? lastWidth : chartWidth, chartHeight),
    io: charts === 2 ? NOWHERE : rect(last, y + 2, lastWidth, chartHeight),
    facts: rect(x, y + 2 + chartHeight, width, factsHeight),
    lists: layoutLists(rect(x, listsY, width, y + height - listsY), focus),
  };
}

function layoutLists(area: Rect, focus: PaneListName): PaneLayout['lists'] {
  const { x, y, width, height } = area;
  if (width < BESIDE_FROM_WIDTH) {
    return { threads: NOWHERE, children: NOWHERE, journal: NOWHERE, [focus]: area };
  }
  const threads = Math.max(THREADS_MIN_WIDTH, Math.floor(width * 0.24));
  const children = Math.max(CHILDREN_MIN_WIDTH, Math.floor((width - threads) * 0.4));
  return {
    threads: rect(x, y, threads, height),
    children: rect(x + threads, y, children, height),
    journal: rect(x + threads + children, y, width - threads - children, height),
  };
}

export function paneCount(data: SystemData, list: PaneListName): number {
  switch (list) {
    case 'threads':
      return data.detail?.threads.length ?? 0;
    case 'children':
      return data.detail?.children.length ?? 0;
    case 'journal':
      return data.journal?.entries.length ?? 0;
  }
}

export function paneRows(layout: PaneLayout, list: PaneListName): number {
  return blockInside(layout.lists[list]).height;
}

export function renderProcessPane(layout: PaneLayout, buffer: Buffer, pane: ProcessPane): void {
  renderTitle(layout.title, buffer, pane);
  renderCommand(layout.command, buffer, pane);
  renderCharts(layout, buffer, pane);
  renderFacts(layout.facts, buffer, pane);
  renderThreads(layout.lists.threads, buffer, pane);
  renderChildren(layout.lists.children, buffer, pane);
  renderJournal(layout.lists.journal, buffer, pane);
}

function renderTitle(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme } = pane;
  const process = data.detail?.process;
  const started = startedMicros(pane);
  const left: Segment[] = [
    segment(pane.name, theme.title, 100),
    segment(`PID ${pane.pid}`, theme.text, 90),
    segment(process === undefined ? '' : userText(pane), theme.dim, 50),
    segment(Number.isNaN(started) ? '' : `started ${ageText(started)} ago`, theme.dim, 40),
  ];
  const gone = exitText(pane);
  const right: Segment[] =
    gone !== ''
      ? [segment(gone, theme.warning, 95)]
      : [
          segment(`CPU ${shareText(pane, data.detailRates.cpu.last)}`, theme.text, 80),
          segment(process === undefined ? '' : bytesText(process.residentBytes), theme.text, 79),
        ];
  renderSegments(area, buffer, left, right);
}

/** `exited`, or that another process has the PID now; '' while the process runs. */
function exitText({ data, startTicks }: Pick<ProcessPane, 'data' | 'startTicks'>): string {
  if (data.detailError?.code === 'ESRCH') return 'exited';
  const process = data.detail?.process;
  const isAnother = process !== undefined && startTicks > 0 && process.startTicks !== startTicks;
  return isAnother ? `exited; its PID now belongs to ${process.name}` : '';
}

function userText({ data }: ProcessPane): string {
  const process = data.detail?.process;
  if (process === undefined) return '-';
  return process.userName ?? (process.effectiveUid === undefined ? '-' : data.userOf(process.effectiveUid));
}

function startedMicros({ data }: ProcessPane): number {
  const { header, detail } = data;
  if (header === undefined || detail === undefined) return Number.NaN;
  const startMillis = header.bootWallMillis + (detail.process.startTicks * 1000) / header.clockTicksPerSecond;
  return Math.max(0, header.wallMillis - startMillis) * 1000;
}

/** Converts a share of one core to the shown basis: one core or the whole machine. */
function shareOf({ data, isPerCore }: ProcessPane, corePercent: number): number {
  return isPerCore || data.coreCount === 0 ? corePercent : corePercent / data.coreCount;
}

function shareText(pane: ProcessPane, corePercent: number): string {
  const { isPerCore } = pane;
  const percent = shareOf(pane, corePercent);
  return Number.isNaN(percent) ? '-' : `${tenthsText(percent)} %${isPerCore ? ' of a core' : ''}`;
}

function renderCommand(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme } = pane;
  if (area.height < 1) return;
  const failed = data.detail === undefined ? (data.detailError ?? data.errors[0])?.message : undefined;
  const command = data.detail?.process.commandLine;
  const asking = pane.isRecorded ? 'not in the recording' : 'reading the process';
  const unknown = data.detail === undefined ? asking : 'command line unknown';
  const text = command !== undefined && command !== '' ? command : (failed ?? unknown);
  putAligned(buffer, area.x + 1, area.y, area.width - 2, 'left', text, theme.dim);
}

function renderCharts(layout: PaneLayout, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme } = pane;
  const { cpu, memory, reads, writes } = data.detailRates;
  const shown = (area: Rect): number => (buffer.isAscii ? 1 : 2) * area.width;
  const peak = maximumOf(cpu, shown(layout.cpu));
  // The scale is a whole number of cores, so that it has a name.
  const cores = Math.max(1, Math.ceil(peak / 100));
  const top = cores === 1 ? '1 core' : `${cores} cores`;
  const note = cpu.count < 2 ? '' : `peak ${shareText(pane, peak)}`;
  renderHistory(layout.cpu, buffer, pane, 'CPU', note, top, 100 * cores, cpu, theme.levelRamp);
  const most = maximumOf(memory, shown(layout.memory));
  const room = roundedUp(most);
  const peakText = memory.count < 2 ? '' : `peak ${bytesText(most)}`;
  const ramp = theme.graphRamp;
  renderHistory(layout.memory, buffer, pane, 'Memory', peakText, bytesText(room), room, memory, ramp);
  if (layout.io.width > 0) renderIo(layout.io, buffer, pane, reads, writes);
}

function renderIo(area: Rect, buffer: Buffer, pane: ProcessPane, reads: Samples, writes: Samples): void {
  const { theme } = pane;
  if (area.height < 3) return;
  const half = (area.width - 3) >> 1;
  const shown = (buffer.isAscii ? 1 : 2) * half;
  const top = roundedUp(Math.max(maximumOf(reads, shown), maximumOf(writes, shown)));
  const inside = renderPanel(area, buffer, pane, 'Disk I/O', top > 0 ? `scale ${rateText(top)}` : '');
  renderReadsAndWrites(inside, buffer, [reads, writes], top, theme);
}

/** The next of 1, 2, 5, 10, 20 ... times a power of 1024, so that the scale changes rarely. */
function roundedUp(bytes: number): number {
  if (!(bytes > 0)) return 0;
  const unit = 1024 ** Math.floor(Math.log(bytes) / Math.log(1024));
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1024].find((one) => one * unit >= 1.1 * bytes);
  return (step ?? 1024) * unit;
}

function renderHistory(
  area: Rect,
  buffer: Buffer,
  pane: ProcessPane,
  title: string,
  rightTitle: string,
  top: string,
  maximum: number,
  samples: Samples,
  ramp: Ramp,
): void {
  const { theme } = pane;
  if (area.height < 3) return;
  const inside = renderPanel(area, buffer, pane, title, rightTitle);
  renderChart(inside, buffer, { samples, maximum, ramp, theme });
  // Label of the upper edge, while the history does not reach it.
  if (samples.count < inside.width && maximum > 0)
    buffer.put(inside.x, inside.y, top, theme.dim, inside.width);
}

function renderFacts(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  if (area.height < 1) return;
  const { pairs, paths } = processFacts(pane.data, userText(pane));
  const columns = Math.max(1, Math.floor(area.width / FACTS_COLUMN));
  const columnWidth = Math.floor(area.width / columns);
  const lines = Math.min(Math.ceil(pairs.length / columns), area.height);
  for (const [i, fact] of pairs.entries()) {
    const row = Math.floor(i / columns);
    if (row >= lines) break;
    putFact(buffer, area.x + 1 + (i % columns) * columnWidth, area.y + row, columnWidth - 2, fact, pane);
  }
  for (const [i, fact] of paths.entries()) {
    if (lines + i >= area.height) return;
    putFact(buffer, area.x + 1, area.y + lines + i, area.width - 2, fact, pane);
  }
}

const FACT_LABEL_WIDTH = 12;

function putFact(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  { label, value }: Fact,
  { theme }: ProcessPane,
): void {
  putAligned(buffer, x, y, Math.min(FACT_LABEL_WIDTH, width), 'left', label, theme.dim);
  const room = width - FACT_LABEL_WIDTH - 1;
  const style = value === '-' ? theme.dim : theme.text;
  putAligned(buffer, x + FACT_LABEL_WIDTH + 1, y, room, 'left', value, style);
}

/** Draws a list in its frame; the focused one has a bright border. */
function renderFramed(
  area: Rect,
  buffer: Buffer,
  pane: ProcessPane,
  list: PaneListName,
  title: string,
  note: string,
  empty: string,
  drawItem: (item: number, x: number, y: number, width: number) => void,
): void {
  if (isEmpty(area)) return;
  const { theme, data } = pane;
  const isFocused = pane.focus === list;
  const inside = renderBlock(area, buffer, {
    ...{ title, rightTitle: note, theme },
    borderStyle: isFocused ? theme.focusedBorder : theme.border,
    titleStyle: isFocused ? theme.title : theme.header,
  });
  const count = paneCount(data, list);
  const { offset, selected } = pane.viewports[list];
  renderList(inside, buffer, {
    ...{ count, offset, selected: isFocused ? selected : -1, drawItem },
    theme,
  });
  if (count === 0 && inside.height > 0) {
    putAligned(buffer, inside.x + 1, inside.y, inside.width - 1, 'left', empty, theme.dim);
  }
  const more = count - offset - inside.height;
  if (more > 0 && inside.height > 0) {
    putAligned(buffer, inside.x, bottomOf(inside), inside.width - 1, 'right', ` ${more} more `, theme.dim);
  }
}

/** Text of an empty list: `-` if nothing is known of the process, otherwise `none`. */
function emptyText({ data }: ProcessPane): string {
  return data.detail === undefined ? '-' : 'none';
}

const CPU_WIDTH = 6;

function renderThreads(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme } = pane;
  const threads = data.detail?.threads ?? [];
  const told = data.detail?.process.threadCount;
  const count = told === undefined ? '' : ` ${Number.isNaN(told) ? '-' : told}`;
  // Every process has a thread, so an empty list means unknown.
  renderFramed(area, buffer, pane, 'threads', `Threads${count}`, 'TID, CPU %', '-', (i, x, y, width) => {
    const thread: ThreadSample = threads[i]!;
    const right = x + width;
    putAligned(buffer, x, y, 7, 'right', String(thread.tid), theme.text);
    const nameWidth = width - 7 - 1 - 2 - CPU_WIDTH - 1;
    putAligned(buffer, x + 8, y, nameWidth, 'left', thread.name, theme.text);
    buffer.putCodePoint(right - CPU_WIDTH - 2, y, thread.state === 0 ? 0x2d : thread.state, theme.dim);
    putCpu(buffer, right - CPU_WIDTH, y, data.detailRates.threadPercentOf(thread.tid), pane);
  });
}

function putCpu(buffer: Buffer, x: number, y: number, corePercent: number, pane: ProcessPane): void {
  const percent = shareOf(pane, corePercent);
  const style = percent >= 0.05 ? pane.theme.text : pane.theme.dim;
  putAligned(buffer, x, y, CPU_WIDTH, 'right', Number.isNaN(percent) ? '-' : tenthsText(percent), style);
}

const MEMORY_WIDTH = 7;

function renderChildren(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme } = pane;
  const children = data.detail?.children ?? [];
  const title = data.detail === undefined ? 'Children' : `Children ${children.length}`;
  const note = 'PID, command, CPU %, memory';
  renderFramed(area, buffer, pane, 'children', title, note, emptyText(pane), (i, x, y, width) => {
    const child: ChildProcess = children[i]!;
    const right = x + width;
    putAligned(buffer, x, y, 7, 'right', String(child.pid), theme.text);
    const room = width - 8 - CPU_WIDTH - MEMORY_WIDTH - 3;
    putAligned(buffer, x + 8, y, room, 'left', child.name, theme.text);
    const used = cellWidth(child.name) + 2;
    const tail = commandTail(child.commandLine, child.name);
    if (tail !== '' && room - used >= TAIL_MIN_WIDTH) {
      putAligned(buffer, x + 8 + used, y, room - used, 'left', tail, theme.dim);
    }
    putCpu(buffer, right - MEMORY_WIDTH - 1 - CPU_WIDTH, y, child.corePercent, pane);
    const memory = compactBytesText(child.residentBytes);
    putAligned(buffer, right - MEMORY_WIDTH, y, MEMORY_WIDTH, 'right', memory, theme.text);
  });
}

/** Shorter command lines are not worth showing. */
const TAIL_MIN_WIDTH = 6;
const ERROR_PRIORITY = 3;
const WARNING_PRIORITY = 4;

function renderJournal(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme } = pane;
  const { journal } = data;
  const failed = data.journalError;
  const empty = failed ?? (journal === undefined ? 'reading the journal' : 'no entries');
  const entries = journal?.entries ?? [];
  const note = journal?.isTruncated === true ? 'latest entries' : '';
  renderFramed(area, buffer, pane, 'journal', 'Journal', note, journal?.notice ?? empty, (i, x, y, width) => {
    const entry: JournalEntry = entries[i]!;
    buffer.put(x, y, clockText(entry.realtimeMicros / 1000), theme.dim, width);
    const style = priorityStyle(entry.priority, pane);
    putAligned(buffer, x + 9, y, width - 9, 'left', entry.message, style);
  });
}

function priorityStyle(priority: number | undefined, { theme }: ProcessPane): Style {
  if (priority === undefined || priority > WARNING_PRIORITY) return theme.text;
  return priority <= ERROR_PRIORITY ? theme.bad : theme.warning;
}
