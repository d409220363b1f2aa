import { promises as dns } from 'node:dns';
import { ADDRESS_WORDS, isIpv4 } from '../sample/address.ts';
import { readAddress } from '../sample/address-words.ts';

/** A question under way. */
export interface ReverseLookup {
  /** Rejects where there is no name, or no answer. */
  readonly names: Promise<readonly string[]>;
  /** Ends the question: nothing of it is left, and `names` rejects soon. */
  cancel(): void;
}

/** Who is asked for the names of addresses. */
export interface ReverseResolver {
  reverse(address: string): ReverseLookup;
}

/** Twice in the time given: a first packet may be lost, and a name that took long is in the server's cache by then. */
const ATTEMPTS = 2;

/**
 * Asks the name servers of resolv.conf(5), or those given (`address` or `address:port`): a lone one twice, each of
 * several once, within `timeoutMillis` for two attempts.
 *
 * Two habits of the library are worked around. `Resolver.reverse` parses the whole of /etc/hosts on the event loop
 * (185 ms for 100,000 blocked hosts), so PTR records are asked for by name. And a resolver that has had quick answers
 * gives up after 250 ms, whatever its timeout, and fails all its questions for one malformed reply; so each question
 * has a resolver, and with it a random port, of its own (0.14 ms).
 */
export function openReverseResolver(timeoutMillis: number, servers?: readonly string[]): ReverseResolver {
  const count = servers?.length ?? dns.getServers().length;
  const options = { timeout: Math.ceil(timeoutMillis / ATTEMPTS), tries: count > 1 ? 1 : ATTEMPTS };
  const words = new Uint32Array(ADDRESS_WORDS);
  return {
    reverse(address) {
      if (!readAddress(address, words)) return { names: Promise.resolve([]), cancel: () => undefined };
      const resolver = new dns.Resolver(options);
      if (servers !== undefined) resolver.setServers([...servers]);
      return { names: resolver.resolvePtr(pointerName(words)), cancel: () => resolver.cancel() };
    },
  };
}

/** Domain name of an address's PTR records: `5.0.0.10.in-addr.arpa` (RFC 1035, 3.5), nibbles in `ip6.arpa` (RFC 3596, 2.5). */
export function pointerName(words: Uint32Array): string {
  const labels: string[] = [];
  if (isIpv4(words, 0)) {
    for (let shift = 0; shift < 32; shift += 8) labels.push(String((words[3]! >>> shift) & 255));
    return `${labels.join('.')}.in-addr.arpa`;
  }
  for (let word = ADDRESS_WORDS - 1; word >= 0; word--) {
    for (let shift = 0; shift < 32; shift += 4) labels.push(((words[word]! >>> shift) & 15).toString(16));
  }
  return `${labels.join('.')}.ip6.arpa`;
}
