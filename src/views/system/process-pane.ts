import type { JournalEntry } from '../../data/schema/journal-section.ts';
import type { ThreadSample } from '../../data/schema/process-detail.ts';
import { ageText, bytesText, clockText, compactBytesText, tenthsText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { isEmpty, type Rect, rect } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { blockInside, renderBlock } from '../../screen/widgets/block.ts';
import { renderChart } from '../../screen/widgets/chart.ts';
import { maximumOf, type Samples } from '../../screen/widgets/levels.ts';
import { renderList } from '../../screen/widgets/list.ts';
import type { Viewport } from '../../screen/widgets/viewport.ts';
import { renderSegments, type Segment } from '../segments.ts';
import { processFacts } from './process-facts.ts';
import type { ChildProcess, SystemData } from './system-data.ts';
import { renderPanel, type SystemView } from './system-look.ts';

/** The lists of the pane, in their order. */
type PaneListName = 'threads' | 'children' | 'journal';

/** What the pane shows beside the data. */
interface ProcessPane extends SystemView {
  readonly pid: number;
  readonly name: string;
  readonly isPerCore: boolean;
  /** A recording holds the table of processes, and none of them in depth. */
  readonly isRecorded: boolean;
  readonly focus: PaneListName;
  readonly viewports: Readonly<Record<PaneListName, Viewport>>;
}

/** Where the parts of the pane stand; a list that is not shown has no cells. */
export interface PaneLayout {
  readonly title: Rect;
  readonly command: Rect;
  readonly cpu: Rect;
  readonly memory: Rect;
  readonly facts: Rect;
  readonly lists: Readonly<Record<PaneListName, Rect>>;
}

const CHARTS_FROM_HEIGHT = 20;
const FACTS_COLUMN = 40;
/** Facts in pairs, then the three paths. */
const PAIRS = 12;
const PATHS = 3;
const BESIDE_FROM_WIDTH = 110;
const LISTS_MIN_HEIGHT = 5;
const NOWHERE = rect(0, 0, 0, 0);

/** The places in an area. Where it is narrow only the list in focus is there. */
export function layoutPane(area: Rect, focus: PaneListName): PaneLayout {
  const { x, y, width, height } = area;
  const columns = Math.max(1, Math.floor(width / FACTS_COLUMN));
  const chartHeight = height >= CHARTS_FROM_HEIGHT ? Math.max(6, Math.min(14, Math.floor(height * 0.26))) : 0;
  const wanted = Math.ceil(PAIRS / columns) + PATHS;
  const room = height - 2 - chartHeight - LISTS_MIN_HEIGHT;
  const factsHeight = Math.max(0, Math.min(wanted, room));
  const listsY = y + 2 + chartHeight + factsHeight;
  const half = width >> 1;
  return {
    title: rect(x, y, width, height > 0 ? 1 : 0),
    command: rect(x, y + 1, width, height > 1 ? 1 : 0),
    cpu: rect(x, y + 2, half, chartHeight),
    memory: rect(x + half, y + 2, width - half, chartHeight),
    facts: rect(x, y + 2 + chartHeight, width, factsHeight),
    lists: layoutLists(rect(x, listsY, width, y + height - listsY), focus),
  };
}

function layoutLists(area: Rect, focus: PaneListName): PaneLayout['lists'] {
  const { x, y, width, height } = area;
  if (width < BESIDE_FROM_WIDTH) {
    return { threads: NOWHERE, children: NOWHERE, journal: NOWHERE, [focus]: area };
  }
  const threads = Math.floor(width * 0.27);
  const children = Math.floor(width * 0.25);
  return {
    threads: rect(x, y, threads, height),
    children: rect(x + threads, y, children, height),
    journal: rect(x + threads + children, y, width - threads - children, height),
  };
}

/** How many rows a list of the pane has. */
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

/** Rows of a list that are on screen. */
export function paneRows(layout: PaneLayout, list: PaneListName): number {
  return blockInside(layout.lists[list]).height;
}

/** Draws everything known of one process. */
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
  if (area.height < 1) return;
  const { data, theme } = pane;
  const process = data.detail?.process;
  const started = startedMicros(pane);
  const left: Segment[] = [
    { text: pane.name, style: theme.title, priority: 100 },
    { text: `PID ${pane.pid}`, style: theme.text, priority: 90 },
    { text: process === undefined ? '' : userText(pane), style: theme.dim, priority: 50 },
    {
      text: Number.isNaN(started) ? '' : `started ${ageText(started)} ago`,
      style: theme.dim,
      priority: 40,
    },
  ];
  const isGone = data.detailError?.code === 'ESRCH';
  const right: Segment[] = isGone
    ? [{ text: 'exited', style: theme.warning, priority: 95 }]
    : [
        { text: `CPU ${shareText(pane, data.detailRates.cpu.last)}`, style: theme.text, priority: 80 },
        {
          text: process === undefined ? '' : bytesText(process.residentBytes),
          style: theme.text,
          priority: 79,
        },
      ];
  renderSegments(buffer, area.x, area.y, area.width, left, right);
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

/** Of one core, or of the whole machine, whichever is shown. */
function shareOf({ data, isPerCore }: ProcessPane, corePercent: number): number {
  return isPerCore || data.coreCount === 0 ? corePercent : corePercent / data.coreCount;
}

function shareText(pane: ProcessPane, corePercent: number): string {
  const { isPerCore } = pane;
  const percent = shareOf(pane, corePercent);
  return Number.isNaN(percent) ? '-' : `${tenthsText(percent)} %${isPerCore ? ' of a core' : ''}`;
}

function renderCommand(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme, ascii } = pane;
  if (area.height < 1) return;
  const failed = data.detail === undefined ? (data.detailError ?? data.errors[0])?.message : undefined;
  const command = data.detail?.process.commandLine;
  const asking = pane.isRecorded ? 'not in the recording' : 'reading the process';
  const unknown = data.detail === undefined ? asking : 'command line unknown';
  const text = command !== undefined && command !== '' ? command : (failed ?? unknown);
  putAligned(buffer, area.x + 1, area.y, area.width - 2, 'left', text, theme.dim, ascii);
}

