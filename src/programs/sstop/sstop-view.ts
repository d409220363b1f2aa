import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { glyphsFor } from '../../screen/widgets/glyphs.ts';
import { renderKeyHints } from '../../screen/widgets/key-hints.ts';
import { renderScrollbar } from '../../screen/widgets/viewport.ts';
import { layoutDetail, renderDetail } from '../../views/network/detail.ts';
import { renderHeader, renderSparklineRow } from '../../views/network/header.ts';
import type { NetworkData } from '../../views/network/network-data.ts';
import { renderPlaybackLine } from '../../views/network/playback-line.ts';
import { renderHelp } from '../../views/overlays/help.ts';
import { renderKill } from '../../views/overlays/kill.ts';
import { killNote } from '../../views/overlays/kill-state.ts';
import { renderPromptLine } from '../../views/overlays/prompt-line.ts';
import { helpGroups } from './help-groups.ts';
import { durationLabel } from './interval.ts';
import { layoutScreen, SCREEN_MIN_HEIGHT, SCREEN_MIN_WIDTH, type ScreenLayout } from './screen-layout.ts';
import { footerHints, footerNote } from './sstop-footer.ts';
import { listOf, type Model, stateOf, type ViewName } from './sstop-model.ts';
import { LIST, layoutOf, lookOf } from './sstop-rows.ts';

const TITLES: Readonly<Record<ViewName, string>> = {
  processes: 'sstop',
  hosts: 'Remote hosts',
  listen: 'Listening ports',
  groups: 'Groups',
  detail: 'Process',
};

/** What an empty list says. */
const EMPTY: Readonly<Record<ViewName, string>> = {
  processes: 'No process uses the network here. L shows loopback.',
  hosts: 'No remote host has a connection. L shows loopback.',
  listen: 'Nothing listens here.',
  groups: 'No group uses the network here.',
  detail: 'No connections.',
};

/** Paints the whole screen. */
export function view(model: Model, buffer: Buffer): void {
  paint(model, buffer);
  // Names may hold anything; what is drawn around them is ASCII by itself.
  if (model.ascii) buffer.restrictToAscii();
}

function paint(model: Model, buffer: Buffer): void {
  const { theme, ascii } = model;
  buffer.clear(theme.base);
  const layout = layoutOf({ ...model, width: buffer.width, height: buffer.height });
  if (layout.isTooSmall) {
    renderTooSmall(model, buffer);
    return;
  }
  if (model.shown === undefined) renderWaiting(model, layout, buffer);
  else renderData(model, model.shown, layout, buffer);
  renderRule(layout.topRule, model, buffer);
  renderRule(layout.bottomRule, model, buffer);
  renderFooter(layout.footer, model, buffer);
  if (model.helpOffset !== undefined) {
    const groups = helpGroups(model.keymap, ascii);
    const title = 'sstop keys';
    renderHelp(buffer.area, buffer, { title, groups, offset: model.helpOffset, theme, ascii });
  }
  if (model.kill !== undefined) {
    const { pid, name, selected } = model.kill;
    renderKill(buffer.area, buffer, { pid, name, selected, ...killNote(model.kill, 'sstop'), theme, ascii });
  }
}

function renderTooSmall(model: Model, buffer: Buffer): void {
  const lines = [
    'Too small.',
    `${buffer.width}x${buffer.height}, but`,
    `${SCREEN_MIN_WIDTH}x${SCREEN_MIN_HEIGHT} is needed.`,
  ];
  for (const [y, line] of lines.entries()) buffer.put(0, y, line, model.theme.warning);
}

function renderWaiting(model: Model, layout: ScreenLayout, buffer: Buffer): void {
  const { header, table } = layout;
  buffer.put(header.x + 1, header.y, 'sstop', model.theme.title);
  const text = model.failure ?? 'First sample under way';
  buffer.put(table.x + 1, table.y, text, model.failure === undefined ? model.theme.dim : model.theme.bad);
}

function renderData(model: Model, data: NetworkData, layout: ScreenLayout, buffer: Buffer): void {
  const { theme, ascii, scope, workspace } = model;
  const header = {
    data,
    link: model.link,
    scope,
    title: TITLES[model.view],
    interval: model.playback === undefined ? durationLabel(model.intervalMillis) : '',
    pausedAtMillis: model.pausedAtMillis,
    alarmCount: workspace.alerts.count,
    isFollowing: model.isFollowing,
    theme,
    ascii,
  };
  renderHeader(layout.header, buffer, header);
  if (model.playback === undefined) renderSparklineRow(layout.sparkline, buffer, header);
  else {
    const { fileName, progress } = model.playback;
    renderPlaybackLine(layout.sparkline, buffer, { fileName, ...progress, theme, ascii });
  }
  if (model.view === 'detail') {
    const { detail: facts, histories } = workspace;
    const area = layoutScreen(buffer.width, buffer.height).table;
    renderDetail(layoutDetail(area), buffer, { data, facts, history: histories.shown, theme, ascii });
  }
  renderList(model, layout, buffer);
}

function renderList(model: Model, layout: ScreenLayout, buffer: Buffer): void {
  const { theme, ascii } = model;
  const list = listOf(model);
  list.render(layout.table, buffer, lookOf(model));
  const position = {
    count: list.count,
    visible: LIST.visibleRows(model),
    offset: stateOf(model).viewport.offset,
  };
  const styles = { thumb: theme.scrollbarThumb, track: theme.scrollbarTrack };
  if (position.count > position.visible) renderScrollbar(layout.scrollbar, buffer, position, styles, ascii);
  if (list.count === 0) renderEmpty(model, layout.table, buffer);
}

function renderEmpty(model: Model, table: Rect, buffer: Buffer): void {
  const { filterText } = stateOf(model);
  const text =
    filterText !== '' && listOf(model).unfilteredCount > 0
      ? `Nothing matches "${filterText}": Esc clears the filter.`
      : EMPTY[model.view];
  if (table.height > 1) buffer.put(table.x + 1, table.y + 1, text, model.theme.dim, table.width - 1);
}

function renderRule(area: Rect, model: Model, buffer: Buffer): void {
  if (area.height > 0) buffer.fill(area, model.theme.border, glyphsFor(model.ascii).horizontal);
}

function renderFooter(area: Rect, model: Model, buffer: Buffer): void {
  const { prompt, theme } = model;
  if (area.height < 1) return;
  if (prompt !== undefined) {
    const { count, unfilteredCount } = listOf(model);
    const isFilter = prompt.kind === 'filter';
    renderPromptLine(area, buffer, {
      label: isFilter ? '/' : 'alert above',
      input: prompt.input,
      note: isFilter ? `${count} of ${unfilteredCount}` : 'bytes per second, as 10M; empty: none',
      error: prompt.error,
      theme,
      ascii: model.ascii,
    });
    return;
  }
  const note = footerNote(model);
  if (note === undefined) {
    renderKeyHints(area, buffer, footerHints(model), {
      key: theme.key,
      label: theme.dim,
      ground: theme.base,
    });
    return;
  }
  buffer.put(area.x + 1, area.y, note.text, note.isBad ? theme.warning : theme.good, area.width - 2);
}
