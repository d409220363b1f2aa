import type { Alert } from '../../data/alerts/alert-monitor.ts';
import { figureText } from '../../data/alerts/alert-rule.ts';
import { clockText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { renderPopup } from '../../screen/widgets/block.ts';

/** The rules of one machine, with how they stand. */
export interface HostAlerts {
  /** '' where there is but one machine. */
  readonly name: string;
  readonly alerts: readonly Alert[];
}

interface AlertsView {
  readonly hosts: readonly HostAlerts[];
  /** First line shown. */
  readonly offset: number;
  readonly theme: Theme;
  readonly ascii: boolean;
}

const WIDTH = 84;
const BORDERS = 2;
const NO_RULES = [
  'No rules. Write some into config.yaml:',
  '',
  'alerts:',
  '  - cpu>80% for 2m',
  '  - disk.used>90%',
];

interface Line {
  readonly text: string;
  readonly kind: 'firing' | 'quiet' | 'culprits';
}

/** Every rule with its state and its culprits, those that fire first. */
function linesOf(hosts: readonly HostAlerts[]): readonly Line[] {
  const all = hosts.flatMap(({ name, alerts }) => alerts.map((alert) => ({ name, alert })));
  if (all.length === 0) return NO_RULES.map((text) => ({ text, kind: 'quiet' }));
  const firing = all.filter(({ alert }) => alert.isFiring);
  const quiet = all.filter(({ alert }) => !alert.isFiring);
  return [...firing, ...quiet].flatMap(({ name, alert }) => linesOfAlert(name, alert));
}

function linesOfAlert(hostName: string, alert: Alert): readonly Line[] {
  const { rule, isFiring, changedMillis, value, unit, place } = alert;
  const host = hostName === '' ? '' : `${hostName}: `;
  const text = rule.name === rule.text ? '' : `  ${rule.text}`;
  if (changedMillis === undefined) return [{ text: `  ${host}${rule.name}${text}`, kind: 'quiet' }];
  const figure = Number.isNaN(value) ? '' : `  ${figureText(value, unit)}`;
  const since = `${isFiring ? 'firing since' : 'cleared at'} ${clockText(changedMillis)}`;
  const sign = isFiring ? '!' : ' ';
  const where = place === '' ? '' : `  ${place}`;
  return [
    {
      text: `${sign} ${host}${rule.name}${text}${where}${figure}  ${since}`,
      kind: isFiring ? 'firing' : 'quiet',
    },
    { text: `    ${culpritsText(alert)}`, kind: 'culprits' },
  ];
}

/** `hog (200) 75.0 %, calm (100) 2.1 %`. */
function culpritsText({ culprits, culpritUnit }: Alert): string {
  if (culprits.length === 0) return 'no process known that explains it';
  return culprits
    .map(({ name, pid, value }) => `${name} (${pid}) ${figureText(value, culpritUnit)}`)
    .join(', ');
}

/** How far the list can be scrolled on a screen of this height. */
export function alertsOffsetMax(hosts: readonly HostAlerts[], screen: Pick<Rect, 'height'>): number {
  return Math.max(0, linesOf(hosts).length - Math.max(1, screen.height - BORDERS));
}

/** Draws the rules over the middle of the screen. */
export function renderAlerts(
  screen: Rect,
  buffer: Buffer,
  { hosts, offset, theme, ascii }: AlertsView,
): void {
  const lines = linesOf(hosts);
  const firing = hosts.reduce((sum, { alerts }) => sum + alerts.filter(({ isFiring }) => isFiring).length, 0);
  const inside = renderPopup(screen, buffer, {
    title: firing === 0 ? 'Alerts: none' : `Alerts: ${firing}`,
    rightTitle: 'Esc closes',
    borderStyle: theme.focusedBorder,
    titleStyle: theme.title,
    rightTitleStyle: theme.dim,
    ground: theme.base,
    width: WIDTH,
    height: lines.length,
    ascii,
  });
  const styles: Readonly<Record<Line['kind'], Style>> = {
    ...{ firing: theme.bad, quiet: theme.dim, culprits: theme.text },
  };
  const first = Math.min(offset, Math.max(0, lines.length - inside.height));
  for (let row = 0; row < inside.height; row++) {
    const line = lines[first + row];
    if (line === undefined) break;
    putAligned(
      buffer,
      inside.x + 1,
      inside.y + row,
      inside.width - 2,
      'left',
      line.text,
      styles[line.kind],
      ascii,
    );
  }
}