function renderCharts(layout: PaneLayout, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme } = pane;
  const { cpu, memory } = data.detailRates;
  const percent = shareText(pane, maximumOf(cpu, 2 * layout.cpu.width));
  renderHistory(layout.cpu, buffer, pane, 'CPU', `peak ${percent}`, cpu, theme.graphRamp);
  const peak = bytesText(maximumOf(memory, 2 * layout.memory.width));
  renderHistory(layout.memory, buffer, pane, 'Memory', `peak ${peak}`, memory, theme.uploadRamp);
}

function renderHistory(
  area: Rect,
  buffer: Buffer,
  pane: ProcessPane,
  title: string,
  rightTitle: string,
  samples: Samples,
  ramp: readonly Style[],
): void {
  const { theme, ascii } = pane;
  if (area.height < 3) return;
  const inside = renderPanel(area, buffer, pane, title, samples.count < 2 ? '' : rightTitle);
  renderChart(inside, buffer, {
    ...{ samples, maximum: Number.NaN, cells: 'braille', ramp, label: '', labelStyle: theme.dim, ascii },
  });
}

function renderFacts(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  if (area.height < 1) return;
  const { pairs, paths } = processFacts(pane.data, userText(pane));
  const columns = Math.max(1, Math.floor(area.width / FACTS_COLUMN));
  const columnWidth = Math.floor(area.width / columns);
  const lines = Math.min(Math.ceil(pairs.length / columns), area.height);
  for (const [i, { label, value }] of pairs.entries()) {
    const row = Math.floor(i / columns);
    if (row >= lines) break;
    putFact(
      buffer,
      area.x + 1 + (i % columns) * columnWidth,
      area.y + row,
      columnWidth - 2,
      label,
      value,
      pane,
    );
  }
  for (const [i, { label, value }] of paths.entries()) {
    if (lines + i >= area.height) return;
    putFact(buffer, area.x + 1, area.y + lines + i, area.width - 2, label, value, pane);
  }
}

const FACT_LABEL_WIDTH = 12;

function putFact(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  label: string,
  value: string,
  { theme, ascii }: ProcessPane,
): void {
  putAligned(buffer, x, y, Math.min(FACT_LABEL_WIDTH, width), 'left', label, theme.dim, ascii);
  const room = width - FACT_LABEL_WIDTH - 1;
  putAligned(
    buffer,
    x + FACT_LABEL_WIDTH + 1,
    y,
    room,
    'left',
    value,
    value === '-' ? theme.dim : theme.text,
    ascii,
  );
}

