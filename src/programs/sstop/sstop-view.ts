import { GROUPINGS } from '../../data/sample/process-table.ts';
import { compactRateText, otherUnits } from '../../kit/text/format.ts';
import { durationText } from '../../kit/text/units.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { glyphsFor } from '../../screen/widgets/glyphs.ts';
import type { KeyHint } from '../../screen/widgets/key-hints.ts';
import { layoutDetail, renderDetail } from '../../views/network/detail.ts';
import { renderHeader, renderWaitingHeader } from '../../views/network/header.ts';
import { renderPicker } from '../../views/network/interface-picker.ts';
import type { NetworkData } from '../../views/network/network-list.ts';
import { ownerNote } from '../../views/network/network-process-list.ts';
import { renderPlaybackLine } from '../../views/network/playback-line.ts';
import { renderTotals } from '../../views/network/total-chart.ts';
import { firingText, renderAlerts } from '../../views/overlays/alerts.ts';
import type { Notice } from '../../views/screen-update.ts';
import type { SstopAction } from '../shared/keymaps.ts';
import {
  helpGroups,
  keyHintsOf,
  paintScreen,
  renderFooter,
  renderRowsScrollbar,
} from '../shared/screen-frame.ts';
import { isOnMembers, isOnPorts } from './navigation.ts';
import { alertsOf, listOf, type Model, stateOf, type ViewName } from './sstop-model.ts';
import {
  fullLayoutOf,
  hidesProcesses,
  LIST,
  layoutOf,
  lookOf,
  SCREEN_MIN_HEIGHT,
  SCREEN_MIN_WIDTH,
  type ScreenLayout,
} from './sstop-rows.ts';

const TITLES: Readonly<Record<ViewName, string>> = {
  processes: 'sstop',
  grouped: 'sstop',
  hosts: 'Remote hosts',
  listen: 'Listening ports',
  groups: 'Groups',
  trouble: 'Network trouble',
  detail: 'Process',
};
const NARROW_TITLES: Readonly<Record<ViewName, string>> = {
  ...TITLES,
  hosts: 'Hosts',
  listen: 'Ports',
  trouble: 'Trouble',
};
const NARROW_WIDTH = 60;

function titleOf({ view, width }: Pick<Model, 'view' | 'width'>): string {
  return (width < NARROW_WIDTH ? NARROW_TITLES : TITLES)[view];
}

/** Text of an empty list. */
const EMPTY: Readonly<Record<ViewName, string>> = {
  processes: 'No process uses the network. L shows loopback.',
  grouped: 'No process uses the network. L shows loopback.',
  hosts: 'No remote connections. L shows loopback.',
  listen: 'No listening ports.',
  groups: 'No group uses the network.',
  trouble: 'No trouble in the last ten seconds.',
  detail: 'No connections.',
};

const FRAME = {
  program: 'sstop',
  minWidth: SCREEN_MIN_WIDTH,
  minHeight: SCREEN_MIN_HEIGHT,
  paint,
  helpOf: (model: Model) => helpGroups(model.keymap, model.ascii),
};

/** Draws the whole screen. */
export function view(model: Model, buffer: Buffer): void {
  paintScreen(model, buffer, FRAME);
}

function paint(model: Model, buffer: Buffer): void {
  const layout = layoutOf({ ...model, width: buffer.width, height: buffer.height });
  if (model.shown === undefined) renderWaiting(model, layout, buffer);
  else renderData(model, model.shown, layout, buffer);
  renderRule(layout.topRule, model, buffer);
  renderRule(layout.bottomRule, model, buffer);
  renderBottomLine(model, layout, buffer);
  const { picker, shown, units, theme, alertsOffset: offset } = model;
  if (offset !== undefined) renderAlerts(buffer.area, buffer, { hosts: alertsOf(model), offset, theme });
  if (picker !== undefined && shown !== undefined) {
    renderPicker(buffer.area, buffer, { picker, data: shown, units, theme });
  }
}

