import { figureText } from '../../data/alerts/alert-rule.ts';
import type { UnwatchedRule } from '../../data/alerts/network-watch.ts';
import type { AlertState } from '../../data/schema/alerts-section.ts';
import { clockText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { renderPopup } from '../../screen/widgets/block.ts';
import { isMovement, moveOffset } from '../list-screen.ts';

/** The rules of one machine, with how they stand. */
export interface HostAlerts {
  /** '' where there is but one machine, and they are this program's own. */
  readonly name: string;
  /** They are those of the machine's agent. */
  readonly isAgents?: boolean;
  readonly alerts: readonly AlertState[];
  /** Rules that this program has no figures for. */
  readonly unwatched?: readonly UnwatchedRule[];
}

/** The rules of an agent, if it watches by any. */
export function agentAlerts(name: string, alerts: readonly AlertState[]): readonly HostAlerts[] {
  return alerts.length === 0 ? [] : [{ name, isAgents: true, alerts }];
}

/** Who fires, for a header: `! disk.used>90%`, of an agent `! disk.used>90% on web-1`, `! 3 alerts`; '' nobody. */
export function firingText(hosts: readonly HostAlerts[]): string {
  const firing = hosts.flatMap((host) =>
    host.alerts.filter(({ isFiring }) => isFiring).map(({ name }) => ({ host, name })),
  );
  const [first] = firing;
  if (first === undefined) return '';
  if (firing.length > 1) return `! ${firing.length} alerts`;
  return `! ${first.name}${first.host.isAgents === true ? ` on ${first.host.name}` : ''}`;
}

interface AlertsView {
  readonly hosts: readonly HostAlerts[];
  /** First line shown. */
  readonly offset: number;
  readonly theme: Theme;
}

const WIDTH = 84;
const BORDERS = 2;
const NO_RULES = [
  'No rules. Write some into config.yaml:',
  '',
  'alerts:',
  '  - net.up>50M for 30s',
  '  - cpu>80% for 2m  # socktop and agents only',
];

interface Line {
  readonly text: string;
  readonly kind: 'firing' | 'quiet' | 'culprits';
}

/** Every rule with its state and its culprits, those that fire first. */
function linesOf(hosts: readonly HostAlerts[]): readonly Line[] {
  const all = hosts.flatMap((host) => host.alerts.map((alert) => ({ host, alert })));
  const unwatched = hosts.flatMap((host) => (host.unwatched ?? []).map((rule) => unwatchedLine(host, rule)));
  if (all.length + unwatched.length === 0) return NO_RULES.map((text) => ({ text, kind: 'quiet' }));
  const firing = all.filter(({ alert }) => alert.isFiring);
  const quiet = all.filter(({ alert }) => !alert.isFiring);
  return [...[...firing, ...quiet].flatMap(({ host, alert }) => linesOfAlert(host, alert)), ...unwatched];
}

/** `web-1: `, of an agent's own rules `on web-1: `. */
function hostText({ name, isAgents }: HostAlerts): string {
  return name === '' ? '' : `${isAgents === true ? 'on ' : ''}${name}: `;
}

function unwatchedLine(host: HostAlerts, { name, text, missing }: UnwatchedRule): Line {
  const rule = name === text ? '' : `  ${text}`;
  return {
    text: `- ${hostText(host)}${name}${rule}  not watched here: no ${missing.join(', ')}`,
    kind: 'quiet',
  };
}

function linesOfAlert(of: HostAlerts, alert: AlertState): readonly Line[] {
  const { name, isFiring, changedMillis, value, unit, place } = alert;
  const host = hostText(of);
  const text = name === alert.text ? '' : `  ${alert.text}`;
  if (changedMillis === undefined && !isFiring) {
    return [{ text: `  ${host}${name}${text}`, kind: 'quiet' }];
  }
  const figure = Number.isNaN(value) ? '' : `  ${figureText(value, unit)}`;
  const since = `${isFiring ? 'firing since' : 'cleared at'} ${changedMillis === undefined ? '-' : clockText(changedMillis)}`;
  const sign = isFiring ? '!' : ' ';
  const where = place === '' ? '' : `  ${place}`;
  return [
    {
      text: `${sign} ${host}${name}${text}${where}${figure}  ${since}`,
      kind: isFiring ? 'firing' : 'quiet',
    },
    { text: `    ${culpritsText(alert)}`, kind: 'culprits' },
  ];
}

/** `hog (200) 75.0 %, calm (100) 2.1 %`. */
function culpritsText({ culprits, culpritUnit }: AlertState): string {
  if (culprits.length === 0) return 'no process known that explains it';
  return culprits
    .map(({ name, pid, value }) => `${name} (${pid}) ${figureText(value, culpritUnit)}`)
    .join(', ');
}

/** A screen that the list may lie over. */
interface Alerted {
  readonly height: number;
  /** First line shown; undefined: it is closed. */
  readonly alertsOffset: number | undefined;
}

/** The list of alerts: its key opens and closes it, Escape closes it, arrows scroll it; other keys act as ever. */
export function actOnAlerts<Model extends Alerted>(
  model: Model,
  hosts: readonly HostAlerts[],
  action: string,
): Model | undefined {
  const { alertsOffset: offset } = model;
  if (action === 'alerts') return { ...model, alertsOffset: offset === undefined ? 0 : undefined };
  if (offset === undefined) return undefined;
  if (action === 'back') return { ...model, alertsOffset: undefined };
  if (!isMovement(action)) return undefined;
  const last = alertsOffsetMax(hosts, model);
  return { ...model, alertsOffset: moveOffset(offset, action, last, model.height - 3) };
}

/** How far the list can be scrolled on a screen of this height. */
function alertsOffsetMax(hosts: readonly HostAlerts[], screen: Pick<Rect, 'height'>): number {
  return Math.max(0, linesOf(hosts).length - Math.max(1, screen.height - BORDERS));
}

/** Draws the rules over the middle of the screen. */
export function renderAlerts(screen: Rect, buffer: Buffer, { hosts, offset, theme }: AlertsView): void {
  const lines = linesOf(hosts);
  const firing = hosts.reduce((sum, { alerts }) => sum + alerts.filter(({ isFiring }) => isFiring).length, 0);
  const inside = renderPopup(screen, buffer, {
    title: firing === 0 ? 'Alerts: none' : `Alerts: ${firing}`,
    rightTitle: 'Esc closes',
    theme,
    width: WIDTH,
    height: lines.length,
  });
  const styles: Readonly<Record<Line['kind'], Style>> = {
    ...{ firing: theme.bad, quiet: theme.dim, culprits: theme.text },
  };
  const first = Math.min(offset, Math.max(0, lines.length - inside.height));
  for (let row = 0; row < inside.height; row++) {
    const line = lines[first + row];
    if (line === undefined) break;
    putAligned(buffer, inside.x + 1, inside.y + row, inside.width - 2, 'left', line.text, styles[line.kind]);
  }
}
