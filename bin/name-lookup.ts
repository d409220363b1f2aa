import type { Names } from '../src/data/names/names.ts';
import type { NameLookup } from '../src/views/network/network-list.ts';

/** What is known of names, as the network views ask for it. */
export function nameLookup(names: Names): NameLookup {
  return {
    host: (address) => names.host(address),
    // For filters and orders over all hosts: what is known, without asking for thousands of names.
    hostName: (address) => names.knownHost(address),
    serviceName: (port, protocol) => names.service(port, protocol),
    country: (address) => names.country(address),
  };
}