/** Draws what is hidden and the selected row in the lower rule; without a rule, the row is beside the keys. */
function renderBottomLine(model: Model, layout: ScreenLayout, buffer: Buffer): void {
  const { theme } = model;
  const { bottomRule, footer } = layout;
  const place = model.shown === undefined ? '' : placeText(model);
  const hasRule = bottomRule.height > 0;
  const hidden = hidesProcesses(model) ? hiddenText(model, bottomRule.width - place.length - 6) : '';
  if (hidden !== '' && hasRule) buffer.put(bottomRule.x + 1, bottomRule.y, ` ${hidden} `, theme.warning);
  if (hasRule && place !== '') {
    const text = ` ${place} `;
    buffer.put(bottomRule.x + bottomRule.width - text.length - 1, bottomRule.y, text, theme.text);
  }
  const prompt = promptLineOf(model);
  const note = footerNote(model);
  const isBeside = !hasRule && prompt === undefined && note === undefined && place !== '';
  const width = isBeside ? footer.width - place.length - 2 : footer.width;
  renderFooter({ ...footer, width }, buffer, model, { prompt, note, hints: () => footerHints(model) });
  if (isBeside) buffer.put(footer.x + width + 1, footer.y, place, theme.text);
}

/** `12/4000`, with a filter `12/40 of 4000`: rank of the selected row, and number of rows. */
function placeText(model: Model): string {
  const { count, unfilteredCount } = listOf(model);
  const { selected } = stateOf(model).viewport;
  const place = `${selected < 0 ? '-' : selected + 1}/${count}`;
  return stateOf(model).filterText !== '' ? `${place} of ${unfilteredCount}` : place;
}

/** The longest text that fits. */
function hiddenText({ hiddenAdvice }: Model, room: number): string {
  const texts = [`Other users' processes are hidden: ${hiddenAdvice}`, `Others hidden: ${hiddenAdvice}`];
  return texts.find((text) => text.length <= room) ?? texts.at(-1)!;
}

function renderWaiting(model: Model, layout: ScreenLayout, buffer: Buffer): void {
  const { table } = layout;
  const { theme, machineName = '', failure } = model;
  const header = { title: titleOf(model), interval: intervalOf(model), theme };
  renderWaitingHeader(layout.header, buffer, header, machineName);
  if (model.view !== 'detail') listOf(model).render(table, buffer, lookOf(model));
  if (table.height < 2) return;
  const text = failure ?? 'Waiting for the first sample';
  buffer.put(table.x + 1, table.y + 1, text, failure === undefined ? theme.dim : theme.bad, table.width - 1);
}

/** Empty for a recording, which has its own interval. */
function intervalOf({ playback, intervalMillis }: Model): string {
  return playback === undefined ? durationText(intervalMillis) : '';
}

function renderData(model: Model, data: NetworkData, layout: ScreenLayout, buffer: Buffer): void {
  const { theme, scope, workspace } = model;
  const header = {
    data,
    link: model.link,
    scope,
    title: titleOf(model),
    namesView: TITLES[model.view] !== TITLES.processes,
    interval: intervalOf(model),
    pausedAtMillis: model.pausedAtMillis,
    alarmCount: workspace.alerts.count,
    firing: firingText(alertsOf(model)),
    modes: modesOf(model),
    units: model.units,
    theme,
  };
  const isPlayed = model.playback !== undefined;
  renderHeader(layout.header, buffer, header, isPlayed || layout.sparkline.height === 0);
  if (!isPlayed) renderTotals(layout.sparkline, buffer, header);
  else {
    const { fileName, progress, wallMillis } = model.playback;
    renderPlaybackLine(layout.sparkline, buffer, { fileName, wallMillis, ...progress, theme });
  }
  if (model.view === 'detail') {
    const { detail: facts, histories } = workspace;
    const area = fullLayoutOf({ ...model, width: buffer.width, height: buffer.height }).table;
    const { units } = model;
    renderDetail(layoutDetail(area), buffer, { data, facts, history: histories.shown, units, theme });
  }
  renderList(model, layout, buffer);
}

