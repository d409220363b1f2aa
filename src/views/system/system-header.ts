import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import type { CpuSample, Pressure } from '../../data/schema/cpu-sample.ts';
import type { UsageRateId } from '../../data/schema/process-columns.ts';
import type { Battery } from '../../data/schema/sensors-sample.ts';
import { ageText, clockText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { firingText, type HostAlerts } from '../overlays/alerts.ts';
import { latencyText, renderSegments, type Segment, schemeSegment, segment } from '../segments.ts';
import { temperatureText } from './gpu-panel.ts';
import type { SystemView } from './system-look.ts';

/** Input of the header, without the machine's data. */
interface SystemHeader {
  /** The user's name for the machine. */
  readonly name: string;
  /** Connection to it; undefined for this machine and for recordings. */
  readonly link: RemoteStatus | undefined;
  readonly metricsIntervalMillis: number;
  readonly processesIntervalMillis: number;
  readonly nowMillis: number;
  readonly isPaused: boolean;
  /** Show what the machine waits for. */
  readonly isWaits?: boolean;
  /** The key that retries at once, as shown to users. */
  readonly retryKey: string;
  readonly alerts: readonly HostAlerts[];
}

/** A narrower line has no room for all that is said of waits. */
const SHORT_WIDTH = 70;

/** Draws the first line: name, connection, and state of the machine. */
export function renderSystemHeader(area: Rect, buffer: Buffer, header: SystemHeader, view: SystemView): void {
  const { link } = header;
  if (link !== undefined && link.phase !== 'live') {
    renderLost(area, buffer, header, link, view);
    return;
  }
  const { theme } = view;
  const waits =
    header.isWaits === true ? waitingText(view.data.machine?.cpu.value, area.width < SHORT_WIDTH) : '';
  const left: Segment[] = [
    segment(header.name, theme.title, 100),
    segment(firingText(header.alerts), theme.bad, 98),
    segment(waits, theme.warning, 97),
    ...linkSegments(link, view),
    ...machineSegments(view, buffer.isAscii),
    segment(latencyText(link), theme.dim, 45),
  ];
  renderSegments(area, buffer, left, timeSegments(header, view, buffer.isAscii));
}

/** Words for protocols with less data. */
const PROTOCOL_WORDS = { 'socktop.v2': '', original: 'original agent', shell: 'no agent' } as const;

/** Connection to the machine. */
function linkSegments(link: RemoteStatus | undefined, { theme }: SystemView): readonly Segment[] {
  if (link === undefined) return [segment('local', theme.dim, 35)];
  return [
    schemeSegment(link, theme, 70),
    segment(link.hasToken ? 'token' : '', theme.dim, 30),
    segment(PROTOCOL_WORDS[link.protocol ?? 'socktop.v2'], theme.warning, 40),
  ];
}

function machineSegments({ data, theme }: SystemView, isAscii: boolean): readonly Segment[] {
  const cpu = data.machine?.cpu.value;
  const sensor = data.machine?.sensors.value?.cpu;
  const uptime = cpu?.uptimeSeconds;
  const heat = sensor?.celsius === undefined ? '' : temperatureText(sensor.celsius, isAscii);
  const isHot = (sensor?.celsius ?? 0) >= (sensor?.criticalCelsius ?? sensor?.maxCelsius ?? 95);
  return [
    segment(uptime === undefined ? '' : `up ${ageText(uptime * 1e6)}`, theme.dim, 50),
    segment(cpu?.load1 === undefined ? '' : loadText([cpu.load1, cpu.load5, cpu.load15]), theme.text, 60),
    segment(heat, isHot ? theme.bad : theme.text, 65),
    batterySegment(data.machine?.sensors.value?.batteries ?? [], theme),
    segment(fansText(data.machine?.sensors.value?.fans ?? []), theme.dim, 25),
  ];
}

/** Below this charge the battery is marked. */
const LOW_PERCENT = 20;
const CRITICAL_PERCENT = 10;

/** `battery 83 % -12.3 W 2h10m`, `... +20.1 W 45m to full`; of several, their levels and their power together. */
function batterySegment(batteries: readonly Battery[], theme: Theme): Segment {
  const isDischarging = batteries.some(({ state }) => state === 'discharging');
  const lowest = Math.min(...batteries.map(({ percent }) => percent ?? Number.POSITIVE_INFINITY));
  const isLow = isDischarging && lowest < LOW_PERCENT;
  const low = lowest < CRITICAL_PERCENT ? theme.bad : theme.warning;
  return segment(batteryText(batteries), isLow ? low : theme.text, isLow ? 66 : 33);
}

/** Milliwatts into the battery; below zero out of it. */
function flowOf({ state, milliwatts }: Battery): readonly number[] {
  if (milliwatts === undefined || (state !== 'charging' && state !== 'discharging')) return [];
  return [state === 'charging' ? milliwatts : -milliwatts];
}

function batteryText(batteries: readonly Battery[]): string {
  const [first, ...others] = batteries;
  if (first === undefined) return '';
  const { state, secondsLeft } = first;
  const levels = batteries.map(({ percent }) => `${percent ?? '-'} %`).join(' ');
  const flows = batteries.flatMap(flowOf);
  const watts = flows.reduce((sum, each) => sum + each, 0) / 1000;
  const sign = watts > 0 ? '+' : watts < 0 ? '-' : '';
  const power = flows.length === 0 ? '' : ` ${sign}${Math.abs(watts).toFixed(1)} W`;
  // With several batteries, it is unknown which one is used first.
  const isTimed = others.length === 0 && secondsLeft !== undefined;
  const left = isTimed ? ` ${ageText(secondsLeft * 1e6)}${state === 'charging' ? ' to full' : ''}` : '';
  return `${others.length > 0 ? 'batteries' : 'battery'} ${levels}${power}${left}`;
}

/** `fan 1240 rpm`, `fans 0-1240 rpm`: slowest to fastest; '' if none reports its speed. */
function fansText(fans: readonly { readonly rpm: number | undefined }[]): string {
  const speeds = fans.flatMap(({ rpm }) => rpm ?? []);
  if (speeds.length === 0) return '';
  const [slowest, fastest] = [Math.min(...speeds), Math.max(...speeds)];
  const range = slowest === fastest ? `${fastest}` : `${slowest}-${fastest}`;
  return `fan${speeds.length > 1 ? 's' : ''} ${range} rpm`;
}

/** `load 0.42 0.38 0.30`. */
function loadText(loads: readonly (number | undefined)[]): string {
  return `load ${loads.map((load) => load?.toFixed(2) ?? '-').join(' ')}`;
}

function timeSegments(
  header: SystemHeader,
  { data, theme }: SystemView,
  isAscii: boolean,
): readonly Segment[] {
  const { metricsIntervalMillis, processesIntervalMillis, isPaused } = header;
  const metrics = `metrics ${intervalText(metricsIntervalMillis)}`;
  const intervals = `${metrics} ${isAscii ? '-' : '·'} processes ${intervalText(processesIntervalMillis)}`;
  const clock = data.header === undefined ? '' : clockText(data.header.wallMillis);
  return [
    segment(intervals, theme.dim, 20),
    isPaused ? segment(`PAUSED ${clock}`, theme.warning, 95) : segment(clock, theme.dim, 55),
  ];
}

/** `500 ms`, `2 s`. */
function intervalText(millis: number): string {
  return millis < 1000 ? `${millis} ms` : `${millis / 1000} s`;
}

/** Margins, and the gap between name and state. */
const STATE_SPACES = 4;

/** `web-1  ✖ lost, data 12 s old, next try in 4 s  r now  connection refused`; a narrow line has the first parts alone. */
function renderLost(
  area: Rect,
  buffer: Buffer,
  header: SystemHeader,
  link: RemoteStatus,
  view: SystemView,
): void {
  const { theme } = view;
  const parts = linkStateText(link, header.nowMillis, buffer.isAscii).split(', ');
  const room = area.width - header.name.length - STATE_SPACES;
  while (parts.length > 1 && parts.join(', ').length > room) parts.pop();
  renderSegments(area, buffer, [
    segment(header.name, theme.title, 100),
    segment(parts.join(', '), theme.bad, 99),
    segment(`${header.retryKey} now`, theme.key, 60),
    segment(reasonText(link), theme.warning, 50),
  ]);
}

/** `✖ lost, data 12 s old, next try in 4 s`; of a connection that never was `✖ connection refused, next try in 4 s`. */
export function linkStateText(link: RemoteStatus, nowMillis: number, ascii: boolean): string {
  if (link.phase === 'connecting') return 'connecting';
  const sign = ascii ? 'x' : '✖';
  const next = link.nextTryMillis;
  const tryText = next === undefined ? '' : `, next try in ${secondsText(Math.max(1000, next - nowMillis))}`;
  return `${sign} ${lossText(link, nowMillis)}${tryText}`;
}

/** Why a connection was lost, if `linkStateText` does not say it; '': unknown. */
export function reasonText(link: RemoteStatus): string {
  return link.protocol === undefined ? '' : (link.reason ?? '');
}

function lossText({ protocol, reason, answeredMillis }: RemoteStatus, nowMillis: number): string {
  if (protocol === undefined) return reason ?? 'unreachable';
  return answeredMillis === undefined ? 'lost' : `lost, data ${secondsText(nowMillis - answeredMillis)} old`;
}

/** `12 s`; from one minute on as an age. */
function secondsText(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1000));
  return seconds < 60 ? `${seconds} s` : ageText(seconds * 1e6);
}

