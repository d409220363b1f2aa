import { groupedText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { bottomOf, type Rect, rect } from '../../screen/layout/rect.ts';
import { hintAt } from '../../screen/widgets/key-hints.ts';
import { tableRowsIn } from '../../screen/widgets/table.ts';
import { renderPlaybackLine } from '../../views/network/playback-line.ts';
import { firingText, renderAlerts } from '../../views/overlays/alerts.ts';
import type { HelpGroup } from '../../views/overlays/help.ts';
import type { Notice } from '../../views/screen-update.ts';
import { renderColumnPicker } from '../../views/system/column-picker.ts';
import {
  DASHBOARD_MIN_HEIGHT,
  DASHBOARD_MIN_WIDTH,
  type DashboardLayout,
  dashboardForm,
  type FrameTitles,
  layoutDashboard,
  needsOf,
  renderDashboard,
} from '../../views/system/dashboard.ts';
import { hostsArea, hostsScrollbar, renderHosts } from '../../views/system/hosts-table.ts';
import { machineSortText } from '../../views/system/machine-process-list.ts';
import { layoutPane, renderProcessPane } from '../../views/system/process-pane.ts';
import { renderHostsHeader, renderSystemHeader } from '../../views/system/system-header.ts';
import type { SystemView } from '../../views/system/system-look.ts';
import { chordText } from '../config/keymap.ts';
import type { SocktopAction } from '../shared/keymaps.ts';
import {
  type ActionHint,
  helpGroups,
  keyHintsOf,
  paintScreen,
  renderFooter,
  renderRowsScrollbar,
} from '../shared/screen-frame.ts';
import { groupingAfter } from './groups-update.ts';
import { visibleHosts } from './hosts-update.ts';
import { parentOf } from './pane-update.ts';
import {
  type HostModel,
  hostOf,
  hostRows,
  type Model,
  networkViews,
  rowsOf,
  type ViewName,
} from './socktop-model.ts';
import { alertsOf, tableIn } from './socktop-rows.ts';

const FRAME = {
  program: 'socktop',
  minWidth: DASHBOARD_MIN_WIDTH,
  minHeight: DASHBOARD_MIN_HEIGHT,
  paint,
  helpOf,
};

/** Shown instead of processes before the first sample. */
const FIRST_SAMPLE = 'Waiting for the first sample';

/** Draws the whole screen. */
export function view(model: Model, buffer: Buffer): void {
  const { network } = hostOf(model);
  if (model.view === 'network' && network !== undefined) networkViews().viewNetwork(model, network, buffer);
  else paintScreen(model, buffer, FRAME);
}

function paint(model: Model, buffer: Buffer): void {
  if (model.view === 'hosts') renderHostsView(model, buffer);
  else renderHost(model, hostOf(model), buffer);
  renderLastLine(rect(0, buffer.height - 1, buffer.width, 1), model, buffer);
  const { alertsOffset: offset, theme } = model;
  if (offset !== undefined) renderAlerts(buffer.area, buffer, { hosts: alertsOf(model), offset, theme });
  if (model.picker !== undefined) renderColumnPicker(buffer.area, buffer, model.picker, model);
}

function renderHostsView(model: Model, buffer: Buffer): void {
  const { hosts, hostsViewport, hostsSort, nowMillis, theme, isPaused } = model;
  const listed = hostRows(model).map((at) => hosts[at]!);
  const header = rect(0, 0, buffer.width, 1);
  const alerts = alertsOf(model);
  renderHostsHeader(header, buffer, { hosts, alerts, listed: listed.length, nowMillis, isPaused, theme });
  const table = { hosts: listed, sort: hostsSort, viewport: hostsViewport, nowMillis, theme };
  renderHosts(hostsArea(buffer.area), buffer, { ...table, units: model.units });
  const position = { count: listed.length, visible: visibleHosts(model), offset: hostsViewport.offset };
  renderRowsScrollbar(hostsScrollbar(buffer.area), buffer, model, position);
}

function renderHost(model: Model, host: HostModel, buffer: Buffer): void {
  const { theme } = model;
  const { width, height } = buffer;
  const view: SystemView = { data: host.data, units: model.units, theme };
  const body = rect(0, 1, width, height - 2);
  const isWaiting = host.data.header === undefined;
  // Another machine may have no connection, and then there is nothing to frame.
  if (isWaiting && (host.link !== undefined || model.view !== 'dashboard'))
    renderWaiting(body, model, host, buffer);
  else if (model.view === 'process') renderPane(body, model, host, buffer, view);
  else renderTable(model, host, buffer, view);
  // Outdated data is grey, so that it is not mistaken for current data.
  if (host.link !== undefined && host.link.phase !== 'live') buffer.restyle(body, theme.dim);
  const { metricsIntervalMillis, processesIntervalMillis, nowMillis, isPaused } = model;
  renderSystemHeader(
    rect(0, 0, width, 1),
    buffer,
    {
      ...{ name: host.name, link: host.link, metricsIntervalMillis, processesIntervalMillis, nowMillis },
      isPaused,
      isWaits: model.waits !== undefined && model.view === 'dashboard',
      alerts: alertsOf(model),
      retryKey: chordText(model.keymap.chordsOf('retry')[0] ?? '', model.ascii),
    },
    view,
  );
}

function renderWaiting(body: Rect, model: Model, host: HostModel, buffer: Buffer): void {
  const { theme } = model;
  const isConnecting = host.link?.phase === 'connecting';
  const text = host.failure ?? host.link?.reason ?? (isConnecting ? 'Connecting' : FIRST_SAMPLE);
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
    ...{ pid: target.pid, name: target.name, startTicks: target.startTicks, isPerCore, focus, viewports },
    isRecorded: model.playback !== undefined,
  });
}

