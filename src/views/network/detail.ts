import { ListenRows } from '../../data/query/listen-rows.ts';
import { type OwnerHistory, OwnerSums } from '../../data/query/owner-rates.ts';
import type { Scope } from '../../data/query/scope.ts';
import { percent, roundTripText } from '../../data/query/trouble-words.ts';
import { retransmittedShare } from '../../data/rates/health-rates.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import { FOREIGN_INTERFACE, PROTOCOL_TCP } from '../../data/sample/socket-table.ts';
import { OwnerKind } from '../../data/schema/network-columns.ts';
import { ageText, bytesText, compactRateText, type RateUnits, rateText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { bottomOf, type Rect, rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { renderBlock } from '../../screen/widgets/block.ts';
import { putTimeAxis, renderChart } from '../../screen/widgets/chart.ts';
import { maximumOf } from '../../screen/widgets/levels.ts';
import { renderSegments, type Segment, segment } from '../segments.ts';
import type { NetworkData } from './network-list.ts';

/** Input of the process detail, without its connections. */
interface DetailView {
  readonly data: NetworkData;
  readonly facts: DetailFacts;
  readonly history: OwnerHistory;
  readonly units: RateUnits;
  readonly theme: Theme;
}

/** Areas of the detail. */
type DetailLayout = Readonly<ReturnType<typeof layoutDetail>>;

const CHART_HEIGHT = 6;
const CHART_FROM_HEIGHT = 18;

/** Lays out the detail; in a low area the charts are dropped first. */
export function layoutDetail(area: Rect) {
  const { x, y, width, height } = area;
  const chartHeight = height >= CHART_FROM_HEIGHT ? Math.max(CHART_HEIGHT, Math.floor(height / 4)) : 0;
  const half = width >> 1;
  const chartY = y + 2;
  const listeningY = chartY + chartHeight;
  const healthHeight = chartHeight > 0 ? 1 : 0;
  return {
    title: rect(x, y, width, height > 0 ? 1 : 0),
    command: rect(x, y + 1, width, height > 1 ? 1 : 0),
    upload: rect(x, chartY, half, chartHeight),
    download: rect(x + half, chartY, width - half, chartHeight),
    listening: rect(x, listeningY, width, height > 5 ? 1 : 0),
    /** Health of the connections; shown only together with the charts. */
    health: rect(x, listeningY + 1, width, healthHeight),
    connections: rect(x, listeningY + 1 + healthHeight, width, height - 3 - chartHeight - healthHeight),
  };
}

/** Facts of the process, copied once per sample so that frames never read a table that is being written. */
export class DetailFacts {
  owner = -1;
  serial = 0;
  pid = 0;
  startTicks = 0;
  name = '';
  user = '';
  commandLine = '';
  cgroup = '';
  /** '': none or unknown. */
  container = '';
  /** Network namespace; '': the collector's own, or unknown. */
  namespace = '';
  hasExited = false;
  ageMicros = Number.NaN;
  readonly sums = new OwnerSums();
  listening: readonly string[] = [];
  /** A socket of another network namespace was seen. The kernel does not list the listeners of that namespace here. */
  isForeign = false;
  /** Health of the connections in words, most important first. */
  health: readonly string[] = [];
  readonly #listen = new ListenRows();

  /** Copies the owner's facts. Returns false and keeps the last facts if its row is gone. */
  take(data: NetworkData, scope: Scope, owner: number, serial: number): boolean {
    const { owners } = data.section;
    if (owners.slots.serial[owner] !== serial) return false;
    if (this.owner !== owner || this.serial !== serial) this.isForeign = false;
    this.owner = owner;
    this.serial = serial;
    this.pid = owners.kind[owner] === OwnerKind.PROCESS ? owners.pid[owner]! : 0;
    this.startTicks = owners.startTicks[owner]!;
    this.name = owners.names[owner]!;
    this.user = owners.users[owner] ?? '-';
    this.commandLine = owners.commandLines[owner] ?? '';
    this.cgroup = owners.cgroups[owner] ?? '';
    this.container = owners.containers[owner] ?? '';
    this.namespace = owners.namespaces[owner] ?? '';
    this.hasExited = owners.hasExited[owner] === 1;
    this.#takeAge(data);
    this.#takeFigures(data, scope, owner);
    // Stays true: an idle process may have no socket in the list.
    this.isForeign ||= this.namespace !== '' || hasForeignSocket(data.section, owner);
    this.health = healthTexts(data, owner);
    return true;
  }

  #takeAge(data: NetworkData): void {
    const { wallMillis, bootWallMillis, clockTicksPerSecond } = data.header;
    const startMillis = bootWallMillis + (this.startTicks * 1000) / clockTicksPerSecond;
    this.ageMicros = this.pid > 0 ? Math.max(0, wallMillis - startMillis) * 1000 : Number.NaN;
  }

  #takeFigures(data: NetworkData, scope: Scope, owner: number): void {
    this.sums.build(data.section, data.rates, scope, owner);
    const listen = this.#listen;
    listen.build(data.section, scope, undefined, owner);
    const order = listen.order({ key: 'port', isReversed: false });
    this.listening = Array.from(order, (each) => {
      return `${listen.protocol[each] === PROTOCOL_TCP ? 'TCP' : 'UDP'} ${listen.endpointOf(each)}`;
    });
  }
}

