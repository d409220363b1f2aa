import type { NetworkSection } from '../../data/sample/network-section.ts';

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