function renderTable(model: Model, host: HostModel, buffer: Buffer, view: SystemView): void {
  const { data, hasTraffic } = host;
  const shown = tableIn(model, host);
  const { sort, viewport } = shown.placeOf(host);
  const { theme, isPerCore } = model;
  const layout = layoutDashboard(buffer.width, buffer.height, needsOf(data, model.isCompact));
  renderDashboard(layout, buffer, view, titlesOf(model, host));
  const { table, scrollbar } = layout;
  const look = { sort, viewport, isPerCore, hasTraffic, units: model.units, theme };
  shown.render(model, host, table, buffer, look);
  const count = shown.rowCount(host);
  const position = { count, visible: tableRowsIn(table), offset: viewport.offset };
  renderRowsScrollbar(scrollbar, buffer, model, position);
  const { frame } = layout;
  const place = ` ${placeText(model)} `;
  if (frame.height > 0)
    buffer.put(frame.x + frame.width - place.length - 2, bottomOf(frame) - 1, place, theme.text);
  if (count === 0) renderEmpty(layout, host, model, buffer);
}

function renderEmpty({ table }: DashboardLayout, host: HostModel, model: Model, buffer: Buffer): void {
  if (table.height < 2) return;
  const text = rowsOf(model, host) === 'control-groups' ? groupsText(model, host) : emptyText(host, model);
  buffer.put(table.x + 1, table.y + 1, text, model.theme.dim, table.width - 1);
}

/** Why no control group is listed. A history has none either. */
function groupsText({ playback }: Model, { data }: HostModel): string {
  return playback === undefined
    ? data.controlGroupsText
    : 'No control groups are recorded here: --record does so while W shows them.';
}

/** Why no process is listed. */
function emptyText(host: HostModel, model: Model): string {
  const { header, machine } = host.data;
  const isOfNetwork = model.playback !== undefined && header !== undefined && machine === undefined;
  const unread = isOfNetwork
    ? 'This recording has no processes: play it with sstop --playback.'
    : 'Reading processes';
  const waiting = header === undefined ? (host.failure ?? FIRST_SAMPLE) : unread;
  return !host.data.hasProcesses
    ? (host.data.errors[0]?.message ?? waiting)
    : `No match for "${host.search}": Esc clears the search.`;
}

