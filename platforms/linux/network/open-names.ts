import type { Tier } from '../../../src/data/sample/network-sample.ts';
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { FirstPackets } from '../bpf/first-packets.ts';
import { openLinkSource } from '../machine/interface-collector.ts';
import { KernelNames } from '../names/kernel-names.ts';
import { NameRing } from '../names/name-ring.ts';
import type { NameSniffer } from '../names/name-sniffer.ts';
import type { NameSource } from '../names/name-source.ts';
import type { SourceContext } from './network-source.ts';

/**
 * Where names come from beside a tier: programs in the kernel where those count, else a packet socket; undefined: from
 * nowhere, as without privileges.
 *
 * @param owners of the programs that count, as NetworkMaps has it; undefined: no programs count
 */
export function openNameSource(
  tier: Tier,
  owners: number | undefined,
  sniffer: NameSniffer,
  { clock, handed }: SourceContext,
): NameSource | undefined {
  if (tier === 'proc') return undefined;
  const ways: (() => NameSource)[] = [
    ...(owners === undefined
      ? []
      : [() => new KernelNames(sniffer, handed?.firstPackets ?? FirstPackets.open(owners))]),
    () => new NameRing({ sniffer, clock, links: openLinkSource('/sys') }),
  ];
  for (const open of ways) {
    try {
      return open();
    } catch (thrown) {
      // That it cannot be had is no error of the tier: the doctor says why.
      toOpError('open names', thrown);
    }
  }
  return undefined;
}