/** Input of the header of the hosts table. */
interface HostsHeader {
  readonly hosts: readonly { readonly link: RemoteStatus | undefined }[];
  readonly alerts: readonly HostAlerts[];
  readonly listed: number;
  readonly nowMillis: number;
  readonly isPaused: boolean;
  readonly theme: Theme;
}

/** Draws the first line of the hosts table: how many hosts there are, and how many are lost. */
export function renderHostsHeader(area: Rect, buffer: Buffer, header: HostsHeader): void {
  const { hosts, listed, theme, nowMillis, isPaused } = header;
  const lost = hosts.filter(({ link }) => link?.phase === 'lost').length;
  const clock = clockText(nowMillis);
  renderSegments(
    area,
    buffer,
    [
      segment('socktop', theme.title, 100),
      segment(`${listed === hosts.length ? '' : `${listed}/`}${hosts.length} hosts`, theme.text, 80),
      segment(lost === 0 ? '' : `${lost} lost`, theme.bad, 90),
      segment(firingText(header.alerts), theme.bad, 95),
    ],
    [isPaused ? segment(`PAUSED ${clock}`, theme.warning, 95) : segment(clock, theme.dim, 50)],
  );
}

/** What tasks may wait for, with the order of processes that shows who waits for it. */
interface Resource {
  readonly name: string;
  readonly file: 'cpu' | 'memory' | 'io';
  readonly order: UsageRateId;
  pressure(cpu: CpuSample): Pressure | undefined;
}