/** Leaves out what is unknown or zero. */
function healthTexts({ section, rates }: NetworkData, owner: number): readonly string[] {
  const { owners } = section;
  const texts: string[] = [];
  const rtt = owners.rttMicros[owner]!;
  if (rtt > 0) {
    const least = roundTripText(owners.rttMinMicros[owner]!);
    const most = roundTripText(owners.rttP95Micros[owner]!);
    texts.push(`round trip ${roundTripText(rtt)} (min ${least}, p95 ${most})`);
  }
  const share = retransmittedShare(rates.health.owners, owner, owners.slots.serial[owner]!);
  if (share >= 0) texts.push(`retransmitted ${percent(share)}`);
  const connect = owners.connectMicros[owner]!;
  if (connect > 0) texts.push(`connects in ${roundTripText(connect)}`);
  for (const [count, what] of [
    [owners.refused[owner]!, 'refused'],
    [owners.timedOut[owner]!, 'timed out'],
    [owners.resets[owner]!, 'reset'],
    [owners.drops[owner]!, 'dropped'],
    [owners.reorderings[owner]!, 'out of order'],
  ] as const) {
    if (count > 0) texts.push(`${count} ${what}`);
  }
  if (owners.receiveQueue[owner]! > 0) texts.push(`unread ${bytesText(owners.receiveQueue[owner]!)}`);
  if (owners.sendQueue[owner]! > 0) texts.push(`unacknowledged ${bytesText(owners.sendQueue[owner]!)}`);
  return texts;
}

function hasForeignSocket({ sockets, accounts }: NetworkSection, owner: number): boolean {
  const { rows, count } = sockets.slots;
  for (let i = 0; i < count; i++) {
    const slot = rows[i]!;
    if (accounts.owner[slot] === owner && sockets.interfaceIndex[slot] === FOREIGN_INTERFACE) return true;
  }
  return false;
}

/** Draws title, command line, charts and listening ports. The connections are a separate list. */
export function renderDetail(layout: DetailLayout, buffer: Buffer, view: DetailView): void {
  renderTitle(layout.title, buffer, view);
  const { facts, theme } = view;
  const command = facts.commandLine === '' ? 'command line unknown' : facts.commandLine;
  const { command: line } = layout;
  if (line.height > 0) putAligned(buffer, line.x + 1, line.y, line.width - 2, 'left', command, theme.dim);
  renderRates(layout.upload, buffer, view, 'up');
  renderRates(layout.download, buffer, view, 'down');
  renderListening(layout.listening, buffer, view);
  renderHealth(layout.health, buffer, view);
}

