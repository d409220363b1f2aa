import type { Scope } from '../../data/query/scope.ts';
import type { LinkRates } from '../../data/rates/link-rates.ts';
import { TOTALS_SLOT } from '../../data/rates/network-rates.ts';
import { loopbackInterfaceIndex } from '../../data/sample/interface-table.ts';
import { COUNTED_BY } from '../../data/sample/network-sample.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import { FOREIGN_INTERFACE } from '../../data/sample/socket-table.ts';
import { OwnerKind } from '../../data/schema/network-columns.ts';
import { clockText, type RateUnits, rateText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { latencyText, renderSegments, type Segment, schemeSegment, segment } from '../segments.ts';
import { trendMark } from './cells.ts';
import type { NetworkData } from './network-list.ts';

/** Input of the header. */
export interface HeaderView {
  readonly data: NetworkData;
  /** Connection to the machine; undefined for this machine and for recordings. */
  readonly link: RemoteStatus | undefined;
  readonly scope: Scope;
  readonly title: string;
  /** The title names the view below, not the program: it stays longest. */
  readonly namesView: boolean;
  /** Time between two samples, `1s`; '' where a recording has its own. */
  readonly interval: string;
  /** Wall time at which the screen was frozen; undefined: it is live. */
  readonly pausedAtMillis: number | undefined;
  /** Processes over the alert's threshold. */
  readonly alarmCount: number;
  /** Rules that fire, see `firingText`; '' none. */
  readonly firing: string;
  /** Modes that are on, a word each: `tree`, `loopback`. */
  readonly modes: readonly string[];
  readonly units: RateUnits;
  readonly theme: Theme;
}

/** Rates of the header's totals: one interface, or with `isAll` the sum of the uplinks. */
export function totalsOf(view: Pick<HeaderView, 'data' | 'scope'>): {
  readonly rates: LinkRates;
  readonly slot: number;
  readonly isAll: boolean;
} {
  const { rates, section } = view.data;
  const index = view.scope.interfaceIndex;
  const slot = index === undefined ? -1 : section.interfaces.slots.find(index, 0, 0, 0);
  return slot < 0
    ? { rates: rates.totals, slot: TOTALS_SLOT, isAll: true }
    : { rates: rates.interfaces, slot, isAll: false };
}

/**
 * `attributed 98 %`: the share of the interfaces' bytes on rows with a known owner. Where the owner of some is a user
 * or a group and no process, `named 12 %, counted 98 %`; empty where it is unknown.
 */
function attributedText({ data, scope }: Pick<HeaderView, 'data' | 'scope'>): string {
  const { rates, section } = data;
  const counted = percentOf(rates.attributedRatioOf(scope.interfaceIndex, section.interfaces));
  const named = percentOf(rates.namedRatioOf(scope.interfaceIndex, section.interfaces));
  if (Number.isNaN(counted)) return '';
  return named === counted && hasProcess(section)
    ? `attributed ${counted} %`
    : `named ${Number.isNaN(named) ? 0 : named} %, counted ${counted} %`;
}

function percentOf(ratio: number): number {
  return Math.round(ratio * 100);
}

function hasProcess({ owners }: NetworkSection): boolean {
  const { rows, count } = owners.slots;
  for (let i = 0; i < count; i++) if (owners.kind[rows[i]!] === OwnerKind.PROCESS) return true;
  return false;
}

/** Whether processes are hidden: sockets are there of which only the user is known, or `orGroup` only the group. */
export function hasHiddenProcesses({ owners }: NetworkSection, orGroup: boolean): boolean {
  const { rows, count } = owners.slots;
  for (let i = 0; i < count; i++) {
    const slot = rows[i]!;
    const kind = owners.kind[slot];
    if (kind !== OwnerKind.USER && !(orGroup && kind === OwnerKind.CGROUP)) continue;
    if (owners.connectionCount[slot]! + owners.listenerCount[slot]! > 0) return true;
  }
  return false;
}

/**
 * Draws the first line: host, time, tier, totals. Traffic of other network namespaces stands beside the interfaces in
 * the lines below; with `isAlone` there are none, and it stands here.
 */
export function renderHeader(area: Rect, buffer: Buffer, view: HeaderView, isAlone: boolean): void {
  const { data, theme } = view;
  const { section } = data;
  const clock: Segment =
    view.pausedAtMillis === undefined
      ? segment(clockText(data.header.wallMillis), theme.text, 40)
      : segment(`PAUSED ${clockText(view.pausedAtMillis)}`, theme.warning, 95);
  const left: Segment[] = [
    segment(view.title, theme.title, view.namesView ? 85 : 70),
    segment(data.header.hostName, theme.bold, view.link === undefined ? 50 : 66),
    segment(view.firing, theme.bad, 78),
    ...linkSegments(view.link, theme),
    clock,
    segment(view.interval, theme.text, 68),
    segment(narrowedText(view), theme.accent, 71),
    ...view.modes.map((text): Segment => segment(text, theme.accent, 77)),
    segment(`${section.processCount} processes`, theme.text, 48),
    segment(tierText(section), theme.dim, 30),
    segment(attributedText(view), theme.text, 25),
    segment(alarmText(view.alarmCount), theme.bad, 65),
    segment(lossText(section), theme.warning, 60),
  ];
  renderSegments(area, buffer, left, totalSegments(view, isAlone, buffer.isAscii));
}

/** The first line before there is any sample. */
export function renderWaitingHeader(
  area: Rect,
  buffer: Buffer,
  { title, interval, theme }: Pick<HeaderView, 'title' | 'interval' | 'theme'>,
  machineName: string,
): void {
  renderSegments(area, buffer, [
    segment(title, theme.title, 70),
    segment(machineName, theme.bold, 50),
    segment(interval, theme.dim, 68),
  ]);
}

/** `only eth0`: set if all figures are those of one interface. */
function narrowedText({ data, scope }: HeaderView): string {
  const { interfaces } = data.section;
  const index = scope.interfaceIndex;
  const slot = index === undefined ? -1 : interfaces.slots.find(index, 0, 0, 0);
  return slot < 0 ? '' : `only ${interfaces.names[slot]}`;
}

/** Connection to a remote machine, to distinguish it from the local one. */
function linkSegments(link: RemoteStatus | undefined, theme: Theme): readonly Segment[] {
  if (link === undefined) return [];
  const latency: Segment =
    link.phase === 'live' ? segment(latencyText(link), theme.text, 45) : segment(link.phase, theme.bad, 67);
  return [schemeSegment(link, theme, 55), latency];
}

function alarmText(count: number): string {
  if (count === 0) return '';
  return count === 1 ? '1 alert' : `${count} alerts`;
}

/** Upload and download. With loopback shown, says what the totals cover and adds the rate of loopback. */
function totalSegments(view: HeaderView, isAlone: boolean, isAscii: boolean): readonly Segment[] {
  const { theme, units, data } = view;
  const { rates, slot, isAll } = totalsOf(view);
  const trend = rates.trend(slot);
  const up = rateText(rates.smoothTx[slot] ?? Number.NaN, units);
  const down = rateText(rates.smoothRx[slot] ?? Number.NaN, units);
  const mark = trendMark(trend, isAscii);
  const loopback = isAll && view.scope.includeLoopback ? loopbackText(data, units) : '';
  const foreign = foreignTraffic(view);
  const isPart = loopback !== '' || foreign !== undefined;
  return [
    segment(isPart ? 'uplinks' : '', theme.dim, loopback === '' ? 69 : 75),
    segment(`${isAscii ? 'up' : '▲'} ${up}`, theme.upload, 90),
    segment(`${isAscii ? 'dn' : '▼'} ${down} ${mark}`, theme.download, 91),
    segment(loopback, theme.text, 76),
    segment(isAlone ? foreignText(foreign, units, isAscii) : '', theme.text, 35),
  ];
}

/** `lo 5.9 MB/s`: traffic of the machine with itself, which the interface counts once in each direction. */
function loopbackText({ section, rates }: NetworkData, units: RateUnits): string {
  const { interfaces } = section;
  const slot = interfaces.slots.find(loopbackInterfaceIndex(interfaces), 0, 0, 0);
  if (slot < 0) return '';
  return `${interfaces.names[slot]} ${rateText(rates.interfaces.smoothTx[slot] ?? Number.NaN, units)}`;
}

/** What traffic of other network namespaces is called. */
export const FOREIGN_NAME = 'other netns';

/** Bytes per second of sockets in other network namespaces. Undefined: none, or one interface is shown. */
export function foreignTraffic(
  view: Pick<HeaderView, 'data' | 'scope'>,
): { readonly up: number; readonly down: number } | undefined {
  if (!totalsOf(view).isAll) return undefined;
  const { section, rates } = view.data;
  const { sockets, accounts } = section;
  const { rows, count } = sockets.slots;
  let up = 0;
  let down = 0;
  for (let i = 0; i < count; i++) {
    const slot = rows[i]!;
    if (sockets.interfaceIndex[slot] !== FOREIGN_INTERFACE || accounts.isClosed[slot] === 1) continue;
    up += rates.sockets.smoothTx[slot]! || 0;
    down += rates.sockets.smoothRx[slot]! || 0;
  }
  return up + down > 0 ? { up, down } : undefined;
}

/** `other netns ▲ 1.2 MB/s ▼ 80 KB/s`. */
function foreignText(traffic: ReturnType<typeof foreignTraffic>, units: RateUnits, ascii: boolean): string {
  if (traffic === undefined) return '';
  const [upMark, downMark] = ascii ? ['up', 'dn'] : ['▲', '▼'];
  return `${FOREIGN_NAME} ${upMark} ${rateText(traffic.up, units)} ${downMark} ${rateText(traffic.down, units)}`;
}

/** The tier in use and what it lacks: `ebpf`, `netlink, no UDP`; empty before counting has begun. */
export function tierText({
  tier,
  counted,
  parts,
}: Pick<NetworkSection, 'tier' | 'counted' | 'parts'>): string {
  if (counted === 'none' && COUNTED_BY[tier] !== 'none') return '';
  if (parts === undefined) return tier;
  const lacks: string[] = [];
  if (tier === 'netlink' && parts.udp === 'none') lacks.push('no UDP');
  if (tier === 'ebpf' && parts.owners === 'creator') lacks.push('by opener');
  if (parts.scope === 'container') lacks.push('container');
  return [tier, ...lacks].join(', ');
}

/**
 * What is missing from all rows since the start: closed connections that the kernel could not report, and packets
 * dropped by a full buffer. Empty if nothing was lost.
 */
export function lossText({ lostClosings, lost }: Pick<NetworkSection, 'lostClosings' | 'lost'>): string {
  const texts: string[] = [];
  if (lostClosings > 0) texts.push(`${lostClosings} closings lost`);
  if (lost.packets > 0) texts.push(`${lost.packets} packets lost`);
  return texts.join(', ');
}