/** A list in its frame; the one in focus has the bright border. */
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
  const { theme, ascii, data } = pane;
  const isFocused = pane.focus === list;
  const inside = renderBlock(area, buffer, {
    ...{ title, rightTitle: note, ascii },
    borderStyle: isFocused ? theme.focusedBorder : theme.border,
    ...{ titleStyle: isFocused ? theme.title : theme.header, rightTitleStyle: theme.dim },
  });
  const count = paneCount(data, list);
  const { offset, selected } = pane.viewports[list];
  renderList(inside, buffer, {
    ...{ count, offset, selected: isFocused ? selected : -1, drawItem, ascii },
    ...{ baseStyle: theme.base, selectionStyle: theme.selection, markerStyle: theme.accent },
  });
  if (count === 0 && inside.height > 0) {
    putAligned(buffer, inside.x + 1, inside.y, inside.width - 1, 'left', empty, theme.dim, ascii);
  }
}

/** An empty list of a process of which nothing is known yet, or nothing any more, does not say that there are none. */
function emptyText({ data }: ProcessPane): string {
  return data.detail === undefined ? '-' : 'none';
}

const CPU_WIDTH = 6;

function renderThreads(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme, ascii } = pane;
  const threads = data.detail?.threads ?? [];
  const count = data.detail === undefined ? '' : ` ${data.detail.process.threadCount ?? threads.length}`;
  const empty = emptyText(pane);
  renderFramed(area, buffer, pane, 'threads', `Threads${count}`, 'TID, CPU %', empty, (i, x, y, width) => {
    const thread: ThreadSample = threads[i]!;
    const right = x + width;
    putAligned(buffer, x, y, 7, 'right', String(thread.tid), theme.text, ascii);
    const nameWidth = width - 7 - 1 - 2 - CPU_WIDTH - 1;
    putAligned(buffer, x + 8, y, nameWidth, 'left', thread.name, theme.text, ascii);
    buffer.putCodePoint(right - CPU_WIDTH - 2, y, thread.state === 0 ? 0x2d : thread.state, theme.dim);
    const percent = shareOf(pane, data.detailRates.threadPercentOf(thread.tid));
    const text = Number.isNaN(percent) ? '-' : tenthsText(percent);
    putAligned(
      buffer,
      right - CPU_WIDTH,
      y,
      CPU_WIDTH,
      'right',
      text,
      percent >= 0.05 ? theme.text : theme.dim,
      ascii,
    );
  });
}

const MEMORY_WIDTH = 7;

function renderChildren(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme, ascii } = pane;
  const children = data.detail?.children ?? [];
  const title = data.detail === undefined ? 'Children' : `Children ${children.length}`;
  renderFramed(area, buffer, pane, 'children', title, 'PID, memory', emptyText(pane), (i, x, y, width) => {
    const child: ChildProcess = children[i]!;
    putAligned(buffer, x, y, 7, 'right', String(child.pid), theme.text, ascii);
    putAligned(buffer, x + 8, y, width - 8 - MEMORY_WIDTH - 1, 'left', child.name, theme.text, ascii);
    const memory = compactBytesText(child.residentBytes);
    putAligned(buffer, x + width - MEMORY_WIDTH, y, MEMORY_WIDTH, 'right', memory, theme.dim, ascii);
  });
}

const ERROR_PRIORITY = 3;
const WARNING_PRIORITY = 4;

function renderJournal(area: Rect, buffer: Buffer, pane: ProcessPane): void {
  const { data, theme, ascii } = pane;
  const { journal } = data;
  const failed = data.journalError;
  const empty = failed ?? (journal === undefined ? 'reading the journal' : 'no entries');
  const entries = journal?.entries ?? [];
  const note = journal?.isTruncated === true ? 'latest entries' : '';
  renderFramed(area, buffer, pane, 'journal', 'Journal', note, journal?.notice ?? empty, (i, x, y, width) => {
    const entry: JournalEntry = entries[i]!;
    buffer.put(x, y, clockText(entry.realtimeMicros / 1000), theme.dim, width);
    const style = priorityStyle(entry.priority, pane);
    putAligned(buffer, x + 9, y, width - 9, 'left', entry.message, style, ascii);
  });
}

function priorityStyle(priority: number | undefined, { theme }: ProcessPane): Style {
  if (priority === undefined || priority > WARNING_PRIORITY) return theme.text;
  return priority <= ERROR_PRIORITY ? theme.bad : theme.warning;
}
