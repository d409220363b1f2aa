import { groupedText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import { renderKeyHints } from '../../screen/widgets/key-hints.ts';
import { tableRowsIn } from '../../screen/widgets/table.ts';
import { renderScrollbar } from '../../screen/widgets/viewport.ts';
import { renderPlaybackLine } from '../../views/network/playback-line.ts';
import { renderHelp } from '../../views/overlays/help.ts';
import { renderKill } from '../../views/overlays/kill.ts';
import { killNote } from '../../views/overlays/kill-state.ts';
import { renderPromptLine } from '../../views/overlays/prompt-line.ts';
import { needsOf, renderDashboard } from '../../views/system/dashboard.ts';
import {
  DASHBOARD_MIN_HEIGHT,
  DASHBOARD_MIN_WIDTH,
  type DashboardLayout,
  layoutDashboard,
} from '../../views/system/dashboard-layout.ts';
import { hostsArea, renderHosts } from '../../views/system/hosts-table.ts';
import { layoutPane, renderProcessPane } from '../../views/system/process-pane.ts';
import { renderHostsHeader, renderSystemHeader } from '../../views/system/system-header.ts';
import type { SystemView } from '../../views/system/system-look.ts';
import { chordText } from '../config/keymap.ts';
import { view as viewNetwork } from '../sstop/sstop-view.ts';
import { footerHints, footerNote } from './socktop-footer.ts';
import { helpOf } from './socktop-help.ts';
import { type HostModel, hostOf, type Model } from './socktop-model.ts';

/** Paints the whole screen. */
export function view(model: Model, buffer: Buffer): void {
  const { network, link } = hostOf(model);
  if (model.view === 'network' && network !== undefined) {
    viewNetwork({ ...network, link }, buffer);
    return;
  }
  paint(model, buffer);
  // Names may hold anything; what is drawn around them is ASCII by itself.
  if (model.ascii) buffer.restrictToAscii();
}

function paint(model: Model, buffer: Buffer): void {
  const { theme, ascii } = model;
  buffer.clear(theme.base);
  const { width, height } = buffer;
  if (width < DASHBOARD_MIN_WIDTH || height < DASHBOARD_MIN_HEIGHT) {
    renderTooSmall(model, buffer);
    return;
  }
  if (model.view === 'hosts') renderHostsView(model, buffer);
  else renderHost(model, hostOf(model), buffer);
  renderFooter(rect(0, height - 1, width, 1), model, buffer);
  if (model.helpOffset !== undefined) {
    const title = 'socktop keys';
    renderHelp(buffer.area, buffer, { title, groups: helpOf(model), offset: model.helpOffset, theme, ascii });
  }
  if (model.kill !== undefined) {
    const { pid, name, selected } = model.kill;
    renderKill(buffer.area, buffer, {
      pid,
      name,
      selected,
      ...killNote(model.kill, 'socktop'),
      theme,
      ascii,
    });
  }
}

function renderTooSmall(model: Model, buffer: Buffer): void {
  const lines = [
    'Too small.',
    `${buffer.width}x${buffer.height}, but`,
    `${DASHBOARD_MIN_WIDTH}x${DASHBOARD_MIN_HEIGHT} is needed.`,
  ];
  for (const [y, line] of lines.entries()) buffer.put(0, y, line, model.theme.warning);
}

function renderHostsView(model: Model, buffer: Buffer): void {
  const { hosts, hostsViewport, nowMillis, theme, ascii, isPaused } = model;
  const header = rect(0, 0, buffer.width, 1);
  renderHostsHeader(header, buffer, { hosts, nowMillis, isPaused, theme });
  renderHosts(hostsArea(buffer.area), buffer, { hosts, viewport: hostsViewport, nowMillis, theme, ascii });
}

function renderHost(model: Model, host: HostModel, buffer: Buffer): void {
  const { theme, ascii } = model;
  const { width, height } = buffer;
  const view: SystemView = { data: host.data, theme, ascii };
  const body = rect(0, 1, width, height - 2);
  if (host.data.header === undefined) renderWaiting(body, model, host, buffer);
  else if (model.view === 'process') renderPane(body, model, host, buffer, view);
  else renderTable(model, host, buffer, view);
  // What is old is grey: nobody shall take it for what is.
  if (host.link !== undefined && host.link.phase !== 'live') buffer.restyle(body, theme.dim);
  const { metricsIntervalMillis, processesIntervalMillis, nowMillis, isPaused } = model;
  renderSystemHeader(
    rect(0, 0, width, 1),
    buffer,
    {
      ...{ name: host.name, link: host.link, metricsIntervalMillis, processesIntervalMillis, nowMillis },
      isPaused,
      retryKey: chordText(model.keymap.chordsOf('retry')[0] ?? '', ascii),
    },
    view,
  );
}

function renderWaiting(body: Rect, model: Model, host: HostModel, buffer: Buffer): void {
  const { theme } = model;
  const isConnecting = host.link?.phase === 'connecting';
  const text = host.failure ?? host.link?.reason ?? (isConnecting ? 'Connecting' : 'First sample under way');
  const isBad = host.failure !== undefined || host.link?.reason !== undefined;
  buffer.put(body.x + 1, body.y + 1, text, isBad ? theme.warning : theme.dim, body.width - 2);
}

function renderPane(body: Rect, model: Model, host: HostModel, buffer: Buffer, view: SystemView): void {
  const { pane } = host;
  if (pane === undefined) return;
  const { target, focus, viewports } = pane;
  const { isPerCore } = model;
  renderProcessPane(layoutPane(body, focus), buffer, {
    ...view,
    ...{ pid: target.pid, name: target.name, isPerCore, focus, viewports },
    isRecorded: model.playback !== undefined,
  });
}

function renderTable(model: Model, host: HostModel, buffer: Buffer, view: SystemView): void {
  const { data, sort, viewport, hasTraffic } = host;
  const { theme, ascii, isPerCore } = model;
  const layout = layoutDashboard(buffer.width, buffer.height, needsOf(data, model.isCompact));
  renderDashboard(layout, buffer, view, titlesOf(model, host));
  const { table, scrollbar } = layout;
  model.list.render(table, buffer, data.rows, { sort, viewport, isPerCore, hasTraffic, theme, ascii });
  const position = { count: data.rows.count, visible: tableRowsIn(table), offset: viewport.offset };
  const styles = { thumb: theme.scrollbarThumb, track: theme.scrollbarTrack };
  if (position.count > position.visible) renderScrollbar(scrollbar, buffer, position, styles, ascii);
  if (data.rows.count === 0) renderEmpty(layout, host, model, buffer);
}

function renderEmpty({ table }: DashboardLayout, host: HostModel, model: Model, buffer: Buffer): void {
  if (table.height < 2) return;
  const { header, machine } = host.data;
  const isOfNetwork = model.playback !== undefined && header !== undefined && machine === undefined;
  const unread = isOfNetwork
    ? 'No processes are in this recording: sstop --playback shows its network.'
    : 'Processes are being read';
  const text = !host.data.hasProcesses
    ? (host.data.errors[0]?.message ?? unread)
    : `Nothing matches "${host.search}": Esc clears the search.`;
  buffer.put(table.x + 1, table.y + 1, text, model.theme.dim, table.width - 1);
}

/** `Processes 2,100`, and what is special about the table now. */
function titlesOf(
  model: Model,
  { data, search }: HostModel,
): { readonly title: string; readonly rightTitle: string } {
  const { processCount, count } = data.rows;
  const title =
    search === ''
      ? `Processes ${groupedText(processCount)}`
      : `Processes ${groupedText(count)} of ${groupedText(processCount)}`;
  return { title, rightTitle: model.isPerCore ? 'CPU % of one core' : 'CPU % of the machine' };
}

function renderFooter(area: Rect, model: Model, buffer: Buffer): void {
  const { prompt, theme } = model;
  if (prompt !== undefined) {
    const { count, unfilteredCount } = hostOf(model).data.rows;
    const note = `${count} of ${unfilteredCount}`;
    renderPromptLine(area, buffer, {
      label: '/',
      input: prompt.input,
      note,
      error: undefined,
      theme,
      ascii: model.ascii,
    });
    return;
  }
  const note = footerNote(model);
  if (note === undefined && model.playback !== undefined) {
    const { fileName, progress } = model.playback;
    renderPlaybackLine(area, buffer, { fileName, ...progress, theme, ascii: model.ascii });
    return;
  }
  if (note === undefined) {
    const styles = { key: theme.key, label: theme.dim, ground: theme.base };
    renderKeyHints(area, buffer, footerHints(model), styles);
    return;
  }
  buffer.put(area.x + 1, area.y, note.text, note.isBad ? theme.warning : theme.good, area.width - 2);
}