const RESOURCES: readonly Resource[] = [
  { name: 'CPU', file: 'cpu', order: 'run-delay', pressure: ({ cpuPressure }) => cpuPressure },
  { name: 'memory', file: 'memory', order: 'memory-delay', pressure: ({ memoryPressure }) => memoryPressure },
  { name: 'disk', file: 'io', order: 'block-delay', pressure: ({ ioPressure }) => ioPressure },
];

/** Below it nothing is worth a word, percent. */
const LEAST_PERCENT = 1;

/** The resource that some task has waited for most in the last ten seconds; undefined: the kernel has no PSI. */
function waitedFor(
  cpu: CpuSample | undefined,
): { readonly resource: Resource; readonly percent: number } | undefined {
  let most: { readonly resource: Resource; readonly percent: number } | undefined;
  for (const resource of RESOURCES) {
    const percent = cpu === undefined ? Number.NaN : (resource.pressure(cpu)?.some?.avg10 ?? Number.NaN);
    if (!Number.isNaN(percent) && percent > (most?.percent ?? -1)) most = { resource, percent };
  }
  return most;
}

/** `waiting for disk: 34 % of the time (PSI io)`; where there is little room, `waiting for disk: 34 %`. */
function waitingText(cpu: CpuSample | undefined, isShort: boolean): string {
  const most = waitedFor(cpu);
  if (most === undefined) return 'waiting for: unknown, no PSI';
  const { resource, percent } = most;
  if (percent < LEAST_PERCENT) return 'waiting for nothing (PSI)';
  const text = `waiting for ${resource.name}: ${Math.round(percent)} %`;
  return isShort ? text : `${text} of the time (PSI ${resource.file})`;
}

/** The order of processes that shows who waits for what the machine waits for; for the processor where that is unknown. */
export function waitingOrder(cpu: CpuSample | undefined): UsageRateId {
  return waitedFor(cpu)?.resource.order ?? 'run-delay';
}
