import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { glyphsFor } from '../../screen/widgets/glyphs.ts';
import { type KeyHint, renderKeyHints } from '../../screen/widgets/key-hints.ts';
import { renderScrollbar } from '../../screen/widgets/scrollbar.ts';
import { renderHeader, renderSparklineRow } from '../views/network/header.ts';
import type { NetworkData } from '../views/network/network-data.ts';
import { ownerNote } from '../views/network/owner-note.ts';
import { renderProcessTable } from '../views/network/process-table.ts';
import { renderFilterPrompt } from '../views/overlays/filter-prompt.ts';
import { renderHelp } from '../views/overlays/help.ts';
import { helpGroups } from './help-groups.ts';
import { chordText, KEYMAP } from './keymap.ts';
import type { Model } from './model.ts';
import { visibleRows } from './rows.ts';
import { layoutScreen, SCREEN_MIN_HEIGHT, SCREEN_MIN_WIDTH, type ScreenLayout } from './screen-layout.ts';

/** Paints the whole screen. */
export function view(model: Model, buffer: Buffer): void {
  paint(model, buffer);
  // Names may hold anything; what is drawn around them is ASCII by itself.
  if (model.ascii) buffer.restrictToAscii();
}

function paint(model: Model, buffer: Buffer): void {
  const { theme } = model;
  buffer.fill(buffer.area, theme.base);
  const layout = layoutScreen(buffer.width, buffer.height);
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
    const { ascii } = model;
    renderHelp(buffer.area, buffer, {
      title: 'sstop keys',
      groups: helpGroups(ascii),
      offset: model.helpOffset,
      theme,
      ascii,
    });
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
  const { theme, ascii, listing, sort, scope, viewport } = model;
  const header = { data, scope, pausedAtMillis: model.pausedAtMillis, theme, ascii };
  renderHeader(layout.header, buffer, header);
  renderSparklineRow(layout.sparkline, buffer, header);
  renderProcessTable(layout.table, buffer, {
    data,
    listing,
    sort,
    offset: viewport.offset,
    selected: viewport.selected,
    theme,
    ascii,
  });
  const position = { count: listing.rows.count, visible: visibleRows(model), offset: viewport.offset };
  const styles = { thumb: theme.scrollbarThumb, track: theme.scrollbarTrack };
  if (position.count > position.visible) renderScrollbar(layout.scrollbar, buffer, position, styles, ascii);
  if (listing.rows.count === 0) renderEmpty(model, layout.table, buffer);
}

function renderEmpty(model: Model, table: Rect, buffer: Buffer): void {
  const { filter, theme, listing } = model;
  const text =
    filter !== '' && listing.rows.unfilteredCount > 0
      ? `Nothing matches "${filter}": Esc clears the filter.`
      : 'No process uses the network here. L shows loopback.';
  buffer.put(table.x + 1, table.y + 2, text, theme.dim, table.width - 1);
}

function renderRule(area: Rect, model: Model, buffer: Buffer): void {
  if (area.height > 0) buffer.fill(area, model.theme.border, glyphsFor(model.ascii).horizontal);
}

function renderFooter(area: Rect, model: Model, buffer: Buffer): void {
  const { prompt, listing, theme } = model;
  if (area.height < 1) return;
  if (prompt !== undefined) {
    const { count, unfilteredCount } = listing.rows;
    const counts = { shownCount: count, totalCount: unfilteredCount };
    renderFilterPrompt(area, buffer, { input: prompt.input, ...counts, theme });
    return;
  }
  const note = footerNote(model);
  if (note !== undefined) {
    buffer.put(area.x + 1, area.y, note, theme.warning, area.width - 2);
    return;
  }
  renderKeyHints(area, buffer, footerHints(model), { key: theme.key, label: theme.dim, ground: theme.base });
}

/** What the user should know now, instead of the keys. */
function footerNote(model: Model): string | undefined {
  if (model.failure !== undefined) return model.failure;
  const { shown, selection, viewport } = model;
  if (shown === undefined) return undefined;
  const note =
    selection !== undefined && viewport.selected >= 0 ? ownerNote(shown.section, selection.owner) : undefined;
  return note ?? shown.section.errors[0]?.message;
}

function footerHints(model: Model): readonly KeyHint[] {
  const { ascii, filter, intervalMillis, sort, scope, shown } = model;
  const labels: Readonly<Record<string, string>> = {
    filter: filter === '' ? 'filter' : `filter: ${filter}`,
    'sort-next': `sort: ${sort.key}`,
    loopback: scope.includeLoopback ? 'hide loopback' : 'loopback',
    'interface-next': interfaceLabel(shown, scope.interfaceIndex),
    pause: model.pausedAtMillis === undefined ? 'pause' : 'resume',
  };
  const hints = KEYMAP.flatMap((group) => group.bindings)
    .filter((binding) => binding.label !== undefined)
    .map((binding) => ({
      key: chordText(binding.chords[0]!, ascii),
      label: labels[binding.action] ?? binding.label!,
    }));
  const order = ['?', '/', 's'];
  hints.sort((a, b) => rankIn(order, a.key) - rankIn(order, b.key));
  return [
    ...hints,
    { key: '+/-', label: intervalMillis < 1000 ? `${intervalMillis}ms` : `${intervalMillis / 1000}s` },
  ];
}

function rankIn(order: readonly string[], key: string): number {
  const rank = order.indexOf(key);
  return rank < 0 ? order.length : rank;
}

function interfaceLabel(data: NetworkData | undefined, index: number | undefined): string {
  if (data === undefined || index === undefined) return 'interface';
  const { interfaces } = data.section;
  const slot = interfaces.slots.find(index, 0, 0, 0);
  return slot < 0 ? 'interface' : interfaces.names[slot]!;
}