/** `Processes 2,100`, and what is special about the table now; where waits are shown the control group that waits most. */
function titlesOf(model: Model, host: HostModel): FrameTitles {
  const { data, search, groupBy, members } = host;
  if (rowsOf(model, host) === 'control-groups')
    return { title: `Control groups ${groupedText(data.controlGroups.count)}`, rightTitle: '% of the time' };
  const { processCount, count } = data.rows;
  const isWhole = search === '' && members === undefined;
  const counted = isWhole
    ? groupedText(processCount)
    : `${groupedText(count)} of ${groupedText(processCount)}`;
  const title = `Processes ${counted}${groupingText(groupBy, members)}`;
  if (model.waits !== undefined) return { title, rightTitle: data.controlGroups.worst, isWarning: true };
  return { title, rightTitle: model.isPerCore ? 'CPU % of one core' : 'CPU % of the machine' };
}

/** ` by program`; ` · program chrome`, of one row alone. */
function groupingText(groupBy: HostModel['groupBy'], members: HostModel['members']): string {
  if (members !== undefined)
    return ` · ${members.name === '' ? `no ${members.by}` : `${members.by} ${members.name}`}`;
  return groupBy === undefined ? '' : ` by ${groupBy}`;
}

/** `12/4000`: rank of the selected row, and number of rows listed; '' without a list. Titles say how many there are. */
function placeText(model: Model): string {
  if (model.view === 'process' || model.view === 'network') return '';
  const isHosts = model.view === 'hosts';
  const host = hostOf(model);
  const shown = tableIn(model, host);
  const { selected } = isHosts ? model.hostsViewport : shown.placeOf(host).viewport;
  const listed = isHosts ? hostRows(model).length : shown.rowCount(host);
  return `${selected < 0 ? '-' : selected + 1}/${listed}`;
}

/** Share of the last line that playback takes, and its limits. */
const PLAYBACK_SHARE = 0.55;
const PLAYBACK_MIN_WIDTH = 40;
const PLAYBACK_MAX_WIDTH = 66;

/** The part of the last line with key hints: behind the playback, before the place where no border has it. */
function hintsArea(model: Model): Rect {
  const { width, height, playback } = model;
  const place = hasFrame(model) ? 0 : placeText(model).length + 2;
  const wanted = Math.max(PLAYBACK_MIN_WIDTH, Math.floor(width * PLAYBACK_SHARE));
  const x = playback === undefined ? 0 : Math.max(0, Math.min(width - place, PLAYBACK_MAX_WIDTH, wanted));
  return rect(x, height - 1, Math.max(0, width - x - place), 1);
}

/** Whether the table has a border, which shows the place. */
function hasFrame(model: Model): boolean {
  if (model.view === 'process') return true;
  const { width, height, isCompact, view } = model;
  return view === 'dashboard' && dashboardForm(width, height, isCompact) === 'panels';
}

function renderLastLine(area: Rect, model: Model, buffer: Buffer): void {
  const { prompt, playback, theme } = model;
  const note = footerNote(model);
  const { count, unfilteredCount } = countsOf(model);
  const hints = hintsArea(model);
  const isPlain = prompt === undefined && note === undefined;
  if (isPlain && playback !== undefined) {
    const { fileName, progress, wallMillis } = playback;
    const line = { fileName, wallMillis, ...progress, theme };
    renderPlaybackLine({ ...area, width: hints.x }, buffer, line);
  }
  if (isPlain && !hasFrame(model)) {
    const place = placeText(model);
    buffer.put(area.width - place.length - 1, area.y, place, theme.text);
  }
  renderFooter(isPlain ? hints : area, buffer, model, {
    prompt: prompt && {
      ...{ label: '/', input: prompt.input, error: undefined },
      note: `${count} of ${unfilteredCount}`,
    },
    note,
    hints: () => footerHints(model),
  });
}