/** Active modes that affect this view, one word each. */
function modesOf(model: Model): readonly string[] {
  const { view, scope, alertBytesPerSecond: alert } = model;
  const isProcesses = view === 'processes';
  const isGrouped = view === 'grouped';
  const showsNames = view === 'hosts' || view === 'detail';
  return [
    isProcesses && model.isTree ? 'tree' : '',
    isGrouped && model.groupBy !== undefined ? `by ${model.groupBy}` : '',
    (isProcesses || isGrouped) && model.isCumulative ? 'totals' : '',
    scope.includeLoopback && scope.interfaceIndex === undefined ? 'loopback' : '',
    showsNames && model.isDnsOn ? 'DNS' : '',
    model.isFollowing ? 'following' : '',
    alert === undefined ? '' : `alert>${compactRateText(alert, model.units)}`,
  ];
}

function renderList(model: Model, layout: ScreenLayout, buffer: Buffer): void {
  const list = listOf(model);
  list.render(layout.table, buffer, lookOf(model));
  const { offset } = stateOf(model).viewport;
  const position = { count: list.count, visible: LIST.visibleRows(model), offset };
  renderRowsScrollbar(layout.scrollbar, buffer, model, position);
  if (list.count === 0) renderEmpty(model, layout.table, buffer);
}

function renderEmpty(model: Model, table: Rect, buffer: Buffer): void {
  const { filterText } = stateOf(model);
  const texts =
    filterText !== '' && listOf(model).unfilteredCount > 0
      ? [`No match for "${filterText}": Esc clears the filter.`, 'No match: Esc clears the filter.']
      : [EMPTY[model.view]];
  const text = texts.find((one) => one.length < table.width) ?? texts.at(-1)!;
  if (table.height > 1) buffer.put(table.x + 1, table.y + 1, text, model.theme.dim, table.width - 1);
}

function renderRule(area: Rect, model: Model, buffer: Buffer): void {
  if (area.height > 0) buffer.fill(area, model.theme.border, glyphsFor(model.ascii).horizontal);
}

function promptLineOf(model: Model): Parameters<typeof renderFooter>[3]['prompt'] {
  const { prompt } = model;
  if (prompt === undefined) return undefined;
  const { input, error } = prompt;
  const { count, unfilteredCount } = listOf(model);
  return prompt.kind === 'filter'
    ? { label: '/', input, note: `${count} of ${unfilteredCount}`, error }
    : { label: 'alert above', input, note: 'per second: 10M bytes, 10Mbit; empty: off', error };
}

/** The most important keys now, in order; those that do not fit are dropped from the right. */
const HINTS: Readonly<Record<ViewName, readonly SstopAction[]>> = {
  processes: [
    ...(['help', 'quit', 'filter', 'sort-next', 'open', 'hosts', 'listen', 'groups', 'kill'] as const),
    ...(['alerts', 'pause', 'interface', 'loopback', 'units', 'group-by'] as const),
  ],
  grouped: [
    ...(['help', 'quit', 'group-by', 'open', 'filter', 'sort-next', 'back', 'hosts', 'listen'] as const),
    ...(['alerts', 'pause', 'interface', 'loopback', 'units'] as const),
  ],
  hosts: ['help', 'quit', 'back', 'open', 'filter', 'sort-next', 'dns', 'pause', 'interface', 'units'],
  listen: ['help', 'quit', 'back', 'open', 'filter', 'sort-next', 'kill', 'pause'],
  groups: ['help', 'quit', 'back', 'open', 'filter', 'sort-next', 'pause', 'interface', 'units'],
  trouble: ['help', 'quit', 'back', 'open', 'filter', 'sort-next', 'kill', 'pause', 'interface'],
  detail: ['help', 'quit', 'back', 'open', 'sort-next', 'dns', 'kill', 'filter', 'pause', 'units'],
};

const MEMBERS_HINTS: readonly SstopAction[] = ['help', 'quit', 'back', ...HINTS.processes.slice(2)];

/** Hints of playback, after help and quit. */
const PLAYBACK_HINTS: readonly SstopAction[] = [
  ...(['pause', 'playback-slower', 'playback-faster', 'seek-back', 'seek-forward'] as const),
];
const FIRST_HINTS = 2;

