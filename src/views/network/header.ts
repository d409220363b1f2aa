import type { Scope } from '../../data/query/scope.ts';
import { BUCKET_COUNT } from '../../data/rates/histories.ts';
import type { LinkRates } from '../../data/rates/link-rates.ts';
import { TOTALS_SLOT } from '../../data/rates/network-rates.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import { clockText, compactBytesText, rateText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putSparkline } from '../../screen/widgets/chart.ts';
import { plainSamples } from '../../screen/widgets/levels.ts';
import { latencyText, renderSegments, type Segment, schemeSegment } from '../segments.ts';
import { trendMark } from './cells.ts';
import type { NetworkData } from './network-list.ts';

/** What the header says beside the data itself. */
interface HeaderView {
  readonly data: NetworkData;
  /** The way to the machine; undefined for this machine and for recordings. */
  readonly link: RemoteStatus | undefined;
  readonly scope: Scope;
  /** What the view below is called. */
  readonly title: string;
  /** Time between two samples, `1s`; '' where a recording has its own. */
  readonly interval: string;
  /** Wall time at which the screen was frozen; undefined: it is live. */
  readonly pausedAtMillis: number | undefined;
  /** Processes over the alert's threshold. */
  readonly alarmCount: number;
  readonly isFollowing: boolean;
  readonly theme: Theme;
  readonly ascii: boolean;
}

/** The rates that the header's totals stand for: one interface, or the sum over the uplinks. */
function totalsOf(view: HeaderView): { readonly rates: LinkRates; readonly slot: number } {
  const { rates, section } = view.data;
  const index = view.scope.interfaceIndex;
  const slot = index === undefined ? -1 : section.interfaces.slots.find(index, 0, 0, 0);
  return slot < 0 ? { rates: rates.totals, slot: TOTALS_SLOT } : { rates: rates.interfaces, slot };
}

/** `attributed 98 %`: the share of the interfaces' bytes that the rows explain; empty where it is unknown. */
function attributedText(ratio: number): string {
  return Number.isNaN(ratio) ? '' : `attributed ${Math.round(ratio * 100)} %`;
}

/** Draws the first line: who, when, how, how much. */
export function renderHeader(area: Rect, buffer: Buffer, view: HeaderView): void {
  if (area.height < 1) return;
  const { data, theme } = view;
  const { section } = data;
  const share = data.rates.attributedRatioOf(view.scope.interfaceIndex, section.interfaces);
  const clock: Segment =
    view.pausedAtMillis === undefined
      ? { text: clockText(data.header.wallMillis), style: theme.dim, priority: 40 }
      : { text: `PAUSED ${clockText(view.pausedAtMillis)}`, style: theme.warning, priority: 95 };
  const left: Segment[] = [
    { text: view.title, style: theme.title, priority: 70 },
    { text: data.header.hostName, style: theme.bold, priority: view.link === undefined ? 50 : 66 },
    ...linkSegments(view.link, theme),
    clock,
    { text: view.interval, style: theme.dim, priority: 68 },
    { text: narrowedText(view), style: theme.accent, priority: 71 },
    { text: `${section.processCount} processes`, style: theme.dim, priority: 20 },
    { text: tierText(section), style: theme.dim, priority: 30 },
    { text: attributedText(share), style: theme.dim, priority: 25 },
    { text: view.isFollowing ? 'following' : '', style: theme.accent, priority: 35 },
    { text: alarmText(view.alarmCount), style: theme.bad, priority: 65 },
    { text: lossText(section), style: theme.warning, priority: 60 },
  ];
  renderSegments(buffer, area.x, area.y, area.width, left, totalSegments(view));
}

/** The first line before there is any sample. */
export function renderWaitingHeader(
  area: Rect,
  buffer: Buffer,
  {
    title,
    machineName,
    interval,
    theme,
  }: Pick<HeaderView, 'title' | 'interval' | 'theme'> & { machineName: string },
): void {
  if (area.height < 1) return;
  const left: Segment[] = [
    { text: title, style: theme.title, priority: 70 },
    { text: machineName, style: theme.bold, priority: 50 },
    { text: interval, style: theme.dim, priority: 68 },
  ];
  renderSegments(buffer, area.x, area.y, area.width, left, []);
}

/** `only eth0`: of what all the figures are, where it is not of everything. */
function narrowedText({ data, scope }: HeaderView): string {
  const { interfaces } = data.section;
  const index = scope.interfaceIndex;
  const slot = index === undefined ? -1 : interfaces.slots.find(index, 0, 0, 0);
  return slot < 0 ? '' : `only ${interfaces.names[slot]}`;
}

/** How another machine is reached, so that nobody takes it for this one. */
function linkSegments(link: RemoteStatus | undefined, theme: Theme): readonly Segment[] {
  if (link === undefined) return [];
  const latency: Segment =
    link.phase === 'live'
      ? { text: latencyText(link), style: theme.dim, priority: 45 }
      : { text: link.phase, style: theme.bad, priority: 67 };
  return [schemeSegment(link, theme, 55), latency];
}