/** Number of matching rows, and of all rows. */
function countsOf(model: Model): { readonly count: number; readonly unfilteredCount: number } {
  if (model.view !== 'hosts') return hostOf(model).data.rows;
  return { count: hostRows(model).length, unfilteredCount: model.hosts.length };
}

/** The most important keys now, in order; those that do not fit are dropped from the right. */
const HINTS: Readonly<Record<Exclude<ViewName, 'network'>, readonly SocktopAction[]>> = {
  hosts: ['help', 'quit', 'search', 'open', 'sort-next', 'back', 'alerts', 'pause'],
  dashboard: [
    ...(['help', 'quit', 'search', 'open', 'network', 'kill', 'sort-next', 'compact', 'host-next'] as const),
    ...(['back', 'alerts', 'pause', 'traffic', 'group-by', 'waits'] as const),
  ],
  process: ['help', 'quit', 'back', 'host-next', 'open', 'parent', 'kill', 'pause'],
};

/** Hints of the grouped table, and of the processes of one group. */
const GROUPED_HINTS: readonly SocktopAction[] = [
  ...(['help', 'quit', 'back', 'group-by', 'open', 'search', 'sort-next', 'network', 'compact'] as const),
  ...(['kill', 'host-next', 'pause', 'traffic'] as const),
];

/** Of the dashboard with what processes or control groups wait for. */
const WAIT_HINTS: readonly SocktopAction[] = [
  ...(['help', 'quit', 'back', 'waits', 'search', 'open', 'sort-next', 'kill', 'network'] as const),
  ...(['compact', 'host-next', 'group-by', 'alerts', 'pause'] as const),
];

/** Hints of playback, instead of those of the view. */
const PLAYBACK_HINTS: readonly SocktopAction[] = [
  ...(['pause', 'playback-slower', 'playback-faster', 'seek-back', 'seek-forward', 'help', 'quit'] as const),
];

/** While the time line is open, it shows its own keys. */
const TIME_LINE_HINTS: readonly SocktopAction[] = ['quit', 'pause'];

/** A notice, instead of the keys. */
function footerNote(model: Model): Notice | undefined {
  if (model.notice !== undefined) return model.notice;
  if (model.view === 'hosts') return undefined;
  const { failure, link } = hostOf(model);
  if (link !== undefined && link.phase !== 'live') return undefined;
  if (failure !== undefined) return { text: failure, isBad: true };
  return model.view === 'dashboard' ? trafficNote(model) : undefined;
}

/** Why the column of network use is empty. */
function trafficNote(model: Model): Notice | undefined {
  const { hasTraffic, data } = hostOf(model);
  if (!hasTraffic) return undefined;
  const isUnrecorded = model.playback !== undefined && !data.isTrafficTold;
  const reason = isUnrecorded ? 'the recording has no network data yet' : data.trafficError;
  return reason === undefined ? undefined : { text: `NET: ${reason}`, isBad: true };
}

function footerHints(model: Model): readonly ActionHint<SocktopAction>[] {
  if (model.view === 'network') return [];
  const isSummed = model.view === 'dashboard' && hostOf(model).groupBy !== undefined;
  const isWaits = model.view === 'dashboard' && model.waits !== undefined;
  const ofView = isSummed ? GROUPED_HINTS : isWaits ? WAIT_HINTS : HINTS[model.view];
  const usual = model.playback === undefined ? ofView : PLAYBACK_HINTS;
  const actions = model.timeLine === undefined ? usual : TIME_LINE_HINTS;
  return keyHintsOf(model.keymap, actions, (action) => labelOf(model, action), model.ascii);
}

/** Action of the hint at a position of the footer, if hints are shown. */
export function footerActionAt(model: Model, x: number, y: number): SocktopAction | undefined {
  const { kill, helpOffset, prompt, picker, alertsOffset } = model;
  const isCovered = [kill, helpOffset, prompt, picker, alertsOffset].some((each) => each !== undefined);
  if (isCovered || y !== model.height - 1) return undefined;
  if (footerNote(model) !== undefined) return undefined;
  const hints = footerHints(model);
  const area = hintsArea(model);
  return hints[hintAt(hints, area.width, x - area.x)]?.action;
}

