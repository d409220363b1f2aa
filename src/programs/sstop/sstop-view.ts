import { durationText } from '../../kit/text/units.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { glyphsFor } from '../../screen/widgets/glyphs.ts';
import { type KeyHint, renderKeyHints } from '../../screen/widgets/key-hints.ts';
import { renderScrollbar } from '../../screen/widgets/scrollbar.ts';
import { layoutDetail, renderDetail } from '../../views/network/detail.ts';
import { renderHeader, renderSparklineRow } from '../../views/network/header.ts';
import type { NetworkData } from '../../views/network/network-list.ts';
import { ownerNote } from '../../views/network/network-process-list.ts';
import { renderPlaybackLine } from '../../views/network/playback-line.ts';
import { renderHelp } from '../../views/overlays/help.ts';
import { killNote, renderKill } from '../../views/overlays/kill.ts';
import { renderPromptLine } from '../../views/overlays/prompt-line.ts';
import { chordText } from '../config/keymap.ts';
import { helpGroups } from '../shared/help-groups.ts';
import type { SstopAction } from '../shared/keymaps.ts';
import { listOf, type Model, stateOf, type ViewName } from './sstop-model.ts';
import {
  LIST,
  layoutOf,
  layoutScreen,
  lookOf,
  SCREEN_MIN_HEIGHT,
  SCREEN_MIN_WIDTH,
  type ScreenLayout,
} from './sstop-rows.ts';

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
    interval: model.playback === undefined ? durationText(model.intervalMillis) : '',
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

/** The keys that matter now, most important first; what does not fit is dropped from the right. */
const HINTS: Readonly<Record<ViewName, readonly SstopAction[]>> = {
  processes: [
    ...(['help', 'filter', 'sort-next', 'open', 'hosts', 'listen', 'groups', 'kill'] as const),
    ...(['pause', 'quit', 'interface-next', 'loopback'] as const),
  ],
  hosts: ['help', 'back', 'open', 'filter', 'sort-next', 'dns', 'pause', 'quit'],
  listen: ['help', 'back', 'open', 'filter', 'sort-next', 'kill', 'pause', 'quit'],
  groups: ['help', 'back', 'open', 'filter', 'sort-next', 'pause', 'quit'],
  detail: ['help', 'back', 'sort-next', 'dns', 'kill', 'filter', 'pause', 'quit'],
};

/** What the user should know now, instead of the keys. */
function footerNote(model: Model): { readonly text: string; readonly isBad: boolean } | undefined {
  if (model.notice !== undefined) return model.notice;
  if (model.failure !== undefined) return { text: model.failure, isBad: true };
  const { shown } = model;
  if (shown === undefined) return undefined;
  const { wantedInterface } = model;
  if (wantedInterface !== undefined) {
    const text = `There is no interface '${wantedInterface}' yet: all are shown until then, i chooses one.`;
    return { text, isBad: true };
  }
  const { selection, viewport } = stateOf(model);
  const isSelected = model.view === 'processes' && selection !== undefined && viewport.selected >= 0;
  const text =
    (isSelected ? ownerNote(shown.section, selection.slot) : undefined) ?? shown.section.errors[0]?.message;
  return text === undefined ? undefined : { text, isBad: true };
}

function footerHints(model: Model): readonly KeyHint[] {
  const bindings = model.keymap.groups.flatMap((group) => group.bindings);
  const hints = HINTS[model.view].flatMap((action): KeyHint[] => {
    // Elsewhere the key only says that it does nothing.
    if (action === 'kill' && !model.canSignal) return [];
    const binding = bindings.find((each) => each.action === action);
    if (binding === undefined) return [];
    const label = labelOf(model, action) ?? binding.label ?? action;
    return [{ key: chordText(binding.chords[0]!, model.ascii), label }];
  });
  return [...hints, { key: '+/-', label: durationText(model.intervalMillis) }];
}

/** What the label says of the present state, where there is something to say. */
function labelOf(model: Model, action: SstopAction): string | undefined {
  const { filterText, sort } = stateOf(model);
  switch (action) {
    case 'filter':
      return filterText === '' ? undefined : `filter: ${filterText}`;
    case 'sort-next':
      return `sort: ${sort.key}`;
    case 'loopback':
      return model.scope.includeLoopback ? 'hide loopback' : undefined;
    case 'dns':
      return model.isDnsOn ? 'addresses' : 'names';
    case 'interface-next':
      return interfaceName(model.shown, model.scope.interfaceIndex);
    case 'pause':
      return model.pausedAtMillis === undefined && model.playback?.progress.isPaused !== true
        ? undefined
        : 'resume';
    case 'back':
      return filterText === '' ? undefined : 'clear filter';
    default:
      return undefined;
  }
}

function interfaceName(data: NetworkData | undefined, index: number | undefined): string | undefined {
  if (data === undefined || index === undefined) return undefined;
  const { interfaces } = data.section;
  const slot = interfaces.slots.find(index, 0, 0, 0);
  return slot < 0 ? undefined : interfaces.names[slot];
}