function alarmText(count: number): string {
  if (count === 0) return '';
  return count === 1 ? '1 alert' : `${count} alerts`;
}

function totalSegments(view: HeaderView): readonly Segment[] {
  const { theme, ascii } = view;
  const { rates, slot } = totalsOf(view);
  const trend = rates.trend(slot);
  const up = rateText(rates.smoothTx[slot] ?? Number.NaN);
  const down = rateText(rates.smoothRx[slot] ?? Number.NaN);
  const mark = trendMark(trend, ascii);
  return [
    { text: `${ascii ? 'up' : '▲'} ${up}`, style: theme.upload, priority: 90 },
    { text: `${ascii ? 'dn' : '▼'} ${down} ${mark}`, style: theme.download, priority: 91 },
  ];
}

const buckets = new Float64Array(BUCKET_COUNT);
const rxBuckets = new Float64Array(BUCKET_COUNT);
const bucketSamples = plainSamples(buckets);
const MARGIN = 1;
const GAP = 3;

/** Draws the second line: the last sixty seconds of the totals, then each interface's rates. */
export function renderSparklineRow(area: Rect, buffer: Buffer, view: HeaderView): void {
  if (area.height < 1) return;
  const { theme, ascii } = view;
  const { rates, slot } = totalsOf(view);
  rates.bucketsInto(slot, buckets, rxBuckets);
  for (let i = 0; i < BUCKET_COUNT; i++) buckets[i]! += rxBuckets[i]!;
  const width = Math.max(0, Math.min(BUCKET_COUNT, area.width - 2 * MARGIN));
  putSparkline(buffer, area.x + MARGIN, area.y, width, 1, bucketSamples, Number.NaN, theme.graphRamp, ascii);
  renderInterfaces(area, area.x + MARGIN + width + GAP, buffer, view);
}

/** Interfaces that are up, the chosen one or the busiest first, as many as fit whole. */
function renderInterfaces(area: Rect, from: number, buffer: Buffer, view: HeaderView): void {
  const { theme, ascii } = view;
  let x = from;
  for (const slot of interfaceOrder(view)) {
    const { interfaces } = view.data.section;
    const { smoothTx, smoothRx } = view.data.rates.interfaces;
    const name = interfaces.names[slot]!;
    const up = `${ascii ? 'up' : '▲'} ${compactBytesText(smoothTx[slot] ?? Number.NaN)}`;
    const down = `${ascii ? 'dn' : '▼'} ${compactBytesText(smoothRx[slot] ?? Number.NaN)}`;
    const isChosen = interfaces.index[slot] === view.scope.interfaceIndex;
    if (x + name.length + up.length + down.length + 2 > area.x + area.width - MARGIN) return;
    x = buffer.put(x, area.y, name, isChosen ? theme.accent : theme.dim) + 1;
    x = buffer.put(x, area.y, up, theme.upload) + 1;
    x = buffer.put(x, area.y, down, theme.download) + GAP;
  }
}

function interfaceOrder(view: HeaderView): readonly number[] {
  const { interfaces } = view.data.section;
  const { smoothTx, smoothRx } = view.data.rates.interfaces;
  const weight = (slot: number): number => {
    if (interfaces.index[slot] === view.scope.interfaceIndex) return Number.POSITIVE_INFINITY;
    const rate = (smoothTx[slot] ?? 0) + (smoothRx[slot] ?? 0);
    return (interfaces.isUplink[slot] === 1 ? 1e15 : 0) + (Number.isNaN(rate) ? 0 : Math.round(rate / 1024));
  };
  const slots = Array.from(interfaces.slots.rows.subarray(0, interfaces.slots.count));
  return slots
    .filter((slot) => interfaces.isUp[slot] === 1)
    .sort((a, b) => weight(b) - weight(a) || interfaces.index[a]! - interfaces.index[b]!);
}

/** The tier in force, and what it lacks in a few words: `ebpf`, `netlink, no UDP`. */
export function tierText({ tier, parts }: Pick<NetworkSection, 'tier' | 'parts'>): string {
  if (parts === undefined) return tier;
  const lacks: string[] = [];
  if (tier === 'netlink' && parts.udp === 'none') lacks.push('no UDP');
  if (tier === 'ebpf' && parts.owners === 'creator') lacks.push('by opener');
  if (parts.scope === 'container') lacks.push('container');
  return [tier, ...lacks].join(', ');
}

/**
 * What is on no row, since the start: connections whose ending the kernel could not announce, and packets that
 * found no room. Empty where nothing was lost.
 */
export function lossText({ lostClosings, lost }: Pick<NetworkSection, 'lostClosings' | 'lost'>): string {
  const texts: string[] = [];
  if (lostClosings > 0) texts.push(`${lostClosings} closings lost`);
  if (lost.packets > 0) texts.push(`${lost.packets} packets lost`);
  return texts.join(', ');
}