/** What Enter opens; undefined: what it usually does. */
const OPEN_LABELS = { processes: undefined, sums: 'processes', 'control-groups': 'processes' } as const;
/** What the key shows next; null: Escape is used instead. */
const WAITS_LABELS = { processes: 'control groups', 'control-groups': null } as const;

/** Label of a hint in the current state; undefined: the default; null: the key has no effect. */
function labelOf(model: Model, action: SocktopAction): string | undefined | null {
  const host = hostOf(model);
  switch (action) {
    case 'search':
      if (model.view === 'hosts')
        return model.hostsSearch === '' ? undefined : `search: ${model.hostsSearch}`;
      return host.search === '' ? undefined : `search: ${host.search}`;
    case 'sort-next':
      return `sort: ${model.view === 'hosts' ? model.hostsSort.key : machineSortText(tableIn(model, host).placeOf(host).sort.key)}`;
    case 'back':
      if (model.view === 'process') return undefined;
      if (model.view === 'hosts') return model.hostsSearch === '' ? null : 'clear search';
      return dashboardBack(model, host);
    case 'host-next':
      if (model.view === 'process') return 'next list';
      return model.hosts.length > 1 ? undefined : null;
    case 'open':
      if (model.view === 'hosts') return 'open';
      if (model.view === 'process') return host.pane?.focus === 'children' ? 'open' : null;
      return OPEN_LABELS[rowsOf(model, host)];
    case 'group-by':
      return groupLabel(host);
    case 'parent':
      return parentOf(host) === undefined ? null : undefined;
    case 'kill': {
      const isListed = model.view !== 'dashboard' || rowsOf(model, host) === 'processes';
      return host.canSignal && isListed ? undefined : null;
    }
    case 'traffic':
      return host.hasTraffic ? 'NET off' : undefined;
    case 'waits':
      return model.waits && WAITS_LABELS[model.waits];
    case 'compact':
      return model.isCompact ? 'full' : undefined;
    case 'alerts':
      return firingText(alertsOf(model)) === '' ? null : undefined;
    case 'pause':
      return model.isPaused ? 'resume' : undefined;
    default:
      return undefined;
  }
}

/** Target of Escape on the dashboard; null: quits. */
function dashboardBack({ hosts, waits }: Model, { search, groupBy, members }: HostModel): string | null {
  if (waits === 'control-groups') return 'usual';
  if (members !== undefined && members.search === search) return `by ${members.by}`;
  if (search !== '') return 'clear search';
  if (groupBy !== undefined) return members === undefined ? 'processes' : `by ${groupBy}`;
  if (waits !== undefined) return 'usual';
  return hosts.length > 1 ? 'hosts' : null;
}

/** Label of the next grouping; null: Escape is used instead. */
function groupLabel({ groupBy, members }: HostModel): string | undefined | null {
  if (groupBy === undefined) return undefined;
  if (members !== undefined) return null;
  const next = groupingAfter(groupBy);
  return next === undefined ? 'processes' : `by ${next}`;
}

const FOOTER_LINE = { keys: 'on a hint', description: 'Do what the footer says' };

/** Content of the help overlay: keys, mouse, and about. */
export function helpOf({ keymap, ascii, version }: Model): readonly HelpGroup[] {
  const about: HelpGroup = {
    title: 'About',
    lines: [
      { keys: `socktop ${version}`, description: 'System monitor, local and remote' },
      { keys: 'license', description: 'MIT' },
    ],
  };
  const groups = helpGroups(keymap, ascii).map((group) =>
    group.title === 'Mouse' ? { ...group, lines: [...group.lines, FOOTER_LINE] } : group,
  );
  return [...groups, about];
}