/** While the time line is open, it shows its own keys. */
const TIME_LINE_HINTS: readonly SstopAction[] = ['quit', 'pause'];

/** A notice, instead of the keys. */
function footerNote(model: Model): Notice | undefined {
  if (model.notice !== undefined) return model.notice;
  if (model.failure !== undefined) return { text: model.failure, isBad: true };
  const { shown } = model;
  if (shown === undefined) return undefined;
  const { wantedInterface } = model;
  if (wantedInterface !== undefined) {
    const text = `No interface '${wantedInterface}' yet, showing all; i selects one.`;
    return { text, isBad: true };
  }
  const { selection, viewport } = stateOf(model);
  const isSelected = model.view === 'processes' && selection !== undefined && viewport.selected >= 0;
  const text =
    (isSelected ? ownerNote(shown.section, selection.slot) : undefined) ?? shown.section.errors[0]?.message;
  return text === undefined ? undefined : { text, isBad: true };
}

function footerHints(model: Model): readonly KeyHint[] {
  if (model.timeLine !== undefined) {
    return keyHintsOf(model.keymap, TIME_LINE_HINTS, (action) => labelOf(model, action), model.ascii);
  }
  const isPlayed = model.playback !== undefined;
  const all = isOnMembers(model) ? MEMBERS_HINTS : HINTS[model.view];
  const wanted = all.filter((action) => !isPlayed || !PLAYBACK_HINTS.includes(action));
  const actions = isPlayed
    ? [...wanted.slice(0, FIRST_HINTS), ...PLAYBACK_HINTS, ...wanted.slice(FIRST_HINTS)]
    : wanted;
  const hints = keyHintsOf(model.keymap, actions, (action) => labelOf(model, action), model.ascii);
  if (isPlayed) return hints;
  return [...hints, { key: '+/-', label: durationText(model.intervalMillis) }];
}

/** Label of a hint in the current state; undefined: the default; null: the key has no effect. */
function labelOf(model: Model, action: SstopAction): string | undefined | null {
  const { filterText, sort } = stateOf(model);
  switch (action) {
    case 'kill':
      return model.canSignal ? undefined : null;
    case 'alerts':
      return firingText(alertsOf(model)) === '' ? null : undefined;
    case 'filter':
      return filterText === '' ? undefined : `filter: ${filterText}`;
    case 'sort-next':
      return `sort: ${sort.key}`;
    case 'loopback':
      return model.scope.includeLoopback ? 'hide loopback' : undefined;
    case 'dns':
      return model.isDnsOn ? 'addresses' : 'names';
    case 'units':
      return otherUnits(model.units);
    case 'interface':
      return interfaceName(model.shown, model.scope.interfaceIndex);
    case 'pause':
      return model.pausedAtMillis === undefined && model.playback?.progress.isPaused !== true
        ? undefined
        : 'resume';
    case 'open':
      if (model.view !== 'detail') return undefined;
      return model.workspace.detail.listening.length > 1 ? 'ports' : null;
    case 'group-by':
      return model.view === 'grouped' ? nextGrouping(model) : undefined;
    case 'back':
      if (isOnMembers(model)) return `by ${model.groupBy}`;
      if (isOnPorts(model)) return 'process';
      if (filterText !== '') return 'clear filter';
      return model.view === 'grouped' ? 'processes' : undefined;
    default:
      return undefined;
  }
}

function nextGrouping({ groupBy }: Model): string {
  const next = GROUPINGS[groupBy === undefined ? 0 : GROUPINGS.indexOf(groupBy) + 1];
  return next === undefined ? 'processes' : `by ${next}`;
}

function interfaceName(data: NetworkData | undefined, index: number | undefined): string | undefined {
  if (data === undefined || index === undefined) return undefined;
  const { interfaces } = data.section;
  const slot = interfaces.slots.find(index, 0, 0, 0);
  return slot < 0 ? undefined : interfaces.names[slot];
}
