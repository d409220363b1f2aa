import type { RemoteStatus } from '../data/sample/remote-status.ts';
import type { Theme } from '../screen/style/theme.ts';
import type { Segment } from './segments.ts';

/** Whether what goes to a machine and comes from it is encrypted: a letter says what a colour says. */
export function schemeSegment({ isEncrypted }: RemoteStatus, theme: Theme, priority: number): Segment {
  return { text: isEncrypted ? 'wss' : 'ws', style: isEncrypted ? theme.good : theme.warning, priority };
}

/** `12 ms`; empty where it is not known. */
export function latencyText(link: RemoteStatus | undefined): string {
  if (link?.latencyMicros === undefined) return '';
  const millis = link.latencyMicros / 1000;
  return millis < 10 ? `${millis.toFixed(1)} ms` : `${Math.round(millis)} ms`;
}