function renderTitle(area: Rect, buffer: Buffer, view: DetailView): void {
  const { facts, theme } = view;
  const started = Number.isNaN(facts.ageMicros) ? '' : `started ${ageText(facts.ageMicros)} ago`;
  const left: Segment[] = [
    segment(facts.name, theme.title, 100),
    segment(facts.pid > 0 ? `PID ${facts.pid}` : '', theme.text, 80),
    segment(facts.user, theme.dim, 50),
    segment(facts.hasExited ? 'exited' : started, facts.hasExited ? theme.warning : theme.dim, 40),
    segment(facts.container, theme.info, 12),
    segment(facts.namespace === '' ? '' : `@${facts.namespace}`, theme.info, 13),
    segment(facts.cgroup, theme.dim, 10),
  ];
  const [upSign, downSign] = buffer.isAscii ? ['up', 'dn'] : ['▲', '▼'];
  const { up, down, upTotal, downTotal } = facts.sums;
  const right: Segment[] = [
    segment(`total ${upSign} ${bytesText(upTotal)} ${downSign} ${bytesText(downTotal)}`, theme.text, 20),
    segment(`${upSign} ${rateText(up, view.units)}`, theme.upload, 90),
    segment(`${downSign} ${rateText(down, view.units)}`, theme.download, 91),
  ];
  renderSegments(area, buffer, left, right);
}

function renderRates(area: Rect, buffer: Buffer, view: DetailView, direction: 'up' | 'down'): void {
  if (area.height < 3) return;
  const { theme, history } = view;
  const isUp = direction === 'up';
  const samples = history[direction];
  // In the border, because inside it would hide the newest samples.
  const peak = `peak ${compactRateText(maximumOf(samples, 2 * area.width), view.units)}`;
  const inside = renderBlock(area, buffer, {
    title: isUp ? 'Upload' : 'Download',
    rightTitle: history.count === 0 ? '' : peak,
    theme,
    titleStyle: isUp ? theme.upload : theme.download,
  });
  const ramp = isUp ? theme.uploadRamp : theme.downloadRamp;
  renderChart(inside, buffer, { samples, maximum: Number.NaN, ramp, theme });
  putTimeAxis(buffer, { ...inside, y: bottomOf(inside) }, history.secondsPerSample, view);
}

function renderHealth(area: Rect, buffer: Buffer, { facts, theme }: DetailView): void {
  if (area.height < 1) return;
  const text = facts.health.length === 0 ? 'Connection health: unknown' : facts.health.join(', ');
  putAligned(buffer, area.x + 1, area.y, area.width - 2, 'left', text, theme.dim);
}

function renderListening(area: Rect, buffer: Buffer, view: DetailView): void {
  if (area.height < 1) return;
  const { facts, theme } = view;
  const right = area.x + area.width - 1;
  if (facts.listening.length === 0 && !facts.isForeign) {
    buffer.put(area.x + 1, area.y, 'No listening ports', theme.dim, right - area.x - 1);
    return;
  }
  let x = buffer.put(area.x + 1, area.y, 'Listening', theme.header) + 2;
  if (facts.listening.length === 0) {
    buffer.put(x, area.y, 'unknown: another network namespace', theme.dim, right - x);
    return;
  }
  for (const [index, endpoint] of facts.listening.entries()) {
    const text = `${buffer.isAscii ? '*' : '●'} ${endpoint}`;
    const more = `+${facts.listening.length - index}`;
    const isLast = index === facts.listening.length - 1;
    if (x + text.length + (isLast ? 0 : more.length + 2) > right) {
      buffer.put(x, area.y, more, theme.dim, right - x);
      return;
    }
    x = buffer.put(x, area.y, text, theme.info) + 2;
  }
  if (facts.isForeign)
    buffer.put(x, area.y, 'others unknown: another network namespace', theme.dim, right - x);
}
