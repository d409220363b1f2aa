import type { Tier } from '../../../src/data/sample/network-sample.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { openLinkSource } from '../machine/interface-collector.ts';
import { NameRing } from '../names/name-ring.ts';
import type { NameSniffer } from '../names/name-sniffer.ts';
import type { NameSource } from '../names/name-source.ts';
import type { SourceContext } from './network-source.ts';

/** Where names come from beside a tier; undefined: from nowhere, as most users work. */
export function openNameSource(
  tier: Tier,
  sniffer: NameSniffer,
  { clock }: SourceContext,
): NameSource | undefined {
  if (tier === 'proc') return undefined;
  try {
    return new NameRing({ sniffer, clock, links: openLinkSource('/sys') });
  } catch (thrown) {
    if (thrown instanceof OpError) return undefined;
    throw thrown;
  }
}
