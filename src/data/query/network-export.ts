import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';

/** What exports of the network are made from, and who knows names. */
export interface NetworkExport {
  readonly section: NetworkSection;
  readonly rates: NetworkRates;
  /** Name of a remote address, if it is known by now. */
  readonly hostName?: ((address: string) => string | undefined) | undefined;
  readonly serviceName?: ((port: number, protocol: 'tcp' | 'udp') => string | undefined) | undefined;
  readonly country?: ((address: string) => string | undefined) | undefined;
}

/** An address and port that somebody listens on, as exports write it. */
export interface Listener {
  readonly proto: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
}
